/* ckpt_commit.c - see ckpt_commit.h. */
#include "runtime/exec/ckpt_commit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/ckpt_input.h"
#include "runtime/exec/ckpt_keep.h"
#include "runtime/exec/ckpt_save.h"
#include "runtime/exec/output.h"
#include "runtime/exec/publish.h"

/* What a try before S5 has left. */
typedef struct drafting {
    rt_checkpoint *c;
    rt_output *outs;
    rt_commit commit;
    rt_wire records;    /* of all sinks, one behind the other */
    int64_t *ends;      /* [sink]: of its record there */
    rt_kept next;       /* what will be kept, if state is saved */
    rt_wire inlined;    /* the newest state, if it stands in the COMMIT */
} drafting;

/* ---- S2: state --------------------------------------------------------------------------- */

static rt_status save_state(drafting *d) {
    rt_checkpoint *c = d->c;
    rt_state_ref ref = c->out.ref;
    for (int64_t k = 0; !c->out.written; k++) {
        rt_status status = rt_ckpt_write(c, &d->inlined, &ref);
        if (status == RT_ok) break;
        RT_TRY(rt_publish_again(c->job->settings, "state", c->out.batch, k, status));
        c->job->tally.retries++;
        atomic_fetch_add(&c->env.epoch, 1);
    }
    if (*ref.name) rt_dirs_add(&c->dirs, c->state_dir);
    c->job->tally.saves++;
    c->job->tally.save_bytes += *ref.name ? ref.length : d->inlined.n;
    return rt_ckpt_keep_next(c, &ref, &d->inlined, &d->next);
}

/* ---- S3: output -------------------------------------------------------------------------- */

rt_status rt_ckpt_sum(rt_output *out, uint32_t *crc) {
    rt_piece piece;
    while (!rt_output_over(out, crc)) RT_TRY(out->next(out, &piece));
    return RT_ok;
}

static rt_status prepare_sink(drafting *d, int64_t i) {
    rt_checkpoint *c = d->c;
    rt_sink *s = &c->job->sinks[i];
    for (int64_t k = 0;; k++) {
        d->outs[i].rewind(&d->outs[i]);
        rt_status status = s->ops->prepare(s, &d->outs[i]);
        if (status == RT_ok) return RT_ok;
        RT_TRY(rt_publish_again(c->job->settings, s->decl->name, c->out.batch, k, status));
        c->job->tally.retries++;
        atomic_fetch_add(&c->env.epoch, 1);
    }
}

static rt_status prepare(drafting *d) {
    rt_checkpoint *c = d->c;
    const rt_program *p = c->job->program;
    for (int64_t i = 0; i < p->nsinks; i++) {
        rt_sink *s = &c->job->sinks[i];
        rt_commit_sink *out = &d->commit.sinks[i];
        RT_TRY(prepare_sink(d, i));
        out->name = c->sinks[i];
        out->ordinal = rt_ckpt_ordinal(c, i);
        out->rows = d->outs[i].rows;
        if (s->ops->record) RT_TRY(rt_ckpt_sum(&d->outs[i], &out->crc));
    }
    return RT_ok;
}

static rt_status sync_output(drafting *d) {
    rt_checkpoint *c = d->c;
    const rt_program *p = c->job->program;
    for (int64_t i = 0; i < p->nsinks; i++) {
        rt_sink *s = &c->job->sinks[i];
        if (s->ops->sync && !RT_MUTANT(nosync_stage)) RT_TRY(s->ops->sync(s));
        if (s->ops->record) s->ops->record(s, &d->records);
        d->ends[i] = d->records.n;
    }
    for (int64_t i = 0; i < p->nsinks; i++) {
        int64_t from = i ? d->ends[i - 1] : 0;
        d->commit.sinks[i].record = d->records.p ? d->records.p + from : NULL;
        d->commit.sinks[i].len = d->ends[i] - from;
    }
    return rt_ckpt_input_sync(c->job, c->out.batch, &c->dirs);
}

/* ---- S4, S5 ------------------------------------------------------------------------------ */

static bool below(const char *dir, const char *path) {
    size_t n = strlen(dir);
    return !strncmp(dir, path, n) && (path[n] == '/' || !path[n]);
}

/* The mutants leave out the folders of the checkpoint, or all others. */
static bool left_out(const rt_checkpoint *c, const char *path) {
    bool ours = below(c->dir, path);
    return ours ? RT_MUTANT(nodirsync_C) : RT_MUTANT(nodirsync_S);
}

static rt_status sync_dirs(rt_checkpoint *c) {
    rt_dirs all = {0};
    for (int64_t i = 0; i < c->job->program->nsinks; i++) {
        rt_sink *s = &c->job->sinks[i];
        if (s->ops->dirs) s->ops->dirs(s, &c->dirs);
    }
    for (int64_t i = 0; i < c->dirs.n; i++)
        if (!left_out(c, c->dirs.paths[i])) rt_dirs_add(&all, c->dirs.paths[i]);
    rt_dirs_free(&c->dirs);
    rt_status status = rt_dirs_sync(&all);
    rt_dirs_free(&all);
    return status;
}

static rt_status append(rt_checkpoint *c, rt_record_type type, const rt_wire *w) {
    pthread_mutex_lock(&c->journal_lock);
    rt_status status = rt_journal_append(c->journal, c->env.epoch, type, w->p, w->n);
    pthread_mutex_unlock(&c->journal_lock);
    return status;
}

/* The commit point.  The lock is not held while the disk works: a plan may be appended. */
static rt_status append_commit(drafting *d, rt_wire *w) {
    rt_checkpoint *c = d->c;
    rt_commit_write(w, &d->commit);
    RT_TRY(append(c, RT_COMMIT, w));
    RT_CRASH(C7, c->out.batch);
    if (RT_MUTANT(publish_early)) RT_TRY(rt_ckpt_publish(c, &d->commit, false));
    if (RT_MUTANT(cleanup_early)) RT_TRY(rt_ckpt_keep(c, &d->next));
    if (!RT_MUTANT(nosync_journal)) RT_TRY(rt_journal_sync(c->journal));
    if (c->last_batch < 0) RT_TRY(rt_begun_make(c->dir, c->ident.job));
    RT_CRASH(C8, c->out.batch);
    return RT_ok;
}

/* ---- S7 ---------------------------------------------------------------------------------- */

static rt_status publish_sink(rt_checkpoint *c, rt_sink *s, const rt_committed *one) {
    for (int64_t k = 0;; k++) {
        rt_status status = s->ops->publish_record(s, one);
        if (status == RT_ok) return RT_ok;
        RT_TRY(rt_publish_again(c->job->settings, s->decl->name, one->batch, k, status));
        c->job->tally.retries++;
    }
}

rt_status rt_ckpt_publish(rt_checkpoint *c, const rt_commit *commit, bool done) {
    const rt_program *p = c->job->program;
    bool any = false;
    for (int64_t i = 0; i < p->nsinks; i++) {
        rt_sink *s = &c->job->sinks[i];
        const rt_commit_sink *one = rt_ckpt_said(c, commit, i);
        if (!one || !s->ops->publish_record) continue;
        if (any) RT_CRASH(C9, commit->batch);
        any = true;
        rt_committed record = {commit->batch, one->record, one->len, done};
        RT_TRY(publish_sink(c, s, &record));
    }
    return RT_ok;
}

/* ---- S10 --------------------------------------------------------------------------------- */

/* The outbox of the newest COMMIT, which another one has followed or which is settled. */
static void forget_last(rt_checkpoint *c) {
    rt_commit last;
    const rt_program *p = c->job->program;
    if (!c->last.n || !rt_commit_read(c->last.p, c->last.n, &last)) return;
    for (int64_t i = 0; i < p->nsinks; i++) {
        rt_sink *s = &c->job->sinks[i];
        const rt_commit_sink *one = rt_ckpt_said(c, &last, i);
        if (!one || !s->ops->forget) continue;
        rt_committed record = {last.batch, one->record, one->len, true};
        s->ops->forget(s, &record);
        RT_CRASH(C13, last.batch);
    }
    rt_commit_free(&last);
}

static rt_status append_done(rt_checkpoint *c, int64_t batch) {
    rt_wire w = {0};
    RT_CRASH(C12, batch);
    rt_done_write(&w, batch);
    rt_status status = append(c, RT_DONE, &w);
    rt_wire_free(&w);
    RT_CRASH(C12_done, batch);
    return status;
}

rt_status rt_ckpt_settle(rt_checkpoint *c) {
    if (!c->last.n) return RT_ok;
    RT_TRY(sync_dirs(c));
    /* DONE first: what is missing then has been shown. */
    RT_TRY(rt_journal_sync(c->journal));
    forget_last(c);
    rt_wire_clear(&c->last);
    return RT_ok;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static rt_status draft(drafting *d) {
    rt_checkpoint *c = d->c;
    if (c->out.saving) RT_TRY(save_state(d));
    RT_TRY(prepare(d));
    RT_CRASH(C5, c->out.batch);
    RT_TRY(sync_output(d));
    RT_CRASH(C6, c->out.batch);
    RT_TRY(sync_dirs(c));
    RT_CRASH(C6_dirs, c->out.batch);
    return RT_ok;
}

/* Behind the commit point: in the order of the steps. */
static rt_status follow(drafting *d, rt_wire *payload) {
    rt_checkpoint *c = d->c;
    int64_t batch = c->out.batch;
    rt_ckpt_input_acknowledge(c->job, batch);
    if (!RT_MUTANT(publish_early)) RT_TRY(rt_ckpt_publish(c, &d->commit, false));
    RT_TRY(append_done(c, batch));
    forget_last(c);
    rt_wire_free(&c->last);
    c->last = *payload;
    *payload = (rt_wire){0};
    c->last_batch = batch;
    if (c->out.saving && !RT_MUTANT(cleanup_early)) RT_TRY(rt_ckpt_keep(c, &d->next));
    return rt_ckpt_tend(c);
}

rt_status rt_ckpt_commit(rt_checkpoint *c, rt_output *outs) {
    int64_t n = c->job->program->nsinks;
    drafting d = {.c = c, .outs = outs};
    int64_t began = rt_clock_mono();
    d.ends = rt_alloc((size_t)(n + 1) * sizeof *d.ends);
    d.commit = (rt_commit){.batch = c->out.batch,
                           .now = c->out.now,
                           .final = c->out.final,
                           .program = c->job->program->hash,
                           .nsinks = n,
                           .state = c->out.saving};
    d.commit.sinks = rt_alloc((size_t)(n + 1) * sizeof *d.commit.sinks);
    rt_status status = draft(&d);
    rt_wire payload = {0};
    if (status == RT_ok) {
        d.commit.refs = d.next.refs;
        d.commit.nrefs = d.next.n;
        d.commit.inlined = d.inlined.p;
        d.commit.inlined_len = d.inlined.n;
        status = append_commit(&d, &payload);
    }
    if (status == RT_ok) status = follow(&d, &payload);
    c->job->tally.commits++;
    c->job->tally.commit_time += rt_clock_mono() - began;
    rt_wire_free(&payload);
    rt_wire_free(&d.records);
    rt_wire_free(&d.inlined);
    rt_kept_free(&d.next);
    free(d.commit.sinks);
    free(d.ends);
    rt_going_clear(c, &c->out);
    return status;
}
