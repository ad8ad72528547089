/* k_calendar.c - parts of times, and times by a format.
 *
 * Formats are read at each call; they are short, and what is slow about them is the text
 * itself.  Names of days and months are English. */
#include "runtime/kernel/k_calendar.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_num.h"
#include "runtime/kernel/k_text.h"
#include "runtime/kernel/k_time.h"
#include "runtime/kernel/k_write.h"

static const char calendar_days[] = "MonTueWedThuFriSatSun";
static const char calendar_months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

FLOW_INLINE flow_civil calendar_of(int64_t t) {
    flow_civil c;
    k_time_civil(t, &c);
    return c;
}

/* Moves t into a zone; times near the ends of the range stay there. */
static int32_t calendar_zone(int64_t *t, const uint8_t *zone, int64_t zone_len,
                             int64_t *seconds) {
    if (k_time_zone(zone, zone_len, seconds)) return FLOW_E_argument;
    if (__builtin_add_overflow(*t, *seconds * FLOW_SECOND, t))
        *t = *seconds < 0 ? INT64_MIN : INT64_MAX;
    return 0;
}

#define CALENDAR_PART(part)                                                              \
    int64_t flow_k_fn_##part(int64_t t) {                                                \
        return calendar_of(t).part;                                                      \
    }                                                                                    \
    FLOW_FAR int32_t flow_k_fn_##part##_zone(flow_ctx *ctx, uint64_t *out, int64_t t,    \
                                             const uint8_t *zone, int64_t zone_len) {    \
        (void)ctx;                                                                       \
        int64_t seconds;                                                                 \
        int32_t bad = calendar_zone(&t, zone, zone_len, &seconds);                       \
        if (!bad) *out = (uint64_t)calendar_of(t).part;                                  \
        return bad;                                                                      \
    }

CALENDAR_PART(year)
CALENDAR_PART(month)
CALENDAR_PART(day)
CALENDAR_PART(hour)
CALENDAR_PART(minute)
CALENDAR_PART(second)
CALENDAR_PART(weekday)

int64_t flow_k_fn_epoch_millis(int64_t t) {
    return t / 1000 - (t % 1000 < 0);
}
int64_t flow_k_fn_millis(int64_t d) {
    return d / 1000;
}
double flow_k_fn_seconds(int64_t d) {
    return (double)d / 1e6;
}

int32_t flow_k_fn_floor_time(flow_ctx *ctx, uint64_t *out, int64_t t, int64_t d) {
    (void)ctx;
    if (d <= 0) return FLOW_E_argument;
    int64_t rest = t % d;
    if (rest < 0) rest += d;
    if (__builtin_sub_overflow(t, rest, &t)) return FLOW_E_overflow;
    *out = (uint64_t)t;
    return 0;
}

/* ---- printing by a format ------------------------------------------------------- */

static void calendar_number(flow_ctx *ctx, flow_buf *b, int64_t v, int64_t digits) {
    uint8_t *p = k_write_room(ctx, b, FLOW_INT_TEXT);
    int64_t limit = 1;
    for (int64_t i = 0; i < digits; i++)
        limit *= 10;
    if (v < 0 || v >= limit) { /* years outside 0000..9999 */
        b->p += flow_k_put_int(p, v);
        return;
    }
    k_put_digits(p, (uint64_t)v, digits);
    b->p += digits;
}

static void calendar_offset(flow_ctx *ctx, flow_buf *b, int64_t seconds) {
    k_write_byte(ctx, b, seconds < 0 ? '-' : '+');
    if (seconds < 0) seconds = -seconds;
    calendar_number(ctx, b, seconds / 3600 * 100 + seconds / 60 % 60, 4);
}

static void calendar_name(flow_ctx *ctx, flow_buf *b, const char *names, int64_t from_1) {
    flow_k_write_bytes(ctx, b, (const uint8_t *)names + 3 * (from_1 - 1), 3);
}

/* What `%letter` stands for; 0 if it stands for nothing. */
static int calendar_put(flow_ctx *ctx, flow_buf *b, uint8_t letter, const flow_civil *c,
                        int64_t offset) {
    switch (letter) {
    case 'Y': calendar_number(ctx, b, c->year, 4); return 1;
    case 'm': calendar_number(ctx, b, c->month, 2); return 1;
    case 'd': calendar_number(ctx, b, c->day, 2); return 1;
    case 'H': calendar_number(ctx, b, c->hour, 2); return 1;
    case 'M': calendar_number(ctx, b, c->minute, 2); return 1;
    case 'S': calendar_number(ctx, b, c->second, 2); return 1;
    case 'f': calendar_number(ctx, b, c->micros, 6); return 1;
    case 'j': calendar_number(ctx, b, c->yearday, 3); return 1;
    case 'u': calendar_number(ctx, b, c->weekday, 1); return 1;
    case 'a': calendar_name(ctx, b, calendar_days, c->weekday); return 1;
    case 'b': calendar_name(ctx, b, calendar_months, c->month); return 1;
    case 'z': calendar_offset(ctx, b, offset); return 1;
    case '%': k_write_byte(ctx, b, '%'); return 1;
    default: return 0;
    }
}

FLOW_FAR int32_t flow_k_fn_format_time(flow_ctx *ctx, uint64_t *out, int64_t t,
                                       const uint8_t *format, int64_t format_len,
                                       const uint8_t *zone, int64_t zone_len) {
    int64_t offset;
    if (calendar_zone(&t, zone, zone_len, &offset)) return FLOW_E_argument;
    flow_civil c = calendar_of(t);
    flow_buf b;
    k_write_temp(&b);
    for (const uint8_t *p = format, *end = flow_text_end(p, format_len); p < end; p++) {
        if (*p != '%') {
            k_write_byte(ctx, &b, *p);
        } else if (++p == end || !calendar_put(ctx, &b, *p, &c, offset)) {
            return FLOW_E_argument;
        }
    }
    return k_text_out(out, b.base, b.p - b.base);
}

/* ---- reading by a format -------------------------------------------------------- */

typedef struct calendar_read {
    const uint8_t *p, *end;
    flow_civil c;
    int64_t yearday; /* 0: not given */
    int64_t offset;
} calendar_read;

/* 1 to `digits` digits, a number in low..high. */
static int calendar_get(calendar_read *r, int64_t digits, int64_t low, int64_t high,
                        int64_t *v) {
    int64_t n = 0;
    for (*v = 0; n < digits && r->p < r->end && k_num_digit(*r->p); n++)
        *v = *v * 10 + (*r->p++ - '0');
    return n && *v >= low && *v <= high;
}

static int calendar_get_name(calendar_read *r, const char *names, int64_t n, int64_t *v) {
    if (r->end - r->p < 3) return 0;
    for (*v = 1; *v <= n; ++*v, names += 3) {
        int same = 1;
        for (int i = 0; i < 3; i++)
            same &= (r->p[i] | 32) == (names[i] | 32);
        if (!same) continue;
        r->p += 3;
        return 1;
    }
    return 0;
}

/* Up to six digits of a fraction: `.5` is half a second. */
static int calendar_get_fraction(calendar_read *r) {
    int64_t n = 0, v = 0;
    for (; n < 6 && r->p < r->end && k_num_digit(*r->p); n++)
        v = v * 10 + (*r->p++ - '0');
    r->c.micros = v;
    for (int64_t i = n; i < 6; i++)
        r->c.micros *= 10;
    return n > 0;
}

/* Z, +hhmm or +hh:mm. */
static int calendar_get_offset(calendar_read *r) {
    if (r->p == r->end) return 0;
    uint8_t sign = *r->p++;
    if (sign == 'Z') return 1;
    int64_t h = 0, m = 0;
    if (sign != '+' && sign != '-') return 0;
    if (r->end - r->p < 4 || !k_num_digit(r->p[1])) return 0;
    if (!calendar_get(r, 2, 0, 23, &h)) return 0;
    r->p += *r->p == ':';
    if (r->end - r->p < 2 || !k_num_digit(r->p[1])) return 0;
    if (!calendar_get(r, 2, 0, 59, &m)) return 0;
    r->offset = (sign == '-' ? -1 : 1) * (h * 3600 + m * 60);
    return 1;
}

static int calendar_take(calendar_read *r, uint8_t letter, int *known) {
    int64_t unused;
    *known = 1;
    switch (letter) {
    case 'Y': return calendar_get(r, 4, 0, 9999, &r->c.year);
    case 'm': return calendar_get(r, 2, 1, 12, &r->c.month);
    case 'd': return calendar_get(r, 2, 1, 31, &r->c.day);
    case 'H': return calendar_get(r, 2, 0, 23, &r->c.hour);
    case 'M': return calendar_get(r, 2, 0, 59, &r->c.minute);
    case 'S': return calendar_get(r, 2, 0, 60, &r->c.second);
    case 'f': return calendar_get_fraction(r);
    case 'j': return calendar_get(r, 3, 1, 366, &r->yearday);
    case 'u': return calendar_get(r, 1, 1, 7, &unused);
    case 'a': return calendar_get_name(r, calendar_days, 7, &unused);
    case 'b': return calendar_get_name(r, calendar_months, 12, &r->c.month);
    case 'z': return calendar_get_offset(r);
    case '%': return r->p < r->end && *r->p++ == '%';
    default: *known = 0; return 0;
    }
}

static int calendar_join(const calendar_read *r, int64_t *t) {
    const flow_civil *c = &r->c;
    int leap = k_time_month_days(c->year, 2) == 29;
    if (r->yearday > 365 + leap) return 0;
    if (c->day > k_time_month_days(c->year, c->month)) return 0;
    int64_t days = r->yearday ? k_time_days(c->year, 1, 1) + r->yearday - 1
                              : k_time_days(c->year, c->month, c->day);
    int64_t seconds = days * 86400 + c->hour * 3600 + c->minute * 60 + c->second;
    *t = (seconds - r->offset) * FLOW_SECOND + c->micros;
    return 1;
}

FLOW_FAR int32_t flow_k_fn_parse_time(flow_ctx *ctx, uint64_t *out, const uint8_t *p,
                                      int64_t len, const uint8_t *format,
                                      int64_t format_len, const uint8_t *zone,
                                      int64_t zone_len) {
    (void)ctx;
    calendar_read r = {
        .p = p, .end = flow_text_end(p, len), .c = {.year = 1970, .month = 1, .day = 1}};
    if (k_time_zone(zone, zone_len, &r.offset)) return FLOW_E_argument;
    int ok = 1;
    for (const uint8_t *f = format, *end = flow_text_end(f, format_len); f < end && ok;
         f++) {
        if (*f != '%') {
            ok = r.p < r.end && *r.p++ == *f;
            continue;
        }
        int known = 0;
        if (++f < end) ok = calendar_take(&r, *f, &known);
        if (!known) return FLOW_E_argument;
    }
    int64_t t = 0;
    ok = ok && r.p == r.end && calendar_join(&r, &t);
    out[0] = ok ? (uint64_t)t : 0;
    out[1] = (uint64_t)ok;
    return 0;
}
