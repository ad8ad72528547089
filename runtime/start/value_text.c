/* value_text.c - see value_text.h.  The forms are those of the language's literals. */
#include "runtime/start/value_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/kernel/k_utf8.h"

bool rt_text_int(const char *text, int64_t *out) {
    bool minus = *text == '-';
    const char *p = text + minus;
    __int128 n = 0;
    if (*p < '0' || *p > '9') return false;
    for (; *p; p++) {
        if (*p == '_' && p[1] >= '0' && p[1] <= '9') continue;
        if (*p < '0' || *p > '9') return false;
        n = n * 10 + (*p - '0');
        if (n > (__int128)INT64_MAX + minus) return false;
    }
    *out = (int64_t)(minus ? -n : n);
    return true;
}

bool rt_text_float(const char *text, double *out) {
    static const struct {
        const char *word;
        double value;
    } words[] = {{"NaN", __builtin_nan("")},
                 {"Infinity", __builtin_inf()},
                 {"-Infinity", -__builtin_inf()}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i].word)) continue;
        *out = words[i].value;
        return true;
    }
    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text)) return false;
    char *end;
    *out = strtod(text, &end);
    return *end == 0;
}

bool rt_text_bool(const char *text, bool *out) {
    *out = !strcmp(text, "true");
    return *out || !strcmp(text, "false");
}

typedef struct unit {
    const char *name;
    int64_t factor;
} unit;

static const unit *unit_of(const unit *units, const char *p, size_t len) {
    for (; units->name; units++)
        if (strlen(units->name) == len && !memcmp(units->name, p, len)) return units;
    return NULL;
}

bool rt_text_duration(const char *text, int64_t *out) {
    /* In nanoseconds, so that 2000ns is 2us. */
    static const unit units[] = {{"ns", 1},
                                 {"us", 1000},
                                 {"ms", 1000000},
                                 {"s", 1000000000},
                                 {"m", INT64_C(60) * 1000000000},
                                 {"h", INT64_C(3600) * 1000000000},
                                 {"d", INT64_C(86400) * 1000000000},
                                 {"w", INT64_C(604800) * 1000000000},
                                 {NULL, 0}};
    bool minus = *text == '-';
    const char *p = text + minus;
    __int128 sum = 0;
    if (!*p) return false;
    while (*p) {
        size_t digits = strspn(p, "0123456789_");
        size_t letters = strspn(p + digits, "numshdw");
        char number[32];
        int64_t n;
        const unit *u = unit_of(units, p + digits, letters);
        if (!u || !digits || digits >= sizeof number) return false;
        memcpy(number, p, digits);
        number[digits] = 0;
        if (!rt_text_int(number, &n)) return false;
        sum += (__int128)n * u->factor;
        if (sum > (__int128)INT64_MAX * 1000) return false;
        p += digits + letters;
    }
    if (sum % 1000) return false;
    *out = (int64_t)(minus ? -(sum / 1000) : sum / 1000);
    return true;
}

bool rt_text_size(const char *text, int64_t *out) {
    static const unit units[] = {{"", 1},
                                 {"B", 1},
                                 {"KB", 1000},
                                 {"kB", 1000},
                                 {"MB", 1000000},
                                 {"GB", 1000000000},
                                 {"TB", INT64_C(1000000000000)},
                                 {"KiB", INT64_C(1) << 10},
                                 {"MiB", INT64_C(1) << 20},
                                 {"GiB", INT64_C(1) << 30},
                                 {"TiB", INT64_C(1) << 40},
                                 {NULL, 0}};
    size_t digits = strspn(text, "0123456789_");
    const unit *u = unit_of(units, text + digits, strlen(text + digits));
    char number[32];
    int64_t n;
    if (!u || !digits || digits >= sizeof number) return false;
    memcpy(number, text, digits);
    number[digits] = 0;
    if (!rt_text_int(number, &n) || n > INT64_MAX / u->factor) return false;
    *out = n * u->factor;
    return true;
}

/* Days since the epoch of a civil date (proleptic Gregorian). */
static int64_t days_of(int64_t y, int64_t m, int64_t d) {
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    int64_t past = y - 1;
    int64_t days = past * 365 + past / 4 - past / 100 + past / 400;
    return days + before[m - 1] + (m > 2 && leap) + d - 1 - 719162;
}

static bool digits_at(const char **p, int n, int64_t *out) {
    *out = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (**p < '0' || **p > '9') return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

static int64_t month_days(int64_t y, int64_t m) {
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    return m == 2 ? 28 + leap : 30 + (m + m / 8) % 2;
}

static bool clock_at(const char **p, int64_t *us) {
    int64_t h, m, s, fraction = 0, place = 100000;
    if (!digits_at(p, 2, &h) || *(*p)++ != ':' || !digits_at(p, 2, &m)) return false;
    if (*(*p)++ != ':' || !digits_at(p, 2, &s)) return false;
    if (h > 23 || m > 59 || s > 60) return false;
    if (**p == '.') {
        for ((*p)++; **p >= '0' && **p <= '9'; (*p)++, place /= 10)
            fraction += (**p - '0') * place;
    }
    *us = ((h * 60 + m) * 60 + s) * 1000000 + fraction;
    return true;
}

bool rt_text_time(const char *text, int64_t *out) {
    const char *p = text + (*text == '@');
    int64_t y, m, d, us = 0, oh, om;
    if (!digits_at(&p, 4, &y) || *p++ != '-' || !digits_at(&p, 2, &m)) return false;
    if (*p++ != '-' || !digits_at(&p, 2, &d)) return false;
    if (y < 1 || m < 1 || m > 12 || d < 1 || d > month_days(y, m)) return false;
    if (*p == 'T' || *p == ' ') {
        p++;
        if (!clock_at(&p, &us)) return false;
    }
    if (*p == 'Z') {
        p++;
    } else if (*p == '+' || *p == '-') {
        int64_t sign = *p++ == '+' ? -1 : 1;
        if (!digits_at(&p, 2, &oh) || *p++ != ':' || !digits_at(&p, 2, &om)) return false;
        us += sign * (oh * 60 + om) * 60000000;
    }
    *out = days_of(y, m, d) * INT64_C(86400000000) + us;
    return *p == 0;
}

static const char *next_word(const char *list, char mark, size_t *len) {
    *len = 0;
    while (list[*len] && list[*len] != mark && list[*len] != ')') (*len)++;
    return list + *len + (list[*len] == mark);
}

bool rt_text_word(const char *text, const char *words) {
    while (*words) {
        size_t len;
        const char *next = next_word(words, '|', &len);
        if (strlen(text) == len && !memcmp(text, words, len)) return true;
        words = next;
    }
    return false;
}

/* ---- values of parameters --------------------------------------------------------- */

static const char *enum_value(const char *type, const char *text, int64_t *words) {
    const char *p = strchr(type, '(') + 1;
    for (int64_t tag = 0; *p && *p != ')'; tag++) {
        size_t len;
        const char *next = next_word(p, ',', &len);
        if (strlen(text) == len && !strncasecmp(text, p, len)) {
            words[0] = tag;
            return NULL;
        }
        p = next;
    }
    return type;
}

static const char *decimal_value(const char *type, const char *text, int64_t *words) {
    int precision = 0, scale = 0, digits = 0, behind = -1;
    if (sscanf(type, "decimal(%d,%d)", &precision, &scale) != 2) return type;
    const char *p = text + (*text == '-');
    __int128 n = 0;
    for (; *p; p++) {
        if (*p == '.' && behind < 0) {
            behind = 0;
            continue;
        }
        if (*p < '0' || *p > '9') return type;
        if (behind >= scale) {
            if (*p != '0') return type;
            continue;
        }
        n = n * 10 + (*p - '0');
        if (n && ++digits > precision) return type;
        if (behind >= 0) behind++;
    }
    for (int i = behind < 0 ? 0 : behind; i < scale; i++) {
        n *= 10;
        if (n && ++digits > precision) return type;
    }
    if (p == text + (*text == '-')) return type;
    if (*text == '-') n = -n;
    words[0] = (int64_t)n;
    words[1] = (int64_t)(n >> 64);
    return NULL;
}

static const char *plain_value(rt_arena *arena, const char *type, const char *text,
                               int64_t *words) {
    double f;
    bool b;
#define IS(name) (!strcmp(type, name))
    if IS ("int") return rt_text_int(text, words) ? NULL : "an int";
    if IS ("duration")
        return rt_text_duration(text, words) ? NULL : "a duration such as 1h30m";
    if IS ("size") return rt_text_size(text, words) ? NULL : "a size such as 64MiB";
    if IS ("timestamp")
        return rt_text_time(text, words) ? NULL : "a time such as 2024-05-01T10:00:00Z";
    if IS ("float") {
        if (!rt_text_float(text, &f)) return "a number";
        memcpy(words, &f, sizeof f);
        return NULL;
    }
    if IS ("bool") {
        if (!rt_text_bool(text, &b)) return "true or false";
        words[0] = b;
        return NULL;
    }
    if (IS("string") || IS("bytes")) {
        words[1] = (int64_t)strlen(text);
        /* Scanners load beyond the end of a text. */
        char *copy = rt_arena_get(arena, (size_t)words[1] + 65);
        memcpy(copy, text, (size_t)words[1]);
        words[0] = (int64_t)(intptr_t)copy;
        if (IS("string") && !flow_k_utf8_valid((const uint8_t *)copy, words[1]))
            return "text in UTF-8";
        return NULL;
    }
#undef IS
    if (!strncmp(type, "enum(", 5)) return enum_value(type, text, words);
    if (!strncmp(type, "decimal(", 8)) return decimal_value(type, text, words);
    return "a type that the command line can give";
}

static int64_t words_of(const char *type) {
    return !strcmp(type, "string") || !strcmp(type, "bytes") ||
                   !strncmp(type, "decimal", 7)
               ? 2
               : 1;
}

const char *rt_text_value(rt_arena *arena, const char *type, const char *text,
                          int64_t *words) {
    size_t n = strlen(type);
    if (!n || type[n - 1] != '?') return plain_value(arena, type, text, words);
    char *inner = rt_arena_text(arena, type, n - 1);
    int64_t flag = words_of(inner);
    words[flag] = strcmp(text, "none") != 0;
    return words[flag] ? plain_value(arena, inner, text, words) : NULL;
}

void rt_duration_text(int64_t us, char *out, size_t room) {
    if (us % 1000000 == 0)
        snprintf(out, room, "%" PRId64 "s", us / 1000000);
    else if (us % 1000 == 0)
        snprintf(out, room, "%" PRId64 "ms", us / 1000);
    else
        snprintf(out, room, "%" PRId64 "us", us);
}
