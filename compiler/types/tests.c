/* tests.c - see tests.h.
 *
 * A test is typed by the flows it names: `given` by what their source reads, `expect` by
 * those of their columns that it mentions.  Rows travel as JSON, whose text is exact for
 * every type, so generated code reads and writes them as it would any other source and
 * sink, and results are compared as text. */
#include "compiler/types/tests.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/const.h"

/* ---- names ---- */

static pipe_t *find_flow(sema_t *m, unit_t *u, const char *name, span_t at) {
    check_t *c = m->c;
    def_t *d = scope_find_in(u->scope, NS_FLOW, name);
    if (d) return m->pipes.at[d->index];
    diag_t *msg = diag_add(c->diags, DIAG_no_flow, at, name);
    const char **names;
    size_t n = scope_all(c->arena, u->scope, NS_FLOW, &names);
    const char *guess = diag_nearest(name, names, n);
    if (guess) diag_help(msg, "did you mean `%s`?", guess);
    return NULL;
}

/* The rows that a source reads: of the flow's `from`. */
static type_t *given_type(sema_t *m, pipe_t *p, span_t at) {
    check_t *c = m->c;
    if (p->flow->origin == ORIGIN_source) return p->flow->source ? p->flow->source->record : NULL;
    diag_t *d = diag_add(c->diags, DIAG_given_no_source, at, p->name);
    const tflow_t *f = p->flow;
    while (f->from) f = f->from;
    if (f->name && f->origin == ORIGIN_source && f != p->flow)
        diag_help(d, "its rows come from `%s`: `given %s = [...]`", f->name, f->name);
    return NULL;
}

/* ---- what an `expect` mentions ---- */

/* The fields that the first row names; null if only its type tells. */
static type_t *named_columns(sema_t *m, const type_t *row, const node_t *first, int *bad) {
    check_t *c = m->c;
    VEC(field_t) fields = {0};
    if (first->kind != AST_record) return NULL;
    const ast_record_t *r = AST(record, first);
    for (size_t i = 0; i < r->cells.n; i++) {
        if (r->cells.at[i]->kind != AST_cell) return NULL;
        const ast_cell_t *cell = AST(cell, r->cells.at[i]);
        int at = type_field(row, cell->name);
        if (at < 0) {
            diag_t *d = diag_add(c->diags, DIAG_no_column, cell->name_at, cell->name);
            diag_label(d, "not a column");
            diag_line(d, "here: %s", expr_columns_text(c, row, 20));
            *bad = 1;
            return NULL;
        }
        field_t f = {.name = cell->name, .type = row->fields[at].type};
        vec_push(c->arena, &fields, f);
    }
    return type_record(c->types, NULL, fields.at, (uint32_t)fields.n);
}

/* The columns of `row` that a record type has; null if it has others. */
static type_t *columns_of(sema_t *m, const type_t *row, const type_t *t) {
    VEC(field_t) fields = {0};
    if (t->kind != TY_RECORD) return NULL;
    for (uint32_t i = 0; i < t->nfields; i++) {
        int at = type_field(row, t->fields[i].name);
        if (at < 0) return NULL;
        field_t f = {.name = t->fields[i].name, .type = row->fields[at].type};
        vec_push(m->c->arena, &fields, f);
    }
    return type_record(m->c->types, NULL, fields.at, (uint32_t)fields.n);
}

/* Types the rows of an `expect`; null after a diagnostic. */
static type_t *expect_type(sema_t *m, unit_t *u, const type_t *row, node_t *rows) {
    check_t *c = m->c;
    int bad = 0;
    type_t *cols = NULL;
    ast_list_t *list = rows->kind == AST_list ? AST(list, rows) : NULL;
    if (list && !list->elements.n)
        cols = type_record(c->types, NULL, row->fields, row->nfields);
    else if (list) cols = named_columns(m, row, list->elements.at[0], &bad);
    if (bad) return NULL;
    if (!cols) {
        type_t *t = expr_check(c, u->scope, rows, NULL);
        if (type_is_poison(t)) return NULL;
        cols = t->kind == TY_LIST ? columns_of(m, row, t->elem) : NULL;
        if (cols && type_fits(t->elem, cols)) return type_list(c->types, cols);
        diag_t *d = diag_add(c->diags, DIAG_expect_rows, rows->span, type_text(c->arena, t));
        diag_line(d, "its rows: %s", expr_columns_text(c, row, 20));
        return NULL;
    }
    type_t *want = type_list(c->types, cols);
    return type_is_poison(expr_check(c, u->scope, rows, want)) ? NULL : want;
}

/* ---- the pipelines that show results ---- */

static node_t *text_node(check_t *c, span_t at, const char *text, size_t n) {
    ast_string_t *s = ast_new(c->arena, string, at);
    s->value = text;
    s->value_n = n;
    return &s->node;
}

static void add_arg(check_t *c, nodes_t *to, span_t at, const char *name, node_t *value) {
    ast_arg_t *a = ast_new(c->arena, arg, at);
    a->name = name ? intern(c->names, name) : NULL;
    a->name_at = at;
    a->value = value;
    vec_push(c->arena, to, &a->node);
}

static node_t *name_node(check_t *c, span_t at, const char *name) {
    ast_name_t *n = ast_new(c->arena, name, at);
    n->name = intern(c->names, name);
    n->name_at = at;
    return &n->node;
}

static node_t *select_node(check_t *c, span_t at, const type_t *cols) {
    ast_step_select_t *s = ast_new(c->arena, step_select, at);
    s->word = at;
    for (uint32_t i = 0; i < cols->nfields; i++) {
        ast_item_t *item = ast_new(c->arena, item, at);
        item->name = cols->fields[i].name;
        item->name_at = at;
        item->value = name_node(c, at, cols->fields[i].name);
        vec_push(c->arena, &s->items, &item->node);
    }
    return &s->node;
}

static node_t *sink_node(check_t *c, span_t at, int index, int is_table) {
    ast_step_to_t *s = ast_new(c->arena, step_to, at);
    char *path = arena_printf(c->arena, "%d.json", index);
    s->word = at;
    s->connector = intern(c->names, "file");
    s->connector_at = at;
    add_arg(c, &s->args, at, NULL, text_node(c, at, path, strlen(path)));
    add_arg(c, &s->args, at, "format", name_node(c, at, "json"));
    if (is_table) add_arg(c, &s->args, at, "mode", name_node(c, at, "final"));
    return &s->node;
}

/* The file that shows these columns of the flow; made at the first use. */
static int output_of(sema_t *m, unit_t *u, pipe_t *p, const type_t *cols, span_t at,
                     void (*check)(sema_t *m, pipe_t *p)) {
    check_t *c = m->c;
    for (size_t i = 0; i < m->p->outputs.n; i++)
        if (m->p->outputs.at[i].flow == p->flow && m->p->outputs.at[i].cols == cols)
            return (int)i;
    int index = (int)m->p->outputs.n;
    vec_push(c->arena, &m->p->outputs, ((toutput_t){p->flow, cols}));
    ast_pipeline_t *line = ast_new(c->arena, pipeline, at);
    ast_flow_ref_t *ref = ast_new(c->arena, flow_ref, at);
    ref->name = p->name;
    ref->name_at = at;
    line->origin = &ref->node;
    vec_push(c->arena, &line->steps, select_node(c, at, cols));
    vec_push(c->arena, &line->steps, sink_node(c, at, index, p->out.props.is_table));
    ast_decl_run_t *run = ast_new(c->arena, decl_run, at);
    run->pipeline = &line->node;
    pipe_t *shown = wiring_add(m, u, &run->node);
    shown->flow = ARENA_NEW(c->arena, tflow_t);
    shown->flow->shown = 1;
    check(m, shown);
    return index;
}

tconnector_t *tests_queue(sema_t *m, const tconnector_t *source) {
    tconnector_t *q = ARENA_NEW(m->c->arena, tconnector_t);
    q->row = SOURCE_queue;
    q->node = source->node;
    q->format = FORMAT_json;
    q->record = source->record;
    q->whole = source->whole;
    return q;
}

/* ---- clauses ---- */

static void check_given(sema_t *m, unit_t *u, ast_clause_given_t *n, ttest_clause_t *t) {
    check_t *c = m->c;
    pipe_t *p = find_flow(m, u, n->flow, n->flow_at);
    if (!p || p->fault) return;
    type_t *record = given_type(m, p, n->flow_at);
    if (!record) return;
    t->flow = p->flow;
    t->type = type_list(c->types, record);
    t->expr = n->rows;
    if (type_is_poison(expr_check(c, u->scope, n->rows, t->type)) ||
        !const_check(c, n->rows, "a row of a test"))
        t->type = NULL;
}

static void check_expect(sema_t *m, unit_t *u, ast_clause_expect_t *n, ttest_clause_t *t,
                         void (*check)(sema_t *m, pipe_t *p)) {
    pipe_t *p = find_flow(m, u, n->flow, n->flow_at);
    if (!p || p->fault) return;
    t->flow = p->flow;
    t->expr = n->rows;
    t->ordered = n->ordered;
    t->type = expect_type(m, u, p->out.row, n->rows);
    if (t->type && !const_check(m->c, n->rows, "a row of a test")) t->type = NULL;
    if (t->type && m->env->testing)
        t->output = output_of(m, u, p, t->type->elem, n->flow_at, check);
}

static void check_with(sema_t *m, unit_t *u, ast_clause_with_t *n, ttest_clause_t *t) {
    check_t *c = m->c;
    def_t *d = scope_find_in(u->scope, NS_VALUE, n->param);
    if (!d || d->kind != DEF_PARAM) {
        diag_t *msg = diag_add(c->diags, DIAG_no_param, n->param_at, n->param);
        const char **names = ARENA_ARRAY(c->arena, const char *, m->p->params.n + 1);
        for (size_t i = 0; i < m->p->params.n; i++) names[i] = m->p->params.at[i].name;
        const char *guess = diag_nearest(n->param, names, m->p->params.n);
        if (guess) diag_help(msg, "did you mean `%s`?", guess);
        return;
    }
    d->used = 1;
    t->param = d;
    t->expr = n->value;
    t->type = d->type;
    if (type_is_poison(expr_check(c, u->scope, n->value, d->type)) ||
        !const_check(c, n->value, "the value of a param"))
        t->type = NULL;
}

static void check_advance(sema_t *m, unit_t *u, ast_clause_advance_t *n, ttest_clause_t *t) {
    type_t *duration = type_basic(m->c->types, TY_DURATION);
    t->expr = n->by;
    t->type = duration;
    if (type_is_poison(expr_check(m->c, u->scope, n->by, duration)) ||
        !const_check(m->c, n->by, "how far a test goes"))
        t->type = NULL;
}

static void check_test(sema_t *m, unit_t *u, ast_decl_test_t *n,
                       void (*check)(sema_t *m, pipe_t *p)) {
    check_t *c = m->c;
    ttest_t test = {.title = n->title, .at = n->title_at};
    int expects = 0;
    for (size_t i = 0; i < n->clauses.n; i++) {
        node_t *clause = n->clauses.at[i];
        ttest_clause_t t = {.at = clause->span};
        switch (clause->kind) {
        case AST_clause_given:
            t.kind = TEST_given;
            check_given(m, u, AST(clause_given, clause), &t);
            break;
        case AST_clause_with:
            t.kind = TEST_with;
            check_with(m, u, AST(clause_with, clause), &t);
            break;
        case AST_clause_advance:
            t.kind = TEST_advance;
            check_advance(m, u, AST(clause_advance, clause), &t);
            break;
        default:
            t.kind = TEST_expect;
            check_expect(m, u, AST(clause_expect, clause), &t, check);
            expects = 1;
        }
        vec_push(c->arena, &test.clauses, t);
    }
    if (!expects) {
        diag_t *d = diag_add(c->diags, DIAG_test_no_expect, n->title_at);
        diag_help(d, "end it with `expect flow = [...]`");
    }
    vec_push(c->arena, &m->p->tests, test);
}

void tests_check(sema_t *m, void (*check)(sema_t *m, pipe_t *p)) {
    unit_t *u = m->units.at[0];
    ast_program_t *prog = AST(program, u->root);
    for (size_t i = 0; i < prog->decls.n; i++)
        if (prog->decls.at[i]->kind == AST_decl_test)
            check_test(m, u, AST(decl_test, prog->decls.at[i]), check);
}
