/* k_regex_fn.h - the language's functions on regular expressions (lang/builtins.def). */
#ifndef FLOW_KERNEL_K_REGEX_FN_H
#define FLOW_KERNEL_K_REGEX_FN_H

#include "runtime/kernel/k_value.h"

/* Does the regex match anywhere in the text? */
int32_t flow_k_fn_matches(const uint8_t *s, int64_t len, const uint8_t *re);
/* out: a string?; the group of the first match, "" if it took no part, none without a
 * match.  A row error if there is no such group. */
int32_t flow_k_fn_extract(flow_ctx *ctx, uint64_t *out, const uint8_t *s, int64_t len,
                          const uint8_t *re, int64_t group);
/* out: a [string]?; all groups of the first match, from group 0 on. */
int32_t flow_k_fn_groups(flow_ctx *ctx, uint64_t *out, const uint8_t *s, int64_t len,
                         const uint8_t *re);
/* out: a [string]; parts of the text itself, nothing is copied. */
int32_t flow_k_fn_find_all(flow_ctx *ctx, uint64_t *out, const uint8_t *s, int64_t len,
                           const uint8_t *re);
int32_t flow_k_fn_split_regex(flow_ctx *ctx, uint64_t *out, const uint8_t *s, int64_t len,
                              const uint8_t *re);
/* out: a string.  In `to`, $0 to $9 are groups ("" if there is none of that number) and
 * $$ is $; any other $ is itself. */
int32_t flow_k_fn_replace_regex(flow_ctx *ctx, uint64_t *out, const uint8_t *s,
                                int64_t len, const uint8_t *re, const uint8_t *to,
                                int64_t to_len);

#endif
