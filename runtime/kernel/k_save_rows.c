/* k_save_rows.c - stores of rows that steps over streams and tables keep: top, what it has
 * shown, bags (k_save.h).  Behind them in the kernel's unit. */
#include "runtime/kernel/k_save.h"

#include "runtime/kernel/k_bag.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_sort.h"
#include "runtime/kernel/k_top.h"

/* ---- top: the candidates in the order of the list, with the room that says when the list
 * is cut, and which of them is the bound ------------------------------------------------- */

void k_save_top(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    const top_state *s = (const top_state *)w;
    uint32_t bound = 0;
    (void)t;
    k_bytes_u32(ctx, out, s->count);
    k_bytes_u32(ctx, out, s->room);
    int64_t at = out->len;
    k_bytes_u32(ctx, out, 0);
    for (uint32_t i = 0; i < s->count; i++) {
        const uint8_t *frame = s->list[i].frame;
        int64_t klen = flow_frame_klen(frame), rlen = flow_frame_plen(frame);
        if (frame == s->bound) bound = i + 1;
        k_bytes_put(ctx, out, frame, 8 + klen);
        k_bytes_put(ctx, out, frame + top_row_at(klen), rlen);
    }
    __builtin_memcpy(out->p + at, &bound, 4);
}

static void load_candidate(flow_ctx *ctx, flow_table *t, top_state *s, flow_saved_in *in) {
    int64_t klen = k_saved_u32(in), rlen = k_saved_u32(in);
    const uint8_t *p = k_saved_take(in, klen + rlen);
    if (!p) return;
    uint8_t *frame = flow_k_heap_alloc(ctx, &t->heap, top_row_at(klen) + rlen);
    uint32_t lens[2] = {(uint32_t)klen, (uint32_t)rlen};
    __builtin_memcpy(frame, lens, 8);
    if (klen) __builtin_memcpy(frame + 8, p, (size_t)klen);
    if (rlen) __builtin_memcpy(frame + top_row_at(klen), p + klen, (size_t)rlen);
    flow_item *it = &s->list[s->count++];
    it->frame = frame;
    it->prefix = 0;
    for (int64_t i = 0; i < 8; i++) it->prefix = it->prefix << 8 | (i < klen ? p[i] : 0);
}

void k_load_top(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    top_state *s = (top_state *)w;
    uint32_t count = k_saved_u32(in), room = k_saved_u32(in), bound = k_saved_u32(in);
    if (room < count || bound > count || room / 64 > (uint32_t)0x1000000) in->bad = 1;
    if (in->bad || !room) return;
    s->list = flow_k_heap_alloc(ctx, &t->heap, (int64_t)room * (int64_t)sizeof *s->list);
    s->room = room;
    for (uint32_t i = 0; i < count && !in->bad; i++) load_candidate(ctx, t, s, in);
    if (bound && !in->bad) s->bound = s->list[bound - 1].frame;
}

/* ---- what was shown: a blob for each place ------------------------------------------------ */

void k_save_shown(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    const top_shown *s = (const top_shown *)w;
    k_bytes_u32(ctx, out, s->count);
    for (uint32_t i = 0; i < s->count; i++) k_save_blob(ctx, t, s->blobs + 2 * i, out);
}

void k_load_shown(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    top_shown *s = (top_shown *)w;
    uint32_t count = k_saved_u32(in);
    if (count > (in->end - in->p) / 4) in->bad = 1;
    if (in->bad || !count) return;
    shown_room(ctx, &t->heap, s, count);
    s->count = count;
    for (uint32_t i = 0; i < count; i++) k_load_blob(ctx, t, s->blobs + 2 * i, in);
}

/* ---- bags: the elements in order ------------------------------------------------------------ */

static uint64_t bag_save(flow_ctx *ctx, const bag_node *n, flow_bytes *out) {
    uint64_t count = 0;
    for (; n; n = n->right) {
        count += bag_save(ctx, n->left, out) + 1;
        uint32_t lens[3] = {n->first, n->klen, n->rlen};
        k_bytes_u64(ctx, out, (uint64_t)n->times);
        k_bytes_put(ctx, out, lens, 12);
        k_bytes_put(ctx, out, bag_key(n), n->klen);
        k_bytes_put(ctx, out, bag_row(n), n->rlen);
    }
    return count;
}

void k_save_bag(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    int64_t at = out->len;
    (void)t;
    k_bytes_u64(ctx, out, 0);
    uint64_t count = bag_save(ctx, (const bag_node *)w[0], out);
    __builtin_memcpy(out->p + at, &count, 8);
}

void k_load_bag(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    uint64_t n = k_saved_u64(in);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        int64_t times = (int64_t)k_saved_u64(in);
        bag_item x = {.first = k_saved_u32(in)};
        x.klen = k_saved_u32(in);
        x.rlen = k_saved_u32(in);
        x.key = k_saved_take(in, x.klen);
        x.row = k_saved_take(in, x.rlen);
        if (x.first > x.klen || !times) in->bad = 1;
        if (!in->bad) bag_change(ctx, &t->heap, w, times, &x);
    }
}
