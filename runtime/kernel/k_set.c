/* k_set.c - open addressing with linear probing, at most 3/4 full. */
#include "runtime/kernel/k_set.h"
#include "runtime/kernel/k_hash.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_sort.h"

#define SET_ZERO ((uint64_t)1 << 40) /* the empty value is in the set */
#define SET_BITS 48                  /* log2 of the slots + 1, from this bit on */

FLOW_INLINE int64_t set_slots(const uint64_t *set) {
    int bits = (int)(set[1] >> SET_BITS);
    return bits ? (int64_t)1 << (bits - 1) : 0;
}

int64_t k_set_count(const uint64_t *set) {
    return (int64_t)(set[1] & FLOW_SET_COUNT);
}

/* Values outside the slots do not fill them. */
FLOW_INLINE int set_is_full(const uint64_t *set) {
    return (k_set_count(set) + 1) * 4 > set_slots(set) * 3;
}

FLOW_INLINE uint64_t set_hash_text(flow_ctx *ctx, const uint64_t *cell) {
    uint64_t text[2];
    flow_k_cell_get(cell, text);
    return flow_k_hash_bytes(ctx->seed, (const uint8_t *)text[0], (int64_t)text[1]);
}

/* Twice the slots; every value is put anew. */
static void set_grow(flow_ctx *ctx, flow_heap *heap, uint64_t *set, int texts) {
    int64_t old = set_slots(set), slots = old ? old * 2 : 4, width = texts ? 2 : 1;
    uint64_t *from = (uint64_t *)set[0];
    uint64_t *to = flow_k_heap_alloc(ctx, heap, slots * width * 8);
    __builtin_memset(to, 0, (size_t)(slots * width) * 8);
    for (int64_t i = 0; i < old; i++) {
        uint64_t *v = from + i * width;
        if (!v[0]) continue;
        uint64_t at =
            texts ? set_hash_text(ctx, v) : flow_k_hash_i64(ctx->seed, (int64_t)v[0]);
        while (to[(at & (uint64_t)(slots - 1)) * (uint64_t)width])
            at++;
        __builtin_memcpy(to + (at & (uint64_t)(slots - 1)) * (uint64_t)width, v,
                         (size_t)width * 8);
    }
    if (old) flow_k_heap_free(ctx, heap, from, old * width * 8);
    set[0] = (uint64_t)to;
    set[1] = (set[1] & (((uint64_t)1 << SET_BITS) - 1)) |
             (uint64_t)(64 - __builtin_clzll((uint64_t)slots)) << SET_BITS;
}

static int32_t set_add_zero(uint64_t *set) {
    if (set[1] & SET_ZERO) return 0;
    set[1] = (set[1] | SET_ZERO) + 1;
    return 1;
}

int32_t k_set_add_i64(flow_ctx *ctx, flow_heap *heap, uint64_t *set, int64_t v) {
    if (!v) return set_add_zero(set);
    if (set_is_full(set)) set_grow(ctx, heap, set, 0);
    uint64_t *slots = (uint64_t *)set[0], mask = (uint64_t)set_slots(set) - 1;
    for (uint64_t at = flow_k_hash_i64(ctx->seed, v) & mask;; at = (at + 1) & mask) {
        if (slots[at] == (uint64_t)v) return 0;
        if (slots[at]) continue;
        slots[at] = (uint64_t)v;
        set[1]++;
        return 1;
    }
}

int32_t k_set_add_text(flow_ctx *ctx, flow_heap *heap, uint64_t *set, const uint8_t *ptr,
                       int64_t len) {
    if (!len) return set_add_zero(set);
    if (set_is_full(set)) set_grow(ctx, heap, set, 1);
    uint64_t *slots = (uint64_t *)set[0], mask = (uint64_t)set_slots(set) - 1, text[2];
    for (uint64_t at = flow_k_hash_bytes(ctx->seed, ptr, len) & mask;;
         at = (at + 1) & mask) {
        uint64_t *cell = slots + 2 * at;
        if (!cell[0]) {
            flow_k_cell_set(ctx, heap, cell, ptr, len);
            set[1]++;
            return 1;
        }
        flow_k_cell_get(cell, text);
        if ((int64_t)text[1] == len &&
            !__builtin_memcmp((void *)text[0], ptr, (size_t)len))
            return 0;
    }
}

/* ---- parts ----------------------------------------------------------------------- */

static uint8_t *set_put_text(uint8_t *p, const uint64_t *text) {
    uint32_t len = (uint32_t)text[1];
    __builtin_memcpy(p, &len, 4);
    __builtin_memcpy(p + 4, (void *)text[0], len);
    return p + 4 + len;
}

void k_set_bytes(flow_ctx *ctx, const uint64_t *set, int texts, uint64_t *bytes) {
    const uint64_t *slots = (const uint64_t *)set[0];
    int64_t n = set_slots(set), size = set[1] & SET_ZERO ? 8 : 0;
    uint64_t text[2] = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        if (texts) flow_k_cell_get(slots + 2 * i, text);
        if (texts ? text[1] : slots[i]) size += texts ? 4 + (int64_t)text[1] : 8;
    }
    uint8_t *p = flow_k_alloc(ctx, size), *start = p;
    if (set[1] & SET_ZERO) {
        __builtin_memset(p, 0, 8);
        p += texts ? 4 : 8;
    }
    for (int64_t i = 0; i < n; i++) {
        if (!texts && slots[i]) {
            __builtin_memcpy(p, slots + i, 8);
            p += 8;
        } else if (texts && slots[2 * i]) {
            flow_k_cell_get(slots + 2 * i, text);
            p = set_put_text(p, text);
        }
    }
    bytes[0] = (uint64_t)start;
    bytes[1] = (uint64_t)(p - start);
}

void k_set_merge(flow_ctx *ctx, flow_heap *heap, uint64_t *set, int texts,
                 const uint64_t *bytes) {
    const uint8_t *p = (const uint8_t *)bytes[0], *end = p + bytes[1];
    while (end - p >= (texts ? 4 : 8)) {
        if (texts) {
            uint32_t len;
            __builtin_memcpy(&len, p, 4);
            p += 4;
            if (len > end - p) return; /* no set gives such bytes */
            k_set_add_text(ctx, heap, set, p, len);
            p += len;
        } else {
            int64_t v;
            __builtin_memcpy(&v, p, 8);
            k_set_add_i64(ctx, heap, set, v);
            p += 8;
        }
    }
}

const uint64_t **k_set_sorted(flow_ctx *ctx, const uint64_t *set) {
    const uint64_t *slots = (const uint64_t *)set[0];
    int64_t n = 0, count = k_set_count(set);
    const uint64_t **out = flow_k_alloc(ctx, count * 8);
    uint64_t *zero = flow_k_alloc(ctx, 16);
    flow_item *items = flow_k_alloc(ctx, 2 * count * (int64_t)sizeof *items);
    zero[0] = zero[1] = 0;
    if (set[1] & SET_ZERO) items[n++].frame = (const uint8_t *)zero;
    for (int64_t i = 0; i < set_slots(set); i++)
        if (slots[2 * i]) items[n++].frame = (const uint8_t *)(slots + 2 * i);
    flow_k_sort_cells(items, items + n, n);
    for (int64_t i = 0; i < n; i++)
        out[i] = (const uint64_t *)items[i].frame;
    return out;
}

void k_set_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *set, int texts) {
    int64_t n = set_slots(set);
    uint64_t *slots = (uint64_t *)set[0];
    for (int64_t i = 0; texts && i < n; i++)
        flow_k_cell_drop(ctx, heap, slots + 2 * i);
    if (n) flow_k_heap_free(ctx, heap, slots, n * (texts ? 16 : 8));
    set[0] = set[1] = 0;
}
