/* k_csv_span.h - csv records many at a time, as most of them are: as many fields as there are
 * columns, without quotes, in ASCII, numbers of few digits.
 *
 * A span is some KiB of such records.  First the ends of all fields are found; then a column
 * is read for all records of the span, eight numbers at once, by the function of its type;
 * then generated code takes row by row (emit_csv.c).  A record with a value that is read in
 * another way is odd: the decoder reads it when its turn comes, and says what is wrong, if
 * anything is; so it does with records that no span can hold. */
#ifndef FLOW_KERNEL_K_CSV_SPAN_H
#define FLOW_KERNEL_K_CSV_SPAN_H

#include "runtime/kernel/k_value.h"

/* For as many columns of numbers, from the task arena. */
void *flow_k_csv_span_open(flow_ctx *ctx, int32_t columns);

/* Is there a row left? */
int32_t flow_k_csv_span_more(const void *span);

/* Finds the span of records that the decoder is at, of so many `fields` each.  There may be
 * none, then the decoder reads the next record. */
void flow_k_csv_span_find(void *decoder, void *span, int32_t fields);

/* The values of field `field` of all rows become number column `column`: ints, floats,
 * timestamps by their `unit` as in formats.  Or texts, which stay where they are, are
 * looked at: an empty one is odd. */
void flow_k_csv_span_int(void *span, int32_t fields, int32_t field, int32_t column);
void flow_k_csv_span_float(void *span, int32_t fields, int32_t field, int32_t column);
void flow_k_csv_span_time(void *span, int32_t fields, int32_t field, int32_t column,
                          int32_t unit);
void flow_k_csv_span_some(void *span, int32_t fields, int32_t field);

/* Rows from the present one (`at`) to this one can be taken: generated code reads their numbers
 * from the columns, and sets `at` behind each.  The row there is odd, or there is none: then
 * flow_k_csv_span_other reads a record as flow_k_csv_next does. */
int64_t flow_k_csv_span_plain(const void *span);
int64_t flow_k_csv_span_at(const void *span);
void flow_k_csv_span_to(void *span, int64_t row);
int32_t flow_k_csv_span_other(flow_ctx *ctx, void *decoder, void *span, int32_t fields,
                              uint64_t *words);
/* A column, by row: good as long as the span is.  A text: its address and length. */
uint64_t *flow_k_csv_span_numbers(const void *span, int32_t column);
void flow_k_csv_span_text(const void *span, int32_t fields, int32_t field, int64_t row,
                          uint64_t *out);
/* Tells the context which record was taken last. */
void flow_k_csv_span_record(flow_ctx *ctx, const void *span, int32_t fields);

#endif
