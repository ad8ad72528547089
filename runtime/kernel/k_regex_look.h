/* k_regex_look.h - what a search looks for first: a literal, or a byte of a class.
 * clang only (k_vec.h). */
#ifndef FLOW_KERNEL_K_REGEX_LOOK_H
#define FLOW_KERNEL_K_REGEX_LOOK_H

#include "runtime/kernel/k_regex_table.h"
#include "runtime/kernel/k_value.h"

/* Counts steps where a test defines it, to show that they are linear in the text. */
#ifndef RE_COUNT
#define RE_COUNT(steps) ((void)0)
#endif

/* A text from s to end. */
typedef struct re_text {
    const uint8_t *s, *end;
} re_text;

/* The first place from p on where the regex's literal stands; null if there is none. */
const uint8_t *k_re_literal(const flow_re *re, re_text t, const uint8_t *p);
/* Which of the up to 64 bytes at p, of those before the text's end, are in the class. */
uint64_t k_re_class_mask(const flow_re *re, re_text t, const uint8_t *p);
/* The first byte from p on that is (want 1) or is not (want 0) in the regex's class; the
 * text's end if there is none. */
const uint8_t *k_re_class(const flow_re *re, re_text t, const uint8_t *p, int want);

FLOW_INLINE int re_in_bits(const uint8_t bits[32], uint8_t b) {
    return bits[b >> 3] >> (b & 7) & 1;
}

#endif
