/* val_coerce.c - the implicit conversions of the language, and folded constants.
 *
 * Each is made by the consumer: T to T?, none to T?, a record to one with the same
 * fields in another order, a decimal to one of more digits, a variant to its union, [] to
 * its place; and the narrowing that the checker has proved: T? to T, a tagged record to
 * one variant.  None of them touches memory: inside lists and maps layouts are equal. */
#include "compiler/emit/val_coerce.h"

#include "compiler/base/check.h"
#include "compiler/emit/ir.h"
#include "compiler/types/const.h"

static val_t coerce_record(emit_t *e, val_t v, type_t *to) {
    val_t *fields = ARENA_ARRAY(e->arena, val_t, to->nfields + 1);
    for (uint32_t i = 0; i < to->nfields; i++) {
        int from = type_field(v.type, to->fields[i].name);
        flow_assert(from >= 0);
        fields[i] = val_field(e, v, (uint32_t)from);
    }
    return val_record(e, to, fields);
}

/* A tagged record known to be one variant. */
static val_t narrow_union(emit_t *e, val_t v, type_t *to) {
    if (type_is_variant(to)) return val_payload(e, v, to->tag);
    for (uint32_t i = 0; i < v.type->nfields; i++)
        if (type_equal(v.type->fields[i].type, to))
            return val_coerce(e, val_payload(e, v, i), to);
    flow_unreachable("no variant has this payload");
}

/* The elements of a list or the entries of a map, as records. */
type_t *val_entry_type(emit_t *e, type_t *t) {
    if (t->kind == TY_LIST) return t->elem;
    field_t entry[] = {{.name = intern(e->names, "key"), .type = t->key},
                       {.name = intern(e->names, "value"), .type = t->elem}};
    return type_record(e->types, NULL, entry, 2);
}

static val_t to_option(emit_t *e, val_t v, type_t *to) {
    if (v.type->kind != TY_OPTION) {
        val_t some = val_some(e, val_coerce(e, v, to->elem));
        some.type = to;
        return some;
    }
    val_t inner = val_coerce(e, val_unwrap(e, v), to->elem);
    val_t out = val_new(e, to);
    for (uint32_t i = 0; i < to->elem->words; i++) out.leaf[i] = inner.leaf[i];
    out.leaf[to->elem->words] = val_has(e, v);
    return out;
}

val_t val_coerce(emit_t *e, val_t v, type_t *to) {
    type_t *from = v.type;
    if (from == to) return v;
    if (from->kind == TY_NONE) return to->kind == TY_NONE ? v : val_none(e, to);
    if (from->kind == to->kind && type_same_layout(from, to)) return (val_t){to, v.leaf};
    if (to->kind == TY_OPTION) return to_option(e, v, to);
    if (from->kind == TY_OPTION) return val_coerce(e, val_unwrap(e, v), to);
    if (from->kind == TY_UNION && to->kind == TY_RECORD) return narrow_union(e, v, to);
    if (to->kind == TY_UNION && type_is_variant(from)) return val_variant(e, to, from->tag, v);
    if (from->kind == TY_RECORD && to->kind == TY_RECORD) return coerce_record(e, v, to);
    /* What is left keeps its words: [] in its place, decimals of more digits. */
    flow_assert(from->kind == to->kind && from->words == to->words);
    return (val_t){to, v.leaf};
}

/* ---- folded constants ---- */

static val_t const_words(emit_t *e, type_t *t, const uint64_t *w);

/* The elements of a list or the bytes of a text as a constant of the object. */
static LLVMValueRef const_elements(emit_t *e, type_t *elem, const uint64_t *w, uint64_t n);

static LLVMValueRef const_leaf(emit_t *e, type_t *t, uint64_t word) {
    switch (leaf_of(t, 0)) {
    case LEAF_F64: {
        union { uint64_t u; double d; } x = {.u = word};
        if (x.d != x.d) /* one NaN, spelled by its bits */
            return LLVMConstBitCast(LLVMConstInt(e->i64, word, 0), e->f64);
        return ir_f64(e, x.d);
    }
    case LEAF_BIT: return ir_bit(e, word != 0);
    case LEAF_I64: case LEAF_PTR: break;
    }
    return LLVMConstInt(e->i64, word, 0);
}

static val_t const_parts(emit_t *e, type_t *t, const uint64_t *w) {
    val_t v = val_new(e, t);
    uint32_t at = 0;
    for (uint32_t i = 0; i < t->nfields; i++) {
        val_t f = const_words(e, t->fields[i].type, w + at);
        for (uint32_t k = 0; k < t->fields[i].type->words; k++) v.leaf[at++] = f.leaf[k];
    }
    return v;
}

static val_t const_union(emit_t *e, type_t *t, const uint64_t *w) {
    flow_assert(w[0] < t->nfields);
    return val_variant(e, t, (uint32_t)w[0],
                       const_words(e, t->fields[w[0]].type, w + 1));
}

static val_t const_words(emit_t *e, type_t *t, const uint64_t *w) {
    switch (t->kind) {
    case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_TIMESTAMP: case TY_DURATION:
    case TY_SIZE:
        return val_int(e, t, const_leaf(e, t, w[0]));
    case TY_STRING: case TY_BYTES: {
        val_t v = val_text_const(e, (const char *)(uintptr_t)w[0], w[1]);
        v.type = t;
        return v;
    }
    case TY_LIST:
        return val_text(e, t, const_elements(e, t->elem, (void *)(uintptr_t)w[0], w[1]),
                        ir_i64(e, (int64_t)w[1]));
    case TY_MAP:
        return val_text(e, t,
                        const_elements(e, val_entry_type(e, t), (void *)(uintptr_t)w[0], w[1]),
                        ir_i64(e, (int64_t)w[1]));
    case TY_DECIMAL: {
        val_t v = val_new(e, t);
        v.leaf[0] = LLVMConstInt(e->i64, w[0], 0);
        v.leaf[1] = LLVMConstInt(e->i64, w[1], 0);
        return v;
    }
    case TY_OPTION: {
        if (!w[t->elem->words]) return val_none(e, t);
        val_t v = val_some(e, const_words(e, t->elem, w));
        v.type = t;
        return v;
    }
    case TY_RECORD: return const_parts(e, t, w);
    case TY_UNION: return const_union(e, t, w);
    case TY_NONE: case TY_REGEX: return val_zero(e, t);
    case TY_POISON: break;
    }
    flow_unreachable("no constant of this type");
}

LLVMValueRef val_const_words(emit_t *e, LLVMValueRef *words, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        flow_assert(LLVMIsConstant(words[i]));
        if (LLVMTypeOf(words[i]) == e->i1)
            words[i] = LLVMConstInt(e->i64, LLVMConstIntGetZExtValue(words[i]), 0);
    }
    LLVMValueRef data = LLVMConstStructInContext(e->llvm, words, n, 0);
    LLVMValueRef g = LLVMAddGlobal(e->module, LLVMTypeOf(data),
                                   arena_printf(e->arena, "flowgen_list%u", e->globals++));
    LLVMSetInitializer(g, data);
    LLVMSetGlobalConstant(g, 1);
    LLVMSetLinkage(g, LLVMPrivateLinkage);
    LLVMSetUnnamedAddress(g, LLVMGlobalUnnamedAddr);
    LLVMSetAlignment(g, 8);
    return g;
}

static LLVMValueRef const_elements(emit_t *e, type_t *elem, const uint64_t *w, uint64_t n) {
    if (!n) return ir_null(e);
    LLVMValueRef *words = ARENA_ARRAY(e->arena, LLVMValueRef, n * elem->words + 1);
    unsigned at = 0;
    for (uint64_t i = 0; i < n; i++) {
        val_t v = const_words(e, elem, w + i * elem->words);
        for (uint32_t k = 0; k < elem->words; k++) words[at++] = v.leaf[k];
    }
    return val_const_words(e, words, at);
}

val_t val_const(emit_t *e, type_t *t, const struct cval *c) {
    val_t v = const_words(e, c->type, c->w);
    return val_coerce(e, v, t);
}
