/* plan.h - the plan: stages cut at exchanges; read-only once built.
 *
 * A stage reads one input - a source, or the rows of an exchange for one partition - and
 * is one generated function over it.  What it does to a row is a tree of operators
 * (pop_t): each hands its rows to its consumers at once, and the leaves write to ports,
 * which lead to exchanges and sinks.  A stage behind an exchange begins with the stateful
 * operator that asked for the exchange, its root: rows that the root gives at once go to
 * `outs`, and so do those that it makes when the batch closes.
 *
 * Tables.  A table is held by its root.  For each output mode that a sink behind it asks
 * for there is one `out` of the root: update gives the rows of the keys that changed in
 * the batch, complete all rows when one changed, final all rows in the last batch.  What
 * stands over a table gets changes: for each key that changed the old row and the new one,
 * as rows with a sign, in any order.
 *
 * Order (see order.c): a row that leaves at once stands where its cause stood; then come
 * the rows made at the end of the batch, by (step in the text, key).  Where somebody can
 * see the order, entries carry it as key bytes ("order key"), and are merged by memcmp:
 *     00 place (8 bytes, big endian)          a row that leaves at once
 *     01 moment step start key bytes          a row made by a window or a timer
 *     02 step (2 bytes) key bytes             a row of a set, made when the batch closed */
#ifndef FLOW_PLAN_PLAN_H
#define FLOW_PLAN_PLAN_H

#include "compiler/base/buf.h"
#include "compiler/base/vec.h"
#include "compiler/graph/graph.h"
#include "compiler/types/sema.h"

typedef struct pop pop_t;
typedef VEC(pop_t *) pops_t;

/* A line of the table of steps: what messages and row errors name. */
typedef struct pstep {
    int id;
    span_t at;
    const char *name; /* the step's word, or "from file" */
} pstep_t;

/* An `event_time` step. */
typedef struct ptime {
    int id;
    const char *sid;      /* its name in checkpoints */
    tstep_t *step;
    int step_id;
} ptime_t;

/* The stage of a source passes an `event_time` step: a partition of its time. */
typedef struct pclock {
    int id;
    int time, source;
} pclock_t;

/* The watermark of some operators: the least of these times; or the time of the batch. */
typedef struct pmark {
    int id;
    VEC(int) times; /* ascending */
    int processing;
} pmark_t;

typedef struct psource {
    const char *sid, *schema; /* its name in checkpoints, and what it is */
    int id;
    tflow_t *flow;
    tconnector_t *conn;
    int step;         /* pstep id of the decoder */
    unsigned char *live; /* [columns of row_in]: is it read by a step or a sink? */
    int refresh;      /* a file that is read anew when it has changed */
} psource_t;

typedef struct pexchange {
    int id;
    tstep_t *step;    /* the keyed step that it serves, or `errors into` */
    type_t *row;      /* what its rows hold; see the consumer's `kind` */
    int one_part;     /* no key: everything goes to partition 0 */
    int framed;       /* entries carry order keys, and are merged by them */
    int timed;        /* rows carry their event time, */
    int entered;      /* behind its row how it entered the `window` (plate_t) */
    int words;        /* of the row before that: set by emit */
    int signs;        /* and whether they are new (1) or old (0), as hidden first fields */
    const char *key_text; /* for people: "word", "user, url" */
    int consumer;     /* stage id */
} pexchange_t;

typedef struct psink {
    int id;
    tstep_t *step;
    tconnector_t *conn;
    int step_id;
    sink_mode mode;
    type_t *row;      /* what it writes */
    int ordered;      /* shows the order of rows */
    int framed;       /* entries carry keys: order keys, or the path of a partition */
    int nports;       /* how many ports lead to it */
} psink_t;

typedef struct pstate {
    int id;
    tstep_t *step;
    int step_id;
    int int_key;      /* the key is one int, timestamp or duration, or there is none (then
                       * it is 0); else key bytes */
    int one_part;
    int partial;      /* workers aggregate before the exchange */
    int words;        /* of a slot's state: set by emit (aggregate), or fixed */
    const char *layout; /* of what it holds between batches (runtime/kernel/k_save.h), set
                         * by emit; null: it is empty then */
    const char *forms;   /* of what it keeps to be read by type (k_form.h), with a layout */
    size_t forms_len;
    /* For checkpoints (schema.c): what it is called, what its rows mean, and the params that
     * have a say in that. */
    const char *sid, *schema, *params; /* params: names, with commas */
} pstate_t;

typedef struct pport {
    int id;           /* within the stage */
    pexchange_t *exchange; /* or */
    psink_t *sink;
} pport_t;

typedef enum pop_kind {
    POP_where,
    POP_select,
    POP_let,
    POP_drop,
    POP_each,
    POP_event_time, /* arms: 0 the rows, 1 those that go to `late into` */
    POP_window,   /* adds `window`; arms as of event_time */
    POP_union,    /* puts the columns of one input in order */
    POP_branch,
    POP_lookup,   /* a join with a table: its rows are looked for where the root of the join
                   * keeps them, by all workers at once */
    POP_send,     /* to the exchange of a keyed step: keys, and the columns it needs */
    POP_partial,  /* aggregates per worker; what comes out goes to the exchange */
    POP_sink      /* formats the row and writes it to the sink's port */
} pop_kind;

struct pop {
    pop_kind kind;
    tstep_t *step;
    int step_id;
    type_t *row_in, *row_out;
    int input;            /* POP_union: 0 is the flow itself, k its other inputs; POP_send to
                           * a join: 1 is the right side */
    int error_port;       /* of the stage: where rows that fail here go; -1: on_error */
    pport_t *port;        /* POP_send, POP_partial, POP_sink */
    pstate_t *state;      /* POP_partial */
    struct pstage *lookup; /* POP_lookup: the join's stage, which has run before this one */
    unsigned char *live;  /* [columns of row_out]: needed behind it */
    pops_t next;          /* consumers; POP_branch: of all arms */
    VEC(int) arm;         /* POP_branch, event_time, window: the arm of each consumer */
    int clock;            /* POP_event_time */
    int mark;             /* POP_event_time, POP_window by time: what is late goes by it */
    int64_t slice;        /* POP_window: rows go to slices of this length, not to windows; 0;
                           * less: of a length that is known at the start */
};

typedef enum proot_kind {
    ROOT_source,
    ROOT_aggregate, /* exchange row: key, then arguments or partial states */
    ROOT_distinct,  /* key, then the row */
    ROOT_top,       /* key, sort key, then the row */
    ROOT_sort,      /* sort key, then the row */
    ROOT_limit,     /* the row */
    ROOT_remember,  /* key, then the row */
    ROOT_repartition, /* key if there is one, then the row: it goes on at once */
    ROOT_join,      /* both exchanges: key, then the row of that side */
    ROOT_errors,    /* the rows of `errors into` */
    ROOT_latest,    /* key, sort key, then the row */
    ROOT_changes,   /* key of the table, then the row */
    ROOT_close      /* key of the table, the moment, then the row */
} proot_kind;

/* Rows that leave a root towards sinks of one mode (streams: append). */
typedef struct pout {
    sink_mode mode;
    pops_t next;
} pout_t;

/* A `window` by which rows come to a step that forms sessions. */
typedef struct plate {
    const twindow_t *window;
    int window_id; /* its pstep, for which late rows are counted */
    pops_t late;   /* what takes them, as they entered it */
} plate_t;

typedef struct pstage {
    int id;
    proot_kind root;
    tstep_t *step;        /* of the root; null for a source */
    int step_id;
    psource_t *source;
    pexchange_t *exchange;
    pexchange_t *exchange2; /* of a join: the left side, read after the right; null: its rows are
                             * looked up where they come from (`lookups`) */
    VEC(pop_t *) lookups;
    int refresh;          /* ROOT_latest: the source whose look replaces its rows, or -1 */
    pstate_t *state;      /* of the root, or null */
    pstate_t *sessions;   /* of a root that forms sessions: by key, the rows of each; then
                           * `state` is a worker's table for the one that closes */
    plate_t *lates;       /* then: the windows by which its rows come */
    size_t nlates;
    int mark;             /* what the root waits for; -1: it closes with the batch */
    int clock_mark;       /* of windows with `early`: the time of the batch; -1 */
    int waits;            /* of a join: rows or windows wait for a moment */
    int64_t slice;        /* ROOT_aggregate: its windows are put together from slices; 0 */
    int partial;          /* ROOT_aggregate: its rows are partial states */
    int error_port;       /* of the root's own expressions */
    unsigned char *live;  /* [columns of the root's rows]: needed by outs */
    unsigned char *live2; /* of a join: [fields of the right record] that cross */
    VEC(pout_t *) outs;
    VEC(pport_t *) ports;
    VEC(pstate_t *) partials; /* of its POP_partial operators */
} pstage_t;

typedef struct plan {
    program_t *program;
    graph_t *graph;
    VEC(pstep_t) steps;
    VEC(psource_t *) sources;
    VEC(ptime_t) times;
    VEC(pclock_t) clocks;
    VEC(pmark_t) marks;
    VEC(pexchange_t *) exchanges;
    VEC(psink_t *) sinks;
    VEC(pstate_t *) states;
    VEC(pstage_t *) stages; /* topological: sources first, in order of the text */
    int every_batch;        /* a batch is run even without rows (`window batch`) */
} plan_t;

/* Rules that can be switched off and traced; rows of rules.def. */
typedef enum rule_id {
#define RULE(id, doc) RULE_##id,
#include "compiler/plan/rules.def"
#undef RULE
    RULE_COUNT
} rule_id;

typedef struct plan_options {
    unsigned char off[RULE_COUNT];
    buf_t *trace; /* --trace-plan: what each rule did, or null */
} plan_options;

/* The id of a rule by name, or RULE_COUNT; its name and sentence. */
rule_id rule_named(const char *name);
const char *rule_name(rule_id id);
const char *rule_doc(rule_id id);

/* Are the rows of a keyed step kept window by window, until a watermark or the clock passes
 * their end (runtime/kernel/k_pane.h)? */
int plan_paned(const tstep_t *s);
/* Are its windows shown before they close, or changed behind that: is it a table? */
int plan_revised(const tstep_t *s);
/* Is a sink behind it shown all rows of its table, so that none of windows that are revised
 * may be forgotten? */
int plan_shows_all(const pstage_t *stage);
/* Does it form windows that count rows? */
int plan_by_rows(const tstep_t *s);
/* Can the step's states be made by workers and merged? */
int plan_can_merge(const tstep_t *s);
/* Does the step form sessions? */
int plan_sessions(const tstep_t *s);
/* Do late rows of its sessions leave the stage? */
int plan_late_leaves(const pstage_t *s);
/* Must a row say by which `window` it came? */
int plan_says_window(const pstage_t *s);

plan_t *plan_build(arena_t *a, graph_t *g, sources_t *sources, const plan_options *options);

/* Stable text for goldens, and words for people. */
void plan_print(buf_t *b, const plan_t *p, sources_t *sources);
void plan_explain(buf_t *b, const plan_t *p, sources_t *sources);

#endif
