/* emit_time.c - see emit_time.h.
 *
 * A row that lies in several windows is pushed once for each of them, in order of their
 * ends.  What is late is decided by the watermark at the start of the batch, so it does
 * not depend on how the rows of a batch follow each other. */
#include "compiler/emit/emit_time.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/types/const.h"

/* ---- constants ---- */

LLVMValueRef emit_constant(gen_t *g, struct node *expr, const cval_t *value, int64_t least) {
    emit_t *e = g->e;
    if (value) return ir_i64(e, (int64_t)value->w[0]);
    for (size_t i = 0; i < g->counts.n; i++)
        if (g->counts.at[i].expr == expr)
            return ir_load(e, e->i64, g->counts.at[i].at, "constant");
    gen_count_t c = {expr, LLVMAddGlobal(e->module, e->i64, "flowgen_constant"), least};
    LLVMSetLinkage(c.at, LLVMInternalLinkage);
    LLVMSetInitializer(c.at, ir_i64(e, 0));
    vec_push(e->arena, &g->counts, c);
    return ir_load(e, e->i64, c.at, "constant");
}

static LLVMValueRef size_of(gen_t *g, const twindow_t *w) {
    return emit_constant(g, w->size, w->size_value, 1);
}

static LLVMValueRef every_of(gen_t *g, const twindow_t *w) {
    return emit_constant(g, w->every, w->every_value, 1);
}

static LLVMValueRef offset_of(gen_t *g, const twindow_t *w) {
    if (!w->offset) return ir_i64(g->e, 0);
    return emit_constant(g, w->offset, w->offset_value, INT64_MIN);
}

/* Sizes that only the command line knows: what types/ asks of those that it knows. */
static void check_sizes(gen_t *g, const twindow_t *w) {
    emit_t *e = g->e;
    if (!w->every || (w->size_value && w->every_value)) return;
    LLVMValueRef size = size_of(g, w), every = every_of(g, w);
    if (w->kind == WINDOW_sliding) {
        emit_fail_if(e, ir_lt(e, size, every, "too.long"), ROW_argument);
    } else {
        LLVMValueRef rest = ir_op(e, LLVMSRem, size, every, "rest");
        emit_fail_if(e, ir_ne(e, rest, ir_i64(e, 0), "no.multiple"), ROW_argument);
    }
}

void emit_constants_setup(gen_t *g) {
    emit_t *e = g->e;
    for (size_t i = 0; i < g->counts.n; i++) {
        const gen_count_t *c = &g->counts.at[i];
        LLVMValueRef n = emit_expr(e, c->expr).leaf[0];
        emit_fail_if(e, ir_lt(e, n, ir_i64(e, c->least), "too.little"), ROW_argument);
        ir_store(e, n, c->at);
    }
    for (size_t i = 0; i < g->windows.n; i++) check_sizes(g, g->windows.at[i]);
}

/* ---- event_time ---- */

/* The consumers of one arm: 0 the rows, 1 the late ones. */
static void push_arm(gen_t *g, pop_t *op, int arm, val_t *cols, const type_t *row) {
    if (!op->arm.n && !arm) emit_ops(g, &op->next, cols, row);
    for (size_t i = 0; i < op->arm.n; i++) {
        if (op->arm.at[i] != arm) continue;
        pops_t one = {.at = &op->next.at[i], .n = 1};
        emit_ops(g, &one, cols, row);
    }
}

/* A late row: counted, and aside if it has a place to go. */
static void push_late(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    int aside = 0;
    for (size_t i = 0; i < op->arm.n; i++) aside |= op->arm.at[i] == 1;
    K_CALL(e, row_late, "", e->fn->ctx, ir_i64(e, op->step_id), ir_i32(e, aside));
    push_arm(g, op, 1, cols, op->row_in);
}

/* The greatest time that a loop over rows has seen stays with it until its end: nobody asks
 * before the batch is over.  A function of one row tells it at once. */
static void see_time(gen_t *g, int clock, LLVMValueRef t) {
    emit_t *e = g->e;
    size_t i = 0;
    if (e->fn->fn != g->seen_by) {
        K_CALL(e, time_seen, "", e->fn->ctx, ir_i64(e, clock), t);
        return;
    }
    while (i < g->seen.n && g->seen.at[i].clock != clock) i++;
    if (i == g->seen.n) {
        gen_seen_t s = {clock, ir_slot(e, e->i64, "seen")};
        LLVMBasicBlockRef here = ir_here(e);
        ir_at(e, emit_fn_before(e));
        ir_store(e, ir_i64(e, INT64_MIN), s.slot);
        ir_at(e, here);
        vec_push(e->arena, &g->seen, s);
    }
    LLVMValueRef slot = g->seen.at[i].slot, old = ir_load(e, e->i64, slot, "seen");
    ir_store(e, ir_select(e, ir_lt(e, old, t, "later"), t, old, "seen"), slot);
}

void emit_see_times(gen_t *g) {
    flow_assert(!g->seen.n);
    g->seen_by = g->e->fn->fn;
}

void emit_times_seen(gen_t *g) {
    emit_t *e = g->e;
    for (size_t i = 0; i < g->seen.n; i++)
        K_CALL(e, time_seen, "", e->fn->ctx, ir_i64(e, g->seen.at[i].clock),
               ir_load(e, e->i64, g->seen.at[i].slot, "seen"));
    g->seen.n = 0;
    g->seen_by = NULL;
}

void emit_event_time(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    tstep_t *s = op->step;
    fail_t fail;
    LLVMBasicBlockRef next = ir_block(e, "time.next");
    emit_guard_open(g, &fail, "time.error");
    LLVMValueRef t = emit_expr(e, s->u.event_time.time).leaf[0];
    emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
    if (g->sift.phase != SIFT_take) see_time(g, op->clock, t);
    LLVMValueRef outer = g->time;
    g->time = t;
    if (s->u.event_time.late) {
        LLVMBasicBlockRef late = ir_block(e, "late"), good = ir_block(e, "in.time");
        LLVMValueRef w = K_CALL(e, mark_now, "mark", e->fn->ctx, ir_i64(e, op->mark));
        ir_if_rare(e, ir_lt(e, t, w, "is.late"), late, good);
        ir_at(e, late);
        push_late(g, op, cols);
        ir_br(e, next);
        ir_at(e, good);
    }
    push_arm(g, op, 0, cols, op->row_out);
    g->time = outer;
    ir_br(e, next);
    ir_at(e, next);
}

/* ---- window ---- */

static val_t window_of(gen_t *g, LLVMValueRef start, LLVMValueRef end) {
    val_t w = val_new(g->e, type_window(g->e->types));
    w.leaf[0] = start;
    w.leaf[1] = end;
    return w;
}

static void push_window(gen_t *g, pop_t *op, val_t *cols, LLVMValueRef start,
                        LLVMValueRef end) {
    emit_t *e = g->e;
    const type_t *row = op->row_out;
    val_t *out = ARENA_ARRAY(e->arena, val_t, row->nfields + 1);
    for (uint32_t i = 0; i < row->nfields; i++) out[i].type = row->fields[i].type;
    for (uint32_t i = 0; i < op->row_in->nfields; i++) out[i] = cols[i];
    out[op->step->u.window.column] = window_of(g, start, end);
    push_arm(g, op, 0, out, row);
}

/* Is a window with this end closed for good?  Null: there is no such thing. */
static LLVMValueRef is_late(gen_t *g, pop_t *op, LLVMValueRef end) {
    emit_t *e = g->e;
    const twindow_t *w = op->step->u.window.spec;
    if (op->mark < 0) return NULL;
    if (w->lateness)
        end = K_CALL(e, time_add, "end.late", end,
                     emit_constant(g, w->lateness, w->lateness_value, 0));
    LLVMValueRef now = K_CALL(e, mark_now, "mark", e->fn->ctx, ir_i64(e, op->mark));
    return ir_cmp(e, LLVMIntSLE, end, now, "is.late");
}

/* Opens the block of rows that are not late for the window that ends last. */
static void part_late(gen_t *g, pop_t *op, val_t *cols, LLVMValueRef end,
                      LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMValueRef late = is_late(g, op, end);
    if (!late) return;
    LLVMBasicBlockRef aside = ir_block(e, "late"), good = ir_block(e, "in.time");
    ir_if_rare(e, late, aside, good);
    ir_at(e, aside);
    push_late(g, op, cols);
    ir_br(e, next);
    ir_at(e, good);
}

/* One of several windows; those that are closed are left out. */
static void push_open(gen_t *g, pop_t *op, val_t *cols, LLVMValueRef start,
                      LLVMValueRef end) {
    emit_t *e = g->e;
    LLVMBasicBlockRef open = ir_block(e, "window.open"), next = ir_block(e, "window.next");
    LLVMValueRef late = is_late(g, op, end);
    if (late) ir_if(e, late, next, open);
    else ir_br(e, open);
    ir_at(e, open);
    int outer = g->several;
    g->several = 1;
    push_window(g, op, cols, start, end);
    g->several = outer;
    ir_br(e, next);
    ir_at(e, next);
}

/* start, start - every, ...: those that end behind t, the earliest first. */
static void window_sliding(gen_t *g, pop_t *op, val_t *cols, LLVMValueRef t,
                           LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    const twindow_t *w = op->step->u.window.spec;
    LLVMValueRef size = size_of(g, w), every = every_of(g, w), one = ir_i64(e, 1);
    LLVMValueRef last = K_CALL(e, window_start, "start", t, every, offset_of(g, w));
    part_late(g, op, cols, K_CALL(e, time_add, "end", last, size), next);
    LLVMValueRef past = ir_sub(e, t, last, "past");
    LLVMValueRef more = ir_sub(e, ir_sub(e, size, past, ""), one, "");
    LLVMValueRef count = ir_add(e, ir_op(e, LLVMSDiv, more, every, ""), one, "windows");
    loop_t l = ir_loop(e, count, "window");
    LLVMValueRef back = ir_sub(e, ir_sub(e, count, one, ""), l.i, "");
    LLVMValueRef start = K_CALL(e, time_add, "start", last,
                                ir_sub(e, ir_i64(e, 0), ir_mul(e, back, every, ""), ""));
    push_open(g, op, cols, start, K_CALL(e, time_add, "end", start, size));
    ir_loop_end(e, &l);
}

static LLVMValueRef slice_length(gen_t *g, const pop_t *op) {
    const twindow_t *w = op->step->u.window.spec;
    if (op->slice > 0) return ir_i64(g->e, op->slice);
    if (w->kind == WINDOW_cumulate) return every_of(g, w);
    return K_CALL(g->e, slice_length, "slice", size_of(g, w), every_of(g, w));
}

/* The one piece of `length` that t lies in: a tumbling window, or a slice of windows that come
 * every `grid`; it is late with the last of them.  Rows come about in order of time, so the
 * piece of the row before is tried first.  (What is late does not change within a batch.) */
static void window_one(gen_t *g, pop_t *op, val_t *cols, LLVMValueRef t, LLVMValueRef grid,
                       LLVMValueRef length, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    const twindow_t *w = op->step->u.window.spec;
    LLVMValueRef from = ir_memo(e, "from"), to = ir_memo(e, "to");
    LLVMBasicBlockRef other = ir_block(e, "window.other"), same = ir_block(e, "window.same");
    LLVMValueRef behind = ir_cmp(e, LLVMIntSGE, t, ir_load(e, e->i64, from, "from"), "behind");
    LLVMValueRef before = ir_lt(e, t, ir_load(e, e->i64, to, "to"), "before");
    ir_if_rare(e, ir_not(e, ir_and(e, behind, before, "inside"), "outside"), other, same);
    ir_at(e, other);
    t = K_CALL(e, here, "t", t);
    LLVMValueRef last = K_CALL(e, window_start, "last", t, grid, offset_of(g, w));
    part_late(g, op, cols, K_CALL(e, time_add, "end", last, size_of(g, w)), next);
    LLVMValueRef start = K_CALL(e, window_start, "start", t, length, offset_of(g, w));
    LLVMValueRef end = K_CALL(e, time_add, "end", start, length);
    ir_store(e, start, from);
    ir_store(e, end, to);
    ir_br(e, same);
    piece_t outer = g->piece;
    g->piece = (piece_t){.window = window_of(g, start, end), .to = to, .same = same,
                         .found = LLVMGetBasicBlockTerminator(ir_here(e))};
    ir_at(e, same);
    g->piece.start = ir_load(e, e->i64, from, "start");
    push_window(g, op, cols, g->piece.start, ir_load(e, e->i64, to, "end"));
    g->piece = outer;
}

/* [start, start + i * every), all i with t inside. */
static void window_cumulate(gen_t *g, pop_t *op, val_t *cols, LLVMValueRef t,
                            LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    const twindow_t *w = op->step->u.window.spec;
    LLVMValueRef size = size_of(g, w), every = every_of(g, w);
    LLVMValueRef start = K_CALL(e, window_start, "start", t, size, offset_of(g, w));
    part_late(g, op, cols, K_CALL(e, time_add, "end", start, size), next);
    LLVMValueRef closed = ir_op(e, LLVMSDiv, ir_sub(e, t, start, "past"), every, "closed");
    LLVMValueRef all = ir_op(e, LLVMSDiv, size, every, "all");
    loop_t l = ir_loop(e, ir_sub(e, all, closed, "windows"), "window");
    LLVMValueRef i = ir_add(e, ir_add(e, closed, l.i, ""), ir_i64(e, 1), "");
    push_open(g, op, cols, start,
              K_CALL(e, time_add, "end", start, ir_mul(e, i, every, "")));
    ir_loop_end(e, &l);
}

void emit_window(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    const twindow_t *w = op->step->u.window.spec;
    LLVMValueRef now = NULL;
    if (w->kind == WINDOW_batch || w->processing)
        now = K_CALL(e, ctx_now, "now", e->fn->ctx);
    if (w->kind == WINDOW_batch) {
        push_window(g, op, cols, now, now);
        return;
    }
    if (w->by_rows || w->kind == WINDOW_session) { /* formed behind the exchange */
        const twindow_t *outer_by = g->entered_by;
        const val_t *outer = g->entered;
        g->entered_by = w;
        if (w->kind == WINDOW_session && w->late && w->late->live) g->entered = cols;
        push_arm(g, op, 0, cols, op->row_out);
        g->entered_by = outer_by;
        g->entered = outer;
        return;
    }
    vec_push(e->arena, &g->windows, w);
    LLVMValueRef t = w->processing ? now : g->time;
    flow_assert(t);
    LLVMBasicBlockRef next = ir_block(e, "window.done");
    if (op->slice)
        window_one(g, op, cols, t, w->kind == WINDOW_sliding ? every_of(g, w) : size_of(g, w),
                   slice_length(g, op), next);
    else if (w->kind == WINDOW_tumbling)
        window_one(g, op, cols, t, size_of(g, w), size_of(g, w), next);
    else if (w->kind == WINDOW_sliding) window_sliding(g, op, cols, t, next);
    else window_cumulate(g, op, cols, t, next);
    ir_br(e, next);
    ir_at(e, next);
}

/* ---- windows of rows ---- */

LLVMValueRef emit_rows_size(gen_t *g) {
    return size_of(g, g->stage->step->in.window);
}

LLVMValueRef emit_rows_every(gen_t *g) {
    const twindow_t *w = g->stage->step->in.window;
    return w->every ? every_of(g, w) : size_of(g, w);
}

LLVMValueRef emit_later(gen_t *g, LLVMValueRef a, LLVMValueRef b) {
    return ir_select(g->e, ir_lt(g->e, a, b, ""), b, a, "latest");
}

/* ---- panes ---- */

field_t emit_window_field(gen_t *g) {
    return (field_t){.name = "window", .type = type_window(g->e->types)};
}

LLVMValueRef emit_pane(gen_t *g, LLVMValueRef table, val_t window) {
    emit_t *e = g->e;
    return K_CALL(e, pane, "pane", e->fn->ctx, table, window.leaf[0], window.leaf[1]);
}

val_t emit_window_value(gen_t *g, type_t *type) {
    emit_t *e = g->e;
    val_t w = val_new(e, type);
    LLVMValueRef now = g->win_start ? NULL : K_CALL(e, ctx_now, "window.start", e->fn->ctx);
    w.leaf[0] = now ? now : g->win_start;
    w.leaf[1] = now ? now : g->win_end;
    return w;
}

static void at_pane(gen_t *g, LLVMValueRef pane, emit_give_fn *give, void *env) {
    emit_t *e = g->e;
    g->win_start = K_CALL(e, pane_start, "start", pane);
    g->win_end = K_CALL(e, pane_end, "end", pane);
    give(g, K_CALL(e, pane_table, "pane.table", pane), env);
    g->win_start = g->win_end = NULL;
}

void emit_panes_close(gen_t *g, LLVMValueRef table, emit_give_fn *give, void *env) {
    emit_t *e = g->e;
    LLVMBasicBlockRef head = ir_block(e, "panes"), body = ir_block(e, "pane"),
                      done = ir_block(e, "panes.done");
    const twindow_t *spec = g->stage->step->in.window;
    LLVMValueRef w =
        K_CALL(e, mark_next, "mark", e->fn->ctx, ir_i64(e, g->stage->mark));
    if (spec->lateness) { /* late rows still meet what is known of the window */
        LLVMValueRef late = emit_constant(g, spec->lateness, spec->lateness_value, 0);
        LLVMValueRef all = ir_eq(e, w, ir_i64(e, INT64_MAX), "all");
        LLVMValueRef back = ir_sub(e, ir_i64(e, 0), late, "");
        w = ir_select(e, all, w, K_CALL(e, time_add, "", w, back), "upto");
    }
    ir_br(e, head);
    ir_at(e, head);
    LLVMValueRef pane = K_CALL(e, pane_due, "due", table, w);
    ir_if(e, LLVMBuildIsNull(e->b, pane, ""), done, body);
    ir_at(e, body);
    if (give) at_pane(g, pane, give, env);
    K_CALL(e, pane_drop, "", e->fn->ctx, table);
    ir_br(e, head);
    ir_at(e, done);
    K_CALL(e, pane_wait, "", e->fn->ctx, table);
    g->time = NULL;
}

void emit_panes_flush(gen_t *g, LLVMValueRef table, emit_give_fn *give, void *env) {
    emit_t *e = g->e;
    loop_t l = ir_loop(e, K_CALL(e, pane_count, "panes", table), "pane");
    at_pane(g, K_CALL(e, pane_at, "pane", table, l.i), give, env);
    ir_loop_end(e, &l);
    K_CALL(e, pane_clear, "", e->fn->ctx, table);
}

/* The words of a flow_grid (runtime/kernel/k_slice.h). */
static LLVMValueRef grid_words(gen_t *g) {
    emit_t *e = g->e;
    const twindow_t *w = g->stage->step->in.window;
    LLVMValueRef grid = ir_words(e, 4, "grid");
    ir_store(e, size_of(g, w), grid);
    ir_store(e, every_of(g, w), ir_word(e, grid, 1));
    ir_store(e, offset_of(g, w), ir_word(e, grid, 2));
    ir_store(e, ir_i64(e, w->kind == WINDOW_cumulate), ir_word(e, grid, 3));
    return grid;
}

void emit_slices_close(gen_t *g, LLVMValueRef table, LLVMValueRef fold, emit_give_fn *give,
                       void *env) {
    emit_t *e = g->e;
    LLVMBasicBlockRef head = ir_block(e, "windows"), body = ir_block(e, "window"),
                      done = ir_block(e, "windows.done");
    LLVMValueRef mark = ir_i64(e, g->stage->mark), grid = grid_words(g);
    LLVMValueRef after = ir_words(e, 1, "after"), window = ir_words(e, 2, "window");
    LLVMValueRef w = K_CALL(e, mark_next, "mark", e->fn->ctx, mark);
    ir_store(e, K_CALL(e, mark_now, "mark", e->fn->ctx, mark), after);
    ir_br(e, head);
    ir_at(e, head);
    LLVMValueRef from = ir_load(e, e->i64, after, "after");
    LLVMValueRef out =
        K_CALL(e, slice_window, "due", e->fn->ctx, table, grid, from, w, fold, window);
    ir_if(e, LLVMBuildIsNull(e->b, out, ""), done, body);
    ir_at(e, body);
    g->win_start = ir_load(e, e->i64, window, "start");
    g->win_end = ir_load(e, e->i64, ir_word(e, window, 1), "end");
    give(g, out, env);
    ir_store(e, g->win_end, after);
    g->win_start = g->win_end = NULL;
    ir_br(e, head);
    ir_at(e, done);
    K_CALL(e, slice_done, "", e->fn->ctx, table, grid, w);
    g->time = NULL;
}

void emit_window_order(gen_t *g, gkey_t key, LLVMValueRef rank) {
    emit_t *e = g->e;
    LLVMValueRef len = ir_words(e, 1, "order.len"), kp = key.ptr, kl = key.len;
    LLVMValueRef step = ir_i64(e, g->stage->step_id);
    LLVMValueRef moment = ir_sub(e, g->win_end, ir_i64(e, 1), "moment");
    if (key.is_int) {
        kp = ir_words(e, 2, "key");
        K_CALL(e, key_i64, "", kp, key.i64);
        kl = ir_i64(e, 8);
    }
    g->order = ORDER_bytes;
    g->key = rank ? K_CALL(e, order_moment_rank, "order", e->fn->ctx, moment, step,
                           g->win_start, kp, kl, rank, len)
                  : K_CALL(e, order_moment, "order", e->fn->ctx, moment, step, g->win_start,
                           kp, kl, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
    g->time = g->stage->step->out.timed ? moment : NULL;
}

void emit_window_key_order(gen_t *g, gkey_t key, LLVMValueRef rank) {
    emit_t *e = g->e;
    LLVMValueRef len = ir_words(e, 1, "order.len"), kp = key.ptr, kl = key.len;
    if (key.is_int) {
        kp = ir_words(e, 2, "key");
        K_CALL(e, key_i64, "", kp, key.i64);
        kl = ir_i64(e, 8);
    }
    LLVMValueRef step = ir_i64(e, g->stage->step_id);
    g->order = ORDER_bytes;
    g->key = rank ? K_CALL(e, order_window_rank, "order", e->fn->ctx, step, kp, kl, g->win_start,
                           g->win_end, rank, len)
                  : K_CALL(e, order_window, "order", e->fn->ctx, step, kp, kl, g->win_start,
                           g->win_end, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
    g->time = NULL;
}
