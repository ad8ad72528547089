/* syntax_fixture.h - texts to trees and messages, and the programs of tests/golden. */
#ifndef FLOW_TESTS_SYNTAX_FIXTURE_H
#define FLOW_TESTS_SYNTAX_FIXTURE_H

#include "compiler/syntax/parse.h"

typedef struct syntax {
    arena_t *arena;
    parse_env_t env;
    uint32_t file;
    ast_program_t *program;
    comments_t comments;
} syntax_t;

syntax_t syntax_parse(const char *text, size_t n);
/* All messages as text, "" if there are none. */
const char *syntax_messages(syntax_t *s);
void syntax_free(syntax_t *s);

/* Asserts that the text parses, or that these are its messages' first lines, one a line
 * without the file's name: "1:5: error: ...". */
void syntax_accept(const char *text);
void syntax_reject(const char *text, const char *messages);

/* The paths of the .flow files in a folder of the source tree, sorted; null-closed, in
 * the arena. */
const char **syntax_files(arena_t *a, const char *folder);
char *syntax_read(arena_t *a, const char *path, size_t *n);

#endif
