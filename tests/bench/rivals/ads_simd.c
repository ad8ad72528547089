/* ads_simd.c - the advertising benchmark as fast as we can make it by hand, on one thread.
 *
 *   ads_simd json|csv EVENTS TABLE     prints `window start,campaign,count`, in that order
 *
 * Most lines have one form: the same members in the same order, ids of 36 bytes.  A line is
 * held against that form, 64 bytes at a time, and what lies between its fields is not looked
 * at otherwise; its end is sought where it must be, so that the next line can begin before
 * this one is done.  Quotes, backslashes and control bytes are looked for in every field: a
 * line that is of another form is never taken for one, and goes the way of the plain rival.
 * Whether a time is in the window is asked of its text.  Views are collected without a
 * branch, and their ads found in a table whose slots are one line of the cache. */
#include "blocks.h"
#include "ads.h"
#include "simd.h"

enum { ID = 36, VIEWS = 1024, SLOTS_BITS = 11, MILLIS = 13 };

typedef struct known {
    char ad[ID];
    int campaign; /* + 1; 0: empty */
    char fill[CHUNK - ID - sizeof(int)];
} known;

static known *table; /* of ads whose ids have 36 bytes, if they all fit */
static const char *views[VIEWS + 1];
static size_t nviews;
static char in_window[24]; /* the first digits of a time in the window, if it has 13 */

static inline known *slot_of(const char *ad) {
    uint64_t first;
    memcpy(&first, ad, 8);
    return &table[first * UINT64_C(0x9E3779B97F4A7C15) >> (64 - SLOTS_BITS)];
}

static inline known *slot_behind(const known *k) {
    return &table[(size_t)(k + 1 - table) & ((1 << SLOTS_BITS) - 1)];
}

static inline bool same_id(const char *a, const char *b) {
    return (~chunk_equal(chunk_at(a), chunk_at(b)) & (((uint64_t)1 << ID) - 1)) == 0;
}

static void make_table(void) {
    table = pages_new(sizeof(known) << SLOTS_BITS);
    int n = 0;
    for (const ad_t *a = ads; a < ads + ADS; a++) {
        if (a->len != ID) continue;
        if (++n > 1 << (SLOTS_BITS - 1)) exit(1);
        known *k = slot_of(a->ad);
        while (k->campaign) k = slot_behind(k);
        memcpy(k->ad, a->ad, ID);
        k->campaign = a->campaign;
    }
}

static void count_views(void) {
    for (size_t i = 0; i < nviews; i++) {
        const known *k = slot_of(views[i]);
        while (k->campaign && !same_id(k->ad, views[i])) k = slot_behind(k);
        if (k->campaign) counts[k->campaign - 1]++;
    }
    nviews = 0;
}

/* A line of another form, or the first of a window. */
static const char *take_slowly(const char *p, const char *end, take_line *take) {
    count_views();
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    take(p, newline);
    snprintf(in_window, sizeof in_window, "%09lld", (long long)(window / WINDOW));
    return newline + 1;
}

static inline bool is_in_window(const char *time) {
    return !memcmp(time, in_window, 8) && time[8] == in_window[8];
}

/* Takes the ad if the event is a view; false: its window is another one. */
static inline bool take_event(const char *ad, const char *event, size_t length, const char *time) {
    bool is_view = length == 4 && !memcmp(event, "view", 4);
    if (is_view && !is_in_window(time)) return false;
    views[nviews] = ad;
    nviews += is_view;
    if (nviews == VIEWS) count_views();
    return true;
}

/* ---- CSV ----------------------------------------------------------------------------------
 *
 *   user,page,ad,type,event,time,address: the first three have 36 bytes, and what follows
 * them has less than 64. */

enum { CSV_AD = 2 * (ID + 1), CSV_TYPE = 3 * (ID + 1) };

/* The next line, or NULL: it is of another form. */
static inline const char *take_csv_form(const char *p) {
    const uint64_t one = 1, ids = (one << (CSV_TYPE - CHUNK)) - 1;
    const uint64_t id_ends = one << (2 * ID + 1 - CHUNK) | one << (CSV_TYPE - 1 - CHUNK);
    chunk a = chunk_at(p), b = chunk_at(p + CHUNK), c = chunk_at(p + 2 * CHUNK);
    uint64_t commas = chunk_is(b, ',');
    uint64_t strange = chunk_is(a, '"') | chunk_is(b, '"') | chunk_is(a, '\n') | chunk_is(b, '\n');
    if (strange || chunk_is(a, ',') != one << ID || (commas & ids) != id_ends) return NULL;
    /* From here on bit i speaks of byte i behind the ids. */
    enum { SHIFT = 2 * CHUNK - CSV_TYPE };
    uint64_t ends = chunk_is(c, '\n') << SHIFT;
    if (!ends) return NULL;
    uint64_t before = ends ^ (ends - 1);
    commas = (commas >> (CSV_TYPE - CHUNK) | chunk_is(c, ',') << SHIFT) & before;
    if (__builtin_popcountll(commas) != 3 || (chunk_is(c, '"') << SHIFT & before)) return NULL;
    int type_end = first_bit(commas);
    commas &= commas - 1;
    int event_end = first_bit(commas);
    commas &= commas - 1;
    const char *rest = p + CSV_TYPE, *event = rest + type_end + 1, *time = rest + event_end + 1;
    if (first_bit(commas) - event_end - 1 != MILLIS) return NULL;
    if (!take_event(p + CSV_AD, event, (size_t)(event_end - type_end - 1), time)) return NULL;
    return rest + first_bit(ends) + 1;
}

/* ---- JSON --------------------------------------------------------------------------------- */

#define ANY_ID "????????????????????????????????????"
#define HEAD                                                                                 \
    "{\"user_id\": \"" ANY_ID "\", \"page_id\": \"" ANY_ID "\", \"ad_id\": \"" ANY_ID        \
    "\", \"ad_type\": \""
#define EVENT "\", \"event_type\": \""
#define TIME "\", \"event_time\": \""
#define ADDRESS "\", \"ip_address\": \""

enum {
    JSON_AD = 100 + 13,
    JSON_TYPE = sizeof HEAD - 1,
    EVENT_LENGTH = sizeof EVENT - 1,
    TIME_LENGTH = sizeof TIME - 1,
    ADDRESS_LENGTH = sizeof ADDRESS - 1,
    JSON_TAIL = JSON_TYPE + CHUNK /* the line ends in the chunk that begins here */
};

/* HEAD in chunks; which bytes must be like it, and which are inside a text. */
static char head[3 * CHUNK];
static uint64_t fixed[3], inside[3];

static void make_head(void) {
    memcpy(head, HEAD, JSON_TYPE);
    for (int i = 0; i < JSON_TYPE; i++)
        *(head[i] == '?' ? &inside[i / CHUNK] : &fixed[i / CHUNK]) |= (uint64_t)1 << (i % CHUNK);
}

/* Bytes that do not stand for themselves in a text. */
static inline uint64_t special(chunk c) {
    return chunk_is(c, '"') | chunk_is(c, '\\') | chunk_at_most(c, chunk_of(0x1F));
}

static inline bool is_head(const char *p) {
    uint64_t wrong = 0;
    for (int i = 0; i < 3; i++) {
        chunk c = chunk_at(p + i * CHUNK);
        wrong |= ~chunk_equal(c, chunk_at(head + i * CHUNK)) & fixed[i];
        wrong |= special(c) & inside[i];
    }
    return !wrong;
}

/* The next line, or NULL: it is of another form. */
static inline const char *take_json_form(const char *p) {
    const char *type = p + JSON_TYPE, *tail = p + JSON_TAIL;
    chunk middle = chunk_at(type), last = chunk_at(tail);
    uint64_t newlines = chunk_is(last, '\n'), quotes = chunk_is(middle, '"');
    if (!newlines || !is_head(p) || special(middle) != quotes) return NULL;
    if (__builtin_popcountll(quotes) < 5) return NULL;
    const char *behind_type = type + first_bit(quotes);
    for (int i = 0; i < 4; i++) quotes &= quotes - 1; /* they are those of EVENT, if it is there */
    const char *event = behind_type + EVENT_LENGTH, *behind_event = type + first_bit(quotes);
    const char *time = behind_event + TIME_LENGTH, *address = time + MILLIS + ADDRESS_LENGTH;
    if (memcmp(behind_type, EVENT, EVENT_LENGTH) || memcmp(behind_event, TIME, TIME_LENGTH) ||
        memcmp(time + MILLIS, ADDRESS, ADDRESS_LENGTH))
        return NULL;
    /* The address ends in the quote of `"}`, and has nothing special in it. */
    int end = first_bit(newlines);
    int64_t from = address - tail;
    if (from < 0 || from > end - 2 || tail[end - 1] != '}') return NULL;
    uint64_t before = (((uint64_t)1 << end) - 1) & ~(((uint64_t)1 << from) - 1);
    if ((special(last) & before) != (uint64_t)1 << (end - 2) || tail[end - 2] != '"') return NULL;
    if (!take_event(p + JSON_AD, event, (size_t)(behind_event - event), time)) return NULL;
    return tail + end + 1;
}

int main(int argc, char **argv) {
    if (argc != 4 || each_line(argv[3], take_ad)) return 1;
    bool csv = !strcmp(argv[1], "csv");
    make_table();
    make_head();
    for (blocks b = blocks_open(argv[2]); blocks_next(&b);) {
        for (const char *p = b.p; p < b.end;) {
            const char *next = csv ? take_csv_form(p) : take_json_form(p);
            p = next ? next : take_slowly(p, b.end, csv ? take_csv : take_json);
        }
        count_views(); /* they point into the block */
    }
    close_window();
    return fflush(stdout) != 0;
}
