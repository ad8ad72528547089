/* emit_schema.c - what decoders and writers are told, as constant bytes.
 *
 * The form is that of runtime/kernel/k_schema.h: a head of flags, separator, time unit
 * and tag, then (for decoders) the type of a record with marks for fields that nobody
 * reads and for defaults. */
#include "compiler/emit/emit_stage.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/const.h"

enum { FMT_HEADER = 1, FMT_MULTILINE = 2, FMT_REPLACE = 4 }; /* k_schema.h */

const toption_t *emit_option(const tconnector_t *c, const char *name) {
    for (size_t i = 0; i < c->options.n; i++)
        if (!strcmp(c->options.at[i].info->name, name)) return &c->options.at[i];
    return NULL;
}

int64_t emit_option_int(const tconnector_t *c, const char *name, int64_t otherwise) {
    const toption_t *o = emit_option(c, name);
    if (!o || !o->value) return otherwise;
    if (o->info->type == OPT_char)
        return *(const char *)(uintptr_t)o->value->w[0];
    return (int64_t)o->value->w[0];
}

int emit_time_unit(const tconnector_t *c) {
    const toption_t *o = emit_option(c, "time");
    if (!o || !o->word || !strcmp(o->word, "rfc3339")) return 'r';
    if (!strcmp(o->word, "us")) return 'u';
    return *o->word; /* s, ms, ns */
}

static void put_head(buf_t *b, const tconnector_t *c) {
    const toption_t *utf8 = emit_option(c, "utf8");
    int flags = 0;
    if (c->format == FORMAT_csv) {
        if (emit_option_int(c, "header", 0)) flags |= FMT_HEADER;
        if (emit_option_int(c, "multiline", 0)) flags |= FMT_MULTILINE;
    }
    if (utf8 && utf8->word && !strcmp(utf8->word, "replace")) flags |= FMT_REPLACE;
    buf_char(b, (char)flags);
    buf_char(b, c->format == FORMAT_csv ? (char)emit_option_int(c, "separator", ',') : 0);
    buf_char(b, (char)emit_time_unit(c));
    const toption_t *tag = emit_option(c, "tag");
    if (tag && tag->value)
        buf_put(b, (const char *)(uintptr_t)tag->value->w[0], (size_t)tag->value->w[1]);
    else buf_str(b, "type");
    buf_char(b, 0);
}

LLVMValueRef emit_format(gen_t *g, const tconnector_t *c) {
    buf_t b;
    buf_init(&b, g->e->arena);
    put_head(&b, c);
    return emit_bytes(g->e, buf_text(&b), b.n, "format");
}

/* ---- defaults, as JSON ---- */

static void json_text(buf_t *b, const char *s, size_t n) {
    buf_char(b, '"');
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '"' || s[i] == '\\') buf_char(b, '\\');
        if ((unsigned char)s[i] < 0x20) buf_printf(b, "\\u%04X", s[i]);
        else buf_char(b, s[i]);
    }
    buf_char(b, '"');
}

/* The JSON of a folded value; what string(x) gives is JSON already for lists, maps and
 * records. */
static void put_default(gen_t *g, buf_t *b, node_t *n) {
    emit_t *e = g->e;
    check_t *c = check_new(e->arena, e->names, e->sources, e->diags);
    c->types = e->types;
    const cval_t *v = const_eval(c, n);
    flow_assert(v);
    const char *text = const_text(c, v->type, v->w);
    switch (type_strip(v->type)->kind) {
    case TY_STRING:
        json_text(b, (const char *)(uintptr_t)v->w[0], (size_t)v->w[1]);
        break;
    case TY_NONE: buf_str(b, "null"); break;
    case TY_BYTES: /* base64, which escapes nothing */
    case TY_TIMESTAMP:
    case TY_DURATION: json_text(b, text, strlen(text)); break;
    case TY_UNION:
        if (text[0] == '{') buf_str(b, text);
        else json_text(b, text, strlen(text));
        break;
    case TY_FLOAT:
        if (strchr("NI-", text[0]) && (strstr(text, "NaN") || strstr(text, "Inf")))
            json_text(b, text, strlen(text));
        else buf_str(b, text);
        break;
    default: buf_str(b, text); break;
    }
}

static void put_u32(buf_t *b, size_t n) {
    for (int i = 0; i < 4; i++) buf_char(b, (char)(n >> (8 * i)));
}

static void put_type(gen_t *g, buf_t *b, const type_t *t, const unsigned char *live);

static void put_record(gen_t *g, buf_t *b, const type_t *t, const unsigned char *live) {
    buf_char(b, '{');
    buf_char(b, (char)t->nfields);
    for (uint32_t i = 0; i < t->nfields; i++) {
        buf_put(b, t->fields[i].name, strlen(t->fields[i].name) + 1);
        if (live && !live[i]) buf_char(b, 'x');
        if (t->fields[i].def) {
            buf_t json;
            buf_init(&json, g->e->arena);
            put_default(g, &json, t->fields[i].def);
            buf_char(b, '=');
            put_u32(b, json.n);
            buf_put(b, buf_text(&json), json.n);
        }
        put_type(g, b, t->fields[i].type, NULL);
    }
}

/* A type code with marks; live: of the fields of the outermost record. */
static void put_type(gen_t *g, buf_t *b, const type_t *t, const unsigned char *live) {
    switch (t->kind) {
    case TY_RECORD: put_record(g, b, t, live); break;
    case TY_OPTION:
        buf_char(b, '?');
        put_type(g, b, t->elem, NULL);
        break;
    case TY_LIST:
        buf_char(b, '[');
        put_type(g, b, t->elem, NULL);
        break;
    case TY_MAP:
        buf_char(b, '<');
        put_type(g, b, t->key, NULL);
        put_type(g, b, t->elem, NULL);
        break;
    case TY_UNION:
        buf_char(b, '|');
        buf_char(b, (char)t->nfields);
        for (uint32_t i = 0; i < t->nfields; i++) {
            buf_put(b, t->fields[i].name, strlen(t->fields[i].name) + 1);
            put_record(g, b, t->fields[i].type, NULL);
        }
        break;
    default: type_code(b, t); break;
    }
}

LLVMValueRef emit_schema(gen_t *g, const psource_t *src) {
    buf_t b;
    buf_init(&b, g->e->arena);
    put_head(&b, src->conn);
    const type_t *t = src->conn->record;
    put_type(g, &b, t, src->conn->whole ? NULL : src->live);
    return emit_bytes(g->e, buf_text(&b), b.n, "schema");
}

static void column_names(gen_t *g, buf_t *b, const type_t *t, const char *prefix) {
    for (uint32_t i = 0; i < t->nfields; i++) {
        const char *name = arena_printf(g->e->arena, "%s%s", prefix, t->fields[i].name);
        const type_t *f = type_strip(t->fields[i].type);
        if (f->kind == TY_RECORD) {
            column_names(g, b, f, arena_printf(g->e->arena, "%s.", name));
            continue;
        }
        if (b->n) buf_char(b, ',');
        buf_str(b, name);
    }
}

const char *emit_schema_columns(gen_t *g, const psource_t *src) {
    buf_t b;
    buf_init(&b, g->e->arena);
    column_names(g, &b, src->conn->record, "");
    return buf_text(&b);
}
