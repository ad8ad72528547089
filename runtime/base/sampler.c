/* sampler.c - see sampler.h.
 *
 * A timer for each thread, not one for the process: signals of the latter mostly go to the
 * thread that happens to be first.  Code of the runtime and the kernel keeps no frame
 * pointers, so who called it is found by looking through the stack for the first word that
 * is an address behind a call in the program's code; it may be a word left over from an
 * earlier call, which is rare enough for statistics. */
#define _GNU_SOURCE /* the registers of a context */
#include "runtime/base/sampler.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/sanitizer.h"

#define SLOTS 8192 /* different samples of a thread; a power of two */
#define DEPTH 160  /* words of the stack */

typedef struct samples {
    rt_sample slots[SLOTS];
    int64_t lost;
    timer_t timer;
    struct samples *next;
} samples;

static struct {
    _Atomic bool on;
    const rt_code *code;
    int64_t ncode;
    samples *_Atomic all;
    struct sigaction before;
} sampler;

static _Thread_local samples *mine;
static _Thread_local int64_t stage_now = -1;

void rt_sampler_stage(int64_t stage) { stage_now = stage; }

static bool is_within(uintptr_t pc) {
    int64_t lo = 0, hi = sampler.ncode;
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        if (sampler.code[mid].to <= pc) lo = mid + 1;
        else hi = mid;
    }
    return lo < sampler.ncode && sampler.code[lo].from <= pc;
}

/* Reads words of the stack that belong to nobody in particular. */
__attribute__((no_sanitize("address", "thread"))) static uintptr_t find_call(uintptr_t sp) {
    const volatile uintptr_t *words = (const uintptr_t *)(sp & ~(uintptr_t)7);
    for (int i = 0; i < DEPTH; i++)
        if (is_within(words[i])) return words[i] - 1; /* in the call, not behind it */
    return 0;
}

static void count(samples *s, uintptr_t pc, uintptr_t within, int64_t stage, int64_t times) {
    uint64_t hash = (pc ^ (uint64_t)stage << 48) * UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 0; i < 16; i++) {
        rt_sample *slot = &s->slots[((hash >> 40) + (uint64_t)i) & (SLOTS - 1)];
        if (!slot->count) *slot = (rt_sample){pc, within, stage, 0};
        if (slot->pc != pc || slot->within != within || slot->stage != stage) continue;
        slot->count += times;
        return;
    }
    s->lost += times;
}

static void on_sample(int signal, siginfo_t *info, void *context) {
    (void)signal;
    const ucontext_t *c = context;
    if (!mine) return;
    uintptr_t pc = (uintptr_t)c->uc_mcontext.gregs[REG_RIP];
    uintptr_t sp = (uintptr_t)c->uc_mcontext.gregs[REG_RSP];
    /* The system looks at timers at its own ticks, and says how often they went off since. */
    count(mine, pc, is_within(pc) ? pc : find_call(sp), stage_now, 1 + info->si_overrun);
}

static bool start_thread(void) {
    samples *s = rt_alloc(sizeof *s);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF};
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &s->timer) < 0) {
        free(s);
        return false;
    }
    mine = s;
    s->next = atomic_load(&sampler.all);
    while (!atomic_compare_exchange_weak(&sampler.all, &s->next, s)) continue;
    sigset_t profile;
    sigemptyset(&profile);
    sigaddset(&profile, SIGPROF);
    pthread_sigmask(SIG_UNBLOCK, &profile, NULL);
    struct timespec every = {.tv_nsec = RT_SAMPLE_EVERY * 1000};
    return timer_settime(s->timer, 0, &(struct itimerspec){every, every}, NULL) == 0;
}

bool rt_sampler_start(const rt_code *code, int64_t ncode) {
    sampler.code = code;
    sampler.ncode = ncode;
    atomic_store(&sampler.all, NULL);
    struct sigaction action = {.sa_sigaction = on_sample, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    if (sigaction(SIGPROF, &action, &sampler.before) < 0 || !start_thread()) return false;
    atomic_store(&sampler.on, true);
    return true;
}

/* A thread without a timer is left out. */
void rt_sampler_thread(void) {
    if (atomic_load(&sampler.on)) start_thread();
}

rt_sample *rt_sampler_end(int64_t *n, int64_t *threads, int64_t *lost) {
    rt_sample *all = NULL;
    *n = *threads = *lost = 0;
    atomic_store(&sampler.on, false);
    mine = NULL;
    for (samples *s = atomic_load(&sampler.all); s; s = s->next) timer_delete(s->timer);
    for (samples *s = atomic_load(&sampler.all), *next; s; s = next) {
        next = s->next;
        all = rt_realloc(all, (size_t)(*n + SLOTS) * sizeof *all);
        for (int i = 0; i < SLOTS; i++)
            if (s->slots[i].count) all[(*n)++] = s->slots[i];
        *lost += s->lost;
        ++*threads;
        free(s);
    }
    sigaction(SIGPROF, &sampler.before, NULL);
    return all;
}
