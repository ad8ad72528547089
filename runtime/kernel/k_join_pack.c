/* k_join_pack.c - the rows of a join move together.
 *
 * Rows of a join go one by one while others come, so a burst leaves a few living rows in each
 * chunk of the heap, and the pieces between them are used again: it would never be smaller.
 * So what lives moves to a heap of its own.  Addresses of rows stand in the lists and in the
 * queue; where a row was stands, for that while, where it is. */
#include "runtime/kernel/k_join.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"

/* The row's copy.  Only rows of tables carry what says that they are there, and their key. */
static join_head *pack_row(flow_ctx *ctx, flow_heap *to, join_head *row) {
    int64_t bytes = FLOW_JOIN_HEAD + flow_k_row_size((const uint8_t *)(row + 1));
    if (row->there) bytes += row->time;
    join_head *copy = flow_k_heap_alloc(ctx, to, bytes);
    __builtin_memcpy(copy, row, (size_t)bytes);
    row->time = (int64_t)(uintptr_t)copy;
    return copy;
}

static void pack_list(flow_ctx *ctx, flow_heap *to, join_list *l) {
    uint32_t n = l->end - l->first, room = 1;
    if (!n) {
        __builtin_memset(l, 0, sizeof *l);
        return;
    }
    while (room < n) room *= 2;
    join_head **rows = flow_k_heap_alloc(ctx, to, join_list_bytes(room));
    for (uint32_t i = 0; i < n; i++) rows[i] = pack_row(ctx, to, l->rows[l->first + i]);
    *l = (join_list){.rows = rows, .end = n, .room = room, .tail = l->tail};
}

/* The text of a key. */
static void pack_key(flow_ctx *ctx, flow_heap *to, uint64_t *cell) {
    uint64_t text[2], copy[2] = {0, 0};
    flow_k_cell_get(cell, text);
    flow_k_cell_set(ctx, to, copy, (const uint8_t *)(uintptr_t)text[0], (int64_t)text[1]);
    cell[0] = copy[0];
    cell[1] = copy[1];
}

static join_queue *pack_queue(flow_ctx *ctx, flow_heap *to, const join_queue *q) {
    int64_t room = q->count ? 4 : 0;
    join_queue *copy = flow_k_heap_alloc(ctx, to, (int64_t)sizeof *copy);
    *copy = *q;
    while (room < q->count) room *= 2;
    copy->room = room;
    copy->items = room ? flow_k_heap_alloc(ctx, to, room * (int64_t)sizeof *q->items) : 0;
    for (int64_t i = 0; i < q->count; i++) {
        copy->items[i] = q->items[i];
        if (!q->entries)
            copy->items[i].what = (uint64_t)join_at((uint8_t *)(uintptr_t)q->items[i].what)->time;
    }
    return copy;
}

void k_join_pack(flow_ctx *ctx, flow_table *t) {
    flow_heap to = {0};
    for (int64_t entry = 0; entry < flow_k_table_end(t); entry++) {
        if (!flow_k_table_live(t, entry)) continue;
        uint64_t *words = flow_k_table_words(t, entry);
        if (t->kind == FLOW_TABLE_TEXT) pack_key(ctx, &to, words - 2);
        for (int side = 0; side < 2; side++) pack_list(ctx, &to, join_side(words, side));
    }
    if (t->waits) t->waits = pack_queue(ctx, &to, t->waits);
    flow_k_heap_release(ctx, &t->heap);
    t->heap = to;
}
