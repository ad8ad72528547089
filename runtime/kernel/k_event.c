/* k_event.c - see k_event.h. */
#include "runtime/kernel/k_event.h"

#include "runtime/kernel/k_cold.h"

FLOW_HOT void flow_k_time_seen(flow_ctx *ctx, int64_t clock, int64_t time) {
    if (time > ctx->seen[clock]) ctx->seen[clock] = time;
}

int64_t flow_k_mark_now(const flow_ctx *ctx, int64_t mark) {
    return ctx->marks[mark].now;
}

int64_t flow_k_mark_next(const flow_ctx *ctx, int64_t mark) {
    return ctx->marks[mark].next;
}

int64_t flow_k_mark_reached(const flow_ctx *ctx, int64_t mark) {
    return ctx->marks[mark].reached;
}

void flow_k_stage_due(flow_ctx *ctx, int64_t moment) {
    if (moment < ctx->due.mark) ctx->due.mark = moment;
}

void flow_k_stage_due_clock(flow_ctx *ctx, int64_t moment) {
    if (moment < ctx->due.clock) ctx->due.clock = moment;
}

int64_t flow_k_time_add(int64_t a, int64_t b) {
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b < 0 ? INT64_MIN : INT64_MAX;
}

FLOW_COLD void flow_k_row_late(flow_ctx *ctx, int64_t step, int32_t aside) {
    flow_rt_row_late(ctx, step, aside);
}
