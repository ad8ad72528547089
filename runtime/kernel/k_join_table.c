/* k_join_table.c - rows of tables in joins: old ones and new ones by key, in order where somebody
 * looks at them. */
#include "runtime/kernel/k_join.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_order.h"
#include "runtime/kernel/k_row.h"

int32_t flow_k_join_was(const uint8_t *row) {
    return join_at(row)->there & JOIN_WAS;
}

int32_t flow_k_join_is(const uint8_t *row) {
    return (join_at(row)->there & JOIN_IS) != 0;
}

const uint8_t *flow_k_join_key(const uint8_t *row) {
    return row + FLOW_JOIN_HEAD + flow_k_row_size(row + FLOW_JOIN_HEAD);
}

int64_t flow_k_join_key_len(const uint8_t *row) {
    return join_at(row)->time;
}

static int join_compare(const join_head *row, const uint8_t *key, int64_t klen) {
    int64_t n = row->time;
    int c = __builtin_memcmp(flow_k_join_key((const uint8_t *)row), key,
                             (size_t)(n < klen ? n : klen));
    return c ? c : (n > klen) - (n < klen);
}

int32_t flow_k_join_same(const uint8_t *a, const uint8_t *b) {
    return !join_compare(join_at(a), flow_k_join_key(b), flow_k_join_key_len(b));
}

static int join_order(const join_head *a, const join_head *b) {
    return join_compare(a, flow_k_join_key((const uint8_t *)b), b->time);
}

/* The first row, of those in order, whose key is not below this one. */
static int64_t join_key_bound(const join_list *l, const uint8_t *key, int64_t klen) {
    int64_t low = l->first, high = l->end - l->tail;
    while (low < high) {
        int64_t mid = (low + high) / 2;
        if (join_compare(l->rows[mid], key, klen) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void join_sift(join_head **rows, int64_t i, int64_t n) {
    join_head *row = rows[i];
    for (int64_t k; (k = 2 * i + 1) < n; i = k) {
        if (k + 1 < n && join_order(rows[k], rows[k + 1]) < 0) k++;
        if (join_order(row, rows[k]) >= 0) break;
        rows[i] = rows[k];
    }
    rows[i] = row;
}

/* A few rows are moved to their place; of many, all are sorted, in place. */
static void join_in_order(join_list *l) {
    if (l->tail <= 8) {
        for (; l->tail; l->tail--) {
            int64_t i = l->end - l->tail;
            join_head *row = l->rows[i];
            for (; i > l->first && join_order(l->rows[i - 1], row) > 0; i--)
                l->rows[i] = l->rows[i - 1];
            l->rows[i] = row;
        }
        return;
    }
    join_head **rows = l->rows + l->first;
    int64_t n = l->end - l->first;
    for (int64_t i = n / 2; i-- > 0;) join_sift(rows, i, n);
    while (--n > 0) {
        join_head *most = rows[0];
        rows[0] = rows[n];
        rows[n] = most;
        join_sift(rows, 0, n);
    }
    l->tail = 0;
}

/* Their second word is the sign with which they came. */
static int join_equal(const uint8_t *a, const uint8_t *b) {
    int64_t n = flow_k_row_size(a);
    return n == flow_k_row_size(b) && !__builtin_memcmp(a + 16, b + 16, (size_t)n - 16);
}

void flow_k_join_put(flow_ctx *ctx, flow_table *t, uint64_t *words, int32_t side,
                     const uint8_t *key, int64_t klen, const uint8_t *encoded) {
    join_list *l = join_side(words, side);
    for (int64_t i = join_key_bound(l, key, klen); i < l->end - l->tail; i++) {
        join_head *old = l->rows[i];
        if (join_compare(old, key, klen)) break;
        if (old->there & JOIN_IS || !join_equal((const uint8_t *)(old + 1), encoded)) continue;
        old->there |= JOIN_IS; /* it has not changed after all */
        return;
    }
    join_head *row = join_copy(ctx, &t->heap, encoded, flow_k_row_size(encoded), key, klen);
    row->time = klen;
    row->entry = (uint32_t)flow_k_table_last(t);
    row->side = (uint8_t)side;
    row->there = JOIN_IS;
    t->joins = 1;
    int last = !l->tail && (l->end == l->first || join_order(l->rows[l->end - 1], row) <= 0);
    join_insert(ctx, &t->heap, l, l->end, row);
    l->tail += !last;
}

static void join_cut(flow_ctx *ctx, flow_table *t, join_list *l, int64_t i) {
    join_head *row = l->rows[i];
    l->end--;
    if (i < l->end)
        __builtin_memmove(l->rows + i, l->rows + i + 1, (size_t)join_list_bytes(l->end - i));
    join_release(ctx, t, row, 1);
}

static int join_take_sorted(flow_ctx *ctx, flow_table *t, join_list *l, const uint8_t *key,
                            int64_t klen, const uint8_t *encoded) {
    for (int64_t i = join_key_bound(l, key, klen); i < l->end - l->tail; i++) {
        join_head *row = l->rows[i];
        if (join_compare(row, key, klen)) return 0;
        if (!(row->there & JOIN_IS) || !join_equal((const uint8_t *)(row + 1), encoded))
            continue;
        if (row->there & JOIN_WAS) row->there &= (uint8_t)~JOIN_IS;
        else join_cut(ctx, t, l, i);
        return 1;
    }
    return 0;
}

void flow_k_join_take(flow_ctx *ctx, flow_table *t, uint64_t *words, int32_t side,
                      const uint8_t *key, int64_t klen, const uint8_t *encoded) {
    if (!words) return;
    join_list *l = join_side(words, side);
    if (join_take_sorted(ctx, t, l, key, klen, encoded) || !l->tail) return;
    join_in_order(l);
    join_take_sorted(ctx, t, l, key, klen, encoded);
}

void flow_k_join_tidy(flow_ctx *ctx, flow_table *t) {
    int64_t entry = flow_k_table_last(t);
    join_list *l = join_side(flow_k_table_words(t, entry), 0);
    join_entry_over(ctx, t, l, entry);
}

/* A missing side stands behind those that are there. */
FLOW_INLINE uint8_t *join_order_side(uint8_t *p, const uint8_t *row) {
    if (!row) {
        *p = 2;
        return p + 1;
    }
    *p = 1;
    return flow_k_key_text(p + 1, flow_k_join_key(row), flow_k_join_key_len(row));
}

uint8_t *flow_k_join_order(flow_ctx *ctx, int64_t step, const uint8_t *left,
                           const uint8_t *right, int64_t *len) {
    int64_t room = 6 + 2 * ((left ? flow_k_join_key_len(left) : 0) +
                            (right ? flow_k_join_key_len(right) : 0));
    uint8_t *key = flow_k_alloc(ctx, room);
    uint8_t *end = join_order_side(join_order_side(key, left), right);
    return flow_k_order_key(ctx, step, key, end - key, len);
}

void flow_k_join_settle(flow_ctx *ctx, flow_table *t, int64_t entry, int32_t stay) {
    join_list *l = join_side(flow_k_table_words(t, entry), 0);
    for (int side = 0; side < 2; side++) {
        if (l[side].tail) join_in_order(&l[side]);
        uint32_t kept = l[side].first;
        for (uint32_t i = kept; i < l[side].end; i++) {
            join_head *row = l[side].rows[i];
            row->there |= JOIN_WAS;
            if (stay && row->there & JOIN_IS) l[side].rows[kept++] = row;
            else join_release(ctx, t, row, 1);
        }
        l[side].end = kept;
    }
    join_entry_over(ctx, t, l, entry);
}

/* ---- by many workers at once ---- */

void flow_k_join_rows(const uint64_t *words, int32_t side, uint64_t *rows) {
    rows[0] = rows[1] = 0;
    if (!words) return;
    const join_list *l = join_side(words, side);
    rows[0] = (uint64_t)(uintptr_t)(l->rows + l->first);
    rows[1] = l->end - l->first;
}

const uint8_t *flow_k_join_nth(const uint64_t *rows, int64_t i) {
    return ((const uint8_t *const *)(uintptr_t)rows[0])[i];
}

void flow_k_join_settled(flow_table *t) {
    for (int64_t i = 0; i < t->dirty_count; i++) {
        if (!flow_k_table_live(t, t->dirty[i])) continue;
        join_list *l = join_side(flow_k_table_words(t, t->dirty[i]), 0);
        for (int side = 0; side < 2; side++)
            if (l[side].tail) join_in_order(&l[side]);
    }
    flow_k_table_clean(t);
}
