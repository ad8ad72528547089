/* call.c - calls: which function is meant, and its arguments.
 *
 * A spelling may have several signatures.  Arguments that have a type of their own are
 * checked first and choose the signature; literals that take their type from their place
 * and lambdas follow, with the parameters' types as hints.  After checking, a call's
 * arguments are those of the signature, in its order, so later stages need no names and
 * no defaults. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/call_parts.h"
#include "compiler/types/expr_parts.h"

/* ---- signatures and definitions of the tables' rows ---- */

static sig_t *read_row(check_t *c, const char *text) {
    const char *why = NULL;
    sig_t *sig = sig_read(c->arena, c->names, c->types, text, &why);
    flow_assert(sig && !why); /* a test reads every row */
    return sig;
}

sig_t *fn_sig(check_t *c, int fn) {
    if (!c->fn_sigs[fn]) c->fn_sigs[fn] = read_row(c, fn_at(fn)->signature);
    return c->fn_sigs[fn];
}

sig_t *agg_sig(check_t *c, int agg) {
    if (!c->agg_sigs[agg]) c->agg_sigs[agg] = read_row(c, agg_at(agg)->signature);
    return c->agg_sigs[agg];
}

static def_t *row_def(check_t *c, def_t **slot, def_kind kind, const char *name, int row) {
    if (*slot) return *slot;
    *slot = ARENA_NEW(c->arena, def_t);
    **slot = (def_t){.kind = kind, .state = DEF_DONE, .name = intern(c->names, name), .index = row};
    return *slot;
}

def_t *fn_def(check_t *c, int fn) {
    return row_def(c, &c->fn_defs[fn], DEF_BUILTIN, fn_at(fn)->spelling, fn);
}

def_t *agg_def(check_t *c, int agg, int lists) {
    return row_def(c, &c->agg_defs[agg * 2 + lists], lists ? DEF_AGG_LIST : DEF_AGGREGATE,
                   agg_at(agg)->spelling, agg);
}

/* ---- arguments into parameters ---- */

static int param_named(const sig_t *sig, const char *name) {
    for (uint32_t i = 0; i < sig->n; i++)
        if (sig->params[i].name == name) return (int)i;
    return -1;
}

int call_arrange(const sig_t *sig, const nodes_t *args, node_t **at) {
    memset(at, 0, sizeof *at * MAX_PARAMS);
    for (size_t i = 0; i < args->n; i++) {
        ast_arg_t *a = AST(arg, args->at[i]);
        int k = a->name ? param_named(sig, a->name) : (int)i;
        if (k < 0 || k >= (int)sig->n || at[k]) return 0;
        at[k] = a->value;
    }
    for (uint32_t i = 0; i < sig->required; i++)
        if (!at[i]) return 0;
    return 1;
}

/* ---- deferred arguments ---- */

int call_is_deferred(check_t *c, const scope_t *s, const node_t *e) {
    return e->kind == AST_lambda || expr_wants_place(c, s, e);
}

static int fits_number(const sigtype_t *want, const sig_env_t *env) {
    const type_t *t = want->kind == SIG_TYPE ? want->type
                      : want->kind == SIG_VAR ? env->of[want->var - 'A'] : NULL;
    if (want->kind == SIG_VAR && !t) return want->var != 'D';
    return t && (type_is_number(type_strip((type_t *)(uintptr_t)t)) || t->kind == TY_POISON);
}

/* Can a deferred argument of this form be meant for the parameter? */
static int shape_fits(const node_t *e, const sigtype_t *want, const sig_env_t *env);

/* All branches of an `if` or `case` must have a form that fits. */
static int branches_fit(const node_t *e, const sigtype_t *want, const sig_env_t *env) {
    if (e->kind == AST_if)
        return shape_fits(AST(if, e)->yes, want, env) && shape_fits(AST(if, e)->no, want, env);
    const nodes_t *arms = &AST(case, e)->arms;
    for (size_t i = 0; i < arms->n; i++)
        if (!shape_fits(AST(case_arm, arms->at[i])->value, want, env)) return 0;
    return 1;
}

static int shape_fits(const node_t *e, const sigtype_t *want, const sig_env_t *env) {
    if (e->kind == AST_if || e->kind == AST_case) return branches_fit(e, want, env);
    if (e->kind == AST_lambda || want->kind == SIG_FN)
        return e->kind == AST_lambda && want->kind == SIG_FN &&
               AST(lambda, e)->params.n == want->n;
    if (want->kind == SIG_OPTION)
        return e->kind == AST_none || shape_fits(e, want->a, env);
    if (e->kind == AST_int || e->kind == AST_unary || e->kind == AST_binary)
        return fits_number(want, env);
    const type_t *bound = want->kind == SIG_TYPE ? want->type
                          : want->kind == SIG_VAR ? env->of[want->var - 'A'] : NULL;
    if (bound) bound = type_strip((type_t *)(uintptr_t)bound);
    if (e->kind == AST_list)
        return want->kind == SIG_LIST || (want->kind == SIG_VAR && !bound) ||
               (bound && bound->kind == TY_LIST);
    if (e->kind == AST_record)
        return want->kind == SIG_RECORD || (want->kind == SIG_VAR && !bound) ||
               (bound && bound->kind == TY_RECORD);
    if (e->kind == AST_none) return bound != NULL && want->kind == SIG_VAR;
    return want->kind == SIG_VAR || want->kind == SIG_TYPE;
}

/* ---- choosing a signature ---- */

int call_try(check_t *c, const scope_t *s, const sig_t *sig, node_t *const *at, sig_env_t *env,
             int *failed) {
    int missing = -1;
    *env = (sig_env_t){0};
    for (uint32_t i = 0; i < sig->n; i++) {
        const sigparam_t *p = &sig->params[i];
        if (at[i] && p->names_type) env->of[p->type->var - 'A'] = at[i]->type;
        if (!at[i] || p->names_type || call_is_deferred(c, s, at[i])) continue;
        sig_fit fit = p->type->kind == SIG_FN ? FIT_NO
                                              : sig_match(c->types, env, p->type, at[i]->type);
        if (fit == FIT_MISSING && missing < 0) missing = (int)i;
        *failed = (int)i;
        if (fit == FIT_NO) return CALL_NO;
    }
    for (uint32_t i = 0; i < sig->n; i++) {
        if (!at[i] || sig->params[i].names_type || !call_is_deferred(c, s, at[i])) continue;
        *failed = (int)i;
        if (!shape_fits(at[i], sig->params[i].type, env)) return CALL_NO;
    }
    *failed = missing;
    return missing >= 0 ? CALL_MISSING : CALL_YES;
}

/* ---- finishing a call with its signature ---- */

static const char *what_fits(check_t *c, const sig_env_t *env, const sigparam_t *p) {
    return sig_type_text(c->arena, c->types, env, p->type);
}

type_t *call_say_argument(check_t *c, const char *fn, const sig_t *sig, const sig_env_t *env,
                          int i, const node_t *arg) {
    const sigparam_t *p = &sig->params[i];
    const type_t *is = arg->type ? arg->type : poison(c);
    if (is->kind == TY_POISON && arg->kind != AST_lambda) return poison(c);
    diag_t *m = diag_add(c->diags, DIAG_fn_argument, arg->span, fn, what_fits(c, env, p),
                         arg->kind == AST_lambda ? "a function" : tx(c, is));
    diag_note(m, "%s", sig_show(c->arena, fn, sig));
    type_t *asked = sig_instance(c->types, env, p->type);
    const char *call = asked ? expr_conversion(c, arg, is, asked) : NULL;
    if (call) diag_help(m, "%s", call);
    return poison(c);
}

/* fn(U, T): U - the result of one call is an argument of the next. */
static int goes_round(const sigtype_t *fn) {
    for (uint32_t i = 0; i < fn->n; i++)
        if (fn->b->kind == SIG_VAR && fn->parts[i]->kind == SIG_VAR &&
            fn->b->var == fn->parts[i]->var)
            return 1;
    return 0;
}

/* Results of decimal arithmetic have 38 digits: what goes round must have room for them. */
static void widen_decimal(check_t *c, type_t **t) {
    if (*t && (*t)->kind == TY_DECIMAL) *t = type_decimal(c->types, 38, (*t)->s);
}

static int finish_lambda(check_t *c, scope_t *s, const sigtype_t *fn, sig_env_t *env, node_t *e) {
    type_t *params[4];
    flow_assert(fn->n <= 4);
    if (goes_round(fn)) widen_decimal(c, &env->of[fn->b->var - 'A']);
    for (uint32_t i = 0; i < fn->n; i++) {
        params[i] = sig_instance(c->types, env, fn->parts[i]);
        if (!params[i]) params[i] = poison(c);
    }
    type_t *asked = sig_instance(c->types, env, fn->b);
    type_t *t = expr_lambda(c, s, e, params, fn->n, asked);
    if (type_is_poison(t)) return 0;
    if (asked) return 1;
    if (t->kind == TY_NONE || t->kind == TY_REGEX) {
        say_mismatch(c, AST(lambda, e)->body, t, NULL);
        return 0;
    }
    flow_assert(fn->b->kind == SIG_VAR);
    env->of[fn->b->var - 'A'] = t;
    return 1;
}

/* A literal, record or list that waited for the type of its place. */
static int finish_value(check_t *c, scope_t *s, const char *name, const sig_t *sig,
                        sig_env_t *env, uint32_t i, node_t *e) {
    const sigtype_t *want = sig->params[i].type;
    type_t *t = expr_infer(c, s, e, sig_instance(c->types, env, want));
    if (type_is_poison(t) && !expr_is_bare_list(t)) return 0;
    if (sig_match(c->types, env, want, t) == FIT_YES) return 1;
    call_say_argument(c, name, sig, env, (int)i, e);
    return 0;
}

/* [] takes its type from what the other arguments have said by now. */
static int place_bare_list(check_t *c, scope_t *s, const sigtype_t *want, const sig_env_t *env,
                           node_t *e) {
    type_t *t = sig_instance(c->types, env, want);
    if (t && !type_is_poison(t) && expr_is_loose(c, s, e)) {
        expr_infer(c, s, e, t);
        return 1;
    }
    expr_say_bare_list(c, e);
    return 0;
}

int call_finish(check_t *c, scope_t *s, const char *name, const sig_t *sig, sig_env_t *env,
                node_t **at) {
    int good = 1;
    for (uint32_t i = 0; i < sig->n; i++) {
        if (!at[i] || at[i]->kind == AST_lambda || sig->params[i].names_type) continue;
        if (call_is_deferred(c, s, at[i]))
            good &= finish_value(c, s, name, sig, env, i, at[i]);
        else if (type_is_poison(at[i]->type) && !expr_is_bare_list(at[i]->type))
            good = 0;
    }
    for (uint32_t i = 0; good && i < sig->n; i++)
        if (at[i] && at[i]->type && expr_is_bare_list(at[i]->type))
            good &= place_bare_list(c, s, sig->params[i].type, env, at[i]);
    for (uint32_t i = 0; i < sig->n; i++)
        if (at[i] && at[i]->kind == AST_lambda)
            good &= finish_lambda(c, s, sig->params[i].type, env, at[i]);
    return good;
}

static node_t *default_node(check_t *c, const sigparam_t *p, span_t at) {
    node_t *n = NULL;
    if (p->fallback == DEFAULT_INT) {
        n = ast_new_node(c->arena, AST_int, at);
        AST(int, n)->value = p->number;
        n->type = ty(c, TY_INT);
    } else if (p->fallback == DEFAULT_TEXT) {
        n = ast_new_node(c->arena, AST_string, at);
        AST(string, n)->value = p->text;
        AST(string, n)->value_n = strlen(p->text);
        n->type = ty(c, TY_STRING);
    } else {
        n = ast_new_node(c->arena, AST_none, at);
        n->type = ty(c, TY_NONE);
    }
    return n;
}

void call_normalise(check_t *c, const sig_t *sig, node_t **at, ast_call_t *e) {
    nodes_t args = {0};
    span_t here = {e->node.span.end, e->node.span.end, e->node.span.file};
    for (uint32_t i = 0; i < sig->n; i++) {
        ast_arg_t *a = ast_new(c->arena, arg, at[i] ? at[i]->span : here);
        if (!at[i]) at[i] = default_node(c, &sig->params[i], here);
        a->value = at[i];
        nodes_push(c->arena, &args, &a->node);
    }
    e->args = args;
    e->receiver = 0;
}

/* ---- types as arguments ---- */

static type_t *type_argument(check_t *c, scope_t *s, node_t *e) {
    if (e->kind == AST_list && AST(list, e)->elements.n == 1) {
        type_t *t = type_argument(c, s, AST(list, e)->elements.at[0]);
        return e->type = t->kind == TY_POISON ? t : type_list(c->types, t);
    }
    node_t *as_type = NULL;
    if (e->kind == AST_name || (e->kind == AST_make && !AST(make, e)->called)) {
        ast_type_name_t *n = ast_new(c->arena, type_name, e->span);
        n->name = e->kind == AST_name ? AST(name, e)->name : AST(make, e)->name;
        n->name_at = e->span;
        as_type = &n->node;
    }
    if (as_type) return e->type = type_resolve(c, s, as_type);
    diag_t *m = diag_add(c->diags, DIAG_type_argument, e->span);
    diag_help(m, "declare it: `type T = …`, and give its name");
    return e->type = poison(c);
}

/* ---- functions of the tables ---- */

static void say_count(check_t *c, node_t *e, const char *name, const sig_t *sig) {
    size_t n = AST(call, e)->args.n;
    diag_t *m = diag_add(c->diags, DIAG_fn_arguments, e->span, name,
                         arena_printf(c->arena, "%zu argument%s", n, n == 1 ? "" : "s"));
    diag_note(m, "%s", sig_show(c->arena, name, sig));
}

/* An argument with a name that no signature has. */
static int say_bad_name(check_t *c, ast_call_t *call, const sig_t *sig) {
    for (size_t i = 0; i < call->args.n; i++) {
        ast_arg_t *a = AST(arg, call->args.at[i]);
        if (!a->name || param_named(sig, a->name) >= 0) continue;
        diag_t *m = diag_add(c->diags, DIAG_fn_no_param, a->name_at, call->fn, a->name);
        diag_note(m, "%s", sig_show(c->arena, call->fn, sig));
        return 1;
    }
    return 0;
}

/* `int(text)`: text is read by the function whose name begins with `to_`. */
static void help_reader(check_t *c, diag_t *m, const char *name, const node_t *arg) {
    const char *reader = arena_printf(c->arena, "to_%s", name);
    if (!arg->type || arg->type->kind != TY_STRING || fn_named(reader) < 0) return;
    diag_help(m, "text is read with `%s(%s)`: none where it does not fit", reader,
              diag_source(c->diags, arg->span));
}

/* Several rows have that many parameters and none fits. */
static type_t *say_no_alternative(check_t *c, node_t *e, int first, const node_t *arg) {
    const char *name = AST(call, e)->fn;
    node_t *at[MAX_PARAMS];
    if (arg->type && arg->type->kind == TY_POISON) return poison(c);
    diag_t *m = diag_add(c->diags, DIAG_fn_no_row, arg->span, name,
                         arg->type ? tx(c, arg->type) : "this");
    for (int i = first, shown = 0; shown < 4 && i < FN_COUNT; i++) {
        if (strcmp(fn_at(i)->spelling, name)) break;
        if (!call_arrange(fn_sig(c, i), &AST(call, e)->args, at)) continue;
        diag_note(m, "%s", sig_show(c->arena, name, fn_sig(c, i)));
        shown++;
    }
    help_reader(c, m, name, arg);
    return poison(c);
}

/* No row fits: says why, by the row that came nearest. */
static type_t *say_no_row(check_t *c, scope_t *s, node_t *e, int first) {
    ast_call_t *call = AST(call, e);
    const char *name = call->fn;
    node_t *at[MAX_PARAMS];
    sig_env_t env;
    int row = -1, several = 0, failed = -1;
    for (int i = first; i < FN_COUNT && !strcmp(fn_at(i)->spelling, name); i++) {
        if (!call_arrange(fn_sig(c, i), &call->args, at)) continue;
        if (call_try(c, s, fn_sig(c, i), at, &env, &failed) == CALL_MISSING)
            return say_missing(c, at[failed], e);
        several = row >= 0;
        if (row < 0) row = i;
    }
    if (row < 0) {
        if (!say_bad_name(c, call, fn_sig(c, first))) say_count(c, e, name, fn_sig(c, first));
        return poison(c);
    }
    const sig_t *sig = fn_sig(c, row);
    call_arrange(sig, &call->args, at);
    call_try(c, s, sig, at, &env, &failed);
    if (!at[failed]->type && at[failed]->kind != AST_lambda)
        expr_infer(c, s, at[failed], NULL); /* it waited for a type; now show what it is */
    if (several) return say_no_alternative(c, e, first, at[failed]);
    return call_say_argument(c, name, sig, &env, failed, at[failed]);
}

void call_infer_args(check_t *c, scope_t *s, const nodes_t *args, size_t from) {
    for (size_t i = from; i < args->n; i++) {
        node_t *v = AST(arg, args->at[i])->value;
        if (!call_is_deferred(c, s, v)) expr_infer(c, s, v, NULL);
    }
}

/* With an error elsewhere in the call: lambdas and literals are not looked at. */
static int any_poison(const nodes_t *args) {
    for (size_t i = 0; i < args->n; i++) {
        const node_t *v = AST(arg, args->at[i])->value;
        if (v->type && v->type->kind == TY_POISON) return 1;
    }
    return 0;
}

static type_t *finish_row(check_t *c, scope_t *s, node_t *e, int row, sig_env_t *env,
                          node_t **at) {
    const sig_t *sig = fn_sig(c, row);
    e->def = fn_def(c, row);
    if (!call_finish(c, s, AST(call, e)->fn, sig, env, at)) return poison(c);
    call_normalise(c, sig, at, AST(call, e));
    if (memchr(sig->vars, 'P', sig->nvars) && !call_decimal(c, AST(call, e), sig, env))
        return poison(c);
    type_t *t = sig_instance(c->types, env, sig->result);
    if (!call_check_row(c, AST(call, e), row, sig)) return poison(c);
    return t ? t : type_list(c->types, poison(c));
}

static type_t *call_builtin(check_t *c, scope_t *s, node_t *e, int first) {
    ast_call_t *call = AST(call, e);
    int typed = fn_sig(c, first)->n && fn_sig(c, first)->params[0].names_type;
    int faulty = 0;
    if (typed && call->args.n)
        faulty = type_argument(c, s, AST(arg, call->args.at[0])->value)->kind == TY_POISON;
    call_infer_args(c, s, &call->args, typed && call->args.n ? 1 : 0);
    if (faulty) return poison(c);
    for (int i = first; i < FN_COUNT && !strcmp(fn_at(i)->spelling, call->fn); i++) {
        node_t *at[MAX_PARAMS];
        sig_env_t env;
        int failed;
        if (!call_arrange(fn_sig(c, i), &call->args, at)) continue;
        if (call_try(c, s, fn_sig(c, i), at, &env, &failed) == CALL_YES)
            return finish_row(c, s, e, i, &env, at);
    }
    if (any_poison(&call->args)) return poison(c);
    return say_no_row(c, s, e, first);
}

/* ---- functions of the program ---- */

static int declared_param(const def_t *d, const char *name) {
    for (uint32_t i = 0; i < d->nparams; i++)
        if (AST(param, d->params[i])->name == name) return (int)i;
    return -1;
}

static void say_recursive(check_t *c, node_t *e, def_t *d) {
    def_t *top = c->calling.at[c->calling.n - 1];
    diag_t *m = top == d ? diag_add(c->diags, DIAG_recursive_fn, e->span)
                         : diag_add(c->diags, DIAG_recursive_fns, e->span, d->name, top->name);
    diag_note(m, "every function ends, so a batch always ends");
    diag_help(m, "use fold: fold(1, range(1, n), fn(a, i) = a * i)");
}

static const char *declared_text(check_t *c, const def_t *d) {
    buf_t b;
    buf_init(&b, c->arena);
    buf_printf(&b, "%s(", d->name);
    for (uint32_t i = 0; i < d->nparams; i++) {
        ast_param_t *p = AST(param, d->params[i]);
        buf_printf(&b, "%s%s: %s", i ? ", " : "", p->name,
                   p->node.def && p->node.def->type ? tx(c, p->node.def->type) : "?");
    }
    buf_str(&b, ")");
    return buf_text(&b);
}

static type_t *call_declared(check_t *c, scope_t *s, node_t *e, def_t *d) {
    ast_call_t *call = AST(call, e);
    e->def = d;
    d->used = 1;
    if (d->state == DEF_BUSY) {
        say_recursive(c, e, d);
    } else {
        decl_check(c, d);
    }
    node_t **at = ARENA_ARRAY(c->arena, node_t *, d->nparams + 1);
    int good = d->state != DEF_BUSY, placed = 1;
    for (size_t i = 0; i < call->args.n; i++) {
        ast_arg_t *a = AST(arg, call->args.at[i]);
        int k = a->name ? declared_param(d, a->name) : (int)i;
        if (k < 0) {
            diag_t *m = diag_add(c->diags, DIAG_fn_no_param, a->name_at, d->name, a->name);
            diag_note(m, "%s", declared_text(c, d));
            good = 0;
        }
        int known = k >= 0 && k < (int)d->nparams;
        if (!known || at[k]) placed = 0;
        /* a function whose parameters could not be checked takes anything */
        def_t *param = known ? d->params[k]->def : NULL;
        type_t *asked = param ? param->type : NULL;
        type_t *t = expr_check(c, s, a->value, asked ? asked : poison(c));
        good &= t->kind != TY_POISON;
        if (known) at[k] = a->value;
    }
    for (uint32_t i = 0; i < d->nparams; i++) {
        if (!at[i]) at[i] = AST(param, d->params[i])->value;
        placed &= at[i] != NULL;
    }
    if (!placed && good) {
        size_t n = call->args.n;
        diag_t *m = diag_add(c->diags, DIAG_fn_arguments, e->span, d->name,
                             arena_printf(c->arena, "%zu argument%s", n, n == 1 ? "" : "s"));
        diag_note(m, "%s is declared at %s", declared_text(c, d),
                  diag_where(c->diags, d->at, e->span));
        good = 0;
    }
    if (!good || !d->type) return poison(c);
    nodes_t args = {0};
    for (uint32_t i = 0; i < d->nparams; i++) {
        ast_arg_t *a = ast_new(c->arena, arg, at[i]->span);
        a->value = at[i];
        nodes_push(c->arena, &args, &a->node);
    }
    call->args = args;
    call->receiver = 0;
    return d->type;
}

/* ---- which function is meant ---- */

static type_t *say_unknown(check_t *c, scope_t *s, node_t *e) {
    ast_call_t *call = AST(call, e);
    VEC(const char *) names = {0};
    for (int i = 0; i < FN_COUNT; i++) vec_push(c->arena, &names, fn_at(i)->spelling);
    for (int i = 0; i < AGG_COUNT; i++) vec_push(c->arena, &names, agg_at(i)->spelling);
    const char **own;
    size_t n = scope_all(c->arena, s, NS_FN, &own);
    for (size_t i = 0; i < n; i++) vec_push(c->arena, &names, own[i]);
    diag_t *m = diag_add(c->diags, DIAG_fn_unknown, call->fn_at, call->fn);
    if (scope_find(s, call->fn)) diag_note(m, "`%s` is a value, not a function", call->fn);
    help_nearest(m, call->fn, names.at, names.n);
    return poison(c);
}

/* `c.f(x)` where c is a module: the function; the alias leaves the arguments. */
static int module_call(check_t *c, scope_t *s, node_t *e, def_t **fn) {
    ast_call_t *call = AST(call, e);
    if (!call->receiver || !call->args.n) return 0;
    node_t *first = AST(arg, call->args.at[0])->value;
    if (first->kind != AST_name || scope_find(s, AST(name, first)->name)) return 0;
    def_t *module = scope_find_in(s, NS_MODULE, AST(name, first)->name);
    if (!module) return 0;
    *fn = scope_find_in(module->scope, NS_FN, call->fn);
    if (!*fn) {
        const char **names;
        size_t n = scope_all(c->arena, module->scope, NS_FN, &names);
        diag_t *m = diag_add(c->diags, DIAG_not_in_module, call->fn_at, module->name, call->fn);
        help_nearest(m, call->fn, names, n);
    }
    nodes_t rest = {0};
    for (size_t i = 1; i < call->args.n; i++) nodes_push(c->arena, &rest, call->args.at[i]);
    call->args = rest;
    call->receiver = 0;
    return 1;
}

static int takes_model(const scope_t *s, const ast_call_t *call) {
    if (!call->args.n) return 0;
    const node_t *v = AST(arg, call->args.at[0])->value;
    def_t *d = v->kind == AST_name ? scope_find(s, AST(name, v)->name) : NULL;
    return d && d->kind == DEF_MODEL;
}

type_t *expr_call(check_t *c, scope_t *s, node_t *e, type_t *hint) {
    ast_call_t *call = AST(call, e);
    def_t *fn = NULL;
    if (module_call(c, s, e, &fn)) return fn ? call_declared(c, s, e, fn) : poison(c);
    fn = scope_find_in(s, NS_FN, call->fn);
    if (fn) return call_declared(c, s, e, fn);
    if (takes_model(s, call)) return poison(c); /* the model's declaration says it all */
    int row = fn_named(call->fn), agg = agg_named(call->fn);
    if (agg >= 0 && !agg_other_row(c, call, row)) return expr_aggregate(c, s, e, agg, hint);
    if (row >= 0) return call_builtin(c, s, e, row);
    call_infer_args(c, s, &call->args, 0);
    return say_unknown(c, s, e);
}

/* ---- lambdas ---- */

type_t *expr_lambda(check_t *c, scope_t *s, node_t *e, type_t *const *params, uint32_t n,
                    type_t *result) {
    ast_lambda_t *l = AST(lambda, e);
    flow_assert(l->params.n == n);
    s = scope_names(c->arena, s);
    for (uint32_t i = 0; i < n; i++) {
        ast_lambda_param_t *p = AST(lambda_param, l->params.at[i]);
        p->node.def = scope_add(c->arena, s, DEF_LAMBDA_PARAM, p->name, params[i], p->name_at);
        p->node.type = params[i];
    }
    type_t *t = expr_check(c, s, l->body, result);
    e->type = t;
    return t;
}
