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
#include "compiler/emit/emit_session.h"
#include "compiler/emit/emit_time.h"

enum { SESSION_WORDS = 6, KEPT_WORDS = 8 }; /* FLOW_SESSION_WORDS, FLOW_KEPT_WORDS */

int emit_session_words(const pstage_t *stage) {
    return plan_revised(stage->step) ? KEPT_WORDS : SESSION_WORDS;
}

/* Rows, and the moment of the first session; then the gap, and what was shown. */
const char *emit_session_layout(const pstage_t *stage) {
    if (!plan_revised(stage->step)) return "@s2zm2z";
    return stage->step->in.window->early ? "@s2zm2zwzx" : "@s2zm2zwz";
}

static const twindow_t *window_of(gen_t *g) {
    return g->stage->step->in.window;
}

LLVMValueRef emit_session_gap(gen_t *g) {
    return emit_constant(g, window_of(g)->size, window_of(g)->size_value, 1);
}

LLVMValueRef emit_session_lateness(gen_t *g) {
    const twindow_t *w = window_of(g);
    return w->lateness ? emit_constant(g, w->lateness, w->lateness_value, 0) : ir_i64(g->e, 0);
}

LLVMValueRef emit_session_state(gen_t *g) {
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

/* They may if aggregates merge, and if that row is a record: of 255 fields at most. */
static int merges(gen_t *g) {
    return emit_session_part(g) != NULL;
}

const type_t *emit_session_part(gen_t *g) {
    pstage_t *st = g->stage;
    if (!is_aggregate(g) || !plan_can_merge(st->step)) return NULL;
    st->partial = 1;
    const type_t *row = emit_agg_exchange_row(g, st);
    st->partial = 0;
    return row->nfields < 256 ? row : NULL;
}

LLVMValueRef emit_session_table(gen_t *g) {
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
    LLVMValueRef heap = K_CALL(e, table_heap, "heap", table);
    val_t row = emit_agg_part(g, st, heap, K_CALL(e, table_words, "entry", table, ir_i64(e, 0)), key);
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

void emit_session_feed(gen_t *g, LLVMValueRef table, LLVMValueRef session) {
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
    if (plan_revised(g->stage->step))
        g->told = ir_bit_of(e, K_CALL(e, session_told, "told", rows, l.i), "told");
    if (is_aggregate(g)) emit_agg_row_into(g, table, row, next);
    else emit_keyed_row_into(g, table, row);
    g->told = NULL;
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
    if (window_of(g)->lateness)
        gap = K_CALL(e, time_add, "kept", gap, emit_session_lateness(g));
    LLVMValueRef is_full = K_CALL(e, session_full, "full", session, gap, now);
    ir_if_rare(e, ir_bit_of(e, is_full, ""), full, on);
    ir_at(e, full);
    LLVMValueRef own = emit_session_table(g);
    emit_session_feed(g, own, session);
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
    LLVMValueRef table = emit_session_state(g);
    emit_probe(g, table, session_key(g, key));
    int framed = g->order == ORDER_bytes;
    LLVMValueRef gap = emit_session_gap(g);
    LLVMValueRef order = framed ? g->key : ir_null(e);
    LLVMValueRef len = framed ? g->key_len : ir_i64(e, 0);
    LLVMValueRef session =
        plan_revised(g->stage->step)
            ? K_CALL(e, kept_put, "session", e->fn->ctx, table, time, gap, at, order, len,
                     K_CALL(e, mark_now, "now", e->fn->ctx, ir_i64(e, g->stage->mark)),
                     ir_i32(e, window_of(g)->early != NULL))
            : K_CALL(e, session_put, "session", e->fn->ctx, table, time, gap, at, order, len);
    if (merges(g)) compact(g, table, session, gap);
}

/* ---- close ---- */

/* The rows of a session that closes, through the step. */
static void run_session(gen_t *g, LLVMValueRef session) {
    emit_t *e = g->e;
    LLVMValueRef table = emit_session_table(g);
    emit_session_feed(g, table, session);
    if (is_aggregate(g)) emit_agg_give(g, table);
    else emit_keyed_give(g, table);
    K_CALL(e, table_clear, "", e->fn->ctx, table);
}

/* A late row to what takes those of its window, as it entered that. */
static void leave_late(gen_t *g, const plate_t *to, val_t entered) {
    const type_t *row = to->window->step->row_in;
    val_t *cols = ARENA_ARRAY(g->e->arena, val_t, row->nfields + 1);
    for (uint32_t i = 0; i < row->nfields; i++) cols[i] = val_field(g->e, entered, i);
    emit_ops(g, &to->late, cols, row);
}

/* Rows that come by several windows are counted, and leave, by theirs. */
static void leave_by(gen_t *g, val_t entered) {
    emit_t *e = g->e;
    const pstage_t *st = g->stage;
    LLVMBasicBlockRef done = ir_block(e, "late.left");
    uint32_t field = 1;
    for (size_t i = 0; i < st->nlates; i++) {
        const plate_t *to = &st->lates[i];
        LLVMBasicBlockRef take = ir_block(e, "late.take"), other = ir_block(e, "late.other");
        LLVMValueRef number = ir_i64(e, (int64_t)i), by = val_field(e, entered, 0).leaf[0];
        ir_if(e, ir_eq(e, by, number, "by"), take, other);
        ir_at(e, take);
        int leaves = to->late.n > 0;
        K_CALL(e, row_late, "", e->fn->ctx, ir_i64(e, to->window_id), ir_i32(e, leaves));
        if (leaves) leave_late(g, to, val_field(e, entered, field++));
        ir_br(e, done);
        ir_at(e, other);
    }
    ir_br(e, done);
    ir_at(e, done);
}

/* Late rows stand where they came in. */
static void push_late(gen_t *g, LLVMValueRef session) {
    emit_t *e = g->e;
    const pstage_t *st = g->stage;
    LLVMValueRef out = ir_words(e, 1, "list"), time = g->time;
    LLVMValueRef n =
        K_CALL(e, session_rows, "rows", e->fn->ctx, session, ir_i32(e, 0), out);
    LLVMValueRef rows = ir_load(e, e->ptr, out, "list");
    loop_t l = ir_loop(e, n, "late.row");
    val_t entered =
        emit_read_entered(g, st->exchange, K_CALL(e, session_row, "row", rows, l.i));
    g->order = st->exchange->framed ? ORDER_bytes : ORDER_place;
    g->key = K_CALL(e, session_key, "order", rows, l.i);
    g->key_len = K_CALL(e, session_key_len, "order.len", rows, l.i);
    g->sign = NULL;
    if (st->nlates > 1) leave_by(g, entered);
    else leave_late(g, &st->lates[0], entered);
    ir_loop_end(e, &l);
    g->time = time;
    g->order = ORDER_place; /* not those of the rows */
    g->key = g->key_len = NULL;
}

void emit_session_late(gen_t *g, LLVMValueRef session) {
    emit_t *e = g->e;
    const pstage_t *st = g->stage;
    if (!plan_says_window(st))
        K_CALL(e, rows_late, "", e->fn->ctx, ir_i64(e, st->lates[0].window_id),
               K_CALL(e, session_count, "rows", session), ir_i32(e, st->lates[0].late.n > 0));
    if (plan_late_leaves(st)) push_late(g, session);
}

void emit_session_close(gen_t *g) {
    emit_t *e = g->e;
    if (plan_revised(g->stage->step)) {
        emit_session_kept_close(g);
        return;
    }
    LLVMBasicBlockRef head = ir_block(e, "sessions"), body = ir_block(e, "session"),
                      late = ir_block(e, "session.late"), run = ir_block(e, "session.run"),
                      drop = ir_block(e, "session.drop"), done = ir_block(e, "sessions.done");
    LLVMValueRef mark = ir_i64(e, g->stage->mark), table = emit_session_state(g);
    LLVMValueRef gap = emit_session_gap(g);
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
    emit_session_late(g, session);
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
