/* sema_fixture.c - checks a program given as text. */
#include "tests/unit/compiler/sema_fixture.h"

#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/syntax/parse.h"
#include "compiler/types/expr.h"
#include "compiler/types/typed_print.h"

static node_t *parse_text(sema_env *env, const char *path, const char *text) {
    uint32_t file = sources_add(env->sources, path, text, strlen(text));
    int errors = diags_errors(env->diags);
    parse_env_t parse = {env->arena, env->names, env->sources, env->diags};
    node_t *root = &parse_file(&parse, file, NULL)->node;
    return diags_errors(env->diags) > errors ? NULL : root;
}

static node_t *load(sema_env *env, const char *path, span_t at, const char **why) {
    (void)at;
    *why = NULL;
    for (const fixture_file_t *f = env->load_data; f && f->path; f++)
        if (!strcmp(f->path, path)) return parse_text(env, path, f->text);
    *why = "no such file";
    return NULL;
}

fixture_t fixture_check(const char *text, const fixture_file_t *files) {
    fixture_t f = {.arena = arena_new("test")};
    sources_t *sources = sources_new(f.arena);
    f.diags = diags_new(f.arena, sources);
    sema_env env = {.arena = f.arena, .names = intern_new(f.arena), .sources = sources,
                    .diags = f.diags, .load = load,
                    .load_data = (void *)(uintptr_t)files};
    node_t *root = parse_text(&env, "t.flow", text);
    if (root) f.program = sema_program(&env, root);
    return f;
}

void fixture_free(fixture_t *f) {
    arena_free(f->arena);
}

const char *fixture_said(fixture_t *f) {
    return diags_text(f->diags, f->arena);
}

int fixture_says(fixture_t *f, const char *part) {
    const char *said = fixture_said(f);
    if (strstr(said, part)) return 1;
    fprintf(stderr, "wanted: %s\nsaid: %s\n", part, said);
    return 0;
}

/* Looking into a program that has errors is a fault of the test. */
static void must_be_right(fixture_t *f) {
    if (f->program && !diags_errors(f->diags)) return;
    fprintf(stderr, "%s\n", fixture_said(f));
    CU_FAIL_FATAL("the program has errors");
}

const char *fixture_typed(fixture_t *f) {
    must_be_right(f);
    buf_t b;
    buf_init(&b, f->arena);
    typed_print(&b, f->program, f->diags);
    return buf_text(&b);
}

tflow_t *fixture_flow(fixture_t *f, const char *name) {
    must_be_right(f);
    for (size_t i = 0; i < f->program->flows.n; i++) {
        tflow_t *flow = f->program->flows.at[i];
        if (flow->name && !strcmp(flow->name, name)) return flow;
    }
    CU_FAIL_FATAL("no such flow");
    return NULL;
}

tflow_t *fixture_run(fixture_t *f, int n) {
    must_be_right(f);
    for (size_t i = 0; i < f->program->flows.n; i++) {
        tflow_t *flow = f->program->flows.at[i];
        if (!flow->name && flow->node && n-- == 0) return flow;
    }
    CU_FAIL_FATAL("no such pipeline");
    return NULL;
}

tstep_t *fixture_step(tflow_t *flow, op_id op) {
    for (size_t i = 0; i < flow->steps.n; i++)
        if (flow->steps.at[i]->op == op) return flow->steps.at[i];
    return NULL;
}

const char *fixture_row(fixture_t *f, const type_t *row) {
    return expr_columns_text(f->program->check, row, 100);
}

void fixture_accept(const char *text) {
    fixture_t f = fixture_check(text, NULL);
    const char *said = fixture_said(&f);
    if (*said) fprintf(stderr, "wanted nothing of\n%.400s\nsaid: %s\n", text, said);
    CU_ASSERT_STRING_EQUAL(said, "");
    fixture_free(&f);
}

void fixture_reject(const char *text, const char *part) {
    fixture_t f = fixture_check(text, NULL);
    CU_ASSERT(fixture_says(&f, part));
    CU_ASSERT_EQUAL(diags_errors(f.diags), 1);
    fixture_free(&f);
}
