/* tokens.c - what is open, and skipping after errors; the method is told in tokens.h.
 *
 * The effect of a token on `contexts` is applied when the next one is asked for: at an
 * error the last token is one the grammar has not taken. */
#include "compiler/syntax/tokens.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/message.h"
#include "compiler/syntax/scan.h"

#include "lang/flow_parse.h"

#define YYSTYPE token_t
#define YYLTYPE span_t
#include "lang/flow_scan.h"

static int closer_of(int opener) {
    switch (opener) {
    case '(': return ')';
    case '[': return ']';
    case '{': return '}';
    case T_FSTART: return T_FEND;
    case T_FOPEN: return T_FCLOSE;
    default: return 0;
    }
}

static int is_closer(int kind) {
    return kind == ')' || kind == ']' || kind == '}' || kind == T_FEND || kind == T_FCLOSE;
}

static context_t *top(parser_t *p) {
    return p->contexts.n ? &p->contexts.at[p->contexts.n - 1] : NULL;
}

const context_t *tokens_open(const parser_t *p) {
    return p->contexts.n ? &p->contexts.at[p->contexts.n - 1] : NULL;
}

void tokens_stop(parser_t *p) {
    p->stopped = 1;
    p->muted = 1;
}

static void push(parser_t *p, int kind, span_t at) {
    context_t c = {.kind = kind, .at = at};
    vec_push(p->env->arena, &p->contexts, c);
    if (p->contexts.n > FLOW_MAX_NESTING && !p->muted) message_nesting(p, at);
}

static void apply(parser_t *p, const token_t *t) {
    if (t->inert) return;
    if (closer_of(t->kind)) push(p, t->kind, t->at);
    else if (is_closer(t->kind) && top(p) && closer_of(top(p)->kind) == t->kind)
        p->contexts.n--;
    else if (t->kind == T_PIPE && top(p)) top(p)->piped = 1;
    else if (t->kind == T_PIPE) p->piped = 1;
}

static token_t scan(parser_t *p) {
    token_t t = {.kind = 0};
    if (diags_truncated(p->env->diags)) tokens_stop(p); /* enough is said */
    if (!p->stopped) t.kind = flow_scan_lex(&t, &t.at, p->scanner);
    if (t.kind <= 0 && t.kind != SCAN_LOST) {
        uint32_t end = (uint32_t)p->source->len;
        t.kind = 0;
        t.at = span_at(p, end, end);
    }
    if (t.kind != SCAN_LOST) p->before = t.kind;
    return t;
}

token_t tokens_scan(parser_t *p) {
    apply(p, &p->last);
    p->last = scan(p);
    if (p->last.kind == SCAN_LOST) {
        p->contexts.n = 0;
        return tokens_scan(p);
    }
    return p->last;
}

int tokens_first_column(const parser_t *p, span_t at) {
    uint32_t i = at.start;
    if (i == 3 && !memcmp(p->source->text, "\xEF\xBB\xBF", 3)) return 1;
    return i == 0 || p->source->text[i - 1] == '\n';
}

int tokens_begins_decl(int kind) {
    switch (kind) {
    case T_IMPORT: case T_TYPE: case T_CONST: case T_PARAM: case T_FN: case T_EXTERN:
    case T_STEP: case T_SET: case T_MODEL: case T_STREAM: case T_TABLE: case T_TEST:
    case T_FROM:
        return 1;
    default:
        return 0;
    }
}

static int starts_decl(const parser_t *p, const token_t *t) {
    int name = t->kind == T_IDENT || t->kind == T_UIDENT;
    if (!name && !tokens_begins_decl(t->kind)) return 0;
    return tokens_first_column(p, t->at);
}

static void enqueue(parser_t *p, token_t t) {
    vec_push(p->env->arena, &p->queue, t);
}

static token_t made(const parser_t *p, int kind) {
    span_t at = p->last.at;
    return (token_t){.kind = kind, .at = at, .inert = 1};
}

/* Ends skipping: the innermost `closed` brackets of the grammar's are over, with what was
 * begun in each; whole says that the step or declaration around them is too.  t, if any,
 * is given afterwards. */
static void resync(parser_t *p, size_t closed, int whole, const token_t *t) {
    flow_assert(closed <= p->contexts.n);
    for (; closed > 0; closed--) {
        enqueue(p, made(p, T_RESYNC));
        enqueue(p, made(p, closer_of(p->contexts.at[--p->contexts.n].kind)));
    }
    if (whole) enqueue(p, made(p, T_RESYNC));
    if (t) enqueue(p, *t);
    p->synced_at = t ? t->at.start + 1 : 0;
    p->panic = p->muted = 0;
}

/* A mismatched or matching closer met while skipping with `depth` contexts of the
 * grammar's own.  Gives 1 if skipping is over. */
static int skip_closer(parser_t *p, const token_t *t, size_t depth) {
    for (size_t i = p->contexts.n; i-- > 0;) {
        if (closer_of(p->contexts.at[i].kind) != t->kind) continue;
        if (i >= depth) {
            p->contexts.n = i;
            return 0;
        }
        p->contexts.n = depth;
        /* In a step inside these brackets, the step ends before the bracket does. */
        if (p->contexts.at[i].piped) resync(p, depth - 1 - i, 1, t);
        else resync(p, depth - i, 0, NULL);
        return 1;
    }
    return 0;
}

/* Brackets from the innermost out that are no place for `|>`. */
static size_t unpiped(const parser_t *p, size_t depth) {
    size_t n = 0;
    while (n < depth && !p->contexts.at[depth - 1 - n].piped) n++;
    return n;
}

/* The line ended inside an f-string: all of it is over. */
static int lose_fstring(parser_t *p, size_t depth) {
    size_t i = 0;
    while (i < p->contexts.n && p->contexts.at[i].kind != T_FSTART) i++;
    if (i >= depth) {
        p->contexts.n = i;
        return 0;
    }
    p->contexts.n = depth;
    resync(p, depth - i, 0, NULL);
    return 1;
}

/* Looks at one skipped token; gives 1 if skipping is over. */
static int skip_one(parser_t *p, const token_t *t, size_t depth) {
    int fresh = t->at.start + 1 != p->synced_at; /* else: going on here led to this error */
    if (t->kind == SCAN_LOST) return lose_fstring(p, depth);
    if (fresh && starts_decl(p, t)) {
        p->contexts.n = depth;
        resync(p, depth, 1, t);
        return 1;
    }
    if (fresh && t->kind == T_PIPE && p->contexts.n == depth) {
        resync(p, unpiped(p, depth), 1, t);
        return 1;
    }
    if (is_closer(t->kind)) return skip_closer(p, t, depth);
    if (closer_of(t->kind)) push(p, t->kind, t->at);
    return 0;
}

/* The next token that is not the grammar's yet: one laid aside, or one of the text. */
static token_t fetch(parser_t *p) {
    if (p->queue_at == p->queue.n) return scan(p);
    token_t t = p->queue.at[p->queue_at++];
    if (p->queue_at == p->queue.n) p->queue_at = p->queue.n = 0;
    return t;
}

static void skip(parser_t *p) {
    size_t depth = p->contexts.n;
    token_t t = p->last;
    while (t.kind != 0 && (t.inert || !skip_one(p, &t, depth))) t = fetch(p);
    if (t.kind == 0) enqueue(p, t);
    p->panic = p->muted = 0;
    if (p->stopped) p->muted = 1;
}

/* Remembers where steps and declarations begin, for messages. */
static void note_place(parser_t *p, const token_t *t) {
    if (p->decl_due) p->decl_start = t->at;
    if (p->decl_due || p->step_due) p->step_word = t->at;
    p->decl_due = 0;
    p->step_due = t->kind == T_PIPE;
}

static token_t give(parser_t *p, token_t t) {
    p->back[2] = p->back[1];
    p->back[1] = p->back[0];
    p->back[0] = p->last;
    p->last = t;
    if (!t.inert) note_place(p, &t);
    return t;
}

token_t tokens_next(parser_t *p) {
    if (p->panic) skip(p);
    else apply(p, &p->last);
    token_t t = fetch(p);
    if (t.kind == SCAN_LOST) {
        p->last.inert = 1; /* its effect is applied */
        lose_fstring(p, p->contexts.n);
        return tokens_next(p);
    }
    if (t.kind == T_FLOW_error) p->panic = p->muted = 1;
    return give(p, t);
}

int tokens_error(parser_t *p) {
    if (p->stopped) return 0;
    if (p->last.kind == T_RESYNC) return 0; /* the next of several brackets to be closed */
    p->panic = p->muted = 1;
    if (p->last.inert || p->reported == p->last.at.start + 1) return 0;
    p->reported = p->last.at.start + 1;
    return 1;
}

void tokens_declared(parser_t *p, int ahead) {
    p->contexts.n = 0;
    p->piped = 0;
    p->decl_due = !ahead;
    if (ahead) p->decl_start = p->step_word = p->last.at;
}

const char *token_text(const parser_t *p, const token_t *t) {
    if (t->kind == 0) return "the end of the program";
    span_t at = t->at;
    size_t n = at.end - at.start;
    const char *s = p->source->text + at.start, *nl = memchr(s, '\n', n);
    if (nl) n = (size_t)(nl - s);
    if (n <= 40) return arena_printf(p->env->arena, "`%.*s`", (int)n, s);
    n = 37;
    while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80) n--;
    return arena_printf(p->env->arena, "`%.*s…`", (int)n, s);
}
