/* k_regex.h - the matcher of regular expressions; the tables' format is in
 * k_regex_table.h.  clang only (k_vec.h).
 *
 * A search is leftmost-first, as in Perl, and takes time linear in the text.  `re` is the
 * address of a compiled regex, 8-aligned; the text is valid UTF-8 (other bytes do no
 * harm, but what matches is then not promised).
 *
 * Going through all matches (find_all, replace, split):
 *   - matches do not overlap; each search begins where the last match ended;
 *   - an empty match right at the end of the match before it is not taken, as in RE2 and
 *     Go: in baaac, a* has the matches at 0, 1 to 4 and 5, and none at 4 as in Perl;
 *   - after an empty match the search goes on one code point further;
 *   - assertions see the text before the place where a search begins.
 * split goes by the matches that are not empty and keeps every piece, the empty ones too;
 * a text without one is one piece, also the empty text. */
#ifndef FLOW_KERNEL_K_REGEX_H
#define FLOW_KERNEL_K_REGEX_H

#include "runtime/kernel/k_regex_look.h"

/* ---- for generated code ----------------------------------------------------- */

/* Words of an iteration over one text: all zero before its first step, then the kernel's.
 * After a step that returned 1, it[1] and it[2] are the start and the end of the match
 * or piece, in bytes from the start of the text. */
#define FLOW_RE_ITER 8

/* The next match, or 0 when there is none. */
int32_t flow_k_re_next(flow_ctx *ctx, const uint8_t *re, const uint8_t *s, int64_t len,
                       int64_t *it);
/* The next piece between matches, or 0 when there is none. */
int32_t flow_k_re_piece(flow_ctx *ctx, const uint8_t *re, const uint8_t *s, int64_t len,
                        int64_t *it);
/* The same for a regex of the kind regex_as_class_run, by vectors; small enough to be
 * inlined into the loop around it. */
int32_t flow_k_re_run_next(const uint8_t *re, const uint8_t *s, int64_t len, int64_t *it);
int32_t flow_k_re_run_piece(const uint8_t *re, const uint8_t *s, int64_t len,
                            int64_t *it);

/* ---- for the kernel --------------------------------------------------------- */

/* The text as the matcher takes it. */
re_text k_re_text(const uint8_t *s, int64_t len);
/* Is there a match from p on? */
int32_t k_re_any(const flow_re *re, re_text t, const uint8_t *p);
/* The first match from p on; 0 when there is none. */
int32_t k_re_find(flow_ctx *ctx, const flow_re *re, re_text t, const uint8_t *p,
                  const uint8_t **start, const uint8_t **end);
/* The same with its groups: slots[2g] and slots[2g + 1] are the ends of group g as
 * offsets from t.s, -1 if it took no part; room for 2 * groups slots. */
int32_t k_re_groups(flow_ctx *ctx, const flow_re *re, re_text t, const uint8_t *p,
                    int64_t *slots);
/* As flow_k_re_next, with the groups of each match. */
int32_t k_re_next_groups(flow_ctx *ctx, const flow_re *re, re_text t, int64_t *it,
                         int64_t *slots);

#endif
