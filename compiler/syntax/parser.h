/* parser.h - what scanner, grammar and error messages share while one source is read.
 *
 * Between the scanner and the grammar stands tokens.c: it keeps track of what is open
 * (`contexts`), and after a syntax error it skips to a place from which the grammar can go
 * on.  Internal to compiler/syntax. */
#ifndef FLOW_SYNTAX_PARSER_H
#define FLOW_SYNTAX_PARSER_H

#include "compiler/base/vec.h"
#include "compiler/syntax/parse.h"

/* A word or name as the scanner read it; text is interned, null where there is none. */
typedef struct word {
    const char *text;
    span_t at;
} word_t;

typedef struct token {
    int kind; /* T_..., a character, 0 at the end */
    span_t at;
    word_t word;   /* of names and words */
    node_t *node;  /* of literals */
    int inert;     /* made by tokens.c: opens and closes nothing */
} token_t;

/* An open bracket: '(' '[' '{', T_FSTART for the whole of an f-string, T_FOPEN for the
 * braces inside one.  piped: `|>` was read in it, so an error inside is a step's. */
typedef struct context {
    int kind;
    int piped;
    span_t at;
} context_t;

typedef struct parser {
    parse_env_t *env;
    const source_t *source;
    uint32_t file;
    ast_program_t *program;
    comments_t *comments;

    /* scanner */
    void *scanner;
    uint32_t pos;    /* offset of the first byte not read */
    int before;      /* kind of the token before the next: what `/` means */

    /* tokens.c */
    VEC(context_t) contexts;
    int piped;          /* of the declaration itself, outside all brackets */
    token_t last;       /* the token the grammar has, its effect not yet applied */
    token_t back[3];    /* the three tokens before it */
    VEC(token_t) queue; /* tokens to be given before the text goes on, from queue_at */
    size_t queue_at;
    int panic;          /* skip before the next token */
    int muted;          /* structural faults of the scanner are followers now */
    int stopped;        /* nothing but the end is given any more */
    uint32_t synced_at; /* where the last skipping ended */
    uint32_t reported;  /* where the last syntax error was, plus one */
    span_t step_word;   /* first token after the last `|>` or of the declaration */
    int step_due;       /* the next token is that one */
    span_t decl_start;  /* first token of the declaration */
    int decl_due;
} parser_t;

static inline span_t span_at(const parser_t *p, uint32_t start, uint32_t end) {
    return (span_t){start, end, p->file};
}

#endif
