/* render.c - diagnostics as text with the marked line, and as JSON lines.
 *
 * The caret line is aligned by what a terminal shows: tabs of the source are printed as
 * they are and repeated under it, wide characters take two columns.  A span that runs
 * over several lines is marked to the end of its first. */
#include <stdint.h>
#include <string.h>

#include "compiler/base/buf.h"
#include "compiler/base/check.h"
#include "compiler/diag/diag.h"

/* Longer lines are cut around the caret, so a generated program of one line stays
 * readable. */
enum { LINE_LIMIT = 240, LINE_BEFORE = 100 };

typedef struct paint {
    const char *bold, *red, *yellow, *blue, *off;
} paint_t;

static const paint_t plain = {"", "", "", "", ""};
static const paint_t ansi = {"\033[1m", "\033[1;31m", "\033[1;33m", "\033[1;34m", "\033[0m"};

/* One code point at s; bytes that are no UTF-8 count as one each. */
static uint32_t code_point(const char *s, size_t n, size_t *used) {
    const unsigned char *p = (const unsigned char *)s;
    size_t want = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC2 ? 2 : 1;
    if (want > n) want = 1;
    uint32_t c = want == 1 ? p[0] : p[0] & (0xFFu >> (want + 1));
    for (size_t i = 1; i < want; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            *used = 1;
            return 0xFFFD;
        }
        c = c << 6 | (p[i] & 0x3F);
    }
    *used = want;
    return c >= 0x80 && want == 1 ? 0xFFFD : c;
}

/* Columns on a terminal: the blocks of wide characters and of combining marks that
 * programs meet, not the whole tables of Unicode. */
static int columns_of(uint32_t c) {
    static const struct {
        uint32_t from, to;
        int columns;
    } ranges[] = {
        {0x0300, 0x036F, 0},   {0x1100, 0x115F, 2},   {0x200B, 0x200F, 0},
        {0x2E80, 0x303E, 2},   {0x3041, 0xA4CF, 2},   {0xAC00, 0xD7A3, 2},
        {0xF900, 0xFAFF, 2},   {0xFE00, 0xFE0F, 0},   {0xFE30, 0xFE6F, 2},
        {0xFF00, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2},   {0x1F300, 0x1FAFF, 2},
        {0x20000, 0x3FFFD, 2},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].from && c <= ranges[i].to) return ranges[i].columns;
    return 1;
}

/* The line as shown: control characters would move the cursor. */
static void put_shown(buf_t *b, const char *s, size_t n) {
    for (size_t i = 0, used; i < n; i += used) {
        uint32_t c = code_point(s + i, n - i, &used);
        if (c == '\t') buf_char(b, '\t');
        else if (c < 0x20 || c == 0x7F || c == 0xFFFD || (c >= 0x80 && c < 0xA0))
            buf_str(b, "\xEF\xBF\xBD");
        else buf_put(b, s + i, used);
    }
}

static void put_gap(buf_t *b, const char *s, size_t n) {
    for (size_t i = 0, used; i < n; i += used) {
        uint32_t c = code_point(s + i, n - i, &used);
        if (c == '\t') buf_char(b, '\t');
        else buf_pad(b, ' ', (size_t)columns_of(c));
    }
}

static size_t shown_columns(const char *s, size_t n) {
    size_t out = 0;
    for (size_t i = 0, used; i < n; i += used) {
        uint32_t c = code_point(s + i, n - i, &used);
        out += c == '\t' ? 1 : (size_t)columns_of(c);
    }
    return out;
}

/* Moves an offset back to where a code point begins. */
static size_t whole(const char *s, size_t at) {
    while (at > 0 && ((unsigned char)s[at] & 0xC0) == 0x80) at--;
    return at;
}

typedef struct excerpt {
    const char *text;
    size_t len, from, to; /* the marked bytes */
    int cut_left, cut_right;
} excerpt_t;

static excerpt_t excerpt_of(const source_t *src, span_t at, int line) {
    excerpt_t e = {0};
    e.text = source_line(src, line, &e.len);
    size_t start = src->text + at.start < e.text ? 0 : (size_t)(src->text + at.start - e.text);
    size_t end = at.end <= at.start ? start + 1 : start + (at.end - at.start);
    e.from = start < e.len ? start : e.len;
    e.to = end < e.len ? end : e.len;
    if (e.len <= LINE_LIMIT) return e;
    size_t cut = e.from > LINE_BEFORE ? whole(e.text, e.from - LINE_BEFORE) : 0;
    e.text += cut;
    e.len -= cut;
    e.from -= cut;
    e.to -= cut;
    e.cut_left = cut > 0;
    if (e.len > LINE_LIMIT) {
        e.len = whole(e.text, LINE_LIMIT);
        e.cut_right = 1;
    }
    if (e.to > e.len) e.to = e.len;
    return e;
}

static void put_excerpt(buf_t *b, const diag_t *m, const source_t *src, int line, int gutter,
                        const paint_t *p) {
    excerpt_t e = excerpt_of(src, m->at, line);
    const char *left = e.cut_left ? "… " : "";
    buf_printf(b, "%s%*d |%s %s", p->blue, gutter, line, p->off, left);
    put_shown(b, e.text, e.len);
    buf_printf(b, "%s\n%s%*s |%s %s", e.cut_right ? " …" : "", p->blue, gutter, "", p->off,
               e.cut_left ? "  " : "");
    put_gap(b, e.text, e.from);
    size_t carets = e.to > e.from ? shown_columns(e.text + e.from, e.to - e.from) : 1;
    buf_str(b, m->is_error ? p->red : p->yellow);
    buf_pad(b, '^', carets ? carets : 1);
    if (m->label) buf_printf(b, " %s", m->label);
    buf_printf(b, "%s\n", p->off);
}

/* `     = help: text`; further lines of the text stand under its first letter. */
static void put_extra(buf_t *b, const diag_extra_t *x, int gutter, const paint_t *p) {
    static const char *const heads[] = {
        [DIAG_NOTE] = "note: ", [DIAG_HELP] = "help: ", [DIAG_LINE] = ""};
    const char *head = heads[x->part];
    buf_printf(b, "%*s %s=%s %s%s%s", gutter, "", p->blue, p->off, p->bold, head, p->off);
    size_t indent = (size_t)gutter + 3 + strlen(head);
    for (const char *s = x->text;;) {
        size_t n = strcspn(s, "\n");
        buf_put(b, s, n);
        buf_char(b, '\n');
        if (!s[n]) break;
        s += n + 1;
        buf_pad(b, ' ', indent);
    }
}

static void put_diag(buf_t *b, diags_t *d, const diag_t *m, const paint_t *p) {
    const char *severity = m->is_error ? "error:" : "warning:";
    const char *shade = m->is_error ? p->red : p->yellow;
    int gutter = 4;
    if (m->at.file == SPAN_NOWHERE.file) {
        buf_printf(b, "%sflowc: %s%s%s %s%s%s\n", p->bold, shade, severity, p->off, p->bold,
                   m->text, p->off);
    } else {
        int line, column;
        const source_t *src = source_at(diags_sources(d), m->at.file);
        source_position(src, m->at.start, &line, &column);
        for (int limit = 9999; line > limit; limit = limit * 10 + 9) gutter++;
        buf_printf(b, "%s%s:%d:%d: %s%s%s %s%s%s\n", p->bold, src->path, line, column, shade,
                   severity, p->off, p->bold, m->text, p->off);
        put_excerpt(b, m, src, line, gutter, p);
    }
    for (size_t i = 0; i < m->nextras; i++) put_extra(b, &m->extras[i], gutter, p);
}

static void put_all(buf_t *b, diags_t *d, const paint_t *p) {
    for (size_t i = 0; i < diags_count(d); i++) put_diag(b, d, diags_at(d, i), p);
    if (diags_truncated(d)) buf_str(b, "flowc: further messages are left out\n");
}

const char *diags_text(diags_t *d, arena_t *a) {
    buf_t b;
    buf_init(&b, a);
    put_all(&b, d, &plain);
    return buf_text(&b);
}

int diags_render(diags_t *d, FILE *out, int color) {
    arena_t *a = arena_new("messages");
    buf_t b;
    buf_init(&b, a);
    put_all(&b, d, color ? &ansi : &plain);
    fputs(buf_text(&b), out);
    arena_free(a);
    return diags_errors(d);
}

static void put_json_text(buf_t *b, const char *s) {
    buf_char(b, '"');
    for (size_t n = strlen(s), i = 0, used; i < n; i += used) {
        uint32_t c = code_point(s + i, n - i, &used);
        if (c == '"' || c == '\\') buf_printf(b, "\\%c", (int)c);
        else if (c == '\n') buf_str(b, "\\n");
        else if (c < 0x20) buf_printf(b, "\\u%04x", (unsigned)c);
        else if (c == 0xFFFD) buf_str(b, "\xEF\xBF\xBD");
        else buf_put(b, s + i, used);
    }
    buf_char(b, '"');
}

static void put_json_place(buf_t *b, diags_t *d, span_t at) {
    if (at.file == SPAN_NOWHERE.file) return;
    const source_t *src = source_at(diags_sources(d), at.file);
    int line, column, end_line, end_column;
    source_position(src, at.start, &line, &column);
    source_position(src, at.end, &end_line, &end_column);
    buf_str(b, "\"file\":");
    put_json_text(b, src->path);
    buf_printf(b, ",\"line\":%d,\"column\":%d,\"end_line\":%d,\"end_column\":%d,", line,
               column, end_line, end_column);
}

static void put_json(buf_t *b, diags_t *d, const diag_t *m) {
    buf_char(b, '{');
    put_json_place(b, d, m->at);
    buf_printf(b, "\"severity\":\"%s\",\"id\":\"%s\",\"message\":",
               m->is_error ? "error" : "warning", diag_id_name(m->id));
    put_json_text(b, m->text);
    if (m->label) {
        buf_str(b, ",\"label\":");
        put_json_text(b, m->label);
    }
    buf_str(b, ",\"notes\":[");
    const char *help = NULL, *comma = "";
    for (size_t i = 0; i < m->nextras; i++) {
        if (m->extras[i].part == DIAG_HELP) {
            help = m->extras[i].text;
            continue;
        }
        buf_str(b, comma);
        put_json_text(b, m->extras[i].text);
        comma = ",";
    }
    buf_char(b, ']');
    if (help) {
        buf_str(b, ",\"help\":");
        put_json_text(b, help);
    }
    buf_str(b, "}\n");
}

int diags_render_json(diags_t *d, FILE *out) {
    arena_t *a = arena_new("messages");
    buf_t b;
    buf_init(&b, a);
    for (size_t i = 0; i < diags_count(d); i++) put_json(&b, d, diags_at(d, i));
    fputs(buf_text(&b), out);
    arena_free(a);
    return diags_errors(d);
}
