/* k_view.c - see k_view.h. */
#include "runtime/kernel/k_view.h"

#include "runtime/kernel/k_stage.h"

enum { VIEW_lowest, VIEW_slots, VIEW_index, VIEW_words };

/* The entry before the first is where an empty slot would lead. */
FLOW_HOT void flow_k_table_view(const flow_table *t, uint64_t *view) {
    int known = t->direct && t->index && !t->track && !flow_k_table_big(t);
    view[VIEW_lowest] = (uint64_t)t->lowest;
    view[VIEW_slots] = known ? (uint64_t)t->mask + 1 : 0;
    view[VIEW_index] = (uint64_t)(uintptr_t)t->index;
    view[VIEW_words] = (uint64_t)(uintptr_t)t->entries + 8 - (uint64_t)t->stride;
}

FLOW_HOT uint64_t flow_k_table_seen(const uint64_t *view, int64_t key) {
    uint64_t place = (uint64_t)key - view[VIEW_lowest];
    if (FLOW_UNLIKELY(place >= view[VIEW_slots])) return 0;
    return ((const uint32_t *)(uintptr_t)view[VIEW_index])[place];
}

FLOW_HOT uint64_t *flow_k_table_seen_words(const uint64_t *view, int64_t stride, uint64_t slot) {
    return (uint64_t *)(uintptr_t)(view[VIEW_words] + slot * (uint64_t)stride);
}
