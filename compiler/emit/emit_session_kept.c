/* emit_session_kept.c - aggregates of sessions that are shown early, or kept for late rows.
 *
 * A table whose key has the window: when a session that was shown grows, or merges with
 * another, the rows that were shown are taken back, and it is shown under its new window.
 * The kernel says which sessions are to be shown (runtime/kernel/k_session_kept.h); what
 * they give is computed from their rows, as when a session closes (emit_session.c).
 *
 * The whole table is what was shown, so where that is asked for it is remembered for good. */
#include "compiler/emit/emit_agg.h"
#include "compiler/emit/emit_revise.h"
#include "compiler/emit/emit_session.h"
#include "compiler/emit/emit_table.h"

enum { VISIT_WORDS = 12, KEPT_NONE = 0, KEPT_LATE = 2 }; /* runtime/kernel/k_session_kept.h */

/* The window of row i of a list of what was shown; and its row. */
static LLVMValueRef stand_at(gen_t *g, LLVMValueRef list, LLVMValueRef i) {
    emit_t *e = g->e;
    g->win_start = K_CALL(e, shown_start, "start", list, i);
    g->win_end = K_CALL(e, shown_end, "end", list, i);
    return K_CALL(e, shown_row, "shown", list, i);
}

/* What was shown of the session under other windows is taken back. */
static void take_back(gen_t *g, LLVMValueRef visit, gkey_t key) {
    emit_t *e = g->e;
    if (!emit_has_mode(g->stage, MODE_changes)) return;
    LLVMValueRef out = ir_words(e, 1, "olds");
    LLVMValueRef n = K_CALL(e, kept_olds, "olds", e->fn->ctx, visit, out);
    LLVMValueRef list = ir_load(e, e->ptr, out, "list");
    loop_t l = ir_loop(e, n, "old");
    emit_agg_give_shown(g, key, stand_at(g, list, l.i), MODE_changes);
    ir_loop_end(e, &l);
}

/* The session of the visit is shown as it is now. */
static void show(gen_t *g, LLVMValueRef table, LLVMValueRef visit) {
    emit_t *e = g->e;
    LLVMBasicBlockRef next = ir_block(e, "session.shown");
    LLVMValueRef own = emit_session_table(g), zero = ir_i64(e, 0);
    LLVMValueRef entry = ir_load(e, e->i64, ir_word(e, visit, 1), "entry");
    gkey_t key = emit_agg_entry_key(g, table, entry, g->stage->sessions->int_key);
    g->order = ORDER_place;
    g->win_start = ir_load(e, e->i64, ir_word(e, visit, 2), "start");
    g->win_end = ir_load(e, e->i64, ir_word(e, visit, 3), "end");
    emit_session_feed(g, own, ir_load(e, e->ptr, visit, "session"));
    g->time = NULL;
    take_back(g, visit, key);
    g->win_start = ir_load(e, e->i64, ir_word(e, visit, 2), "start");
    g->win_end = ir_load(e, e->i64, ir_word(e, visit, 3), "end");
    g->given = K_CALL(e, kept_show, "given", e->fn->ctx, table, visit);
    g->given_heap = K_CALL(e, table_heap, "heap", table);
    emit_agg_give_row(g, key, K_CALL(e, table_heap, "heap", own),
                      K_CALL(e, table_words, "words", own, zero), MODE_changes, next);
    ir_br(e, next);
    ir_at(e, next);
    g->given = g->given_heap = g->win_start = g->win_end = NULL;
    K_CALL(e, table_clear, "", e->fn->ctx, own);
}

/* All that is shown, to the outs of a mode. */
static void give_all(gen_t *g, LLVMValueRef table, sink_mode mode, void *env) {
    emit_t *e = g->e;
    (void)env;
    if (mode == MODE_complete) emit_sinks_given(g);
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx), out = ir_words(e, 1, "all");
    loop_t l = ir_loop(e, K_CALL(e, table_end, "entries", table), "entry");
    LLVMBasicBlockRef live = ir_block(e, "entry.live"), next = ir_block(e, "entry.next");
    ir_if(e, ir_bit_of(e, K_CALL(e, table_live, "live", table, l.i), "live"), live, next);
    ir_at(e, live);
    gkey_t key = emit_agg_entry_key(g, table, l.i, g->stage->sessions->int_key);
    LLVMValueRef n = K_CALL(e, kept_all, "all", e->fn->ctx, table, l.i, out);
    LLVMValueRef list = ir_load(e, e->ptr, out, "list");
    LLVMValueRef arena = K_CALL(e, mark, "mark", e->fn->ctx);
    loop_t rows = ir_loop(e, n, "shown");
    emit_agg_give_shown(g, key, stand_at(g, list, rows.i), mode);
    K_CALL(e, reset, "", e->fn->ctx, arena);
    ir_loop_end(e, &rows);
    ir_br(e, next);
    ir_at(e, next);
    K_CALL(e, reset, "", e->fn->ctx, mark);
    ir_loop_end(e, &l);
    g->win_start = g->win_end = NULL;
}

/* May the table be another than before?  The same in all partitions: a sink is shown the rows
 * of all of them or of none. */
static LLVMValueRef may_differ(gen_t *g, LLVMValueRef now, LLVMValueRef next,
                               LLVMValueRef early) {
    emit_t *e = g->e;
    LLVMValueRef moved = ir_or(e, early, ir_lt(e, now, next, "moved"), "differs");
    if (!g->stage->step->in.window->lateness) return moved;
    return ir_or(e, moved, ir_bit_of(e, K_CALL(e, ctx_fed, "fed", e->fn->ctx), "fed"), "differs");
}

/* What has changed waits for the next moment at which it is shown early. */
static void wait_early(gen_t *g, LLVMValueRef table, LLVMValueRef next) {
    emit_t *e = g->e;
    if (!next) return;
    LLVMBasicBlockRef wait = ir_block(e, "early.wait"), done = ir_block(e, "early.done");
    LLVMValueRef n = K_CALL(e, table_touched, "touched", table);
    ir_if(e, ir_eq(e, n, ir_i64(e, 0), "none"), done, wait);
    ir_at(e, wait);
    K_CALL(e, stage_due_clock, "", e->fn->ctx, next);
    ir_br(e, done);
    ir_at(e, done);
}

void emit_session_kept_close(gen_t *g) {
    emit_t *e = g->e;
    LLVMBasicBlockRef head = ir_block(e, "sessions"), body = ir_block(e, "session"),
                      late = ir_block(e, "session.late"), shows = ir_block(e, "session.show"),
                      done = ir_block(e, "sessions.done");
    LLVMValueRef mark = ir_i64(e, g->stage->mark), table = emit_session_state(g), next_early;
    LLVMValueRef next = K_CALL(e, mark_next, "next", e->fn->ctx, mark);
    LLVMValueRef now = K_CALL(e, mark_now, "now", e->fn->ctx, mark);
    LLVMValueRef early = emit_early_now(g, g->stage->step->in.window, &next_early);
    LLVMValueRef visit = ir_words(e, VISIT_WORDS, "visit");
    K_CALL(e, kept_open, "", visit, emit_session_gap(g), emit_session_lateness(g), now, next,
           ir_i32_of(e, early, "early"), ir_i32(e, plan_shows_all(g->stage)));
    LLVMValueRef arena = K_CALL(e, mark, "mark", e->fn->ctx);
    ir_br(e, head);
    ir_at(e, head);
    K_CALL(e, reset, "", e->fn->ctx, arena);
    LLVMValueRef found = K_CALL(e, kept_next, "found", e->fn->ctx, table, visit);
    ir_if(e, ir_eq(e, found, ir_i32(e, KEPT_NONE), "none"), done, body);
    ir_at(e, body);
    ir_if_rare(e, ir_eq(e, found, ir_i32(e, KEPT_LATE), "late"), late, shows);
    ir_at(e, late);
    emit_session_late(g, ir_load(e, e->ptr, visit, "session"));
    K_CALL(e, kept_drop, "", e->fn->ctx, table, visit);
    ir_br(e, head);
    ir_at(e, shows);
    show(g, table, visit);
    ir_br(e, head);
    ir_at(e, done);
    g->time = NULL;
    LLVMValueRef final = ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), "final");
    emit_give_if(g, table, MODE_complete, may_differ(g, now, next, early), give_all, NULL);
    emit_give_if(g, table, MODE_final, final, give_all, NULL);
    wait_early(g, table, next_early);
    emit_timers_due(g, table);
}
