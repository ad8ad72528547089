/* emit_revise.c - see emit_revise.h.
 *
 * The keys of a window that changed are shown when it closes, in each batch that brings late
 * rows, and, with `early d`, in the first batch at or behind each multiple of d.  A pane is
 * forgotten `lateness` after its end; but where all rows of the table may be asked for, it
 * stays. */
#include "compiler/emit/emit_revise.h"

#include "compiler/emit/emit_table.h"
#include "compiler/emit/emit_time.h"
#include "compiler/types/const.h"

LLVMValueRef emit_early_now(gen_t *g, const twindow_t *w, LLVMValueRef *next) {
    emit_t *e = g->e;
    *next = NULL;
    if (!w->early) return ir_bit(e, 0);
    LLVMValueRef d = emit_constant(g, w->early, w->early_value, 0);
    if (w->early_value && !w->early_value->w[0]) return ir_bit(e, 1);
    LLVMValueRef now = K_CALL(e, ctx_now, "now", e->fn->ctx), zero = ir_i64(e, 0);
    LLVMValueRef before = K_CALL(e, mark_now, "before", e->fn->ctx,
                                 ir_i64(e, g->stage->clock_mark));
    /* A param may be 0s. */
    LLVMValueRef always = ir_eq(e, d, zero, ""), by = ir_select(e, always, ir_i64(e, 1), d, "");
    LLVMValueRef last = K_CALL(e, window_start, "last", now, by, zero);
    *next = K_CALL(e, time_add, "next", last, by);
    return ir_or(e, always, ir_lt(e, before, last, ""), "early");
}

/* May all rows of the table be other than before?  The same in all partitions, for a sink is
 * shown the rows of all of them or of none. */
static LLVMValueRef whole_now(gen_t *g, const twindow_t *s, LLVMValueRef w, LLVMValueRef early) {
    emit_t *e = g->e;
    LLVMValueRef before = K_CALL(e, mark_now, "before", e->fn->ctx, ir_i64(e, g->stage->mark));
    LLVMValueRef size = emit_constant(g, s->size, s->size_value, 1), every = size;
    LLVMValueRef offset = ir_i64(e, 0);
    if (s->every) every = emit_constant(g, s->every, s->every_value, 1);
    if (s->offset) offset = emit_constant(g, s->offset, s->offset_value, INT64_MIN);
    if (s->kind == WINDOW_sliding)
        offset = ir_add(e, ir_op(e, LLVMSRem, offset, every, ""),
                        ir_op(e, LLVMSRem, size, every, ""), "offset");
    LLVMValueRef last = K_CALL(e, window_start, "last", w, every, offset);
    LLVMValueRef now = ir_or(e, early, ir_lt(e, before, last, "closes"), "shown");
    if (!s->lateness) return now;
    return ir_or(e, now, ir_bit_of(e, K_CALL(e, ctx_fed, "fed", e->fn->ctx), "fed"), "shown");
}

/* How the step gives the rows of a window. */
typedef struct giver {
    emit_mode_fn *give;
    void *env;
} giver_t;

static void give_changed(gen_t *g, LLVMValueRef table, const giver_t *to) {
    emit_t *e = g->e;
    to->give(g, table, MODE_changes, to->env);
    K_CALL(e, table_note_touched, "", e->fn->ctx, table);
    K_CALL(e, table_clean, "", table);
}

/* Pane i: shown if something in it changed and it may be shown; else it waits. */
static void show_pane(gen_t *g, LLVMValueRef pane, LLVMValueRef w, LLVMValueRef early,
                      LLVMValueRef next_early, const giver_t *to) {
    emit_t *e = g->e;
    LLVMBasicBlockRef changed = ir_block(e, "pane.changed"), show = ir_block(e, "pane.show"),
                      wait = ir_block(e, "pane.wait"), done = ir_block(e, "pane.next");
    LLVMValueRef table = K_CALL(e, pane_table, "pane.table", pane);
    LLVMValueRef n = K_CALL(e, table_touched, "touched", table);
    ir_if(e, ir_eq(e, n, ir_i64(e, 0), "same"), done, changed);
    ir_at(e, changed);
    LLVMValueRef closed = ir_cmp(e, LLVMIntSLE, g->win_end, w, "closed");
    ir_if(e, ir_or(e, closed, early, "shown"), show, wait);
    ir_at(e, show);
    give_changed(g, table, to);
    ir_br(e, done);
    ir_at(e, wait);
    if (next_early) K_CALL(e, stage_due_clock, "", e->fn->ctx, next_early);
    ir_br(e, done);
    ir_at(e, done);
}

static void forget(gen_t *g, LLVMValueRef table, LLVMValueRef w, LLVMValueRef lateness) {
    emit_t *e = g->e;
    LLVMBasicBlockRef head = ir_block(e, "forget"), drop = ir_block(e, "forget.pane"),
                      done = ir_block(e, "forgotten");
    LLVMValueRef all = ir_eq(e, w, ir_i64(e, INT64_MAX), "all");
    LLVMValueRef back = ir_sub(e, ir_i64(e, 0), lateness, "");
    LLVMValueRef upto = ir_select(e, all, w, K_CALL(e, time_add, "", w, back), "upto");
    ir_br(e, head);
    ir_at(e, head);
    LLVMValueRef pane = K_CALL(e, pane_due, "due", table, upto);
    ir_if(e, LLVMBuildIsNull(e->b, pane, ""), done, drop);
    ir_at(e, drop);
    K_CALL(e, pane_drop, "", e->fn->ctx, table);
    ir_br(e, head);
    ir_at(e, done);
}

void emit_revise_close(gen_t *g, LLVMValueRef table, emit_mode_fn *give, void *env) {
    emit_t *e = g->e;
    const giver_t to = {give, env};
    const twindow_t *spec = g->stage->step->in.window;
    LLVMValueRef w = K_CALL(e, mark_next, "mark", e->fn->ctx, ir_i64(e, g->stage->mark));
    LLVMValueRef next, early = emit_early_now(g, spec, &next);
    LLVMValueRef final = ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), "final");
    LLVMValueRef all = whole_now(g, spec, w, early);
    if (emit_has_mode(g->stage, MODE_complete)) {
        LLVMBasicBlockRef whole = ir_block(e, "complete"), done = ir_block(e, "panes.open");
        ir_if(e, all, whole, done);
        ir_at(e, whole);
        emit_sinks_given(g);
        ir_br(e, done);
        ir_at(e, done);
    }
    loop_t l = ir_loop(e, K_CALL(e, pane_count, "panes", table), "pane");
    LLVMValueRef pane = K_CALL(e, pane_at, "pane", table, l.i);
    g->win_start = K_CALL(e, pane_start, "start", pane);
    g->win_end = K_CALL(e, pane_end, "end", pane);
    if (emit_shows_changes(g->stage)) show_pane(g, pane, w, early, next, &to);
    LLVMValueRef closed = ir_cmp(e, LLVMIntSLE, g->win_end, w, "closed");
    if (!spec->early) all = ir_and(e, all, closed, "all");
    LLVMValueRef rows = K_CALL(e, pane_table, "pane.table", pane);
    emit_give_if(g, rows, MODE_complete, all, give, env);
    emit_give_if(g, rows, MODE_final, final, give, env);
    g->win_start = g->win_end = NULL;
    ir_loop_end(e, &l);
    LLVMValueRef lateness = ir_i64(e, 0);
    if (spec->lateness) lateness = emit_constant(g, spec->lateness, spec->lateness_value, 0);
    if (!plan_shows_all(g->stage)) forget(g, table, w, lateness);
    else lateness = ir_i64(e, INT64_MAX); /* nothing is forgotten */
    K_CALL(e, pane_wait_revised, "", e->fn->ctx, table, w, lateness);
    g->time = NULL;
}
