/* offer.c - shortens LAC's exact list to what a reader wants to know.
 *
 * After a complete value nearly every operator could follow, and after a complete
 * declaration every other: they are named only if nothing else is left to name. */
#include "compiler/syntax/offer.h"

#include <string.h>

#include "lang/flow_parse.h"

enum { MOST = 8 };

int expects_value(const expected_t *w) {
    return w->has[T_INT] && w->has[T_STRING] && w->has[T_IF];
}

int expects_name(const expected_t *w) {
    return w->has[T_IDENT] && w->has[T_TIES];
}

int expects_new_name(const expected_t *w) {
    return w->has[T_IDENT] && !w->has[T_TIES] && !w->has[T_IMPORT];
}

int expects_type(const expected_t *w) {
    return w->has[T_IDENT] && w->has['['] && w->has['{'] && !w->has[T_INT];
}

int expects_step(const expected_t *w) {
    return w->has[T_SELECT] && w->has[T_WHERE] && !w->has[T_INT];
}

int expects_decl(const expected_t *w) {
    return w->has[T_IMPORT] && w->has[T_FROM];
}

typedef struct list {
    buf_t out;
    int n;
    const char *words[128]; /* those of the language among them */
    size_t nwords;
} list_t;

static void add(list_t *l, const char *what) {
    if (l->n == MOST) return;
    if (l->n++) buf_str(&l->out, ", ");
    buf_str(&l->out, what);
}

static int is_operator(int token) {
    switch (token) {
    case T_OR: case T_AND: case T_NOT: case T_EQ: case T_NE: case '<': case T_LE: case '>':
    case T_GE: case T_IN: case T_IS: case T_COALESCE: case T_DOTDOT: case T_DOTDOTLT: case '+':
    case '-': case '*': case '/': case '%': case '.': case T_SAFEDOT: case '[':
        return 1;
    default:
        return 0;
    }
}

static int begins_decl(const expected_t *w, int token, const char *class) {
    if (!expects_decl(w)) return 0;
    return !strcmp(class, "DECL") || token == T_FN || token == T_FROM;
}

static void add_words(list_t *l, const expected_t *w, int operators) {
    static const struct {
        int token;
        const char *word, *quoted, *class;
    } words[] = {
#define KEYWORD(spelling, token, class) {T_##token, #spelling, "`" #spelling "`", #class},
#include "lang/keywords.def"
#undef KEYWORD
    };
    int value = expects_value(w), name = expects_name(w), step = expects_step(w);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        int token = words[i].token, reserved = !strcmp(words[i].class, "RESERVED");
        if (!w->has[token] || is_operator(token) != operators) continue;
        if (begins_decl(w, token, words[i].class)) continue;
        if (value || (name && !reserved) || step) continue;
        l->words[l->nwords++] = words[i].word;
        add(l, words[i].quoted);
    }
}

static void add_signs(list_t *l, parser_t *p, const expected_t *w) {
    static const char signs[] = "=:,;()]{}|<?";
    int begun = expects_value(w) || expects_type(w), whole = w->has[T_OR];
    for (const char *s = signs; *s; s++) {
        if (!w->has[(unsigned char)*s]) continue;
        if ((begun && strchr("({[", *s)) || (whole && strchr("=(<", *s))) continue;
        if (l->n > 0 && w->has['?'] && strchr("(<?", *s)) continue; /* a type could go on */
        add(l, arena_printf(p->env->arena, "`%c`", *s));
    }
    if (w->has[T_ARROW]) add(l, "`=>`");
    if (w->has[T_FCLOSE]) add(l, "`}`");
}

const char *offer(parser_t *p, const expected_t *w, const char *word, const char **near) {
    list_t l = {.n = 0};
    buf_init(&l.out, p->env->arena);
    if (expects_value(w)) add(&l, "a value");
    else if (expects_type(w)) add(&l, "a type");
    else if (w->has[T_IDENT] && w->has[T_FROM] && !expects_decl(w)) add(&l, "a flow");
    else if (expects_name(w) || expects_new_name(w)) add(&l, "a name");
    else if (w->has[T_STRING]) add(&l, "a string");
    if (!expects_value(w) && w->has[T_INT]) add(&l, "an integer");
    if (!expects_value(w) && !expects_type(w) && w->has[T_UIDENT]) add(&l, "a type's name");
    add_words(&l, w, 0);
    add_signs(&l, p, w);
    if (w->has[T_PIPE]) add(&l, "`|>`");
    if (l.n == 0) add_words(&l, w, 1);
    if (word) *near = diag_nearest(word, l.words, l.nwords);
    return l.n ? buf_text(&l.out) : NULL;
}
