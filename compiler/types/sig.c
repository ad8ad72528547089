/* sig.c - reads and matches the signatures of the tables.
 *
 * The reader is a plain descent over the text; a fault sets `why` once and everything
 * above returns.  Matching binds a variable at its first meeting and afterwards asks for
 * the same type, so arguments decide from left to right. */
#include "compiler/types/sig.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/check.h"

typedef struct reader {
    arena_t *arena;
    intern_t *names;
    types_t *types;
    const char *p;
    const char *why;
    sig_t *sig;
} reader_t;

/* ---- reading ---- */

static void blank(reader_t *r) {
    while (*r->p == ' ') r->p++;
}

static int fail(reader_t *r, const char *why) {
    if (!r->why) r->why = why;
    return 0;
}

static int take(reader_t *r, const char *word) {
    blank(r);
    size_t n = strlen(word);
    if (strncmp(r->p, word, n)) return 0;
    if (isalpha((unsigned char)word[n - 1]) && (isalnum((unsigned char)r->p[n]) || r->p[n] == '_'))
        return 0;
    r->p += n;
    return 1;
}

static int need(reader_t *r, const char *word) {
    return take(r, word) || fail(r, "a bracket, colon or comma is missing");
}

static const char *read_name(reader_t *r) {
    blank(r);
    const char *from = r->p;
    while (isalnum((unsigned char)*r->p) || *r->p == '_') r->p++;
    if (r->p == from) fail(r, "a name is missing");
    return intern_n(r->names, from, (size_t)(r->p - from));
}

static sigtype_t *make(reader_t *r, sig_kind kind, sigtype_t *a, sigtype_t *b) {
    sigtype_t *s = ARENA_NEW(r->arena, sigtype_t);
    s->kind = kind;
    s->a = a;
    s->b = b;
    return s;
}

static sigtype_t *read_type(reader_t *r);

static void add_part(reader_t *r, sigtype_t *s, const char *name, sigtype_t *part) {
    enum { MOST = 4 };
    if (!s->parts) {
        s->parts = ARENA_ARRAY(r->arena, sigtype_t *, MOST);
        s->names = ARENA_ARRAY(r->arena, const char *, MOST);
    }
    if (s->n == MOST) {
        fail(r, "too many parts");
        return;
    }
    s->names[s->n] = name;
    s->parts[s->n++] = part;
}

static sigtype_t *read_record(reader_t *r) {
    sigtype_t *s = make(r, SIG_RECORD, NULL, NULL);
    do {
        const char *name = read_name(r);
        need(r, ":");
        add_part(r, s, name, read_type(r));
    } while (!r->why && take(r, ","));
    need(r, "}");
    return s;
}

static sigtype_t *read_fn(reader_t *r) {
    sigtype_t *s = make(r, SIG_FN, NULL, NULL);
    if (!take(r, ")")) {
        do add_part(r, s, NULL, read_type(r));
        while (!r->why && take(r, ","));
        need(r, ")");
    }
    need(r, ":");
    s->b = read_type(r);
    return s;
}

static sigtype_t *read_var(reader_t *r) {
    sigtype_t *s = make(r, SIG_VAR, NULL, NULL);
    s->var = *r->p++;
    if (isdigit((unsigned char)*r->p)) s->widen = (int)strtol(r->p, (char **)(uintptr_t)&r->p, 10);
    sig_t *sig = r->sig;
    if (memchr(sig->vars, s->var, sig->nvars)) return s;
    if (sig->nvars == sizeof sig->vars)
        fail(r, "too many variables");
    else
        sig->vars[sig->nvars++] = s->var;
    return s;
}

static sigtype_t *read_decimal(reader_t *r) {
    char *end;
    long p = strtol(r->p, &end, 10), s = 0;
    if (*end == ',') s = strtol(end + 1, &end, 10);
    r->p = end;
    need(r, ")");
    sigtype_t *t = make(r, SIG_TYPE, NULL, NULL);
    t->type = type_decimal(r->types, (int)p, (int)s);
    return t;
}

static sigtype_t *read_basic(reader_t *r) {
    static const struct {
        const char *name;
        type_kind kind;
    } basic[] = {
#define TYPE(id, spelling, words, code, doc) {spelling, TY_##id},
#include "lang/types.def"
#undef TYPE
    };
    for (size_t i = 0; i < sizeof basic / sizeof *basic; i++)
        if (take(r, basic[i].name)) {
            sigtype_t *s = make(r, SIG_TYPE, NULL, NULL);
            s->type = type_basic(r->types, basic[i].kind);
            return s;
        }
    fail(r, "no such type");
    return make(r, SIG_TYPE, NULL, NULL);
}

static sigtype_t *read_type(reader_t *r) {
    sigtype_t *s;
    blank(r);
    if (take(r, "[")) {
        s = make(r, SIG_LIST, read_type(r), NULL);
        need(r, "]");
    } else if (take(r, "map<")) {
        s = make(r, SIG_MAP, read_type(r), NULL);
        need(r, ",");
        s->b = read_type(r);
        need(r, ">");
    } else if (take(r, "{")) {
        s = read_record(r);
    } else if (take(r, "decimal(")) {
        s = read_decimal(r);
    } else if (take(r, "fn(")) {
        s = read_fn(r);
    } else if (isupper((unsigned char)*r->p)) {
        s = read_var(r);
    } else {
        s = read_basic(r);
    }
    return take(r, "?") ? make(r, SIG_OPTION, s, NULL) : s;
}

static void read_default(reader_t *r, sigparam_t *p) {
    blank(r);
    if (*r->p == '"') {
        const char *from = ++r->p;
        while (*r->p && *r->p != '"') r->p++;
        p->fallback = DEFAULT_TEXT;
        p->text = arena_strndup(r->arena, from, (size_t)(r->p - from));
        need(r, "\"");
    } else if (take(r, "none")) {
        p->fallback = DEFAULT_NONE;
    } else {
        char *end;
        p->fallback = DEFAULT_INT;
        p->number = strtoll(r->p, &end, 10);
        if (end == r->p) fail(r, "no such default");
        r->p = end;
    }
}

static void read_param(reader_t *r, sigparam_t *p) {
    if (take(r, "type")) {
        p->names_type = 1;
        p->type = read_type(r);
        return;
    }
    p->name = read_name(r);
    need(r, ":");
    p->is_const = take(r, "const");
    p->type = read_type(r);
    if (take(r, "=")) read_default(r, p);
}

static sig_t *read_one(reader_t *r) {
    enum { MOST = 6 };
    sig_t *s = r->sig = ARENA_NEW(r->arena, sig_t);
    s->params = ARENA_ARRAY(r->arena, sigparam_t, MOST);
    blank(r);
    const char *from = r->p;
    need(r, "(");
    while (!r->why && !take(r, ")")) {
        if (s->n == MOST) {
            fail(r, "too many parameters");
            break;
        }
        if (s->n) need(r, ",");
        read_param(r, &s->params[s->n++]);
        if (s->params[s->n - 1].fallback == DEFAULT_NOT && s->required + 1 < s->n)
            fail(r, "a parameter without a default after one that has one");
        if (s->params[s->n - 1].fallback == DEFAULT_NOT) s->required = s->n;
    }
    s->result = read_type(r);
    s->text = arena_strndup(r->arena, from, (size_t)(r->p - from));
    return s;
}

sig_t *sig_read(arena_t *a, intern_t *names, types_t *t, const char *text, const char **why) {
    reader_t r = {.arena = a, .names = names, .types = t, .p = text};
    sig_t *first = read_one(&r), *last = first;
    while (!r.why && take(&r, "|")) last = last->next = read_one(&r);
    blank(&r);
    if (!r.why && *r.p) fail(&r, "something follows the signature");
    if (why) *why = r.why;
    return r.why ? NULL : first;
}

/* ---- matching ---- */

int sig_var_allows(char var, const type_t *t) {
    switch (var) {
    case 'O': return type_is_ordered(t) || t->kind == TY_POISON;
    case 'K': return t->kind == TY_INT || t->kind == TY_STRING || t->kind == TY_BOOL ||
                     t->kind == TY_POISON;
    case 'D': case 'P': return t->kind == TY_DECIMAL || t->kind == TY_POISON;
    default: return t->kind != TY_REGEX;
    }
}

static sig_fit match(types_t *t, sig_env_t *env, const sigtype_t *want, type_t *actual,
                     int inside);

static sig_fit match_var(sig_env_t *env, char var, type_t *actual, int inside) {
    type_t **bound = &env->of[var - 'A'];
    if (!inside && *bound && (*bound)->kind == TY_DECIMAL && type_fits(*bound, actual))
        *bound = type_strip(actual); /* of two decimals of one scale the one with more digits */
    if (*bound && (*bound)->kind != TY_POISON) {
        if (inside ? type_same_layout(actual, *bound) : type_fits(actual, *bound)) return FIT_YES;
        if (!inside && actual->kind == TY_OPTION && type_fits(actual->elem, *bound))
            return FIT_MISSING;
        return FIT_NO;
    }
    if (!inside && (actual->kind == TY_OPTION || actual->kind == TY_NONE))
        return sig_var_allows(var, type_strip(actual)) ? FIT_MISSING : FIT_NO;
    if (!sig_var_allows(var, actual)) return FIT_NO;
    *bound = actual;
    return FIT_YES;
}

static sig_fit match_record(types_t *t, sig_env_t *env, const sigtype_t *want, type_t *actual) {
    if (actual->kind != TY_RECORD || actual->nfields != want->n) return FIT_NO;
    for (uint32_t i = 0; i < want->n; i++) {
        int k = type_field(actual, want->names[i]);
        if (k < 0 || match(t, env, want->parts[i], actual->fields[k].type, 1) != FIT_YES)
            return FIT_NO;
    }
    return FIT_YES;
}

static sig_fit match_shape(types_t *t, sig_env_t *env, const sigtype_t *want, type_t *actual) {
    switch (want->kind) {
    case SIG_LIST:
        return actual->kind == TY_LIST ? match(t, env, want->a, actual->elem, 1) : FIT_NO;
    case SIG_MAP:
        if (actual->kind != TY_MAP) return FIT_NO;
        if (match(t, env, want->a, actual->key, 1) != FIT_YES) return FIT_NO;
        return match(t, env, want->b, actual->elem, 1);
    case SIG_RECORD: return match_record(t, env, want, actual);
    case SIG_TYPE: case SIG_VAR: case SIG_OPTION: case SIG_FN: break;
    }
    return FIT_NO;
}

/* inside: within a list, map or record, where nothing converts. */
static sig_fit match(types_t *t, sig_env_t *env, const sigtype_t *want, type_t *actual,
                     int inside) {
    if (actual->kind == TY_POISON) return FIT_YES;
    if (want->kind == SIG_VAR) return match_var(env, want->var, actual, inside);
    if (want->kind == SIG_OPTION) {
        if (actual->kind == TY_NONE) return FIT_YES;
        return match(t, env, want->a, type_strip(actual), inside);
    }
    if (want->kind == SIG_TYPE) {
        if (inside ? type_same_layout(actual, want->type) : type_fits(actual, want->type))
            return FIT_YES;
        return !inside && actual->kind == TY_OPTION && type_fits(actual->elem, want->type)
                   ? FIT_MISSING
                   : FIT_NO;
    }
    if (!inside && actual->kind == TY_OPTION)
        return match_shape(t, env, want, actual->elem) == FIT_YES ? FIT_MISSING : FIT_NO;
    return match_shape(t, env, want, actual);
}

sig_fit sig_match(types_t *t, sig_env_t *env, const sigtype_t *want, type_t *actual) {
    return match(t, env, want, actual, 0);
}

static type_t *widened(types_t *t, type_t *d, int widen) {
    if (!widen || d->kind != TY_DECIMAL) return d;
    int s = widen == 6 ? d->s + 6 : d->s;
    return type_decimal(t, 38, s > 38 ? 38 : s);
}

static type_t *record_instance(types_t *t, const sig_env_t *env, const sigtype_t *s) {
    field_t fields[4] = {0};
    flow_assert(s->n <= 4);
    for (uint32_t i = 0; i < s->n; i++) {
        fields[i].name = s->names[i];
        fields[i].type = sig_instance(t, env, s->parts[i]);
        if (!fields[i].type) return NULL;
    }
    return type_record(t, NULL, fields, s->n);
}

type_t *sig_instance(types_t *t, const sig_env_t *env, const sigtype_t *s) {
    type_t *a, *b;
    switch (s->kind) {
    case SIG_TYPE: return s->type;
    case SIG_VAR:
        a = env->of[s->var - 'A'];
        return a ? widened(t, a, s->widen) : NULL;
    case SIG_OPTION:
        a = sig_instance(t, env, s->a);
        return a ? type_option(t, a) : NULL;
    case SIG_LIST:
        a = sig_instance(t, env, s->a);
        return a ? type_list(t, a) : NULL;
    case SIG_MAP:
        a = sig_instance(t, env, s->a);
        b = sig_instance(t, env, s->b);
        return a && b ? type_map(t, a, b) : NULL;
    case SIG_RECORD: return record_instance(t, env, s);
    case SIG_FN: return NULL;
    }
    flow_unreachable("kind of signature type");
}

/* ---- showing ---- */

static void show_type(buf_t *b, types_t *t, const sig_env_t *env, const sigtype_t *s) {
    type_t *known = env ? sig_instance(t, env, s) : NULL;
    if (known) {
        type_print(b, known);
        return;
    }
    switch (s->kind) {
    case SIG_TYPE: type_print(b, s->type); return;
    case SIG_VAR:
        buf_str(b, s->var == 'K' ? "int, string or bool" : s->var == 'D' || s->var == 'P' ? "decimal" :
                   s->var == 'O' ? "a type with an order" : "any type");
        return;
    case SIG_OPTION:
        show_type(b, t, env, s->a);
        buf_char(b, '?');
        return;
    case SIG_LIST:
        if (s->a->kind == SIG_VAR) {
            buf_str(b, "a list");
            return;
        }
        buf_char(b, '[');
        show_type(b, t, env, s->a);
        buf_char(b, ']');
        return;
    case SIG_MAP: buf_str(b, "a map"); return;
    case SIG_RECORD:
        buf_str(b, "{ ");
        for (uint32_t i = 0; i < s->n; i++) {
            buf_printf(b, "%s%s: ", i ? ", " : "", s->names[i]);
            show_type(b, t, env, s->parts[i]);
        }
        buf_str(b, " }");
        return;
    case SIG_FN: buf_str(b, "a function"); return;
    }
}

const char *sig_type_text(arena_t *a, types_t *t, const sig_env_t *env, const sigtype_t *s) {
    buf_t b;
    buf_init(&b, a);
    show_type(&b, t, env, s);
    return buf_text(&b);
}

const char *sig_show(arena_t *a, const char *name, const sig_t *s) {
    const char *close = NULL; /* of the parameters, not of a lambda in them */
    int depth = 0;
    for (const char *p = s->text; *p && !close; p++) {
        depth += (*p == '(') - (*p == ')');
        if (*p == ')' && !depth) close = p;
    }
    flow_assert(close);
    size_t n = strlen(close + 1);
    while (n && close[n] == ' ') n--; /* before the next alternative */
    return arena_printf(a, "%s%.*s:%.*s", name, (int)(close + 1 - s->text), s->text, (int)n,
                        close + 1);
}
