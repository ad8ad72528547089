/* plan.c - graph to plan: builds the stages, then runs the rules over them in order. */
#include "compiler/plan/plan.h"

#include <stdarg.h>
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/plan/build.h"

static const struct {
    const char *name, *doc;
} rules[] = {
#define RULE(id, doc) {#id, doc},
#include "compiler/plan/rules.def"
#undef RULE
};

rule_id rule_named(const char *name) {
    for (int i = 0; i < RULE_COUNT; i++)
        if (!strcmp(rules[i].name, name)) return (rule_id)i;
    return RULE_COUNT;
}

const char *rule_name(rule_id id) {
    return rules[id].name;
}

const char *rule_doc(rule_id id) {
    return rules[id].doc;
}

int plan_rule(const builder_t *b, rule_id rule) {
    return !b->options->off[rule];
}

void plan_trace(builder_t *b, rule_id rule, const char *fmt, ...) {
    if (!b->options->trace) return;
    va_list ap;
    va_start(ap, fmt);
    buf_printf(b->options->trace, "%s: %s\n", rules[rule].name,
               arena_vprintf(b->a, fmt, ap));
    va_end(ap);
}

const char *plan_at(builder_t *b, span_t at) {
    int line, column;
    source_position(source_at(b->sources, at.file), at.start, &line, &column);
    return arena_printf(b->a, "%d:%d", line, column);
}

plan_t *plan_build(arena_t *a, graph_t *g, sources_t *sources, const plan_options *options) {
    static const plan_options all_on;
    plan_t *p = ARENA_NEW(a, plan_t);
    p->program = g->program;
    p->graph = g;
    builder_t b = {.a = a, .plan = p, .sources = sources,
                   .options = options ? options : &all_on};
    build_stages(&b);
    if (plan_rule(&b, RULE_pushdown)) plan_pushdown(&b);
    plan_live(&b);
    plan_order(&b);
    plan_looks(p);
    plan_schemas(&b);
    return p;
}
