/* ckpt_stand.c - see ckpt_stand.h. */
#include "tests/unit/faults/ckpt_stand.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/ckpt_commit.h"
#include "runtime/exec/ckpt_recover.h"
#include "runtime/exec/output.h"
#include "runtime/exec/sched.h"
#include "runtime/exec/stage.h"
#include "runtime/exec/task.h"
#include "runtime/state/keyed.h"
#include "runtime/state/saved.h"
#include "runtime/state/spill.h"
#include "runtime/state/watermark.h"
#include "tests/unit/runtime/fake_program.h"

told_sink stand_sinks[STAND_SINKS];
told_source stand_source;
int stand_nsinks, stand_nstates;

void stand_fresh(void) {
    static const char *const names[STAND_SINKS] = {"a", "b", "c"};
    fake_remove_dir();
    for (int i = 0; i < STAND_SINKS; i++)
        stand_sinks[i] = (told_sink){.name = names[i], .newest = -1, .published = -1, .forgotten = -1};
    stand_source = (told_source){.replays = true, .loaded = -1, .replanned = -1, .told = -1};
    stand_nsinks = STAND_SINKS;
    stand_nstates = 2;
}

const char *stand_dir(void) {
    static char dir[256];
    snprintf(dir, sizeof dir, "%s", fake_path("ck"));
    return dir;
}

/* ---- a sink --------------------------------------------------------------------------------- */

static rt_status sink_prepare(rt_sink *s, rt_output *out) {
    told_sink *t = s->impl;
    rt_piece piece;
    t->epoch = s->env->ckpt->epoch;
    t->by = pthread_self();
    if (t->gate) {
        pthread_mutex_lock(t->gate);
        pthread_mutex_unlock(t->gate);
    }
    if (t->full-- > 0) return RT_again_io;
    do RT_TRY(out->next(out, &piece));
    while (piece.len);
    return t->status;
}

static rt_status sink_sync(rt_sink *s) { return ((told_sink *)s->impl)->unsynced; }

/* As if each preparation and each publication had brought a name. */
static void sink_dirs(rt_sink *s, rt_dirs *set) {
    (void)s;
    rt_dirs_add(set, fake_dir());
}

static void sink_record(rt_sink *s, rt_wire *w) { rt_wire_text(w, s->decl->name); }

static rt_status sink_publish(rt_sink *s, const rt_committed *c) {
    told_sink *t = s->impl;
    if (t->down-- > 0) return RT_again;
    t->published = c->batch;
    t->shows++;
    return RT_ok;
}

static void sink_forget(rt_sink *s, const rt_committed *c) {
    ((told_sink *)s->impl)->forgotten = c->batch;
}

static rt_status sink_resume(rt_sink *s, const rt_committed *last, int64_t *ahead) {
    told_sink *t = s->impl;
    if (t->newest > (last ? last->batch : -1)) *ahead = t->newest;
    return t->refuses;
}

static void sink_sweep(rt_sink *s) { ((told_sink *)s->impl)->sweeps++; }

static const rt_sink_ops sink_ops = {
    .name = "told", .prepare = sink_prepare, .sync = sink_sync, .dirs = sink_dirs,
    .record = sink_record, .publish_record = sink_publish, .forget = sink_forget,
    .resume = sink_resume, .sweep = sink_sweep};
static const rt_sink_ops bare_sink = {.name = "bare", .prepare = sink_prepare};

/* ---- a source ------------------------------------------------------------------------------- */

static told_source *told(rt_source *s) { return s->impl; }

static void source_save(rt_source *s, rt_wire *w) { rt_wire_i64(w, told(s)->units + 100); }

static rt_status source_load(rt_source *s, rt_unwire *r) {
    told(s)->loaded = rt_unwire_i64(r);
    return told(s)->status;
}

static rt_status source_plan(rt_source *s, int64_t batch, const rt_input *in, rt_wire *w) {
    (void)in;
    rt_wire_i64(w, batch);
    return told(s)->status;
}

static rt_status source_replan(rt_source *s, int64_t batch, rt_unwire *r, rt_input *in) {
    (void)in;
    told(s)->replanned = rt_unwire_i64(r) == batch ? batch : -2;
    return told(s)->status;
}

static rt_status source_sync(rt_source *s, int64_t batch, rt_dirs *dirs) {
    (void)batch, (void)dirs;
    return told(s)->unsynced ? RT_io : told(s)->status;
}

static void source_acknowledge(rt_source *s, int64_t batch) { told(s)->told = batch; }

#define SOURCE                                                                           \
    .name = "told", .save = source_save, .load = source_load, .plan = source_plan,       \
    .replan = source_replan, .sync = source_sync, .acknowledge = source_acknowledge
static const rt_source_ops replaying = {SOURCE, .replays = true}, journaled = {SOURCE};
static const rt_source_ops bare_source = {.name = "bare"};

/* ---- the job -------------------------------------------------------------------------------- */

static void make_program(ckpt_stand *st) {
    st->source = (rt_source_decl){.name = "in", .connector = "told", .id = "in", .schema = "told",
                                  .stage = -1};
    st->states[0] = (rt_state_decl){.name = "total", .step = -1, .words = 1, .text_key = true,
                                    .one_part = true, .layout = "w", .id = "total", .schema = "", .params = ""};
    st->states[1] = (rt_state_decl){.name = "counts", .step = -1, .words = 1, .text_key = true,
                                    .layout = "w", .id = "counts", .schema = "", .params = ""};
    for (int i = 0; i < stand_nsinks; i++)
        st->sinks[i] = (rt_sink_decl){.name = stand_sinks[i].name, .connector = "told"};
    st->program = (rt_program){.name = "stand", .hash = "1234", .arena = rt_arena_new(),
                               .sources = &st->source, .nsources = 1,
                               .states = st->states, .nstates = stand_nstates,
                               .stages = &st->stage, .sinks = st->sinks, .nsinks = stand_nsinks};
}

void stand_make(ckpt_stand *st) {
    memset(st, 0, sizeof *st);
    make_program(st);
    st->settings = (rt_settings){.name = "stand", .checkpoint = stand_dir(), .journal = true,
                                 .checkpoint_every = INT64_C(3600) * 1000000,
                                 .compact_every = INT64_MAX, .keep_checkpoints = 1,
                                 .parallelism = 1, .partitions = STAND_PARTS, .retries = 5,
                                 .memory = 64 << 20};
}

static void open_workers(rt_job *job) {
    flow_rt_worker *w = job->workers = rt_alloc(sizeof *w);
    job->nworkers = 1;
    job->states = rt_states_new(job->program, job->settings->partitions, 1);
    job->watermarks = rt_watermarks_new(job->program);
    w->job = job;
    w->ctx.worker = w;
    w->ctx.nparts = job->settings->partitions;
    w->ctx.state = rt_states_tables(job->states);
    job->pool = rt_pool_new(job->workers, 1);
}

static void open_connectors(rt_job *job) {
    job->sources = rt_alloc(sizeof *job->sources);
    job->inputs = rt_alloc(sizeof *job->inputs);
    job->sources[0] = (rt_source){.decl = &job->program->sources[0], .env = &job->env, .total = -1,
                                  .impl = &stand_source};
    job->sources[0].ops = stand_source.bare ? &bare_source : stand_source.replays ? &replaying : &journaled;
    job->sinks = rt_alloc(STAND_SINKS * sizeof *job->sinks);
    job->collects = rt_alloc(STAND_SINKS * sizeof *job->collects);
    job->sink_full = rt_alloc(STAND_SINKS * sizeof *job->sink_full);
    job->sink_given = rt_alloc(STAND_SINKS * sizeof *job->sink_given);
    for (int i = 0; i < stand_nsinks; i++) {
        job->sinks[i] = (rt_sink){.decl = &job->program->sinks[i], .env = &job->env, .id = i,
                                  .ops = stand_sinks[i].bare ? &bare_sink : &sink_ops,
                                  .impl = &stand_sinks[i]};
        rt_exchange_open(&job->collects[i], 1);
    }
}

rt_status stand_begin(ckpt_stand *st) {
    rt_job *job = &st->job;
    *job = (rt_job){.program = &st->program, .settings = &st->settings, .batch = -1, .sums = true};
    job->mem = rt_mem_new(st->settings.memory, 1);
    job->env = (rt_env){.mem = job->mem, .program = &st->program, .settings = &st->settings};
    RT_TRY(rt_checkpoint_open(job));
    open_workers(job);
    job->spill = rt_spill_new();
    open_connectors(job);
    return rt_recover(job->ckpt);
}

/* ---- rows of state ---------------------------------------------------------------------------- */

typedef struct putting {
    int64_t state, partition, from, to, len;
} putting;

static int32_t put_body(flow_rt_worker *w, void *arg) {
    const putting *a = arg;
    uint8_t *row = calloc(1, (size_t)a->len + 8 + RT_SLACK);
    char why[100];
    for (int64_t i = a->from; i < a->to; i++) {
        for (int b = 0; b < 4; b++) row[b] = (uint8_t)(i >> (24 - 8 * b));
        row[a->len] = (uint8_t)i;
        bool good = rt_states_load(w->job->states, &w->ctx, a->state, a->partition, row, a->len,
                                   row + a->len, 8, why, sizeof why);
        CU_ASSERT(good);
    }
    rt_states_loaded(w->job->states, &w->ctx, a->state, a->partition);
    free(row);
    return 0;
}

void stand_put(ckpt_stand *st, int64_t from, int64_t to, int64_t len) {
    rt_job *job = &st->job;
    for (int64_t part = 0; part < job->settings->partitions; part++) {
        putting a = {job->program->nstates - 1, part, from, to, len};
        rt_task_run(&job->workers[0], 0, 0, NULL, put_body, &a);
    }
    job->ckpt->save_full = true; /* the next one is of all rows */
}

int64_t stand_rows(const ckpt_stand *st) {
    return rt_state_size_of(st->job.states, st->program.nstates - 1).keys;
}

/* ---- a batch ---------------------------------------------------------------------------- */

static void bring(rt_job *job, int64_t sink, int64_t rows) {
    for (int64_t i = 0; i < rows; i++) {
        int64_t size = 128;
        uint8_t *p = rt_mem_get(job->mem, RT_OWNER_EXCHANGE, &size);
        int len = snprintf((char *)p, 64, "row %d of batch %d\n", (int)i, (int)job->batch);
        rt_exchange_add_run(&job->collects[sink], job->mem, 0,
                            (rt_run){.p = p, .len = len, .size = size, .rows = 1});
    }
}

/* Units of no source that could be read: what counts is that there are some. */
static void take(rt_job *job) {
    rt_input_clear(&job->inputs[0]);
    job->sources[0].once = stand_source.once;
    job->sources[0].refreshed = stand_source.refreshed;
    for (int i = 0; i < stand_source.units; i++) rt_input_add(&job->inputs[0], (rt_unit){.object = i});
}

rt_status stand_take(ckpt_stand *st, int64_t rows, bool drain) {
    rt_job *job = &st->job;
    job->batch++;
    job->now = 1000 + job->batch;
    take(job);
    RT_TRY(rt_checkpoint_plan(job, drain));
    RT_TRY(rt_checkpoint_collect(job));
    for (int i = 0; i < stand_nsinks; i++) bring(job, i, rows);
    return RT_ok;
}

rt_status stand_batch(ckpt_stand *st, int64_t rows, bool drain) {
    rt_job *job = &st->job;
    rt_output outs[STAND_SINKS];
    RT_TRY(stand_take(st, rows, drain));
    rt_checkpoint_hand_over(job->ckpt);
    for (int i = 0; i < stand_nsinks; i++) {
        rt_output_open(job, i, &job->collects[i], &outs[i]);
        outs[i].batch = job->batch;
    }
    rt_status status = rt_ckpt_commit(job->ckpt, outs);
    for (int i = 0; i < stand_nsinks; i++) rt_output_close(&outs[i]);
    rt_stages_clear(job);
    rt_input_clear(&job->inputs[0]);
    return status;
}

void stand_end(ckpt_stand *st) {
    rt_job *job = &st->job;
    if (job->sources) rt_input_free(&job->inputs[0]);
    for (int i = 0; job->sinks && i < stand_nsinks; i++) rt_exchange_close(&job->collects[i], job->mem);
    rt_pool_free(job->pool);
    rt_spill_free(job->spill);
    if (job->states) rt_states_free(job->states, &job->workers[0].ctx);
    rt_watermarks_free(job->watermarks);
    rt_checkpoint_close(job);
    if (job->workers) rt_arena_task_free(&job->workers[0]);
    free(job->workers);
    free(job->sources);
    free(job->inputs);
    free(job->sinks);
    free(job->collects);
    free(job->sink_full);
    free(job->sink_given);
    if (job->mem) rt_mem_free(job->mem, false);
    rt_arena_free(st->program.arena);
    memset(st, 0, sizeof *st);
}

rt_status stand_run(int64_t last, int64_t rows, bool save) {
    ckpt_stand st;
    stand_make(&st);
    if (save) st.settings.checkpoint_every = 0;
    rt_status status = stand_begin(&st);
    while (status == RT_ok && st.job.batch < last) status = stand_batch(&st, rows, false);
    stand_end(&st);
    return status;
}
