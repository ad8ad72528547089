/* emit_fn.c - functions of the program.
 *
 * They are pure and not recursive.  A small one is emitted in the place of its call, so
 * its instructions keep their own lines; what would grow beyond a bound when everything
 * it calls is put in place becomes a function of the module
 *     i32 fn_name(ctx, ptr out, ptr args)
 * with the value as words in `out` and a row error as status: without the bound, twenty
 * functions that each call the one before twice would become a million copies. */
#include "compiler/base/check.h"
#include "compiler/emit/emit_call.h"
#include "compiler/emit/ir.h"
#include "compiler/types/def.h"

/* Nodes of a body, the bodies of what it calls included, that are still put in place. */
enum { SMALL = 60 };

typedef struct count {
    int nodes;
} count_t;

static void count_nodes(node_t **child, void *env) {
    count_t *c = env;
    if (c->nodes > SMALL) return;
    c->nodes++;
    node_t *n = *child;
    if (n->kind == AST_call && n->def && n->def->kind == DEF_FN)
        count_nodes(&AST(decl_fn, n->def->node)->body, env);
    ast_walk(n, count_nodes, env);
}

static int is_small(def_t *fn) {
    count_t c = {0};
    count_nodes(&AST(decl_fn, fn->node)->body, &c);
    return c.nodes <= SMALL;
}

static void bind_params(emit_t *e, def_t *fn, val_t *args) {
    for (uint32_t i = 0; i < fn->nparams; i++) {
        ast_param_t *p = AST(param, fn->params[i]);
        env_bind(e, p->node.def, val_named(e, args[i], p->name));
    }
}

static val_t body_of(emit_t *e, def_t *fn, val_t *args) {
    size_t mark = env_mark(e);
    bind_params(e, fn, args);
    val_t v = emit_expr_as(e, AST(decl_fn, fn->node)->body, fn->type);
    env_reset(e, mark);
    return v;
}

/* ---- as a function of the module ---- */

static void emit_body(emit_t *e, def_t *fn, uint32_t words) {
    LLVMValueRef out = emit_arg(e, 1, "out"), in = emit_arg(e, 2, "args");
    val_t *args = ARENA_ARRAY(e->arena, val_t, fn->nparams + 1);
    uint32_t at = 0;
    for (uint32_t i = 0; i < fn->nparams; i++) {
        type_t *t = fn->params[i]->def->type;
        args[i] = val_load(e, t, ir_word(e, in, at), AST(param, fn->params[i])->name);
        at += t->words;
    }
    flow_assert(at == words);
    fail_t bad;
    emit_fail_open(e, &bad, "failed");
    val_store(e, body_of(e, fn, args), out);
    ir_ret(e, ir_i32(e, 0));
    if (emit_fail_close(e, &bad)) {
        ir_at(e, bad.block);
        ir_ret(e, bad.code);
    }
}

static LLVMValueRef function_of(emit_t *e, def_t *fn, uint32_t words) {
    for (size_t i = 0; i < e->fns.n; i++)
        if (e->fns.at[i].def == fn) return e->fns.at[i].fn;
    /* The body is emitted in a context of its own: it sees only its parameters. */
    const val_t *row = e->row;
    e->row = NULL;
    fn_t f;
    emit_fn_open(e, &f, arena_printf(e->arena, "fn.%s", fn->name), emit_fn_type(e, 2), fn->at);
    LLVMValueRef made = f.fn;
    emit_body(e, fn, words);
    emit_fn_close(e);
    e->row = row;
    vec_push(e->arena, &e->fns, ((emitted_fn_t){fn, made}));
    return made;
}

static val_t call_function(emit_t *e, def_t *fn, val_t *args) {
    uint32_t words = 0;
    for (uint32_t i = 0; i < fn->nparams; i++) words += args[i].type->words;
    LLVMValueRef in = ir_words(e, words, "args"), out = ir_words(e, fn->type->words, fn->name);
    uint32_t at = 0;
    for (uint32_t i = 0; i < fn->nparams; i++) {
        val_store(e, args[i], ir_word(e, in, at));
        at += args[i].type->words;
    }
    LLVMValueRef values[] = {e->fn->ctx, out, in};
    emit_fail_status(e, ir_call(e, function_of(e, fn, words), values, 3, "status"));
    return val_load(e, fn->type, out, fn->name);
}

val_t emit_user_fn(emit_t *e, ast_call_t *n, def_t *fn) {
    flow_assert(n->args.n == fn->nparams);
    val_t *args = ARENA_ARRAY(e->arena, val_t, fn->nparams + 1);
    for (uint32_t i = 0; i < fn->nparams; i++)
        args[i] = emit_expr_as(e, AST(arg, n->args.at[i])->value, fn->params[i]->def->type);
    return is_small(fn) ? body_of(e, fn, args) : call_function(e, fn, args);
}
