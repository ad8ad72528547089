/* windows_plain.c - windows that slide by a second over rows of eight words in memory, as a good
 * programmer writes them in an hour.
 *
 *   windows_plain cm1|cm2|sg1|sg2|lrb1 FILE    rows of `events ... bin`, in order of time; prints
 *                                              what programs/<the same name>.flow does
 *
 * A partial result for each second and group, and one of the whole window, to which the newest
 * second is added and from which the oldest is taken: all values are whole numbers, so that
 * nothing is rounded.  No SIMD, no threads. */
#include "rows.h"

#include <math.h>
#include <stdbool.h>

typedef struct {
    int64_t at, a, b, c, d, e, f, g;
} row_t;

typedef struct {
    int64_t count;
    double sum;
} part_t;

enum { MOST_GROUPS = 1000, LONGEST = 3600 };

static part_t *parts; /* [second % seconds][group] */
static part_t window[MOST_GROUPS];
static int64_t seconds_long, groups, now = -1;
static void (*take)(const void *rows, size_t n);
static void (*print)(int64_t start, int64_t group, const part_t *p);

static double number(int64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The second `now` is over. */
static void close_second(void) {
    part_t *newest = &parts[now % seconds_long * groups];
    for (int64_t g = 0; g < groups; g++) {
        window[g].count += newest[g].count;
        window[g].sum += newest[g].sum;
        if (window[g].count) print((now - seconds_long + 1) * 1000, g, &window[g]);
    }
    part_t *oldest = &parts[++now % seconds_long * groups];
    for (int64_t g = 0; g < groups; g++) {
        window[g].count -= oldest[g].count;
        window[g].sum -= oldest[g].sum;
    }
    memset(oldest, 0, (size_t)groups * sizeof *oldest);
}

static inline void add(const row_t *r, int64_t group, double value) {
    int64_t second = r->at / 1000000;
    if (now < 0) now = second;
    while (now < second) close_second();
    part_t *p = &parts[now % seconds_long * groups + group];
    p->count++;
    p->sum += value;
}

/* ---- the queries -------------------------------------------------------------------------- */

#define EACH(rows, n) for (const row_t *r = (rows), *end = r + (n); r < end; r++)

static void take_cm1(const void *rows, size_t n) { EACH(rows, n) add(r, r->b, number(r->d)); }

static void take_cm2(const void *rows, size_t n) {
    EACH(rows, n) {
        if (r->c == 3) add(r, r->a, number(r->d));
    }
}

static void take_sg1(const void *rows, size_t n) { EACH(rows, n) add(r, 0, number(r->d)); }

static void take_sg2(const void *rows, size_t n) {
    EACH(rows, n) add(r, r->c * 50 + r->b * 10 + r->a, number(r->d));
}

static void take_lrb1(const void *rows, size_t n) {
    EACH(rows, n) add(r, r->b * 200 + r->c * 100 + r->e / 5280, number(r->f));
}

static void print_sum(int64_t start, int64_t group, const part_t *p) {
    printf("%lld,%lld,%.1f\n", (long long)start, (long long)group, p->sum);
}

static double mean(const part_t *p) { return floor(p->sum / (double)p->count); }

static void print_mean(int64_t start, int64_t group, const part_t *p) {
    (void)group;
    printf("%lld,%.1f\n", (long long)start, mean(p));
}

static void print_plug(int64_t start, int64_t group, const part_t *p) {
    printf("%lld,%lld,%lld,%lld,%.1f\n", (long long)start, (long long)(group / 50),
           (long long)(group / 10 % 5), (long long)(group % 10), mean(p));
}

static void print_segment(int64_t start, int64_t group, const part_t *p) {
    if (p->sum / (double)p->count < 40)
        printf("%lld,%lld,%lld,%lld,%.1f\n", (long long)start, (long long)(group / 200),
               (long long)(group / 100 % 2), (long long)(group % 100), mean(p));
}

/* Until the last window is over. */
static void take_all(const void *rows, size_t n) {
    take(rows, n);
    for (int64_t left = now < 0 ? 0 : seconds_long; left; left--) close_second();
    fflush(stdout);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*take)(const void *rows, size_t n);
        void (*print)(int64_t start, int64_t group, const part_t *p);
        int64_t seconds, groups;
    } queries[] = {{"cm1", take_cm1, print_sum, 60, 4},
                   {"cm2", take_cm2, print_sum, 60, 240},
                   {"sg1", take_sg1, print_mean, LONGEST, 1},
                   {"sg2", take_sg2, print_plug, 128, 500},
                   {"lrb1", take_lrb1, print_segment, 300, 400}};
    for (size_t i = 0; argc == 3 && i < sizeof queries / sizeof *queries; i++) {
        if (strcmp(argv[1], queries[i].name)) continue;
        seconds_long = queries[i].seconds, groups = queries[i].groups;
        take = queries[i].take, print = queries[i].print;
        parts = calloc((size_t)(seconds_long * groups), sizeof *parts);
        return !parts || each_row_in_memory(argv[2], sizeof(row_t), take_all) || ferror(stdout);
    }
    fprintf(stderr, "usage: windows_plain cm1|cm2|sg1|sg2|lrb1 FILE\n");
    return 2;
}
