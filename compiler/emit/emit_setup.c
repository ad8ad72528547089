/* emit_setup.c - flowgen_setup: settings, options of connectors, defaults of params.
 *
 * All are handed over so, constants or not: one way for both, and LLVM folds what is
 * constant. */
#include "compiler/emit/emit_stage.h"

#include <string.h>

#include "compiler/emit/emit_call.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/emit_time.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/const.h"
#include "compiler/types/def.h"

/* The value of an option as words, with the letter of its type (program.h). */
enum { SETTING, SOURCE, SINK, TIME }; /* FLOW_OPTION_* of runtime/data/program.h */

static void set_option(gen_t *g, int kind, int id, const char *name, char letter, val_t v) {
    emit_t *e = g->e;
    LLVMValueRef text = emit_bytes(e, name, strlen(name), "option");
    K_CALL(e, set_option, "", e->fn->ctx, ir_i64(e, kind), ir_i64(e, id), text,
           ir_i64(e, (int64_t)strlen(name)), ir_i64(e, letter), val_spill(e, v));
}

static char letter_of(const type_t *t) {
    switch (t->kind) {
    case TY_INT: return 'i';
    case TY_FLOAT: return 'f';
    case TY_BOOL: return 'b';
    case TY_DURATION: return 'd';
    case TY_TIMESTAMP: return 't';
    case TY_SIZE: return 'z';
    case TY_LIST: return 'l';
    default: return 's';
    }
}

static void set_expr(gen_t *g, int kind, int id, const char *name, node_t *expr) {
    val_t v = emit_expr(g->e, expr);
    set_option(g, kind, id, name, letter_of(v.type), v);
}

static void set_word(gen_t *g, int kind, int id, const char *name, const char *text) {
    set_option(g, kind, id, name, 's', val_text_const(g->e, text, strlen(text)));
}

static void setup_connector(gen_t *g, int kind, int id, const tconnector_t *c) {
    if (c->pos && c->pos->kind != AST_lambda) set_expr(g, kind, id, "arg", c->pos);
    for (size_t i = 0; i < c->options.n; i++) {
        const toption_t *o = &c->options.at[i];
        if (!o->given || o->info->type == OPT_columns || o->info->type == OPT_row) continue;
        if (o->word) set_word(g, kind, id, o->info->name, o->word);
        else if (o->expr) set_expr(g, kind, id, o->info->name, o->expr);
    }
}

/* What the descriptor does not have: delay and idle of params. */
static void setup_time(gen_t *g, const ptime_t *t) {
    const tstep_t *s = t->step;
    if (!s->u.event_time.delay_value)
        set_option(g, TIME, t->id, "delay", 'd',
                   val_int(g->e, type_basic(g->e->types, TY_DURATION),
                           emit_constant(g, s->u.event_time.delay, NULL, 0)));
    if (s->u.event_time.idle && !s->u.event_time.idle_value)
        set_option(g, TIME, t->id, "idle", 'd',
                   val_int(g->e, type_basic(g->e->types, TY_DURATION),
                           emit_constant(g, s->u.event_time.idle, NULL, 1)));
}

static void setup_param(gen_t *g, const tparam_t *p) {
    emit_t *e = g->e;
    LLVMValueRef at = emit_param_address(e, p->def);
    if (!p->fallback) return;
    LLVMBasicBlockRef fill = ir_block(e, "default"), done = ir_block(e, "given");
    LLVMValueRef given = ir_load(e, e->i64, at, "given");
    ir_if(e, ir_eq(e, given, ir_i64(e, 0), ""), fill, done);
    ir_at(e, fill);
    val_store(e, emit_expr_as(e, p->fallback, p->type), ir_word(e, at, 1));
    ir_br(e, done);
    ir_at(e, done);
}

static void setup_all(gen_t *g) {
    const program_t *p = g->plan->program;
    for (size_t i = 0; i < p->params.n; i++) setup_param(g, &p->params.at[i]);
    for (size_t i = 0; i < p->settings.n; i++) {
        const tsetting_t *s = &p->settings.at[i];
        const char *name = setting_row(s->id)->name;
        if (s->word) set_word(g, SETTING, 0, name, s->word);
        else set_expr(g, SETTING, 0, name, s->expr);
    }
    emit_constants_setup(g);
    for (size_t i = 0; i < g->plan->times.n; i++) setup_time(g, &g->plan->times.at[i]);
    for (size_t i = 0; i < g->plan->sources.n; i++)
        setup_connector(g, SOURCE, (int)i, g->plan->sources.at[i]->conn);
    for (size_t i = 0; i < g->plan->sinks.n; i++)
        setup_connector(g, SINK, (int)i, g->plan->sinks.at[i]->conn);
}

/* Defaults of params may fail (an overflow): then the program does not start. */
LLVMValueRef emit_setup(gen_t *g) {
    emit_t *e = g->e;
    fn_t f;
    span_t at = g->plan->program->flows.n ? g->plan->program->flows.at[0]->at : (span_t){0};
    emit_fn_open(e, &f, "flowgen_setup", emit_fn_type(e, 0), at);
    e->params_change = 1;
    LLVMValueRef fn = f.fn;
    fail_t fail;
    emit_extern_setup(e);
    emit_fail_open(e, &fail, "setup.error");
    setup_all(g);
    ir_ret(e, ir_i32(e, 0));
    if (emit_fail_close(e, &fail)) {
        ir_at(e, fail.block);
        ir_ret(e, fail.code);
    }
    emit_fn_close(e);
    e->params_change = 0;
    return fn;
}
