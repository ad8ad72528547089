/* words_plain.c - word count as a good programmer writes it in an hour: the rival.
 *
 *   words_plain FILE     prints `word,count` lines, ordered by word
 *
 * A word is a run of [0-9A-Za-z_].  1 MiB reads, an open-addressing table with a
 * word-at-a-time hash, words copied into one growing heap.  No SIMD, no threads. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    uint64_t hash;
    const char *word;
    uint32_t len;
    uint32_t used;
    int64_t count;
} slot_t;

static slot_t *slots;
static size_t cap = 1 << 16, used;
static char *heap;
static size_t heap_left;

static uint64_t hash_of(const char *s, size_t n) {
    uint64_t h = n * 0x9E3779B97F4A7C15u;
    while (n >= 8) {
        uint64_t v;
        memcpy(&v, s, 8);
        h = (h ^ v) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
        s += 8, n -= 8;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) v |= (uint64_t)(unsigned char)s[i] << (8 * i);
    h = (h ^ v) * 0xff51afd7ed558ccdu;
    return h ^ (h >> 32);
}

static const char *keep(const char *s, size_t n) {
    if (heap_left < n) {
        heap_left = n > (1 << 20) ? n : 1 << 20;
        heap = malloc(heap_left);
        if (!heap) exit(1);
    }
    char *out = heap;
    memcpy(out, s, n);
    heap += n, heap_left -= n;
    return out;
}

static void grow(void) {
    slot_t *old = slots;
    size_t n = cap;
    cap *= 2;
    slots = calloc(cap, sizeof *slots);
    if (!slots) exit(1);
    for (size_t i = 0; i < n; i++) {
        if (!old[i].used) continue;
        size_t j = old[i].hash & (cap - 1);
        while (slots[j].used) j = (j + 1) & (cap - 1);
        slots[j] = old[i];
    }
    free(old);
}

static inline void count(const char *s, size_t n) {
    uint64_t h = hash_of(s, n);
    size_t i = h & (cap - 1);
    while (slots[i].used) {
        if (slots[i].hash == h && slots[i].len == n && !memcmp(slots[i].word, s, n)) {
            slots[i].count++;
            return;
        }
        i = (i + 1) & (cap - 1);
    }
    slots[i] = (slot_t){h, keep(s, n), (uint32_t)n, 1, 1};
    if (++used * 2 > cap) grow();
}

static int by_word(const void *a, const void *b) {
    const slot_t *x = a, *y = b;
    int c = memcmp(x->word, y->word, x->len < y->len ? x->len : y->len);
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

int main(int argc, char **argv) {
    static char is_word[256];
    for (int c = 0; c < 256; c++)
        is_word[c] = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     c == '_';
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    if (fd < 0) return 2;
    size_t size = 1 << 20, kept = 0;
    char *buffer = malloc(2 * size);
    slots = calloc(cap, sizeof *slots);
    if (!buffer || !slots) return 1;
    for (;;) {
        ssize_t got = read(fd, buffer + kept, size);
        if (got < 0) return 1;
        char *p = buffer, *end = buffer + kept + got;
        char *stop = end; /* a word at the end may go on in the next read */
        if (got)
            while (stop > p && is_word[(unsigned char)stop[-1]]) stop--;
        while (p < stop) {
            while (p < stop && !is_word[(unsigned char)*p]) p++;
            char *start = p;
            while (p < stop && is_word[(unsigned char)*p]) p++;
            if (p > start) count(start, (size_t)(p - start));
        }
        kept = (size_t)(end - stop);
        if (kept > size) return 1;
        memmove(buffer, stop, kept);
        if (!got) break;
    }
    slot_t *out = malloc((used + 1) * sizeof *out);
    if (!out) return 1;
    size_t n = 0;
    for (size_t i = 0; i < cap; i++)
        if (slots[i].used) out[n++] = slots[i];
    qsort(out, n, sizeof *out, by_word);
    for (size_t i = 0; i < n; i++)
        printf("%.*s,%lld\n", (int)out[i].len, out[i].word, (long long)out[i].count);
    return fflush(stdout) != 0;
}
