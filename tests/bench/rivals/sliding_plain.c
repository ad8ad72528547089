/* sliding_plain.c - sum and greatest value by key in windows that slide by a second, as a
 * good programmer writes it in an hour.
 *
 *   sliding_plain FILE KEYS [SECONDS]     lines `ms,key,value` in order of time, keys below
 *                                         KEYS; prints `window start,key,sum,max`, in that
 *                                         order
 *
 * One partial result for each second and key; a window adds up all of its own.  No SIMD, no
 * threads. */
#include "lines.h"

typedef struct {
    int64_t count, sum, max;
} part_t;

static part_t *parts; /* [second % seconds][key] */
static int64_t keys, seconds = 60, second = -1, first = -1;

static void give(int64_t last) {
    int64_t start = last - seconds + 1;
    for (int64_t k = 0; k < keys; k++) {
        part_t all = {0, 0, INT64_MIN};
        for (int64_t s = start; s <= last; s++) {
            if (s < first) continue;
            const part_t *p = &parts[s % seconds * keys + k];
            if (!p->count) continue;
            all.count += p->count;
            all.sum += p->sum;
            if (p->max > all.max) all.max = p->max;
        }
        if (all.count)
            printf("%lld,%lld,%lld,%lld\n", (long long)(start * 1000), (long long)k,
                   (long long)all.sum, (long long)all.max);
    }
}

static void go_to(int64_t next) {
    if (second < 0) first = second = next;
    while (second < next) {
        give(second++);
        memset(&parts[second % seconds * keys], 0, (size_t)keys * sizeof *parts);
    }
}

static void take(const char *p, const char *end) {
    int64_t time, key, value;
    p = read_int(p, end, &time);
    p = read_int(p + 1, end, &key);
    read_int(p + 1, end, &value);
    if (time / 1000 != second) go_to(time / 1000);
    part_t *s = &parts[second % seconds * keys + key];
    s->sum += value;
    if (!s->count++ || value > s->max) s->max = value;
}

int main(int argc, char **argv) {
    keys = argc > 2 ? atoll(argv[2]) : 0;
    if (argc == 4) seconds = atoll(argv[3]);
    if (argc > 4 || keys < 1 || seconds < 1) return 2;
    parts = calloc((size_t)(seconds * keys), sizeof *parts);
    if (!parts || each_line(argv[1], take)) return 1;
    if (second >= 0) go_to(second + seconds);
    return fflush(stdout) != 0;
}
