/* k_base64.c - three bytes to four letters and back. */
#include "runtime/kernel/k_base64.h"

static const char base64_letters[65] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

FLOW_FAR void k_base64_put(uint8_t *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i += 3, out += 4) {
        uint32_t v = (uint32_t)p[i] << 16;
        if (i + 1 < n) v |= (uint32_t)p[i + 1] << 8;
        if (i + 2 < n) v |= p[i + 2];
        for (int k = 0; k < 4; k++)
            out[k] = (uint8_t)base64_letters[v >> (18 - 6 * k) & 63];
        if (i + 1 >= n) out[2] = '=';
        if (i + 2 >= n) out[3] = '=';
    }
}

static int base64_digit(uint8_t c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

FLOW_FAR int64_t k_base64_get(uint8_t *out, const uint8_t *p, int64_t n) {
    if (n % 4 == 0)
        for (int i = 0; i < 2; i++)
            n -= n > 0 && p[n - 1] == '=';
    if (n % 4 == 1) return -1;
    uint8_t *start = out;
    uint32_t v = 0;
    int bits = 0;
    for (int64_t i = 0; i < n; i++) {
        int d = base64_digit(p[i]);
        if (d < 0) return -1;
        v = v << 6 | (uint32_t)d;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        *out++ = (uint8_t)(v >> bits);
        v &= ((uint32_t)1 << bits) - 1;
    }
    return v ? -1 : out - start;
}
