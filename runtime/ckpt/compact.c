/* compact.c - see compact.h.
 *
 * A thread lives as long as its merge; between merges there is none.  It owns the job until
 * it sets `over`, then the caller does. */
#include "runtime/ckpt/compact.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/sampler.h"
#include "runtime/ckpt/state_merge.h"

#define MOST_DELTAS 64
#define LEAST_BYTES (INT64_C(1) << 20)

typedef struct job {
    rt_state_ref *refs;
    rt_wire *inlined;
    rt_state_file **files;
    rt_state_id *ids;
    int64_t n, nids;
    rt_state_head head;
} job;

struct rt_compactor {
    char *dir;
    pthread_t thread;
    bool started; /* a thread is to be joined */
    atomic_bool stop, over;
    job job;
    /* of the thread, for whoever joins it */
    rt_compacted outcome;
    rt_snap snap;
};

bool rt_snap_due(const rt_state_ref *refs, int64_t n, int64_t age, int64_t compact_every) {
    int64_t deltas = 0, bytes = 0, snap = 0;
    for (int64_t i = 0; i < n; i++) {
        if (refs[i].kind == RT_STATE_SNAP) {
            deltas = bytes = 0;
            snap = refs[i].length;
        } else {
            deltas++;
            bytes += refs[i].length;
        }
    }
    if (deltas > MOST_DELTAS || bytes > RT_MAX(RT_SIZE(LEAST_BYTES), snap / 2)) return true;
    return deltas > 1 && age >= compact_every && bytes >= snap / 10;
}

rt_compactor *rt_compactor_new(const char *dir) {
    rt_compactor *c = rt_alloc(sizeof *c);
    memset(c, 0, sizeof *c);
    c->dir = rt_alloc(strlen(dir) + 1);
    strcpy(c->dir, dir);
    atomic_init(&c->stop, false);
    atomic_init(&c->over, false);
    return c;
}

static char *copy_of(const char *text) {
    char *copy = rt_alloc(strlen(text) + 1);
    return strcpy(copy, text);
}

static void job_make(job *j, const rt_state_ref *refs, int64_t n, const rt_wire *inlined,
                     const rt_state_head *head, const rt_state_id *ids, int64_t nids) {
    *j = (job){.n = n, .nids = nids, .head = *head};
    j->head.kind = RT_STATE_SNAP;
    j->refs = rt_alloc((size_t)n * sizeof *j->refs + 1);
    j->inlined = rt_alloc((size_t)n * sizeof *j->inlined + 1);
    j->files = rt_alloc((size_t)n * sizeof *j->files + 1);
    j->ids = rt_alloc((size_t)nids * sizeof *j->ids + 1);
    for (int64_t i = 0; i < n; i++) {
        j->refs[i] = refs[i];
        j->inlined[i] = (rt_wire){0};
        j->files[i] = NULL;
        if (!refs[i].name[0]) rt_wire_raw(&j->inlined[i], inlined[i].p, inlined[i].n);
    }
    for (int64_t i = 0; i < nids; i++)
        j->ids[i] = (rt_state_id){.name = copy_of(ids[i].name),
                                  .schema = ids[i].schema,
                                  .layout = copy_of(ids[i].layout)};
}

static void job_free(job *j) {
    for (int64_t i = 0; i < j->n; i++) {
        rt_state_file_close(j->files[i]);
        rt_wire_free(&j->inlined[i]);
    }
    for (int64_t i = 0; i < j->nids; i++) {
        free((char *)j->ids[i].name);
        free((char *)j->ids[i].layout);
    }
    free(j->refs);
    free(j->inlined);
    free(j->files);
    free(j->ids);
    *j = (job){0};
}

static bool stopped(void *arg) { return atomic_load(&((rt_compactor *)arg)->stop); }

static rt_status open_all(rt_compactor *c, rt_trouble *trouble) {
    job *j = &c->job;
    c->snap.read = 0;
    for (int64_t i = 0; i < j->n; i++) {
        c->snap.read += j->refs[i].length;
        if (j->refs[i].name[0])
            RT_TRY(rt_state_file_open(c->dir, &j->refs[i], &j->files[i], trouble));
        else
            RT_TRY(rt_state_file_of(j->inlined[i].p, j->inlined[i].n, &j->refs[i],
                                    "a change list in the journal", &j->files[i], trouble));
    }
    return RT_ok;
}

/* Merged and ended; not synced. */
static rt_status make(rt_compactor *c, rt_state_writer **w, rt_trouble *trouble) {
    job *j = &c->job;
    int64_t len;
    RT_TRY(open_all(c, trouble));
    RT_TRY(rt_state_writer_open(c->dir, &j->head, j->ids, j->nids, w));
    RT_TRY(rt_merge_files(j->files, j->n, j->ids, j->nids, *w, stopped, c, trouble));
    const uint8_t *meta = rt_state_file_meta(j->files[j->n - 1], &len);
    return rt_state_writer_end(*w, meta, len, &c->snap.ref);
}

/* What was written is what was meant: it is read back before anything rests on it. */
static rt_status read_back(rt_compactor *c, rt_trouble *trouble) {
    rt_state_file *f;
    RT_TRY(rt_state_file_open(c->dir, &c->snap.ref, &f, trouble));
    rt_status status = rt_state_file_verify(f, trouble);
    rt_state_file_close(f);
    return status;
}

static bool sync_all(rt_compactor *c, rt_state_writer *w) {
    if (rt_state_writer_sync(w) != RT_ok) return false;
    if (RT_MUTANT(nodirsync_C) || rt_os_sync_dir(c->dir) == 0) return true;
    rt_log(RT_ERROR, "cannot sync %s: %s", c->dir, strerror(errno));
    return false;
}

static void remove_snap(rt_compactor *c) {
    char path[4400];
    snprintf(path, sizeof path, "%s/%s", c->dir, c->snap.ref.name);
    if (rt_os_unlink(path) < 0) rt_log(RT_WARN, "cannot remove %s: %s", path, strerror(errno));
}

static rt_compacted compact(rt_compactor *c) {
    rt_trouble trouble = {""};
    rt_state_writer *w = NULL;
    rt_status status = make(c, &w, &trouble);
    rt_compacted outcome = status == RT_ok        ? RT_COMPACT_MADE
                           : status == RT_refused ? RT_COMPACT_DAMAGED
                                                  : RT_COMPACT_FAILED;
    if (status == RT_ok && !sync_all(c, w)) outcome = RT_COMPACT_UNSYNCED;
    rt_state_writer_close(w);
    if (outcome == RT_COMPACT_MADE && read_back(c, &trouble) != RT_ok) {
        outcome = RT_COMPACT_FAILED;
        remove_snap(c);
    }
    if (trouble.text[0]) rt_log(RT_WARN, "no snapshot of state is made: %s", trouble.text);
    if (outcome == RT_COMPACT_MADE) RT_CRASH(C14, c->job.head.batch);
    return outcome;
}

static void *run(void *arg) {
    rt_compactor *c = arg;
    rt_sampler_thread();
    rt_os_yield_to_all();
    c->outcome = compact(c);
    atomic_store(&c->over, true);
    return NULL;
}

bool rt_compactor_start(rt_compactor *c, const rt_state_ref *refs, int64_t n,
                        const rt_wire *inlined, const rt_state_head *head,
                        const rt_state_id *ids, int64_t nids) {
    rt_assert(n > 0);
    if (c->started) return false;
    job_make(&c->job, refs, n, inlined, head, ids, nids);
    c->snap = (rt_snap){.replaces = n};
    atomic_store(&c->over, false);
    int error = rt_os_thread(&c->thread, run, c);
    c->started = error == 0;
    if (c->started) return true;
    rt_log(RT_WARN, "no thread for a snapshot of state: %s", strerror(error));
    job_free(&c->job);
    return false;
}

static void join(rt_compactor *c) {
    pthread_join(c->thread, NULL);
    job_free(&c->job);
    c->started = false;
}

rt_compacted rt_compactor_done(rt_compactor *c, rt_snap *snap) {
    if (!c->started || !atomic_load(&c->over)) return RT_COMPACT_NONE;
    join(c);
    *snap = c->snap;
    return c->outcome;
}

bool rt_compactor_busy(const rt_compactor *c) { return c->started; }

void rt_compactor_wait(rt_compactor *c) {
    struct timespec ms = {.tv_nsec = 1000000};
    while (c->started && !atomic_load(&c->over)) nanosleep(&ms, NULL);
}

void rt_compactor_free(rt_compactor *c) {
    if (!c) return;
    atomic_store(&c->stop, true);
    if (c->started) {
        join(c);
        /* Nobody will name it. */
        if (c->outcome == RT_COMPACT_MADE) remove_snap(c);
    }
    free(c->dir);
    free(c);
}
