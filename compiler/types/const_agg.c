/* const_agg.c - aggregates over lists in the folder.
 *
 * Written from the language's definition, apart from the kernel's steps: comparing the
 * two is the point.  Only the exact sums (of floats, of squares) are the kernel's. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/const_parts.h"
#include "runtime/kernel/k_agg.h"

/* One list: its elements that count. */
typedef struct column {
    const type_t *type; /* without the `?` */
    const uint64_t **at;
    uint64_t n;
} column_t;

typedef struct input {
    column_t col[2];
    uint64_t n;
} input_t;

typedef void float_step(flow_ctx *, flow_heap *, uint64_t *, double, const uint8_t *);
typedef void int_step(flow_ctx *, flow_heap *, uint64_t *, int64_t, const uint8_t *);
typedef int32_t agg_result(flow_ctx *, flow_heap *, const uint64_t *, uint64_t *,
                           const uint8_t *);

static const uint64_t *element(const type_t *list, const uint64_t *w, uint64_t i) {
    return word_list(w[0]) + i * list->elem->words;
}

static int is_some(const type_t *list, const uint64_t *x) {
    return list->elem->kind != TY_OPTION || x[list->elem->elem->words];
}

/* Evaluates the lists and keeps the rows in which no argument is none. */
static int gather(folder_t *f, node_t *e, input_t *in) {
    const nodes_t *args = &AST(call, e)->args;
    uint64_t lists[2][2];
    const type_t *types[2];
    size_t n = agg_lists(e->def->index);
    for (size_t k = 0; k < n; k++) {
        node_t *arg = AST(arg, args->at[k])->value;
        types[k] = arg->type;
        FOLD_TRY(fold(f, arg, lists[k]));
        in->col[k].type = type_strip(types[k]->elem);
        in->col[k].at = (const uint64_t **)fold_words(f, lists[k][1]);
    }
    if (n == 2 && lists[0][1] != lists[1][1]) return STATUS_argument;
    for (uint64_t i = 0; i < lists[0][1]; i++) {
        int all = 1;
        for (size_t k = 0; k < n; k++)
            all &= is_some(types[k], element(types[k], lists[k], i));
        if (!all) continue;
        for (size_t k = 0; k < n; k++)
            in->col[k].at[in->n] = element(types[k], lists[k], i);
        in->n++;
    }
    return 0;
}

/* ---- numbers ---- */

static int of_floats(folder_t *f, const input_t *in, float_step *step, agg_result *result,
                     uint64_t *out) {
    uint64_t state[FLOW_AGG_WORDS] = {0};
    const uint8_t *tc = (const uint8_t *)"f";
    for (uint64_t i = 0; i < in->n; i++)
        step(&f->ctx, NULL, state, word_float(in->col[0].at[i][0]), tc);
    return result(&f->ctx, NULL, state, out, tc);
}

static int of_ints(folder_t *f, const input_t *in, int_step *step, agg_result *result,
                   uint64_t *out) {
    uint64_t state[FLOW_AGG_WORDS] = {0};
    const uint8_t *tc = (const uint8_t *)"i";
    for (uint64_t i = 0; i < in->n; i++)
        step(&f->ctx, NULL, state, (int64_t)in->col[0].at[i][0], tc);
    return result(&f->ctx, NULL, state, out, tc);
}

typedef void wide_step(flow_ctx *, flow_heap *, uint64_t *, const uint64_t *, const uint8_t *);

static int of_decimals(folder_t *f, const input_t *in, wide_step *step, agg_result *result,
                       uint64_t *out) {
    uint64_t state[FLOW_AGG_WORDS] = {0};
    const uint8_t *tc = fold_code(f, in->col[0].type);
    for (uint64_t i = 0; i < in->n; i++) step(&f->ctx, NULL, state, in->col[0].at[i], tc);
    return result(&f->ctx, NULL, state, out, tc);
}

/* variance, or its root. */
static int spread(folder_t *f, const input_t *in, int root, uint64_t *out) {
    if (in->col[0].type->kind == TY_INT)
        return of_ints(f, in, root ? flow_k_agg_stddev_i_step : flow_k_agg_variance_i_step,
                       root ? flow_k_agg_stddev_i_result : flow_k_agg_variance_i_result, out);
    return of_floats(f, in, root ? flow_k_agg_stddev_f_step : flow_k_agg_variance_f_step,
                     root ? flow_k_agg_stddev_f_result : flow_k_agg_variance_f_result, out);
}

static __int128 wide_sum(const input_t *in) {
    __int128 sum = 0;
    for (uint64_t i = 0; i < in->n; i++) sum += (int64_t)in->col[0].at[i][0];
    return sum;
}

static int sum(folder_t *f, const input_t *in, uint64_t *out) {
    if (in->col[0].type->kind == TY_FLOAT)
        return of_floats(f, in, flow_k_agg_sum_f_step, flow_k_agg_sum_f_result, out);
    if (in->col[0].type->kind == TY_DECIMAL)
        return of_decimals(f, in, flow_k_agg_sum_d_step, flow_k_agg_sum_d_result, out);
    __int128 v = wide_sum(in);
    if (v < INT64_MIN || v > INT64_MAX) return STATUS_overflow;
    out[0] = (uint64_t)(int64_t)v;
    return 0;
}

static int avg(folder_t *f, const input_t *in, uint64_t *out) {
    if (in->col[0].type->kind == TY_FLOAT)
        return of_floats(f, in, flow_k_agg_avg_f_step, flow_k_agg_avg_f_result, out);
    if (in->col[0].type->kind == TY_DECIMAL)
        return of_decimals(f, in, flow_k_agg_avg_d_step, flow_k_agg_avg_d_result, out);
    if (!in->n) return 0;
    __int128 v = wide_sum(in);
    if (in->col[0].type->kind == TY_DURATION)
        out[0] = (uint64_t)(int64_t)(v / (__int128)in->n);
    else
        out[0] = float_word((double)v / (double)in->n);
    out[1] = 1;
    return 0;
}

/* ---- choice ---- */

/* The row whose value in column k is least or greatest; the first of equals. */
static uint64_t best(const column_t *c, uint64_t n, int greatest) {
    uint64_t at = 0;
    for (uint64_t i = 1; i < n; i++) {
        int order = const_compare(c->type, c->at[i], c->at[at]);
        if (greatest ? order > 0 : order < 0) at = i;
    }
    return at;
}

static void choose(const column_t *c, uint64_t row, uint64_t n, uint64_t *out) {
    if (!n) return;
    memcpy(out, c->at[row], 8 * c->type->words);
    out[c->type->words] = 1;
}

static void canonical(folder_t *f, const type_t *t, uint64_t *w);

static void canonical_list(folder_t *f, const type_t *key, const type_t *elem, uint64_t *w) {
    uint64_t words = (key ? key->words : 0) + elem->words;
    uint64_t *at = fold_words(f, w[1] * words);
    if (w[1]) memcpy(at, word_list(w[0]), 8 * w[1] * words);
    for (uint64_t i = 0; i < w[1]; i++) {
        if (key) canonical(f, key, at + i * words);
        canonical(f, elem, at + (i + 1) * words - elem->words);
    }
    w[0] = ptr_word(at);
}

/* What the least or greatest of equal values looks like whichever came first: 0.0 for
 * both zeros. */
static void canonical(folder_t *f, const type_t *t, uint64_t *w) {
    switch (t->kind) {
    case TY_FLOAT:
        if (word_float(w[0]) == 0) w[0] = 0;
        return;
    case TY_OPTION: canonical(f, t->elem, w); return;
    case TY_LIST: canonical_list(f, NULL, t->elem, w); return;
    case TY_MAP: canonical_list(f, t->key, t->elem, w); return;
    case TY_RECORD:
        for (uint32_t i = 0; i < t->nfields; i++)
            canonical(f, t->fields[i].type, w + type_field_word(t, i));
        return;
    case TY_UNION: canonical(f, t->fields[w[0]].type, w + 1); return;
    case TY_POISON: case TY_NONE: case TY_INT: case TY_BOOL: case TY_STRING: case TY_BYTES:
    case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE: case TY_REGEX: case TY_DECIMAL:
        return;
    }
}

/* The extreme value of the column, or none. */
static void extreme(folder_t *f, const column_t *c, uint64_t n, int greatest, uint64_t *out) {
    if (!n) return;
    choose(c, best(c, n, greatest), n, out);
    canonical(f, c->type, out);
}

static uint64_t distinct(const column_t *c, uint64_t n) {
    uint64_t count = 0;
    for (uint64_t i = 0; i < n; i++) {
        int seen = 0;
        for (uint64_t k = 0; k < i && !seen; k++)
            seen = !const_compare(c->type, c->at[i], c->at[k]);
        count += !seen;
    }
    return count;
}

static void collect(folder_t *f, const column_t *c, uint64_t n, uint64_t *out) {
    uint64_t *at = fold_words(f, n * c->type->words);
    for (uint64_t i = 0; i < n; i++)
        memcpy(at + i * c->type->words, c->at[i], 8 * c->type->words);
    out[0] = ptr_word(at);
    out[1] = n;
}

/* The different values, in order. */
static void collect_set(folder_t *f, const column_t *c, uint64_t n, uint64_t *out) {
    const uint64_t **sorted = (const uint64_t **)fold_words(f, n);
    uint64_t *at = fold_words(f, n * c->type->words), m = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t k = m;
        while (k > 0 && const_compare(c->type, c->at[i], sorted[k - 1]) < 0) k--;
        if (k > 0 && !const_compare(c->type, c->at[i], sorted[k - 1])) continue;
        memmove(sorted + k + 1, sorted + k, (m++ - k) * sizeof *sorted);
        sorted[k] = c->at[i];
    }
    for (uint64_t i = 0; i < m; i++) {
        memcpy(at + i * c->type->words, sorted[i], 8 * c->type->words);
        canonical(f, c->type, at + i * c->type->words);
    }
    out[0] = ptr_word(at);
    out[1] = m;
}

/* The constant behind the lists, as words. */
static int constant(folder_t *f, node_t *e, size_t i, uint64_t *out) {
    return fold(f, AST(arg, AST(call, e)->args.at[i])->value, out);
}

static int concat(folder_t *f, node_t *e, const input_t *in, uint64_t *out) {
    uint64_t sep[2], bytes = 0;
    FOLD_TRY(constant(f, e, 1, sep));
    for (uint64_t i = 0; i < in->n; i++) bytes += in->col[0].at[i][1] + (i ? sep[1] : 0);
    char *to = (char *)fold_words(f, bytes / 8 + 1);
    out[0] = ptr_word((uint64_t *)(void *)to);
    out[1] = bytes;
    for (uint64_t i = 0; i < in->n; i++) {
        const uint64_t *x = in->col[0].at[i];
        if (i && sep[1]) to = (char *)memcpy(to, (const void *)(uintptr_t)sep[0], sep[1]) + sep[1];
        if (x[1]) to = (char *)memcpy(to, (const void *)(uintptr_t)x[0], x[1]) + x[1];
    }
    return 0;
}

static int histogram(folder_t *f, node_t *e, const input_t *in, uint64_t *out) {
    uint64_t low[1], high[1], bins[1];
    FOLD_TRY(constant(f, e, 1, low));
    FOLD_TRY(constant(f, e, 2, high));
    FOLD_TRY(constant(f, e, 3, bins));
    double lo = word_float(low[0]), hi = word_float(high[0]);
    if (!(lo < hi) || (int64_t)bins[0] < 1 || bins[0] > AGG_BINS_MOST) return STATUS_argument;
    uint64_t *at = fold_words(f, bins[0]);
    memset(at, 0, 8 * bins[0]);
    out[0] = ptr_word(at);
    out[1] = bins[0];
    for (uint64_t i = 0; i < in->n; i++) {
        double x = word_float(in->col[0].at[i][0]);
        if (!(x >= lo && x < hi)) continue;
        uint64_t k = (uint64_t)((x - lo) / (hi - lo) * (double)bins[0]);
        at[k < bins[0] ? k : bins[0] - 1]++;
    }
    if (!in->n) out[0] = out[1] = 0;
    return 0;
}

/* covar and corr: the exact sums are the kernel's. */
static int moments(folder_t *f, const input_t *in, int corr, uint64_t *out) {
    uint64_t state[FLOW_AGG_WORDS] = {0};
    const uint8_t *tc = (const uint8_t *)"f";
    for (uint64_t i = 0; i < in->n; i++)
        (corr ? flow_k_agg_corr_f_step : flow_k_agg_covar_f_step)(
            &f->ctx, NULL, state, word_float(in->col[0].at[i][0]),
            word_float(in->col[1].at[i][0]), tc);
    return (corr ? flow_k_agg_corr_f_result : flow_k_agg_covar_f_result)(&f->ctx, NULL, state,
                                                                         out, tc);
}

/* The sketches have one definition, the kernel's. */
static int sketch(folder_t *f, node_t *e, const input_t *in, uint64_t *out) {
    uint64_t state[FLOW_AGG_WORDS] = {0}, k[1] = {0};
    const uint8_t *tc = fold_code(f, in->col[0].type);
    int agg = e->def->index;
    if (agg == AGG_quantile || agg == AGG_top_k) FOLD_TRY(constant(f, e, 1, k));
    double q = agg == AGG_quantile ? word_float(k[0]) : 0.5;
    if (!(q >= 0 && q <= 1)) return STATUS_argument;
    if (agg == AGG_top_k && ((int64_t)k[0] < 1 || k[0] > AGG_TOP_K_MOST)) return STATUS_argument;
    for (uint64_t i = 0; i < in->n; i++) {
        const uint64_t *x = in->col[0].at[i];
        if (agg == AGG_top_k)
            flow_k_agg_top_k_g_step(&f->ctx, NULL, state, x, (int64_t)k[0], tc);
        else if (agg == AGG_approx_distinct)
            flow_k_agg_approx_distinct_g_step(&f->ctx, NULL, state, x, tc);
        else
            flow_k_agg_quantile_f_step(&f->ctx, NULL, state, word_float(x[0]), q, tc);
    }
    if (agg == AGG_top_k) return flow_k_agg_top_k_g_result(&f->ctx, NULL, state, out, tc);
    if (agg == AGG_approx_distinct)
        return flow_k_agg_approx_distinct_g_result(&f->ctx, NULL, state, out, tc);
    return flow_k_agg_quantile_f_result(&f->ctx, NULL, state, out, tc);
}

static uint64_t how_many_hold(const input_t *in) {
    uint64_t n = 0;
    for (uint64_t i = 0; i < in->n; i++) n += in->col[0].at[i][0] != 0;
    return n;
}

/* ---- fold and reduce ---- */

static int apply(folder_t *f, ast_lambda_t *l, const uint64_t *so_far, const uint64_t *x,
                 const type_t *to, uint64_t *out) {
    size_t mark = f->binds.n;
    fold_bind(f, l->params.at[0]->def, so_far);
    fold_bind(f, l->params.at[1]->def, x);
    int status = fold_as(f, l->body, to, out);
    f->binds.n = mark;
    return status;
}

/* fold(init, xs, f) is a U; reduce(xs, f) a T?: the first value is its start. */
static int fold_elements(folder_t *f, node_t *e, int has_init, uint64_t *out) {
    const nodes_t *args = &AST(call, e)->args;
    node_t *over = AST(arg, args->at[has_init])->value;
    ast_lambda_t *l = AST(lambda, AST(arg, args->at[has_init + 1])->value);
    const type_t *t = has_init ? e->type : e->type->elem, *list = over->type;
    uint64_t w[2], *so_far = fold_words(f, t->words);
    int started = has_init;
    if (has_init) FOLD_TRY(fold_as(f, AST(arg, args->at[0])->value, t, so_far));
    FOLD_TRY(fold(f, over, w));
    for (uint64_t i = 0; i < w[1]; i++) {
        const uint64_t *x = element(list, w, i);
        if (!is_some(list, x)) continue;
        uint64_t *next = fold_words(f, t->words);
        if (started)
            FOLD_TRY(apply(f, l, so_far, x, t, next));
        else
            memcpy(next, x, 8 * t->words);
        so_far = next;
        started = 1;
    }
    memset(out, 0, 8 * e->type->words);
    memcpy(out, so_far, 8 * t->words);
    if (!has_init) out[t->words] = (uint64_t)started;
    return 0;
}

int fold_list_aggregate(folder_t *f, node_t *e, uint64_t *out) {
    input_t in = {0};
    if (e->def->index == AGG_fold || e->def->index == AGG_reduce)
        return fold_elements(f, e, e->def->index == AGG_fold, out);
    FOLD_TRY(gather(f, e, &in));
    memset(out, 0, 8 * e->type->words);
    const column_t *c = &in.col[0];
    switch (e->def->index) {
    case AGG_count: out[0] = in.n; return 0;
    case AGG_count_if: out[0] = how_many_hold(&in); return 0;
    case AGG_any: out[0] = how_many_hold(&in) > 0; return 0;
    case AGG_all: out[0] = how_many_hold(&in) == in.n; return 0;
    case AGG_sum: return sum(f, &in, out);
    case AGG_avg: return avg(f, &in, out);
    case AGG_min: extreme(f, c, in.n, 0, out); return 0;
    case AGG_max: extreme(f, c, in.n, 1, out); return 0;
    case AGG_first: choose(c, 0, in.n, out); return 0;
    case AGG_last: choose(c, in.n - 1, in.n, out); return 0;
    case AGG_arg_min: choose(c, best(&in.col[1], in.n, 0), in.n, out); return 0;
    case AGG_arg_max: choose(c, best(&in.col[1], in.n, 1), in.n, out); return 0;
    case AGG_count_distinct: out[0] = distinct(c, in.n); return 0;
    case AGG_collect: collect(f, c, in.n, out); return 0;
    case AGG_collect_set: collect_set(f, c, in.n, out); return 0;
    case AGG_concat: return concat(f, e, &in, out);
    case AGG_histogram: return histogram(f, e, &in, out);
    case AGG_covar: return moments(f, &in, 0, out);
    case AGG_corr: return moments(f, &in, 1, out);
    case AGG_approx_distinct:
    case AGG_quantile:
    case AGG_median:
    case AGG_top_k: return sketch(f, e, &in, out);
    case AGG_variance: return spread(f, &in, 0, out);
    case AGG_stddev: return spread(f, &in, 1, out);
    default: flow_unreachable("an aggregate the folder does not know");
    }
}
