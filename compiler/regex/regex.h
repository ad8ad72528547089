/* regex.h - regular expressions: checked when a program is compiled, matched by tables.
 *
 *   text --parse--> tree --compile--> thread program --determinise--> tables
 *
 * regex_compile does the first two steps, and so finds everything that can be wrong with
 * a regex; regex_table does the third, once, when code is generated (or a call folded).
 * The tables' format is runtime/kernel/k_regex_table.h, the matcher k_regex.h. */
#ifndef FLOW_REGEX_REGEX_H
#define FLOW_REGEX_REGEX_H

#include <stddef.h>
#include <stdint.h>

#include "compiler/base/arena.h"

typedef struct regex regex_t;

/* What is wrong with a regex, in the words of a diagnostic (bad_regex):
 *     error: bad regex: <reason>
 *       | from stdin() |> where matches(line, /(ab/) |> print
 *       |                                     ^^^^^ <label>
 *       = help: <help> */
typedef struct regex_error {
    const char *reason; /* "a `(` is never closed" */
    const char *label;  /* "at the 1st character of the regex" */
    const char *help;   /* "write `\(` for a bracket as text"; may be null */
    size_t at, end;     /* the bytes of the regex that are meant */
} regex_error_t;

/* Compiles the text between the slashes (with `\/` as it stands in the program).
 * Returns 1 and the regex, or 0 and the first error.  All memory is the arena's. */
int regex_compile(arena_t *arena, const char *text, size_t len, regex_t **out,
                  regex_error_t *err);

/* The number of groups, group 0 (the whole match) included. */
int regex_groups(const regex_t *re);
/* The name of a group, null if it has none. */
const char *regex_group_name(const regex_t *re, int group);
/* Can it match the empty text? */
int regex_can_match_empty(const regex_t *re);
/* Is the regex one class of bytes, repeated by `+` (returns 2) or once (returns 1)?  Then
 * bit b & 7 of table[b >> 3] says whether byte b is in it.  In a class of 2 the bytes
 * from 0x80 are all in or all out, in a class of 1 they are out: as text is valid UTF-8,
 * looking at bytes is exact. */
int regex_as_class_run(const regex_t *re, uint8_t table[32]);
/* Is the regex plain text, case and all?  Then the text. */
int regex_as_literal(const regex_t *re, const char **text, size_t *len);

/* The tables as a constant byte string, to be placed 8-aligned.  Made at the first call.
 */
const uint8_t *regex_table(regex_t *re, size_t *len);
/* For tests: a table made afresh, without some of its parts (the matcher then goes other
 * ways to the same matches). */
enum {
    REGEX_NO_AUTOMATA = 1, /* threads search */
    REGEX_NO_TAGS = 2,     /* threads find the groups */
    REGEX_NO_FAST = 4,     /* only plain automata */
    REGEX_NO_LOOKS = 8,    /* nothing is looked for first, not even a literal regex */
    REGEX_ALL_LOOKS = 16,  /* first bytes are looked for even if they are common */
};
const uint8_t *regex_table_without(regex_t *re, unsigned parts, size_t *len);
/* In words how it is matched: "automaton of 12 states, 5 classes". */
const char *regex_describe(regex_t *re);

#endif
