/* join_keys.c - see join_keys.h. */
#include "compiler/types/join_keys.h"

#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

static int is_column(const node_t *e, int column) {
    return e->kind == AST_name && e->def && e->def->kind == DEF_COLUMN && e->def->index == column;
}

/* The column of the other side's row that the expression is, or -1. */
static int there_column(const tstep_t *s, const node_t *e) {
    if (e->kind != AST_member) return -1;
    const ast_member_t *m = AST(member, e);
    if (!is_column(m->value, (int)s->row_in->nfields)) return -1;
    int field = type_field(s->u.join.there, m->name);
    return field < 0 ? -1 : s->u.join.from[field];
}

int join_is_by_keys(const tstep_t *s) {
    if (s->op != OP_join || s->u.join.form != JOINS_tables || s->u.join.cond) return 0;
    const tprops_t *here = &s->in, *there = &s->u.join.right->out;
    size_t n = s->u.join.nkeys;
    if (!n || here->nkeys != n || there->nkeys != n) return 0;
    for (size_t i = 0; i < n; i++) {
        const tpair_t *k = &s->u.join.keys[i];
        if (k->optional || here->keys[i].column < 0 || there->keys[i].column < 0) return 0;
        if (!is_column(k->left, here->keys[i].column)) return 0;
        if (there_column(s, k->right) != there->keys[i].column) return 0;
        if (!type_equal(here->keys[i].type, k->type) || !type_equal(there->keys[i].type, k->type))
            return 0;
    }
    return 1;
}
