/* scan.h - what the rules of lang/flow.l call. */
#ifndef FLOW_SYNTAX_SCAN_H
#define FLOW_SYNTAX_SCAN_H

#include "compiler/syntax/literal.h"

/* Not a token: a line ended inside the braces of an f-string. */
#define SCAN_LOST (-1)

/* Reports the open f-string if the line ends inside its braces; gives 1 then. */
int scan_line_end(parser_t *p);
void scan_comment(parser_t *p, span_t at);
/* Is the innermost open brace that of an f-string? */
int scan_closes_fstring(const parser_t *p);
/* May a value have ended with this token?  Then `/` divides. */
int scan_ends_value(int token);

/* Words fill *out and give their token. */
int scan_word(parser_t *p, const char *s, size_t n, span_t at, token_t *out);
int scan_quoted(parser_t *p, const char *s, size_t n, span_t at, token_t *out);

/* Faults: report, and give T_FLOW_error where the scanner cannot say what was meant. */
void scan_open_fstring(parser_t *p);
void scan_lone_brace(parser_t *p, span_t at);
int scan_open_string(parser_t *p, span_t at);
int scan_open_name(parser_t *p, span_t at);
int scan_open_regex(parser_t *p, span_t *at);
int scan_foreign(parser_t *p, const char *s, size_t n, span_t at);
int scan_bad_character(parser_t *p, span_t at);

#endif
