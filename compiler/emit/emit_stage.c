/* emit_stage.c - the functions of a stage: the loop over its input, and what closes it. */
#include "compiler/emit/emit_stage.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_join.h"
#include "compiler/emit/emit_staging.h"
#include "compiler/emit/emit_table.h"
#include "compiler/emit/emit_time.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

static LLVMValueRef open_fn(gen_t *g, fn_t *f, const char *what, LLVMTypeRef type) {
    emit_t *e = g->e;
    const pstage_t *s = g->stage;
    span_t at = s->step ? s->step->at : g->plan->steps.at[s->step_id].at;
    emit_fn_open(e, f, arena_printf(e->arena, "flowgen_stage%d_%s", s->id, what), type, at);
    /* Those of another function, and of a row of it. */
    g->time = g->sign = g->record = g->span = g->bytes = NULL;
    gen_fn_t fn = {.stage = s->id, .what = what, .fn = f->fn};
    vec_push(e->arena, &g->fns, fn);
    return f->fn;
}

static void close_fn(gen_t *g) {
    ir_ret(g->e, ir_i32(g->e, 0));
    emit_fn_close(g->e);
}

/* i32 (ptr ctx, i64 ...): for `range`. */
static LLVMTypeRef range_type(emit_t *e) {
    return LLVMFunctionType(e->i32, (LLVMTypeRef[]){e->ptr, e->i64, e->i64, e->i64, e->i64}, 5,
                            0);
}

/* ---- sources of records ---- */

static decoder_t open_decoder(gen_t *g, LLVMValueRef p, LLVMValueRef end) {
    emit_t *e = g->e;
    psource_t *src = g->stage->source;
    LLVMValueRef ctx = e->fn->ctx;
    decoder_t d = {.words = ir_words(e, src->conn->record->words + 1, "record")};
    switch (src->conn->format) {
    case FORMAT_csv:
        d.state = K_CALL(e, csv_open, "csv", ctx, emit_schema(g, src), p, end);
        d.span = emit_csv_span(g);
        break;
    case FORMAT_json:
        d.state = K_CALL(e, json_open, "json", ctx, emit_schema(g, src), p, end);
        break;
    default: {
        const toption_t *utf8 = emit_option(src->conn, "utf8");
        int replace = utf8 && utf8->word && !strcmp(utf8->word, "replace");
        d.state = ir_words(e, ITER_WORDS, "lines");
        K_CALL(e, line_open, "", ctx, d.state, p, end, ir_i32(e, replace));
    }
    }
    return d;
}

static LLVMValueRef next_record(gen_t *g, decoder_t d, LLVMBasicBlockRef good) {
    emit_t *e = g->e;
    switch (g->stage->source->conn->format) {
    case FORMAT_csv: return emit_csv_next(g, d, good);
    case FORMAT_json: return K_CALL(e, json_next, "found", e->fn->ctx, d.state, d.words);
    default: return K_CALL(e, line_next, "found", e->fn->ctx, d.state, d.words);
    }
}

val_t *emit_source_columns(gen_t *g, LLVMValueRef words) {
    emit_t *e = g->e;
    psource_t *src = g->stage->source;
    const type_t *row = src->flow->row_in;
    val_t *cols = ARENA_ARRAY(e->arena, val_t, row->nfields + 1);
    uint32_t w = 0;
    for (uint32_t i = 0; i < row->nfields; i++) {
        type_t *t = row->fields[i].type;
        cols[i].type = t;
        if (src->live[i]) cols[i] = val_load(e, t, ir_word(e, words, w), row->fields[i].name);
        w += t->words;
    }
    return cols;
}

/* What was put aside enters the worker's tables; those that are full go out. */
static void flush_full(gen_t *g) {
    emit_t *e = g->e;
    emit_stage_drain_all(g);
    for (size_t i = 0; i < g->stage->partials.n; i++) {
        LLVMValueRef table = K_CALL(e, partial, "partial", e->fn->ctx,
                                    ir_i64(e, g->stage->partials.at[i]->id));
        LLVMBasicBlockRef full = ir_block(e, "partial.full"), next = ir_block(e, "flushed");
        LLVMValueRef is_full = ir_bit_of(e, K_CALL(e, table_full, "full", table), "full");
        ir_if_rare(e, is_full, full, next);
        ir_at(e, full);
        ir_call(e, g->flush, (LLVMValueRef[]){e->fn->ctx}, 1, "status");
        ir_br(e, next);
        ir_at(e, next);
    }
}

static void decoded_rows(gen_t *g, LLVMValueRef p, LLVMValueRef end) {
    emit_t *e = g->e;
    pstage_t *s = g->stage;
    decoder_t d = open_decoder(g, p, end);
    g->span = d.span.state;
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    LLVMBasicBlockRef next = ir_block(e, "record"), some = ir_block(e, "record.found"),
                      good = ir_block(e, "row"), bad = ir_block(e, "record.bad"),
                      done = ir_block(e, "done");
    ir_br(e, next);
    ir_at(e, next);
    K_CALL(e, reset, "", e->fn->ctx, mark);
    LLVMValueRef found = next_record(g, d, good);
    ir_if(e, ir_eq(e, found, ir_i32(e, 0), ""), done, some);
    ir_at(e, some);
    ir_if_rare(e, ir_lt(e, found, ir_i32(e, 0), ""), bad, good);
    ir_at(e, bad);
    emit_report(g, s->step_id, s->error_port, ir_sub(e, ir_i32(e, 0), found, "code"), NULL,
                NULL);
    ir_br(e, next);
    ir_at(e, good);
    g->order = ORDER_place;
    emit_outs(g, MODE_append, emit_source_columns(g, d.words), s->source->flow->row_in);
    g->span = NULL;
    ir_br(e, next);
    ir_at(e, done);
}

static void source_block(gen_t *g) {
    emit_t *e = g->e;
    fn_t f;
    open_fn(g, &f, "block", emit_fn_type(e, 2));
    LLVMValueRef p = emit_arg(e, 1, "p"), end = emit_arg(e, 2, "end");
    LLVMBasicBlockRef here = ir_here(e);
    ir_at(e, emit_fn_before(e));
    g->bytes = ir_sub(e, ir_cast(e, LLVMPtrToInt, end, e->i64, ""),
                      ir_cast(e, LLVMPtrToInt, p, e->i64, ""), "bytes");
    ir_at(e, here);
    if (g->stage->source->conn->format == FORMAT_binary) {
        emit_binary_rows(g, p);
    } else {
        emit_see_times(g);
        decoded_rows(g, p, end);
        emit_times_seen(g);
    }
    flush_full(g);
    close_fn(g);
}

static void source_header(gen_t *g) {
    emit_t *e = g->e;
    psource_t *src = g->stage->source;
    if (src->conn->format != FORMAT_csv || !emit_option_int(src->conn, "header", 0)) return;
    fn_t f;
    open_fn(g, &f, "header", emit_fn_type(e, 3));
    LLVMValueRef status =
        K_CALL(e, csv_header, "status", e->fn->ctx, emit_schema(g, src), emit_arg(e, 1, "p"),
               emit_arg(e, 2, "end"), emit_arg(e, 3, "map"));
    ir_ret(e, status);
    emit_fn_close(e);
}

/* ---- sources of numbers ---- */

static val_t *rate_columns(gen_t *g, LLVMValueRef i, LLVMValueRef t0, LLVMValueRef rate) {
    emit_t *e = g->e;
    const type_t *row = g->stage->source->flow->row_in;
    val_t *cols = ARENA_ARRAY(e->arena, val_t, 2);
    LLVMValueRef at = K_CALL(e, rate_at, "at", i, t0, rate);
    cols[0] = val_int(e, row->fields[0].type, at);
    cols[1] = val_int(e, row->fields[1].type, i);
    return cols;
}

/* The record that the function makes of row i. */
static val_t *generated_columns(gen_t *g, LLVMValueRef i) {
    emit_t *e = g->e;
    psource_t *src = g->stage->source;
    const type_t *row = src->flow->row_in;
    ast_lambda_t *fn = AST(lambda, src->conn->pos);
    env_bind(e, fn->params.at[0]->def, val_int(e, type_basic(e->types, TY_INT), i));
    val_t record = emit_expr(e, fn->body);
    val_t *cols = ARENA_ARRAY(e->arena, val_t, row->nfields + 1);
    for (uint32_t c = 0; c < row->nfields; c++)
        cols[c] = val_coerce(e, val_field(e, record, c), row->fields[c].type);
    return cols;
}

/* An event of the benchmark: the kernel fills its words. */
static val_t *nexmark_columns(gen_t *g, LLVMValueRef i, LLVMValueRef setup) {
    emit_t *e = g->e;
    type_t *t = g->stage->source->flow->row_in->fields[0].type;
    LLVMValueRef words = ir_words(e, t->words, "event");
    LLVMValueRef at = LLVMBuildIntToPtr(e->b, setup, e->ptr, "nexmark");
    K_CALL(e, nexmark_event, "", e->fn->ctx, at, i, words);
    val_t *cols = ARENA_ARRAY(e->arena, val_t, 1);
    cols[0] = val_load(e, t, words, "event");
    return cols;
}

int emit_source_numbers(const psource_t *src) {
    int row = src->conn->row;
    return row == SOURCE_rate || row == SOURCE_generate || row == SOURCE_nexmark;
}

/* The columns of row i; t0 and rate are what the runtime hands over. */
static val_t *numbered_columns(gen_t *g, LLVMValueRef i) {
    emit_t *e = g->e;
    switch (g->stage->source->conn->row) {
    case SOURCE_rate:
        return rate_columns(g, i, emit_arg(e, 3, "t0"), emit_arg(e, 4, "rate"));
    case SOURCE_nexmark: return nexmark_columns(g, i, emit_arg(e, 3, "nexmark"));
    default: return generated_columns(g, i);
    }
}

static void source_range(gen_t *g) {
    emit_t *e = g->e;
    pstage_t *s = g->stage;
    fn_t f;
    open_fn(g, &f, "range", range_type(e));
    LLVMValueRef from = emit_arg(e, 1, "from"), to = emit_arg(e, 2, "to");
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    emit_see_times(g);
    loop_t l = ir_loop(e, ir_sub(e, to, from, "count"), "row");
    LLVMBasicBlockRef next = ir_block(e, "row.next");
    LLVMValueRef i = ir_add(e, from, l.i, "i");
    K_CALL(e, reset, "", e->fn->ctx, mark);
    K_CALL(e, ctx_set_index, "", e->fn->ctx, i);
    size_t env = env_mark(e);
    fail_t fail;
    emit_guard_open(g, &fail, "generate.error");
    val_t *cols = numbered_columns(g, i);
    for (uint32_t c = 0; c < s->source->flow->row_in->nfields; c++) /* as of other sources */
        if (!s->source->live[c]) cols[c] = (val_t){.type = cols[c].type};
    emit_guard_close(g, &fail, s->step_id, s->error_port, NULL, NULL, next);
    env_reset(e, env);
    g->order = ORDER_place;
    emit_outs(g, MODE_append, cols, s->source->flow->row_in);
    ir_br(e, next);
    ir_at(e, next);
    ir_loop_end(e, &l);
    emit_times_seen(g);
    flush_full(g);
    close_fn(g);
}

/* Writes out the worker's partial tables; of any stage that feeds some. */
static void stage_flush(gen_t *g) {
    g->flush = NULL;
    if (!g->stage->partials.n) return;
    fn_t f;
    g->flush = open_fn(g, &f, "flush", emit_fn_type(g->e, 0));
    for (size_t i = 0; i < g->stage->partials.n; i++)
        emit_agg_flush(g, g->stage->partials.at[i]);
    close_fn(g);
}

/* ---- behind an exchange ---- */

static void errors_row(gen_t *g, LLVMValueRef row) {
    emit_t *e = g->e;
    type_t *t = g->stage->exchange->row;
    val_t record = emit_read_row(g, g->stage->exchange, row, t);
    val_t *cols = ARENA_ARRAY(e->arena, val_t, t->nfields + 1);
    for (uint32_t i = 0; i < t->nfields; i++) cols[i] = val_field(e, record, i);
    emit_outs(g, MODE_append, cols, t);
}

static void keyed_row(gen_t *g, const pexchange_t *x, LLVMValueRef row,
                      LLVMBasicBlockRef next) {
    pstage_t *s = g->stage;
    if (s->sessions) {
        emit_session_row_in(g, row);
        return;
    }
    switch (s->root) {
    case ROOT_aggregate: emit_agg_row_in(g, row, next); break;
    case ROOT_errors: errors_row(g, row); break;
    case ROOT_remember: emit_remember_row_in(g, row); break;
    case ROOT_join: emit_join_row_in(g, x == s->exchange, row, next); break;
    case ROOT_latest:
    case ROOT_changes:
    case ROOT_close: emit_table_row_in(g, row); break;
    default: emit_keyed_row_in(g, row); break;
    }
}

/* Bytes from the start of a row to its key, where a row has one that leads into the stage's
 * one table; else 0. */
static int64_t key_offset(gen_t *g, const pexchange_t *x) {
    pstage_t *s = g->stage;
    int64_t words = 1 + (x->timed ? 1 : 0) + (x->signs ? 1 : 0);
    if (s->root != ROOT_aggregate || x->framed || s->sessions || plan_paned(s->step)) return 0;
    return 8 * words;
}

/* At the row `at`: the memory of the table that it and the next rows need is asked for, all
 * at once, so that rows do not wait for it one by one.  The row up to which that is done. */
static LLVMValueRef look_ahead(gen_t *g, LLVMValueRef at, LLVMValueRef end, LLVMValueRef done,
                               int64_t key) {
    emit_t *e = g->e;
    LLVMBasicBlockRef here = ir_here(e), fetch = ir_block(e, "fetch"), go = ir_block(e, "fetched");
    ir_if(e, LLVMBuildICmp(e->b, LLVMIntULT, at, done, "known"), go, fetch);
    ir_at(e, fetch);
    LLVMValueRef table = K_CALL(e, state, "table", e->fn->ctx, ir_i64(e, g->stage->state->id));
    LLVMValueRef more =
        K_CALL(e, table_ahead, "ahead", e->fn->ctx, table, at, end, ir_i64(e, key));
    ir_br(e, go);
    ir_at(e, go);
    LLVMValueRef now = ir_phi(e, e->ptr, "ahead");
    ir_phi_add(now, done, here);
    ir_phi_add(now, more, fetch);
    return now;
}

/* One input of the stage; of a join the second is the left side. */
static void keyed_rows(gen_t *g, const pexchange_t *x, const char *what) {
    emit_t *e = g->e;
    fn_t f;
    open_fn(g, &f, what, emit_fn_type(e, 2));
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    LLVMBasicBlockRef from = ir_here(e);
    LLVMValueRef p = emit_arg(e, 1, "p"), end = emit_arg(e, 2, "end");
    LLVMBasicBlockRef head = ir_block(e, "next"), body = ir_block(e, "row"),
                      next = ir_block(e, "row.done"), done = ir_block(e, "done");
    ir_br(e, head);
    ir_at(e, head);
    int64_t key = key_offset(g, x);
    LLVMValueRef at = ir_phi(e, e->ptr, "at"), ahead = key ? ir_phi(e, e->ptr, "ahead") : NULL;
    ir_phi_add(at, p, from);
    if (key) ir_phi_add(ahead, p, from);
    LLVMValueRef more = LLVMBuildICmp(e->b, LLVMIntULT, at, end, "more");
    ir_if(e, more, body, done);
    ir_at(e, body);
    LLVMValueRef fetched = key ? look_ahead(g, at, end, ahead, key) : NULL;
    K_CALL(e, reset, "", e->fn->ctx, mark);
    LLVMValueRef row = at, after;
    g->order = ORDER_place;
    if (x->framed) {
        after = K_CALL(e, frame_next, "after", at);
        row = K_CALL(e, frame_row, "encoded", e->fn->ctx, at);
        g->order = ORDER_bytes;
        g->key = K_CALL(e, frame_key, "order", at);
        g->key_len = K_CALL(e, frame_key_len, "order.len", at);
    } else {
        after = K_CALL(e, row_next, "after", at);
    }
    keyed_row(g, x, row, next);
    ir_br(e, next);
    ir_at(e, next);
    ir_phi_add(at, after, next);
    if (key) ir_phi_add(ahead, fetched, next);
    ir_br(e, head);
    ir_at(e, done);
    flush_full(g);
    close_fn(g);
}

/* latest, changes, close: emit_table.c. */
static int is_table_root(const pstage_t *s) {
    return s->root == ROOT_latest || s->root == ROOT_changes || s->root == ROOT_close;
}

static void keyed_close(gen_t *g) {
    fn_t f;
    if (g->stage->root == ROOT_errors) return;
    open_fn(g, &f, "close", emit_fn_type(g->e, 0));
    g->time = g->sign = NULL; /* those of the other function */
    g->order = ORDER_place;
    if (g->stage->sessions) emit_session_close(g);
    else if (g->stage->root == ROOT_aggregate) emit_agg_close(g);
    else if (g->stage->root == ROOT_remember) emit_remember_close(g);
    else if (g->stage->root == ROOT_join) emit_join_close(g);
    else if (is_table_root(g->stage)) emit_table_close(g);
    else emit_keyed_close(g);
    flush_full(g);
    close_fn(g);
}

static void emit_stage(gen_t *g) {
    pstage_t *s = g->stage;
    g->order = ORDER_place;
    stage_flush(g);
    if (s->root != ROOT_source) {
        keyed_rows(g, s->exchange, "rows");
        if (s->exchange2) keyed_rows(g, s->exchange2, "rows2");
        keyed_close(g);
        return;
    }
    if (emit_source_numbers(s->source)) {
        source_range(g);
    } else {
        source_header(g);
        source_block(g);
    }
}

void emit_program(emit_t *e, plan_t *plan, const plan_options *options, const char *explain,
                  const char *hash) {
    gen_t g = {.e = e, .plan = plan, .options = options};
    for (size_t i = 0; i < plan->stages.n; i++) {
        pstage_t *s = plan->stages.at[i];
        if (!s->state) continue;
        if (s->root == ROOT_join) {
            emit_layouts(&g, s);
            continue;
        }
        s->state->words = s->root == ROOT_aggregate  ? emit_agg_words(&g, s)
                          : s->root == ROOT_remember ? emit_remember_words(&g, s)
                          : is_table_root(s)         ? emit_table_words(s)
                                                     : emit_keyed_words(s);
        if (s->state->words == 0) s->state->words = 1;
        if (s->sessions) s->sessions->words = emit_session_words(s);
        emit_layouts(&g, s);
    }
    for (size_t i = 0; i < plan->stages.n; i++) {
        g.stage = plan->stages.at[i];
        g.time = g.sign = NULL;
        emit_stage(&g);
    }
    emit_main(&g, explain, hash);
}
