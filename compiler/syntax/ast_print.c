/* ast_print.c - prints by descriptor: no code per kind. */
#include "compiler/syntax/ast_print.h"

#include <inttypes.h>
#include <string.h>

#include "compiler/base/check.h"

static const void *member(const node_t *n, size_t offset) {
    return (const char *)n + offset;
}

static void put_text(buf_t *b, const char *s, size_t n) {
    buf_char(b, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\\') buf_printf(b, "\\%c", c);
        else if (c == '\n') buf_str(b, "\\n");
        else if (c == '\t') buf_str(b, "\\t");
        else if (c < 0x20 || c == 0x7F) buf_printf(b, "\\x%02x", c);
        else buf_char(b, (char)c);
    }
    buf_char(b, '"');
}

static void put_wide(buf_t *b, __int128 v) {
    char digits[40];
    size_t i = sizeof digits;
    unsigned __int128 left = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    do digits[--i] = (char)('0' + (int)(left % 10));
    while (left /= 10);
    if (v < 0) buf_char(b, '-');
    buf_put(b, digits + i, sizeof digits - i);
}

/* What stands on the node's own line. */
static void put_value(buf_t *b, const node_t *n, const node_field_t *f) {
    const void *at = member(n, f->offset);
    switch (f->word) {
    case FIELD_NAME: {
        const char *name = *(const char *const *)at;
        if (name) buf_printf(b, " %s=%s", f->name, name);
        break;
    }
    case FIELD_TEXT:
        buf_printf(b, " %s=", f->name);
        put_text(b, *(const char *const *)at, *(const size_t *)member(n, f->second));
        break;
    case FIELD_INT: buf_printf(b, " %s=%" PRId64, f->name, *(const int64_t *)at); break;
    case FIELD_FLOAT: buf_printf(b, " %s=%.17g", f->name, *(const double *)at); break;
    case FIELD_WIDE:
        buf_printf(b, " %s=", f->name);
        put_wide(b, *(const __int128 *)at);
        break;
    case FIELD_FLAG:
        if (*(const int *)at) buf_printf(b, " %s", f->name);
        break;
    case FIELD_ENUM: buf_printf(b, " %s", f->choices[*(const int *)at]); break;
    case FIELD_ONE:
    case FIELD_OPT:
    case FIELD_LIST:
    case FIELD_WORD:
    case FIELD_SPAN:
    case FIELD_END: break;
    }
}

static void print(buf_t *b, const node_t *n, const char *label, size_t indent);

static void print_list(buf_t *b, const nodes_t *list, const char *label, size_t indent) {
    if (list->n == 0) return;
    buf_pad(b, ' ', indent);
    buf_printf(b, "%s:\n", label);
    for (size_t i = 0; i < list->n; i++) print(b, list->at[i], NULL, indent + 2);
}

static void print(buf_t *b, const node_t *n, const char *label, size_t indent) {
    const node_shape_t *shape = ast_shape(n->kind);
    buf_pad(b, ' ', indent);
    if (label) buf_printf(b, "%s: ", label);
    buf_str(b, shape->name);
    for (const node_field_t *f = shape->fields; f->word != FIELD_END; f++) put_value(b, n, f);
    buf_char(b, '\n');
    for (const node_field_t *f = shape->fields; f->word != FIELD_END; f++) {
        const void *at = member(n, f->offset);
        if (f->word == FIELD_LIST) print_list(b, at, f->name, indent + 2);
        else if ((f->word == FIELD_ONE || f->word == FIELD_OPT) && *(node_t *const *)at)
            print(b, *(node_t *const *)at, f->name, indent + 2);
    }
}

void ast_print(buf_t *b, const node_t *n) {
    print(b, n, NULL, 0);
}
