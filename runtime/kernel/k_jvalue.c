/* k_jvalue.c - JSON to words by walking the type's tree and the text together. */
#include "runtime/kernel/k_jvalue.h"
#include "runtime/kernel/k_base64.h"
#include "runtime/kernel/k_decimal.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_float.h"
#include "runtime/kernel/k_jrecord.h"
#include "runtime/kernel/k_list.h"
#include "runtime/kernel/k_map.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_record.h"
#include "runtime/kernel/k_time.h"

FLOW_INLINE const uint8_t *json_ptr(uint64_t word) {
    return (const uint8_t *)(uintptr_t)word;
}

/* ---- scalars -------------------------------------------------------------------- */

/* The text at p, for values that may stand in quotes; null if none is there. */
static int json_quoted(flow_json *j, flow_text *t) {
    uint64_t w[2];
    if (k_json_text(j, w)) return JSON_SYNTAX;
    *t = (flow_text){json_ptr(w[0]), (int64_t)w[1]};
    return JSON_OK;
}

static int json_float(flow_json *j, uint64_t *out) {
    double v;
    if (*j->p == '"') {
        const uint8_t *from = j->p;
        flow_text t;
        if (json_quoted(j, &t)) return JSON_SYNTAX;
        if (k_float_word(t.ptr, t.ptr + t.len, &v)) {
            j->p = from;
            return k_json_type(j, "not a number");
        }
    } else {
        flow_number n;
        const uint8_t *next = k_num_scan(j->p, j->end, 1, &n);
        if (!next) return k_json_type(j, "not a number");
        v = k_float_of(&n);
        j->p = next;
    }
    __builtin_memcpy(out, &v, 8);
    return JSON_OK;
}

static int json_bool(flow_json *j, uint64_t *out) {
    *out = *j->p == 't';
    if (k_json_word(j, "true", 4) || k_json_word(j, "false", 5)) return JSON_OK;
    return k_json_type(j, "not true or false");
}

static int json_bytes(flow_json *j, uint64_t *out) {
    const uint8_t *from = j->p;
    int r = k_json_string(j, out);
    if (r) return r;
    int64_t len = (int64_t)out[1];
    uint8_t *bytes = flow_k_alloc(j->ctx, len / 4 * 3 + 3);
    int64_t n = k_base64_get(bytes, json_ptr(out[0]), len);
    if (n < 0) {
        j->p = from;
        return k_json_type(j, "not base64");
    }
    out[0] = (uint64_t)(uintptr_t)bytes;
    out[1] = (uint64_t)n;
    return JSON_OK;
}

/* The bounds of a number or of the text in quotes at p, and past it. */
static int json_scalar(flow_json *j, flow_text *t, int *quoted) {
    *quoted = *j->p == '"';
    if (*quoted) return json_quoted(j, t);
    flow_number n;
    const uint8_t *next = k_num_scan(j->p, j->end, 1, &n);
    if (!next) return k_json_type(j, "neither a number nor a text");
    *t = (flow_text){j->p, next - j->p};
    j->p = next;
    return JSON_OK;
}

static int json_time(flow_json *j, uint64_t *out, int duration) {
    const uint8_t *from = j->p;
    flow_text t;
    int quoted, r = json_scalar(j, &t, &quoted);
    if (r) return r;
    const uint8_t *end = t.ptr + t.len;
    int64_t v = 0;
    r = FLOW_NUM_BAD;
    if (quoted)
        r = duration ? k_duration_get(t.ptr, end, &v) : k_time_get(t.ptr, end, &v);
    if (r && !(duration && quoted)) r = k_time_of_unit(t.ptr, end, 1, j->fmt.unit, &v);
    if (r) {
        j->p = from;
        return k_json_type(j, duration ? "not a duration" : "not a timestamp");
    }
    *out = (uint64_t)v;
    return JSON_OK;
}

static int json_decimal(flow_json *j, const flow_node *n, uint64_t *out) {
    const uint8_t *from = j->p;
    flow_text t;
    int quoted, r = json_scalar(j, &t, &quoted);
    if (r) return r;
    r = k_dec_get(t.ptr, t.ptr + t.len, 1, n->precision, n->scale, out);
    if (!r) return JSON_OK;
    j->p = from;
    return k_json_type(j, r == FLOW_NUM_RANGE ? "the number does not fit the decimal"
                                              : "not a number of so many digits");
}

/* ---- lists and maps ------------------------------------------------------------- */

static int json_list(flow_json *j, flow_node *n, uint64_t *out) {
    int r = k_json_enter(j, "not a list", '[');
    if (r) return r;
    flow_run_list run = {.size = n->of->words};
    int more = *j->p != ']';
    if (!more) {
        j->p++;
        j->depth--;
    }
    while (more) {
        r = k_json_value(j, n->of, k_list_add(j->ctx, &run));
        if (r) return r;
        more = k_json_more(j, ']');
        if (more < 0) return JSON_SYNTAX;
    }
    out[0] = (uint64_t)(uintptr_t)run.words;
    out[1] = (uint64_t)run.n;
    return JSON_OK;
}

/* A name at p and its `:`; names are texts. */
static int json_name(flow_json *j, uint64_t *text) {
    if (*j->p != '"') return k_json_fail(j, JSON_SYNTAX, "a field's name is missing");
    if (k_json_text(j, text)) return JSON_SYNTAX;
    k_json_blanks(j);
    if (*j->p != ':') return k_json_fail(j, JSON_SYNTAX, "a `:` is missing");
    j->p++;
    k_json_blanks(j);
    return JSON_OK;
}

static int json_key(flow_json *j, uint8_t kind, uint64_t *out) {
    const uint8_t *from = j->p;
    uint64_t text[2];
    if (json_name(j, text)) return JSON_SYNTAX;
    const uint8_t *p = json_ptr(text[0]), *end = p + text[1];
    int64_t v = 0;
    int bad = 0;
    if (kind == 's') {
        out[0] = text[0];
        out[1] = text[1];
    } else if (kind == 'i') {
        bad = flow_k_num_int(p, end, &v);
        out[0] = (uint64_t)v;
    } else {
        out[0] = end - p == 4 && !__builtin_memcmp(p, "true", 4);
        bad = !out[0] && !(end - p == 5 && !__builtin_memcmp(p, "false", 5));
    }
    if (!bad) return JSON_OK;
    j->p = from;
    return k_json_type(j, "not a key of the map");
}

static int json_map(flow_json *j, flow_node *n, uint64_t *out) {
    int r = k_json_enter(j, "not an object", '{');
    if (r) return r;
    int64_t key = n->of->words;
    flow_run_list run = {.size = key + n->value->words};
    int more = *j->p != '}';
    if (!more) {
        j->p++;
        j->depth--;
    }
    while (more) {
        uint64_t *entry = k_list_add(j->ctx, &run);
        r = json_key(j, n->of->kind, entry);
        if (!r) r = k_json_value(j, n->value, entry + key);
        if (r) return r;
        more = k_json_more(j, '}');
        if (more < 0) return JSON_SYNTAX;
    }
    out[1] =
        (uint64_t)k_map_sort(j->ctx, run.words, run.n, run.size, n->of->kind, &run.words);
    out[0] = (uint64_t)(uintptr_t)run.words;
    return JSON_OK;
}

/* ---- records -------------------------------------------------------------------- */

static int64_t json_find(const flow_node *n, const flow_json *j, const json_tag *tag,
                         const uint8_t *name, int64_t len) {
    if (tag->of && len == j->fmt.tag_len &&
        !__builtin_memcmp(name, j->fmt.tag, (size_t)len))
        return FLOW_MEMBER_TAG;
    for (int64_t i = 0; i < n->n; i++)
        if (n->members[i].name_len == len &&
            !__builtin_memcmp(name, n->members[i].name, (size_t)len))
            return i;
    return FLOW_MEMBER_NONE;
}

/* Remembers that the k-th name is the one at p, with quotes len bytes long. */
static void json_learn(flow_node *n, int64_t k, const uint8_t *p, int64_t len,
                       int64_t member) {
    if (!n->guesses || k >= FLOW_GUESSES || len > FLOW_GUESS_TEXT) return;
    for (; n->nguesses <= k; n->nguesses++)
        n->guesses[n->nguesses].len = 0;
    flow_guess *g = &n->guesses[k];
    *g = (flow_guess){.len = len, .member = member};
    __builtin_memcpy(g->text, p, (size_t)len);
    __builtin_memcpy(g->word, g->text, 16);
    for (int i = 0; i < 2; i++) {
        int64_t have = len - 8 * i;
        g->mask[i] = have >= 8 ? ~(uint64_t)0 : have <= 0 ? 0 : k_low_bits(8 * have);
    }
}

FLOW_FAR int k_json_lookup(flow_json *j, flow_node *n, const json_tag *tag, int64_t k,
                           int64_t *member) {
    const uint8_t *p = j->p;
    uint64_t text[2];
    if (*p != '"') return k_json_fail(j, JSON_SYNTAX, "a field's name is missing");
    if (k_json_text(j, text)) return JSON_SYNTAX;
    *member = json_find(n, j, tag, json_ptr(text[0]), (int64_t)text[1]);
    if (json_ptr(text[0]) == p + 1) json_learn(n, k, p, j->p - p, *member);
    return JSON_OK;
}

FLOW_FAR int k_json_misfit(flow_json *j, flow_node *n, flow_member *m,
                           const uint8_t *from, int64_t depth) {
    m->bad = n->stamp;
    m->why = j->why;
    m->why_at = (int64_t)(uintptr_t)j->at;
    j->p = from;
    j->depth = depth;
    return k_json_skip(j);
}

FLOW_FAR int k_json_rest(flow_json *j, flow_node *n, uint64_t *out) {
    for (int64_t i = 0; i < n->n; i++) {
        flow_member *m = &n->members[i];
        if (m->unread) continue;
        if (m->seen == n->stamp) {
            if (m->bad != n->stamp) continue;
            j->why = m->why;
            j->at = json_ptr((uint64_t)m->why_at);
        } else if (k_node_missing(m, out + m->at)) {
            continue;
        } else {
            k_json_type(j, "a field is missing");
        }
        if (!j->depth) j->ctx->why_field = i;
        return JSON_TYPE;
    }
    return JSON_OK;
}

FLOW_FAR int k_json_tag_value(flow_json *j, json_tag *tag) {
    uint64_t text[2];
    if (*j->p != '"') {
        tag->variant = -1;
        return k_json_skip(j);
    }
    if (k_json_text(j, text)) return JSON_SYNTAX;
    tag->variant = k_node_variant(tag->of, json_ptr(text[0]), (int64_t)text[1]);
    return JSON_OK;
}

static int json_record(flow_json *j, flow_node *n, uint64_t *out, json_tag *tag) {
    return k_json_record(j, n, out, tag, k_json_value);
}

/* ---- tagged records and enums --------------------------------------------------- */

static int json_enum(flow_json *j, const flow_node *n, uint64_t *out) {
    const uint8_t *from = j->p;
    uint64_t text[2];
    int r = k_json_string(j, text);
    if (r) return r;
    int64_t v = k_node_variant(n, json_ptr(text[0]), (int64_t)text[1]);
    if (v < 0) {
        j->p = from;
        return k_json_type(j, "not a name of the enum");
    }
    *out = (uint64_t)v;
    return JSON_OK;
}

/* The variant that the object at p says it is, found before its fields are read. */
static int json_find_tag(flow_json *j, json_tag *tag) {
    flow_node none = {.kind = '{', .words = 0};
    const uint8_t *from = j->p;
    int64_t depth = j->depth;
    int r = json_record(j, &none, NULL, tag);
    j->p = from;
    j->depth = depth;
    return r;
}

/* The tag as the first field, where our own writer puts it. */
static void json_first_tag(flow_json *j, json_tag *tag) {
    const uint8_t *from = j->p, *p = from;
    if (p[0] == '{' && p[1] == '"' && j->end - p > j->fmt.tag_len + 4 &&
        !__builtin_memcmp(p + 2, j->fmt.tag, (size_t)j->fmt.tag_len) &&
        p[2 + j->fmt.tag_len] == '"' && p[3 + j->fmt.tag_len] == ':') {
        j->p = p + 4 + j->fmt.tag_len;
        if (*j->p == '"' && k_json_tag_value(j, tag)) tag->variant = -1;
    }
    j->p = from;
}

static int json_union(flow_json *j, flow_node *n, uint64_t *out) {
    if (n->is_enum) return json_enum(j, n, out);
    if (*j->p != '{') return k_json_type(j, "not an object");
    json_tag tag = {n, -1};
    const uint8_t *from = j->p;
    json_first_tag(j, &tag);
    int r = JSON_OK;
    if (tag.variant < 0) r = json_find_tag(j, &tag);
    if (r) return r;
    int64_t depth = j->depth, variant;
    do { /* again if a later tag field says otherwise */
        variant = tag.variant;
        if (variant < 0) {
            j->p = from;
            return k_json_type(j, "no tag, or not one of the type");
        }
        j->p = from;
        j->depth = depth;
        for (int64_t i = 1; i < n->words; i++)
            out[i] = 0;
        out[0] = (uint64_t)variant;
        r = json_record(j, n->members[variant].type, out + 1, &tag);
    } while (tag.variant != variant && r != JSON_SYNTAX);
    return r;
}

/* ---- any value ------------------------------------------------------------------ */

static int json_optional(flow_json *j, flow_node *n, uint64_t *out) {
    int64_t flag = n->words - 1;
    if (*j->p == 'n' && k_json_word(j, "null", 4)) {
        for (int64_t i = 0; i <= flag; i++)
            out[i] = 0;
        return JSON_OK;
    }
    out[flag] = 1;
    return k_json_value(j, n->of, out);
}

FLOW_FAR int k_json_value(flow_json *j, flow_node *n, uint64_t *out) {
    json_tag none = {NULL, 0};
    switch (n->kind) {
    case 'i': return k_json_int(j, out);
    case 's': return k_json_string(j, out);
    case 'f': return json_float(j, out);
    case 'b': return json_bool(j, out);
    case 'y': return json_bytes(j, out);
    case 't': return json_time(j, out, 0);
    case 'd': return json_time(j, out, 1);
    case 'D': return json_decimal(j, n, out);
    case '?': return json_optional(j, n, out);
    case '[': return json_list(j, n, out);
    case '<': return json_map(j, n, out);
    case '{': return json_record(j, n, out, &none);
    case '|': return json_union(j, n, out);
    default: return k_json_type(j, "no such type");
    }
}

/* ---- whole texts ---------------------------------------------------------------- */

FLOW_FAR int32_t k_json_finish(flow_json *j, int r, const uint8_t *from) {
    if (!r) {
        k_json_blanks(j);
        if (j->p == j->end) return FLOW_OK;
        k_json_fail(j, JSON_SYNTAX, "something follows the value");
    }
    j->ctx->why = j->why;
    j->ctx->why_at = j->at - from;
    return FLOW_E_malformed;
}

FLOW_FAR void k_json_defaults(flow_ctx *ctx, const flow_format *f, flow_node *n) {
    if (n->of) k_json_defaults(ctx, f, n->of);
    if (n->value) k_json_defaults(ctx, f, n->value);
    for (int64_t i = 0; i < n->n; i++) {
        flow_member *m = &n->members[i];
        k_json_defaults(ctx, f, m->type);
        if (!m->json) continue;
        m->value = flow_k_alloc(ctx, m->type->words * 8);
        if (k_json_whole(ctx, f, m->type, m->json, m->json_len, m->value))
            m->value = NULL;
    }
}

FLOW_FAR int32_t k_json_whole(flow_ctx *ctx, const flow_format *f, flow_node *n,
                              const uint8_t *p, int64_t len, uint64_t *out) {
    /* A copy, since nothing is known of the bytes behind the text. */
    uint8_t *copy = flow_k_alloc(ctx, len + FLOW_BLOCK_PAD + 1);
    if (len) __builtin_memcpy(copy, p, (size_t)len);
    copy[len] = 0;
    flow_json j = {.ctx = ctx, .p = copy, .end = copy + len, .fmt = *f};
    ctx->why_field = -1;
    k_json_blanks(&j);
    return k_json_finish(&j, k_json_value(&j, n, out), copy);
}
