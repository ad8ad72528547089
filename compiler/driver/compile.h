/* compile.h - one program on its way through the compiler.
 *
 * A compile is a value: it owns an arena in which everything lives until compile_free.
 * compile_to brings it to a stage of stages.def by running all stages up to it, each
 * once; errors stop it there. */
#ifndef FLOW_DRIVER_COMPILE_H
#define FLOW_DRIVER_COMPILE_H

#include <stdio.h>

#include "compiler/base/intern.h"
#include "compiler/diag/diag.h"
#include "compiler/driver/options.h"
#include "compiler/emit/emit.h"
#include "compiler/emit/target.h"
#include "compiler/link/object.h"
#include "compiler/plan/plan.h"
#include "compiler/syntax/parse.h"
#include "compiler/types/sema.h"

typedef struct phase {
    const char *name;
    double ms;
} phase_t;

typedef struct compile {
    arena_t *arena;
    const options_t *options;
    intern_t *names;
    sources_t *sources;
    diags_t *diags;
    uint32_t file;
    parse_env_t parse;
    comments_t comments;
    int done;               /* stages that have run: ids below this */
    const char *failed;     /* what went wrong beside the program: a file, the target */
    int usage;              /* it is the command line's fault */
    ast_program_t *tree;
    sema_env sema;
    program_t *program;
    graph_t *graph;
    plan_options plan_options;
    buf_t trace;
    plan_t *plan;
    target_t *target;
    emit_t *emit;
    const char *assembly;
    size_t assembly_size;
    VEC(object_t) objects;
    int optimised;          /* the module at `ir`; else its parts are, by `obj` */
    VEC(phase_t) phases;    /* for --time */
} compile_t;

/* Reads the file; c->failed is set if it cannot. */
compile_t *compile_new(const options_t *options, const char *path);
void compile_free(compile_t *c);
/* True if the stage was reached: no errors, nothing failed. */
int compile_to(compile_t *c, stage_id stage);
/* Prints a stage that was reached. */
void compile_print(compile_t *c, stage_id stage, FILE *out);
/* Prints diagnostics, the trace and times to standard error; returns the exit code. */
int compile_report(compile_t *c);
/* Milliseconds since some moment; and a phase that began at `since` is over. */
double compile_clock(void);
void compile_phase(compile_t *c, const char *name, double since);

/* The stages; one pair per row of stages.def (stages.c). */
#define STAGE(id, form, doc)                                                             \
    int stage_##id##_run(compile_t *c);                                                  \
    void stage_##id##_print(compile_t *c, FILE *out);
#include "compiler/driver/stages.def"
#undef STAGE

#endif
