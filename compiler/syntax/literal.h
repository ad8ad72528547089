/* literal.h - the values of literals, decoded from their text.
 *
 * Every function gives a node; a fault is reported, and the node then has some value of
 * the right kind, so the grammar goes on as if nothing had happened. */
#ifndef FLOW_SYNTAX_LITERAL_H
#define FLOW_SYNTAX_LITERAL_H

#include "compiler/syntax/parser.h"

node_t *literal_int(parser_t *p, const char *s, size_t n, span_t at);
node_t *literal_float(parser_t *p, const char *s, size_t n, span_t at);
node_t *literal_decimal(parser_t *p, const char *s, size_t n, span_t at);
node_t *literal_duration(parser_t *p, const char *s, size_t n, span_t at);
node_t *literal_size(parser_t *p, const char *s, size_t n, span_t at);
node_t *literal_timestamp(parser_t *p, const char *s, size_t n, span_t at);
/* s: with its quotes. */
node_t *literal_string(parser_t *p, const char *s, size_t n, span_t at);
/* s: a piece between the braces of an f-string; {{ and }} are single braces. */
node_t *literal_fstring_text(parser_t *p, const char *s, size_t n, span_t at);
/* s: with its slashes. */
node_t *literal_regex(parser_t *p, const char *s, size_t n, span_t at);
/* Reports a word that begins with a digit and is no literal; gives what it was meant for
 * and its token in *token. */
node_t *literal_bad_number(parser_t *p, const char *s, size_t n, span_t at, int *token);
/* The text for a message, cut if it is long. */
const char *literal_quote(parser_t *p, const char *s, size_t n);
/* A duration as the program writes it: "1h30m". */
void duration_put(buf_t *b, int64_t micros);

#endif
