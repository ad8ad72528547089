/* emit_each.c - `each x in list`.
 *
 * Where the list is a call of split, find_all or range, no list is made: the pieces come
 * one by one from an iterator of the kernel.  Any other list is walked in memory. */
#include "compiler/emit/emit_each.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_call.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

static const char *builtin_id(const node_t *n) {
    static const char *const ids[] = {
#define FN(id, ...) #id,
#include "lang/builtins.def"
#undef FN
    };
    if (n->kind != AST_call || !n->def || n->def->kind != DEF_BUILTIN) return "";
    return ids[n->def->index];
}

static node_t *arg_of(node_t *call, size_t i) {
    node_t *a = AST(call, call)->args.at[i];
    return a->kind == AST_arg ? AST(arg, a)->value : a;
}

/* The row with the element (and its number) in place. */
static void push(gen_t *g, pop_t *op, val_t *cols, val_t elem, LLVMValueRef number) {
    emit_t *e = g->e;
    tstep_t *s = op->step;
    val_t *out = ARENA_ARRAY(e->arena, val_t, op->row_out->nfields + 1);
    for (uint32_t i = 0; i < op->row_in->nfields; i++) out[i] = cols[i];
    out[s->u.each.column] = val_named(e, elem, s->u.each.name);
    if (s->u.each.counter_column >= 0)
        out[s->u.each.counter_column] =
            val_int(e, type_basic(e->types, TY_INT), number);
    int outer = g->several;
    g->several = 1;
    emit_ops(g, &op->next, out, op->row_out);
    g->several = outer;
}

/* A loop whose condition is a call: `step` gives i32, 0 at the end. */
typedef struct iter {
    LLVMBasicBlockRef head, body, done;
    var_t number;
} iter_t;

static iter_t iter_open(gen_t *g) {
    emit_t *e = g->e;
    iter_t it = {.head = ir_block(e, "each.head"), .body = ir_block(e, "each.body"),
                 .done = ir_block(e, "each.done"),
                 .number = var_new(e, type_basic(e->types, TY_INT), "each.number")};
    var_set(e, it.number, val_zero(e, it.number.type));
    ir_br(e, it.head);
    ir_at(e, it.head);
    return it;
}

static LLVMValueRef iter_body(gen_t *g, iter_t *it, LLVMValueRef more) {
    emit_t *e = g->e;
    ir_if(e, ir_ne(e, more, ir_i32(e, 0), ""), it->body, it->done);
    ir_at(e, it->body);
    LLVMValueRef n = var_get(e, it->number).leaf[0];
    var_set(e, it->number, val_int(e, it->number.type, ir_add(e, n, ir_i64(e, 1), "")));
    return n;
}

static void iter_close(gen_t *g, iter_t *it) {
    ir_br(g->e, it->head);
    ir_at(g->e, it->done);
}

/* Pieces of split or matches of find_all by a regex. */
static void each_regex(gen_t *g, pop_t *op, val_t *cols, val_t text, LLVMValueRef re,
                       int run, int split) {
    emit_t *e = g->e;
    LLVMValueRef state = ir_words(e, 8, "each.state"); /* FLOW_RE_ITER */
    for (int i = 0; i < 8; i++) ir_store(e, ir_i64(e, 0), ir_word(e, state, i));
    iter_t it = iter_open(g);
    LLVMValueRef s = text.leaf[0], len = text.leaf[1], more;
    if (run)
        more = split ? K_CALL(e, re_run_piece, "more", re, s, len, state)
                     : K_CALL(e, re_run_next, "more", re, s, len, state);
    else
        more = split ? K_CALL(e, re_piece, "more", e->fn->ctx, re, s, len, state)
                     : K_CALL(e, re_next, "more", e->fn->ctx, re, s, len, state);
    LLVMValueRef number = iter_body(g, &it, more);
    LLVMValueRef from = ir_load(e, e->i64, ir_word(e, state, 1), "from");
    LLVMValueRef to = ir_load(e, e->i64, ir_word(e, state, 2), "to");
    const char *name = op->step->u.each.name;
    val_t piece = val_text(e, op->step->u.each.elem, ir_byte_at(e, s, from, name),
                           ir_sub(e, to, from, arena_printf(e->arena, "%s.len", name)));
    push(g, op, cols, piece, number);
    iter_close(g, &it);
}

static void each_split(gen_t *g, pop_t *op, val_t *cols, val_t text, val_t sep) {
    emit_t *e = g->e;
    LLVMValueRef state = ir_words(e, ITER_WORDS, "each.state");
    LLVMValueRef out = ir_words(e, 2, "each.piece");
    K_CALL(e, split_open, "", e->fn->ctx, state, text.leaf[0], text.leaf[1]);
    iter_t it = iter_open(g);
    LLVMValueRef more =
        K_CALL(e, split_text_next, "more", state, sep.leaf[0], sep.leaf[1], out);
    LLVMValueRef number = iter_body(g, &it, more);
    push(g, op, cols, val_load(e, op->step->u.each.elem, out, "piece"), number);
    iter_close(g, &it);
}

/* first, ..., last: closed, and empty if first > last. */
static void each_range(gen_t *g, pop_t *op, val_t *cols, LLVMValueRef first,
                       LLVMValueRef last) {
    emit_t *e = g->e;
    LLVMValueRef none = ir_lt(e, last, first, "");
    LLVMValueRef count = ir_add(e, ir_sub(e, last, first, ""), ir_i64(e, 1), "count");
    loop_t l = ir_loop(e, ir_select(e, none, ir_i64(e, 0), count, "count"), "each");
    val_t v = val_int(e, op->step->u.each.elem, ir_add(e, first, l.i, "value"));
    push(g, op, cols, v, l.i);
    ir_loop_end(e, &l);
}

static void each_list(gen_t *g, pop_t *op, val_t *cols, val_t list) {
    emit_t *e = g->e;
    type_t *elem = op->step->u.each.elem;
    loop_t l = ir_loop(e, list.leaf[1], "each");
    LLVMValueRef at = ir_word_at(e, list.leaf[0],
                                 ir_mul(e, l.i, ir_i64(e, elem->words), ""), "element");
    push(g, op, cols, val_load(e, elem, at, op->step->u.each.name), l.i);
    ir_loop_end(e, &l);
}

/* What the loop runs over, computed before the row is pushed. */
typedef enum each_form { EACH_list, EACH_regex, EACH_split, EACH_range } each_form;

void emit_each(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    node_t *list = op->step->u.each.list;
    const char *id = builtin_id(list);
    int split_re = !strcmp(id, "split_regex"), find_all = !strcmp(id, "find_all");
    each_form form = split_re || find_all      ? EACH_regex
                     : !strcmp(id, "split") ? EACH_split
                     : !strcmp(id, "range") ? EACH_range
                                            : EACH_list;
    fail_t fail;
    LLVMBasicBlockRef next = ir_block(e, "each.next");
    val_t a, b = {0};
    emit_guard_open(g, &fail, "each.error");
    if (form == EACH_list) a = emit_expr(e, list);
    else a = emit_expr(e, arg_of(list, 0));
    if (form == EACH_split || form == EACH_range) b = emit_expr(e, arg_of(list, 1));
    emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
    switch (form) {
    case EACH_list: each_list(g, op, cols, a); break;
    case EACH_regex:
        each_regex(g, op, cols, a, emit_regex_table(e, arg_of(list, 1)),
                   emit_regex_is_run(e, arg_of(list, 1)), split_re);
        break;
    case EACH_split: each_split(g, op, cols, a, b); break;
    case EACH_range: each_range(g, op, cols, a.leaf[0], b.leaf[0]); break;
    }
    ir_br(e, next);
    ir_at(e, next);
}
