/* emit_keyed.c - distinct, top, sort and limit: before and behind their exchange.
 *
 * What crosses is a record of what the step needs - the key of distinct and top, the sort
 * key of top and sort - and of the columns that somebody reads behind it.
 *   distinct  the first row of a key goes on at once; the table holds the keys
 *   limit     one partition; a counter
 *   top       per key the candidates of k_top.h
 *   sort      top without a bound, in one partition
 * Over a table rows may be taken out again: there top keeps all rows of a key in a bag
 * (k_bag.h).  Where changes of top are asked for, an entry remembers what it gave last at
 * each place. */
#include "compiler/emit/emit_keyed.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_table.h"
#include "compiler/emit/emit_time.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

/* Over a table, fed by what it changes into. */
static int is_signed(const pstage_t *stage) {
    return stage->exchange->signs;
}

/* The window crosses as a field of its own. */
static int is_pane_column(const tstep_t *s, uint32_t column) {
    return plan_paned(s) && (int)column == s->in.window_column;
}

/* Which columns of the step's row cross, by place; -1 closes the list. */
static int *carried_columns(gen_t *g, pstage_t *stage) {
    const type_t *row = stage->step->row_in;
    int *out = ARENA_ARRAY(g->e->arena, int, row->nfields + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < row->nfields; i++)
        if (stage->live[i] && !is_pane_column(stage->step, i)) out[n++] = (int)i;
    out[n] = -1;
    return out;
}

shape_t emit_keyed_shape(gen_t *g, pstage_t *stage) {
    emit_t *e = g->e;
    tstep_t *s = stage->step;
    shape_t h = {.key = -1, .order = -1, .window = -1, .table_key = -1,
                 .carried = carried_columns(g, stage)};
    field_t *fields = ARENA_ARRAY(e->arena, field_t, s->row_in->nfields + 4);
    uint32_t n = 0;
    int dealt = s->op == OP_repartition && !s->u.repartition.nkeys;
    if (s->op != OP_sort && s->op != OP_limit && !dealt) {
        h.key = (int)n;
        fields[n++] = (field_t){
            .name = "key",
            .type = type_basic(e->types, stage->state->int_key ? TY_INT : TY_BYTES)};
    }
    if (s->op == OP_sort || s->op == OP_top) {
        h.order = (int)n;
        fields[n++] = (field_t){.name = "order", .type = type_basic(e->types, TY_BYTES)};
    }
    if (plan_paned(s)) {
        h.window = (int)n;
        fields[n++] = emit_window_field(g);
    }
    if (is_signed(stage)) {
        h.table_key = (int)n;
        fields[n++] = (field_t){.name = "table_key", .type = type_basic(e->types, TY_BYTES)};
    }
    h.columns = n;
    for (int *c = h.carried; *c >= 0; c++)
        fields[n++] = (field_t){.name = arena_printf(e->arena, "c%d", *c),
                                .type = s->row_in->fields[*c].type};
    h.record = type_record(e->types, NULL, fields, n);
    h.row = type_record(e->types, NULL, fields + h.columns, n - h.columns);
    return h;
}

static titem_t *keys_of(tstep_t *s, size_t *n) {
    switch (s->op) {
    case OP_distinct: *n = s->u.distinct.nkeys; return s->u.distinct.keys;
    case OP_top: *n = s->u.top.nkeys; return s->u.top.keys;
    case OP_remember: *n = s->u.remember->nkeys; return s->u.remember->keys;
    case OP_repartition: *n = s->u.repartition.nkeys; return s->u.repartition.keys;
    default: *n = 0; return NULL;
    }
}

static torder_t *orders_of(tstep_t *s, size_t *n) {
    *n = s->op == OP_sort ? s->u.sort.n : s->op == OP_top ? s->u.top.n : 0;
    return s->op == OP_sort ? s->u.sort.by : s->op == OP_top ? s->u.top.by : NULL;
}

static gkey_t step_key(gen_t *g, tstep_t *s, const val_t *cols, int int_key) {
    emit_t *e = g->e;
    size_t n;
    titem_t *keys = keys_of(s, &n);
    if (s->op == OP_distinct && !n) return emit_key(g, cols, s->row_in->nfields, int_key);
    val_t *parts = ARENA_ARRAY(e->arena, val_t, n + 1);
    for (size_t i = 0; i < n; i++) parts[i] = emit_expr_as(e, keys[i].expr, keys[i].type);
    return emit_key(g, parts, n, int_key);
}

static val_t order_value(gen_t *g, tstep_t *s) {
    emit_t *e = g->e;
    size_t n;
    torder_t *by = orders_of(s, &n);
    val_t *parts = ARENA_ARRAY(e->arena, val_t, n + 1);
    int *desc = ARENA_ARRAY(e->arena, int, n + 1);
    for (size_t i = 0; i < n; i++) {
        parts[i] = emit_expr(e, by[i].expr);
        desc[i] = by[i].desc;
    }
    gkey_t k = emit_sort_key(g, parts, desc, n);
    return val_text(e, type_basic(e->types, TY_BYTES), k.ptr, k.len);
}

void emit_keyed_send(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    tstep_t *s = op->step;
    pstage_t *stage = g->plan->stages.at[op->port->exchange->consumer];
    shape_t h = emit_keyed_shape(g, stage);
    LLVMBasicBlockRef next = ir_block(e, "sent");
    val_t *fields = ARENA_ARRAY(e->arena, val_t, h.record->nfields + 1);
    gkey_t key = {.is_int = 1};
    fail_t fail;
    emit_guard_open(g, &fail, "key.error");
    if (h.key >= 0) {
        key = step_key(g, s, cols, stage->state->int_key);
        fields[h.key] = emit_key_value(g, key);
    }
    if (h.order >= 0) fields[h.order] = order_value(g, s);
    if (h.window >= 0) fields[h.window] = cols[s->in.window_column];
    if (h.table_key >= 0) fields[h.table_key] = emit_key_value(g, emit_table_key(g));
    emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
    for (uint32_t i = 0; h.carried[i] >= 0; i++)
        fields[h.columns + i] = val_coerce(e, cols[h.carried[i]],
                                           h.record->fields[h.columns + i].type);
    LLVMValueRef part = s->op == OP_repartition
                            ? emit_bucket(g, s, h.key >= 0 ? &key : NULL)
                            : emit_part_of(g, op->port->exchange, key);
    emit_send_row(g, op->port, part, val_record(e, h.record, fields));
    ir_br(e, next);
    ir_at(e, next);
}

/* ---- behind the exchange ---- */

int emit_keyed_words(const pstage_t *stage) {
    if (plan_by_rows(stage->step)) return 4; /* FLOW_RING_WORDS */
    if (stage->root == ROOT_distinct && stage->step->u.distinct.within)
        return 6; /* FLOW_WITHIN_WORDS */
    return stage->root == ROOT_top || stage->root == ROOT_sort ? emit_top_words(stage) : 1;
}

val_t *emit_columns_from(gen_t *g, const shape_t *h, val_t record, uint32_t first) {
    tstep_t *s = g->stage->step;
    const type_t *row = s->op == OP_remember ? s->row_in : s->row_out;
    val_t *out = ARENA_ARRAY(g->e->arena, val_t, row->nfields + 1);
    for (uint32_t i = 0; i < row->nfields; i++) out[i] = (val_t){.type = row->fields[i].type};
    for (uint32_t i = 0; h->carried[i] >= 0; i++)
        out[h->carried[i]] = val_field(g->e, record, first + i);
    return out;
}

val_t *emit_columns_of(gen_t *g, const shape_t *h, val_t record) {
    tstep_t *s = g->stage->step;
    val_t *out = emit_columns_from(g, h, record, h->columns);
    if (h->window >= 0) out[s->in.window_column] = val_field(g->e, record, (uint32_t)h->window);
    int w = s->out.window_column;
    if (plan_by_rows(s) || (plan_sessions(s) && g->win_start))
        out[w] = emit_window_value(g, s->row_out->fields[w].type);
    return out;
}

val_t *emit_keyed_columns(gen_t *g, LLVMValueRef at, gkey_t *key) {
    shape_t h = emit_keyed_shape(g, g->stage);
    val_t record = emit_read_row(g, g->stage->exchange, at, h.record);
    *key = emit_key_of(val_field(g->e, record, (uint32_t)h.key));
    return emit_columns_of(g, &h, record);
}

void emit_add_keys(gen_t *g, gkey_t key, val_t *out) {
    tstep_t *s = g->stage->step;
    size_t n;
    titem_t *keys = keys_of(s, &n);
    int *added = s->op == OP_distinct      ? s->u.distinct.added
                 : s->op == OP_repartition ? s->u.repartition.added
                                           : s->u.top.added;
    int any = 0;
    for (size_t i = 0; i < n; i++) any |= added[i] >= 0;
    if (!any) return;
    type_t **types = ARENA_ARRAY(g->e->arena, type_t *, n + 1);
    val_t *parts = ARENA_ARRAY(g->e->arena, val_t, n + 1);
    for (size_t i = 0; i < n; i++) types[i] = keys[i].type;
    emit_key_parts(g, key, types, parts, n);
    for (size_t i = 0; i < n; i++)
        if (added[i] >= 0) out[added[i]] = parts[i];
}

static sink_mode at_once_mode(gen_t *g) {
    return g->stage->outs.n ? g->stage->outs.at[0]->mode : MODE_append;
}

/* A row that was dealt out goes on. */
static void pass_row(gen_t *g, const shape_t *h, val_t record) {
    val_t *out = emit_columns_of(g, h, record);
    if (h->key >= 0)
        emit_add_keys(g, emit_key_of(val_field(g->e, record, (uint32_t)h->key)), out);
    emit_outs(g, at_once_mode(g), out, g->stage->step->row_out);
}

static void distinct_row(gen_t *g, const shape_t *h, LLVMValueRef table, val_t record) {
    emit_t *e = g->e;
    gkey_t key = emit_key_of(val_field(e, record, (uint32_t)h->key));
    LLVMBasicBlockRef first = ir_block(e, "distinct.first"), next = ir_block(e, "distinct.next");
    ir_if(e, emit_passes(g, table, key, next), first, next);
    ir_at(e, first);
    val_t *out = emit_columns_of(g, h, record);
    emit_add_keys(g, key, out);
    if (g->win_start && plan_sessions(g->stage->step)) /* a session closes */
        emit_window_order(g, key, NULL);
    emit_outs(g, at_once_mode(g), out, g->stage->step->row_out);
    ir_br(e, next);
    ir_at(e, next);
}

static void limit_row(gen_t *g, const shape_t *h, LLVMValueRef table, val_t record) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    LLVMValueRef words = K_CALL(e, table_i64, "counter", e->fn->ctx, table, ir_i64(e, 0));
    LLVMValueRef seen = ir_load(e, e->i64, words, "seen");
    LLVMValueRef most = emit_constant(g, s->u.limit.count, s->u.limit.count_value, 1);
    LLVMBasicBlockRef keep = ir_block(e, "limit.keep"), over = ir_block(e, "limit.over"),
                      next = ir_block(e, "limit.next");
    ir_if(e, ir_lt(e, seen, most, ""), keep, over);
    ir_at(e, over); /* a counter that was loaded may be full from the start */
    if (s->in.windowed == WINDOW_NONE) emit_sinks_full(g);
    ir_br(e, next);
    ir_at(e, keep);
    LLVMValueRef now = ir_add(e, seen, ir_i64(e, 1), "seen");
    ir_store(e, now, words);
    emit_outs(g, at_once_mode(g), emit_columns_of(g, h, record), s->row_out);
    if (s->in.windowed == WINDOW_NONE) {
        LLVMBasicBlockRef full = ir_block(e, "limit.full");
        ir_if_rare(e, ir_eq(e, now, most, ""), full, next);
        ir_at(e, full);
        emit_sinks_full(g);
    }
    ir_br(e, next);
    ir_at(e, next);
}

void emit_rank_order(gen_t *g, gkey_t key, LLVMValueRef i) {
    emit_t *e = g->e;
    if (g->in_place) return;
    if (g->win_start && !plan_by_rows(g->stage->step)) {
        if (g->stage->step->out.is_table) emit_window_key_order(g, key, i);
        else emit_window_order(g, key, i);
        return;
    }
    LLVMValueRef step = ir_i64(e, g->stage->step_id), len = ir_words(e, 1, "order.len");
    LLVMValueRef kp = key.ptr, kl = key.len;
    if (key.is_int) {
        LLVMValueRef buf = ir_words(e, 2, "key");
        K_CALL(e, key_i64, "", buf, key.i64);
        kp = buf;
        kl = ir_i64(e, 8);
    }
    g->order = ORDER_bytes;
    g->key = K_CALL(e, order_rank, "order", e->fn->ctx, step, kp, kl, i, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
}

void emit_keyed_row_in(gen_t *g, LLVMValueRef at) {
    emit_t *e = g->e;
    emit_keyed_row_into(
        g, K_CALL(e, state, "table", e->fn->ctx, ir_i64(e, g->stage->state->id)), at);
}

void emit_keyed_row_into(gen_t *g, LLVMValueRef table, LLVMValueRef at) {
    pstage_t *st = g->stage;
    shape_t h = emit_keyed_shape(g, st);
    val_t record = emit_read_row(g, st->exchange, at, h.record);
    if (h.window >= 0) table = emit_pane(g, table, val_field(g->e, record, (uint32_t)h.window));
    if (plan_by_rows(st->step)) {
        emit_keyed_rows_in(g, &h, table, at, record);
        return;
    }
    switch (st->root) {
    case ROOT_distinct: distinct_row(g, &h, table, record); break;
    case ROOT_limit: limit_row(g, &h, table, record); break;
    case ROOT_repartition: pass_row(g, &h, record); break;
    case ROOT_top:
    case ROOT_sort: emit_top_row_in(g, &h, table, at, record); break;
    case ROOT_source:
    case ROOT_join:
    case ROOT_aggregate:
    case ROOT_remember:
    case ROOT_latest:
    case ROOT_changes:
    case ROOT_close:
    case ROOT_errors: flow_unreachable("not a keyed root");
    }
}

void emit_keyed_give(gen_t *g, LLVMValueRef table) {
    shape_t h = emit_keyed_shape(g, g->stage);
    if (g->stage->root == ROOT_top) emit_top_pane(g, table, &h);
}

void emit_keyed_close(gen_t *g) {
    emit_t *e = g->e;
    if (g->stage->root == ROOT_repartition) return;
    LLVMValueRef table = K_CALL(e, state, "table", e->fn->ctx, ir_i64(e, g->stage->state->id));
    if (g->stage->root == ROOT_distinct && g->stage->step->u.distinct.within) {
        emit_within_close(g, table);
        return;
    }
    if (plan_by_rows(g->stage->step)) {
        emit_keyed_rows_close(g, table);
        return;
    }
    if (plan_revised(g->stage->step)) {
        emit_top_revise_close(g, table);
        return;
    }
    if (plan_paned(g->stage->step)) {
        shape_t h = emit_keyed_shape(g, g->stage);
        int at_close = g->stage->root == ROOT_top || g->stage->root == ROOT_sort;
        emit_panes_close(g, table, at_close ? emit_top_pane : NULL, &h);
        return;
    }
    if (g->stage->root == ROOT_top || g->stage->root == ROOT_sort) {
        emit_top_close(g, table);
    } else if (g->stage->step->in.windowed != WINDOW_NONE) {
        K_CALL(e, table_clear, "", e->fn->ctx, table);
    }
}
