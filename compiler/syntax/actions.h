/* actions.h - all that the actions of lang/flow.y call: constructors, nothing else.
 *
 *     $$ = MAKE(step_where, @$, .word = @1, .cond = $2);
 *
 * makes an ast_step_where_t with these members.  Names and texts, which are two members,
 * have NAMED and TEXTED.  Meaning is not looked up here: that is types/'s work. */
#ifndef FLOW_SYNTAX_ACTIONS_H
#define FLOW_SYNTAX_ACTIONS_H

#include "compiler/syntax/parser.h"

/* One modifier of a step, as read: `within 10m`, `skip to last up`. */
typedef enum clause_kind {
    CLAUSE_AS,
    CLAUSE_AS_OF,
    CLAUSE_BY,
    CLAUSE_EARLY,
    CLAUSE_LATE,
    CLAUSE_LATENESS,
    CLAUSE_OFFSET,
    CLAUSE_ON,
    CLAUSE_PER,
    CLAUSE_SKIP,
    CLAUSE_TIES,
    CLAUSE_WITHIN
} clause_kind;

typedef struct clause {
    clause_kind kind;
    span_t word;
    node_t *value;
    nodes_t list;
    word_t name;
    int choice; /* CLAUSE_SKIP: a skip_kind */
    struct clause *next;
} clause_t;

typedef struct times {
    int64_t least, most; /* most: -1 without a bound */
} times_t;

/* The value of a symbol of the grammar. */
typedef union flow_value {
    word_t word;
    node_t *node;
    nodes_t nodes;
    clause_t *clause;
    times_t times;
    int flag;
} flow_value;

#define MAKE(k, at, ...)                                                                 \
    make_node(p, &((ast_##k##_t){.node = {.kind = AST_##k, .span = (at)}, __VA_ARGS__}).node)
#define NAMED(f, w) .f = (w).text, .f##_at = (w).at
#define TEXTED(f, s) .f = AST(string, s)->value, .f##_n = AST(string, s)->value_n
#define TIMES(t) .counted = 1, .least = (t).least, .most = (t).most
#define ONCE .least = 1, .most = 1
#define CLAUSE(k, at, ...)                                                               \
    make_clause(p, &(clause_t){.kind = CLAUSE_##k, .word = (at), __VA_ARGS__})

/* Copies a node into the arena; too deep a nest is reported and becomes poison. */
node_t *make_node(parser_t *p, const node_t *proto);
/* Stands for what could not be read. */
node_t *make_poison(parser_t *p, span_t at);
node_t *make_binary(parser_t *p, span_t at, binary_op op, node_t *l, node_t *r, span_t op_at);
/* receiver.fn(args) */
node_t *make_method(parser_t *p, span_t at, node_t *receiver, word_t fn, nodes_t args);
/* Notes the brackets written around an expression or pipeline. */
node_t *bracketed(node_t *n);
node_t *item_when(parser_t *p, node_t *item, node_t *when, span_t at);

/* Lists; null, a piece that could not be read, is left out. */
nodes_t no_nodes(void);
nodes_t list_of(parser_t *p, node_t *n);
nodes_t list_add(parser_t *p, nodes_t list, node_t *n);
node_t *pipeline_add(parser_t *p, node_t *pipeline, node_t *step, span_t at);
node_t *sequence_add(parser_t *p, node_t *seq, match_link link, node_t *element, span_t at);
void program_add(parser_t *p, node_t *decl);

/* The clauses of a step: in any order, each at most once. */
clause_t *make_clause(parser_t *p, const clause_t *proto);
clause_t *clause_add(parser_t *p, clause_t *list, clause_t *c);
node_t *window_with(parser_t *p, node_t *window, clause_t *list, span_t at, span_t word);
node_t *top_with(parser_t *p, node_t *top, clause_t *list);
node_t *join_with(parser_t *p, node_t *join, clause_t *list);
node_t *match_with(parser_t *p, node_t *match, clause_t *list);

#endif
