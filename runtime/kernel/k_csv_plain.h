/* k_csv_plain.h - csv records as most of them are: as many fields as there are columns,
 * without quotes, in ASCII, numbers of few digits.
 *
 * Generated code reads such a record field by field, each by the function of its column's
 * type, with all that is known of it (emit_csv.c); so nothing is looked up, and the state of
 * the scan stays in registers.  Whatever is otherwise gives up the record before anything is
 * taken, and flow_k_csv_next reads it, and says what is wrong. */
#ifndef FLOW_KERNEL_K_CSV_PLAIN_H
#define FLOW_KERNEL_K_CSV_PLAIN_H

#include "runtime/kernel/k_value.h"

/* Begins with the decoder's next record; `scan` is FLOW_ITER_WORDS words of stack. */
void flow_k_csv_plain_open(void *decoder, uint64_t *scan);
/* The next field, which is the `last` or not: 1, or 0 to give up.  `unit` as in formats;
 * `empty`: a text without a byte is a value. */
int32_t flow_k_csv_plain_skip(uint64_t *scan, int32_t last);
int32_t flow_k_csv_plain_int(uint64_t *scan, int32_t last, uint64_t *out);
int32_t flow_k_csv_plain_time(uint64_t *scan, int32_t last, uint64_t *out, int32_t unit);
int32_t flow_k_csv_plain_float(uint64_t *scan, int32_t last, uint64_t *out);
int32_t flow_k_csv_plain_text(uint64_t *scan, int32_t last, uint64_t *out, int32_t empty);
/* The record is taken: 1, or 0 to give up. */
int32_t flow_k_csv_plain_close(flow_ctx *ctx, void *decoder, const uint64_t *scan);

#endif
