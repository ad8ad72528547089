/* job.h - a running program: everything that lives from start to end, and what a worker
 * knows.  Private to exec/, but for what start/ fills in.
 *
 * Ownership.  The coordinator owns the job; while a phase runs (sched.h) workers read it,
 * write only what belongs to their task or themselves, and add to atomic counters.  After
 * the barrier the coordinator owns everything again.  Phases are the only parallelism. */
#ifndef FLOW_RUNTIME_EXEC_JOB_H
#define FLOW_RUNTIME_EXEC_JOB_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/mem.h"
#include "runtime/base/status.h"
#include "runtime/data/block.h"
#include "runtime/data/program.h"
#include "runtime/data/settings.h"
#include "runtime/exec/exchange.h"
#include "runtime/io/connector.h"
#include "runtime/kernel/k_value.h"

struct rt_checkpoint;
struct rt_pool;
struct rt_profile;
struct rt_run_record;
struct rt_job;
struct rt_spill;
struct rt_states;
struct rt_stop;

/* Why a task stopped. */
typedef struct rt_failure {
    rt_status status; /* RT_ok: it did not */
    bool state;       /* RT_memory: it was state that found none */
    int64_t order;    /* of the task in its phase: the lowest is the one that is told */
    char *text;       /* malloc; null where the coordinator knows better */
} rt_failure;

/* Rows dropped under on_error = skip, and rows sent to `errors into`; or rows that came too
 * late (code RT_LATE: dropped, or sent to `late into`). */
#define RT_LATE (-1)
typedef struct rt_miss {
    int64_t step;
    int32_t code;
    int64_t skipped, sent;
} rt_miss;

typedef struct rt_misses {
    rt_miss *items;
    int64_t n;
} rt_misses;

/* A full buffer of a task: of bufs[buf], before what that holds now. */
typedef struct rt_filled {
    int64_t buf;
    rt_run run;
} rt_filled;

/* A task's output: a buffer for each port and partition.  `ports` is what ctx->ports
 * points to.  A buffer of an exchange that is full is put aside, between rows, and
 * another takes its place, so rows are not copied while a task writes. */
typedef struct rt_out {
    flow_buf **ports;
    flow_buf *bufs;
    int64_t nbufs;
    rt_filled *filled;
    int64_t nfilled, room;
    int64_t held; /* bytes of memory in all of them */
} rt_out;

typedef struct flow_rt_worker {
    flow_ctx ctx;
    struct rt_job *job;
    int64_t index;       /* 0 is the coordinator */
    rt_reader reader;
    jmp_buf out_of_task; /* where a task goes that cannot go on */
    bool in_task;        /* it is set */
    const rt_stage_decl *stage; /* of the current task */
    int64_t stage_id;
    rt_out *out;         /* of the current task, or null */
    const rt_unit *unit; /* of a source task, else null */
    int64_t order;       /* of the task in its phase */
    rt_failure failure;
    rt_misses misses;
    int64_t arena_last;  /* size of the arena's newest chunk */
} flow_rt_worker;

/* The outputs of a stage in this batch: one per task of the wave (sources), or one per
 * partition (stages behind an exchange). */
typedef struct rt_stage_run {
    rt_out *outs;
    int64_t nouts;
    bool touched;      /* got rows in this batch */
    uint8_t *parts;    /* [partition]: got rows in this batch */
    bool direct;       /* can consume while its sources still run */
    flow_due *due;     /* [partition]: closes=due: when it is to be closed again */
    flow_due soonest;  /* the least of them */
} rt_stage_run;

/* Counted by whoever publishes, for the metrics; times in microseconds. */
typedef struct rt_tally {
    _Atomic int64_t retries, commits, commit_time, saves, save_bytes;
} rt_tally;

typedef struct rt_job {
    rt_program *program;
    const rt_settings *settings;
    rt_mem *mem;
    rt_env env;
    rt_source *sources;
    rt_sink *sinks;
    rt_input *inputs;          /* [source]: this batch's */
    struct rt_pace *paces;     /* [source]: how many rows it may give */
    int64_t *paced;            /* [source]: rows that this batch took */
    bool *limited;             /* [source]: and would have taken more */
    int64_t **headers;         /* [source]: header maps, nheaders[source] * words */
    uint8_t **headed;          /* [source]: [object]: its map is made */
    int64_t *nheaders;
    rt_exchange *exchanges;
    rt_exchange *collects;     /* [sink]: what the batch brings it, one partition;
                                * exec/publish.c takes it from there */
    rt_stage_run *runs;        /* [stage] */
    struct rt_states *states;
    struct rt_watermarks *watermarks;
    struct rt_spill *spill;
    struct rt_checkpoint *ckpt; /* null without one */
    struct rt_run_record *record; /* --trace; else null */
    struct rt_profile *profile;   /* --profile; else null */
    bool sums;                 /* the checksum of the output is asked for */
    struct rt_pool *pool;
    flow_rt_worker *workers;
    int64_t nworkers;

    int64_t batch, now;        /* of the batch that runs */
    bool final;
    bool saving;               /* its state is saved: partial tables are flushed */
    int64_t tasks;             /* source tasks so far in the batch: the high part of places */
    bool alone;                /* the batch is small: no worker is woken */
    _Atomic uint8_t *sink_full; /* [sink] */
    _Atomic uint8_t *sink_given; /* [sink]: gets a whole table in this batch */

    int64_t rows_out, rows_in, bytes_in; /* since the start */
    rt_misses misses;
    rt_tally tally;
    struct rt_metrics *metrics; /* null without the setting */
} rt_job;

/* ---- job.c ------------------------------------------------------------------------ */

/* Makes the job and opens sources and sinks.  `loop` for live sources may be null. */
rt_status rt_job_open(rt_job *job, rt_program *program, const rt_settings *settings,
                      struct rt_loop *loop, struct rt_stop *stop);
/* `failed`: sinks keep what is published and nothing else. */
rt_status rt_job_close(rt_job *job, bool failed);

/* Partitions of an exchange. */
int64_t rt_job_parts(const rt_job *job, int64_t exchange);

/* Notes a full buffer. */
rt_filled *rt_out_put_aside(rt_out *out, int64_t buf, rt_run run);
/* The output of a task of `stage`, empty; and its end, buffers given back. */
rt_out rt_out_new(const rt_job *job, const rt_stage_decl *stage);
void rt_out_free(rt_job *job, rt_out *out);

/* ---- cold.c, row_error.c ------------------------------------------------------------ */

/* Stops the current task: notes the failure and leaves by longjmp. */
_Noreturn void rt_task_stop(flow_rt_worker *w, rt_status status, char *text);
/* The same, where memory is short: for state, or for anything else. */
_Noreturn void rt_task_short(flow_rt_worker *w, bool state);
/* Notes a failure of the current task. */
void rt_task_fail(flow_rt_worker *w, rt_status status, char *text);
/* Empties the task arena and keeps a chunk for the next task. */
void rt_arena_task_end(flow_rt_worker *w);
void rt_arena_task_free(flow_rt_worker *w);
/* The reader has met a record that is too long or broken off. */
int32_t rt_row_error_bad(flow_rt_worker *w);
/* The text of a code of runtime/kernel/k_error.def. */
const char *rt_row_error_text(int32_t code);

void rt_misses_add(rt_misses *to, int64_t step, int32_t code, int64_t skipped,
                   int64_t sent);
/* Adds `from` to `to` and empties it. */
void rt_misses_move(rt_misses *to, rt_misses *from);

#endif
