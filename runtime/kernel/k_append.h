/* k_append.h - many keys at once, into a table that was empty: state that is loaded.
 *
 * Each key comes once and alike keys are never apart, so nobody looks whether it is there:
 * entries are appended, and the index is made when all of them are.  Until then nobody may
 * look for a key. */
#ifndef FLOW_KERNEL_K_APPEND_H
#define FLOW_KERNEL_K_APPEND_H

#include "runtime/kernel/k_table.h"

/* Memory for so many entries at least. */
FLOW_FAR void k_append_room(flow_ctx *ctx, flow_table *t, int64_t entries);
/* The words of the new entry, all zero; null: the key is that of the entry before. */
FLOW_FAR uint64_t *k_append_i64(flow_ctx *ctx, flow_table *t, int64_t key);
FLOW_FAR uint64_t *k_append_text(flow_ctx *ctx, flow_table *t, const uint8_t *ptr, int64_t len);
FLOW_FAR void k_append_end(flow_ctx *ctx, flow_table *t);

#endif
