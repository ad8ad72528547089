/* step_check.c - what the check functions of the steps share. */
#include "compiler/types/step_check.h"

#include "compiler/base/check.h"
#include "compiler/types/const.h"

op_id step_op(const node_t *step) {
    switch (step->kind) {
    case AST_step_where: return OP_where;
    case AST_step_select: return OP_select;
    case AST_step_let: return OP_let;
    case AST_step_drop: return OP_drop;
    case AST_step_each: return OP_each;
    case AST_step_event_time: return OP_event_time;
    case AST_step_window: return OP_window;
    case AST_step_aggregate: return OP_aggregate;
    case AST_step_distinct: return OP_distinct;
    case AST_step_latest: return OP_latest;
    case AST_step_changes: return OP_changes;
    case AST_step_close: return OP_close;
    case AST_step_sort: return OP_sort;
    case AST_step_top: return OP_top;
    case AST_step_limit: return OP_limit;
    case AST_step_union: return OP_union;
    case AST_step_join: return OP_join;
    case AST_step_match: return OP_match;
    case AST_step_remember: return OP_remember;
    case AST_step_train: return OP_train;
    case AST_step_branch: return OP_branch;
    case AST_step_errors: return OP_errors;
    case AST_step_repartition: return OP_repartition;
    case AST_step_to: return OP_to;
    case AST_step_print: return OP_print;
    default: return OP_COUNT;
    }
}

void become_table(flowck_t *f, const char *word) {
    f->st.props.is_table = 1;
    f->st.table_at = f->step->at;
    const twindow_t *w = f->st.props.window;
    f->st.table_word = word;
    f->st.table_revises = !w ? NULL : w->early ? "early" : w->lateness ? "lateness" : NULL;
    f->st.props.limited = 0;
    f->st.props.sorted = NULL;
}

void note_table(flowck_t *f, diag_t *m) {
    const stream_t *st = &f->st;
    if (!st->table_word) return;
    const char *where = diag_where(f->c->diags, st->table_at, f->step->at);
    int revises = st->table_word[0] != 'l' && st->table_word[0] != 'j'; /* latest, join */
    if (st->table_revises)
        diag_note(m, "it became a table at %s: windows with `%s` have their rows revised", where,
                  st->table_revises);
    else if (revises)
        diag_note(m, "it became a table at %s: `%s` without a window revises its rows", where,
                  st->table_word);
    else diag_note(m, "it became a table at %s: `%s` revises its rows", where, st->table_word);
}

int need_stream(flowck_t *f, const char *help) {
    if (!f->st.props.is_table) return 1;
    const char *word = op_at(f->step->op)->spelling;
    diag_t *m = diag_add(f->c->diags, DIAG_step_table, f->step->at, word);
    note_table(f, m);
    diag_help(m, "%s", help);
    return 0;
}

tflow_t *side_flow(flowck_t *f, const node_t *maker, const stream_t *st, int port) {
    pipe_t *p = wiring_pipe(f->m, maker);
    if (!p) return NULL;
    p->in = stream_copy(f->c, st);
    p->port_step = f->step->index;
    p->port = port;
    return p->flow;
}

int check_constant(flowck_t *f, node_t *e, type_kind kind, const char *what,
                   struct cval **value) {
    check_t *c = f->c;
    if (value) *value = NULL;
    type_t *t = expr_check(c, f->scope, e, type_basic(c->types, kind));
    if (t->kind == TY_POISON || !const_check(c, e, what)) return 0;
    if (const_has_param(e)) return 1;
    cval_t *v = const_eval(c, e);
    if (value) *value = v;
    return v != NULL;
}

int check_count(flowck_t *f, node_t *e, const char *what, struct cval **value) {
    cval_t *v = NULL;
    if (!check_constant(f, e, TY_INT, what, &v)) return 0;
    if (value) *value = v;
    if (!v || (int64_t)v->w[0] >= 1) return 1;
    diag_t *m = diag_add(f->c->diags, DIAG_count_positive, e->span, what);
    diag_label(m, "%lld", (long long)v->w[0]);
    return 0;
}
