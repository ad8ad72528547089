/* checkpoint.c - see checkpoint.h: the coordinator's part. */
#include "runtime/exec/checkpoint.h"

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
#include "runtime/exec/ckpt_meta.h"
#include "runtime/exec/ckpt_recover.h"
#include "runtime/exec/ckpt_save.h"
#include "runtime/exec/run_record.h"

/* By name and target: who writes somewhere else is another sink. */
static void name_sinks(rt_checkpoint *c) {
    const rt_program *p = c->job->program;
    c->sinks = rt_alloc((size_t)(p->nsinks + 1) * sizeof *c->sinks);
    for (int64_t i = 0; i < p->nsinks; i++)
        c->sinks[i] = rt_arena_print(p->arena, "%s %s", p->sinks[i].name,
                                     rt_option_text(p->sinks[i].options, "arg", ""));
}

int64_t rt_ckpt_ordinal(const rt_checkpoint *c, int64_t sink) {
    int64_t n = 0;
    for (int64_t i = 0; i < sink; i++) n += !strcmp(c->sinks[i], c->sinks[sink]);
    return n;
}

const rt_commit_sink *rt_ckpt_said(const rt_checkpoint *c, const rt_commit *commit,
                                   int64_t sink) {
    return rt_commit_find(commit, c->sinks[sink], rt_ckpt_ordinal(c, sink));
}

/* ---- start and end ----------------------------------------------------------------------- */

/* Nothing for zeros: no job has that id. */
static void print_job8(const uint8_t *job, char *out) {
    static const uint8_t none[16];
    for (int i = 0; i < 4 && memcmp(job, none, sizeof none); i++)
        snprintf(out + 2 * i, 3, "%02x", (unsigned)job[i]);
}

rt_status rt_checkpoint_open(rt_job *job) {
    const char *dir = job->settings->checkpoint;
    if (!dir) return RT_ok;
    rt_checkpoint *c = job->ckpt = rt_alloc(sizeof *c);
    c->job = job;
    c->lock = -1;
    pthread_mutex_init(&c->journal_lock, NULL);
    c->last_batch = -1;
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/') n--;
    if (n > RT_CKPT_PATH)
        return (rt_status)rt_fail(RT_usage, "`checkpoint`: the path is too long");
    memcpy(c->dir, dir, n);
    snprintf(c->state_dir, sizeof c->state_dir, "%s/state", c->dir);
    name_sinks(c);
    c->states = rt_alloc((size_t)(job->program->nstates + 1) * sizeof *c->states);
    c->print = rt_print_of_program(job->program, c->states);
    c->env.dir = c->dir;
    RT_TRY(rt_recover_find(c));
    memcpy(c->env.job, c->ident.job, sizeof c->env.job);
    print_job8(c->ident.job, c->env.job8);
    print_job8(c->before, c->env.before8);
    c->saved_at = c->snap_at = rt_clock_mono();
    job->env.ckpt = &c->env;
    return RT_ok;
}

void rt_kept_free(rt_kept *k) {
    for (int64_t i = 0; i < k->n; i++) rt_wire_free(&k->inlined[i]);
    free(k->refs);
    free(k->inlined);
    *k = (rt_kept){0};
}

int64_t rt_ckpt_slots(const rt_checkpoint *c) {
    return c->print.nstates * c->job->settings->partitions;
}

bool rt_ckpt_slot(const rt_checkpoint *c, int64_t k, int64_t *state, int64_t *partition) {
    int64_t parts = c->job->settings->partitions;
    *state = c->states[k / parts];
    *partition = k % parts;
    return !c->job->program->states[*state].one_part || *partition == 0;
}

void rt_going_clear(const rt_checkpoint *c, rt_going *g) {
    for (int64_t i = 0; g->saved && i < rt_ckpt_slots(c); i++) rt_saved_free(&g->saved[i]);
    free(g->saved);
    rt_wire_free(&g->meta);
    *g = (rt_going){0};
}

void rt_checkpoint_close(rt_job *job) {
    rt_checkpoint *c = job->ckpt;
    if (!c) return;
    if (c->compactor) rt_compactor_free(c->compactor);
    rt_going_clear(c, &c->going);
    rt_going_clear(c, &c->out);
    for (int64_t i = 0; i < c->nkept; i++) rt_kept_free(&c->kept[i]);
    free(c->kept);
    rt_print_free(&c->print);
    free(c->states);
    free(c->sinks);
    rt_wire_free(&c->forced);
    rt_wire_free(&c->last);
    rt_dirs_free(&c->dirs);
    rt_journal_close(c->journal);
    pthread_mutex_destroy(&c->journal_lock);
    rt_recover_forget(c);
    rt_folder_leave(c->lock);
    free(c);
    job->ckpt = NULL;
    job->env.ckpt = NULL;
}

/* ---- a batch ----------------------------------------------------------------------------- */

static bool saves(const rt_checkpoint *c, bool drain) {
    const rt_job *job = c->job;
    /* Nothing runs after the end of input, and nothing is replayed up to it. */
    if (job->final) return false;
    if (drain || !c->print.nstates || rt_ckpt_input_once(job)) return true;
    if (atomic_load_explicit(&c->damaged, memory_order_relaxed)) return true;
    int64_t every = job->settings->checkpoint_every;
    return !every || rt_clock_mono() - c->saved_at >= every;
}

static rt_status append_plan(rt_checkpoint *c) {
    rt_job *job = c->job;
    rt_wire input = {0}, w = {0};
    rt_status status = rt_ckpt_input_plan(job, &input);
    if (status == RT_ok) {
        status = rt_run_record_plan(job, &input);
    }
    if (status == RT_ok) {
        RT_CRASH(C2_rows, job->batch);
        rt_planned plan = {job->batch, job->now, job->final, input.p, input.n};
        rt_planned_write(&w, &plan);
        pthread_mutex_lock(&c->journal_lock);
        status = rt_journal_append(c->journal, c->env.epoch, RT_PLAN, w.p, w.n);
        pthread_mutex_unlock(&c->journal_lock);
        RT_CRASH(C2, job->batch);
    }
    rt_wire_free(&input);
    rt_wire_free(&w);
    return status;
}

rt_status rt_checkpoint_plan(rt_job *job, bool drain) {
    rt_checkpoint *c = job->ckpt;
    if (!c) return rt_run_record_plan(job, NULL);
    job->saving = saves(c, drain);
    return append_plan(c);
}

rt_status rt_checkpoint_collect(rt_job *job) {
    rt_checkpoint *c = job->ckpt;
    if (!c) return RT_ok;
    RT_CRASH(C3, job->batch);
    rt_going *g = &c->going;
    rt_going_clear(c, g);
    *g = (rt_going){.batch = job->batch, .now = job->now, .final = job->final,
                    .saving = job->saving};
    if (!g->saving) return RT_ok;
    g->full = c->save_full || atomic_exchange(&c->damaged, false);
    c->save_full = false;
    c->saved_at = rt_clock_mono();
    rt_ckpt_meta_save(job, &g->meta);
    return rt_ckpt_take(c);
}

void rt_checkpoint_hand_over(rt_checkpoint *c) {
    rt_going taken = c->out;
    c->out = c->going;
    c->going = taken;
    rt_going_clear(c, &c->going);
}
