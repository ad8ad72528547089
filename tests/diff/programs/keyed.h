/* keyed.h - random steps with state over one flow; each returns 0 where it does not apply. */
#ifndef FLOW_TESTS_DIFF_KEYED_H
#define FLOW_TESTS_DIFF_KEYED_H

#include "relation.h"

int step_aggregate(relation_t *r);
int step_top(relation_t *r);
int step_distinct(relation_t *r);
int step_sort(relation_t *r);
int step_limit(relation_t *r);
int step_latest(relation_t *r);
/* The table, put together again from its changes. */
int step_changes(relation_t *r);

/* The keys of a step: `per` items, as Flow has them and as SQL columns _k0, _k1, ... */
typedef struct {
    int n;
    char flow[5000];          /* ` per a, x1 = b % 2`, or nothing */
    column_t made[3];         /* name empty: a plain column */
    column_t of[3];           /* what the key is */
} keys_t;

/* Chooses keys; `named`: expressions get names.  Adds the SQL expression that computes them,
 * and windows of rows, if one is waiting to be formed. */
keys_t choose_keys(relation_t *r, int least, int most, int named);

/* What a step with keys has made of windows that were waiting for one. */
void formed(relation_t *r);

/* `_s, _e, _k0, _k1` and `_k0 is null, _k0, ...,` for partitions and for orders. */
const char *group_of(const keys_t *k);
const char *order_of_keys(const keys_t *k);

#endif
