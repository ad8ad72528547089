/* seed.c - see seed.h.
 *
 *     FLOW_SEED=n        which history
 *     FLOW_SEED_KILL=k   ends the process at the k-th step, as SIGKILL would
 *     FLOW_SEED_TRACE=1  tells at the end on standard error: steps, and a hash of all choices
 *
 * A history that takes more than STEPS_MAX steps or more than a virtual day has lost a
 * wake-up: it is stopped with a message and SIGABRT. */
#include "runtime/base/seed.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

#define STACK (INT64_C(256) << 10)
#define STRANDS 64
#define STEPS_MAX INT64_C(50000000)
#define HOUR INT64_C(3600000000)
#define EPOCH INT64_C(1750000000000000)

struct rt_strand {
    ucontext_t at;
    void *stack;
    void (*fn)(void *arg);
    void *arg;
    const rt_strand *waits; /* for this one's end */
    bool done;
    rt_strand *next;
};

/* All strands are on one thread, so nothing here needs a lock. */
static struct {
    bool on;
    uint64_t state, hash;
    int64_t steps, kill;
    int64_t mono, off;
    rt_strand main;
    rt_strand *all[STRANDS];
    rt_strand *unused; /* kept for their stacks; chained by `next` */
    int64_t n, current;
} seed;

/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
static uint64_t next_random(void) {
    uint64_t z = seed.state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void tell(void) {
    fprintf(stderr, "seed: %" PRId64 " steps, choices %016" PRIx64 "\n", seed.steps, seed.hash);
}

/* Before there is a second thread. */
__attribute__((constructor)) static void load(void) {
    const char *n = getenv("FLOW_SEED"), *kill_at = getenv("FLOW_SEED_KILL");
    seed.on = n != NULL;
    if (!n) return;
    seed.state = strtoull(n, NULL, 10);
    seed.hash = UINT64_C(0xcbf29ce484222325);
    seed.kill = kill_at ? atoll(kill_at) : 0;
    seed.all[0] = &seed.main;
    seed.n = 1;
    if (getenv("FLOW_SEED_TRACE")) atexit(tell);
}

bool rt_seed_on(void) { return seed.on; }

int64_t rt_seed_pick(int64_t n) {
    int64_t k = (int64_t)(next_random() % (uint64_t)n);
    seed.hash = (seed.hash ^ (uint64_t)k) * UINT64_C(0x100000001b3);
    return k;
}

static _Noreturn void stuck(const char *why) {
    fprintf(stderr, "seed: %s after %" PRId64 " steps\n", why, seed.steps);
    abort();
}

static bool can_run(const rt_strand *s) { return !s->done && (!s->waits || s->waits->done); }

/* One step: time goes on, and any strand that can run does. */
static void step(void) {
    int64_t ready[STRANDS], n = 0;
    if (++seed.steps == seed.kill) kill(getpid(), SIGKILL);
    if (seed.steps > STEPS_MAX || seed.mono > 24 * HOUR) stuck("no end");
    seed.mono += rt_seed_pick(200);
    if (rt_seed_pick(1000) == 0) seed.off = rt_seed_pick(2 * HOUR) - HOUR;
    for (int64_t i = 0; i < seed.n; i++)
        if (can_run(seed.all[i])) ready[n++] = i;
    if (!n) stuck("everybody waits");
    int64_t from = seed.current, to = ready[rt_seed_pick(n)];
    if (to == from) return;
    seed.current = to;
    swapcontext(&seed.all[from]->at, &seed.all[to]->at);
}

static void strand_main(void) {
    rt_strand *me = seed.all[seed.current];
    me->fn(me->arg);
    me->done = true;
    step(); /* never comes back */
    stuck("a strand that was done went on");
}

/* A strand with its stack: one that was used, or a new one. */
static __attribute__((noinline)) rt_strand *strand_take(void) {
    rt_strand *s = seed.unused;
    if (s) {
        seed.unused = s->next;
        return s;
    }
    s = rt_alloc(sizeof *s);
    s->stack = rt_alloc(STACK);
    return s;
}

rt_strand *rt_strand_start(void (*fn)(void *arg), void *arg) {
    rt_assert(seed.n < STRANDS);
    rt_strand *const s = strand_take(); /* getcontext returns twice */
    s->fn = fn;
    s->arg = arg;
    s->waits = NULL;
    s->done = false;
    getcontext(&s->at);
    s->at.uc_stack.ss_sp = s->stack;
    s->at.uc_stack.ss_size = (size_t)STACK;
    makecontext(&s->at, strand_main, 0);
    seed.all[seed.n++] = s;
    return s;
}

bool rt_strand_done(const rt_strand *strand) { return strand->done; }

void rt_strand_join(rt_strand *s) {
    rt_strand *me = seed.all[seed.current];
    me->waits = s;
    while (!s->done) step();
    me->waits = NULL;
    int64_t k = 1;
    while (seed.all[k] != s) k++;
    seed.all[k] = seed.all[--seed.n];
    if (seed.current == seed.n) seed.current = k;
    s->next = seed.unused;
    seed.unused = s;
}

void rt_seed_yield(void) {
    if (rt_seed_on()) step();
}

void rt_seed_sleep(int64_t us) {
    if (us < 0) stuck("a sleep without end");
    seed.mono += us;
    step();
}

int64_t rt_seed_mono(void) { return seed.mono; }
int64_t rt_seed_wall(void) { return EPOCH + seed.mono + seed.off; }
