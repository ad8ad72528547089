/* stages.c - the stages of stages.def: what each runs and how it is printed.
 *
 * LLVM is first touched by stage `ir`, so `check` and the forms before it are quick. */
#include <string.h>

#include "compiler/driver/compile.h"
#include "compiler/driver/parts.h"
#include "compiler/emit/emit_stage.h"
#include "compiler/emit/ir_text.h"
#include "compiler/emit/optimise.h"
#include "compiler/graph/graph.h"
#include "compiler/link/cache.h"
#include "compiler/link/object.h"
#include "compiler/syntax/ast_print.h"
#include "compiler/types/typed_print.h"

static buf_t new_text(compile_t *c) {
    buf_t b;
    buf_init(&b, c->arena);
    return b;
}

static void put_text(const buf_t *b, FILE *out) {
    fwrite(buf_text(b), 1, b->n, out);
}

/* ---- text, tree ---- */

int stage_tokens_run(compile_t *c) {
    (void)c; /* the parser scans as it goes; only printing takes the tokens alone */
    return 1;
}

void stage_tokens_print(compile_t *c, FILE *out) {
    buf_t b = new_text(c);
    parse_print_tokens(&c->parse, c->file, &b);
    put_text(&b, out);
}

int stage_ast_run(compile_t *c) {
    c->tree = parse_file(&c->parse, c->file, &c->comments);
    return 1;
}

void stage_ast_print(compile_t *c, FILE *out) {
    buf_t b = new_text(c);
    ast_print(&b, &c->tree->node);
    put_text(&b, out);
}

/* ---- types ---- */

static node_t *load_import(sema_env *env, const char *path, span_t at, const char **why) {
    compile_t *c = env->load_data;
    (void)at; /* the caller says where */
    uint32_t file;
    if (!sources_read(c->sources, path, &file, why)) return NULL;
    *why = NULL;
    int before = diags_errors(c->diags);
    ast_program_t *tree = parse_file(&c->parse, file, NULL);
    return diags_errors(c->diags) > before ? NULL : &tree->node;
}

int stage_typed_run(compile_t *c) {
    c->sema = (sema_env){.arena = c->arena, .names = c->names, .sources = c->sources,
                         .diags = c->diags, .load = load_import, .load_data = c,
                         .testing = c->options->command == CMD_test};
    c->program = sema_program(&c->sema, &c->tree->node);
    return 1;
}

void stage_typed_print(compile_t *c, FILE *out) {
    buf_t b = new_text(c);
    typed_print(&b, c->program, c->diags);
    put_text(&b, out);
}

/* ---- graph, plan ---- */

int stage_graph_run(compile_t *c) {
    c->graph = graph_build(c->arena, c->program);
    return 1;
}

void stage_graph_print(compile_t *c, FILE *out) {
    buf_t b = new_text(c);
    if (c->options->dot) graph_dot(&b, c->graph);
    else graph_print(&b, c->graph);
    put_text(&b, out);
}

int stage_plan_run(compile_t *c) {
    c->plan = plan_build(c->arena, c->graph, c->sources, &c->plan_options);
    return 1;
}

void stage_plan_print(compile_t *c, FILE *out) {
    buf_t b = new_text(c);
    plan_print(&b, c->plan, c->sources);
    put_text(&b, out);
}

/* ---- machine code ---- */

/* A hash of the program's texts: its identity in the descriptor. */
static const char *text_hash(compile_t *c) {
    cache_key_t *k = cache_key_new(c->arena);
    for (uint32_t i = 0; i < sources_count(c->sources); i++) {
        const source_t *s = source_at(c->sources, i);
        cache_key_bytes(k, s->text, s->len);
    }
    return cache_key_digest(c->arena, k);
}

static void optimise_now(compile_t *c) {
    const options_t *o = c->options;
    double since = compile_clock();
    optimise(c->emit, o->level, o->sanitize);
    compile_phase(c, "optimise", since);
    c->optimised = 1;
}

int stage_ir_run(compile_t *c) {
    const char *why;
    c->target = target_new(c->arena, c->options->cpu, c->options->level, &why);
    if (!c->target) {
        c->failed = why;
        c->usage = 1;
        return 0;
    }
    c->emit = emit_new(c->arena, c->names, c->program->types, c->sources, c->diags, c->target);
    buf_t explain = new_text(c);
    plan_explain(&explain, c->plan, c->sources);
    emit_program(c->emit, c->plan, &c->plan_options, buf_text(&explain), text_hash(c));
    emit_finish(c->emit);
    if (c->options->before_opt) optimise_prune(c->emit);
    else if (c->options->command == CMD_emit) optimise_now(c);
    return 1;
}

void stage_ir_print(compile_t *c, FILE *out) {
    fputs(ir_text(c->emit, c->options->stage), out);
}

static const char *generate(compile_t *c, int assembly, size_t *n) {
    const char *why;
    const char *bytes = object_make(c->arena, target_machine(c->target), c->emit->module,
                                    assembly, n, &why);
    if (!bytes) c->failed = arena_printf(c->arena, "code generation failed: %s", why);
    return bytes;
}

/* Assembly is only made to be printed: the object comes from the module directly. */
int stage_asm_run(compile_t *c) {
    if (c->options->command == CMD_emit && c->options->form == STAGE_asm)
        c->assembly = generate(c, 1, &c->assembly_size);
    return 1;
}

void stage_asm_print(compile_t *c, FILE *out) {
    fputs(asm_text(c->emit, c->assembly, c->assembly_size, c->options->stage), out);
}

/* A program that is built is optimised here, perhaps in parts. */
int stage_obj_run(compile_t *c) {
    object_t one;
    int whole = c->optimised || c->options->before_opt;
    if (!whole && parts_make(c)) return 1;
    if (!whole) optimise_now(c);
    one.bytes = generate(c, 0, &one.size);
    if (one.bytes) vec_push(c->arena, &c->objects, one);
    return one.bytes != NULL;
}

void stage_obj_print(compile_t *c, FILE *out) {
    fwrite(c->objects.at[0].bytes, 1, c->objects.at[0].size, out);
}
