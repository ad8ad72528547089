/* k_cscan.c - quotes, faults, and the ends of records. */
#include "runtime/kernel/k_cscan.h"
#include "runtime/kernel/k_csv.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_mem.h"

FLOW_FAR void k_csv_seek(csv_scan *s, const uint8_t *p) {
    s->p = s->base = p;
    s->mask = 0;
    if (p < s->end) k_csv_load(s);
}

/* The line end that closes the record in which `at` lies, or the block's end.  With
 * `multiline` that is the first one before which the record has an even number of quotes:
 * so the extent of a record does not depend on whether it is well formed, and a block can
 * be cut by counting quotes. */
static const uint8_t *csv_line_end(csv_scan *s, const uint8_t *at) {
    uint64_t high, odd = 0;
    if (!s->multiline) {
        const uint8_t *stop = k_record_line(at, s->end, &high);
        s->high |= high;
        return stop;
    }
    for (const uint8_t *p = s->ctx->record; p < at; p++)
        odd ^= *p == '"';
    k_csv_seek(s, at);
    const uint8_t *stop = k_csv_stop(s);
    for (; stop < s->end && (odd || *stop != '\n'); stop = k_csv_stop(s))
        odd ^= *stop == '"';
    return stop;
}

FLOW_FAR int k_csv_fault(csv_scan *s, const uint8_t *at, const char *why) {
    const uint8_t *stop = csv_line_end(s, at);
    uint64_t high = s->high;
    s->why = why;
    s->ctx->why_at = at - s->ctx->record;
    s->ctx->why_field = -1;
    k_csv_seek(s, stop + 1);
    k_csv_set_len(s);
    s->high |= high;
    return FLOW_E_malformed;
}

FLOW_FAR int k_csv_quoted(csv_scan *s, csv_field *f) {
    f->quoted = 1;
    f->from = s->p + 1;
    const uint8_t *q;
    for (;;) {
        q = k_csv_stop(s);
        if (q >= s->end || (*q == '\n' && !s->multiline))
            return k_csv_fault(s, q, "a quote is not closed");
        if (*q != '"') continue;
        if (q[1] != '"' || q + 1 >= s->end) break;
        f->escaped = 1;
        k_csv_stop(s); /* the second of the two */
    }
    f->to = q++;
    if (q < s->end && *q == '\r' && q + 1 < s->end && q[1] == '\n') q++;
    if (q < s->end && *q != s->separator && *q != '\n')
        return k_csv_fault(s, q, "something follows a closing quote");
    s->p = k_csv_stop(s) + 1;
    f->stop = q < s->end ? *q : '\n';
    return FLOW_OK;
}

FLOW_FAR flow_text k_csv_text(flow_ctx *ctx, const csv_field *f) {
    int64_t len = f->to - f->from;
    if (FLOW_LIKELY(!f->escaped)) return (flow_text){f->from, len};
    uint8_t *text = flow_k_alloc(ctx, len), *o = text;
    for (const uint8_t *p = f->from; p < f->to; p++) {
        *o++ = *p;
        p += *p == '"';
    }
    return (flow_text){text, o - text};
}

FLOW_FAR const uint8_t *flow_k_csv_end(const uint8_t *p, const uint8_t *end,
                                       int32_t multiline) {
    uint64_t odd = 0;
    for (; p < end; p++) {
        if (*p == '\n' && !odd) return p + 1;
        odd ^= multiline && *p == '"';
    }
    return NULL;
}
