/* regex_env.h - what the tests of regexes share: a context with memory, and the
 * language's functions on a regex given as text. */
#ifndef FLOW_TESTS_REGEX_ENV_H
#define FLOW_TESTS_REGEX_ENV_H

#include "compiler/regex/regex.h"
#include "runtime/kernel/k_value.h"

/* A context whose arena holds 64 MiB; all that was taken before is free again. */
flow_ctx *regex_ctx(void);
/* The regex, or null (and a failed assertion); lives until the arena is freed. */
regex_t *regex_of(arena_t *a, const char *pattern);
/* A function of the language on the text as words: see regex_cases.def.  The text is a
 * copy of just its size, so a sanitizer sees what is read beside it. */
const char *regex_words(arena_t *a, char function, const uint8_t *table, const char *text,
                        size_t len);
/* The next number of a generator, below n. */
uint32_t regex_random(uint64_t *state, uint32_t n);

#endif
