/* k_csv_plain.c - see k_csv_plain.h. */
#include "runtime/kernel/k_csv_plain.h"

#include "runtime/kernel/k_cscan.h"
#include "runtime/kernel/k_csv.h"
#include "runtime/kernel/k_float.h"
#include "runtime/kernel/k_num.h"
#include "runtime/kernel/k_time.h"

/* A copy of the decoder's scan: it takes the place of that when the record is whole. */
typedef struct csv_plain {
    csv_scan s;
    const uint8_t *record;
} csv_plain;
_Static_assert(sizeof(csv_plain) <= FLOW_ITER_WORDS * 8, "the caller's words hold it");

FLOW_HOT void flow_k_csv_plain_open(void *decoder, uint64_t *scan) {
    const csv_decoder *d = decoder;
    csv_plain *r = (csv_plain *)scan;
    r->s = d->s;
    r->s.high = k_csv_high(&r->s);
    r->record = r->s.p;
}

/* The field's bytes; null to give up. */
FLOW_INLINE const uint8_t *plain_field(csv_plain *r, int32_t last, const uint8_t **to) {
    csv_scan *s = &r->s;
    const uint8_t *from = s->p, *stop = k_csv_stop(s);
    if (FLOW_UNLIKELY(stop >= s->end || *stop != (last ? '\n' : s->separator))) return 0;
    s->p = stop + 1;
    *to = stop - (last && stop > from && stop[-1] == '\r');
    return from;
}

FLOW_HOT int32_t flow_k_csv_plain_skip(uint64_t *scan, int32_t last) {
    const uint8_t *to;
    return plain_field((csv_plain *)scan, last, &to) != 0;
}

FLOW_HOT int32_t flow_k_csv_plain_int(uint64_t *scan, int32_t last, uint64_t *out) {
    const uint8_t *to, *from = plain_field((csv_plain *)scan, last, &to);
    return from && k_num_int_short(from, to, (int64_t *)out);
}

FLOW_HOT int32_t flow_k_csv_plain_time(uint64_t *scan, int32_t last, uint64_t *out,
                                       int32_t unit) {
    const uint8_t *to, *from = plain_field((csv_plain *)scan, last, &to);
    return from && k_time_short(from, to, unit, (int64_t *)out);
}

FLOW_HOT int32_t flow_k_csv_plain_float(uint64_t *scan, int32_t last, uint64_t *out) {
    const uint8_t *to, *from = plain_field((csv_plain *)scan, last, &to);
    double v;
    if (!from || flow_k_num_float(from, to, &v)) return 0;
    __builtin_memcpy(out, &v, 8);
    return 1;
}

FLOW_HOT int32_t flow_k_csv_plain_text(uint64_t *scan, int32_t last, uint64_t *out,
                                       int32_t empty) {
    const uint8_t *to, *from = plain_field((csv_plain *)scan, last, &to);
    if (!from || (from == to && !empty) || to - from > FLOW_FIELD_MAX) return 0;
    out[0] = (uint64_t)(uintptr_t)from;
    out[1] = (uint64_t)(to - from);
    return 1;
}

FLOW_HOT int32_t flow_k_csv_plain_close(flow_ctx *ctx, void *decoder, const uint64_t *scan) {
    csv_decoder *d = decoder;
    const csv_plain *r = (const csv_plain *)scan;
    if (FLOW_UNLIKELY(r->s.high)) return 0;
    ctx->record = r->record;
    d->s = r->s;
    k_csv_set_len(&d->s);
    return 1;
}
