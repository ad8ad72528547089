/* emit_aggk.c - k_agg.def as a table of callees. */
#include "compiler/emit/emit_aggk.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"
#include "compiler/types/builtins.h"

static const struct {
    const char *id, *cls;
    int words;
    const char *layout, *partial, *result;
} rows[] = {
#define AGGK(id, cls, words, layout, how, partial, result, args, what)                   \
    {#id, #cls, words, layout, partial, result},
#include "runtime/kernel/k_agg.def"
#undef AGGK
};

enum { ROWS = sizeof rows / sizeof *rows };

static int is_one_word(const type_t *t) {
    return t->words == 1 && t->kind != TY_UNION;
}

/* The classes that values of the type may have, the closest first. */
static const char *classes_of(const char *id, const type_t *t) {
    if (!strcmp(id, "arg_min") || !strcmp(id, "arg_max")) return is_one_word(t) ? "i" : "s";
    switch (t->kind) {
    case TY_INT: case TY_TIMESTAMP: case TY_DURATION: return "niwg";
    case TY_FLOAT: return "nfwg";
    case TY_BOOL: return "nbwg";
    case TY_STRING: case TY_BYTES: return "nsg";
    case TY_DECIMAL: return "ndg";
    case TY_POISON: case TY_NONE: case TY_SIZE: case TY_REGEX: case TY_OPTION: case TY_LIST:
    case TY_MAP: case TY_RECORD: case TY_UNION:
        return "ng";
    }
    return "ng";
}

static int find(const char *id, char cls) {
    for (int i = 0; i < ROWS; i++)
        if (rows[i].cls[0] == cls && !strcmp(rows[i].id, id)) return i;
    return -1;
}

aggk_t emit_aggk(emit_t *e, const char *id, const type_t *t) {
    int row = -1;
    for (const char *c = classes_of(id, t); *c && row < 0; c++) row = find(id, *c);
    if (row < 0) flow_unreachable(arena_printf(e->arena, "no aggregate %s of this type", id));
    const char *base = arena_printf(e->arena, "agg_%s_%s", id, rows[row].cls);
    return (aggk_t){
        .id = rows[row].id,
        .cls = rows[row].cls,
        .words = rows[row].words,
        .layout = rows[row].layout,
        .partial = rows[row].partial,
        .result = rows[row].result,
        .step = kfn_by_name(arena_printf(e->arena, "%s_step", base)),
        .part = kfn_by_name(arena_printf(e->arena, "%s_partial", base)),
        .merge = kfn_by_name(arena_printf(e->arena, "%s_merge", base)),
        .res = kfn_by_name(arena_printf(e->arena, "%s_result", base)),
    };
}

/* The key of arg_min and arg_max: a word in order, text, or key bytes. */
static void push_rank(emit_t *e, val_t key, LLVMValueRef *args, unsigned *n) {
    if (key.type->kind == TY_FLOAT) {
        args[(*n)++] = K_CALL(e, rank_f64, "rank", key.leaf[0]);
    } else if (is_one_word(key.type)) {
        args[(*n)++] = val_word(e, key, 0);
    } else if (key.type->kind == TY_STRING || key.type->kind == TY_BYTES) {
        args[(*n)++] = key.leaf[0];
        args[(*n)++] = key.leaf[1];
    } else {
        LLVMValueRef words = val_spill(e, key), code = emit_type_code(e, key.type);
        LLVMValueRef bound = K_CALL(e, key_bound, "bound", words, code);
        LLVMValueRef p = K_CALL(e, alloc, "key", e->fn->ctx, bound);
        LLVMValueRef end = K_CALL(e, key_put, "key.end", p, words, code);
        args[(*n)++] = p;
        args[(*n)++] = LLVMBuildPtrDiff2(e->b, e->i8, end, p, "key.len");
    }
}

void emit_aggk_push(emit_t *e, const aggk_t *k, val_t v, LLVMValueRef *args, unsigned *n) {
    if (!strncmp(k->id, "arg_", 4)) {
        push_rank(e, v, args, n);
        return;
    }
    switch (k->cls[0]) {
    case 'n': break;
    case 'b': args[(*n)++] = ir_i32_of(e, v.leaf[0], ""); break;
    case 'i': case 'f': args[(*n)++] = v.leaf[0]; break;
    case 's':
        args[(*n)++] = v.leaf[0];
        args[(*n)++] = v.leaf[1];
        break;
    case 'w': args[(*n)++] = val_word(e, v, 0); break;
    default: args[(*n)++] = val_spill(e, v); break;
    }
}

static void check_between(emit_t *e, LLVMValueRef v, int64_t low, int64_t high) {
    emit_fail_if(e, ir_lt(e, v, ir_i64(e, low), "low"), ROW_argument);
    emit_fail_if(e, ir_lt(e, ir_i64(e, high), v, "high"), ROW_argument);
}

/* What cannot be said of floats that are less is said of the opposite, for NaN. */
static void check_order(emit_t *e, LLVMRealPredicate holds, LLVMValueRef a, LLVMValueRef b) {
    LLVMValueRef ok = LLVMBuildFCmp(e->b, holds, a, b, "in.order");
    emit_fail_if(e, LLVMBuildNot(e->b, ok, "out.of.order"), ROW_argument);
}

void emit_agg_check(emit_t *e, int agg, const val_t *consts) {
    if (agg == AGG_quantile) {
        LLVMValueRef q = consts[0].leaf[0];
        check_order(e, LLVMRealOGE, q, LLVMConstReal(LLVMDoubleTypeInContext(e->llvm), 0));
        check_order(e, LLVMRealOLE, q, LLVMConstReal(LLVMDoubleTypeInContext(e->llvm), 1));
    } else if (agg == AGG_top_k) {
        check_between(e, consts[0].leaf[0], 1, AGG_TOP_K_MOST);
    } else if (agg == AGG_histogram) {
        check_order(e, LLVMRealOLT, consts[0].leaf[0], consts[1].leaf[0]);
        check_between(e, consts[2].leaf[0], 1, AGG_BINS_MOST);
    }
}

void emit_aggk_push_const(val_t v, LLVMValueRef *args, unsigned *n) {
    for (uint32_t i = 0; i < v.type->words; i++) args[(*n)++] = v.leaf[i];
}

type_t *emit_aggk_type(emit_t *e, char letter, type_t *value) {
    switch (letter) {
    case 'T': return value;
    case 'm':
        return value->kind == TY_DURATION ? value : type_basic(e->types, TY_FLOAT);
    case 'i': return type_basic(e->types, TY_INT);
    case 'f': return type_basic(e->types, TY_FLOAT);
    case 'b': return type_basic(e->types, TY_BOOL);
    case 's': return type_basic(e->types, TY_STRING);
    case 'y': return type_basic(e->types, TY_BYTES);
    case 'D': return type_decimal(e->types, 38, value->s + 6 > 38 ? 38 : value->s + 6);
    default: flow_unreachable("a type code of k_agg.def");
    }
}
