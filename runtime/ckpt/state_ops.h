/* state_ops.h - rows of saved state: the bytes of a change list, and one such list read
 * after another.
 *
 * The state of (state, partition) is a set of rows: key bytes, value bytes.  A change list
 * is a run of ops, each
 *
 *     kind u8 | klen u32 | vlen u32 | key | value
 *
 * in strictly ascending order of (key bytes by memcmp, kind), so that within one list what
 * removes comes before what puts: DROP takes away every older row whose key begins with
 * its key, DEL the older row of its key, PUT makes the row.  A row that the list itself
 * puts is never touched by a DROP or DEL of the same list.
 *
 * Everything is read from memory that holds the whole list; who reads a file gives it
 * piece by piece (state_file.h).  Nothing is trusted: see rt_op_read. */
#ifndef FLOW_RUNTIME_CKPT_STATE_OPS_H
#define FLOW_RUNTIME_CKPT_STATE_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/wire.h"

typedef enum rt_op_kind { RT_OP_DROP = 1, RT_OP_DEL = 2, RT_OP_PUT = 3 } rt_op_kind;

#define RT_OP_HEAD 9

typedef struct rt_op {
    rt_op_kind kind;
    const uint8_t *key, *value;
    int64_t klen, vlen;
} rt_op;

void rt_op_write(rt_wire *w, const rt_op *op);
/* The op at p.  Returns its bytes; 0 if more than n bytes are needed, with *need how many
 * (never more than `limit`); -1 if it is none: an unknown kind, a value where there is
 * none, or longer than `limit`. */
int64_t rt_op_read(const uint8_t *p, int64_t n, int64_t limit, rt_op *op, int64_t *need);
/* By key, then by kind. */
int rt_op_compare(const rt_op *a, const rt_op *b);

#endif
