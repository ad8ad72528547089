/* typed_print.h - the typed program as stable text, for people and golden tests. */
#ifndef FLOW_TYPES_TYPED_PRINT_H
#define FLOW_TYPES_TYPED_PRINT_H

#include "compiler/base/buf.h"
#include "compiler/types/sema.h"

void typed_print(buf_t *b, const program_t *p, diags_t *diags);

#endif
