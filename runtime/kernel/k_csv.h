/* k_csv.h - csv records to words; see k_schema.h for the protocol.
 *
 * RFC 4180 with the choices of the language: a record ends at a line end, but in
 * quotes with FLOW_FMT_MULTILINE; empty lines are skipped; too many fields are malformed.
 */
#ifndef FLOW_KERNEL_K_CSV_H
#define FLOW_KERNEL_K_CSV_H

#include "runtime/kernel/k_value.h"

void *flow_k_csv_open(flow_ctx *ctx, const uint8_t *schema, const uint8_t *p,
                      const uint8_t *end);
int32_t flow_k_csv_next(flow_ctx *ctx, void *decoder, uint64_t *words);

/* Reads a file's header record [p, end), without its line end, for flow_k_csv_open, which
 * takes the map from ctx->header.  Columns are the leaves of the schema's type in order:
 * a nested record counts as its fields, named `a.b`.  map[k] is the place of column k in
 * the file, -1 if it is missing and may be; map[columns] the number of fields, so the map
 * has a word more than there are columns.  Returns 0, k + 1 if column k is missing and is
 * neither optional, nor has a default, nor is unread, or -1 if the record is malformed.
 */
int32_t flow_k_csv_header(flow_ctx *ctx, const uint8_t *schema, const uint8_t *p,
                          const uint8_t *end, int64_t *map);

/* One past the record that begins at p, null if it does not end before `end`: at the
 * first line end; with `multiline`, the first one with an even number of quotes before
 * it.  That holds for malformed records too. */
const uint8_t *flow_k_csv_end(const uint8_t *p, const uint8_t *end, int32_t multiline);

#endif
