/* k_binary.h - records of `format = binary`: words that generated code reads where they
 * stand (compiler/emit/emit_binary.c), so what is left is to refuse one. */
#ifndef FLOW_KERNEL_K_BINARY_H
#define FLOW_KERNEL_K_BINARY_H

#include "runtime/kernel/k_value.h"

/* A bool of the record is neither 0 nor 1: notes why, and gives the row error. */
int32_t flow_k_binary_bad(flow_ctx *ctx);

#endif
