/* emit_agg_part.c - `aggregate` by parts: what a worker's table has is sent as the columns of the
 * states' parts (runtime/kernel/k_agg.def), and merged into the states behind the exchange. */
#include "compiler/emit/emit_agg.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_staging.h"
#include "compiler/emit/emit_time.h"

enum { PART_COLUMNS = 20 }; /* corr has fifteen */

/* The part of one aggregate: its columns, their words together, and where its state begins. */
typedef struct part {
    aggk_t k;
    type_t *types[PART_COLUMNS];
    size_t n;
    uint32_t words;
    int64_t at;
    LLVMValueRef code; /* of the type of its values */
} part_t;

/* Those of a step one after the other: the i-th, behind the words that those before take. */
static part_t part_of(emit_t *e, const tstep_t *s, size_t i, int64_t *at) {
    const agg_call_t *c = s->u.aggregate.aggs[i];
    type_t *value = emit_agg_value(e, c);
    part_t p = {.k = emit_agg_kernel(e, c), .at = *at, .code = emit_type_code(e, value)};
    p.n = emit_agg_types(e, p.k.partial, value, p.types);
    flow_assert(p.n <= PART_COLUMNS);
    for (size_t j = 0; j < p.n; j++) p.words += p.types[j]->words;
    *at += p.k.words;
    return p;
}

static void part_call(gen_t *g, int callee, LLVMValueRef heap, LLVMValueRef words, const part_t *p,
                      LLVMValueRef columns) {
    emit_t *e = g->e;
    k_call(e, (kfn_id)callee,
           (LLVMValueRef[]){e->fn->ctx, heap, ir_word(e, words, p->at), columns, p->code}, 5, "");
}

val_t emit_agg_part(gen_t *g, pstage_t *stage, LLVMValueRef heap, LLVMValueRef words,
                    gkey_t key) {
    emit_t *e = g->e;
    tstep_t *s = stage->step;
    type_t *record = emit_agg_exchange_row(g, stage);
    val_t *fields = ARENA_ARRAY(e->arena, val_t, record->nfields);
    fields[0] = emit_key_value(g, key);
    uint32_t f = emit_agg_first_column(s);
    if (f == 2) fields[1] = emit_window_value(g, type_window(e->types));
    int64_t at = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        part_t p = part_of(e, s, i, &at);
        LLVMValueRef out = ir_words(e, p.words, "part");
        part_call(g, p.k.part, heap, words, &p, out);
        int64_t w = 0;
        for (size_t j = 0; j < p.n; j++) {
            fields[f++] = val_load(e, p.types[j], ir_word(e, out, w), "part");
            w += p.types[j]->words;
        }
    }
    return val_record(e, record, fields);
}

/* What crosses an exchange of parts for a row that is no part of a table. */
static type_t *alone_row(gen_t *g, pstage_t *stage) {
    stage->partial = 0;
    type_t *row = emit_agg_exchange_row(g, stage);
    stage->partial = 1;
    return row;
}

/* Where the source sends what a partial table holds. */
static pport_t *port_of(const pstage_t *source, const pstate_t *state) {
    for (size_t i = 0; i < source->ports.n; i++)
        if (source->ports.at[i]->exchange && source->ports.at[i]->exchange->step == state->step)
            return source->ports.at[i];
    flow_unreachable("a partial table without a port");
}

void emit_agg_send_alone(gen_t *g, const pstate_t *state, gkey_t key, const val_t *args) {
    emit_t *e = g->e;
    pport_t *port = port_of(g->stage, state);
    pstage_t *stage = g->plan->stages.at[port->exchange->consumer];
    type_t *record = alone_row(g, stage);
    val_t *fields = ARENA_ARRAY(e->arena, val_t, record->nfields);
    fields[0] = emit_key_value(g, key);
    for (uint32_t i = 1; i < record->nfields; i++) fields[i] = args[i - 1];
    emit_send_marked(g, port, emit_part_of(g, port->exchange, key), val_record(e, record, fields));
}

/* Sends the entries of a table. */
static void flush_table(gen_t *g, LLVMValueRef table, void *state) {
    emit_t *e = g->e;
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    loop_t l = ir_loop(e, K_CALL(e, table_end, "entries", table), "flush");
    pport_t *port = port_of(g->stage, state);
    gkey_t key = emit_agg_entry_key(g, table, l.i, ((pstate_t *)state)->int_key);
    val_t row = emit_agg_part(g, g->plan->stages.at[port->exchange->consumer],
                              K_CALL(e, table_heap, "heap", table),
                              K_CALL(e, table_words, "entry", table, l.i), key);
    emit_send_row(g, port, emit_part_of(g, port->exchange, key), row);
    K_CALL(e, reset, "", e->fn->ctx, mark);
    ir_loop_end(e, &l);
}

/* Writes the worker's partial table out and empties it. */
void emit_agg_flush(gen_t *g, pstate_t *state) {
    emit_t *e = g->e;
    LLVMValueRef table = K_CALL(e, partial, "partial", e->fn->ctx, ir_i64(e, state->id));
    if (plan_paned(state->step)) {
        emit_panes_flush(g, table, flush_table, state);
        return;
    }
    flush_table(g, table, state);
    K_CALL(e, table_clear, "", e->fn->ctx, table);
}

/* ---- behind the exchange ---- */

void emit_agg_merge(gen_t *g, tstep_t *s, LLVMValueRef table, LLVMValueRef words, val_t row) {
    emit_t *e = g->e;
    LLVMValueRef heap = K_CALL(e, table_heap, "heap", table);
    int64_t at = 0;
    uint32_t f = emit_agg_first_column(s);
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        part_t p = part_of(e, s, i, &at);
        LLVMValueRef in = ir_words(e, p.words, "part");
        int64_t w = 0;
        for (size_t k = 0; k < p.n; k++) {
            val_store(e, val_field(e, row, f++), ir_word(e, in, w));
            w += p.types[k]->words;
        }
        part_call(g, p.k.merge, heap, words, &p, in);
    }
}

/* i32 fold(ctx, to, from): the states of each key of a table into those of another. */
LLVMValueRef emit_agg_fold_function(gen_t *g) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    int int_key = g->stage->state->int_key;
    fn_t f;
    const char *name = arena_printf(e->arena, "flowgen_stage%d_fold", g->stage->id);
    emit_fn_open(e, &f, name, emit_fn_type(e, 2), s->at);
    LLVMValueRef fn = f.fn, to = emit_arg(e, 1, "to"), from = emit_arg(e, 2, "from");
    LLVMValueRef out = K_CALL(e, table_heap, "heap", to), in = K_CALL(e, table_heap, "heap", from);
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    loop_t l = ir_loop(e, K_CALL(e, table_end, "entries", from), "entry");
    LLVMValueRef source = K_CALL(e, table_words, "entry", from, l.i);
    LLVMValueRef words = emit_agg_probe(g, to, emit_agg_entry_key(g, from, l.i, int_key));
    int64_t at = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        part_t p = part_of(e, s, i, &at);
        LLVMValueRef part = ir_words(e, p.words, "part");
        part_call(g, p.k.part, in, source, &p, part);
        part_call(g, p.k.merge, out, words, &p, part);
    }
    K_CALL(e, reset, "", e->fn->ctx, mark);
    ir_loop_end(e, &l);
    ir_ret(e, ir_i32(e, 0));
    emit_fn_close(e);
    return fn;
}
