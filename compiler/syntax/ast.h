/* ast.h - the tree of a program, made from ast.def by macro.
 *
 * Every node begins with node_t; the struct of kind k is ast_k_t and is reached by a cast
 * that checks the kind:
 *
 *     switch (n->kind) {
 *     case AST_call: {
 *         ast_call_t *c = AST(call, n);
 *         for (size_t i = 0; i < c->args.n; i++) visit(AST(arg, c->args.at[i])->value);
 *
 * A NAME field `f` comes with `f_at`, the span of that name; absent names are null.  A TEXT
 * field `f` comes with its length `f_n`.  Steps and declarations have `word`, the span of
 * the word that begins them (`join` of `left join ...` too: word covers `left join`).
 * `span` covers the whole construct without brackets around it; `parens` counts those.
 * `type` and `def` are filled by types/; later stages only read.
 *
 * To treat all kinds alike, use ast_walk (every child), ast_shape (the descriptor of a
 * kind), ast_clone, ast_equal.  A tree that comes out of the parser obeys ast_check.h. */
#ifndef FLOW_SYNTAX_AST_H
#define FLOW_SYNTAX_AST_H

#include <stddef.h>
#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/buf.h"
#include "compiler/diag/source.h"

/* Choices: X(id, spelling); the enumerators are <list's prefix>_<id>. */
#define WINDOW_KINDS(X)                                                                  \
    X(WINDOW_TUMBLING, "tumbling")                                                       \
    X(WINDOW_SLIDING, "sliding")                                                         \
    X(WINDOW_SESSION, "session")                                                         \
    X(WINDOW_CUMULATE, "cumulate")                                                       \
    X(WINDOW_BATCH, "batch")
#define JOIN_KINDS(X)                                                                    \
    X(JOIN_INNER, "inner")                                                               \
    X(JOIN_LEFT, "left")                                                                 \
    X(JOIN_RIGHT, "right")                                                               \
    X(JOIN_FULL, "full")                                                                 \
    X(JOIN_SEMI, "semi")                                                                 \
    X(JOIN_ANTI, "anti")
/* SKIP_DEFAULT: no `skip` written; means SKIP_PAST_LAST. */
#define SKIP_KINDS(X)                                                                    \
    X(SKIP_DEFAULT, "default")                                                           \
    X(SKIP_PAST_LAST, "past last")                                                       \
    X(SKIP_TO_NEXT, "to next")                                                           \
    X(SKIP_TO_FIRST, "to first")                                                         \
    X(SKIP_TO_LAST, "to last")
/* How an element of a pattern follows the one before it. */
#define MATCH_LINKS(X)                                                                   \
    X(LINK_FIRST, "first")                                                               \
    X(LINK_THEN, "then")                                                                 \
    X(LINK_NEXT, "next")                                                                 \
    X(LINK_WITHOUT, "without")
#define HANDLER_KINDS(X)                                                                 \
    X(HANDLER_ROW, "row")                                                                \
    X(HANDLER_IDLE, "idle")                                                              \
    X(HANDLER_WAKE, "wake")
#define UNARY_OPS(X)                                                                     \
    X(UNARY_NEG, "-")                                                                    \
    X(UNARY_NOT, "not")
#define BINARY_OPS(X)                                                                    \
    X(BINARY_OR, "or")                                                                   \
    X(BINARY_AND, "and")                                                                 \
    X(BINARY_EQ, "==")                                                                   \
    X(BINARY_NE, "!=")                                                                   \
    X(BINARY_LT, "<")                                                                    \
    X(BINARY_LE, "<=")                                                                   \
    X(BINARY_GT, ">")                                                                    \
    X(BINARY_GE, ">=")                                                                   \
    X(BINARY_IN, "in")                                                                   \
    X(BINARY_NOT_IN, "not in")                                                           \
    X(BINARY_COALESCE, "??")                                                             \
    X(BINARY_ADD, "+")                                                                   \
    X(BINARY_SUB, "-")                                                                   \
    X(BINARY_MUL, "*")                                                                   \
    X(BINARY_DIV, "/")                                                                   \
    X(BINARY_MOD, "%")

#define AST_CHOICE(id, spelling) id,
typedef enum window_kind { WINDOW_KINDS(AST_CHOICE) WINDOW_KIND_COUNT } window_kind;
typedef enum join_kind { JOIN_KINDS(AST_CHOICE) JOIN_KIND_COUNT } join_kind;
typedef enum skip_kind { SKIP_KINDS(AST_CHOICE) SKIP_KIND_COUNT } skip_kind;
typedef enum match_link { MATCH_LINKS(AST_CHOICE) MATCH_LINK_COUNT } match_link;
typedef enum handler_kind { HANDLER_KINDS(AST_CHOICE) HANDLER_KIND_COUNT } handler_kind;
typedef enum unary_op { UNARY_OPS(AST_CHOICE) UNARY_OP_COUNT } unary_op;
typedef enum binary_op { BINARY_OPS(AST_CHOICE) BINARY_OP_COUNT } binary_op;
#undef AST_CHOICE

/* The spelling of a choice: ast_binary_op_text(BINARY_ADD) is "+". */
const char *ast_window_kind_text(int k);
const char *ast_join_kind_text(int k);
const char *ast_handler_kind_text(int k);
const char *ast_unary_op_text(int op);
const char *ast_binary_op_text(int op);

typedef enum node_kind {
#define NODE(kind, group, fields) AST_##kind,
#include "compiler/syntax/ast.def"
#undef NODE
    AST_KIND_COUNT
} node_kind;

typedef enum node_group { GROUP_DECL, GROUP_TYPE, GROUP_STEP, GROUP_EXPR, GROUP_PART } node_group;

typedef struct node {
    node_kind kind;
    uint16_t depth;  /* levels of nodes below, at most FLOW_MAX_NESTING */
    uint16_t parens; /* pairs of brackets written around it */
    span_t span;
    struct type *type; /* of an expression, after types/ */
    struct def *def;   /* what a name stands for, after types/ */
} node_t;

typedef struct nodes {
    node_t **at;
    size_t n, cap;
} nodes_t;

/* What stands in a source besides tokens; the formatter puts it back. */
typedef struct comment {
    span_t span;  /* from `#` to the end of the line, without the line break */
    int own_line; /* nothing but blanks before it on its line */
} comment_t;

typedef struct comments {
    comment_t *at;
    size_t n, cap;
} comments_t;

#define ONE(f) node_t *f;
#define OPT(f) node_t *f;
#define LIST(f) nodes_t f;
#define NAME(f)                                                                          \
    const char *f;                                                                       \
    span_t f##_at;
#define TEXT(f)                                                                          \
    const char *f;                                                                       \
    size_t f##_n;
#define INT(f) int64_t f;
#define FLOAT(f) double f;
#define WIDE(f) __int128 f;
#define FLAG(f) int f;
#define ENUM(f, e) int f;
#define WORD span_t word;
#define SPAN(f) span_t f;
#define NODE(kind, group, fields)                                                        \
    typedef struct ast_##kind {                                                          \
        node_t node;                                                                     \
        fields                                                                           \
    } ast_##kind##_t;
#include "compiler/syntax/ast.def"
#undef NODE
#undef ONE
#undef OPT
#undef LIST
#undef NAME
#undef TEXT
#undef INT
#undef FLOAT
#undef WIDE
#undef FLAG
#undef ENUM
#undef WORD
#undef SPAN

/* The checked cast. */
#define AST(k, n) ((ast_##k##_t *)ast_cast((node_t *)(n), AST_##k))
node_t *ast_cast(node_t *n, node_kind kind);

/* A zeroed node of the kind; ast_new(a, call, span) gives an ast_call_t *. */
#define ast_new(a, k, at) ((ast_##k##_t *)ast_new_node((a), AST_##k, (at)))
node_t *ast_new_node(arena_t *a, node_kind kind, span_t at);

static inline void nodes_push(arena_t *a, nodes_t *list, node_t *n);

/* ---- all kinds alike ---- */
typedef enum field_word {
    FIELD_ONE,
    FIELD_OPT,
    FIELD_LIST,
    FIELD_NAME,
    FIELD_TEXT,
    FIELD_INT,
    FIELD_FLOAT,
    FIELD_WIDE,
    FIELD_FLAG,
    FIELD_ENUM,
    FIELD_WORD, /* the member `word` */
    FIELD_SPAN,
    FIELD_END
} field_word;

typedef struct node_field {
    field_word word;
    const char *name;
    size_t offset; /* of the member f */
    size_t second; /* of f_at or f_n */
    const char *const *choices; /* FIELD_ENUM: the spellings, closed by null */
} node_field_t;

typedef struct node_shape {
    const char *name; /* "call" */
    node_group group;
    size_t size;
    const node_field_t *fields;
    size_t nfields;
} node_shape_t;

const node_shape_t *ast_shape(node_kind kind);
const char *ast_kind_name(node_kind kind);
node_group ast_group(const node_t *n);
/* The span of the word that begins a step or declaration; the node's span without one. */
span_t ast_word(const node_t *n);

/* Calls fn for every child in order of the table, with the place that holds it: fn may
 * put another node there.  Absent children are skipped. */
typedef void ast_visit_fn(node_t **child, void *env);
void ast_walk(node_t *n, ast_visit_fn *fn, void *env);
/* A deep copy; types and defs are copied as they are. */
node_t *ast_clone(arena_t *a, const node_t *n);
/* Equal but for spans, brackets, types and defs. */
int ast_equal(const node_t *a, const node_t *b);


static inline void nodes_push(arena_t *a, nodes_t *list, node_t *n) {
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 4;
        node_t **at = ARENA_ARRAY(a, node_t *, cap);
        for (size_t i = 0; i < list->n; i++) at[i] = list->at[i];
        list->at = at;
        list->cap = cap;
    }
    list->at[list->n++] = n;
}

#endif
