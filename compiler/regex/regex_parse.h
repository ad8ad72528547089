/* regex_parse.h - the text of a regex to its tree.  Inside compiler/regex only. */
#ifndef FLOW_REGEX_REGEX_PARSE_H
#define FLOW_REGEX_REGEX_PARSE_H

#include "compiler/regex/regex.h"
#include "compiler/regex/regex_set.h"

/* The most that `{n,m}` may ask for, and how deep brackets may nest. */
#define RE_MAX_REPEAT  1000
#define RE_MAX_NESTING 200

typedef enum re_kind {
    RE_EMPTY,
    RE_CLASS,  /* one code point of `set` */
    RE_CAT,    /* the parts one after the other */
    RE_ALT,    /* the first part that leads to a match */
    RE_REPEAT, /* part[0], min to max times (max -1: no bound), as often as can be, or,
                  lazy, as seldom */
    RE_GROUP,  /* part[0], and where it matched */
    RE_LOOK,   /* an assertion: FLOW_RE_LOOK_... */
} re_kind;

typedef struct re_node {
    re_kind kind;
    re_set set;
    struct re_node **part;
    size_t nparts;
    int min, max, lazy;
    int group;
    int look;
} re_node;

typedef struct re_tree {
    re_node *root;
    int groups;         /* group 0 included */
    const char **names; /* [group], null without a name */
} re_tree;

/* 1 and the tree, or 0 and the error. */
int regex_parse(arena_t *a, const char *text, size_t len, re_tree *out,
                regex_error_t *err);

#endif
