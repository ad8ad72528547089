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
