/* step_later.c - steps of the language that this version does not build.
 *
 * Their expressions and columns are checked as far as that is plain, so that the steps
 * behind them can be; then the step says that it is not built, unless it has an error of
 * its own.  Where the rows behind it are not plain nothing more is checked. */
#include "compiler/base/check.h"
#include "compiler/types/step_check.h"

/* The one message, unless the step already has one. */
static void later(flowck_t *f, int errors_before, const char *what) {
    if (errors_before != diags_errors(f->c->diags)) return;
    not_built(f->c, f->step->at, what);
}

static void check_duration(flowck_t *f, node_t *e, const char *what) {
    if (e && e->kind != AST_range) check_constant(f, e, TY_DURATION, what, NULL);
}

static void keys_of_table(flowck_t *f, const titems_t *keys) {
    struct tkey *out = ARENA_ARRAY(f->c->arena, struct tkey, keys->n + 1);
    for (size_t i = 0; i < keys->n; i++) {
        const titem_t *k = &keys->at[i];
        int column = k->expr->kind == AST_name && k->expr->def &&
                     k->expr->def->kind == DEF_COLUMN ? k->expr->def->index : -1;
        out[i] = (struct tkey){k->name, k->type, column};
    }
    f->st.props.keys = out;
    f->st.props.nkeys = keys->n;
}

/* Columns that named keys add to the row. */
static void add_named_keys(flowck_t *f, const nodes_t *per, const titems_t *keys) {
    columns_t cols = stream_columns(f->c, &f->st);
    for (size_t i = 0; i < per->n && i < keys->n; i++) {
        const titem_t *k = &keys->at[i];
        if (per->at[i]->kind != AST_item) break;
        if (item_is_named(per->at[i])) columns_add(f->c, &cols, k->name, k->type, k->at, k->at);
    }
    stream_become(f->c, &f->st, &cols, (lost_t){.step = "per", .at = f->step->at});
}

void op_latest_type(flowck_t *f) {
    ast_step_latest_t *s = AST(step_latest, f->step->node);
    int errors = diags_errors(f->c->diags);
    need_stream(f, "a table has one row per key already");
    titems_t keys = {0};
    items_keys(f, &s->per, 0, &keys);
    items_orders(f, &s->by);
    check_duration(f, s->keep, "`keep`");
    add_named_keys(f, &s->per, &keys);
    stream_unwindow(&f->st);
    become_table(f, "latest");
    keys_of_table(f, &keys);
    later(f, errors, "`latest`");
}

/* A table is asked for. */
static void need_table(flowck_t *f) {
    if (f->st.props.is_table) return;
    const char *word = op_at(f->step->op)->spelling;
    diag_t *m = diag_add(f->c->diags, DIAG_step_stream, f->step->at, word);
    diag_help(m, "leave `%s` out: every row of a stream stands for itself", word);
}

void op_changes_type(flowck_t *f) {
    int errors = diags_errors(f->c->diags);
    need_table(f);
    f->st.unknown = 1; /* `change` has a type of its own */
    later(f, errors, "`changes`");
}

void op_close_type(flowck_t *f) {
    ast_step_close_t *s = AST(step_close, f->step->node);
    int errors = diags_errors(f->c->diags);
    need_table(f);
    expr_check(f->c, f->scope, s->at, type_basic(f->c->types, TY_TIMESTAMP));
    f->st.props.is_table = 0;
    f->st.props.nkeys = 0;
    later(f, errors, "`close`");
}

/* Every column T?, but for the window that both sides share. */
static void make_optional(check_t *c, columns_t *cols, int window) {
    for (size_t i = 0; i < cols->fields.n; i++)
        if ((int)i != window)
            cols->fields.at[i].type = type_option(c->types, cols->fields.at[i].type);
}

void op_join_type(flowck_t *f) {
    ast_step_join_t *s = AST(step_join, f->step->node);
    check_t *c = f->c;
    int errors = diags_errors(c->diags);
    pipe_t *right = wiring_pipe(f->m, s->right);
    join_kind kind = (join_kind)s->kind;
    int known = right && !right->fault && !right->out.unknown;
    type_t *there = known ? right->out.row : type_basic(c->types, TY_POISON);
    item_hides(f, s->name, s->name_at);
    /* What `on` sees: the row and the other side's record. */
    stream_t both = stream_copy(c, &f->st);
    columns_t cols = stream_columns(c, &both);
    columns_add(c, &cols, s->name, there, s->name_at, s->name_at);
    stream_become(c, &both, &cols, (lost_t){.step = "join", .at = f->step->at});
    scope_t *scope = stream_scope(c, &both, f->base);
    expr_check_condition(c, scope, s->on);
    if (s->as_of) expr_check(c, f->scope, s->as_of, type_basic(c->types, TY_TIMESTAMP));
    if (kind != JOIN_SEMI && kind != JOIN_ANTI) {
        columns_t out = stream_columns(c, &f->st);
        if (kind == JOIN_RIGHT || kind == JOIN_FULL)
            make_optional(c, &out, f->st.props.window_column);
        if (known && (kind == JOIN_LEFT || kind == JOIN_FULL))
            there = type_option(c->types, there);
        if (columns_find(&out, s->name) < 0)
            columns_add(c, &out, s->name, there, s->name_at, s->name_at);
        stream_become(c, &f->st, &out, (lost_t){.step = "join", .at = f->step->at});
    }
    later(f, errors, "`join`");
}

void op_match_type(flowck_t *f) {
    ast_step_match_t *s = AST(step_match, f->step->node);
    int errors = diags_errors(f->c->diags);
    need_stream(f, "look for patterns before the step that makes the table");
    titems_t keys = {0};
    items_keys(f, &s->per, 1, &keys);
    items_orders(f, &s->by);
    f->st.unknown = 1;
    later(f, errors, "`match`");
}

void op_remember_type(flowck_t *f) {
    ast_step_remember_t *s = AST(step_remember, f->step->node);
    int errors = diags_errors(f->c->diags);
    need_stream(f, "keep state before the step that makes the table");
    titems_t keys = {0};
    items_keys(f, &s->per, 1, &keys);
    items_orders(f, &s->by);
    f->st.unknown = 1;
    later(f, errors, "`remember`");
}

void op_train_type(flowck_t *f) {
    int errors = diags_errors(f->c->diags);
    f->st.unknown = 1;
    later(f, errors, "`train`");
}

void op_repartition_type(flowck_t *f) {
    ast_step_repartition_t *s = AST(step_repartition, f->step->node);
    int errors = diags_errors(f->c->diags);
    check_count(f, s->count, "the count of `repartition`", NULL);
    titems_t keys = {0};
    items_keys(f, &s->per, 0, &keys);
    add_named_keys(f, &s->per, &keys);
    later(f, errors, "`repartition`");
}
