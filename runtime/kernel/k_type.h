/* k_type.h - walking type codes (the alphabet is in k_value.h). */
#ifndef FLOW_KERNEL_K_TYPE_H
#define FLOW_KERNEL_K_TYPE_H

#include "runtime/kernel/k_value.h"

/* Types nest no deeper than this; the compiler refuses more. */
#define FLOW_TYPE_DEPTH 500

/* n(T) of the type at tc. */
FLOW_FAR int64_t flow_k_type_words(const uint8_t *tc);
/* One past the code of the type at tc. */
FLOW_FAR const uint8_t *flow_k_type_skip(const uint8_t *tc);
/* 1 if no word of the value is an address. */
FLOW_FAR int32_t flow_k_type_flat(const uint8_t *tc);

/* Inside a record or a tagged record's variants: past the name (and its NUL). */
FLOW_INLINE const uint8_t *flow_type_name_skip(const uint8_t *tc) {
    while (*tc)
        tc++;
    return tc + 1;
}

#endif
