/* joining.h - random joins and unions; each returns 0 where it does not apply. */
#ifndef FLOW_TESTS_DIFF_JOINING_H
#define FLOW_TESTS_DIFF_JOINING_H

#include "relation.h"

/* `right` is a stream of the other source at its beginning. */
int step_join(relation_t *r, relation_t right);
/* `right` is at the beginning of a source that nothing but tables of joins reads. */
int step_table_join(relation_t *r, relation_t right);
/* Both are tables, or will be. */
int step_tables_join(relation_t *r, relation_t right);
/* Against the versions of a table. */
int step_as_of(relation_t *r, relation_t right);
int step_union(relation_t *r, relation_t right);

#endif
