/* emit_call.c - the dispatcher of calls, and the address of a regex's tables. */
#include "compiler/emit/emit_call.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/ir.h"
#include "compiler/regex/regex.h"
#include "compiler/types/def.h"

val_t emit_call(emit_t *e, ast_call_t *n) {
    def_t *fn = n->node.def;
    flow_assert(fn);
    const val_t *known = emit_call_value(e, &n->node);
    if (known) return *known;
    switch (fn->kind) {
    case DEF_BUILTIN: return emit_builtin(e, n, fn->index);
    case DEF_AGGREGATE: case DEF_AGG_LIST: return emit_list_aggregate(e, n, fn->index);
    case DEF_FN: return emit_user_fn(e, n, fn);
    case DEF_EXTERN_FN: return emit_extern_fn(e, n, fn);
    case DEF_COLUMN: case DEF_LET: case DEF_LAMBDA_PARAM: case DEF_FN_PARAM:
    case DEF_CASE_BIND: case DEF_CONST: case DEF_PARAM: case DEF_VARIANT:
    case DEF_TYPE: case DEF_STEP: case DEF_FLOW: case DEF_MODEL: case DEF_MODULE:
    case DEF_STATE: break;
    }
    flow_unreachable(arena_printf(e->arena, "no call of `%s`", fn->name));
}

/* ---- regular expressions ---- */

/* A regex is a literal, or the name of a constant that is one. */
static ast_regex_t *literal_of(node_t *n) {
    while (n->kind != AST_regex) {
        flow_assert(n->kind == AST_name && n->def && n->def->kind == DEF_CONST);
        n = AST(decl_const, n->def->node)->value;
    }
    return AST(regex, n);
}

int emit_regex_is_run(emit_t *e, node_t *regex) {
    ast_regex_t *r = literal_of(regex);
    regex_t *re;
    regex_error_t error;
    uint8_t bytes[32];
    return regex_compile(e->arena, r->pattern, r->pattern_n, &re, &error) &&
           regex_as_class_run(re, bytes);
}

LLVMValueRef emit_regex_table(emit_t *e, node_t *regex) {
    ast_regex_t *r = literal_of(regex);
    for (size_t i = 0; i < e->regexes.n; i++) {
        emitted_regex_t *x = &e->regexes.at[i];
        if (x->n == r->pattern_n && !memcmp(x->pattern, r->pattern, x->n)) return x->table;
    }
    regex_t *re;
    regex_error_t error;
    if (!regex_compile(e->arena, r->pattern, r->pattern_n, &re, &error))
        flow_unreachable("a regex that was checked");
    size_t n;
    const uint8_t *bytes = regex_table(re, &n);
    LLVMValueRef table = emit_bytes(e, bytes, n, "regex");
    emitted_regex_t made = {.pattern = r->pattern, .n = r->pattern_n, .table = table};
    vec_push(e->arena, &e->regexes, made);
    return table;
}
