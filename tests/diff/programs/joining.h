/* joining.h - random joins and unions; each returns 0 where it does not apply. */
#ifndef FLOW_TESTS_DIFF_JOINING_H
#define FLOW_TESTS_DIFF_JOINING_H

#include "relation.h"

/* `right` is a stream of the other source at its beginning. */
int step_join(relation_t *r, relation_t right);
int step_union(relation_t *r, relation_t right);

#endif
