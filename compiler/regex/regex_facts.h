/* regex_facts.h - what can be said of a regex without an automaton: literals, first
 * bytes, lengths.  Inside compiler/regex only. */
#ifndef FLOW_REGEX_REGEX_FACTS_H
#define FLOW_REGEX_REGEX_FACTS_H

#include "compiler/regex/regex_prog.h"

/* Bytes with masks: text matches where (text[i] & mask[i]) == value[i] for all i. */
typedef struct re_literal {
    const uint8_t *value, *mask;
    size_t len;
} re_literal;

typedef struct re_facts {
    re_literal prefix; /* every match begins with it */
    int whole;         /* and it is the whole regex */
    re_literal needs;  /* every match holds it somewhere: the rarest such piece */
    int first_known;   /* a match has a first byte, and it is one of `first` */
    uint8_t first[32];
    int run; /* 2: one class of bytes repeated by +, 1: a single byte of a class */
    uint8_t run_bits[32];
    int64_t min_len, max_len; /* bytes; max_len -1: no bound */
    int can_be_empty, anchored;
} re_facts;

void facts_find(arena_t *a, const re_tree *tree, const re_prog *p, re_facts *out);

/* How often the bytes of a set stand in common text, in 1/1000. */
int bits_frequency(const uint8_t bits[32]);
/* The same for one byte under a mask. */
int byte_frequency(uint8_t value, uint8_t mask);
/* About how often a literal stands in text, by its two rarest bytes (each of the second
 * is taken to be any, if there is but one): in 1/1000 of 1/1000. */
int literal_commonness(const re_literal *l);
static inline int bits_has(const uint8_t bits[32], int b) {
    return bits[b >> 3] >> (b & 7) & 1;
}
static inline void bits_add(uint8_t bits[32], int b) {
    bits[b >> 3] |= (uint8_t)(1u << (b & 7));
}

#endif
