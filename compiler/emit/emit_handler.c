/* emit_handler.c - see emit_handler.h. */
#include "compiler/emit/emit_handler.h"

#include "compiler/base/check.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_time.h"
#include "compiler/types/const.h"
#include "compiler/types/def.h"

enum { TIMER_WORDS = 2, PIECE_WORDS = 2 }; /* k_timer.h; of a cell or blob */
enum { ALARM_LEFT, ALARM_SET, ALARM_STOPPED };

typedef enum field_form { FORM_FLAT, FORM_CELL, FORM_BLOB } field_form;

/* The handler being emitted. */
typedef struct body {
    gen_t *g;
    handling_t *h;
    const ast_handler_t *node; /* or null */
    unsigned char *used, *set; /* [state field]: read or set; set */
    var_t *state;
    LLVMValueRef emits, count; /* room for the emitted rows, and how many there are */
    LLVMValueRef alarm, moment, forgot; /* words */
    LLVMBasicBlockRef end;
} body_t;

/* ---- the words of an entry ---- */

static field_form form_of(const type_t *t) {
    if (t->kind == TY_STRING || t->kind == TY_BYTES) return FORM_CELL;
    return emit_is_flat(t) ? FORM_FLAT : FORM_BLOB;
}

own_t emit_own(emit_t *e, const tremember_t *r) {
    own_t o = {.alarm = -1};
    o.timer = ARENA_ARRAY(e->arena, int, r->nhandlers + 1);
    o.word = ARENA_ARRAY(e->arena, int, r->nstate + 1);
    for (size_t i = 0; i < r->nhandlers; i++) {
        int kind = AST(handler, r->handlers[i].node)->kind;
        o.timer[i] = kind == HANDLER_ROW ? -1 : o.ntimers++;
        if (kind == HANDLER_WAKE) o.alarm = o.timer[i];
    }
    o.words = TIMER_WORDS + 2 * o.ntimers;
    for (size_t i = 0; i < r->nstate; i++) {
        const type_t *t = r->state[i]->type;
        o.word[i] = o.words;
        o.words += form_of(t) == FORM_FLAT ? (int)t->words : PIECE_WORDS;
    }
    return o;
}

const char *emit_own_layout(emit_t *e, const tremember_t *r) {
    own_t o = emit_own(e, r);
    buf_t b;
    buf_init(&b, e->arena);
    buf_printf(&b, "%dw", TIMER_WORDS);
    if (o.ntimers) buf_printf(&b, "%dm", o.ntimers);
    for (size_t i = 0; i < r->nstate; i++) {
        const type_t *t = r->state[i]->type;
        field_form form = form_of(t);
        if (form == FORM_FLAT && t->words) buf_printf(&b, "%uw", (unsigned)t->words);
        else if (form != FORM_FLAT) buf_char(&b, form == FORM_CELL ? 'c' : 'b');
    }
    return buf_text(&b);
}

static LLVMValueRef field_at(body_t *b, size_t i) {
    return ir_word(b->g->e, b->h->words, b->h->own.word[i]);
}

static val_t load_field(body_t *b, size_t i) {
    emit_t *e = b->g->e;
    def_t *d = b->h->r->state[i];
    LLVMValueRef at = field_at(b, i);
    if (form_of(d->type) == FORM_FLAT) return val_load(e, d->type, at, d->name);
    LLVMValueRef copy = ir_words(e, d->type->words, d->name);
    if (form_of(d->type) == FORM_CELL) K_CALL(e, hold_text, "", e->fn->ctx, at, copy);
    else K_CALL(e, hold_blob, "", e->fn->ctx, at, copy, emit_type_code(e, d->type));
    return val_load(e, d->type, copy, d->name);
}

static void store_field(body_t *b, size_t i, val_t v) {
    emit_t *e = b->g->e;
    LLVMValueRef at = field_at(b, i);
    LLVMValueRef heap;
    switch (form_of(v.type)) {
    case FORM_FLAT: val_store(e, v, at); break;
    case FORM_CELL:
        heap = K_CALL(e, table_heap, "heap", b->h->table);
        K_CALL(e, cell_set, "", e->fn->ctx, heap, at, v.leaf[0], v.leaf[1]);
        break;
    case FORM_BLOB:
        heap = K_CALL(e, table_heap, "heap", b->h->table);
        K_CALL(e, blob_set, "", e->fn->ctx, heap, at, val_spill(e, v),
               emit_type_code(e, v.type));
        break;
    }
}

static void drop_field(body_t *b, size_t i) {
    emit_t *e = b->g->e;
    field_form form = form_of(b->h->r->state[i]->type);
    if (form == FORM_FLAT) return;
    LLVMValueRef heap = K_CALL(e, table_heap, "heap", b->h->table), at = field_at(b, i);
    if (form == FORM_CELL) K_CALL(e, cell_drop, "", e->fn->ctx, heap, at);
    else K_CALL(e, blob_drop, "", e->fn->ctx, heap, at);
}

static val_t start_of(body_t *b, size_t i) {
    emit_t *e = b->g->e;
    node_t *start = b->h->r->start[i];
    type_t *t = b->h->r->state[i]->type;
    return start ? emit_expr_as(e, start, t) : val_none(e, t);
}

/* ---- which state it reads and sets ---- */

static void look(node_t **at, void *env) {
    body_t *b = env;
    node_t *n = *at;
    int reads = n->kind == AST_name && n->def && n->def->kind == DEF_STATE;
    int sets = n->kind == AST_stmt_set;
    if (reads || sets) b->used[n->def->index] = 1;
    if (sets) b->set[n->def->index] = 1;
    ast_walk(n, look, env);
}

static uint32_t count_emits(const ast_handler_t *node) {
    uint32_t n = 0;
    for (size_t i = 0; node && i < node->stmts.n; i++)
        n += node->stmts.at[i]->kind == AST_stmt_emit;
    return n;
}

/* The state as it is, in variables: of an entry that has none what it starts with. */
static void open_state(body_t *b) {
    emit_t *e = b->g->e;
    size_t n = b->h->r->nstate;
    b->state = ARENA_ARRAY(e->arena, var_t, n + 1);
    for (size_t i = 0; i < n; i++)
        if (b->used[i] || b->h->known)
            b->state[i] = var_new(e, b->h->r->state[i]->type, b->h->r->state[i]->name);
    LLVMBasicBlockRef old = ir_block(e, "state.old"), start = ir_block(e, "state.start"),
                      on = ir_block(e, "state");
    if (b->h->known) ir_if(e, b->h->known, old, start);
    else ir_br(e, old);
    ir_at(e, start);
    for (size_t i = 0; b->h->known && i < n; i++) var_set(e, b->state[i], start_of(b, i));
    ir_br(e, on);
    ir_at(e, old);
    for (size_t i = 0; i < n; i++)
        if (b->used[i]) var_set(e, b->state[i], load_field(b, i));
    ir_br(e, on);
    ir_at(e, on);
}

/* ---- statements ---- */

static void see_state(body_t *b) {
    for (size_t i = 0; i < b->h->r->nstate; i++)
        if (b->used[i])
            env_bind(b->g->e, b->h->r->state[i], var_get(b->g->e, b->state[i]));
}

static void stmt_set(body_t *b, node_t *n) {
    emit_t *e = b->g->e;
    var_set(e, b->state[n->def->index],
            emit_expr_as(e, AST(stmt_set, n)->value, n->def->type));
}

static void stmt_emit(body_t *b, node_t *n) {
    emit_t *e = b->g->e;
    type_t *t = b->h->r->emits;
    val_t row = emit_expr_as(e, AST(stmt_emit, n)->value, t);
    LLVMValueRef i = ir_load(e, e->i64, b->count, "emitted");
    LLVMValueRef at = ir_mul(e, i, ir_i64(e, t->words), "");
    val_store(e, row, ir_word_at(e, b->emits, at, "emit"));
    ir_store(e, ir_add(e, i, ir_i64(e, 1), "emitted"), b->count);
}

/* An alarm of a row is not before the row, one set by a timer behind the timer. */
static void set_alarm(body_t *b, LLVMValueRef moment) {
    emit_t *e = b->g->e;
    const handling_t *h = b->h;
    if (h->ending) {
        LLVMValueRef later = ir_lt(e, h->time, moment, "later");
        emit_fail_if(e, ir_not(e, later, ""), ROW_alarm);
    } else if (h->timed) {
        moment = ir_select(e, ir_lt(e, moment, h->time, ""), h->time, moment, "moment");
    }
    ir_store(e, moment, b->moment);
    ir_store(e, ir_i64(e, ALARM_SET), b->alarm);
}

static void stmt_wake(body_t *b, node_t *n) {
    emit_t *e = b->g->e;
    node_t *at = AST(stmt_wake, n)->at;
    if (at->type->kind == TY_NONE) {
        ir_store(e, ir_i64(e, ALARM_STOPPED), b->alarm);
        return;
    }
    val_t v = emit_expr(e, at);
    if (v.type->kind != TY_OPTION) {
        set_alarm(b, v.leaf[0]);
        return;
    }
    LLVMBasicBlockRef set = ir_block(e, "wake"), stop = ir_block(e, "wake.none"),
                      on = ir_block(e, "wake.on");
    ir_if(e, val_has(e, v), set, stop);
    ir_at(e, stop);
    ir_store(e, ir_i64(e, ALARM_STOPPED), b->alarm);
    ir_br(e, on);
    ir_at(e, set);
    set_alarm(b, val_unwrap(e, v).leaf[0]);
    ir_br(e, on);
    ir_at(e, on);
}

static node_t *when_of(node_t *n) {
    switch (n->kind) {
    case AST_stmt_set: return AST(stmt_set, n)->when;
    case AST_stmt_emit: return AST(stmt_emit, n)->when;
    case AST_stmt_wake: return AST(stmt_wake, n)->when;
    case AST_stmt_forget: return AST(stmt_forget, n)->when;
    default: return NULL;
    }
}

static void statement(body_t *b, node_t *n) {
    emit_t *e = b->g->e;
    emit_at(e, n->span);
    see_state(b);
    node_t *when = when_of(n);
    LLVMBasicBlockRef yes = when ? ir_block(e, "when") : NULL;
    LLVMBasicBlockRef on = ir_block(e, "statement");
    if (when) {
        ir_if(e, emit_cond(e, when), yes, on);
        ir_at(e, yes);
    }
    switch (n->kind) {
    case AST_stmt_set: stmt_set(b, n); break;
    case AST_stmt_emit: stmt_emit(b, n); break;
    case AST_stmt_wake: stmt_wake(b, n); break;
    case AST_stmt_let:
        env_bind(e, n->def, val_named(e, emit_expr(e, AST(stmt_let, n)->value), n->def->name));
        break;
    case AST_stmt_forget:
        ir_store(e, ir_i64(e, 1), b->forgot);
        ir_br(e, b->end);
        ir_at(e, on);
        return;
    default: flow_unreachable("statement");
    }
    ir_br(e, on);
    ir_at(e, on);
}

/* ---- the end ---- */

/* An entry that was made for a row that failed goes again. */
static void report(body_t *b, fail_t *fail, LLVMBasicBlockRef next) {
    emit_t *e = b->g->e;
    handling_t *h = b->h;
    const pstage_t *st = b->g->stage;
    LLVMBasicBlockRef here = ir_here(e);
    if (!emit_fail_close(e, fail)) return;
    ir_at(e, fail->block);
    if (h->known) {
        LLVMBasicBlockRef drop = ir_block(e, "entry.drop"), on = ir_block(e, "entry.failed");
        ir_if(e, h->known, on, drop);
        ir_at(e, drop);
        K_CALL(e, table_remove, "", e->fn->ctx, h->table, h->entry);
        ir_br(e, on);
        ir_at(e, on);
    }
    emit_report(b->g, st->step_id, st->error_port, fail->code, h->cols, h->cols_type);
    ir_br(e, next);
    ir_at(e, here);
}

static void forget(body_t *b) {
    emit_t *e = b->g->e;
    for (size_t i = 0; i < b->h->r->nstate; i++) drop_field(b, i);
    K_CALL(e, table_remove, "", e->fn->ctx, b->h->table, b->h->entry);
}

/* The latest time of the key, and the timers that count from it. */
static void set_idle(body_t *b) {
    emit_t *e = b->g->e;
    handling_t *h = b->h;
    LLVMValueRef at = ir_word(e, h->words, 1), last = ir_load(e, e->i64, at, "last");
    LLVMValueRef older = ir_lt(e, h->time, last, "");
    LLVMValueRef keep = ir_and(e, h->known, older, "");
    LLVMValueRef time = ir_select(e, keep, last, h->time, "last");
    ir_store(e, time, at);
    for (size_t i = 0; i < h->r->nhandlers; i++) {
        const thandler_t *t = &h->r->handlers[i];
        const ast_handler_t *node = AST(handler, t->node);
        if (node->kind != HANDLER_IDLE) continue;
        LLVMValueRef d = emit_constant(b->g, node->idle, t->idle, 1);
        K_CALL(e, timer_set, "", e->fn->ctx, h->table, h->entry,
               ir_i64(e, h->own.timer[i]), K_CALL(e, time_add, "due", time, d));
    }
}

/* At the end of all time a timer's alarm is not set. */
static void keep_alarm(body_t *b) {
    emit_t *e = b->g->e;
    handling_t *h = b->h;
    if (h->own.alarm < 0 || !b->node) return;
    LLVMValueRef k = ir_i64(e, h->own.alarm), what = ir_load(e, e->i64, b->alarm, "alarm");
    LLVMBasicBlockRef set = ir_block(e, "alarm.set"), other = ir_block(e, "alarm.other"),
                      stop = ir_block(e, "alarm.stop"), on = ir_block(e, "alarm.on");
    LLVMValueRef sets = ir_eq(e, what, ir_i64(e, ALARM_SET), "");
    if (h->ending) sets = ir_and(e, sets, ir_not(e, h->ending, ""), "");
    ir_if(e, sets, set, other);
    ir_at(e, set);
    K_CALL(e, timer_set, "", e->fn->ctx, h->table, h->entry, k,
           ir_load(e, e->i64, b->moment, "moment"));
    ir_br(e, on);
    ir_at(e, other);
    ir_if(e, ir_eq(e, what, ir_i64(e, ALARM_STOPPED), ""), stop, on);
    ir_at(e, stop);
    K_CALL(e, timer_stop, "", e->fn->ctx, h->table, h->entry, k);
    ir_br(e, on);
    ir_at(e, on);
}

static void keep_state(body_t *b) {
    emit_t *e = b->g->e;
    handling_t *h = b->h;
    for (size_t i = 0; i < h->r->nstate; i++)
        if (b->set[i]) store_field(b, i, var_get(e, b->state[i]));
    if (!h->known) return;
    LLVMBasicBlockRef fresh = ir_block(e, "entry.fresh"), on = ir_block(e, "entry.kept");
    ir_if(e, h->known, on, fresh);
    ir_at(e, fresh);
    for (size_t i = 0; i < h->r->nstate; i++)
        if (!b->set[i]) store_field(b, i, var_get(e, b->state[i]));
    ir_store(e, ir_i64(e, 1), h->words);
    ir_br(e, on);
    ir_at(e, on);
}

static void commit(body_t *b) {
    emit_t *e = b->g->e;
    LLVMBasicBlockRef gone = ir_block(e, "forget"), keep = ir_block(e, "keep"),
                      on = ir_block(e, "committed");
    LLVMValueRef forgot = ir_bit_of(e, ir_load(e, e->i64, b->forgot, "forgot"), "");
    ir_if(e, forgot, gone, keep);
    ir_at(e, gone);
    forget(b);
    ir_br(e, on);
    ir_at(e, keep);
    keep_state(b);
    if (!b->h->ending) set_idle(b);
    keep_alarm(b);
    ir_br(e, on);
    ir_at(e, on);
}

static void send_emitted(body_t *b) {
    emit_t *e = b->g->e;
    type_t *t = b->h->r->emits;
    loop_t l = ir_loop(e, ir_load(e, e->i64, b->count, "emitted"), "emit");
    LLVMValueRef at = ir_mul(e, l.i, ir_i64(e, t->words), "");
    val_t row = val_load(e, t, ir_word_at(e, b->emits, at, "emit"), "emit");
    val_t *cols = ARENA_ARRAY(e->arena, val_t, t->nfields + 1);
    for (uint32_t i = 0; i < t->nfields; i++)
        cols[i] = val_named(e, val_field(e, row, i), t->fields[i].name);
    emit_outs(b->g, MODE_append, cols, b->g->stage->step->row_out);
    ir_loop_end(e, &l);
}

static LLVMValueRef zero_word(emit_t *e, const char *name) {
    LLVMValueRef w = ir_words(e, 1, name);
    ir_store(e, ir_i64(e, 0), w);
    return w;
}

void emit_handler(gen_t *g, handling_t *h, LLVMBasicBlockRef next) {
    emit_t *e = g->e;
    size_t n = h->r->nstate;
    body_t b = {.g = g, .h = h, .node = h->handler ? AST(handler, h->handler->node) : NULL,
                .used = ARENA_ARRAY(e->arena, unsigned char, n + 1),
                .set = ARENA_ARRAY(e->arena, unsigned char, n + 1),
                .alarm = zero_word(e, "alarm"), .moment = ir_words(e, 1, "moment"),
                .forgot = zero_word(e, "forgot"), .end = ir_block(e, "handled")};
    for (size_t i = 0; b.node && i < b.node->stmts.n; i++) look(&b.node->stmts.at[i], &b);
    uint32_t emits = count_emits(b.node);
    if (emits) {
        b.emits = ir_words(e, emits * h->r->emits->words, "emits");
        b.count = zero_word(e, "emitted");
    }
    span_t at = e->at;
    size_t env = env_mark(e);
    e->row = h->see;
    e->nrow = h->see_type->nfields;
    if (h->handler && h->handler->due)
        env_bind(e, h->handler->due, val_int(e, h->handler->due->type, h->time));
    fail_t fail;
    emit_guard_open(g, &fail, "remember.error");
    open_state(&b);
    for (size_t i = 0; b.node && i < b.node->stmts.n; i++) statement(&b, b.node->stmts.at[i]);
    ir_br(e, b.end);
    ir_at(e, b.end);
    report(&b, &fail, next);
    env_reset(e, env);
    emit_at(e, at);
    commit(&b);
    if (emits) send_emitted(&b);
    ir_br(e, next);
}
