/* emit_join_stream.c - joins of two streams: within a bound of time, and in windows.
 *
 * Within a bound a pair leaves as soon as both rows are there.  A row stays as long as the
 * watermark says that a match may still come; then it goes, and if it found none and its
 * side is shown alone, the row without the other side is made.  In windows both sides are
 * kept until the window closes, and then all pairs leave together. */
#include "compiler/emit/emit_join.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_time.h"
#include "compiler/plan/joins.h"
#include "compiler/syntax/ast.h"

LLVMValueRef emit_join_state(gen_t *g) {
    return K_CALL(g->e, state, "table", g->e->fn->ctx, ir_i64(g->e, g->stage->state->id));
}

static int kind_of(const gen_t *g) { return g->stage->step->u.join.kind; }

static LLVMValueRef side_i32(gen_t *g, int right) { return ir_i32(g->e, right); }

/* ---- bounds ---- */

static LLVMValueRef plus(gen_t *g, LLVMValueRef a, LLVMValueRef b) {
    return K_CALL(g->e, time_add, "time", a, b);
}

static LLVMValueRef minus(gen_t *g, LLVMValueRef v) {
    return ir_sub(g->e, ir_i64(g->e, 0), v, "minus");
}

/* right time - left time is in lo..hi. */
static LLVMValueRef low_bound(gen_t *g) {
    tstep_t *s = g->stage->step;
    if (s->u.join.lo) return emit_constant(g, s->u.join.lo, s->u.join.lo_value, INT64_MIN);
    return minus(g, emit_constant(g, s->u.join.hi, s->u.join.hi_value, 0));
}

static LLVMValueRef high_bound(gen_t *g) {
    tstep_t *s = g->stage->step;
    LLVMValueRef hi = emit_constant(g, s->u.join.hi, s->u.join.hi_value,
                                    s->u.join.lo ? INT64_MIN : 0);
    return s->u.join.half_open ? ir_sub(g->e, hi, ir_i64(g->e, 1), "hi") : hi;
}

/* The range of rows of the other side that a row of this time can match. */
static LLVMValueRef matching(gen_t *g, int right, LLVMValueRef words, LLVMValueRef time) {
    emit_t *e = g->e;
    LLVMValueRef range = ir_words(e, 2, "range");
    if (g->stage->step->u.join.forever) {
        K_CALL(e, join_all, "", words, side_i32(g, !right), range);
        return range;
    }
    LLVMValueRef lo = low_bound(g), hi = high_bound(g);
    LLVMValueRef from = plus(g, time, right ? minus(g, hi) : lo);
    LLVMValueRef to = plus(g, time, right ? minus(g, lo) : hi);
    K_CALL(e, join_range, "", words, side_i32(g, !right), from, to, range);
    return range;
}

/* The moment after which nothing can match the row any more. */
static LLVMValueRef last_moment(gen_t *g, int right, LLVMValueRef time) {
    emit_t *e = g->e;
    LLVMValueRef end = plus(g, time, right ? minus(g, low_bound(g)) : high_bound(g));
    return ir_select(e, ir_lt(e, end, time, ""), time, end, "moment");
}

/* ---- loops over the rows of a side ---- */

typedef struct rows_loop {
    loop_t l;
    LLVMValueRef row;  /* the kept row */
    LLVMValueRef mark; /* of the task arena */
    LLVMValueRef from;
} rows_loop_t;

static rows_loop_t open_rows(gen_t *g, LLVMValueRef words, int right, LLVMValueRef range) {
    emit_t *e = g->e;
    rows_loop_t r;
    r.from = ir_load(e, e->i64, range, "from");
    LLVMValueRef to = ir_load(e, e->i64, ir_word(e, range, 1), "to");
    r.mark = K_CALL(e, mark, "mark", e->fn->ctx);
    r.l = ir_loop(e, ir_sub(e, to, r.from, "rows"), right ? "right" : "left");
    K_CALL(e, reset, "", e->fn->ctx, r.mark);
    r.row = K_CALL(e, join_row, "kept", words, side_i32(g, right),
                   ir_add(e, r.from, r.l.i, ""));
    return r;
}

/* The pair of a row at hand and a kept one of the other side. */
static jpair_t pair_with(gen_t *g, const jside_t *kept, LLVMValueRef row, jpair_t mine,
                         val_t *room) {
    emit_t *e = g->e;
    val_t record = emit_read_row(g, kept->x, K_CALL(e, join_encoded, "encoded", row),
                                 kept->record);
    if (!kept->right) {
        mine.left = emit_join_left(g, kept, record);
        return mine;
    }
    *room = emit_join_there(g, kept, record);
    mine.there = room;
    return mine;
}

static LLVMValueRef later_of(gen_t *g, LLVMValueRef a, LLVMValueRef b) {
    return ir_select(g->e, ir_lt(g->e, a, b, ""), b, a, "time");
}

/* ---- within a bound ---- */

/* What a match does.  A left row of semi leaves once. */
static void within_match(gen_t *g, int right, jpair_t p, LLVMValueRef kept,
                         LLVMValueRef found, loop_t *l) {
    emit_t *e = g->e;
    int kind = kind_of(g);
    ir_store(e, ir_i32(e, 1), found);
    if (kind == JOIN_ANTI || kind == JOIN_SEMI) {
        if (right) {
            if (kind == JOIN_SEMI) {
                LLVMBasicBlockRef first = ir_block(e, "semi.first");
                ir_if(e, ir_bit_of(e, K_CALL(e, join_marked, "done", kept), ""), l->next, first);
                ir_at(e, first);
                K_CALL(e, join_mark, "", kept);
                emit_join_give(g, MODE_append, p, NULL);
            } else {
                K_CALL(e, join_mark, "", kept);
            }
            return;
        }
        if (kind == JOIN_SEMI) emit_join_give(g, MODE_append, p, NULL);
        ir_br(e, l->done);
        ir_at(e, ir_block(e, "never"));
        return;
    }
    if (plan_join_keeps_alone(g->stage->step, !right)) K_CALL(e, join_mark, "", kept);
    emit_join_give(g, MODE_append, p, NULL);
}

void emit_join_late(gen_t *g, LLVMValueRef time, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMValueRef now = K_CALL(e, mark_now, "watermark", e->fn->ctx, ir_i64(e, g->stage->mark));
    LLVMBasicBlockRef late = ir_block(e, "late"), good = ir_block(e, "in.time");
    ir_if_rare(e, ir_lt(e, time, now, "late"), late, good);
    ir_at(e, late);
    K_CALL(e, row_late, "", e->fn->ctx, ir_i64(e, g->stage->step_id), ir_i32(e, 0));
    ir_br(e, next);
    ir_at(e, good);
}

/* Keeps the row for matches to come. */
static void keep(gen_t *g, LLVMValueRef t, int right, gkey_t key, LLVMValueRef time,
                 LLVMValueRef at, LLVMValueRef found) {
    emit_t *e = g->e;
    LLVMValueRef words = emit_probe(g, t, key);
    LLVMValueRef row = K_CALL(e, join_push, "kept", e->fn->ctx, t, words,
                              side_i32(g, right), time, at);
    if (plan_join_keeps_alone(g->stage->step, right)) {
        LLVMBasicBlockRef mark = ir_block(e, "matched"), on = ir_block(e, "kept");
        ir_if(e, ir_bit_of(e, ir_load(e, e->i32, found, "found"), ""), mark, on);
        ir_at(e, mark);
        K_CALL(e, join_mark, "", row);
        ir_br(e, on);
        ir_at(e, on);
    }
    if (g->stage->waits)
        K_CALL(e, join_wait, "", e->fn->ctx, t, last_moment(g, right, time), row);
}

void emit_join_within_row(gen_t *g, int right, LLVMValueRef at, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    int kind = kind_of(g), left_only = kind == JOIN_SEMI || kind == JOIN_ANTI;
    jside_t h = emit_join_side(g, st, right), other = emit_join_side(g, st, !right);
    val_t record = emit_read_row(g, h.x, at, h.record);
    int timed = g->time != NULL;
    LLVMValueRef time = timed ? g->time : K_CALL(e, ctx_now, "time", e->fn->ctx);
    if (timed && !st->step->u.join.forever) emit_join_late(g, time, next);
    LLVMValueRef t = emit_join_state(g);
    gkey_t key = emit_key_of(val_field(e, record, (uint32_t)h.key));
    LLVMValueRef words = key.is_int
                             ? K_CALL(e, table_find_i64, "entry", e->fn->ctx, t, key.i64)
                             : K_CALL(e, table_find_text, "entry", e->fn->ctx, t, key.ptr,
                                      key.len);
    val_t mine_there;
    jpair_t mine = {0};
    if (right) mine_there = emit_join_there(g, &h, record), mine.there = &mine_there;
    else mine.left = emit_join_left(g, &h, record);
    LLVMValueRef found = ir_slot(e, e->i32, "found");
    ir_store(e, ir_i32(e, 0), found);
    rows_loop_t r = open_rows(g, words, !right, matching(g, right, words, time));
    val_t room;
    jpair_t p = pair_with(g, &other, r.row, mine, &room);
    LLVMValueRef holds = emit_join_holds(g, p, r.l.next);
    LLVMBasicBlockRef match = ir_block(e, "match");
    ir_if(e, holds, match, r.l.next);
    ir_at(e, match);
    if (timed) g->time = later_of(g, time, g->time);
    within_match(g, right, p, r.row, found, &r.l);
    ir_loop_end(e, &r.l);
    g->time = timed ? time : NULL;
    if (left_only && !right) { /* a left row that has found its match is done */
        LLVMBasicBlockRef go_on = ir_block(e, "waits"), done = ir_block(e, "done");
        ir_if(e, ir_bit_of(e, ir_load(e, e->i32, found, "found"), ""), done, go_on);
        ir_at(e, go_on);
        keep(g, t, right, key, time, at, found);
        ir_br(e, done);
        ir_at(e, done);
        return;
    }
    keep(g, t, right, key, time, at, found);
}

/* A kept row is made without the other side, if that is asked for and it found none. */
static void give_alone(gen_t *g, int right, LLVMValueRef table, LLVMValueRef row,
                       LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    if (!plan_join_keeps_alone(st->step, right)) {
        ir_br(e, next);
        return;
    }
    LLVMBasicBlockRef alone = ir_block(e, "alone");
    ir_if(e, ir_bit_of(e, K_CALL(e, join_marked, "found", row), ""), next, alone);
    ir_at(e, alone);
    jside_t h = emit_join_side(g, st, right);
    val_t record = emit_read_row(g, h.x, K_CALL(e, join_encoded, "encoded", row), h.record);
    LLVMValueRef moment = K_CALL(e, join_time, "time", row);
    if (!st->step->u.join.forever) moment = last_moment(g, right, moment);
    gkey_t key = emit_join_key_bytes(g, table, K_CALL(e, join_entry, "entry", row));
    LLVMValueRef len = ir_words(e, 1, "order.len");
    g->order = ORDER_bytes;
    g->key = K_CALL(e, order_moment, "order", e->fn->ctx, moment, ir_i64(e, st->step_id),
                    ir_i64(e, 0), key.ptr, key.len, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
    if (g->time) g->time = moment;
    val_t there;
    jpair_t p = {0};
    if (right) there = emit_join_there(g, &h, record), p.there = &there;
    else p.left = emit_join_left(g, &h, record);
    emit_join_give(g, MODE_append, p, NULL);
    ir_br(e, next);
}

static void give_either(gen_t *g, LLVMValueRef table, LLVMValueRef row,
                        LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMBasicBlockRef left = ir_block(e, "of.left"), right = ir_block(e, "of.right");
    ir_if(e, ir_bit_of(e, K_CALL(e, join_side, "side", row), ""), right, left);
    ir_at(e, left);
    give_alone(g, 0, table, row, next);
    ir_at(e, right);
    give_alone(g, 1, table, row, next);
}

/* `within forever`: at the end, all that found nothing. */
static void forever_close(gen_t *g, LLVMValueRef t) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    LLVMBasicBlockRef end = ir_block(e, "the.end"), done = ir_block(e, "closed");
    ir_if(e, ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), ""), end, done);
    ir_at(e, end);
    loop_t l = ir_loop(e, K_CALL(e, table_end, "entries", t), "entry");
    for (int right = 0; right < 2; right++) {
        if (!plan_join_keeps_alone(s, right)) continue;
        LLVMValueRef words = K_CALL(e, table_words, "entry", t, l.i);
        LLVMValueRef range = ir_words(e, 2, "range");
        K_CALL(e, join_all, "", words, side_i32(g, right), range);
        rows_loop_t r = open_rows(g, words, right, range);
        give_alone(g, right, t, r.row, r.l.next);
        ir_at(e, r.l.next);
        LLVMValueRef up = ir_add(e, r.l.i, ir_i64(e, 1), "");
        ir_phi_add(r.l.i, up, r.l.next);
        ir_br(e, r.l.head);
        ir_at(e, r.l.done);
    }
    ir_loop_end(e, &l);
    ir_br(e, done);
    ir_at(e, done);
}

/* The stage is closed again when the next row's moment has come. */
void emit_join_ask_again(gen_t *g, LLVMValueRef table) {
    emit_t *e = g->e;
    LLVMValueRef moment = K_CALL(e, join_next, "next", table);
    LLVMBasicBlockRef waits = ir_block(e, "waits"), done = ir_block(e, "closed");
    ir_if(e, ir_eq(e, moment, ir_i64(e, INT64_MAX), ""), done, waits);
    ir_at(e, waits);
    K_CALL(e, stage_due, "", e->fn->ctx, moment);
    ir_br(e, done);
    ir_at(e, done);
}

void emit_join_within_close(gen_t *g) {
    emit_t *e = g->e;
    LLVMValueRef t = emit_join_state(g);
    if (g->stage->step->u.join.forever) {
        forever_close(g, t);
        return;
    }
    LLVMValueRef mark = K_CALL(e, mark_next, "watermark", e->fn->ctx,
                               ir_i64(e, g->stage->mark));
    LLVMValueRef arena = K_CALL(e, mark, "mark", e->fn->ctx);
    LLVMBasicBlockRef head = ir_block(e, "due"), some = ir_block(e, "due.row"),
                      drop = ir_block(e, "due.drop"), done = ir_block(e, "due.done");
    ir_br(e, head);
    ir_at(e, head);
    K_CALL(e, reset, "", e->fn->ctx, arena);
    LLVMValueRef row = K_CALL(e, join_due, "row", t, mark);
    ir_if(e, LLVMBuildIsNull(e->b, row, ""), done, some);
    ir_at(e, some);
    give_either(g, t, row, drop);
    ir_at(e, drop);
    K_CALL(e, join_free, "", e->fn->ctx, t, row);
    ir_br(e, head);
    ir_at(e, done);
    emit_join_ask_again(g, t);
}

/* ---- in windows ---- */

static int is_batch(const gen_t *g) {
    return g->stage->step->in.windowed == WINDOW_batch;
}

/* The window of an entry: the head of its key. */
static val_t window_of(gen_t *g, gkey_t key) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    type_t *t = s->row_in->fields[s->in.window_column].type;
    type_t *types[2] = {t->fields[1].type, t->fields[0].type};
    val_t parts[2];
    emit_key_parts(g, key, types, parts, 2);
    return val_record(e, t, (val_t[]){parts[1], parts[0]});
}

void emit_join_windows_row(gen_t *g, int right, LLVMValueRef at) {
    emit_t *e = g->e;
    jside_t h = emit_join_side(g, g->stage, right);
    val_t record = emit_read_row(g, h.x, at, h.record);
    LLVMValueRef t = emit_join_state(g);
    gkey_t key = emit_key_of(val_field(e, record, (uint32_t)h.key));
    LLVMValueRef words = emit_probe(g, t, key);
    LLVMValueRef fresh = ir_bit_of(e, K_CALL(e, table_fresh, "fresh", t), "fresh");
    K_CALL(e, join_push, "", e->fn->ctx, t, words, side_i32(g, right),
           g->time ? g->time : ir_i64(e, 0), at);
    if (!g->stage->waits) return;
    LLVMBasicBlockRef first = ir_block(e, "window.first"), next = ir_block(e, "window.next");
    ir_if_rare(e, fresh, first, next);
    ir_at(e, first);
    val_t w = window_of(g, key);
    LLVMValueRef moment = ir_sub(e, w.leaf[1], ir_i64(e, 1), "moment");
    K_CALL(e, join_wait_entry, "", e->fn->ctx, t, moment, w.leaf[0]);
    ir_br(e, next);
    ir_at(e, next);
}

static rows_loop_t all_rows(gen_t *g, LLVMValueRef words, int right) {
    LLVMValueRef range = ir_words(g->e, 2, "range");
    K_CALL(g->e, join_all, "", words, side_i32(g, right), range);
    return open_rows(g, words, right, range);
}

/* Left rows in order, each with its matches, then the right rows without one. */
static void window_left(gen_t *g, LLVMValueRef words, const jside_t *left,
                        const jside_t *right, LLVMValueRef time) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    int kind = kind_of(g), left_only = kind == JOIN_SEMI || kind == JOIN_ANTI;
    val_t none_yet;
    jpair_t nothing = {0};
    rows_loop_t l = all_rows(g, words, 0);
    jpair_t mine = pair_with(g, left, l.row, nothing, &none_yet);
    LLVMValueRef found = ir_slot(e, e->i32, "found");
    ir_store(e, ir_i32(e, 0), found);
    rows_loop_t r = all_rows(g, words, 1);
    val_t there;
    jpair_t p = pair_with(g, right, r.row, mine, &there);
    g->time = time;
    LLVMBasicBlockRef match = ir_block(e, "match");
    ir_if(e, emit_join_holds(g, p, r.l.next), match, r.l.next);
    ir_at(e, match);
    ir_store(e, ir_i32(e, 1), found);
    if (kind != JOIN_ANTI) emit_join_give(g, MODE_append, p, NULL);
    if (plan_join_keeps_alone(s, 1)) K_CALL(e, join_mark, "", r.row);
    if (left_only) {
        ir_br(e, r.l.done);
        ir_at(e, ir_block(e, "never"));
    }
    ir_loop_end(e, &r.l);
    if (plan_join_keeps_alone(s, 0)) {
        LLVMBasicBlockRef alone = ir_block(e, "alone");
        ir_if(e, ir_bit_of(e, ir_load(e, e->i32, found, "found"), ""), l.l.next, alone);
        ir_at(e, alone);
        emit_join_give(g, MODE_append, mine, NULL);
    }
    ir_loop_end(e, &l.l);
}

static void window_right(gen_t *g, LLVMValueRef words, const jside_t *right, LLVMValueRef time,
                         const val_t *window) {
    emit_t *e = g->e;
    if (!plan_join_keeps_alone(g->stage->step, 1)) return;
    rows_loop_t r = all_rows(g, words, 1);
    LLVMBasicBlockRef alone = ir_block(e, "alone");
    ir_if(e, ir_bit_of(e, K_CALL(e, join_marked, "found", r.row), ""), r.l.next, alone);
    ir_at(e, alone);
    val_t there;
    jpair_t nothing = {0};
    jpair_t p = pair_with(g, right, r.row, nothing, &there);
    g->time = time;
    emit_join_give(g, MODE_append, p, window);
    ir_loop_end(e, &r.l);
}

static void give_window(gen_t *g, LLVMValueRef table, LLVMValueRef entry) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    jside_t left = emit_join_side(g, st, 0), right = emit_join_side(g, st, 1);
    gkey_t key = emit_join_key_bytes(g, table, entry);
    val_t window = window_of(g, key);
    LLVMValueRef len = ir_words(e, 1, "order.len"), step = ir_i64(e, st->step_id);
    LLVMValueRef moment = ir_sub(e, window.leaf[1], ir_i64(e, 1), "moment");
    LLVMValueRef rest = ir_byte_at(e, key.ptr, ir_i64(e, 16), "key");
    LLVMValueRef rest_len = ir_sub(e, key.len, ir_i64(e, 16), "key.len");
    g->order = ORDER_bytes;
    g->key = is_batch(g) ? K_CALL(e, order_key, "order", e->fn->ctx, step, rest, rest_len, len)
                         : K_CALL(e, order_moment, "order", e->fn->ctx, moment, step,
                                  window.leaf[0], rest, rest_len, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
    LLVMValueRef time = st->step->out.timed ? moment : NULL;
    LLVMValueRef words = K_CALL(e, table_words, "entry", table, entry);
    window_left(g, words, &left, &right, time);
    window_right(g, words, &right, time, &window);
}

/* `window batch`: all that is there. */
static void batch_close(gen_t *g, LLVMValueRef t) {
    emit_t *e = g->e;
    LLVMValueRef count = ir_words(e, 1, "entries");
    LLVMValueRef order = K_CALL(e, table_sorted, "order", e->fn->ctx, t, ir_i32(e, 0),
                                count);
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    loop_t l = ir_loop(e, ir_load(e, e->i64, count, "entries"), "entry");
    K_CALL(e, reset, "", e->fn->ctx, mark);
    LLVMValueRef entry = K_CALL(e, table_nth, "entry", order, l.i);
    give_window(g, t, entry);
    K_CALL(e, join_drop, "", e->fn->ctx, t, entry);
    ir_loop_end(e, &l);
}

void emit_join_windows_close(gen_t *g) {
    emit_t *e = g->e;
    LLVMValueRef t = emit_join_state(g);
    if (is_batch(g)) {
        batch_close(g, t);
        return;
    }
    LLVMValueRef mark = K_CALL(e, mark_next, "watermark", e->fn->ctx,
                               ir_i64(e, g->stage->mark));
    LLVMValueRef arena = K_CALL(e, mark, "mark", e->fn->ctx);
    LLVMBasicBlockRef head = ir_block(e, "due"), some = ir_block(e, "due.window"),
                      done = ir_block(e, "due.done");
    ir_br(e, head);
    ir_at(e, head);
    K_CALL(e, reset, "", e->fn->ctx, arena);
    LLVMValueRef entry = K_CALL(e, join_due_entry, "entry", t, mark);
    ir_if(e, ir_lt(e, entry, ir_i64(e, 0), ""), done, some);
    ir_at(e, some);
    give_window(g, t, entry);
    K_CALL(e, join_drop, "", e->fn->ctx, t, entry);
    ir_br(e, head);
    ir_at(e, done);
    emit_join_ask_again(g, t);
}
