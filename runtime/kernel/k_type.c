/* k_type.c - walking type codes. */
#include "runtime/kernel/k_type.h"

/* Adds n(T) to *words; returns one past T. */
static const uint8_t *type_walk(const uint8_t *tc, int64_t *words) {
    switch (*tc++) {
    case 's':
    case 'y': *words += 2; return tc;
    case 'D': *words += 2; return tc + 2;
    case 'K':
        *words += 2;
        for (int n = *tc++; n > 0; n--) tc = flow_k_type_skip(tc);
        return tc;
    case '?': *words += 1; return type_walk(tc, words);
    case '[': *words += 2; return flow_k_type_skip(tc);
    case '<': *words += 2; return flow_k_type_skip(flow_k_type_skip(tc));
    case '{': {
        int n = *tc++;
        while (n--)
            tc = type_walk(flow_type_name_skip(tc), words);
        return tc;
    }
    case '|': {
        int n = *tc++;
        int64_t widest = 0;
        while (n--) {
            int64_t w = 0;
            tc = type_walk(flow_type_name_skip(tc), &w);
            if (w > widest) widest = w;
        }
        *words += 1 + widest;
        return tc;
    }
    default: *words += 1; return tc; /* i f b t d */
    }
}

int64_t flow_k_type_words(const uint8_t *tc) {
    int64_t words = 0;
    type_walk(tc, &words);
    return words;
}

const uint8_t *flow_k_type_skip(const uint8_t *tc) {
    int64_t words = 0;
    return type_walk(tc, &words);
}

static const uint8_t *type_flat(const uint8_t *tc, int32_t *flat) {
    uint8_t kind = *tc++;
    switch (kind) {
    case 's':
    case 'y':
    case 'K':
    case '[':
    case '<': *flat = 0; return tc; /* the walk ends here */
    case 'D': return tc + 2;
    case '?': return type_flat(tc, flat);
    case '{':
    case '|': {
        int n = *tc++;
        while (n-- && *flat)
            tc = type_flat(flow_type_name_skip(tc), flat);
        return tc;
    }
    default: return tc;
    }
}

int32_t flow_k_type_flat(const uint8_t *tc) {
    int32_t flat = 1;
    type_flat(tc, &flat);
    return flat;
}
