/* task.c - see task.h. */
#include "runtime/exec/task.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/sampler.h"
#include "runtime/exec/sched.h"
#include "runtime/kernel/k_event.h"
#include "runtime/state/keyed.h"

/* ---- outputs ------------------------------------------------------------------------ */

static int64_t port_width(const rt_job *job, const rt_port_decl *port) {
    return port->to_sink ? 1 : rt_job_parts(job, port->id);
}

rt_out rt_out_new(const rt_job *job, const rt_stage_decl *stage) {
    rt_out out = {0};
    for (int64_t i = 0; i < stage->nports; i++)
        out.nbufs += port_width(job, &stage->ports[i]);
    size_t heads = (size_t)stage->nports * sizeof(flow_buf *);
    char *p = rt_alloc(heads + (size_t)out.nbufs * sizeof(flow_buf));
    out.ports = (flow_buf **)p;
    out.bufs = (flow_buf *)(p + heads);
    flow_buf *next = out.bufs;
    for (int64_t i = 0; i < stage->nports; i++) {
        out.ports[i] = next;
        next += port_width(job, &stage->ports[i]);
    }
    return out;
}

rt_filled *rt_out_put_aside(rt_out *out, int64_t buf, rt_run run) {
    if (out->nfilled == out->room) {
        out->room = out->room ? 2 * out->room : 64;
        out->filled = rt_realloc(out->filled, (size_t)out->room * sizeof *out->filled);
    }
    rt_filled *f = &out->filled[out->nfilled++];
    *f = (rt_filled){buf, run};
    return f;
}

void rt_out_free(rt_job *job, rt_out *out) {
    for (int64_t i = 0; i < out->nbufs; i++) {
        flow_buf *b = &out->bufs[i];
        if (b->base)
            rt_mem_put(job->mem, RT_OWNER_EXCHANGE, b->base, b->end - b->base + RT_SLACK);
    }
    for (int64_t i = 0; i < out->nfilled; i++)
        rt_mem_put(job->mem, RT_OWNER_EXCHANGE, out->filled[i].run.p, out->filled[i].run.size);
    free(out->filled);
    free(out->ports);
    *out = (rt_out){0};
}

/* ---- running ------------------------------------------------------------------------ */

/* Apart, so that no local of a caller lives across the longjmp. */
static int32_t guarded(flow_rt_worker *w, rt_body *body, void *arg) {
    w->in_task = true;
    int32_t result = setjmp(w->out_of_task) ? 1 : body(w, arg);
    w->in_task = false;
    return result;
}

void rt_task_run(flow_rt_worker *w, int64_t stage, int64_t order, rt_out *out,
                 rt_body *body, void *arg) {
    w->stage_id = stage;
    w->stage = &w->job->program->stages[stage];
    w->order = order;
    w->ctx.ports = out ? out->ports : NULL;
    w->out = out;
    w->ctx.record = NULL;
    w->ctx.record_len = 0;
    rt_sampler_stage(stage);
    int32_t result = guarded(w, body, arg);
    rt_sampler_stage(-1);
    if (result && w->failure.status == RT_ok)
        rt_task_fail(w, RT_run, NULL);
    rt_arena_task_end(w);
    w->ctx.ports = NULL;
    w->out = NULL;
    if (w->failure.status != RT_ok) rt_pool_halt(w->job->pool);
}

rt_status rt_task_call(flow_rt_worker *w, rt_body *body, void *arg) {
    int32_t result = guarded(w, body, arg);
    if (!result) return RT_ok;
    if (result < 0) return RT_usage; /* it has been told (start/extern.c) */
    if (w->failure.status == RT_ok)
        return (rt_status)rt_fail(RT_usage,
                                  "what the parameters make cannot be computed: %s "
                                  "(--help lists them)",
                                  rt_row_error_text(result));
    rt_status status = w->failure.status;
    rt_log(RT_ERROR, "%s", w->failure.text ? w->failure.text : "no memory to start");
    free(w->failure.text);
    w->failure = (rt_failure){0};
    return status;
}

void rt_task_batch(rt_job *job) {
    for (int64_t i = 0; i < job->nworkers; i++) {
        flow_ctx *ctx = &job->workers[i].ctx;
        ctx->now = job->now;
        ctx->batch = job->batch;
        ctx->final = job->final;
        for (int64_t c = 0; c < job->program->nclocks; c++) ctx->seen[c] = FLOW_BEFORE_TIME;
    }
}

/* ---- failing ------------------------------------------------------------------------ */

static int larger_first(const void *a, const void *b) {
    const rt_state_size *x = *(rt_state_size *const *)a, *y = *(rt_state_size *const *)b;
    return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

static double used(const rt_job *job, rt_owner owner) {
    return (double)rt_mem_used(job->mem, owner) / 1e6;
}

/* State has outgrown the budget, or one batch's output has: says which, and ways out. */
static void tell_memory(rt_job *job, bool of_state) {
    const rt_program *p = job->program;
    double limit = (double)rt_mem_limit(job->mem) / 1e6;
    double state = (double)rt_mem_used(job->mem, RT_OWNER_STATE) / 1e6;
    rt_state_size *sizes = rt_alloc((size_t)p->nstates * sizeof *sizes);
    rt_state_size **order = rt_alloc((size_t)p->nstates * sizeof *order);
    for (int64_t i = 0; i < p->nstates; i++) {
        sizes[i] = rt_state_size_of(job->states, i);
        order[i] = &sizes[i];
    }
    if (p->nstates) qsort(order, (size_t)p->nstates, sizeof *order, larger_first);
    if (of_state) {
        char text[2048];
        int n = snprintf(text, sizeof text,
                         "state has outgrown `memory` (%.0f MB of %.0f MB)", state, limit);
        for (int64_t i = 0; i < RT_MIN(p->nstates, 3); i++) {
            if (i && !order[i]->bytes) break;
            const rt_state_decl *decl = &p->states[order[i] - sizes];
            const char *at = decl->step >= 0 ? p->steps[decl->step].at : "";
            n += snprintf(text + n, sizeof text - (size_t)n,
                          "\n  %s: %s keeps %" PRId64 " keys in %.0f MB", at, decl->name,
                          order[i]->keys, (double)order[i]->bytes / 1e6);
        }
        rt_log(RT_ERROR,
               "%s\n  ways out: a larger `--memory`, a window or `close at` that lets keys "
               "go, fewer keys",
               text);
    } else {
        rt_log(RT_ERROR,
               "a batch needs more than `memory` leaves for it (%.0f MB): %.0f MB of input, "
               "%.0f MB of rows and output, %.0f MB in tasks\n  ways out: a larger "
               "`--memory`, a smaller `--batch_size`",
               limit - state, used(job, RT_OWNER_BLOCK), used(job, RT_OWNER_EXCHANGE),
               used(job, RT_OWNER_TASK));
    }
    free(order);
    free(sizes);
}

rt_status rt_task_failed(rt_job *job) {
    rt_failure *first = NULL;
    for (int64_t i = 0; i < job->nworkers; i++) {
        rt_failure *f = &job->workers[i].failure;
        if (f->status != RT_ok && (!first || f->order < first->order)) first = f;
    }
    if (!first) return RT_ok;
    rt_status status = first->status;
    if (first->text)
        rt_log(RT_ERROR, "%s", first->text);
    else if (status == RT_memory)
        tell_memory(job, first->state);
    else if (status == RT_run)
        rt_log(RT_ERROR, "a stage stopped without a reason");
    for (int64_t i = 0; i < job->nworkers; i++) {
        free(job->workers[i].failure.text);
        job->workers[i].failure = (rt_failure){0};
    }
    return status;
}
