/* const.c - evaluates typed expressions: names, literals, structure, control.
 *
 * A walk over the tree that writes words, as generated code holds them in registers.  It
 * is written for being plainly right, not for speed: it is the oracle that generated code
 * is compared with.  Scratch memory is the task arena of a kernel context of its own,
 * which is reset at each evaluation; what is kept is copied into the compile's arena. */
#include "compiler/types/const.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/const_cold.h"
#include "compiler/types/const_parts.h"
#include "compiler/types/expr_parts.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_print.h"

/* The scratch arena: address space, which costs memory only where it is touched.  No
 * single value of the language is larger than 16 MiB. */
enum { SCRATCH = 64 << 20 };

/* ---- memory ---- */

static folder_t *folder_of(check_t *c) {
    if (c->folder) return c->folder;
    flow_assert(const_cold_linked());
    folder_t *f = c->folder = ARENA_NEW(c->arena, folder_t);
    f->c = c;
    f->ctx.nparts = 1;
    f->ctx.arena.start = arena_alloc(c->arena, SCRATCH + 64);
    f->ctx.arena.p = f->ctx.arena.start;
    f->ctx.arena.end = f->ctx.arena.start + SCRATCH;
    return f;
}

uint64_t *fold_words(folder_t *f, uint64_t n) {
    uint64_t *w = flow_k_alloc(&f->ctx, (int64_t)(8 * (n + 1)));
    memset(w, 0, 8 * n);
    return w;
}

void fold_bind(folder_t *f, const def_t *d, const uint64_t *w) {
    bound_t b = {d, w};
    vec_push(f->c->arena, &f->binds, b);
}

const uint8_t *fold_code(folder_t *f, const type_t *t) {
    buf_t b;
    buf_init(&b, f->c->arena);
    type_code(&b, t);
    return (const uint8_t *)buf_text(&b);
}

/* A copy of a value that outlives the scratch arena. */
static void keep(arena_t *a, const type_t *t, uint64_t *w) {
    switch (t->kind) {
    case TY_STRING: case TY_BYTES:
        w[0] = ptr_word(arena_strndup(a, word_text(w[0]), w[1]));
        return;
    case TY_OPTION:
        if (w[t->elem->words]) keep(a, t->elem, w);
        return;
    case TY_RECORD:
        for (uint32_t i = 0; i < t->nfields; i++)
            keep(a, t->fields[i].type, w + type_field_word(t, i));
        return;
    case TY_UNION: keep(a, t->fields[w[0]].type, w + 1); return;
    case TY_LIST: case TY_MAP: {
        uint64_t n = t->elem->words, k = t->kind == TY_MAP ? t->key->words : 0;
        uint64_t *copy = arena_alloc(a, 8 * (w[1] * (n + k) + 1));
        if (w[1]) memcpy(copy, word_list(w[0]), 8 * w[1] * (n + k));
        for (uint64_t i = 0; i < w[1]; i++) {
            if (k) keep(a, t->key, copy + i * (n + k));
            keep(a, t->elem, copy + i * (n + k) + k);
        }
        w[0] = ptr_word(copy);
        return;
    }
    case TY_POISON: case TY_NONE: case TY_INT: case TY_FLOAT: case TY_BOOL:
    case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE: case TY_REGEX: case TY_DECIMAL:
        return;
    }
}

/* ---- coercion ---- */

static void coerce_record(const type_t *from, const uint64_t *in, const type_t *to,
                          uint64_t *out) {
    for (uint32_t i = 0; i < to->nfields; i++) {
        int k = type_field(from, to->fields[i].name);
        flow_assert(k >= 0);
        fold_coerce(from->fields[k].type, in + type_field_word(from, (uint32_t)k),
                    to->fields[i].type, out + type_field_word(to, i));
    }
}

void fold_coerce(const type_t *from, const uint64_t *in, const type_t *to, uint64_t *out) {
    memset(out, 0, 8 * to->words);
    if (from->kind == TY_NONE) return;
    if (to->kind == TY_OPTION) {
        int some = from->kind != TY_OPTION || in[from->elem->words];
        if (!some) return;
        fold_coerce(from->kind == TY_OPTION ? from->elem : from, in, to->elem, out);
        out[to->elem->words] = 1;
    } else if (to->kind == TY_UNION && from != to) {
        flow_assert(type_is_variant(from) && from->elem == to);
        out[0] = from->tag;
        memcpy(out + 1, in, 8 * from->words);
    } else if (to->kind == TY_RECORD && from != to) {
        coerce_record(from, in, to, out);
    } else {
        memcpy(out, in, 8 * to->words);
    }
}

void fold_narrow(const type_t *from, const uint64_t *in, const type_t *to, uint64_t *out) {
    if (from->kind == TY_OPTION && to->kind != TY_OPTION) from = from->elem;
    if (from->kind == TY_UNION && type_is_variant(to) && to->elem == from)
        memcpy(out, in + 1, 8 * to->words);
    else
        fold_coerce(from, in, to, out);
}

/* ---- names ---- */

static const uint64_t *find_bound(const folder_t *f, const def_t *d) {
    for (size_t i = f->binds.n; i-- > 0;)
        if (f->binds.at[i].def == d) return f->binds.at[i].w;
    for (size_t i = f->params.n; i-- > 0;)
        if (f->params.at[i].def == d) return f->params.at[i].w;
    return NULL;
}

/* A column of the row, in whatever type the row has it. */
static int fold_column(folder_t *f, const node_t *e, uint64_t *out) {
    flow_assert(f->row_type && (uint32_t)e->def->index < f->row_type->nfields);
    uint32_t i = (uint32_t)e->def->index;
    fold_narrow(f->row_type->fields[i].type, f->row + type_field_word(f->row_type, i), e->type,
                out);
    return 0;
}

/* The expression that a definition stands for, or null. */
static node_t *meaning(const def_t *d) {
    if (!d->node) return NULL;
    if (d->node->kind == AST_decl_const) return AST(decl_const, d->node)->value;
    if (d->node->kind == AST_decl_param) return AST(decl_param, d->node)->value;
    return d->kind == DEF_FN_PARAM && d->node->kind != AST_param ? d->node : NULL;
}

static int fold_name(folder_t *f, node_t *e, uint64_t *out) {
    def_t *d = e->def;
    flow_assert(d && d->type);
    const uint64_t *w = find_bound(f, d);
    if (!w && d->value) w = d->value->w;
    if (w) {
        fold_narrow(d->value && w == d->value->w ? d->value->type : d->type, w, e->type, out);
        return 0;
    }
    if (d->kind == DEF_COLUMN) return fold_column(f, e, out);
    node_t *value = meaning(d);
    if (!value) return STATUS_argument; /* a param that has neither default nor value */
    uint64_t *full = fold_words(f, d->type->words);
    FOLD_TRY(fold_as(f, value, d->type, full));
    fold_narrow(d->type, full, e->type, out);
    return 0;
}

/* ---- structure ---- */

static int fold_list(folder_t *f, node_t *e, uint64_t *out) {
    nodes_t *es = &AST(list, e)->elements;
    const type_t *elem = e->type->elem;
    uint64_t *at = fold_words(f, es->n * elem->words);
    for (size_t i = 0; i < es->n; i++)
        FOLD_TRY(fold_as(f, es->at[i], elem, at + i * elem->words));
    out[0] = ptr_word(at);
    out[1] = es->n;
    return 0;
}

static int fold_spread(folder_t *f, node_t *cell, const type_t *t, uint64_t *out) {
    node_t *value = AST(cell_spread, cell)->value;
    uint64_t *w;
    FOLD_TRY(fold_new(f, value, &w));
    const type_t *record = type_strip(value->type);
    int some = record == value->type || w[record->words];
    for (uint32_t i = 0; i < record->nfields; i++) {
        int k = type_field(t, record->fields[i].name);
        flow_assert(k >= 0);
        if (some)
            fold_coerce(record->fields[i].type, w + type_field_word(record, i),
                        t->fields[k].type, out + type_field_word(t, (uint32_t)k));
    }
    return 0;
}

static int fold_record(folder_t *f, node_t *e, uint64_t *out) {
    nodes_t *cells = &AST(record, e)->cells;
    const type_t *t = e->type;
    memset(out, 0, 8 * t->words);
    for (size_t i = 0; i < cells->n; i++) {
        if (cells->at[i]->kind == AST_cell_spread) {
            FOLD_TRY(fold_spread(f, cells->at[i], t, out));
            continue;
        }
        ast_cell_t *cell = AST(cell, cells->at[i]);
        int k = type_field(t, cell->name);
        flow_assert(k >= 0);
        FOLD_TRY(fold_as(f, cell->value, t->fields[k].type,
                         out + type_field_word(t, (uint32_t)k)));
    }
    return 0;
}

static int fold_make(folder_t *f, node_t *e, uint64_t *out) {
    ast_make_t *m = AST(make, e);
    const type_t *t = e->type, *record = t;
    memset(out, 0, 8 * t->words);
    if (t->kind == TY_UNION) {
        out[0] = (uint64_t)e->def->index;
        record = t->fields[e->def->index].type;
        out++;
    }
    flow_assert(m->args.n == record->nfields);
    for (uint32_t i = 0; i < record->nfields; i++)
        FOLD_TRY(fold_as(f, AST(arg, m->args.at[i])->value, record->fields[i].type,
                         out + type_field_word(record, i)));
    return 0;
}

static int fold_list_member(folder_t *f, const type_t *t, const uint64_t *list, int field,
                            const type_t *to, uint64_t *out) {
    const type_t *record = t->elem, *ft = record->fields[field].type;
    uint64_t n = list[1];
    uint64_t *at = fold_words(f, n * ft->words);
    for (uint64_t i = 0; i < n; i++)
        memcpy(at + i * ft->words,
               word_list(list[0]) + i * record->words + type_field_word(record, (uint32_t)field),
               8 * ft->words);
    uint64_t w[2] = {ptr_word(at), n};
    fold_coerce(to->kind == TY_OPTION ? to->elem : to, w, to, out);
    return 0;
}

static int fold_member(folder_t *f, node_t *e, uint64_t *out) {
    ast_member_t *m = AST(member, e);
    uint64_t *w;
    FOLD_TRY(fold_new(f, m->value, &w));
    const type_t *t = type_strip(m->value->type);
    memset(out, 0, 8 * e->type->words);
    if (t != m->value->type && !w[t->words]) return 0; /* none?.f */
    const type_t *record = t->kind == TY_LIST ? t->elem : t;
    int i = type_field(record, m->name);
    flow_assert(i >= 0);
    if (t->kind == TY_LIST) return fold_list_member(f, t, w, i, e->type, out);
    fold_narrow(record->fields[i].type, w + type_field_word(record, (uint32_t)i), e->type, out);
    return 0;
}

static int fold_index(folder_t *f, node_t *e, uint64_t *out) {
    ast_index_t *x = AST(index, e);
    const type_t *t = x->value->type;
    uint64_t *w, *key;
    FOLD_TRY(fold_new(f, x->value, &w));
    key = fold_words(f, x->at->type->words);
    FOLD_TRY(fold(f, x->at, key));
    memset(out, 0, 8 * e->type->words);
    if (t->kind == TY_LIST) {
        if (key[0] < w[1])
            fold_coerce(t->elem, word_list(w[0]) + key[0] * t->elem->words, e->type, out);
        return 0;
    }
    uint64_t step = t->key->words + t->elem->words;
    for (uint64_t i = 0; i < w[1]; i++) {
        const uint64_t *entry = word_list(w[0]) + i * step;
        if (!const_compare(t->key, entry, key))
            fold_coerce(t->elem, entry + t->key->words, e->type, out);
    }
    return 0;
}

/* ---- text ---- */

static int fold_fstring(folder_t *f, node_t *e, uint64_t *out) {
    nodes_t *parts = &AST(fstring, e)->parts;
    buf_t b;
    buf_init(&b, f->c->arena);
    for (size_t i = 0; i < parts->n; i++) {
        node_t *p = parts->at[i];
        if (p->kind == AST_fstring_text) {
            buf_put(&b, AST(fstring_text, p)->value, AST(fstring_text, p)->value_n);
            continue;
        }
        uint64_t *w, text[2];
        FOLD_TRY(fold_new(f, p, &w));
        FOLD_TRY(fold_string(f, p->type, w, text));
        buf_put(&b, word_text(text[0]), text[1]);
    }
    out[0] = ptr_word(buf_text(&b));
    out[1] = b.n;
    return 0;
}

/* ---- control ---- */

static int fold_let(folder_t *f, node_t *e, uint64_t *out) {
    ast_let_t *l = AST(let, e);
    size_t mark = f->binds.n;
    for (size_t i = 0; i < l->binds.n; i++) {
        ast_bind_t *b = AST(bind, l->binds.at[i]);
        uint64_t *w;
        FOLD_TRY(fold_new(f, b->value, &w));
        fold_bind(f, b->node.def, w);
    }
    int status = fold_as(f, l->body, e->type, out);
    f->binds.n = mark;
    return status;
}

static int fold_if(folder_t *f, node_t *e, uint64_t *out) {
    ast_if_t *i = AST(if, e);
    uint64_t cond;
    FOLD_TRY(fold(f, i->cond, &cond));
    return fold_as(f, cond ? i->yes : i->no, e->type, out);
}

/* Does the subject (of type t, T? or T) match? */
static int pattern_matches(folder_t *f, const type_t *t, const uint64_t *w, node_t *pat,
                           int *yes) {
    const type_t *value = type_strip((type_t *)(uintptr_t)t);
    int some = value == t || w[value->words];
    *yes = 0;
    if (pat->kind == AST_none) {
        *yes = !some;
    } else if (some && pat->kind == AST_pat_variant) {
        /* a narrowed subject is one variant's record, without a tag */
        *yes = value->kind == TY_UNION ? w[0] == (uint64_t)pat->def->index
                                       : value->tag == (uint32_t)pat->def->index;
    } else if (some) {
        uint64_t *lit = fold_words(f, value->words);
        FOLD_TRY(fold_as(f, pat, value, lit));
        *yes = !const_compare(value, w, lit);
    }
    return 0;
}

static int fold_arm(folder_t *f, const node_t *subject, const uint64_t *w, ast_case_arm_t *arm,
                    const type_t *t, uint64_t *out) {
    size_t mark = f->binds.n;
    const def_t *d = arm->node.def;
    if (d) {
        uint64_t *payload = fold_words(f, d->type->words);
        fold_narrow(subject->type, w, d->type, payload);
        fold_bind(f, d, payload);
    }
    int status = fold_as(f, arm->value, t, out);
    f->binds.n = mark;
    return status;
}

static int fold_case(folder_t *f, node_t *e, uint64_t *out) {
    ast_case_t *k = AST(case, e);
    uint64_t *w;
    FOLD_TRY(fold_new(f, k->subject, &w));
    for (size_t i = 0; i < k->arms.n; i++) {
        ast_case_arm_t *arm = AST(case_arm, k->arms.at[i]);
        int yes = !arm->pats.n;
        for (size_t j = 0; !yes && j < arm->pats.n; j++)
            FOLD_TRY(pattern_matches(f, k->subject->type, w, arm->pats.at[j], &yes));
        if (yes) return fold_arm(f, k->subject, w, arm, e->type, out);
    }
    flow_unreachable("a case without a matching arm");
}

static int fold_is(folder_t *f, node_t *e, uint64_t *out) {
    ast_is_t *i = AST(is, e);
    uint64_t *w;
    FOLD_TRY(fold_new(f, i->value, &w));
    const type_t *t = i->value->type, *value = type_strip(i->value->type);
    int some = t->kind == TY_NONE ? 0 : value == t || w[value->words], yes;
    if (!i->variant)
        yes = !some;
    else if (value->kind == TY_UNION)
        yes = some && w[0] == (uint64_t)e->def->index;
    else
        yes = some && value->tag == (uint32_t)e->def->index;
    *out = (uint64_t)(yes != i->negated);
    return 0;
}

/* ---- the dispatcher ---- */

/* An int literal is whatever number its place asked for. */
static void fold_int(const node_t *e, uint64_t *out) {
    int64_t v = AST(int, e)->value;
    if (e->type->kind == TY_FLOAT) {
        out[0] = float_word((double)v);
    } else if (e->type->kind == TY_DECIMAL) {
        __int128 d = v;
        for (int i = 0; i < e->type->s; i++) d *= 10;
        put_wide(d, out);
    } else {
        out[0] = (uint64_t)v;
    }
}

int fold(folder_t *f, node_t *e, uint64_t *out) {
    if (!e->type || e->type->kind == TY_POISON) {
        f->poisoned = 1;
        return STATUS_argument;
    }
    if (--f->left < 0) return STATUS_limit;
    switch (e->kind) {
    case AST_int: fold_int(e, out); return 0;
    case AST_float: out[0] = float_word(AST(float, e)->value); return 0;
    case AST_decimal: put_wide(AST(decimal, e)->value, out); return 0;
    case AST_string:
        out[0] = ptr_word(AST(string, e)->value);
        out[1] = AST(string, e)->value_n;
        return 0;
    case AST_bool: out[0] = (uint64_t)AST(bool, e)->value; return 0;
    case AST_none: memset(out, 0, 8 * e->type->words); return 0;
    case AST_duration: out[0] = (uint64_t)AST(duration, e)->value; return 0;
    case AST_size: out[0] = (uint64_t)AST(size, e)->value; return 0;
    case AST_timestamp: out[0] = (uint64_t)AST(timestamp, e)->value; return 0;
    case AST_fstring: return fold_fstring(f, e, out);
    case AST_name: return fold_name(f, e, out);
    case AST_make: return fold_make(f, e, out);
    case AST_call: return fold_call(f, e, out);
    case AST_member: return fold_member(f, e, out);
    case AST_index: return fold_index(f, e, out);
    case AST_unary: return fold_unary(f, e, out);
    case AST_binary: return fold_binary(f, e, out);
    case AST_is: return fold_is(f, e, out);
    case AST_list: return fold_list(f, e, out);
    case AST_record: return fold_record(f, e, out);
    case AST_if: return fold_if(f, e, out);
    case AST_case: return fold_case(f, e, out);
    case AST_let: return fold_let(f, e, out);
    default: flow_unreachable("no value of this kind of node");
    }
}

int fold_new(folder_t *f, node_t *e, uint64_t **out) {
    *out = fold_words(f, e->type->words);
    return fold(f, e, *out);
}

int fold_as(folder_t *f, node_t *e, const type_t *t, uint64_t *out) {
    uint64_t *w;
    FOLD_TRY(fold_new(f, e, &w));
    fold_coerce(e->type, w, t, out);
    return 0;
}

/* ---- from outside ---- */

/* One evaluation: some seconds of work and this much memory at most. */
#define MOST_NODES INT64_C(20000000)
#define MOST_BYTES ((size_t)1 << 30)

/* Called before what can take much memory at once. */
int fold_room(const folder_t *f) {
    return arena_used(f->c->arena) > MOST_BYTES ? STATUS_limit : 0;
}

static int run(folder_t *f, node_t *e, const type_t *row_type, const uint64_t *row,
               const type_t *t, uint64_t *out) {
    f->left = MOST_NODES;
    f->poisoned = 0;
    f->row_type = row_type;
    f->row = row;
    f->binds.n = 0;
    f->ctx.arena.p = f->ctx.arena.start;
    return fold_as(f, e, t, out);
}

int const_eval_row(check_t *c, node_t *e, const type_t *row_type, const uint64_t *row,
                   uint64_t *out) {
    return run(folder_of(c), e, row_type, row, e->type, out);
}

int const_eval_words(check_t *c, node_t *e, uint64_t *out) {
    return run(folder_of(c), e, NULL, NULL, e->type, out);
}

void const_set_param(check_t *c, def_t *param, const uint64_t *words) {
    folder_t *f = folder_of(c);
    uint64_t *copy = ARENA_ARRAY(c->arena, uint64_t, param->type->words + 1);
    memcpy(copy, words, 8 * param->type->words);
    keep(c->arena, param->type, copy);
    bound_t b = {param, copy};
    vec_push(c->arena, &f->params, b);
}

void const_reset_params(check_t *c) { folder_of(c)->params.n = 0; }

void const_set_now(check_t *c, int64_t now) { folder_of(c)->ctx.now = now; }

cval_t *const_eval_as(check_t *c, node_t *e, type_t *type) {
    folder_t *f = folder_of(c);
    cval_t *v = ARENA_NEW(c->arena, cval_t);
    v->type = type;
    v->w = ARENA_ARRAY(c->arena, uint64_t, type->words + 1);
    int status = run(f, e, NULL, NULL, type, v->w);
    if (!status) keep(c->arena, type, v->w);
    if (!status) return v;
    if (!f->poisoned)
        diag_add(c->diags, DIAG_const_fails, e->span, const_status_text(status));
    return NULL;
}

cval_t *const_eval(check_t *c, node_t *e) {
    if (!e->type || type_is_poison(e->type)) return NULL;
    return const_eval_as(c, e, e->type);
}

void const_coerce(check_t *c, const type_t *from, const uint64_t *in, const type_t *to,
                  uint64_t *out) {
    (void)c;
    fold_coerce(from, in, to, out);
}

const char *const_text(check_t *c, const type_t *t, const uint64_t *w) {
    if (t->kind == TY_NONE) return "none";
    if (t->kind == TY_OPTION) return w[t->elem->words] ? const_text(c, t->elem, w) : "none";
    uint64_t text[2];
    folder_t *f = folder_of(c);
    int status = fold_string(f, t, w, text);
    if (status) return const_status_text(status);
    return arena_strndup(c->arena, word_text(text[0]), text[1]);
}

const char *const_json(check_t *c, const type_t *t, const uint64_t *w) {
    folder_t *f = folder_of(c);
    uint64_t text[2];
    buf_t code;
    buf_init(&code, c->arena);
    type_code(&code, t);
    f->ctx.arena.p = f->ctx.arena.start;
    int status = flow_k_fn_to_json(&f->ctx, text, w, (const uint8_t *)buf_text(&code));
    if (status) return const_status_text(status);
    return arena_strndup(c->arena, word_text(text[0]), text[1]);
}

const char *const_status_text(int status) {
    static const char *const texts[] = {
        "no error",
#define ERR(id, text) text,
#include "runtime/kernel/k_error.def"
#undef ERR
    };
    return status >= 0 && status < STATUS_COUNT ? texts[status] : "an unknown error";
}
