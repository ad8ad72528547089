/* emit_data.c - lists, records, tagged records: made and taken apart. */
#include "compiler/base/check.h"
#include "compiler/emit/emit_call.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_loop.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"
#include "compiler/types/def.h"

/* ---- lists ---- */

static int all_constant(const val_t *elems, size_t n, uint32_t words) {
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < words; k++)
            if (!LLVMIsConstant(elems[i].leaf[k])) return 0;
    return 1;
}

val_t emit_list(emit_t *e, ast_list_t *n) {
    type_t *t = n->node.type, *elem = t->elem;
    size_t count = n->elements.n;
    if (!count) return val_zero(e, t);
    val_t *elems = ARENA_ARRAY(e->arena, val_t, count);
    for (size_t i = 0; i < count; i++) elems[i] = emit_expr_as(e, n->elements.at[i], elem);
    LLVMValueRef length = ir_i64(e, (int64_t)count);
    if (all_constant(elems, count, elem->words)) {
        LLVMValueRef *words = ARENA_ARRAY(e->arena, LLVMValueRef, count * elem->words + 1);
        unsigned at = 0;
        for (size_t i = 0; i < count; i++)
            for (uint32_t k = 0; k < elem->words; k++) words[at++] = elems[i].leaf[k];
        return val_text(e, t, val_const_words(e, words, at), length);
    }
    LLVMValueRef p = emit_elements(e, elem, length);
    for (size_t i = 0; i < count; i++)
        val_store(e, elems[i], ir_word(e, p, (int64_t)(i * elem->words)));
    return val_text(e, t, p, length);
}

/* ---- records ---- */

/* The fields that a cell gives, by name; later ones win. */
static void put_spread(emit_t *e, type_t *t, val_t v, val_t *fields) {
    val_t record = val_unwrap(e, v);
    for (uint32_t i = 0; i < record.type->nfields; i++) {
        int at = type_field(t, record.type->fields[i].name);
        if (at < 0) continue;
        val_t f = val_field(e, record, i);
        if (v.type->kind == TY_OPTION) f = emit_if_has(e, v, f, t->fields[at].type);
        fields[at] = f;
    }
}

val_t emit_record(emit_t *e, ast_record_t *n) {
    type_t *t = n->node.type;
    val_t *fields = ARENA_ARRAY(e->arena, val_t, t->nfields + 1);
    for (size_t i = 0; i < n->cells.n; i++) {
        node_t *cell = n->cells.at[i];
        if (cell->kind == AST_cell_spread) {
            put_spread(e, t, emit_expr(e, AST(cell_spread, cell)->value), fields);
            continue;
        }
        int at = type_field(t, AST(cell, cell)->name);
        flow_assert(at >= 0);
        fields[at] = emit_expr_as(e, AST(cell, cell)->value, t->fields[at].type);
    }
    return val_record(e, t, fields);
}

/* ---- tagged records, and records of a declared type ---- */

/* The record that arguments make: by name or by place, the others by default or none. */
static val_t record_of_args(emit_t *e, type_t *t, nodes_t *args) {
    val_t *fields = ARENA_ARRAY(e->arena, val_t, t->nfields + 1);
    for (size_t i = 0; i < args->n; i++) {
        ast_arg_t *arg = AST(arg, args->at[i]);
        int at = arg->name ? type_field(t, arg->name) : (int)i;
        flow_assert(at >= 0 && (uint32_t)at < t->nfields);
        fields[at] = emit_expr_as(e, arg->value, t->fields[at].type);
    }
    for (uint32_t i = 0; i < t->nfields; i++) {
        if (fields[i].type) continue;
        field_t *f = &t->fields[i];
        fields[i] = f->def ? emit_expr_as(e, f->def, f->type) : val_none(e, f->type);
    }
    return val_record(e, t, fields);
}

val_t emit_make(emit_t *e, ast_make_t *n) {
    type_t *t = type_strip(n->node.type);
    if (t->kind == TY_RECORD) return record_of_args(e, t, &n->args);
    flow_assert(t->kind == TY_UNION);
    int variant = type_field(t, n->name);
    flow_assert(variant >= 0);
    val_t payload = record_of_args(e, t->fields[variant].type, &n->args);
    return val_variant(e, t, (uint32_t)variant, payload);
}

/* ---- parts ---- */

static val_t field_named(emit_t *e, val_t record, const char *name) {
    flow_assert(record.type->kind == TY_RECORD);
    int i = type_field(record.type, name);
    flow_assert(i >= 0);
    return val_field(e, record, (uint32_t)i);
}

val_t emit_if_has(emit_t *e, val_t optional, val_t inner, type_t *to) {
    /* The words of a none value are zeros: only the flag has to be taken along. */
    val_t some = val_coerce(e, inner, to);
    val_t out = val_new(e, to);
    for (uint32_t i = 0; i < to->words; i++) out.leaf[i] = some.leaf[i];
    uint32_t flag = to->elem->words;
    out.leaf[flag] = ir_and(e, some.leaf[flag], val_has(e, optional), "known");
    return out;
}

val_t emit_member(emit_t *e, ast_member_t *n) {
    if (n->node.def) return env_value(e, n->node.def); /* m.x: of a module */
    val_t v = emit_expr(e, n->value);
    if (v.type->kind == TY_LIST) return emit_field_of_all(e, v, n->name, n->node.type);
    if (v.type->kind != TY_OPTION) return field_named(e, v, n->name);
    val_t inner = field_named(e, val_unwrap(e, v), n->name);
    return emit_if_has(e, v, inner, type_option(e->types, inner.type));
}

/* xs[i] counts from 0 and is none beyond the ends. */
static val_t element(emit_t *e, val_t list, LLVMValueRef i, type_t *t) {
    type_t *elem = list.type->elem;
    LLVMBasicBlockRef in = ir_block(e, "at"), out = ir_block(e, "beyond");
    join_t j = val_join(e, t, "at.end");
    ir_if(e, ir_cmp(e, LLVMIntULT, i, list.leaf[1], "inside"), in, out);
    ir_at(e, in);
    val_join_add(e, &j, val_load(e, elem, emit_element_at(e, list.leaf[0], elem, i), ""));
    ir_at(e, out);
    val_join_add(e, &j, val_none(e, t));
    return val_join_end(e, &j);
}

val_t emit_index(emit_t *e, ast_index_t *n) {
    val_t v = emit_expr(e, n->value);
    if (v.type->kind == TY_MAP)
        return emit_map_get(e, v, emit_expr_as(e, n->at, v.type->key), n->node.type);
    val_t i = emit_expr(e, n->at);
    return element(e, v, i.leaf[0], type_option(e->types, v.type->elem));
}
