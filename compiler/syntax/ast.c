/* ast.c - descriptors of all kinds, and what works on them: cast, walk, copy, equality.
 *
 * Each kind gets one function that holds its descriptor: inside it `self` names the
 * struct, so the words of ast.def can take offsets without knowing their kind. */
#include "compiler/syntax/ast.h"

#include <string.h>

#include "compiler/base/check.h"

#define TEXT_OF(id, spelling) spelling,
#define CHOICES(list) static const char *const choices_##list[] = {list(TEXT_OF) NULL};
CHOICES(WINDOW_KINDS)
CHOICES(JOIN_KINDS)
CHOICES(SKIP_KINDS)
CHOICES(MATCH_LINKS)
CHOICES(HANDLER_KINDS)
CHOICES(UNARY_OPS)
CHOICES(BINARY_OPS)
#undef CHOICES
#undef TEXT_OF

#define ONE(f) {FIELD_ONE, #f, offsetof(self, f), 0, NULL},
#define OPT(f) {FIELD_OPT, #f, offsetof(self, f), 0, NULL},
#define LIST(f) {FIELD_LIST, #f, offsetof(self, f), 0, NULL},
#define NAME(f) {FIELD_NAME, #f, offsetof(self, f), offsetof(self, f##_at), NULL},
#define TEXT(f) {FIELD_TEXT, #f, offsetof(self, f), offsetof(self, f##_n), NULL},
#define INT(f) {FIELD_INT, #f, offsetof(self, f), 0, NULL},
#define FLOAT(f) {FIELD_FLOAT, #f, offsetof(self, f), 0, NULL},
#define WIDE(f) {FIELD_WIDE, #f, offsetof(self, f), 0, NULL},
#define FLAG(f) {FIELD_FLAG, #f, offsetof(self, f), 0, NULL},
#define ENUM(f, e) {FIELD_ENUM, #f, offsetof(self, f), 0, choices_##e},
#define WORD {FIELD_WORD, "word", offsetof(self, word), 0, NULL},
#define SPAN(f) {FIELD_SPAN, #f, offsetof(self, f), 0, NULL},
#define NODE(kind, group, fields)                                                        \
    static const node_shape_t *shape_##kind(void) {                                      \
        typedef ast_##kind##_t self;                                                     \
        static const node_field_t list[] = {fields{FIELD_END, NULL, 0, 0, NULL}};        \
        static const node_shape_t shape = {#kind, GROUP_##group, sizeof(self), list,     \
                                           sizeof list / sizeof *list - 1};              \
        return &shape;                                                                   \
    }
#include "compiler/syntax/ast.def"
#undef NODE

static const node_shape_t *(*const shapes[])(void) = {
#define NODE(kind, group, fields) shape_##kind,
#include "compiler/syntax/ast.def"
#undef NODE
};

const node_shape_t *ast_shape(node_kind kind) {
    flow_assert((unsigned)kind < AST_KIND_COUNT);
    return shapes[kind]();
}

const char *ast_kind_name(node_kind kind) {
    return ast_shape(kind)->name;
}

node_group ast_group(const node_t *n) {
    return ast_shape(n->kind)->group;
}

static const char *choice(const char *const *list, int n, int at) {
    flow_assert(at >= 0 && at < n);
    return list[at];
}

const char *ast_window_kind_text(int k) {
    return choice(choices_WINDOW_KINDS, WINDOW_KIND_COUNT, k);
}

const char *ast_join_kind_text(int k) {
    return choice(choices_JOIN_KINDS, JOIN_KIND_COUNT, k);
}

const char *ast_handler_kind_text(int k) {
    return choice(choices_HANDLER_KINDS, HANDLER_KIND_COUNT, k);
}

const char *ast_unary_op_text(int op) {
    return choice(choices_UNARY_OPS, UNARY_OP_COUNT, op);
}

const char *ast_binary_op_text(int op) {
    return choice(choices_BINARY_OPS, BINARY_OP_COUNT, op);
}

node_t *ast_cast(node_t *n, node_kind kind) {
    flow_assert(n && n->kind == kind);
    return n;
}

node_t *ast_new_node(arena_t *a, node_kind kind, span_t at) {
    node_t *n = arena_alloc(a, ast_shape(kind)->size);
    n->kind = kind;
    n->span = at;
    return n;
}

static void *field_at(const node_t *n, size_t offset) {
    return (char *)n + offset;
}

span_t ast_word(const node_t *n) {
    const node_field_t *f = ast_shape(n->kind)->fields;
    if (f->word != FIELD_WORD) return n->span;
    return *(span_t *)field_at(n, f->offset);
}

void ast_walk(node_t *n, ast_visit_fn *fn, void *env) {
    for (const node_field_t *f = ast_shape(n->kind)->fields; f->word != FIELD_END; f++) {
        if (f->word == FIELD_ONE || f->word == FIELD_OPT) {
            node_t **child = field_at(n, f->offset);
            if (*child) fn(child, env);
        } else if (f->word == FIELD_LIST) {
            nodes_t *list = field_at(n, f->offset);
            for (size_t i = 0; i < list->n; i++) fn(&list->at[i], env);
        }
    }
}

static void clone_child(node_t **child, void *env) {
    *child = ast_clone(env, *child);
}

node_t *ast_clone(arena_t *a, const node_t *n) {
    const node_shape_t *shape = ast_shape(n->kind);
    node_t *out = arena_alloc(a, shape->size);
    memcpy(out, n, shape->size);
    for (const node_field_t *f = shape->fields; f->word != FIELD_END; f++) {
        if (f->word != FIELD_LIST) continue;
        nodes_t *list = field_at(out, f->offset);
        node_t **at = ARENA_ARRAY(a, node_t *, list->n);
        if (list->n) memcpy(at, list->at, list->n * sizeof *at);
        list->at = at;
        list->cap = list->n;
    }
    ast_walk(out, clone_child, a);
    return out;
}

static int equal_or_null(const node_t *a, const node_t *b) {
    if (!a || !b) return a == b;
    return ast_equal(a, b);
}

static int equal_lists(const nodes_t *a, const nodes_t *b) {
    if (a->n != b->n) return 0;
    for (size_t i = 0; i < a->n; i++)
        if (!ast_equal(a->at[i], b->at[i])) return 0;
    return 1;
}

static int equal_names(const char *a, const char *b) {
    if (!a || !b) return a == b;
    return !strcmp(a, b); /* not by pointer: the trees may come from two interners */
}

static int equal_texts(const node_t *a, const node_t *b, const node_field_t *f) {
    size_t n = *(size_t *)field_at(a, f->second), m = *(size_t *)field_at(b, f->second);
    const char *s = *(const char **)field_at(a, f->offset);
    const char *t = *(const char **)field_at(b, f->offset);
    return n == m && (n == 0 || !memcmp(s, t, n));
}

static int equal_fields(const node_t *a, const node_t *b, const node_field_t *f) {
    const void *x = field_at(a, f->offset), *y = field_at(b, f->offset);
    switch (f->word) {
    case FIELD_ONE:
    case FIELD_OPT: return equal_or_null(*(node_t *const *)x, *(node_t *const *)y);
    case FIELD_LIST: return equal_lists(x, y);
    case FIELD_NAME: return equal_names(*(const char *const *)x, *(const char *const *)y);
    case FIELD_TEXT: return equal_texts(a, b, f);
    case FIELD_INT: return !memcmp(x, y, sizeof(int64_t));
    case FIELD_FLOAT: return !memcmp(x, y, sizeof(double));
    case FIELD_WIDE: return !memcmp(x, y, sizeof(__int128));
    case FIELD_FLAG:
    case FIELD_ENUM: return *(const int *)x == *(const int *)y;
    case FIELD_WORD:
    case FIELD_SPAN:
    case FIELD_END: return 1;
    }
    return 0;
}

int ast_equal(const node_t *a, const node_t *b) {
    if (a->kind != b->kind) return 0;
    for (const node_field_t *f = ast_shape(a->kind)->fields; f->word != FIELD_END; f++)
        if (!equal_fields(a, b, f)) return 0;
    return 1;
}
