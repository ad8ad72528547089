/* k_time.h - timestamps and durations: calendar, text, RFC 3339.
 *
 * Microseconds since 1970-01-01T00:00Z in the proleptic Gregorian calendar.  Years 0000
 * to 9999 have an RFC 3339 text; the others get theirs with a sign or more digits. */
#ifndef FLOW_KERNEL_K_TIME_H
#define FLOW_KERNEL_K_TIME_H

#include "runtime/kernel/k_num.h"
#include "runtime/kernel/k_value.h"

#define FLOW_TIME_TEXT     40 /* longest text of a timestamp */
#define FLOW_DURATION_TEXT 48 /* of a duration */

#define FLOW_SECOND INT64_C(1000000)
#define FLOW_DAY    (86400 * FLOW_SECOND)

typedef struct flow_civil {
    int64_t year;
    int64_t month, day; /* from 1 */
    int64_t hour, minute, second, micros;
    int64_t weekday; /* 1 is Monday */
    int64_t yearday; /* from 1 */
} flow_civil;

/* Days from 1970-01-01 to a date; the date and time of a timestamp. */
int64_t k_time_days(int64_t year, int64_t month, int64_t day);
void k_time_civil(int64_t t, flow_civil *c);
int64_t k_time_month_days(int64_t year, int64_t month);

/* The whole of [p, end): RFC 3339, a blank for T, a date alone, UTC without an offset,
 * digits below the microsecond cut off.  0 ok, else FLOW_NUM_BAD. */
int32_t k_time_get(const uint8_t *p, const uint8_t *end, int64_t *out);
int64_t flow_k_put_time(uint8_t *p, int64_t t);

/* The whole of [p, end): a duration's literal, `1d2h`, `-5m`, `0s`. */
int32_t k_duration_get(const uint8_t *p, const uint8_t *end, int64_t *out);
int64_t flow_k_put_duration(uint8_t *p, int64_t d);

/* A number in a unit of formats ('s' 'm' 'u' 'n'; 'r' counts as ms) to microseconds, cut
 * off below, and back. */
int32_t k_time_of_unit(const uint8_t *p, const uint8_t *end, int json, int unit,
                       int64_t *out);
int64_t k_time_put_unit(uint8_t *p, int64_t t, int unit);

/* The same of what most such fields are, 1 to 16 digits: 1.  Else 0, and k_time_get and
 * k_time_of_unit know better.  Loads as k_num_int_short does. */
FLOW_INLINE int k_time_short(const uint8_t *p, const uint8_t *end, int unit, int64_t *out) {
    int64_t micros = unit == 's' ? 1000000 : unit == 'u' ? 1 : 1000;
    return unit != 'n' && k_num_int_short(p, end, out) &&
           !__builtin_mul_overflow(*out, micros, out);
}

/* Seconds east of UTC of "UTC", "Z", "+08:00"; FLOW_NUM_BAD for anything else. */
int32_t k_time_zone(const uint8_t *p, int64_t len, int64_t *seconds);

#endif
