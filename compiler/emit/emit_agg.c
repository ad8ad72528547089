/* emit_agg.c - `aggregate`: arguments before the exchange, states behind it.
 *
 * What crosses the exchange is { key, one column per aggregate }.  Without the rule
 * `preagg` a column holds the aggregate's arguments (T? where a row may not count); with
 * it each worker steps a table of its own and the columns are those of the states' parts
 * (runtime/kernel/k_agg.def).  Behind the exchange one table per partition takes them in;
 * when the batch closes, each entry gives its row.
 *
 * The words of an entry are those of the aggregates, one behind the other. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_agg.h"
#include "compiler/emit/emit_agg_time.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_fold.h"
#include "compiler/emit/emit_retract.h"
#include "compiler/emit/emit_staging.h"
#include "compiler/emit/emit_table.h"
#include "compiler/emit/emit_time.h"
#include "compiler/emit/emit_view.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/builtins.h"

/* ---- the kernel's side of a call ---- */

static const char *id_of(const agg_call_t *c) {
    return agg_at(c->agg)->id;
}

int emit_agg_is_arg(const agg_call_t *c) {
    return !strncmp(id_of(c), "arg_", 4);
}

/* The type that `T` of k_agg.def means: of x, or of v for arg_min and arg_max. */
type_t *emit_agg_value(emit_t *e, const agg_call_t *c) {
    return c->nargs ? type_strip(c->args[0]->type) : type_basic(e->types, TY_INT);
}

/* min and max of numbers of which each row has one need no word that says so. */
static const char *kernel_id(const agg_call_t *c, const type_t *t) {
    int number = t->kind == TY_INT || t->kind == TY_FLOAT || t->kind == TY_TIMESTAMP ||
                 t->kind == TY_DURATION;
    if (!number || c->result->kind == TY_OPTION) return id_of(c);
    return c->agg == AGG_min ? "least" : c->agg == AGG_max ? "greatest" : id_of(c);
}

aggk_t emit_agg_kernel(emit_t *e, const agg_call_t *c) {
    if (emit_in_bag(c)) return (aggk_t){.id = id_of(c), .words = BAG_WORDS, .layout = "B"};
    if (emit_is_fold(c)) return (aggk_t){.id = id_of(c), .words = FOLD_WORDS, .layout = "b"};
    if (c->by_time) return emit_timed_aggk(e, c);
    size_t i = emit_agg_is_arg(c) ? 1 : 0; /* these go by their key */
    type_t *t = c->nargs > i ? type_strip(c->args[i]->type) : type_basic(e->types, TY_INT);
    return emit_aggk(e, kernel_id(c, t), t);
}

/* Type codes of k_agg.def ("ffy", "?T") to types, into out. */
size_t emit_agg_types(emit_t *e, const char *codes, type_t *t, type_t **out) {
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

int emit_agg_state_words(gen_t *g, const tstep_t *s) {
    int n = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++)
        n += emit_agg_kernel(g->e, s->u.aggregate.aggs[i]).words;
    return n;
}

int emit_agg_words(gen_t *g, pstage_t *stage) {
    int n = emit_agg_state_words(g, stage->step);
    if (plan_by_rows(stage->step)) return emit_agg_rows_words(stage, n);
    if (emit_agg_remembers(stage) && !stage->sessions) n += BLOB_WORDS;
    return n + stage->exchange->signs; /* over a table: how many rows the key has */
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
            n += emit_agg_types(e, emit_agg_kernel(e, c).partial, emit_agg_value(e, c), types + n);
        else types[n++] = args_type(e, c);
    }
    if (stage->exchange->signs) types[n++] = type_basic(e->types, TY_BYTES); /* its key */
    return n;
}

static int points_nowhere(const type_t *t) {
    switch (t->kind) {
    case TY_INT:
    case TY_FLOAT:
    case TY_BOOL:
    case TY_TIMESTAMP:
    case TY_DURATION:
    case TY_DECIMAL: return 1;
    case TY_OPTION: return points_nowhere(t->elem);
    case TY_RECORD:
        for (uint32_t i = 0; i < t->nfields; i++)
            if (!points_nowhere(t->fields[i].type)) return 0;
        return 1;
    default: return 0;
    }
}

int emit_agg_can_stage(gen_t *g, const pstage_t *stage) {
    const tstep_t *s = stage->step;
    if (plan_paned(s) || !emit_can_mark(stage->exchange)) return 0;
    if (g->options && g->options->off[RULE_fuse]) return 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++)
        if (!points_nowhere(args_type(g->e, s->u.aggregate.aggs[i]))) return 0;
    return 1;
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

void emit_agg_call(gen_t *g, const agg_call_t *c, aggk_t k, int callee, LLVMValueRef heap,
                   LLVMValueRef state, val_t args) {
    emit_t *e = g->e;
    if (c->by_time) {
        emit_timed_step(g, c, heap, state, args, emit_agg_value(e, c));
        return;
    }
    LLVMValueRef a[12] = {e->fn->ctx, heap, state};
    unsigned n = 3;
    if (emit_agg_is_arg(c)) { /* (v, k): the key first, then v */
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
    a[n++] = emit_type_code(e, emit_agg_value(e, c));
    k_call(e, (kfn_id)callee, a, n, "");
}

static void step_all(gen_t *g, tstep_t *s, LLVMValueRef heap, LLVMValueRef words,
                     const val_t *args) {
    emit_t *e = g->e;
    int64_t at = 0;
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *c = s->u.aggregate.aggs[i];
        aggk_t k = emit_agg_kernel(e, c);
        LLVMValueRef state = ir_word(e, words, at);
        at += k.words;
        if (emit_is_fold(c)) continue; /* fold_all has done it */
        if (args[i].type->kind != TY_OPTION) {
            emit_agg_call(g, c, k, k.step, heap, state, args[i]);
            continue;
        }
        LLVMBasicBlockRef some = ir_block(e, "agg.some"), next = ir_block(e, "agg.next");
        ir_if(e, val_has(e, args[i]), some, next);
        ir_at(e, some);
        emit_agg_call(g, c, k, k.step, heap, state, val_unwrap(e, args[i]));
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
        at += emit_agg_kernel(e, c).words;
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
            at += emit_agg_kernel(e, c).words;
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
    in.key = emit_brief_key(g, keys, s->u.aggregate.nkeys,
                      g->plan->stages.at[op->port->exchange->consumer]->state->int_key);
    if (plan_paned(s)) in.window = cols[s->in.window_column];
    return in;
}

static type_t *key_type(gen_t *g, const pstage_t *stage) {
    return type_basic(g->e->types, stage->state->int_key ? TY_INT : TY_BYTES);
}

uint32_t emit_agg_first_column(const tstep_t *s) {
    return plan_paned(s) ? 2 : 1;
}

/* What crosses the exchange: the key, the window, and the columns of each aggregate. */
type_t *emit_agg_exchange_row(gen_t *g, pstage_t *stage) {
    emit_t *e = g->e;
    size_t room = stage->step->u.aggregate.naggs * 17 + 19;
    uint32_t first = emit_agg_first_column(stage->step);
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
    uint32_t first = emit_agg_first_column(op->step);
    val_t *fields = ARENA_ARRAY(e->arena, val_t, n + 3);
    fields[0] = emit_key_value(g, in.key);
    if (first == 2) fields[1] = in.window;
    for (size_t i = 0; i < n; i++) fields[first + i] = in.args[i];
    if (op->port->exchange->signs) fields[first + n] = emit_key_value(g, emit_table_key(g));
    emit_send_row(g, op->port, emit_part_of(g, op->port->exchange, in.key),
                  val_record(e, emit_agg_exchange_row(g, stage), fields));
    ir_br(e, next);
    ir_at(e, next);
}

void emit_agg_partial(gen_t *g, pop_t *op, val_t *cols) {
    emit_t *e = g->e;
    LLVMBasicBlockRef next = ir_block(e, "aggregate.next"), now = ir_block(e, "aggregate.now"),
                      ask = ir_block(e, "aggregate.ask");
    inputs_t in = compute(g, op, cols, next);
    view_t *v = emit_view(g, op->state, plan_paned(op->step));
    LLVMValueRef table = emit_view_table(g, v, &in.window), seen = NULL;
    LLVMBasicBlockRef here = NULL;
    if (in.key.is_int) {
        seen = emit_view_find(g, v, in.key, ask);
        here = ir_here(e);
    }
    ir_br(e, seen ? now : ask);
    ir_at(e, ask);
    if (emit_agg_can_stage(g, g->plan->stages.at[op->port->exchange->consumer])) {
        LLVMBasicBlockRef aside = ir_block(e, "aggregate.aside"),
                          probe = ir_block(e, "aggregate.probe");
        ir_if(e, emit_stage_wanted(g, table, in.key), aside, probe);
        ir_at(e, aside);
        emit_stage_put(g, op, table, in.key, in.args);
        ir_br(e, next);
        ir_at(e, probe);
    }
    LLVMValueRef words = emit_probe(g, table, in.key);
    if (seen) emit_view_renew(g, v, table);
    LLVMBasicBlockRef asked = ir_here(e);
    ir_br(e, now);
    ir_at(e, now);
    if (seen) {
        LLVMValueRef both = ir_phi(e, e->ptr, "entry");
        ir_phi_add(both, seen, here);
        ir_phi_add(both, words, asked);
        words = both;
    }
    emit_agg_step_all(g, op->step, table, words, in.args);
    ir_br(e, next);
    ir_at(e, next);
}

/* The gkey of entry i of a table. */
gkey_t emit_agg_entry_key(gen_t *g, LLVMValueRef table, LLVMValueRef i, int int_key) {
    emit_t *e = g->e;
    if (int_key)
        return (gkey_t){.is_int = 1, .i64 = K_CALL(e, table_key_i64, "key", table, i)};
    LLVMValueRef text = ir_words(e, 2, "key");
    K_CALL(e, table_key_text, "", table, i, text);
    return (gkey_t){.ptr = ir_load(e, e->ptr, text, "key"),
                    .len = ir_load(e, e->i64, ir_word(e, text, 1), "key.len")};
}

LLVMValueRef emit_agg_probe(gen_t *g, LLVMValueRef table, gkey_t key) {
    const tstep_t *s = g->stage->step;
    uint32_t bytes = 0, more = 0;
    for (size_t i = 0; i < s->u.aggregate.nkeys; i++) {
        if (!(more = emit_key_bytes(s->u.aggregate.keys[i].type))) break;
        bytes += more;
    }
    if (more && !key.is_int) {
        key.fixed = bytes;
        key.len = ir_i64(g->e, bytes);
    }
    return emit_probe(g, table, key);
}

/* ---- behind the exchange ---- */

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
    if (g->told) { /* the row has failed when it came */
        LLVMBasicBlockRef first = ir_block(e, "row.first");
        ir_if(e, g->told, next, first);
        ir_at(e, first);
    }
    if (n) emit_key_parts(g, key, types, parts, n);
    order_kind order = g->order;
    LLVMValueRef time = g->time;
    if (order == ORDER_place) emit_agg_order(g, key); /* the exchange carries no places */
    emit_report(g, st->step_id, st->error_port, fail->code, parts,
                type_record(e->types, NULL, names, (uint32_t)n));
    g->order = order;
    g->time = time;
    ir_br(e, next);
    ir_at(e, here);
}

/* The arguments of an exchange row into the state of its key. */
void emit_agg_feed(gen_t *g, LLVMValueRef heap, LLVMValueRef words, val_t row,
                 LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    size_t n = st->step->u.aggregate.naggs;
    val_t *args = ARENA_ARRAY(e->arena, val_t, n + 1);
    for (size_t i = 0; i < n; i++)
        args[i] = val_field(e, row, emit_agg_first_column(st->step) + (uint32_t)i);
    if (st->exchange->signs) {
        val_t table_key = val_field(e, row, emit_agg_first_column(st->step) + (uint32_t)n);
        emit_retract_row(g, heap, words, st->state->words - 1, args, emit_key_of(table_key));
        return;
    }
    fail_t fail;
    emit_guard_open(g, &fail, "aggregate.full");
    ask_room(g, st->step, words, args);
    fold_all(g, st->step, heap, words, args);
    if (emit_fail_close(e, &fail)) report_full(g, &fail, emit_key_of(val_field(e, row, 0)), next);
    step_all(g, st->step, heap, words, args);
}

static LLVMValueRef pane_of(gen_t *g, LLVMValueRef table, val_t window) {
    emit_t *e = g->e;
    if (!g->stage->slice) return emit_pane(g, table, window);
    return K_CALL(e, slice, "slice", e->fn->ctx, table, window.leaf[0], window.leaf[1]);
}

void emit_agg_key(gen_t *g, LLVMValueRef at, gkey_t *key) {
    val_t row = emit_read_row(g, g->stage->exchange, at, emit_agg_exchange_row(g, g->stage));
    *key = emit_key_of(val_field(g->e, row, 0));
}

void emit_agg_row_in(gen_t *g, LLVMValueRef at, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    LLVMValueRef table =
        K_CALL(e, state, "table", e->fn->ctx, ir_i64(e, g->stage->state->id));
    emit_agg_row_into(g, table, at, next);
}

/* A row of the form that the stage says. */
static void take_row(gen_t *g, LLVMValueRef table, LLVMValueRef at, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    val_t row = emit_read_row(g, st->exchange, at, emit_agg_exchange_row(g, st));
    if (plan_paned(st->step)) table = pane_of(g, table, val_field(e, row, 1));
    LLVMValueRef words = emit_agg_probe(g, table, emit_key_of(val_field(e, row, 0)));
    if ((emit_shows_changes(st) && !st->sessions) || st->exchange->signs)
        K_CALL(e, table_touch, "", e->fn->ctx, table);
    if (st->partial) {
        emit_agg_merge(g, st->step, table, words, row);
        return;
    }
    if (plan_by_rows(st->step)) emit_agg_rows_in(g, table, words, at, row, next);
    else emit_agg_feed(g, K_CALL(e, table_heap, "heap", table), words, row, next);
}

void emit_agg_row_into(gen_t *g, LLVMValueRef table, LLVMValueRef at, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    pstage_t *st = g->stage;
    if (!st->partial || !emit_agg_can_stage(g, st)) {
        take_row(g, table, at, next);
        return;
    }
    LLVMBasicBlockRef alone = ir_block(e, "row.alone"), part = ir_block(e, "row.part"),
                      done = ir_block(e, "row.taken");
    ir_if(e, ir_bit_of(e, K_CALL(e, row_marked, "alone", at), "alone"), alone, part);
    ir_at(e, alone);
    st->partial = 0;
    take_row(g, table, at, next);
    st->partial = 1;
    ir_br(e, done);
    ir_at(e, part);
    take_row(g, table, at, next);
    ir_br(e, done);
    ir_at(e, done);
}
