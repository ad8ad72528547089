/* k_csv.c - csv to words, by masks of what separates.
 *
 * The places of separators, quotes and line ends in a block of 64 bytes are bits of a
 * mask that stays in the decoder from field to field and record to record, so the bytes
 * of a field that nobody reads are never looked at one by one.  Quotes need no second
 * pass: inside them, only the next quote's bit matters.
 *
 * Columns are the leaves of the type.  A leaf of an optional record belongs to a group;
 * when all fields of a group are empty the record is none. */
#include "runtime/kernel/k_csv.h"
#include "runtime/kernel/k_base64.h"
#include "runtime/kernel/k_decimal.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_float.h"
#include "runtime/kernel/k_json.h"
#include "runtime/kernel/k_line.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_record.h"
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
    flow_node *type;  /* without `?` */
    flow_member *member; /* for its default */
    int64_t at;       /* its first word */
    int64_t flag;     /* the word of its own `?`, -1: not optional */
    int32_t unread;
    int32_t grouped;  /* stands in an optional record */
    int32_t empty;    /* of the record being read: 1 no value was there; 2 and its group
                         knows */
} csv_column;

/* The columns of a record type. */
typedef struct csv_table {
    csv_column *columns;
    int64_t n;
    csv_group *groups; /* inner ones first */
    int64_t ngroups;
} csv_table;

typedef struct csv_decoder {
    flow_ctx *ctx;
    const uint8_t *p, *end; /* next byte to read; of the block */
    const uint8_t *base;    /* the block of 64 bytes that `mask` is about */
    uint64_t mask;          /* what separates, from p on */
    uint64_t block_high;    /* bytes beyond ASCII in that block */
    uint64_t high;          /* not 0 if the record may have such bytes */
    flow_format fmt;
    csv_table table;        /* of the record, or of the variant at hand */
    csv_table *variants;    /* tagged record: one for each, else null */
    flow_node *root;
    const int64_t *map;     /* header: place in the file of each column, then their number */
    int64_t *columns_at;    /* header: column of each place */
    int64_t complete;       /* no column that is read lacks its place */
    const char *why;
} csv_decoder;

/* One field as it stands in the record. */
typedef struct csv_field {
    const uint8_t *from, *to; /* without quotes */
    int32_t quoted;
    int32_t escaped;          /* has doubled quotes */
    uint8_t stop;             /* what ended it: the separator or '\n' */
} csv_field;

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
            t->columns[t->n++] = (csv_column){
                inner, m, place, optional ? place + type->words - 1 : -1, skip, grouped, 0};
            continue;
        }
        int64_t first = t->n;
        csv_flatten(t, inner, place, grouped || optional, skip);
        if (optional && !skip)
            t->groups[t->ngroups++] = (csv_group){place + type->words - 1, place,
                                                  inner->words, first, t->n};
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

/* ---- fields --------------------------------------------------------------------- */

/* Loads the block at base. */
FLOW_INLINE void csv_load(csv_decoder *d) {
    flow_v64 v = k_vec_load(d->base);
    d->mask = k_vec_eq(v, d->fmt.separator) | k_vec_eq(v, '"') | k_vec_eq(v, '\n');
    d->block_high = k_vec_high(v);
    d->high |= d->block_high;
    if (FLOW_UNLIKELY(d->end - d->base < FLOW_LANES))
        d->mask &= k_low_bits(d->end - d->base);
}

/* The next separator, quote or line end, which is passed; `end` if there is none. */
FLOW_INLINE const uint8_t *csv_stop(csv_decoder *d) {
    while (FLOW_UNLIKELY(!d->mask)) {
        d->base += FLOW_LANES;
        if (d->base >= d->end) {
            d->base = d->end;
            return d->end;
        }
        csv_load(d);
    }
    const uint8_t *p = d->base + __builtin_ctzll(d->mask);
    d->mask &= d->mask - 1;
    return p;
}

/* Reads on at p, which is not before what was passed. */
static void csv_seek(csv_decoder *d, const uint8_t *p) {
    d->base = p;
    d->mask = 0;
    if (p < d->end) csv_load(d);
}

/* Past the line that p is in: where reading goes on after a fault. */
static void csv_recover(csv_decoder *d, const uint8_t *p) {
    uint64_t high;
    const uint8_t *stop = k_record_line(p, d->end, &high);
    d->p = stop + 1;
    csv_seek(d, d->p);
    d->high |= high;
}

/* Where the record ended: before the line end at d->p - 1. */
static void csv_set_len(csv_decoder *d) {
    const uint8_t *from = d->ctx->record, *to = d->p - 1;
    if (to > d->end) to = d->end;
    if (to > from && to < d->end && to[-1] == '\r') to--;
    d->ctx->record_len = to - from;
}

static int csv_fault(csv_decoder *d, const uint8_t *at, const char *why) {
    d->why = why;
    d->ctx->why_at = at - d->ctx->record;
    d->ctx->why_field = -1;
    csv_recover(d, at);
    csv_set_len(d);
    return FLOW_E_malformed;
}

/* The rest of a field whose opening quote is at d->p and was passed. */
static __attribute__((noinline)) int csv_quoted(csv_decoder *d, csv_field *f) {
    f->quoted = 1;
    f->from = d->p + 1;
    int multiline = d->fmt.flags & FLOW_FMT_MULTILINE;
    const uint8_t *q;
    for (;;) {
        q = csv_stop(d);
        if (q >= d->end || (*q == '\n' && !multiline))
            return csv_fault(d, q, "a quote is not closed");
        if (*q != '"') continue;
        if (q[1] != '"' || q + 1 >= d->end) break;
        f->escaped = 1;
        csv_stop(d); /* the second of the two */
    }
    f->to = q++;
    if (q < d->end && *q == '\r' && q + 1 < d->end && q[1] == '\n') q++;
    if (q < d->end && *q != d->fmt.separator && *q != '\n')
        return csv_fault(d, q, "something follows a closing quote");
    d->p = csv_stop(d) + 1;
    f->stop = q < d->end ? *q : '\n';
    return FLOW_OK;
}

/* The field at d->p, and past what ends it. */
FLOW_INLINE int csv_next_field(csv_decoder *d, csv_field *f) {
    const uint8_t *stop = csv_stop(d);
    f->quoted = f->escaped = 0;
    f->from = d->p;
    uint8_t c = stop < d->end ? *stop : '\n';
    if (FLOW_UNLIKELY(c == '"')) {
        if (stop != d->p) return csv_fault(d, stop, "a quote inside a field");
        return csv_quoted(d, f);
    }
    f->stop = c;
    f->to = stop;
    if (c == '\n' && stop > d->p && stop < d->end && stop[-1] == '\r') f->to--;
    d->p = stop + 1;
    return FLOW_OK;
}

/* ---- values --------------------------------------------------------------------- */

static int csv_blank(uint8_t c) { return c == ' ' || c == '\t'; }

static void csv_trim(const uint8_t **p, const uint8_t **end) {
    while (*p < *end && csv_blank(**p)) ++*p;
    while (*p < *end && csv_blank((*end)[-1])) --*end;
}

/* The field's bytes, doubled quotes made single. */
static flow_text csv_text(flow_ctx *ctx, const csv_field *f) {
    int64_t len = f->to - f->from;
    if (FLOW_LIKELY(!f->escaped)) return (flow_text){f->from, len};
    uint8_t *text = flow_k_alloc(ctx, len), *o = text;
    for (const uint8_t *p = f->from; p < f->to; p++) {
        *o++ = *p;
        p += *p == '"';
    }
    return (flow_text){text, o - text};
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
    int64_t at = d->ctx->why_at;
    if (!k_json_whole(d->ctx, &d->fmt, n, p, end - p, out)) return NULL;
    d->ctx->why_at = at;
    return d->ctx->why;
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
        return !r ? NULL : r == FLOW_NUM_BAD ? "not an int"
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
        return !r ? NULL : r == FLOW_NUM_RANGE ? "the number does not fit the decimal"
                                               : "not a number of so many digits";
    case 'y': return csv_bytes(d->ctx, p, end, out);
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
    for (int64_t i = 0; i < c->type->words; i++) words[c->at + i] = 0;
    if (c->type->kind == 's' && !missing) return NULL;
    return c->grouped ? NULL : missing ? "a field is missing" : "a field is empty";
}

static const char *csv_value(csv_decoder *d, csv_column *c, const csv_field *f,
                             uint64_t *words) {
    uint64_t *out = words + c->at;
    if (FLOW_UNLIKELY(f->to - f->from > FLOW_FIELD_MAX))
        return "a field is longer than 1 MiB";
    if (f->from == f->to && !f->quoted) return csv_empty(c, 0, words);
    c->empty = 0;
    if (c->flag >= 0) words[c->flag] = 1;
    if (c->type->kind == 's') {
        flow_text t = csv_text(d->ctx, f);
        out[0] = (uint64_t)(uintptr_t)t.ptr;
        out[1] = (uint64_t)t.len;
        return NULL;
    }
    const uint8_t *p = f->from, *end = f->to;
    if (FLOW_UNLIKELY(f->escaped)) {
        flow_text t = csv_text(d->ctx, f);
        p = t.ptr;
        end = t.ptr + t.len;
    }
    if (FLOW_UNLIKELY(csv_blank(*p) || csv_blank(end[-1]))) csv_trim(&p, &end);
    if (p == end && !f->quoted) return csv_empty(c, 0, words);
    return csv_scalar(d, c->type, p, end, out);
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
            holes |= c->empty == 1 && c->flag < 0 && !c->member->value &&
                     c->type->kind != 's';
            c->empty = c->empty ? 2 : 0;
        }
        if (some && holes) return "a field is empty";
        words[group->flag] = (uint64_t)some;
        if (some) continue;
        for (int64_t i = 0; i < group->words; i++) words[group->at + i] = 0;
    }
    return NULL;
}

/* After the last field: the columns from `place` on are missing. */
static int csv_close(csv_decoder *d, int64_t place, uint64_t *words) {
    flow_ctx *ctx = d->ctx;
    csv_table *t = &d->table;
    for (int64_t i = 0; i < t->n; i++) {
        csv_column *c = &t->columns[i];
        int64_t at = d->map ? d->map[i] : i;
        if (c->unread || (at >= 0 && at < place)) continue;
        d->why = csv_empty(c, 1, words);
        if (!d->why) continue;
        ctx->why_field = i;
        return FLOW_E_malformed;
    }
    d->why = t->ngroups ? csv_groups(t, words) : NULL;
    return d->why ? FLOW_E_malformed : FLOW_OK;
}

/* A value did not fit: the fields behind it are only passed. */
static int csv_misfit(csv_decoder *d, const csv_field *f, const char *why, int64_t column) {
    int64_t at = f->from - d->ctx->record;
    csv_field rest = *f;
    while (rest.stop != '\n') {
        int r = csv_next_field(d, &rest);
        if (r) return r;
    }
    csv_set_len(d);
    d->why = why;
    d->ctx->why_at = at;
    d->ctx->why_field = column;
    return FLOW_E_malformed;
}

/* The fields of a record, or what follows the tag of a tagged one. */
static int csv_fields(csv_decoder *d, uint64_t *words) {
    csv_table *t = &d->table;
    int64_t places = d->map ? d->map[t->n] : t->n;
    csv_field f;
    for (int64_t place = 0; place < places; place++) {
        int r = csv_next_field(d, &f);
        if (FLOW_UNLIKELY(r)) return r;
        int64_t i = d->map ? d->columns_at[place] : place;
        if (i >= 0 && !t->columns[i].unread) {
            const char *why = csv_value(d, &t->columns[i], &f, words);
            if (FLOW_UNLIKELY(why != NULL)) return csv_misfit(d, &f, why, i);
        }
        if (f.stop != '\n') continue;
        csv_set_len(d);
        if (place + 1 == places && d->complete && !t->ngroups) return FLOW_OK;
        return csv_close(d, place + 1, words);
    }
    if (csv_next_field(d, &f)) return FLOW_E_malformed;
    return csv_misfit(d, &f, "too many fields", -1);
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

static int csv_union(csv_decoder *d, uint64_t *words) {
    csv_field f;
    int r = csv_next_field(d, &f);
    if (r) return r;
    flow_text t = csv_text(d->ctx, &f);
    const uint8_t *p = t.ptr, *end = p + t.len;
    csv_trim(&p, &end);
    int64_t v = csv_variant(d->root, p, end - p);
    if (v < 0) return csv_misfit(d, &f, "no variant has this name", 0);
    for (int64_t i = 1; i < d->root->words; i++) words[i] = 0;
    words[0] = (uint64_t)v;
    d->table = d->variants[v];
    if (f.stop != '\n') return csv_fields(d, words);
    csv_set_len(d);
    return csv_close(d, 0, words);
}

static int csv_record(csv_decoder *d, uint64_t *words) {
    return d->variants ? csv_union(d, words) : csv_fields(d, words);
}

/* A record with bytes beyond ASCII; `r` is what reading it gave. */
static __attribute__((noinline)) int csv_special(csv_decoder *d, int r, uint64_t *words) {
    flow_ctx *ctx = d->ctx;
    const uint8_t *p = ctx->record;
    int64_t len = ctx->record_len;
    if (flow_k_utf8_valid(p, len)) return r;
    if (!(d->fmt.flags & FLOW_FMT_REPLACE)) {
        d->why = "not UTF-8";
        ctx->why_at = flow_k_utf8_error(p, len);
        return FLOW_E_utf8;
    }
    /* Read again from a repaired copy, which has its line end. */
    flow_text t = flow_k_utf8_replace(ctx, p, len);
    uint8_t *copy = flow_k_alloc(ctx, t.len + 1 + FLOW_BLOCK_PAD);
    if (t.len) __builtin_memcpy(copy, t.ptr, (size_t)t.len);
    copy[t.len] = '\n';
    const uint8_t *next = d->p, *end = d->end;
    d->p = ctx->record = copy;
    d->end = copy + t.len + 1;
    csv_seek(d, copy);
    r = csv_record(d, words);
    d->p = next;
    d->end = end;
    csv_seek(d, next);
    ctx->record = p;
    ctx->record_len = len;
    return r;
}

/* ---- the protocol --------------------------------------------------------------- */

static void csv_use_map(csv_decoder *d) {
    const csv_table *t = &d->table;
    int64_t places = d->ctx->header[t->n];
    d->map = d->ctx->header;
    d->columns_at = flow_k_alloc(d->ctx, places * 8);
    for (int64_t i = 0; i < places; i++) d->columns_at[i] = -1;
    for (int64_t i = 0; i < t->n; i++) {
        if (d->map[i] >= 0) {
            d->columns_at[d->map[i]] = i;
        } else {
            d->complete &= t->columns[i].unread;
        }
    }
}

void *flow_k_csv_open(flow_ctx *ctx, const uint8_t *schema, const uint8_t *p,
                      const uint8_t *end) {
    csv_decoder *d = flow_k_alloc(ctx, sizeof *d);
    *d = (csv_decoder){.ctx = ctx, .p = p, .end = end};
    const uint8_t *tc = k_format_read(schema, &d->fmt);
    d->root = k_node_build(ctx, &tc, 0);
    k_json_defaults(ctx, &d->fmt, d->root);
    if (d->root->kind == '|') {
        d->variants = flow_k_alloc(ctx, d->root->n * (int64_t)sizeof(csv_table));
        for (int64_t i = 0; i < d->root->n; i++)
            d->variants[i] = csv_table_of(ctx, d->root->members[i].type, 1);
    } else {
        d->table = csv_table_of(ctx, d->root, 0);
    }
    d->complete = 1;
    if ((d->fmt.flags & FLOW_FMT_HEADER) && ctx->header && !d->variants) csv_use_map(d);
    csv_seek(d, p);
    return d;
}

int32_t flow_k_csv_next(flow_ctx *ctx, void *decoder, uint64_t *words) {
    csv_decoder *d = decoder;
    while (d->p < d->end) {
        const uint8_t *p = d->p;
        if (FLOW_UNLIKELY(*p == '\n' || (*p == '\r' && p[1] == '\n'))) {
            d->p = csv_stop(d) + 1;
            continue;
        }
        ctx->record = p;
        d->high = p - d->base < FLOW_LANES ? d->block_high >> (p - d->base) : 0;
        int r = csv_record(d, words);
        if (FLOW_UNLIKELY(d->high)) r = csv_special(d, r, words);
        if (FLOW_LIKELY(!r)) return 1;
        ctx->why = d->why;
        return -r;
    }
    return 0;
}

/* ---- headers and ends ----------------------------------------------------------- */

/* The column named `name` (`a.b` in a nested record); *column counts those passed. */
static int csv_find(const flow_node *n, const uint8_t *name, int64_t len, int64_t *column) {
    for (int64_t i = 0; i < n->n; i++) {
        const flow_member *m = &n->members[i];
        const flow_node *type = m->type->kind == '?' ? m->type->of : m->type;
        int begins = len >= m->name_len &&
                     !__builtin_memcmp(name, m->name, (size_t)m->name_len);
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

FLOW_COLD int32_t flow_k_csv_header(flow_ctx *ctx, const uint8_t *schema, const uint8_t *p,
                          const uint8_t *end, int64_t *map) {
    uint8_t *copy = flow_k_alloc(ctx, end - p + 1 + FLOW_BLOCK_PAD);
    if (end > p) __builtin_memcpy(copy, p, (size_t)(end - p));
    copy[end - p] = '\n';
    ctx->header = NULL; /* of the file before */
    csv_decoder *d = flow_k_csv_open(ctx, schema, copy, copy + (end - p) + 1);
    const csv_table *t = &d->table;
    ctx->record = copy;
    for (int64_t i = 0; i < t->n; i++) map[i] = -1;
    csv_field f;
    int64_t place = 0;
    do {
        if (csv_next_field(d, &f)) return -1;
        flow_text name = csv_text(ctx, &f);
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

const uint8_t *flow_k_csv_end(const uint8_t *p, const uint8_t *end, int32_t multiline,
                              int32_t separator) {
    csv_decoder d = {.p = p, .end = end};
    d.fmt.separator = (uint8_t)separator;
    if (!multiline) return flow_k_line_end(p, end);
    csv_seek(&d, p);
    for (const uint8_t *field = p;;) {
        const uint8_t *stop = csv_stop(&d);
        if (stop >= end) return NULL;
        if (*stop == '"' && stop == field) {
            do { /* to the closing quote */
                stop = csv_stop(&d);
                if (stop >= end) return NULL;
            } while (*stop != '"' || (stop[1] == '"' && stop + 1 < end && csv_stop(&d)));
            stop++;
            stop += stop < end && *stop == '\r' && (stop + 1 >= end || stop[1] == '\n');
            if (stop >= end) return NULL;
            if (*stop == '\n' || *stop == separator) csv_stop(&d);
        }
        if (*stop == '\n') return stop + 1;
        if (*stop != separator) return flow_k_line_end(stop, end);
        field = stop + 1;
    }
}
