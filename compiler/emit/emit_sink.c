/* emit_sink.c - rows to bytes, at a sink's port.
 *
 * A sink is specialised to its columns: what is constant between the values (keys of
 * JSON, separators, brackets) is appended as one piece, and each value by the writer of
 * its type.  Nested values go through the kernel's generic writers. */
#include "compiler/emit/emit_stage.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/base/buf.h"

typedef enum form { FORM_text, FORM_csv, FORM_json, FORM_console } form_t;

typedef struct sink {
    form_t form;
    int unit, separator;
    LLVMValueRef buf, fmt;
    buf_t pending; /* constant bytes not yet appended */
} sink_t;

static form_t form_of(const tconnector_t *c) {
    switch (c->format) {
    case FORMAT_csv: return FORM_csv;
    case FORMAT_json: return FORM_json;
    case FORMAT_text: return FORM_text;
    default: return FORM_console;
    }
}

static void flush_pending(gen_t *g, sink_t *s) {
    emit_t *e = g->e;
    if (!s->pending.n) return;
    LLVMValueRef p = emit_bytes(e, buf_text(&s->pending), s->pending.n, "text");
    K_CALL(e, write_bytes, "", e->fn->ctx, s->buf, p, ir_i64(e, (int64_t)s->pending.n));
    buf_init(&s->pending, e->arena);
}

/* ---- values ---- */

static void write_time(gen_t *g, sink_t *s, val_t v) {
    emit_t *e = g->e;
    LLVMValueRef unit = ir_i32(e, s->unit), x = v.leaf[0], ctx = e->fn->ctx;
    if (v.type->kind == TY_TIMESTAMP) {
        if (s->form == FORM_json) K_CALL(e, write_json_time, "", ctx, s->buf, x, unit);
        else K_CALL(e, write_time, "", ctx, s->buf, x, unit);
    } else {
        if (s->form == FORM_json) K_CALL(e, write_json_duration, "", ctx, s->buf, x, unit);
        else K_CALL(e, write_duration, "", ctx, s->buf, x, unit);
    }
}

static void write_string(gen_t *g, sink_t *s, val_t v) {
    emit_t *e = g->e;
    LLVMValueRef p = v.leaf[0], n = v.leaf[1], ctx = e->fn->ctx;
    switch (s->form) {
    case FORM_json: K_CALL(e, write_json_text, "", ctx, s->buf, p, n); break;
    case FORM_csv:
        K_CALL(e, write_csv_text, "", ctx, s->buf, p, n, ir_i32(e, s->separator));
        break;
    case FORM_text:
    case FORM_console: K_CALL(e, write_bytes, "", ctx, s->buf, p, n); break;
    }
}

static void write_generic(gen_t *g, sink_t *s, val_t v) {
    emit_t *e = g->e;
    LLVMValueRef words = val_spill(e, v), tc = emit_type_code(e, v.type), ctx = e->fn->ctx;
    switch (s->form) {
    case FORM_json: K_CALL(e, write_json, "", ctx, s->buf, words, s->fmt, tc); break;
    case FORM_csv: K_CALL(e, write_csv, "", ctx, s->buf, words, s->fmt, tc); break;
    case FORM_text: K_CALL(e, write_text, "", ctx, s->buf, words, tc); break;
    case FORM_console: K_CALL(e, write_console, "", ctx, s->buf, words, tc); break;
    }
}

static void write_value(gen_t *g, sink_t *s, val_t v);

static int is_scalar(const type_t *t) {
    switch (t->kind) {
    case TY_INT:
    case TY_FLOAT:
    case TY_BOOL:
    case TY_STRING:
    case TY_TIMESTAMP:
    case TY_DURATION:
    case TY_DECIMAL: return 1;
    default: return 0;
    }
}

static void write_optional(gen_t *g, sink_t *s, val_t v) {
    emit_t *e = g->e;
    static const char *const none[] = {"", "", "null", "none"};
    flush_pending(g, s);
    LLVMBasicBlockRef some = ir_block(e, "some"), no = ir_block(e, "none"),
                      next = ir_block(e, "written");
    ir_if(e, val_has(e, v), some, no);
    ir_at(e, some);
    write_value(g, s, val_unwrap(e, v));
    ir_br(e, next);
    ir_at(e, no);
    buf_str(&s->pending, none[s->form]);
    flush_pending(g, s);
    ir_br(e, next);
    ir_at(e, next);
}

static void write_value(gen_t *g, sink_t *s, val_t v) {
    emit_t *e = g->e;
    LLVMValueRef ctx = e->fn->ctx;
    if (v.type->kind == TY_OPTION && is_scalar(v.type->elem)) {
        write_optional(g, s, v);
        return;
    }
    flush_pending(g, s);
    switch (v.type->kind) {
    case TY_INT: K_CALL(e, write_int, "", ctx, s->buf, v.leaf[0]); break;
    case TY_BOOL:
        K_CALL(e, write_bool, "", ctx, s->buf, ir_i32_of(e, v.leaf[0], ""));
        break;
    case TY_FLOAT:
        if (s->form == FORM_json) K_CALL(e, write_json_float, "", ctx, s->buf, v.leaf[0]);
        else K_CALL(e, write_float, "", ctx, s->buf, v.leaf[0]);
        break;
    case TY_DECIMAL:
        K_CALL(e, write_decimal, "", ctx, s->buf, v.leaf[0], v.leaf[1], ir_i64(e, v.type->s));
        break;
    case TY_STRING: write_string(g, s, v); break;
    case TY_TIMESTAMP:
    case TY_DURATION: write_time(g, s, v); break;
    default: write_generic(g, s, v); break;
    }
}

/* ---- rows ---- */

static void json_key(buf_t *b, const char *name) {
    buf_char(b, '"');
    for (const char *p = name; *p; p++) {
        if (*p == '"' || *p == '\\') buf_char(b, '\\');
        if ((unsigned char)*p < 0x20) buf_printf(b, "\\u%04X", *p);
        else buf_char(b, *p);
    }
    buf_str(b, "\":");
}

int emit_is_written(const tconnector_t *c, uint32_t column) {
    const toption_t *paths = emit_option(c, "partition");
    for (size_t k = 0; paths && k < paths->ncolumns; k++)
        if (paths->columns[k] == (int)column) return 0;
    return 1;
}

static void write_row(gen_t *g, sink_t *s, const tconnector_t *c, val_t *cols,
                      const type_t *row) {
    uint32_t shown = 0, n = row->nfields;
    if (c->format == FORMAT_binary) {
        emit_binary_write(g, c, s->buf, cols, row);
        return;
    }
    int brackets = s->form == FORM_console && n != 1;
    if (brackets) buf_char(&s->pending, '(');
    if (s->form == FORM_json) buf_char(&s->pending, '{');
    for (uint32_t i = 0; i < n; i++) {
        if (!emit_is_written(c, i)) continue;
        if (shown++) buf_char(&s->pending, s->form == FORM_csv ? (char)s->separator : ',');
        if (s->form == FORM_json) json_key(&s->pending, row->fields[i].name);
        write_value(g, s, cols[i]);
    }
    if (s->form == FORM_json) buf_char(&s->pending, '}');
    if (brackets) buf_char(&s->pending, ')');
    buf_char(&s->pending, '\n');
    flush_pending(g, s);
}

/* The folders of a row, as the key of its frame; a row whose value names none fails and
 * goes on at `next`. */
static void path_key(gen_t *g, pop_t *op, const toption_t *paths, val_t *cols,
                     LLVMBasicBlockRef next, LLVMValueRef *key, LLVMValueRef *len) {
    emit_t *e = g->e;
    LLVMValueRef path = ir_words(e, 2, "path");
    fail_t fail;
    ir_store(e, ir_i64(e, 0), path);
    ir_store(e, ir_i64(e, 0), ir_word(e, path, 1));
    emit_guard_open(g, &fail, "path.error");
    for (size_t i = 0; i < paths->ncolumns; i++) {
        int c = paths->columns[i];
        const char *name = op->row_in->fields[c].name;
        LLVMValueRef text = emit_bytes(e, name, strlen(name), "column");
        emit_fail_status(e, K_CALL(e, path_add, "status", e->fn->ctx, path, text,
                                   ir_i64(e, (int64_t)strlen(name)), val_spill(e, cols[c]),
                                   emit_type_code(e, cols[c].type)));
    }
    emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
    *key = ir_load(e, e->ptr, path, "path");
    *len = ir_load(e, e->i64, ir_word(e, path, 1), "path.len");
}

void emit_sink(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    psink_t *sink = op->port->sink;
    const tconnector_t *c = sink->conn;
    sink_t s = {.form = form_of(c), .unit = emit_time_unit(c),
                .separator = (int)emit_option_int(c, "separator", ','),
                .fmt = emit_format(g, c)};
    buf_init(&s.pending, e->arena);
    s.buf = K_CALL(e, port, "out", e->fn->ctx, ir_i64(e, op->port->id), ir_i64(e, 0));
    if (c->row == SINK_discard) {
        K_CALL(e, write_row, "", s.buf);
        return;
    }
    if (!sink->framed) {
        write_row(g, &s, c, cols, op->row_in);
        K_CALL(e, write_row, "", s.buf);
        return;
    }
    LLVMValueRef key, len;
    LLVMBasicBlockRef next = ir_block(e, "written");
    const toption_t *paths = emit_option(c, "partition");
    if (paths && paths->ncolumns) path_key(g, op, paths, cols, next, &key, &len);
    else emit_order_key(g, &key, &len);
    LLVMValueRef frame = K_CALL(e, frame_open, "frame", e->fn->ctx, s.buf, key, len);
    write_row(g, &s, c, cols, op->row_in);
    K_CALL(e, frame_close, "", s.buf, frame);
    ir_br(e, next);
    ir_at(e, next);
}

/* ---- what sinks are told ---- */

/* Calls `tell` for the sinks that rows of `next` reach; `only`: those with one way in. */
static void tell_sinks(gen_t *g, const pops_t *next, kfn_id tell, int only) {
    emit_t *e = g->e;
    for (size_t i = 0; i < next->n; i++) {
        pop_t *op = next->at[i];
        tell_sinks(g, &op->next, tell, only);
        if (op->kind == POP_sink && (!only || op->port->sink->nports == 1))
            k_call(e, tell, (LLVMValueRef[]){e->fn->ctx, ir_i64(e, op->port->sink->id)}, 2, "");
        if (op->kind != POP_send && op->kind != POP_partial) continue;
        pstage_t *st = g->plan->stages.at[op->port->exchange->consumer];
        for (size_t k = 0; k < st->outs.n; k++) tell_sinks(g, &st->outs.at[k]->next, tell, only);
    }
}

void emit_sinks_full(gen_t *g) {
    for (size_t i = 0; i < g->stage->outs.n; i++)
        tell_sinks(g, &g->stage->outs.at[i]->next, KFN_sink_full, 1);
}

void emit_sinks_given(gen_t *g) {
    for (size_t i = 0; i < g->stage->outs.n; i++)
        if (g->stage->outs.at[i]->mode == MODE_complete)
            tell_sinks(g, &g->stage->outs.at[i]->next, KFN_sink_given, 0);
}
