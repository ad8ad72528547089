/* joins.h - what the plan and the emitter ask of a join. */
#ifndef FLOW_PLAN_JOINS_H
#define FLOW_PLAN_JOINS_H

#include "compiler/plan/plan.h"
#include "compiler/types/sema.h"

/* Are rows of that side, left (0) or right (1), shown when they match nothing? */
int plan_join_keeps_alone(const tstep_t *s, int right);
/* Do rows whose key is none stand in its state?  Then keys say which these are. */
int plan_join_marks_none(const tstep_t *s);
/* `as of`: the step `latest … keep` of the other side, whose input is its versions; else
 * null. */
const tstep_t *plan_join_versions(const tstep_t *s);
/* Are the stage's rows only those of tables that streams are joined with? */
int plan_join_feeds_only(const plan_t *plan, const pstage_t *stage);
/* Is its key one integer? */
int plan_join_int_key(const tstep_t *s);

#endif
