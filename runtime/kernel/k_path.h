/* k_path.h - folders of partitioned output: `col=value`, as other tools read them. */
#ifndef FLOW_KERNEL_K_PATH_H
#define FLOW_KERNEL_K_PATH_H

#include "runtime/kernel/k_value.h"

/* A folder's name is at most so long; so is the way through all of them. */
#define FLOW_PATH_NAME 255
#define FLOW_PATH_ALL 1800

/* Appends `name=value` to the path (two words: address and length), behind a slash if it
 * is not the first.  The value is string(x); in both what a name of a file cannot hold is
 * percent-encoded; none is __HIVE_DEFAULT_PARTITION__.  0, or FLOW_E_limit for a name
 * that is too long. */
FLOW_FAR int32_t flow_k_path_add(flow_ctx *ctx, uint64_t *path, const uint8_t *name,
                                 int64_t name_len, const uint64_t *words, const uint8_t *tc);

#endif
