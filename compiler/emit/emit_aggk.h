/* emit_aggk.h - the kernel's aggregate functions by aggregate and type. */
#ifndef FLOW_EMIT_EMIT_AGGK_H
#define FLOW_EMIT_EMIT_AGGK_H

#include "compiler/emit/emit.h"

/* A row of runtime/kernel/k_agg.def. */
typedef struct aggk {
    const char *id, *cls;
    int words;                    /* of state */
    const char *layout;           /* of those words, for saving them */
    const char *partial, *result; /* type codes, as the table has them */
    int step, part, merge, res;   /* kfn ids, -1 if there is none */
} aggk_t;

/* The row for an aggregate (its id in lang/aggregates.def) of values of type t, which is
 * no T?; of arg_min and arg_max t is the key's type. */
aggk_t emit_aggk(emit_t *e, const char *id, const type_t *t);
/* One argument in the form of the row's class. */
void emit_aggk_push(emit_t *e, const aggk_t *k, val_t v, LLVMValueRef *args, unsigned *n);

/* A constant argument: its words. */
void emit_aggk_push_const(val_t v, LLVMValueRef *args, unsigned *n);
/* Fails where the constants of an aggregate make no sense: a quantile beyond 1. */
void emit_agg_check(emit_t *e, int agg, const val_t *consts);

/* The type that a letter of `partial` or `result` stands for; value: what T means.  `i`
 * is int: the sum of durations is one to the kernel. */
type_t *emit_aggk_type(emit_t *e, char letter, type_t *value);

#endif
