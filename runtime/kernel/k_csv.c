/* k_csv.c - csv records to words.
 *
 * Columns are the leaves of the type.  A leaf of an optional record belongs to a group;
 * when all fields of a group are empty the record is none. */
#include "runtime/kernel/k_csv.h"
#include "runtime/kernel/k_base64.h"
#include "runtime/kernel/k_cscan.h"
#include "runtime/kernel/k_decimal.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_float.h"
#include "runtime/kernel/k_jvalue.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_schema.h"
#include "runtime/kernel/k_time.h"
#include "runtime/kernel/k_utf8.h"

/* An optional record: its flag and the columns inside. */
typedef struct csv_group {
    int64_t flag; /* word */
    int64_t at, words;
    int64_t first, last; /* columns first..last-1 */
} csv_group;

typedef struct csv_column {
    uint8_t kind; /* of the type */
    uint8_t unread;
    uint8_t grouped;     /* stands in an optional record */
    uint8_t empty;       /* in the record at hand: 1 no value; 2 and its group knows */
    int32_t index;       /* among the columns */
    int64_t at;          /* its first word */
    int64_t flag;        /* the word of its own `?`, -1: not optional */
    flow_node *type;     /* without `?` */
    flow_member *member; /* for its default */
} csv_column;

/* The columns of a record type. */
typedef struct csv_table {
    csv_column *columns;
    int64_t n;
    csv_column **places; /* the column at each place of a record; null: nobody reads it */
    int64_t nplaces;
    int64_t complete;  /* when all places are there nothing is missing */
    csv_group *groups; /* inner ones first */
    int64_t ngroups;
} csv_table;

typedef struct csv_decoder {
    csv_scan s;
    flow_format fmt;
    csv_table table;     /* of the record, or of the variant at hand */
    csv_table *variants; /* tagged record: one for each, else null */
    flow_node *root;
    const int64_t *map; /* header: place in the file of each column, then their number */
} csv_decoder;

/* Below: what programs call but do not compile anew. */
const char *k_csv_any(csv_decoder *d, csv_column *c, const csv_field *f, uint64_t *words);
int k_csv_close(csv_decoder *d, int64_t place, uint64_t *words);
int k_csv_misfit(csv_decoder *d, const csv_field *f, const char *why, int64_t column);
int k_csv_union(csv_decoder *d, uint64_t *words);
int k_csv_special(csv_decoder *d, int r, uint64_t *words);

/* ---- the columns of a type ------------------------------------------------------ */

static void csv_count(const flow_node *n, int64_t *columns, int64_t *groups) {
    for (int64_t i = 0; i < n->n; i++) {
        const flow_node *t = n->members[i].type;
        const flow_node *inner = t->kind == '?' ? t->of : t;
        if (inner->kind != '{') {
            ++*columns;
            continue;
        }
        *groups += t->kind == '?';
        csv_count(inner, columns, groups);
    }
}

static void csv_flatten(csv_table *t, const flow_node *n, int64_t at, int grouped,
                        int unread) {
    for (int64_t i = 0; i < n->n; i++) {
        flow_member *m = &n->members[i];
        flow_node *type = m->type;
        int optional = type->kind == '?', skip = unread || m->unread;
        flow_node *inner = optional ? type->of : type;
        int64_t place = at + m->at;
        if (inner->kind != '{') {
            t->columns[t->n] =
                (csv_column){.kind = inner->kind,
                             .unread = (uint8_t)skip,
                             .grouped = (uint8_t)grouped,
                             .index = (int32_t)t->n,
                             .at = place,
                             .flag = optional ? place + type->words - 1 : -1,
                             .type = inner,
                             .member = m};
            t->n++;
            continue;
        }
        int64_t first = t->n;
        csv_flatten(t, inner, place, grouped || optional, skip);
        if (optional && !skip)
            t->groups[t->ngroups++] =
                (csv_group){place + type->words - 1, place, inner->words, first, t->n};
    }
}

static csv_table csv_table_of(flow_ctx *ctx, const flow_node *n, int64_t at) {
    int64_t columns = 0, groups = 0;
    csv_count(n, &columns, &groups);
    csv_table t = {0};
    t.columns = flow_k_alloc(ctx, columns * (int64_t)sizeof(csv_column));
    t.groups = flow_k_alloc(ctx, groups * (int64_t)sizeof(csv_group));
    csv_flatten(&t, n, at, 0, 0);
    return t;
}

/* Which column stands where: as the header says, or in order. */
static void csv_place(flow_ctx *ctx, csv_table *t, const int64_t *map) {
    t->nplaces = map ? map[t->n] : t->n;
    t->places = flow_k_alloc(ctx, t->nplaces * (int64_t)sizeof *t->places);
    t->complete = !t->ngroups;
    for (int64_t i = 0; i < t->nplaces; i++)
        t->places[i] = NULL;
    for (int64_t i = 0; i < t->n; i++) {
        int64_t place = map ? map[i] : i;
        csv_column *c = &t->columns[i];
        if (place >= 0 && !c->unread) t->places[place] = c;
        t->complete &= place >= 0 || c->unread;
    }
}

/* ---- values --------------------------------------------------------------------- */

static int csv_blank(uint8_t c) {
    return c == ' ' || c == '\t';
}

static void csv_trim(const uint8_t **p, const uint8_t **end) {
    while (*p < *end && csv_blank(**p))
        ++*p;
    while (*p < *end && csv_blank((*end)[-1]))
        --*end;
}

static const char *csv_bytes(flow_ctx *ctx, const uint8_t *p, const uint8_t *end,
                             uint64_t *out) {
    uint8_t *bytes = flow_k_alloc(ctx, (end - p) / 4 * 3 + 3);
    int64_t n = k_base64_get(bytes, p, end - p);
    out[0] = (uint64_t)(uintptr_t)bytes;
    out[1] = (uint64_t)n;
    return n < 0 ? "not base64" : NULL;
}

static const char *csv_bool(const uint8_t *p, const uint8_t *end, uint64_t *out) {
    int64_t n = end - p;
    *out = n == 4 && !__builtin_memcmp(p, "true", 4);
    if (*out || (n == 5 && !__builtin_memcmp(p, "false", 5))) return NULL;
    return "not true or false";
}

static const char *csv_time(const flow_node *n, int unit, const uint8_t *p,
                            const uint8_t *end, uint64_t *out) {
    int64_t v = 0;
    int r = n->kind == 't' ? k_time_get(p, end, &v) : k_duration_get(p, end, &v);
    if (r) r = k_time_of_unit(p, end, 0, unit, &v);
    *out = (uint64_t)v;
    return !r ? NULL : n->kind == 't' ? "not a timestamp" : "not a duration";
}

static const char *csv_json(csv_decoder *d, flow_node *n, const uint8_t *p,
                            const uint8_t *end, uint64_t *out) {
    int64_t at = d->s.ctx->why_at;
    if (!k_json_whole(d->s.ctx, &d->fmt, n, p, end - p, out)) return NULL;
    d->s.ctx->why_at = at;
    return d->s.ctx->why;
}

/* A value other than a text, from what stands between the blanks.  Null, or what is
 * wrong. */
static const char *csv_scalar(csv_decoder *d, flow_node *n, const uint8_t *p,
                              const uint8_t *end, uint64_t *out) {
    int64_t v;
    double f;
    int r;
    switch (n->kind) {
    case 'i':
        r = flow_k_num_int(p, end, &v);
        *out = (uint64_t)v;
        return !r                  ? NULL
               : r == FLOW_NUM_BAD ? "not an int"
                                   : "the number does not fit an int";
    case 'f':
        r = flow_k_num_float(p, end, &f);
        __builtin_memcpy(out, &f, 8);
        return r ? "not a number" : NULL;
    case 'b': return csv_bool(p, end, out);
    case 't':
    case 'd': return csv_time(n, d->fmt.unit, p, end, out);
    case 'D':
        r = k_dec_get(p, end, 0, n->precision, n->scale, out);
        return !r                    ? NULL
               : r == FLOW_NUM_RANGE ? "the number does not fit the decimal"
                                     : "not a number of so many digits";
    case 'y': return csv_bytes(d->s.ctx, p, end, out);
    case '|':
        if (!n->is_enum) return csv_json(d, n, p, end, out);
        v = k_node_variant(n, p, end - p);
        *out = (uint64_t)v;
        return v < 0 ? "not a name of the enum" : NULL;
    default: return csv_json(d, n, p, end, out);
    }
}

/* No value for a column: none, the default, for an empty text "". */
static const char *csv_empty(csv_column *c, int missing, uint64_t *words) {
    c->empty = 1;
    if (k_node_missing(c->member, words + c->at)) return NULL;
    for (int64_t i = 0; i < c->type->words; i++)
        words[c->at + i] = 0;
    if (c->type->kind == 's' && !missing) return NULL;
    return c->grouped ? NULL : missing ? "a field is missing" : "a field is empty";
}

/* Any field of a column that is read.  Null, or what is wrong. */
FLOW_FAR const char *k_csv_any(csv_decoder *d, csv_column *c, const csv_field *f,
                               uint64_t *words) {
    uint64_t *out = words + c->at;
    if (FLOW_UNLIKELY(f->to - f->from > FLOW_FIELD_MAX))
        return "a field is longer than 1 MiB";
    if (f->from == f->to && !f->quoted) return csv_empty(c, 0, words);
    c->empty = 0;
    if (c->flag >= 0) words[c->flag] = 1;
    if (c->type->kind == 's') {
        flow_text t = k_csv_text(d->s.ctx, f);
        out[0] = (uint64_t)(uintptr_t)t.ptr;
        out[1] = (uint64_t)t.len;
        return NULL;
    }
    const uint8_t *p = f->from, *end = f->to;
    if (FLOW_UNLIKELY(f->escaped)) {
        flow_text t = k_csv_text(d->s.ctx, f);
        p = t.ptr;
        end = t.ptr + t.len;
    }
    if (FLOW_UNLIKELY(csv_blank(*p) || csv_blank(end[-1]))) csv_trim(&p, &end);
    if (p == end && !f->quoted) return csv_empty(c, 0, words);
    return csv_scalar(d, c->type, p, end, out);
}

/* The same; what occurs most is done at once. */
FLOW_INLINE const char *csv_value(csv_decoder *d, csv_column *c, const csv_field *f,
                                  uint64_t *words) {
    if (c->kind == 'i' || c->kind == 't') {
        int64_t v;
        int is = c->kind == 'i' ? k_num_int_short(f->from, f->to, &v)
                                : k_time_short(f->from, f->to, d->fmt.unit, &v);
        if (FLOW_UNLIKELY(!is)) return k_csv_any(d, c, f, words);
        words[c->at] = (uint64_t)v;
    } else {
        int64_t len = f->to - f->from;
        if (c->kind != 's' || f->escaped || !len || len > FLOW_FIELD_MAX)
            return k_csv_any(d, c, f, words);
        words[c->at] = (uint64_t)(uintptr_t)f->from;
        words[c->at + 1] = (uint64_t)len;
    }
    if (c->flag >= 0) words[c->flag] = 1;
    c->empty = 0;
    return NULL;
}

/* ---- records -------------------------------------------------------------------- */

/* An optional record is none if all its fields were empty. */
static const char *csv_groups(const csv_table *t, uint64_t *words) {
    for (int64_t g = 0; g < t->ngroups; g++) {
        const csv_group *group = &t->groups[g];
        int some = 0, holes = 0;
        for (int64_t i = group->first; i < group->last; i++) {
            csv_column *c = &t->columns[i];
            if (c->unread) continue;
            some |= !c->empty;
            holes |=
                c->empty == 1 && c->flag < 0 && !c->member->value && c->type->kind != 's';
            c->empty = c->empty ? 2 : 0;
        }
        if (some && holes) return "a field is empty";
        words[group->flag] = (uint64_t)some;
        if (some) continue;
        for (int64_t i = 0; i < group->words; i++)
            words[group->at + i] = 0;
    }
    return NULL;
}

/* After the last field: the columns from `place` on are missing. */
FLOW_FAR int k_csv_close(csv_decoder *d, int64_t place, uint64_t *words) {
    flow_ctx *ctx = d->s.ctx;
    csv_table *t = &d->table;
    for (int64_t i = 0; i < t->n; i++) {
        csv_column *c = &t->columns[i];
        int64_t at = d->map ? d->map[i] : i;
        if (c->unread || (at >= 0 && at < place)) continue;
        d->s.why = csv_empty(c, 1, words);
        if (!d->s.why) continue;
        ctx->why_field = i;
        return FLOW_E_malformed;
    }
    d->s.why = t->ngroups ? csv_groups(t, words) : NULL;
    return d->s.why ? FLOW_E_malformed : FLOW_OK;
}

/* A value did not fit: the fields behind it are only passed. */
FLOW_FAR int k_csv_misfit(csv_decoder *d, const csv_field *f, const char *why,
                          int64_t column) {
    int64_t at = f->from - d->s.ctx->record;
    csv_field rest = *f;
    while (rest.stop != '\n') {
        int r = k_csv_field(&d->s, &rest);
        if (r) return r;
    }
    k_csv_set_len(&d->s);
    d->s.why = why;
    d->s.ctx->why_at = at;
    d->s.ctx->why_field = column;
    return FLOW_E_malformed;
}

/* The fields of a record, or what follows the tag of a tagged one. */
FLOW_INLINE int csv_fields(csv_decoder *d, uint64_t *words) {
    csv_table *t = &d->table;
    int64_t places = t->nplaces;
    csv_field f;
    for (int64_t place = 0; place < places; place++) {
        int r = k_csv_field(&d->s, &f);
        if (FLOW_UNLIKELY(r)) return r;
        csv_column *c = t->places[place];
        if (c) {
            const char *why = csv_value(d, c, &f, words);
            if (FLOW_UNLIKELY(why != NULL)) return k_csv_misfit(d, &f, why, c->index);
        }
        if (f.stop != '\n') continue;
        k_csv_set_len(&d->s);
        if (FLOW_LIKELY(place + 1 == places && t->complete)) return FLOW_OK;
        return k_csv_close(d, place + 1, words);
    }
    if (k_csv_field(&d->s, &f)) return FLOW_E_malformed;
    return k_csv_misfit(d, &f, "too many fields", -1);
}

/* The variant that a text names or begins, -1: none or several. */
static int64_t csv_variant(const flow_node *n, const uint8_t *p, int64_t len) {
    int64_t found = k_node_variant(n, p, len), begun = 0;
    if (found >= 0) return found;
    for (int64_t i = 0; i < n->n && len; i++) {
        flow_member one = n->members[i];
        flow_node only = {.n = 1, .members = &one};
        if (one.name_len < len) continue;
        one.name_len = len;
        if (k_node_variant(&only, p, len) < 0) continue;
        found = i;
        begun++;
    }
    return begun == 1 ? found : -1;
}

FLOW_FAR int k_csv_union(csv_decoder *d, uint64_t *words) {
    csv_field f;
    int r = k_csv_field(&d->s, &f);
    if (r) return r;
    flow_text t = k_csv_text(d->s.ctx, &f);
    const uint8_t *p = t.ptr, *end = p + t.len;
    csv_trim(&p, &end);
    int64_t v = csv_variant(d->root, p, end - p);
    if (v < 0) return k_csv_misfit(d, &f, "no variant has this name", 0);
    for (int64_t i = 1; i < d->root->words; i++)
        words[i] = 0;
    words[0] = (uint64_t)v;
    d->table = d->variants[v];
    if (f.stop != '\n') return csv_fields(d, words);
    k_csv_set_len(&d->s);
    return k_csv_close(d, 0, words);
}

static int csv_again(csv_decoder *d, uint64_t *words) {
    return d->variants ? k_csv_union(d, words) : csv_fields(d, words);
}

/* A record with bytes beyond ASCII; `r` is what reading it gave. */
FLOW_FAR int k_csv_special(csv_decoder *d, int r, uint64_t *words) {
    flow_ctx *ctx = d->s.ctx;
    const uint8_t *p = ctx->record;
    int64_t len = ctx->record_len;
    if (flow_k_utf8_valid(p, len)) return r;
    if (!(d->fmt.flags & FLOW_FMT_REPLACE)) {
        d->s.why = "not UTF-8";
        ctx->why_at = flow_k_utf8_error(p, len);
        return FLOW_E_utf8;
    }
    /* Read again from a repaired copy, which has its line end. */
    flow_text t = flow_k_utf8_replace(ctx, p, len);
    uint8_t *copy = flow_k_alloc(ctx, t.len + 1 + FLOW_BLOCK_PAD);
    if (t.len) __builtin_memcpy(copy, t.ptr, (size_t)t.len);
    copy[t.len] = '\n';
    const uint8_t *next = d->s.p, *end = d->s.end;
    d->s.p = ctx->record = copy;
    d->s.end = copy + t.len + 1;
    k_csv_seek(&d->s, copy);
    r = csv_again(d, words);
    d->s.p = next;
    d->s.end = end;
    k_csv_seek(&d->s, next);
    ctx->record = p;
    ctx->record_len = len;
    return r;
}

/* ---- the protocol --------------------------------------------------------------- */

FLOW_FAR void *flow_k_csv_open(flow_ctx *ctx, const uint8_t *schema, const uint8_t *p,
                               const uint8_t *end) {
    csv_decoder *d = flow_k_alloc(ctx, sizeof *d);
    *d = (csv_decoder){.s = {.ctx = ctx, .end = end}};
    const uint8_t *tc = k_format_read(schema, &d->fmt);
    d->root = k_node_build(ctx, &tc, 0);
    k_json_defaults(ctx, &d->fmt, d->root);
    if (d->root->kind == '|') {
        d->variants = flow_k_alloc(ctx, d->root->n * (int64_t)sizeof(csv_table));
        for (int64_t i = 0; i < d->root->n; i++) {
            d->variants[i] = csv_table_of(ctx, d->root->members[i].type, 1);
            csv_place(ctx, &d->variants[i], NULL);
        }
    } else {
        if (d->fmt.flags & FLOW_FMT_HEADER) d->map = ctx->header;
        d->table = csv_table_of(ctx, d->root, 0);
        csv_place(ctx, &d->table, d->map);
    }
    d->s.separator = d->fmt.separator;
    d->s.multiline = d->fmt.flags & FLOW_FMT_MULTILINE;
    k_csv_seek(&d->s, p);
    return d;
}

int32_t flow_k_csv_next(flow_ctx *ctx, void *decoder, uint64_t *words) {
    csv_decoder *d = decoder;
    while (d->s.p < d->s.end) {
        const uint8_t *p = d->s.p;
        if (FLOW_UNLIKELY(*p == '\n' || (*p == '\r' && p[1] == '\n'))) {
            d->s.p = k_csv_stop(&d->s) + 1;
            continue;
        }
        ctx->record = p;
        d->s.high = k_csv_high(&d->s);
        int r = FLOW_UNLIKELY(d->variants != NULL) ? k_csv_union(d, words)
                                                   : csv_fields(d, words);
        if (FLOW_UNLIKELY(d->s.high)) r = k_csv_special(d, r, words);
        if (FLOW_LIKELY(!r)) return 1;
        ctx->why = d->s.why;
        return -r;
    }
    return 0;
}

/* ---- headers -------------------------------------------------------------------- */

/* The column named `name` (`a.b` in a nested record); *column counts those passed. */
static int csv_find(const flow_node *n, const uint8_t *name, int64_t len,
                    int64_t *column) {
    for (int64_t i = 0; i < n->n; i++) {
        const flow_member *m = &n->members[i];
        const flow_node *type = m->type->kind == '?' ? m->type->of : m->type;
        int begins =
            len >= m->name_len && !__builtin_memcmp(name, m->name, (size_t)m->name_len);
        if (type->kind != '{') {
            if (begins && len == m->name_len) return 1;
            ++*column;
            continue;
        }
        int64_t inner = 0, before = *column;
        csv_count(type, column, &inner);
        int64_t rest = len - m->name_len - 1, found = before;
        if (begins && rest > 0 && name[m->name_len] == '.' &&
            csv_find(type, name + m->name_len + 1, rest, &found)) {
            *column = found;
            return 1;
        }
    }
    return 0;
}

FLOW_COLD int32_t flow_k_csv_header(flow_ctx *ctx, const uint8_t *schema,
                                    const uint8_t *p, const uint8_t *end, int64_t *map) {
    uint8_t *copy = flow_k_alloc(ctx, end - p + 1 + FLOW_BLOCK_PAD);
    if (end > p) __builtin_memcpy(copy, p, (size_t)(end - p));
    copy[end - p] = '\n';
    ctx->header = NULL; /* of the file before */
    csv_decoder *d = flow_k_csv_open(ctx, schema, copy, copy + (end - p) + 1);
    const csv_table *t = &d->table;
    ctx->record = copy;
    for (int64_t i = 0; i < t->n; i++)
        map[i] = -1;
    csv_field f;
    int64_t place = 0;
    do {
        if (k_csv_field(&d->s, &f)) return -1;
        flow_text name = k_csv_text(ctx, &f);
        int64_t column = 0;
        if (csv_find(d->root, name.ptr, name.len, &column) && map[column] < 0)
            map[column] = place;
        place++;
    } while (f.stop != '\n');
    map[t->n] = place;
    for (int64_t i = 0; i < t->n; i++) {
        const csv_column *c = &t->columns[i];
        if (map[i] < 0 && !c->unread && c->flag < 0 && !c->grouped && !c->member->value)
            return (int32_t)(i + 1);
    }
    return 0;
}
