/* k_url.c - percent encoding and the parameters of a query. */
#include "runtime/kernel/k_url.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_text.h"
#include "runtime/kernel/k_utf8.h"

static int url_hex(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static flow_text url_decode(flow_ctx *ctx, const uint8_t *p, int64_t len) {
    const uint8_t *end = flow_text_end(p, len);
    uint8_t *text = flow_k_alloc(ctx, len), *to = text;
    for (; p < end; p++) {
        int high = -1, low = -1;
        if (*p == '%' && end - p > 2) {
            high = url_hex(p[1]);
            low = url_hex(p[2]);
        }
        if (high >= 0 && low >= 0) {
            *to++ = (uint8_t)(high << 4 | low);
            p += 2;
        } else {
            *to++ = *p == '+' ? ' ' : *p;
        }
    }
    if (flow_k_utf8_valid(text, to - text)) return (flow_text){text, to - text};
    return flow_k_utf8_replace(ctx, text, to - text);
}

FLOW_FAR int32_t flow_k_fn_url_decode(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                      int64_t len) {
    flow_text t = url_decode(ctx, p, len);
    return k_text_out(out, t.ptr, t.len);
}

/* The first c in [p, end), or end. */
static const uint8_t *url_until(const uint8_t *p, const uint8_t *end, uint8_t c) {
    while (p < end && *p != c)
        p++;
    return p;
}

FLOW_FAR int32_t flow_k_fn_url_query(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                     int64_t len, const uint8_t *key, int64_t key_len) {
    const uint8_t *end = url_until(p, flow_text_end(p, len), '#');
    p = url_until(p, end, '?');
    out[2] = 0;
    while (p < end) {
        p++; /* `?` or `&` */
        const uint8_t *stop = url_until(p, end, '&'), *value = url_until(p, stop, '=');
        flow_text name = url_decode(ctx, p, value - p);
        if (name.len == key_len &&
            (!key_len || !__builtin_memcmp(name.ptr, key, (size_t)key_len))) {
            value += value < stop;
            out[2] = 1;
            flow_text t = url_decode(ctx, value, stop - value);
            return k_text_out(out, t.ptr, t.len);
        }
        p = stop;
    }
    return k_text_out(out, NULL, 0);
}
