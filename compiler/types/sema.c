/* sema.c - checks a whole program.
 *
 * The pipes come in dependency order, so the rows that a pipeline reads are known when it
 * is checked; side streams are filled in by the step that makes them.  A pipe whose rows
 * are not known is faulty: what reads it is not checked, since its cause has a message. */
#include "compiler/types/sema.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/const.h"
#include "compiler/types/module.h"
#include "compiler/types/setting.h"
#include "compiler/types/step_check.h"
#include "compiler/types/tests.h"

static op_type_fn *const op_types[] = {
#define OP(id, spelling, built, doc, example) op_##id##_type,
#include "lang/operators.def"
#undef OP
};

static int ends_pipeline(op_id op) {
    return op == OP_to || op == OP_print || op == OP_train || op == OP_branch;
}

/* ---- one pipe ---- */

/* Records have at most 255 fields, and a row is a record. */
static void check_width(flowck_t *f, span_t at) {
    if (f->st.row->nfields <= 255) return;
    not_built(f->c, at, "a row of more than 255 columns");
    f->st.unknown = 1;
}

static void flow_origin(sema_t *m, pipe_t *p, flowck_t *f) {
    tflow_t *flow = p->flow;
    if (p->kind == PIPE_side) {
        flow->origin = ORIGIN_port;
        flow->from = p->owner->flow;
        flow->port_step = p->port_step;
        flow->port = p->port;
        f->st = p->in;
        return;
    }
    node_t *origin = AST(pipeline, p->pipeline)->origin;
    if (origin->kind == AST_from) {
        flow->origin = ORIGIN_source;
        source_check(f, AST(from, origin));
        if (m->env->testing && flow->source) flow->source = tests_queue(m, flow->source);
        check_width(f, origin->span);
        return;
    }
    flow->origin = ORIGIN_flow;
    pipe_t *src = wiring_pipe(m, origin);
    if (!src || src->fault) {
        stream_init_unknown(m->c, &f->st);
        return;
    }
    flow->from = src->flow;
    f->st = stream_copy(m->c, &src->out);
}

static void check_step(flowck_t *f, const link_t *link) {
    check_t *c = f->c;
    tstep_t *s = ARENA_NEW(c->arena, tstep_t);
    s->op = step_op(link->step);
    s->node = link->step;
    s->at = ast_word(link->step);
    s->used = link->used;
    s->expanded = link->expanded;
    s->index = (int)f->flow->steps.n;
    s->flow = f->flow;
    s->row_in = f->st.row;
    s->in = f->st.props;
    f->link = link;
    f->step = s;
    f->base = link->base;
    f->scope = stream_scope(c, &f->st, link->base);
    vec_push(c->arena, &f->flow->steps, s);
    op_types[s->op](f);
    note_state(f);
    check_width(f, s->at);
    s->row_out = f->st.row;
    s->out = f->st.props;
}

/* Nothing can follow a sink. */
static void report_after_end(flowck_t *f, const link_t *end, const link_t *next) {
    span_t at = ast_word(next->step);
    const char *word = op_at(step_op(end->step))->spelling;
    diag_t *m = diag_add(f->c->diags, DIAG_after_end, at, word);
    diag_note(m, "`%s` at %s takes all rows", word,
              diag_where(f->c->diags, ast_word(end->step), at));
    diag_help(m, "name the flow before it, and begin two pipelines with that name");
}

static void check_steps(flowck_t *f) {
    const link_t *end = NULL;
    for (size_t i = 0; i < f->pipe->links.n; i++) {
        const link_t *link = &f->pipe->links.at[i];
        op_id op = step_op(link->step);
        diags_context(f->c->diags, link->note);
        if (op == OP_COUNT) f->st.unknown = 1; /* a step that has its message */
        if (end) {
            report_after_end(f, end, link);
            break;
        }
        if (f->st.unknown) break;
        check_step(f, link);
        if (ends_pipeline(op)) end = link;
    }
    diags_context(f->c->diags, NULL);
}

/* ---- what a pipeline is declared to be ---- */

/* "from file(…)", "clicks" */
static const char *origin_text(sema_t *m, const pipe_t *p) {
    node_t *origin = AST(pipeline, p->pipeline)->origin;
    if (origin->kind == AST_flow_ref) return diag_source(m->c->diags, origin->span);
    const ast_from_t *from = AST(from, origin);
    return arena_printf(m->c->arena, "from %s(%s)", from->connector, from->args.n ? "…" : "");
}

static void check_end(sema_t *m, const pipe_t *p) {
    check_t *c = m->c;
    if (p->kind == PIPE_side) return;
    op_id last = p->links.n ? step_op(p->links.at[p->links.n - 1].step) : OP_where;
    if (last == OP_COUNT) return;
    if (p->kind == PIPE_running) {
        if (ends_pipeline(last)) return;
        diag_t *d = diag_add(c->diags, DIAG_goes_nowhere, p->at);
        diag_help(d, "end it with `|> print` or `|> to …`, or name it: `stream slow = %s |> …`",
                  origin_text(m, p));
        return;
    }
    if (!ends_pipeline(last)) return;
    span_t at = ast_word(p->links.at[p->links.n - 1].step);
    diag_t *d = diag_add(c->diags, DIAG_no_rows_left, at, op_at(last)->spelling,
                         p->name ? arena_printf(c->arena, "`%s`", p->name) : "the brackets");
    if (p->name)
        diag_help(d, "leave `%s %s =` out, or name the flow before this step",
                  AST(decl_flow, p->decl)->table ? "table" : "stream", p->name);
}

static void not_a_stream(sema_t *m, const pipe_t *p, const ast_decl_flow_t *d) {
    check_t *c = m->c;
    const stream_t *st = &p->out;
    diag_t *msg = diag_add(c->diags, DIAG_not_a_stream, d->word, d->name);
    int windowless = st->table_word[0] == 'a' || st->table_word[0] == 't';
    if (st->table_revises) {
        diag_note(msg, "`%s` at %s is in windows with `%s`: their rows are revised",
                  st->table_word, diag_where(c->diags, st->table_at, d->word),
                  st->table_revises);
        diag_help(msg, "declare `table %s = …`, or leave `%s` out", d->name, st->table_revises);
        return;
    }
    diag_note(msg, "`%s` at %s %s", st->table_word, diag_where(c->diags, st->table_at, d->word),
              windowless ? "has no window" : "makes a table");
    if (windowless)
        diag_help(msg, "declare `table %s = …`, or add a window before the %s", d->name,
                  st->table_word);
    else diag_help(msg, "declare `table %s = …`", d->name);
}

static void check_declaration(sema_t *m, pipe_t *p) {
    check_t *c = m->c;
    if (p->kind != PIPE_named) return;
    ast_decl_flow_t *d = AST(decl_flow, p->decl);
    if (d->type) {
        type_t *t = type_resolve(c, p->base, d->type);
        if (t->kind != TY_POISON && !p->fault && !type_fits(p->out.row, t)) {
            diag_t *msg = diag_add(c->diags, DIAG_flow_type, d->type->span, d->name,
                                   type_text(c->arena, t));
            if (t->kind == TY_RECORD)
                diag_line(msg, "declared: %s", expr_columns_text(c, t, 30));
            diag_line(msg, "its rows: %s", expr_columns_text(c, p->out.row, 30));
        }
    }
    if (p->fault) return;
    if (!d->table && p->out.props.is_table) not_a_stream(m, p, d);
    if (!d->table || p->out.props.is_table) return;
    diag_t *msg = diag_add(c->diags, DIAG_not_a_table, d->word, d->name);
    diag_note(msg, "`latest` makes tables; so do `aggregate` and `top`, but in a window only with "
                   "`early` or `lateness`");
    diag_help(msg, "declare `stream %s = …`", d->name);
}

static void check_pipe(sema_t *m, pipe_t *p) {
    flowck_t f = {.m = m, .c = m->c, .pipe = p, .flow = p->flow, .base = p->base,
                  .scope = p->base};
    tflow_t *flow = p->flow;
    flow->name = p->name;
    flow->at = p->at;
    flow->node = p->decl;
    flow->index = (int)m->p->flows.n;
    vec_push(m->c->arena, &m->p->flows, flow);
    check_end(m, p);
    if (p->fault) return; /* a ring */
    diags_context(m->c->diags, p->note);
    flow_origin(m, p, &f);
    diags_context(m->c->diags, NULL);
    flow->row_in = f.st.row;
    flow->in = f.st.props;
    check_steps(&f);
    flow->row = f.st.row;
    flow->out = f.st.props;
    p->out = f.st;
    p->fault = f.st.unknown;
    check_declaration(m, p);
}

/* ---- the whole ---- */

static void mark_named_in_tests(sema_t *m, unit_t *u) {
    ast_program_t *prog = AST(program, u->root);
    for (size_t i = 0; i < prog->decls.n; i++) {
        if (prog->decls.at[i]->kind != AST_decl_test) continue;
        ast_decl_test_t *t = AST(decl_test, prog->decls.at[i]);
        for (size_t k = 0; k < t->clauses.n; k++) {
            node_t *n = t->clauses.at[k];
            const char *name = n->kind == AST_clause_given ? AST(clause_given, n)->flow
                               : n->kind == AST_clause_expect ? AST(clause_expect, n)->flow
                                                              : NULL;
            def_t *d = name ? scope_find_in(u->scope, NS_FLOW, name) : NULL;
            if (d) m->pipes.at[d->index]->named_in_test = 1;
        }
    }
}

static void count_readers(sema_t *m) {
    for (size_t i = 0; i < m->pipes.n; i++) {
        pipe_t *p = m->pipes.at[i];
        if (p->kind == PIPE_side) continue; /* it reads its owner by being a port of it */
        for (size_t k = 0; k < p->reads.n; k++)
            if (p->reads.at[k].pipe) p->reads.at[k].pipe->flow->readers++;
    }
}

/* A flow lives if a sink stands at its end, or at that of a flow that reads it.  Readers
 * come later in the list, so one pass from the back will do. */
static void mark_live(program_t *prog, int testing) {
    for (size_t i = prog->flows.n; i-- > 0;) {
        tflow_t *f = prog->flows.at[i];
        op_id last = f->steps.n ? f->steps.at[f->steps.n - 1]->op : OP_where;
        if ((last == OP_to || last == OP_print) && f->shown == testing) f->live = 1;
        if (!f->live) continue;
        if (f->from) f->from->live = 1;
        for (size_t k = 0; k < f->steps.n; k++) {
            const tstep_t *s = f->steps.at[k];
            for (size_t j = 0; s->op == OP_union && j < s->u.unite.n; j++)
                s->u.unite.inputs[j]->live = 1;
            if (s->op == OP_join && s->u.join.right) s->u.join.right->live = 1;
        }
    }
}

/* Two ends that cannot share what they are joined to: files that are written twice, and
 * standard input, which can be read once. */
static int same_text(const struct cval *a, const struct cval *b) {
    return a && b && a->w[1] == b->w[1] &&
           !memcmp((const void *)(uintptr_t)a->w[0], (const void *)(uintptr_t)b->w[0], a->w[1]);
}

static void report_shared_file(sema_t *m, const tstep_t *s, const tstep_t *first) {
    span_t at = s->u.sink->pos->span;
    diag_t *d = diag_add(m->c->diags, DIAG_file_twice, at, diag_source(m->c->diags, at));
    diag_note(d, "first at %s", diag_where(m->c->diags, first->u.sink->pos->span, at));
    diag_help(d, "put the streams together with `union` and write once, or name another file");
}

static void report_shared_input(sema_t *m, const tflow_t *f, const tflow_t *first) {
    span_t at = f->source->node->span;
    diag_t *d = diag_add(m->c->diags, DIAG_stdin_twice, at);
    diag_note(d, "first at %s", diag_where(m->c->diags, first->source->node->span, at));
    diag_help(d, "name it and read that: `stream input = from stdin()`");
}

static int is_file_sink(const tstep_t *s) {
    return s->op == OP_to && s->u.sink && s->u.sink->row == SINK_file;
}

static void check_shared_ends(sema_t *m) {
    VEC(tstep_t *) files = {0};
    const tflow_t *input = NULL;
    for (size_t i = 0; i < m->p->flows.n; i++) {
        tflow_t *f = m->p->flows.at[i];
        if (!f->live) continue;
        if (f->source && f->source->row == SOURCE_stdin) {
            if (input) report_shared_input(m, f, input);
            else input = f;
        }
        tstep_t *s = f->steps.n ? f->steps.at[f->steps.n - 1] : NULL;
        if (!s || !is_file_sink(s)) continue;
        for (size_t k = 0; k < files.n; k++)
            if (same_text(files.at[k]->u.sink->pos_value, s->u.sink->pos_value))
                report_shared_file(m, s, files.at[k]);
        vec_push(m->c->arena, &files, s);
    }
}

/* Rows of a file that is read anew replace those of the `latest` behind it: there must be one,
 * and before it nothing that keeps rows or lets them out. */
static const tstep_t *before_latest(const sema_t *m, const tflow_t *f) {
    for (size_t i = 0; i < f->steps.n; i++) {
        const tstep_t *s = f->steps.at[i];
        switch (s->op) {
        case OP_latest: return NULL;
        case OP_where: case OP_select: case OP_let: case OP_drop: case OP_each:
        case OP_event_time: case OP_errors: break;
        default: return s;
        }
    }
    for (size_t i = 0; i < m->p->flows.n; i++) {
        const tflow_t *r = m->p->flows.at[i];
        if (!r->live || r->from != f || r->origin == ORIGIN_port) continue;
        const tstep_t *s = before_latest(m, r);
        if (s) return s;
    }
    for (size_t i = 0; i < m->p->flows.n; i++) { /* read as it is by a union or a join */
        const tflow_t *r = m->p->flows.at[i];
        for (size_t k = 0; r->live && k < r->steps.n; k++) {
            const tstep_t *s = r->steps.at[k];
            for (size_t j = 0; s->op == OP_union && j < s->u.unite.n; j++)
                if (s->u.unite.inputs[j] == f) return s;
            if (s->op == OP_join && s->u.join.right == f) return s;
        }
    }
    return NULL;
}

static void check_refresh(sema_t *m) {
    check_t *c = m->c;
    for (size_t i = 0; i < m->p->flows.n; i++) {
        tflow_t *f = m->p->flows.at[i];
        if (!f->live || !f->source) continue;
        for (size_t k = 0; k < f->source->options.n; k++) {
            const toption_t *o = &f->source->options.at[k];
            if (!o->given || strcmp(o->info->name, "refresh")) continue;
            const tstep_t *s = before_latest(m, f);
            if (!s) continue;
            diag_t *d = diag_add(c->diags, DIAG_refresh_latest, f->source->node->span);
            diag_note(d, "`%s` at %s comes first", op_at(s->op)->spelling,
                      diag_where(c->diags, s->at, f->source->node->span));
            diag_help(d, "`… |> latest per key`: what is read anew replaces those rows");
        }
    }
}

/* Flows, params and constants of the root file that nothing uses.  A file without running
 * pipelines is a module: others use it. */
static void lint(sema_t *m) {
    check_t *c = m->c;
    int runs = 0;
    for (size_t i = 0; i < m->pipes.n; i++) runs |= m->pipes.at[i]->kind == PIPE_running;
    if (!runs) return;
    for (size_t i = 0; i < m->pipes.n; i++) {
        const pipe_t *p = m->pipes.at[i];
        if (!p->name || !p->unit->is_root || p->flow->readers || p->named_in_test) continue;
        diag_t *d = diag_add(c->diags, DIAG_flow_unread, p->at, p->name);
        if (p->kind == PIPE_side) diag_note(d, "its rows are dropped");
        else diag_note(d, "a flow that nothing reads does not run");
        diag_help(d, "`%s |> print`", p->name);
    }
    for (size_t i = 0; i < m->p->params.n; i++) {
        const def_t *d = m->p->params.at[i].def;
        if (d->used || d->scope != m->units.at[0]->scope) continue;
        diag_add(c->diags, DIAG_unused, d->at, "param", d->name);
    }
    for (size_t i = 0; i < m->p->consts.n; i++) {
        const def_t *d = m->p->consts.at[i];
        if (d->used || d->scope != m->units.at[0]->scope) continue;
        diag_add(c->diags, DIAG_unused, d->at, "constant", d->name);
    }
}

program_t *sema_program(sema_env *env, node_t *root) {
    check_t *c = check_new(env->arena, env->names, env->sources, env->diags);
    program_t *prog = ARENA_NEW(env->arena, program_t);
    *prog = (program_t){.arena = env->arena, .types = c->types, .check = c};
    sema_t m = {.env = env, .c = c, .p = prog};
    if (!module_read(&m, root, source_at(env->sources, root->span.file)->path)) return prog;
    settings_check(&m);
    module_finish(&m);
    wiring_order(&m);
    for (size_t i = 0; i < m.pipes.n; i++)
        m.pipes.at[i]->flow = ARENA_NEW(env->arena, tflow_t);
    for (size_t i = 0; i < m.order.n; i++) check_pipe(&m, m.order.at[i]);
    tests_check(&m, check_pipe);
    mark_named_in_tests(&m, m.units.at[0]);
    count_readers(&m);
    /* What is wrong comes first; that a part is not built matters once the rest is right. */
    if (diags_errors(env->diags) > diags_count_of(env->diags, DIAG_not_built))
        diags_withdraw(env->diags, DIAG_not_built);
    if (diags_errors(env->diags)) return prog;
    mark_live(prog, env->testing);
    check_table_clocks(&m);
    if (env->testing) return prog;
    check_shared_ends(&m);
    check_refresh(&m);
    lint(&m);
    lint_state(&m);
    return prog;
}
