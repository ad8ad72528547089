/* k_store_timer.c - timers, waiting rows and times of `distinct within`, saved and loaded.
 *
 *   time, arrival -> encoded row                    (waiting rows: of no entry)
 *
 * Of a timer the moment at which it is due is saved; what is queued for it is made anew.
 * The next arrival is one behind the last that waits. */
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_save.h"
#include "runtime/kernel/k_store.h"
#include "runtime/kernel/k_timer.h"
#include "runtime/kernel/k_within.h"

/* ---- rows -------------------------------------------------------------------------- */

void k_store_save_waiting(flow_ctx *ctx, flow_table *t, int32_t full, flow_bytes *out) {
    flow_timers *all = t->waits;
    if (!all || !(full || all->fresh)) return;
    for (int64_t i = 0; i < all->rows.count; i++) {
        timer_item *x = &all->rows.items[i];
        if (!full && x->row & 1) continue;
        uint8_t key[24];
        const uint8_t *row = waiting_row(x);
        int64_t klen = waiting_key(x, key) - key, size = flow_k_row_size(row);
        uint8_t *value = k_store_put(ctx, out, key, klen, size);
        __builtin_memcpy(value, row, (size_t)size);
        x->row |= 1;
    }
    all->fresh = 0;
}

int32_t k_store_load_waiting(flow_ctx *ctx, flow_table *t, const flow_layout *l,
                             flow_saved_in *key, flow_saved_in *value) {
    int64_t time = k_store_key_i64(key), arrival = k_store_key_i64(key);
    const uint8_t *row = k_store_row(ctx, value, l->rows[0]);
    if (key->bad || key->p != key->end || !row) return 0;
    flow_timers *all = timers_of(ctx, t);
    int64_t size = value->p - row;
    uint8_t *copy = flow_k_heap_alloc(ctx, &t->heap, size);
    __builtin_memcpy(copy, row, (size_t)size);
    timer_item x = {time, (uint64_t)arrival, (uint64_t)(uintptr_t)copy | 1};
    heap_push(ctx, &t->heap, &all->rows, x);
    if (x.order >= all->arrivals) all->arrivals = x.order + 1;
    return 1;
}

void k_store_end_waiting(flow_ctx *ctx, flow_table *t) {
    (void)ctx;
    (void)t;
}

/* ---- timers ------------------------------------------------------------------------ */

void k_save_timer(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    (void)t;
    k_bytes_u64(ctx, out, w[0]);
}

void k_load_timer(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    (void)ctx;
    (void)t;
    w[0] = k_saved_u64(in);
}

void k_store_end_timers(flow_ctx *ctx, flow_table *t, int64_t timers) {
    K_STORE_ALL(t, entry) {
        for (int64_t k = 0; k < timers; k++) {
            const uint64_t *w = timer_words(t, entry, k);
            if (w[0]) flow_k_timer_set(ctx, t, entry, k, (int64_t)word_of((int64_t)w[0]));
        }
    }
}

/* ---- times of a key ---------------------------------------------------------------- */

void k_save_times(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    within_list l;
    (void)t;
    __builtin_memcpy(&l, w, sizeof l);
    k_bytes_u32(ctx, out, l.count);
    k_bytes_put(ctx, out, times_of(&l), (int64_t)l.count * 8);
}

void k_load_times(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    within_list *l = (within_list *)(void *)w;
    uint32_t n = k_saved_u32(in);
    for (uint32_t i = 0; i < n && !in->bad; i++) {
        int64_t time = (int64_t)k_saved_u64(in);
        if (in->bad || (i && times_of(l)[i - 1] >= time)) in->bad = 1;
        else within_insert(ctx, &t->heap, l, i, time);
    }
}

/* ---- touches ----------------------------------------------------------------------- */

/* The words end where these begin: the entry is that of the word before. */
static int64_t entry_before(const flow_table *t, const uint64_t *w) {
    return ((const uint8_t *)(w - 1) - t->entries) / t->stride;
}

void k_save_touched(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    *k_bytes_more(ctx, out, 1) = (uint8_t)bits_get(&t->dirty_bits, (uint32_t)entry_before(t, w));
}

void k_load_touched(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    const uint8_t *is = k_saved_take(in, 1);
    if (!is || *is > 1) in->bad = 1;
    else if (*is) flow_k_table_touch_entry(ctx, t, entry_before(t, w));
}
