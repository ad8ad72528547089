/* lab_values.c - rows for expressions to be evaluated on, and values as text.
 *
 * The rows mix the ends of each type's range, ordinary values and missing ones; the same
 * rows at each run. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "compiler/base/check.h"
#include "tests/unit/compiler/expr_lab.h"

typedef struct filler {
    arena_t *arena;
    uint64_t state;
} filler_t;

static uint64_t draw(filler_t *f) { /* xorshift64* (Vigna 2016) */
    f->state ^= f->state >> 12;
    f->state ^= f->state << 25;
    f->state ^= f->state >> 27;
    return f->state * 0x2545F4914F6CDD1Du;
}

static const int64_t ints[] = {0, 1, -1, 2, 7, -3, 10, 42, 63, 64, 100, -100, 1000000, INT64_MAX,
                               INT64_MIN, INT64_MAX - 1, INT64_MIN + 1, INT32_MAX, 3037000500};
static const double floats[] = {0.0,  -0.0, 1.0,  -1.0,  0.5,      2.5,    -2.5,  1e-300, 1e300,
                                3.25, 1e15, 0.1,  1e21,  9.3e18,   -9.3e18, 123456.789,
                                NAN,  INFINITY, -INFINITY};
static const char *const texts[] = {"", "a", "b", "ab", "Zoë", "hello world", "  x ", "42",
                                    "-7", "3.5", "true", "a,b,,c", "文字", "ab",
                                    "2024-05-01", "longer than sixteen bytes for sure"};
#define PICK(f, table) ((table)[draw(f) % (sizeof(table) / sizeof *(table))])

static void fill(filler_t *f, const type_t *t, uint64_t *w);

static void fill_text(filler_t *f, uint64_t *w) {
    const char *s = PICK(f, texts);
    w[0] = *s ? (uint64_t)(uintptr_t)s : 0;
    w[1] = strlen(s);
}

static void fill_list(filler_t *f, const type_t *elem, uint64_t *w) {
    uint64_t n = draw(f) % 5;
    uint64_t *at = ARENA_ARRAY(f->arena, uint64_t, n * elem->words + 1);
    for (uint64_t i = 0; i < n; i++) fill(f, elem, at + i * elem->words);
    w[0] = n ? (uint64_t)(uintptr_t)at : 0;
    w[1] = n;
}

/* Keys "a", "b", ... in order. */
static void fill_map(filler_t *f, const type_t *t, uint64_t *w) {
    static const char *const keys[] = {"a", "ab", "b", "hello world"};
    uint64_t n = draw(f) % 5, words = t->key->words + t->elem->words;
    flow_assert(t->key->kind == TY_STRING);
    uint64_t *at = ARENA_ARRAY(f->arena, uint64_t, n * words + 1);
    for (uint64_t i = 0; i < n; i++) {
        at[i * words] = (uint64_t)(uintptr_t)keys[i];
        at[i * words + 1] = strlen(keys[i]);
        fill(f, t->elem, at + i * words + 2);
    }
    w[0] = n ? (uint64_t)(uintptr_t)at : 0;
    w[1] = n;
}

static uint64_t fill_scalar(filler_t *f, const type_t *t) {
    uint64_t word;
    double x;
    switch (t->kind) {
    case TY_FLOAT:
        x = PICK(f, floats);
        memcpy(&word, &x, sizeof word);
        return x != x ? 0x7ff8000000000000u : word;
    case TY_BOOL: return draw(f) & 1;
    case TY_TIMESTAMP: return (uint64_t)(1714558650000000 + (int64_t)(draw(f) % 100000000000));
    case TY_DURATION: return (uint64_t)((int64_t)(draw(f) % 7200000000) - 3600000000);
    default: return draw(f) & 1 ? (uint64_t)((int64_t)(draw(f) % 21) - 10) : (uint64_t)PICK(f, ints);
    }
}

static void fill(filler_t *f, const type_t *t, uint64_t *w) {
    memset(w, 0, t->words * sizeof *w);
    switch (t->kind) {
    case TY_STRING: case TY_BYTES: fill_text(f, w); break;
    case TY_LIST: fill_list(f, t->elem, w); break;
    case TY_MAP: fill_map(f, t, w); break;
    case TY_OPTION:
        if (draw(f) % 3 == 0) break;
        fill(f, t->elem, w);
        w[t->elem->words] = 1;
        break;
    case TY_RECORD:
        for (uint32_t i = 0; i < t->nfields; i++)
            fill(f, t->fields[i].type, w + type_field_word(t, i));
        break;
    case TY_UNION:
        w[0] = draw(f) % t->nfields;
        fill(f, t->fields[w[0]].type, w + 1);
        break;
    default: w[0] = fill_scalar(f, t); break;
    }
}

const uint64_t *lab_row(lab_t *lab, int n) {
    filler_t f = {.arena = lab_arena(lab), .state = 0x9E3779B97F4A7C15u + (uint64_t)n * 7919};
    const type_t *t = lab_row_type(lab);
    uint64_t *w = ARENA_ARRAY(f.arena, uint64_t, t->words);
    for (int i = 0; i < 8; i++) draw(&f);
    fill(&f, t, w);
    return w;
}

/* ---- as text ---- */

static void dump_text(buf_t *b, const uint64_t *w) {
    const unsigned char *p = (const unsigned char *)(uintptr_t)w[0];
    buf_char(b, '"');
    for (uint64_t i = 0; i < w[1]; i++) {
        if (p[i] < 32 || p[i] == '"' || p[i] == '\\') buf_printf(b, "\\x%02x", p[i]);
        else buf_char(b, (char)p[i]);
    }
    buf_char(b, '"');
}

static void dump_list(buf_t *b, const uint64_t *w, const type_t *key, const type_t *elem) {
    const uint64_t *at = (const uint64_t *)(uintptr_t)w[0];
    uint32_t skip = key ? key->words : 0;
    buf_char(b, '[');
    for (uint64_t i = 0; i < w[1]; i++, at += skip + elem->words) {
        if (i) buf_str(b, ", ");
        if (key) {
            lab_dump(b, key, at);
            buf_str(b, ": ");
        }
        lab_dump(b, elem, at + skip);
    }
    buf_char(b, ']');
}

static void dump_record(buf_t *b, const type_t *t, const uint64_t *w) {
    buf_char(b, '{');
    for (uint32_t i = 0; i < t->nfields; i++) {
        buf_printf(b, "%s%s = ", i ? ", " : "", t->fields[i].name);
        lab_dump(b, t->fields[i].type, w + type_field_word(t, i));
    }
    buf_char(b, '}');
}

void lab_dump(buf_t *b, const type_t *t, const uint64_t *w) {
    switch (t->kind) {
    case TY_INT: case TY_SIZE: buf_printf(b, "%lld", (long long)w[0]); return;
    case TY_TIMESTAMP: buf_printf(b, "@%lld", (long long)w[0]); return;
    case TY_DURATION: buf_printf(b, "%lldus", (long long)w[0]); return;
    case TY_FLOAT: {
        double x;
        memcpy(&x, w, sizeof x);
        if (x != x) buf_str(b, "NaN");
        else buf_printf(b, "%a", x);
        return;
    }
    case TY_BOOL:
        flow_assert(w[0] <= 1);
        buf_str(b, w[0] ? "true" : "false");
        return;
    case TY_STRING: dump_text(b, w); return;
    case TY_BYTES:
        buf_char(b, 'b');
        dump_text(b, w);
        return;
    case TY_DECIMAL: buf_printf(b, "%llx:%llxd", (long long)w[1], (long long)w[0]); return;
    case TY_OPTION:
        flow_assert(w[t->elem->words] <= 1);
        if (w[t->elem->words]) lab_dump(b, t->elem, w);
        else buf_str(b, "none");
        return;
    case TY_LIST: dump_list(b, w, NULL, t->elem); return;
    case TY_MAP: dump_list(b, w, t->key, t->elem); return;
    case TY_RECORD: dump_record(b, t, w); return;
    case TY_UNION:
        flow_assert(w[0] < t->nfields);
        buf_printf(b, "%s", t->fields[w[0]].name);
        dump_record(b, t->fields[w[0]].type, w + 1);
        return;
    case TY_NONE: buf_str(b, "none"); return;
    case TY_POISON: case TY_REGEX: break;
    }
    flow_unreachable("no text");
}
