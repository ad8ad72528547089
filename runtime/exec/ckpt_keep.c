/* ckpt_keep.c - see ckpt_keep.h. */
#include "runtime/exec/ckpt_keep.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/ckpt_input.h"

/* The journal is written anew when it is this long, or twice as long as after the last time. */
#define ROTATE_BYTES (INT64_C(16) << 20)

/* ---- lists of files ---------------------------------------------------------------------- */

static void add_ref(rt_kept *k, const rt_state_ref *ref, const rt_wire *inlined) {
    size_t n = (size_t)k->n + 1;
    k->refs = rt_realloc(k->refs, n * sizeof *k->refs);
    k->inlined = rt_realloc(k->inlined, n * sizeof *k->inlined);
    k->refs[k->n] = *ref;
    k->inlined[k->n] = (rt_wire){0};
    if (!*ref->name && inlined) rt_wire_raw(&k->inlined[k->n], inlined->p, inlined->n);
    k->n++;
}

/* A snapshot that has been made takes the place of the oldest files, if the newest saved
 * state still begins with them: *from is the first file that stays. */
static rt_status take_snap(rt_checkpoint *c, rt_kept *next, int64_t *from) {
    rt_snap snap;
    const rt_kept *now = &c->kept[c->nkept - 1];
    *from = 0;
    switch (c->compactor ? rt_compactor_done(c->compactor, &snap) : RT_COMPACT_NONE) {
    case RT_COMPACT_NONE:
    case RT_COMPACT_FAILED: return RT_ok;
    case RT_COMPACT_DAMAGED: atomic_store(&c->damaged, true); return RT_ok;
    case RT_COMPACT_UNSYNCED: return RT_io;
    case RT_COMPACT_MADE: break;
    }
    if (now->n < snap.replaces || now->refs[snap.replaces - 1].batch != snap.ref.batch)
        return RT_ok; /* a whole state has been saved since; the next start removes it */
    add_ref(next, &snap.ref, NULL);
    c->snap_at = rt_clock_mono();
    *from = snap.replaces;
    return RT_ok;
}

rt_status rt_ckpt_keep_next(rt_checkpoint *c, const rt_state_ref *ref, const rt_wire *inlined,
                            rt_kept *next) {
    *next = (rt_kept){.batch = ref->batch};
    if (ref->kind == RT_STATE_DELTA && c->nkept) {
        int64_t from;
        const rt_kept *now = &c->kept[c->nkept - 1];
        RT_TRY(take_snap(c, next, &from));
        for (int64_t i = from; i < now->n; i++) add_ref(next, &now->refs[i], &now->inlined[i]);
    }
    add_ref(next, ref, inlined);
    return RT_ok;
}

void rt_ckpt_keep_add(rt_checkpoint *c, rt_kept *kept) {
    c->kept = rt_realloc(c->kept, (size_t)(c->nkept + 1) * sizeof *c->kept);
    c->kept[c->nkept++] = *kept;
    *kept = (rt_kept){0};
}

/* ---- removing ---------------------------------------------------------------------------- */

static bool is_named(const rt_checkpoint *c, const char *name) {
    for (int64_t i = 0; i < c->nkept; i++)
        for (int64_t k = 0; k < c->kept[i].n; k++)
            if (!strcmp(c->kept[i].refs[k].name, name)) return true;
    return false;
}

static rt_status remove_file(const rt_checkpoint *c, const char *name) {
    char path[RT_CKPT_PATH + 80];
    snprintf(path, sizeof path, "%s/%s", c->state_dir, name);
    if (rt_os_unlink(path) == 0 || errno == ENOENT) return RT_ok;
    if (errno == EISDIR)
        return (rt_status)rt_fail(RT_refused, "%s is a folder, and none of ours", path);
    return (rt_status)rt_fail(RT_io, "cannot remove %s: %s", path, strerror(errno));
}

static rt_status drop_oldest(rt_checkpoint *c) {
    rt_kept gone = c->kept[0];
    rt_status status = RT_ok;
    memmove(c->kept, c->kept + 1, (size_t)(--c->nkept) * sizeof *c->kept);
    for (int64_t i = 0; status == RT_ok && i < gone.n; i++) {
        if (!*gone.refs[i].name || is_named(c, gone.refs[i].name)) continue;
        status = remove_file(c, gone.refs[i].name);
        RT_CRASH(C13, c->out.batch);
    }
    rt_kept_free(&gone);
    return status;
}

rt_status rt_ckpt_keep(rt_checkpoint *c, rt_kept *next) {
    int64_t batch = next->batch;
    rt_ckpt_keep_add(c, next);
    while (c->nkept > c->job->settings->keep_checkpoints) RT_TRY(drop_oldest(c));
    rt_ckpt_input_forget(c->job, c->kept[0].batch, batch);
    return RT_ok;
}

rt_status rt_ckpt_sweep(rt_checkpoint *c) {
    struct dirent **names;
    rt_status status = RT_ok;
    int n = rt_os_scan(c->state_dir, &names);
    if (n < 0)
        return (rt_status)rt_fail(RT_io, "cannot look into %s: %s", c->state_dir,
                                  strerror(errno));
    for (int i = 0; i < n; i++) {
        int64_t batch;
        uint32_t epoch;
        rt_state_kind kind;
        const char *name = names[i]->d_name;
        bool ours = rt_state_ref_parse(name, &batch, &epoch, &kind);
        if (status == RT_ok && ours && !is_named(c, name)) status = remove_file(c, name);
        free(names[i]);
    }
    free(names);
    return status;
}

/* ---- snapshots --------------------------------------------------------------------------- */

static void start_snap(rt_checkpoint *c) {
    const rt_kept *now = c->nkept ? &c->kept[c->nkept - 1] : NULL;
    if (!now || !c->print.nstates || now->n < 2) return;
    if (!c->compactor) c->compactor = rt_compactor_new(c->state_dir);
    if (rt_compactor_busy(c->compactor)) return;
    int64_t age = rt_clock_mono() - c->snap_at;
    if (!rt_snap_due(now->refs, now->n, age, c->job->settings->compact_every)) return;
    rt_state_head head = {.kind = RT_STATE_SNAP, .epoch = c->env.epoch, .batch = now->batch};
    memcpy(head.job, c->ident.job, sizeof head.job);
    rt_compactor_start(c->compactor, now->refs, now->n, now->inlined, &head, c->print.ids,
                       c->print.n);
}

/* ---- rotation ---------------------------------------------------------------------------- */

/* Does the COMMIT of this batch hold bytes of a kept state, or is it one? */
static bool is_kept(const rt_checkpoint *c, int64_t batch) {
    for (int64_t i = 0; i < c->nkept; i++) {
        if (c->kept[i].batch == batch) return true;
        for (int64_t k = 0; k < c->kept[i].n; k++)
            if (!*c->kept[i].refs[k].name && c->kept[i].refs[k].batch == batch) return true;
    }
    return false;
}

static bool stays(const rt_checkpoint *c, const rt_record *r) {
    rt_unwire batch = rt_unwire_of(r->payload, r->len);
    if (r->type == RT_BEGIN) return true;
    int64_t n = rt_unwire_i64(&batch);
    if (!c->nkept || n > c->kept[0].batch) return true;
    return r->type == RT_COMMIT && is_kept(c, n);
}

static rt_status rewrite(rt_checkpoint *c) {
    rt_journal_text t;
    rt_journal *made = NULL;
    int found;
    int64_t n = 0;
    RT_TRY(rt_journal_load(c->dir, &t, &found));
    rt_status status = RT_ok;
    if (!found || t.tail != RT_TAIL_CLEAN)
        status = (rt_status)rt_fail(RT_io, "%s/journal is not what was written to it", c->dir);
    for (int64_t i = 0; i < t.n; i++)
        if (stays(c, &t.records[i])) t.records[n++] = t.records[i];
    if (status == RT_ok)
        status = rt_journal_begin(c->dir, t.records, n, rt_journal_next(c->journal), &made);
    rt_journal_text_free(&t);
    if (!made) return status;
    rt_journal_close(c->journal);
    c->journal = made;
    c->rotate_at = RT_MAX(RT_SIZE(ROTATE_BYTES), 2 * rt_journal_bytes(made));
    return status;
}

rt_status rt_ckpt_tend(rt_checkpoint *c) {
    start_snap(c);
    if (!c->rotate_at) c->rotate_at = RT_SIZE(ROTATE_BYTES);
    pthread_mutex_lock(&c->journal_lock);
    rt_status status =
        rt_journal_bytes(c->journal) < c->rotate_at ? RT_ok : rewrite(c);
    pthread_mutex_unlock(&c->journal_lock);
    return status;
}
