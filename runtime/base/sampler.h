/* sampler.h - where the threads of the process spend their time.
 *
 * Each thread that takes part has a timer of the CPU time that it uses; whenever that goes
 * off, a signal (SIGPROF) finds the thread at some instruction, which is counted.  Threads
 * that wait are not disturbed.  While it is off nothing here costs anything. */
#ifndef FLOW_RUNTIME_BASE_SAMPLER_H
#define FLOW_RUNTIME_BASE_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#define RT_SAMPLE_EVERY 997 /* microseconds of CPU time: no divisor of what programs do every ms */

typedef struct rt_code {
    uintptr_t from, to;
} rt_code;

/* So often was a thread at `pc`, in a task of `stage` (-1: in none). */
typedef struct rt_sample {
    uintptr_t pc;
    uintptr_t within; /* the same if it is in the code that was asked for; else where that
                         code called what leads here, as far as can be seen; or 0 */
    int64_t stage;
    int64_t count;
} rt_sample;

/* Begins; the calling thread takes part.  `code`, in order, is that of the program itself;
 * it must live until the end.  False with errno: the system gives no timer. */
bool rt_sampler_start(const rt_code *code, int64_t ncode);
/* The calling thread takes part from now on, if sampling is on. */
void rt_sampler_thread(void);
/* What the calling thread does from now on. */
void rt_sampler_stage(int64_t stage);
/* Ends.  Gives what was counted, to be freed, and how many; *lost were too many different
 * ones to be told apart.  No other thread that takes part may still be at work. */
rt_sample *rt_sampler_end(int64_t *n, int64_t *threads, int64_t *lost);

#endif
