/* k_stage.h - probes of tables that outgrow the cache, some dozens at a time, so that they do
 * not wait for memory one by one. */
#ifndef FLOW_KERNEL_K_STAGE_H
#define FLOW_KERNEL_K_STAGE_H

#include "runtime/kernel/k_table.h"

/* Fetches ahead what the probes of the next rows of a buffer will read, where the table is
 * larger than the nearest cache; each row has its key `key` bytes from its start, an integer
 * or where its text stands.  Gives the row up to which that is done, or `end`. */
const uint8_t *flow_k_table_ahead(flow_ctx *ctx, const flow_table *t, const uint8_t *row,
                                  const uint8_t *end, int64_t key);

/* Staged keys.  Where a table outgrows the cache, keys are put aside a few dozen at a time:
 * stage_* computes the hash and fetches the index ahead, then stage_fetch each entry, then
 * stage_*_entry probes.  A slot is FLOW_STAGE_WORDS words and points nowhere; only text of
 * at most FLOW_STAGE_TEXT bytes is staged.  Good for updates whose order does not matter. */
#define FLOW_STAGE_WORDS 3
#define FLOW_STAGE_TEXT 12
int32_t flow_k_table_big(const flow_table *t);
void flow_k_stage_text(flow_ctx *ctx, const flow_table *t, uint64_t *slot,
                       const uint8_t *ptr, int64_t len);
void flow_k_stage_i64(flow_ctx *ctx, const flow_table *t, uint64_t *slot, int64_t key);
void flow_k_stage_fetch(const flow_table *t, const uint64_t *slot);
/* So many rows are drained. */
void flow_k_stage_fed(flow_table *t, int64_t rows);
/* Shall so many rows pass the table by, to leave as they are?  That is cheaper where few keys
 * come again before the table is full; a run of rows now and then enters it, to see whether
 * that is still so. */
int32_t flow_k_stage_passes(flow_table *t, int64_t rows);
/* Address and length of a staged text key. */
void flow_k_stage_key_text(const uint64_t *slot, uint64_t *text);
uint64_t *flow_k_stage_text_entry(flow_ctx *ctx, flow_table *t, const uint64_t *slot);
uint64_t *flow_k_stage_i64_entry(flow_ctx *ctx, flow_table *t, const uint64_t *slot);

#endif
