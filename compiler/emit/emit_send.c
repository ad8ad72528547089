/* emit_send.c - keys, partitions, and rows encoded for an exchange.
 *
 * The forms are the kernel's: key bytes (runtime/kernel/k_key.h), encoded rows (k_row.h)
 * and frames (k_sort.h).  Flat leaves are written here, one store each; lists, maps and
 * tagged records go through the kernel by type code. */
#include "compiler/emit/emit_stage.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_join.h"
#include "compiler/emit/emit_table.h"

static int is_text(const type_t *t) {
    return t->kind == TY_STRING || t->kind == TY_BYTES;
}

/* ---- key bytes ---- */

/* The most bytes that a value's key takes. */
/* Bytes of keys that flow_k_table_wide takes, and of those that have a place on the stack. */
enum { WIDE_LEAST = 16, WIDE_MOST = 32, BRIEF = 64 };

static LLVMValueRef key_bound(gen_t *g, val_t v) {
    emit_t *e = g->e;
    switch (v.type->kind) {
    case TY_BOOL: return ir_i64(e, 1);
    case TY_INT:
    case TY_FLOAT:
    case TY_TIMESTAMP:
    case TY_DURATION: return ir_i64(e, 8);
    case TY_STRING:
    case TY_BYTES:
        return ir_add(e, ir_mul(e, v.leaf[1], ir_i64(e, 2), ""), ir_i64(e, 2), "");
    default:
        return K_CALL(e, key_bound, "bound", val_spill(e, v), emit_type_code(e, v.type));
    }
}

static LLVMValueRef key_put(gen_t *g, LLVMValueRef p, val_t v, int desc) {
    emit_t *e = g->e;
    LLVMValueRef to;
    switch (v.type->kind) {
    case TY_BOOL: to = K_CALL(e, key_bool, "key.p", p, ir_i32_of(e, v.leaf[0], "")); break;
    case TY_INT:
    case TY_TIMESTAMP:
    case TY_DURATION: to = K_CALL(e, key_i64, "key.p", p, v.leaf[0]); break;
    case TY_FLOAT: to = K_CALL(e, key_f64, "key.p", p, v.leaf[0]); break;
    case TY_STRING:
    case TY_BYTES: to = K_CALL(e, key_text, "key.p", p, v.leaf[0], v.leaf[1]); break;
    default: {
        LLVMValueRef words = val_spill(e, v), tc = emit_type_code(e, v.type);
        return desc ? K_CALL(e, key_put_desc, "key.p", p, words, tc)
                    : K_CALL(e, key_put, "key.p", p, words, tc);
    }
    }
    if (desc) K_CALL(e, key_invert, "", p, to);
    return to;
}

uint32_t emit_key_bytes(const type_t *t) {
    switch (t->kind) {
    case TY_BOOL: return 1;
    case TY_INT:
    case TY_FLOAT:
    case TY_TIMESTAMP:
    case TY_DURATION: return 8;
    default: return 0;
    }
}

static uint32_t fixed_bytes(const val_t *parts, size_t n) {
    uint32_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t more = emit_key_bytes(parts[i].type);
        if (!more) return 0;
        bytes += more;
    }
    return bytes;
}

static gkey_t put_key(gen_t *g, LLVMValueRef from, const val_t *parts, const int *desc,
                      size_t n) {
    emit_t *e = g->e;
    LLVMValueRef p = from;
    for (size_t i = 0; i < n; i++) p = key_put(g, p, parts[i], desc && desc[i]);
    uint32_t fixed = fixed_bytes(parts, n);
    if (fixed) return (gkey_t){.ptr = from, .len = ir_i64(e, fixed), .fixed = fixed};
    LLVMValueRef a = ir_cast(e, LLVMPtrToInt, from, e->i64, "");
    LLVMValueRef b = ir_cast(e, LLVMPtrToInt, p, e->i64, "");
    return (gkey_t){.ptr = from, .len = ir_sub(e, b, a, "key.len")};
}

gkey_t emit_sort_key(gen_t *g, const val_t *parts, const int *desc, size_t n) {
    emit_t *e = g->e;
    LLVMValueRef room = ir_i64(e, 8);
    for (size_t i = 0; i < n; i++) room = ir_add(e, room, key_bound(g, parts[i]), "room");
    return put_key(g, K_CALL(e, alloc, "key", e->fn->ctx, room), parts, desc, n);
}

gkey_t emit_key(gen_t *g, const val_t *parts, size_t n, int int_key) {
    if (int_key)
        return (gkey_t){.is_int = 1, .i64 = n ? parts[0].leaf[0] : ir_i64(g->e, 0)};
    if (n == 1 && is_text(parts[0].type))
        return (gkey_t){.ptr = parts[0].leaf[0], .len = parts[0].leaf[1]};
    return emit_sort_key(g, parts, NULL, n);
}

gkey_t emit_brief_key(gen_t *g, const val_t *parts, size_t n, int int_key) {
    uint32_t fixed = fixed_bytes(parts, n);
    if (int_key || !fixed || fixed > BRIEF) return emit_key(g, parts, n, int_key);
    return put_key(g, ir_words(g->e, (BRIEF + EMIT_PAD) / 8, "key"), parts, NULL, n);
}

val_t emit_key_value(gen_t *g, gkey_t key) {
    emit_t *e = g->e;
    return key.is_int ? val_int(e, type_basic(e->types, TY_INT), key.i64)
                      : val_text(e, type_basic(e->types, TY_BYTES), key.ptr, key.len);
}

gkey_t emit_key_of(val_t v) {
    if (v.type->kind == TY_INT) return (gkey_t){.is_int = 1, .i64 = v.leaf[0]};
    return (gkey_t){.ptr = v.leaf[0], .len = v.leaf[1]};
}

LLVMValueRef emit_probe(gen_t *g, LLVMValueRef table, gkey_t key) {
    emit_t *e = g->e;
    if (key.is_int) return K_CALL(e, table_i64, "entry", e->fn->ctx, table, key.i64);
    if (key.fixed >= WIDE_LEAST && key.fixed <= WIDE_MOST)
        return K_CALL(e, table_wide, "entry", e->fn->ctx, table, key.ptr, key.len);
    return K_CALL(e, table_text, "entry", e->fn->ctx, table, key.ptr, key.len);
}

void emit_key_parts(gen_t *g, gkey_t key, type_t *const *types, val_t *parts, size_t n) {
    emit_t *e = g->e;
    if (key.is_int) {
        parts[0] = val_int(e, types[0], key.i64);
    } else if (n == 1 && is_text(types[0])) {
        parts[0] = val_text(e, types[0], key.ptr, key.len);
    } else {
        LLVMValueRef p = key.ptr;
        for (size_t i = 0; i < n; i++) {
            LLVMValueRef words = ir_words(e, types[i]->words + 1, "key.part");
            p = K_CALL(e, key_get, "key.p", e->fn->ctx, p, words,
                       emit_type_code(e, types[i]));
            parts[i] = val_load(e, types[i], words, "key");
        }
    }
}

LLVMValueRef emit_part_of(gen_t *g, const pexchange_t *x, gkey_t key) {
    emit_t *e = g->e;
    if (x->one_part) return ir_i64(e, 0);
    LLVMValueRef hash = key.is_int ? K_CALL(e, part_i64, "hash", key.i64)
                                   : K_CALL(e, part_bytes, "hash", key.ptr, key.len);
    return K_CALL(e, part, "partition", hash, K_CALL(e, ctx_nparts, "nparts", e->fn->ctx));
}

/* ---- encoded rows ---- */

static LLVMValueRef extent(gen_t *g, LLVMValueRef at, val_t v) {
    emit_t *e = g->e;
    switch (v.type->kind) {
    case TY_STRING:
    case TY_BYTES: return ir_add(e, at, v.leaf[1], "row.at");
    case TY_OPTION: return extent(g, at, val_unwrap(e, v));
    case TY_RECORD:
        for (uint32_t i = 0; i < v.type->nfields; i++) at = extent(g, at, val_field(e, v, i));
        return at;
    case TY_LIST:
    case TY_MAP:
    case TY_UNION:
        return K_CALL(e, row_extent, "row.at", at, val_spill(e, v),
                      emit_type_code(e, v.type));
    default: return at;
    }
}

/* Writes the words of v from word `w` of the row on; returns where text goes on. */
static LLVMValueRef put(gen_t *g, LLVMValueRef row, LLVMValueRef at, int64_t *w, val_t v) {
    emit_t *e = g->e;
    LLVMValueRef to = ir_word(e, row, *w);
    switch (v.type->kind) {
    case TY_STRING:
    case TY_BYTES:
        *w += 2;
        return K_CALL(e, row_text, "row.at", row, at, to, v.leaf[0], v.leaf[1]);
    case TY_OPTION:
        at = put(g, row, at, w, val_unwrap(e, v));
        ir_store(e, ir_i64_of(e, val_has(e, v), ""), ir_word(e, row, (*w)++));
        return at;
    case TY_RECORD:
        for (uint32_t i = 0; i < v.type->nfields; i++)
            at = put(g, row, at, w, val_field(e, v, i));
        return at;
    case TY_LIST:
    case TY_MAP:
    case TY_UNION:
        *w += v.type->words;
        return K_CALL(e, row_put, "row.at", row, at, to, val_spill(e, v),
                      emit_type_code(e, v.type));
    default:
        val_store(e, v, to);
        *w += v.type->words;
        return at;
    }
}

void emit_order_key(gen_t *g, LLVMValueRef *key, LLVMValueRef *len) {
    emit_t *e = g->e;
    if (g->order == ORDER_bytes) {
        *key = g->key;
        *len = g->key_len;
        return;
    }
    *key = ir_words(e, 2, "order.key");
    K_CALL(e, order_place, "", e->fn->ctx, *key);
    *len = ir_i64(e, 9); /* 00 and the place: runtime/kernel/k_order.h */
}

int64_t emit_hidden_words(const pexchange_t *x) {
    return 1 + (x->timed != 0) + (x->signs != 0);
}

/* Encodes the row at an address with room for it; gives its bytes. */
static LLVMValueRef put_row(gen_t *g, const pexchange_t *x, LLVMValueRef row, LLVMValueRef head,
                            val_t record) {
    emit_t *e = g->e;
    int64_t w = 1;
    if (x->timed) {
        flow_assert(g->time);
        ir_store(e, g->time, ir_word(e, row, w++));
    }
    if (x->signs) {
        flow_assert(g->sign);
        ir_store(e, g->sign, ir_word(e, row, w++));
    }
    LLVMValueRef end = put(g, row, head, &w, record);
    return K_CALL(e, row_close, "row.size", row, end);
}

type_t *emit_entered_type(gen_t *g, const pexchange_t *x) {
    emit_t *e = g->e;
    const pstage_t *to = g->plan->stages.at[x->consumer];
    if (to->nlates == 1) return to->lates[0].window->step->row_in;
    field_t *fields = ARENA_ARRAY(e->arena, field_t, to->nlates + 1);
    uint32_t n = 0;
    fields[n++] = (field_t){.name = "by", .type = type_basic(e->types, TY_INT)};
    for (size_t i = 0; i < to->nlates; i++)
        if (to->lates[i].late.n)
            fields[n++] = (field_t){.name = arena_printf(e->arena, "row%zu", i),
                                    .type = to->lates[i].window->step->row_in};
    return type_record(e->types, NULL, fields, n);
}

static val_t entered_value(gen_t *g, const pexchange_t *x) {
    emit_t *e = g->e;
    const pstage_t *to = g->plan->stages.at[x->consumer];
    type_t *t = emit_entered_type(g, x);
    flow_assert(g->entered_by);
    if (to->nlates == 1) return val_record(e, t, g->entered);
    val_t *vals = ARENA_ARRAY(e->arena, val_t, t->nfields);
    uint32_t n = 1;
    for (size_t i = 0; i < to->nlates; i++) {
        int here = to->lates[i].window == g->entered_by;
        if (here) vals[0] = val_int(e, t->fields[0].type, ir_i64(e, (int64_t)i));
        if (!to->lates[i].late.n) continue;
        type_t *row = t->fields[n].type;
        vals[n++] = here ? val_record(e, row, g->entered) : val_zero(e, row);
    }
    return val_record(e, t, vals);
}

/* The record, and behind it how the row entered the window. */
static val_t with_entered(gen_t *g, const pexchange_t *x, val_t record) {
    emit_t *e = g->e;
    uint32_t n = record.type->nfields;
    field_t *fields = ARENA_ARRAY(e->arena, field_t, n + 1);
    val_t *vals = ARENA_ARRAY(e->arena, val_t, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        fields[i] = record.type->fields[i];
        vals[i] = val_field(e, record, i);
    }
    vals[n] = entered_value(g, x);
    fields[n] = (field_t){.name = "entered", .type = vals[n].type};
    return val_record(e, type_record(e->types, NULL, fields, n + 1), vals);
}

/* Where the text of a record's row begins, and the most bytes of the row. */
static LLVMValueRef head_of(gen_t *g, const pexchange_t *x, val_t record) {
    return ir_i64(g->e, 8 * (emit_hidden_words(x) + (int64_t)record.type->words));
}
static LLVMValueRef room_of(gen_t *g, LLVMValueRef head, val_t record) {
    return ir_add(g->e, extent(g, head, record), ir_i64(g->e, 8), "row.room");
}

int emit_can_mark(const pexchange_t *x) {
    return !x->framed && !x->entered && !x->timed && !x->signs;
}

void emit_send_marked(gen_t *g, const pport_t *port, LLVMValueRef part, val_t record) {
    emit_t *e = g->e;
    const pexchange_t *x = port->exchange;
    flow_assert(emit_can_mark(x));
    LLVMValueRef buf = K_CALL(e, port, "out", e->fn->ctx, ir_i64(e, port->id), part);
    LLVMValueRef head = head_of(g, x, record);
    LLVMValueRef row = K_CALL(e, reserve, "row", e->fn->ctx, buf, room_of(g, head, record));
    LLVMValueRef size = put_row(g, x, row, head, record);
    K_CALL(e, row_mark, "", row);
    K_CALL(e, commit, "", buf, size);
}

void emit_send_row(gen_t *g, const pport_t *port, LLVMValueRef part, val_t record) {
    emit_t *e = g->e;
    pexchange_t *x = port->exchange;
    x->words = (int)record.type->words;
    if (x->entered) record = with_entered(g, x, record);
    LLVMValueRef buf = K_CALL(e, port, "out", e->fn->ctx, ir_i64(e, port->id), part);
    LLVMValueRef head = head_of(g, x, record), size = room_of(g, head, record);
    LLVMValueRef row;
    if (x->framed) {
        LLVMValueRef key, len;
        emit_order_key(g, &key, &len);
        if (g->several && g->order == ORDER_bytes && !g->sign) {
            LLVMValueRef out = ir_words(e, 1, "order.len");
            key = K_CALL(e, order_next, "order", e->fn->ctx, key, len, out);
            len = ir_load(e, e->i64, out, "order.len");
        }
        row = K_CALL(e, alloc, "row", e->fn->ctx, size);
        K_CALL(e, frame, "", e->fn->ctx, buf, key, len, row, put_row(g, x, row, head, record));
        return;
    }
    row = K_CALL(e, reserve, "row", e->fn->ctx, buf, size);
    K_CALL(e, commit, "", buf, put_row(g, x, row, head, record));
}

/* Is every word of the type in the row as it is in memory? */
int emit_is_flat(const type_t *t) {
    switch (t->kind) {
    case TY_STRING:
    case TY_BYTES:
    case TY_LIST:
    case TY_MAP:
    case TY_UNION: return 0;
    case TY_OPTION: return emit_is_flat(t->elem);
    case TY_RECORD:
        for (uint32_t i = 0; i < t->nfields; i++)
            if (!emit_is_flat(t->fields[i].type)) return 0;
        return 1;
    default: return 1;
    }
}

static val_t get(gen_t *g, LLVMValueRef row, int64_t w, type_t *t, const char *name) {
    emit_t *e = g->e;
    LLVMValueRef from = ir_word(e, row, w);
    if (is_text(t)) {
        LLVMValueRef off = ir_load(e, e->i64, from, "");
        LLVMValueRef len = ir_load(e, e->i64, ir_word(e, row, w + 1), name);
        return val_text(e, t, ir_byte_at(e, row, off, name), len);
    }
    if (t->kind == TY_RECORD && t->nfields) {
        val_t *fields = ARENA_ARRAY(e->arena, val_t, t->nfields);
        for (uint32_t i = 0; i < t->nfields; i++)
            fields[i] = get(g, row, w + type_field_word(t, i), t->fields[i].type,
                            t->fields[i].name);
        return val_record(e, t, fields);
    }
    if (emit_is_flat(t)) return val_load(e, t, from, name);
    LLVMValueRef words = ir_words(e, t->words + 1, name);
    K_CALL(e, row_get, "", e->fn->ctx, row, words, from, emit_type_code(e, t));
    return val_load(e, t, words, name);
}

val_t emit_read_entered(gen_t *g, const pexchange_t *x, LLVMValueRef row) {
    emit_t *e = g->e;
    g->time = x->timed ? ir_load(e, e->i64, ir_word(e, row, 1), "time") : NULL;
    return get(g, row, emit_hidden_words(x) + x->words, emit_entered_type(g, x), "entered");
}

val_t emit_read_row(gen_t *g, const pexchange_t *x, LLVMValueRef row, type_t *record) {
    emit_t *e = g->e;
    int64_t w = 1;
    g->time = x->timed ? ir_load(e, e->i64, ir_word(e, row, w++), "time") : NULL;
    g->sign = x->signs ? ir_load(e, e->i64, ir_word(e, row, w++), "sign") : NULL;
    return get(g, row, w, record, "row");
}

void emit_send(gen_t *g, pop_t *op, val_t *cols) {
    if (op->step->op == OP_aggregate) emit_agg_send(g, op, cols);
    else if (op->step->op == OP_join) emit_join_send(g, op, cols);
    else if (op->step->op == OP_latest || op->step->op == OP_changes ||
             op->step->op == OP_close)
        emit_table_send(g, op, cols);
    else emit_keyed_send(g, op, cols);
}
