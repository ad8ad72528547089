/* events.c - data sets of timed events that are known exactly, so that what windows give
 * can be compared with published sums.
 *
 *   events cluster|grid|road|machine|sliding ROWS   (text to standard output)
 *   events cluster|grid|road|machine ROWS RATE bin  rows of words of eight bytes
 *   events sliding ROWS RATE KEYS                   rows a second; 1000 and 100 above
 *
 * A row of text begins with its time in seconds (`sliding`: ms); one of words, with its time in
 * microseconds, has the last column of the text as a float, and words of 0 behind it until the
 * row is as long as ROW_WORDS says. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draws.h"

enum { ROW_WORDS = 8 };

typedef struct set {
    int64_t rows, rate; /* of these a second */
    bool binary;
} set;

/* Row n: its values behind the time. */
static void give(const set *s, int64_t n, const int64_t *values, int count) {
    if (!s->binary) {
        printf("%" PRId64, n / s->rate);
        for (int i = 0; i < count; i++) printf(",%" PRId64, values[i]);
        putchar('\n');
        return;
    }
    int64_t row[ROW_WORDS] = {n / s->rate * 1000000};
    double last = (double)values[count - 1];
    memcpy(row + 1, values, (size_t)count * sizeof *values);
    memcpy(row + count, &last, sizeof last);
    fwrite(row, sizeof row, 1, stdout);
}

/* job, category, event type, cpu */
static void cluster(const set *s) {
    for (int64_t n = 0; n < s->rows; n++) {
        draws d = event_stream(0x434D3031, (uint64_t)n);
        int64_t job = below(&d, 240), category = below(&d, 4), x = below(&d, 100);
        int64_t type = x < 33 ? 0 : x < 65 ? 1 : x == 65 ? 2 : x < 71 ? 3 : x < 94 ? 4 : 5;
        give(s, n, (int64_t[]){job, category, type, 1 + below(&d, 500)}, 4);
    }
}

/* house, household, plug, value */
static void grid(const set *s) {
    for (int64_t n = 0; n < s->rows; n++) {
        draws d = event_stream(0x53473031, (uint64_t)n);
        int64_t house = below(&d, 10), household = below(&d, 5), plug = below(&d, 10);
        give(s, n, (int64_t[]){house, household, plug, below(&d, 200000)}, 4);
    }
}

/* vehicle, highway, direction, lane, position, speed */
static void road(const set *s) {
    enum { VEHICLES = 1500 };
    static int64_t way[VEHICLES], side[VEHICLES], lane[VEHICLES], at[VEHICLES], base[VEHICLES];
    for (int64_t v = 0; v < VEHICLES; v++) {
        draws d = event_stream(0x4C523031, (uint64_t)v);
        way[v] = below(&d, 2);
        side[v] = below(&d, 2);
        lane[v] = 1 + below(&d, 3);
        at[v] = below(&d, 528000);
        base[v] = 20 + below(&d, 80);
    }
    for (int64_t n = 0; n < s->rows; n++) {
        draws d = event_stream(0x4C523032, (uint64_t)n);
        int64_t v = n % VEHICLES, speed = base[v] - 10 + below(&d, 21);
        if (speed < 0) speed = 0;
        give(s, n, (int64_t[]){v, way[v], side[v], lane[v], at[v], speed}, 6);
        at[v] = (at[v] + (side[v] ? -44 : 44) * speed + 528000) % 528000;
    }
}

/* three values */
static void machine(const set *s) {
    for (int64_t n = 0; n < s->rows; n++) {
        draws d = event_stream(0x4D453031, (uint64_t)n);
        int64_t a = 12000 + below(&d, 2000), b = 14000 + below(&d, 1000);
        give(s, n, (int64_t[]){a, b, 8000 + below(&d, 200)}, 3);
    }
}

/* time in ms, key, value */
static void sliding(int64_t rows, int64_t rate, int64_t keys) {
    for (int64_t n = 0; n < rows; n++) {
        draws d = event_stream(0x534C4431, (uint64_t)n);
        int64_t key = below(&d, (uint64_t)keys);
        printf("%" PRId64 ",%" PRId64 ",%" PRId64 "\n", T0 + n * 1000 / rate, key,
               below(&d, 100000));
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*make)(const set *s);
        int64_t rate; /* of the published sums */
    } sets[] = {{"cluster", cluster, 500}, {"grid", grid, 400}, {"road", road, 50},
                {"machine", machine, 100}};
    static char buffer[1 << 20];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    const char *name = argc == 3 || argc == 5 ? argv[1] : "";
    int64_t rows = argc > 2 ? atoll(argv[2]) : 0, rate = argc == 5 ? atoll(argv[3]) : 0;
    bool binary = argc == 5 && !strcmp(argv[4], "bin"), found = false;
    for (size_t i = 0; i < sizeof sets / sizeof *sets && (argc == 3 || (binary && rate > 0)); i++) {
        if (strcmp(name, sets[i].name)) continue;
        sets[i].make(&(set){rows, binary ? rate : sets[i].rate, binary});
        found = true;
    }
    if (!found && !strcmp(name, "sliding") && !binary) {
        sliding(rows, argc == 5 ? rate : 1000, argc == 5 ? atoll(argv[4]) : 100);
        found = true;
    }
    if (!found)
        fprintf(stderr, "usage: events cluster|grid|road|machine|sliding ROWS\n"
                        "       events cluster|grid|road|machine ROWS RATE bin\n"
                        "       events sliding ROWS RATE KEYS\n");
    return !found ? 2 : fflush(stdout) || ferror(stdout);
}
