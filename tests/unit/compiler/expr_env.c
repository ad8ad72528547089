/* expr_env.c - parses declarations and one expression, and checks it. */
#define _GNU_SOURCE
#include "tests/unit/compiler/expr_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/parse.h"

void expr_env_open(expr_env_t *env, const char *decls, const char *expr) {
    memset(env, 0, sizeof *env);
    arena_t *a = env->arena = arena_new("test");
    env->names = intern_new(a);
    env->sources = sources_new(a);
    env->diags = diags_new(a, env->sources);
    /* the expression is on line 1, so that messages are easy to read */
    const char *text = arena_printf(a, "const it = %s\n%s\n", expr, decls);
    uint32_t file = sources_add(env->sources, "t", text, strlen(text));
    parse_env_t parse = {a, env->names, env->sources, env->diags};
    ast_program_t *p = parse_file(&parse, file, NULL);
    env->c = check_new(a, env->names, env->sources, env->diags);
    env->scope = scope_file(a);
    for (size_t i = 1; i < p->decls.n; i++) decl_enter(env->c, env->scope, p->decls.at[i]);
    for (size_t i = 1; i < p->decls.n; i++)
        if (p->decls.at[i]->def) decl_check(env->c, p->decls.at[i]->def);
    if (p->decls.n && p->decls.at[0]->kind == AST_decl_const)
        env->expr = AST(decl_const, p->decls.at[0])->value;
    def_t *row = scope_find_in(env->scope, NS_TYPE, intern(env->names, "Row"));
    if (!row || row->type->kind != TY_RECORD) return;
    env->row = row->type;
    env->scope = scope_row(a, env->scope, env->row, NULL);
}

void expr_env_close(expr_env_t *env) { arena_free(env->arena); }

const char *expr_env_messages(expr_env_t *env) {
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out) abort();
    diags_render(env->diags, out, 0);
    fclose(out);
    char *copy = arena_strndup(env->arena, text, n);
    free(text);
    return copy;
}

char *expr_type_of(const char *decls, const char *expr) {
    expr_env_t env;
    expr_env_open(&env, decls, expr);
    type_t *t = NULL;
    if (env.expr && !diags_errors(env.diags)) t = expr_check(env.c, env.scope, env.expr, NULL);
    const char *text = t && !diags_errors(env.diags) ? type_text(env.arena, t)
                                                     : expr_env_messages(&env);
    char *out = strdup(text);
    expr_env_close(&env);
    return out;
}

char *expr_value_of(const char *decls, const char *expr) {
    expr_env_t env;
    expr_env_open(&env, decls, expr);
    type_t *t = NULL;
    if (env.expr && !diags_errors(env.diags)) t = expr_check(env.c, env.scope, env.expr, NULL);
    const char *text;
    if (!t || diags_errors(env.diags)) {
        text = expr_env_messages(&env);
    } else {
        uint64_t *w = ARENA_ARRAY(env.arena, uint64_t, t->words + 1);
        def_t *sample = scope_find(scope_file_of(env.scope), intern(env.names, "sample"));
        const uint64_t *row = sample && sample->value ? sample->value->w : NULL;
        int status = const_eval_row(env.c, env.expr, row ? env.row : NULL, row, w);
        text = status ? arena_printf(env.arena, "error: %s", const_status_text(status))
                      : const_text(env.c, t, w);
    }
    char *out = strdup(text);
    expr_env_close(&env);
    return out;
}
