/* scope.h - names to definitions, nearest first.
 *
 * A scope is a chain of small frames: let, lambda and case names; the columns of the
 * row; join and pattern names; consts, params and models of the file.  Functions,
 * types, flows, steps and modules have spaces of their own in the file's frame.
 * Narrowed types (`x is not none`) are frames too: facts about a definition that hold
 * below them.  Frames are never changed once a child was made, except the file's. */
#ifndef FLOW_TYPES_SCOPE_H
#define FLOW_TYPES_SCOPE_H

#include "compiler/base/intern.h"
#include "compiler/base/vec.h"
#include "compiler/types/def.h"

typedef enum name_space {
    NS_VALUE,  /* columns, bindings, consts, params, models */
    NS_FN,     /* user and extern functions */
    NS_TYPE,
    NS_VARIANT, /* variants of all unions; several may have one name: scope_variants */
    NS_FLOW,
    NS_STEP,
    NS_MODULE
} name_space;

/* What is known about a definition, or about a field path of its value, below a frame. */
typedef struct fact {
    def_t *def;
    const char **path; /* field names, interned; npath 0: the definition itself */
    int npath;
    type_t *type;      /* T for a T?; a variant's payload record for a union */
} fact_t;
typedef VEC(fact_t) facts_t;

/* A column that was there before a step and no more: for E11. */
typedef struct lost {
    const char *name; /* interned */
    const char *step; /* the step's word */
    span_t at;        /* the step */
    const char *note; /* after the step's place: "keeps its keys and aggregates only" */
    const char *help; /* or null */
    int unformed;     /* not lost but not there yet: `window` of a session (1), of rows (2) */
} lost_t;

/* The calls of aggregates found in the items of one `aggregate`. */
struct node;
/* An argument of an aggregate: evaluated for each row, once, or a function. */
typedef enum agg_arg { AGG_ARG_row, AGG_ARG_const, AGG_ARG_fn } agg_arg;

typedef struct agg_call {
    struct node *call;  /* the ast_call; its def is the DEF_AGGREGATE */
    int agg;            /* row of lang/aggregates.def */
    int sig;            /* which of the row's signatures */
    type_t *result;
    struct node **args; /* in the order of the signature, constants included; null: omitted */
    unsigned char *kinds; /* [nargs]: agg_arg */
    int by_time;        /* its order is that of event time, not of the rows; set by the step */
    type_t **arg_types; /* what each argument is asked to be (T where values may be T?) */
    uint32_t nargs;
    struct node *when;  /* of the item; set by the step */
    int retracts;       /* stands over a table; set by the step */
} agg_call_t;
typedef VEC(agg_call_t *) agg_calls_t;

typedef enum scope_kind { SCOPE_FILE, SCOPE_ROW, SCOPE_NAMES, SCOPE_FACTS, SCOPE_ITEMS } scope_kind;

typedef struct scope scope_t;
struct scope {
    scope_kind kind;
    scope_t *up;
    VEC(def_t *) defs;   /* NS_VALUE of this frame, in order */
    VEC(lost_t) lost;    /* SCOPE_ROW */
    facts_t facts;       /* SCOPE_FACTS */
    /* SCOPE_ITEMS: the items of an `aggregate`.  Names resolve upwards (to the keys);
     * the arguments of aggregates are checked in `rows`. */
    scope_t *rows;
    agg_calls_t *aggs;
    int when;            /* the item has a `when` */
    /* SCOPE_FILE */
    struct names *spaces;
};

/* The frame of a file: its declarations, in all spaces. */
scope_t *scope_file(arena_t *a);
/* Enters a declaration; the earlier definition of that name in this file, or null.
 * (Variants never clash.) */
def_t *scope_declare(arena_t *a, scope_t *file, name_space ns, def_t *d);
/* A frame of columns made from a record type: their order is their index.  `at` may be
 * null, or has a place of declaration per field (else the field's own is taken). */
scope_t *scope_row(arena_t *a, scope_t *up, const type_t *row, const span_t *at);
void scope_lose(arena_t *a, scope_t *row, lost_t lost);
scope_t *scope_names(arena_t *a, scope_t *up);
def_t *scope_add(arena_t *a, scope_t *s, def_kind kind, const char *name, type_t *type,
                 span_t at);
scope_t *scope_facts(arena_t *a, scope_t *up, const facts_t *facts);
scope_t *scope_items(arena_t *a, scope_t *keys, scope_t *rows, agg_calls_t *out, int when);

/* The nearest value of that name, or null. */
def_t *scope_find(const scope_t *s, const char *name);
/* In the file's frame at the top of the chain. */
def_t *scope_find_in(const scope_t *s, name_space ns, const char *name);
/* All variants of that name in the file: at most `max` are written, their number returned. */
size_t scope_variants(const scope_t *s, const char *name, def_t **out, size_t max);
/* The narrowed type that holds here for a definition (npath 0) or a path in it, or null. */
type_t *scope_narrowed(const scope_t *s, const def_t *d, const char *const *path, int npath);
/* The nearest row frame, or null; the nearest items frame, or null; the file's frame. */
scope_t *scope_row_of(const scope_t *s);
scope_t *scope_items_of(const scope_t *s);
scope_t *scope_file_of(const scope_t *s);
/* All names of a space that can be seen from here, for guesses; returns how many. */
size_t scope_all(arena_t *a, const scope_t *s, name_space ns, const char ***names);

#endif
