/* kernel_values.c - random types and values. */
#include "tests/unit/kernel/kernel_values.h"

#include <stdio.h>
#include <string.h>

#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_type.h"

uint64_t rnd_next(rnd *r) {
    r->s ^= r->s << 13;
    r->s ^= r->s >> 7;
    r->s ^= r->s << 17;
    return r->s * 0x2545F4914F6CDD1Du;
}

int64_t rnd_below(rnd *r, int64_t n) {
    return (int64_t)(rnd_next(r) >> 33) % n;
}

int64_t rnd_int(rnd *r) {
    static const int64_t edge[] = {0, 1, -1, 255, 256, -256, INT64_MAX, INT64_MIN};
    switch (rnd_below(r, 4)) {
    case 0: return edge[rnd_below(r, 8)];
    case 1: return (int64_t)rnd_next(r);
    default: return rnd_below(r, 7) - 3;
    }
}

double rnd_float(rnd *r) {
    static const double edge[] = {0.0, -0.0, 1.0, -1.0, 1e300, -1e300, 5e-324, -5e-324};
    double x;
    uint64_t bits = rnd_next(r);
    switch (rnd_below(r, 5)) {
    case 0: return edge[rnd_below(r, 8)];
    case 1: memcpy(&x, &bits, 8); return x;
    case 2: return rnd_below(r, 2) ? 1.0 / 0.0 : -1.0 / 0.0;
    case 3: return rnd_below(r, 2) ? 0.0 / 0.0 : -(0.0 / 0.0);
    default: return (double)(rnd_below(r, 7) - 3);
    }
}

static int64_t put_fields(rnd *r, uint8_t *tc, int depth) {
    int64_t n = 0;
    int fields = (int)rnd_below(r, 4);
    tc[n++] = '{';
    tc[n++] = (uint8_t)fields;
    for (int i = 0; i < fields; i++) {
        n += sprintf((char *)tc + n, "f%d", i) + 1;
        n += rnd_type(r, tc + n, depth - 1);
    }
    return n;
}

int64_t rnd_type(rnd *r, uint8_t *tc, int depth) {
    static const char leaf[] = "ifbsytds";
    int64_t n = 0;
    switch (depth <= 0 ? 0 : rnd_below(r, 8)) {
    case 1: memcpy(tc, "D\x26\x04", 3); return 3;
    case 2:
        tc[0] = '?';
        do
            n = rnd_type(r, tc + 1, depth - 1);
        while (tc[1] == '?');
        return n + 1;
    case 3: tc[0] = '['; return 1 + rnd_type(r, tc + 1, depth - 1);
    case 4:
        tc[0] = '<';
        tc[1] = (uint8_t)"isb"[rnd_below(r, 3)];
        return 2 + rnd_type(r, tc + 2, depth - 1);
    case 5: return put_fields(r, tc, depth);
    case 6: {
        int variants = 1 + (int)rnd_below(r, 3);
        tc[n++] = '|';
        tc[n++] = (uint8_t)variants;
        for (int i = 0; i < variants; i++) {
            n += sprintf((char *)tc + n, "V%d", i) + 1;
            n += put_fields(r, tc + n, depth - 1);
        }
        return n;
    }
    default: tc[0] = (uint8_t)leaf[rnd_below(r, 8)]; return 1;
    }
}

/* Letters from few, with zeros and the escape's byte among them; at times long. */
static void rnd_text(rnd *r, flow_ctx *ctx, uint64_t *words) {
    static const uint8_t letters[] = {0, 1, 2, 'a', 'b', 0xfe, 0xff};
    int64_t len = rnd_below(r, 10) ? rnd_below(r, 5) : rnd_below(r, 60);
    uint8_t *p = flow_k_alloc(ctx, len);
    for (int64_t i = 0; i < len; i++)
        p[i] = letters[rnd_below(r, 7)];
    words[0] = len ? (uint64_t)p : 0;
    words[1] = (uint64_t)len;
}

static void rnd_list(rnd *r, flow_ctx *ctx, uint64_t *words, const uint8_t *tc,
                     int fields) {
    int64_t count = rnd_below(r, 4), n = 0;
    const uint8_t *t = tc;
    for (int f = 0; f < fields; f++, t = flow_k_type_skip(t))
        n += flow_k_type_words(t);
    uint64_t *e = flow_k_alloc(ctx, count * n * 8);
    words[0] = count ? (uint64_t)e : 0;
    words[1] = (uint64_t)count;
    for (int64_t i = 0; i < count; i++) {
        t = tc;
        for (int f = 0; f < fields; f++) {
            rnd_value(r, ctx, e, t);
            e += flow_k_type_words(t);
            t = flow_k_type_skip(t);
        }
    }
}

void rnd_value(rnd *r, flow_ctx *ctx, uint64_t *words, const uint8_t *tc) {
    const uint8_t *whole = tc;
    switch (*tc++) {
    case 'f': {
        double x = rnd_float(r);
        memcpy(words, &x, 8);
        return;
    }
    case 'b': words[0] = (uint64_t)rnd_below(r, 2); return;
    case 's':
    case 'y': rnd_text(r, ctx, words); return;
    case 'D':
        words[0] = (uint64_t)rnd_int(r);
        words[1] = (uint64_t)(rnd_int(r) >> 2);
        return;
    case '?': {
        int64_t n = flow_k_type_words(tc);
        memset(words, 0, (size_t)n * 8 + 8);
        words[n] = (uint64_t)rnd_below(r, 2);
        if (words[n]) rnd_value(r, ctx, words, tc);
        return;
    }
    case '[': rnd_list(r, ctx, words, tc, 1); return;
    case '<': rnd_list(r, ctx, words, tc, 2); return;
    case '{': {
        int n = *tc++;
        while (n--) {
            tc = flow_type_name_skip(tc);
            rnd_value(r, ctx, words, tc);
            words += flow_k_type_words(tc);
            tc = flow_k_type_skip(tc);
        }
        return;
    }
    case '|': {
        memset(words, 0, (size_t)flow_k_type_words(whole) * 8);
        int tag = (int)rnd_below(r, *tc++);
        words[0] = (uint64_t)tag;
        while (tag--)
            tc = flow_k_type_skip(flow_type_name_skip(tc));
        rnd_value(r, ctx, words + 1, flow_type_name_skip(tc));
        return;
    }
    default: words[0] = (uint64_t)rnd_int(r); return;
    }
}
