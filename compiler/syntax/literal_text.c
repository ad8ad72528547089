/* literal_text.c - strings, the text of f-strings, regexes. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/literal.h"

static void put_utf8(buf_t *b, uint32_t c) {
    if (c < 0x80) {
        buf_char(b, (char)c);
    } else if (c < 0x800) {
        buf_char(b, (char)(0xC0 | c >> 6));
        buf_char(b, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buf_char(b, (char)(0xE0 | c >> 12));
        buf_char(b, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_char(b, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_char(b, (char)(0xF0 | c >> 18));
        buf_char(b, (char)(0x80 | (c >> 12 & 0x3F)));
        buf_char(b, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_char(b, (char)(0x80 | (c & 0x3F)));
    }
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code point of `\u{...}` at s; *used is its length.  -1 if it is none. */
static int64_t unicode_escape(const char *s, size_t n, size_t *used) {
    size_t i = 3;
    int64_t c = 0;
    *used = 2;
    if (n < 3 || s[2] != '{') return -1;
    for (; i < n && hex_digit(s[i]) >= 0; i++)
        if (c <= 0x10FFFF) c = c * 16 + hex_digit(s[i]);
    if (i == n || s[i] != '}') return -1;
    *used = i + 1;
    return i == 3 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? -1 : c;
}

static void bad_escape(parser_t *p, const char *s, size_t n, uint32_t offset) {
    while (n > 1 && n < 5 && ((unsigned char)s[n] & 0xC0) == 0x80) n++;
    const char *text = arena_strndup(p->env->arena, s, n);
    diag_t *m = diag_add(p->env->diags, DIAG_bad_escape,
                         span_at(p, offset, offset + (uint32_t)n), text);
    if (s[1] == 'u')
        diag_help(m, "a character by its number is \\u{1F600}: up to 10FFFF, no surrogate");
    else
        diag_help(m, "escapes are \\n \\t \\r \\\\ \\\" \\0 \\u{…}; a backslash as text is \\\\");
}

/* One escape at s, which begins with a backslash; gives its length. */
static size_t put_escape(parser_t *p, buf_t *b, const char *s, size_t n, uint32_t offset) {
    static const char names[] = "ntr\\\"0", values[] = "\n\t\r\\\"\0";
    flow_assert(n >= 2);
    const char *at = memchr(names, s[1], sizeof names - 1);
    size_t used = 2;
    if (at) {
        buf_char(b, values[at - names]);
        return used;
    }
    int64_t c = s[1] == 'u' ? unicode_escape(s, n, &used) : -1;
    if (c >= 0) put_utf8(b, (uint32_t)c);
    else bad_escape(p, s, used, offset);
    return used;
}

/* The text of n bytes at s, which begin at `offset` of the source. */
static void decode(parser_t *p, buf_t *b, const char *s, size_t n, uint32_t offset, int braces) {
    for (size_t i = 0; i < n;) {
        if (s[i] == '\\') {
            i += put_escape(p, b, s + i, n - i, offset + (uint32_t)i);
            continue;
        }
        buf_char(b, s[i]);
        i += braces && (s[i] == '{' || s[i] == '}') ? 2 : 1;
    }
}

node_t *literal_string(parser_t *p, const char *s, size_t n, span_t at) {
    ast_string_t *out = ast_new(p->env->arena, string, at);
    buf_t b;
    buf_init(&b, p->env->arena);
    decode(p, &b, s + 1, n - 2, at.start + 1, 0);
    out->value = buf_text(&b);
    out->value_n = b.n;
    return &out->node;
}

node_t *literal_fstring_text(parser_t *p, const char *s, size_t n, span_t at) {
    ast_fstring_text_t *out = ast_new(p->env->arena, fstring_text, at);
    buf_t b;
    buf_init(&b, p->env->arena);
    decode(p, &b, s, n, at.start, 1);
    out->value = buf_text(&b);
    out->value_n = b.n;
    return &out->node;
}

node_t *literal_regex(parser_t *p, const char *s, size_t n, span_t at) {
    ast_regex_t *out = ast_new(p->env->arena, regex, at);
    out->pattern = arena_strndup(p->env->arena, s + 1, n - 2);
    out->pattern_n = n - 2;
    return &out->node;
}
