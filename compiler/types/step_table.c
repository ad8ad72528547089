/* step_table.c - steps that make tables or end them: latest, changes, close; and what
 * aggregates may stand over a table.
 *
 * A table's rows change, so what stands over one must be able to take a row out again.
 * Sums and counts do so by arithmetic, the others keep the values of each key; only what
 * forgets its values and has no inverse cannot. */
#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/const.h"
#include "compiler/types/step_check.h"

int need_table(flowck_t *f) {
    if (f->st.props.is_table) return 1;
    const char *word = op_at(f->step->op)->spelling;
    diag_t *m = diag_add(f->c->diags, DIAG_step_stream, f->step->at, word);
    if (f->step->op == OP_changes)
        diag_help(m, "leave `%s` out: every row of a stream stands for itself", word);
    else diag_help(m, "make a table of it first: `aggregate` without a window, or `latest per …`");
    return 0;
}

void step_table_keys(flowck_t *f, const titems_t *keys, const int *added) {
    struct tkey *out = ARENA_ARRAY(f->c->arena, struct tkey, keys->n + 2);
    for (size_t i = 0; i < keys->n; i++) {
        const titem_t *k = &keys->at[i];
        int column = added[i];
        if (column < 0 && k->expr->kind == AST_name && k->expr->def &&
            k->expr->def->kind == DEF_COLUMN)
            column = k->expr->def->index;
        out[i] = (struct tkey){k->name, k->type, column};
    }
    f->st.props.keys = out;
    f->st.props.nkeys = keys->n;
}

/* ---- latest ---- */

/* Rows of one key stand in many windows; the latest is that of the whole stream. */
static void leave_window(flowck_t *f) {
    if (f->st.props.windowed == WINDOW_NONE) return;
    diag_t *m = diag_add(f->c->diags, DIAG_leave_window, f->step->at,
                         op_at(f->step->op)->spelling);
    diag_help(m, "`|> drop window` before it, or take the last row of each window: "
                 "`|> top 1 by … per …`");
    stream_unwindow(&f->st);
}

/* Versions are known by their event time. */
static void check_keep(flowck_t *f, ast_step_latest_t *s) {
    check_t *c = f->c;
    const tprops_t *p = &f->st.props;
    cval_t **value = &f->step->u.latest.keep_value;
    if (check_constant(f, s->keep, TY_DURATION, "`keep`", value) && *value &&
        (int64_t)(*value)->w[0] < 0)
        diag_add(c->diags, DIAG_duration_negative, s->keep->span, "`keep`");
    if (!p->timed) {
        diag_t *m = diag_add(c->diags, DIAG_no_event_time, s->keep->span);
        diag_note(m, "the versions that `keep` keeps are known by it");
        diag_help(m, "declare it behind the source: `|> event_time <column> delay 5s`");
        return;
    }
    const node_t *time = p->times[0]->u.event_time.time;
    int same = s->by.n == 1 && !AST(order, s->by.at[0])->desc &&
               ast_equal(AST(order, s->by.at[0])->key, time);
    if (!s->by.n || same) return;
    const char *src = diag_source(c->diags, time->span);
    diag_t *m = diag_add(c->diags, DIAG_keep_by, s->by.at[0]->span);
    diag_help(m, "`by %s`, or no `by` at all", src);
}

/* What may be missing says nothing about which row is the latest. */
static void check_by(flowck_t *f, const torder_t *by, size_t n) {
    check_t *c = f->c;
    for (size_t i = 0; i < n; i++) {
        const node_t *e = by[i].expr;
        if (e->type->kind != TY_OPTION) continue;
        const char *src = diag_source(c->diags, e->span);
        diag_t *m = diag_add(c->diags, DIAG_may_be_missing, e->span, src,
                             type_text(c->arena, e->type));
        diag_help(m, "first `|> where %s is not none`", src);
    }
}

void op_latest_type(flowck_t *f) {
    ast_step_latest_t *s = AST(step_latest, f->step->node);
    check_t *c = f->c;
    need_stream(f, "a table has one row per key already");
    leave_window(f);
    titems_t keys = {0};
    items_keys(f, &s->per, 0, &keys);
    columns_t cols = stream_columns(c, &f->st);
    int *added = step_add_keys(f, &s->per, &keys, &cols);
    f->step->u.latest.keys = keys.at;
    f->step->u.latest.nkeys = keys.n;
    f->step->u.latest.added = added;
    f->step->u.latest.by = items_orders(f, &s->by);
    f->step->u.latest.n = s->by.n;
    check_by(f, f->step->u.latest.by, s->by.n);
    f->step->u.latest.keep = s->keep;
    if (s->keep) check_keep(f, s);
    stream_become(c, &f->st, &cols, (lost_t){.step = "latest", .at = f->step->at});
    become_table(f, "latest");
    step_table_keys(f, &keys, added);
    rows_are_made(f);
}

/* ---- changes, close ---- */

static void end_table(flowck_t *f) {
    f->st.props.is_table = 0;
    f->st.props.nkeys = 0;
    f->st.props.sorted = NULL;
    stream_unwindow(&f->st);
}

void op_changes_type(flowck_t *f) {
    check_t *c = f->c;
    need_table(f);
    span_t at = f->step->at;
    columns_t old = stream_columns(c, &f->st), cols = {0};
    const char *name = intern(c->names, "change");
    int taken = columns_find(&old, name);
    if (taken >= 0) {
        diag_t *m = diag_add(c->diags, DIAG_column_twice, at, name);
        diag_note(m, "`changes` adds it; first at %s",
                  diag_where(c->diags, old.at.at[taken], at));
        diag_help(m, "rename it before this step");
        f->st.unknown = 1;
        return;
    }
    columns_add(c, &cols, name, c->change, at, at);
    for (size_t i = 0; i < old.fields.n; i++)
        columns_add(c, &cols, old.fields.at[i].name, old.fields.at[i].type, old.at.at[i], at);
    stream_become(c, &f->st, &cols, (lost_t){.step = "changes", .at = at});
    end_table(f);
    f->st.props.timed = 0;
    f->st.props.ntimes = 0;
}

void op_close_type(flowck_t *f) {
    ast_step_close_t *s = AST(step_close, f->step->node);
    need_table(f);
    expr_check(f->c, f->scope, s->at, type_basic(f->c->types, TY_TIMESTAMP));
    f->step->u.close.at = s->at;
    end_table(f);
    f->st.props.timed = f->st.props.ntimes > 0; /* the moment at which it is closed */
}

/* ---- aggregates over a table ---- */

void step_retracts(flowck_t *f, const agg_calls_t *calls) {
    for (size_t i = 0; i < calls->n; i++) {
        agg_call_t *a = calls->at[i];
        const char *way = NULL;
        a->retracts = 1;
        if (a->agg == AGG_approx_distinct) way = "`count_distinct` counts exactly and can";
        if (a->agg == AGG_fold) way = "`collect` the values, and fold the list afterwards";
        if (a->agg == AGG_reduce) way = "`collect` the values, and reduce the list afterwards";
        if (!way) continue;
        diag_t *m = diag_add(f->c->diags, DIAG_aggregate_retract, a->call->span,
                             agg_at(a->agg)->spelling);
        note_table(f, m);
        diag_help(m, "%s", way);
    }
}
