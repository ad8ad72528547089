/* def.h - definitions: what a name stands for.
 *
 * One def_t per declaration, column, binding, built-in.  A name node's `def` points to
 * it after checking.  Declarations are checked when they are first used (their order in
 * the text means nothing), so `state` says how far one is. */
#ifndef FLOW_TYPES_DEF_H
#define FLOW_TYPES_DEF_H

#include <stdint.h>

#include "compiler/diag/source.h"
#include "compiler/types/type.h"

struct node;
struct scope;

typedef enum def_kind {
    DEF_COLUMN,       /* index: position in the step's input row (row_in) */
    DEF_LET,          /* of a `let ...;` expression; node: its bind */
    DEF_LAMBDA_PARAM, /* index: position among the lambda's names */
    DEF_FN_PARAM,     /* index: position; also of user steps (then value: the argument) */
    DEF_CASE_BIND,    /* `Bid b =>`: the payload record */
    DEF_CONST,        /* value: once evaluated */
    DEF_PARAM,        /* index: order of declaration in the program */
    DEF_FN,           /* node: its declaration; type: of the result */
    DEF_EXTERN_FN,
    DEF_BUILTIN,      /* index: row of lang/builtins.def */
    DEF_AGGREGATE,    /* of rows, in `aggregate`; index: row of lang/aggregates.def */
    DEF_AGG_LIST,     /* the same name over lists */
    DEF_VARIANT,      /* index: its tag; type: the union */
    DEF_TYPE,         /* type: what the name stands for */
    DEF_STEP,
    DEF_FLOW,
    DEF_MODEL,
    DEF_MODULE,       /* scope: of the imported file */
    DEF_STATE         /* field of a `remember` */
} def_kind;

typedef enum def_state { DEF_NEW, DEF_BUSY, DEF_DONE } def_state;

typedef struct def {
    def_kind kind;
    def_state state;
    const char *name;    /* interned */
    type_t *type;        /* null until known */
    span_t at;           /* where it is declared (its name) */
    int index;
    struct node *node;   /* the declaration, or null */
    struct cval *value;  /* of a constant, once evaluated */
    struct scope *scope; /* where its declaration is checked (the module's scope) */
    struct node **params; /* DEF_FN, DEF_EXTERN_FN: the ast_param nodes, def set */
    uint32_t nparams;
    uint8_t reads;       /* DEF_FN, DEF_CONST: const_check.c's findings about its body */
    int used;            /* read at least once: for lints, and which columns are read */
} def_t;

#endif
