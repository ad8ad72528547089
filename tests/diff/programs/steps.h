/* steps.h - random steps without state, and windows. */
#ifndef FLOW_TESTS_DIFF_STEPS_H
#define FLOW_TESTS_DIFF_STEPS_H

#include "relation.h"

int step_where(relation_t *r);
int step_let(relation_t *r);
int step_select(relation_t *r);
int step_each(relation_t *r); /* of a list of three */
int step_window(relation_t *r);       /* by time */
int step_rows_window(relation_t *r);  /* waits for the next keyed step */
int step_session(relation_t *r);      /* so does this */
int step_leave(relation_t *r);        /* drop window */

/* The same window as r's, which `like` has. */
void window_like(relation_t *r, const relation_t *like);

#endif
