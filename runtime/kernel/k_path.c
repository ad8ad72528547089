/* k_path.c - see k_path.h.  The characters that are encoded are those of Hive. */
#include "runtime/kernel/k_path.h"

#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_print.h"
#include "runtime/kernel/k_type.h"

static const uint8_t path_none[] = "__HIVE_DEFAULT_PARTITION__";
static const uint8_t path_encoded[] = "\"#%'*/:=?\\{[]^\x7f";

static int path_is_encoded(uint8_t c) {
    if (c < 0x20) return 1;
    for (const uint8_t *p = path_encoded; *p; p++)
        if (*p == c) return 1;
    return 0;
}

static uint8_t *path_put(uint8_t *to, const uint8_t *p, int64_t n) {
    static const uint8_t hex[] = "0123456789ABCDEF";
    for (int64_t i = 0; i < n; i++) {
        if (!path_is_encoded(p[i])) {
            *to++ = p[i];
            continue;
        }
        *to++ = '%';
        *to++ = hex[p[i] >> 4];
        *to++ = hex[p[i] & 15];
    }
    return to;
}

FLOW_FAR int32_t flow_k_path_add(flow_ctx *ctx, uint64_t *path, const uint8_t *name,
                                 int64_t name_len, const uint64_t *words, const uint8_t *tc) {
    uint64_t text[2] = {(uint64_t)path_none, sizeof path_none - 1};
    int64_t old = (int64_t)path[1];
    int none = *tc == '?' && !words[flow_k_type_words(tc) - 1];
    if (!none) flow_k_fn_string(ctx, text, words, *tc == '?' ? tc + 1 : tc);
    int64_t len = (int64_t)text[1];
    if (name_len > FLOW_PATH_NAME || len > FLOW_PATH_NAME) return FLOW_E_limit;
    uint8_t *to = flow_k_alloc(ctx, old + 2 + 3 * (name_len + len) + FLOW_SLACK), *p = to;
    if (old) {
        __builtin_memcpy(to, (const void *)path[0], (size_t)old);
        p += old;
        *p++ = '/';
    }
    const uint8_t *segment = p;
    p = path_put(p, name, name_len);
    *p++ = '=';
    p = path_put(p, (const uint8_t *)text[0], len);
    if (p - segment > FLOW_PATH_NAME || p - to > FLOW_PATH_ALL) return FLOW_E_limit;
    path[0] = (uint64_t)to;
    path[1] = (uint64_t)(p - to);
    return 0;
}
