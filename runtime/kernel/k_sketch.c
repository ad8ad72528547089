/* k_sketch.c - aggregates that estimate in bounded memory: approx_distinct, quantile,
 * median, top_k.
 *
 * HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) with 2^14 registers and the estimator
 * of Ertl ("New cardinality estimation algorithms for HyperLogLog sketches", 2017): the
 * standard error is 1.04 / sqrt(2^14) = 0.81 %.  Up to 1024 different hashes are kept as
 * they are; the registers they make are the same, so neither merging nor the moment of the
 * change shows.
 *
 * The t-digest of Dunning and Ertl ("Computing extremely accurate quantiles using
 * t-digests", 2019), compression 200, in its merging form: values wait in a buffer and are
 * merged when it is full, which depends on their number alone.  A centroid may grow to
 * n * (2 pi / 200) * sqrt(q (1 - q)) at the nearer of its ends: the slope of their scale
 * function k1, without its arcsine, so that the result is the same with any C library.
 * Infinities and NaN are counted apart.  Few values stay as they are.
 *
 * Space-Saving (Metwally, Agrawal, El Abbadi 2005) with 8 k counters: a value that comes
 * more often than in 1 of 8 k rows is among them, and a count is too high by at most
 * n / (8 k). */
#include "runtime/kernel/k_agg.h"
#include "runtime/kernel/k_agg_form.h"
#include "runtime/kernel/k_hash.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_set.h"
#include "runtime/kernel/k_sort.h"
#include "runtime/kernel/k_type.h"

/* ---- HyperLogLog: two words, as a set of hashes, or the address of the registers ------- */

#define HLL_BITS 14
#define HLL_REGISTERS (1 << HLL_BITS)
#define HLL_RANKS (64 - HLL_BITS)
#define HLL_SPARSE 1024
#define HLL_DENSE ((uint64_t)1 << 63) /* of the second word */

/* The hash that chooses partitions would favour registers within one: mix it once more
 * (the finalizer of splitmix64, Steele, Lea, Flood 2014). */
static uint64_t hll_hash(const uint8_t *key, int64_t len) {
    uint64_t h = (uint64_t)flow_k_part_bytes(key, len) + UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
    return h ^ h >> 31;
}

static void hll_put(uint8_t *registers, uint64_t hash) {
    uint64_t rest = hash << HLL_BITS;
    int rank = rest ? __builtin_clzll(rest) + 1 : HLL_RANKS + 1;
    uint8_t *r = registers + (hash >> (64 - HLL_BITS));
    if (*r < rank) *r = (uint8_t)rank;
}

static void hll_put_all(flow_ctx *ctx, uint8_t *registers, const uint64_t *set) {
    uint64_t bytes[2], hash;
    k_set_bytes(ctx, set, 0, bytes);
    for (uint64_t i = 0; i < bytes[1]; i += 8) {
        __builtin_memcpy(&hash, (const uint8_t *)bytes[0] + i, 8);
        hll_put(registers, hash);
    }
}

static void hll_densify(AGG_HEAD) {
    uint8_t *registers = flow_k_heap_alloc(ctx, heap, HLL_REGISTERS);
    void *mark = flow_k_mark(ctx);
    __builtin_memset(registers, 0, HLL_REGISTERS);
    hll_put_all(ctx, registers, state);
    if (heap) flow_k_reset(ctx, mark);
    k_set_drop(ctx, heap, state, 0);
    state[0] = (uint64_t)registers;
    state[1] = HLL_DENSE;
}

static void hll_add(AGG_HEAD, uint64_t hash) {
    if (state[1] & HLL_DENSE) {
        hll_put((uint8_t *)state[0], hash);
        return;
    }
    k_set_add_i64(ctx, heap, state, (int64_t)hash);
    if (k_set_count(state) > HLL_SPARSE) hll_densify(ctx, heap, state);
}

FLOW_FAR AGG_STEP(approx_distinct_g, const uint64_t *x) {
    void *mark = flow_k_mark(ctx);
    uint8_t *key = flow_k_alloc(ctx, flow_k_key_bound(x, tc));
    uint64_t hash = hll_hash(key, flow_k_key_put(key, x, tc) - key);
    if (heap) flow_k_reset(ctx, mark);
    hll_add(ctx, heap, state, hash);
}

/* A part is the hashes, 8 bytes each, or the registers and a byte more. */
AGG_PARTIAL(approx_distinct_g) {
    AGG_UNUSED;
    if (!(state[1] & HLL_DENSE)) {
        k_set_bytes(ctx, state, 0, columns);
        return;
    }
    uint8_t *copy = flow_k_alloc(ctx, HLL_REGISTERS + 1);
    __builtin_memcpy(copy, (const uint8_t *)state[0], HLL_REGISTERS);
    copy[HLL_REGISTERS] = 0;
    columns[0] = (uint64_t)copy;
    columns[1] = HLL_REGISTERS + 1;
}

FLOW_FAR AGG_MERGE(approx_distinct_g) {
    const uint8_t *p = (const uint8_t *)columns[0];
    AGG_UNUSED;
    if (columns[1] % 8 == 0) {
        for (uint64_t i = 0, hash; i < columns[1]; i += 8) {
            __builtin_memcpy(&hash, p + i, 8);
            hll_add(ctx, heap, state, hash);
        }
        return;
    }
    if (columns[1] != HLL_REGISTERS + 1) return; /* no state gives such bytes */
    if (!(state[1] & HLL_DENSE)) hll_densify(ctx, heap, state);
    uint8_t *to = (uint8_t *)state[0];
    for (int i = 0; i < HLL_REGISTERS; i++)
        if (to[i] < p[i]) to[i] = p[i];
}

/* Ertl 2017, algorithm 6: sigma and tau. */
static double hll_sigma(double x) {
    if (x == 1) return __builtin_inf();
    double y = 1, z = x;
    for (double before = -1; z != before;) {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    }
    return z;
}

static double hll_tau(double x) {
    if (x == 0 || x == 1) return 0;
    double y = 1, z = 1 - x;
    for (double before = -1; z != before;) {
        x = __builtin_sqrt(x);
        before = z;
        y /= 2;
        z -= (1 - x) * (1 - x) * y;
    }
    return z / 3;
}

static double hll_estimate(const uint8_t *registers) {
    int64_t count[HLL_RANKS + 2] = {0};
    const double m = HLL_REGISTERS, two_ln2 = 1.38629436111989061883;
    for (int i = 0; i < HLL_REGISTERS; i++) count[registers[i]]++;
    double z = m * hll_tau(1 - (double)count[HLL_RANKS + 1] / m);
    for (int k = HLL_RANKS; k > 0; k--) z = (z + (double)count[k]) / 2;
    z += m * hll_sigma((double)count[0] / m);
    return m * m / (two_ln2 * z);
}

FLOW_FAR AGG_RESULT(approx_distinct_g) {
    const uint8_t *registers = (const uint8_t *)state[0];
    void *mark = flow_k_mark(ctx);
    AGG_UNUSED;
    if (!(state[1] & HLL_DENSE)) {
        uint8_t *made = flow_k_alloc(ctx, HLL_REGISTERS);
        __builtin_memset(made, 0, HLL_REGISTERS);
        hll_put_all(ctx, made, state);
        registers = made;
    }
    out[0] = (uint64_t)(int64_t)(hll_estimate(registers) + 0.5);
    flow_k_reset(ctx, mark);
    return 0;
}

AGG_DROP(approx_distinct_g) {
    AGG_UNUSED;
    if (state[1] & HLL_DENSE)
        flow_k_heap_free(ctx, heap, (void *)state[0], HLL_REGISTERS);
    else
        k_set_drop(ctx, heap, state, 0);
    state[0] = state[1] = 0;
}

/* ---- t-digest: address, bytes there, the part asked for --------------------------------- */

#define DIGEST_BUFFER 1024
#define DIGEST_STEP 0.0314159265358979323846 /* 2 pi / 200 */

typedef struct centroid {
    double mean, weight;
} centroid;

/* In the heap: this, `room` centroids, `wide` values. */
typedef struct tdigest {
    int64_t count[4];   /* finite values, -inf, inf, NaN */
    double least, most; /* of the finite ones */
    int64_t n, room;    /* centroids */
    int64_t waiting, wide;
} tdigest;

static centroid *digest_centroids(tdigest *d) {
    return (centroid *)(d + 1);
}

static double *digest_buffer(tdigest *d) {
    return (double *)(digest_centroids(d) + d->room);
}

static int64_t digest_bytes(int64_t room, int64_t wide) {
    return (int64_t)sizeof(tdigest) + room * (int64_t)sizeof(centroid) + wide * 8;
}

/* Moves it to another size; both parts keep what they hold. */
static tdigest *digest_move(AGG_HEAD, int64_t room, int64_t wide) {
    tdigest *old = (tdigest *)state[0];
    int64_t bytes = digest_bytes(room, wide);
    tdigest *d = flow_k_heap_alloc(ctx, heap, bytes);
    __builtin_memset(d, 0, sizeof *d);
    if (old) {
        *d = *old;
        d->room = room;
        __builtin_memcpy(digest_centroids(d), digest_centroids(old),
                         (size_t)old->n * sizeof(centroid));
        __builtin_memcpy(digest_buffer(d), digest_buffer(old), (size_t)old->waiting * 8);
        flow_k_heap_free(ctx, heap, old, (int64_t)state[1]);
    }
    d->room = room;
    d->wide = wide;
    state[0] = (uint64_t)d;
    state[1] = (uint64_t)bytes;
    return d;
}

/* Heap sort, in place: finite values only. */
static void sort_doubles(double *v, int64_t n) {
    for (int64_t i = n / 2, end = n; end > 1;) {
        double x;
        if (i > 0) {
            x = v[--i];
        } else {
            x = v[--end];
            v[end] = v[0];
        }
        int64_t at = i;
        for (int64_t child = 2 * at + 1; child < end; child = 2 * at + 1) {
            if (child + 1 < end && v[child + 1] > v[child]) child++;
            if (v[child] <= x) break;
            v[at] = v[child];
            at = child;
        }
        v[at] = x;
    }
}

/* May values from rank `from` to `to` (of n) be one centroid? */
static int digest_fits(double from, double to, double n) {
    double a = from / n, b = to / n, x = a * (1 - a), y = b * (1 - b);
    double least = x < y ? x : y, most = n * DIGEST_STEP * __builtin_sqrt(least > 0 ? least : 0);
    return to - from <= most;
}

/* Centroids and waiting values, merged in order, into `out`; returns how many. */
static int64_t digest_merge(tdigest *d, centroid *out) {
    const centroid *c = digest_centroids(d);
    const double *v = digest_buffer(d), n = (double)d->count[0];
    int64_t i = 0, k = 0, last = -1;
    double from = 0, to = 0;
    sort_doubles(digest_buffer(d), d->waiting);
    while (i < d->n || k < d->waiting) {
        int of_buffer = i == d->n || (k < d->waiting && v[k] < c[i].mean);
        centroid next = of_buffer ? (centroid){v[k++], 1} : c[i++];
        if (last >= 0 && digest_fits(from, to + next.weight, n)) {
            centroid *o = &out[last];
            o->weight += next.weight;
            o->mean += (next.mean - o->mean) * (next.weight / o->weight);
        } else {
            from = to;
            out[++last] = next;
        }
        to += next.weight;
    }
    return last + 1;
}

static tdigest *digest_compress(AGG_HEAD) {
    tdigest *d = (tdigest *)state[0];
    void *mark = flow_k_mark(ctx);
    int64_t most = d->n + d->waiting;
    centroid *out = flow_k_alloc(ctx, most * (int64_t)sizeof *out);
    int64_t n = digest_merge(d, out);
    d->n = d->waiting = 0;
    if (d->room < n) d = digest_move(ctx, heap, state, n + n / 4, d->wide);
    __builtin_memcpy(digest_centroids(d), out, (size_t)n * sizeof *out);
    d->n = n;
    if (heap) flow_k_reset(ctx, mark);
    return d;
}

static void digest_add(AGG_HEAD, double x) {
    tdigest *d = (tdigest *)state[0];
    if (!d) d = digest_move(ctx, heap, state, 0, 8);
    int kind = x != x ? 3 : x == __builtin_inf() ? 2 : x == -__builtin_inf() ? 1 : 0;
    if (kind) {
        d->count[kind]++;
        return;
    }
    if (d->waiting == DIGEST_BUFFER)
        d = digest_compress(ctx, heap, state);
    else if (d->waiting == d->wide)
        d = digest_move(ctx, heap, state, d->room, 2 * d->wide);
    if (!d->count[0] || x < d->least) d->least = x;
    if (!d->count[0] || x > d->most) d->most = x;
    digest_buffer(d)[d->waiting++] = x;
    d->count[0]++;
}

static double between(double a, double b, double part) {
    return a + (b - a) * part;
}

/* The value at `rank` (0 to n) among n in centroids: a centroid stands at its middle. */
static double digest_at(const tdigest *d, const centroid *c, int64_t n, double rank) {
    double before = 0, middle = 0;
    for (int64_t i = 0; i < n; i++) {
        double here = before + c[i].weight / 2;
        if (rank <= here) {
            if (i > 0)
                return between(c[i - 1].mean, c[i].mean, (rank - middle) / (here - middle));
            return c[0].weight > 1 ? between(d->least, c[0].mean, rank / here) : c[0].mean;
        }
        middle = here;
        before += c[i].weight;
    }
    if (!n) return __builtin_nan(""); /* as many as are counted there are, but in a forged state */
    const centroid *end = &c[n - 1];
    if (end->weight <= 1) return end->mean;
    return between(end->mean, d->most, (rank - middle) / (before - middle));
}

static double digest_quantile(flow_ctx *ctx, tdigest *d, double q) {
    double below = (double)d->count[1], finite = (double)d->count[0];
    double rank = q * (below + finite + (double)(d->count[2] + d->count[3]));
    if (d->count[1] && rank <= below) return -__builtin_inf();
    rank -= below;
    if (!d->count[0] || (rank > finite && d->count[2] + d->count[3]))
        return rank <= finite + (double)d->count[2] && d->count[2] ? __builtin_inf()
                                                                   : __builtin_nan("");
    centroid *out = flow_k_alloc(ctx, (d->n + d->waiting) * (int64_t)sizeof *out);
    return digest_at(d, out, digest_merge(d, out), rank);
}

static int32_t digest_result(flow_ctx *ctx, const uint64_t *state, double q, uint64_t *out) {
    tdigest *d = (tdigest *)state[0];
    void *mark = flow_k_mark(ctx);
    out[0] = out[1] = 0;
    if (!d) return 0;
    out[0] = agg_bits(digest_quantile(ctx, d, q));
    out[1] = 1;
    flow_k_reset(ctx, mark);
    return 0;
}

static void digest_drop(AGG_HEAD) {
    if (state[0]) flow_k_heap_free(ctx, heap, (void *)state[0], (int64_t)state[1]);
    state[0] = state[1] = 0;
}

FLOW_FAR AGG_STEP(quantile_f, double x, double q) {
    digest_add(ctx, heap, state, x);
    state[2] = agg_bits(q);
    AGG_UNUSED;
}
FLOW_FAR AGG_RESULT(quantile_f) {
    return AGG_UNUSED, digest_result(ctx, state, agg_float(state[2]), out);
}
AGG_DROP(quantile_f) {
    digest_drop(ctx, heap, state), AGG_UNUSED;
}

FLOW_FAR AGG_STEP(median_f, double x) {
    digest_add(ctx, heap, state, x);
    AGG_UNUSED;
}
FLOW_FAR AGG_RESULT(median_f) {
    return AGG_UNUSED, digest_result(ctx, state, 0.5, out);
}
AGG_DROP(median_f) {
    digest_drop(ctx, heap, state), AGG_UNUSED;
}

/* ---- Space-Saving: address, k ---------------------------------------------------------- */

typedef struct counter {
    int64_t count;
    uint64_t value[2]; /* a cell: key bytes */
    uint32_t hash, place; /* place in the order of counts */
} counter;

/* In the heap: this, `room` counters, then the numbers of the counters as a heap whose
 * first has the least count, then an index of twice as many slots, number + 1. */
typedef struct counters {
    int64_t n, room, most;
} counters;

static counter *counters_of(counters *c) {
    return (counter *)(c + 1);
}

static uint32_t *counters_order(counters *c) {
    return (uint32_t *)(counters_of(c) + c->room);
}

static uint32_t *counters_index(counters *c) {
    return counters_order(c) + c->room;
}

static int64_t counters_bytes(int64_t room) {
    return (int64_t)sizeof(counters) + room * ((int64_t)sizeof(counter) + 4 + 8);
}

/* Where the counter of these bytes stands in the index, or the slot for it. */
static uint32_t *counters_slot(counters *c, const uint8_t *p, int64_t len, uint32_t hash) {
    uint32_t mask = (uint32_t)(2 * c->room - 1), *index = counters_index(c);
    for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
        if (!index[at]) return &index[at];
        const counter *k = counters_of(c) + (index[at] - 1);
        uint64_t text[2];
        if (k->hash != hash) continue;
        flow_k_cell_get(k->value, text);
        if ((int64_t)text[1] == len && !__builtin_memcmp((void *)text[0], p, (size_t)len))
            return &index[at];
    }
}

static counters *counters_grow(AGG_HEAD, int64_t k) {
    counters *old = (counters *)state[0];
    int64_t room = old ? old->room * 2 : 8;
    counters *c = flow_k_heap_alloc(ctx, heap, counters_bytes(room));
    __builtin_memset(c, 0, (size_t)counters_bytes(room));
    c->room = room;
    c->most = 8 * k;
    state[0] = (uint64_t)c;
    state[1] = (uint64_t)k;
    if (!old) return c;
    c->n = old->n;
    __builtin_memcpy(counters_of(c), counters_of(old), (size_t)old->n * sizeof(counter));
    __builtin_memcpy(counters_order(c), counters_order(old), (size_t)old->n * 4);
    uint32_t mask = (uint32_t)(2 * room - 1), *index = counters_index(c);
    for (int64_t i = 0; i < c->n; i++) {
        uint32_t at = counters_of(c)[i].hash & mask;
        while (index[at]) at = (at + 1) & mask;
        index[at] = (uint32_t)i + 1;
    }
    flow_k_heap_free(ctx, heap, old, counters_bytes(old->room));
    return c;
}

/* Less often, or as often and met earlier. */
static int counter_below(counters *c, uint32_t a, uint32_t b) {
    const counter *all = counters_of(c);
    return all[a].count < all[b].count || (all[a].count == all[b].count && a < b);
}

static void counters_sink(counters *c, int64_t at) {
    uint32_t *order = counters_order(c), moved = order[at];
    for (int64_t child = 2 * at + 1; child < c->n; child = 2 * at + 1) {
        if (child + 1 < c->n && counter_below(c, order[child + 1], order[child])) child++;
        if (!counter_below(c, order[child], moved)) break;
        order[at] = order[child];
        counters_of(c)[order[at]].place = (uint32_t)at;
        at = child;
    }
    order[at] = moved;
    counters_of(c)[moved].place = (uint32_t)at;
}

static void counters_rise(counters *c, int64_t at) {
    uint32_t *order = counters_order(c), moved = order[at];
    for (; at > 0 && counter_below(c, moved, order[(at - 1) / 2]); at = (at - 1) / 2) {
        order[at] = order[(at - 1) / 2];
        counters_of(c)[order[at]].place = (uint32_t)at;
    }
    order[at] = moved;
    counters_of(c)[moved].place = (uint32_t)at;
}

/* Takes the counter's slot out of the index and closes the gap (Knuth, 6.4 R). */
static void counters_forget(counters *c, uint32_t number) {
    uint32_t mask = (uint32_t)(2 * c->room - 1), *index = counters_index(c);
    uint32_t at = counters_of(c)[number].hash & mask;
    while (index[at] != number + 1) at = (at + 1) & mask;
    for (uint32_t next = (at + 1) & mask; index[next]; next = (next + 1) & mask) {
        uint32_t home = counters_of(c)[index[next] - 1].hash & mask;
        if (((next - home) & mask) < ((next - at) & mask)) continue;
        index[at] = index[next];
        at = next;
    }
    index[at] = 0;
}

static void counters_add(AGG_HEAD, const uint8_t *p, int64_t len, int64_t k) {
    uint32_t hash = (uint32_t)hll_hash(p, len);
    counters *c = (counters *)state[0];
    if (!c) c = counters_grow(ctx, heap, state, k);
    uint32_t *slot = counters_slot(c, p, len, hash), number;
    if (*slot) {
        counter *found = counters_of(c) + (*slot - 1);
        found->count++;
        counters_sink(c, found->place);
        return;
    }
    if (c->n < c->most) {
        if (c->n == c->room) c = counters_grow(ctx, heap, state, k);
        number = (uint32_t)c->n++;
        counters_order(c)[number] = number;
        counters_of(c)[number].place = number;
        counters_of(c)[number].count = 1;
    } else {
        number = counters_order(c)[0];
        counters_forget(c, number);
        counters_of(c)[number].count++;
    }
    counter *mine = counters_of(c) + number;
    mine->hash = hash;
    flow_k_cell_set(ctx, heap, mine->value, p, len);
    *counters_slot(c, p, len, hash) = number + 1;
    if (mine->count == 1)
        counters_rise(c, mine->place);
    else
        counters_sink(c, mine->place);
}

FLOW_FAR AGG_STEP(top_k_g, const uint64_t *x, int64_t k) {
    void *mark = flow_k_mark(ctx);
    uint8_t *key = flow_k_alloc(ctx, flow_k_key_bound(x, tc));
    int64_t len = flow_k_key_put(key, x, tc) - key;
    counters_add(ctx, heap, state, key, len, k);
    if (heap) flow_k_reset(ctx, mark);
}

/* Is a to stand before b: more often, or as often and less? */
static int counter_first(const counter *a, const counter *b) {
    if (a->count != b->count) return a->count > b->count;
    uint64_t x[2], y[2];
    flow_k_cell_get(a->value, x);
    flow_k_cell_get(b->value, y);
    uint64_t n = x[1] < y[1] ? x[1] : y[1];
    int order = n ? __builtin_memcmp((void *)x[0], (void *)y[0], n) : 0;
    return order ? order < 0 : x[1] < y[1];
}

FLOW_FAR AGG_RESULT(top_k_g) {
    counters *c = (counters *)state[0];
    AGG_UNUSED;
    out[0] = out[1] = 0;
    if (!c) return 0;
    int64_t k = (int64_t)state[1], n = 0, words = flow_k_type_words(tc) + 1;
    uint64_t *list = flow_k_alloc(ctx, (k < c->n ? k : c->n) * words * 8 + 8);
    const counter **best = flow_k_alloc(ctx, (k + 1) * (int64_t)sizeof *best);
    for (int64_t i = 0; i < c->n; i++) {
        const counter *mine = counters_of(c) + i;
        int64_t at = n;
        for (; at > 0 && counter_first(mine, best[at - 1]); at--) best[at] = best[at - 1];
        best[at] = mine;
        if (n < k) n++;
    }
    for (int64_t i = 0; i < n; i++) {
        uint64_t text[2];
        flow_k_cell_get(best[i]->value, text);
        flow_k_key_get(ctx, (const uint8_t *)text[0], list + i * words, tc);
        list[(i + 1) * words - 1] = (uint64_t)best[i]->count;
    }
    out[0] = n ? (uint64_t)list : 0;
    out[1] = (uint64_t)n;
    return 0;
}

AGG_DROP(top_k_g) {
    counters *c = (counters *)state[0];
    AGG_UNUSED;
    if (!c) return;
    for (int64_t i = 0; i < c->n; i++) flow_k_cell_drop(ctx, heap, counters_of(c)[i].value);
    flow_k_heap_free(ctx, heap, c, counters_bytes(c->room));
    state[0] = state[1] = 0;
}
