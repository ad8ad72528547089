/* expr_parts.h - what the files expr_*.c, call.c, case.c, agg.c and decl.c share; nobody
 * else includes it. */
#ifndef FLOW_TYPES_EXPR_PARTS_H
#define FLOW_TYPES_EXPR_PARTS_H

#include "compiler/types/expr.h"
#include "compiler/types/sig.h"

/* One function per kind of expression: the type of `e`, `hint` may be null. */
type_t *expr_binary(check_t *c, scope_t *s, node_t *e, type_t *hint);
type_t *expr_unary(check_t *c, scope_t *s, node_t *e, type_t *hint);
type_t *expr_is(check_t *c, scope_t *s, node_t *e, type_t *hint);
type_t *expr_case(check_t *c, scope_t *s, node_t *e, type_t *hint);
type_t *expr_call(check_t *c, scope_t *s, node_t *e, type_t *hint);
type_t *expr_make(check_t *c, scope_t *s, node_t *e, type_t *hint);
type_t *expr_member(check_t *c, scope_t *s, node_t *e, type_t *hint);
type_t *expr_name(check_t *c, scope_t *s, node_t *e, type_t *hint);
type_t *expr_record(check_t *c, scope_t *s, node_t *e, type_t *hint);

/* Does `e` take its type from its place: an int literal, none, [], a variant, or something
 * made of these alone? */
int expr_is_loose(check_t *c, const scope_t *s, const node_t *e);
/* The same, or a record literal (whose cells do), or a list of them. */
int expr_wants_place(check_t *c, const scope_t *s, const node_t *e);
/* One type for n expressions, each in its own scope: those that have a type of their own
 * decide, the loose ones follow.  What differs gets the diagnostic `what` describes: "the
 * branches of `if`". */
type_t *expr_unify(check_t *c, scope_t *const *scopes, node_t *const *es, size_t n,
                   type_t *hint, const char *what);

/* [] and lists of it, which have found no place; the diagnostic about one. */
int expr_is_bare_list(const type_t *t);
type_t *expr_say_bare_list(check_t *c, node_t *e);

/* The path `e` is: a name, or fields of one; at most PATH_MAX_FIELDS fields. */
enum { PATH_FIELDS = 8 };
typedef struct path {
    def_t *def;
    const char *names[PATH_FIELDS];
    int n;
} path_t;
int expr_path(const node_t *e, path_t *out);

/* The variant `name` where `place` (a union, an option of one, or null) is asked; null
 * after a diagnostic. */
def_t *expr_variant(check_t *c, scope_t *s, const char *name, span_t at, const type_t *place);

static inline type_t *ty(check_t *c, type_kind kind) { return type_basic(c->types, kind); }
static inline type_t *poison(check_t *c) { return type_basic(c->types, TY_POISON); }

/* ---- messages (expr_msg.c); all return poison ---- */
/* The text of an expression as written, with its brackets, at most some 60 bytes. */
const char *expr_source(check_t *c, const node_t *e);
/* The same of `outer` with the text of `part` replaced. */
const char *expr_source_with(check_t *c, const node_t *outer, const node_t *part,
                             const char *text);
/* "int", "float?": the type for messages. */
const char *tx(check_t *c, const type_t *t);
/* "`a`, `b` and `c`", at most `max` of them. */
const char *expr_names_text(check_t *c, const char *const *names, size_t n, size_t max);
/* A value of the type to show in help lines: 0, 0.0, "". */
const char *expr_sample(check_t *c, const type_t *t);
/* E06: `e` is a T? where T is asked, inside `outer` (or null). */
type_t *say_missing(check_t *c, const node_t *e, const node_t *outer);
type_t *say_mismatch(check_t *c, const node_t *e, const type_t *is, const type_t *asked);
/* "declared `price: float?` at line 1" on m, if `e` is a name or field with a place. */
void note_declared(check_t *c, diag_t *m, const node_t *e);
/* "did you mean `x`?" among the names, if one is near. */
void help_nearest(diag_t *m, const char *word, const char *const *names, size_t n);
/* A call that turns `e` of type `from` into `to`: "float(ms)", or null. */
const char *expr_conversion(check_t *c, const node_t *e, const type_t *from, const type_t *to);

/* ---- signatures of the tables, read when first used ---- */
sig_t *fn_sig(check_t *c, int fn);
sig_t *agg_sig(check_t *c, int agg);
def_t *fn_def(check_t *c, int fn);
def_t *agg_def(check_t *c, int agg, int lists);

/* ---- calls ---- */
/* The arguments of a call sorted into parameters: at[i] is the value of parameter i or
 * null. */
typedef struct args {
    node_t **at;
    uint32_t n;
} args_t;
/* An aggregate by its name (call.c has found no function that fits): in items, or over
 * lists. */
type_t *expr_aggregate(check_t *c, scope_t *s, node_t *e, int agg, type_t *hint);
/* Checks a lambda whose parameters have these types; the body's type. */
type_t *expr_lambda(check_t *c, scope_t *s, node_t *e, type_t *const *params, uint32_t n,
                    type_t *result);

#endif
