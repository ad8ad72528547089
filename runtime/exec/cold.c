/* cold.c - what the kernel calls when memory runs out (k_cold.h).
 *
 * A task that cannot go on leaves by longjmp to where the worker began it: generated code
 * and kernel hold nothing that would have to be released - buffers belong to the task's
 * output, the arena to the worker, state to the job - so there is nothing to unwind, and
 * no call of the kernel has to look whether an allocation failed.  The batch is lost with
 * it, which is the meaning: the program stops. */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_check.h"
#include "runtime/base/seed.h"
#include "runtime/exec/job.h"
#include "runtime/kernel/k_cold.h"

void rt_task_fail(flow_rt_worker *w, rt_status status, char *text) {
    if (w->failure.status != RT_ok) {
        free(text);
        return;
    }
    w->failure = (rt_failure){.status = status, .order = w->order, .text = text};
}

_Noreturn void rt_task_stop(flow_rt_worker *w, rt_status status, char *text) {
    rt_assert(w->in_task);
    rt_task_fail(w, status, text);
    longjmp(w->out_of_task, 1);
}

_Noreturn void rt_task_short(flow_rt_worker *w, bool state) {
    rt_task_fail(w, RT_memory, NULL);
    w->failure.state = state;
    longjmp(w->out_of_task, 1);
}

/* Sizes of buffers: a task writes to many, most of them little. */
#define BUF_FIRST 1024
#define BUF_NEXT 4
#define BUF_LARGEST (INT64_C(64) << 10)

/* Rows of unordered exchanges are whole in any buffer; frames and formatted bytes want
 * one that is contiguous. */
static bool in_pieces(const flow_rt_worker *w, const flow_buf *buf) {
    const rt_job *job = w->job;
    for (int64_t i = 0; w->out && i < w->stage->nports; i++) {
        const rt_port_decl *port = &w->stage->ports[i];
        if (port->to_sink || job->program->exchanges[port->id].ordered) continue;
        const flow_buf *first = w->out->ports[i];
        if (buf >= first && buf < first + rt_job_parts(job, port->id)) return true;
    }
    return false;
}

static void set_buf(flow_buf *buf, uint8_t *p, int64_t used, int64_t size) {
    buf->base = p;
    buf->p = p + used;
    buf->end = p + size - RT_SLACK;
}

/* Puts the full buffer aside and gives an empty one. */
static void next_buf(flow_rt_worker *w, flow_buf *buf, int64_t bytes) {
    rt_out *out = w->out;
    int64_t old = buf->end - buf->base + RT_SLACK;
    int64_t size = RT_MAX(bytes + RT_SLACK, RT_MIN(BUF_NEXT * old, BUF_LARGEST));
    uint8_t *p = rt_mem_get(w->job->mem, RT_OWNER_EXCHANGE, &size);
    if (!p) rt_task_short(w, false);
    rt_out_put_aside(out, buf - out->bufs,
                     (rt_run){buf->base, buf->p - buf->base, old, buf->rows, 0, 0});
    out->held += size;
    set_buf(buf, p, 0, size);
    buf->rows = 0;
}

void flow_rt_buf_grow(flow_ctx *ctx, flow_buf *buf, int64_t bytes) {
    RT_YIELD();
    flow_rt_worker *w = ctx->worker;
    rt_mem *mem = w->job->mem;
    int64_t used = buf->p - buf->base, old = buf->base ? buf->end - buf->base + RT_SLACK : 0;
    if (used && in_pieces(w, buf)) {
        next_buf(w, buf, bytes);
        return;
    }
    int64_t size = RT_MAX(used + bytes + RT_SLACK, RT_MAX(2 * old, BUF_FIRST));
    uint8_t *p;
    if (buf->base)
        p = rt_mem_grow(mem, RT_OWNER_EXCHANGE, buf->base, old, used, &size);
    else
        p = rt_mem_get(mem, RT_OWNER_EXCHANGE, &size);
    if (!p) rt_task_short(w, false);
    if (w->out) w->out->held += size - old;
    set_buf(buf, p, used, size);
}

/* ---- the task arena ----------------------------------------------------------------- */

typedef struct chunk {
    struct chunk *next; /* the one before */
    int64_t size;
} chunk;

enum { CHUNK_HEAD = 64 };
_Static_assert(sizeof(chunk) <= CHUNK_HEAD, "the head fits");

#define CHUNK_FIRST (INT64_C(32) << 10)
#define CHUNK_KEPT (INT64_C(1) << 20)

void *flow_rt_arena_more(flow_ctx *ctx, int64_t bytes) {
    flow_rt_worker *w = ctx->worker;
    int64_t size = bytes + CHUNK_HEAD + RT_SLACK;
    size = RT_MAX(size, RT_MAX(CHUNK_FIRST, 2 * w->arena_last));
    chunk *c = rt_mem_get(w->job->mem, RT_OWNER_TASK, &size);
    if (!c) rt_task_short(w, false);
    c->next = ctx->arena.chunks;
    c->size = size;
    w->arena_last = size;
    ctx->arena.chunks = c;
    ctx->arena.start = (uint8_t *)c + CHUNK_HEAD;
    ctx->arena.p = ctx->arena.start + bytes;
    ctx->arena.end = (uint8_t *)c + size - RT_SLACK;
    return ctx->arena.start;
}

static void free_chunks(flow_rt_worker *w, chunk *c) {
    while (c) {
        chunk *next = c->next;
        rt_mem_put(w->job->mem, RT_OWNER_TASK, c, c->size);
        c = next;
    }
}

void rt_arena_task_end(flow_rt_worker *w) {
    flow_arena *a = &w->ctx.arena;
    chunk *newest = a->chunks;
    if (!newest) return;
    free_chunks(w, newest->next);
    newest->next = NULL;
    if (newest->size > CHUNK_KEPT) {
        rt_arena_task_free(w);
        return;
    }
    a->p = a->start;
}

void rt_arena_task_free(flow_rt_worker *w) {
    free_chunks(w, w->ctx.arena.chunks);
    w->ctx.arena = (flow_arena){0};
    w->arena_last = 0;
}

/* ---- state -------------------------------------------------------------------------- */

/* Pieces of state are large (entries, indexes, chunks of heaps), so the classes of mem.h
 * fit; the size asked for leads back to the class. */
void *flow_rt_mem_alloc(flow_ctx *ctx, int64_t bytes) {
    RT_YIELD();
    int64_t size = bytes;
    void *p = rt_mem_get(ctx->worker->job->mem, RT_OWNER_STATE, &size);
    if (!p) rt_task_short(ctx->worker, true);
    return p;
}

void flow_rt_mem_free(flow_ctx *ctx, void *ptr, int64_t bytes) {
    rt_mem_put(ctx->worker->job->mem, RT_OWNER_STATE, ptr, rt_mem_size(RT_OWNER_STATE, bytes));
}

void *flow_rt_mem_resize(flow_ctx *ctx, void *ptr, int64_t old, int64_t bytes) {
    rt_mem *mem = ctx->worker->job->mem;
    int64_t from = rt_mem_size(RT_OWNER_STATE, old), size = bytes;
    int64_t to = rt_mem_size(RT_OWNER_STATE, bytes);
    if (from == to) {
        /* What lies behind the bytes asked for stays zero. */
        if (bytes < old) memset((uint8_t *)ptr + bytes, 0, (size_t)(old - bytes));
        return ptr;
    }
    void *p = NULL;
    if (to > from) {
        p = rt_mem_grow(mem, RT_OWNER_STATE, ptr, from, RT_MIN(old, bytes), &size);
    } else {
        p = rt_mem_shrink(mem, RT_OWNER_STATE, ptr, from, bytes, &size);
    }
    if (!p) rt_task_short(ctx->worker, true);
    return p;
}

int64_t flow_rt_mem_size(int64_t bytes) { return rt_mem_size(RT_OWNER_STATE, bytes); }

void flow_rt_sink_given(flow_ctx *ctx, int64_t sink) {
    atomic_store_explicit(&ctx->worker->job->sink_given[sink], 1, memory_order_relaxed);
}

void flow_rt_sink_full(flow_ctx *ctx, int64_t sink) {
    /* Relaxed: the coordinator reads it after the barrier. */
    atomic_store_explicit(&ctx->worker->job->sink_full[sink], 1, memory_order_relaxed);
}
