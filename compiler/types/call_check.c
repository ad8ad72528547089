/* call_check.c - what a signature cannot say about the arguments of single functions.
 *
 * A zone, a time format or a group number that stands in the program as a literal is
 * judged here: its row error would hit every row. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/regex/regex.h"
#include "compiler/types/builtins.h"
#include "compiler/types/call_parts.h"
#include "compiler/types/const.h"

static node_t *value_of(const ast_call_t *call, size_t i) {
    return AST(arg, call->args.at[i])->value;
}

static void add_arg(check_t *c, ast_call_t *call, node_t *value, type_t *t) {
    ast_arg_t *a = ast_new(c->arena, arg, value->span);
    value->type = t;
    a->value = value;
    nodes_push(c->arena, &call->args, &a->node);
}

static node_t *text(check_t *c, const char *s) {
    ast_string_t *n = ast_new(c->arena, string, (span_t){0});
    n->value = s;
    n->value_n = strlen(s);
    return &n->node;
}

/* Does format_time take this format and this zone (null: any good one)? */
static int takes(check_t *c, node_t *format, node_t *zone) {
    ast_call_t *call = ast_new(c->arena, call, (span_t){0});
    call->node.def = fn_def(c, FN_format_time);
    call->node.type = ty(c, TY_STRING);
    add_arg(c, call, ast_new_node(c->arena, AST_timestamp, (span_t){0}), ty(c, TY_TIMESTAMP));
    add_arg(c, call, format ? format : text(c, "%Y"), ty(c, TY_STRING));
    add_arg(c, call, zone ? zone : text(c, "UTC"), ty(c, TY_STRING));
    uint64_t out[2];
    return !const_eval_words(c, &call->node, out);
}

static int check_times(check_t *c, const ast_call_t *call, const sig_t *sig) {
    for (uint32_t i = 0; i < sig->n; i++) {
        node_t *v = value_of(call, i);
        if (!sig->params[i].name || v->kind != AST_string) continue;
        if (!strcmp(sig->params[i].name, "zone") && !takes(c, NULL, v)) {
            diag_t *m = diag_add(c->diags, DIAG_bad_zone, v->span, expr_source(c, v));
            diag_help(m, "write \"UTC\", or an offset such as \"+08:00\"");
            return 0;
        }
        if (!strcmp(sig->params[i].name, "format") && !takes(c, v, NULL)) {
            diag_t *m = diag_add(c->diags, DIAG_bad_format, v->span, expr_source(c, v));
            diag_help(m, "formats are made of %%Y %%m %%d %%H %%M %%S %%f %%j %%u %%a %%b %%z "
                         "%%%% and other text");
            return 0;
        }
    }
    return 1;
}

static int check_group(check_t *c, const ast_call_t *call) {
    const node_t *re = value_of(call, 1), *group = value_of(call, 2);
    regex_t *compiled;
    regex_error_t err;
    if (re->kind != AST_regex || group->kind != AST_int) return 1;
    const ast_regex_t *r = AST(regex, re);
    if (!regex_compile(c->arena, r->pattern, r->pattern_n, &compiled, &err)) return 1;
    int most = regex_groups(compiled) - 1;
    int64_t n = AST(int, group)->value;
    if (n >= 0 && n <= most) return 1;
    diag_t *m = diag_add(c->diags, DIAG_no_group, group->span, expr_source(c, group));
    diag_note(m, "group 0 is the whole match; the regex has %d more", most);
    return 0;
}

static int check_parse(check_t *c, const ast_call_t *call) {
    const node_t *type = value_of(call, 0);
    if (type_is_enum(type->type)) return 1;
    diag_t *m = diag_add(c->diags, DIAG_fn_argument, type->span, "parse", "an enum type",
                         tx(c, type->type));
    if (type->type->kind == TY_INT || type->type->kind == TY_FLOAT ||
        type->type->kind == TY_BOOL || type->type->kind == TY_TIMESTAMP)
        diag_help(m, "to_%s(%s)", tx(c, type->type), expr_source(c, value_of(call, 1)));
    else
        diag_help(m, "parse_json reads any type");
    return 0;
}

/* ---- decimals named by their digits ---- */

/* A constant int among the arguments, by the name of its parameter. */
static int constant(check_t *c, const ast_call_t *call, const sig_t *sig, const char *name,
                    int64_t *out) {
    for (uint32_t i = 0; i < sig->n; i++) {
        if (strcmp(sig->params[i].name, name)) continue;
        node_t *v = value_of(call, i);
        const char *what = arena_printf(c->arena, "`%s` of %s", name, call->fn);
        if (!const_check(c, v, what)) return 0;
        if (const_has_param(v)) {
            diag_add(c->diags, DIAG_not_constant, v->span, what);
            return 0;
        }
        cval_t *value = const_eval(c, v);
        if (value) *out = (int64_t)value->w[0];
        return value != NULL;
    }
    flow_unreachable("a parameter of the signature");
}

int call_decimal(check_t *c, const ast_call_t *call, const sig_t *sig, sig_env_t *env) {
    int64_t p = 38, s;
    int rounds = call->node.def->index == FN_round_decimal;
    if (!rounds && !constant(c, call, sig, "p", &p)) return 0;
    if (!constant(c, call, sig, rounds ? "digits" : "s", &s)) return 0;
    if (p < 1 || p > 38 || s < 0 || s > p) {
        diag_t *m = diag_add(c->diags, DIAG_decimal_digits, call->node.span);
        diag_help(m, "decimal(12, 2) has 12 digits, 2 of them after the point");
        return 0;
    }
    env->of['P' - 'A'] = type_decimal(c->types, (int)p, (int)s);
    return 1;
}

int call_check_row(check_t *c, const ast_call_t *call, int row, const sig_t *sig) {
    if (row == FN_parse) return check_parse(c, call);
    if (row == FN_extract) return check_group(c, call);
    return check_times(c, call, sig);
}
