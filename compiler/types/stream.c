/* stream.c - rows on their way through a chain.
 *
 * Rows are interned record types, so a changed row is a new type; the places of
 * declaration stand beside it, because equal rows of different flows are one type.
 * Facts about fields are kept by the name of their column: every step makes new
 * definitions for its columns, and a fact must outlive them. */
#include "compiler/types/stream.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/const.h"

static void set_row(check_t *c, stream_t *st, const columns_t *cols) {
    st->row = type_record(c->types, NULL, cols->fields.at, (uint32_t)cols->fields.n);
    st->at = ARENA_ARRAY(c->arena, span_t, cols->at.n + 1);
    for (size_t i = 0; i < cols->at.n; i++) st->at[i] = cols->at.at[i];
}

void stream_init(check_t *c, stream_t *st, const columns_t *cols) {
    memset(st, 0, sizeof *st);
    st->props.windowed = WINDOW_NONE;
    st->props.window_column = -1;
    set_row(c, st, cols);
}

void stream_init_unknown(check_t *c, stream_t *st) {
    columns_t none = {0};
    stream_init(c, st, &none);
    st->unknown = 1;
}

stream_t stream_copy(check_t *c, const stream_t *st) {
    stream_t out = *st;
    memset(&out.lost, 0, sizeof out.lost);
    memset(&out.facts, 0, sizeof out.facts);
    for (size_t i = 0; i < st->lost.n; i++) vec_push(c->arena, &out.lost, st->lost.at[i]);
    for (size_t i = 0; i < st->facts.n; i++) vec_push(c->arena, &out.facts, st->facts.at[i]);
    out.props.keys = ARENA_ARRAY(c->arena, struct tkey, st->props.nkeys + 1);
    for (size_t i = 0; i < st->props.nkeys; i++) out.props.keys[i] = st->props.keys[i];
    return out;
}

scope_t *stream_scope(check_t *c, const stream_t *st, scope_t *base) {
    scope_t *row = scope_row(c->arena, base, st->row, st->at);
    for (size_t i = 0; i < st->lost.n; i++) scope_lose(c->arena, row, st->lost.at[i]);
    if (!st->facts.n) return row;
    facts_t facts = {0};
    stream_facts(c, st, row, &facts);
    return facts.n ? scope_facts(c->arena, row, &facts) : row;
}

void stream_facts(check_t *c, const stream_t *st, scope_t *row, facts_t *out) {
    for (size_t i = 0; i < st->facts.n; i++) {
        const path_fact_t *f = &st->facts.at[i];
        int col = type_field(st->row, f->column);
        if (col < 0) continue;
        fact_t fact = {row->defs.at[col], f->path, f->npath, f->type};
        vec_push(c->arena, out, fact);
    }
}

columns_t stream_columns(check_t *c, const stream_t *st) {
    columns_t cols = {0};
    for (uint32_t i = 0; i < st->row->nfields; i++) {
        vec_push(c->arena, &cols.fields, st->row->fields[i]);
        vec_push(c->arena, &cols.at, st->at[i]);
    }
    return cols;
}

int columns_find(const columns_t *cols, const char *name) {
    for (size_t i = 0; i < cols->fields.n; i++)
        if (cols->fields.at[i].name == name) return (int)i;
    return -1;
}

int columns_add(check_t *c, columns_t *cols, const char *name, type_t *type, span_t at,
                span_t given) {
    int old = columns_find(cols, name);
    if (old >= 0) {
        diag_t *m = diag_add(c->diags, DIAG_column_twice, given, name);
        span_t first = cols->at.at[old];
        if (first.end) diag_note(m, "first at %s", diag_where(c->diags, first, given));
        return 0;
    }
    field_t f = {.name = name, .type = type, .at = at};
    vec_push(c->arena, &cols->fields, f);
    vec_push(c->arena, &cols->at, at);
    return 1;
}

static int is_lost(const stream_t *st, const char *name) {
    for (size_t i = 0; i < st->lost.n; i++)
        if (st->lost.at[i].name == name) return (int)i;
    return -1;
}

static void lose(check_t *c, stream_t *st, const char *name, lost_t why) {
    why.name = name;
    int old = is_lost(st, name);
    if (old >= 0) st->lost.at[old] = why;
    else vec_push(c->arena, &st->lost, why);
}

void stream_become(check_t *c, stream_t *st, const columns_t *cols, lost_t why) {
    for (uint32_t i = 0; i < st->row->nfields; i++) {
        const char *name = st->row->fields[i].name;
        if (columns_find(cols, name) >= 0) continue;
        lost_t one = why;
        /* The only format is ours (see the header): one %s at most. */
        const char *hole = why.help ? strstr(why.help, "%s") : NULL;
        if (hole) {
            buf_t b;
            buf_init(&b, c->arena);
            for (const char *p = why.help; (hole = strstr(p, "%s")); p = hole + 2) {
                buf_put(&b, p, (size_t)(hole - p));
                buf_str(&b, name);
                if (!strstr(hole + 2, "%s")) buf_str(&b, hole + 2);
            }
            one.help = buf_text(&b);
        }
        lose(c, st, name, one);
    }
    set_row(c, st, cols);
    size_t kept = 0;
    for (size_t i = 0; i < st->lost.n; i++)
        if (type_field(st->row, st->lost.at[i].name) < 0) st->lost.at[kept++] = st->lost.at[i];
    st->lost.n = kept;
    kept = 0;
    for (size_t i = 0; i < st->facts.n; i++)
        if (type_field(st->row, st->facts.at[i].column) >= 0)
            st->facts.at[kept++] = st->facts.at[i];
    st->facts.n = kept;
}

void stream_narrow(check_t *c, stream_t *st, const facts_t *facts) {
    columns_t cols = stream_columns(c, st);
    int changed = 0;
    for (size_t i = 0; i < facts->n; i++) {
        const fact_t *f = &facts->at[i];
        if (f->def->kind != DEF_COLUMN || columns_find(&cols, f->def->name) < 0) continue;
        if (f->npath == 0) {
            cols.fields.at[columns_find(&cols, f->def->name)].type = f->type;
            changed = 1;
        } else {
            path_fact_t p = {f->def->name, f->path, f->npath, f->type};
            vec_push(c->arena, &st->facts, p);
        }
    }
    if (changed) set_row(c, st, &cols);
}

void stream_move(check_t *c, stream_t *st, const int *place) {
    struct tkey *keys = ARENA_ARRAY(c->arena, struct tkey, st->props.nkeys + 1);
    for (size_t i = 0; i < st->props.nkeys; i++) {
        keys[i] = st->props.keys[i];
        if (keys[i].column >= 0) keys[i].column = place[keys[i].column];
    }
    st->props.keys = keys;
    if (st->props.window_column < 0) return;
    st->props.window_column = place[st->props.window_column];
    if (st->props.window_column < 0) stream_unwindow(st);
}

void stream_unwindow(stream_t *st) {
    st->props.windowed = WINDOW_NONE;
    st->props.window = NULL;
    st->props.window_column = -1;
}

const char *column_fault(const type_t *t) {
    switch (t->kind) {
    case TY_REGEX: return "a regex is no value; it stands only as an argument";
    case TY_SIZE: return "a size stands only in settings and options";
    case TY_OPTION:
    case TY_LIST: return column_fault(t->elem);
    case TY_MAP: return column_fault(t->elem);
    case TY_RECORD:
    case TY_UNION:
        for (uint32_t i = 0; i < t->nfields; i++) {
            const char *why = column_fault(t->fields[i].type);
            if (why) return why;
        }
        return NULL;
    case TY_POISON:
    case TY_NONE:
    case TY_INT:
    case TY_FLOAT:
    case TY_BOOL:
    case TY_STRING:
    case TY_BYTES:
    case TY_TIMESTAMP:
    case TY_DURATION:
    case TY_DECIMAL: return NULL;
    }
    flow_unreachable("type kind");
}

int constant_alike(node_t *a, const struct cval *av, node_t *b, const struct cval *bv) {
    if (!a || !b) return a == b;
    if (av && bv) return av->w[0] == bv->w[0];
    return !av && !bv && ast_equal(a, b);
}

int windowed_alike(const tprops_t *a, const tprops_t *b) {
    const twindow_t *v = a->window, *w = b->window;
    if (a->windowed != b->windowed || !v || !w) return a->windowed == b->windowed;
    return v->by_rows == w->by_rows && v->processing == w->processing &&
           constant_alike(v->size, v->size_value, w->size, w->size_value) &&
           constant_alike(v->every, v->every_value, w->every, w->every_value) &&
           constant_alike(v->offset, v->offset_value, w->offset, w->offset_value);
}

void stream_add_times(check_t *c, stream_t *st, const tprops_t *more) {
    tstep_t **all = ARENA_ARRAY(c->arena, tstep_t *, st->props.ntimes + more->ntimes + 1);
    size_t n = 0;
    for (; n < st->props.ntimes; n++) all[n] = st->props.times[n];
    for (size_t i = 0; i < more->ntimes; i++) {
        size_t k = 0;
        while (k < n && all[k] != more->times[i]) k++;
        if (k == n) all[n++] = more->times[i];
    }
    st->props.times = all;
    st->props.ntimes = n;
}
