/* emit_top.c - top and sort behind their exchange.
 *
 * Of a stream an entry keeps the candidates of k_top.h.  Over a table rows may be taken out
 * again: there it keeps all rows of the key in a bag (k_bag.h).  Where somebody asks what
 * has changed, an entry remembers what it gave last at each place. */
#include "compiler/emit/emit_keyed.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_agg.h"
#include "compiler/emit/emit_retract.h"
#include "compiler/emit/emit_revise.h"
#include "compiler/emit/emit_table.h"
#include "compiler/emit/emit_time.h"

/* Over a table, fed by what it changes into. */
static int is_signed(const pstage_t *stage) {
    return stage->exchange->signs;
}

enum { SHOWN_WORDS = 2 }; /* runtime/kernel/k_top.h */

/* Where an entry of top remembers what it has given: behind its rows. */
static int shown_at(const pstage_t *stage) {
    return is_signed(stage) ? BAG_WORDS : TOP_WORDS;
}

int emit_top_words(const pstage_t *stage) {
    return shown_at(stage) + (emit_shows_changes(stage) ? SHOWN_WORDS : 0);
}

/* How many rows a key keeps; sort keeps all. */
static LLVMValueRef top_count(gen_t *g) {
    tstep_t *s = g->stage->step;
    if (s->op == OP_sort) return ir_i64(g->e, INT64_MAX / 4);
    return emit_constant(g, s->u.top.count, s->u.top.count_value, 1);
}

static LLVMValueRef ties(gen_t *g) {
    tstep_t *s = g->stage->step;
    return ir_i32(g->e, s->op == OP_top && s->u.top.ties);
}

/* A row of a table enters the bag of its key, or leaves it. */
static void bag_row(gen_t *g, const shape_t *h, LLVMValueRef heap, LLVMValueRef bag,
                    val_t record) {
    emit_t *e = g->e;
    val_t order = val_field(e, record, (uint32_t)h->order);
    val_t table_key = val_field(e, record, (uint32_t)h->table_key);
    val_t *cols = ARENA_ARRAY(e->arena, val_t, h->row->nfields + 1);
    for (uint32_t i = 0; i < h->row->nfields; i++)
        cols[i] = val_field(e, record, h->columns + i);
    LLVMValueRef by = ir_sub(e, ir_mul(e, g->sign, ir_i64(e, 2), ""), ir_i64(e, 1), "by");
    K_CALL(e, bag_put_value, "", e->fn->ctx, heap, bag, by, order.leaf[0], order.leaf[1],
           table_key.leaf[0], table_key.leaf[1], val_spill(e, val_record(e, h->row, cols)),
           emit_type_code(e, h->row));
}

void emit_top_push(gen_t *g, const shape_t *h, LLVMValueRef heap, LLVMValueRef words,
                   LLVMValueRef row, val_t record) {
    emit_t *e = g->e;
    val_t order = val_field(e, record, (uint32_t)h->order);
    K_CALL(e, top_push, "", e->fn->ctx, heap, words, top_count(g), ties(g), order.leaf[0],
           order.leaf[1], row, K_CALL(e, row_size, "row.size", row));
}

void emit_top_row_in(gen_t *g, const shape_t *h, LLVMValueRef table, LLVMValueRef at,
                     val_t record) {
    emit_t *e = g->e;
    gkey_t key = {.is_int = 1, .i64 = ir_i64(e, 0)};
    if (h->key >= 0) key = emit_key_of(val_field(e, record, (uint32_t)h->key));
    LLVMValueRef words = emit_probe(g, table, key);
    if (!plan_paned(g->stage->step) || emit_shows_changes(g->stage))
        K_CALL(e, table_touch, "", e->fn->ctx, table);
    LLVMValueRef heap = K_CALL(e, table_heap, "heap", table);
    if (is_signed(g->stage)) bag_row(g, h, heap, words, record);
    else emit_top_push(g, h, heap, words, at, record);
}

/* ---- the rows of one entry of top ---- */

/* The rows that count, in order. */
typedef struct rows {
    LLVMValueRef entry, words, heap;
    LLVMValueRef list; /* signed: of k_bag.h */
    LLVMValueRef n;
} rows_t;

static rows_t rows_of(gen_t *g, LLVMValueRef table, LLVMValueRef entry) {
    emit_t *e = g->e;
    rows_t r = {.entry = entry, .words = K_CALL(e, table_words, "entry", table, entry),
                .heap = K_CALL(e, table_heap, "heap", table)};
    if (!is_signed(g->stage)) {
        r.n = K_CALL(e, top_finish, "rows", e->fn->ctx, r.heap, r.words, top_count(g), ties(g));
        return r;
    }
    LLVMValueRef list = ir_words(e, 1, "list");
    r.n = K_CALL(e, bag_list, "rows", e->fn->ctx, r.words, top_count(g), ties(g), list);
    r.list = ir_load(e, e->ptr, list, "list");
    return r;
}

/* The i-th row, with the columns that the step adds; its key. */
static val_t *row_at(gen_t *g, const shape_t *h, LLVMValueRef table, const rows_t *r,
                     LLVMValueRef i, gkey_t *key) {
    emit_t *e = g->e;
    const tstep_t *s = g->stage->step;
    val_t *out;
    *key = (gkey_t){.ptr = ir_null(e), .len = ir_i64(e, 0)};
    if (r->list) {
        LLVMValueRef words = ir_words(e, h->row->words + 1, "row");
        K_CALL(e, row_read, "", e->fn->ctx, K_CALL(e, bag_row, "row", r->list, i), ir_i64(e, 8),
               words, emit_type_code(e, h->row));
        out = emit_columns_from(g, h, val_load(e, h->row, words, "row"), 0);
        *key = emit_agg_entry_key(g, table, r->entry, g->stage->state->int_key);
    } else {
        LLVMValueRef row = K_CALL(e, top_row, "row", r->words, i);
        val_t record = emit_read_row(g, g->stage->exchange, row, h->record);
        out = emit_columns_of(g, h, record);
        if (h->key >= 0) *key = emit_key_of(val_field(e, record, (uint32_t)h->key));
    }
    if (h->key >= 0) emit_add_keys(g, *key, out);
    if (s->op != OP_top || s->u.top.rank_column < 0) return out;
    /* Equal rows share a rank with ties; else it is the place. */
    LLVMValueRef rank = !s->u.top.ties ? ir_add(e, i, ir_i64(e, 1), "rank")
                        : r->list      ? K_CALL(e, bag_rank, "rank", r->list, i)
                                       : K_CALL(e, top_rank, "rank", r->words, i);
    out[s->u.top.rank_column] = val_int(e, type_basic(e->types, TY_INT), rank);
    return out;
}

/* The columns that there are, whatever their values. */
type_t *emit_top_seen_type(gen_t *g) {
    emit_t *e = g->e;
    const tstep_t *s = g->stage->step;
    const type_t *row = s->row_out;
    shape_t h = emit_keyed_shape(g, g->stage);
    unsigned char *there = ARENA_ARRAY(e->arena, unsigned char, row->nfields + 1);
    field_t *fields = ARENA_ARRAY(e->arena, field_t, row->nfields + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; h.carried[i] >= 0; i++) there[h.carried[i]] = 1;
    if (h.window >= 0) there[s->in.window_column] = 1;
    for (size_t i = 0; s->op == OP_top && i < s->u.top.nkeys; i++)
        if (s->u.top.added[i] >= 0) there[s->u.top.added[i]] = 1;
    if (s->op == OP_top && s->u.top.rank_column >= 0) there[s->u.top.rank_column] = 1;
    for (uint32_t c = 0; c < row->nfields; c++)
        if (there[c]) fields[n++] = row->fields[c];
    return type_record(e->types, NULL, fields, n);
}

static val_t seen_value(gen_t *g, const val_t *out) {
    emit_t *e = g->e;
    const type_t *row = g->stage->step->row_out;
    val_t *vals = ARENA_ARRAY(e->arena, val_t, row->nfields + 1);
    uint32_t n = 0;
    for (uint32_t c = 0; c < row->nfields; c++)
        if (out[c].leaf) vals[n++] = out[c];
    return val_record(e, emit_top_seen_type(g), vals);
}

/* The row in words that were remembered, to those who take changes. */
static void give_seen(gen_t *g, const val_t *out, LLVMValueRef words) {
    emit_t *e = g->e;
    const type_t *row = g->stage->step->row_out;
    val_t *cols = ARENA_ARRAY(e->arena, val_t, row->nfields + 1);
    val_t seen = val_load(e, emit_top_seen_type(g), words, "row");
    uint32_t n = 0;
    for (uint32_t c = 0; c < row->nfields; c++)
        cols[c] = out[c].leaf ? val_field(e, seen, n++) : out[c];
    emit_outs(g, MODE_changes, cols, row);
}

/* Leaves for the columns that the rows of top have, whatever their values. */
static val_t *all_columns(gen_t *g, const shape_t *h) {
    emit_t *e = g->e;
    const tstep_t *s = g->stage->step;
    val_t *out = emit_columns_from(g, h, val_zero(e, h->row), 0);
    int w = s->in.window_column;
    if (h->window >= 0) out[w] = emit_window_value(g, s->row_out->fields[w].type);
    for (size_t i = 0; s->op == OP_top && i < s->u.top.nkeys; i++)
        if (s->u.top.added[i] >= 0)
            out[s->u.top.added[i]] = val_zero(e, s->row_out->fields[s->u.top.added[i]].type);
    if (s->op == OP_top && s->u.top.rank_column >= 0)
        out[s->u.top.rank_column] = val_zero(e, type_basic(e->types, TY_INT));
    return out;
}

/* The old row and the new one at place i; `out` has the columns that there are.  Without a
 * new one the old one goes. */
static void give_change(gen_t *g, const rows_t *r, LLVMValueRef i, const val_t *out,
                        LLVMValueRef has, LLVMValueRef new) {
    emit_t *e = g->e;
    type_t *t = emit_top_seen_type(g);
    LLVMValueRef shown = ir_word(e, r->words, shown_at(g->stage));
    LLVMValueRef old = ir_words(e, t->words + 1, "given");
    LLVMValueRef had = ir_bit_of(e, K_CALL(e, top_shown, "had", e->fn->ctx, shown, i, old,
                                           emit_type_code(e, t)), "had");
    change_t c = emit_change_open(g, had, old, has, new ? new : old);
    give_seen(g, out, c.words);
    emit_change_close(g, &c);
}

/* The i-th row, if another stood at its place, to all who are shown what changed. */
static void give_changed(gen_t *g, const rows_t *r, LLVMValueRef i, const val_t *out,
                         gkey_t key, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    val_t seen = seen_value(g, out);
    LLVMValueRef shown = ir_word(e, r->words, shown_at(g->stage));
    LLVMValueRef new = val_spill(e, seen), tc = emit_type_code(e, seen.type);
    LLVMValueRef differs = K_CALL(e, top_differs, "differs", e->fn->ctx, shown, i, new, tc);
    LLVMBasicBlockRef show = ir_block(e, "row.changed");
    ir_if(e, ir_bit_of(e, differs, "differs"), show, next);
    ir_at(e, show);
    emit_rank_order(g, key, i);
    if (emit_has_mode(g->stage, MODE_changes)) give_change(g, r, i, out, ir_bit(e, 1), new);
    g->sign = NULL;
    val_t *cols = ARENA_ARRAY(e->arena, val_t, g->stage->step->row_out->nfields + 1);
    memcpy(cols, out, g->stage->step->row_out->nfields * sizeof *cols);
    emit_outs(g, MODE_update, cols, g->stage->step->row_out);
    K_CALL(e, top_changed, "", e->fn->ctx, r->heap, shown, i, new, tc);
}

/* The places behind the last row are empty now. */
static void give_gone(gen_t *g, const shape_t *h, LLVMValueRef table, const rows_t *r) {
    emit_t *e = g->e;
    LLVMValueRef shown = ir_word(e, r->words, shown_at(g->stage));
    if (emit_has_mode(g->stage, MODE_changes)) {
        gkey_t key = emit_agg_entry_key(g, table, r->entry, g->stage->state->int_key);
        LLVMValueRef places = K_CALL(e, top_places, "places", shown);
        LLVMValueRef less = ir_lt(e, r->n, places, "fewer");
        LLVMValueRef n = ir_select(e, less, ir_sub(e, places, r->n, ""), ir_i64(e, 0), "gone");
        loop_t l = ir_loop(e, n, "gone");
        LLVMValueRef i = ir_add(e, r->n, l.i, "place");
        emit_rank_order(g, key, i);
        give_change(g, r, i, all_columns(g, h), ir_bit(e, 0), NULL);
        ir_loop_end(e, &l);
    }
    K_CALL(e, top_forget, "", e->fn->ctx, r->heap, shown, r->n);
}

/* A row that has left holds its place, where nothing is shown any more; emit_forget.c. */
static void pass_left(gen_t *g, const shape_t *h, LLVMValueRef table, const rows_t *r,
                      LLVMValueRef i, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMBasicBlockRef left = ir_block(e, "row.has.left"), here = ir_block(e, "row.is.here");
    LLVMValueRef is = K_CALL(e, top_left, "left", K_CALL(e, top_row, "row", r->words, i));
    ir_if(e, ir_bit_of(e, is, "left"), left, here);
    ir_at(e, left);
    emit_rank_order(g, emit_agg_entry_key(g, table, r->entry, g->stage->state->int_key), i);
    give_change(g, r, i, all_columns(g, h), ir_bit(e, 0), NULL);
    K_CALL(e, top_hide, "", e->fn->ctx, r->heap, ir_word(e, r->words, shown_at(g->stage)), i);
    ir_br(e, next);
    ir_at(e, here);
}

/* The rows of one entry of top, in order; MODE_changes: to all who are shown what changed. */
static void give_rows(gen_t *g, const shape_t *h, LLVMValueRef table, rows_t r,
                      sink_mode mode) {
    emit_t *e = g->e;
    LLVMValueRef time = g->time;
    loop_t l = ir_loop(e, r.n, "row");
    LLVMBasicBlockRef next = ir_block(e, "row.next");
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    gkey_t key;
    if (mode == MODE_changes && !is_signed(g->stage) && emit_is_closed(g->plan, g->stage))
        pass_left(g, h, table, &r, l.i, next);
    val_t *out = row_at(g, h, table, &r, l.i, &key);
    g->time = time;
    g->sign = NULL;
    if (mode == MODE_changes) give_changed(g, &r, l.i, out, key, next);
    else emit_rank_order(g, key, l.i);
    if (mode != MODE_changes) emit_outs(g, mode, out, g->stage->step->row_out);
    ir_br(e, next);
    ir_at(e, next);
    K_CALL(e, reset, "", e->fn->ctx, mark);
    ir_loop_end(e, &l);
    if (mode == MODE_changes) give_gone(g, h, table, &r);
}

void emit_top_give(gen_t *g, const shape_t *h, LLVMValueRef heap, LLVMValueRef words) {
    emit_t *e = g->e;
    rows_t r = {.words = words, .heap = heap};
    r.n = K_CALL(e, top_finish, "rows", e->fn->ctx, heap, words, top_count(g), ties(g));
    give_rows(g, h, NULL, r, MODE_append);
}

/* An entry whose rows have all gone. */
static void drop_empty(gen_t *g, LLVMValueRef table, LLVMValueRef entry) {
    emit_t *e = g->e;
    LLVMValueRef words = K_CALL(e, table_words, "entry", table, entry);
    LLVMValueRef n = K_CALL(e, bag_count, "count", words);
    LLVMBasicBlockRef empty = ir_block(e, "entry.empty"), next = ir_block(e, "entry.kept");
    ir_if(e, ir_eq(e, n, ir_i64(e, 0), "empty"), empty, next);
    ir_at(e, empty);
    if (emit_shows_changes(g->stage))
        K_CALL(e, top_unshow, "", e->fn->ctx, K_CALL(e, table_heap, "heap", table),
               ir_word(e, words, shown_at(g->stage)));
    /* Elements that nobody sees may still be in it. */
    K_CALL(e, bag_drop, "", e->fn->ctx, K_CALL(e, table_heap, "heap", table), words);
    K_CALL(e, table_remove, "", e->fn->ctx, table, entry);
    ir_br(e, next);
    ir_at(e, next);
}

/* All entries, or those that the batch has touched. */
static void give_all(gen_t *g, const shape_t *h, LLVMValueRef table, sink_mode mode,
                     LLVMValueRef cond) {
    emit_t *e = g->e;
    LLVMBasicBlockRef give = ir_block(e, "give"), done = ir_block(e, "given");
    ir_if(e, cond, give, done);
    ir_at(e, give);
    LLVMValueRef order = NULL, n;
    if (mode == MODE_complete) emit_sinks_given(g);
    if (mode == MODE_changes) {
        LLVMValueRef count = ir_words(e, 1, "touched");
        order = K_CALL(e, table_sorted, "order", e->fn->ctx, table, ir_i32(e, 1), count);
        n = ir_load(e, e->i64, count, "touched");
    } else {
        n = K_CALL(e, table_end, "entries", table);
    }
    loop_t l = ir_loop(e, n, "entry");
    LLVMBasicBlockRef live = ir_block(e, "entry.live"), next = ir_block(e, "entry.next");
    LLVMValueRef i = order ? K_CALL(e, table_nth, "entry", order, l.i) : l.i;
    if (is_signed(g->stage) && !order)
        ir_if(e, ir_bit_of(e, K_CALL(e, table_live, "live", table, i), "live"), live, next);
    else ir_br(e, live);
    ir_at(e, live);
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    if (!order) K_CALL(e, table_note, "", e->fn->ctx, table, i); /* its rows are sorted, cut */
    if (mode != MODE_changes || emit_shows_changes(g->stage))
        give_rows(g, h, table, rows_of(g, table, i), mode);
    K_CALL(e, reset, "", e->fn->ctx, mark);
    if (is_signed(g->stage) && order) drop_empty(g, table, i);
    ir_br(e, next);
    ir_at(e, next);
    ir_loop_end(e, &l);
    ir_br(e, done);
    ir_at(e, done);
}

void emit_top_close(gen_t *g, LLVMValueRef table) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    shape_t h = emit_keyed_shape(g, g->stage);
    LLVMValueRef fed = ir_bit_of(e, K_CALL(e, ctx_fed, "fed", e->fn->ctx), "fed");
    LLVMValueRef final = ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), "final");
    /* Fed by a window or by all rows of a table: nothing is kept for the next batch. */
    int passing = s->op == OP_sort || s->in.windowed != WINDOW_NONE;
    if (emit_shows_changes(g->stage) || is_signed(g->stage))
        give_all(g, &h, table, MODE_changes, ir_bit(e, 1));
    for (int m = MODE_append; m <= MODE_final; m++) {
        if (m == MODE_update || !emit_has_mode(g->stage, (sink_mode)m)) continue;
        LLVMValueRef cond = passing ? ir_bit(e, 1) : m == MODE_final ? final : fed;
        give_all(g, &h, table, (sink_mode)m, cond);
    }
    K_CALL(e, table_clean, "", table);
    if (passing) K_CALL(e, table_clear, "", e->fn->ctx, table);
}

static void give_mode(gen_t *g, LLVMValueRef table, sink_mode mode, void *shape) {
    give_all(g, shape, table, mode, ir_bit(g->e, 1));
}

void emit_top_revise_close(gen_t *g, LLVMValueRef table) {
    shape_t h = emit_keyed_shape(g, g->stage);
    emit_revise_close(g, table, give_mode, &h);
}

/* The rows of one window. */
void emit_top_pane(gen_t *g, LLVMValueRef table, void *shape) {
    for (size_t i = 0; i < g->stage->outs.n; i++)
        give_all(g, shape, table, g->stage->outs.at[i]->mode, ir_bit(g->e, 1));
}
