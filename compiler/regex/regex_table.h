/* regex_table.h - writes a regex as the byte string of k_regex_table.h.  Inside
 * compiler/regex only. */
#ifndef FLOW_REGEX_REGEX_TABLE_H
#define FLOW_REGEX_REGEX_TABLE_H

#include "compiler/regex/regex_facts.h"

typedef struct re_table {
    const uint8_t *bytes;
    size_t len;
    const char *words; /* how it is matched, for people */
} re_table;

/* `without`: REGEX_NO_... */
void table_write(arena_t *a, const re_prog *p, const re_facts *facts, unsigned without,
                 re_table *out);

#endif
