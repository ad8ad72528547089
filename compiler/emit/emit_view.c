/* emit_view.c - see emit_view.h. */
#include "compiler/emit/emit_view.h"

#include "compiler/emit/emit_time.h"

enum { VIEW_WORDS = 4 }; /* runtime/kernel/k_table.h */

static void look(gen_t *g, const view_t *v, LLVMValueRef table) {
    if (v->state->int_key) K_CALL(g->e, table_view, "", table, v->words);
}

static view_t *known_view(gen_t *g, const pstate_t *state) {
    for (size_t i = 0; i < g->views.n; i++)
        if (g->views.at[i]->fn == g->e->fn->fn && g->views.at[i]->state == state)
            return g->views.at[i];
    return NULL;
}

static view_t *new_view(gen_t *g, const pstate_t *state) {
    emit_t *e = g->e;
    view_t *v = ARENA_NEW(e->arena, view_t);
    *v = (view_t){.fn = e->fn->fn, .state = state, .words = ir_words(e, VIEW_WORDS, "view")};
    vec_push(e->arena, &g->views, v);
    return v;
}

view_t *emit_view(gen_t *g, const pstate_t *state, int paned) {
    emit_t *e = g->e;
    view_t *v = known_view(g, state);
    if (v) return v;
    v = new_view(g, state);
    v->table = ir_slot(e, e->ptr, "table");
    LLVMBasicBlockRef here = ir_here(e);
    ir_at(e, emit_fn_before(e));
    LLVMValueRef table = K_CALL(e, partial, "partial", e->fn->ctx, ir_i64(e, state->id));
    ir_store(e, table, v->table);
    look(g, v, table);
    if (paned) { /* a window that there is not */
        v->start = ir_slot(e, e->i64, "start");
        v->end = ir_slot(e, e->i64, "end");
        ir_store(e, ir_i64(e, INT64_MAX), v->start);
        ir_store(e, ir_i64(e, INT64_MIN), v->end);
    }
    ir_at(e, here);
    return v;
}

/* The pane of another window. */
static void look_at_pane(gen_t *g, view_t *v, const val_t *window) {
    emit_t *e = g->e;
    LLVMValueRef all = K_CALL(e, partial, "partial", e->fn->ctx, ir_i64(e, v->state->id));
    LLVMValueRef pane = emit_pane(g, all, *window);
    ir_store(e, pane, v->table);
    ir_store(e, window->leaf[0], v->start);
    ir_store(e, window->leaf[1], v->end);
    look(g, v, pane);
}

/* Has the row's window been found just now, with nothing in between?  Then so is its pane, by the
 * rows that begin another piece of time, and nobody need ask. */
static int is_found(gen_t *g, const val_t *window) {
    const piece_t *p = &g->piece;
    return p->start && p->start == window->leaf[0] && p->same == ir_here(g->e);
}

LLVMValueRef emit_view_table(gen_t *g, view_t *v, const val_t *window) {
    emit_t *e = g->e;
    if (v->start && !v->asked && is_found(g, window)) {
        LLVMBasicBlockRef here = ir_here(e);
        LLVMPositionBuilderBefore(e->b, g->piece.found);
        look_at_pane(g, v, &g->piece.window);
        ir_at(e, here);
        v->piece_to = g->piece.to;
    } else if (v->start) {
        LLVMBasicBlockRef other = ir_block(e, "pane.other"), same = ir_block(e, "pane.same");
        LLVMValueRef start = window->leaf[0], end = window->leaf[1];
        LLVMValueRef is_start = ir_eq(e, start, ir_load(e, e->i64, v->start, ""), "");
        LLVMValueRef is_end = ir_eq(e, end, ir_load(e, e->i64, v->end, ""), "");
        ir_if_rare(e, ir_not(e, ir_and(e, is_start, is_end, ""), "other"), other, same);
        ir_at(e, other);
        look_at_pane(g, v, window);
        if (v->piece_to) ir_store(e, ir_i64(e, INT64_MIN), v->piece_to);
        ir_br(e, same);
        ir_at(e, same);
    }
    v->asked = 1;
    return ir_load(e, e->ptr, v->table, "table");
}

LLVMValueRef emit_view_find(gen_t *g, view_t *v, gkey_t key, LLVMBasicBlockRef otherwise) {
    emit_t *e = g->e;
    LLVMBasicBlockRef known = ir_block(e, "view.known");
    LLVMValueRef slot = K_CALL(e, table_seen, "slot", v->words, key.i64);
    ir_if_rare(e, ir_eq(e, slot, ir_i64(e, 0), "unknown"), otherwise, known);
    ir_at(e, known);
    LLVMValueRef stride = ir_i64(e, 8 * (1 + (int64_t)v->state->words));
    return K_CALL(e, table_seen_words, "seen", v->words, stride, slot);
}

void emit_view_renew(gen_t *g, view_t *v, LLVMValueRef table) {
    emit_t *e = g->e;
    LLVMBasicBlockRef renew = ir_block(e, "view.renew"), done = ir_block(e, "view.good");
    ir_if_rare(e, ir_bit_of(e, K_CALL(e, table_fresh, "fresh", table), "fresh"), renew, done);
    ir_at(e, renew);
    look(g, v, table);
    ir_br(e, done);
    ir_at(e, done);
}

/* ---- of a state that a join only looks into ---- */

/* Its rows in words, of flow_k_join_rows. */
static void look_there(gen_t *g, const pstage_t *stage, gkey_t key, LLVMValueRef rows) {
    emit_t *e = g->e;
    LLVMValueRef table = K_CALL(e, state_at, "table", e->fn->ctx, ir_i64(e, stage->state->id),
                                emit_part_of(g, stage->exchange, key));
    LLVMValueRef words =
        key.is_int ? K_CALL(e, table_look_i64, "entry", e->fn->ctx, table, key.i64)
                   : K_CALL(e, table_look_text, "entry", e->fn->ctx, table, key.ptr, key.len);
    K_CALL(e, join_rows, "", words, ir_i32(e, 1), rows);
}

/* The view of the function at hand, made with its first look. */
static view_t *view_of_all(gen_t *g, const pstate_t *state) {
    emit_t *e = g->e;
    view_t *v = known_view(g, state);
    if (v) return v;
    v = new_view(g, state);
    LLVMBasicBlockRef here = ir_here(e);
    ir_at(e, emit_fn_before(e));
    K_CALL(e, join_view, "", e->fn->ctx, ir_i64(e, state->id), ir_i32(e, 1), g->bytes, v->words);
    ir_at(e, here);
    return v;
}

LLVMValueRef emit_view_look(gen_t *g, const pstage_t *stage, gkey_t key) {
    emit_t *e = g->e;
    LLVMValueRef rows = ir_words(e, 2, "rows");
    if (!key.is_int || !g->bytes) {
        look_there(g, stage, key, rows);
        return rows;
    }
    view_t *v = view_of_all(g, stage->state);
    LLVMBasicBlockRef all = ir_block(e, "look.all"), part = ir_block(e, "look.part"),
                      done = ir_block(e, "looked");
    ir_if(e, ir_bit_of(e, K_CALL(e, join_viewed, "viewed", v->words), "viewed"), all, part);
    ir_at(e, all);
    K_CALL(e, join_seen, "", v->words, key.i64, rows);
    ir_br(e, done);
    ir_at(e, part);
    look_there(g, stage, key, rows);
    ir_br(e, done);
    ir_at(e, done);
    return rows;
}
