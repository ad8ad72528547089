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
 * A join of tables whose key is that of both sides keeps a row of each side; when the joined
 * row has left, the join and the makers of both sides forget the key.  All four tables have
 * one key, so they are in one partition.
 *
 * Not done for what mirrors another table, whose rows are taken out again later: what stands
 * over a table, and other joins, of which a row may yet meet rows of other keys. */
#include "compiler/base/check.h"
#include "compiler/emit/emit_agg.h"
#include "compiler/emit/emit_table.h"
#include "compiler/types/const.h"
#include "compiler/types/join_keys.h"

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

/* The stage that gives the rows of an exchange, if it gives them to nobody else. */
static pstage_t *fed_by(const plan_t *plan, const pexchange_t *x) {
    pstage_t *maker = NULL;
    for (size_t i = 0; i < plan->stages.n; i++)
        for (size_t k = 0; k < plan->stages.at[i]->ports.n; k++) {
            if (plan->stages.at[i]->ports.at[k]->exchange != x) continue;
            if (maker) return NULL;
            maker = plan->stages.at[i];
        }
    if (!maker || !maker->exchange || maker->outs.n != 1) return NULL;
    const pops_t *next = &maker->outs.at[0]->next;
    while (next->n == 1) {
        const pop_t *op = next->at[0];
        int plain = op->kind == POP_where || op->kind == POP_select || op->kind == POP_let ||
                    op->kind == POP_drop;
        if (!plain) return op->kind == POP_send ? maker : NULL;
        next = &op->next;
    }
    return NULL;
}

/* The same if it makes them of a stream. */
static pstage_t *maker_of(const plan_t *plan, const pexchange_t *x) {
    pstage_t *maker = fed_by(plan, x);
    return maker && !maker->exchange->signs && can_forget(maker) ? maker : NULL;
}

/* A maker with one row a key. */
static pstage_t *side_of(const plan_t *plan, const pexchange_t *x) {
    pstage_t *maker = maker_of(plan, x);
    return maker && maker->root != ROOT_top ? maker : NULL;
}

pstage_t *emit_maker(const plan_t *plan, const pstage_t *close) {
    return close->root == ROOT_close ? maker_of(plan, close->exchange) : NULL;
}

pstage_t *emit_closed_join(const plan_t *plan, const pstage_t *close) {
    if (close->root != ROOT_close) return NULL;
    pstage_t *join = fed_by(plan, close->exchange);
    if (!join || join->root != ROOT_join || !join_is_by_keys(join->step)) return NULL;
    return side_of(plan, join->exchange) && side_of(plan, join->exchange2) ? join : NULL;
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

/* The entry of a key in the state of another stage, if it is there. */
typedef struct found {
    LLVMValueRef table, words, entry;
    LLVMBasicBlockRef done; /* next, if it is not */
} found_t;

static found_t find_entry(gen_t *g, const pstage_t *of, gkey_t key) {
    emit_t *e = g->e;
    found_t f = {.table = K_CALL(e, state, "made", e->fn->ctx, ir_i64(e, of->state->id))};
    f.words = key.is_int
                  ? K_CALL(e, table_find_i64, "found", e->fn->ctx, f.table, key.i64)
                  : K_CALL(e, table_find_text, "found", e->fn->ctx, f.table, key.ptr, key.len);
    LLVMBasicBlockRef there = ir_block(e, "made.there");
    f.done = ir_block(e, "made.gone");
    ir_if(e, ir_ne(e, f.words, ir_null(e), "found"), there, f.done);
    ir_at(e, there);
    f.entry = K_CALL(e, table_last, "entry", f.table);
    return f;
}

static void found_end(gen_t *g, found_t *f) {
    ir_br(g->e, f->done);
    ir_at(g->e, f->done);
}

/* The key of both sides, from that of the joined row: for each side 01 and its key as text,
 * or 02 if it is missing (flow_k_join_order). */
static gkey_t side_key(gen_t *g, gkey_t row) {
    emit_t *e = g->e;
    LLVMValueRef one = ir_i64(e, 1), text = ir_words(e, 2, "text");
    LLVMValueRef first = LLVMBuildLoad2(e->b, LLVMInt8TypeInContext(e->llvm), row.ptr, "side");
    LLVMValueRef has = ir_eq(e, first, LLVMConstInt(LLVMTypeOf(first), 1, 0), "has.left");
    LLVMValueRef at = ir_select(e, has, one, ir_i64(e, 2), "at");
    K_CALL(e, key_get, "", e->fn->ctx, ir_byte_at(e, row.ptr, at, "key"), text,
           emit_type_code(e, type_basic(e->types, TY_BYTES)));
    return (gkey_t){.ptr = ir_load(e, e->ptr, text, "key"),
                    .len = ir_load(e, e->i64, ir_word(e, text, 1), "key.len")};
}

static void forget_joined(gen_t *g, pstage_t *join, gkey_t row) {
    emit_t *e = g->e;
    gkey_t key = side_key(g, row);
    pstage_t *sides[2] = {maker_of(g->plan, join->exchange), maker_of(g->plan, join->exchange2)};
    for (int i = 0; i < 2; i++) {
        flow_assert(sides[i]->state->int_key == join->state->int_key);
        found_t f = find_entry(g, sides[i], key_in(g, sides[i], key));
        drop_state(g, sides[i], K_CALL(e, table_heap, "heap", f.table), f.words);
        K_CALL(e, table_remove, "", e->fn->ctx, f.table, f.entry);
        found_end(g, &f);
    }
    found_t f = find_entry(g, join, key_in(g, join, key));
    K_CALL(e, join_settle, "", e->fn->ctx, f.table, f.entry, ir_i32(e, 0));
    found_end(g, &f);
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
    pstage_t *join = emit_closed_join(g->plan, g->stage);
    if (join) forget_joined(g, join, row);
    if (!maker) return;
    found_t f = find_entry(g, maker, key_in(g, maker, row));
    if (maker->root == ROOT_top && !has_one_row(maker->step))
        keep_place(g, waiting, f.table, f.words, f.entry, row, f.done);
    drop_state(g, maker, K_CALL(e, table_heap, "heap", f.table), f.words);
    K_CALL(e, table_remove, "", e->fn->ctx, f.table, f.entry);
    found_end(g, &f);
}
