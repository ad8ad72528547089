/* ads_bin.h - the advertising benchmark over rows of eight words: what the plain rival and the
 * fast one share.
 *
 * The rows are in order of time, so a window is over when one of the next comes.  Ads and
 * campaigns are small numbers, so a table is an array. */
#ifndef FLOW_BENCH_ADS_BIN_H
#define FLOW_BENCH_ADS_BIN_H

#include "rows.h"

enum { ADS = 1 << 12, CAMPAIGNS = 1 << 10, VIEW = 0 };

static const int64_t WINDOW = 10 * 1000000;

typedef struct event {
    int64_t at, user, page, ad, ad_type, event_type, ip, padding;
} event;

typedef struct known {
    int64_t ad, campaign;
} known;

static int32_t campaigns[ADS];        /* + 1; 0: no such ad */
static int64_t counts[CAMPAIGNS + 1]; /* by these numbers; nobody looks at the first */
static int64_t window_end = INT64_MIN;

static void close_window(void) {
    for (int i = 1; i <= CAMPAIGNS; i++)
        if (counts[i])
            printf("%lld,%d,%lld\n", (long long)((window_end - WINDOW) / 1000), i - 1,
                   (long long)counts[i]);
    memset(counts, 0, sizeof counts);
}

static inline int32_t campaign_of(int64_t ad) {
    return (uint64_t)ad < ADS ? campaigns[ad] : 0;
}

static void take_event(const event *e) {
    if (e->event_type != VIEW) return;
    if (e->at >= window_end) {
        close_window();
        window_end = e->at - e->at % WINDOW + WINDOW;
    }
    counts[campaign_of(e->ad)]++;
}

static void take_table(const void *p, size_t n) {
    for (const known *k = p, *end = k + n; k < end; k++) {
        if (k->ad < 0 || k->ad >= ADS || k->campaign < 0 || k->campaign >= CAMPAIGNS) exit(1);
        campaigns[k->ad] = (int32_t)k->campaign + 1;
    }
}

/* All events: in memory, if a third argument says so. */
static int each_event(int argc, char **argv, void (*take)(const void *p, size_t n)) {
    return (argc == 4 ? each_row_in_memory : each_rows)(argv[1], sizeof(event), take);
}

#endif
