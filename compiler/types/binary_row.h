/* binary_row.h - which rows `format = binary` can hold. */
#ifndef FLOW_TYPES_BINARY_ROW_H
#define FLOW_TYPES_BINARY_ROW_H

#include "compiler/types/step_check.h"

/* Has every field of the row a form of 8 bytes?  0 after a message about those that have
 * none, at `at`, or at the first of them where that is declared inside of `at`. */
int binary_row_read(flowck_t *f, const type_t *row, span_t at);
/* The same of a row that a sink writes. */
int binary_row_written(flowck_t *f, const type_t *row, span_t at);

#endif
