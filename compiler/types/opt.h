/* opt.h - values of settings and of connector options. */
#ifndef FLOW_TYPES_OPT_H
#define FLOW_TYPES_OPT_H

#include "compiler/types/expr.h"
#include "compiler/types/sema.h"

/* Checks the value given for a setting or option: a bare word where the row has words,
 * else a constant of its type and within its limits.  Fills expr, value and word; 0 after
 * a diagnostic.  Lists of columns and expressions over rows are not for this. */
int opt_check(check_t *c, scope_t *s, const opt_info *row, node_t *e, toption_t *out);
/* The default: value, or word; neither if there is none or it is known at start only. */
void opt_default(check_t *c, const opt_info *row, toption_t *out);
/* "csv, json, text": words parted by |. */
const char *opt_words_text(arena_t *a, const char *words);
/* Is it a word of the row (settings of type until have <...> that is none)? */
int opt_is_word(const opt_info *row, const char *word);

#endif
