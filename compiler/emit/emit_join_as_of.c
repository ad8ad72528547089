/* emit_join_as_of.c - a stream with the versions of a table: each row meets the version of
 * its key that held at a moment of its own.
 *
 * What crosses from the right are the rows that enter `latest … keep`: they are the
 * versions.  A left row waits until the watermark has passed its moment, so that all
 * versions up to it are there.  A version goes when the next one is older than `keep`; a
 * left row that looks further back than that finds none, however late it goes. */
#include "compiler/emit/emit_join.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_time.h"
#include "compiler/plan/joins.h"
#include "compiler/syntax/ast.h"

static LLVMValueRef kept_for(gen_t *g) {
    const tstep_t *latest = plan_join_versions(g->stage->step);
    return emit_constant(g, latest->u.latest.keep, latest->u.latest.keep_value, 0);
}

void emit_join_as_of_row(gen_t *g, int right, LLVMValueRef at, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    jside_t h = emit_join_side(g, st, right);
    val_t record = emit_read_row(g, h.x, at, h.record);
    emit_join_late(g, g->time, next);
    LLVMValueRef t = emit_join_state(g);
    LLVMValueRef words = emit_probe(g, t,
                                    emit_key_of(val_field(e, record, (uint32_t)h.key)));
    LLVMValueRef time = right ? g->time : val_field(e, record, (uint32_t)h.at).leaf[0];
    LLVMValueRef row = K_CALL(e, join_push, "kept", e->fn->ctx, t, words,
                              ir_i32(e, right), time, at);
    LLVMValueRef moment = right ? K_CALL(e, time_add, "moment", time, kept_for(g)) : time;
    K_CALL(e, join_wait, "", e->fn->ctx, t, moment, row);
}

/* The order key and time of what a left row makes; it keeps its own time if that is later. */
static void stand_at(gen_t *g, LLVMValueRef table, LLVMValueRef row) {
    emit_t *e = g->e;
    LLVMValueRef as_of = K_CALL(e, join_time, "as.of", row);
    LLVMValueRef moment = ir_select(e, ir_lt(e, as_of, g->time, ""), g->time, as_of, "moment");
    gkey_t key = emit_join_key_bytes(g, table, K_CALL(e, join_entry, "entry", row));
    LLVMValueRef len = ir_words(e, 1, "order.len");
    g->order = ORDER_bytes;
    g->key = K_CALL(e, order_moment, "order", e->fn->ctx, moment, ir_i64(e, g->stage->step_id),
                    ir_i64(e, 0), key.ptr, key.len, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
    g->time = moment;
}

/* What the row makes of the version that it has found, or not. */
static void give_version(gen_t *g, jpair_t mine, LLVMValueRef version,
                         LLVMBasicBlockRef done) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    int kind = st->step->u.join.kind;
    jside_t h = emit_join_side(g, st, 1);
    LLVMBasicBlockRef look = ir_block(e, "version"), match = ir_block(e, "match"),
                      alone = ir_block(e, "alone");
    LLVMValueRef time = g->time;
    ir_if(e, LLVMBuildIsNull(e->b, version, ""), alone, look);
    ir_at(e, look);
    val_t record = emit_read_row(g, h.x, K_CALL(e, join_encoded, "encoded", version), h.record);
    val_t there = emit_join_there(g, &h, record);
    g->time = time;
    jpair_t p = {mine.left, &there};
    ir_if(e, emit_join_holds(g, p, done), match, alone);
    ir_at(e, match);
    if (kind != JOIN_ANTI) emit_join_give(g, MODE_append, p, NULL);
    ir_br(e, done);
    ir_at(e, alone);
    if (plan_join_keeps_alone(st->step, 0)) emit_join_give(g, MODE_append, mine, NULL);
    ir_br(e, done);
}

void emit_join_as_of_close(gen_t *g) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    LLVMValueRef t = emit_join_state(g);
    LLVMValueRef mark = K_CALL(e, mark_next, "watermark", e->fn->ctx, ir_i64(e, st->mark));
    LLVMValueRef arena = K_CALL(e, mark, "mark", e->fn->ctx);
    LLVMBasicBlockRef head = ir_block(e, "due"), some = ir_block(e, "due.row"),
                      left = ir_block(e, "due.left"), right = ir_block(e, "due.version"),
                      drop = ir_block(e, "due.drop"), done = ir_block(e, "due.done");
    ir_br(e, head);
    ir_at(e, head);
    K_CALL(e, reset, "", e->fn->ctx, arena);
    LLVMValueRef row = K_CALL(e, join_pop, "row", t, mark);
    ir_if(e, LLVMBuildIsNull(e->b, row, ""), done, some);
    ir_at(e, some);
    ir_if(e, ir_bit_of(e, K_CALL(e, join_side, "side", row), ""), right, left);
    ir_at(e, right);
    K_CALL(e, join_forget, "", e->fn->ctx, t, row);
    ir_br(e, head);
    ir_at(e, left);
    jside_t h = emit_join_side(g, st, 0);
    val_t record = emit_read_row(g, h.x, K_CALL(e, join_encoded, "encoded", row), h.record);
    jpair_t mine = {.left = emit_join_left(g, &h, record)};
    LLVMValueRef words = K_CALL(e, table_words, "entry", t,
                                K_CALL(e, join_entry, "entry", row));
    LLVMValueRef since = ir_sub(e, g->time, kept_for(g), "since");
    LLVMValueRef version = K_CALL(e, join_version, "version", words,
                                  K_CALL(e, join_time, "as.of", row), since);
    stand_at(g, t, row);
    give_version(g, mine, version, drop);
    ir_at(e, drop);
    K_CALL(e, join_cut, "", t, row);
    K_CALL(e, join_free, "", e->fn->ctx, t, row);
    ir_br(e, head);
    ir_at(e, done);
    emit_join_ask_again(g, t);
}
