/* k_store_join.c - the rows of joins, saved and loaded.
 *
 *   key of the entry, side, time, rank              -> marked, encoded row      (streams)
 *   key of the entry, side, key bytes, 00 00, rank  -> there, encoded row       (tables)
 *   nothing                                         -> from time to moment, by side
 *
 * The rank of a row among those of its list with the same time is given when it is first
 * saved: one more than that of the row before it, for what comes later stands behind.
 * Among rows of one key the order does not matter.
 *
 * The queue is derived.  A row's moment is its time and what lies between the two for its
 * side.  A version whose moment has passed comes into the queue again; it is found first,
 * and there is nothing to forget before it.  Rows of one moment come as their keys do: what
 * they make is in order of moment and key anyway.  A window is the head of its key. */
#include "runtime/kernel/k_join.h"

#include "runtime/kernel/k_event.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_store.h"

/* ---- out --------------------------------------------------------------------------- */

static void join_put_row(flow_ctx *ctx, flow_table *t, join_head *row, int keyed,
                         int32_t letter, flow_bytes *out) {
    int64_t len, size = flow_k_row_size((const uint8_t *)(row + 1));
    uint8_t *key =
        k_store_key(ctx, t, row->entry, letter, join_rank_room(row, keyed), &len);
    uint8_t *end = join_rank_key(key + len, row, keyed);
    uint8_t *value = k_store_put(ctx, out, key, end - key, 1 + size);
    *value++ = keyed ? row->there : row->marked;
    __builtin_memcpy(value, row + 1, (size_t)size);
    __builtin_memset(value + 4, 0, 4); /* the rank stands in the key */
    row->saved = JOIN_SAVED;
    flow_k_reset(ctx, key);
}

static int join_tied(const join_head *a, const join_head *b, int keyed) {
    return keyed ? !join_order(a, b) : a->time == b->time;
}

/* Of rows of a table those that are new may stand before others of their key. */
static uint32_t join_new_rank(const join_list *l, uint32_t i, int keyed) {
    uint32_t rank = 0;
    if (!keyed)
        return i > l->first && join_tied(l->rows[i - 1], l->rows[i], 0)
                   ? join_rank(l->rows[i - 1]) + 1
                   : 0;
    uint32_t from = i, to = i + 1;
    while (from > l->first && join_tied(l->rows[from - 1], l->rows[i], 1)) from--;
    while (to < l->end && join_tied(l->rows[to], l->rows[i], 1)) to++;
    for (; from < to; from++)
        if (l->rows[from]->saved && join_rank(l->rows[from]) >= rank)
            rank = join_rank(l->rows[from]) + 1;
    return rank;
}

static void join_save_list(flow_ctx *ctx, flow_table *t, join_list *l, int keyed,
                           int32_t letter, int32_t full, flow_bytes *out) {
    if (l->tail) join_in_order(l);
    for (uint32_t i = l->first; i < l->end; i++) {
        join_head *row = l->rows[i];
        if (!row->saved) ((uint32_t *)(row + 1))[1] = join_new_rank(l, i, keyed);
        if (full || row->saved != JOIN_SAVED) join_put_row(ctx, t, row, keyed, letter, out);
    }
}

static void join_save(flow_ctx *ctx, flow_table *t, int keyed, int32_t letter, int32_t full,
                      flow_bytes *out) {
    k_store_walk walk = k_store_open(ctx, t, full);
    for (int64_t entry; (entry = k_store_next(&walk)) >= 0;) {
        join_list *l = join_side(flow_k_table_words(t, entry), 0);
        join_save_list(ctx, t, &l[0], keyed, letter, full, out);
        join_save_list(ctx, t, &l[1], keyed, letter, full, out);
    }
}

void k_store_save_join(flow_ctx *ctx, flow_table *t, int32_t full, flow_bytes *out) {
    const join_queue *q = t->waits;
    join_save(ctx, t, 0, FLOW_STORE_JOIN, full, out);
    if (!q || !(full || t->track->count)) return;
    uint8_t letter = FLOW_STORE_JOIN;
    uint8_t *value = k_store_put(ctx, out, &letter, 1, 16);
    __builtin_memcpy(value, q->delay, 16);
}

void k_store_save_windows(flow_ctx *ctx, flow_table *t, int32_t full, flow_bytes *out) {
    join_save(ctx, t, 0, FLOW_STORE_WINDOWS, full, out);
}

void k_store_save_tables(flow_ctx *ctx, flow_table *t, int32_t full, flow_bytes *out) {
    join_save(ctx, t, 1, FLOW_STORE_TABLES, full, out);
}

/* ---- in ---------------------------------------------------------------------------- */

static int join_load_delay(flow_ctx *ctx, flow_table *t, flow_saved_in *value) {
    join_queue *q = join_queue_of(ctx, t);
    q->delay[0] = (int64_t)k_saved_u64(value);
    q->delay[1] = (int64_t)k_saved_u64(value);
    return !value->bad && value->p == value->end && q->delay[0] >= 0 && q->delay[1] >= 0;
}

static int join_load(flow_ctx *ctx, flow_table *t, const flow_layout *of, int keyed,
                     flow_saved_in *key, flow_saved_in *value) {
    int64_t entry = k_store_entry(ctx, t, of, key), klen = 0;
    const uint8_t *side = k_saved_take(key, 1), *flags = k_saved_take(value, 1);
    if (!side || *side > 1) return 0;
    const uint8_t *text = 0, *encoded = k_store_row(ctx, value, of->rows[*side]);
    void *mark = flow_k_mark(ctx);
    if (keyed) text = k_store_key_text(ctx, key, &klen);
    int64_t time = keyed ? klen : k_store_key_i64(key);
    uint32_t rank = __builtin_bswap32(k_saved_u32(key));
    int good = entry >= 0 && encoded && !key->bad && key->p == key->end &&
               *flags < (keyed ? 4 : 2);
    if (good) {
        join_list *l = join_side(flow_k_table_words(t, entry), *side);
        join_head *row = join_copy(ctx, &t->heap, encoded, value->p - encoded, text, klen);
        row->time = time;
        row->entry = (uint32_t)entry;
        t->joins = 1;
        row->side = *side;
        if (keyed) row->there = *flags;
        else row->marked = *flags;
        row->saved = JOIN_SAVED;
        ((uint32_t *)(row + 1))[1] = rank;
        join_head *last = l->end > l->first ? l->rows[l->end - 1] : 0;
        if (last) good = keyed ? join_order(last, row) <= 0 : last->time <= time;
        join_insert(ctx, &t->heap, l, l->end, row);
    }
    flow_k_reset(ctx, mark);
    return good;
}

int32_t k_store_load_join(flow_ctx *ctx, flow_table *t, const flow_layout *l,
                          flow_saved_in *key, flow_saved_in *value) {
    if (key->p == key->end) return join_load_delay(ctx, t, value);
    return join_load(ctx, t, l, 0, key, value);
}

int32_t k_store_load_windows(flow_ctx *ctx, flow_table *t, const flow_layout *l,
                             flow_saved_in *key, flow_saved_in *value) {
    if (t->kind == FLOW_TABLE_I64 || key->end - key->p < 16) return 0;
    return join_load(ctx, t, l, 0, key, value);
}

int32_t k_store_load_tables(flow_ctx *ctx, flow_table *t, const flow_layout *l,
                            flow_saved_in *key, flow_saved_in *value) {
    return join_load(ctx, t, l, 1, key, value);
}

/* ---- what waits -------------------------------------------------------------------- */

void k_store_end_join(flow_ctx *ctx, flow_table *t) {
    const join_queue *q = t->waits;
    if (!q) return;
    K_STORE_ALL(t, entry) {
        const join_list *l = join_side(flow_k_table_words(t, entry), 0);
        for (int side = 0; side < 2; side++)
            for (uint32_t i = l[side].first; i < l[side].end; i++) {
                join_head *row = l[side].rows[i];
                flow_k_join_wait(ctx, t, flow_k_time_add(row->time, q->delay[side]),
                                 (uint8_t *)row);
            }
    }
}

void k_store_end_windows(flow_ctx *ctx, flow_table *t) {
    K_STORE_ALL(t, entry) {
        uint64_t text[2];
        flow_k_table_key_text(t, entry, text);
        const uint8_t *p = (const uint8_t *)(uintptr_t)text[0];
        if (text[1] < 16) continue;
        flow_saved_in in = {.p = p, .end = p + 16};
        int64_t end = k_store_key_i64(&in), start = k_store_key_i64(&in);
        t->last = (uint32_t)entry;
        flow_k_join_wait_entry(ctx, t, end - 1, start);
    }
}

void k_store_end_tables(flow_ctx *ctx, flow_table *t) {
    (void)ctx;
    (void)t;
}
