/* emit_session.c - sessions: formed behind the exchange by the next keyed step.
 *
 * Rows wait in the sessions of their key (runtime/kernel/k_session.h).  When the watermark
 * passes the end of one, its rows enter the step's own table - a worker's, empty before
 * and after - as those of a window would, and what it gives leaves.  Where aggregates merge
 * the rows of a long session become one on the way.
 *
 * A session is late if its end was passed before the batch: then all of its rows came in
 * this batch, for one that is open in state ends behind the watermark. */
#include "compiler/base/check.h"
#include "compiler/emit/emit_agg.h"
#include "compiler/emit/emit_stage.h"
#include "compiler/emit/emit_time.h"

enum { SESSION_WORDS = 6 }; /* FLOW_SESSION_WORDS */

int emit_session_words(void) {
    return SESSION_WORDS;
}

static const twindow_t *window_of(gen_t *g) {
    return g->stage->step->in.window;
}

static LLVMValueRef gap_of(gen_t *g) {
    return emit_constant(g, window_of(g)->size, window_of(g)->size_value, 1);
}

static LLVMValueRef sessions_of(gen_t *g) {
    return K_CALL(g->e, state, "sessions", g->e->fn->ctx,
                  ir_i64(g->e, g->stage->sessions->id));
}

static int is_aggregate(gen_t *g) {
    return g->stage->root == ROOT_aggregate;
}

/* The key whose sessions a row is in: without `per` all rows are of one. */
static gkey_t session_key(gen_t *g, gkey_t key) {
    if (g->stage->exchange->one_part) return (gkey_t){.is_int = 1, .i64 = ir_i64(g->e, 0)};
    return key;
}

/* May the rows of a session become one row, of partial states? */
static int merges(gen_t *g) {
    return is_aggregate(g) && plan_can_merge(g->stage->step);
}

static LLVMValueRef table_of(gen_t *g) {
    return K_CALL(g->e, partial, "rows.of.session", g->e->fn->ctx,
                  ir_i64(g->e, g->stage->state->id));
}

/* The only entry of a table as a partial row, in the task arena.  The rows of the exchange
 * are not partial. */
static LLVMValueRef encode_part(gen_t *g, LLVMValueRef table) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    int timed = st->exchange->timed; /* its time does not count, but has its place */
    flow_assert(!st->partial && !st->exchange->signs);
    st->partial = 1;
    gkey_t key = emit_agg_entry_key(g, table, ir_i64(e, 0), st->state->int_key);
    val_t row = emit_agg_part(g, st, table, ir_i64(e, 0), key);
    st->partial = 0;
    LLVMValueRef head = ir_i64(e, timed ? 16 : 8), words = val_spill(e, row);
    LLVMValueRef code = emit_type_code(e, row.type);
    LLVMValueRef size = K_CALL(e, row_measure, "size", head, words, code);
    LLVMValueRef to = K_CALL(e, alloc, "row", e->fn->ctx, ir_add(e, size, ir_i64(e, 64), ""));
    K_CALL(e, row_write, "", to, head, words, code);
    if (timed) ir_store(e, ir_i64(e, 0), ir_word(e, to, 1));
    return to;
}

static void merge_into(gen_t *g, LLVMValueRef table, LLVMValueRef at,
                       LLVMBasicBlockRef next) {
    g->stage->partial = 1;
    emit_agg_row_into(g, table, at, next);
    g->stage->partial = 0;
}

/* The rows of a session into the step's own table. */
static void feed_rows(gen_t *g, LLVMValueRef table, LLVMValueRef session) {
    emit_t *e = g->e;
    LLVMValueRef list = ir_words(e, 1, "list"), time = g->time;
    LLVMValueRef n = K_CALL(e, session_rows, "rows", e->fn->ctx, session,
                            ir_i32(e, g->stage->root == ROOT_distinct), list);
    LLVMValueRef rows = ir_load(e, e->ptr, list, "list");
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    loop_t l = ir_loop(e, n, "session.row");
    LLVMBasicBlockRef next = ir_block(e, "session.row.next");
    K_CALL(e, reset, "", e->fn->ctx, mark);
    LLVMValueRef row = K_CALL(e, session_row, "row", rows, l.i);
    if (merges(g)) {
        LLVMBasicBlockRef part = ir_block(e, "row.part"), one = ir_block(e, "row.one");
        LLVMValueRef is_part = K_CALL(e, session_is_part, "is.part", rows, l.i);
        ir_if_rare(e, ir_bit_of(e, is_part, ""), part, one);
        ir_at(e, part);
        merge_into(g, table, row, next);
        ir_br(e, next);
        ir_at(e, one);
    }
    if (is_aggregate(g)) emit_agg_row_into(g, table, row, next);
    else emit_keyed_row_into(g, table, row);
    ir_br(e, next);
    ir_at(e, next);
    ir_loop_end(e, &l);
    g->time = time;
}

/* A session of many rows holds what they came to. */
static void compact(gen_t *g, LLVMValueRef table, LLVMValueRef session, LLVMValueRef gap) {
    emit_t *e = g->e;
    LLVMBasicBlockRef full = ir_block(e, "session.full"), on = ir_block(e, "session.on");
    LLVMValueRef now = K_CALL(e, mark_now, "now", e->fn->ctx, ir_i64(e, g->stage->mark));
    LLVMValueRef is_full = K_CALL(e, session_full, "full", session, gap, now);
    ir_if_rare(e, ir_bit_of(e, is_full, ""), full, on);
    ir_at(e, full);
    LLVMValueRef own = table_of(g);
    feed_rows(g, own, session);
    K_CALL(e, session_compact, "", e->fn->ctx, table, session, encode_part(g, own));
    K_CALL(e, table_clear, "", e->fn->ctx, own);
    ir_br(e, on);
    ir_at(e, on);
}

void emit_session_row_in(gen_t *g, LLVMValueRef at) {
    emit_t *e = g->e;
    gkey_t key;
    if (is_aggregate(g)) emit_agg_key(g, at, &key);
    else emit_keyed_columns(g, at, &key);
    LLVMValueRef time = window_of(g)->processing ? K_CALL(e, ctx_now, "now", e->fn->ctx)
                                                 : g->time;
    LLVMValueRef table = sessions_of(g);
    emit_probe(g, table, session_key(g, key));
    int framed = g->order == ORDER_bytes;
    LLVMValueRef gap = gap_of(g);
    LLVMValueRef session =
        K_CALL(e, session_put, "session", e->fn->ctx, table, time, gap, at,
               framed ? g->key : ir_null(e), framed ? g->key_len : ir_i64(e, 0));
    if (merges(g)) compact(g, table, session, gap);
}

/* ---- close ---- */

/* The rows of a session that closes, through the step. */
static void run_session(gen_t *g, LLVMValueRef session) {
    emit_t *e = g->e;
    LLVMValueRef table = table_of(g);
    feed_rows(g, table, session);
    if (is_aggregate(g)) emit_agg_give(g, table);
    else emit_keyed_give(g, table);
    K_CALL(e, table_clear, "", e->fn->ctx, table);
}

/* Late rows stand where they came in. */
static void push_late(gen_t *g, LLVMValueRef session) {
    emit_t *e = g->e;
    const pstage_t *st = g->stage;
    const type_t *row = st->exchange->entered;
    LLVMValueRef out = ir_words(e, 1, "list"), time = g->time;
    LLVMValueRef n =
        K_CALL(e, session_rows, "rows", e->fn->ctx, session, ir_i32(e, 0), out);
    LLVMValueRef rows = ir_load(e, e->ptr, out, "list");
    loop_t l = ir_loop(e, n, "late.row");
    val_t entered =
        emit_read_entered(g, st->exchange, K_CALL(e, session_row, "row", rows, l.i));
    val_t *cols = ARENA_ARRAY(e->arena, val_t, row->nfields + 1);
    for (uint32_t i = 0; i < row->nfields; i++) cols[i] = val_field(e, entered, i);
    g->order = st->exchange->framed ? ORDER_bytes : ORDER_place;
    g->key = K_CALL(e, session_key, "order", rows, l.i);
    g->key_len = K_CALL(e, session_key_len, "order.len", rows, l.i);
    emit_ops(g, &st->late, cols, row);
    ir_loop_end(e, &l);
    g->time = time;
}

void emit_session_close(gen_t *g) {
    emit_t *e = g->e;
    LLVMBasicBlockRef head = ir_block(e, "sessions"), body = ir_block(e, "session"),
                      late = ir_block(e, "session.late"), run = ir_block(e, "session.run"),
                      drop = ir_block(e, "session.drop"), done = ir_block(e, "sessions.done");
    LLVMValueRef mark = ir_i64(e, g->stage->mark), table = sessions_of(g), gap = gap_of(g);
    LLVMValueRef out = ir_words(e, 4, "session");
    LLVMValueRef next = K_CALL(e, mark_next, "next", e->fn->ctx, mark);
    LLVMValueRef now = K_CALL(e, mark_now, "now", e->fn->ctx, mark);
    LLVMValueRef arena = K_CALL(e, mark, "mark", e->fn->ctx);
    ir_br(e, head);
    ir_at(e, head);
    K_CALL(e, reset, "", e->fn->ctx, arena);
    LLVMValueRef found = K_CALL(e, session_next, "found", e->fn->ctx, table, next, gap, out);
    ir_if(e, ir_bit_of(e, found, ""), body, done);
    ir_at(e, body);
    LLVMValueRef session = ir_load(e, e->ptr, out, "session");
    LLVMValueRef entry = ir_load(e, e->i64, ir_word(e, out, 1), "entry");
    g->win_start = ir_load(e, e->i64, ir_word(e, out, 2), "start");
    g->win_end = ir_load(e, e->i64, ir_word(e, out, 3), "end");
    ir_if_rare(e, ir_cmp(e, LLVMIntSLE, g->win_end, now, "late"), late, run);
    ir_at(e, late);
    K_CALL(e, rows_late, "", e->fn->ctx, ir_i64(e, g->stage->window_id),
           K_CALL(e, session_count, "rows", session), ir_i32(e, g->stage->late.n > 0));
    if (g->stage->late.n) push_late(g, session);
    ir_br(e, drop);
    ir_at(e, run);
    run_session(g, session);
    ir_br(e, drop);
    ir_at(e, drop);
    K_CALL(e, session_drop, "", e->fn->ctx, table, entry, gap);
    ir_br(e, head);
    ir_at(e, done);
    g->win_start = g->win_end = g->time = NULL;
    emit_timers_due(g, table);
}
