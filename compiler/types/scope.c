/* scope.c - frames are short lists walked from the newest name to the oldest.
 *
 * A row has at most some tens of columns and an expression a handful of names, so a list
 * beats a table; the file's frame alone, with all declarations and imports, has one. */
#include "compiler/types/scope.h"

#include "compiler/base/check.h"

#define NAME_BUCKETS 256

typedef struct link {
    def_t *def;
    name_space ns;
    struct link *next;
} link_t;

struct names {
    link_t *buckets[NAME_BUCKETS];
    VEC(link_t *) all; /* in order of declaration */
};

static scope_t *frame(arena_t *a, scope_kind kind, scope_t *up) {
    scope_t *s = ARENA_NEW(a, scope_t);
    s->kind = kind;
    s->up = up;
    return s;
}

scope_t *scope_file(arena_t *a) {
    scope_t *s = frame(a, SCOPE_FILE, NULL);
    s->spaces = ARENA_NEW(a, struct names);
    return s;
}

/* Names are interned: their address is their hash. */
static link_t **bucket_of(const scope_t *file, const char *name) {
    return &file->spaces->buckets[((uintptr_t)name >> 4) % NAME_BUCKETS];
}

static def_t *find_declared(const scope_t *file, name_space ns, const char *name) {
    for (link_t *l = *bucket_of(file, name); l; l = l->next)
        if (l->ns == ns && l->def->name == name) return l->def;
    return NULL;
}

def_t *scope_declare(arena_t *a, scope_t *file, name_space ns, def_t *d) {
    flow_assert(file->kind == SCOPE_FILE);
    def_t *old = find_declared(file, ns, d->name);
    if (old && (ns != NS_VARIANT || old == d)) return old;
    link_t *l = ARENA_NEW(a, link_t);
    link_t **bucket = bucket_of(file, d->name);
    *l = (link_t){d, ns, *bucket};
    *bucket = l;
    vec_push(a, &file->spaces->all, l);
    return NULL;
}

size_t scope_variants(const scope_t *s, const char *name, def_t **out, size_t max) {
    const scope_t *file = scope_file_of(s);
    size_t n = 0;
    for (link_t *l = file ? *bucket_of(file, name) : NULL; l && n < max; l = l->next)
        if (l->ns == NS_VARIANT && l->def->name == name) out[n++] = l->def;
    return n;
}

scope_t *scope_row(arena_t *a, scope_t *up, const type_t *row, const span_t *at) {
    flow_assert(row->kind == TY_RECORD);
    scope_t *s = frame(a, SCOPE_ROW, up);
    for (uint32_t i = 0; i < row->nfields; i++) {
        const field_t *f = &row->fields[i];
        def_t *d = scope_add(a, s, DEF_COLUMN, f->name, f->type, at ? at[i] : f->at);
        d->index = (int)i;
    }
    return s;
}

void scope_lose(arena_t *a, scope_t *row, lost_t lost) {
    flow_assert(row->kind == SCOPE_ROW);
    vec_push(a, &row->lost, lost);
}

scope_t *scope_names(arena_t *a, scope_t *up) { return frame(a, SCOPE_NAMES, up); }

def_t *scope_add(arena_t *a, scope_t *s, def_kind kind, const char *name, type_t *type,
                 span_t at) {
    flow_assert(s->kind != SCOPE_FILE);
    def_t *d = ARENA_NEW(a, def_t);
    *d = (def_t){.kind = kind, .state = DEF_DONE, .name = name, .type = type, .at = at};
    d->index = (int)s->defs.n;
    vec_push(a, &s->defs, d);
    return d;
}

scope_t *scope_facts(arena_t *a, scope_t *up, const facts_t *facts) {
    if (!facts->n) return up;
    scope_t *s = frame(a, SCOPE_FACTS, up);
    for (size_t i = 0; i < facts->n; i++) vec_push(a, &s->facts, facts->at[i]);
    return s;
}

scope_t *scope_items(arena_t *a, scope_t *keys, scope_t *rows, agg_calls_t *out, int when) {
    scope_t *s = frame(a, SCOPE_ITEMS, keys);
    s->rows = rows;
    s->aggs = out;
    s->when = when;
    return s;
}

def_t *scope_find(const scope_t *s, const char *name) {
    for (; s; s = s->up) {
        if (s->kind == SCOPE_FILE) return find_declared(s, NS_VALUE, name);
        for (size_t i = s->defs.n; i-- > 0;)
            if (s->defs.at[i]->name == name) return s->defs.at[i];
    }
    return NULL;
}

def_t *scope_find_in(const scope_t *s, name_space ns, const char *name) {
    s = scope_file_of(s);
    return s ? find_declared(s, ns, name) : NULL;
}

static int same_path(const fact_t *f, const char *const *path, int npath) {
    if (f->npath != npath) return 0;
    for (int i = 0; i < npath; i++)
        if (f->path[i] != path[i]) return 0;
    return 1;
}

type_t *scope_narrowed(const scope_t *s, const def_t *d, const char *const *path, int npath) {
    for (; s && s->kind != SCOPE_FILE; s = s->up)
        for (size_t i = s->facts.n; i-- > 0;)
            if (s->facts.at[i].def == d && same_path(&s->facts.at[i], path, npath))
                return s->facts.at[i].type;
    return NULL;
}

static scope_t *nearest(const scope_t *s, scope_kind kind) {
    while (s && s->kind != kind) s = s->up;
    return (scope_t *)(uintptr_t)s; /* the chain itself is not const */
}

scope_t *scope_row_of(const scope_t *s) { return nearest(s, SCOPE_ROW); }
scope_t *scope_items_of(const scope_t *s) { return nearest(s, SCOPE_ITEMS); }
scope_t *scope_file_of(const scope_t *s) { return nearest(s, SCOPE_FILE); }

size_t scope_all(arena_t *a, const scope_t *s, name_space ns, const char ***names) {
    VEC(const char *) out = {0};
    for (; s; s = s->up) {
        if (ns == NS_VALUE)
            for (size_t i = 0; i < s->defs.n; i++) vec_push(a, &out, s->defs.at[i]->name);
        if (s->kind != SCOPE_FILE) continue;
        for (size_t i = 0; i < s->spaces->all.n; i++) {
            link_t *l = s->spaces->all.at[i];
            if (l->ns == ns) vec_push(a, &out, l->def->name);
        }
    }
    *names = out.at;
    return out.n;
}
