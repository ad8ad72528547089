/* k_table_order.c - the entries of a table in the order of their keys. */
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_sort.h"
#include "runtime/kernel/k_table.h"

uint32_t *flow_k_table_sorted(flow_ctx *ctx, const flow_table *t, int32_t dirty,
                              int64_t *count) {
    int64_t n = 0, most = dirty ? t->dirty_count : (int64_t)t->end;
    uint32_t *order = flow_k_alloc(ctx, most * 4 + 8);
    void *mark = flow_k_mark(ctx);
    flow_item *items = flow_k_alloc(ctx, most * (int64_t)sizeof *items * 2 + 8);
    for (int64_t i = 0; i < most; i++) {
        uint32_t entry = dirty ? t->dirty[i] : (uint32_t)i;
        if (!flow_k_table_live(t, entry)) continue;
        uint64_t *e = table_entry(t, entry);
        items[n].frame = (const uint8_t *)e;
        items[n++].prefix = e[0] ^ (uint64_t)1 << 63;
    }
    if (t->kind == FLOW_TABLE_I64)
        flow_k_sort_prefixes(items, items + n, n);
    else
        flow_k_sort_cells(items, items + n, n);
    for (int64_t i = 0; i < n; i++)
        order[i] = (uint32_t)((items[i].frame - t->entries) / t->stride);
    flow_k_reset(ctx, mark);
    *count = n;
    return order;
}

int64_t flow_k_table_nth(const uint32_t *order, int64_t i) {
    return order[i];
}
