/* emit_agg.c - `aggregate`: arguments before the exchange, states behind it.
 *
 * What crosses the exchange is { key, one column per aggregate }.  Without the rule
 * `preagg` a column holds the aggregate's arguments (T? where a row may not count); with
 * it each worker steps a table of its own and the columns are those of the states' parts
 * (runtime/kernel/k_agg.def).  Behind the exchange one table per partition takes them in;
 * when the batch closes, each entry gives its row.
 *
 * The words of an entry are those of the aggregates, one behind the other. */
#include "compiler/emit/emit_stage.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_agg_time.h"
#include "compiler/emit/emit_aggk.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_fold.h"
#include "compiler/emit/emit_staging.h"
#include "compiler/emit/emit_time.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/builtins.h"

/* ---- the kernel's side of a call ---- */

static const char *id_of(const agg_call_t *c) {
    return agg_at(c->agg)->id;
}

static int is_arg_of(const agg_call_t *c) {
    return !strncmp(id_of(c), "arg_", 4);
}

/* The type that `T` of k_agg.def means: of x, or of v for arg_min and arg_max. */
static type_t *value_type(emit_t *e, const agg_call_t *c) {
    return c->nargs ? type_strip(c->args[0]->type) : type_basic(e->types, TY_INT);
}

static aggk_t aggk_of(emit_t *e, const agg_call_t *c) {
    if (emit_is_fold(c)) return (aggk_t){.id = id_of(c), .words = FOLD_WORDS};
    if (c->by_time) return emit_timed_aggk(e, c);
    size_t i = is_arg_of(c) ? 1 : 0; /* these go by their key */
    type_t *t = c->nargs > i ? type_strip(c->args[i]->type) : type_basic(e->types, TY_INT);
    return emit_aggk(e, id_of(c), t);
}

/* Type codes of k_agg.def ("ffy", "?T") to types, into out. */
static size_t types_of_codes(emit_t *e, const char *codes, type_t *t, type_t **out) {
    size_t n = 0;
    int option = 0;
    for (const char *p = codes; *p; p++) {
        if (*p == '?') {
            option = 1;
            continue;
        }
        int list = *p == '[';
        type_t *x = emit_aggk_type(e, list ? *++p : *p, t);
        if (list) x = type_list(e->types, x);
        out[n++] = option ? type_option(e->types, x) : x;
        option = 0;
    }
    return n;
}

/* For sinks that are shown the keys that changed, an entry remembers the row it gave last:
 * a touched key whose row is the same is not shown.  Not needed where a plain count is
 * among the aggregates, which every row changes. */
static int remembers_row(const pstage_t *st) {
    if (!emit_has_mode(st, MODE_update)) return 0;
    tstep_t *s = st->step;
    for (size_t i = 0; i < s->u.aggregate.nitems; i++) {
        node_t *n = s->u.aggregate.items[i].expr;
        for (size_t k = 0; k < s->u.aggregate.naggs; k++) {
            const agg_call_t *c = s->u.aggregate.aggs[k];
            if (c->call == n && !strcmp(agg_at(c->agg)->id, "count") && !c->nargs && !c->when)
                return 0;
        }
    }
    return 1;
}

enum {
    BLOB_WORDS = 2, /* runtime/kernel/k_heap.h */
    RING_WORDS = 4, /* runtime/kernel/k_ring.h */
    ROWS_TAIL = 3   /* behind the states of a tumbling window of rows */
};

int emit_agg_words(gen_t *g, pstage_t *stage) {
    tstep_t *s = stage->step;
    int n = remembers_row(stage) ? BLOB_WORDS : 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++)
        n += aggk_of(g->e, s->u.aggregate.aggs[i]).words;
    if (!plan_by_rows(s)) return n;
    return s->in.window->kind == WINDOW_sliding ? RING_WORDS : n + ROWS_TAIL;
}

/* ---- the columns of the exchange ---- */

static int is_row_arg(const agg_call_t *c, uint32_t i) {
    return c->args[i] && c->kinds[i] == AGG_ARG_row;
}

static int is_conditional(const agg_call_t *c) {
    if (c->when) return 1;
    for (uint32_t i = 0; i < c->nargs; i++)
        if (is_row_arg(c, i) && c->args[i]->type->kind == TY_OPTION) return 1;
    return 0;
}

/* The arguments of a row as a record; count needs none of them but their `?`. */
static type_t *args_type(emit_t *e, const agg_call_t *c) {
    field_t fields[8];
    uint32_t n = 0;
    flow_assert(c->nargs <= 8);
    for (uint32_t i = 0; i < c->nargs && strcmp(id_of(c), "count"); i++)
        if (is_row_arg(c, i))
            fields[n++] = (field_t){.name = arena_printf(e->arena, "a%u", i),
                                    .type = type_strip(c->args[i]->type)};
    type_t *t = type_record(e->types, NULL, fields, n);
    return is_conditional(c) ? type_option(e->types, t) : t;
}

static size_t exchange_columns(gen_t *g, pstage_t *stage, type_t **types, size_t room) {
    emit_t *e = g->e;
    tstep_t *s = stage->step;
    size_t n = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        flow_assert(n + 16 < room);
        if (stage->partial)
            n += types_of_codes(e, aggk_of(e, c).partial, value_type(e, c), types + n);
        else types[n++] = args_type(e, c);
    }
    return n;
}

/* The columns of one row's arguments, as aggs see them; none where a row does not count. */
static val_t args_value(gen_t *g, const agg_call_t *c) {
    emit_t *e = g->e;
    type_t *t = args_type(e, c);
    type_t *record = type_strip(t);
    val_t fields[8];
    uint32_t n = 0;
    if (t == record) {
        for (uint32_t i = 0; n < record->nfields; i++)
            if (is_row_arg(c, i)) fields[n++] = emit_expr(e, c->args[i]);
        return val_record(e, record, fields);
    }
    join_t join = val_join(e, t, "args");
    if (c->when) {
        LLVMBasicBlockRef counts = ir_block(e, "when"), not = ir_block(e, "when.not");
        ir_if(e, emit_cond(e, c->when), counts, not);
        ir_at(e, not);
        val_join_add(e, &join, val_none(e, t));
        ir_at(e, counts);
    }
    for (uint32_t i = 0; i < c->nargs; i++) {
        if (!is_row_arg(c, i)) continue;
        val_t v = emit_expr(e, c->args[i]);
        if (v.type->kind == TY_OPTION) {
            LLVMBasicBlockRef some = ir_block(e, "some"), none = ir_block(e, "none");
            ir_if(e, val_has(e, v), some, none);
            ir_at(e, none);
            val_join_add(e, &join, val_none(e, t));
            ir_at(e, some);
            v = val_unwrap(e, v);
        }
        if (n < record->nfields) fields[n++] = v;
    }
    val_join_add(e, &join, val_some(e, val_record(e, record, fields)));
    return val_join_end(e, &join);
}

static void call_step(gen_t *g, const agg_call_t *c, aggk_t k, LLVMValueRef heap,
                      LLVMValueRef state, val_t args) {
    emit_t *e = g->e;
    if (c->by_time) {
        emit_timed_step(g, c, heap, state, args, value_type(e, c));
        return;
    }
    LLVMValueRef a[12] = {e->fn->ctx, heap, state};
    unsigned n = 3;
    if (is_arg_of(c)) { /* (v, k): the key first, then v */
        emit_aggk_push(e, &k, val_field(e, args, 1), a, &n);
        a[n++] = val_spill(e, val_field(e, args, 0));
    } else {
        uint32_t f = 0;
        for (uint32_t i = 0; i < c->nargs; i++)
            if (c->kinds[i] == AGG_ARG_const && c->args[i])
                emit_aggk_push_const(emit_expr_as(e, c->args[i], c->arg_types[i]), a, &n);
            else if (f < args.type->nfields)
                emit_aggk_push(e, &k, val_field(e, args, f++), a, &n);
    }
    a[n++] = emit_type_code(e, value_type(e, c));
    k_call(e, (kfn_id)k.step, a, n, "");
}

static void step_all(gen_t *g, tstep_t *s, LLVMValueRef heap, LLVMValueRef words,
                     const val_t *args) {
    emit_t *e = g->e;
    int64_t at = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        aggk_t k = aggk_of(e, c);
        LLVMValueRef state = ir_word(e, words, at);
        at += k.words;
        if (emit_is_fold(c)) continue; /* fold_all has done it */
        if (args[i].type->kind != TY_OPTION) {
            call_step(g, c, k, heap, state, args[i]);
            continue;
        }
        LLVMBasicBlockRef some = ir_block(e, "agg.some"), next = ir_block(e, "agg.next");
        ir_if(e, val_has(e, args[i]), some, next);
        ir_at(e, some);
        call_step(g, c, k, heap, state, val_unwrap(e, args[i]));
        ir_br(e, next);
        ir_at(e, next);
    }
}

void emit_agg_step_all(gen_t *g, tstep_t *s, LLVMValueRef table, LLVMValueRef words,
                       const val_t *args) {
    step_all(g, s, K_CALL(g->e, table_heap, "heap", table), words, args);
}

static int is_collecting(const agg_call_t *c) {
    return !strncmp(id_of(c), "collect", 7) || !strcmp(id_of(c), "concat");
}

/* A full list refuses a row that it would take, before any aggregate has stepped. */
static void ask_room(gen_t *g, tstep_t *s, LLVMValueRef words, const val_t *args) {
    emit_t *e = g->e;
    int64_t at = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        if (is_collecting(c)) {
            LLVMValueRef limit = K_CALL(e, ctx_collect_limit, "limit", e->fn->ctx);
            LLVMValueRef full = K_CALL(e, agg_room, "room", ir_word(e, words, at), limit);
            if (args[i].type->kind == TY_OPTION)
                full = ir_select(e, val_has(e, args[i]), full, ir_i32(e, 0), "full");
            emit_fail_status(e, full);
        }
        at += aggk_of(e, c).words;
    }
}

/* Folds what is to be folded: all values before the first is kept, for one may fail. */
static void fold_all(gen_t *g, tstep_t *s, LLVMValueRef heap, LLVMValueRef words,
                     const val_t *args) {
    emit_t *e = g->e;
    size_t n = s->u.aggregate.naggs;
    val_t *next = ARENA_ARRAY(e->arena, val_t, n + 1);
    for (int keep = 0; keep < 2; keep++) {
        int64_t at = 0;
        for (size_t i = 0; i < n; i++) {
            const agg_call_t *c = s->u.aggregate.aggs[i];
            LLVMValueRef state = ir_word(e, words, at);
            at += aggk_of(e, c).words;
            if (!emit_is_fold(c)) continue;
            if (keep) emit_fold_keep(g, heap, state, next[i]);
            else next[i] = emit_fold_next(g, c, state, args[i]);
        }
    }
}

/* Constants that make no sense are an error of the row that meets them. */
static void check_constants(gen_t *g, const agg_call_t *c) {
    emit_t *e = g->e;
    val_t consts[8];
    size_t n = 0;
    for (uint32_t i = 0; i < c->nargs && !emit_is_fold(c); i++)
        if (c->kinds[i] == AGG_ARG_const && c->args[i])
            consts[n++] = emit_expr_as(e, c->args[i], c->arg_types[i]);
    emit_agg_check(e, c->agg, consts);
}

/* ---- before the exchange ---- */

typedef struct inputs {
    gkey_t key;
    val_t window; /* of a paned root */
    val_t *args;
} inputs_t;

/* Keys and arguments of a row, computed under one guard. */
static inputs_t compute(gen_t *g, pop_t *op, val_t *cols, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    tstep_t *s = op->step;
    inputs_t in = {.args = ARENA_ARRAY(e->arena, val_t, s->u.aggregate.naggs + 1)};
    val_t *keys = ARENA_ARRAY(e->arena, val_t, s->u.aggregate.nkeys + 1);
    fail_t fail;
    emit_guard_open(g, &fail, "aggregate.error");
    for (size_t i = 0; i < s->u.aggregate.nkeys; i++)
        keys[i] = emit_expr_as(e, s->u.aggregate.keys[i].expr, s->u.aggregate.keys[i].type);
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        check_constants(g, s->u.aggregate.aggs[i]);
        in.args[i] = args_value(g, s->u.aggregate.aggs[i]);
    }
    emit_guard_close(g, &fail, op->step_id, op->error_port, cols, op->row_in, next);
    in.key = emit_key(g, keys, s->u.aggregate.nkeys,
                      g->plan->stages.at[op->port->exchange->consumer]->state->int_key);
    if (plan_paned(s)) in.window = cols[s->in.window_column];
    return in;
}

static type_t *key_type(gen_t *g, const pstage_t *stage) {
    return type_basic(g->e->types, stage->state->int_key ? TY_INT : TY_BYTES);
}

/* The first field of the aggregates: behind the key and the window. */
static uint32_t first_column(const tstep_t *s) {
    return plan_paned(s) ? 2 : 1;
}

/* What crosses the exchange: the key, the window, and the columns of each aggregate. */
static type_t *exchange_row(gen_t *g, pstage_t *stage) {
    emit_t *e = g->e;
    size_t room = stage->step->u.aggregate.naggs * 17 + 19;
    uint32_t first = first_column(stage->step);
    type_t **types = ARENA_ARRAY(e->arena, type_t *, room);
    field_t *fields = ARENA_ARRAY(e->arena, field_t, room);
    size_t n = exchange_columns(g, stage, types, room);
    fields[0] = (field_t){.name = "key", .type = key_type(g, stage)};
    if (first == 2) fields[1] = emit_window_field(g);
    for (size_t i = 0; i < n; i++)
        fields[first + i] =
            (field_t){.name = arena_printf(e->arena, "c%zu", i), .type = types[i]};
    return type_record(e->types, NULL, fields, first + (uint32_t)n);
}

void emit_agg_send(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    LLVMBasicBlockRef next = ir_block(e, "aggregate.next");
    pstage_t *stage = g->plan->stages.at[op->port->exchange->consumer];
    inputs_t in = compute(g, op, cols, next);
    size_t n = op->step->u.aggregate.naggs;
    uint32_t first = first_column(op->step);
    val_t *fields = ARENA_ARRAY(e->arena, val_t, n + 2);
    fields[0] = emit_key_value(g, in.key);
    if (first == 2) fields[1] = in.window;
    for (size_t i = 0; i < n; i++) fields[first + i] = in.args[i];
    emit_send_row(g, op->port, emit_part_of(g, op->port->exchange, in.key),
                  val_record(e, exchange_row(g, stage), fields));
    ir_br(e, next);
    ir_at(e, next);
}

void emit_agg_partial(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    LLVMBasicBlockRef next = ir_block(e, "aggregate.next"), now = ir_block(e, "aggregate.now");
    inputs_t in = compute(g, op, cols, next);
    LLVMValueRef table = K_CALL(e, partial, "partial", e->fn->ctx, ir_i64(e, op->state->id));
    int paned = plan_paned(op->step);
    if (paned) table = emit_pane(g, table, in.window);
    if (!paned && emit_stage_can(g, op, in.args)) {
        LLVMBasicBlockRef aside = ir_block(e, "aggregate.aside");
        ir_if(e, emit_stage_wanted(g, table, in.key), aside, now);
        ir_at(e, aside);
        emit_stage_put(g, op, table, in.key, in.args);
        ir_br(e, next);
    } else {
        ir_br(e, now);
    }
    ir_at(e, now);
    LLVMValueRef words = emit_probe(g, table, in.key);
    emit_agg_step_all(g, op->step, table, words, in.args);
    ir_br(e, next);
    ir_at(e, next);
}

/* The gkey of entry i of a table. */
static gkey_t entry_key(gen_t *g, LLVMValueRef table, LLVMValueRef i, int int_key) {
    emit_t *e = g->e;
    if (int_key)
        return (gkey_t){.is_int = 1, .i64 = K_CALL(e, table_key_i64, "key", table, i)};
    LLVMValueRef text = ir_words(e, 2, "key");
    K_CALL(e, table_key_text, "", table, i, text);
    return (gkey_t){.ptr = ir_load(e, e->ptr, text, "key"),
                    .len = ir_load(e, e->i64, ir_word(e, text, 1), "key.len")};
}

enum { PART_COLUMNS = 20 }; /* corr has fifteen */

/* The columns of the part of one state, and their words together. */
static size_t part_types(emit_t *e, const agg_call_t *c, aggk_t k, type_t **types,
                         uint32_t *words) {
    size_t n = types_of_codes(e, k.partial, value_type(e, c), types);
    flow_assert(n <= PART_COLUMNS);
    *words = 0;
    for (size_t i = 0; i < n; i++) *words += types[i]->words;
    return n;
}

typedef struct flush {
    pport_t *port;
    pstate_t *state;
} flush_t;

/* Sends the entries of a table. */
static void flush_table(gen_t *g, LLVMValueRef table, void *env) {
    emit_t *e = g->e;
    pport_t *port = ((flush_t *)env)->port;
    pstate_t *state = ((flush_t *)env)->state;
    pstage_t *stage = g->plan->stages.at[port->exchange->consumer];
    tstep_t *s = state->step;
    type_t *record = exchange_row(g, stage);
    LLVMValueRef heap = K_CALL(e, table_heap, "heap", table);
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    loop_t l = ir_loop(e, K_CALL(e, table_end, "entries", table), "flush");
    LLVMValueRef words = K_CALL(e, table_words, "entry", table, l.i);
    gkey_t key = entry_key(g, table, l.i, state->int_key);
    val_t *fields = ARENA_ARRAY(e->arena, val_t, record->nfields);
    fields[0] = emit_key_value(g, key);
    uint32_t f = first_column(s);
    if (f == 2) fields[1] = emit_window_value(g, type_window(e->types));
    int64_t at = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        aggk_t k = aggk_of(e, c);
        type_t *types[PART_COLUMNS];
        uint32_t total;
        size_t n = part_types(e, c, k, types, &total);
        LLVMValueRef out = ir_words(e, total, "part");
        k_call(e, (kfn_id)k.part,
               (LLVMValueRef[]){e->fn->ctx, heap, ir_word(e, words, at), out,
                                emit_type_code(e, value_type(e, c))},
               5, "");
        int64_t w = 0;
        for (size_t j = 0; j < n; j++) {
            fields[f++] = val_load(e, types[j], ir_word(e, out, w), "part");
            w += types[j]->words;
        }
        at += k.words;
    }
    emit_send_row(g, port, emit_part_of(g, port->exchange, key), val_record(e, record, fields));
    K_CALL(e, reset, "", e->fn->ctx, mark);
    ir_loop_end(e, &l);
}

/* Writes the worker's partial table out and empties it. */
void emit_agg_flush(gen_t *g, pstage_t *source, pstate_t *state) {
    emit_t *e = g->e;
    flush_t to = {.state = state};
    for (size_t i = 0; i < source->ports.n; i++)
        if (source->ports.at[i]->exchange && source->ports.at[i]->exchange->step == state->step)
            to.port = source->ports.at[i];
    flow_assert(to.port);
    LLVMValueRef table = K_CALL(e, partial, "partial", e->fn->ctx, ir_i64(e, state->id));
    if (plan_paned(state->step)) {
        emit_panes_flush(g, table, flush_table, &to);
        return;
    }
    flush_table(g, table, &to);
    K_CALL(e, table_clear, "", e->fn->ctx, table);
}

/* ---- behind the exchange ---- */

static void merge_all(gen_t *g, tstep_t *s, LLVMValueRef table, LLVMValueRef words,
                      val_t row) {
    emit_t *e = g->e;
    LLVMValueRef heap = K_CALL(e, table_heap, "heap", table);
    int64_t at = 0;
    uint32_t f = first_column(s);
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        aggk_t k = aggk_of(e, c);
        type_t *types[PART_COLUMNS];
        uint32_t total;
        size_t n = part_types(e, c, k, types, &total);
        LLVMValueRef in = ir_words(e, total, "part");
        int64_t w = 0;
        for (size_t j = 0; j < n; j++) {
            val_store(e, val_field(e, row, f++), ir_word(e, in, w));
            w += types[j]->words;
        }
        k_call(e, (kfn_id)k.merge,
               (LLVMValueRef[]){e->fn->ctx, heap, ir_word(e, words, at), in,
                                emit_type_code(e, value_type(e, c))},
               5, "");
        at += k.words;
    }
}

/* From here on rows stand where the entry of the key stands when the batch closes. */
static void order_of_key(gen_t *g, gkey_t key) {
    emit_t *e = g->e;
    if (g->in_place) return;
    if (g->win_start && !plan_by_rows(g->stage->step)) {
        emit_window_order(g, key, NULL);
        return;
    }
    LLVMValueRef step = ir_i64(e, g->stage->step_id), len = ir_words(e, 1, "order.len");
    g->order = ORDER_bytes;
    g->key = key.is_int ? K_CALL(e, order_int, "order", e->fn->ctx, step, key.i64, len)
                        : K_CALL(e, order_key, "order", e->fn->ctx, step, key.ptr, key.len, len);
    g->key_len = ir_load(e, e->i64, len, "order.len");
}

/* What is known of the row behind the exchange: its key. */
static void report_full(gen_t *g, fail_t *fail, gkey_t key, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    size_t n = st->step->u.aggregate.nkeys;
    type_t **types = ARENA_ARRAY(e->arena, type_t *, n + 1);
    val_t *parts = ARENA_ARRAY(e->arena, val_t, n + 1);
    field_t *names = ARENA_ARRAY(e->arena, field_t, n + 1);
    for (size_t k = 0; k < n; k++) {
        names[k] = st->step->row_out->fields[k];
        types[k] = names[k].type;
    }
    LLVMBasicBlockRef here = ir_here(e);
    ir_at(e, fail->block);
    if (n) emit_key_parts(g, key, types, parts, n);
    order_kind order = g->order;
    LLVMValueRef time = g->time;
    if (order == ORDER_place) order_of_key(g, key); /* the exchange carries no places */
    emit_report(g, st->step_id, st->error_port, fail->code, parts,
                type_record(e->types, NULL, names, (uint32_t)n));
    g->order = order;
    g->time = time;
    ir_br(e, next);
    ir_at(e, here);
}

/* The arguments of an exchange row into the state of its key. */
static void feed(gen_t *g, LLVMValueRef heap, LLVMValueRef words, val_t row,
                 LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    size_t n = st->step->u.aggregate.naggs;
    val_t *args = ARENA_ARRAY(e->arena, val_t, n + 1);
    for (size_t i = 0; i < n; i++)
        args[i] = val_field(e, row, first_column(st->step) + (uint32_t)i);
    fail_t fail;
    emit_guard_open(g, &fail, "aggregate.full");
    ask_room(g, st->step, words, args);
    fold_all(g, st->step, heap, words, args);
    if (emit_fail_close(e, &fail)) report_full(g, &fail, emit_key_of(val_field(e, row, 0)), next);
    step_all(g, st->step, heap, words, args);
}

/* The result of one aggregate, of the type of its call. */
static val_t result_of(gen_t *g, const agg_call_t *c, LLVMValueRef heap, LLVMValueRef state) {
    emit_t *e = g->e;
    if (emit_is_fold(c)) return emit_fold_result(g, c, state);
    aggk_t k = aggk_of(e, c);
    type_t *t[2];
    if (*k.result == 'R') t[0] = c->result;
    else types_of_codes(e, k.result, value_type(e, c), t);
    LLVMValueRef out = ir_words(e, t[0]->words + 1, "result");
    LLVMValueRef status =
        c->by_time ? emit_timed_result(g, c, heap, state, out, value_type(e, c))
                   : k_call(e, (kfn_id)k.res,
                            (LLVMValueRef[]){e->fn->ctx, heap, state, out,
                                             emit_type_code(e, value_type(e, c))},
                            5, "status");
    emit_fail_status(e, status);
    val_t v = val_load(e, t[0], out, k.id);
    type_t *want = c->result;
    if (v.type->kind == TY_OPTION && want->kind != TY_OPTION) v = val_unwrap(e, v);
    if (type_equal(v.type, want)) return v;
    return (val_t){.type = want, .leaf = v.leaf};
}

/* The row of a key: keys, items, window; then on to the outs. */
static void give_row(gen_t *g, gkey_t key, LLVMValueRef heap, LLVMValueRef words,
                     sink_mode mode, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    size_t nkeys = s->u.aggregate.nkeys;
    type_t **types = ARENA_ARRAY(e->arena, type_t *, nkeys + 1);
    val_t *mid = ARENA_ARRAY(e->arena, val_t, nkeys + 2);
    for (size_t k = 0; k < nkeys; k++) types[k] = s->u.aggregate.keys[k].type;
    if (nkeys) emit_key_parts(g, key, types, mid, nkeys);
    uint32_t nmid = (uint32_t)nkeys;
    int w = s->u.aggregate.window_out;
    if (w >= 0) mid[nmid++] = emit_window_value(g, s->row_out->fields[w].type);
    val_t *out = ARENA_ARRAY(e->arena, val_t, s->row_out->nfields + 1);
    fail_t fail;
    if (g->stage->error_port >= 0) order_of_key(g, key);
    emit_guard_open(g, &fail, "aggregate.error");
    size_t mark = emit_calls_mark(e);
    int64_t at = 0;
    for (size_t a = 0; a < s->u.aggregate.naggs; a++) {
        const agg_call_t *c = s->u.aggregate.aggs[a];
        emit_calls_bind(e, c->call, result_of(g, c, heap, ir_word(e, words, at)));
        at += aggk_of(e, c).words;
    }
    e->row = mid;
    e->nrow = nmid;
    for (size_t k = 0; k < nkeys; k++) out[k] = mid[k];
    for (size_t k = 0; k < s->u.aggregate.nitems; k++)
        out[nkeys + k] = val_named(
            e, emit_expr_as(e, s->u.aggregate.items[k].expr, s->u.aggregate.items[k].type),
            s->u.aggregate.items[k].name);
    if (s->u.aggregate.window_out >= 0) out[s->u.aggregate.window_out] = mid[nkeys];
    emit_calls_reset(e, mark);
    type_t *known = s->row_out;
    field_t *names = ARENA_ARRAY(e->arena, field_t, nkeys + 1);
    for (size_t k = 0; k < nkeys; k++) names[k] = known->fields[k];
    emit_guard_close(g, &fail, g->stage->step_id, g->stage->error_port, mid,
                     type_record(e->types, NULL, names, (uint32_t)nkeys), next);
    if (mode == MODE_update && remembers_row(g->stage)) {
        field_t *cols = ARENA_ARRAY(e->arena, field_t, s->u.aggregate.nitems + 1);
        for (size_t k = 0; k < s->u.aggregate.nitems; k++)
            cols[k] = s->row_out->fields[nkeys + k];
        val_t row = val_record(
            e, type_record(e->types, NULL, cols, (uint32_t)s->u.aggregate.nitems), out + nkeys);
        LLVMValueRef changed =
            K_CALL(e, blob_change, "changed", e->fn->ctx, heap, ir_word(e, words, at),
                   val_spill(e, row), emit_type_code(e, row.type));
        LLVMBasicBlockRef show = ir_block(e, "entry.changed");
        ir_if(e, ir_bit_of(e, changed, "changed"), show, next);
        ir_at(e, show);
    }
    if (g->stage->error_port < 0) order_of_key(g, key);
    emit_outs(g, mode, out, s->row_out);
}

/* ---- windows of rows ----
 *
 * A tumbling one steps the state of its key with each row: behind the words of the
 * aggregates are how many rows are in, the number of the window and the latest time.  A
 * sliding one keeps its rows, and computes its aggregates from them when it fires. */

static int state_words(gen_t *g, const tstep_t *s) {
    int n = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++)
        n += aggk_of(g->e, s->u.aggregate.aggs[i]).words;
    return n;
}

static void zero_words(gen_t *g, LLVMValueRef words, int n) {
    for (int i = 0; i < n; i++) ir_store(g->e, ir_i64(g->e, 0), ir_word(g->e, words, i));
}

/* What the states own goes, and they are as at first. */
static void drop_states(gen_t *g, LLVMValueRef heap, LLVMValueRef words) {
    emit_t *e = g->e;
    const tstep_t *s = g->stage->step;
    int64_t at = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        aggk_t k = aggk_of(e, c);
        LLVMValueRef state = ir_word(e, words, at);
        at += k.words;
        if (emit_is_fold(c)) {
            K_CALL(e, blob_drop, "", e->fn->ctx, heap, state);
        } else if (!k.cls) {
            K_CALL(e, bag_drop, "", e->fn->ctx, heap, state);
        } else {
            int drop = kfn_by_name(arena_printf(e->arena, "agg_%s_%s_drop", k.id, k.cls));
            k_call(e, (kfn_id)drop,
                   (LLVMValueRef[]){e->fn->ctx, heap, state,
                                    emit_type_code(e, value_type(e, c))},
                   4, "");
        }
    }
    zero_words(g, words, (int)at);
}

/* The row of a window that is full, or open at the end. */
static void give_rows_window(gen_t *g, gkey_t key, LLVMValueRef heap, LLVMValueRef words,
                             LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMValueRef tail = ir_word(e, words, state_words(g, g->stage->step));
    g->win_end = ir_load(e, e->i64, tail, "rows");
    g->win_start = ir_load(e, e->i64, ir_word(e, tail, 1), "number");
    if (g->stage->exchange->timed) g->time = ir_load(e, e->i64, ir_word(e, tail, 2), "latest");
    give_row(g, key, heap, words, MODE_append, next);
    g->win_start = g->win_end = NULL;
}

static void tumbling_row_in(gen_t *g, LLVMValueRef heap, LLVMValueRef words, val_t row,
                            LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMValueRef tail = ir_word(e, words, state_words(g, g->stage->step));
    LLVMValueRef latest = ir_word(e, tail, 2), number = ir_word(e, tail, 1);
    feed(g, heap, words, row, next);
    LLVMValueRef in = ir_load(e, e->i64, tail, "rows");
    LLVMValueRef now = ir_add(e, in, ir_i64(e, 1), "rows");
    ir_store(e, now, tail);
    if (g->time) {
        LLVMValueRef later = emit_later(g, g->time, ir_load(e, e->i64, latest, "latest"));
        LLVMValueRef first = ir_eq(e, in, ir_i64(e, 0), "first");
        ir_store(e, ir_select(e, first, g->time, later, "latest"), latest);
    }
    LLVMBasicBlockRef full = ir_block(e, "window.full"), fired = ir_block(e, "window.fired");
    ir_if_rare(e, ir_eq(e, now, emit_rows_size(g), "full"), full, next);
    ir_at(e, full);
    g->in_place = 1;
    give_rows_window(g, emit_key_of(val_field(e, row, 0)), heap, words, fired);
    g->in_place = 0;
    ir_br(e, fired);
    ir_at(e, fired);
    drop_states(g, heap, words);
    ir_store(e, ir_i64(e, 0), tail);
    ir_store(e, ir_add(e, ir_load(e, e->i64, number, "number"), ir_i64(e, 1), ""), number);
}

static void sliding_row_in(gen_t *g, LLVMValueRef heap, LLVMValueRef ring, LLVMValueRef at,
                           val_t row, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    int timed = g->stage->exchange->timed, n = state_words(g, g->stage->step);
    LLVMBasicBlockRef fire = ir_block(e, "window.fires");
    LLVMValueRef fires = K_CALL(e, ring_push, "fires", e->fn->ctx, heap, ring,
                                emit_rows_size(g), emit_rows_every(g), at);
    ir_if_rare(e, ir_bit_of(e, fires, "fires"), fire, next);
    ir_at(e, fire);
    LLVMValueRef words = ir_words(e, (uint32_t)n + 1, "states"), none = ir_null(e);
    LLVMValueRef latest = ir_words(e, 1, "latest");
    zero_words(g, words, n);
    if (timed) ir_store(e, g->time, latest);
    g->win_start = K_CALL(e, ring_index, "number", ring, emit_rows_every(g));
    g->win_end = K_CALL(e, ring_count, "rows", ring);
    loop_t l = ir_loop(e, g->win_end, "row");
    val_t one = emit_read_row(g, g->stage->exchange, K_CALL(e, ring_row, "row", ring, l.i),
                              exchange_row(g, g->stage));
    feed(g, none, words, one, next);
    if (timed)
        ir_store(e, emit_later(g, g->time, ir_load(e, e->i64, latest, "")), latest);
    ir_loop_end(e, &l);
    if (timed) g->time = ir_load(e, e->i64, latest, "latest");
    g->in_place = 1;
    give_row(g, emit_key_of(val_field(e, row, 0)), none, words, MODE_append, next);
    g->in_place = 0;
    g->win_start = g->win_end = NULL;
}

static void rows_row_in(gen_t *g, LLVMValueRef heap, LLVMValueRef words, LLVMValueRef at,
                        val_t row, LLVMBasicBlockRef next) {
    if (g->stage->step->in.window->kind == WINDOW_sliding)
        sliding_row_in(g, heap, words, at, row, next);
    else tumbling_row_in(g, heap, words, row, next);
}

/* At the end of the input tumbling windows that are not full give what they have. */
static void rows_close(gen_t *g, LLVMValueRef table) {
    emit_t *e = g->e;
    if (g->stage->step->in.window->kind == WINDOW_sliding) return;
    LLVMBasicBlockRef end = ir_block(e, "at.end"), done = ir_block(e, "given");
    ir_if(e, ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), "final"), end, done);
    ir_at(e, end);
    int n = state_words(g, g->stage->step);
    LLVMValueRef heap = K_CALL(e, table_heap, "heap", table);
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx);
    loop_t l = ir_loop(e, K_CALL(e, table_end, "entries", table), "entry");
    LLVMValueRef words = K_CALL(e, table_words, "entry", table, l.i);
    LLVMBasicBlockRef open = ir_block(e, "window.open"), next = ir_block(e, "entry.next");
    LLVMValueRef in = ir_load(e, e->i64, ir_word(e, words, n), "rows");
    ir_if(e, ir_eq(e, in, ir_i64(e, 0), "empty"), next, open);
    ir_at(e, open);
    give_rows_window(g, entry_key(g, table, l.i, g->stage->state->int_key), heap, words, next);
    ir_br(e, next);
    ir_at(e, next);
    K_CALL(e, reset, "", e->fn->ctx, mark);
    ir_loop_end(e, &l);
    ir_br(e, done);
    ir_at(e, done);
}

static LLVMValueRef pane_of(gen_t *g, LLVMValueRef table, val_t window) {
    emit_t *e = g->e;
    if (!g->stage->slice) return emit_pane(g, table, window);
    return K_CALL(e, slice, "slice", e->fn->ctx, table, window.leaf[0], window.leaf[1]);
}

/* One row of the exchange into the table. */
void emit_agg_key(gen_t *g, LLVMValueRef at, gkey_t *key) {
    val_t row = emit_read_row(g, g->stage->exchange, at, exchange_row(g, g->stage));
    *key = emit_key_of(val_field(g->e, row, 0));
}

void emit_agg_row_in(gen_t *g, LLVMValueRef at, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMValueRef table =
        K_CALL(e, state, "table", e->fn->ctx, ir_i64(e, g->stage->state->id));
    emit_agg_row_into(g, table, at, next);
}

void emit_agg_row_into(gen_t *g, LLVMValueRef table, LLVMValueRef at, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    val_t row = emit_read_row(g, st->exchange, at, exchange_row(g, st));
    if (plan_paned(st->step)) table = pane_of(g, table, val_field(e, row, 1));
    LLVMValueRef words = emit_probe(g, table, emit_key_of(val_field(e, row, 0)));
    if (emit_has_mode(st, MODE_update)) K_CALL(e, table_touch, "", e->fn->ctx, table);
    if (st->partial) {
        merge_all(g, st->step, table, words, row);
        return;
    }
    LLVMValueRef heap = K_CALL(e, table_heap, "heap", table);
    if (plan_by_rows(st->step)) rows_row_in(g, heap, words, at, row, next);
    else feed(g, heap, words, row, next);
}

/* All entries, or the touched ones, to the outs of a mode. */
static void give_all(gen_t *g, LLVMValueRef table, sink_mode mode) {
    emit_t *e = g->e;
    LLVMValueRef mark = K_CALL(e, mark, "mark", e->fn->ctx), order = NULL, n;
    if (mode == MODE_update) {
        LLVMValueRef count = ir_words(e, 1, "touched");
        order = K_CALL(e, table_sorted, "order", e->fn->ctx, table, ir_i32(e, 1), count);
        n = ir_load(e, e->i64, count, "touched");
        mark = K_CALL(e, mark, "mark", e->fn->ctx);
    } else {
        n = K_CALL(e, table_end, "entries", table);
    }
    loop_t l = ir_loop(e, n, "entry");
    LLVMBasicBlockRef next = ir_block(e, "entry.next");
    LLVMValueRef i = order ? K_CALL(e, table_nth, "entry", order, l.i) : l.i;
    give_row(g, entry_key(g, table, i, g->stage->state->int_key),
             K_CALL(e, table_heap, "heap", table), K_CALL(e, table_words, "entry", table, i),
             mode, next);
    ir_br(e, next);
    ir_at(e, next);
    K_CALL(e, reset, "", e->fn->ctx, mark);
    ir_loop_end(e, &l);
}

static void give_if(gen_t *g, LLVMValueRef table, sink_mode mode, LLVMValueRef cond) {
    emit_t *e = g->e;
    if (!emit_has_mode(g->stage, mode)) return;
    LLVMBasicBlockRef give = ir_block(e, "give"), done = ir_block(e, "given");
    ir_if(e, cond, give, done);
    ir_at(e, give);
    if (mode == MODE_complete) emit_sinks_given(g);
    give_all(g, table, mode);
    ir_br(e, done);
    ir_at(e, done);
}

/* The rows of one window. */
static void give_pane(gen_t *g, LLVMValueRef table, void *env) {
    (void)env;
    give_all(g, table, MODE_append);
}

void emit_agg_give(gen_t *g, LLVMValueRef table) {
    give_all(g, table, MODE_append);
}

/* i32 fold(ctx, to, from): the states of each key of a table into those of another. */
static LLVMValueRef fold_function(gen_t *g) {
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
    LLVMValueRef words = emit_probe(g, to, entry_key(g, from, l.i, int_key));
    int64_t at = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        aggk_t k = aggk_of(e, c);
        type_t *types[PART_COLUMNS];
        uint32_t total;
        part_types(e, c, k, types, &total);
        LLVMValueRef part = ir_words(e, total, "part"), tc = emit_type_code(e, value_type(e, c));
        k_call(e, (kfn_id)k.part,
               (LLVMValueRef[]){e->fn->ctx, in, ir_word(e, source, at), part, tc}, 5, "");
        k_call(e, (kfn_id)k.merge,
               (LLVMValueRef[]){e->fn->ctx, out, ir_word(e, words, at), part, tc}, 5, "");
        at += k.words;
    }
    K_CALL(e, reset, "", e->fn->ctx, mark);
    ir_loop_end(e, &l);
    ir_ret(e, ir_i32(e, 0));
    emit_fn_close(e);
    return fn;
}

void emit_agg_close(gen_t *g) {
    emit_t *e = g->e;
    tstep_t *s = g->stage->step;
    LLVMValueRef table = K_CALL(e, state, "table", e->fn->ctx, ir_i64(e, g->stage->state->id));
    if (g->stage->slice) {
        emit_slices_close(g, table, fold_function(g), give_pane, NULL);
        return;
    }
    if (plan_paned(s)) {
        emit_panes_close(g, table, give_pane, NULL);
        return;
    }
    if (plan_by_rows(s)) {
        rows_close(g, table);
        return;
    }
    if (!s->out.is_table) {
        give_if(g, table, MODE_append, ir_bit(e, 1));
        K_CALL(e, table_clear, "", e->fn->ctx, table);
        return;
    }
    LLVMValueRef fed = ir_bit_of(e, K_CALL(e, ctx_fed, "fed", e->fn->ctx), "fed");
    LLVMValueRef final = ir_bit_of(e, K_CALL(e, ctx_final, "final", e->fn->ctx), "final");
    give_if(g, table, MODE_update, ir_bit(e, 1));
    give_if(g, table, MODE_complete, fed);
    give_if(g, table, MODE_final, final);
    if (emit_has_mode(g->stage, MODE_update)) K_CALL(e, table_clean, "", table);
}
