/* k_time.c - calendar arithmetic and the texts of times.
 *
 * Dates are computed in years that begin in March, so the leap day is the last day of its
 * year and months have a closed formula (as in Hinnant, "chrono-compatible low-level date
 * algorithms").  There is no table of time zones: zones are offsets. */
#include "runtime/kernel/k_time.h"
#include "runtime/kernel/k_num.h"

FLOW_INLINE int64_t time_floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

FLOW_FAR int64_t k_time_days(int64_t year, int64_t month, int64_t day) {
    int64_t y = year - (month <= 2);
    int64_t era = time_floor_div(y, 400), of_era = y - era * 400;
    int64_t march = month > 2 ? month - 3 : month + 9;
    int64_t of_year = (153 * march + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

FLOW_FAR int64_t k_time_month_days(int64_t year, int64_t month) {
    if (month != 2) return 30 + ((month + (month > 7)) & 1);
    return 28 + (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

static void time_date(int64_t days, flow_civil *c) {
    int64_t d = days + 719468;
    int64_t era = time_floor_div(d, 146097), of_era = d - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t march = (5 * of_year + 2) / 153;
    c->day = of_year - (153 * march + 2) / 5 + 1;
    c->month = march < 10 ? march + 3 : march - 9;
    c->year = y + era * 400 + (c->month <= 2);
    c->yearday = days - k_time_days(c->year, 1, 1) + 1;
    int64_t w = (days + 3) % 7; /* 1970-01-01 was a Thursday */
    c->weekday = (w < 0 ? w + 7 : w) + 1;
}

void k_time_civil(int64_t t, flow_civil *c) {
    int64_t days = time_floor_div(t, FLOW_DAY);
    int64_t rest = t % FLOW_DAY;
    rest += rest < 0 ? FLOW_DAY : 0;
    time_date(days, c);
    c->micros = rest % FLOW_SECOND;
    rest /= FLOW_SECOND;
    c->second = rest % 60;
    c->minute = rest / 60 % 60;
    c->hour = rest / 3600;
}

/* ---- timestamps ----------------------------------------------------------------- */

/* n digits at p as a number, -1 if there are not so many. */
FLOW_INLINE int64_t time_digits(const uint8_t *p, const uint8_t *end, int64_t n) {
    if (end - p < n) return -1;
    int64_t v = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!k_num_digit(p[i])) return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

/* `hh:mm` after a sign at p; *next is null if that is not there. */
static int64_t time_offset(const uint8_t *p, const uint8_t *end, const uint8_t **next) {
    int64_t sign = *p == '-' ? -1 : 1;
    int64_t h = time_digits(p + 1, end, 2);
    int64_t m = end - p >= 6 && p[3] == ':' ? time_digits(p + 4, end, 2) : -1;
    *next = h < 0 || h > 23 || m < 0 || m > 59 ? NULL : p + 6;
    return sign * (h * 3600 + m * 60);
}

/* The offset that ends a time: nothing, Z, +hh:mm. */
static int32_t time_get_offset(const uint8_t *p, const uint8_t *end, int64_t *seconds) {
    *seconds = 0;
    if (p == end) return FLOW_NUM_OK;
    if ((*p | 32) == 'z') return p + 1 == end ? FLOW_NUM_OK : FLOW_NUM_BAD;
    if (*p != '+' && *p != '-') return FLOW_NUM_BAD;
    *seconds = time_offset(p, end, &p);
    return p == end ? FLOW_NUM_OK : FLOW_NUM_BAD;
}

/* `.digits`, the first six of which count; p stands on the point. */
static const uint8_t *time_get_fraction(const uint8_t *p, const uint8_t *end,
                                        int64_t *micros) {
    int64_t n = 0, v = 0;
    for (p++; p < end && k_num_digit(*p); p++, n++)
        if (n < 6) v = v * 10 + (*p - '0');
    for (int64_t i = n; i < 6; i++)
        v *= 10;
    *micros = v;
    return n ? p : NULL;
}

static int32_t time_join(int64_t days, int64_t seconds, int64_t micros, int64_t *out) {
    int64_t t;
    if (__builtin_mul_overflow(days * 86400 + seconds, FLOW_SECOND, &t))
        return FLOW_NUM_BAD;
    return __builtin_add_overflow(t, micros, out) ? FLOW_NUM_BAD : FLOW_NUM_OK;
}

FLOW_FAR int32_t k_time_get(const uint8_t *p, const uint8_t *end, int64_t *out) {
    if (end - p < 10 || p[4] != '-' || p[7] != '-') return FLOW_NUM_BAD;
    int64_t year = time_digits(p, end, 4), month = time_digits(p + 5, end, 2);
    int64_t day = time_digits(p + 8, end, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 ||
        day > k_time_month_days(year, month))
        return FLOW_NUM_BAD;
    int64_t days = k_time_days(year, month, day);
    p += 10;
    if (p == end) return time_join(days, 0, 0, out);
    if (end - p < 9 || ((*p | 32) != 't' && *p != ' ') || p[3] != ':' || p[6] != ':')
        return FLOW_NUM_BAD;
    int64_t h = time_digits(p + 1, end, 2), m = time_digits(p + 4, end, 2);
    int64_t s = time_digits(p + 7, end, 2), micros = 0, offset;
    if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60) return FLOW_NUM_BAD;
    p += 9;
    if (p < end && *p == '.') p = time_get_fraction(p, end, &micros);
    if (!p || time_get_offset(p, end, &offset)) return FLOW_NUM_BAD;
    return time_join(days, h * 3600 + m * 60 + s - offset, micros, out);
}

/* A fraction of a second in no, 3 or 6 digits. */
static int64_t time_put_fraction(uint8_t *p, int64_t micros) {
    if (!micros) return 0;
    p[0] = '.';
    int64_t n = micros % 1000 ? 6 : 3;
    k_put_digits(p + 1, (uint64_t)(n == 3 ? micros / 1000 : micros), n);
    return n + 1;
}

FLOW_FAR int64_t flow_k_put_time(uint8_t *p, int64_t t) {
    flow_civil c;
    k_time_civil(t, &c);
    uint8_t *start = p;
    uint64_t year = c.year < 0 ? (uint64_t)-c.year : (uint64_t)c.year;
    if (c.year < 0) *p++ = '-';
    if (year > 9999) {
        p += flow_k_put_uint(p, year);
    } else {
        k_put_digits(p, year, 4);
        p += 4;
    }
    p[0] = '-';
    k_put_digits(p + 1, (uint64_t)c.month, 2);
    p[3] = '-';
    k_put_digits(p + 4, (uint64_t)c.day, 2);
    p[6] = 'T';
    k_put_digits(p + 7, (uint64_t)c.hour, 2);
    p[9] = ':';
    k_put_digits(p + 10, (uint64_t)c.minute, 2);
    p[12] = ':';
    k_put_digits(p + 13, (uint64_t)c.second, 2);
    p += 15;
    p += time_put_fraction(p, c.micros);
    *p++ = 'Z';
    return p - start;
}

FLOW_FAR int32_t k_time_zone(const uint8_t *p, int64_t len, int64_t *seconds) {
    *seconds = 0;
    if (len == 3 && p[0] == 'U' && p[1] == 'T' && p[2] == 'C') return FLOW_NUM_OK;
    if (!len) return FLOW_NUM_BAD;
    return time_get_offset(p, p + len, seconds);
}

/* ---- durations ------------------------------------------------------------------ */

typedef struct time_unit {
    char name[3];
    int64_t nanos;
} time_unit;

static const time_unit time_units[] = {
    {"d", 86400 * INT64_C(1000000000)},
    {"h", 3600 * INT64_C(1000000000)},
    {"m", 60 * INT64_C(1000000000)},
    {"s", INT64_C(1000000000)},
    {"ms", 1000000},
    {"us", 1000},
    {"ns", 1},
    {"w", 7 * 86400 * INT64_C(1000000000)},
};
#define TIME_UNITS         8
#define TIME_UNITS_PRINTED 6

/* The unit whose name is the letters at p; *n is their number. */
static const time_unit *time_unit_at(const uint8_t *p, const uint8_t *end, int64_t *n) {
    for (*n = 0; p + *n < end && !k_num_digit(p[*n]);)
        ++*n;
    for (int i = 0; i < TIME_UNITS; i++) {
        const char *name = time_units[i].name;
        if (*n == 1 && p[0] == name[0] && !name[1]) return &time_units[i];
        if (*n == 2 && p[0] == name[0] && p[1] == name[1]) return &time_units[i];
    }
    return NULL;
}

FLOW_FAR int32_t k_duration_get(const uint8_t *p, const uint8_t *end, int64_t *out) {
    int negative = p < end && *p == '-';
    p += negative;
    if (p >= end) return FLOW_NUM_BAD;
    unsigned __int128 nanos = 0, limit = (unsigned __int128)INT64_MAX * 1000;
    while (p < end) {
        uint64_t v = 0;
        const uint8_t *first = p;
        for (; p < end && k_num_digit(*p); p++) {
            if (v > UINT64_MAX / 20) return FLOW_NUM_BAD;
            v = v * 10 + (*p - '0');
        }
        int64_t n;
        const time_unit *u = time_unit_at(p, end, &n);
        if (p == first || !u) return FLOW_NUM_BAD;
        nanos += (unsigned __int128)v * (uint64_t)u->nanos;
        if (nanos > limit) return FLOW_NUM_BAD;
        p += n;
    }
    /* nanos / 1000 in two steps, without a 128-bit division. */
    uint64_t high = (uint64_t)(nanos >> 32), low = (uint64_t)(uint32_t)nanos;
    low |= high % 1000 << 32;
    if (low % 1000) return FLOW_NUM_BAD;
    int64_t v = (int64_t)((high / 1000 << 32) + low / 1000);
    *out = negative ? -v : v;
    return FLOW_NUM_OK;
}

FLOW_FAR int64_t flow_k_put_duration(uint8_t *p, int64_t d) {
    uint8_t *start = p;
    if (!d) {
        p[0] = '0';
        p[1] = 's';
        return 2;
    }
    uint64_t rest = d < 0 ? -(uint64_t)d : (uint64_t)d;
    if (d < 0) *p++ = '-';
    for (int i = 0; i < TIME_UNITS_PRINTED; i++) {
        uint64_t unit = (uint64_t)time_units[i].nanos / 1000, v = rest / unit;
        if (!v) continue;
        p += flow_k_put_uint(p, v);
        for (const char *name = time_units[i].name; *name; name++)
            *p++ = (uint8_t)*name;
        rest -= v * unit;
    }
    return p - start;
}

/* ---- numbers in a unit ---------------------------------------------------------- */

/* Digits of a unit below the microsecond: 10^n units are a microsecond, n negative. */
static int64_t time_unit_power(int unit) {
    return unit == 's' ? 6 : unit == 'u' ? 0 : unit == 'n' ? -3 : 3;
}

FLOW_FAR int32_t k_time_of_unit(const uint8_t *p, const uint8_t *end, int json, int unit,
                                int64_t *out) {
    flow_number n;
    if (p == end || k_num_scan(p, end, json, &n) != end) return FLOW_NUM_BAD;
    uint64_t v = n.digits;
    int64_t power = n.exponent + time_unit_power(unit);
    int cut = n.more;
    for (; power > 0 && v; power--)
        if (__builtin_mul_overflow(v, (uint64_t)10, &v)) return FLOW_NUM_RANGE;
    for (; power < 0 && v; power++) {
        cut |= v % 10 != 0;
        v /= 10;
    }
    if (v > INT64_MAX - 1) return FLOW_NUM_RANGE;
    /* Cut off means the earlier microsecond. */
    *out = n.negative ? -(int64_t)v - cut : (int64_t)v;
    return FLOW_NUM_OK;
}

FLOW_FAR int64_t k_time_put_unit(uint8_t *p, int64_t t, int unit) {
    int64_t power = time_unit_power(unit), n = 0;
    uint64_t v = t < 0 ? -(uint64_t)t : (uint64_t)t, one = 1;
    if (t < 0) p[n++] = '-';
    for (int64_t i = 0; i < power; i++)
        one *= 10;
    n += flow_k_put_uint(p + n, v / one);
    if (power < 0 && v) {
        p[n] = p[n + 1] = p[n + 2] = '0';
        return n + 3;
    }
    uint64_t rest = v % one;
    if (!rest) return n;
    p[n++] = '.';
    for (; rest % 10 == 0; power--)
        rest /= 10;
    k_put_digits(p + n, rest, power);
    return n + power;
}
