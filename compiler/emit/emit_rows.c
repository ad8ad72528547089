/* emit_rows.c - operators without state, and the reporting of row errors.
 *
 * An operator's own expressions are computed between emit_guard_open and
 * emit_guard_close; what can fail in them goes to one cold block, which reports the row
 * as it entered the step.  What the operator pushes on is outside: later steps have
 * guards of their own. */
#include "compiler/emit/emit_join.h"
#include "compiler/emit/emit_stage.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_each.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_time.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

/* ---- row errors ---- */

/* The columns that are there, as a record: what `raw` shows. */
static val_t known_columns(gen_t *g, const val_t *cols, const type_t *row) {
    emit_t *e = g->e;
    field_t *fields = ARENA_ARRAY(e->arena, field_t, row->nfields + 1);
    val_t *vals = ARENA_ARRAY(e->arena, val_t, row->nfields + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < row->nfields; i++) {
        if (!cols[i].leaf && cols[i].type->words) continue;
        fields[n] = (field_t){.name = row->fields[i].name, .type = cols[i].type};
        vals[n++] = cols[i];
    }
    return val_record(e, type_record(e->types, NULL, fields, n), vals);
}

/* Where the row at hand stands in its block, for what is called next. */
static void tell_record(gen_t *g) {
    emit_t *e = g->e;
    if (g->record) K_CALL(e, ctx_set_record, "", e->fn->ctx, g->record, g->record_len);
    if (g->span) {
        LLVMValueRef fields = ir_i32(e, (int32_t)g->stage->source->conn->record->nfields);
        K_CALL(e, csv_span_record, "", e->fn->ctx, g->span, fields);
    }
}

void emit_report(gen_t *g, int step_id, int port, LLVMValueRef code, const val_t *cols,
                 const type_t *row) {
    emit_t *e = g->e;
    LLVMValueRef words = ir_null(e), tc = ir_null(e);
    if (cols) {
        val_t known = known_columns(g, cols, row);
        words = val_spill(e, known);
        tc = emit_type_code(e, known.type);
    }
    int keyed = port >= 0 && g->order == ORDER_bytes;
    LLVMValueRef order = keyed ? g->key : ir_null(e);
    LLVMValueRef len = keyed ? g->key_len : ir_i64(e, 0);
    tell_record(g);
    LLVMValueRef stop = K_CALL(e, row_fail, "stop", e->fn->ctx, ir_i64(e, step_id),
                               ir_i64(e, port), code, words, tc, order, len);
    LLVMBasicBlockRef give_up = ir_block(e, "stop"), go_on = ir_block(e, "skipped");
    ir_if(e, ir_ne(e, stop, ir_i32(e, 0), ""), give_up, go_on);
    ir_at(e, give_up);
    ir_ret(e, stop);
    ir_at(e, go_on);
}

void emit_guard_open(gen_t *g, fail_t *f, const char *name) {
    emit_fail_open(g->e, f, name);
}

void emit_guard_close(gen_t *g, fail_t *f, int step_id, int port, const val_t *cols,
                      const type_t *row, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMBasicBlockRef here = ir_here(e);
    if (!emit_fail_close(e, f)) return;
    ir_at(e, f->block);
    if (g->sign) { /* an old row has failed when it was new */
        LLVMBasicBlockRef report = ir_block(e, "new.failed");
        ir_if(e, ir_bit_of(e, g->sign, "is.new"), report, next);
        ir_at(e, report);
    }
    emit_report(g, step_id, port, f->code, cols, row);
    ir_br(e, next);
    ir_at(e, here);
}

/* ---- the operators ---- */

static void see_row(gen_t *g, const val_t *cols, const type_t *row) {
    g->e->row = cols;
    g->e->nrow = row->nfields;
}

static val_t *new_row(gen_t *g, const type_t *row) {
    val_t *out = ARENA_ARRAY(g->e->arena, val_t, row->nfields + 1);
    for (uint32_t i = 0; i < row->nfields; i++) out[i].type = row->fields[i].type;
    return out;
}

/* A column as it enters a row of other types (narrowed, or of a union). */
static val_t column_as(gen_t *g, val_t v, type_t *t) {
    if (!v.leaf && v.type->words) return (val_t){.type = t};
    return val_coerce(g->e, v, t);
}

/* A row that holds. */
static void where_holds(gen_t *g, pop_t *op, val_t *cols) {
    val_t *out = new_row(g, op->row_out);
    for (uint32_t i = 0; i < op->row_out->nfields; i++)
        out[i] = column_as(g, cols[i], op->row_out->fields[i].type);
    emit_ops(g, &op->next, out, op->row_out);
}

/* Writes the row's number down, behind the last that stayed if it stays, too. */
static void sift_row(gen_t *g, pop_t *op) {
    emit_t *e = g->e;
    LLVMValueRef n = ir_load(e, e->i64, g->sift.n, "n");
    ir_store(e, g->sift.row, ir_word_at(e, g->sift.kept, n, ""));
    LLVMValueRef holds = ir_i64_of(e, emit_cond(e, op->step->u.where.pred), "holds");
    ir_store(e, ir_add(e, n, holds, ""), g->sift.n);
}

static void op_where(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    if (g->sift.phase == SIFT_ask) {
        sift_row(g, op);
        return;
    }
    if (g->sift.phase == SIFT_take) {
        g->sift.phase = SIFT_no;
        where_holds(g, op, cols);
        return;
    }
    fail_t fail;
    LLVMBasicBlockRef keep = ir_block(e, "where.keep"), next = ir_block(e, "where.next");
    emit_guard_open(g, &fail, "where.error");
    LLVMValueRef holds = emit_cond(e, op->step->u.where.pred);
    emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
    ir_if(e, holds, keep, next);
    ir_at(e, keep);
    where_holds(g, op, cols);
    ir_br(e, next);
    ir_at(e, next);
}

static void op_select(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    tstep_t *s = op->step;
    fail_t fail;
    LLVMBasicBlockRef next = ir_block(e, "select.next");
    val_t *out = new_row(g, op->row_out);
    emit_guard_open(g, &fail, "select.error");
    for (size_t i = 0; i < s->u.select.n; i++) {
        const titem_t *it = &s->u.select.items[i];
        emit_at(e, it->at);
        node_t *name = it->expr->kind == AST_name ? it->expr : NULL;
        /* A column that nobody needs behind is handed on unread. */
        int plain = name && name->def && name->def->kind == DEF_COLUMN;
        if (plain && !cols[name->def->index].leaf)
            out[i] = (val_t){.type = op->row_out->fields[i].type};
        else
            out[i] = val_named(e, emit_expr_as(e, it->expr, op->row_out->fields[i].type),
                               it->name);
    }
    emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
    emit_ops(g, &op->next, out, op->row_out);
    ir_br(e, next);
    ir_at(e, next);
}

static void op_let(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    tstep_t *s = op->step;
    fail_t fail;
    LLVMBasicBlockRef next = ir_block(e, "let.next");
    val_t *out = new_row(g, op->row_out);
    for (uint32_t i = 0; i < op->row_in->nfields; i++) out[i] = cols[i];
    emit_guard_open(g, &fail, "let.error");
    for (size_t i = 0; i < s->u.let.n; i++) {
        const titem_t *it = &s->u.let.items[i];
        see_row(g, out, op->row_out);
        emit_at(e, it->at);
        out[s->u.let.column[i]] = val_named(e, emit_expr_as(e, it->expr, it->type), it->name);
    }
    emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
    emit_ops(g, &op->next, out, op->row_out);
    ir_br(e, next);
    ir_at(e, next);
}

static void op_drop(gen_t *g, pop_t *op, val_t *cols) {
    val_t *out = new_row(g, op->row_out);
    for (size_t i = 0; i < op->step->u.drop.n; i++) out[i] = cols[op->step->u.drop.from[i]];
    emit_ops(g, &op->next, out, op->row_out);
}

static void op_union(gen_t *g, pop_t *op, val_t *cols) {
    val_t *out = new_row(g, op->row_out);
    for (uint32_t i = 0; i < op->row_out->nfields; i++) {
        int from = op->input ? op->step->u.unite.from[op->input - 1][i] : (int)i;
        out[i] = column_as(g, cols[from], op->row_out->fields[i].type);
    }
    emit_ops(g, &op->next, out, op->row_out);
}

static void arm(gen_t *g, pop_t *op, int arm, val_t *cols) {
    for (size_t i = 0; i < op->next.n; i++) {
        if (op->arm.at[i] != arm) continue;
        const type_t *row = op->step->u.branch.arms[arm].flow->row_in;
        val_t *out = new_row(g, row);
        for (uint32_t c = 0; c < row->nfields; c++)
            out[c] = column_as(g, cols[c], row->fields[c].type);
        pops_t one = {.at = &op->next.at[i], .n = 1};
        emit_ops(g, &one, out, row);
    }
}

/* The first arm that holds takes the row. */
static void op_branch(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    LLVMBasicBlockRef next = ir_block(e, "branch.next");
    for (size_t i = 0; i < op->step->u.branch.n; i++) {
        node_t *pred = op->step->u.branch.arms[i].pred;
        if (!pred) {
            arm(g, op, (int)i, cols);
            break;
        }
        LLVMBasicBlockRef take = ir_block(e, "branch.take"), other = ir_block(e, "branch.else");
        fail_t fail;
        see_row(g, cols, op->row_in);
        emit_guard_open(g, &fail, "branch.error");
        LLVMValueRef holds = emit_cond(e, pred);
        emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
        ir_if(e, holds, take, other);
        ir_at(e, take);
        arm(g, op, (int)i, cols);
        ir_br(e, next);
        ir_at(e, other);
    }
    ir_br(e, next);
    ir_at(e, next);
}

static void emit_op(gen_t *g, pop_t *op, val_t *cols) {
    see_row(g, cols, op->row_in);
    emit_at(g->e, op->step->at);
    g->e->cur_step = op->step_id;
    switch (op->kind) {
    case POP_where: op_where(g, op, cols); break;
    case POP_select: op_select(g, op, cols); break;
    case POP_let: op_let(g, op, cols); break;
    case POP_drop: op_drop(g, op, cols); break;
    case POP_each: emit_each(g, op, cols); break;
    case POP_event_time: emit_event_time(g, op, cols); break;
    case POP_window: emit_window(g, op, cols); break;
    case POP_union: op_union(g, op, cols); break;
    case POP_branch: op_branch(g, op, cols); break;
    case POP_lookup: emit_lookup(g, op, cols); break;
    case POP_send: emit_send(g, op, cols); break;
    case POP_partial: emit_agg_partial(g, op, cols); break;
    case POP_sink: emit_sink(g, op, cols); break;
    }
}

/* -fno-fuse: an operator is a function of its own, over the words of its row. */
static void emit_op_apart(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    field_t *fields = ARENA_ARRAY(e->arena, field_t, op->row_in->nfields + 1);
    val_t *vals = ARENA_ARRAY(e->arena, val_t, op->row_in->nfields + 1);
    for (uint32_t i = 0; i < op->row_in->nfields; i++) {
        int there = cols[i].leaf || !cols[i].type->words;
        vals[i] = there ? cols[i] : val_zero(e, cols[i].type);
        fields[i] = (field_t){.name = op->row_in->fields[i].name, .type = cols[i].type};
    }
    type_t *record = type_record(e->types, NULL, fields, op->row_in->nfields);
    LLVMValueRef words = val_spill(e, val_record(e, record, vals));
    LLVMValueRef key = g->order == ORDER_bytes ? g->key : ir_null(e);
    /* Beside the row: the length of the order key, time, sign. */
    LLVMValueRef len = ir_words(e, 3, "order.len");
    if (g->order == ORDER_bytes) ir_store(e, g->key_len, len);
    if (g->time) ir_store(e, g->time, ir_word(e, len, 1));
    if (g->sign) ir_store(e, g->sign, ir_word(e, len, 2));
    LLVMValueRef outer_key = g->key, outer_len = g->key_len;
    LLVMValueRef outer_time = g->time, outer_sign = g->sign, outer_record = g->record;
    LLVMValueRef outer_span = g->span, outer_bytes = g->bytes;
    tell_record(g);
    g->record = g->span = g->bytes = NULL;

    fn_t f;
    const char *name = arena_printf(e->arena, "stage%d.%s%d", g->stage->id,
                                    op_at(op->step->op)->spelling, op->step_id);
    emit_fn_open(e, &f, name, emit_fn_type(e, 3), op->step->at);
    LLVMValueRef fn = f.fn;
    val_t row = val_load(e, record, emit_arg(e, 1, "row"), "row");
    g->key = emit_arg(e, 2, "order");
    LLVMValueRef beside = emit_arg(e, 3, "order.len");
    g->key_len = ir_load(e, e->i64, beside, "order.len");
    if (g->time) g->time = ir_load(e, e->i64, ir_word(e, beside, 1), "time");
    if (g->sign) g->sign = ir_load(e, e->i64, ir_word(e, beside, 2), "sign");
    for (uint32_t i = 0; i < op->row_in->nfields; i++)
        vals[i] = cols[i].leaf || !cols[i].type->words
                      ? val_field(e, row, i)
                      : (val_t){.type = cols[i].type};
    emit_op(g, op, vals);
    ir_ret(e, ir_i32(e, 0));
    emit_fn_close(e);
    g->key = outer_key;
    g->key_len = outer_len;
    g->time = outer_time;
    g->sign = outer_sign;
    g->record = outer_record;
    g->span = outer_span;
    g->bytes = outer_bytes;

    LLVMValueRef status =
        ir_call(e, fn, (LLVMValueRef[]){e->fn->ctx, words, key, len}, 4, "status");
    LLVMBasicBlockRef stop = ir_block(e, "stop"), go_on = ir_block(e, "next");
    ir_if_rare(e, ir_ne(e, status, ir_i32(e, 0), ""), stop, go_on);
    ir_at(e, stop);
    ir_ret(e, status);
    ir_at(e, go_on);
}

void emit_ops(gen_t *g, const pops_t *next, val_t *cols, const type_t *row) {
    emit_t *e = g->e;
    flow_assert(row);
    int apart = g->options && g->options->off[RULE_fuse] && !g->entered;
    for (size_t i = 0; i < next->n; i++) {
        span_t at = e->at;
        const val_t *outer = e->row;
        uint32_t nouter = e->nrow;
        if (apart) emit_op_apart(g, next->at[i], cols);
        else emit_op(g, next->at[i], cols);
        e->row = outer;
        e->nrow = nouter;
        emit_at(e, at);
    }
}

int emit_has_mode(const pstage_t *stage, sink_mode mode) {
    for (size_t i = 0; i < stage->outs.n; i++)
        if (stage->outs.at[i]->mode == mode) return 1;
    return 0;
}

void emit_give_if(gen_t *g, LLVMValueRef table, sink_mode mode, LLVMValueRef cond,
                  emit_mode_fn *give, void *env) {
    emit_t *e = g->e;
    if (!emit_has_mode(g->stage, mode)) return;
    LLVMBasicBlockRef rows = ir_block(e, "give"), done = ir_block(e, "given");
    ir_if(e, cond, rows, done);
    ir_at(e, rows);
    give(g, table, mode, env);
    ir_br(e, done);
    ir_at(e, done);
}

void emit_outs(gen_t *g, sink_mode mode, val_t *cols, const type_t *row) {
    for (size_t i = 0; i < g->stage->outs.n; i++)
        if (g->stage->outs.at[i]->mode == mode)
            emit_ops(g, &g->stage->outs.at[i]->next, cols, row);
}
