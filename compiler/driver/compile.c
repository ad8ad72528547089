/* compile.c - runs the rows of stages.def in order. */
#include "compiler/driver/compile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compiler/base/check.h"
#include "compiler/driver/driver.h"

double compile_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void compile_phase(compile_t *c, const char *name, double since) {
    vec_push(c->arena, &c->phases, ((phase_t){name, compile_clock() - since}));
}

/* Rules by name; an unknown one is a fault of the command line. */
static void read_rules(compile_t *c) {
    for (size_t i = 0; i < c->options->off.n; i++) {
        const char *name = c->options->off.at[i];
        rule_id rule = rule_named(name);
        if (rule != RULE_COUNT) {
            c->plan_options.off[rule] = 1;
            continue;
        }
        buf_t all;
        buf_init(&all, c->arena);
        for (int r = 0; r < RULE_COUNT; r++)
            buf_printf(&all, "%s%s", r ? ", " : "", rule_name((rule_id)r));
        c->failed = arena_printf(c->arena, "there is no rule `%s`: they are %s", name,
                                 buf_text(&all));
        c->usage = 1;
    }
}

compile_t *compile_new(const options_t *options, const char *path) {
    arena_t *a = arena_new("compile");
    compile_t *c = ARENA_NEW(a, compile_t);
    c->arena = a;
    c->options = options;
    c->names = intern_new(a);
    c->sources = sources_new(a);
    c->diags = diags_new(a, c->sources);
    const char *why;
    if (!sources_read(c->sources, path, &c->file, &why))
        c->failed = arena_printf(a, "cannot read %s: %s", path, why);
    c->parse = (parse_env_t){a, c->names, c->sources, c->diags};
    buf_init(&c->trace, a);
    if (options->trace_plan) c->plan_options.trace = &c->trace;
    read_rules(c);
    return c;
}

void compile_free(compile_t *c) {
    emit_free(c->emit);
    target_free(c->target);
    arena_free(c->arena);
}

typedef struct stage {
    int (*run)(compile_t *c);
    void (*print)(compile_t *c, FILE *out);
} stage_t;

static const stage_t stages[] = {
#define STAGE(id, form, doc) {stage_##id##_run, stage_##id##_print},
#include "compiler/driver/stages.def"
#undef STAGE
};

int compile_to(compile_t *c, stage_id stage) {
    for (int i = c->done; i <= (int)stage && !c->failed; i++) {
        double since = compile_clock();
        int ok = stages[i].run(c);
        compile_phase(c, stage_name((stage_id)i), since);
        if (!ok || c->failed || diags_errors(c->diags)) return 0;
        c->done = i + 1;
    }
    return !c->failed;
}

void compile_print(compile_t *c, stage_id stage, FILE *out) {
    flow_assert(c->done > (int)stage || stage <= STAGE_ast);
    stages[stage].print(c, out);
}

/* ANSI colours: on a terminal that has not asked to be left alone. */
static int wants_color(void) {
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    if (none && *none) return 0;
    return isatty(2) && term && strcmp(term, "dumb");
}

int compile_report(compile_t *c) {
    int errors = c->options->json ? diags_render_json(c->diags, stderr)
                                  : diags_render(c->diags, stderr, wants_color());
    if (c->trace.n) fputs(buf_text(&c->trace), stderr);
    if (c->options->time)
        for (size_t i = 0; i < c->phases.n; i++)
            fprintf(stderr, "%-10s %8.2f ms\n", c->phases.at[i].name, c->phases.at[i].ms);
    if (errors) return EXIT_ERRORS;
    if (!c->failed) return EXIT_DONE;
    fprintf(stderr, "flowc: %s\n", c->failed);
    return c->usage ? EXIT_USAGE : EXIT_FILE;
}
