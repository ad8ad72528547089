/* ir_text.c - LLVM's own text with the program's lines between the instructions.
 *
 * Works on the text, because the C API does not print a function with its metadata
 * numbers: `!dbg !7` at the end of a line leads to `!7 = !DILocation(line: 3, ..., scope:
 * !5)` at the end of the module, whose scope leads to a file.  A comment is put above a
 * line whose place differs from that of the line before. */
#include "compiler/emit/ir_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/base/buf.h"
#include "compiler/base/check.h"

typedef struct note { /* what we need of metadata number i */
    int line;         /* DILocation: its line; else 0 */
    int scope;        /* DILocation: its scope; scopes: the file, or -1 */
    int inlined;      /* DILocation: the call it was inlined at, or -1 */
    const char *file; /* DIFile: its name */
} note_t;

typedef struct printer {
    emit_t *e;
    buf_t out;
    note_t *notes;
    int nnotes;
    int last_line;
    const char *last_file;
} printer_t;

static const char *line_end(const char *p) {
    const char *end = strchr(p, '\n');
    return end ? end : p + strlen(p);
}

/* The number after `key` in [p, end), or -1. */
static int number_after(const char *p, const char *end, const char *key) {
    size_t n = strlen(key);
    for (; p + n < end; p++)
        if (!memcmp(p, key, n)) return atoi(p + n);
    return -1;
}

static const char *text_after(arena_t *a, const char *p, const char *end, const char *key) {
    size_t n = strlen(key);
    for (; p + n < end; p++) {
        if (memcmp(p, key, n)) continue;
        const char *close = memchr(p + n, '"', (size_t)(end - p) - n);
        return close ? arena_strndup(a, p + n, (size_t)(close - p) - n) : NULL;
    }
    return NULL;
}

static int begins(const char *p, const char *end, const char *word) {
    size_t n = strlen(word);
    return (size_t)(end - p) >= n && !memcmp(p, word, n);
}

static void read_note(printer_t *pr, const char *p, const char *end) {
    char *body;
    long i = strtol(p + 1, &body, 10);
    if (body == p + 1 || i < 0 || i >= pr->nnotes || strncmp(body, " = ", 3)) return;
    body += 3;
    if (begins(body, end, "distinct ")) body += 9;
    note_t *n = &pr->notes[i];
    if (begins(body, end, "!DILocation(")) {
        n->line = number_after(body, end, "line: ");
        n->scope = number_after(body, end, "scope: !");
        n->inlined = number_after(body, end, "inlinedAt: !");
    } else if (begins(body, end, "!DIFile(")) {
        n->file = text_after(pr->e->arena, body, end, "filename: \"");
    } else if (begins(body, end, "!DISubprogram(") || begins(body, end, "!DILexicalBlock")) {
        n->scope = number_after(body, end, "file: !");
    }
}

static void read_notes(printer_t *pr, const char *text) {
    for (const char *p = text; *p; p = line_end(p) + (*line_end(p) != 0)) {
        int i = *p == '!' ? atoi(p + 1) : -1;
        if (i >= pr->nnotes) pr->nnotes = i + 1;
    }
    pr->notes = ARENA_ARRAY(pr->e->arena, note_t, pr->nnotes + 1);
    for (int i = 0; i < pr->nnotes; i++) pr->notes[i] = (note_t){.scope = -1, .inlined = -1};
    for (const char *p = text; *p; p = line_end(p) + (*line_end(p) != 0))
        if (*p == '!') read_note(pr, p, line_end(p));
}

/* The file and line of location number i; code that was inlined keeps its own line. */
static const char *place(printer_t *pr, int i, int *line) {
    if (i < 0 || i >= pr->nnotes || !pr->notes[i].line) return NULL;
    *line = pr->notes[i].line;
    int scope = pr->notes[i].scope;
    if (scope < 0 || scope >= pr->nnotes) return NULL;
    int file = pr->notes[scope].scope;
    return file >= 0 && file < pr->nnotes ? pr->notes[file].file : NULL;
}

static const source_t *source_named(emit_t *e, const char *name) {
    for (uint32_t i = 0; i < sources_count(e->sources); i++) {
        const source_t *s = source_at(e->sources, i);
        const char *slash = strrchr(s->path, '/');
        if (!strcmp(slash ? slash + 1 : s->path, name)) return s;
    }
    return NULL;
}

/* `  ; 3| |> where ms > 10` */
static void put_source_line(printer_t *pr, const char *file, int line) {
    if (line == pr->last_line && pr->last_file && !strcmp(file, pr->last_file)) return;
    pr->last_line = line;
    pr->last_file = file;
    const source_t *s = source_named(pr->e, file);
    if (!s || line < 1 || (size_t)line > s->nlines) return;
    const char *text = s->text + s->lines[line - 1];
    size_t n = strcspn(text, "\r\n");
    while (n && (*text == ' ' || *text == '\t')) text++, n--;
    buf_printf(&pr->out, "  ; %d| %.*s\n", line, (int)n, text);
}

static void put_line(printer_t *pr, const char *p, const char *end) {
    int line;
    const char *file = NULL;
    if (*p == ' ') {
        const char *dbg = NULL;
        for (const char *q = p; (q = memchr(q, '!', (size_t)(end - q))); q++)
            if (begins(q, end, "!dbg !")) dbg = q;
        if (dbg) file = place(pr, atoi(dbg + 6), &line);
    }
    if (file) put_source_line(pr, file, line);
    buf_put(&pr->out, p, (size_t)(end - p));
    buf_char(&pr->out, '\n');
}

/* Does the line open a function of the stage? */
static int opens_stage(const char *p, const char *end, const char *mark) {
    if (!begins(p, end, "define ")) return 0;
    for (size_t n = strlen(mark); p + n < end; p++)
        if (!memcmp(p, mark, n)) return 1;
    return 0;
}

const char *ir_text(emit_t *e, int stage) {
    char *text = LLVMPrintModuleToString(e->module);
    printer_t pr = {.e = e};
    buf_init(&pr.out, e->arena);
    read_notes(&pr, text);
    const char *mark = arena_printf(e->arena, "@flowgen_stage%d_", stage);
    int shown = stage < 0;
    for (const char *p = text, *end; *p; p = end + (*end != 0)) {
        end = line_end(p);
        if (begins(p, end, "define ")) pr.last_line = 0;
        if (stage >= 0 && opens_stage(p, end, mark)) shown = 1;
        if (shown) put_line(&pr, p, end);
        if (stage >= 0 && shown && *p == '}') {
            shown = 0;
            buf_char(&pr.out, '\n');
        }
    }
    LLVMDisposeMessage(text);
    return buf_text(&pr.out);
}

const char *asm_text(emit_t *e, const char *text, size_t n, int stage) {
    buf_t out;
    buf_init(&out, e->arena);
    const char *mark = arena_printf(e->arena, "flowgen_stage%d_", stage);
    int shown = stage < 0;
    for (const char *p = text, *stop = text + n, *end; p < stop; p = end + 1) {
        end = memchr(p, '\n', (size_t)(stop - p));
        if (!end) end = stop;
        if (stage >= 0 && begins(p, end, mark)) shown = 1;
        if (stage >= 0 && begins(p, end, ".Lfunc_end")) shown = 0;
        if (!shown) continue;
        buf_put(&out, p, (size_t)(end - p));
        buf_char(&out, '\n');
    }
    return buf_text(&out);
}
