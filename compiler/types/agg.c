/* agg.c - aggregates: in the items of `aggregate` over rows, elsewhere over lists.
 *
 * Both use the signature of aggregates.def.  In items a row parameter takes T or T?;
 * over lists it takes [T] or [T?].  Values that are none are not counted either way. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/call_parts.h"
#include "compiler/types/const.h"
#include "compiler/types/expr_parts.h"

int agg_other_row(check_t *c, const ast_call_t *call, int row) {
    node_t *at[MAX_PARAMS];
    for (int i = row; i >= 0 && i < FN_COUNT && !strcmp(fn_at(i)->spelling, call->fn); i++)
        if (call_arrange(fn_sig(c, i), &call->args, at)) return 1;
    return 0;
}

int expr_is_aggregate(const node_t *e) {
    return e->kind == AST_call && e->def && e->def->kind == DEF_AGGREGATE;
}

static sigtype_t *wrap(check_t *c, sig_kind kind, sigtype_t *inner) {
    sigtype_t *s = ARENA_NEW(c->arena, sigtype_t);
    s->kind = kind;
    s->a = inner;
    return s;
}

static int is_row_param(const sigparam_t *p) { return !p->is_const && p->type->kind != SIG_FN; }

/* The signature as the call sees it: row parameters T? in items, [T?] over lists. */
static sig_t *adapted(check_t *c, const sig_t *sig, int lists) {
    sig_t *out = ARENA_NEW(c->arena, sig_t);
    *out = *sig;
    out->params = ARENA_ARRAY(c->arena, sigparam_t, MAX_PARAMS);
    for (uint32_t i = 0; i < sig->n; i++) {
        out->params[i] = sig->params[i];
        if (!is_row_param(&sig->params[i])) continue;
        sigtype_t *value = wrap(c, SIG_OPTION, sig->params[i].type);
        out->params[i].type = lists ? wrap(c, SIG_LIST, value) : value;
    }
    return out;
}

/* ---- E10 ---- */

/* sum(max(x)): the inner one is made in a step before. */
static type_t *say_nested(check_t *c, node_t *e) {
    node_t *all = c->aggregate;
    diag_t *m = diag_add(c->diags, DIAG_aggregate_nested, e->span, AST(call, all)->fn);
    diag_note(m, "`%s` goes over rows, and has one value for all of them", expr_source(c, e));
    diag_help(m, "aggregate twice:\n |> aggregate n = %s per … |> aggregate %s …",
              expr_source(c, e), expr_source_with(c, all, e, "n"));
    return poison(c);
}

static type_t *say_place(check_t *c, node_t *e) {
    if (c->aggregate) return say_nested(c, e);
    diag_t *m = diag_add(c->diags, DIAG_aggregate_place, e->span);
    const char *call = expr_source(c, e);
    if (c->condition && c->outer)
        diag_help(m, "aggregate first, then filter:\n |> aggregate n = %s per … |> where %s",
                  call, expr_source_with(c, c->outer, e, "n"));
    else
        diag_help(m, "aggregate first: |> aggregate n = %s per …", call);
    return poison(c);
}

/* Is a row argument there that is no list?  Then an aggregate of rows was meant. */
static int means_rows(const sig_t *sig, node_t *const *at) {
    int rows = 0;
    for (uint32_t i = 0; i < sig->n; i++) {
        if (!is_row_param(&sig->params[i]) || !at[i]) continue;
        rows++;
        const type_t *t = at[i]->type;
        if (at[i]->kind == AST_list || (t && t->kind == TY_LIST)) return 0;
        if (t && type_strip((type_t *)(uintptr_t)t)->kind == TY_LIST) return 0;
    }
    return rows > 0 || sig->n == 0;
}

/* ---- the result ---- */

static int may_lack_values(const sig_t *sig, node_t *const *at, int when, int lists) {
    if (when || lists) return 1;
    for (uint32_t i = 0; i < sig->n; i++)
        if (is_row_param(&sig->params[i]) && at[i] && at[i]->type->kind == TY_OPTION) return 1;
    return 0;
}

static type_t *result_of(check_t *c, const agg_row_t *row, const sig_t *sig, sig_env_t *env,
                         node_t *const *at, int when, int lists) {
    type_t *t = sig_instance(c->types, env, sig->result);
    if (!t) return type_list(c->types, poison(c));
    if (row->empty == EMPTY_ALWAYS ||
        (row->empty == EMPTY_MAYBE && may_lack_values(sig, at, when, lists)))
        return type_option(c->types, t);
    return t;
}

static void collect(check_t *c, scope_t *items, node_t *e, int agg, int alternative,
                    const sig_t *sig, node_t **at, type_t *result) {
    agg_call_t *a = ARENA_NEW(c->arena, agg_call_t);
    *a = (agg_call_t){.call = e, .agg = agg, .sig = alternative, .result = result,
                      .nargs = sig->n};
    a->args = ARENA_ARRAY(c->arena, node_t *, sig->n + 1);
    a->arg_types = ARENA_ARRAY(c->arena, type_t *, sig->n + 1);
    a->kinds = ARENA_ARRAY(c->arena, unsigned char, sig->n + 1);
    for (uint32_t i = 0; i < sig->n; i++) {
        a->args[i] = at[i];
        a->kinds[i] = sig->params[i].type->kind == SIG_FN ? AGG_ARG_fn
                      : sig->params[i].is_const           ? AGG_ARG_const
                                                          : AGG_ARG_row;
        a->arg_types[i] = at[i] ? at[i]->type : NULL;
        if (a->kinds[i] == AGG_ARG_fn && at[i])
            const_check(c, at[i], arena_printf(c->arena, "the function of `%s` over rows",
                                               agg_at(agg)->spelling));
        if (sig->params[i].is_const && at[i])
            const_check(c, at[i], arena_printf(c->arena, "`%s` of %s", sig->params[i].name,
                                               agg_at(agg)->spelling));
    }
    vec_push(c->arena, items->aggs, a);
}

/* ---- constants ---- */

/* The value of a constant that no param changes; 0 if there is none to look at. */
static int known(check_t *c, node_t *e, uint64_t *w) {
    const type_t *t = e ? e->type : NULL;
    return t && (t->kind == TY_INT || t->kind == TY_FLOAT) && !const_has_param(e) &&
           const_eval_words(c, e, w) == 0;
}

static double float_of(uint64_t w) {
    double x;
    memcpy(&x, &w, sizeof x);
    return x;
}

/* What an aggregate asks of its constants.  Params are judged when the program runs. */
static void check_constants(check_t *c, int agg, node_t *const *at) {
    uint64_t w[2] = {0};
    node_t *bad = NULL;
    const char *what = NULL;
    if (agg == AGG_quantile && known(c, at[1], w) &&
        !(float_of(w[0]) >= 0 && float_of(w[0]) <= 1)) {
        bad = at[1], what = "`q` of `quantile` must be from 0.0 to 1.0";
    } else if (agg == AGG_top_k && known(c, at[1], w) &&
               ((int64_t)w[0] < 1 || (int64_t)w[0] > AGG_TOP_K_MOST)) {
        bad = at[1], what = "`k` of `top_k` must be from 1 to 10000";
    } else if (agg == AGG_histogram && known(c, at[3], w) &&
               ((int64_t)w[0] < 1 || (int64_t)w[0] > AGG_BINS_MOST)) {
        bad = at[3], what = "`bins` of `histogram` must be from 1 to 1000000";
    } else if (agg == AGG_histogram && known(c, at[1], w) && known(c, at[2], w + 1) &&
               !(float_of(w[0]) < float_of(w[1]))) {
        bad = at[2], what = "`high` of `histogram` must be above `low`";
    }
    if (bad) diag_add(c->diags, DIAG_agg_constant, bad->span, what);
}

/* ---- the call ---- */

static type_t *say_no_fit(check_t *c, scope_t *s, node_t *e, int agg, int lists) {
    ast_call_t *call = AST(call, e);
    const sig_t *closest = NULL;
    node_t *at[MAX_PARAMS];
    int alternatives = 0;
    for (const sig_t *sig = agg_sig(c, agg); sig; sig = sig->next) {
        if (!call_arrange(sig, &call->args, at)) continue;
        if (lists && means_rows(sig, at)) return say_place(c, e);
        alternatives++;
        if (!closest) closest = sig;
    }
    if (!closest) {
        size_t n = call->args.n;
        diag_t *m = diag_add(c->diags, DIAG_fn_arguments, e->span, call->fn,
                             arena_printf(c->arena, "%zu argument%s", n, n == 1 ? "" : "s"));
        diag_note(m, "%s", sig_show(c->arena, call->fn, agg_sig(c, agg)));
        return poison(c);
    }
    sig_env_t env;
    int failed = 0;
    call_arrange(closest, &call->args, at);
    sig_t *sig = adapted(c, closest, lists);
    int fit = call_try(c, s, sig, at, &env, &failed);
    if (fit == CALL_MISSING) return say_missing(c, at[failed], e);
    if (!at[failed]->type && at[failed]->kind != AST_lambda) expr_infer(c, s, at[failed], NULL);
    const type_t *t = at[failed]->type;
    if (t && t->kind == TY_POISON) return poison(c);
    if (alternatives == 1 || !t)
        return call_say_argument(c, call->fn, closest, &env, failed, at[failed]);
    diag_t *m = diag_add(c->diags, DIAG_fn_no_row, at[failed]->span, call->fn, tx(c, t));
    for (const sig_t *each = agg_sig(c, agg); each; each = each->next)
        if (each->n) diag_note(m, "%s", sig_show(c->arena, call->fn, each));
    return poison(c);
}

type_t *expr_aggregate(check_t *c, scope_t *s, node_t *e, int agg, type_t *hint) {
    (void)hint;
    ast_call_t *call = AST(call, e);
    const agg_row_t *row = agg_at(agg);
    scope_t *items = scope_items_of(s);
    scope_t *rows = items ? items->rows : s;
    int lists = !items, alternative = 0;
    node_t *around = c->aggregate;
    if (items) c->aggregate = e;
    call_infer_args(c, rows, &call->args, 0);
    c->aggregate = around;
    for (const sig_t *sig = agg_sig(c, agg); sig; sig = sig->next, alternative++) {
        node_t *at[MAX_PARAMS];
        sig_env_t env;
        int failed;
        if (!call_arrange(sig, &call->args, at) || (lists && !sig->n)) continue;
        sig_t *mine = adapted(c, sig, lists);
        if (call_try(c, rows, mine, at, &env, &failed) != CALL_YES) continue;
        e->def = agg_def(c, agg, lists);
        if (!row->built || (row->built == BUILT_LISTS && items)) {
            not_built(c, call->fn_at,
                      arena_printf(c->arena, "the aggregate `%s`%s", row->spelling,
                                   row->built ? " over rows" : ""));
            return poison(c);
        }
        if (!call_finish(c, rows, call->fn, mine, &env, at)) return poison(c);
        check_constants(c, agg, at);
        type_t *t = result_of(c, row, sig, &env, at, items && items->when, lists);
        call_normalise(c, sig, at, call);
        if (items) collect(c, items, e, agg, alternative, sig, at, t);
        return t;
    }
    return say_no_fit(c, rows, e, agg, lists);
}
