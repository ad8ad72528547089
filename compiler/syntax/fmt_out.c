/* fmt_out.c - columns, measuring, comments and lists of the formatter. */
#include "compiler/syntax/fmt_out.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/words.h"

void fmt_text(fmt_t *f, const char *s, size_t n) {
    if (n == 0) return;
    size_t columns = 0;
    for (size_t i = 0; i < n; i++) columns += ((unsigned char)s[i] & 0xC0) != 0x80;
    if (f->measuring) {
        if (columns > f->budget) f->over = 1;
        else f->budget -= columns;
        return;
    }
    if (f->must_break) {
        fmt_newline(f, f->indent);
        while (n > 0 && *s == ' ') s++, n--, columns--;
    }
    buf_put(&f->out, s, n);
    f->col += columns;
}

void fmt_put(fmt_t *f, const char *s) {
    fmt_text(f, s, strlen(s));
}

void fmt_source(fmt_t *f, span_t at) {
    fmt_text(f, f->source->text + at.start, at.end - at.start);
}

static int is_bare(const char *name, int declared) {
    size_t n = strlen(name);
    unsigned char c = (unsigned char)*name;
    if (!(c == '_' || (c >= 'a' && c <= 'z') || c >= 0x80)) return 0;
    for (size_t i = 0; i < n; i++) {
        c = (unsigned char)name[i];
        if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c >= 0x80))
            return 0;
    }
    word_class class = word_lookup(name, n, NULL);
    return class == WORD_NAME || (!declared && class != WORD_RESERVED);
}

static void put_name(fmt_t *f, const char *name, int bare) {
    if (!bare) fmt_put(f, "`");
    fmt_put(f, name);
    if (!bare) fmt_put(f, "`");
}

void fmt_name(fmt_t *f, const char *name) {
    put_name(f, name, is_bare(name, 0));
}

void fmt_ident(fmt_t *f, const char *name) {
    put_name(f, name, is_bare(name, 1));
}

void fmt_type_name(fmt_t *f, const char *name) {
    put_name(f, name, (*name >= 'A' && *name <= 'Z') || is_bare(name, 1));
}

void fmt_newline(fmt_t *f, size_t col) {
    if (f->measuring) {
        f->over = 1;
        return;
    }
    f->must_break = 0;
    while (f->out.n && f->out.at[f->out.n - 1] == ' ') f->out.n--;
    buf_char(&f->out, '\n');
    buf_pad(&f->out, ' ', col);
    f->col = col;
    f->lines++;
}

int fmt_has_comments(const fmt_t *f, span_t at) {
    for (size_t i = f->next; i < f->comments->n; i++) {
        uint32_t start = f->comments->at[i].span.start;
        if (start >= at.end) return 0;
        if (start >= at.start) return 1;
    }
    return 0;
}

int fmt_fits(fmt_t *f, fmt_fn *fn, const node_t *n, size_t after) {
    if (f->flat) return 1;
    if (f->must_break || f->col + after >= FMT_WIDTH) return 0;
    f->measuring = f->flat = 1;
    f->over = 0;
    f->budget = FMT_WIDTH - f->col - after;
    fn(f, n);
    f->measuring = f->flat = 0;
    return !f->over;
}

int fmt_was_broken(const fmt_t *f, uint32_t from, uint32_t to) {
    return from < to && memchr(f->source->text + from, '\n', to - from) != NULL;
}

int fmt_blank_before(const fmt_t *f, uint32_t offset) {
    int breaks = 0;
    for (uint32_t i = offset; i > 0 && strchr(" \t\r\n", f->source->text[i - 1]); i--)
        breaks += f->source->text[i - 1] == '\n';
    return breaks > 1;
}

static void put_comment(fmt_t *f, const comment_t *c) {
    const char *s = f->source->text + c->span.start;
    size_t n = c->span.end - c->span.start;
    while (n > 0 && strchr(" \t\r", s[n - 1])) n--;
    fmt_text(f, s, n);
    f->must_break = 1;
}

void fmt_blank(fmt_t *f, size_t col) {
    while (f->out.n && f->out.at[f->out.n - 1] == ' ') f->out.n--;
    size_t n = f->out.n;
    if (n == 0 || (n > 1 && f->out.at[n - 1] == '\n' && f->out.at[n - 2] == '\n'))
        buf_pad(&f->out, ' ', col);
    else fmt_newline(f, col);
}

int fmt_comment_due(const fmt_t *f, uint32_t offset) {
    return f->next < f->comments->n && f->comments->at[f->next].span.start < offset;
}

void fmt_comments_before(fmt_t *f, uint32_t offset, size_t col, int blanks) {
    if (f->measuring) return;
    for (; fmt_comment_due(f, offset); f->next++) {
        const comment_t *c = &f->comments->at[f->next];
        if (blanks && fmt_blank_before(f, c->span.start)) fmt_blank(f, col);
        put_comment(f, c);
        fmt_newline(f, col);
    }
    if (blanks && offset < f->source->len && fmt_blank_before(f, offset)) fmt_blank(f, col);
}

/* Do only blanks and comments stand between the next comment and what begins at `start`?
 * Else it stands before the bracket that holds it too. */
static int comment_is_direct(const fmt_t *f, uint32_t start) {
    size_t next = f->next;
    uint32_t i = f->comments->at[next].span.start;
    while (i < start) {
        if (next < f->comments->n && i == f->comments->at[next].span.start)
            i = f->comments->at[next++].span.end;
        else if (!strchr(" \t\r\n(", f->source->text[i++])) return 0;
    }
    return 1;
}

void fmt_comments_first(fmt_t *f, uint32_t start, size_t col) {
    if (f->measuring || !fmt_comment_due(f, start) || !comment_is_direct(f, start)) return;
    fmt_comments_before(f, start, col, 0);
}

/* Does nothing but a separator stand between `end` and the comment? */
static int follows(const fmt_t *f, uint32_t end, const comment_t *c) {
    for (uint32_t i = end; i < c->span.start; i++)
        if (!strchr(" \t,;", f->source->text[i])) return 0;
    return 1;
}

/* One at most: a second would need a line of its own, and the place before the next
 * element is the one for those. */
void fmt_comments_after(fmt_t *f, span_t at) {
    if (f->flat || f->must_break || f->next == f->comments->n) return;
    const comment_t *c = &f->comments->at[f->next];
    if (c->span.start < at.start) return; /* of something around it */
    if (c->span.start >= at.end && !follows(f, at.end, c)) return;
    fmt_put(f, "  ");
    put_comment(f, c);
    f->next++;
}

void fmt_close(fmt_t *f, uint32_t end, size_t col, size_t outer) {
    for (; !f->measuring && fmt_comment_due(f, end); f->next++) {
        fmt_newline(f, col);
        put_comment(f, &f->comments->at[f->next]);
    }
    fmt_newline(f, outer);
}

/* Has every element a line of its own in the source? */
static int line_each(const fmt_t *f, const nodes_t *list) {
    for (size_t i = 1; i < list->n; i++)
        if (!fmt_was_broken(f, list->at[i - 1]->span.end, list->at[i]->span.start)) return 0;
    return list->n > 1;
}

/* Is a comment due before element i that stands in the list? */
static int comment_between(const fmt_t *f, const nodes_t *list, size_t i) {
    return fmt_comment_due(f, list->at[i]->span.start) &&
           f->comments->at[f->next].span.start >= list->at[0]->span.start;
}

/* Goes to the place of element i > 0: on this line if it fits there. */
static void next_element(fmt_t *f, const nodes_t *list, size_t i, int alone, fmt_fn *fn,
                         size_t after) {
    const node_t *n = list->at[i];
    int due = !f->flat && comment_between(f, list, i);
    int fits = !alone && !due && fmt_fits(f, fn, n, 1 + (i + 1 == list->n ? after : 1));
    if (f->flat || fits) fmt_put(f, " ");
    else fmt_newline(f, f->indent);
    if (due) fmt_comments_before(f, n->span.start, f->indent, 0);
}

void fmt_list_to(fmt_t *f, const nodes_t *list, fmt_fn *fn, size_t after, const char *close) {
    size_t outer = f->indent, lines = f->lines;
    int each = line_each(f, list);
    f->indent = f->col;
    for (size_t i = 0; i < list->n && !(f->measuring && f->over); i++) {
        const node_t *n = list->at[i];
        if (i > 0) next_element(f, list, i, each || f->lines != lines, fn, after);
        else if (!f->flat) fmt_comments_first(f, n->span.start, f->indent);
        lines = f->lines;
        fn(f, n);
        fmt_put(f, i + 1 < list->n ? "," : close);
        fmt_comments_after(f, n->span);
    }
    f->indent = outer;
}

void fmt_list(fmt_t *f, const nodes_t *list, fmt_fn *fn, size_t after) {
    fmt_list_to(f, list, fn, after, "");
}
