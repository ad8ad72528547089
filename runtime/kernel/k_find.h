/* k_find.h - finding a byte or a text in a text.  clang only (k_vec.h). */
#ifndef FLOW_KERNEL_K_FIND_H
#define FLOW_KERNEL_K_FIND_H

#include "runtime/kernel/k_vec.h"

/* The first place of the text in [p, end), null if there is none.  n > 0. */
const uint8_t *k_find(const uint8_t *p, const uint8_t *end, const uint8_t *text,
                      int64_t n);

#endif
