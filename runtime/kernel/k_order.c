/* k_order.c - order keys, frames as they are read, and reports to the cold runtime. */
#include "runtime/kernel/k_order.h"

#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_sort.h"

/* lang/builtins.def: any value as JSON. */
int32_t flow_k_fn_to_json(flow_ctx *ctx, uint64_t *out, const uint64_t *words,
                          const uint8_t *tc);

static void put_high_first(uint8_t *to, uint64_t v, int bytes) {
    for (int i = bytes - 1; i >= 0; i--, v >>= 8) to[i] = (uint8_t)v;
}

void flow_k_order_place(flow_ctx *ctx, uint8_t *to) {
    to[0] = 0;
    uint64_t v = __builtin_bswap64((uint64_t)ctx->place++);
    __builtin_memcpy(to + 1, &v, 8);
}

/* 02, the step, and room for `more` bytes. */
static uint8_t *order_at_close(flow_ctx *ctx, int64_t step, int64_t more) {
    uint8_t *p = flow_k_alloc(ctx, 3 + more);
    p[0] = 2;
    put_high_first(p + 1, (uint64_t)step, 2);
    return p;
}

uint8_t *flow_k_order_int(flow_ctx *ctx, int64_t step, int64_t key, int64_t *len) {
    uint8_t *p = order_at_close(ctx, step, 8);
    flow_k_key_i64(p + 3, key);
    *len = 11;
    return p;
}

uint8_t *flow_k_order_key(flow_ctx *ctx, int64_t step, const uint8_t *key, int64_t klen,
                          int64_t *len) {
    uint8_t *p = order_at_close(ctx, step, klen + FLOW_SLACK);
    flow_k_copy(p + 3, key, klen);
    *len = 3 + klen;
    return p;
}

uint8_t *flow_k_order_next(flow_ctx *ctx, const uint8_t *key, int64_t klen, int64_t *len) {
    /* Behind its head a plain text key may be the beginning of another, which ends in bytes
     * 0 that a place begins with: in key form it is not. */
    int64_t head = key[0] == 2 ? 3 : key[0] == 1 ? 19 : klen;
    uint8_t *p = flow_k_alloc(ctx, head + 2 * (klen - head) + 2 + 8 + FLOW_SLACK), *q = p + head;
    flow_k_copy(p, key, head);
    if (head < klen) q = flow_k_key_text(q, key + head, klen - head);
    put_high_first(q, (uint64_t)ctx->place++, 8);
    *len = q + 8 - p;
    return p;
}

uint8_t *flow_k_order_rank(flow_ctx *ctx, int64_t step, const uint8_t *key, int64_t klen,
                           int64_t rank, int64_t *len) {
    /* A plain text key may be the beginning of another: in key form it is not. */
    uint8_t *p = order_at_close(ctx, step, 2 * klen + 2 + 8 + FLOW_SLACK);
    uint8_t *q = flow_k_key_text(p + 3, key, klen);
    put_high_first(q, (uint64_t)rank, 8);
    *len = q + 8 - p;
    return p;
}

uint8_t *flow_k_order_window(flow_ctx *ctx, int64_t step, const uint8_t *key, int64_t klen,
                             int64_t start, int64_t end, int64_t *len) {
    uint8_t *p = order_at_close(ctx, step, 2 * klen + 2 + 16 + FLOW_SLACK);
    uint8_t *q = flow_k_key_i64(flow_k_key_i64(flow_k_key_text(p + 3, key, klen), start), end);
    *len = q - p;
    return p;
}

uint8_t *flow_k_order_window_rank(flow_ctx *ctx, int64_t step, const uint8_t *key, int64_t klen,
                                  int64_t start, int64_t end, int64_t rank, int64_t *len) {
    uint8_t *p = order_at_close(ctx, step, 2 * klen + 2 + 24 + FLOW_SLACK);
    uint8_t *q = flow_k_key_i64(flow_k_key_i64(flow_k_key_text(p + 3, key, klen), start), end);
    put_high_first(q, (uint64_t)rank, 8);
    *len = q + 8 - p;
    return p;
}

/* The part of a moment's key before the key of the row: 19 bytes. */
static uint8_t *order_at_moment(flow_ctx *ctx, int64_t moment, int64_t step, int64_t start,
                                int64_t more) {
    uint8_t *p = flow_k_alloc(ctx, 19 + more);
    p[0] = 1;
    flow_k_key_i64(p + 1, moment);
    put_high_first(p + 9, (uint64_t)step, 2);
    flow_k_key_i64(p + 11, start);
    return p;
}

uint8_t *flow_k_order_moment(flow_ctx *ctx, int64_t moment, int64_t step, int64_t start,
                             const uint8_t *key, int64_t klen, int64_t *len) {
    uint8_t *p = order_at_moment(ctx, moment, step, start, klen + FLOW_SLACK);
    flow_k_copy(p + 19, key, klen);
    *len = 19 + klen;
    return p;
}

uint8_t *flow_k_order_moment_rank(flow_ctx *ctx, int64_t moment, int64_t step, int64_t start,
                                  const uint8_t *key, int64_t klen, int64_t rank,
                                  int64_t *len) {
    uint8_t *p = order_at_moment(ctx, moment, step, start, 2 * klen + 2 + 8 + FLOW_SLACK);
    uint8_t *q = flow_k_key_text(p + 19, key, klen);
    put_high_first(q, (uint64_t)rank, 8);
    *len = q + 8 - p;
    return p;
}

int64_t flow_k_deal(flow_ctx *ctx, int64_t n) {
    /* Behind an exchange places begin at 0 in each partition. */
    return (int64_t)((uint64_t)(ctx->place++ + ctx->partition) % (uint64_t)n);
}

FLOW_COLD int32_t flow_k_row_fail(flow_ctx *ctx, int64_t step, int64_t port, int32_t code,
                        const uint64_t *words, const uint8_t *tc, const uint8_t *order,
                        int64_t order_len) {
    uint64_t json[2] = {0, 0};
    if (words) flow_k_fn_to_json(ctx, json, words, tc);
    flow_text raw = {(const uint8_t *)(uintptr_t)json[0], (int64_t)json[1]};
    flow_text key = {order, order_len};
    return flow_rt_row_error(ctx, step, port, code, &raw, &key);
}

FLOW_COLD void flow_k_sink_full(flow_ctx *ctx, int64_t sink) {
    flow_rt_sink_full(ctx, sink);
}

FLOW_COLD void flow_k_sink_given(flow_ctx *ctx, int64_t sink) {
    flow_rt_sink_given(ctx, sink);
}

FLOW_COLD void flow_k_set_option(flow_ctx *ctx, int64_t kind, int64_t id, const uint8_t *name,
                       int64_t name_len, int64_t letter, const uint64_t *words) {
    flow_rt_set_option(ctx, kind, id, name, name_len, letter, words);
}

void flow_k_ctx_set_index(flow_ctx *ctx, int64_t index) {
    ctx->record = 0;
    ctx->record_len = 0;
    ctx->record_offset = index;
}

int64_t flow_k_rate_at(int64_t index, int64_t t0, int64_t rate) {
    /* Whole seconds apart, so that the product of the rest stays small. */
    if (rate <= 0) return t0;
    return t0 + index / rate * 1000000 + index % rate * 1000000 / rate;
}

int32_t flow_k_ctx_fed(const flow_ctx *ctx) {
    return ctx->fed != 0;
}

int64_t flow_k_ctx_collect_limit(const flow_ctx *ctx) {
    return ctx->collect_limit;
}

const uint8_t *flow_k_frame_row(flow_ctx *ctx, const uint8_t *frame) {
    const uint8_t *row = flow_frame_payload(frame);
    if (((uintptr_t)row & 7) == 0) return row;
    int64_t n = flow_frame_plen(frame);
    uint8_t *copy = flow_k_alloc(ctx, n);
    __builtin_memcpy(copy, row, (size_t)n);
    return copy;
}

const uint8_t *flow_k_frame_key(const uint8_t *frame) {
    return flow_frame_key(frame);
}

int64_t flow_k_frame_key_len(const uint8_t *frame) {
    return flow_frame_klen(frame);
}

const uint8_t *flow_k_frame_next(const uint8_t *frame) {
    return flow_frame_next(frame);
}
