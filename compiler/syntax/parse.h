/* parse.h - from a source to its tree.
 *
 *     parse_env_t env = {.arena = a, .names = names, .sources = sources, .diags = diags};
 *     comments_t comments;
 *     ast_program_t *program = parse_file(&env, file, &comments);
 *     if (diags_errors(diags)) ...
 *
 * After errors the tree holds what could be read; it may contain `poison` nodes, and
 * should be shown rather than checked further. */
#ifndef FLOW_SYNTAX_PARSE_H
#define FLOW_SYNTAX_PARSE_H

#include "compiler/base/intern.h"
#include "compiler/diag/diag.h"
#include "compiler/syntax/ast.h"

typedef struct parse_env {
    arena_t *arena;
    intern_t *names;
    sources_t *sources;
    diags_t *diags;
} parse_env_t;

/* The tree of a source, never null.  comments may be null. */
ast_program_t *parse_file(parse_env_t *env, uint32_t file, comments_t *comments);
/* The tokens of a source, one a line: `line:column  kind  text`. */
void parse_print_tokens(parse_env_t *env, uint32_t file, buf_t *out);

#endif
