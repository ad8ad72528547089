/* emit_prog.c - the program descriptor and main.  The descriptor's form is documented in
 * runtime/data/program.h. */
#include "compiler/emit/emit_stage.h"
#include "compiler/emit/emit_time.h"
#include "compiler/plan/joins.h"

#include <string.h>

#include "abi_tag.h"
#include "compiler/base/check.h"
#include "compiler/emit/emit_codec.h"
#include "compiler/emit/emit_call.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/target.h"
#include "compiler/plan/plan_text.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/const.h"
#include "compiler/types/def.h"

typedef struct prog {
    gen_t *g;
    buf_t text;
    VEC(LLVMValueRef) addresses;
} prog_t;

#define STRING_(x) #x
#define STRING(x) STRING_(x)

/* ---- text of the descriptor ---- */

static void put_text(buf_t *b, const char *s) {
    for (; *s; s++) {
        if (*s == '\\') buf_str(b, "\\\\");
        else if (*s == '\t') buf_str(b, "\\t");
        else if (*s == '\n') buf_str(b, "\\n");
        else buf_char(b, *s);
    }
}

static void word(prog_t *p, const char *s) {
    buf_char(&p->text, '\t');
    put_text(&p->text, s);
}

static void pair(prog_t *p, const char *name, const char *value) {
    buf_printf(&p->text, "\t%s=", name);
    put_text(&p->text, value);
}

static void pair_int(prog_t *p, const char *name, int64_t value) {
    buf_printf(&p->text, "\t%s=%lld", name, (long long)value);
}

static int address(prog_t *p, LLVMValueRef v) {
    vec_push(p->g->e->arena, &p->addresses, v);
    return (int)p->addresses.n - 1;
}

static const char *place(prog_t *p, span_t at) {
    const source_t *src = source_at(p->g->e->sources, at.file);
    int line, column;
    source_position(src, at.start, &line, &column);
    return arena_printf(p->g->e->arena, "%s:%d:%d", src->path, line, column);
}

/* ---- lines ---- */

static void put_program(prog_t *p, const char *explain, const char *hash) {
    const plan_t *plan = p->g->plan;
    const source_t *src = source_at(p->g->e->sources, 0);
    const char *base = strrchr(src->path, '/');
    base = base ? base + 1 : src->path;
    const char *dot = strrchr(base, '.');
    size_t n = dot && dot != base ? (size_t)(dot - base) : strlen(base);
    buf_str(&p->text, "flow\t1\nprogram");
    word(p, arena_strndup(p->g->e->arena, base, n));
    pair(p, "hash", hash);
    pair(p, "compiler", FLOW_VERSION);
    pair(p, "abi", FLOW_ABI_TAG);
    if (plan->every_batch) pair_int(p, "every_batch", 1);
    buf_str(&p->text, "\ncpu");
    word(p, target_cpu(p->g->e->target));
    const char *needs = target_needs(p->g->e->target);
    if (*needs) pair(p, "features", needs);
    buf_char(&p->text, '\n');
    for (const char *line = explain; *line;) {
        size_t len = strcspn(line, "\n");
        buf_str(&p->text, "explain");
        word(p, arena_strndup(p->g->e->arena, line, len));
        buf_char(&p->text, '\n');
        line += len + (line[len] == '\n');
    }
}

/* How the runtime reads a parameter's type (start/value_text.c): an enum by its names. */
static const char *param_type(emit_t *e, const type_t *t) {
    if (t->kind == TY_OPTION) return arena_printf(e->arena, "%s?", param_type(e, t->elem));
    if (!type_is_enum(t)) return type_text(e->arena, t);
    buf_t b;
    buf_init(&b, e->arena);
    buf_str(&b, "enum(");
    for (uint32_t i = 0; i < t->nfields; i++)
        buf_printf(&b, "%s%s", i ? "," : "", t->fields[i].name);
    buf_char(&b, ')');
    return buf_text(&b);
}

/* Is it given on the command line as JSON? */
static int is_json(const type_t *t) {
    t = t->kind == TY_OPTION ? t->elem : t;
    return t->kind == TY_LIST || t->kind == TY_MAP || t->kind == TY_RECORD ||
           (t->kind == TY_UNION && !type_is_enum(t));
}

/* As written, for --help alone: setup gives the values. */
static void put_settings(prog_t *p) {
    const program_t *prog = p->g->plan->program;
    for (size_t i = 0; i < prog->settings.n; i++) {
        const tsetting_t *s = &prog->settings.at[i];
        buf_t text;
        buf_init(&text, p->g->e->arena);
        plan_span_text(&text, p->g->e->sources, s->expr->span);
        buf_str(&p->text, "set");
        word(p, setting_row(s->id)->name);
        word(p, buf_text(&text));
        buf_char(&p->text, '\n');
    }
}

static void put_params(prog_t *p) {
    emit_t *e = p->g->e;
    const program_t *prog = p->g->plan->program;
    for (size_t i = 0; i < prog->params.n; i++) {
        const tparam_t *t = &prog->params.at[i];
        buf_str(&p->text, "param");
        word(p, t->name);
        word(p, param_type(e, t->type));
        pair_int(p, "addr", address(p, emit_param_address(e, t->def)));
        if (is_json(t->type)) pair_int(p, "code", address(p, emit_type_code(e, t->type)));
        if (t->fallback) {
            check_t *c = check_new(e->arena, e->names, e->sources, e->diags);
            c->types = e->types;
            pair(p, "default", t->value ? const_text(c, t->value->type, t->value->w) : "");
        }
        buf_char(&p->text, '\n');
    }
}

static void codec_address(prog_t *p, const char *what, const char *name) {
    emit_t *e = p->g->e;
    const char *symbol = arena_printf(e->arena, "flow_rt_%s_%s", what, name);
    LLVMValueRef v = LLVMAddGlobal(e->module, e->i8, symbol);
    LLVMSetLinkage(v, LLVMExternalLinkage);
    LLVMSetVisibility(v, LLVMHiddenVisibility);
    pair_int(p, what, address(p, v));
}

static void put_codecs(prog_t *p) {
    unsigned reads = 0, writes = 0;
    const plan_t *plan = p->g->plan;
    for (size_t i = 0; i < plan->sources.n; i++) reads |= emit_source_codecs(plan->sources.at[i]);
    for (size_t i = 0; i < plan->sinks.n; i++) writes |= emit_sink_codec(plan->sinks.at[i]);
    p->g->e->codecs = reads || writes;
    for (unsigned bit = 1; bit <= CODEC_zstd; bit <<= 1) {
        if (!((reads | writes) & bit)) continue;
        buf_str(&p->text, "codec");
        word(p, emit_codec_name(bit));
        if (reads & bit) codec_address(p, "unpack", emit_codec_name(bit));
        if (writes & bit) codec_address(p, "pack", emit_codec_name(bit));
        buf_char(&p->text, '\n');
    }
}

static void put_steps(prog_t *p) {
    for (size_t i = 0; i < p->g->plan->steps.n; i++) {
        const pstep_t *s = &p->g->plan->steps.at[i];
        buf_printf(&p->text, "step\t%d", s->id);
        word(p, place(p, s->at));
        word(p, s->name);
        buf_char(&p->text, '\n');
    }
}

static const char *format_text(format_id f) {
    return f == FORMAT_none ? "text" : format_row(f)->name;
}

static const pstage_t *stage_of(const plan_t *plan, const psource_t *src) {
    for (size_t i = 0; i < plan->stages.n; i++)
        if (plan->stages.at[i]->source == src) return plan->stages.at[i];
    flow_unreachable("a source without a stage");
}

static void put_sources(prog_t *p) {
    const plan_t *plan = p->g->plan;
    for (size_t i = 0; i < plan->sources.n; i++) {
        const psource_t *s = plan->sources.at[i];
        int row = s->conn->row, numbers = emit_source_numbers(s);
        buf_printf(&p->text, "source\t%d", s->id);
        word(p, s->flow->name ? s->flow->name : source_row((source_id)row)->name);
        word(p, source_row((source_id)row)->name);
        pair(p, "format", numbers ? "rows" : format_text(s->conn->format));
        pair_int(p, "step", s->step);
        const pstage_t *stage = stage_of(plan, s);
        if (stage->error_port >= 0) pair_int(p, "error", stage->error_port);
        if (row == SOURCE_file && plan_join_feeds_only(plan, stage)) pair_int(p, "table", 1);
        if (s->conn->format == FORMAT_binary)
            pair_int(p, "record", 8 * (int64_t)s->conn->record->words);
        if (s->conn->format == FORMAT_csv && !numbers) {
            if (emit_option_int(s->conn, "header", 0)) {
                pair_int(p, "header", 1);
                pair(p, "columns", emit_schema_columns(p->g, s));
            }
            if (emit_option_int(s->conn, "multiline", 0)) pair_int(p, "multiline", 1);
        }
        pair(p, "id", s->sid);
        pair(p, "schema", s->schema);
        buf_char(&p->text, '\n');
    }
}

static void put_times(prog_t *p) {
    const plan_t *plan = p->g->plan;
    for (size_t i = 0; i < plan->times.n; i++) {
        const ptime_t *t = &plan->times.at[i];
        const cval_t *delay = t->step->u.event_time.delay_value;
        const cval_t *idle = t->step->u.event_time.idle_value;
        buf_printf(&p->text, "time\t%d", t->id);
        pair_int(p, "step", t->step_id);
        pair_int(p, "delay", delay ? (int64_t)delay->w[0] : 0);
        if (idle) pair_int(p, "idle", (int64_t)idle->w[0]);
        pair(p, "id", t->sid);
        buf_char(&p->text, '\n');
    }
    for (size_t i = 0; i < plan->clocks.n; i++) {
        const pclock_t *c = &plan->clocks.at[i];
        buf_printf(&p->text, "clock\t%d", c->id);
        pair_int(p, "time", c->time);
        pair_int(p, "source", c->source);
        buf_char(&p->text, '\n');
    }
    for (size_t i = 0; i < plan->marks.n; i++) {
        const pmark_t *m = &plan->marks.at[i];
        buf_t times;
        buf_init(&times, p->g->e->arena);
        for (size_t k = 0; k < m->times.n; k++)
            buf_printf(&times, "%s%d", k ? "," : "", m->times.at[k]);
        buf_printf(&p->text, "mark\t%d", m->id);
        if (m->processing) pair_int(p, "processing", 1);
        else pair(p, "times", buf_text(&times));
        buf_char(&p->text, '\n');
    }
}

static void put_states(prog_t *p) {
    for (size_t i = 0; i < p->g->plan->states.n; i++) {
        const pstate_t *s = p->g->plan->states.at[i];
        buf_printf(&p->text, "state\t%d", s->id);
        word(p, op_at(s->step->op)->spelling);
        pair_int(p, "step", s->step_id);
        pair(p, "key", s->int_key ? "int" : "text");
        pair_int(p, "words", s->words);
        if (s->partial) pair_int(p, "partial", 1);
        if (s->one_part) pair(p, "parts", "one");
        if (s->layout) {
            pair(p, "layout", s->layout);
            pair_int(p, "forms", address(p, emit_bytes(p->g->e, s->forms, s->forms_len, "forms")));
            pair(p, "id", s->sid);
            pair(p, "schema", s->schema);
            if (*s->params) pair(p, "params", s->params);
        }
        buf_char(&p->text, '\n');
    }
}

static void put_exchanges(prog_t *p) {
    for (size_t i = 0; i < p->g->plan->exchanges.n; i++) {
        const pexchange_t *x = p->g->plan->exchanges.at[i];
        buf_printf(&p->text, "exchange\t%d", x->id);
        if (x->framed) pair_int(p, "ordered", 1);
        if (x->one_part) pair(p, "parts", "one");
        buf_char(&p->text, '\n');
    }
}

static void header_names(buf_t *b, const type_t *t, char separator, const char *prefix) {
    for (uint32_t i = 0; i < t->nfields; i++) {
        const type_t *f = type_strip(t->fields[i].type);
        buf_t name;
        buf_init(&name, b->arena);
        buf_printf(&name, "%s%s", prefix, t->fields[i].name);
        if (f->kind == TY_RECORD) {
            buf_char(&name, '.');
            header_names(b, f, separator, buf_text(&name));
            continue;
        }
        if (b->n) buf_char(b, separator);
        int quote = strchr(buf_text(&name), separator) || strpbrk(buf_text(&name), "\" ");
        if (!quote) {
            buf_str(b, buf_text(&name));
            continue;
        }
        buf_char(b, '"');
        for (const char *c = buf_text(&name); *c; c++) {
            if (*c == '"') buf_char(b, '"');
            buf_char(b, *c);
        }
        buf_char(b, '"');
    }
}

static int is_partitioned(const psink_t *s) {
    const toption_t *paths = emit_option(s->conn, "partition");
    return paths && paths->ncolumns;
}

/* The columns that stand in the rows and not in the path. */
static const type_t *written_row(emit_t *e, const psink_t *s) {
    field_t *fields = ARENA_ARRAY(e->arena, field_t, s->row->nfields + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->row->nfields; i++)
        if (emit_is_written(s->conn, i)) fields[n++] = s->row->fields[i];
    return type_record(e->types, NULL, fields, n);
}

static void put_sinks(prog_t *p) {
    static const char *const modes[] = {"append", "update", "complete", "final"};
    for (size_t i = 0; i < p->g->plan->sinks.n; i++) {
        const psink_t *s = p->g->plan->sinks.at[i];
        const char *kind = sink_row((sink_id)s->conn->row)->name;
        buf_printf(&p->text, "sink\t%d", s->id);
        word(p, arena_printf(p->g->e->arena, "to %s", kind));
        word(p, kind);
        pair(p, "format", format_text(s->conn->format));
        pair_int(p, "step", s->step_id);
        pair(p, "mode", modes[s->mode]);
        if (s->framed) pair_int(p, "framed", 1);
        if (s->framed && s->ordered) pair(p, "order", "key");
        if (is_partitioned(s)) pair_int(p, "partition", 1);
        if (s->conn->format == FORMAT_csv && emit_option_int(s->conn, "header", 0)) {
            buf_t names;
            buf_init(&names, p->g->e->arena);
            header_names(&names, written_row(p->g->e, s), (char)emit_option_int(s->conn, "separator", ','), "");
            buf_char(&names, '\n');
            pair(p, "header", buf_text(&names));
        }
        if (emit_sink_codec(s)) pair(p, "pack", emit_codec_name(emit_sink_codec(s)));
        pair(p, "ext", format_row(s->conn->format)->ext);
        buf_char(&p->text, '\n');
    }
}

static const char *stage_name(const pstage_t *s) {
    if (s->root == ROOT_source) return source_row((source_id)s->source->conn->row)->name;
    return op_at(s->step->op)->spelling;
}

/* Are all the tables that the stage feeds silent until the last batch?  Then what workers
 * hold for them need not go out before it.  A table that acts on its entries in any other
 * batch, to let keys go for one, must not be fed so. */
static int feeds_only_final(const prog_t *p, const pstage_t *s) {
    const plan_t *plan = p->g->plan;
    for (size_t i = 0; i < plan->stages.n; i++) {
        const pstage_t *t = plan->stages.at[i];
        for (size_t k = 0; k < s->partials.n; k++) {
            if (t->state != s->partials.at[k]) continue;
            if (!t->step->out.is_table || t->mark >= 0) return 0;
            for (size_t o = 0; o < t->outs.n; o++)
                if (t->outs.at[o]->mode != MODE_final) return 0;
        }
    }
    return s->partials.n > 0;
}

static void put_stages(prog_t *p) {
    const plan_t *plan = p->g->plan;
    for (size_t i = 0; i < plan->stages.n; i++) {
        const pstage_t *s = plan->stages.at[i];
        buf_printf(&p->text, "stage\t%d", s->id);
        word(p, stage_name(s));
        if (s->source) pair_int(p, "source", s->source->id);
        else pair_int(p, "exchange", s->exchange->id);
        if (s->exchange2) pair_int(p, "exchange2", s->exchange2->id);
        for (size_t k = 0; k < p->g->fns.n; k++) {
            const gen_fn_t *f = &p->g->fns.at[k];
            if (f->stage != s->id) continue;
            pair_int(p, f->what, address(p, f->fn));
            if (!strcmp(f->what, "header")) {
                buf_t names;
                buf_init(&names, p->g->e->arena);
                int n = 2;
                for (const char *c = emit_schema_columns(p->g, s->source); *c; c++) n += *c == ',';
                pair_int(p, "header_words", n);
            }
        }
        buf_t states;
        buf_init(&states, p->g->e->arena);
        if (s->state) buf_printf(&states, "%d", s->state->id);
        if (s->sessions) buf_printf(&states, ",%d", s->sessions->id);
        for (size_t k = 0; k < s->partials.n; k++)
            buf_printf(&states, "%s%d", states.n ? "," : "", s->partials.at[k]->id);
        if (states.n) pair(p, "states", buf_text(&states));
        if (s->mark >= 0) {
            pair_int(p, "mark", s->mark);
            int whole = s->step && plan_revised(s->step) && emit_has_mode(s, MODE_complete);
            pair(p, "closes", whole ? "whole" : "due");
        } else if (s->lookups.n || (s->step && plan_by_rows(s->step))) {
            pair(p, "closes", "touched"); /* nothing happens elsewhere before the end */
        }
        if (s->refresh >= 0) pair_int(p, "refresh", s->refresh);
        if (feeds_only_final(p, s)) pair(p, "flushes", "final");
        buf_char(&p->text, '\n');
    }
    for (size_t i = 0; i < plan->stages.n; i++) {
        const pstage_t *s = plan->stages.at[i];
        for (size_t k = 0; k < s->ports.n; k++) {
            const pport_t *t = s->ports.at[k];
            buf_printf(&p->text, "port\t%d\t%d", s->id, t->id);
            if (t->exchange) pair_int(p, "exchange", t->exchange->id);
            else pair_int(p, "sink", t->sink->id);
            buf_char(&p->text, '\n');
        }
    }
}

/* ---- main ---- */

static LLVMValueRef address_table(prog_t *p) {
    emit_t *e = p->g->e;
    LLVMValueRef table = LLVMConstArray2(e->ptr, p->addresses.at, p->addresses.n);
    LLVMValueRef g = LLVMAddGlobal(e->module, LLVMTypeOf(table), "flowgen_addresses");
    LLVMSetLinkage(g, LLVMInternalLinkage);
    LLVMSetGlobalConstant(g, 1);
    LLVMSetInitializer(g, table);
    return g;
}

static LLVMValueRef declare(emit_t *e, const char *name, LLVMTypeRef type) {
    LLVMValueRef fn = LLVMGetNamedFunction(e->module, name);
    return fn ? fn : LLVMAddFunction(e->module, name, type);
}

static void main_function(prog_t *p) {
    emit_t *e = p->g->e;
    LLVMTypeRef rt = LLVMFunctionType(
        e->i32, (LLVMTypeRef[]){e->i32, e->ptr, e->ptr, e->i64, e->ptr, e->i64}, 6, 0);
    LLVMTypeRef type = LLVMFunctionType(e->i32, (LLVMTypeRef[]){e->i32, e->ptr}, 2, 0);
    LLVMValueRef run = declare(e, "flow_rt_main", rt);
    LLVMValueRef text = emit_bytes(e, buf_text(&p->text), p->text.n, "descriptor");
    LLVMValueRef table = address_table(p);
    fn_t f;
    emit_fn_open(e, &f, "main", type, (span_t){0});
    LLVMSetLinkage(f.fn, LLVMExternalLinkage);
    LLVMValueRef args[] = {emit_arg(e, 0, "argc"), emit_arg(e, 1, "argv"), text,
                           ir_i64(e, (int64_t)p->text.n), table,
                           ir_i64(e, (int64_t)p->addresses.n)};
    ir_ret(e, ir_call(e, run, args, 6, "code"));
    emit_fn_close(e);
}

void emit_main(gen_t *g, const char *explain, const char *hash) {
    prog_t p = {.g = g};
    emit_t *e = g->e;
    buf_init(&p.text, e->arena);
    LLVMValueRef abi = LLVMAddGlobal(e->module, e->i8, STRING(FLOW_ABI_SYMBOL));
    LLVMSetLinkage(abi, LLVMExternalLinkage);
    address(&p, abi);
    put_program(&p, explain, hash);
    put_settings(&p);
    put_params(&p);
    buf_printf(&p.text, "setup\t%d\n", address(&p, emit_setup(g)));
    put_codecs(&p);
    put_steps(&p);
    put_sources(&p);
    put_times(&p);
    put_states(&p);
    put_exchanges(&p);
    put_sinks(&p);
    put_stages(&p);
    e->descriptor = buf_text(&p.text);
    main_function(&p);
}
