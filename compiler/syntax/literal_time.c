/* literal_time.c - timestamps: @2024-05-01, @2024-05-01T10:00:00.5Z.
 *
 * The form is read by a small hand-written scan, so the message can say which part is
 * wrong.  Dates are of the Gregorian calendar, also before it began. */
#include <string.h>

#include "compiler/syntax/literal.h"

typedef struct stamp {
    const char *s;
    size_t n, i;
    int64_t part[6];    /* year to second */
    int64_t micros;     /* of the fraction */
    int64_t zone;       /* minutes east */
    const char *wrong;  /* what is wrong, in words */
} stamp_t;

enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND };

static int is_digit(const stamp_t *t) {
    return t->i < t->n && t->s[t->i] >= '0' && t->s[t->i] <= '9';
}

static int eat(stamp_t *t, char c) {
    if (t->i == t->n || t->s[t->i] != c) return 0;
    t->i++;
    return 1;
}

/* Exactly `digits` digits. */
static int number(stamp_t *t, int digits, int64_t *out) {
    for (*out = 0; digits > 0; digits--) {
        if (!is_digit(t)) return 0;
        *out = *out * 10 + (t->s[t->i++] - '0');
    }
    return !is_digit(t);
}

static int fail(stamp_t *t, const char *why) {
    if (!t->wrong) t->wrong = why;
    return 0;
}

static int days_in(int64_t year, int64_t month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static int read_date(stamp_t *t) {
    if (!number(t, 4, &t->part[YEAR]) || !eat(t, '-') || !number(t, 2, &t->part[MONTH]) ||
        !eat(t, '-') || !number(t, 2, &t->part[DAY]))
        return fail(t, "a date is year-month-day with 4, 2 and 2 digits");
    if (t->part[MONTH] < 1 || t->part[MONTH] > 12) return fail(t, "there is no such month");
    if (t->part[DAY] < 1 || t->part[DAY] > days_in(t->part[YEAR], t->part[MONTH]))
        return fail(t, "this month has no such day");
    return 1;
}

static int read_fraction(stamp_t *t) {
    int digits = 0;
    for (; is_digit(t) && digits < 7; digits++)
        t->micros = t->micros * 10 + (t->s[t->i++] - '0');
    if (digits == 0 || digits > 6) return fail(t, "a fraction of a second has 1 to 6 digits");
    for (; digits < 6; digits++) t->micros *= 10;
    return 1;
}

static int read_clock(stamp_t *t) {
    if (!number(t, 2, &t->part[HOUR]) || !eat(t, ':') || !number(t, 2, &t->part[MINUTE]))
        return fail(t, "a time is hour:minute or hour:minute:second with 2 digits each");
    if (eat(t, ':') && !number(t, 2, &t->part[SECOND]))
        return fail(t, "a time is hour:minute or hour:minute:second with 2 digits each");
    if (t->part[HOUR] > 23) return fail(t, "a day has the hours 00 to 23");
    if (t->part[MINUTE] > 59) return fail(t, "an hour has the minutes 00 to 59");
    if (t->part[SECOND] > 59) return fail(t, "a minute has the seconds 00 to 59");
    return eat(t, '.') ? read_fraction(t) : 1;
}

static int read_zone(stamp_t *t) {
    int64_t hours, minutes;
    if (eat(t, 'Z')) return 1;
    int west = eat(t, '-');
    if (!west && !eat(t, '+')) return fail(t, "a time needs its offset: `Z`, or such as `+08:00`");
    if (!number(t, 2, &hours) || !eat(t, ':') || !number(t, 2, &minutes))
        return fail(t, "an offset is `Z`, or hours and minutes: `+08:00`");
    if (hours > 23 || minutes > 59) return fail(t, "there is no such offset");
    t->zone = (hours * 60 + minutes) * (west ? -1 : 1);
    return 1;
}

static int read_stamp(stamp_t *t) {
    t->i = 1; /* the @ */
    if (!read_date(t)) return 0;
    if (t->i == t->n) return 1;
    if (!eat(t, 'T')) return fail(t, "between date and time stands `T`");
    if (!read_clock(t) || !read_zone(t)) return 0;
    return t->i == t->n || fail(t, "nothing may follow the offset");
}

/* Days since 1970-01-01; years begin in March here, so a leap day ends them. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

node_t *literal_timestamp(parser_t *p, const char *s, size_t n, span_t at) {
    ast_timestamp_t *out = ast_new(p->env->arena, timestamp, at);
    stamp_t t = {.s = s, .n = n};
    if (read_stamp(&t)) {
        int64_t days = days_from_date(t.part[YEAR], t.part[MONTH], t.part[DAY]);
        int64_t minutes = (days * 24 + t.part[HOUR]) * 60 + t.part[MINUTE] - t.zone;
        out->value = (minutes * 60 + t.part[SECOND]) * 1000000 + t.micros;
        return &out->node;
    }
    diag_t *m = diag_add(p->env->diags, DIAG_bad_timestamp, at, literal_quote(p, s, n));
    diag_note(m, "%s", t.wrong);
    diag_help(m, "@2024-05-01, @2024-05-01T10:00:00Z, @2024-05-01T10:00:00.250+08:00");
    return &out->node;
}
