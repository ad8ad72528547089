/* emit_csv.c - the next record of a csv source.
 *
 * Where the columns stand in one order, known here, and are of simple types, a record is
 * read field by field by what is made for it (runtime/kernel/k_csv_plain.h); a record that
 * is not plain, and any other source, by the decoder, which knows its columns as data. */
#include "compiler/emit/emit_stage.h"

enum { MOST = 64 }; /* columns: code for each */

/* Can a plain record be read of fields of that type, if they are read? */
static int simple(const type_t *t) {
    t = t->kind == TY_OPTION ? t->elem : t;
    return t->kind == TY_INT || t->kind == TY_FLOAT || t->kind == TY_TIMESTAMP ||
           t->kind == TY_STRING;
}

/* Is a field one of the record, of whatever type? */
static int single(type_t *t) {
    return type_strip(t)->kind != TY_RECORD;
}

/* Of a record that is one column (`as x: T`) the decoder looks at all fields. */
static int is_live(const psource_t *src, uint32_t i) {
    return src->conn->whole || src->live[i];
}

static int can_be_plain(const psource_t *src) {
    const type_t *t = src->conn->record;
    if (t->kind != TY_RECORD || t->nfields > MOST || emit_option_int(src->conn, "header", 0))
        return 0;
    for (uint32_t i = 0; i < t->nfields; i++)
        if (!single(t->fields[i].type) || (is_live(src, i) && !simple(t->fields[i].type)))
            return 0;
    return 1;
}

/* i32: the field was read into its words at `out`. */
static LLVMValueRef read_field(gen_t *g, LLVMValueRef scan, const field_t *f, LLVMValueRef last,
                               LLVMValueRef out) {
    emit_t *e = g->e;
    int optional = f->type->kind == TY_OPTION;
    const type_t *t = optional ? f->type->elem : f->type;
    if (optional) ir_store(e, ir_i64(e, 1), ir_word(e, out, t->words));
    switch (t->kind) {
    case TY_INT: return K_CALL(e, csv_plain_int, "is", scan, last, out);
    case TY_FLOAT: return K_CALL(e, csv_plain_float, "is", scan, last, out);
    case TY_TIMESTAMP: {
        LLVMValueRef unit = ir_i32(e, emit_time_unit(g->stage->source->conn));
        return K_CALL(e, csv_plain_time, "is", scan, last, out, unit);
    }
    default: {
        LLVMValueRef empty = ir_i32(e, !optional && !f->def);
        return K_CALL(e, csv_plain_text, "is", scan, last, out, empty);
    }
    }
}

/* Goes on at a new block if a kernel function said so, else at `other`. */
static void go_on(emit_t *e, LLVMValueRef is, LLVMBasicBlockRef other) {
    LLVMBasicBlockRef next = ir_block(e, "plain");
    ir_if_rare(e, ir_eq(e, is, ir_i32(e, 0), "other"), other, next);
    ir_at(e, next);
}

LLVMValueRef emit_csv_next(gen_t *g, LLVMValueRef decoder, LLVMValueRef words) {
    emit_t *e = g->e;
    const psource_t *src = g->stage->source;
    const type_t *t = src->conn->record;
    if (!can_be_plain(src)) return K_CALL(e, csv_next, "found", e->fn->ctx, decoder, words);
    LLVMBasicBlockRef any = ir_block(e, "record.any"), done = ir_block(e, "record.read");
    LLVMValueRef scan = ir_words(e, ITER_WORDS, "scan");
    K_CALL(e, csv_plain_open, "", decoder, scan);
    uint32_t w = 0;
    for (uint32_t i = 0; i < t->nfields; i++) {
        LLVMValueRef last = ir_i32(e, i + 1 == t->nfields);
        go_on(e, is_live(src, i) ? read_field(g, scan, &t->fields[i], last, ir_word(e, words, w))
                                 : K_CALL(e, csv_plain_skip, "is", scan, last), any);
        w += t->fields[i].type->words;
    }
    go_on(e, K_CALL(e, csv_plain_close, "is", e->fn->ctx, decoder, scan), any);
    LLVMBasicBlockRef plain = ir_here(e);
    ir_br(e, done);
    ir_at(e, any);
    LLVMValueRef other = K_CALL(e, csv_next, "found", e->fn->ctx, decoder, words);
    ir_br(e, done);
    ir_at(e, done);
    LLVMValueRef found = ir_phi(e, e->i32, "found");
    ir_phi_add(found, ir_i32(e, 1), plain);
    ir_phi_add(found, other, any);
    return found;
}
