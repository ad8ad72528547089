/* fmt.c - declarations, and the formatter's entry. */
#include "compiler/syntax/fmt.h"

#include <stdio.h>
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/fmt_out.h"

/* ` value` behind a `=`; on a line of its own where it fits only there, or stood there. */
static void value_of(fmt_t *f, const node_t *n, uint32_t after) {
    int moved = fmt_was_broken(f, after, n->span.start) || fmt_comment_due(f, n->span.start);
    int block = n->kind == AST_list || n->kind == AST_record || n->kind == AST_case ||
                n->kind == AST_call || n->kind == AST_make;
    size_t outer = f->indent;
    f->indent = outer + 2;
    if (!f->flat && (moved || (!block && !fmt_fits(f, fmt_expr, n, 1)))) {
        fmt_newline(f, outer + 2);
        fmt_comments_before(f, n->span.start, outer + 2, 0);
    } else {
        fmt_put(f, " ");
        f->indent = outer;
    }
    fmt_expr(f, n);
    f->indent = outer;
}

static void head(fmt_t *f, const char *word, const char *name, const node_t *type) {
    fmt_put(f, word);
    fmt_ident(f, name);
    if (!type) return;
    fmt_put(f, ": ");
    fmt_type(f, type);
}

static void params(fmt_t *f, const nodes_t *list) {
    fmt_put(f, "(");
    fmt_list(f, list, fmt_param, 2);
    fmt_put(f, ")");
}

/* ---- types ---- */

static void variant_padded(fmt_t *f, const node_t *n, size_t width) {
    const ast_variant_t *v = AST(variant, n);
    fmt_type_name(f, v->name);
    if (!v->braces) return;
    size_t used = strlen(v->name);
    for (fmt_put(f, " "); used < width; used++) fmt_put(f, " ");
    fmt_fields(f, &v->fields);
}

static void union_flat(fmt_t *f, const node_t *n) {
    const nodes_t *list = &AST(type_union, n)->variants;
    for (size_t i = 0; i < list->n; i++) {
        if (i) fmt_put(f, " | ");
        variant_padded(f, list->at[i], 0);
    }
}

/* A variant a line, their fields under each other. */
static void union_lines(fmt_t *f, const node_t *n) {
    const nodes_t *list = &AST(type_union, n)->variants;
    size_t width = 0;
    for (size_t i = 0; i < list->n; i++) {
        const ast_variant_t *v = AST(variant, list->at[i]);
        if (v->braces && strlen(v->name) > width) width = strlen(v->name);
    }
    for (size_t i = 0; i < list->n; i++) {
        fmt_newline(f, 2);
        fmt_comments_before(f, list->at[i]->span.start, 2, 0);
        fmt_put(f, i ? "| " : "  ");
        variant_padded(f, list->at[i], width);
        fmt_comments_after(f, list->at[i]->span);
    }
}

static void decl_type(fmt_t *f, const ast_decl_type_t *d) {
    const node_t *body = d->body;
    fmt_put(f, "type ");
    fmt_type_name(f, d->name);
    fmt_put(f, " =");
    int is_union = body->kind == AST_type_union;
    if (is_union && (fmt_was_broken(f, d->name_at.end, body->span.end) ||
                     fmt_has_comments(f, body->span) || !fmt_fits(f, union_flat, body, 1))) {
        union_lines(f, body);
        return;
    }
    fmt_put(f, " ");
    if (is_union) union_flat(f, body);
    else fmt_type(f, body);
}

/* ---- values and functions ---- */

static void decl_const(fmt_t *f, const ast_decl_const_t *d) {
    head(f, "const ", d->name, d->type);
    fmt_put(f, " =");
    value_of(f, d->value, d->value->span.start);
}

static void decl_param(fmt_t *f, const ast_decl_param_t *d) {
    head(f, "param ", d->name, d->type);
    if (!d->value) return;
    fmt_put(f, " =");
    value_of(f, d->value, d->value->span.start);
}

static void decl_fn(fmt_t *f, const ast_decl_fn_t *d) {
    head(f, "fn ", d->name, NULL);
    params(f, &d->params);
    if (d->result) {
        fmt_put(f, ": ");
        fmt_type(f, d->result);
    }
    fmt_put(f, " =");
    /* The sign before the body: from the result's end, or the last bracket. */
    uint32_t after = d->body->span.start;
    while (after > d->node.span.start && f->source->text[after] != '=') after--;
    value_of(f, d->body, after);
}

static void decl_extern(fmt_t *f, const ast_decl_extern_t *d) {
    head(f, "extern fn ", d->name, NULL);
    params(f, &d->params);
    fmt_put(f, ": ");
    fmt_type(f, d->result);
    fmt_put(f, " from ");
    fmt_source(f, d->library_at);
}

static void setting(fmt_t *f, const node_t *n) {
    const ast_setting_t *s = AST(setting, n);
    fmt_name(f, s->name);
    fmt_put(f, " = ");
    fmt_expr(f, s->value);
}

static void decl_model(fmt_t *f, const ast_decl_model_t *d) {
    head(f, "model ", d->name, NULL);
    fmt_put(f, " = ");
    fmt_ident(f, d->maker);
    fmt_put(f, "(");
    fmt_list(f, &d->args, fmt_arg, 1);
    fmt_put(f, ")");
}

static void decl_import(fmt_t *f, const ast_decl_import_t *d) {
    fmt_put(f, "import ");
    fmt_source(f, d->path_at);
    if (!d->alias) return;
    fmt_put(f, " as ");
    fmt_ident(f, d->alias);
}

/* ---- flows, steps, tests ---- */

static void decl_flow(fmt_t *f, const ast_decl_flow_t *d) {
    const node_t *pipeline = d->pipeline;
    head(f, d->table ? "table " : "stream ", d->name, d->type);
    fmt_put(f, " =");
    int moved = fmt_was_broken(f, d->name_at.end, pipeline->span.start);
    if (!moved && fmt_pipeline_fits(f, pipeline, 1)) {
        fmt_put(f, " ");
        fmt_pipeline(f, pipeline);
        return;
    }
    f->indent = 2;
    fmt_newline(f, 2);
    fmt_comments_before(f, pipeline->span.start, 2, 0);
    fmt_pipeline_lines(f, pipeline);
}

static void step_flat(fmt_t *f, const node_t *n) {
    fmt_chain(f, &AST(decl_step, n)->steps, 0, 0);
}

static void decl_step(fmt_t *f, const ast_decl_step_t *d) {
    head(f, "step ", d->name, NULL);
    params(f, &d->params);
    fmt_put(f, " =");
    span_t body = span_join(d->steps.at[0]->span, d->node.span);
    body.start = d->steps.at[0]->span.start;
    int one_line = !fmt_was_broken(f, d->name_at.end, body.end) && !fmt_has_comments(f, body);
    if (one_line && fmt_fits(f, step_flat, &d->node, 1)) {
        fmt_put(f, " ");
        f->flat = 1;
        step_flat(f, &d->node);
        f->flat = 0;
        return;
    }
    fmt_newline(f, 2);
    fmt_comments_before(f, body.start, 2, 0);
    fmt_chain(f, &d->steps, 2, 1);
}

static void clause(fmt_t *f, const node_t *n) {
    switch ((int)n->kind) {
    case AST_clause_given:
        head(f, "given ", AST(clause_given, n)->flow, NULL);
        fmt_put(f, " = ");
        fmt_expr(f, AST(clause_given, n)->rows);
        break;
    case AST_clause_expect:
        head(f, "expect ", AST(clause_expect, n)->flow, NULL);
        fmt_put(f, AST(clause_expect, n)->ordered ? " ordered = " : " = ");
        fmt_expr(f, AST(clause_expect, n)->rows);
        break;
    case AST_clause_with:
        head(f, "with ", AST(clause_with, n)->param, NULL);
        fmt_put(f, " = ");
        fmt_expr(f, AST(clause_with, n)->value);
        break;
    case AST_clause_advance:
        fmt_put(f, "advance ");
        fmt_expr(f, AST(clause_advance, n)->by);
        break;
    default: flow_unreachable("a clause of no kind");
    }
}

static void decl_test(fmt_t *f, const ast_decl_test_t *d) {
    fmt_put(f, "test ");
    fmt_source(f, d->title_at);
    fmt_put(f, " {");
    f->indent = 2;
    for (size_t i = 0; i < d->clauses.n; i++) {
        const node_t *n = d->clauses.at[i];
        fmt_newline(f, 2);
        fmt_comments_before(f, n->span.start, 2, i > 0);
        clause(f, n);
        fmt_comments_after(f, n->span);
    }
    if (d->clauses.n || fmt_has_comments(f, d->node.span))
        fmt_close(f, d->node.span.end, 2, 0);
    f->indent = 0;
    fmt_put(f, "}");
}

static void decl(fmt_t *f, const node_t *n) {
    switch ((int)n->kind) {
    case AST_decl_import: decl_import(f, AST(decl_import, n)); break;
    case AST_decl_type: decl_type(f, AST(decl_type, n)); break;
    case AST_decl_const: decl_const(f, AST(decl_const, n)); break;
    case AST_decl_param: decl_param(f, AST(decl_param, n)); break;
    case AST_decl_fn: decl_fn(f, AST(decl_fn, n)); break;
    case AST_decl_extern: decl_extern(f, AST(decl_extern, n)); break;
    case AST_decl_step: decl_step(f, AST(decl_step, n)); break;
    case AST_decl_set:
        fmt_put(f, "set ");
        fmt_list(f, &AST(decl_set, n)->settings, setting, 0);
        break;
    case AST_decl_model: decl_model(f, AST(decl_model, n)); break;
    case AST_decl_flow: decl_flow(f, AST(decl_flow, n)); break;
    case AST_decl_run: fmt_pipeline(f, AST(decl_run, n)->pipeline); break;
    case AST_decl_test: decl_test(f, AST(decl_test, n)); break;
    default: flow_unreachable("a declaration of no kind");
    }
}

const char *fmt_program(arena_t *a, const source_t *source, const ast_program_t *program,
                        const comments_t *comments, size_t *len) {
    fmt_t f = {.arena = a, .source = source, .comments = comments};
    buf_init(&f.out, a);
    size_t lines = 0;
    for (size_t i = 0; i < program->decls.n; i++) {
        const node_t *n = program->decls.at[i];
        int wide = f.lines != lines; /* the one before took several lines */
        f.indent = 0;
        if (i > 0) fmt_newline(&f, 0);
        if (i > 0 && wide) fmt_blank(&f, 0);
        fmt_comments_before(&f, n->span.start, 0, 1);
        lines = f.lines;
        decl(&f, n);
        f.indent = 0;
        fmt_comments_after(&f, n->span);
    }
    if (f.next < comments->n && program->decls.n) fmt_newline(&f, 0);
    fmt_comments_before(&f, UINT32_MAX, 0, 1);
    while (f.out.n && strchr(" \n", f.out.at[f.out.n - 1])) f.out.n--;
    if (f.out.n) buf_char(&f.out, '\n');
    *len = f.out.n;
    return buf_text(&f.out);
}

const char *fmt_file(parse_env_t *env, uint32_t file, size_t *len) {
    comments_t comments, again;
    int before = diags_errors(env->diags);
    ast_program_t *program = parse_file(env, file, &comments);
    if (diags_errors(env->diags) != before) return NULL;
    const source_t *source = source_at(env->sources, file);
    const char *text = fmt_program(env->arena, source, program, &comments, len);
    uint32_t copy = sources_add(env->sources, source->path, text, *len);
    ast_program_t *same = parse_file(env, copy, &again);
    if (diags_errors(env->diags) != before || !ast_equal(&program->node, &same->node))
        flow_unreachable("the formatter changed the program");
    if (again.n != comments.n) flow_unreachable("the formatter lost a comment");
    return text;
}
