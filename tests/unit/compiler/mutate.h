/* mutate.h - wrong programs from right ones, by a seeded generator: the same seed gives
 * the same text on every machine. */
#ifndef FLOW_TESTS_MUTATE_H
#define FLOW_TESTS_MUTATE_H

#include <stddef.h>
#include <stdint.h>

typedef struct mutator {
    uint64_t state;
} mutator_t;

uint64_t mutate_random(mutator_t *m, uint64_t below);
/* Changes the n bytes in place of a buffer of cap bytes; gives the new length. */
size_t mutate(mutator_t *m, char *text, size_t n, size_t cap);

/* The same, but only blanks, line ends and comments change: most results are programs. */
size_t mutate_layout(mutator_t *m, char *text, size_t n, size_t cap);

/* What must hold for any text: parsing ends, a text without an error has a sound tree that
 * formats to itself, and one with errors says where.  Null, or what does not hold (in a
 * static text).  errors: how many were reported. */
const char *parse_holds(const char *text, size_t n, int *errors);

#endif
