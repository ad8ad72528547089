/* k_within.c - see k_within.h.  A key has mostly one time: it stands in the words. */
#include "runtime/kernel/k_within.h"

#include "runtime/kernel/k_event.h"
#include "runtime/kernel/k_mem.h"

typedef struct within_list {
    uint32_t count, room; /* room 0: at most one, and it stands in `one` */
    union {
        int64_t one;
        int64_t *many; /* ascending */
    } u;
} within_list;

FLOW_INLINE within_list *within_of(const flow_table *t, int64_t entry) {
    return (within_list *)(flow_k_table_words(t, entry) + FLOW_TIMER_WORDS + 2);
}

FLOW_INLINE int64_t *times_of(within_list *l) {
    return l->room ? l->u.many : &l->u.one;
}

static void within_insert(flow_ctx *ctx, flow_heap *heap, within_list *l, uint32_t i,
                          int64_t time) {
    if (l->count && l->count >= l->room) {
        int64_t room = l->room ? (int64_t)l->room * 2 : 4;
        int64_t *many = flow_k_heap_alloc(ctx, heap, room * 8);
        __builtin_memcpy(many, times_of(l), l->count * 8u);
        if (l->room) flow_k_heap_free(ctx, heap, l->u.many, (int64_t)l->room * 8);
        l->u.many = many;
        l->room = (uint32_t)room;
    }
    int64_t *at = times_of(l);
    for (uint32_t k = l->count; k > i; k--) at[k] = at[k - 1];
    at[i] = time;
    l->count++;
}

int32_t flow_k_within_put(flow_ctx *ctx, flow_table *t, int64_t time, int64_t d) {
    int64_t entry = flow_k_table_last(t);
    within_list *l = within_of(t, entry);
    const int64_t *at = times_of(l);
    uint32_t i = l->count; /* of the first that is later */
    while (i && at[i - 1] > time) i--;
    if (i && time <= flow_k_time_add(at[i - 1], d)) return 0;
    if (i < l->count && at[i] <= flow_k_time_add(time, d)) return 0;
    within_insert(ctx, &t->heap, l, i, time);
    if (i == 0) flow_k_timer_set(ctx, t, entry, 0, flow_k_time_add(time, d));
    return 1;
}

void flow_k_within_expire(flow_ctx *ctx, flow_table *t, int64_t mark, int64_t d) {
    uint64_t next[3];
    while (flow_k_timer_next(ctx, t, mark, next) != FLOW_TIMER_NONE) {
        within_list *l = within_of(t, (int64_t)next[0]);
        int64_t *at = times_of(l);
        uint32_t gone = 0;
        while (gone < l->count && flow_k_time_add(at[gone], d) < mark) gone++;
        l->count -= gone;
        for (uint32_t k = 0; k < l->count; k++) at[k] = at[k + gone];
        if (l->count) {
            flow_k_timer_set(ctx, t, (int64_t)next[0], 0, flow_k_time_add(at[0], d));
            continue;
        }
        if (l->room) flow_k_heap_free(ctx, &t->heap, l->u.many, (int64_t)l->room * 8);
        flow_k_table_remove(ctx, t, (int64_t)next[0]);
    }
}
