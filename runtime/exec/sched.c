/* sched.c - see sched.h.
 *
 * A mutex and two conditions rather than spinning: a phase is some hundred microseconds
 * at least, waking a thread some ten, and a machine that has other things to do shall
 * have its cores.  What a worker writes in a task is published to the coordinator by the
 * lock at the barrier, and the other way round by the lock at the start. */
#include "runtime/exec/sched.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/sampler.h"
#include "runtime/base/seed.h"

struct rt_pool {
    flow_rt_worker *workers;
    int64_t n;
    pthread_t *threads; /* [1 .. started] */
    int64_t started;
    pthread_mutex_t lock;
    pthread_cond_t begin, done;
    uint64_t phase;  /* under lock: counts phases */
    int64_t active;  /* under lock: workers that have not reached the barrier */
    bool end;        /* under lock */
    rt_task_fn *fn;  /* set before a phase, read within it */
    void *arg;
    int64_t to, in_a_row;
    /* Relaxed: they hand out numbers and a wish; the lock publishes the data. */
    _Atomic int64_t next;
    _Atomic bool halt;
};

typedef struct thread_arg {
    rt_pool *pool;
    int64_t worker;
    uint64_t phase; /* the last one before the thread was made */
} thread_arg;

rt_pool *rt_pool_new(flow_rt_worker *workers, int64_t n) {
    rt_pool *pool = rt_alloc(sizeof *pool);
    pool->workers = workers;
    pool->n = n;
    pool->threads = rt_alloc((size_t)n * sizeof *pool->threads);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->begin, NULL);
    pthread_cond_init(&pool->done, NULL);
    return pool;
}

/* The next tasks for a worker, the first and behind the last: fewer as fewer are left, so that in
 * the end nobody waits long (Polychronopoulos and Kuck, "Guided self-scheduling", 1987). */
static bool take_tasks(rt_pool *pool, int64_t *task, int64_t *end) {
    *task = atomic_load_explicit(&pool->next, memory_order_relaxed);
    do {
        int64_t left = pool->to - *task;
        if (left <= 0) return false;
        int64_t n = RT_MIN(left / (2 * pool->n), pool->in_a_row);
        *end = *task + RT_MAX(n, 1);
    } while (!atomic_compare_exchange_weak_explicit(&pool->next, task, *end, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

static void work(rt_pool *pool, flow_rt_worker *w) {
    int64_t task, end;
    while (!atomic_load_explicit(&pool->halt, memory_order_relaxed) &&
           take_tasks(pool, &task, &end))
        for (; task < end; task++) {
            if (w->failure.status != RT_ok) return;
            RT_YIELD();
            pool->fn(w, pool->arg, task);
        }
}

#ifdef FLOW_FAULTS
/* The same phase by strands, where a seed decides. */
typedef struct strand_arg {
    rt_pool *pool;
    int64_t worker;
} strand_arg;

static void strand_main(void *arg) {
    strand_arg *a = arg;
    work(a->pool, &a->pool->workers[a->worker]);
}

static void run_strands(rt_pool *pool) {
    int64_t n = pool->n;
    strand_arg *args = rt_alloc((size_t)n * sizeof *args);
    rt_strand **strands = rt_alloc((size_t)n * sizeof *strands);
    for (int64_t i = 1; i < n; i++) {
        args[i] = (strand_arg){pool, i};
        strands[i] = rt_strand_start(strand_main, &args[i]);
    }
    work(pool, &pool->workers[0]);
    for (int64_t i = 1; i < n; i++) rt_strand_join(strands[i]);
    free(strands);
    free(args);
}
#endif

static void *thread_main(void *arg) {
    thread_arg mine = *(thread_arg *)arg;
    rt_pool *pool = mine.pool;
    free(arg);
    rt_sampler_thread();
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->end && pool->phase == mine.phase)
            pthread_cond_wait(&pool->begin, &pool->lock);
        if (pool->end) break;
        mine.phase = pool->phase;
        pthread_mutex_unlock(&pool->lock);
        work(pool, &pool->workers[mine.worker]);
        pthread_mutex_lock(&pool->lock);
        if (--pool->active == 0) pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* A system that gives fewer threads than asked for makes the program slower, not wrong. */
static void start_threads(rt_pool *pool) {
    while (pool->started < pool->n - 1) {
        thread_arg *arg = rt_alloc(sizeof *arg);
        *arg = (thread_arg){pool, pool->started + 1, pool->phase};
        int result = rt_os_thread(&pool->threads[pool->started + 1], thread_main, arg);
        if (result != 0) {
            free(arg);
            rt_log(RT_WARN, "cannot start a thread (%s): going on with %lld",
                   strerror(result), (long long)pool->started + 1);
            pool->n = pool->started + 1;
            return;
        }
        pool->started++;
    }
}

int64_t rt_pool_run(rt_pool *pool, rt_task_fn *fn, void *arg, int64_t from, int64_t to,
                    bool alone) {
    return rt_pool_run_rows(pool, fn, arg, from, to, 1, alone);
}

int64_t rt_pool_run_rows(rt_pool *pool, rt_task_fn *fn, void *arg, int64_t from, int64_t to,
                         int64_t in_a_row, bool alone) {
    rt_assert(from <= to && in_a_row > 0);
    bool many = !alone && pool->n > 1 && to - from > 1;
#ifdef FLOW_FAULTS
    bool seeded = rt_seed_on();
#else
    bool seeded = false;
#endif
    if (many && !seeded) start_threads(pool);
    many = many && pool->started > 0;
    pool->fn = fn;
    pool->arg = arg;
    pool->to = to;
    pool->in_a_row = in_a_row;
    atomic_store_explicit(&pool->next, from, memory_order_relaxed);
    atomic_store_explicit(&pool->halt, false, memory_order_relaxed);
    if (many) {
        pthread_mutex_lock(&pool->lock);
        pool->phase++;
        pool->active = pool->started;
        pthread_cond_broadcast(&pool->begin);
        pthread_mutex_unlock(&pool->lock);
    }
#ifdef FLOW_FAULTS
    if (seeded && pool->n > 1 && to - from > 1) run_strands(pool);
    else
#endif
    work(pool, &pool->workers[0]);
    if (many) {
        pthread_mutex_lock(&pool->lock);
        while (pool->active > 0) pthread_cond_wait(&pool->done, &pool->lock);
        pthread_mutex_unlock(&pool->lock);
    }
    return atomic_load_explicit(&pool->next, memory_order_relaxed);
}

void rt_pool_halt(rt_pool *pool) {
    atomic_store_explicit(&pool->halt, true, memory_order_relaxed);
}

void rt_pool_free(rt_pool *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->end = true;
    pthread_cond_broadcast(&pool->begin);
    pthread_mutex_unlock(&pool->lock);
    for (int64_t i = 1; i <= pool->started; i++) pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->begin);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool);
}
