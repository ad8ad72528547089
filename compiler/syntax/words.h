/* words.h - the words of the language, and how a name is written. */
#ifndef FLOW_SYNTAX_WORDS_H
#define FLOW_SYNTAX_WORDS_H

#include <stddef.h>

#include "compiler/base/buf.h"

typedef enum word_class {
    WORD_NAME, /* no word of the language */
    WORD_RESERVED,
    WORD_DECL,
    WORD_STEP,
    WORD_CLAUSE
} word_class;

/* The class of the n bytes at s and, if token is not null, the scanner's token (an
 * IDENT for WORD_NAME). */
word_class word_lookup(const char *s, size_t n, int *token);
/* All words that begin a step (or a declaration), for spelling hints. */
size_t words_of_class(word_class c, const char **out, size_t cap);
/* What Flow has for a step's word of another language (`filter`), or null. */
const char *word_foreign_step(const char *word);
/* Writes a name as a program must: in backticks unless it is a plain name. */
void name_put(buf_t *b, const char *name);

#endif
