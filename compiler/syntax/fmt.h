/* fmt.h - the formatter behind `flowc fmt`: the one layout of a program.
 *
 * The output parses to the same tree, holds every comment, and formats to itself. */
#ifndef FLOW_SYNTAX_FMT_H
#define FLOW_SYNTAX_FMT_H

#include "compiler/syntax/parse.h"

/* The formatted text of a tree that parsed without an error, and of its comments. */
const char *fmt_program(arena_t *a, const source_t *source, const ast_program_t *program,
                        const comments_t *comments, size_t *len);
/* Parses the file and formats it; null if it has errors (they are in env->diags).  The
 * result is parsed again and compared, so a fault here can never spoil a program: that
 * would be an internal error. */
const char *fmt_file(parse_env_t *env, uint32_t file, size_t *len);

#endif
