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
