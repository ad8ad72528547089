/* k_form.c - see k_form.h. */
#include "runtime/kernel/k_form.h"

#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_type.h"

/* Bytes that are read from their start; ctx: for memory that is needed on the way. */
typedef struct form_in {
    flow_ctx *ctx;
    const uint8_t *p, *end;
} form_in;

static uint64_t form_word(const uint8_t *p) {
    uint64_t v;
    __builtin_memcpy(&v, p, 8);
    return v;
}

static int form_take(form_in *in, int64_t n) {
    if (in->end - in->p < n) return 0;
    in->p += n;
    return 1;
}

/* ---- key bytes --------------------------------------------------------------------- */

static int form_key(form_in *in, const uint8_t *tc);

/* n values, and nothing behind them; `all` is K and what follows it. */
static int form_keys(flow_ctx *ctx, const uint8_t *all, const uint8_t *p, int64_t len) {
    form_in in = {ctx, p, p + len};
    const uint8_t *tc = all + 2;
    for (int n = all[1]; n > 0; n--) {
        if (!form_key(&in, tc)) return 0;
        tc = flow_k_type_skip(tc);
    }
    return in.p == in.end;
}

/* Text up to its end mark; `to`: its bytes are wanted, and how many they are. */
static int form_key_text(form_in *in, uint8_t *to, int64_t *len) {
    int64_t n = 0;
    for (; in->end - in->p >= 2; n++) {
        uint8_t c = *in->p++;
        if (!c) {
            uint8_t mark = *in->p++;
            if (mark && mark != 0xff) return 0;
            *len = n;
            if (!mark) return 1;
        }
        if (to) to[n] = c;
    }
    return 0;
}

/* Text that holds a key in turn. */
static int form_key_inside(form_in *in, const uint8_t *all) {
    int64_t len = 0;
    uint8_t *text = flow_k_alloc(in->ctx, in->end - in->p + FLOW_SLACK);
    int fits = form_key_text(in, text, &len) && form_keys(in->ctx, all, text, len);
    flow_k_reset(in->ctx, text);
    return fits;
}

static int form_key_list(form_in *in, const uint8_t *tc, int fields) {
    while (in->p < in->end) {
        uint8_t more = *in->p++;
        if (!more) return 1;
        if (more != 1 || !form_key(in, tc)) return 0;
        if (fields == 2 && !form_key(in, flow_k_type_skip(tc))) return 0;
    }
    return 0;
}

/* The payload of variant `tag` of a tagged record's code, or null. */
static const uint8_t *form_variant(const uint8_t *tc, uint64_t tag) {
    uint64_t n = *tc++;
    if (tag >= n) return 0;
    while (tag--) tc = flow_k_type_skip(flow_type_name_skip(tc));
    return flow_type_name_skip(tc);
}

static int form_key(form_in *in, const uint8_t *tc) {
    int64_t len;
    switch (*tc++) {
    case 'b': return form_take(in, 1) && in->p[-1] <= 1;
    case 's':
    case 'y': return form_key_text(in, 0, &len);
    case 'K': return form_key_inside(in, tc - 1);
    case 'D': return form_take(in, 16);
    case '?':
        if (!form_take(in, 1)) return 0;
        return in->p[-1] == 1 ? form_key(in, tc) : in->p[-1] == 2;
    case '[': return form_key_list(in, tc, 1);
    case '<': return form_key_list(in, tc, 2);
    case '{':
        for (int n = *tc++; n > 0; n--) {
            tc = flow_type_name_skip(tc);
            if (!form_key(in, tc)) return 0;
            tc = flow_k_type_skip(tc);
        }
        return 1;
    case '|': {
        if (!form_take(in, 2)) return 0;
        const uint8_t *payload = form_variant(tc, (uint64_t)in->p[-2] << 8 | in->p[-1]);
        return payload && form_key(in, payload);
    }
    default: return form_take(in, 8); /* i f t d */
    }
}

/* ---- encoded rows ------------------------------------------------------------------- */

/* A row that is walked in the order in which it was written: `at` is where the next part
 * behind the words begins. */
typedef struct form_row {
    flow_ctx *ctx;
    const uint8_t *row;
    int64_t size, at;
} form_row;

static int form_value(form_row *r, const uint8_t *w, const uint8_t *tc);

static int form_text(form_row *r, const uint8_t *w, const uint8_t *tc) {
    uint64_t at = form_word(w), len = form_word(w + 8);
    if (len > (uint64_t)(r->size - r->at) || at != (len ? (uint64_t)r->at : 0)) return 0;
    const uint8_t *text = r->row + at;
    r->at += (int64_t)len;
    return *tc != 'K' || form_keys(r->ctx, tc, text, (int64_t)len);
}

static int form_list(form_row *r, const uint8_t *w, const uint8_t *tc, int fields) {
    uint64_t at = form_word(w), count = form_word(w + 8);
    const uint8_t *other = flow_k_type_skip(tc);
    int64_t words = flow_k_type_words(tc) + (fields == 2 ? flow_k_type_words(other) : 0);
    if (!count) return !at;
    r->at = (r->at + 7) & ~(int64_t)7;
    /* Of values without words there are as many as one says. */
    uint64_t most = words ? (uint64_t)(r->size - r->at) / (uint64_t)(8 * words)
                          : (uint64_t)FLOW_ROW_MAX;
    if (r->at > r->size || at != (uint64_t)r->at || count > most) return 0;
    const uint8_t *e = r->row + at;
    r->at += (int64_t)count * words * 8;
    if (flow_k_type_flat(tc) && (fields == 1 || flow_k_type_flat(other))) return 1;
    for (uint64_t i = 0; i < count; i++, e += 8 * words) {
        if (!form_value(r, e, tc)) return 0;
        if (fields == 2 && !form_value(r, e + 8 * flow_k_type_words(tc), other)) return 0;
    }
    return 1;
}

static int form_value(form_row *r, const uint8_t *w, const uint8_t *tc) {
    const uint8_t *code = tc;
    switch (*tc++) {
    case 'b': return form_word(w) <= 1;
    case 's':
    case 'y':
    case 'K': return form_text(r, w, code);
    case '?': { /* what is none has words of its type, too: zeros, which are no key */
        uint64_t has = form_word(w + 8 * flow_k_type_words(tc));
        if (!has && *tc == 'K') tc = (const uint8_t *)"y";
        return has <= 1 && form_value(r, w, tc);
    }
    case '[': return form_list(r, w, tc, 1);
    case '<': return form_list(r, w, tc, 2);
    case '{':
        for (int n = *tc++; n > 0; n--) {
            tc = flow_type_name_skip(tc);
            if (!form_value(r, w, tc)) return 0;
            w += 8 * flow_k_type_words(tc);
            tc = flow_k_type_skip(tc);
        }
        return 1;
    case '|': {
        const uint8_t *payload = form_variant(tc, form_word(w));
        return payload && form_value(r, w + 8, payload);
    }
    default: return 1; /* i f t d D: all words are values */
    }
}

/* `values` types at tc, whose words begin at word `head`. */
static int form_is_row(flow_ctx *ctx, int64_t head, const uint8_t *tc, int values,
                       const uint8_t *p, int64_t n) {
    int64_t words = head;
    uint32_t size = 0;
    const uint8_t *t = tc;
    for (int i = 0; i < values; i++, t = flow_k_type_skip(t)) words += flow_k_type_words(t);
    form_row r = {ctx, p, n, 8 * words};
    if (n < r.at || n % 8) return 0;
    __builtin_memcpy(&size, p, 4);
    if (size != n) return 0;
    const uint8_t *w = p + 8 * head;
    for (t = tc; values > 0; values--, t = flow_k_type_skip(t)) {
        if (!form_value(&r, w, t)) return 0;
        w += 8 * flow_k_type_words(t);
    }
    return ((r.at + 7) & ~(int64_t)7) == n;
}

/* ---- forms -------------------------------------------------------------------------- */

const uint8_t *k_form_skip(const uint8_t *form) {
    switch (*form) {
    case '?': return k_form_skip(form + 1);
    case 'R': {
        int n = form[2] | form[3] << 8;
        for (form += 4; n > 0; n--) form = flow_k_type_skip(form);
        return form;
    }
    case 'L': return flow_k_type_skip(form + 1);
    default: return flow_k_type_skip(form); /* K y */
    }
}

int32_t k_form_fits(flow_ctx *ctx, const uint8_t *form, const uint8_t *p, int64_t n) {
    if (!form) return 1;
    switch (*form) {
    case '?': return !n || k_form_fits(ctx, form + 1, p, n);
    case 'K': return form_keys(ctx, form, p, n);
    case 'R': return form_is_row(ctx, form[1], form + 4, form[2] | form[3] << 8, p, n);
    default: return 1;
    }
}

int32_t k_form_fits_list(flow_ctx *ctx, const uint8_t *form, const uint8_t *p, int64_t n,
                         uint64_t count) {
    if (!form || *form != 'L') return 1;
    const uint8_t *tc = form + 1;
    if (flow_k_type_flat(tc)) {
        uint64_t bytes = 8 * (uint64_t)flow_k_type_words(tc);
        return bytes ? (uint64_t)n % bytes == 0 && (uint64_t)n / bytes == count : !n;
    }
    for (const uint8_t *end = p + n; p < end; count--) {
        uint32_t size = 0;
        if (!count || end - p < 8) return 0;
        __builtin_memcpy(&size, p, 4);
        if (size > end - p || !form_is_row(ctx, 1, tc, 1, p, size)) return 0;
        p += size;
    }
    return !count;
}
