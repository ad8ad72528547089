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

/* A join that was asked about (plan_looks_up). */
typedef struct judged {
    const tstep_t *join;
    int looks_up;
} judged_t;

typedef struct builder {
    arena_t *a;
    plan_t *plan;
    sources_t *sources;
    const plan_options *options;
    VEC(keyed_t) keyed;
    VEC(judged_t) judged;
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
/* The pstep id of a step. */
int plan_step_id(builder_t *b, tstep_t *s);

/* leads.c: is there a sink of the mode behind step i of the flow?  Behind the step that
 * makes a table of a stream, sinks of any mode count. */
int plan_leads(builder_t *b, tflow_t *f, size_t i, sink_mode mode);
/* Does the step take a table as changes, old rows and new ones?  `sort` takes it whole. */
int plan_takes_changes(const tstep_t *s);
/* Is there a sink of any mode behind step i of the flow, whose rows are those of a table? */
int plan_leads_any(builder_t *b, tflow_t *f, size_t i);
/* Is the flow the other side of this join, as rows that cross as they are?  Does a join take
 * what enters this `latest` as versions?  Does any? */
int plan_joins_right(const tstep_t *s, const tflow_t *f);
int plan_takes_versions(const tstep_t *join, const tflow_t *f, const tstep_t *latest);
int plan_reads_versions(builder_t *b, const tflow_t *f, const tstep_t *latest);
/* Where the late rows of an `event_time` or `window` go, or null. */
tflow_t *plan_late_flow(const tstep_t *s);
/* Do late rows of the window leave the step that forms it, as they entered it? */
int plan_enters_late(const tstep_t *window);

/* times.c: the watermark of rows with these properties, or the time of the batch; the clock
 * of an `event_time` step in the stage of a source. */
int plan_mark(builder_t *b, const tprops_t *p);
int plan_mark_processing(builder_t *b);
int plan_clock(builder_t *b, const tstep_t *event_time, int step_id, const psource_t *source);
/* The length of the slices from which the windows of an aggregate can be put together; 0:
 * they cannot.  Of a `window`: of the aggregate that its rows go to. */
#define PLAN_SLICE_LATER (-1) /* known when the program starts: it depends on a param */
int64_t plan_slice(const builder_t *b, const tstep_t *aggregate);
int64_t plan_slice_behind(const builder_t *b, const tstep_t *window);
/* What the root of a keyed step waits for, or -1. */
int plan_root_mark(builder_t *b, const tstep_t *s);
/* Must the rows of its exchange carry their event time? */
int plan_needs_time(const tstep_t *s);

/* topology.c: the stages in the order in which they run. */
void plan_sort_stages(builder_t *b);

/* order.c: which sinks show order, which exchanges and sinks carry order keys. */
void plan_order(builder_t *b);

/* live.c: which columns are needed behind each operator, root and source. */
void plan_live(builder_t *b);

/* fails.c: is the expression one that cannot fail (null: there is none)?  May the
 * operator's own expressions fail? */
int plan_cannot_fail(const struct node *n);
int plan_op_may_fail(const pop_t *op);

/* fields.c: marks the fields of a column of the root's rows, a record, that are read behind
 * it; 0 if all of it is needed. */
int plan_field_reads(const pstage_t *stage, int column, const type_t *record,
                     unsigned char *read);
/* The same behind an operator. */
int plan_field_reads_behind(const pops_t *next, int column, const type_t *record,
                            unsigned char *read);

/* joins.c: which columns of both sides a join needs behind its exchanges; what is asked of
 * the rows that are sent to it; what is there to be carried. */
void plan_join_live(builder_t *b, pstage_t *stage, int all);
void plan_join_sent(builder_t *b, const pop_t *op, const pstage_t *to, unsigned char *live);
void plan_join_there(const pop_t *op, pstage_t *to, const unsigned char *there);
void plan_join_carried(pstage_t *stage, const unsigned char *needed,
                       const unsigned char *needed2, unsigned char *there);
const char *plan_join_key_text(builder_t *b, const tstep_t *s);

/* lookups.c: may the left rows of the join look for those of the right side where the join's
 * stage keeps them? */
int plan_looks_up(builder_t *b, const tstep_t *join);
/* What such an operator reads of the left row; what the operators behind it need of the right. */
void plan_lookup_reads(const tstep_t *s, unsigned char *left);
void plan_lookup_live(builder_t *b, pstage_t *stage, const pop_t *op, int all);
/* May a row fail behind this and be shown by `errors into`?  (live.c) */
int plan_may_be_shown(const pops_t *next);

/* schema.c: ids and schemas of states, when all else is known. */
void plan_schemas(builder_t *b);

/* looks.c: which files are read anew, and whose rows they replace. */
void plan_looks(plan_t *plan);

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
