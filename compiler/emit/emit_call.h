/* emit_call.h - calls: functions of the program, of the language, aggregates of lists. */
#ifndef FLOW_EMIT_EMIT_CALL_H
#define FLOW_EMIT_EMIT_CALL_H

#include "compiler/emit/emit_expr.h"

/* A call of a row of builtins.def (emit_builtin.c). */
val_t emit_builtin(emit_t *e, ast_call_t *n, int fn);
/* A call of a function of the program (emit_fn.c). */
val_t emit_user_fn(emit_t *e, ast_call_t *n, struct def *fn);
/* A call of an `extern fn`, and into setup: what opens their libraries (emit_extern.c). */
val_t emit_extern_fn(emit_t *e, ast_call_t *n, struct def *fn);
void emit_extern_setup(emit_t *e);
/* An aggregate over lists (emit_listagg.c). */
val_t emit_list_aggregate(emit_t *e, ast_call_t *n, int agg);

/* string(v). */
val_t emit_string_of(emit_t *e, val_t v);
/* m[key]: none if the map has no such key. */
val_t emit_map_get(emit_t *e, val_t map, val_t key, type_t *t);
/* Is the regex one class of bytes, once or repeated (regex_as_class_run)? */
int emit_regex_is_run(emit_t *e, struct node *regex);
/* The address of a regex's tables in the object. */
LLVMValueRef emit_regex_table(emit_t *e, struct node *regex);

/* A lambda of two parameters applied: its body, of type t. */
val_t emit_apply2(emit_t *e, struct ast_lambda *f, val_t a, val_t b, type_t *t);

#endif
