/* emit_join.c - what the forms of a join share: sending, pairs, the rows they make. */
#include "compiler/emit/emit_join.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_table.h"
#include "compiler/plan/joins.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

/* ---- what crosses ---- */

static int *carried(gen_t *g, const unsigned char *live, uint32_t n) {
    int *out = ARENA_ARRAY(g->e->arena, int, n + 1);
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++)
        if (live[i]) out[k++] = (int)i;
    out[k] = -1;
    return out;
}

jside_t emit_join_side(gen_t *g, pstage_t *stage, int right) {
    emit_t *e = g->e;
    tstep_t *s = stage->step;
    const type_t *row = right ? s->u.join.there : s->row_in;
    jside_t h = {.step = s, .right = right, .x = right ? stage->exchange : stage->exchange2, .key = 0,
                 .at = -1, .order = -1};
    h.carried = carried(g, right ? stage->live2 : stage->live, row->nfields);
    field_t *fields = ARENA_ARRAY(e->arena, field_t, row->nfields + 4);
    uint32_t n = 0;
    fields[n++] = (field_t){
        .name = "key", .type = type_basic(e->types, stage->state->int_key ? TY_INT : TY_BYTES)};
    if (s->u.join.form == JOINS_as_of && !right) {
        h.at = (int)n;
        fields[n++] = (field_t){.name = "at", .type = type_basic(e->types, TY_TIMESTAMP)};
    }
    if (h.x->signs) {
        h.order = (int)n;
        fields[n++] = (field_t){.name = "order", .type = type_basic(e->types, TY_BYTES)};
    }
    h.columns = n;
    for (int *c = h.carried; *c >= 0; c++)
        fields[n++] = (field_t){.name = arena_printf(e->arena, "c%d", *c),
                                .type = row->fields[*c].type};
    h.record = type_record(e->types, NULL, fields, n);
    return h;
}

val_t *emit_join_left(gen_t *g, const jside_t *h, val_t record) {
    const type_t *row = h->step->row_in;
    val_t *out = ARENA_ARRAY(g->e->arena, val_t, row->nfields + 1);
    for (uint32_t i = 0; i < row->nfields; i++) out[i] = (val_t){.type = row->fields[i].type};
    for (uint32_t i = 0; h->carried[i] >= 0; i++)
        out[h->carried[i]] = val_field(g->e, record, h->columns + i);
    return out;
}

static val_t as_record(gen_t *g, type_t *there, const val_t *cols) {
    emit_t *e = g->e;
    val_t *all = ARENA_ARRAY(e->arena, val_t, there->nfields + 1);
    for (uint32_t i = 0; i < there->nfields; i++)
        all[i] = cols[i].leaf ? cols[i] : val_zero(e, there->fields[i].type);
    return val_record(e, there, all);
}

val_t emit_join_there(gen_t *g, const jside_t *h, val_t record) {
    type_t *there = h->step->u.join.there;
    val_t *cols = ARENA_ARRAY(g->e->arena, val_t, there->nfields + 1);
    for (uint32_t i = 0; h->carried[i] >= 0; i++)
        cols[h->carried[i]] = val_field(g->e, record, h->columns + i);
    return as_record(g, there, cols);
}

/* ---- sending ---- */

/* The key of a row; `none` (i1) says that a part of it is none, which matches nothing. */
static gkey_t side_key(gen_t *g, tstep_t *s, int right, int int_key, val_t *window,
                       LLVMValueRef *none) {
    emit_t *e = g->e;
    size_t n = 0, nkeys = s->u.join.nkeys;
    val_t *parts = ARENA_ARRAY(e->arena, val_t, nkeys + 3);
    int marked = plan_join_marks_none(s);
    *none = ir_bit(e, 0);
    if (window) { /* by (end, start) */
        parts[n++] = val_field(e, *window, 1);
        parts[n++] = val_field(e, *window, 0);
    }
    for (size_t i = 0; i < nkeys; i++) {
        const tpair_t *p = &s->u.join.keys[i];
        type_t *t = p->optional ? type_option(e->types, p->type) : p->type;
        val_t v = emit_expr_as(e, right ? p->right : p->left, t);
        if (p->optional) *none = ir_or(e, *none, ir_not(e, val_has(e, v), ""), "none");
        parts[n++] = p->optional && !marked ? val_unwrap(e, v) : v;
    }
    if (marked) {
        LLVMValueRef side = ir_select(e, *none, ir_i64(e, 1 + right), ir_i64(e, 0), "side");
        parts[n++] = val_int(e, type_basic(e->types, TY_INT), side);
    }
    return emit_key(g, parts, n, int_key);
}

/* The key of a table's row: the order of its rows. */
static val_t table_key(gen_t *g) {
    gkey_t k = emit_table_key(g);
    return val_text(g->e, type_basic(g->e->types, TY_BYTES), k.ptr, k.len);
}

/* What the keys of a side see. */
static void see_side(gen_t *g, tstep_t *s, int right, val_t *cols) {
    emit_t *e = g->e;
    e->row = cols;
    e->nrow = s->row_in->nfields;
    if (!right) return;
    type_t *there = s->u.join.there;
    val_t *row = ARENA_ARRAY(e->arena, val_t, s->row_in->nfields + 1);
    val_t *theirs = ARENA_ARRAY(e->arena, val_t, there->nfields + 1);
    for (uint32_t i = 0; i < there->nfields; i++) theirs[i] = cols[s->u.join.from[i]];
    for (uint32_t i = 0; i < s->row_in->nfields; i++)
        row[i] = (val_t){.type = s->row_in->fields[i].type};
    row[s->row_in->nfields] = as_record(g, there, theirs);
    e->row = row;
    e->nrow = s->row_in->nfields + 1;
}

/* The row of a version: what enters `latest`, and the keys that it adds. */
static val_t *version_row(gen_t *g, const tstep_t *latest, val_t *cols) {
    emit_t *e = g->e;
    val_t *out = ARENA_ARRAY(e->arena, val_t, latest->row_out->nfields + 1);
    for (uint32_t i = 0; i < latest->row_in->nfields; i++) out[i] = cols[i];
    e->row = cols;
    e->nrow = latest->row_in->nfields;
    for (size_t k = 0; k < latest->u.latest.nkeys; k++) {
        const titem_t *key = &latest->u.latest.keys[k];
        int c = latest->u.latest.added[k];
        if (c >= 0) out[c] = emit_expr_as(e, key->expr, key->type);
    }
    return out;
}

gkey_t emit_lookup_key(gen_t *g, const pop_t *op, val_t *cols, LLVMValueRef *none) {
    see_side(g, op->step, 0, cols);
    return side_key(g, op->step, 0, op->lookup->state->int_key, NULL, none);
}

void emit_join_send(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    tstep_t *s = op->step;
    int right = op->input;
    pstage_t *stage = g->plan->stages.at[op->port->exchange->consumer];
    jside_t h = emit_join_side(g, stage, right);
    const tprops_t *props = right ? &s->u.join.right->out : &s->in;
    LLVMBasicBlockRef next = ir_block(e, "sent"), send = ir_block(e, "send");
    val_t *fields = ARENA_ARRAY(e->arena, val_t, h.record->nfields + 1);
    val_t *window = s->u.join.form == JOINS_windows ? &cols[props->window_column] : NULL;
    LLVMValueRef none;
    fail_t fail;
    emit_guard_open(g, &fail, "key.error");
    val_t *entered = cols;
    if (right && plan_join_versions(s)) cols = version_row(g, plan_join_versions(s), cols);
    see_side(g, s, right, cols);
    gkey_t key = side_key(g, s, right, stage->state->int_key, window, &none);
    fields[h.key] = emit_key_value(g, key);
    if (h.at >= 0)
        fields[h.at] = emit_expr_as(e, s->u.join.as_of, type_basic(e->types, TY_TIMESTAMP));
    emit_guard_close(g, &fail, op->step_id, op->error_port, entered, op->row_in, next);
    if (plan_join_keeps_alone(s, right)) ir_br(e, send);
    else ir_if(e, none, next, send);
    ir_at(e, send);
    if (h.order >= 0) fields[h.order] = table_key(g);
    for (uint32_t i = 0; h.carried[i] >= 0; i++) {
        int c = right ? s->u.join.from[h.carried[i]] : h.carried[i];
        fields[h.columns + i] = val_coerce(e, cols[c], h.record->fields[h.columns + i].type);
    }
    emit_send_row(g, op->port, emit_part_of(g, h.x, key), val_record(e, h.record, fields));
    ir_br(e, next);
    ir_at(e, next);
}

/* ---- pairs ---- */

static val_t as_column(gen_t *g, val_t v, type_t *t) {
    if (!v.leaf && v.type->words) return (val_t){.type = t};
    return val_coerce(g->e, v, t);
}

static LLVMValueRef holds(gen_t *g, tstep_t *s, int step_id, int error_port, jpair_t p,
                          LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    if (!s->u.join.cond) return ir_bit(e, 1);
    uint32_t n = s->row_in->nfields;
    val_t *both = ARENA_ARRAY(e->arena, val_t, n + 1);
    field_t *fields = ARENA_ARRAY(e->arena, field_t, n + 1);
    for (uint32_t i = 0; i < n; i++) both[i] = p.left[i], fields[i] = s->row_in->fields[i];
    both[n] = *p.there;
    fields[n] = (field_t){.name = AST(step_join, s->node)->name, .type = s->u.join.there};
    type_t *row = type_record(e->types, NULL, fields, n + 1);
    const val_t *outer = e->row;
    uint32_t nouter = e->nrow;
    e->row = both;
    e->nrow = n + 1;
    fail_t fail;
    emit_guard_open(g, &fail, "on.error");
    LLVMValueRef holds = emit_cond(e, s->u.join.cond);
    emit_guard_close(g, &fail, step_id, error_port, both, row, next);
    e->row = outer;
    e->nrow = nouter;
    return holds;
}

LLVMValueRef emit_join_holds(gen_t *g, jpair_t p, LLVMBasicBlockRef next) {
    return holds(g, g->stage->step, g->stage->step_id, g->stage->error_port, p, next);
}

LLVMValueRef emit_lookup_holds(gen_t *g, const pop_t *op, jpair_t p, LLVMBasicBlockRef next) {
    return holds(g, op->step, op->step_id, op->error_port, p, next);
}

/* The columns of the row that a pair makes; `live`: those that somebody reads. */
static val_t *made(gen_t *g, const tstep_t *s, const unsigned char *live, jpair_t p,
                   const val_t *window) {
    emit_t *e = g->e;
    const type_t *row = s->row_out;
    val_t *out = ARENA_ARRAY(e->arena, val_t, row->nfields + 1);
    for (uint32_t i = 0; i < row->nfields; i++) {
        type_t *t = row->fields[i].type;
        if ((int)i == s->u.join.column) {
            if (!live[i]) out[i] = (val_t){.type = t};
            else out[i] = p.there ? val_coerce(e, *p.there, t) : val_zero(e, t);
        } else if (!p.left && window && (int)i == s->in.window_column) {
            out[i] = *window;
        } else {
            out[i] = p.left ? as_column(g, p.left[i], t) : val_zero(e, t);
        }
    }
    return out;
}

void emit_join_give(gen_t *g, sink_mode mode, jpair_t p, const val_t *window) {
    tstep_t *s = g->stage->step;
    val_t *out = made(g, s, g->stage->live, p, window);
    int outer = g->several;
    g->several = 1;
    emit_outs(g, mode, out, s->row_out);
    g->several = outer;
}

void emit_lookup_give(gen_t *g, const pop_t *op, jpair_t p) {
    val_t *out = made(g, op->step, op->live, p, NULL);
    int outer = g->several;
    g->several = 1;
    emit_ops(g, &op->next, out, op->row_out);
    g->several = outer;
}

gkey_t emit_join_key_bytes(gen_t *g, LLVMValueRef table, LLVMValueRef entry) {
    emit_t *e = g->e;
    if (g->stage->state->int_key) {
        LLVMValueRef buf = ir_words(e, 2, "key");
        K_CALL(e, key_i64, "", buf, K_CALL(e, table_key_i64, "key", table, entry));
        return (gkey_t){.ptr = buf, .len = ir_i64(e, 8)};
    }
    LLVMValueRef text = ir_words(e, 2, "key");
    K_CALL(e, table_key_text, "", table, entry, text);
    return (gkey_t){.ptr = ir_load(e, e->ptr, text, "key"),
                    .len = ir_load(e, e->i64, ir_word(e, text, 1), "key.len")};
}

/* ---- the forms ---- */

void emit_join_row_in(gen_t *g, int right, LLVMValueRef at, LLVMBasicBlockRef next) {
    switch (g->stage->step->u.join.form) {
    case JOINS_within: emit_join_within_row(g, right, at, next); break;
    case JOINS_windows: emit_join_windows_row(g, right, at); break;
    case JOINS_table: emit_join_table_row(g, right, at, next); break;
    case JOINS_tables: emit_join_tables_row(g, right, at); break;
    case JOINS_as_of: emit_join_as_of_row(g, right, at, next); break;
    }
}

void emit_join_close(gen_t *g) {
    switch (g->stage->step->u.join.form) {
    case JOINS_within: emit_join_within_close(g); break;
    case JOINS_windows: emit_join_windows_close(g); break;
    case JOINS_table: emit_join_table_close(g); break;
    case JOINS_tables: emit_join_tables_close(g); break;
    case JOINS_as_of: emit_join_as_of_close(g); break;
    }
}
