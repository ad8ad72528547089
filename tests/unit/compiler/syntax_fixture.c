#include "tests/unit/compiler/syntax_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/base/buf.h"
#include "compiler/base/vec.h"

syntax_t syntax_parse(const char *text, size_t n) {
    syntax_t s = {.arena = arena_new("syntax test")};
    sources_t *sources = sources_new(s.arena);
    s.env = (parse_env_t){s.arena, intern_new(s.arena), sources, diags_new(s.arena, sources)};
    s.file = sources_add(sources, "x.flow", text, n);
    s.program = parse_file(&s.env, s.file, &s.comments);
    return s;
}

const char *syntax_messages(syntax_t *s) {
    return diags_text(s->env.diags, s->arena);
}

void syntax_free(syntax_t *s) {
    arena_free(s->arena);
}

void syntax_accept(const char *text) {
    syntax_t s = syntax_parse(text, strlen(text));
    CU_ASSERT_EQUAL(diags_errors(s.env.diags), 0);
    if (diags_errors(s.env.diags)) printf("\n%s\n%s", text, syntax_messages(&s));
    syntax_free(&s);
}

void syntax_reject(const char *text, const char *messages) {
    syntax_t s = syntax_parse(text, strlen(text));
    buf_t b;
    buf_init(&b, s.arena);
    for (size_t i = 0; i < diags_count(s.env.diags); i++) {
        const diag_t *m = diags_at(s.env.diags, i);
        buf_printf(&b, "%s: %s: %s\n", diag_where(s.env.diags, m->at, m->at),
                   m->is_error ? "error" : "warning", m->text);
    }
    CU_ASSERT_STRING_EQUAL(buf_text(&b), messages);
    if (strcmp(buf_text(&b), messages)) printf("\n%s\n%s", text, buf_text(&b));
    syntax_free(&s);
}

/* The tree's root: this file's path without its place in the tree. */
static const char *root(arena_t *a) {
    const char *here = __FILE__, *tail = strstr(here, "tests/unit/compiler/");
    return tail ? arena_strndup(a, here, (size_t)(tail - here)) : "";
}

static int by_name(const void *x, const void *y) {
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

const char **syntax_files(arena_t *a, const char *folder) {
    VEC(const char *) files = {0};
    const char *path = arena_printf(a, "%s%s", root(a), folder);
    DIR *d = opendir(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    for (struct dirent *e; (e = readdir(d));) {
        size_t n = strlen(e->d_name);
        if (n < 6 || strcmp(e->d_name + n - 5, ".flow")) continue;
        vec_push(a, &files, arena_printf(a, "%s/%s", path, e->d_name));
    }
    closedir(d);
    qsort(files.at, files.n, sizeof *files.at, by_name);
    vec_push(a, &files, NULL);
    return files.at;
}

char *syntax_read(arena_t *a, const char *path, size_t *n) {
    FILE *f = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    char *text = arena_alloc(a, *n + 1);
    CU_ASSERT_EQUAL(fread(text, 1, *n, f), *n);
    fclose(f);
    return text;
}
