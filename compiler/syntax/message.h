/* message.h - what the grammar says when a token does not fit. */
#ifndef FLOW_SYNTAX_MESSAGE_H
#define FLOW_SYNTAX_MESSAGE_H

#include "compiler/syntax/parser.h"

/* The tokens that could stand, by number; no token has a greater one. */
enum { MAX_TOKEN = 511 };
typedef struct expected {
    unsigned char has[MAX_TOKEN + 1];
} expected_t;

/* Reports the error at p->last. */
void message_syntax(parser_t *p, const expected_t *wanted);
/* Reports too deep a nest and ends the text there. */
void message_nesting(parser_t *p, span_t at);

#endif
