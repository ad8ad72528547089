/* k_json.c - JSON lines, record by record.
 *
 * The record's own loop, its ints and texts and what nobody reads are decoded in place:
 * this is what programs compile for their target.  All else is called. */
#include "runtime/kernel/k_json.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_jrecord.h"
#include "runtime/kernel/k_json_plain.h"
#include "runtime/kernel/k_jvalue.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_record.h"
#include "runtime/kernel/k_utf8.h"

typedef struct json_decoder {
    flow_json j;
    const uint8_t *next, *end; /* of the block */
    flow_node *root;
    int64_t off; /* lines that are not tried as plain ones */
    json_form form;
} json_decoder;

FLOW_FAR void *flow_k_json_open(flow_ctx *ctx, const uint8_t *schema, const uint8_t *p,
                                const uint8_t *end) {
    json_decoder *d = flow_k_alloc(ctx, sizeof *d);
    d->j = (flow_json){.ctx = ctx};
    d->next = p;
    d->end = d->form.end = end;
    d->off = 1; /* the first shows the names */
    for (int i = 0; i < FLOW_GUESSES; i++) d->form.pieces[i].n = d->form.pieces[i].length = 0;
    d->form.made = d->form.misses = 0;
    d->form.left = JSON_LEARNS;
    const uint8_t *tc = k_format_read(schema, &d->j.fmt);
    d->root = k_node_build(ctx, &tc, 1);
    k_json_defaults(ctx, &d->j.fmt, d->root);
    return d;
}

/* A field of the record: the simplest in place. */
FLOW_INLINE int json_field(flow_json *j, flow_node *n, uint64_t *out) {
    if (n->kind == '?' && *j->p != 'n') {
        out[n->words - 1] = 1;
        n = n->of;
    }
    if (n->kind == 's') return k_json_string(j, out);
    if (n->kind == 'i') return k_json_int(j, out);
    if (n->kind == 't' && k_json_time_short(j, out)) return JSON_OK;
    return k_json_value(j, n, out);
}

/* The value that is all there is before j->end. */
FLOW_INLINE int32_t json_line(flow_json *j, flow_node *n, uint64_t *out) {
    const uint8_t *from = j->p;
    json_tag none = {NULL, 0};
    j->depth = 0;
    j->ctx->why_field = -1;
    k_json_blanks(j);
    int r = n->kind == '{' ? k_json_record(j, n, out, &none, json_field)
                           : k_json_value(j, n, out);
    if (FLOW_LIKELY(!r && j->p == j->end)) return FLOW_OK;
    return k_json_finish(j, r, from);
}

/* A line with bytes beyond ASCII: 0 if it is to be decoded as it is. */
FLOW_FAR int32_t k_json_special(flow_json *j, flow_node *root, uint64_t *words,
                                int32_t *r) {
    const uint8_t *p = j->p;
    int64_t len = j->end - p;
    if (flow_k_utf8_valid(p, len)) return 0;
    if (!(j->fmt.flags & FLOW_FMT_REPLACE)) {
        k_record_bad(j->ctx, FLOW_E_utf8, flow_k_utf8_error(p, len), "not UTF-8");
        *r = FLOW_E_utf8;
        return 1;
    }
    flow_text t = flow_k_utf8_replace(j->ctx, p, len);
    *r = k_json_whole(j->ctx, &j->fmt, root, t.ptr, t.len, words);
    return 1;
}

static int json_blank_line(const uint8_t *p, const uint8_t *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return p == end;
}

/* Where the line at p ends; *taken: it was read, as one like the line before. */
FLOW_INLINE const uint8_t *json_line_end(json_decoder *d, const uint8_t *p, uint64_t *words,
                                         uint64_t *high, int *taken) {
    *taken = 0;
    if (d->off) {
        d->off--;
    } else {
        *taken = json_plain(&d->j, d->root, &d->form, p, words, json_field);
        if (FLOW_LIKELY(*taken)) return d->j.end + (*d->j.end == '\r');
        d->off = JSON_PLAIN_OFF;
    }
    return k_record_line(p, d->end, high);
}

int32_t flow_k_json_next(flow_ctx *ctx, void *decoder, uint64_t *words) {
    json_decoder *d = decoder;
    while (d->next < d->end) {
        uint64_t high;
        int taken;
        const uint8_t *p = d->next;
        const uint8_t *stop = json_line_end(d, p, words, &high, &taken);
        d->next = stop + 1;
        if (FLOW_LIKELY(taken)) {
            k_record_set(ctx, p, d->j.end - p);
            return 1;
        }
        if (FLOW_UNLIKELY(*p <= ' ') && json_blank_line(p, stop)) continue;
        stop -= stop[-1] == '\r';
        k_record_set(ctx, p, stop - p);
        d->j.p = p;
        d->j.end = stop;
        int32_t r;
        if (!FLOW_UNLIKELY(high) || !k_json_special(&d->j, d->root, words, &r))
            r = json_line(&d->j, d->root, words);
        return r ? -r : 1;
    }
    return 0;
}
