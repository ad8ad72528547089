/* regex_gen.h - random regexes and texts that have a chance to match them. */
#ifndef FLOW_TESTS_REGEX_GEN_H
#define FLOW_TESTS_REGEX_GEN_H

#include <stddef.h>
#include <stdint.h>

enum {
    GEN_EMPTY_LOOPS = 1, /* also loops around what can be empty */
    GEN_UNICODE = 2,     /* also (?u) and \p{..} */
};

typedef struct regex_gen {
    uint64_t seed;
    unsigned options;
    char pattern[4096];
    size_t n;
    char text[4096];
    size_t len;
} regex_gen;

/* A regex of the dialect into pattern[0..n). */
void gen_pattern(regex_gen *g);
/* A text of at most `units` pieces into text[0..len). */
void gen_text(regex_gen *g, uint32_t units);

#endif
