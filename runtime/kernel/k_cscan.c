/* k_cscan.c - quotes, faults, and the ends of records.
 *
 * After a fault reading goes on behind the line end that follows it, as if no quote stood
 * in between: flow_k_csv_end must agree, since the runtime cuts blocks by it. */
#include "runtime/kernel/k_cscan.h"
#include "runtime/kernel/k_csv.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_line.h"
#include "runtime/kernel/k_mem.h"

FLOW_FAR void k_csv_seek(csv_scan *s, const uint8_t *p) {
    s->p = s->base = p;
    s->mask = 0;
    if (p < s->end) k_csv_load(s);
}

FLOW_FAR int k_csv_fault(csv_scan *s, const uint8_t *at, const char *why) {
    uint64_t high;
    const uint8_t *stop = k_record_line(at, s->end, &high);
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
                                       int32_t multiline, int32_t separator) {
    if (!multiline) return flow_k_line_end(p, end);
    csv_scan s = {.end = end, .separator = (uint8_t)separator};
    k_csv_seek(&s, p);
    for (const uint8_t *field = p;;) {
        const uint8_t *stop = k_csv_stop(&s);
        if (stop >= end) return NULL;
        if (*stop == '"' && stop == field) {
            do { /* to the closing quote */
                stop = k_csv_stop(&s);
                if (stop >= end) return NULL;
            } while (*stop != '"' ||
                     (stop[1] == '"' && stop + 1 < end && k_csv_stop(&s)));
            stop++;
            stop += stop < end && *stop == '\r' && (stop + 1 >= end || stop[1] == '\n');
            if (stop >= end) return NULL;
            if (*stop == '\n' || *stop == separator) k_csv_stop(&s);
        }
        if (*stop == '\n') return stop + 1;
        if (*stop != separator) return flow_k_line_end(stop, end);
        field = stop + 1;
    }
}
