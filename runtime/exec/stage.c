/* stage.c - see stage.h. */
#include "runtime/exec/stage.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/merge.h"
#include "runtime/exec/output.h"
#include "runtime/exec/sched.h"
#include "runtime/exec/task.h"
#include "runtime/io/gen_source.h"
#include "runtime/kernel/k_event.h"
#include "runtime/state/keyed.h"
#include "runtime/state/spill.h"
#include "runtime/state/watermark.h"

/* A wave ends after so many tasks, or when its tasks have written so much. */
#define WAVE_TASKS 1024
#define WAVE_BYTES (INT64_C(32) << 20)
#define BLOCKS_IN_A_ROW 16

/* Bits of a row's place below the number of its task. */
#define PLACE_BITS 40

/* What the tasks of a phase share. */
typedef struct phase {
    rt_job *job;
    int64_t stage;
    int64_t first;         /* the task that outs[0] belongs to */
    int64_t base;          /* source tasks of the batch before this stage */
    const int64_t *parts;  /* stages behind an exchange: the partition of each task */
    bool close;
    int64_t wave_limit;
    _Atomic int64_t wave;  /* bytes held by outputs of the wave */
} phase;

static const rt_stage_decl *decl_of(const phase *ph) {
    return &ph->job->program->stages[ph->stage];
}

/* ---- sealing: outputs of tasks, in order, to exchanges and collects ------------------- */

static void seal(rt_job *job, const rt_stage_decl *stage, rt_out *out) {
    if (!out->ports) return;
    for (int64_t i = 0; i < stage->nports; i++) {
        const rt_port_decl *port = &stage->ports[i];
        rt_exchange *e = port->to_sink ? &job->collects[port->id] : &job->exchanges[port->id];
        int64_t first = out->ports[i] - out->bufs;
        for (int64_t k = 0; k < out->nfilled; k++) {
            int64_t part = out->filled[k].buf - first;
            if (part >= 0 && part < e->nparts)
                rt_exchange_add_run(e, job->mem, part, out->filled[k].run);
        }
        for (int64_t p = 0; p < e->nparts; p++)
            rt_exchange_add(e, job->mem, p, &out->ports[i][p]);
    }
    out->nfilled = out->held = 0;
}

static void seal_all(rt_job *job, int64_t stage, int64_t n) {
    rt_stage_run *run = &job->runs[stage];
    for (int64_t i = 0; i < n; i++) seal(job, &job->program->stages[stage], &run->outs[i]);
}

static void outs_room(rt_stage_run *run, int64_t n) {
    if (run->nouts >= n) return;
    run->outs = rt_realloc(run->outs, (size_t)n * sizeof *run->outs);
    memset(run->outs + run->nouts, 0, (size_t)(n - run->nouts) * sizeof *run->outs);
    run->nouts = n;
}

/* Outputs are kept from batch to batch; the first task makes them. */
static void out_ready(const rt_job *job, const rt_stage_decl *stage, rt_out *out) {
    if (!out->ports) *out = rt_out_new(job, stage);
}

/* After a task: its frames are put in order, and where memory is short what it wrote
 * goes to the spill file. */
static void finish_out(flow_rt_worker *w, const phase *ph, rt_out *out) {
    if (w->failure.status != RT_ok) return;
    rt_out_sort(ph->job, decl_of(ph), out);
    rt_status status = rt_out_spill(ph->job, decl_of(ph), out);
    if (status == RT_ok) return;
    rt_task_fail(w, status, NULL);
    rt_pool_halt(ph->job->pool);
}

/* ---- source stages -------------------------------------------------------------------- */

static int32_t source_body(flow_rt_worker *w, void *arg) {
    phase *ph = arg;
    const rt_stage_decl *stage = w->stage;
    rt_source *s = &ph->job->sources[stage->source];
    const rt_unit *unit = w->unit;
    w->ctx.partition = 0;
    w->ctx.place = (ph->base + w->order) << PLACE_BITS;
    if (s->ops->ranges)
        return stage->range(&w->ctx, unit->from, unit->to, rt_generator_t0(s),
                            rt_generator_rate(s));
    rt_status status = rt_task_read(w, s, unit);
    if (status != RT_ok) rt_task_stop(w, status, NULL);
    rt_reader *r = &w->reader;
    if (ph->job->headers[stage->source])
        w->ctx.header =
            ph->job->headers[stage->source] + unit->object * stage->header_words;
    int32_t result = 0;
    if (r->p < r->end) result = stage->block(&w->ctx, r->p, r->end);
    if (!result && r->bad_code) result = rt_row_error_bad(w);
    return result;
}

rt_status rt_task_read(flow_rt_worker *w, rt_source *s, const rt_unit *unit) {
    rt_reader *r = &w->reader;
    const rt_block *b = unit->block;
    if (!b) return s->ops->read(s, unit, r);
    r->p = b->base;
    r->end = b->base + b->len;
    r->offset = b->first;
    r->numbered = true;
    r->bad = r->end;
    r->bad_len = b->bad_len;
    r->bad_code = b->bad_code;
    r->bad_offset = b->bad_code ? b->first + rt_count_records(s->decl, b->base, b->len) : 0;
    return RT_ok;
}

static void source_task(flow_rt_worker *w, void *arg, int64_t task) {
    phase *ph = arg;
    rt_job *job = ph->job;
    rt_out *out = &job->runs[ph->stage].outs[task - ph->first];
    out_ready(job, decl_of(ph), out);
    w->unit = &job->inputs[decl_of(ph)->source].units[task];
    rt_task_run(w, ph->stage, task, out, source_body, ph);
    w->unit = NULL;
    finish_out(w, ph, out);
    int64_t sum = out->held + out->nbufs * (int64_t)sizeof(flow_buf);
    if (atomic_fetch_add_explicit(&ph->wave, sum, memory_order_relaxed) + sum >
        ph->wave_limit)
        rt_pool_halt(job->pool);
}

static int32_t flush_body(flow_rt_worker *w, void *arg) {
    (void)arg;
    return w->stage->flush(&w->ctx);
}

/* Any thread may flush any worker's tables: the barrier has published them. */
static void flush_task(flow_rt_worker *any, void *arg, int64_t task) {
    phase *ph = arg;
    flow_rt_worker *w = &ph->job->workers[task];
    (void)any;
    rt_out *out = &ph->job->runs[ph->stage].outs[task];
    out_ready(ph->job, decl_of(ph), out);
    rt_task_run(w, ph->stage, task, out, flush_body, NULL);
}

static rt_status flush_stage(rt_job *job, int64_t stage) {
    const rt_stage_decl *decl = &job->program->stages[stage];
    if (!decl->flush || (decl->holds && !job->final && !job->saving)) return RT_ok;
    /* In a batch of one task the other workers have run nothing. */
    int64_t n = job->alone && !decl->holds ? 1 : job->nworkers;
    outs_room(&job->runs[stage], n);
    phase ph = {.job = job, .stage = stage};
    rt_pool_run(job->pool, flush_task, &ph, 0, n, job->alone);
    RT_TRY(rt_task_failed(job));
    seal_all(job, stage, n);
    return RT_ok;
}

/* ---- stages behind an exchange -------------------------------------------------------- */

/* Reads a run back and gives it to the stage. */
static int32_t spilled_rows(flow_rt_worker *w, const rt_run *run, flow_block_fn *rows) {
    rt_mem *mem = w->job->mem;
    int64_t size = run->len + RT_SLACK;
    uint8_t *p = rt_mem_get(mem, RT_OWNER_EXCHANGE, &size);
    if (!p) rt_task_short(w, false);
    rt_status status = rt_spill_read(w->job->spill, run->at, p, run->len);
    if (status != RT_ok) rt_task_stop(w, status, NULL);
    int32_t result = rows(&w->ctx, p, p + run->len);
    rt_mem_put(mem, RT_OWNER_EXCHANGE, p, size);
    return result;
}

/* The rows of one exchange for the partition at hand, in order. */
static int32_t take_rows(flow_rt_worker *w, int64_t exchange, flow_block_fn *rows) {
    const rt_job *job = w->job;
    const rt_runs *runs = &job->exchanges[exchange].parts[w->ctx.partition];
    if (job->program->exchanges[exchange].ordered) return rt_merge_rows(w, runs, rows);
    for (int64_t i = 0; i < runs->n; i++) {
        const rt_run *r = &runs->items[i];
        int32_t result = r->p ? rows(&w->ctx, r->p, r->p + r->len) : spilled_rows(w, r, rows);
        if (result) return result;
    }
    return 0;
}

static bool is_refreshed(const rt_job *job, const rt_stage_decl *stage) {
    return stage->refresh >= 0 && job->sources[stage->refresh].refreshed;
}

static int32_t keyed_body(flow_rt_worker *w, void *arg) {
    phase *ph = arg;
    const rt_stage_decl *stage = w->stage;
    rt_stage_run *run = &ph->job->runs[ph->stage];
    w->ctx.place = 0;
    w->ctx.refreshed = is_refreshed(ph->job, stage);
    w->ctx.fed = run->touched || w->ctx.refreshed;
    int32_t result = take_rows(w, stage->exchange, stage->rows);
    if (!result && stage->exchange2 >= 0)
        result = take_rows(w, stage->exchange2, stage->rows2);
    if (result || !ph->close || !stage->close) return result;
    w->ctx.due = (flow_due){FLOW_AFTER_TIME, FLOW_AFTER_TIME};
    result = stage->close(&w->ctx);
    if (run->due) run->due[w->ctx.partition] = w->ctx.due;
    if (!result && !w->ctx.final) rt_states_tidy(ph->job->states, &w->ctx);
    return result;
}

static void keyed_task(flow_rt_worker *w, void *arg, int64_t task) {
    phase *ph = arg;
    int64_t part = ph->parts[task];
    rt_out *out = &ph->job->runs[ph->stage].outs[part];
    out_ready(ph->job, decl_of(ph), out);
    w->ctx.partition = part;
    rt_task_run(w, ph->stage, task, out, keyed_body, ph);
    finish_out(w, ph, out);
}

static bool is_due(const rt_job *job, const rt_stage_decl *decl, const flow_due *due) {
    if (due->clock <= job->now) return true;
    if (decl->mark < 0) return false;
    return due->mark <= rt_watermarks_marks(job->watermarks)[decl->mark].next;
}

/* Does the partition have something to do when the batch closes? */
static bool closes(const rt_job *job, int64_t stage, int64_t part) {
    const rt_stage_decl *decl = &job->program->stages[stage];
    const rt_stage_run *run = &job->runs[stage];
    if (job->final || run->parts[part] || is_refreshed(job, decl)) return true;
    switch (decl->closes) {
    case RT_CLOSES_STAGE: return run->touched;
    case RT_CLOSES_TOUCHED: return false;
    case RT_CLOSES_BATCH: return true;
    case RT_CLOSES_DUE: return is_due(job, decl, &run->due[part]);
    case RT_CLOSES_WHOLE: return run->touched || is_due(job, decl, &run->soonest);
    }
    rt_assert(!"closes");
    return false;
}

/* Does the partition have rows that wait? */
static bool waits(const rt_job *job, const rt_stage_decl *decl, int64_t part) {
    return job->exchanges[decl->exchange].parts[part].n ||
           (decl->exchange2 >= 0 && job->exchanges[decl->exchange2].parts[part].n);
}

/* The partitions that have something to do; notes which got rows. */
static int64_t choose_parts(rt_job *job, int64_t stage, bool close, int64_t *parts) {
    const rt_stage_decl *decl = &job->program->stages[stage];
    int64_t nparts = job->exchanges[decl->exchange].nparts, n = 0;
    rt_stage_run *run = &job->runs[stage];
    for (int64_t p = 0; p < nparts; p++)
        if (waits(job, decl, p)) run->parts[p] = 1, run->touched = true;
    for (int64_t p = 0; p < nparts; p++)
        if (close ? closes(job, stage, p) : waits(job, decl, p)) parts[n++] = p;
    return n;
}

/* What waits in the partitions of a stage that has closed. */
static void note_due(rt_job *job, int64_t stage, int64_t nparts) {
    rt_stage_run *run = &job->runs[stage];
    run->soonest = (flow_due){FLOW_AFTER_TIME, FLOW_AFTER_TIME};
    for (int64_t p = 0; run->due && p < nparts; p++) {
        run->soonest.mark = RT_MIN(run->soonest.mark, run->due[p].mark);
        run->soonest.clock = RT_MIN(run->soonest.clock, run->due[p].clock);
    }
}

/* Takes in the rows that wait; at the end of the batch also closes. */
static rt_status keyed_stage(rt_job *job, int64_t stage, bool close) {
    const rt_stage_decl *decl = &job->program->stages[stage];
    rt_exchange *e = &job->exchanges[decl->exchange];
    rt_stage_run *run = &job->runs[stage];
    int64_t *parts = rt_alloc((size_t)e->nparts * sizeof *parts);
    int64_t n = choose_parts(job, stage, close, parts);
    outs_room(run, e->nparts);
    phase ph = {.job = job, .stage = stage, .parts = parts, .close = close};
    bool alone = job->alone || (!close && e->bytes <= RT_SMALL_BATCH);
    rt_pool_run(job->pool, keyed_task, &ph, 0, n, alone);
    free(parts);
    RT_TRY(rt_task_failed(job));
    rt_exchange_clear(e, job->mem);
    if (decl->exchange2 >= 0) rt_exchange_clear(&job->exchanges[decl->exchange2], job->mem);
    if (!close) return RT_ok;
    note_due(job, stage, e->nparts);
    seal_all(job, stage, e->nparts);
    return flush_stage(job, stage);
}

/* ---- a source stage, in waves --------------------------------------------------------- */

static rt_status drain_direct(rt_job *job) {
    for (int64_t i = 0; i < job->program->nstages; i++) {
        const rt_stage_decl *decl = &job->program->stages[i];
        if (job->runs[i].direct && job->exchanges[decl->exchange].bytes)
            RT_TRY(keyed_stage(job, i, false));
    }
    return RT_ok;
}

/* A worker that aggregates what it reads gets blocks that stand together: rows of one window
 * are neighbours, and a window that two workers have seen is sent by both. */
static int64_t blocks_in_a_row(const rt_stage_decl *decl) {
    return decl->flush ? BLOCKS_IN_A_ROW : 1;
}

static rt_status source_stage(rt_job *job, int64_t stage) {
    const rt_stage_decl *decl = &job->program->stages[stage];
    const rt_input *in = &job->inputs[decl->source];
    int64_t share = rt_mem_transient_share(job->mem);
    for (int64_t from = 0; from < in->nunits;) {
        int64_t to = RT_MIN(in->nunits, from + WAVE_TASKS);
        outs_room(&job->runs[stage], to - from);
        phase ph = {.job = job,
                    .stage = stage,
                    .first = from,
                    .base = job->tasks,
                    .wave_limit = RT_MIN(WAVE_BYTES, share / 4)};
        int64_t done = rt_pool_run_rows(job->pool, source_task, &ph, from, to,
                                        blocks_in_a_row(decl), job->alone);
        RT_TRY(rt_task_failed(job));
        seal_all(job, stage, done - from);
        from = done;
        if (from < in->nunits) RT_TRY(drain_direct(job));
    }
    job->tasks += in->nunits;
    return flush_stage(job, stage);
}

/* The source stages have run: event time advances. */
static void advance_time(rt_job *job) {
    for (int64_t c = 0; c < job->program->nclocks; c++) {
        if (job->sources[job->program->clocks[c].source].ended)
            rt_watermarks_ended(job->watermarks, job->program->clocks[c].source);
        for (int64_t i = 0; i < job->nworkers; i++)
            rt_watermarks_seen(job->watermarks, c, job->workers[i].ctx.seen[c]);
    }
    rt_watermarks_advance(job->watermarks, job->now, job->final);
}

int64_t rt_stages_when(const rt_job *job) {
    int64_t when = FLOW_AFTER_TIME;
    for (int64_t i = 0; i < job->program->nstages; i++) {
        const rt_stage_run *run = &job->runs[i];
        if (!run->due) continue;
        int64_t mark = job->program->stages[i].mark;
        when = RT_MIN(when, run->soonest.clock);
        if (mark >= 0 && run->soonest.mark != FLOW_AFTER_TIME)
            when = RT_MIN(when,
                          rt_watermarks_when(job->watermarks, mark, run->soonest.mark));
    }
    return when;
}

rt_status rt_stages_run(rt_job *job) {
    int64_t last = -1; /* source stage */
    bool keyed = false;
    rt_task_batch(job);
    job->tasks = 0;
    for (int64_t i = 0; i < job->program->nstages; i++) {
        if (job->program->stages[i].source >= 0) last = i;
        else keyed = true;
        job->runs[i].touched = false;
        if (job->runs[i].parts)
            memset(job->runs[i].parts, 0,
                   (size_t)rt_job_parts(job, job->program->stages[i].exchange));
    }
    for (int64_t i = 0; i < job->program->nstages; i++) {
        if (job->program->stages[i].source >= 0) RT_TRY(source_stage(job, i));
        else RT_TRY(keyed_stage(job, i, true));
        if (i == last && keyed) advance_time(job);
    }
    rt_watermarks_commit(job->watermarks);
    for (int64_t i = 0; i < job->nworkers; i++)
        rt_misses_move(&job->misses, &job->workers[i].misses);
    return RT_ok;
}

/* ---- start and end -------------------------------------------------------------------- */

/* Does a stage behind an exchange write to exchange `e`? */
static bool fed_by_keyed(const rt_program *p, int64_t e) {
    for (int64_t i = 0; i < p->nstages; i++)
        for (int64_t k = 0; p->stages[i].exchange >= 0 && k < p->stages[i].nports; k++)
            if (!p->stages[i].ports[k].to_sink && p->stages[i].ports[k].id == e) return true;
    return false;
}

/* The heads of buffers between two stages behind exchanges are partitions squared. */
static rt_status check_partitions(const rt_job *job) {
    const rt_program *p = job->program;
    double bytes = 0;
    for (int64_t i = 0; i < p->nstages; i++) {
        const rt_stage_decl *s = &p->stages[i];
        double bufs = 0;
        for (int64_t k = 0; s->exchange >= 0 && k < s->nports; k++)
            bufs += s->ports[k].to_sink ? 1 : (double)rt_job_parts(job, s->ports[k].id);
        if (bufs > 0) bytes += bufs * (double)rt_job_parts(job, s->exchange) * sizeof(flow_buf);
    }
    if (bytes <= (double)rt_mem_limit(job->mem) / 4) return RT_ok;
    return (rt_status)rt_fail(RT_usage,
                              "%lld partitions take %.0f MB for buffers alone: fewer "
                              "`--partitions`, or a larger `--memory`",
                              (long long)job->settings->partitions, bytes / 1e6);
}

rt_status rt_stages_open(rt_job *job) {
    const rt_program *p = job->program;
    RT_TRY(check_partitions(job));
    job->runs = rt_alloc((size_t)p->nstages * sizeof *job->runs);
    for (int64_t i = 0; i < p->nstages; i++) {
        int64_t e = p->stages[i].exchange;
        if (e < 0) continue;
        rt_stage_run *run = &job->runs[i];
        size_t n = (size_t)rt_job_parts(job, e);
        run->parts = rt_alloc(n);
        run->direct = !p->exchanges[e].ordered && !fed_by_keyed(p, e) &&
                      p->stages[i].exchange2 < 0;
        run->soonest = (flow_due){FLOW_AFTER_TIME, FLOW_AFTER_TIME};
        if (p->stages[i].closes < RT_CLOSES_DUE) continue;
        run->due = rt_alloc(n * sizeof *run->due);
        for (size_t k = 0; k < n; k++) run->due[k] = run->soonest;
    }
    return RT_ok;
}

void rt_stages_close(rt_job *job) {
    for (int64_t i = 0; job->runs && i < job->program->nstages; i++) {
        rt_stage_run *run = &job->runs[i];
        for (int64_t k = 0; k < run->nouts; k++) rt_out_free(job, &run->outs[k]);
        free(run->outs);
        free(run->parts);
        free(run->due);
    }
    free(job->runs);
    job->runs = NULL;
}

void rt_stages_clear(rt_job *job) {
    for (int64_t i = 0; i < job->program->nexchanges; i++)
        rt_exchange_clear(&job->exchanges[i], job->mem);
    for (int64_t i = 0; i < job->program->nsinks; i++)
        rt_exchange_clear(&job->collects[i], job->mem);
    rt_spill_reset(job->spill);
}
