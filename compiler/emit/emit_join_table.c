/* emit_join_table.c - joins with a table: a stream that meets it as it is, and two tables.
 *
 * A table comes as the rows that a batch changed, old and new, each with the key by which
 * the rows of a table are in order.  Two tables are joined when the batch closes: of each
 * key of which a row changed, what the pairs were is held against what they are. */
#include "compiler/emit/emit_join.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_view.h"
#include "compiler/plan/joins.h"
#include "compiler/syntax/ast.h"

static LLVMValueRef is_set(gen_t *g, LLVMValueRef slot) {
    return ir_bit_of(g->e, ir_load(g->e, g->e->i32, slot, ""), "");
}

static LLVMValueRef new_flag(gen_t *g, const char *name) {
    LLVMValueRef slot = ir_slot(g->e, g->e->i32, name);
    ir_store(g->e, ir_i32(g->e, 0), slot);
    return slot;
}

static void raise(gen_t *g, LLVMValueRef slot, LLVMValueRef bit) {
    emit_t *e = g->e;
    LLVMValueRef old = ir_load(e, e->i32, slot, "");
    ir_store(e, ir_or(e, old, ir_i32_of(e, bit, ""), ""), slot);
}

/* ---- loops over the rows of a side ---- */

typedef struct kept_loop {
    loop_t l;
    LLVMValueRef rows, count, row; /* row: of this turn */
} kept_loop_t;

/* All rows of a side: two words, of flow_k_join_rows. */
static LLVMValueRef all_rows(gen_t *g, LLVMValueRef words, int right) {
    emit_t *e = g->e;
    LLVMValueRef range = ir_words(e, 2, "range"), rows = ir_words(e, 2, "rows");
    K_CALL(e, join_all, "", words, ir_i32(e, right), range);
    K_CALL(e, join_rows, "", words, ir_i32(e, right), rows);
    return rows;
}

/* A turn for each of the rows, and so many more. */
static kept_loop_t loop_turns(gen_t *g, LLVMValueRef rows, int right, int more) {
    emit_t *e = g->e;
    kept_loop_t k = {.rows = rows};
    k.count = ir_load(e, e->i64, ir_word(e, rows, 1), "count");
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    k.l = ir_loop(e, ir_add(e, k.count, ir_i64(e, more), "turns"), right ? "right" : "left");
    K_CALL(e, reset, "", e->fn->ctx, mark);
    return k;
}

static void find_kept(gen_t *g, kept_loop_t *k) {
    k->row = K_CALL(g->e, join_nth, "kept", k->rows, k->l.i);
}

static kept_loop_t open_kept(gen_t *g, LLVMValueRef words, int right) {
    kept_loop_t k = loop_turns(g, all_rows(g, words, right), right, 0);
    find_kept(g, &k);
    return k;
}

static void read_kept(gen_t *g, const jside_t *h, LLVMValueRef row, jpair_t *p, val_t *room) {
    emit_t *e = g->e;
    val_t record = emit_read_row(g, h->x, K_CALL(e, join_encoded, "encoded", row), h->record);
    if (!h->right) {
        p->left = emit_join_left(g, h, record);
        return;
    }
    *room = emit_join_there(g, h, record);
    p->there = room;
}

/* ---- a stream with a table ---- */

/* An old row leaves the table of its key, a new one enters it. */
static void change(gen_t *g, LLVMValueRef table, LLVMValueRef words, int right, val_t order,
                   LLVMValueRef at, int tidy) {
    emit_t *e = g->e;
    LLVMBasicBlockRef put = ir_block(e, "new"), take = ir_block(e, "old"),
                      done = ir_block(e, "changed");
    LLVMValueRef side = ir_i32(e, right);
    ir_if(e, ir_bit_of(e, g->sign, "sign"), put, take);
    ir_at(e, put);
    K_CALL(e, join_put, "", e->fn->ctx, table, words, side, order.leaf[0], order.leaf[1], at);
    ir_br(e, done);
    ir_at(e, take);
    K_CALL(e, join_take, "", e->fn->ctx, table, words, side, order.leaf[0], order.leaf[1], at);
    if (tidy) K_CALL(e, join_tidy, "", e->fn->ctx, table);
    ir_br(e, done);
    ir_at(e, done);
}

static void give(gen_t *g, const pop_t *op, jpair_t p) {
    if (op) emit_lookup_give(g, op, p);
    else emit_join_give(g, MODE_append, p, NULL);
}

/* The turn behind the last row: where none was found, what a row that stands alone has there
 * goes the way of the others. */
static join_t last_turn(gen_t *g, const kept_loop_t *k, LLVMValueRef found, type_t *there) {
    emit_t *e = g->e;
    LLVMBasicBlockRef row = ir_block(e, "row"), last = ir_block(e, "last"),
                      alone = ir_block(e, "alone");
    join_t met = val_join(e, there, "met");
    ir_if(e, ir_lt(e, k->l.i, k->count, ""), row, last);
    ir_at(e, last);
    ir_if(e, is_set(g, found), k->l.next, alone);
    ir_at(e, alone);
    val_join_add(e, &met, val_zero(e, there));
    ir_at(e, row);
    return met;
}

/* A left row meets those of its key (rows): at the root of the join, or (`op`) where it looks
 * for them.  What follows is emitted once: with a copy for rows that stand alone a chain of n
 * joins would have 2^n of its end. */
static void meet(gen_t *g, pstage_t *stage, const pop_t *op, LLVMValueRef rows, jpair_t mine) {
    emit_t *e = g->e;
    tstep_t *s = stage->step;
    int kind = s->u.join.kind, left_only = kind == JOIN_SEMI || kind == JOIN_ANTI;
    int alone = plan_join_keeps_alone(s, 0), both = alone && !left_only;
    int read = both && (op ? op->live : stage->live)[s->u.join.column];
    type_t *there = read ? s->row_out->fields[s->u.join.column].type
                         : type_basic(e->types, TY_BOOL);
    jside_t h = emit_join_side(g, stage, 1);
    LLVMValueRef time = g->time, found = new_flag(g, "found");
    kept_loop_t k = loop_turns(g, rows, 1, both);
    join_t met = {0};
    if (both) met = last_turn(g, &k, found, there);
    val_t room;
    jpair_t p = mine;
    find_kept(g, &k);
    read_kept(g, &h, k.row, &p, &room);
    g->time = time;
    g->sign = NULL;
    LLVMBasicBlockRef match = ir_block(e, "match");
    LLVMValueRef holds = op ? emit_lookup_holds(g, op, p, k.l.next)
                            : emit_join_holds(g, p, k.l.next);
    ir_if(e, holds, match, k.l.next);
    ir_at(e, match);
    ir_store(e, ir_i32(e, 1), found);
    if (both) {
        val_join_add(e, &met, read ? room : val_zero(e, there));
        room = val_join_end(e, &met);
        if (!read) p.there = NULL;
    }
    if (kind != JOIN_ANTI) give(g, op, p);
    if (left_only) {
        ir_br(e, k.l.done);
        ir_at(e, ir_block(e, "never"));
    }
    ir_loop_end(e, &k.l);
    if (!alone || both) return;
    LLVMBasicBlockRef lonely = ir_block(e, "alone"), done = ir_block(e, "met");
    ir_if(e, is_set(g, found), done, lonely);
    ir_at(e, lonely);
    give(g, op, mine);
    ir_br(e, done);
    ir_at(e, done);
}

void emit_join_table_row(gen_t *g, int right, LLVMValueRef at, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    (void)next;
    jside_t h = emit_join_side(g, g->stage, right);
    val_t record = emit_read_row(g, h.x, at, h.record);
    gkey_t key = emit_key_of(val_field(e, record, (uint32_t)h.key));
    LLVMValueRef table = emit_join_state(g);
    if (right) {
        val_t order = val_field(e, record, (uint32_t)h.order);
        LLVMValueRef words = emit_probe(g, table, key);
        if (!g->stage->exchange2) K_CALL(e, table_touch, "", e->fn->ctx, table);
        change(g, table, words, 1, order, at, 1);
        return;
    }
    jpair_t mine = {.left = emit_join_left(g, &h, record)};
    LLVMValueRef words = key.is_int
                             ? K_CALL(e, table_find_i64, "entry", e->fn->ctx, table, key.i64)
                             : K_CALL(e, table_find_text, "entry", e->fn->ctx, table, key.ptr,
                                      key.len);
    meet(g, g->stage, NULL, all_rows(g, words, 1), mine);
}

void emit_join_table_close(gen_t *g) {
    if (g->stage->exchange2) return; /* rows leave at once */
    K_CALL(g->e, join_settled, "", emit_join_state(g));
}

/* ---- where the left rows are ---- */

void emit_lookup(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    pstage_t *stage = op->lookup;
    LLVMBasicBlockRef next = ir_block(e, "looked.up"), look = ir_block(e, "look");
    LLVMValueRef none;
    fail_t fail;
    emit_guard_open(g, &fail, "key.error");
    gkey_t key = emit_lookup_key(g, op, cols, &none);
    emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
    if (plan_join_keeps_alone(op->step, 0)) ir_br(e, look);
    else ir_if(e, none, next, look);
    ir_at(e, look);
    meet(g, stage, op, emit_view_look(g, stage, key), (jpair_t){.left = cols});
    ir_br(e, next);
    ir_at(e, next);
}

/* ---- two tables ---- */

void emit_join_tables_row(gen_t *g, int right, LLVMValueRef at) {
    emit_t *e = g->e;
    jside_t h = emit_join_side(g, g->stage, right);
    val_t record = emit_read_row(g, h.x, at, h.record);
    LLVMValueRef table = emit_join_state(g);
    LLVMValueRef words = emit_probe(g, table,
                                    emit_key_of(val_field(e, record, (uint32_t)h.key)));
    K_CALL(e, table_touch, "", e->fn->ctx, table);
    change(g, table, words, right, val_field(e, record, (uint32_t)h.order), at, 0);
}

/* A row that was there (old), and is there now (new): what the mode makes of it. */
static void give_change(gen_t *g, sink_mode mode, jpair_t p, LLVMValueRef left,
                        LLVMValueRef right, LLVMValueRef was, LLVMValueRef is) {
    emit_t *e = g->e;
    LLVMBasicBlockRef give = ir_block(e, "give"), done = ir_block(e, "given");
    LLVMValueRef differs = ir_ne(e, was, is, "changed");
    LLVMValueRef wanted = mode == MODE_update    ? ir_and(e, is, differs, "")
                          : mode == MODE_changes ? differs
                                                 : is;
    ir_if(e, wanted, give, done);
    ir_at(e, give);
    LLVMValueRef len = ir_words(e, 1, "order.len");
    g->order = ORDER_bytes;
    g->key = K_CALL(e, join_order, "order", e->fn->ctx, ir_i64(e, g->stage->step_id),
                    left ? left : ir_null(e), right ? right : ir_null(e), len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
    g->sign = mode == MODE_changes ? ir_i64_of(e, is, "sign") : NULL;
    emit_join_give(g, mode, p, NULL);
    ir_br(e, done);
    ir_at(e, done);
}

typedef struct both {
    LLVMValueRef was, is;
} both_t;

static both_t flags_of(gen_t *g, LLVMValueRef row) {
    emit_t *e = g->e;
    return (both_t){ir_bit_of(e, K_CALL(e, join_was, "was", row), "was"),
                    ir_bit_of(e, K_CALL(e, join_is, "is", row), "is")};
}

/* The rows of a side, each against those of the other: pairs (of the left side), then the
 * row itself where it stands alone or is what semi and anti ask for. */
static void side_pairs(gen_t *g, LLVMValueRef words, sink_mode mode, int right) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    int kind = s->u.join.kind, left_only = kind == JOIN_SEMI || kind == JOIN_ANTI;
    int alone = plan_join_keeps_alone(s, right) || (kind == JOIN_SEMI && !right);
    if (right && !alone) return;
    jside_t mine = emit_join_side(g, g->stage, right), other = emit_join_side(g, g->stage, !right);
    val_t room, room2;
    jpair_t p = {0};
    kept_loop_t a = open_kept(g, words, right);
    read_kept(g, &mine, a.row, &p, &room);
    both_t f = flags_of(g, a.row);
    LLVMValueRef was_found = new_flag(g, "was.found"), is_found = new_flag(g, "is.found");
    kept_loop_t b = open_kept(g, words, !right);
    jpair_t pair = p;
    both_t o = flags_of(g, b.row);
    LLVMValueRef was = ir_and(e, f.was, o.was, "was"), is = ir_and(e, f.is, o.is, "is");
    LLVMBasicBlockRef look = ir_block(e, "pair"), match = ir_block(e, "match");
    ir_if(e, ir_or(e, was, is, ""), look, b.l.next);
    ir_at(e, look);
    read_kept(g, &other, b.row, &pair, &room2);
    g->sign = NULL;
    ir_if(e, emit_join_holds(g, pair, b.l.next), match, b.l.next);
    ir_at(e, match);
    raise(g, was_found, was);
    raise(g, is_found, is);
    if (!right && !left_only) give_change(g, mode, pair, a.row, b.row, was, is);
    ir_loop_end(e, &b.l);
    if (alone) {
        LLVMValueRef before = is_set(g, was_found), now = is_set(g, is_found);
        if (kind != JOIN_SEMI) before = ir_not(e, before, ""), now = ir_not(e, now, "");
        give_change(g, mode, p, right ? NULL : a.row, right ? a.row : NULL,
                    ir_and(e, f.was, before, ""), ir_and(e, f.is, now, ""));
    }
    ir_loop_end(e, &a.l);
}

static void give_entry(gen_t *g, LLVMValueRef table, LLVMValueRef entry, sink_mode mode) {
    LLVMValueRef words = K_CALL(g->e, table_words, "entry", table, entry);
    side_pairs(g, words, mode, 0);
    side_pairs(g, words, mode, 1);
}

/* The keys that changed, or all. */
static void give_entries(gen_t *g, LLVMValueRef table, sink_mode mode, LLVMValueRef cond) {
    emit_t *e = g->e;
    int changed = mode == MODE_update || mode == MODE_changes;
    LLVMBasicBlockRef give = ir_block(e, "give.mode"), done = ir_block(e, "gave.mode");
    ir_if(e, cond, give, done);
    ir_at(e, give);
    if (mode == MODE_complete) emit_sinks_given(g);
    LLVMValueRef count = ir_words(e, 1, "entries");
    LLVMValueRef order = K_CALL(e, table_sorted, "order", e->fn->ctx, table,
                                ir_i32(e, changed), count);
    loop_t l = ir_loop(e, ir_load(e, e->i64, count, "entries"), "entry");
    give_entry(g, table, K_CALL(e, table_nth, "entry", order, l.i), mode);
    ir_loop_end(e, &l);
    ir_br(e, done);
    ir_at(e, done);
}

void emit_join_tables_close(gen_t *g) {
    emit_t *e = g->e;
    LLVMValueRef table = emit_join_state(g);
    LLVMValueRef fed = ir_bit_of(e, K_CALL(e, ctx_fed, "fed", e->fn->ctx), "fed");
    LLVMValueRef final = ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), "final");
    for (size_t i = 0; i < g->stage->outs.n; i++) {
        sink_mode m = g->stage->outs.at[i]->mode;
        give_entries(g, table, m, m == MODE_final ? final : m == MODE_complete ? fed : ir_bit(e, 1));
    }
    LLVMValueRef count = ir_words(e, 1, "changed");
    LLVMValueRef order = K_CALL(e, table_sorted, "order", e->fn->ctx, table, ir_i32(e, 1), count);
    loop_t l = ir_loop(e, ir_load(e, e->i64, count, "changed"), "settle");
    K_CALL(e, join_settle, "", e->fn->ctx, table, K_CALL(e, table_nth, "entry", order, l.i),
           ir_i32(e, 1));
    ir_loop_end(e, &l);
    K_CALL(e, table_clean, "", table);
}
