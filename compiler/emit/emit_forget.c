/* emit_forget.c - what `close` has given goes from the step that made the table, too.
 *
 * That is done where nobody else reads the table, so nobody can miss the row: the maker's
 * only out leads to `close`, through steps that look at one row.  The stage of `close` runs
 * when the maker's is done, in the same partition, so it may reach into the maker's state.
 *
 * An entry of `top` has several rows.  One that has left keeps its place, marked, so that no
 * other moves up; a mark is what keeps it from `close` should another push it to a further
 * place.  When no row of the entry waits any more it goes as a whole.
 *
 * Not done for what mirrors another table, whose rows are taken out again later: what stands
 * over a table, and joins, of which a row may yet meet rows of other keys. */
#include "compiler/emit/emit_agg.h"
#include "compiler/emit/emit_table.h"
#include "compiler/types/const.h"

/* Windows go by their end. */
static int can_forget(const pstage_t *maker) {
    switch (maker->root) {
    case ROOT_latest: return 1;
    case ROOT_aggregate:
    case ROOT_top: return maker->step->in.window == NULL;
    default: return 0;
    }
}

/* A `top` with one place at most. */
static int has_one_row(const tstep_t *s) {
    return s->u.top.count_value && s->u.top.count_value->w[0] == 1 && !s->u.top.ties;
}

/* The stage that makes the rows of an exchange, if it makes them for nobody else. */
static pstage_t *maker_of(const plan_t *plan, const pexchange_t *x) {
    pstage_t *maker = NULL;
    for (size_t i = 0; i < plan->stages.n; i++)
        for (size_t k = 0; k < plan->stages.at[i]->ports.n; k++) {
            if (plan->stages.at[i]->ports.at[k]->exchange != x) continue;
            if (maker) return NULL;
            maker = plan->stages.at[i];
        }
    if (!maker || !maker->exchange || maker->exchange->signs || maker->outs.n != 1) return NULL;
    const pops_t *next = &maker->outs.at[0]->next;
    while (next->n == 1) {
        const pop_t *op = next->at[0];
        int plain = op->kind == POP_where || op->kind == POP_select || op->kind == POP_let ||
                    op->kind == POP_drop;
        if (!plain) return op->kind == POP_send && can_forget(maker) ? maker : NULL;
        next = &op->next;
    }
    return NULL;
}

pstage_t *emit_maker(const plan_t *plan, const pstage_t *close) {
    return close->root == ROOT_close ? maker_of(plan, close->exchange) : NULL;
}

int emit_is_closed(const plan_t *plan, const pstage_t *maker) {
    for (size_t i = 0; i < plan->stages.n; i++)
        if (emit_maker(plan, plan->stages.at[i]) == maker) return 1;
    return 0;
}

/* The maker's key, from the key of its table. */
static gkey_t key_in(gen_t *g, const pstage_t *maker, gkey_t key) {
    emit_t *e = g->e;
    type_t *bytes = type_basic(e->types, TY_BYTES);
    if (maker->root == ROOT_top) { /* as text, then the place */
        LLVMValueRef text = ir_words(e, 2, "text");
        K_CALL(e, key_get, "", e->fn->ctx, key.ptr, text, emit_type_code(e, bytes));
        key.ptr = ir_load(e, e->ptr, text, "key");
        key.len = ir_load(e, e->i64, ir_word(e, text, 1), "key.len");
    }
    if (!maker->state->int_key) return key;
    LLVMValueRef word = ir_words(e, 1, "int");
    K_CALL(e, key_get, "", e->fn->ctx, key.ptr, word,
           emit_type_code(e, type_basic(e->types, TY_INT)));
    return (gkey_t){.is_int = 1, .i64 = ir_load(e, e->i64, word, "key")};
}

static void drop_state(gen_t *g, pstage_t *maker, LLVMValueRef heap, LLVMValueRef words) {
    emit_t *e = g->e;
    pstage_t *here = g->stage;
    if (maker->root == ROOT_latest) { /* runtime/kernel/k_latest.h */
        K_CALL(e, cell_drop, "", e->fn->ctx, heap, words);
        K_CALL(e, blob_drop, "", e->fn->ctx, heap, ir_word(e, words, 2));
    } else if (maker->root == ROOT_top) { /* runtime/kernel/k_top.h */
        K_CALL(e, top_drop, "", e->fn->ctx, heap, words);
        K_CALL(e, top_unshow, "", e->fn->ctx, heap, ir_word(e, words, 4));
    } else {
        int64_t given = emit_agg_state_words(g, maker->step);
        g->stage = maker;
        emit_agg_drop(g, heap, words);
        g->stage = here;
        K_CALL(e, blob_drop, "", e->fn->ctx, heap, ir_word(e, words, given));
    }
}

/* Another row of the entry of `top` waits: the one that has left keeps its place, and `done`
 * is next. */
static void keep_place(gen_t *g, LLVMValueRef table, LLVMValueRef made, LLVMValueRef words,
                       LLVMValueRef entry, gkey_t key, LLVMBasicBlockRef done) {
    emit_t *e = g->e;
    LLVMValueRef shown = ir_word(e, words, 4); /* runtime/kernel/k_top.h */
    LLVMValueRef n = K_CALL(e, top_places, "places", shown);
    LLVMValueRef place = K_CALL(e, top_place, "place", key.ptr, key.len);
    LLVMBasicBlockRef keep = ir_block(e, "place.kept"), last = ir_block(e, "entry.left");
    LLVMValueRef waits = K_CALL(e, top_waits, "waits", e->fn->ctx, table, key.ptr, key.len, n);
    ir_if(e, ir_bit_of(e, waits, "waits"), keep, last);
    ir_at(e, keep);
    K_CALL(e, table_note, "", e->fn->ctx, made, entry);
    K_CALL(e, top_leave, "", e->fn->ctx, K_CALL(e, table_heap, "heap", made), words, shown, place);
    ir_br(e, done);
    ir_at(e, last);
}

void emit_forget_made(gen_t *g, LLVMValueRef waiting, gkey_t row) {
    emit_t *e = g->e;
    pstage_t *maker = emit_maker(g->plan, g->stage);
    if (!maker) return;
    LLVMValueRef table = K_CALL(e, state, "made", e->fn->ctx, ir_i64(e, maker->state->id));
    gkey_t key = key_in(g, maker, row);
    LLVMValueRef words =
        key.is_int ? K_CALL(e, table_find_i64, "found", e->fn->ctx, table, key.i64)
                   : K_CALL(e, table_find_text, "found", e->fn->ctx, table, key.ptr, key.len);
    LLVMBasicBlockRef there = ir_block(e, "made.there"), done = ir_block(e, "made.gone");
    ir_if(e, ir_ne(e, words, ir_null(e), "found"), there, done);
    ir_at(e, there);
    LLVMValueRef entry = K_CALL(e, table_last, "entry", table);
    if (maker->root == ROOT_top && !has_one_row(maker->step))
        keep_place(g, waiting, table, words, entry, row, done);
    drop_state(g, maker, K_CALL(e, table_heap, "heap", table), words);
    K_CALL(e, table_remove, "", e->fn->ctx, table, entry);
    ir_br(e, done);
    ir_at(e, done);
}
