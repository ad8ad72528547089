/* ckpt_recover.c - see ckpt_recover.h. */
#include "runtime/exec/ckpt_recover.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/ckpt_commit.h"
#include "runtime/exec/ckpt_input.h"
#include "runtime/exec/ckpt_keep.h"
#include "runtime/exec/ckpt_load.h"
#include "runtime/exec/input.h"
#include "runtime/exec/output.h"
#include "runtime/exec/stage.h"
#include "runtime/exec/task.h"

#define WAYS_OUT "restore the folder from a copy, or begin anew with --fresh"

/* What the journal says; points into its text. */
typedef struct rt_found {
    rt_journal_text text;
    rt_planned *plans;      /* in order of batches; of several for one the last counts */
    int64_t nplans;
    rt_commit *commits;     /* in order of batches */
    const rt_record **records; /* [commit] */
    int64_t ncommits;
    int64_t done;           /* the greatest batch with DONE, or -1 */
    uint32_t epoch;         /* the greatest */
} rt_found;

/* ---- R1, R2: what is there ----------------------------------------------------------------- */

static rt_status damaged(const rt_checkpoint *c, const char *why) {
    return (rt_status)rt_fail(RT_refused, "%s/journal %s: %s", c->dir, why, WAYS_OUT);
}

static rt_status read_one(rt_checkpoint *c, rt_found *f, const rt_record *r) {
    rt_planned plan;
    rt_commit commit;
    int64_t batch;
    f->epoch = RT_MAX(f->epoch, r->epoch);
    switch (r->type) {
    case RT_PLAN:
        if (!rt_planned_read(r->payload, r->len, &plan)) break;
        if (f->ncommits && plan.batch <= f->commits[f->ncommits - 1].batch) break;
        /* A start plans anew what the one before had planned, one ahead or two, and not
         * committed. */
        while (f->nplans && f->plans[f->nplans - 1].batch >= plan.batch) f->nplans--;
        f->plans[f->nplans++] = plan;
        return RT_ok;
    case RT_COMMIT:
        if (!rt_commit_read(r->payload, r->len, &commit)) break;
        f->records[f->ncommits] = r;
        f->commits[f->ncommits++] = commit;
        if (f->ncommits > 1 && commit.batch <= f->commits[f->ncommits - 2].batch) break;
        return RT_ok;
    case RT_DONE:
        if (!rt_done_read(r->payload, r->len, &batch)) break;
        f->done = RT_MAX(f->done, batch);
        return RT_ok;
    case RT_BEGIN: break; /* one, at the start */
    }
    return damaged(c, "holds a record that makes no sense");
}

static rt_status read_records(rt_checkpoint *c) {
    rt_found *f = c->found;
    size_t n = (size_t)f->text.n + 1;
    f->plans = rt_alloc(n * sizeof *f->plans);
    f->commits = rt_alloc(n * sizeof *f->commits);
    f->records = rt_alloc(n * sizeof *f->records);
    f->epoch = f->text.records[0].epoch;
    for (int64_t i = 1; i < f->text.n; i++) RT_TRY(read_one(c, f, &f->text.records[i]));
    return RT_ok;
}

/* Whose journal is it? */
typedef enum whose { OURS, UNBEGUN, INTERRUPTED, FOREIGN } whose;

/* UNBEGUN: nothing but its head, and no IDENT yet; INTERRUPTED: a --fresh that went so far. */
static whose whose_journal(const rt_found *f, const rt_ident *ident) {
    uint8_t job[16], before[16];
    const rt_record *first = f->text.records;
    if (!f->text.n || first->type != RT_BEGIN ||
        !rt_begin_read(first->payload, first->len, job, before))
        return FOREIGN;
    if (!ident) return f->text.n == 1 && f->text.tail == RT_TAIL_CLEAN ? UNBEGUN : FOREIGN;
    if (!memcmp(job, ident->job, 16)) return OURS;
    return f->text.n == 1 && !memcmp(before, ident->job, 16) ? INTERRUPTED : FOREIGN;
}

/* A new job in the folder; `before` is the one whose place it takes. */
static rt_status begin_job(rt_checkpoint *c, const rt_ident *before) {
    rt_wire w = {0};
    if (before) memcpy(c->before, before->job, sizeof c->before);
    RT_TRY(rt_ident_new(c->job->settings->name, c->job->settings->partitions, &c->ident));
    RT_TRY(rt_folder_below(c->dir));
    rt_begin_write(&w, c->ident.job, c->before);
    rt_record first = {.epoch = 1, .type = RT_BEGIN, .payload = w.p, .len = w.n};
    rt_status status = rt_journal_begin(c->dir, &first, 1, 1, &c->journal);
    rt_wire_free(&w);
    RT_TRY(status);
    c->env.epoch = 1;
    RT_TRY(rt_ident_write(c->dir, &c->ident));
    if (before) rt_begun_forget(c->dir, before->job);
    return RT_ok;
}

static rt_status check_ident(const rt_checkpoint *c) {
    const rt_settings *set = c->job->settings;
    if (c->ident.partitions != set->partitions)
        return (rt_status)rt_fail(RT_refused,
                                  "the checkpoint %s has %" PRId64 " partitions, which cannot "
                                  "be changed: use --partitions %" PRId64 ", or begin anew with "
                                  "--fresh",
                                  c->dir, c->ident.partitions, c->ident.partitions);
    if (strncmp(c->ident.name, set->name, sizeof c->ident.name - 1))
        return (rt_status)rt_fail(RT_refused,
                                  "the checkpoint %s is of the program `%s`, not of `%s`: use "
                                  "another folder, --name %s to go on with it, or --fresh to "
                                  "begin anew",
                                  c->dir, c->ident.name, set->name, c->ident.name);
    return RT_ok;
}

static rt_status check_journal(rt_checkpoint *c, int found) {
    rt_found *f = c->found;
    uint8_t job[16];
    if (!found) return damaged(c, "is not there");
    if (f->text.tail == RT_TAIL_DAMAGED || !f->text.n) {
        char why[96];
        snprintf(why, sizeof why, "is damaged at byte %" PRId64, f->text.tail_at);
        return damaged(c, why);
    }
    if (f->text.tail == RT_TAIL_TORN)
        rt_log(RT_DEBUG, "%s/journal ends in the middle of a record, at byte %" PRId64
               " of %" PRId64, c->dir, f->text.tail_at, f->text.len);
    RT_TRY(check_ident(c));
    rt_begin_read(f->text.records[0].payload, f->text.records[0].len, job, c->before);
    RT_TRY(rt_folder_below(c->dir));
    RT_TRY(read_records(c));
    if (!f->ncommits && rt_begun_is(c->dir, c->ident.job))
        return damaged(c, "has lost the batches that were committed");
    c->env.epoch = f->epoch + 1;
    return RT_ok;
}

rt_status rt_recover_find(rt_checkpoint *c) {
    bool made, has_ident, has_journal;
    int found;
    bool fresh = c->job->settings->fresh;
    rt_found *f = c->found = rt_alloc(sizeof *f);
    f->done = -1;
    RT_TRY(rt_folder_take(c->dir, &c->lock, &made));
    rt_status status = rt_ident_read(c->dir, &c->ident, &has_ident);
    rt_ident before = c->ident;
    if (fresh) return begin_job(c, status == RT_ok && has_ident ? &before : NULL);
    RT_TRY(status);
    RT_CRASH(R1, -1);
    RT_TRY(rt_folder_check(c->dir, "journal", &has_journal));
    RT_TRY(rt_journal_load(c->dir, &f->text, &found));
    if (!has_ident && !found) return begin_job(c, NULL);
    whose w = found ? whose_journal(f, has_ident ? &c->ident : NULL) : OURS;
    if (w == UNBEGUN) return begin_job(c, NULL);
    if (w == INTERRUPTED) return begin_job(c, &before);
    if (!has_ident)
        return (rt_status)rt_fail(RT_refused, "%s has a journal and no IDENT: %s", c->dir,
                                  WAYS_OUT);
    if (w == FOREIGN && f->text.n)
        return damaged(c, "belongs to another checkpoint");
    RT_TRY(check_journal(c, found));
    RT_CRASH(R2, f->ncommits ? f->commits[f->ncommits - 1].batch : -1);
    return RT_ok;
}

bool rt_recover_resumes(const rt_checkpoint *c) {
    const rt_found *f = c->found;
    for (int64_t i = 0; f && i < f->ncommits; i++)
        if (f->commits[i].state) return true;
    return false;
}

void rt_recover_forget(rt_checkpoint *c) {
    rt_found *f = c->found;
    if (!f) return;
    for (int64_t i = 0; i < f->ncommits; i++) rt_commit_free(&f->commits[i]);
    free(f->plans);
    free(f->commits);
    free(f->records);
    rt_journal_text_free(&f->text);
    free(f);
    c->found = NULL;
}

/* ---- looking up ---------------------------------------------------------------------------- */

static const rt_commit *last_commit(const rt_found *f) {
    return f->ncommits ? &f->commits[f->ncommits - 1] : NULL;
}

static const rt_commit *commit_of(const rt_found *f, int64_t batch) {
    int64_t low = 0, high = f->ncommits;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        if (f->commits[mid].batch < batch) low = mid + 1;
        else high = mid;
    }
    return low < f->ncommits && f->commits[low].batch == batch ? &f->commits[low] : NULL;
}

/* The last one of the batch. */
static const rt_planned *plan_of(const rt_found *f, int64_t batch) {
    int64_t low = 0, high = f->nplans;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        if (f->plans[mid].batch <= batch) low = mid + 1;
        else high = mid;
    }
    return low && f->plans[low - 1].batch == batch ? &f->plans[low - 1] : NULL;
}

/* The saved state of a COMMIT, with the bytes that stand in the journal. */
static rt_kept kept_of(const rt_found *f, const rt_commit *commit) {
    rt_kept k = {.batch = commit->batch, .n = commit->nrefs};
    k.refs = rt_alloc((size_t)k.n * sizeof *k.refs);
    k.inlined = rt_alloc((size_t)k.n * sizeof *k.inlined);
    for (int64_t i = 0; i < k.n; i++) {
        k.refs[i] = commit->refs[i];
        if (*k.refs[i].name) continue;
        const rt_commit *at = commit_of(f, k.refs[i].batch);
        if (at && at->state) rt_wire_raw(&k.inlined[i], at->inlined, at->inlined_len);
    }
    return k;
}

/* ---- R3 ------------------------------------------------------------------------------------ */

static rt_status rewrite_journal(rt_checkpoint *c) {
    rt_found *f = c->found;
    uint64_t next = f->text.records[f->text.n - 1].seq + 1;
    next = RT_MAX(next, (uint64_t)f->text.n);
    return rt_journal_begin(c->dir, f->text.records, f->text.n, next, &c->journal);
}

/* ---- sinks --------------------------------------------------------------------------------- */

/* Asks each sink whether it can go on behind the last COMMIT. */
static rt_status resume_sinks(rt_checkpoint *c, int64_t *ahead) {
    rt_job *job = c->job;
    const rt_commit *last = last_commit(c->found);
    *ahead = -1;
    for (int64_t i = 0; i < job->program->nsinks; i++) {
        rt_sink *s = &job->sinks[i];
        int64_t newest = -1;
        const rt_commit_sink *one = last ? rt_ckpt_said(c, last, i) : NULL;
        rt_committed record = {0};
        if (one)
            record = (rt_committed){last->batch, one->record, one->len,
                                    c->found->done >= last->batch};
        if (s->ops->resume) RT_TRY(s->ops->resume(s, one ? &record : NULL, &newest));
        *ahead = RT_MAX(*ahead, newest);
    }
    return RT_ok;
}

/* Everything that is committed is shown: a sink that the program no longer has must have
 * shown its part. */
static rt_status check_gone(const rt_checkpoint *c) {
    const rt_commit *last = last_commit(c->found);
    for (int64_t k = 0; last && c->found->done < last->batch && k < last->nsinks; k++) {
        bool has = false;
        for (int64_t i = 0; i < c->job->program->nsinks; i++)
            has = has || rt_ckpt_said(c, last, i) == &last->sinks[k];
        if (has || !last->sinks[k].rows) continue;
        return (rt_status)rt_fail(RT_refused,
                                  "batch %" PRId64 " is committed for `%s` and may not be there "
                                  "yet, but this program has no such sink: let the program that "
                                  "wrote it recover and stop it with SIGTERM, or begin anew "
                                  "with --fresh",
                                  last->batch, last->sinks[k].name);
    }
    return RT_ok;
}

/* R6: there is output of batches that the journal does not know.  If it is of the next one
 * and that is planned, the plan is followed: then the same output comes again. */
static rt_status check_ahead(rt_checkpoint *c, int64_t ahead) {
    const rt_commit *last = last_commit(c->found);
    int64_t at = last ? last->batch : -1;
    if (ahead <= at) return RT_ok;
    const rt_planned *plan = plan_of(c->found, at + 1);
    if (ahead > at + 1 || !plan || (last && last->final))
        return (rt_status)rt_fail(RT_refused,
                                  "output is ahead of the journal: there is output of batch "
                                  "%" PRId64 ", and %s knows batches up to %" PRId64
                                  ": restore the newest copy of the checkpoint folder",
                                  ahead, c->dir, at);
    rt_log(RT_WARN, "batch %" PRId64 " was published, and its COMMIT is lost: it is made "
           "again from its plan", ahead);
    rt_wire_raw(&c->forced, plan->input, plan->len);
    c->forced_plan = *plan;
    return RT_ok;
}

rt_status rt_recover_follow(rt_checkpoint *c) {
    rt_unwire r = rt_unwire_of(c->forced.p, c->forced.n);
    c->job->now = c->forced_plan.now;
    c->job->final = c->forced_plan.final;
    rt_assert(c->job->batch == c->forced_plan.batch);
    rt_status status = rt_ckpt_input_replan(c->job, &r);
    rt_wire_clear(&c->forced);
    return status;
}

/* ---- R4 ------------------------------------------------------------------------------------ */

static int32_t track_body(flow_rt_worker *w, void *arg) {
    rt_states_track(((rt_job *)arg)->states, &w->ctx, true);
    return 0;
}

static rt_status track(rt_job *job) {
    if (!job->ckpt->print.nstates) return RT_ok;
    rt_task_run(&job->workers[0], 0, 0, NULL, track_body, job);
    return rt_task_failed(job);
}

/* The newest saved state that is whole; *at is its batch, or -1: the very beginning, whose
 * plans are all there. */
static rt_status load_newest(rt_checkpoint *c, int64_t *at) {
    rt_found *f = c->found;
    rt_trouble trouble;
    *at = -1;
    for (int64_t i = f->ncommits - 1; i >= 0; i--) {
        if (!f->commits[i].state) continue;
        rt_kept k = kept_of(f, &f->commits[i]);
        rt_status status = rt_ckpt_load(c, &k, &trouble);
        if (status == RT_ok) *at = k.batch;
        rt_kept_free(&k);
        if (status == RT_ok) return RT_ok;
        if (!*trouble.text) return status; /* it was told */
        if (status != RT_refused) return (rt_status)rt_fail(status, "%s", trouble.text);
        rt_log(RT_WARN, "%s: going back to an older state", trouble.text);
    }
    return RT_ok;
}

/* The states that may be gone back to, up to the one that was loaded. */
static void keep_states(rt_checkpoint *c, int64_t at) {
    const rt_found *f = c->found;
    int64_t n = 0, most = c->job->settings->keep_checkpoints;
    for (int64_t i = 0; i < f->ncommits; i++)
        if (f->commits[i].state && f->commits[i].batch <= at) n++;
    for (int64_t i = 0; i < f->ncommits; i++) {
        if (!f->commits[i].state || f->commits[i].batch > at || n-- > most) continue;
        rt_kept k = kept_of(f, &f->commits[i]);
        rt_ckpt_keep_add(c, &k);
    }
}

static rt_status differs(int64_t batch, const char *sink, const rt_commit *commit,
                         const rt_job *job) {
    bool same = !strcmp(commit->program, job->program->hash);
    return (rt_status)rt_fail(
        RT_refused, "replay of batch %" PRId64 " differs at %s: %s", batch, sink,
        same ? "its input is not what it was, or the checkpoint is damaged"
             : "the program is another than the one that wrote it; let that one recover and "
               "stop it with SIGTERM, then start the new one");
}

/* What the sinks would get must be what they got. */
static rt_status compare(rt_job *job, const rt_commit *commit) {
    const rt_program *p = job->program;
    for (int64_t i = 0; i < p->nsinks; i++) {
        rt_output out;
        uint32_t crc = 0;
        const rt_commit_sink *one = rt_ckpt_said(job->ckpt, commit, i);
        atomic_store_explicit(&job->sink_given[i], 0, memory_order_relaxed);
        if (!one || !job->sinks[i].ops->record) continue;
        rt_output_open(job, i, &job->collects[i], &out);
        int64_t rows = out.rows;
        rt_status status = rt_ckpt_sum(&out, &crc);
        rt_output_close(&out);
        RT_TRY(status);
        if (crc != one->crc || rows != one->rows)
            return differs(commit->batch, p->sinks[i].name, commit, job);
    }
    return RT_ok;
}

static rt_status replay(rt_checkpoint *c, int64_t batch) {
    rt_job *job = c->job;
    const rt_planned *plan = plan_of(c->found, batch);
    const rt_commit *commit = commit_of(c->found, batch);
    if (!plan || !commit)
        return (rt_status)rt_fail(RT_refused,
                                  "%s/journal has no plan of batch %" PRId64
                                  " any more, and no newer state can be read: %s",
                                  c->dir, batch, WAYS_OUT);
    job->batch = batch;
    job->now = plan->now;
    job->final = plan->final;
    job->saving = false;
    job->alone = false;
    rt_unwire r = rt_unwire_of(plan->input, plan->len);
    RT_TRY(rt_ckpt_input_replan(job, &r));
    RT_TRY(rt_input_ready(job));
    RT_TRY(rt_stages_run(job));
    RT_TRY(compare(job, commit));
    rt_stages_clear(job);
    rt_input_done(job);
    RT_CRASH(R4_replay, batch);
    return RT_ok;
}

static rt_status restore(rt_checkpoint *c, const rt_commit *last) {
    int64_t at;
    RT_TRY(load_newest(c, &at));
    RT_CRASH(R4, last->batch);
    keep_states(c, at);
    c->save_full = at < 0;
    RT_TRY(track(c->job));
    if (at < last->batch)
        rt_log(RT_INFO, "replaying batches %" PRId64 " to %" PRId64, at + 1, last->batch);
    for (int64_t n = at + 1; n <= last->batch; n++) RT_TRY(replay(c, n));
    c->job->batch = last->batch;
    c->job->now = last->now;
    c->job->final = false;
    return RT_ok;
}

/* ---- all of it ------------------------------------------------------------------------------ */

/* R5, R7: the last batch is shown; what nothing names goes. */
static rt_status finish(rt_checkpoint *c, const rt_commit *last) {
    rt_found *f = c->found;
    bool done = f->done >= last->batch;
    RT_TRY(rt_ckpt_publish(c, last, done));
    RT_CRASH(R5, last->batch);
    const rt_record *record = f->records[f->ncommits - 1];
    rt_wire_raw(&c->last, record->payload, record->len);
    c->last_batch = last->batch;
    if (done) return RT_ok;
    rt_wire w = {0};
    rt_done_write(&w, last->batch);
    rt_status status = rt_journal_append(c->journal, c->env.epoch, RT_DONE, w.p, w.n);
    rt_wire_free(&w);
    return status;
}

static rt_status sweep(rt_checkpoint *c) {
    rt_job *job = c->job;
    for (int64_t i = 0; i < job->program->nsinks; i++)
        if (job->sinks[i].ops->sweep) job->sinks[i].ops->sweep(&job->sinks[i]);
    rt_ckpt_input_forget(job, c->nkept ? c->kept[0].batch : -1, c->last_batch);
    return c->over ? RT_ok : rt_ckpt_sweep(c);
}

rt_status rt_recover(rt_checkpoint *c) {
    const rt_commit *last = last_commit(c->found);
    int64_t ahead, batch = last ? last->batch : -1;
    bool is_new = c->journal != NULL;
    if (!is_new) RT_TRY(rewrite_journal(c));
    if (last) RT_TRY(rt_begun_make(c->dir, c->ident.job));
    RT_CRASH(R3, batch);
    RT_TRY(check_gone(c));
    RT_TRY(resume_sinks(c, &ahead));
    RT_TRY(check_ahead(c, ahead));
    c->over = last && last->final;
    if (!last) {
        c->save_full = true;
        RT_TRY(track(c->job));
    } else if (!c->over) {
        RT_TRY(restore(c, last));
    }
    if (last) RT_TRY(finish(c, last));
    RT_CRASH(R6, batch);
    RT_TRY(sweep(c));
    RT_CRASH(R7, batch);
    if (c->over) {
        rt_log(RT_INFO, "the input had ended: there is nothing to do (--fresh begins anew)");
        RT_TRY(rt_ckpt_settle(c));
    }
    rt_recover_forget(c);
    RT_CRASH(R8, batch);
    return RT_ok;
}
