/* emit_aggk.c - k_agg.def as a table of callees. */
#include "compiler/emit/emit_aggk.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"

static const struct {
    const char *id, *cls;
    int words;
    const char *partial, *result;
} rows[] = {
#define AGGK(id, cls, words, how, partial, result, args, what)                           \
    {#id, #cls, words, partial, result},
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
