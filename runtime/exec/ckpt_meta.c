/* ckpt_meta.c - see ckpt_meta.h.
 *
 * What is due belongs to stages, whose numbers change with the program: after a change every
 * partition is closed in the first batch, which finds out anew. */
#include "runtime/exec/ckpt_meta.h"

#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/checkpoint.h"
#include "runtime/exec/ckpt_input.h"
#include "runtime/kernel/k_event.h"
#include "runtime/state/watermark.h"

#define VERSION 1

static void save_due(const rt_job *job, rt_wire *w) {
    const rt_program *p = job->program;
    rt_wire_i64(w, p->nstages);
    for (int64_t i = 0; i < p->nstages; i++) {
        const rt_stage_run *run = &job->runs[i];
        int64_t n = run->due ? rt_job_parts(job, p->stages[i].exchange) : 0;
        rt_wire_i64(w, n);
        for (int64_t k = 0; k < n; k++) {
            rt_wire_i64(w, run->due[k].mark);
            rt_wire_i64(w, run->due[k].clock);
        }
    }
}

static void soonest(rt_stage_run *run, int64_t n) {
    run->soonest = (flow_due){FLOW_AFTER_TIME, FLOW_AFTER_TIME};
    for (int64_t k = 0; k < n; k++) {
        run->soonest.mark = RT_MIN(run->soonest.mark, run->due[k].mark);
        run->soonest.clock = RT_MIN(run->soonest.clock, run->due[k].clock);
    }
}

/* `same`: the program is the one that wrote them. */
static void load_due(rt_job *job, rt_unwire *r, bool same) {
    const rt_program *p = job->program;
    int64_t stages = rt_unwire_count(r, 8);
    if (same && stages != p->nstages) r->bad = true;
    for (int64_t i = 0; i < stages && !r->bad; i++) {
        int64_t n = rt_unwire_count(r, 16);
        rt_stage_run *run = same ? &job->runs[i] : NULL;
        int64_t mine = run && run->due ? rt_job_parts(job, p->stages[i].exchange) : 0;
        if (same && n != mine) r->bad = true;
        for (int64_t k = 0; k < n && !r->bad; k++) {
            flow_due due = {rt_unwire_i64(r), 0};
            due.clock = rt_unwire_i64(r);
            if (run) run->due[k] = due;
        }
    }
    for (int64_t i = 0; i < p->nstages; i++) {
        rt_stage_run *run = &job->runs[i];
        if (!run->due) continue;
        int64_t n = rt_job_parts(job, p->stages[i].exchange);
        for (int64_t k = 0; k < n && !same; k++)
            run->due[k] = (flow_due){FLOW_BEFORE_TIME, FLOW_BEFORE_TIME};
        soonest(run, n);
    }
}

static void save_full(const rt_job *job, rt_wire *w) {
    const rt_program *p = job->program;
    rt_wire_i64(w, p->nsinks);
    for (int64_t i = 0; i < p->nsinks; i++) {
        rt_wire_text(w, job->ckpt->sinks[i]);
        rt_wire_i64(w, rt_ckpt_ordinal(job->ckpt, i));
        rt_wire_u8(w, atomic_load_explicit(&job->sink_full[i], memory_order_relaxed));
    }
}

static void load_full(rt_job *job, rt_unwire *r) {
    const rt_program *p = job->program;
    int64_t n = rt_unwire_count(r, 17);
    for (int64_t k = 0; k < n && !r->bad; k++) {
        int64_t len;
        const uint8_t *name = rt_unwire_bytes(r, &len);
        int64_t ordinal = rt_unwire_i64(r);
        uint8_t full = rt_unwire_u8(r);
        for (int64_t i = 0; i < p->nsinks && !r->bad; i++) {
            const char *mine = job->ckpt->sinks[i];
            if ((int64_t)strlen(mine) == len && !memcmp(mine, name, (size_t)len) &&
                rt_ckpt_ordinal(job->ckpt, i) == ordinal)
                atomic_store_explicit(&job->sink_full[i], full, memory_order_relaxed);
        }
    }
}

void rt_ckpt_meta_save(rt_job *job, rt_wire *w) {
    rt_wire part = {0};
    rt_wire_u32(w, VERSION);
    rt_wire_text(w, job->program->hash);
    rt_ckpt_input_save(job, &part);
    rt_wire_bytes(w, part.p, part.n);
    rt_wire_free(&part);
    rt_watermarks_save(job->watermarks, w);
    save_due(job, w);
    save_full(job, w);
}

rt_status rt_ckpt_meta_load(rt_job *job, const uint8_t *p, int64_t n) {
    rt_unwire r = rt_unwire_of(p, n);
    int64_t len, input_len;
    uint32_t version = rt_unwire_u32(&r);
    const uint8_t *hash = rt_unwire_bytes(&r, &len);
    bool same = !r.bad && len == (int64_t)strlen(job->program->hash) &&
                !memcmp(hash, job->program->hash, (size_t)len);
    const uint8_t *input = rt_unwire_bytes(&r, &input_len);
    bool good = version == VERSION && rt_watermarks_load(job->watermarks, &r);
    if (good) load_due(job, &r, same);
    if (good) load_full(job, &r);
    if (!good || !rt_unwire_done(&r))
        return (rt_status)rt_fail(RT_refused, "what was saved beside the state makes no sense: "
                                              "the checkpoint is damaged");
    rt_unwire positions = rt_unwire_of(input, input_len);
    return rt_ckpt_input_load(job, &positions);
}
