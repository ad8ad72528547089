/* emit_each.h - `each x in list`: one row for each element. */
#ifndef FLOW_EMIT_EMIT_EACH_H
#define FLOW_EMIT_EMIT_EACH_H

#include "compiler/emit/emit_stage.h"

void emit_each(gen_t *g, pop_t *op, val_t *cols);

#endif
