/* k_key.c - key bytes: writing, reading, and their descending form.
 *
 * One walk serves both forms: every byte but the flags of T? is xor-ed with `flip`, 00
 * or FF.  Text is copied in runs between zero bytes, which are rare. */
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"

#define KEY_SIGN ((uint64_t)1 << 63)

FLOW_INLINE uint8_t *key_u64(uint8_t *p, uint64_t v, uint64_t flip) {
    v = __builtin_bswap64(v ^ flip);
    __builtin_memcpy(p, &v, 8);
    return p + 8;
}

FLOW_INLINE uint64_t key_read(const uint8_t *p, uint64_t flip) {
    uint64_t v;
    __builtin_memcpy(&v, p, 8);
    return __builtin_bswap64(v) ^ flip;
}

FLOW_INLINE double key_double(uint64_t bits) {
    double x;
    __builtin_memcpy(&x, &bits, 8);
    return x;
}

/* ---- one leaf -------------------------------------------------------------------- */

uint8_t *flow_k_key_i64(uint8_t *p, int64_t v) {
    return key_u64(p, (uint64_t)v, KEY_SIGN);
}

uint8_t *flow_k_key_f64(uint8_t *p, double v) {
    return flow_k_key_i64(p, flow_k_rank_f64(v));
}

uint8_t *flow_k_key_bool(uint8_t *p, int32_t v) {
    *p = (uint8_t)v;
    return p + 1;
}

uint8_t *flow_k_key_decimal(uint8_t *p, int64_t low, int64_t high) {
    return key_u64(key_u64(p, (uint64_t)high, KEY_SIGN), (uint64_t)low, 0);
}

uint8_t *flow_k_key_tag(uint8_t *p, int64_t tag) {
    p[0] = (uint8_t)(tag >> 8);
    p[1] = (uint8_t)tag;
    return p + 2;
}

uint8_t *flow_k_key_flag(uint8_t *p, int32_t has) {
    *p = has ? 1 : 2;
    return p + 1;
}

uint8_t *flow_k_key_text(uint8_t *p, const uint8_t *ptr, int64_t len) {
    while (len > 0) {
        const uint8_t *zero = __builtin_memchr(ptr, 0, (size_t)len);
        int64_t n = zero ? zero - ptr + 1 : len;
        __builtin_memcpy(p, ptr, (size_t)n);
        p += n;
        if (zero) *p++ = 0xff;
        ptr += n;
        len -= n;
    }
    p[0] = p[1] = 0;
    return p + 2;
}

void flow_k_key_invert(uint8_t *from, uint8_t *to) {
    while (from < to)
        *from++ ^= 0xff;
}

/* ---- any value: bound ------------------------------------------------------------ */

typedef struct key_walk {
    const uint64_t *w; /* the words that come next */
    const uint8_t *tc;
} key_walk;

static int64_t key_bound(key_walk *k);

static int64_t key_bound_list(key_walk *k, int fields) {
    key_walk e = {(const uint64_t *)k->w[0], k->tc};
    int64_t n = 1, count = (int64_t)k->w[1];
    for (int64_t i = 0; i < count; i++) {
        e.tc = k->tc;
        n++;
        for (int f = 0; f < fields; f++)
            n += key_bound(&e);
    }
    while (fields--)
        k->tc = flow_k_type_skip(k->tc);
    k->w += 2;
    return n;
}

/* Stands behind the tag's variant name: the payload of `tag`. */
static const uint8_t *key_variant(const uint8_t *tc, uint64_t tag) {
    tc++;
    while (tag--)
        tc = flow_k_type_skip(flow_type_name_skip(tc));
    return flow_type_name_skip(tc);
}

static int64_t key_bound(key_walk *k) {
    const uint64_t *w = k->w;
    int64_t n = 0;
    switch (*k->tc++) {
    case 'b': k->w++; return 1;
    case 's':
    case 'y': k->w += 2; return 2 * (int64_t)w[1] + 2;
    case 'D':
        k->w += 2;
        k->tc += 2;
        return 16;
    case '?':
        n = key_bound(k);
        k->w++;
        return n + 1;
    case '[': return key_bound_list(k, 1);
    case '<': return key_bound_list(k, 2);
    case '{': {
        int fields = *k->tc++;
        while (fields--) {
            k->tc = flow_type_name_skip(k->tc);
            n += key_bound(k);
        }
        return n;
    }
    case '|': {
        const uint8_t *whole = k->tc - 1;
        key_walk e = {w + 1, key_variant(k->tc, w[0])};
        n = 2 + key_bound(&e);
        k->w += flow_k_type_words(whole);
        k->tc = flow_k_type_skip(whole);
        return n;
    }
    default: k->w++; return 8; /* i f t d */
    }
}

int64_t flow_k_key_bound(const uint64_t *words, const uint8_t *tc) {
    key_walk k = {words, tc};
    return key_bound(&k);
}

/* ---- any value: write ------------------------------------------------------------ */

static uint8_t *key_put(uint8_t *p, key_walk *k, uint8_t flip);

static uint8_t *key_put_list(uint8_t *p, key_walk *k, int fields, uint8_t flip) {
    key_walk e = {(const uint64_t *)k->w[0], k->tc};
    int64_t count = (int64_t)k->w[1];
    for (int64_t i = 0; i < count; i++) {
        e.tc = k->tc;
        *p++ = 1 ^ flip;
        for (int f = 0; f < fields; f++)
            p = key_put(p, &e, flip);
    }
    *p++ = flip;
    while (fields--)
        k->tc = flow_k_type_skip(k->tc);
    k->w += 2;
    return p;
}

static uint8_t *key_put_optional(uint8_t *p, key_walk *k, uint8_t flip) {
    int64_t n = flow_k_type_words(k->tc);
    if (k->w[n]) {
        p = key_put(flow_k_key_flag(p, 1), k, flip);
        k->w++;
        return p;
    }
    k->w += n + 1;
    k->tc = flow_k_type_skip(k->tc);
    return flow_k_key_flag(p, 0);
}

static uint8_t *key_put_tagged(uint8_t *p, key_walk *k, uint8_t flip) {
    const uint8_t *whole = k->tc - 1;
    key_walk e = {k->w + 1, key_variant(k->tc, k->w[0])};
    uint8_t *from = p;
    p = flow_k_key_tag(p, (int64_t)k->w[0]);
    if (flip) flow_k_key_invert(from, p);
    p = key_put(p, &e, flip);
    k->w += flow_k_type_words(whole);
    k->tc = flow_k_type_skip(whole);
    return p;
}

static uint8_t *key_put(uint8_t *p, key_walk *k, uint8_t flip) {
    const uint64_t *w = k->w;
    uint8_t *from = p;
    switch (*k->tc++) {
    case 'b':
        p = flow_k_key_bool(p, (int32_t)w[0]);
        k->w++;
        break;
    case 'f':
        p = flow_k_key_f64(p, key_double(w[0]));
        k->w++;
        break;
    case 's':
    case 'y':
        p = flow_k_key_text(p, (const uint8_t *)w[0], (int64_t)w[1]);
        k->w += 2;
        break;
    case 'D':
        p = flow_k_key_decimal(p, (int64_t)w[0], (int64_t)w[1]);
        k->w += 2;
        k->tc += 2;
        break;
    case '?': return key_put_optional(p, k, flip);
    case '[': return key_put_list(p, k, 1, flip);
    case '<': return key_put_list(p, k, 2, flip);
    case '|': return key_put_tagged(p, k, flip);
    case '{': {
        int fields = *k->tc++;
        while (fields--) {
            k->tc = flow_type_name_skip(k->tc);
            p = key_put(p, k, flip);
        }
        return p;
    }
    default:
        p = flow_k_key_i64(p, (int64_t)w[0]);
        k->w++;
        break;
    }
    if (flip) flow_k_key_invert(from, p);
    return p;
}

uint8_t *flow_k_key_put(uint8_t *p, const uint64_t *words, const uint8_t *tc) {
    key_walk k = {words, tc};
    return key_put(p, &k, 0);
}

uint8_t *flow_k_key_put_desc(uint8_t *p, const uint64_t *words, const uint8_t *tc) {
    key_walk k = {words, tc};
    return key_put(p, &k, 0xff);
}

/* ---- any value: read ------------------------------------------------------------- */

typedef struct key_reader {
    flow_ctx *ctx;
    const uint8_t *p;
    uint8_t flip;
} key_reader;

/* Reads one value to w; returns one past its type code. */
static const uint8_t *key_get(key_reader *r, uint64_t *w, const uint8_t *tc);

static void key_get_text(key_reader *r, uint64_t *w) {
    const uint8_t *p = r->p, flip = r->flip;
    int64_t n = 0, escapes = 0;
    while (p[0] != flip || p[1] != flip) {
        int escape = p[0] == flip;
        escapes += escape;
        p += 1 + escape;
        n++;
    }
    w[0] = (uint64_t)r->p;
    w[1] = (uint64_t)n;
    if (escapes || flip) {
        uint8_t *to = flow_k_alloc(r->ctx, n);
        const uint8_t *q = r->p;
        w[0] = (uint64_t)to;
        for (int64_t i = 0; i < n; i++) {
            to[i] = *q ^ flip;
            q += to[i] ? 1 : 2;
        }
    }
    r->p = p + 2;
}

static const uint8_t *key_get_list(key_reader *r, uint64_t *w, const uint8_t *tc,
                                   int fields) {
    const uint8_t *end = tc;
    int64_t words = 0, room = 4, count = 0;
    for (int f = 0; f < fields; f++) {
        words += flow_k_type_words(end);
        end = flow_k_type_skip(end);
    }
    uint64_t *list = 0;
    while (*r->p++ == (1 ^ r->flip)) {
        if (!list || count == room) {
            if (list) room *= 2;
            uint64_t *more = flow_k_alloc(r->ctx, room * words * 8);
            if (count) __builtin_memcpy(more, list, (size_t)(count * words * 8));
            list = more;
        }
        uint64_t *to = list + count++ * words;
        const uint8_t *field = tc;
        for (int f = 0; f < fields; f++) {
            int64_t n = flow_k_type_words(field);
            field = key_get(r, to, field);
            to += n;
        }
    }
    w[0] = (uint64_t)list;
    w[1] = (uint64_t)count;
    return end;
}

static const uint8_t *key_get_optional(key_reader *r, uint64_t *w, const uint8_t *tc) {
    int64_t n = flow_k_type_words(tc);
    w[n] = *r->p++ == 1;
    if (w[n]) return key_get(r, w, tc);
    __builtin_memset(w, 0, (size_t)n * 8);
    return flow_k_type_skip(tc);
}

static const uint8_t *key_get_tagged(key_reader *r, uint64_t *w, const uint8_t *tc) {
    const uint8_t *whole = tc - 1;
    __builtin_memset(w, 0, (size_t)flow_k_type_words(whole) * 8);
    w[0] = (uint64_t)(r->p[0] ^ r->flip) << 8 | (uint64_t)(r->p[1] ^ r->flip);
    r->p += 2;
    key_get(r, w + 1, key_variant(tc, w[0]));
    return flow_k_type_skip(whole);
}

static const uint8_t *key_get(key_reader *r, uint64_t *w, const uint8_t *tc) {
    uint64_t flip = r->flip ? ~(uint64_t)0 : 0;
    uint8_t kind = *tc++;
    switch (kind) {
    case 'b': w[0] = *r->p++ ^ r->flip; return tc;
    case 's':
    case 'y': key_get_text(r, w); return tc;
    case 'D':
        w[1] = key_read(r->p, flip) ^ KEY_SIGN;
        w[0] = key_read(r->p + 8, flip);
        r->p += 16;
        return tc + 2;
    case '?': return key_get_optional(r, w, tc);
    case '[': return key_get_list(r, w, tc, 1);
    case '<': return key_get_list(r, w, tc, 2);
    case '|': return key_get_tagged(r, w, tc);
    case '{': {
        int fields = *tc++;
        while (fields--) {
            tc = flow_type_name_skip(tc);
            int64_t n = flow_k_type_words(tc);
            tc = key_get(r, w, tc);
            w += n;
        }
        return tc;
    }
    default:
        w[0] = key_read(r->p, flip) ^ KEY_SIGN;
        r->p += 8;
        if (kind == 'f') {
            double x = flow_k_unrank_f64((int64_t)w[0]);
            __builtin_memcpy(w, &x, 8);
        }
        return tc;
    }
}

const uint8_t *flow_k_key_get(flow_ctx *ctx, const uint8_t *p, uint64_t *words,
                              const uint8_t *tc) {
    key_reader r = {ctx, p, 0};
    key_get(&r, words, tc);
    return r.p;
}

const uint8_t *flow_k_key_get_desc(flow_ctx *ctx, const uint8_t *p, uint64_t *words,
                                   const uint8_t *tc) {
    key_reader r = {ctx, p, 0xff};
    key_get(&r, words, tc);
    return r.p;
}
