/* gen.c - Flow's deterministic data sets: same bytes on every machine.
 *
 *   gen words LINES VOCABULARY            text lines of words, close to Zipf
 *   gen ads ROWS RATE json|csv|bin        ad events of the Yahoo streaming benchmark
 *   gen ads-table [bin]                   ad_id,campaign_id of those events
 *   gen groups ROWS KEYS                  key,value rows for a group-by
 *
 * tests/suites/goldens.sh checks the bytes by their hashes. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draws.h"

/* Uniform in [0, 1). */
static double unit(draws *r) { return (double)(next(r) >> 11) / 9007199254740992.0; }

/* ---- words ---- */

typedef struct {
    char text[11];
    uint8_t len;
} word_t;

static word_t *make_words(int64_t vocabulary) {
    word_t *words = malloc((size_t)vocabulary * sizeof *words);
    if (!words) exit(1);
    for (int64_t k = 0; k < vocabulary; k++) {
        draws r = event_stream(0x574F5244, (uint64_t)k);
        int n = 3 + (int)below(&r, 8);
        for (int i = 0; i < n; i++) words[k].text[i] = (char)('a' + below(&r, 26));
        words[k].len = (uint8_t)n;
    }
    return words;
}

static void gen_words(int64_t lines, int64_t vocabulary) {
    enum { LINE = 99 };
    word_t *words = make_words(vocabulary);
    for (int64_t i = 0; i < lines; i++) {
        draws r = event_stream(0x4C494E45, (uint64_t)i);
        char line[LINE + 1];
        int n = 0;
        for (;;) {
            /* log-uniform rank: P(k) is close to 1 / k */
            int64_t k = (int64_t)floor(pow((double)vocabulary, unit(&r))) - 1;
            const word_t *w = &words[k];
            if (n + (n > 0) + w->len > LINE) break;
            if (n) line[n++] = ' ';
            memcpy(line + n, w->text, w->len);
            n += w->len;
        }
        line[n++] = '\n';
        fwrite(line, 1, (size_t)n, stdout);
    }
    free(words);
}

/* ---- ads ---- */

typedef struct {
    char text[37];
} uuid_t;

static uuid_t uuid(draws *r) {
    uuid_t u;
    char hex[33];
    uint64_t a = next(r), b = next(r);
    snprintf(hex, sizeof hex, "%016llx%016llx", (unsigned long long)a, (unsigned long long)b);
    snprintf(u.text, sizeof u.text, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
    return u;
}

enum { CAMPAIGNS = 100, ADS = 1000, USERS = 100, PAGES = 100 };

static uuid_t *uuids(uint64_t seed, int n) {
    uuid_t *out = malloc((size_t)n * sizeof *out);
    if (!out) exit(1);
    draws r = stream(seed);
    for (int i = 0; i < n; i++) out[i] = uuid(&r);
    return out;
}

typedef struct {
    int64_t user, page, ad, type, event;
    int64_t time; /* in milliseconds */
} ad_event_t;

static ad_event_t ad_event(int64_t n, int64_t rate) {
    draws r = event_stream(0x59534231, (uint64_t)n);
    ad_event_t e = {.time = T0 + n * 1000 / rate};
    e.user = below(&r, USERS);
    e.page = below(&r, PAGES);
    e.ad = below(&r, ADS);
    e.type = below(&r, 5);
    e.event = below(&r, 3);
    return e;
}

static void gen_ads(int64_t rows, int64_t rate, int json) {
    static const char *const types[] = {"banner", "modal", "sponsored-search", "mail", "mobile"};
    static const char *const events[] = {"view", "click", "purchase"};
    uuid_t *ads = uuids(0x41445320, ADS), *users = uuids(0x55534552, USERS),
           *pages = uuids(0x50414745, PAGES);
    const char *format =
        json ? "{\"user_id\": \"%s\", \"page_id\": \"%s\", \"ad_id\": \"%s\", \"ad_type\": \"%s\", "
               "\"event_type\": \"%s\", \"event_time\": \"%lld\", \"ip_address\": \"1.2.3.4\"}\n"
             : "%s,%s,%s,%s,%s,%lld,1.2.3.4\n";
    for (int64_t n = 0; n < rows; n++) {
        ad_event_t e = ad_event(n, rate);
        printf(format, users[e.user].text, pages[e.page].text, ads[e.ad].text, types[e.type],
               events[e.event], (long long)e.time);
    }
    free(ads), free(users), free(pages);
}

/* Little-endian, as this machine is. */
static void put_words(const int64_t *words, size_t n) { fwrite(words, sizeof *words, n, stdout); }

/* The same events with numbers for the ids, the time in microseconds, and a word to make 64
 * bytes of them. */
static void gen_ads_bin(int64_t rows, int64_t rate) {
    for (int64_t n = 0; n < rows; n++) {
        ad_event_t e = ad_event(n, rate);
        put_words((int64_t[]){e.time * 1000, e.user, e.page, e.ad, e.type, e.event, 0x01020304, 0},
                  8);
    }
}

static void gen_ads_table(int bin) {
    uuid_t *ads = uuids(0x41445320, ADS), *campaigns = uuids(0x43414D50, CAMPAIGNS);
    for (int a = 0; a < ADS; a++) {
        if (bin) put_words((int64_t[]){a, a / 10}, 2);
        else printf("%s,%s\n", ads[a].text, campaigns[a / 10].text);
    }
    free(ads), free(campaigns);
}

static void gen_groups(int64_t rows, int64_t keys) {
    for (int64_t n = 0; n < rows; n++) {
        draws r = event_stream(0x47425931, (uint64_t)n);
        int64_t key = below(&r, (uint64_t)keys);
        printf("%lld,%lld\n", (long long)key, (long long)below(&r, 1000));
    }
}

static int64_t number(const char *s) {
    char *end;
    long long n = strtoll(s, &end, 10);
    if (*end || n <= 0) {
        fprintf(stderr, "gen: not a positive number: %s\n", s);
        exit(2);
    }
    return n;
}

int main(int argc, char **argv) {
    static char buffer[1 << 20];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "words") && argc == 4) gen_words(number(argv[2]), number(argv[3]));
    else if (!strcmp(what, "ads") && argc == 5 && !strcmp(argv[4], "bin"))
        gen_ads_bin(number(argv[2]), number(argv[3]));
    else if (!strcmp(what, "ads") && argc == 5)
        gen_ads(number(argv[2]), number(argv[3]), !strcmp(argv[4], "json"));
    else if (!strcmp(what, "ads-table") && argc <= 3) gen_ads_table(argc == 3);
    else if (!strcmp(what, "groups") && argc == 4) gen_groups(number(argv[2]), number(argv[3]));
    else {
        fprintf(stderr, "usage: gen words LINES VOCABULARY | ads ROWS RATE json|csv|bin | "
                        "ads-table [bin] | groups ROWS KEYS\n");
        return 2;
    }
    return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
