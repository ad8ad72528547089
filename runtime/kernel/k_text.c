/* k_text.c - functions on strings.
 *
 * What is a part of its argument (slice, trim, split) points into it; the rest is built
 * in the arena.  Texts are valid UTF-8, so code points are walked without checks. */
#include "runtime/kernel/k_text.h"
#include "runtime/kernel/k_base64.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_find.h"
#include "runtime/kernel/k_list.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_split.h"
#include "runtime/kernel/k_utf8.h"
#include "runtime/kernel/k_write.h"

FLOW_INLINE int text_same(const uint8_t *a, const uint8_t *b, int64_t n) {
    return !n || !__builtin_memcmp(a, b, (size_t)n);
}

int64_t flow_k_fn_length(const uint8_t *p, int64_t len) {
    return flow_k_utf8_count(p, len);
}

int32_t flow_k_fn_contains(const uint8_t *p, int64_t len, const uint8_t *part,
                           int64_t n) {
    return !n || k_find(p, flow_text_end(p, len), part, n) != NULL;
}

int32_t flow_k_fn_starts_with(const uint8_t *p, int64_t len, const uint8_t *part,
                              int64_t n) {
    return n <= len && text_same(p, part, n);
}

int32_t flow_k_fn_ends_with(const uint8_t *p, int64_t len, const uint8_t *part,
                            int64_t n) {
    return n <= len && text_same(flow_text_end(p, len - n), part, n);
}

/* Past up to n code points. */
static const uint8_t *text_skip(const uint8_t *p, const uint8_t *end, int64_t n) {
    while (n > 0 && p < end) {
        p += k_utf8_len(*p);
        n--;
    }
    return p;
}

FLOW_FAR int32_t flow_k_fn_slice(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                 int64_t len, int64_t from, int64_t count) {
    (void)ctx;
    if (from < 0) { /* what would stand before the text is not there */
        count = count > INT64_MIN - from ? count + from : 0;
        from = 0;
    }
    const uint8_t *end = flow_text_end(p, len), *first = text_skip(p, end, from);
    return k_text_out(out, first, text_skip(first, end, count) - first);
}

/* ---- trimming ------------------------------------------------------------------- */

static int text_white(uint32_t c) {
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
    if (c < 0x2000) return c == 0x85 || c == 0xA0 || c == 0x1680;
    return c <= 0x200A || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
           c == 0x3000;
}

FLOW_FAR int32_t flow_k_fn_trim(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                int64_t len) {
    (void)ctx;
    const uint8_t *end = flow_text_end(p, len);
    int64_t n;
    while (p < end && text_white(k_utf8_get(p, &n)))
        p += n;
    while (p < end) {
        const uint8_t *last = end - 1;
        while ((*last & 0xC0) == 0x80)
            last--;
        if (!text_white(k_utf8_get(last, &n))) break;
        end = last;
    }
    return k_text_out(out, p, end - p);
}

/* ---- building ------------------------------------------------------------------- */

FLOW_FAR int32_t flow_k_fn_repeat(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                  int64_t len, int64_t n) {
    int64_t total = 0;
    if (n > 0 && (__builtin_mul_overflow(len, n, &total) || total > FLOW_TEXT_MAX))
        return FLOW_E_limit;
    uint8_t *text = flow_k_alloc(ctx, total);
    for (int64_t i = 0; i < total; i += len)
        __builtin_memcpy(text + i, p, (size_t)len);
    return k_text_out(out, text, total);
}

FLOW_FAR int32_t flow_k_fn_reverse(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                   int64_t len) {
    uint8_t *text = flow_k_alloc(ctx, len), *to = text + len;
    for (const uint8_t *end = flow_text_end(p, len); p < end;) {
        int64_t n = k_utf8_len(*p);
        to -= n;
        for (int64_t i = 0; i < n; i++)
            to[i] = *p++;
    }
    return k_text_out(out, text, len);
}

FLOW_FAR int32_t flow_k_fn_replace(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                   int64_t len, const uint8_t *from, int64_t from_len,
                                   const uint8_t *to, int64_t to_len) {
    const uint8_t *end = flow_text_end(p, len);
    const uint8_t *q = from_len ? k_find(p, end, from, from_len) : NULL;
    if (!q) return k_text_out(out, p, len);
    flow_buf b;
    k_write_temp(&b);
    for (; q; q = k_find(p, end, from, from_len)) {
        flow_k_write_bytes(ctx, &b, p, q - p);
        flow_k_write_bytes(ctx, &b, to, to_len);
        p = q + from_len;
    }
    flow_k_write_bytes(ctx, &b, p, end - p);
    return k_text_out(out, b.base, b.p - b.base);
}

/* `n` code points of `with`, over and over. */
static uint8_t *text_fill(uint8_t *to, int64_t n, const uint8_t *with, int64_t with_len) {
    const uint8_t *p = with, *end = flow_text_end(with, with_len);
    for (; n > 0; n--) {
        if (p == end) p = with;
        for (int64_t k = k_utf8_len(*p); k > 0; k--)
            *to++ = *p++;
    }
    return to;
}

static int32_t text_pad(flow_ctx *ctx, uint64_t *out, const uint8_t *p, int64_t len,
                        int64_t width, const uint8_t *with, int64_t with_len, int left) {
    int64_t missing = width - flow_k_utf8_count(p, len);
    if (width <= 0 || missing <= 0 || !with_len) return k_text_out(out, p, len);
    if (width > FLOW_TEXT_MAX) return FLOW_E_limit;
    uint8_t *text = flow_k_alloc(ctx, len + 4 * missing), *to = text;
    if (left) to = text_fill(to, missing, with, with_len);
    if (len) __builtin_memcpy(to, p, (size_t)len);
    to += len;
    if (!left) to = text_fill(to, missing, with, with_len);
    return k_text_out(out, text, to - text);
}

FLOW_FAR int32_t flow_k_fn_pad_left(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                    int64_t len, int64_t width, const uint8_t *with,
                                    int64_t with_len) {
    return text_pad(ctx, out, p, len, width, with, with_len, 1);
}

FLOW_FAR int32_t flow_k_fn_pad_right(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                     int64_t len, int64_t width, const uint8_t *with,
                                     int64_t with_len) {
    return text_pad(ctx, out, p, len, width, with, with_len, 0);
}

FLOW_FAR int32_t flow_k_fn_join(flow_ctx *ctx, uint64_t *out, const uint64_t *texts,
                                int64_t n, const uint8_t *sep, int64_t sep_len) {
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++)
        total += (int64_t)texts[2 * i + 1] + (i ? sep_len : 0);
    uint8_t *text = flow_k_alloc(ctx, total), *to = text;
    for (int64_t i = 0; i < n; i++) {
        if (i && sep_len) __builtin_memcpy(to, sep, (size_t)sep_len);
        to += i ? sep_len : 0;
        int64_t len = (int64_t)texts[2 * i + 1];
        if (len)
            __builtin_memcpy(to, (const uint8_t *)(uintptr_t)texts[2 * i], (size_t)len);
        to += len;
    }
    return k_text_out(out, text, total);
}

FLOW_FAR int32_t flow_k_fn_split(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                 int64_t len, const uint8_t *sep, int64_t sep_len) {
    uint64_t it[FLOW_ITER_WORDS], piece[2];
    flow_run_list list = {.size = 2};
    flow_k_split_open(ctx, it, p, len);
    while (flow_k_split_text_next(it, sep, sep_len, piece))
        k_text_out(k_list_add(ctx, &list), (const uint8_t *)(uintptr_t)piece[0],
                   (int64_t)piece[1]);
    return k_list_out(out, list.words, list.n);
}

/* ---- bytes ---------------------------------------------------------------------- */

FLOW_FAR int32_t flow_k_fn_hex(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                               int64_t len) {
    static const char digits[] = "0123456789abcdef";
    uint8_t *text = flow_k_alloc(ctx, 2 * len);
    for (int64_t i = 0; i < len; i++) {
        text[2 * i] = (uint8_t)digits[p[i] >> 4];
        text[2 * i + 1] = (uint8_t)digits[p[i] & 15];
    }
    return k_text_out(out, text, 2 * len);
}

FLOW_FAR int32_t flow_k_fn_base64(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                  int64_t len) {
    uint8_t *text = flow_k_alloc(ctx, FLOW_BASE64_LEN(len));
    k_base64_put(text, p, len);
    return k_text_out(out, text, FLOW_BASE64_LEN(len));
}

FLOW_FAR int32_t flow_k_fn_unbase64(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                    int64_t len) {
    uint8_t *bytes = flow_k_alloc(ctx, len / 4 * 3 + 3);
    int64_t n = k_base64_get(bytes, p, len);
    out[2] = n >= 0;
    return n < 0 ? k_text_out(out, NULL, 0) : k_text_out(out, bytes, n);
}

FLOW_FAR int32_t flow_k_fn_utf8(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                int64_t len) {
    (void)ctx;
    out[2] = (uint64_t)flow_k_utf8_valid(p, len);
    return out[2] ? k_text_out(out, p, len) : k_text_out(out, NULL, 0);
}

int32_t flow_k_extern_text(flow_ctx *ctx, uint64_t *out, const uint64_t *in, int32_t string) {
    const uint8_t *p = (const uint8_t *)(uintptr_t)in[0];
    int64_t len = (int64_t)in[1];
    if (len < 0 || len > INT32_MAX || (len && !p)) return FLOW_E_native;
    uint8_t *copy = flow_k_alloc(ctx, len);
    if (len) __builtin_memcpy(copy, p, (size_t)len);
    if (string && !flow_k_utf8_valid(copy, len)) return FLOW_E_utf8;
    return k_text_out(out, copy, len);
}
