/* k_digest.c - SipHash over values, SHA-1 for names.
 *
 * A value is fed to SipHash (Aumasson, Bernstein 2012) in words: a number as itself (a
 * float by its rank, which has one zero and one NaN), a text as its length and its bytes,
 * padded to words, a list as its length and its elements, none as a word of its own and
 * something as its value, a variant as its number and its fields.  So no memory is
 * needed, and nobody can confuse ("ab", "c") with ("a", "bc"). */
#include "runtime/kernel/k_digest.h"
#include "runtime/kernel/k_compare.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_num.h"
#include "runtime/kernel/k_text.h"
#include "runtime/kernel/k_type.h"

#define DIGEST_NONE UINT64_C(0x6E6F6E65) /* "none" */

typedef struct digest {
    uint64_t v[4];
    uint64_t fed; /* words */
} digest;

FLOW_INLINE uint64_t digest_turn(uint64_t x, int n) {
    return x << n | x >> (64 - n);
}

static void digest_rounds(uint64_t v[4], int n) {
    while (n--) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = digest_turn(v[1], 13) ^ v[0];
        v[3] = digest_turn(v[3], 16) ^ v[2];
        v[0] = digest_turn(v[0], 32) + v[3];
        v[2] += v[1];
        v[3] = digest_turn(v[3], 21) ^ v[0];
        v[1] = digest_turn(v[1], 17) ^ v[2];
        v[2] = digest_turn(v[2], 32);
    }
}

static void digest_word(digest *d, uint64_t m) {
    d->v[3] ^= m;
    digest_rounds(d->v, 2);
    d->v[0] ^= m;
    d->fed++;
}

static void digest_text(digest *d, const uint8_t *p, int64_t len) {
    digest_word(d, (uint64_t)len);
    for (; len >= 8; len -= 8, p += 8)
        digest_word(d, k_num_load8(p));
    uint64_t tail = 0;
    for (int64_t i = 0; i < len; i++)
        tail |= (uint64_t)p[i] << (8 * i);
    if (len) digest_word(d, tail);
}

static const uint8_t *digest_value(digest *d, const uint64_t *w, const uint8_t *tc);

static const uint8_t *digest_fields(digest *d, const uint64_t *w, const uint8_t *tc) {
    for (int n = *tc++; n > 0; n--) {
        tc = flow_type_name_skip(tc);
        int64_t words = flow_k_type_words(tc);
        tc = digest_value(d, w, tc);
        w += words;
    }
    return tc;
}

/* Elements made of the types at tc and, if not null, at tc2. */
static const uint8_t *digest_list(digest *d, const uint64_t *w, const uint8_t *tc,
                                  int map) {
    const uint64_t *x = (const uint64_t *)(uintptr_t)w[0];
    const uint8_t *value = flow_k_type_skip(tc);
    int64_t first = flow_k_type_words(tc), second = map ? flow_k_type_words(value) : 0;
    digest_word(d, w[1]);
    for (uint64_t i = 0; i < w[1]; i++, x += first + second) {
        digest_value(d, x, tc);
        if (map) digest_value(d, x + first, value);
    }
    return map ? flow_k_type_skip(value) : value;
}

static const uint8_t *digest_variant(digest *d, const uint64_t *w, const uint8_t *tc) {
    uint64_t variant = 0;
    digest_word(d, w[0]);
    for (int n = *tc++; n > 0; n--, variant++) {
        tc = flow_type_name_skip(tc);
        if (variant == w[0]) digest_value(d, w + 1, tc);
        tc = flow_k_type_skip(tc);
    }
    return tc;
}

static const uint8_t *digest_value(digest *d, const uint64_t *w, const uint8_t *tc) {
    double f;
    switch (*tc++) {
    case 'f':
        __builtin_memcpy(&f, w, 8);
        digest_word(d, (uint64_t)flow_k_rank_f64(f));
        return tc;
    case 's':
    case 'y': digest_text(d, (const uint8_t *)(uintptr_t)w[0], (int64_t)w[1]); return tc;
    case 'D':
        digest_word(d, w[0]);
        digest_word(d, w[1]);
        return tc + 2;
    case '?':
        if (w[flow_k_type_words(tc)]) return digest_value(d, w, tc);
        digest_word(d, DIGEST_NONE);
        return flow_k_type_skip(tc);
    case '[': return digest_list(d, w, tc, 0);
    case '<': return digest_list(d, w, tc, 1);
    case '{': return digest_fields(d, w, tc);
    case '|': return digest_variant(d, w, tc);
    default: digest_word(d, w[0]); return tc;
    }
}

FLOW_FAR uint64_t flow_k_digest(const uint64_t *words, const uint8_t *tc) {
    digest d = {{0x736f6d6570736575u, 0x646f72616e646f6du, 0x6c7967656e657261u,
                 0x7465646279746573u},
                0};
    digest_value(&d, words, tc);
    digest_word(&d, d.fed << 59); /* the length in bytes, as the last byte */
    d.v[2] ^= 0xff;
    digest_rounds(d.v, 4);
    return d.v[0] ^ d.v[1] ^ d.v[2] ^ d.v[3];
}

FLOW_FAR int64_t flow_k_fn_hash(const uint64_t *words, const uint8_t *tc) {
    return (int64_t)flow_k_digest(words, tc);
}

/* ---- uuid5 ---------------------------------------------------------------------- */

FLOW_INLINE uint32_t sha_turn(uint32_t x, int n) {
    return x << n | x >> (32 - n);
}

/* One block of SHA-1 (FIPS 180-4). */
static void sha_block(uint32_t h[5], const uint8_t *p) {
    uint32_t w[80], s[5];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
               (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 80; i++)
        w[i] = sha_turn(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 5; i++)
        s[i] = h[i];
    for (int i = 0; i < 80; i++) {
        uint32_t f, k;
        if (i < 20) {
            f = (s[1] & s[2]) | (~s[1] & s[3]);
            k = 0x5A827999;
        } else if (i < 40 || i >= 60) {
            f = s[1] ^ s[2] ^ s[3];
            k = i < 40 ? 0x6ED9EBA1 : 0xCA62C1D6;
        } else {
            f = (s[1] & s[2]) | (s[1] & s[3]) | (s[2] & s[3]);
            k = 0x8F1BBCDC;
        }
        uint32_t next = sha_turn(s[0], 5) + f + s[4] + k + w[i];
        s[4] = s[3];
        s[3] = s[2];
        s[2] = sha_turn(s[1], 30);
        s[1] = s[0];
        s[0] = next;
    }
    for (int i = 0; i < 5; i++)
        h[i] += s[i];
}

/* SHA-1 of p[0..len), which has room for 128 bytes more. */
static void sha_text(uint32_t h[5], uint8_t *p, int64_t len) {
    int64_t padded = (len + 8) / 64 * 64 + 64;
    p[len] = 0x80;
    for (int64_t i = len + 1; i < padded - 8; i++)
        p[i] = 0;
    for (int i = 0; i < 8; i++)
        p[padded - 1 - i] = (uint8_t)((uint64_t)len * 8 >> (8 * i));
    static const uint32_t start[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476,
                                      0xC3D2E1F0};
    for (int i = 0; i < 5; i++)
        h[i] = start[i];
    for (int64_t i = 0; i < padded; i += 64)
        sha_block(h, p + i);
}

static int digest_hex(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The 16 bytes of a UUID's text. */
static int digest_uuid(uint8_t *to, const uint8_t *p, int64_t len) {
    if (len != 36) return 0;
    for (int64_t i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (p[i] != '-') return 0;
            continue;
        }
        int high = digest_hex(p[i]), low = digest_hex(p[i + 1]);
        if (high < 0 || low < 0) return 0;
        *to++ = (uint8_t)(high << 4 | low);
        i++;
    }
    return 1;
}

/* The namespaces of RFC 4122 differ in one byte. */
static int digest_namespace(uint8_t *to, const uint8_t *p, int64_t len) {
    static const char *const names[] = {"dns", "url", "oid", "x500"};
    static const uint8_t last[] = {0x10, 0x11, 0x12, 0x14};
    static const char base[] = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    for (int i = 0; i < 4; i++) {
        int64_t n = 0;
        while (n < len && names[i][n] && p[n] == (uint8_t)names[i][n])
            n++;
        if (n != len || names[i][n]) continue;
        digest_uuid(to, (const uint8_t *)base, 36);
        to[3] = last[i];
        return 1;
    }
    return digest_uuid(to, p, len);
}

FLOW_FAR int32_t flow_k_fn_uuid5(flow_ctx *ctx, uint64_t *out, const uint8_t *ns,
                                 int64_t ns_len, const uint8_t *p, int64_t len) {
    uint8_t *bytes = flow_k_alloc(ctx, 16 + len + 128);
    if (!digest_namespace(bytes, ns, ns_len)) return FLOW_E_argument;
    if (len) __builtin_memcpy(bytes + 16, p, (size_t)len);
    uint32_t h[5];
    sha_text(h, bytes, 16 + len);
    h[1] = (h[1] & 0xFFFF0FFF) | 0x5000; /* version 5 */
    h[2] = (h[2] & 0x3FFFFFFF) | 0x80000000u;
    uint8_t *text = flow_k_alloc(ctx, 40), *to = text;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
        uint8_t b = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
        *to++ = (uint8_t)"0123456789abcdef"[b >> 4];
        *to++ = (uint8_t)"0123456789abcdef"[b & 15];
    }
    return k_text_out(out, text, 36);
}
