/* sliding_simd.c - sum and greatest value by key in windows that slide by a second, as fast as
 * we can make it by hand, on one thread.
 *
 *   sliding_simd FILE KEYS [SECONDS]     lines `ms,key,value` in order of time, keys below KEYS;
 *                                        prints `window start,key,sum,max`, in that order
 *
 * Fields are found and read as in groups_simd.c; whether a time is in the present second is
 * asked of its text.  Rows go to an array by key, that of the present second.  When it is over
 * the windows' sums get it and lose the second that left.  The greatest value cannot lose
 * anything, so a window is two parts: seconds before a border, for each of which the greatest
 * from there to the border is known, and those behind it, of which one greatest is known.
 * When the first part is used up the border moves to the present, and the first part is
 * computed anew: the cost of a slide does not depend on the length of the window. */
#include "blocks.h"
#include "digits.h"
#include "fields.h"

enum { ROWS = SPAN / 6 + 1, FIELDS = 3, MILLIS = 13, SECOND_DIGITS = 10 };

typedef struct part {
    int64_t count, sum, max; /* count 0: max is the least number there is */
} part;

static const part nothing = {.max = INT64_MIN};

static int64_t keys, size = 60;      /* of windows, in seconds */
static int64_t second = -1, border;  /* the present one; the first that is not before the border */
static char second_text[24];         /* its digits, if they are ten */
static part *present, *totals;       /* by key; totals hold the greatest since the border */
static part *ring;                   /* [second % size][key]; see move_border for max */
static uint64_t key_words[ROWS + 8], value_words[ROWS + 8];
static size_t nrows;
static printer out;

static inline part *ring_at(int64_t s) { return &ring[s % size * keys]; }

static inline int64_t greater(int64_t a, int64_t b) { return a > b ? a : b; }

/* From here on the greatest value of a second before the border is that from it to the border. */
static void move_border(int64_t first) {
    for (int64_t s = second - 2; s >= first; s--) {
        part *at = ring_at(s);
        const part *next = ring_at(s + 1);
        for (int64_t k = 0; k < keys; k++) at[k].max = greater(at[k].max, next[k].max);
    }
    for (int64_t k = 0; k < keys; k++) totals[k].max = INT64_MIN;
    border = second;
}

/* The present second is over: it enters the windows, and the one that ends with it is given. */
static void end_second(void) {
    int64_t first = second - size + 1;
    if (first >= border) move_border(first);
    part *leaves = ring_at(second);
    for (int64_t k = 0; k < keys; k++) {
        totals[k].count += present[k].count - leaves[k].count;
        totals[k].sum += present[k].sum - leaves[k].sum;
        totals[k].max = greater(totals[k].max, present[k].max);
        leaves[k] = present[k];
        present[k] = nothing;
    }
    const part *before = first < border ? ring_at(first) : NULL;
    for (int64_t k = 0; k < keys; k++) {
        if (!totals[k].count) continue;
        int64_t max = before ? greater(before[k].max, totals[k].max) : totals[k].max;
        char *p = put_int(&out, printer_at(&out), first * 1000, ',');
        p = put_int(&out, p, k, ',');
        p = put_int(&out, p, totals[k].sum, ',');
        printer_to(&out, put_int(&out, p, max, '\n'));
    }
}

static void go_to(int64_t next) {
    if (second < 0) second = border = next;
    for (; second < next; second++) end_second();
    snprintf(second_text, sizeof second_text, "%010lld", (long long)second);
}

static void take_row(int64_t key, int64_t value) {
    if ((uint64_t)key >= (uint64_t)keys) exit(1);
    part *p = &present[key];
    p->count++;
    p->sum += value;
    p->max = greater(p->max, value);
}

static void take_staged(void) {
    digits_values(key_words, nrows);
    digits_values(value_words, nrows);
    for (size_t i = 0; i < nrows; i++) take_row((int64_t)key_words[i], (int64_t)value_words[i]);
    nrows = 0;
}

static inline bool is_in_second(const char *time, uint32_t length) {
    return length == MILLIS && !memcmp(time, second_text, 8) &&
           !memcmp(time + 8, second_text + 8, SECOND_DIGITS - 8);
}

/* See fields.h. */
static void stage_rows(const char *base, const uint32_t *ends, size_t n) {
    for (size_t i = 0; i < n; i++, ends += FIELDS) {
        const char *time = field_at(base, ends);
        const char *key = field_at(base, ends + 1), *value = field_at(base, ends + 2);
        uint32_t key_length = field_length(ends + 1), value_length = field_length(ends + 2);
        if (base[ends[1]] != ',' || base[ends[3]] != '\n') exit(1);
        if (__builtin_expect(!is_in_second(time, field_length(ends)), 0)) {
            take_staged();
            go_to(digits_any(time, base + ends[1]) / 1000);
        }
        if (digits_fit(key, key_length) && digits_fit(value, value_length)) {
            key_words[nrows] = digits_word(key, key_length);
            value_words[nrows++] = digits_word(value, value_length);
        } else {
            take_row(digits_any(key, base + ends[2]), digits_any(value, base + ends[3]));
        }
    }
    take_staged();
}

static part *parts_new(int64_t n) {
    part *parts = pages_new((size_t)n * sizeof *parts);
    for (int64_t i = 0; i < n; i++) parts[i] = nothing;
    return parts;
}

int main(int argc, char **argv) {
    keys = argc > 2 ? atoll(argv[2]) : 0;
    if (argc == 4) size = atoll(argv[3]);
    if (argc > 4 || keys < 1 || size < 1) return 2;
    present = parts_new(keys);
    totals = parts_new(keys);
    ring = parts_new(size * keys);
    printer_start(&out);
    for (blocks b = blocks_open(argv[1]); blocks_next(&b);)
        each_row(b.p, b.end, FIELDS, stage_rows);
    if (second >= 0) go_to(second + size);
    printer_flush(&out);
    return 0;
}
