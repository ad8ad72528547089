/* regex_prog.h - the thread program of a regex: what all automata are made from.  Inside
 * compiler/regex only. */
#ifndef FLOW_REGEX_REGEX_PROG_H
#define FLOW_REGEX_REGEX_PROG_H

#include "compiler/base/vec.h"
#include "compiler/regex/regex_parse.h"
#include "runtime/kernel/k_regex_table.h"

/* Instructions and ranges are those of the table (k_regex_table.h): bytes of UTF-8.
 * Consuming are RANGE and SPARSE; the rest takes no byte. */
typedef struct re_prog {
    VEC(flow_re_op) ops;
    VEC(flow_re_range) ranges;
    uint32_t start;
    int groups;
} re_prog;

/* 1, or 0 if the program would be longer than FLOW_RE_MAX_PROGRAM. */
int prog_compile(arena_t *a, const re_tree *tree, re_prog *out);

/* Where an instruction goes on byte b, or -1. */
int32_t prog_step(const re_prog *p, uint32_t op, uint8_t b);

/* Can the node match without taking a character? */
int node_can_be_empty(const re_node *n);

#endif
