/* sig.h - signatures of the tables: read, matched with argument types, shown.
 *
 *   signature  = "(" [ param { "," param } ] ")" type        alternatives part by " | "
 *   param      = "type" Var | name ":" [ "const" ] ( type | fn ) [ "=" default ]
 *   fn         = "fn(" [ type { "," type } ] "):" type
 *   type       = ( name | "decimal(" int "," int ")" | Var | "[" type "]"
 *                | "map<" type "," type ">" | "{" name ":" type { "," name ":" type } "}" )
 *                [ "?" ]
 *   Var        = T U V (any type) | O (has an order) | K (key of a map) | D (decimal)
 *              | D6 D38 (results: 38 digits, of a scale 6 greater, of the same scale)
 *              | P (result: the decimal that constant arguments name)
 *   default    = int | string | "none"
 *
 * What does not fit this form gets a check of its own in call.c; the form stays small. */
#ifndef FLOW_TYPES_SIG_H
#define FLOW_TYPES_SIG_H

#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/intern.h"
#include "compiler/types/type.h"

typedef enum sig_kind {
    SIG_TYPE,
    SIG_VAR,
    SIG_OPTION,
    SIG_LIST,
    SIG_MAP,
    SIG_RECORD,
    SIG_FN
} sig_kind;

typedef struct sigtype {
    sig_kind kind;
    type_t *type;            /* SIG_TYPE */
    char var;                /* SIG_VAR */
    int widen;               /* SIG_VAR D6: 6; D38: 38; else 0 */
    struct sigtype *a, *b;   /* element; key and value of a map; b: result of a lambda */
    struct sigtype **parts;  /* fields of a record, parameters of a lambda */
    const char **names;      /* of the fields, interned */
    uint32_t n;
} sigtype_t;

typedef enum sig_default { DEFAULT_NOT, DEFAULT_INT, DEFAULT_TEXT, DEFAULT_NONE } sig_default;

typedef struct sigparam {
    const char *name;        /* interned; null for `type T` */
    sigtype_t *type;
    int names_type;          /* `type T` */
    int is_const;
    sig_default fallback;
    int64_t number;
    const char *text;
} sigparam_t;

typedef struct sig {
    sigparam_t *params;
    uint32_t n, required;    /* required: those before the first default */
    sigtype_t *result;
    char vars[4];            /* variables in order of appearance; type codes follow it */
    uint32_t nvars;
    const char *text;        /* this alternative as written */
    struct sig *next;        /* the next alternative */
} sig_t;

/* Null and a reason if the text is no signature. */
sig_t *sig_read(arena_t *a, intern_t *names, types_t *t, const char *text, const char **why);

/* What the variables stand for during one match. */
typedef struct sig_env {
    type_t *of[26];
} sig_env_t;

typedef enum sig_fit {
    FIT_YES,
    FIT_NO,
    FIT_MISSING /* a T? where a T is asked */
} sig_fit;

/* Does a value of type `actual` fit?  Binds the variables it meets.  Lambdas are not
 * matched here. */
sig_fit sig_match(types_t *t, sig_env_t *env, const sigtype_t *want, type_t *actual);
/* May the variable stand for the type? */
int sig_var_allows(char var, const type_t *t);
/* The type with its variables put in; null while one is not bound. */
type_t *sig_instance(types_t *t, const sig_env_t *env, const sigtype_t *s);
/* For messages: the type with variables by name where they are not bound. */
const char *sig_type_text(arena_t *a, types_t *t, const sig_env_t *env, const sigtype_t *s);
/* "round(x: float, digits: int = 0): float" */
const char *sig_show(arena_t *a, const char *name, const sig_t *s);

#endif
