/* regex.c - the entry: a regex from its text, and what others ask of it. */
#include "compiler/regex/regex.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/regex/regex_table.h"

struct regex {
    arena_t *arena;
    re_tree tree;
    re_prog prog;
    re_facts facts;
    re_table table; /* bytes null until asked for */
};

int regex_compile(arena_t *arena, const char *text, size_t len, regex_t **out,
                  regex_error_t *err) {
    regex_t *re = ARENA_NEW(arena, regex_t);
    re->arena = arena;
    if (!regex_parse(arena, text, len, &re->tree, err)) return 0;
    if (!prog_compile(arena, &re->tree, &re->prog)) {
        err->reason = arena_printf(arena, "written out it has more than %d parts",
                                   FLOW_RE_MAX_PROGRAM);
        err->label = "too large";
        err->help = "`{n,m}` repeats what stands before it m times: ask for less";
        err->at = 0;
        err->end = len;
        return 0;
    }
    facts_find(arena, &re->tree, &re->prog, &re->facts);
    *out = re;
    return 1;
}

int regex_groups(const regex_t *re) {
    return re->tree.groups;
}

const char *regex_group_name(const regex_t *re, int group) {
    flow_assert(group >= 0 && group < re->tree.groups);
    return re->tree.names[group];
}

int regex_can_match_empty(const regex_t *re) {
    return re->facts.can_be_empty;
}

int regex_as_class_run(const regex_t *re, uint8_t table[32]) {
    if (re->facts.run) memcpy(table, re->facts.run_bits, 32);
    return re->facts.run;
}

int regex_as_literal(const regex_t *re, const char **text, size_t *len) {
    if (!re->facts.whole) return 0;
    for (size_t i = 0; i < re->facts.prefix.len; i++)
        if (re->facts.prefix.mask[i] != 0xFF) return 0;
    *text = (const char *)re->facts.prefix.value;
    *len = re->facts.prefix.len;
    return 1;
}

const uint8_t *regex_table(regex_t *re, size_t *len) {
    if (!re->table.bytes) table_write(re->arena, &re->prog, &re->facts, 0, &re->table);
    *len = re->table.len;
    return re->table.bytes;
}

const uint8_t *regex_table_without(regex_t *re, unsigned parts, size_t *len) {
    re_table table;
    table_write(re->arena, &re->prog, &re->facts, parts, &table);
    *len = table.len;
    return table.bytes;
}

const char *regex_describe(regex_t *re) {
    size_t len;
    regex_table(re, &len);
    return re->table.words;
}
