/* regex_set.h - sets of code points, as sorted ranges, and what Unicode says of them. */
#ifndef FLOW_REGEX_REGEX_SET_H
#define FLOW_REGEX_REGEX_SET_H

#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/vec.h"

#define RE_MAX_CHAR 0x10FFFFu

typedef struct re_span {
    uint32_t lo, hi;
} re_span;

/* Ranges in any order until set_tidy; the other functions want a tidy set. */
typedef VEC(re_span) re_set;

void set_add(arena_t *a, re_set *s, uint32_t lo, uint32_t hi);
void set_add_set(arena_t *a, re_set *s, const re_set *other);
/* Sorts, and joins what touches. */
void set_tidy(re_set *s);
void set_negate(arena_t *a, re_set *s);
int set_has(const re_set *s, uint32_t c);
/* The number of code points. */
uint32_t set_count(const re_set *s);
/* Adds all that simple case folding makes equal. */
void set_fold(arena_t *a, re_set *s);

/* Adds the general category ("L", "Lu"), script ("Greek") or "Any" of that name; 0 if
 * there is none.  The result is not tidy. */
int set_add_property(arena_t *a, re_set *s, const char *name, size_t len);
/* The names there are: categories, then scripts. */
const char *const *set_property_names(size_t *n);
/* Adds White_Space, decimal digits, or words: letters, marks, decimal digits, letter
 * numbers and connector punctuation. */
void set_add_space(arena_t *a, re_set *s);
void set_add_digit(arena_t *a, re_set *s);
void set_add_word(arena_t *a, re_set *s);

#endif
