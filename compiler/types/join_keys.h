/* join_keys.h - joins of tables by the keys of both sides. */
#ifndef FLOW_TYPES_JOIN_KEYS_H
#define FLOW_TYPES_JOIN_KEYS_H

#include "compiler/types/sema.h"

/* Does a join of tables compare the whole key of the one side with the whole key of the
 * other, in the same order and with nothing else?  Then a row of either side meets one row
 * of the other at most, and the key of all three tables is the same. */
int join_is_by_keys(const tstep_t *join);

#endif
