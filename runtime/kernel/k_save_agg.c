/* k_save_agg.c - states of aggregates that are not plain words (k_save.h).
 *
 * What is written is a function of the logical state: sets are sorted, a sum that two
 * doubles hold is those two doubles however it came about, values that wait in a digest
 * are in order.  Where the future depends on more than the value (the counters of
 * Space-Saving and their numbers, the centroids of a digest) all of that is written.
 *
 * This file belongs to the unit of the kernel behind those whose states it knows. */
#include "runtime/kernel/k_save.h"

#include "runtime/kernel/k_exact.h"
#include "runtime/kernel/k_fsum.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_set.h"
#include "runtime/kernel/k_sort.h"

/* ---- sums of ints: one word, or 1 and 128 bits ---------------------------------------- */

void k_save_isum(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    __int128 v = isum_get(*w);
    int64_t twice;
    (void)t;
    if ((int64_t)v == v && !__builtin_add_overflow((int64_t)v, (int64_t)v, &twice)) {
        k_bytes_u64(ctx, out, (uint64_t)twice);
        return;
    }
    k_bytes_u64(ctx, out, 1);
    k_bytes_put(ctx, out, &v, 16);
}

void k_load_isum(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    *w = k_saved_u64(in);
    if (!(*w & 1)) return;
    *w = 0;
    const uint8_t *p = k_saved_take(in, 16);
    if (!p) return;
    uint8_t *wide = flow_k_heap_alloc(ctx, &t->heap, 16);
    __builtin_memcpy(wide, p, 16);
    *w = (uint64_t)wide | 1;
}

/* ---- sums of floats: 0 and two doubles, or 1, counts, sign, place and number of digits -- */

static void exact_of_double(k_exact *a, double x) {
    int64_t limbs[WIDE_LIMBS] = {0};
    wide_put_double(limbs, 0, x);
    k_exact_limbs(a, limbs, WIDE_LIMBS, 0);
}

/* Is e exactly *high + *low, each the nearest of what is left? */
static int exact_in_two(const k_exact *e, double *high, double *low) {
    k_exact x, rest, none;
    *high = e->hi ? k_exact_round(e, FLOW_EXACT_UNIT, 1) : 0;
    if (!fsum_finite(*high)) return 0;
    exact_of_double(&x, *high);
    k_exact_sub(&rest, e, &x);
    *low = rest.hi ? k_exact_round(&rest, FLOW_EXACT_UNIT, 1) : 0;
    exact_of_double(&x, *low);
    k_exact_sub(&none, &rest, &x);
    return !none.hi;
}

static void fsum_put_two(flow_ctx *ctx, flow_bytes *out, double high, double low) {
    double two[2] = {high == 0 ? 0 : high, low == 0 ? 0 : low};
    k_bytes_u32(ctx, out, 0);
    k_bytes_put(ctx, out, two, 16);
}

void k_save_fsum(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    const fsum_state *s = (const fsum_state *)w;
    double high, low;
    (void)t;
    fsum_two(s->high, s->low, &high, &low);
    if (!s->wide && fsum_finite(high) && fsum_finite(low)) {
        fsum_put_two(ctx, out, high, low);
        return;
    }
    k_exact e;
    k_fsum_exact(w, &e);
    int64_t counts[3] = {0, 0, 0};
    if (s->wide) counts[0] = s->wide->nan, counts[1] = s->wide->up, counts[2] = s->wide->down;
    if (!counts[0] && !counts[1] && !counts[2] && exact_in_two(&e, &high, &low)) {
        fsum_put_two(ctx, out, high, low);
        return;
    }
    k_bytes_u32(ctx, out, 1);
    k_bytes_put(ctx, out, counts, 24);
    k_bytes_u32(ctx, out, e.hi ? (uint32_t)e.negative : 0);
    k_bytes_u32(ctx, out, (uint32_t)e.lo);
    k_bytes_u32(ctx, out, (uint32_t)(e.hi - e.lo));
    k_bytes_put(ctx, out, e.d + e.lo, (int64_t)(e.hi - e.lo) * 4);
}

void k_load_fsum(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    fsum_state *s = (fsum_state *)w;
    uint32_t form = k_saved_u32(in);
    if (form > 1) in->bad = 1;
    if (!form) {
        const uint8_t *p = k_saved_take(in, 16);
        if (p) __builtin_memcpy(s, p, 16);
        return;
    }
    const uint8_t *counts = k_saved_take(in, 24);
    uint32_t negative = k_saved_u32(in), lo = k_saved_u32(in), n = k_saved_u32(in);
    if (lo > WIDE_LIMBS || n > WIDE_LIMBS || lo + n > WIDE_LIMBS) in->bad = 1;
    const uint8_t *digits = k_saved_take(in, (int64_t)n * 4);
    if (!digits) return;
    fsum_wide *wide = wide_of(ctx, &t->heap, s);
    __builtin_memcpy(wide, counts, 24);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t d;
        __builtin_memcpy(&d, digits + 4 * i, 4);
        wide->limb[lo + i] = negative ? -(int64_t)d : (int64_t)d;
    }
}

/* ---- sets: count, then the values in order --------------------------------------------- */

static void save_i64s(flow_ctx *ctx, const uint64_t *set, flow_bytes *out) {
    void *mark = flow_k_mark(ctx);
    uint64_t bytes[2];
    k_set_bytes(ctx, set, 0, bytes);
    int64_t n = (int64_t)bytes[1] / 8;
    flow_item *items = flow_k_alloc(ctx, 2 * n * (int64_t)sizeof *items + 8);
    for (int64_t i = 0; i < n; i++) {
        __builtin_memcpy(&items[i].prefix, (const uint8_t *)bytes[0] + 8 * i, 8);
        items[i].frame = 0;
    }
    flow_k_sort_prefixes(items, items + n, n);
    k_bytes_u64(ctx, out, (uint64_t)n);
    for (int64_t i = 0; i < n; i++) k_bytes_u64(ctx, out, items[i].prefix);
    flow_k_reset(ctx, mark);
}

void k_save_ints(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    (void)t;
    save_i64s(ctx, w, out);
}

void k_load_ints(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    uint64_t n = k_saved_u64(in);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        int64_t v = (int64_t)k_saved_u64(in);
        if (!in->bad) k_set_add_i64(ctx, &t->heap, w, v);
    }
}

void k_save_texts(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    void *mark = flow_k_mark(ctx);
    int64_t n = k_set_count(w);
    const uint64_t **cells = k_set_sorted(ctx, w);
    k_bytes_u64(ctx, out, (uint64_t)n);
    for (int64_t i = 0; i < n; i++) k_save_cell(ctx, t, cells[i], out);
    flow_k_reset(ctx, mark);
}

void k_load_texts(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    uint64_t n = k_saved_u64(in);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        int64_t len = k_saved_u32(in);
        const uint8_t *p = k_saved_formed(ctx, in, len, in->form);
        if (p) k_set_add_text(ctx, &t->heap, w, p, len);
    }
}

/* ---- lists and joined text: count and bytes; histograms --------------------------------- */

void k_save_list(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    (void)t;
    k_bytes_u64(ctx, out, w[1]);
    k_bytes_u64(ctx, out, w[2]);
    k_bytes_put(ctx, out, (const void *)w[0], (int64_t)w[2]);
}

void k_load_list(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    uint64_t count = k_saved_u64(in), bytes = k_saved_u64(in);
    const uint8_t *p = k_saved_take(in, (int64_t)bytes);
    if (p && !k_form_fits_list(ctx, in->form, p, (int64_t)bytes, count)) in->bad = 1;
    if (in->bad) return;
    w[1] = count;
    uint8_t *to = list_extend(ctx, &t->heap, w, (int64_t)bytes);
    if (bytes) __builtin_memcpy(to, p, bytes);
}

void k_save_bins(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    (void)t;
    k_bytes_u32(ctx, out, (uint32_t)w[1]);
    k_bytes_put(ctx, out, (const void *)w[0], (int64_t)w[1] * 8);
}

void k_load_bins(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    int64_t n = k_saved_u32(in);
    const uint8_t *p = k_saved_take(in, n * 8);
    if (p && n) __builtin_memcpy(bins_of(ctx, &t->heap, w, n), p, (size_t)n * 8);
}

/* ---- HyperLogLog: 0 and the hashes, or 1 and the registers -------------------------------- */

void k_save_hll(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    int dense = (w[1] & HLL_DENSE) != 0;
    (void)t;
    k_bytes_u32(ctx, out, (uint32_t)dense);
    if (dense) k_bytes_put(ctx, out, (const void *)w[0], HLL_REGISTERS);
    else save_i64s(ctx, w, out);
}

void k_load_hll(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    if (!k_saved_u32(in)) {
        k_load_ints(ctx, t, w, in);
        return;
    }
    const uint8_t *p = k_saved_take(in, HLL_REGISTERS);
    if (!p) return;
    hll_densify(ctx, &t->heap, w);
    __builtin_memcpy((void *)w[0], p, HLL_REGISTERS);
}

/* ---- t-digest ---------------------------------------------------------------------------- */

void k_save_digest(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    tdigest *d = (tdigest *)w[0];
    (void)t;
    k_bytes_u32(ctx, out, d != 0);
    if (!d) return;
    sort_doubles(digest_buffer(d), d->waiting); /* their order means nothing */
    k_bytes_put(ctx, out, d->count, sizeof d->count);
    k_bytes_put(ctx, out, &d->least, 16);
    k_bytes_u64(ctx, out, (uint64_t)d->n);
    k_bytes_u64(ctx, out, (uint64_t)d->waiting);
    k_bytes_put(ctx, out, digest_centroids(d), d->n * (int64_t)sizeof(centroid));
    k_bytes_put(ctx, out, digest_buffer(d), d->waiting * 8);
}

void k_load_digest(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    if (!k_saved_u32(in)) return;
    const uint8_t *counts = k_saved_take(in, 48);
    int64_t n = (int64_t)k_saved_u64(in), waiting = (int64_t)k_saved_u64(in), wide = 8;
    if (n < 0 || n > 1 << 20 || waiting < 0 || waiting > DIGEST_BUFFER) in->bad = 1;
    const uint8_t *p = k_saved_take(in, n * (int64_t)sizeof(centroid) + waiting * 8);
    if (!p) return;
    while (wide < waiting) wide *= 2;
    tdigest *d = digest_move(ctx, &t->heap, w, n, wide);
    __builtin_memcpy(d->count, counts, sizeof d->count);
    __builtin_memcpy(&d->least, counts + 32, 16);
    d->n = n;
    d->waiting = waiting;
    int64_t bytes = n * (int64_t)sizeof(centroid);
    if (bytes) __builtin_memcpy(digest_centroids(d), p, (size_t)bytes);
    if (waiting) __builtin_memcpy(digest_buffer(d), p + bytes, (size_t)waiting * 8);
}

/* ---- Space-Saving: k, then count and value of each counter in the order of numbers --------- */

void k_save_counters(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    counters *c = (counters *)w[0];
    (void)t;
    k_bytes_u64(ctx, out, c ? w[1] : 0);
    k_bytes_u64(ctx, out, c ? (uint64_t)c->n : 0);
    for (int64_t i = 0; c && i < c->n; i++) {
        k_bytes_u64(ctx, out, (uint64_t)counters_of(c)[i].count);
        k_save_cell(ctx, t, counters_of(c)[i].value, out);
    }
}

void k_load_counters(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    int64_t k = (int64_t)k_saved_u64(in), n = (int64_t)k_saved_u64(in);
    if (k < 0 || k > 1 << 24 || n < 0 || n > 8 * k) in->bad = 1;
    for (int64_t i = 0; i < n && !in->bad; i++) {
        int64_t count = (int64_t)k_saved_u64(in), len = k_saved_u32(in);
        const uint8_t *p = k_saved_formed(ctx, in, len, in->form);
        if (!p) return;
        counters *c = (counters *)w[0];
        if (!c || c->n == c->room) c = counters_grow(ctx, &t->heap, w, k);
        uint32_t number = (uint32_t)c->n++;
        counter *mine = counters_of(c) + number;
        counters_order(c)[number] = mine->place = number;
        mine->count = count;
        mine->hash = (uint32_t)hll_hash(p, len);
        flow_k_cell_set(ctx, &t->heap, mine->value, p, len);
        *counters_slot(c, p, len, mine->hash) = number + 1;
        counters_rise(c, number);
    }
}
