/* groups_plain.c - count, sum and greatest value by key, as a good programmer writes it in
 * an hour: the rival.
 *
 *   groups_plain FILE     lines `key,value`; prints `key,count,sum,max`, by key
 *
 * An open-addressing table that doubles, a sort at the end.  No SIMD, no threads. */
#include "lines.h"

typedef struct {
    int64_t key, count, sum, max;
} slot_t;

static slot_t *slots;
static size_t cap = 1 << 16, used;

static slot_t *find(slot_t *in, size_t size, int64_t key) {
    size_t i = hash_int((uint64_t)key) & (size - 1);
    while (in[i].count && in[i].key != key) i = (i + 1) & (size - 1);
    return &in[i];
}

static void grow(void) {
    slot_t *wide = calloc(2 * cap, sizeof *wide);
    if (!wide) exit(1);
    for (size_t i = 0; i < cap; i++)
        if (slots[i].count) *find(wide, 2 * cap, slots[i].key) = slots[i];
    free(slots);
    slots = wide;
    cap *= 2;
}

static void take(const char *p, const char *end) {
    int64_t key, value;
    p = read_int(p, end, &key);
    read_int(p + 1, end, &value);
    slot_t *s = find(slots, cap, key);
    if (!s->count) {
        *s = (slot_t){key, 1, value, value};
        if (++used * 2 > cap) grow();
        return;
    }
    s->count++;
    s->sum += value;
    if (value > s->max) s->max = value;
}

static int by_key(const void *a, const void *b) {
    int64_t x = ((const slot_t *)a)->key, y = ((const slot_t *)b)->key;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    slots = calloc(cap, sizeof *slots);
    if (argc != 2 || !slots || each_line(argv[1], take)) return 1;
    size_t n = 0;
    for (size_t i = 0; i < cap; i++)
        if (slots[i].count) slots[n++] = slots[i];
    qsort(slots, n, sizeof *slots, by_key);
    for (size_t i = 0; i < n; i++)
        printf("%lld,%lld,%lld,%lld\n", (long long)slots[i].key, (long long)slots[i].count,
               (long long)slots[i].sum, (long long)slots[i].max);
    return fflush(stdout) != 0;
}
