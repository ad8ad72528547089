/* const_op.c - operators and comparisons of the folder.
 *
 * Ints, times and durations are checked; floats are IEEE, with the total order of the
 * language for every comparison. */
#include <math.h>
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/const_parts.h"
#include "runtime/kernel/k_decimal.h"

/* ---- order ---- */

static int order_i64(int64_t a, int64_t b) { return a < b ? -1 : a > b; }

static int order_float(double a, double b) {
    if (isnan(a) || isnan(b)) return (isnan(a) != 0) - (isnan(b) != 0);
    return a < b ? -1 : a > b;
}

static int order_text(const uint64_t *a, const uint64_t *b) {
    size_t n = a[1] < b[1] ? a[1] : b[1];
    int c = n ? memcmp(word_text(a[0]), word_text(b[0]), n) : 0;
    return c ? (c < 0 ? -1 : 1) : order_i64((int64_t)a[1], (int64_t)b[1]);
}

static int order_record(const type_t *t, const uint64_t *a, const uint64_t *b) {
    for (uint32_t i = 0, at = 0; i < t->nfields; at += t->fields[i++].type->words) {
        int c = const_compare(t->fields[i].type, a + at, b + at);
        if (c) return c;
    }
    return 0;
}

static int order_list(const type_t *t, const uint64_t *a, const uint64_t *b) {
    uint64_t k = t->kind == TY_MAP ? t->key->words : 0, step = k + t->elem->words;
    for (uint64_t i = 0; i < a[1] && i < b[1]; i++) {
        const uint64_t *x = word_list(a[0]) + i * step, *y = word_list(b[0]) + i * step;
        int c = k ? const_compare(t->key, x, y) : 0;
        if (!c) c = const_compare(t->elem, x + k, y + k);
        if (c) return c;
    }
    return order_i64((int64_t)a[1], (int64_t)b[1]);
}

int const_compare(const type_t *t, const uint64_t *a, const uint64_t *b) {
    switch (t->kind) {
    case TY_NONE: return 0;
    case TY_INT: case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE: case TY_BOOL:
        return order_i64((int64_t)a[0], (int64_t)b[0]);
    case TY_FLOAT: return order_float(word_float(a[0]), word_float(b[0]));
    case TY_STRING: case TY_BYTES: return order_text(a, b);
    case TY_DECIMAL: {
        __int128 x = words_wide(a), y = words_wide(b);
        return x < y ? -1 : x > y;
    }
    case TY_OPTION: {
        int x = a[t->elem->words] != 0, y = b[t->elem->words] != 0;
        return x && y ? const_compare(t->elem, a, b) : y - x; /* none is last */
    }
    case TY_RECORD: return order_record(t, a, b);
    case TY_UNION:
        if (a[0] != b[0]) return order_i64((int64_t)a[0], (int64_t)b[0]);
        return const_compare(t->fields[a[0]].type, a + 1, b + 1);
    case TY_LIST: case TY_MAP: return order_list(t, a, b);
    case TY_POISON: case TY_REGEX: break;
    }
    flow_unreachable("a type without an order");
}

/* ---- arithmetic ---- */

static int arith_int(int op, int64_t a, int64_t b, int64_t *out) {
    switch (op) {
    case BINARY_ADD: return __builtin_add_overflow(a, b, out) ? STATUS_overflow : 0;
    case BINARY_SUB: return __builtin_sub_overflow(a, b, out) ? STATUS_overflow : 0;
    case BINARY_MUL: return __builtin_mul_overflow(a, b, out) ? STATUS_overflow : 0;
    default: break;
    }
    if (!b) return STATUS_div_zero;
    if (b == -1) { /* the one quotient that may not fit; its remainder is 0 */
        *out = 0;
        return op == BINARY_MOD || !__builtin_sub_overflow(0, a, out) ? 0 : STATUS_overflow;
    }
    *out = op == BINARY_DIV ? a / b : a % b;
    return 0;
}

static double arith_float(int op, double a, double b) {
    switch (op) {
    case BINARY_ADD: return a + b;
    case BINARY_SUB: return a - b;
    case BINARY_MUL: return a * b;
    case BINARY_DIV: return a / b;
    default: return fmod(a, b);
    }
}

static int arith_decimal(int op, const uint64_t *l, int ls, const uint64_t *r, int rs,
                         uint64_t *out) {
    switch (op) {
    case BINARY_ADD: return flow_k_dec_add(out, l, ls, r, rs);
    case BINARY_SUB: return flow_k_dec_sub(out, l, ls, r, rs);
    case BINARY_MUL: return flow_k_dec_mul(out, l, r);
    case BINARY_DIV: return flow_k_dec_div(out, l, ls, r, rs);
    default: return flow_k_dec_rem(out, l, ls, r, rs);
    }
}

static int arithmetic(folder_t *f, ast_binary_t *b, uint64_t *out) {
    uint64_t l[2], r[2];
    flow_assert(b->left->type->words <= 2 && b->right->type->words <= 2);
    FOLD_TRY(fold(f, b->left, l));
    FOLD_TRY(fold(f, b->right, r));
    if (b->left->type->kind == TY_DECIMAL)
        return arith_decimal(b->op, l, b->left->type->s, r, b->right->type->s, out);
    if (b->left->type->kind == TY_FLOAT) {
        out[0] = float_word(arith_float(b->op, word_float(l[0]), word_float(r[0])));
        return 0;
    }
    int64_t v = 0;
    int status = arith_int(b->op, (int64_t)l[0], (int64_t)r[0], &v);
    out[0] = (uint64_t)v;
    return status;
}

/* ---- comparisons ---- */

static int holds(int op, int order) {
    switch (op) {
    case BINARY_EQ: return order == 0;
    case BINARY_NE: return order != 0;
    case BINARY_LT: return order < 0;
    case BINARY_LE: return order <= 0;
    case BINARY_GT: return order > 0;
    default: return order >= 0;
    }
}

/* Decimals of two scales, each perhaps a T?. */
static int compare_decimals(folder_t *f, ast_binary_t *b, uint64_t *out) {
    const type_t *lt = b->left->type, *rt = b->right->type;
    uint64_t *l, *r;
    FOLD_TRY(fold_new(f, b->left, &l));
    FOLD_TRY(fold_new(f, b->right, &r));
    int has_l = lt->kind != TY_OPTION || l[2], has_r = rt->kind != TY_OPTION || r[2];
    int order = has_r - has_l; /* none is last */
    if (has_l && has_r)
        order = flow_k_dec_compare(l, type_strip((type_t *)(uintptr_t)lt)->s, r,
                                   type_strip((type_t *)(uintptr_t)rt)->s);
    out[0] = (uint64_t)holds(b->op, order);
    return 0;
}

static int compare(folder_t *f, ast_binary_t *b, uint64_t *out) {
    if (type_strip(b->left->type)->kind == TY_DECIMAL &&
        type_strip(b->right->type)->kind == TY_DECIMAL)
        return compare_decimals(f, b, out);
    type_t *t = type_join(f->c->types, b->left->type, b->right->type);
    flow_assert(t);
    uint64_t *l = fold_words(f, t->words), *r = fold_words(f, t->words);
    FOLD_TRY(fold_as(f, b->left, t, l));
    FOLD_TRY(fold_as(f, b->right, t, r));
    out[0] = (uint64_t)holds(b->op, const_compare(t, l, r));
    return 0;
}

static int in_range(folder_t *f, ast_binary_t *b, uint64_t *out) {
    ast_range_t *r = AST(range, b->right);
    const type_t *t = r->node.type;
    uint64_t *v[3];
    node_t *es[3] = {b->left, r->lo, r->hi};
    for (int i = 0; i < 3; i++) {
        v[i] = fold_words(f, t->words);
        FOLD_TRY(fold_as(f, es[i], t, v[i]));
    }
    int high = const_compare(t, v[0], v[2]);
    int in = const_compare(t, v[0], v[1]) >= 0 && (r->half_open ? high < 0 : high <= 0);
    out[0] = (uint64_t)(in != (b->op == BINARY_NOT_IN));
    return 0;
}

static int in(folder_t *f, ast_binary_t *b, uint64_t *out) {
    if (b->right->kind == AST_range) return in_range(f, b, out);
    const type_t *elem = b->right->type->elem;
    uint64_t *x = fold_words(f, elem->words), list[2];
    FOLD_TRY(fold_as(f, b->left, elem, x));
    FOLD_TRY(fold(f, b->right, list));
    int found = 0;
    for (uint64_t i = 0; i < list[1]; i++)
        found |= !const_compare(elem, x, word_list(list[0]) + i * elem->words);
    out[0] = (uint64_t)(found != (b->op == BINARY_NOT_IN));
    return 0;
}

/* ---- the operators that evaluate only what they need ---- */

static int logical(folder_t *f, ast_binary_t *b, uint64_t *out) {
    FOLD_TRY(fold(f, b->left, out));
    if (out[0] == (b->op == BINARY_OR)) return 0;
    return fold(f, b->right, out);
}

static int coalesce(folder_t *f, node_t *e, uint64_t *out) {
    ast_binary_t *b = AST(binary, e);
    const type_t *t = b->left->type;
    uint64_t *l;
    FOLD_TRY(fold_new(f, b->left, &l));
    int some = t->kind != TY_NONE && (t->kind != TY_OPTION || l[t->elem->words]);
    if (!some) return fold_as(f, b->right, e->type, out);
    fold_narrow(t, l, e->type, out);
    return 0;
}

int fold_binary(folder_t *f, node_t *e, uint64_t *out) {
    ast_binary_t *b = AST(binary, e);
    switch ((binary_op)b->op) {
    case BINARY_OR: case BINARY_AND: return logical(f, b, out);
    case BINARY_EQ: case BINARY_NE: case BINARY_LT: case BINARY_LE: case BINARY_GT:
    case BINARY_GE:
        return compare(f, b, out);
    case BINARY_IN: case BINARY_NOT_IN: return in(f, b, out);
    case BINARY_COALESCE: return coalesce(f, e, out);
    case BINARY_ADD: case BINARY_SUB: case BINARY_MUL: case BINARY_DIV: case BINARY_MOD:
        return arithmetic(f, b, out);
    case BINARY_OP_COUNT: break;
    }
    flow_unreachable("binary operator");
}

int fold_unary(folder_t *f, node_t *e, uint64_t *out) {
    ast_unary_t *u = AST(unary, e);
    FOLD_TRY(fold(f, u->operand, out));
    if (u->op == UNARY_NOT) {
        out[0] = !out[0];
    } else if (e->type->kind == TY_FLOAT) {
        out[0] = float_word(-word_float(out[0]));
    } else if (e->type->kind == TY_DECIMAL) {
        put_wide(-words_wide(out), out);
    } else {
        int64_t v;
        if (__builtin_sub_overflow(0, (int64_t)out[0], &v)) return STATUS_overflow;
        out[0] = (uint64_t)v;
    }
    return 0;
}
