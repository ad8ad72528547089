/* ast_check.c - the shape of the tree as data: which kinds may stand in a field.
 *
 * A field without a row holds an expression.  A row lists groups by a capital letter
 * (D declaration, T type, S step, E expression) or names of kinds. */
#include "compiler/syntax/ast_check.h"

#include <string.h>

#include "compiler/base/check.h"

static const struct {
    node_kind kind;
    const char *field, *may;
} places[] = {
    {AST_program, "decls", "D"},
    {AST_decl_type, "body", "T"},
    {AST_decl_const, "type", "T"},
    {AST_decl_param, "type", "T"},
    {AST_decl_fn, "params", "param"},
    {AST_decl_fn, "result", "T"},
    {AST_decl_extern, "params", "param"},
    {AST_decl_extern, "result", "T"},
    {AST_decl_step, "params", "param"},
    {AST_decl_step, "steps", "S"},
    {AST_decl_set, "settings", "setting"},
    {AST_decl_model, "args", "arg"},
    {AST_decl_flow, "type", "T"},
    {AST_decl_flow, "pipeline", "pipeline"},
    {AST_decl_run, "pipeline", "pipeline"},
    {AST_decl_test, "clauses", "clause_given clause_expect clause_with clause_advance"},
    {AST_param, "type", "T"},
    {AST_type_pair, "key", "T"},
    {AST_type_pair, "value", "T"},
    {AST_type_list, "elem", "T"},
    {AST_type_record, "fields", "field"},
    {AST_type_option, "elem", "T"},
    {AST_type_union, "variants", "variant"},
    {AST_variant, "fields", "field"},
    {AST_field, "type", "T"},
    {AST_pipeline, "origin", "from flow_ref"},
    {AST_pipeline, "steps", "S"},
    {AST_from, "args", "arg"},
    {AST_from, "shape", "type_name type_record shape_column"},
    {AST_shape_column, "type", "T"},
    {AST_step_select, "items", "item item_all item_spread"},
    {AST_step_let, "binds", "bind"},
    {AST_step_drop, "names", "name"},
    {AST_step_aggregate, "items", "item item_all item_spread"},
    {AST_step_aggregate, "per", "item item_all item_spread"},
    {AST_step_distinct, "per", "item item_all item_spread"},
    {AST_step_latest, "per", "item item_all item_spread"},
    {AST_step_latest, "by", "order"},
    {AST_step_sort, "by", "order"},
    {AST_step_top, "by", "order"},
    {AST_step_top, "per", "item item_all item_spread"},
    {AST_step_union, "inputs", "flow_ref pipeline"},
    {AST_step_join, "right", "flow_ref pipeline"},
    {AST_step_match, "pattern", "match_alt match_seq"},
    {AST_step_match, "per", "item item_all item_spread"},
    {AST_step_match, "by", "order"},
    {AST_step_remember, "per", "item item_all item_spread"},
    {AST_step_remember, "by", "order"},
    {AST_step_remember, "fields", "field"},
    {AST_step_remember, "handlers", "handler"},
    {AST_step_train, "model", "flow_ref"},
    {AST_step_branch, "arms", "arm"},
    {AST_step_repartition, "per", "item item_all item_spread"},
    {AST_step_to, "args", "arg"},
    {AST_step_user, "args", "arg"},
    {AST_match_alt, "options", "match_seq"},
    {AST_match_seq, "elements", "match_step match_group"},
    {AST_match_group, "pattern", "match_alt match_seq"},
    {AST_handler, "stmts", "stmt_set stmt_let stmt_emit stmt_forget stmt_wake"},
    {AST_fstring, "parts", "fstring_text E"},
    {AST_make, "args", "arg"},
    {AST_call, "args", "arg"},
    {AST_record, "cells", "cell cell_spread"},
    {AST_case, "arms", "case_arm"},
    {AST_case_arm, "pats", "pat_variant int float decimal string bool none unary"},
    {AST_let, "binds", "bind"},
    {AST_lambda, "params", "lambda_param"},
};

typedef struct check {
    arena_t *arena;
    const char *wrong;
} check_t;

static char group_letter(const node_t *n) {
    switch (ast_group(n)) {
    case GROUP_DECL: return 'D';
    case GROUP_TYPE: return 'T';
    case GROUP_STEP: return 'S';
    case GROUP_EXPR: return 'E';
    case GROUP_PART: return 'P';
    }
    return 0;
}

/* Is `word` one of the words of the list? */
static int listed(const char *list, const char *word, size_t n) {
    for (const char *s = list; *s;) {
        size_t len = strcspn(s, " ");
        if (len == n && !memcmp(s, word, n)) return 1;
        s += len + (s[len] == ' ');
    }
    return 0;
}

static const char *may_stand(node_kind kind, const char *field) {
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i].kind == kind && !strcmp(places[i].field, field)) return places[i].may;
    return "E";
}

static void check_node(check_t *c, const node_t *n);

static void check_child(check_t *c, const node_t *parent, const node_field_t *f,
                        const node_t *n) {
    char letter = group_letter(n);
    const char *may = may_stand(parent->kind, f->name), *kind = ast_kind_name(n->kind);
    if (n->kind != AST_poison && !listed(may, &letter, 1) && !listed(may, kind, strlen(kind)))
        c->wrong = arena_printf(c->arena, "%s in %s of %s", kind, f->name,
                                ast_kind_name(parent->kind));
    else check_node(c, n);
}

static void check_field(check_t *c, const node_t *n, const node_field_t *f) {
    const void *at = (const char *)n + f->offset;
    const char *why = NULL;
    if (f->word == FIELD_ONE || f->word == FIELD_OPT) {
        const node_t *child = *(node_t *const *)at;
        if (child) check_child(c, n, f, child);
        else if (f->word == FIELD_ONE) why = "is missing";
    } else if (f->word == FIELD_LIST) {
        const nodes_t *list = at;
        for (size_t i = 0; i < list->n && !c->wrong; i++) check_child(c, n, f, list->at[i]);
    } else if (f->word == FIELD_ENUM) {
        int value = *(const int *)at, count = 0;
        while (f->choices[count]) count++;
        if (value < 0 || value >= count) why = "is no choice";
    } else if (f->word == FIELD_FLAG) {
        if (*(const int *)at & ~1) why = "is no flag";
    } else if (f->word == FIELD_NAME) {
        const char *name = *(const char *const *)at;
        if (name && !*name) why = "is an empty name";
    }
    if (why) c->wrong = arena_printf(c->arena, "%s of %s %s", f->name, ast_kind_name(n->kind), why);
}

static void check_node(check_t *c, const node_t *n) {
    if ((unsigned)n->kind >= AST_KIND_COUNT) {
        c->wrong = "a node of no kind";
        return;
    }
    for (const node_field_t *f = ast_shape(n->kind)->fields; f->word != FIELD_END && !c->wrong; f++)
        check_field(c, n, f);
}

const char *ast_check(arena_t *a, const node_t *n) {
    check_t c = {a, NULL};
    check_node(&c, n);
    return c.wrong;
}
