/* k_print.c - values to JSON, csv and text by walking the type code beside the words.
 *
 * Each function prints one value and returns where its type's code ends. */
#include "runtime/kernel/k_print.h"
#include "runtime/kernel/k_jvalue.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_schema.h"
#include "runtime/kernel/k_type.h"
#include "runtime/kernel/k_write.h"

typedef struct printer {
    flow_ctx *ctx;
    flow_buf *b;
    flow_format fmt;
} printer;

static const uint8_t print_plain[] = {0, ',', 'r', 't', 'y', 'p', 'e', 0};

static const uint8_t *print_json(printer *p, const uint64_t *w, const uint8_t *tc);

FLOW_INLINE printer print_open(flow_ctx *ctx, flow_buf *b, const uint8_t *fmt) {
    printer p = {.ctx = ctx, .b = b};
    k_format_read(fmt ? fmt : print_plain, &p.fmt);
    return p;
}

FLOW_INLINE void print_byte(printer *p, uint8_t c) {
    k_write_byte(p->ctx, p->b, c);
}

FLOW_INLINE const uint8_t *print_ptr(uint64_t word) {
    return (const uint8_t *)(uintptr_t)word;
}

FLOW_INLINE double print_float(uint64_t word) {
    double v;
    __builtin_memcpy(&v, &word, 8);
    return v;
}

static int64_t print_len(const uint8_t *text) {
    int64_t n = 0;
    while (text[n])
        n++;
    return n;
}

static void print_name(printer *p, const uint8_t *name) {
    flow_k_write_bytes(p->ctx, p->b, name, print_len(name));
}

/* The code (after its letter) is of an enum: no variant has a field. */
static int print_is_enum(const uint8_t *tc) {
    for (int n = *tc++; n > 0; n--) {
        tc = flow_type_name_skip(tc);
        if (tc[1]) return 0;
        tc = flow_k_type_skip(tc);
    }
    return 1;
}

/* The name of variant `tag` in a tagged record's code (after its letter). */
static const uint8_t *print_variant(const uint8_t *tc, uint64_t tag) {
    for (tc++; tag; tag--)
        tc = flow_k_type_skip(flow_type_name_skip(tc));
    return tc;
}

/* ---- JSON ----------------------------------------------------------------------- */

static const uint8_t *print_list(printer *p, const uint64_t *w, const uint8_t *tc) {
    const uint64_t *element = (const uint64_t *)(uintptr_t)w[0];
    int64_t words = flow_k_type_words(tc);
    print_byte(p, '[');
    for (uint64_t i = 0; i < w[1]; i++) {
        if (i) print_byte(p, ',');
        print_json(p, element + (int64_t)i * words, tc);
    }
    print_byte(p, ']');
    return flow_k_type_skip(tc);
}

static void print_key(printer *p, const uint64_t *w, uint8_t kind) {
    if (kind == 's') {
        flow_k_write_json_text(p->ctx, p->b, print_ptr(w[0]), (int64_t)w[1]);
        return;
    }
    print_byte(p, '"');
    if (kind == 'b') {
        flow_k_write_bool(p->ctx, p->b, w[0] != 0);
    } else {
        flow_k_write_int(p->ctx, p->b, (int64_t)w[0]);
    }
    print_byte(p, '"');
}

static const uint8_t *print_map(printer *p, const uint64_t *w, const uint8_t *tc) {
    const uint64_t *entry = (const uint64_t *)(uintptr_t)w[0];
    const uint8_t *value = flow_k_type_skip(tc);
    int64_t key = flow_k_type_words(tc), words = key + flow_k_type_words(value);
    print_byte(p, '{');
    for (uint64_t i = 0; i < w[1]; i++, entry += words) {
        if (i) print_byte(p, ',');
        print_key(p, entry, *tc);
        print_byte(p, ':');
        print_json(p, entry + key, value);
    }
    print_byte(p, '}');
    return flow_k_type_skip(value);
}

/* The fields of a record; `more`: some stand before them in the same object. */
static const uint8_t *print_fields(printer *p, const uint64_t *w, const uint8_t *tc,
                                   int more) {
    for (int n = *tc++; n > 0; n--) {
        if (more) print_byte(p, ',');
        more = 1;
        flow_k_write_json_text(p->ctx, p->b, tc, print_len(tc));
        print_byte(p, ':');
        const uint8_t *type = flow_type_name_skip(tc);
        tc = print_json(p, w, type);
        w += flow_k_type_words(type);
    }
    return tc;
}

static void print_tagged(printer *p, const uint64_t *w, const uint8_t *tc) {
    const uint8_t *name = print_variant(tc, w[0]);
    if (print_is_enum(tc)) {
        flow_k_write_json_text(p->ctx, p->b, name, print_len(name));
        return;
    }
    print_byte(p, '{');
    flow_k_write_json_text(p->ctx, p->b, p->fmt.tag, p->fmt.tag_len);
    print_byte(p, ':');
    flow_k_write_json_text(p->ctx, p->b, name, print_len(name));
    print_fields(p, w + 1, flow_type_name_skip(name) + 1, 1);
    print_byte(p, '}');
}

static const uint8_t *print_optional(printer *p, const uint64_t *w, const uint8_t *tc) {
    if (w[flow_k_type_words(tc)]) return print_json(p, w, tc);
    flow_k_write_bytes(p->ctx, p->b, (const uint8_t *)"null", 4);
    return flow_k_type_skip(tc);
}

static const uint8_t *print_json(printer *p, const uint64_t *w, const uint8_t *tc) {
    flow_ctx *ctx = p->ctx;
    flow_buf *b = p->b;
    switch (*tc++) {
    case 'i': flow_k_write_int(ctx, b, (int64_t)w[0]); return tc;
    case 'f': flow_k_write_json_float(ctx, b, print_float(w[0])); return tc;
    case 'b': flow_k_write_bool(ctx, b, w[0] != 0); return tc;
    case 's': flow_k_write_json_text(ctx, b, print_ptr(w[0]), (int64_t)w[1]); return tc;
    case 'y':
        print_byte(p, '"');
        k_write_base64(ctx, b, print_ptr(w[0]), (int64_t)w[1]);
        print_byte(p, '"');
        return tc;
    case 't': flow_k_write_json_time(ctx, b, (int64_t)w[0], p->fmt.unit); return tc;
    case 'd': flow_k_write_json_duration(ctx, b, (int64_t)w[0], p->fmt.unit); return tc;
    case 'D':
        flow_k_write_decimal(ctx, b, (int64_t)w[0], (int64_t)w[1], tc[1]);
        return tc + 2;
    case '?': return print_optional(p, w, tc);
    case '[': return print_list(p, w, tc);
    case '<': return print_map(p, w, tc);
    case '{':
        print_byte(p, '{');
        tc = print_fields(p, w, tc, 0);
        print_byte(p, '}');
        return tc;
    default: print_tagged(p, w, tc); return flow_k_type_skip(tc - 1);
    }
}

FLOW_FAR void flow_k_write_json(flow_ctx *ctx, flow_buf *b, const uint64_t *words,
                                const uint8_t *fmt, const uint8_t *tc) {
    printer p = print_open(ctx, b, fmt);
    print_json(&p, words, tc);
}

/* ---- text ----------------------------------------------------------------------- */

/* A scalar that is not JSON's in text; 0 if it is. */
static int print_scalar(printer *p, const uint64_t *w, const uint8_t *tc, int unit) {
    switch (*tc) {
    case 'f': flow_k_write_float(p->ctx, p->b, print_float(w[0])); return 1;
    case 's': flow_k_write_bytes(p->ctx, p->b, print_ptr(w[0]), (int64_t)w[1]); return 1;
    case 'y': k_write_base64(p->ctx, p->b, print_ptr(w[0]), (int64_t)w[1]); return 1;
    case 't': flow_k_write_time(p->ctx, p->b, (int64_t)w[0], unit); return 1;
    case 'd': flow_k_write_duration(p->ctx, p->b, (int64_t)w[0], unit); return 1;
    case '|':
        if (!print_is_enum(tc + 1)) return 0;
        print_name(p, print_variant(tc + 1, w[0]));
        return 1;
    default: return 0;
    }
}

FLOW_FAR void flow_k_write_text(flow_ctx *ctx, flow_buf *b, const uint64_t *words,
                                const uint8_t *tc) {
    printer p = print_open(ctx, b, NULL);
    if (*tc == '?') {
        tc++;
        if (!words[flow_k_type_words(tc)]) {
            flow_k_write_bytes(ctx, b, (const uint8_t *)"none", 4);
            return;
        }
    }
    if (!print_scalar(&p, words, tc, 'r')) print_json(&p, words, tc);
}

FLOW_FAR void flow_k_write_console(flow_ctx *ctx, flow_buf *b, const uint64_t *words,
                                   const uint8_t *tc) {
    flow_k_write_text(ctx, b, words, tc);
}

/* ---- csv ------------------------------------------------------------------------ */

static const uint8_t *print_csv(printer *p, const uint64_t *w, const uint8_t *tc,
                                int none);

static const uint8_t *print_csv_fields(printer *p, const uint64_t *w, const uint8_t *tc,
                                       int none, int more) {
    for (int n = *tc++; n > 0; n--) {
        if (more) print_byte(p, p->fmt.separator);
        more = 1;
        const uint8_t *type = flow_type_name_skip(tc);
        tc = print_csv(p, w, type, none);
        w += flow_k_type_words(type);
    }
    return tc;
}

/* What was written since `at` as a csv text. */
static void print_requote(printer *p, int64_t at) {
    int64_t len = p->b->p - p->b->base - at;
    uint8_t *copy = flow_k_alloc(p->ctx, len + FLOW_SLACK);
    __builtin_memcpy(copy, p->b->base + at, (size_t)len);
    p->b->p = p->b->base + at;
    flow_k_write_csv_text(p->ctx, p->b, copy, len, p->fmt.separator);
}

static void print_csv_leaf(printer *p, const uint64_t *w, const uint8_t *tc) {
    if (*tc == 's') {
        flow_k_write_csv_text(p->ctx, p->b, print_ptr(w[0]), (int64_t)w[1],
                              p->fmt.separator);
        return;
    }
    int64_t at = p->b->p - p->b->base;
    if (!print_scalar(p, w, tc, p->fmt.unit)) print_json(p, w, tc);
    /* Brackets mean quotes inside; numbers hold a separator only if it is a strange one.
     */
    if (*tc == '[' || *tc == '<' || *tc == '|' || p->fmt.separator != ',')
        print_requote(p, at);
}

static const uint8_t *print_csv(printer *p, const uint64_t *w, const uint8_t *tc,
                                int none) {
    if (*tc == '?') {
        tc++;
        none |= !w[flow_k_type_words(tc)];
    }
    if (*tc == '{') return print_csv_fields(p, w, tc + 1, none, 0);
    if (!none) print_csv_leaf(p, w, tc);
    return flow_k_type_skip(tc);
}

FLOW_FAR void flow_k_write_csv(flow_ctx *ctx, flow_buf *b, const uint64_t *words,
                               const uint8_t *fmt, const uint8_t *tc) {
    printer p = print_open(ctx, b, fmt);
    if (*tc == '|' && !print_is_enum(tc + 1)) {
        const uint8_t *name = print_variant(tc + 1, words[0]);
        print_name(&p, name);
        print_csv_fields(&p, words + 1, flow_type_name_skip(name) + 1, 0, 1);
        return;
    }
    print_csv(&p, words, tc, 0);
}

/* ---- the builtins --------------------------------------------------------------- */

static int32_t print_value(const flow_buf *b, uint64_t *out) {
    out[0] = (uint64_t)(uintptr_t)b->base;
    out[1] = (uint64_t)(b->p - b->base);
    return 0;
}

FLOW_FAR int32_t flow_k_fn_to_json(flow_ctx *ctx, uint64_t *out, const uint64_t *words,
                                   const uint8_t *tc) {
    flow_buf b;
    k_write_temp(&b);
    flow_k_write_json(ctx, &b, words, NULL, tc);
    return print_value(&b, out);
}

FLOW_FAR int32_t flow_k_fn_string(flow_ctx *ctx, uint64_t *out, const uint64_t *words,
                                  const uint8_t *tc) {
    if (*tc == 's') {
        out[0] = words[0];
        out[1] = words[1];
        return 0;
    }
    flow_buf b;
    k_write_temp(&b);
    flow_k_write_text(ctx, &b, words, tc);
    return print_value(&b, out);
}

FLOW_FAR int32_t flow_k_fn_parse_json(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                      int64_t len, const uint8_t *tc) {
    flow_format fmt;
    k_format_read(print_plain, &fmt);
    flow_node *n = k_node_build(ctx, &tc, 0);
    int32_t r = k_json_whole(ctx, &fmt, n, p, len, out);
    if (r)
        for (int64_t i = 0; i < n->words; i++)
            out[i] = 0;
    out[n->words] = !r;
    return 0;
}
