/* k_compare.c - the order of values; k_compare.h says what it is. */
#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_type.h"

/* Where a walk over one or two values of the same type stands. */
typedef struct compare_walk {
    const uint64_t *a, *b;
    const uint8_t *tc;
} compare_walk;

FLOW_INLINE double compare_double(uint64_t bits) {
    double x;
    __builtin_memcpy(&x, &bits, 8);
    return x;
}

int64_t flow_k_rank_f64(double x) {
    int64_t bits;
    __builtin_memcpy(&bits, &x, 8);
    if (x != x) return 0x7ff8000000000000;
    if (x == 0) return 0;
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

double flow_k_unrank_f64(int64_t rank) {
    return compare_double((uint64_t)(rank < 0 ? rank ^ INT64_MAX : rank));
}

FLOW_INLINE int32_t compare_i64(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

int32_t flow_k_compare_f64(double a, double b) {
    return compare_i64(flow_k_rank_f64(a), flow_k_rank_f64(b));
}

int32_t flow_k_equal_f64(double a, double b) {
    return a == b || (a != a && b != b);
}

int32_t flow_k_compare_text(const uint8_t *a, int64_t an, const uint8_t *b, int64_t bn) {
    int64_t n = an < bn ? an : bn;
    if (n > 0) {
        int c = __builtin_memcmp(a, b, (size_t)n);
        if (c) return c < 0 ? -1 : 1;
    }
    return compare_i64(an, bn);
}

int32_t flow_k_equal_text(const uint8_t *a, int64_t an, const uint8_t *b, int64_t bn) {
    return an == bn && (an == 0 || !__builtin_memcmp(a, b, (size_t)an));
}

FLOW_INLINE int32_t compare_decimal(const uint64_t *a, const uint64_t *b) {
    if (a[1] != b[1]) return compare_i64((int64_t)a[1], (int64_t)b[1]);
    return (a[0] > b[0]) - (a[0] < b[0]);
}

/* Compares one value of each side and, if they are equal, leaves the walk behind them. */
static int32_t compare_value(compare_walk *w);

static int32_t compare_list(compare_walk *w, int fields) {
    const uint8_t *tc = w->tc;
    int64_t an = (int64_t)w->a[1], bn = (int64_t)w->b[1];
    compare_walk e = {(const uint64_t *)w->a[0], (const uint64_t *)w->b[0], tc};
    for (int64_t i = 0; i < an && i < bn; i++) {
        e.tc = tc;
        for (int k = 0; k < fields; k++) {
            int32_t c = compare_value(&e);
            if (c) return c;
        }
    }
    if (an != bn) return an < bn ? -1 : 1;
    while (fields--)
        tc = flow_k_type_skip(tc);
    w->tc = tc;
    w->a += 2;
    w->b += 2;
    return 0;
}

static int32_t compare_optional(compare_walk *w) {
    int64_t n = flow_k_type_words(w->tc);
    uint64_t a = w->a[n], b = w->b[n];
    if (a != b) return a ? -1 : 1; /* none is above all */
    if (a) {
        int32_t c = compare_value(w);
        if (c) return c;
    } else {
        w->tc = flow_k_type_skip(w->tc);
        w->a += n;
        w->b += n;
    }
    w->a++;
    w->b++;
    return 0;
}

static int32_t compare_tagged(compare_walk *w) {
    const uint8_t *whole = w->tc - 1;
    uint64_t tag = w->a[0];
    if (tag != w->b[0]) return tag < w->b[0] ? -1 : 1;
    compare_walk e = {w->a + 1, w->b + 1, w->tc + 1};
    for (uint64_t i = 0; i < tag; i++)
        e.tc = flow_k_type_skip(flow_type_name_skip(e.tc));
    e.tc = flow_type_name_skip(e.tc);
    int32_t c = compare_value(&e);
    if (c) return c;
    int64_t n = flow_k_type_words(whole);
    w->a += n;
    w->b += n;
    w->tc = flow_k_type_skip(whole);
    return 0;
}

static int32_t compare_value(compare_walk *w) {
    int32_t c = 0;
    int64_t words = 1;
    switch (*w->tc++) {
    case 'f':
        c = flow_k_compare_f64(compare_double(w->a[0]), compare_double(w->b[0]));
        break;
    case 's':
    case 'y':
        c = flow_k_compare_text((const uint8_t *)w->a[0], (int64_t)w->a[1],
                                (const uint8_t *)w->b[0], (int64_t)w->b[1]);
        words = 2;
        break;
    case 'D':
        c = compare_decimal(w->a, w->b);
        w->tc += 2;
        words = 2;
        break;
    case '?': return compare_optional(w);
    case '[': return compare_list(w, 1);
    case '<': return compare_list(w, 2);
    case '|': return compare_tagged(w);
    case '{': {
        int n = *w->tc++;
        while (n-- && !c) {
            w->tc = flow_type_name_skip(w->tc);
            c = compare_value(w);
        }
        return c;
    }
    default: c = compare_i64((int64_t)w->a[0], (int64_t)w->b[0]); break;
    }
    w->a += words;
    w->b += words;
    return c;
}

int32_t flow_k_compare(const uint64_t *a, const uint64_t *b, const uint8_t *tc) {
    compare_walk w = {a, b, tc};
    return compare_value(&w);
}

int32_t flow_k_equal(const uint64_t *a, const uint64_t *b, const uint8_t *tc) {
    return flow_k_compare(a, b, tc) == 0;
}
