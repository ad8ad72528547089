/* type.c - interned types and the relations between them.
 *
 * One chained hash table holds every type but unions, which are equal by declaration.
 * A record's identity includes its name and its defaults: both matter to who reads the
 * declaration; the relations below look through names. */
#include "compiler/types/type.h"

#include <string.h>

#include "compiler/base/check.h"

#define BUCKETS 512

typedef struct entry {
    type_t type;
    uint64_t hash;
    struct entry *next;
} entry_t;

struct types {
    arena_t *arena;
    type_t *basic[TY_UNION + 1];
    entry_t *buckets[BUCKETS];
    type_t *window, *count_window;
    uint32_t n;
};

/* ---- making ---- */

static uint64_t mix(uint64_t h, uint64_t x) { return (h ^ x) * 0x9e3779b97f4a7c15u ^ h >> 29; }

static uint64_t hash_of(const type_t *t) {
    uint64_t h = mix(t->kind, (uint64_t)t->p << 8 | t->s);
    h = mix(h, (uintptr_t)t->name);
    h = mix(h, (uintptr_t)t->elem);
    h = mix(h, (uintptr_t)t->key);
    for (uint32_t i = 0; i < t->nfields; i++) {
        h = mix(h, (uintptr_t)t->fields[i].name);
        h = mix(h, (uintptr_t)t->fields[i].type);
    }
    return h;
}

static int identical(const type_t *a, const type_t *b) {
    if (a->kind != b->kind || a->p != b->p || a->s != b->s || a->name != b->name ||
        a->elem != b->elem || a->key != b->key || a->nfields != b->nfields)
        return 0;
    for (uint32_t i = 0; i < a->nfields; i++) {
        const field_t *f = &a->fields[i], *g = &b->fields[i];
        if (f->name != g->name || f->type != g->type || f->def != g->def) return 0;
    }
    return 1;
}

/* Stops growing where no value could be made anyway; the checker refuses much less. */
enum { WORDS_LIMIT = 1 << 20 };

static uint32_t words_of(const type_t *t) {
    uint32_t n = 0;
    switch (t->kind) {
    case TY_POISON: return 0;
    case TY_NONE: case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_TIMESTAMP:
    case TY_DURATION: case TY_SIZE: case TY_REGEX:
        return 1;
    case TY_STRING: case TY_BYTES: case TY_DECIMAL: case TY_LIST: case TY_MAP: return 2;
    case TY_OPTION: return t->elem->words + 1;
    case TY_RECORD:
        for (uint32_t i = 0; i < t->nfields && n < WORDS_LIMIT; i++)
            n += t->fields[i].type->words;
        return n;
    case TY_UNION:
        for (uint32_t i = 0; i < t->nfields; i++)
            if (t->fields[i].type->words > n) n = t->fields[i].type->words;
        return n + 1;
    }
    flow_unreachable("kind of type");
}

static field_t *copy_fields(types_t *t, const field_t *fields, uint32_t n) {
    field_t *out = ARENA_ARRAY(t->arena, field_t, n ? n : 1);
    if (n) memcpy(out, fields, sizeof *out * n);
    return out;
}

static type_t *type_intern(types_t *t, const type_t *want) {
    uint64_t hash = hash_of(want);
    entry_t **bucket = &t->buckets[hash % BUCKETS];
    for (entry_t *e = *bucket; e; e = e->next)
        if (e->hash == hash && identical(&e->type, want)) return &e->type;
    entry_t *e = ARENA_NEW(t->arena, entry_t);
    e->type = *want;
    e->hash = hash;
    e->next = *bucket;
    e->type.id = t->n++;
    e->type.words = words_of(want);
    if (want->nfields) e->type.fields = copy_fields(t, want->fields, want->nfields);
    *bucket = e;
    return &e->type;
}

types_t *types_new(arena_t *a) {
    types_t *t = ARENA_NEW(a, types_t);
    t->arena = a;
    for (int k = TY_POISON; k <= TY_REGEX; k++)
        t->basic[k] = type_intern(t, &(type_t){.kind = (type_kind)k});
    return t;
}

type_t *type_basic(types_t *t, type_kind kind) {
    flow_assert(kind <= TY_REGEX);
    return t->basic[kind];
}

type_t *type_decimal(types_t *t, int p, int s) {
    flow_assert(p >= 1 && p <= 38 && s >= 0 && s <= p);
    return type_intern(t, &(type_t){.kind = TY_DECIMAL, .p = (uint8_t)p, .s = (uint8_t)s});
}

type_t *type_option(types_t *t, type_t *elem) {
    if (elem->kind == TY_OPTION || elem->kind == TY_NONE || elem->kind == TY_POISON) return elem;
    return type_intern(t, &(type_t){.kind = TY_OPTION, .elem = elem});
}

type_t *type_list(types_t *t, type_t *elem) {
    return type_intern(t, &(type_t){.kind = TY_LIST, .elem = elem});
}

type_t *type_map(types_t *t, type_t *key, type_t *elem) {
    return type_intern(t, &(type_t){.kind = TY_MAP, .key = key, .elem = elem});
}

type_t *type_record(types_t *t, const char *name, const field_t *fields, uint32_t n) {
    type_t want = {.kind = TY_RECORD, .name = name, .nfields = n};
    want.fields = (field_t *)(uintptr_t)fields; /* only read, copied by type_intern */
    return type_intern(t, &want);
}

type_t *type_union(types_t *t, const char *name, const field_t *variants, uint32_t n) {
    type_t *u = ARENA_NEW(t->arena, type_t);
    *u = (type_t){.kind = TY_UNION, .name = name, .nfields = n, .id = t->n++};
    u->fields = copy_fields(t, variants, n);
    for (uint32_t i = 0; i < n; i++) {
        flow_assert(variants[i].type->kind == TY_RECORD);
        type_t *payload = ARENA_NEW(t->arena, type_t);
        *payload = *variants[i].type;
        payload->name = variants[i].name;
        payload->elem = u;
        payload->tag = i;
        payload->id = t->n++;
        u->fields[i].type = payload;
    }
    u->words = words_of(u);
    return u;
}

/* The tables give names their spelling here, interned by address: the two records are
 * made before any program's names, so they use literals and type_field falls back to
 * comparing text. */
static type_t *pair(types_t *t, const char *a, const char *b, type_kind kind) {
    field_t f[2] = {{.name = a, .type = t->basic[kind]}, {.name = b, .type = t->basic[kind]}};
    return type_record(t, NULL, f, 2);
}

type_t *type_window(types_t *t) {
    if (!t->window) t->window = pair(t, "start", "end", TY_TIMESTAMP);
    return t->window;
}

type_t *type_count_window(types_t *t) {
    if (!t->count_window) t->count_window = pair(t, "index", "size", TY_INT);
    return t->count_window;
}

/* ---- relations ---- */

int type_is_poison(const type_t *t) {
    if (t->kind == TY_POISON) return 1;
    if (t->kind == TY_OPTION || t->kind == TY_LIST) return type_is_poison(t->elem);
    if (t->kind == TY_MAP) return type_is_poison(t->key) || type_is_poison(t->elem);
    if (t->kind == TY_RECORD)
        for (uint32_t i = 0; i < t->nfields; i++)
            if (type_is_poison(t->fields[i].type)) return 1;
    return 0;
}

int type_field(const type_t *t, const char *name) {
    for (uint32_t i = 0; i < t->nfields; i++)
        if (t->fields[i].name == name) return (int)i;
    for (uint32_t i = 0; i < t->nfields; i++)
        if (!strcmp(t->fields[i].name, name)) return (int)i;
    return -1;
}

uint32_t type_field_word(const type_t *t, uint32_t i) {
    uint32_t word = 0;
    flow_assert(i < t->nfields);
    for (uint32_t k = 0; k < i; k++) word += t->fields[k].type->words;
    return word;
}

/* Both relations walk two types side by side; `ordered`: fields in the same order. */
static int same(const type_t *a, const type_t *b, int ordered) {
    if (a == b || a->kind == TY_POISON || b->kind == TY_POISON) return 1;
    if (a->kind != b->kind || a->p != b->p || a->s != b->s || a->nfields != b->nfields) return 0;
    switch (a->kind) {
    case TY_OPTION: case TY_LIST: return same(a->elem, b->elem, ordered);
    case TY_MAP: return same(a->key, b->key, ordered) && same(a->elem, b->elem, ordered);
    case TY_UNION: return 0;
    case TY_RECORD:
        for (uint32_t i = 0; i < a->nfields; i++) {
            int k = type_field(b, a->fields[i].name);
            if (k < 0 || (ordered && k != (int)i)) return 0;
            if (!same(a->fields[i].type, b->fields[k].type, ordered)) return 0;
        }
        return 1;
    case TY_POISON: case TY_NONE: case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_STRING:
    case TY_BYTES: case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE: case TY_REGEX:
    case TY_DECIMAL:
        return 1;
    }
    flow_unreachable("kind of type");
}

int type_equal(const type_t *a, const type_t *b) { return same(a, b, 0); }
int type_same_layout(const type_t *a, const type_t *b) { return same(a, b, 1); }

static int record_fits(const type_t *from, const type_t *to) {
    if (from->nfields != to->nfields) return 0;
    for (uint32_t i = 0; i < to->nfields; i++) {
        int k = type_field(from, to->fields[i].name);
        if (k < 0 || !type_fits(from->fields[k].type, to->fields[i].type)) return 0;
    }
    return 1;
}

int type_fits(const type_t *from, const type_t *to) {
    if (from->kind == TY_POISON || to->kind == TY_POISON || from == to) return 1;
    if (to->kind == TY_OPTION) {
        if (from->kind == TY_NONE) return 1;
        return type_fits(from->kind == TY_OPTION ? from->elem : from, to->elem);
    }
    if (to->kind == TY_UNION) return type_is_variant(from) && from->elem == to;
    if (from->kind != to->kind) return 0;
    switch (to->kind) {
    case TY_RECORD: return record_fits(from, to);
    case TY_DECIMAL: return from->s == to->s && from->p <= to->p;
    case TY_LIST: return type_same_layout(from->elem, to->elem);
    case TY_MAP: return from->key == to->key && type_same_layout(from->elem, to->elem);
    case TY_POISON: case TY_NONE: case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_STRING:
    case TY_BYTES: case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE: case TY_REGEX:
        return 1;
    case TY_OPTION: case TY_UNION: break;
    }
    flow_unreachable("kind of type");
}

static type_t *record_join(types_t *t, type_t *a, type_t *b) {
    if (a->nfields != b->nfields) return NULL;
    field_t *fields = copy_fields(t, a->fields, a->nfields);
    for (uint32_t i = 0; i < a->nfields; i++) {
        int k = type_field(b, a->fields[i].name);
        if (k < 0) return NULL;
        fields[i].type = type_join(t, a->fields[i].type, b->fields[k].type);
        if (!fields[i].type) return NULL;
    }
    return type_record(t, NULL, fields, a->nfields);
}

type_t *type_join(types_t *t, type_t *a, type_t *b) {
    if (type_fits(a, b)) return b->kind == TY_POISON ? a : b;
    if (type_fits(b, a)) return a;
    if (a->kind == TY_NONE) return type_option(t, b);
    if (b->kind == TY_NONE) return type_option(t, a);
    if (a->kind == TY_OPTION || b->kind == TY_OPTION) {
        type_t *both = type_join(t, type_strip(a), type_strip(b));
        return both ? type_option(t, both) : NULL;
    }
    if (type_is_variant(a) && type_is_variant(b) && a->elem == b->elem) return a->elem;
    if (a->kind == TY_RECORD && b->kind == TY_RECORD) return record_join(t, a, b);
    return NULL;
}

type_t *type_strip(type_t *t) { return t->kind == TY_OPTION ? t->elem : t; }

int type_is_number(const type_t *t) {
    return t->kind == TY_INT || t->kind == TY_FLOAT || t->kind == TY_DECIMAL;
}

int type_is_variant(const type_t *t) { return t->kind == TY_RECORD && t->elem; }

int type_is_enum(const type_t *t) {
    if (t->kind != TY_UNION) return 0;
    for (uint32_t i = 0; i < t->nfields; i++)
        if (t->fields[i].type->nfields) return 0;
    return 1;
}

/* `maps`: are maps allowed inside? */
static int comparable(const type_t *t, int maps) {
    switch (t->kind) {
    case TY_POISON: case TY_NONE: case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_STRING:
    case TY_BYTES: case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE: case TY_DECIMAL:
        return 1;
    case TY_REGEX: return 0;
    case TY_OPTION: case TY_LIST: return comparable(t->elem, maps);
    case TY_MAP: return maps && comparable(t->elem, maps);
    case TY_RECORD: case TY_UNION:
        for (uint32_t i = 0; i < t->nfields; i++)
            if (!comparable(t->fields[i].type, maps)) return 0;
        return 1;
    }
    flow_unreachable("kind of type");
}

int type_is_ordered(const type_t *t) {
    return t->kind != TY_OPTION && t->kind != TY_NONE && comparable(t, 0);
}
int type_is_comparable(const type_t *t) { return comparable(t, 1); }

/* ---- printing ---- */

static const char *const basic_names[] = {
    [TY_POISON] = "?", [TY_NONE] = "none",
#define TYPE(id, spelling, words, code, doc) [TY_##id] = spelling,
#include "lang/types.def"
#undef TYPE
};

static void print_fields(buf_t *b, const type_t *t) {
    buf_str(b, "{ ");
    for (uint32_t i = 0; i < t->nfields; i++) {
        if (i) buf_str(b, ", ");
        buf_printf(b, "%s: ", t->fields[i].name);
        type_print(b, t->fields[i].type);
    }
    buf_str(b, t->nfields ? " }" : "}");
}

void type_print(buf_t *b, const type_t *t) {
    switch (t->kind) {
    case TY_POISON: case TY_NONE: case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_STRING:
    case TY_BYTES: case TY_TIMESTAMP: case TY_DURATION: case TY_SIZE: case TY_REGEX:
        buf_str(b, basic_names[t->kind]);
        return;
    case TY_DECIMAL: buf_printf(b, "decimal(%d, %d)", t->p, t->s); return;
    case TY_OPTION:
        type_print(b, t->elem);
        buf_char(b, '?');
        return;
    case TY_LIST:
        buf_char(b, '[');
        if (t->elem->kind != TY_POISON) type_print(b, t->elem);
        buf_char(b, ']');
        return;
    case TY_MAP:
        buf_str(b, "map<");
        type_print(b, t->key);
        buf_str(b, ", ");
        type_print(b, t->elem);
        buf_char(b, '>');
        return;
    case TY_RECORD: case TY_UNION:
        if (t->name)
            buf_str(b, t->name);
        else
            print_fields(b, t);
        return;
    }
}

const char *type_text(arena_t *a, const type_t *t) {
    buf_t b;
    buf_init(&b, a);
    type_print(&b, t);
    return buf_text(&b);
}

static const char basic_codes[] = {
    [TY_POISON] = 0, [TY_NONE] = 0,
#define TYPE(id, spelling, words, code, doc) [TY_##id] = code,
#include "lang/types.def"
#undef TYPE
};

static void code(buf_t *b, const type_t *t, int names);

static void code_fields(buf_t *b, const type_t *t, int names) {
    flow_assert(t->nfields < 256);
    buf_char(b, t->kind == TY_UNION ? '|' : '{');
    buf_char(b, (char)t->nfields);
    for (uint32_t i = 0; i < t->nfields; i++) {
        if (names) buf_str(b, t->fields[i].name);
        buf_char(b, 0);
        code(b, t->fields[i].type, names);
    }
}

static void code(buf_t *b, const type_t *t, int names) {
    switch (t->kind) {
    case TY_NONE: buf_put(b, "?{\0", 3); return;
    case TY_INT: case TY_FLOAT: case TY_BOOL: case TY_STRING: case TY_BYTES:
    case TY_TIMESTAMP: case TY_DURATION:
        buf_char(b, basic_codes[t->kind]);
        return;
    case TY_SIZE: buf_char(b, 'i'); return;
    case TY_DECIMAL:
        buf_char(b, 'D');
        buf_char(b, (char)t->p);
        buf_char(b, (char)t->s);
        return;
    case TY_OPTION:
        buf_char(b, '?');
        code(b, t->elem, names);
        return;
    case TY_LIST:
        buf_char(b, '[');
        code(b, t->elem, names);
        return;
    case TY_MAP:
        buf_char(b, '<');
        code(b, t->key, names);
        code(b, t->elem, names);
        return;
    case TY_RECORD: case TY_UNION: code_fields(b, t, names); return;
    case TY_POISON: case TY_REGEX: break;
    }
    flow_unreachable("a type without values has no code");
}

void type_code(buf_t *b, const type_t *t) {
    code(b, t, 1);
}

void type_shape(buf_t *b, const type_t *t) {
    code(b, t, 0);
}
