/* ads.h - the advertising benchmark a line at a time: views of each campaign in windows of ten
 * seconds.  It is the plain rival, and where the SIMD rival takes lines of another form than
 * it expects.
 *
 * The rows are in order of time, so a window is over when one of the next comes. */
#ifndef FLOW_BENCH_ADS_H
#define FLOW_BENCH_ADS_H

#include "lines.h"

enum { ADS = 1 << 12, CAMPAIGNS = 1 << 10, WINDOW = 10000 };

typedef struct {
    char ad[40];
    int len, campaign; /* its number + 1; 0: no ad */
} ad_t;

static ad_t ads[ADS];
static char campaigns[CAMPAIGNS][40];
static int ncampaigns;
static int64_t counts[CAMPAIGNS], window = -1;

static ad_t *find_ad(const char *p, size_t n) {
    size_t i = hash_bytes(p, n) & (ADS - 1);
    while (ads[i].len && (ads[i].len != (int)n || memcmp(ads[i].ad, p, n)))
        i = (i + 1) & (ADS - 1);
    return &ads[i];
}

static int campaign_of(const char *p, size_t n) {
    for (int i = 0; i < ncampaigns; i++)
        if (strlen(campaigns[i]) == n && !memcmp(campaigns[i], p, n)) return i + 1;
    if (ncampaigns == CAMPAIGNS || n >= 40) exit(1);
    memcpy(campaigns[ncampaigns], p, n);
    return ++ncampaigns;
}

static void take_ad(const char *p, const char *end) {
    const char *comma = memchr(p, ',', (size_t)(end - p));
    if (!comma || comma - p >= 40) exit(1);
    ad_t *ad = find_ad(p, (size_t)(comma - p));
    memcpy(ad->ad, p, (size_t)(comma - p));
    ad->len = (int)(comma - p);
    ad->campaign = campaign_of(comma + 1, (size_t)(end - comma - 1));
}

static int by_name(const void *a, const void *b) {
    return strcmp(campaigns[*(const int *)a], campaigns[*(const int *)b]);
}

static void close_window(void) {
    static int order[CAMPAIGNS];
    if (window < 0) return;
    for (int i = 0; i < ncampaigns; i++) order[i] = i;
    qsort(order, (size_t)ncampaigns, sizeof *order, by_name);
    for (int i = 0; i < ncampaigns; i++)
        if (counts[order[i]])
            printf("%lld,%s,%lld\n", (long long)window, campaigns[order[i]],
                   (long long)counts[order[i]]);
    memset(counts, 0, sizeof counts);
}

static void view(const char *ad, size_t len, int64_t time) {
    int64_t start = time - time % WINDOW;
    if (start != window) {
        close_window();
        window = start;
    }
    const ad_t *a = find_ad(ad, len);
    if (a->campaign) counts[a->campaign - 1]++;
}

static void take_csv(const char *p, const char *end) {
    const char *field[8];
    int n = 0;
    field[n++] = p;
    for (; p < end && n < 8; p++)
        if (*p == ',') field[n++] = p + 1;
    if (n < 7) exit(1);
    if (field[5] - field[4] != 5 || memcmp(field[4], "view", 4)) return;
    int64_t time;
    read_int(field[5], end, &time);
    view(field[2], (size_t)(field[3] - field[2] - 1), time);
}

/* A member "name": "value" of an object without escapes, as these are. */
static void take_json(const char *p, const char *end) {
    const char *ad = NULL, *type = NULL;
    size_t ad_len = 0, type_len = 0;
    int64_t time = -1;
    while (p < end) {
        const char *name = memchr(p, '"', (size_t)(end - p));
        if (!name) break;
        name++;
        const char *name_end = memchr(name, '"', (size_t)(end - name));
        if (!name_end) exit(1);
        const char *value = memchr(name_end + 1, '"', (size_t)(end - name_end - 1));
        if (!value) exit(1);
        value++;
        const char *value_end = memchr(value, '"', (size_t)(end - value));
        if (!value_end) exit(1);
        size_t n = (size_t)(name_end - name);
        if (n == 5 && !memcmp(name, "ad_id", 5))
            ad = value, ad_len = (size_t)(value_end - value);
        else if (n == 10 && !memcmp(name, "event_type", 10))
            type = value, type_len = (size_t)(value_end - value);
        else if (n == 10 && !memcmp(name, "event_time", 10))
            read_int(value, value_end, &time);
        p = value_end + 1;
    }
    if (!ad || !type || time < 0) exit(1);
    if (type_len == 4 && !memcmp(type, "view", 4)) view(ad, ad_len, time);
}

#endif
