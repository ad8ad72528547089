/* emit_text.c - f-strings: the parts as text, then one copy of them all.
 *
 * Literal parts have a known length, so their copies become stores. */
#include "compiler/base/check.h"
#include "compiler/emit/emit_call.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"

static val_t part_text(emit_t *e, node_t *part) {
    if (part->kind == AST_fstring_text) {
        ast_fstring_text_t *t = AST(fstring_text, part);
        return val_text_const(e, t->value, t->value_n);
    }
    val_t v = emit_expr(e, part);
    return v.type->kind == TY_STRING ? v : emit_string_of(e, v);
}

val_t emit_fstring(emit_t *e, ast_fstring_t *n) {
    size_t count = n->parts.n;
    val_t *parts = ARENA_ARRAY(e->arena, val_t, count + 1);
    LLVMValueRef total = ir_i64(e, 0);
    for (size_t i = 0; i < count; i++) {
        parts[i] = part_text(e, n->parts.at[i]);
        total = ir_add(e, total, parts[i].leaf[1], "length");
    }
    if (!count) return val_text_const(e, "", 0);
    if (count == 1) return (val_t){n->node.type, parts[0].leaf};
    LLVMValueRef text = K_CALL(e, alloc, "text", e->fn->ctx, total), at = text;
    for (size_t i = 0; i < count; i++) {
        ir_copy(e, at, parts[i].leaf[0], parts[i].leaf[1]);
        if (i + 1 < count) at = ir_byte_at(e, at, parts[i].leaf[1], "");
    }
    return val_text(e, n->node.type, text, total);
}
