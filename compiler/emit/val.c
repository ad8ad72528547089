/* val.c - values as leaves: parts, memory, branches, and the implicit conversions.
 *
 * The type decides everything; leaves never carry more than LLVM's type.  Conversions
 * (val_coerce.c) only rearrange leaves. */
#include "compiler/emit/val.h"

#include <stdint.h>
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/val_coerce.h"

/* ---- leaves ---- */

static leaf_kind leaf_of_record(const type_t *t, uint32_t i) {
    for (uint32_t f = 0; f < t->nfields; f++) {
        const type_t *ft = t->fields[f].type;
        if (i < ft->words) return leaf_of(ft, i);
        i -= ft->words;
    }
    flow_unreachable("a leaf beyond its record");
}

leaf_kind leaf_of(const type_t *t, uint32_t i) {
    flow_assert(i < t->words);
    switch (t->kind) {
    case TY_INT: case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE: case TY_DECIMAL:
    case TY_UNION: case TY_REGEX: case TY_NONE: /* of these two nobody looks at it */
        return LEAF_I64;
    case TY_FLOAT: return LEAF_F64;
    case TY_BOOL: return LEAF_BIT;
    case TY_STRING: case TY_BYTES: case TY_LIST: case TY_MAP:
        return i ? LEAF_I64 : LEAF_PTR;
    case TY_OPTION: return i < t->elem->words ? leaf_of(t->elem, i) : LEAF_BIT;
    case TY_RECORD: return leaf_of_record(t, i);
    case TY_POISON: break;
    }
    flow_unreachable("a type without leaves");
}

LLVMTypeRef leaf_type(emit_t *e, leaf_kind kind) {
    switch (kind) {
    case LEAF_I64: return e->i64;
    case LEAF_F64: return e->f64;
    case LEAF_PTR: return e->ptr;
    case LEAF_BIT: return e->i1;
    }
    flow_unreachable("a leaf kind");
}

val_t val_new(emit_t *e, type_t *t) {
    return (val_t){t, ARENA_ARRAY(e->arena, LLVMValueRef, t->words + 1)};
}

val_t val_zero(emit_t *e, type_t *t) {
    val_t v = val_new(e, t);
    for (uint32_t i = 0; i < t->words; i++)
        v.leaf[i] = LLVMConstNull(leaf_type(e, leaf_of(t, i)));
    return v;
}

val_t val_int(emit_t *e, type_t *t, LLVMValueRef leaf) {
    flow_assert(t->words == 1 && LLVMTypeOf(leaf) == leaf_type(e, leaf_of(t, 0)));
    val_t v = val_new(e, t);
    v.leaf[0] = leaf;
    return v;
}

val_t val_text(emit_t *e, type_t *t, LLVMValueRef ptr, LLVMValueRef len) {
    flow_assert(t->words == 2 && leaf_of(t, 0) == LEAF_PTR);
    val_t v = val_new(e, t);
    v.leaf[0] = ptr;
    v.leaf[1] = len;
    return v;
}

val_t val_text_const(emit_t *e, const char *s, size_t n) {
    LLVMValueRef p = n ? emit_bytes(e, s, n, "text") : ir_null(e);
    return val_text(e, type_basic(e->types, TY_STRING), p, ir_i64(e, (int64_t)n));
}

/* ---- words ---- */

static LLVMValueRef to_word(emit_t *e, LLVMValueRef leaf, leaf_kind kind) {
    switch (kind) {
    case LEAF_I64: return leaf;
    case LEAF_F64: return ir_cast(e, LLVMBitCast, leaf, e->i64, "");
    case LEAF_PTR: return ir_cast(e, LLVMPtrToInt, leaf, e->i64, "");
    case LEAF_BIT: return ir_cast(e, LLVMZExt, leaf, e->i64, "");
    }
    flow_unreachable("a leaf kind");
}

static LLVMValueRef from_word(emit_t *e, LLVMValueRef word, leaf_kind kind) {
    switch (kind) {
    case LEAF_I64: return word;
    case LEAF_F64: return ir_cast(e, LLVMBitCast, word, e->f64, "");
    case LEAF_PTR: return ir_cast(e, LLVMIntToPtr, word, e->ptr, "");
    case LEAF_BIT: return ir_bit_of(e, word, "");
    }
    flow_unreachable("a leaf kind");
}

LLVMValueRef val_word(emit_t *e, val_t v, uint32_t i) {
    return to_word(e, v.leaf[i], leaf_of(v.type, i));
}

val_t val_from_words(emit_t *e, type_t *t, LLVMValueRef *words) {
    val_t v = val_new(e, t);
    for (uint32_t i = 0; i < t->words; i++) v.leaf[i] = from_word(e, words[i], leaf_of(t, i));
    return v;
}

/* ---- memory ---- */

val_t val_load(emit_t *e, type_t *t, LLVMValueRef p, const char *name) {
    val_t v = val_new(e, t);
    for (uint32_t i = 0; i < t->words; i++) {
        leaf_kind kind = leaf_of(t, i);
        LLVMTypeRef type = kind == LEAF_BIT ? e->i64 : leaf_type(e, kind);
        LLVMValueRef x = ir_load(e, type, ir_word(e, p, i), "");
        v.leaf[i] = kind == LEAF_BIT ? ir_bit_of(e, x, "") : x;
    }
    return *name ? val_named(e, v, name) : v;
}

void val_store(emit_t *e, val_t v, LLVMValueRef p) {
    for (uint32_t i = 0; i < v.type->words; i++) {
        LLVMValueRef x = v.leaf[i];
        if (leaf_of(v.type, i) == LEAF_BIT) x = to_word(e, x, LEAF_BIT);
        ir_store(e, x, ir_word(e, p, i));
    }
}

LLVMValueRef val_spill(emit_t *e, val_t v) {
    LLVMValueRef p = ir_words(e, v.type->words, "spill");
    val_store(e, v, p);
    return p;
}

/* ---- names ---- */

static void name_leaf(LLVMValueRef leaf, const char *name) {
    size_t n;
    if (LLVMIsConstant(leaf) || LLVMIsAArgument(leaf)) return;
    LLVMGetValueName2(leaf, &n);
    if (!n) LLVMSetValueName2(leaf, name, strlen(name));
}

static void name_leaves(emit_t *e, const type_t *t, LLVMValueRef *leaf, const char *name) {
    arena_t *a = e->arena;
    switch (t->kind) {
    case TY_STRING: case TY_BYTES: case TY_LIST: case TY_MAP:
        name_leaf(leaf[0], name);
        name_leaf(leaf[1], arena_printf(a, "%s.len", name));
        break;
    case TY_DECIMAL:
        name_leaf(leaf[0], name);
        name_leaf(leaf[1], arena_printf(a, "%s.high", name));
        break;
    case TY_OPTION:
        name_leaves(e, t->elem, leaf, name);
        name_leaf(leaf[t->elem->words], arena_printf(a, "%s.known", name));
        break;
    case TY_RECORD:
        for (uint32_t i = 0; i < t->nfields; i++)
            name_leaves(e, t->fields[i].type, leaf + type_field_word(t, i),
                        arena_printf(a, "%s.%s", name, t->fields[i].name));
        break;
    case TY_UNION: name_leaf(leaf[0], arena_printf(a, "%s.tag", name)); break;
    case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_TIMESTAMP: case TY_DURATION:
    case TY_SIZE:
        name_leaf(leaf[0], name);
        break;
    case TY_REGEX: case TY_POISON: case TY_NONE: break;
    }
}

val_t val_named(emit_t *e, val_t v, const char *name) {
    name_leaves(e, v.type, v.leaf, name);
    return v;
}

/* ---- parts ---- */

val_t val_field(emit_t *e, val_t record, uint32_t i) {
    (void)e;
    flow_assert(record.type->kind == TY_RECORD && i < record.type->nfields);
    return (val_t){record.type->fields[i].type,
                   record.leaf + type_field_word(record.type, i)};
}

static void put(val_t *out, uint32_t at, val_t part) {
    memcpy(out->leaf + at, part.leaf, part.type->words * sizeof *part.leaf);
}

val_t val_record(emit_t *e, type_t *t, const val_t *fields) {
    val_t v = val_new(e, t);
    for (uint32_t i = 0; i < t->nfields; i++)
        put(&v, type_field_word(t, i), val_coerce(e, fields[i], t->fields[i].type));
    return v;
}

LLVMValueRef val_has(emit_t *e, val_t v) {
    if (v.type->kind == TY_NONE) return ir_bit(e, 0);
    if (v.type->kind != TY_OPTION) return ir_bit(e, 1);
    return v.leaf[v.type->elem->words];
}

val_t val_unwrap(emit_t *e, val_t v) {
    (void)e;
    if (v.type->kind == TY_OPTION) v.type = v.type->elem;
    return v;
}

val_t val_some(emit_t *e, val_t v) {
    if (v.type->kind == TY_OPTION) return v;
    val_t out = val_new(e, type_option(e->types, v.type));
    put(&out, 0, v);
    out.leaf[v.type->words] = ir_bit(e, 1);
    return out;
}

val_t val_none(emit_t *e, type_t *optional) {
    flow_assert(optional->kind == TY_OPTION);
    return val_zero(e, optional);
}

LLVMValueRef val_tag(emit_t *e, val_t tagged) {
    (void)e;
    flow_assert(tagged.type->kind == TY_UNION);
    return tagged.leaf[0];
}

val_t val_payload(emit_t *e, val_t tagged, uint32_t variant) {
    flow_assert(tagged.type->kind == TY_UNION && variant < tagged.type->nfields);
    return val_from_words(e, tagged.type->fields[variant].type, tagged.leaf + 1);
}

val_t val_variant(emit_t *e, type_t *t, uint32_t variant, val_t payload) {
    flow_assert(t->kind == TY_UNION && variant < t->nfields);
    payload = val_coerce(e, payload, t->fields[variant].type);
    val_t v = val_zero(e, t);
    v.leaf[0] = ir_i64(e, variant);
    for (uint32_t i = 0; i < payload.type->words; i++)
        v.leaf[1 + i] = val_word(e, payload, i);
    return v;
}

/* ---- branches ---- */

val_t val_select(emit_t *e, LLVMValueRef cond, val_t a, val_t b) {
    flow_assert(type_equal(a.type, b.type));
    b = val_coerce(e, b, a.type);
    val_t v = val_new(e, a.type);
    for (uint32_t i = 0; i < a.type->words; i++)
        v.leaf[i] = ir_select(e, cond, a.leaf[i], b.leaf[i], "");
    return v;
}

join_t val_join(emit_t *e, type_t *t, const char *name) {
    join_t j = {.type = t, .block = ir_block(e, name)};
    LLVMBasicBlockRef here = ir_here(e);
    j.phi = ARENA_ARRAY(e->arena, LLVMValueRef, t->words + 1);
    ir_at(e, j.block);
    for (uint32_t i = 0; i < t->words; i++)
        j.phi[i] = ir_phi(e, leaf_type(e, leaf_of(t, i)), "");
    ir_at(e, here);
    return j;
}

void val_join_add(emit_t *e, join_t *j, val_t v) {
    v = val_coerce(e, v, j->type);
    for (uint32_t i = 0; i < j->type->words; i++)
        ir_phi_add(j->phi[i], v.leaf[i], ir_here(e));
    ir_br(e, j->block);
}

val_t val_join_end(emit_t *e, join_t *j) {
    LLVMMoveBasicBlockAfter(j->block, ir_here(e));
    ir_at(e, j->block);
    return (val_t){j->type, j->phi};
}

var_t var_new(emit_t *e, type_t *t, const char *name) {
    var_t v = {.type = t, .slot = ARENA_ARRAY(e->arena, LLVMValueRef, t->words + 1)};
    for (uint32_t i = 0; i < t->words; i++)
        v.slot[i] = ir_slot(e, leaf_type(e, leaf_of(t, i)), name);
    return v;
}

void var_set(emit_t *e, var_t v, val_t x) {
    x = val_coerce(e, x, v.type);
    for (uint32_t i = 0; i < v.type->words; i++) ir_store(e, x.leaf[i], v.slot[i]);
}

val_t var_get(emit_t *e, var_t v) {
    val_t x = val_new(e, v.type);
    for (uint32_t i = 0; i < v.type->words; i++)
        x.leaf[i] = ir_load(e, leaf_type(e, leaf_of(v.type, i)), v.slot[i], "");
    return x;
}

/* ---- arguments of kernel calls ---- */

void val_push_arg(emit_t *e, val_t v, LLVMValueRef *args, unsigned *n) {
    switch (v.type->kind) {
    case TY_RECORD: case TY_UNION: case TY_DECIMAL: args[(*n)++] = val_spill(e, v); return;
    case TY_OPTION:
        val_push_arg(e, val_unwrap(e, v), args, n);
        args[(*n)++] = ir_i32_of(e, val_has(e, v), "");
        return;
    case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_STRING: case TY_BYTES:
    case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE: case TY_LIST: case TY_MAP:
        for (uint32_t i = 0; i < v.type->words; i++)
            args[(*n)++] = leaf_of(v.type, i) == LEAF_BIT ? ir_i32_of(e, v.leaf[i], "")
                                                          : v.leaf[i];
        return;
    case TY_POISON: case TY_NONE: case TY_REGEX: break;
    }
    flow_unreachable("not an argument");
}
