/* row_error.c - what happens to a row that fails.
 *
 * Nearest `errors into`: the row becomes { at, source, offset, step, error, raw } in the
 * port's buffer.  Else `on_error`: skip counts it, stop notes the first of the task and
 * ends the task; earlier tasks of the phase finish, and the lowest task's is told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/job.h"
#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_order.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_sort.h"

static const char *const texts[] = {
    "",
#define ERR(id, text) text,
#include "runtime/kernel/k_error.def"
#undef ERR
};

const char *rt_row_error_text(int32_t code) {
    return code > 0 && code < FLOW_E_COUNT ? texts[code] : "";
}

/* The row type of `errors into`. */
static const uint8_t error_row[] = "{\6at\0tsource\0soffset\0istep\0serror\0sraw\0y";

void rt_misses_add(rt_misses *to, int64_t step, int32_t code, int64_t skipped,
                   int64_t sent) {
    for (int64_t i = 0; i < to->n; i++) {
        rt_miss *m = &to->items[i];
        if (m->step != step || m->code != code) continue;
        m->skipped += skipped;
        m->sent += sent;
        return;
    }
    to->items = rt_realloc(to->items, (size_t)(to->n + 1) * sizeof *to->items);
    to->items[to->n++] = (rt_miss){step, code, skipped, sent};
}

void rt_misses_move(rt_misses *to, rt_misses *from) {
    for (int64_t i = 0; i < from->n; i++) {
        rt_miss *m = &from->items[i];
        rt_misses_add(to, m->step, m->code, m->skipped, m->sent);
    }
    from->n = 0;
}

static const char *error_text(int32_t code) {
    rt_assert(code > 0 && code < FLOW_E_COUNT);
    return texts[code];
}

/* Where the current record comes from. */
typedef struct origin {
    const char *source;
    int64_t offset;
    const char *unit; /* what offset counts: "byte", "record" */
} origin;

static origin origin_of(const flow_rt_worker *w) {
    if (!w->unit) return (origin){"", -1, ""};
    rt_source *s = &w->job->sources[w->stage->source];
    origin o = {s->ops->object(s, w->unit->object), 0, "record"};
    const flow_ctx *ctx = &w->ctx;
    const rt_reader *r = &w->reader;
    if (s->ops->ranges) {
        o.offset = ctx->record_offset;
    } else if (ctx->record == r->bad && r->bad_code) {
        o.offset = r->bad_offset;
    } else if (ctx->record >= r->p && ctx->record <= r->end) {
        int64_t before = ctx->record - r->p;
        o.offset = r->offset + (r->numbered ? rt_count_records(s->decl, r->p, before) : before);
    } else {
        o.offset = -1;
    }
    if (!r->numbered && !s->ops->ranges) o.unit = "byte";
    return o;
}

/* `malformed record: why`, in the task arena or constant. */
static flow_text reason(flow_ctx *ctx, int32_t code, bool malformed) {
    const char *text = error_text(code);
    if (!malformed || code != FLOW_E_malformed || !ctx->why) return (flow_text){(const uint8_t *)text, (int64_t)strlen(text)};
    size_t room = strlen(text) + strlen(ctx->why) + 3;
    char *p = flow_k_alloc(ctx, (int64_t)room);
    int n = snprintf(p, room, "%s: %s", text, ctx->why);
    return (flow_text){(uint8_t *)p, n};
}

/* ---- errors into ---------------------------------------------------------------------- */

static void set_text(uint64_t *words, const void *p, int64_t len) {
    words[0] = (uint64_t)(uintptr_t)p;
    words[1] = (uint64_t)len;
}

/* A copy in the task arena: the kernel loads beyond the end of what it copies. */
static void set_padded(flow_ctx *ctx, uint64_t *words, const void *p, size_t len) {
    uint8_t *copy = flow_k_alloc(ctx, (int64_t)len + FLOW_SLACK);
    memcpy(copy, p, len);
    set_text(words, copy, (int64_t)len);
}

/* A framed port: the row behind the order key of the row that failed, or the next
 * place. */
static void send_framed(flow_ctx *ctx, flow_buf *buf, const uint64_t *words,
                        flow_text order) {
    uint8_t place[FLOW_ORDER_PLACE + FLOW_SLACK] = {0};
    if (!order.ptr) {
        flow_k_order_place(ctx, place);
        order = (flow_text){place, FLOW_ORDER_PLACE};
    }
    int64_t size = flow_k_row_measure(8, words, error_row);
    uint8_t *row = flow_k_alloc(ctx, size + FLOW_SLACK);
    flow_k_row_write(row, 8, words, error_row);
    flow_k_frame(ctx, buf, order.ptr, order.len, row, size);
}

static void send(flow_rt_worker *w, int64_t step, int64_t port, int32_t code,
                 flow_text raw, bool malformed, flow_text order) {
    flow_ctx *ctx = &w->ctx;
    const rt_port_decl *to = &w->stage->ports[port];
    rt_assert(!to->to_sink);
    const rt_exchange_decl *e = &w->job->program->exchanges[to->id];
    const rt_step *at = &w->job->program->steps[step];
    origin o = origin_of(w);
    flow_text text = reason(ctx, code, malformed);
    uint64_t words[10] = {(uint64_t)ctx->now};
    set_padded(ctx, &words[1], o.source, strlen(o.source));
    words[3] = (uint64_t)o.offset;
    set_padded(ctx, &words[4], at->at, strlen(at->at));
    set_padded(ctx, &words[6], text.ptr, (size_t)text.len);
    set_padded(ctx, &words[8], raw.ptr, (size_t)raw.len);
    flow_buf *buf = &ctx->ports[port][0];
    if (e->ordered)
        send_framed(ctx, buf, words, order);
    else
        flow_k_row_send(ctx, buf, 0, words, error_row);
}

/* ---- on_error = stop ------------------------------------------------------------------ */

/* What of a row a message shows; the rest is in the input. */
#define SHOWN 400

/* Bytes that are no text: two digits each, in groups of 8, as fields stand. */
static flow_text hex(flow_ctx *ctx, flow_text raw) {
    static const char digits[] = "0123456789abcdef";
    int64_t n = RT_MIN(raw.len, SHOWN / 3), len = 0;
    uint8_t *p = flow_k_alloc(ctx, 3 * SHOWN);
    for (int64_t i = 0; i < n; i++) {
        if (i && i % 8 == 0) p[len++] = ' ';
        p[len++] = (uint8_t)digits[raw.ptr[i] >> 4];
        p[len++] = (uint8_t)digits[raw.ptr[i] & 15];
    }
    return (flow_text){p, len};
}

static bool is_binary(const flow_rt_worker *w) {
    return w->unit && w->job->sources[w->stage->source].decl->format == RT_BINARY;
}

static char *describe(flow_rt_worker *w, int64_t step, int32_t code, flow_text raw,
                      bool malformed) {
    const rt_step *at = &w->job->program->steps[step];
    origin o = origin_of(w);
    flow_text text = reason(&w->ctx, code, malformed);
    if (malformed && is_binary(w)) raw = hex(&w->ctx, raw);
    int shown = (int)RT_MIN(raw.len, SHOWN);
    size_t room = strlen(at->at) + strlen(at->name) + (size_t)text.len + strlen(o.source) +
                  SHOWN + 128;
    char *line = rt_alloc(room);
    int n = snprintf(line, room, "%s: %s: %.*s: %s%.*s%s", at->at, at->name, (int)text.len,
                     (const char *)text.ptr, malformed ? "`" : "row ", shown,
                     (const char *)raw.ptr, raw.len > SHOWN ? "..." : "");
    if (malformed) n += snprintf(line + n, room - (size_t)n, "`");
    if (*o.source)
        snprintf(line + n, room - (size_t)n, " (%s, %s %" PRId64 ")", o.source, o.unit,
                 o.offset);
    return line;
}

int32_t flow_rt_row_error(flow_ctx *ctx, int64_t step, int64_t port, int32_t code,
                          const flow_text *raw, const flow_text *order) {
    flow_rt_worker *w = ctx->worker;
    flow_text bytes = *raw;
    bool malformed = bytes.ptr == NULL;
    if (malformed) bytes = (flow_text){ctx->record, ctx->record_len};
    if (!bytes.ptr) bytes = (flow_text){(const uint8_t *)"", 0};
    if (port >= 0) {
        send(w, step, port, code, bytes, malformed, *order);
        rt_misses_add(&w->misses, step, code, 0, 1);
        return 0;
    }
    if (w->job->settings->skip_errors) {
        rt_misses_add(&w->misses, step, code, 1, 0);
        return 0;
    }
    rt_task_fail(w, RT_run, describe(w, step, code, bytes, malformed));
    return 1;
}

int32_t rt_row_error_bad(flow_rt_worker *w) {
    const rt_source_decl *decl = w->job->sources[w->stage->source].decl;
    w->ctx.record = w->reader.bad;
    w->ctx.record_len = w->reader.bad_len;
    int32_t code = w->reader.bad_code;
    w->ctx.why = decl->format == RT_BINARY ? "the last row is cut short" : NULL;
    return flow_rt_row_error(&w->ctx, decl->step, decl->error_port, code, &(flow_text){0},
                             &(flow_text){0});
}

void flow_rt_row_late(flow_ctx *ctx, int64_t step, int32_t aside) {
    rt_misses_add(&ctx->worker->misses, step, RT_LATE, !aside, aside != 0);
}
