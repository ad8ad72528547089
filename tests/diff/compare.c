/* compare.c - compares what Flow and SQLite wrote for the queries of programs/generate.c.
 *
 *   compare DIR COUNT   compares DIR/out/qN.csv with DIR/sql/qN.csv; prints what differs, then
 *                       a line `same N, of these empty N, different N`
 *
 * SQL's cells of numbers that are not ints are turned into Flow's text here, exactly:
 *   #qN      the double N / 2^30        #dI:F     the double I + F / 2^62
 *   #rN:K    N / K / 2^30, rounded once to a double
 *   #cS:N    a decimal of scale S: N / 10^S
 *   #aS:N:K  N / K of scale S + 6, half to even */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char **at;
    size_t n;
} lines_t;

typedef __int128 wide_t;

/* The shortest digits that read back the same; beside a power of two they may be one off
 * those that printf rounds to. */
static int shortest(double x, char *digits) {
    for (int n = 1;; n++) {
        char e[40], text[60];
        snprintf(e, sizeof e, "%.*e", n - 1, fabs(x));
        int exponent = atoi(strchr(e, 'e') + 1);
        if (n > 1) memmove(e + 1, e + 2, strlen(e + 1));
        long long nearest = strtoll(e, NULL, 10);
        for (long long by = 0; by < 3; by++) {
            long long m = nearest + (by == 2 ? -1 : by);
            snprintf(text, sizeof text, "%llde%d", m, exponent - n + 1);
            if (strtod(text, NULL) != fabs(x) && n < 17) continue;
            sprintf(digits, "%lld", m);
            return exponent;
        }
    }
}

/* Plain or with an exponent, as Flow has them. */
static void float_text(double x, char *to) {
    char digits[40];
    int exponent = shortest(x, digits), n = (int)strlen(digits);
    if (x < 0) *to++ = '-';
    if (x == 0) strcpy(to, "0.0");
    else if (exponent < -6 || exponent > 20)
        sprintf(to, "%c.%se%d", digits[0], n > 1 ? digits + 1 : "0", exponent);
    else if (exponent < 0) sprintf(to, "0.%0*d%s", -exponent - 1, 0, digits);
    else if (n > exponent + 1)
        sprintf(to, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
    else sprintf(to, "%s%0*d.0", digits, exponent + 1 - n, 0);
    if (exponent == -1 && x != 0) sprintf(to, "0.%s", digits);
    if (exponent >= 0 && exponent <= 20 && n == exponent + 1) sprintf(to, "%s.0", digits);
}

/* n / k / 2^30, rounded once: the quotient has at least 60 bits, the rest sticks to the last. */
static double ratio(long long n, long long k) {
    int minus = n < 0, shift = 0;
    unsigned __int128 a = (unsigned __int128)(minus ? -(wide_t)n : n), b = (unsigned __int128)k;
    if (a == 0) return 0;
    while (a >> 120 == 0) a <<= 1, shift++;
    unsigned __int128 q = a / b;
    int sticky = a % b != 0, down = 0;
    while (q >> 62 != 0) sticky |= (int)(q & 1), q >>= 1, down++;
    double x = ldexp((double)((long long)q << 1 | sticky), down - shift - 1 - 30);
    return minus ? -x : x;
}

static void wide_text(wide_t n, int scale, char *to) {
    char digits[60];
    int k = 0;
    if (n < 0) *to++ = '-', n = -n;
    for (; n > 0 || k <= scale; n /= 10) digits[k++] = (char)('0' + (int)(n % 10));
    while (k > 0) {
        if (k == scale) *to++ = '.';
        *to++ = digits[--k];
    }
    *to = 0;
}

static wide_t half_even(wide_t n, wide_t k) {
    wide_t q = n / k, rest = n % k, twice = (rest < 0 ? -rest : rest) * 2;
    if (twice > k || (twice == k && q % 2 != 0)) q += n < 0 ? -1 : 1;
    return q;
}

static void cell_text(const char *cell, char *to) {
    char *end;
    long long n = strtoll(cell + 2, &end, 10), k = *end ? strtoll(end + 1, &end, 10) : 0;
    switch (cell[1]) {
    case 'q': float_text(ldexp((double)n, -30), to); break;
    case 'd': float_text((double)n + ldexp((double)k, -62), to); break;
    case 'r': float_text(ratio(n, k), to); break;
    case 'c': wide_text(k, (int)n, to); break;
    default:
        wide_text(half_even((wide_t)k * 1000000, strtoll(end + 1, NULL, 10)), (int)n + 6, to);
    }
}

/* A line of SQLite's as Flow would write it. */
static char *translated(const char *line) {
    char *out = malloc(strlen(line) * 4 + 400), *to = out;
    int start = 1;
    for (const char *p = line; *p;) {
        if (start && *p == '#') {
            size_t n = strcspn(p, ",");
            char cell[200];
            snprintf(cell, sizeof cell, "%.*s", (int)n, p);
            cell_text(cell, to);
            to += strlen(to);
            p += n;
            start = 0;
            continue;
        }
        start = *p == ',';
        *to++ = *p++;
    }
    *to = 0;
    return out;
}

/* Fields with and without needless quotes are alike, but "" is not nothing. */
static void normalise(char *line) {
    char *to = line;
    for (char *p = line; *p;) {
        if (*p != '"') {
            while (*p && *p != ',') *to++ = *p++;
        } else if (p[1] == '"' && (p[2] == ',' || !p[2])) {
            *to++ = '"', *to++ = '"', p += 2;
        } else {
            for (p++; *p && !(*p == '"' && p[1] != '"'); p++) {
                if (*p == '"') p++;
                *to++ = *p == ',' ? ';' : *p;
            }
            p += *p == '"';
        }
        if (*p == ',') *to++ = *p++;
    }
    *to = 0;
}

static lines_t read_lines(const char *path, int from_sql) {
    lines_t l = {0};
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    while (f && getline(&line, &room, f) >= 0) {
        line[strcspn(line, "\r\n")] = 0;
        l.at = realloc(l.at, (l.n + 1) * sizeof *l.at);
        l.at[l.n] = from_sql ? translated(line) : strdup(line);
        normalise(l.at[l.n++]);
    }
    if (f) fclose(f);
    free(line);
    return l;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int differs(const lines_t *want, const lines_t *got, int q) {
    int shown = 0;
    size_t n = want->n > got->n ? want->n : got->n;
    for (size_t i = 0; i < n && shown < 4; i++) {
        const char *w = i < want->n ? want->at[i] : "(nothing)";
        const char *g = i < got->n ? got->at[i] : "(nothing)";
        if (strcmp(w, g) == 0) continue;
        if (!shown) printf("query %d: %zu rows wanted, %zu found\n", q, want->n, got->n);
        printf("  row %zu: wanted %.300s\n  row %zu: found  %.300s\n", i, w, i, g);
        shown++;
    }
    return shown > 0;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: compare DIR COUNT\n");
        return 2;
    }
    int count = atoi(argv[2]), different = 0, empty = 0;
    char path[4096];
    snprintf(path, sizeof path, "%s/order", argv[1]);
    lines_t order = read_lines(path, 0);
    for (int q = 0; q < count; q++) {
        snprintf(path, sizeof path, "%s/sql/q%d.csv", argv[1], q);
        lines_t want = read_lines(path, 1);
        snprintf(path, sizeof path, "%s/out/q%d.csv", argv[1], q);
        lines_t got = read_lines(path, 0);
        if (order.n != 1 || order.at[0][q] != 'o') {
            if (want.n) qsort(want.at, want.n, sizeof *want.at, by_text);
            if (got.n) qsort(got.at, got.n, sizeof *got.at, by_text);
        }
        if (differs(&want, &got, q)) different++;
        else empty += want.n == 0;
    }
    printf("same %d, of these empty %d, different %d\n", count - different, empty, different);
    return different != 0;
}
