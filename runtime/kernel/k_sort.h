/* k_sort.h - sorting by key bytes.
 *
 * An item is the first 8 bytes of a key, high first, and the address of a frame
 *   u32 key length · u32 payload length · key · payload
 * Frames stand one behind the other in buffers, unaligned, with 64 readable bytes behind
 * the last.  Sorting is stable, by bytes, a key before those it begins. */
#ifndef FLOW_KERNEL_K_SORT_H
#define FLOW_KERNEL_K_SORT_H

#include "runtime/kernel/k_value.h"

typedef struct flow_item {
    uint64_t prefix;
    const uint8_t *frame;
} flow_item;

FLOW_INLINE uint32_t flow_frame_klen(const uint8_t *frame) {
    uint32_t n;
    __builtin_memcpy(&n, frame, 4);
    return n;
}
FLOW_INLINE uint32_t flow_frame_plen(const uint8_t *frame) {
    uint32_t n;
    __builtin_memcpy(&n, frame + 4, 4);
    return n;
}
FLOW_INLINE const uint8_t *flow_frame_key(const uint8_t *frame) {
    return frame + 8;
}
FLOW_INLINE const uint8_t *flow_frame_payload(const uint8_t *frame) {
    return frame + 8 + flow_frame_klen(frame);
}
FLOW_INLINE const uint8_t *flow_frame_next(const uint8_t *frame) {
    return frame + 8 + flow_frame_klen(frame) + flow_frame_plen(frame);
}

/* Appends a frame to a sink's buffer and counts a row. */
void flow_k_frame(flow_ctx *ctx, flow_buf *buf, const uint8_t *key, int64_t klen,
                  const uint8_t *payload, int64_t plen);
/* The same in two steps, where the payload is formatted in place: frame_open writes the
 * key and leaves buf->p where the payload begins; frame_close, given the offset that
 * open returned, fills in its length and counts the row. */
int64_t flow_k_frame_open(flow_ctx *ctx, flow_buf *buf, const uint8_t *key, int64_t klen);
void flow_k_frame_close(flow_buf *buf, int64_t frame);

/* Writes the items of the frames in [p, end), which are n. */
FLOW_FAR void flow_k_sort_items(const uint8_t *p, const uint8_t *end, flow_item *items);
/* Sorts n items; `spare` has room for n more. */
FLOW_FAR void flow_k_sort(flow_item *items, flow_item *spare, int64_t n);
/* The same where the address is that of a cell (k_heap.h) and the prefix is yet to be
 * filled in, and where the prefix is the whole key. */
FLOW_FAR void flow_k_sort_cells(flow_item *items, flow_item *spare, int64_t n);
FLOW_FAR void flow_k_sort_prefixes(flow_item *items, flow_item *spare, int64_t n);
/* Compares the keys of two items: negative, 0, positive. */
FLOW_FAR int32_t flow_k_sort_compare(const flow_item *a, const flow_item *b);

/* Merges sorted runs; equal keys come in the order of the runs.  `heap` has room for as
 * many run numbers as there are runs. */
typedef struct flow_run {
    const flow_item *p, *end;
} flow_run;
typedef struct flow_merge {
    flow_run *runs;
    int32_t *heap;
    int32_t n;
} flow_merge;
FLOW_FAR void flow_k_merge_begin(flow_merge *m, flow_run *runs, int32_t *heap, int32_t n);
/* The next frame, or null at the end. */
FLOW_FAR const uint8_t *flow_k_merge_next(flow_merge *m);

#endif
