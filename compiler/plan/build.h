/* build.h - what the files of plan/ share while a plan is being built. */
#ifndef FLOW_PLAN_BUILD_H
#define FLOW_PLAN_BUILD_H

#include "compiler/plan/plan.h"

/* The stage behind a keyed step, for rows of one mode (streams: append). */
typedef struct keyed {
    tstep_t *step;
    sink_mode mode;
    pexchange_t *exchange;
    pstage_t *stage;
} keyed_t;

typedef struct builder {
    arena_t *a;
    plan_t *plan;
    sources_t *sources;
    const plan_options *options;
    VEC(keyed_t) keyed;
    unsigned seen; /* depth of the walk that looks for sinks */
} builder_t;

/* Where the walk stands: a stage, and the list that takes the next operator. */
typedef struct place {
    pstage_t *stage;
    pops_t *next;
    pop_t *branch;  /* the list is that of a branch: arms are noted beside it */
    int arm;
    sink_mode mode; /* rows of a table: only sinks of this mode are meant */
} place_t;

/* stages.c: from flows to stages and operators. */
void build_stages(builder_t *b);

/* order.c: which sinks show order, which exchanges and sinks carry order keys. */
void plan_order(builder_t *b);

/* live.c: which columns are needed behind each operator, root and source. */
void plan_live(builder_t *b);

/* fails.c: is the expression one that cannot fail (null: there is none)?  May the
 * operator's own expressions fail? */
int plan_cannot_fail(const struct node *n);
int plan_op_may_fail(const pop_t *op);

/* pushdown.c: filters nearer to the source. */
void plan_pushdown(builder_t *b);

/* A line of --trace-plan: "prune: ...". */
void plan_trace(builder_t *b, rule_id rule, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Is the rule on? */
int plan_rule(const builder_t *b, rule_id rule);
/* "3:17" of a step, for traces. */
const char *plan_at(builder_t *b, span_t at);

#endif
