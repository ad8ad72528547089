/* kernel_env.h - what kernel functions need around them in a unit test: a worker context
 * and the cold runtime's functions, backed by malloc. */
#ifndef FLOW_TESTS_KERNEL_ENV_H
#define FLOW_TESTS_KERNEL_ENV_H

#include "runtime/kernel/k_value.h"

/* A fresh context; env_close frees all it took and fails an assertion if memory of state
 * is left. */
flow_ctx *env_open(void);
void env_close(flow_ctx *ctx);

/* Bytes of state memory that were asked for and not given back. */
int64_t env_state_bytes(void);

/* A copy of the bytes, with the 64 bytes behind them that blocks have; freed by
 * env_close. */
uint8_t *env_block(flow_ctx *ctx, const void *bytes, int64_t len);

/* An empty buffer, freed by env_close. */
flow_buf *env_buf(flow_ctx *ctx);

#endif
