/* events.c - data sets of timed events that are known exactly, so that what windows give
 * can be compared with published sums.
 *
 *   events cluster|grid|road|machine|sliding ROWS   (text to standard output)
 *   events sliding ROWS RATE KEYS                   rows a second; 1000 and 100 above
 *
 * A row has its own random numbers, made from its number alone. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t t0 = INT64_C(1436918400000); /* ms */

typedef struct draws {
    uint64_t state;
} draws;

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static draws stream(uint64_t seed) { return (draws){mix(seed)}; }

static draws event(uint64_t tag, uint64_t i) {
    return stream(tag ^ (i * UINT64_C(0xD1342543DE82EF95)));
}

static uint64_t next(draws *d) { return mix(d->state += UINT64_C(0x9E3779B97F4A7C15)); }

static int64_t below(draws *d, uint64_t n) {
    return (int64_t)((unsigned __int128)next(d) * n >> 64);
}

/* job, category, event type, cpu: 500 a second */
static void cluster(int64_t rows) {
    for (int64_t n = 0; n < rows; n++) {
        draws d = event(0x434D3031, (uint64_t)n);
        int64_t job = below(&d, 240), category = below(&d, 4), x = below(&d, 100);
        int64_t type = x < 33 ? 0 : x < 65 ? 1 : x == 65 ? 2 : x < 71 ? 3 : x < 94 ? 4 : 5;
        printf("%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "\n", n / 500, job,
               category, type, 1 + below(&d, 500));
    }
}

/* house, household, plug, value: 400 a second */
static void grid(int64_t rows) {
    for (int64_t n = 0; n < rows; n++) {
        draws d = event(0x53473031, (uint64_t)n);
        int64_t house = below(&d, 10), household = below(&d, 5), plug = below(&d, 10);
        printf("%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "\n", n / 400, house,
               household, plug, below(&d, 200000));
    }
}

/* vehicle, highway, direction, lane, position, speed: 50 a second */
static void road(int64_t rows) {
    enum { VEHICLES = 1500 };
    static int64_t way[VEHICLES], side[VEHICLES], lane[VEHICLES], at[VEHICLES], base[VEHICLES];
    for (int64_t v = 0; v < VEHICLES; v++) {
        draws d = event(0x4C523031, (uint64_t)v);
        way[v] = below(&d, 2);
        side[v] = below(&d, 2);
        lane[v] = 1 + below(&d, 3);
        at[v] = below(&d, 528000);
        base[v] = 20 + below(&d, 80);
    }
    for (int64_t n = 0; n < rows; n++) {
        draws d = event(0x4C523032, (uint64_t)n);
        int64_t v = n % VEHICLES, speed = base[v] - 10 + below(&d, 21);
        if (speed < 0) speed = 0;
        printf("%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64
               "\n", n / 50, v, way[v], side[v], lane[v], at[v], speed);
        at[v] = (at[v] + (side[v] ? -44 : 44) * speed + 528000) % 528000;
    }
}

/* three values: 100 a second */
static void machine(int64_t rows) {
    for (int64_t n = 0; n < rows; n++) {
        draws d = event(0x4D453031, (uint64_t)n);
        int64_t a = 12000 + below(&d, 2000), b = 14000 + below(&d, 1000);
        printf("%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "\n", n / 100, a, b,
               8000 + below(&d, 200));
    }
}

/* key of 100, value: 1000 a second */
static void sliding_of(int64_t rows, int64_t rate, int64_t keys) {
    for (int64_t n = 0; n < rows; n++) {
        draws d = event(0x534C4431, (uint64_t)n);
        int64_t key = below(&d, keys);
        printf("%" PRId64 ",%" PRId64 ",%" PRId64 "\n", t0 + n * 1000 / rate, key,
               below(&d, 100000));
    }
}

static void sliding(int64_t rows) { sliding_of(rows, 1000, 100); }

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*make)(int64_t rows);
    } sets[] = {{"cluster", cluster}, {"grid", grid},       {"road", road},
                {"machine", machine}, {"sliding", sliding}};
    for (size_t i = 0; argc == 3 && i < sizeof sets / sizeof *sets; i++) {
        if (strcmp(argv[1], sets[i].name)) continue;
        sets[i].make(atoll(argv[2]));
        return 0;
    }
    if (argc == 5 && !strcmp(argv[1], "sliding")) {
        sliding_of(atoll(argv[2]), atoll(argv[3]), atoll(argv[4]));
        return 0;
    }
    fprintf(stderr, "usage: events cluster|grid|road|machine|sliding ROWS\n"
                    "       events sliding ROWS RATE KEYS\n");
    return 2;
}
