/* const_call.c - calls in the folder: functions of the program and of the language.
 *
 * CALL and CALLS functions are the archive's copies of the kernel's.  Their C type follows
 * from the signature by the rule at the head of builtins.def; there are few different
 * ones, and each has its row in `shapes` below: p an address, i an i64, d a double, w an
 * i32, after ctx and out where the function may fail. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/regex/regex.h"
#include "compiler/types/builtins.h"
#include "compiler/types/const_parts.h"
#include "compiler/types/expr_parts.h"
#include "runtime/kernel/k_decimal.h"

/* Declared without their arguments; called through the type of their shape. */
typedef void kernel_fn(void);
#define LOWER_DECL_CALL(id) extern kernel_fn flow_k_fn_##id;
#define LOWER_DECL_CALLS(id) LOWER_DECL_CALL(id)
#define LOWER_DECL_INLINE(id)
#define LOWER_DECL_LOOP(id)
#define FN(id, spelling, signature, lowering, doc, example, result) LOWER_DECL_##lowering(id)
#include "lang/builtins.def"
#undef FN

#define LOWER_ADDRESS_CALL(id) flow_k_fn_##id
#define LOWER_ADDRESS_CALLS(id) flow_k_fn_##id
#define LOWER_ADDRESS_INLINE(id) NULL
#define LOWER_ADDRESS_LOOP(id) NULL
static kernel_fn *const addresses[] = {
#define FN(id, spelling, signature, lowering, doc, example, result)                      \
    LOWER_ADDRESS_##lowering(id),
#include "lang/builtins.def"
#undef FN
};

/* ---- calling by shape ---- */

typedef union cell {
    const void *p;
    int64_t i;
    double d;
    int32_t w;
} cell_t;

typedef struct frame {
    folder_t *f;
    kernel_fn *fn;
    cell_t at[10];
    char shape[11];
    int n;
    uint64_t *out;
} frame_t;

#define T_p const void *
#define T_i int64_t
#define T_d double
#define T_w int32_t
#define V(k, letter) , fr->at[k].letter
#define S1(a) T_##a
#define S2(a, b) T_##a, T_##b
#define S3(a, b, c) S2(a, b), T_##c
#define S4(a, b, c, d) S3(a, b, c), T_##d
#define S5(a, b, c, d, e) S4(a, b, c, d), T_##e
#define S6(a, b, c, d, e, g) S5(a, b, c, d, e), T_##g
#define A1(a) V(0, a)
#define A2(a, b) A1(a) V(1, b)
#define A3(a, b, c) A2(a, b) V(2, c)
#define A4(a, b, c, d) A3(a, b, c) V(3, d)
#define A5(a, b, c, d, e) A4(a, b, c, d) V(4, e)
#define A6(a, b, c, d, e, g) A5(a, b, c, d, e) V(5, g)

/* clang's -fsanitize=function compares pointer types more finely than the calling
 * convention does. */
#if defined(__clang__)
#define ANY_FUNCTION_TYPE __attribute__((no_sanitize("function")))
#else
#define ANY_FUNCTION_TYPE
#endif

#define CALLS_SHAPE(name, n, ...)                                                        \
    ANY_FUNCTION_TYPE static int calls_##name(frame_t *fr) {                             \
        return ((int32_t(*)(flow_ctx *, uint64_t *, S##n(__VA_ARGS__)))fr->fn)(          \
            &fr->f->ctx, fr->out A##n(__VA_ARGS__));                                     \
    }
#define FIRST_V(k, letter) fr->at[k].letter
#define B1(a) FIRST_V(0, a)
#define B2(a, b) B1(a) V(1, b)
#define B3(a, b, c) B2(a, b) V(2, c)
#define B4(a, b, c, d) B3(a, b, c) V(3, d)
#define PUT_i(x) (uint64_t)(x)
#define PUT_w(x) (uint64_t)((x) != 0)
#define PUT_d(x) float_word(x)
#define CALL_SHAPE(result, name, n, ...)                                                 \
    ANY_FUNCTION_TYPE static int call_##result##_##name(frame_t *fr) {                   \
        fr->out[0] = PUT_##result(                                                       \
            ((T_##result(*)(S##n(__VA_ARGS__)))fr->fn)(B##n(__VA_ARGS__)));              \
        return 0;                                                                        \
    }

#define CALLS_SHAPES(X)                                                                  \
    X(d, 1, d)                                                                           \
    X(i, 1, i)                                                                           \
    X(ii, 2, i, i)                                                                       \
    X(ipi, 3, i, p, i)                                                                   \
    X(ipipi, 5, i, p, i, p, i)                                                           \
    X(pi, 2, p, i)                                                                       \
    X(pid, 3, p, i, d)                                                                   \
    X(pii, 3, p, i, i)                                                                   \
    X(piii, 4, p, i, i, i)                                                               \
    X(piipi, 5, p, i, i, p, i)                                                           \
    X(pip, 3, p, i, p)                                                                   \
    X(pipi, 4, p, i, p, i)                                                               \
    X(pipipi, 6, p, i, p, i, p, i)                                                       \
    X(pipipp, 6, p, i, p, i, p, p)                                                       \
    X(pipp, 4, p, i, p, p)                                                               \
    X(pippi, 5, p, i, p, p, i)                                                           \
    X(pippp, 5, p, i, p, p, p)                                                           \
    X(pipppp, 6, p, i, p, p, p, p)                                                       \
    X(pp, 2, p, p)
#define CALL_SHAPES(X)                                                                   \
    X(d, d, 1, d)                                                                        \
    X(d, dd, 2, d, d)                                                                    \
    X(d, di, 2, d, i)                                                                    \
    X(d, i, 1, i)                                                                        \
    X(d, pi, 2, p, i)                                                                    \
    X(i, i, 1, i)                                                                        \
    X(i, ii, 2, i, i)                                                                    \
    X(i, pi, 2, p, i)                                                                    \
    X(i, pp, 2, p, p)                                                                    \
    X(w, d, 1, d)                                                                        \
    X(w, pip, 3, p, i, p)                                                                \
    X(w, pipi, 4, p, i, p, i)                                                            \
    X(w, pipp, 4, p, i, p, p)

CALLS_SHAPES(CALLS_SHAPE)
CALL_SHAPES(CALL_SHAPE)

typedef int shape_fn(frame_t *);
static const struct {
    const char *shape; /* of a CALL with its result in front */
    shape_fn *fn;
} shapes[] = {
#define SHAPE_ROW(name, n, ...) {"s:" #name, calls_##name},
    CALLS_SHAPES(SHAPE_ROW)
#undef SHAPE_ROW
#define SHAPE_ROW(result, name, n, ...) {#result ":" #name, call_##result##_##name},
        CALL_SHAPES(SHAPE_ROW)
#undef SHAPE_ROW
};

static int call_shaped(frame_t *fr, char result) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].shape[0] == result && !strcmp(shapes[i].shape + 2, fr->shape))
            return shapes[i].fn(fr);
    flow_unreachable("a function whose shape has no row in const_call.c");
}

/* ---- arguments of kernel functions ---- */

static void push(frame_t *fr, char letter, cell_t v) {
    flow_assert(fr->n < (int)(sizeof fr->at / sizeof *fr->at));
    fr->shape[fr->n] = letter;
    fr->shape[fr->n + 1] = 0;
    fr->at[fr->n++] = v;
}

static void push_words(frame_t *fr, const type_t *t, const uint64_t *w) {
    switch (t->kind) {
    case TY_INT: case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE:
        push(fr, 'i', (cell_t){.i = (int64_t)w[0]});
        return;
    case TY_FLOAT: push(fr, 'd', (cell_t){.d = word_float(w[0])}); return;
    case TY_BOOL: push(fr, 'w', (cell_t){.w = (int32_t)w[0]}); return;
    case TY_STRING: case TY_BYTES: case TY_LIST: case TY_MAP:
        push(fr, 'p', (cell_t){.p = word_text(w[0])});
        push(fr, 'i', (cell_t){.i = (int64_t)w[1]});
        return;
    case TY_OPTION:
        push_words(fr, t->elem, w);
        push(fr, 'w', (cell_t){.w = (int32_t)w[t->elem->words]});
        return;
    case TY_RECORD: case TY_UNION: case TY_DECIMAL: push(fr, 'p', (cell_t){.p = w}); return;
    case TY_POISON: case TY_NONE: case TY_REGEX: break;
    }
    flow_unreachable("no argument of this type");
}

static const uint8_t *regex_of(folder_t *f, const node_t *e) {
    for (size_t i = 0; i < f->regexes.n; i++)
        if (f->regexes.at[i].node == e) return f->regexes.at[i].table;
    ast_regex_t *r = AST(regex, e);
    regex_t *re;
    regex_error_t err;
    size_t len;
    if (!regex_compile(f->c->arena, r->pattern, r->pattern_n, &re, &err))
        flow_unreachable("a regex that was checked");
    known_regex_t known = {e, regex_table(re, &len)};
    vec_push(f->c->arena, &f->regexes, known);
    return known.table;
}

/* Does a value cross as the address of its words? */
static int is_generic(const sigtype_t *s) {
    switch (s->kind) {
    case SIG_VAR: case SIG_RECORD: return 1;
    case SIG_OPTION: return is_generic(s->a);
    case SIG_TYPE: case SIG_LIST: case SIG_MAP: case SIG_FN: return 0;
    }
    flow_unreachable("kind of signature type");
}

/* What the variables stand for, from the types of the arguments. */
static void bind_vars(folder_t *f, const sig_t *sig, ast_call_t *call, sig_env_t *env) {
    for (uint32_t i = 0; i < sig->n; i++) {
        type_t *t = AST(arg, call->args.at[i])->value->type;
        if (sig->params[i].names_type)
            env->of[sig->params[i].type->var - 'A'] = t;
        else if (t->kind != TY_REGEX && sig->params[i].type->kind != SIG_FN)
            sig_match(f->c->types, env, sig->params[i].type, t);
    }
}

static int push_arg(frame_t *fr, const sigparam_t *p, const sig_env_t *env, node_t *e) {
    if (e->kind == AST_regex) {
        push(fr, 'p', (cell_t){.p = regex_of(fr->f, e)});
        return 0;
    }
    type_t *t = sig_instance(fr->f->c->types, env, p->type);
    flow_assert(t);
    uint64_t *w = fold_words(fr->f, t->words);
    FOLD_TRY(fold_as(fr->f, e, t, w));
    if (is_generic(p->type))
        push(fr, 'p', (cell_t){.p = w});
    else
        push_words(fr, t, w);
    return 0;
}

static int kernel_call(folder_t *f, node_t *e, uint64_t *out) {
    ast_call_t *call = AST(call, e);
    int row = e->def->index;
    const sig_t *sig = fn_sig(f->c, row);
    frame_t fr = {.f = f, .fn = addresses[row], .out = out};
    sig_env_t env = {0};
    bind_vars(f, sig, call, &env);
    for (uint32_t i = 0; i < sig->n; i++)
        if (!sig->params[i].names_type)
            FOLD_TRY(push_arg(&fr, &sig->params[i], &env, AST(arg, call->args.at[i])->value));
    for (uint32_t i = 0; i < sig->nvars; i++)
        push(&fr, 'p', (cell_t){.p = fold_code(f, env.of[sig->vars[i] - 'A'])});
    if (fn_at(row)->lowering == LOWER_CALLS) return call_shaped(&fr, 's');
    type_kind k = e->type->kind;
    return call_shaped(&fr, k == TY_FLOAT ? 'd' : k == TY_BOOL ? 'w' : 'i');
}

int fold_string(folder_t *f, const type_t *t, const uint64_t *w, uint64_t *out) {
    if (t->kind == TY_STRING) {
        memcpy(out, w, 16);
        return 0;
    }
    frame_t fr = {.f = f, .fn = addresses[FN_string], .out = out};
    push(&fr, 'p', (cell_t){.p = w});
    push(&fr, 'p', (cell_t){.p = fold_code(f, t)});
    return call_shaped(&fr, 's');
}

/* ---- what the emitter writes itself ---- */

static node_t *arg_of(node_t *e, size_t i) { return AST(arg, AST(call, e)->args.at[i])->value; }

/* min(a, b): of equal values the first; max likewise. */
static int lesser(folder_t *f, node_t *e, int greater, uint64_t *out) {
    const type_t *t = e->type;
    uint64_t *b = fold_words(f, t->words);
    FOLD_TRY(fold_as(f, arg_of(e, 0), t, out));
    FOLD_TRY(fold_as(f, arg_of(e, 1), t, b));
    int c = const_compare(t, b, out);
    if (greater ? c > 0 : c < 0) memcpy(out, b, 8 * t->words);
    return 0;
}

static int clamp(folder_t *f, node_t *e, uint64_t *out) {
    const type_t *t = e->type;
    uint64_t *low = fold_words(f, t->words), *high = fold_words(f, t->words);
    FOLD_TRY(fold_as(f, arg_of(e, 0), t, out));
    FOLD_TRY(fold_as(f, arg_of(e, 1), t, low));
    FOLD_TRY(fold_as(f, arg_of(e, 2), t, high));
    if (const_compare(t, out, low) < 0) memcpy(out, low, 8 * t->words);
    if (const_compare(t, high, out) < 0) memcpy(out, high, 8 * t->words);
    return 0;
}

static int decimal_call(node_t *e, const uint64_t *x, uint64_t *out) {
    const type_t *from = arg_of(e, 0)->type, *to = type_strip(e->type);
    switch (e->def->index) {
    case FN_abs_decimal: {
        __int128 v = words_wide(x);
        put_wide(v < 0 ? -v : v, out);
        return 0;
    }
    case FN_decimal: put_wide((int64_t)x[0], out); return 0;
    case FN_decimal_of_int: return flow_k_dec_of_int(out, (int64_t)x[0], to->p, to->s);
    case FN_decimal_of_float: return flow_k_dec_of_float(out, word_float(x[0]), to->p, to->s);
    case FN_decimal_of_decimal: case FN_round_decimal:
        return flow_k_dec_rescale(out, x, from->s, to->p, to->s);
    case FN_float_decimal: out[0] = float_word(flow_k_dec_to_float(x, from->s)); return 0;
    case FN_int_decimal: return flow_k_dec_to_int(out, x, from->s);
    case FN_to_decimal:
        flow_k_dec_parse(out, (const uint8_t *)word_text(x[0]), (int64_t)x[1], to->p, to->s);
        return 0;
    default: flow_unreachable("an INLINE function the folder does not know");
    }
}

static int inline_call(folder_t *f, node_t *e, uint64_t *out) {
    uint64_t *w;
    switch (e->def->index) {
    case FN_now: out[0] = (uint64_t)f->ctx.now; return 0;
    case FN_min_of: return lesser(f, e, 0, out);
    case FN_max_of: return lesser(f, e, 1, out);
    case FN_clamp: return clamp(f, e, out);
    default: break;
    }
    FOLD_TRY(fold_new(f, arg_of(e, 0), &w));
    switch (e->def->index) {
    case FN_byte_length: case FN_byte_length_bytes: case FN_length_list: case FN_length_map:
        out[0] = w[1];
        return 0;
    case FN_bytes: memcpy(out, w, 16); return 0;
    case FN_float: out[0] = float_word((double)(int64_t)w[0]); return 0;
    default: return decimal_call(e, w, out);
    }
}

/* ---- lambdas ---- */

static int apply(folder_t *f, node_t *lambda, const uint64_t *x, const type_t *to,
                 uint64_t *out) {
    ast_lambda_t *l = AST(lambda, lambda);
    size_t mark = f->binds.n;
    flow_assert(l->params.n == 1);
    fold_bind(f, l->params.at[0]->def, x);
    int status = fold_as(f, l->body, to ? to : l->body->type, out);
    f->binds.n = mark;
    return status;
}

static int loop_call(folder_t *f, node_t *e, uint64_t *out) {
    node_t *lambda = arg_of(e, 1);
    const type_t *from = arg_of(e, 0)->type->elem, *to = e->type;
    int row = e->def->index;
    uint64_t list[2], kept = 0;
    FOLD_TRY(fold(f, arg_of(e, 0), list));
    const type_t *made = row == FN_map ? to->elem : from;
    uint64_t *res = fold_words(f, list[1] * made->words);
    memset(out, 0, 8 * to->words);
    if (row == FN_all_fn) out[0] = 1;
    for (uint64_t i = 0; i < list[1]; i++) {
        const uint64_t *x = word_list(list[0]) + i * from->words;
        if (row == FN_map) {
            FOLD_TRY(apply(f, lambda, x, made, res + kept++ * made->words));
            continue;
        }
        uint64_t yes;
        FOLD_TRY(apply(f, lambda, x, NULL, &yes));
        if (row == FN_filter && yes) {
            memcpy(res + kept++ * made->words, x, 8 * made->words);
        } else if (row == FN_find && yes) {
            fold_coerce(from, x, to, out);
            return 0;
        } else if ((row == FN_any_fn && yes) || (row == FN_all_fn && !yes)) {
            out[0] = row == FN_any_fn;
            return 0;
        }
    }
    if (row == FN_map || row == FN_filter) {
        out[0] = ptr_word(res);
        out[1] = kept;
    }
    return 0;
}

/* ---- functions of the program ---- */

static int user_call(folder_t *f, node_t *e, uint64_t *out) {
    ast_call_t *call = AST(call, e);
    const def_t *d = e->def;
    uint64_t **values = ARENA_ARRAY(f->c->arena, uint64_t *, d->nparams + 1);
    for (uint32_t i = 0; i < d->nparams; i++) {
        const type_t *t = d->params[i]->def->type;
        values[i] = fold_words(f, t->words);
        FOLD_TRY(fold_as(f, AST(arg, call->args.at[i])->value, t, values[i]));
    }
    size_t mark = f->binds.n;
    for (uint32_t i = 0; i < d->nparams; i++) fold_bind(f, d->params[i]->def, values[i]);
    int status = fold_as(f, AST(decl_fn, d->node)->body, e->type, out);
    f->binds.n = mark;
    return status;
}

int fold_call(folder_t *f, node_t *e, uint64_t *out) {
    flow_assert(e->def);
    FOLD_TRY(fold_room(f));
    if (e->def->kind == DEF_FN) return user_call(f, e, out);
    if (e->def->kind == DEF_AGG_LIST) return fold_list_aggregate(f, e, out);
    flow_assert(e->def->kind == DEF_BUILTIN);
    switch (fn_at(e->def->index)->lowering) {
    case LOWER_CALL: case LOWER_CALLS: return kernel_call(f, e, out);
    case LOWER_INLINE: return inline_call(f, e, out);
    case LOWER_LOOP: return loop_call(f, e, out);
    }
    flow_unreachable("lowering");
}
