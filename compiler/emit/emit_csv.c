/* emit_csv.c - the next record of a csv source.
 *
 * Where the columns stand in one order, known here, and are of simple types, records are
 * found many at a time and read column by column (runtime/kernel/k_csv_span.h), and taken
 * row by row; a record that is not plain, and any other source, is read by the decoder,
 * which knows its columns as data. */
#include "compiler/emit/emit_stage.h"

/* Columns: an empty line is no record, but would be one of a single field; code for each. */
enum { LEAST = 2, MOST = 64 };

/* Can a field of that type be read in all records of a span, if anybody reads it? */
static int simple(const tconnector_t *c, const type_t *t) {
    t = t->kind == TY_OPTION ? t->elem : t;
    return t->kind == TY_INT || t->kind == TY_FLOAT || t->kind == TY_STRING ||
           (t->kind == TY_TIMESTAMP && emit_time_unit(c) != 'n');
}

/* Is a field one of the record, of whatever type? */
static int single(type_t *t) { return type_strip(t)->kind != TY_RECORD; }

/* Of a record that is one column (`as x: T`) the decoder looks at all fields. */
static int is_live(const psource_t *src, uint32_t i) { return src->conn->whole || src->live[i]; }

static int can_be_spans(const psource_t *src) {
    const type_t *t = src->conn->record;
    if (t->kind != TY_RECORD || t->nfields < LEAST || t->nfields > MOST ||
        emit_option_int(src->conn, "header", 0))
        return 0;
    for (uint32_t i = 0; i < t->nfields; i++)
        if (!single(t->fields[i].type) || (is_live(src, i) && !simple(src->conn, t->fields[i].type)))
            return 0;
    return 1;
}

/* The type of a field's value, `T?` as T. */
static const type_t *value_type(const field_t *f) {
    return f->type->kind == TY_OPTION ? f->type->elem : f->type;
}

static int is_number(const field_t *f) { return value_type(f)->kind != TY_STRING; }

static LLVMValueRef number(emit_t *e, uint32_t v) { return ir_i32(e, (int32_t)v); }

/* Finds records and reads their columns. */
static void read_columns(gen_t *g, decoder_t d) {
    emit_t *e = g->e;
    const psource_t *src = g->stage->source;
    const type_t *t = src->conn->record;
    LLVMValueRef fields = number(e, t->nfields);
    LLVMValueRef span = d.span.state;
    K_CALL(e, csv_span_find, "", d.state, span, fields);
    uint32_t columns = 0;
    for (uint32_t i = 0; i < t->nfields; i++) {
        const field_t *f = &t->fields[i];
        if (!is_live(src, i)) continue;
        LLVMValueRef field = number(e, i), column = number(e, columns);
        columns += (uint32_t)is_number(f);
        switch (value_type(f)->kind) {
        case TY_INT: K_CALL(e, csv_span_int, "", span, fields, field, column); break;
        case TY_FLOAT: K_CALL(e, csv_span_float, "", span, fields, field, column); break;
        case TY_TIMESTAMP: {
            LLVMValueRef unit = ir_i32(e, emit_time_unit(src->conn));
            K_CALL(e, csv_span_time, "", span, fields, field, column, unit);
            break;
        }
        default: /* without a byte none or the default, or the text "" */
            if (f->type->kind == TY_OPTION || f->def)
                K_CALL(e, csv_span_some, "", span, fields, field);
        }
    }
}

/* The words of a row. */
static void load_row(gen_t *g, decoder_t d, LLVMValueRef row) {
    emit_t *e = g->e;
    const psource_t *src = g->stage->source;
    const type_t *t = src->conn->record;
    uint32_t columns = 0, w = 0;
    for (uint32_t i = 0; i < t->nfields; w += t->fields[i++].type->words) {
        const field_t *f = &t->fields[i];
        if (!is_live(src, i)) continue;
        LLVMValueRef out = ir_word(e, d.words, w);
        if (is_number(f)) {
            LLVMValueRef at = ir_word_at(e, d.span.numbers[columns++], row, "");
            ir_store(e, ir_load(e, e->i64, at, f->name), out);
        } else {
            LLVMValueRef fields = number(e, t->nfields);
            K_CALL(e, csv_span_text, "", d.span.state, fields, number(e, i), row, out);
        }
        if (f->type->kind == TY_OPTION)
            ir_store(e, ir_i64(e, 1), ir_word(e, out, value_type(f)->words));
    }
}

row_span_t emit_csv_span(gen_t *g) {
    emit_t *e = g->e;
    const psource_t *src = g->stage->source;
    const type_t *t = src->conn->record;
    row_span_t span = {0};
    if (!can_be_spans(src)) return span;
    span.record = ir_words(e, t->words + 1, "record");
    uint32_t columns = 0;
    for (uint32_t i = 0; i < t->nfields; i++)
        columns += is_live(src, i) && is_number(&t->fields[i]);
    span.state = K_CALL(e, csv_span_open, "span", e->fn->ctx, number(e, columns));
    span.at = ir_memo(e, "span.at");
    span.plain = ir_memo(e, "span.plain");
    span.numbers = ARENA_ARRAY(e->arena, LLVMValueRef, columns + 1);
    for (uint32_t c = 0; c < columns; c++)
        span.numbers[c] = K_CALL(e, csv_span_numbers, "numbers", span.state, number(e, c));
    return span;
}

/* Where the span is, and how far its rows can be taken. */
static void look_at_span(gen_t *g, row_span_t s) {
    emit_t *e = g->e;
    ir_store(e, K_CALL(e, csv_span_at, "at", s.state), s.at);
    ir_store(e, K_CALL(e, csv_span_plain, "plain", s.state), s.plain);
}

static void go_if_plain(gen_t *g, row_span_t s, LLVMBasicBlockRef take,
                        LLVMBasicBlockRef otherwise) {
    emit_t *e = g->e;
    LLVMValueRef at = ir_load(e, e->i64, s.at, "at"), plain = ir_load(e, e->i64, s.plain, "plain");
    ir_if_rare(e, ir_not(e, ir_lt(e, at, plain, ""), "none"), otherwise, take);
}

/* What the decoder has read becomes the row. */
static void copy_row(gen_t *g, decoder_t d) {
    emit_t *e = g->e;
    for (uint32_t w = 0; w < g->stage->source->conn->record->words; w++)
        ir_store(e, ir_load(e, e->i64, ir_word(e, d.span.record, w), ""), ir_word(e, d.words, w));
}

LLVMValueRef emit_csv_next(gen_t *g, decoder_t d, LLVMBasicBlockRef good) {
    emit_t *e = g->e;
    row_span_t s = d.span;
    if (!s.state) return K_CALL(e, csv_next, "found", e->fn->ctx, d.state, d.words);
    LLVMValueRef fields = number(e, g->stage->source->conn->record->nfields);
    LLVMBasicBlockRef look = ir_block(e, "span.look"), find = ir_block(e, "span.find"),
                      found = ir_block(e, "span.found"), take = ir_block(e, "row.take"),
                      other = ir_block(e, "row.other");
    go_if_plain(g, s, take, look);
    ir_at(e, look);
    LLVMValueRef none = ir_eq(e, K_CALL(e, csv_span_more, "more", s.state), ir_i32(e, 0), "none");
    ir_if(e, none, find, other);
    ir_at(e, find);
    read_columns(g, d);
    look_at_span(g, s);
    ir_br(e, found);
    ir_at(e, found);
    go_if_plain(g, s, take, other);
    ir_at(e, take);
    LLVMValueRef row = ir_load(e, e->i64, s.at, "at"), next = ir_add(e, row, ir_i64(e, 1), "next");
    ir_store(e, next, s.at);
    K_CALL(e, csv_span_to, "", s.state, next);
    load_row(g, d, row);
    ir_br(e, good);
    ir_at(e, other);
    LLVMValueRef code =
        K_CALL(e, csv_span_other, "found", e->fn->ctx, d.state, s.state, fields, s.record);
    look_at_span(g, s);
    copy_row(g, d);
    return code;
}
