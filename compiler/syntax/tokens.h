/* tokens.h - the tokens the grammar sees, and how it gets back on its feet.
 *
 * After a syntax error the grammar shifts `error` and then accepts nothing but T_RESYNC.
 * tokens.c skips to a place where it can go on and puts T_RESYNC there:
 *   inside brackets  before the bracket that closes them
 *   inside a step    before the next `|>`
 *   elsewhere        before the next `|>` or declaration
 * A declaration that begins in the first column ends every bracket and step, for a
 * bracket forgotten in one declaration must not swallow the next; so does `|>` for the
 * brackets in a step.  Brackets that are closed in this way get a T_RESYNC and a closing
 * token each; the grammar meets the later of these T_RESYNC unexpectedly and pops to the
 * next pair of brackets (tokens_error says nothing then). */
#ifndef FLOW_SYNTAX_TOKENS_H
#define FLOW_SYNTAX_TOKENS_H

#include "compiler/syntax/parser.h"

/* The next token, for the grammar. */
token_t tokens_next(parser_t *p);
/* The next token of the text, without skipping: for printing. */
token_t tokens_scan(parser_t *p);
/* The grammar met an error at p->last.  Gives 1 if it is to be reported; begins to skip. */
int tokens_error(parser_t *p);
/* A declaration is complete: what was open in it is no more.  ahead: the first token of
 * the next is read. */
void tokens_declared(parser_t *p, int ahead);
/* The innermost open bracket that the grammar has read, or null. */
const context_t *tokens_open(const parser_t *p);
/* Is the token at `at` the first of its line, in the first column? */
int tokens_first_column(const parser_t *p, span_t at);
/* Does a declaration begin with this token, if it stands in the first column? */
int tokens_begins_decl(int kind);
/* Ends the text here; a message was given. */
void tokens_stop(parser_t *p);

/* The kind in words: "`|>`", "a name", "the end of the program". */
const char *token_text(const parser_t *p, const token_t *t);

#endif
