/* expr.h - the checker's context, and the types of expressions.
 *
 * expr_check fills `type` and `def` of every node below an expression.  An expression
 * with an error has its one diagnostic and the type TY_POISON, which fits everywhere
 * and causes no other message.
 *
 * What a reader of checked expressions relies on:
 *  - The type of a node is its own; where a value of another type is asked (an argument,
 *    a branch, an element, a cell's place) the reader coerces: T to T?, none to T?,
 *    fields to another order, a narrowed variant to its union.
 *  - A name or member may have a narrower type than what it reads (T for T?, a variant's
 *    payload record for a union): the reader unwraps, unchecked.
 *  - The arguments of a checked call are those of the signature, in its order, without
 *    names, defaults put in; call->node.def is the function.  A call through a module's
 *    alias has lost the alias.  The arguments of a `make` are the fields, in order.
 *  - A member that names something of a module has become a name.
 *  - `-` before an int literal has become a negative literal.
 *  - node.def of a bind, lambda_param, param is its definition; of a case_arm that of the
 *    name its pattern binds (or null); of a pat_variant, an `is` and a make the variant
 *    (a make of a record type: the type). */
#ifndef FLOW_TYPES_EXPR_H
#define FLOW_TYPES_EXPR_H

#include "compiler/base/intern.h"
#include "compiler/diag/diag.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"
#include "compiler/types/scope.h"
#include "compiler/types/type.h"

typedef struct check {
    arena_t *arena;
    intern_t *names;
    types_t *types;
    sources_t *sources;
    diags_t *diags;
    struct sig **fn_sigs, **agg_sigs; /* of the tables' rows, read when first used */
    struct def **fn_defs, **agg_defs;
    VEC(def_t *) calling; /* functions being checked, outermost first: finds E27 */
    int params;          /* how many params were entered */
    int depth;           /* of declarations being checked, one inside the other */
    node_t *outer;       /* the whole expression being checked, for help lines */
    int condition;       /* it is a condition */
    node_t *aggregate;   /* the aggregate over rows whose arguments are being checked */
    struct folder *folder; /* const.c's state, made when first used */
    type_t *change;        /* Insert | Update | Delete: of the column that `changes` adds */
    def_t *change_variants[3];
} check_t;

/* A context whose diagnostics go to `diags`; all memory is the arena's. */
check_t *check_new(arena_t *a, intern_t *names, sources_t *sources, diags_t *diags);

/* The type of `e` in scope `s`.  If `expected` is given the value must fit it: int
 * literals, none, [], variants take their type from it; what does not fit gets its
 * diagnostic and the result is poison.  Without it the result is the expression's own
 * type; a bare `none` stays TY_NONE (fits every T?), a bare `[]` is an error. */
type_t *expr_check(check_t *c, scope_t *s, node_t *e, type_t *expected);
/* As expr_check, but what `e` gives is only hoped to be `hint`: no error if not. */
type_t *expr_infer(check_t *c, scope_t *s, node_t *e, type_t *hint);
/* A condition: bool, with the reasons of conditions in its messages. */
int expr_check_condition(check_t *c, scope_t *s, node_t *e);

/* What holds where `cond` was true (truth 1) or false (0): facts on names and on paths
 * of fields.  `cond` has been checked. */
void expr_narrowings(check_t *c, node_t *cond, int truth, facts_t *out);

/* The type a type node stands for; poison after a diagnostic. */
type_t *type_resolve(check_t *c, scope_t *s, node_t *type);

/* 0 after a diagnostic: values of the type are too large. */
int type_size_check(check_t *c, const type_t *t, span_t at);

/* ---- declarations of types, consts, params and functions (decl.c) ----
 * decl_enter puts one into its file's scope and says when a name is taken (1: it was
 * one of these kinds of declarations); decl_check checks it, if not done already; use
 * of a declaration checks it first. */
int decl_enter(check_t *c, scope_t *file, node_t *decl);
/* Enters the variants that every file has: those of c->change. */
void decl_enter_built_in(check_t *c, scope_t *file);
void decl_check(check_t *c, def_t *d);

/* ---- aggregates (agg.c) ----
 * An `aggregate` step checks its items in scope_items(...): each call of an aggregate
 * there is appended to the list of that scope, its `type` is the result's.  Everywhere
 * else aggregates take a list. */
int expr_is_aggregate(const node_t *e); /* a checked call that an items scope collected */

/* ---- constants (const.c) ---- */
struct cval;
/* Checks that `e` is made of literals, consts, params and arithmetic: 1, or 0 after a
 * diagnostic that names what is not, with `what` as its subject ("a window's size"). */
int const_check(check_t *c, node_t *e, const char *what);
/* Does it read a param (known only when the program starts)? */
int const_has_param(const node_t *e);
/* The node in it that reads the clock, itself or in a function; or null. */
const node_t *const_clock(const node_t *e);
/* The value of a checked constant expression without params; null after a diagnostic. */
struct cval *const_eval(check_t *c, node_t *e);

/* ---- messages shared by expressions and steps ---- */
/* Is it the `window` of rows whose window is not formed yet? */
int expr_is_unformed(const scope_t *s, const char *name);
/* "no column `x` here" with what is there, what was lost, and one guess. */
void expr_unknown_name(check_t *c, scope_t *s, span_t at, const char *name);
/* E34: a column `name` hides a const, param or model of the file. */
void expr_warn_hides(check_t *c, scope_t *s, const char *name, span_t at);
/* "user: string, url: string": the columns of a row, at most `max` of them. */
const char *expr_columns_text(check_t *c, const type_t *row, int max);
/* A part of the language that this version does not have: one diagnostic. */
void not_built(check_t *c, span_t at, const char *what);

#endif
