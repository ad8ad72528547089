/* offer.h - the tokens that could stand, in words. */
#ifndef FLOW_SYNTAX_OFFER_H
#define FLOW_SYNTAX_OFFER_H

#include "compiler/syntax/message.h"

/* What kind of thing is due here?  (A step and a declaration may be due together, a value
 * and the end of its list too.) */
int expects_value(const expected_t *w);
int expects_name(const expected_t *w);     /* a column, a field: words of the language too */
int expects_new_name(const expected_t *w); /* a name that is declared or refers to one */
int expects_type(const expected_t *w);
int expects_step(const expected_t *w);
int expects_decl(const expected_t *w);

/* "a value, `)`", or null.  If word is given, *near is the offered word most like it. */
const char *offer(parser_t *p, const expected_t *w, const char *word, const char **near);

#endif
