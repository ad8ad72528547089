/* emit_agg_give.c - the rows of `aggregate`: results of the states, and to whom they go.
 *
 * A stream's rows leave when the window closes.  A table's go to the outs of each mode: those
 * that the batch has changed, old and new where that is asked for, or all. */
#include "compiler/emit/emit_agg.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_agg_time.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_fold.h"
#include "compiler/emit/emit_retract.h"
#include "compiler/emit/emit_revise.h"
#include "compiler/emit/emit_table.h"
#include "compiler/emit/emit_time.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/builtins.h"

/* Where somebody is shown what changed, an entry remembers the row it gave last: a touched
 * key whose row is the same has not changed.  Not needed for sinks where a plain count is
 * among the aggregates, which every row of a stream changes. */
int emit_agg_remembers(const pstage_t *st) {
    if (st->sessions) return plan_revised(st->step);
    if (emit_has_mode(st, MODE_changes)) return 1;
    if (!emit_has_mode(st, MODE_update)) return 0;
    if (st->exchange->signs) return 1;
    tstep_t *s = st->step;
    for (size_t i = 0; i < s->u.aggregate.nitems; i++) {
        node_t *n = s->u.aggregate.items[i].expr;
        for (size_t k = 0; k < s->u.aggregate.naggs; k++) {
            const agg_call_t *c = s->u.aggregate.aggs[k];
            if (c->call == n && !strcmp(agg_at(c->agg)->id, "count") && !c->nargs && !c->when)
                return 0;
        }
    }
    return 1;
}

/* From here on rows stand where the entry of the key stands when the batch closes. */
void emit_agg_order(gen_t *g, gkey_t key) {
    emit_t *e = g->e;
    if (g->in_place) return;
    if (g->win_start && g->stage->step->out.is_table) {
        emit_window_key_order(g, key, NULL);
        return;
    }
    if (g->win_start && !plan_by_rows(g->stage->step)) {
        emit_window_order(g, key, NULL);
        return;
    }
    LLVMValueRef step = ir_i64(e, g->stage->step_id), len = ir_words(e, 1, "order.len");
    g->order = ORDER_bytes;
    g->key = key.is_int ? K_CALL(e, order_int, "order", e->fn->ctx, step, key.i64, len)
                        : K_CALL(e, order_key, "order", e->fn->ctx, step, key.ptr, key.len, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
}

/* The result of one aggregate, of the type of its call. */
static val_t result_of(gen_t *g, const agg_call_t *c, LLVMValueRef heap, LLVMValueRef state) {
    emit_t *e = g->e;
    if (emit_in_bag(c)) return emit_bag_result(g, c, state);
    if (emit_is_fold(c)) return emit_fold_result(g, c, state);
    aggk_t k = emit_agg_kernel(e, c);
    type_t *t[2];
    if (*k.result == 'R') t[0] = c->result;
    else emit_agg_types(e, k.result, emit_agg_value(e, c), t);
    LLVMValueRef out = ir_words(e, t[0]->words + 1, "result");
    LLVMValueRef status =
        c->by_time ? emit_timed_result(g, c, heap, state, out, emit_agg_value(e, c))
                   : k_call(e, (kfn_id)k.res,
                            (LLVMValueRef[]){e->fn->ctx, heap, state, out,
                                             emit_type_code(e, emit_agg_value(e, c))},
                            5, "status");
    emit_fail_status(e, status);
    val_t v = val_load(e, t[0], out, k.id);
    type_t *want = c->result;
    if (v.type->kind == TY_OPTION && want->kind != TY_OPTION) v = val_unwrap(e, v);
    if (type_equal(v.type, want)) return v;
    return (val_t){.type = want, .leaf = v.leaf};
}

/* The items of a row as a record: what an entry remembers beside its key. */
type_t *emit_agg_items_type(gen_t *g) {
    const tstep_t *s = g->stage->step;
    uint32_t n = (uint32_t)s->u.aggregate.nitems;
    return type_record(g->e->types, NULL, s->row_out->fields + s->u.aggregate.nkeys, n);
}

static LLVMValueRef has_given(gen_t *g, LLVMValueRef given) {
    emit_t *e = g->e;
    return ir_ne(e, ir_load(e, e->ptr, given, ""), ir_null(e), "given");
}

/* The row that the entry gave last, as the words of its items; only if there is one. */
static LLVMValueRef last_given(gen_t *g, LLVMValueRef given, LLVMValueRef had) {
    emit_t *e = g->e;
    type_t *t = emit_agg_items_type(g);
    LLVMValueRef words = ir_words(e, t->words + 1, "given");
    LLVMBasicBlockRef get = ir_block(e, "given.get"), done = ir_block(e, "given.done");
    ir_if(e, had, get, done);
    ir_at(e, get);
    K_CALL(e, blob_get, "", e->fn->ctx, given, words, emit_type_code(e, t));
    ir_br(e, done);
    ir_at(e, done);
    return words;
}

/* Old and new row of one key, to those who take changes. */
static void give_change(gen_t *g, const val_t *out, LLVMValueRef had, LLVMValueRef old,
                        LLVMValueRef has, LLVMValueRef new) {
    emit_t *e = g->e;
    const tstep_t *s = g->stage->step;
    if (!emit_has_mode(g->stage, MODE_changes)) return;
    val_t *cols = ARENA_ARRAY(e->arena, val_t, s->row_out->nfields + 1);
    memcpy(cols, out, s->row_out->nfields * sizeof *cols);
    change_t c = emit_change_open(g, had, old, has, new);
    val_t items = val_load(e, emit_agg_items_type(g), c.words, "items");
    for (uint32_t i = 0; i < items.type->nfields; i++)
        cols[s->u.aggregate.nkeys + i] = val_field(e, items, i);
    emit_outs(g, MODE_changes, cols, s->row_out);
    emit_change_close(g, &c);
}

/* The row of an entry that remembers; goes on at `next` if it is the one given last. */
static void give_changed(gen_t *g, gkey_t key, const val_t *out, LLVMValueRef heap,
                         LLVMValueRef given, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    const tstep_t *s = g->stage->step;
    val_t row = val_record(e, emit_agg_items_type(g), out + s->u.aggregate.nkeys);
    LLVMValueRef new = val_spill(e, row), tc = emit_type_code(e, row.type);
    LLVMValueRef differs = K_CALL(e, blob_differs, "differs", e->fn->ctx, given, new, tc);
    LLVMBasicBlockRef show = ir_block(e, "entry.changed");
    ir_if(e, ir_bit_of(e, differs, "differs"), show, next);
    ir_at(e, show);
    if (g->stage->error_port < 0) emit_agg_order(g, key);
    if (emit_has_mode(g->stage, MODE_changes)) {
        LLVMValueRef had = has_given(g, given), old = last_given(g, given, had);
        give_change(g, out, had, old, ir_bit(e, 1), new);
    }
    val_t *cols = ARENA_ARRAY(e->arena, val_t, s->row_out->nfields + 1);
    memcpy(cols, out, s->row_out->nfields * sizeof *cols);
    emit_outs(g, MODE_update, cols, s->row_out);
    K_CALL(e, blob_set, "", e->fn->ctx, heap, given, new, tc);
}

void emit_agg_give_shown(gen_t *g, gkey_t key, LLVMValueRef blob, sink_mode mode) {
    emit_t *e = g->e;
    const tstep_t *s = g->stage->step;
    size_t nkeys = s->u.aggregate.nkeys;
    int w = s->u.aggregate.window_out;
    type_t **types = ARENA_ARRAY(e->arena, type_t *, nkeys + 1), *t = emit_agg_items_type(g);
    val_t *out = ARENA_ARRAY(e->arena, val_t, s->row_out->nfields + 1);
    for (size_t k = 0; k < nkeys; k++) types[k] = s->u.aggregate.keys[k].type;
    if (nkeys) emit_key_parts(g, key, types, out, nkeys);
    LLVMValueRef words = ir_words(e, t->words + 1, "shown");
    K_CALL(e, blob_get, "", e->fn->ctx, blob, words, emit_type_code(e, t));
    val_t items = val_load(e, t, words, "shown");
    for (uint32_t i = 0; i < t->nfields; i++) out[nkeys + i] = val_field(e, items, i);
    if (w >= 0) out[w] = emit_window_value(g, s->row_out->fields[w].type);
    emit_agg_order(g, key);
    if (mode == MODE_changes) g->sign = ir_i64(e, 0);
    emit_outs(g, mode, out, s->row_out);
    g->sign = NULL;
}

/* Over a table: an entry whose rows have all gone gives back what it gave and goes. */
static void drop_empty(gen_t *g, LLVMValueRef table, LLVMValueRef i, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    const pstage_t *st = g->stage;
    const tstep_t *s = st->step;
    size_t nkeys = s->u.aggregate.nkeys;
    LLVMValueRef words = K_CALL(e, table_words, "entry", table, i);
    LLVMValueRef rows = ir_load(e, e->i64, ir_word(e, words, st->state->words - 1), "rows");
    LLVMBasicBlockRef empty = ir_block(e, "entry.empty"), full = ir_block(e, "entry.rows");
    ir_if(e, ir_eq(e, rows, ir_i64(e, 0), "empty"), empty, full);
    ir_at(e, empty);
    if (emit_agg_remembers(st)) {
        LLVMValueRef given = ir_word(e, words, st->state->words - 1 - BLOB_WORDS);
        gkey_t key = emit_agg_entry_key(g, table, i, st->state->int_key);
        type_t **types = ARENA_ARRAY(e->arena, type_t *, nkeys + 1);
        val_t *out = ARENA_ARRAY(e->arena, val_t, s->row_out->nfields + 1);
        for (size_t k = 0; k < nkeys; k++) types[k] = s->u.aggregate.keys[k].type;
        if (nkeys) emit_key_parts(g, key, types, out, nkeys);
        LLVMValueRef had = has_given(g, given), old = last_given(g, given, had);
        emit_agg_order(g, key);
        give_change(g, out, had, old, ir_bit(e, 0), old);
        K_CALL(e, blob_drop, "", e->fn->ctx, K_CALL(e, table_heap, "heap", table), given);
    }
    emit_agg_drop(g, K_CALL(e, table_heap, "heap", table), words);
    K_CALL(e, table_remove, "", e->fn->ctx, table, i);
    ir_br(e, next);
    ir_at(e, full);
}

void emit_agg_give_row(gen_t *g, gkey_t key, LLVMValueRef heap, LLVMValueRef words,
                     sink_mode mode, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    size_t nkeys = s->u.aggregate.nkeys;
    type_t **types = ARENA_ARRAY(e->arena, type_t *, nkeys + 1);
    val_t *mid = ARENA_ARRAY(e->arena, val_t, nkeys + 2);
    for (size_t k = 0; k < nkeys; k++) types[k] = s->u.aggregate.keys[k].type;
    if (nkeys) emit_key_parts(g, key, types, mid, nkeys);
    uint32_t nmid = (uint32_t)nkeys;
    int w = s->u.aggregate.window_out;
    if (w >= 0) mid[nmid++] = emit_window_value(g, s->row_out->fields[w].type);
    val_t *out = ARENA_ARRAY(e->arena, val_t, s->row_out->nfields + 1);
    fail_t fail;
    if (g->stage->error_port >= 0) emit_agg_order(g, key);
    emit_guard_open(g, &fail, "aggregate.error");
    size_t mark = emit_calls_mark(e);
    int64_t at = 0;
    for (size_t a = 0; a < s->u.aggregate.naggs; a++) {
        const agg_call_t *c = s->u.aggregate.aggs[a];
        emit_calls_bind(e, c->call, result_of(g, c, heap, ir_word(e, words, at)));
        at += emit_agg_kernel(e, c).words;
    }
    e->row = mid;
    e->nrow = nmid;
    for (size_t k = 0; k < nkeys; k++) out[k] = mid[k];
    for (size_t k = 0; k < s->u.aggregate.nitems; k++)
        out[nkeys + k] = val_named(
            e, emit_expr_as(e, s->u.aggregate.items[k].expr, s->u.aggregate.items[k].type),
            s->u.aggregate.items[k].name);
    if (s->u.aggregate.window_out >= 0) out[s->u.aggregate.window_out] = mid[nkeys];
    emit_calls_reset(e, mark);
    type_t *known = s->row_out;
    field_t *names = ARENA_ARRAY(e->arena, field_t, nkeys + 1);
    for (size_t k = 0; k < nkeys; k++) names[k] = known->fields[k];
    emit_guard_close(g, &fail, g->stage->step_id, g->stage->error_port, mid,
                     type_record(e->types, NULL, names, (uint32_t)nkeys), next);
    if (mode != MODE_changes) {
        if (g->stage->error_port < 0) emit_agg_order(g, key);
        emit_outs(g, mode, out, s->row_out);
        return;
    }
    if (emit_agg_remembers(g->stage)) {
        if (g->given) give_changed(g, key, out, g->given_heap, g->given, next);
        else give_changed(g, key, out, heap, ir_word(e, words, at), next);
        return;
    }
    if (g->stage->error_port < 0) emit_agg_order(g, key);
    emit_outs(g, MODE_update, out, s->row_out);
}

void emit_agg_give_all(gen_t *g, LLVMValueRef table, sink_mode mode) {
    emit_t *e = g->e;
    int signs = g->stage->exchange->signs;
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx), order = NULL, n;
    if (mode == MODE_changes) {
        LLVMValueRef count = ir_words(e, 1, "touched");
        order = K_CALL(e, table_sorted, "order", e->fn->ctx, table, ir_i32(e, 1), count);
        n = ir_load(e, e->i64, count, "touched");
        mark = K_CALL(e, mark, "mark", e->fn->ctx);
    } else {
        n = K_CALL(e, table_end, "entries", table);
    }
    loop_t l = ir_loop(e, n, "entry");
    LLVMBasicBlockRef next = ir_block(e, "entry.next");
    LLVMValueRef i = order ? K_CALL(e, table_nth, "entry", order, l.i) : l.i;
    if (signs && mode == MODE_changes) {
        drop_empty(g, table, i, next);
    } else if (signs) {
        LLVMBasicBlockRef live = ir_block(e, "entry.live");
        ir_if(e, ir_bit_of(e, K_CALL(e, table_live, "live", table, i), "live"), live, next);
        ir_at(e, live);
    }
    if (mode != MODE_changes || emit_shows_changes(g->stage)) {
        emit_agg_give_row(g, emit_agg_entry_key(g, table, i, g->stage->state->int_key),
                      K_CALL(e, table_heap, "heap", table),
                      K_CALL(e, table_words, "entry", table, i), mode, next);
    }
    ir_br(e, next);
    ir_at(e, next);
    K_CALL(e, reset, "", e->fn->ctx, mark);
    ir_loop_end(e, &l);
}

/* The rows of one window. */
static void give_pane(gen_t *g, LLVMValueRef table, void *env) {
    (void)env;
    emit_agg_give_all(g, table, MODE_append);
}

static void give_mode(gen_t *g, LLVMValueRef table, sink_mode mode, void *env) {
    (void)env;
    emit_agg_give_all(g, table, mode);
}

/* The rows of the one table that there is. */
static void give_whole(gen_t *g, LLVMValueRef table, sink_mode mode, void *env) {
    if (mode == MODE_complete) emit_sinks_given(g);
    give_mode(g, table, mode, env);
}

void emit_agg_give(gen_t *g, LLVMValueRef table) {
    emit_agg_give_all(g, table, MODE_append);
}

void emit_agg_close(gen_t *g) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    LLVMValueRef table = K_CALL(e, state, "table", e->fn->ctx, ir_i64(e, g->stage->state->id));
    if (plan_revised(s)) {
        emit_revise_close(g, table, give_mode, NULL);
        return;
    }
    if (g->stage->slice) {
        emit_slices_close(g, table, emit_agg_fold_function(g), give_pane, NULL);
        return;
    }
    if (plan_paned(s)) {
        emit_panes_close(g, table, give_pane, NULL);
        return;
    }
    if (plan_by_rows(s)) {
        emit_agg_rows_close(g, table);
        return;
    }
    if (!s->out.is_table) {
        emit_give_if(g, table, MODE_append, ir_bit(e, 1), give_whole, NULL);
        K_CALL(e, table_clear, "", e->fn->ctx, table);
        return;
    }
    LLVMValueRef fed = ir_bit_of(e, K_CALL(e, ctx_fed, "fed", e->fn->ctx), "fed");
    LLVMValueRef final = ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), "final");
    int touched = emit_shows_changes(g->stage) || g->stage->exchange->signs;
    if (touched) emit_agg_give_all(g, table, MODE_changes);
    emit_give_if(g, table, MODE_complete, fed, give_whole, NULL);
    emit_give_if(g, table, MODE_final, final, give_whole, NULL);
    if (touched) K_CALL(e, table_clean, "", table);
}
