/* state_ops.h - change lists of saved state, as they are read from a file.
 *
 * A list is that of state/saved.h, in strictly ascending order of (key bytes by memcmp,
 * kind), so that within one list what removes comes before what puts: DROP takes away
 * every older row whose key begins with its key, DEL the older row of its key, PUT makes
 * the row.  A row that a list itself puts is never touched by a DROP or DEL of the same
 * list. */
#ifndef FLOW_RUNTIME_CKPT_STATE_OPS_H
#define FLOW_RUNTIME_CKPT_STATE_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/state/saved.h"

#define RT_OP_HEAD 9

/* The op at p.  Returns its bytes; 0 if more than n bytes are needed, with *need how many
 * (never more than `limit`); -1 if it is none: an unknown kind, a value where there is
 * none, or longer than `limit`. */
int64_t rt_op_read(const uint8_t *p, int64_t n, int64_t limit, rt_saved_op *op,
                   int64_t *need);
/* All bytes of an op that was read. */
const uint8_t *rt_op_bytes(const rt_saved_op *op, int64_t *n);
/* The first eight bytes of a key as a number, zeros behind a shorter one: keys whose heads
 * differ are in the order of these. */
uint64_t rt_key_head(const uint8_t *key, int64_t klen);
/* By key, then by kind. */
int rt_op_compare(const rt_saved_op *a, const rt_saved_op *b);
/* By key. */
int rt_key_compare(const uint8_t *a, int64_t na, const uint8_t *b, int64_t nb);

#endif
