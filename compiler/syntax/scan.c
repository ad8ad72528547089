/* scan.c - the scanner's helpers: words, comments, and faults of characters.
 *
 * While the grammar skips after an error (p->muted), faults that are probably its
 * followers, such as a quote that no longer finds its partner, are not reported. */
#include "compiler/syntax/scan.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/words.h"

#include "lang/flow_parse.h"

/* The bracket of the innermost f-string, or null. */
static const context_t *open_fstring(const parser_t *p) {
    for (size_t i = p->contexts.n; i-- > 0;)
        if (p->contexts.at[i].kind == T_FSTART) return &p->contexts.at[i];
    return NULL;
}

int scan_closes_fstring(const parser_t *p) {
    for (size_t i = p->contexts.n; i-- > 0;) {
        int kind = p->contexts.at[i].kind;
        if (kind == '{' || kind == T_FOPEN) return kind == T_FOPEN;
    }
    return 0;
}

static span_t line_rest(const parser_t *p, uint32_t start) {
    uint32_t end = start;
    while (end < p->source->len && p->source->text[end] != '\n') end++;
    while (end > start + 1 && p->source->text[end - 1] == '\r') end--;
    return span_at(p, start, end);
}

void scan_open_fstring(parser_t *p) {
    const context_t *c = open_fstring(p);
    if (p->muted || !c) return;
    span_t at = c->at;
    diag_t *m = diag_add(p->env->diags, DIAG_fstring_open, line_rest(p, at.start));
    diag_help(m, "end it with `\"` on the same line; a quote as text is `\\\"`");
}

int scan_line_end(parser_t *p) {
    if (!open_fstring(p)) return 0;
    scan_open_fstring(p);
    return 1;
}

void scan_comment(parser_t *p, span_t at) {
    if (!p->comments) return;
    uint32_t i = at.start;
    while (i > 0 && (p->source->text[i - 1] == ' ' || p->source->text[i - 1] == '\t')) i--;
    int own = i == 0 || p->source->text[i - 1] == '\n';
    if (i == 3 && !memcmp(p->source->text, "\xEF\xBB\xBF", 3)) own = 1;
    while (at.end > at.start && p->source->text[at.end - 1] == '\r') at.end--;
    comment_t c = {.span = at, .own_line = own};
    vec_push(p->env->arena, p->comments, c);
}

int scan_ends_value(int token) {
    switch (token) {
    case 0:
    case T_AND: case T_AS: case T_BY: case T_CASE: case T_ELSE: case T_FN: case T_FROM:
    case T_IF: case T_IN: case T_IS: case T_LET: case T_NOT: case T_ON: case T_OR: case T_PER:
    case T_THEN: case T_WHEN: case T_WHERE: case T_PIPE: case T_ARROW: case T_EQ: case T_NE:
    case T_LE: case T_GE: case T_COALESCE: case T_DOTDOT: case T_DOTDOTLT: case T_SAFEDOT:
    case T_FOPEN: case T_FLOW_error:
        return 0;
    case ')': case ']': case '}':
        return 1;
    default:
        return token > 255; /* names, literals, soft words */
    }
}

int scan_word(parser_t *p, const char *s, size_t n, span_t at, token_t *out) {
    int token;
    word_lookup(s, n, &token);
    out->word = (word_t){intern_n(p->env->names, s, n), at};
    return token;
}

int scan_quoted(parser_t *p, const char *s, size_t n, span_t at, token_t *out) {
    flow_assert(n > 2);
    out->word = (word_t){intern_n(p->env->names, s + 1, n - 2), at};
    return T_IDENT;
}

int scan_open_name(parser_t *p, span_t at) {
    if (p->muted) return T_FLOW_error;
    diag_t *m = diag_add(p->env->diags, DIAG_backtick_open, at);
    diag_help(m, "a name in backticks, such as `` `User-Agent` ``, has a character or more "
                 "and ends on its line");
    return T_FLOW_error;
}

int scan_open_string(parser_t *p, span_t at) {
    if (open_fstring(p)) { /* the quote that was to end the f-string: a brace is open */
        scan_open_fstring(p);
        return SCAN_LOST;
    }
    if (p->muted) return T_FLOW_error;
    diag_t *m = diag_add(p->env->diags, DIAG_string_open, line_rest(p, at.start));
    diag_help(m, "end it with `\"` on the same line; a line break inside is `\\n`, a quote `\\\"`");
    return T_FLOW_error;
}

int scan_open_regex(parser_t *p, span_t *at) {
    const char *text = p->source->text;
    span_t rest = line_rest(p, at->start);
    at->end = at->start + 1;
    p->pos = at->end;
    if (p->muted) return T_FLOW_error;
    diag_t *m = diag_add(p->env->diags, DIAG_regex_open, rest);
    if (text[at->start + 1] == '*')
        diag_help(m, "a comment begins with `#` and ends with its line");
    else if (memchr(text + at->start, '[', rest.end - at->start))
        diag_help(m, "end it with `/` on the same line; `[` must have its `]`, and `\\[` is a "
                     "bracket as text");
    else
        diag_help(m, "end it with `/` on the same line; a slash inside is `\\/`");
    return T_FLOW_error;
}

void scan_lone_brace(parser_t *p, span_t at) {
    if (p->muted) return;
    diag_t *m = diag_add(p->env->diags, DIAG_brace_in_fstring, at);
    diag_help(m, "write `}}` for a brace as text");
}

int scan_foreign(parser_t *p, const char *s, size_t n, span_t at) {
    static const struct {
        const char *spelling, *help;
    } known[] = {
        {"&&", "write `and`"},
        {"||", "write `or`"},
        {"!", "write `not`"},
        {"<>", "write `!=`"},
        {"===", "write `==`"},
        {"!==", "write `!=`"},
        {"->", "an arm of `case` has `=>`, a lambda is `fn(x) = …`"},
        {":=", "write `=`"},
        {"**", "write `pow(x, y)`"},
        {"++", "text is joined by an f-string: `f\"{a}{b}\"`"},
        {"&", "write `and`, or `bit_and(a, b)` for bits"},
        {"^", "write `pow(x, y)`, or `bit_xor(a, b)` for bits"},
        {"~", "write `bit_xor(a, -1)` to turn all bits"},
    };
    const char *word = arena_strndup(p->env->arena, s, n);
    if (p->muted) return T_FLOW_error;
    diag_t *m = diag_add(p->env->diags, DIAG_operator_foreign, at, word);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i].spelling, word)) diag_help(m, "%s", known[i].help);
    return T_FLOW_error;
}

int scan_bad_character(parser_t *p, span_t at) {
    unsigned char c = (unsigned char)p->source->text[at.start];
    char shown[8];
    if (p->muted) return T_FLOW_error;
    if (c < 0x20 || c == 0x7F) snprintf(shown, sizeof shown, "\\x%02X", c);
    else snprintf(shown, sizeof shown, "%c", c);
    diag_t *m = diag_add(p->env->diags, DIAG_bad_character, at, shown);
    if (c == '\'') diag_help(m, "text stands in double quotes: \"…\"");
    else if (c == '$') diag_help(m, "a name begins with a letter or `_`; an f-string has {name}");
    else if (c == '\\') diag_help(m, "lines need no sign to go on: newlines mean nothing");
    return T_FLOW_error;
}
