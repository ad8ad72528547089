/* literal.c - literals to values: numbers, durations, sizes.  Text and time stand in
 * literal_text.c and literal_time.c.
 *
 * The scanner's patterns have checked the form, so what is left to find is what does not
 * fit.  Words that begin with a digit and match no pattern come to literal_bad_number,
 * which guesses what was meant. */
#include "compiler/syntax/literal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compiler/base/check.h"

#include "lang/flow_parse.h"

/* The text without `_`. */
static char *plain(parser_t *p, const char *s, size_t n) {
    char *out = arena_alloc(p->env->arena, n + 1), *end = out;
    for (size_t i = 0; i < n; i++)
        if (s[i] != '_') *end++ = s[i];
    return out;
}

const char *literal_quote(parser_t *p, const char *s, size_t n) {
    if (n <= 60) return arena_strndup(p->env->arena, s, n);
    n = 57;
    while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80) n--;
    return arena_printf(p->env->arena, "%.*s…", (int)n, s);
}

/* ---- numbers ---- */

node_t *literal_int(parser_t *p, const char *s, size_t n, span_t at) {
    ast_int_t *out = ast_new(p->env->arena, int, at);
    int hex = n > 2 && s[0] == '0' && s[1] == 'x';
    uint64_t value = 0, base = hex ? 16 : 10;
    for (size_t i = hex ? 2 : 0; i < n; i++) {
        if (s[i] == '_') continue;
        int c = s[i];
        uint64_t digit = c <= '9' ? (uint64_t)(c - '0') : (uint64_t)((c | 0x20) - 'a' + 10);
        if (value > (UINT64_MAX - digit) / base || value * base + digit > (uint64_t)1 << 63) {
            diag_t *m = diag_add(p->env->diags, DIAG_int_too_large, at, literal_quote(p, s, n));
            diag_help(m, "an int is at most 9223372036854775807; a decimal has 38 digits: "
                         "`1000.0d`");
            return &out->node;
        }
        value = value * base + digit;
    }
    out->huge = value == (uint64_t)1 << 63;
    out->value = out->huge ? INT64_MIN : (int64_t)value;
    return &out->node;
}

node_t *literal_float(parser_t *p, const char *s, size_t n, span_t at) {
    ast_float_t *out = ast_new(p->env->arena, float, at);
    out->value = strtod(plain(p, s, n), NULL);
    if (out->value <= 1.7976931348623157e308) return &out->node;
    diag_t *m = diag_add(p->env->diags, DIAG_literal_too_large, at, literal_quote(p, s, n));
    diag_help(m, "a float is at most 1.7976931348623157e308");
    out->value = 0;
    return &out->node;
}

node_t *literal_decimal(parser_t *p, const char *s, size_t n, span_t at) {
    ast_decimal_t *out = ast_new(p->env->arena, decimal, at);
    int point = 0;
    for (size_t i = 0; i + 1 < n; i++) { /* the last is the `d` */
        if (s[i] == '.') point = 1;
        if (s[i] == '.' || s[i] == '_') continue;
        out->precision++;
        out->scale += point;
        if (out->precision <= 38) out->value = out->value * 10 + (s[i] - '0');
    }
    if (out->precision <= 38) return &out->node;
    diag_add(p->env->diags, DIAG_bad_decimal, at,
             arena_printf(p->env->arena, "%" PRId64, out->precision));
    out->precision = 38;
    out->scale = 0;
    return &out->node;
}

/* ---- durations ---- */

typedef struct unit {
    const char *text;
    int64_t nanos;
} unit_t;

/* Greatest first, as durations are written. */
static const unit_t units[] = {
    {"w", 604800000000000}, {"d", 86400000000000}, {"h", 3600000000000}, {"m", 60000000000},
    {"s", 1000000000},      {"ms", 1000000},       {"us", 1000},         {"ns", 1},
};

static const unit_t *unit_of(const char *s, size_t n) {
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].text) == n && !memcmp(units[i].text, s, n)) return &units[i];
    return NULL;
}

void duration_put(buf_t *b, int64_t micros) {
    uint64_t left = micros < 0 ? -(uint64_t)micros : (uint64_t)micros;
    if (micros < 0) buf_char(b, '-');
    if (micros == 0) buf_str(b, "0s");
    for (size_t i = 1; i + 1 < sizeof units / sizeof *units; i++) { /* d to us */
        uint64_t unit = (uint64_t)units[i].nanos / 1000;
        if (left / unit) buf_printf(b, "%" PRIu64 "%s", left / unit, units[i].text);
        left %= unit;
    }
}

static size_t word_end(const char *s, size_t n, size_t i, int digits) {
    while (i < n && (s[i] >= '0' && s[i] <= '9') == digits) i++;
    return i;
}

/* Adds the parts in nanoseconds; 0 if that overflows. */
static int sum_parts(const char *s, size_t n, __int128 *nanos) {
    for (size_t i = 0; i < n;) {
        size_t end = word_end(s, n, i, 1), unit_end = word_end(s, n, end, 0);
        const unit_t *unit = unit_of(s + end, unit_end - end);
        flow_assert(unit);
        __int128 count = 0;
        for (; i < end; i++) {
            count = count * 10 + (s[i] - '0');
            if (count > INT64_MAX) return 0;
        }
        *nanos += count * unit->nanos;
        i = unit_end;
    }
    return *nanos / 1000 <= INT64_MAX;
}

node_t *literal_duration(parser_t *p, const char *s, size_t n, span_t at) {
    ast_duration_t *out = ast_new(p->env->arena, duration, at);
    __int128 nanos = 0;
    if (!sum_parts(s, n, &nanos)) {
        diag_t *m = diag_add(p->env->diags, DIAG_literal_too_large, at, literal_quote(p, s, n));
        diag_help(m, "a duration is at most 106751991d, some 292,000 years");
        return &out->node;
    }
    if (nanos % 1000) diag_add(p->env->diags, DIAG_duration_fraction, at, literal_quote(p, s, n));
    out->value = (int64_t)(nanos / 1000);
    return &out->node;
}

/* ---- sizes ---- */

node_t *literal_size(parser_t *p, const char *s, size_t n, span_t at) {
    ast_size_t *out = ast_new(p->env->arena, size, at);
    size_t end = word_end(s, n, 0, 1);
    int64_t base = end + 2 < n ? 1024 : 1000, unit = 1;
    const char *prefixes = "KMGT";
    const char *prefix = s[end] == 'B' ? NULL : strchr(prefixes, s[end]);
    if (prefix)
        for (const char *k = prefixes; k <= prefix; k++) unit *= base;
    __int128 value = 0;
    for (size_t i = 0; i < end && value <= INT64_MAX; i++) value = value * 10 + (s[i] - '0');
    if (value <= INT64_MAX) value *= unit;
    if (value > INT64_MAX) {
        diag_add(p->env->diags, DIAG_literal_too_large, at, literal_quote(p, s, n));
        value = 0;
    }
    out->value = (int64_t)value;
    return &out->node;
}

/* ---- words that begin with a digit and are no literal ---- */

/* The unit that a longer or capital word for it means, or null. */
static const unit_t *guess_unit(const char *s, size_t n) {
    static const struct {
        const char *begin, *unit;
    } words[] = {
        {"millis", "ms"}, {"msec", "ms"}, {"ms", "ms"},  {"micro", "us"}, {"usec", "us"},
        {"us", "us"},     {"µs", "us"},   {"nano", "ns"}, {"nsec", "ns"}, {"ns", "ns"},
        {"mon", NULL},    {"y", NULL},    {"s", "s"},    {"m", "m"},      {"h", "h"},
        {"d", "d"},       {"w", "w"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i].begin);
        if (n < len || strncasecmp(s, words[i].begin, len)) continue;
        return words[i].unit ? unit_of(words[i].unit, strlen(words[i].unit)) : NULL;
    }
    return NULL;
}

/* "1.5hours" as "1h30m"; null if no duration is meant. */
static const char *guess_duration(parser_t *p, const char *s, size_t n) {
    buf_t b;
    buf_init(&b, p->env->arena);
    __int128 nanos = 0;
    char *text = plain(p, s, n);
    n = strlen(text);
    for (size_t i = 0; i < n;) {
        char *end;
        double count = strtod(text + i, &end);
        size_t from = (size_t)(end - text), to = word_end(text, n, from, 0);
        const unit_t *unit = guess_unit(text + from, to - from);
        if (from == i || to == from || !unit || !(count < 1e6)) return NULL;
        nanos += (__int128)(count * (double)unit->nanos + 0.5);
        i = to;
    }
    if (nanos % 1000) return NULL;
    duration_put(&b, (int64_t)(nanos / 1000));
    return buf_text(&b);
}

/* Is `64kb`, `2Gb` or the like meant?  Gives its right form. */
static const char *guess_size(parser_t *p, const char *s, size_t n) {
    size_t end = word_end(s, n, 0, 1);
    const char *prefix = end < n ? strchr("kKmMgGtT", s[end]) : NULL;
    size_t left = n - end;
    if (!prefix || left < 2 || left > 3 || (s[n - 1] | 0x20) != 'b') return NULL;
    if (left == 3 && (s[n - 2] | 0x20) != 'i') return NULL;
    return arena_printf(p->env->arena, "%.*s%c%sB", (int)end, s, *prefix & ~0x20,
                        left == 3 ? "i" : "");
}

static node_t *bad_duration(parser_t *p, const char *s, size_t n, span_t at, const char *guess) {
    diag_t *m = diag_add(p->env->diags, DIAG_bad_duration, at, literal_quote(p, s, n));
    diag_note(m, "units are ns us ms s m h d w");
    if (guess) diag_help(m, "%s", guess);
    else diag_help(m, "a name does not begin with a digit, a duration is such as 1h30m");
    return &ast_new(p->env->arena, duration, at)->node;
}

static node_t *bad_number(parser_t *p, const char *s, size_t n, span_t at, int *token) {
    diag_t *m = diag_add(p->env->diags, DIAG_bad_number, at, literal_quote(p, s, n));
    if (memchr(s, '_', n)) diag_help(m, "`_` stands between two digits only: 1_000");
    else if (n > 1 && s[0] == '0' && (s[1] | 0x20) == 'x')
        diag_help(m, "after `0x` stand the digits 0-9 and a-f: 0xFF");
    else if (memchr(s, '.', n))
        diag_help(m, "a decimal ends in `d` (0.90d), a float has digits and an exponent (2.5e-3)");
    else diag_help(m, "numbers are such as 42, 0.5, 1e-3, 0.90d");
    *token = memchr(s, '.', n) ? T_FLOAT : T_INT;
    if (*token == T_INT) return &ast_new(p->env->arena, int, at)->node;
    return &ast_new(p->env->arena, float, at)->node;
}

node_t *literal_bad_number(parser_t *p, const char *s, size_t n, span_t at, int *token) {
    const char *size = guess_size(p, s, n);
    if (size) {
        diag_t *m = diag_add(p->env->diags, DIAG_bad_size, at, literal_quote(p, s, n));
        diag_note(m, "units are B KB MB GB TB and KiB MiB GiB TiB");
        diag_help(m, "%s", size);
        *token = T_SIZE;
        return &ast_new(p->env->arena, size, at)->node;
    }
    size_t digits = word_end(s, n, 0, 1);
    int hex = n > 1 && (s[1] | 0x20) == 'x';
    int numeric = hex || memchr(s, '_', n) || (digits < n && (s[digits] | 0x20) == 'e');
    const char *guess = hex ? NULL : guess_duration(p, s, n);
    if (!guess && (numeric || memchr(s, '.', n))) return bad_number(p, s, n, at, token);
    *token = T_DURATION;
    return bad_duration(p, s, n, at, guess);
}
