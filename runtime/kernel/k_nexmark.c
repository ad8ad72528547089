/* k_nexmark.c - see k_nexmark.h.
 *
 * The order of the draws is the format: a draw more or less changes every later field of
 * its event.  Texts of bids point into the tables made at start; all others are built in
 * the task's arena. */
#include "runtime/kernel/k_nexmark.h"

#include "runtime/kernel/k_math.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_num.h"

#define NEXMARK_POOL 65536
#define NEXMARK_HOT 4
#define NEXMARK_CHANNELS 10000
#define NEXMARK_NAMES (NEXMARK_HOT + NEXMARK_CHANNELS)
#define NEXMARK_NAME_BYTES 16
#define NEXMARK_URL_BYTES 96
#define NEXMARK_T0 INT64_C(1436918400000) /* 2015-07-15, in milliseconds */

/* ---- random streams (SplitMix64) ---- */

typedef struct nx_rng {
    uint64_t state;
} nx_rng;

FLOW_INLINE uint64_t nx_mix(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

FLOW_INLINE nx_rng nx_stream(uint64_t seed) {
    return (nx_rng){nx_mix(seed)};
}

FLOW_INLINE uint64_t nx_next(nx_rng *r) {
    r->state += UINT64_C(0x9E3779B97F4A7C15);
    return nx_mix(r->state);
}

/* Uniform in 0 .. n - 1. */
FLOW_INLINE int64_t nx_below(nx_rng *r, int64_t n) {
    return (int64_t)(((unsigned __int128)nx_next(r) * (uint64_t)n) >> 64);
}

/* Cents, spread evenly over the orders of magnitude. */
static int64_t nx_price(nx_rng *r) {
    double unit = (double)(nx_next(r) >> 11) / 9007199254740992.0;
    return (int64_t)(flow_k_fn_pow(10, unit * 6) * 100 + 0.5);
}

/* ---- text ---- */

static uint8_t *nx_put(uint8_t *p, const char *text) {
    while (*text) *p++ = (uint8_t)*text++;
    return p;
}

/* 3 to `most` - 1 letters and blanks (or `special`), without blanks at the ends. */
static flow_text nx_letters(nx_rng *r, uint8_t *p, int64_t most, uint8_t special) {
    int64_t n = 3 + nx_below(r, most - 3);
    for (int64_t i = 0; i < n; i++)
        p[i] = nx_below(r, 13) == 0 ? special : (uint8_t)('a' + nx_below(r, 26));
    while (n && p[n - 1] == ' ') n--;
    while (n && *p == ' ') p++, n--;
    return (flow_text){p, n};
}

static uint8_t *nx_append_letters(nx_rng *r, uint8_t *to, int64_t most, uint8_t special) {
    flow_text t = nx_letters(r, to, most, special);
    __builtin_memmove(to, t.ptr, (size_t)t.len);
    return to + t.len;
}

/* Filler that brings a record of `size` bytes to `average` on average. */
static flow_text nx_extra(const flow_nexmark *n, nx_rng *r, int64_t size, int64_t average) {
    if (size > average) return (flow_text){n->pool, 0};
    int64_t d = average - size, delta = (2 * d + 5) / 10, len = d - delta;
    if (delta > 0) len += nx_below(r, 2 * delta);
    return (flow_text){n->pool + nx_below(r, NEXMARK_POOL - len), len};
}

/* ---- set-up ---- */

int64_t flow_k_nexmark_bytes(void) {
    return NEXMARK_POOL +
           NEXMARK_NAMES * (NEXMARK_NAME_BYTES + NEXMARK_URL_BYTES +
                            2 * (int64_t)sizeof(flow_text)) + 64;
}

static uint8_t *nx_base_url(nx_rng *r, uint8_t *p) {
    p = nx_put(p, "https://www.nexmark.com");
    for (int i = 0; i < 3; i++) {
        *p++ = '/';
        p = nx_append_letters(r, p, 5, '_');
    }
    return nx_put(p, "/item.htm?query=1");
}

/* The bits of a channel's number from back to front, as a positive number. */
static int64_t nx_channel_id(uint32_t i) {
    int64_t id = (int32_t)__builtin_bitreverse32(i);
    return id < 0 ? -id : id;
}

FLOW_COLD void flow_k_nexmark_open(flow_nexmark *n, uint8_t *memory) {
    static const char *const hot[NEXMARK_HOT] = {"Google", "Facebook", "Baidu", "Apple"};
    nx_rng r = nx_stream(0x504F4F4C);
    n->memory = memory;
    n->seed = nx_mix(n->seed);
    n->channel = (flow_text *)memory;
    n->url = n->channel + NEXMARK_NAMES;
    uint8_t *pool = (uint8_t *)(n->url + NEXMARK_NAMES);
    uint8_t *names = pool + NEXMARK_POOL;
    uint8_t *urls = names + NEXMARK_NAMES * NEXMARK_NAME_BYTES;
    for (int i = 0; i < NEXMARK_POOL; i++) pool[i] = (uint8_t)('a' + nx_below(&r, 26));
    n->pool = pool;
    r = nx_stream(0x55524C53);
    for (int i = 0; i < NEXMARK_NAMES; i++) {
        uint8_t *name = names + i * NEXMARK_NAME_BYTES, *url = urls + i * NEXMARK_URL_BYTES;
        uint8_t *p, *u = nx_base_url(&r, url);
        if (i < NEXMARK_HOT) {
            p = nx_put(name, hot[i]);
        } else {
            p = nx_put(name, "channel-");
            p += flow_k_put_int(p, i - NEXMARK_HOT);
            if (nx_below(&r, 10) > 0) {
                u = nx_put(u, "&channel_id=");
                u += flow_k_put_int(u, nx_channel_id((uint32_t)(i - NEXMARK_HOT)));
            }
        }
        n->channel[i] = (flow_text){name, p - name};
        n->url[i] = (flow_text){url, u - url};
    }
}

/* ---- what an event refers to ---- */

FLOW_INLINE int64_t nx_last_person(int64_t e) {
    return e / 50;
}

FLOW_INLINE int64_t nx_last_auction(int64_t e) {
    int64_t epoch = e / 50, m = e % 50;
    return m == 0 ? 3 * (epoch - 1) + 2 : 3 * epoch + (m < 3 ? m : 3) - 1;
}

static int64_t nx_any_person(nx_rng *r, int64_t e) {
    int64_t n = nx_last_person(e) + 1, active = n < 1000 ? n : 1000;
    return n - active + nx_below(r, active + 10);
}

static int64_t nx_any_auction(nx_rng *r, int64_t e) {
    int64_t last = nx_last_auction(e), low = last > 100 ? last - 100 : 0;
    return low + nx_below(r, last - low + 11);
}

/* Milliseconds since the epoch, whole seconds apart so that nothing overflows. */
static int64_t nx_time(const flow_nexmark *n, int64_t e) {
    int64_t us = e / n->rate * 1000000 + e % n->rate * 1000000 / n->rate;
    return NEXMARK_T0 + us / 1000;
}

/* ---- the three kinds ---- */

FLOW_INLINE uint64_t *nx_word(uint64_t *out, int64_t v) {
    *out = (uint64_t)v;
    return out + 1;
}

FLOW_INLINE uint64_t *nx_text(uint64_t *out, flow_text t) {
    out[0] = (uint64_t)(uintptr_t)t.ptr;
    out[1] = (uint64_t)t.len;
    return out + 2;
}

FLOW_INLINE flow_text nx_copy(uint8_t *p, const char *text) {
    return (flow_text){p, nx_put(p, text) - p};
}

static void nx_person(flow_ctx *ctx, const flow_nexmark *n, nx_rng *r, int64_t e,
                      uint64_t *out) {
    static const char first[11][8] = {"Peter", "Paul", "Luke",  "John",   "Saul",  "Vicky",
                                      "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
    static const char last[9][8] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                    "Walton", "Smith",  "Jones",   "Noris"};
    static const char cities[10][16] = {"Phoenix", "Los Angeles", "San Francisco", "Boise",
                                        "Portland", "Bend", "Redmond", "Seattle", "Kent",
                                        "Cheyenne"};
    static const char states[6][4] = {"AZ", "CA", "ID", "OR", "WA", "WY"};
    uint8_t *p = flow_k_alloc(ctx, 128);
    flow_text name = {p, 0}, email, card, city, state;
    p = nx_put(p, first[nx_below(r, 11)]);
    *p++ = ' ';
    p = nx_put(p, last[nx_below(r, 9)]);
    name.len = p - name.ptr;
    email.ptr = p;
    p = nx_append_letters(r, p, 7, ' ');
    *p++ = '@';
    p = nx_put(nx_append_letters(r, p, 5, ' '), ".com");
    email.len = p - email.ptr;
    card.ptr = p;
    for (int i = 0; i < 4; i++) {
        int64_t digits = nx_below(r, 10000);
        if (i) *p++ = ' ';
        for (int64_t unit = 1000; unit; unit /= 10) *p++ = (uint8_t)('0' + digits / unit % 10);
    }
    card.len = p - card.ptr;
    city = nx_copy(p, cities[nx_below(r, 10)]);
    state = nx_copy(p + city.len, states[nx_below(r, 6)]);
    flow_text extra = nx_extra(
        n, r, 8 + name.len + email.len + card.len + city.len + state.len, 200);
    out = nx_word(nx_word(out, 0), 1000 + nx_last_person(e));
    out = nx_text(nx_text(nx_text(nx_text(nx_text(out, name), email), card), city), state);
    nx_text(nx_word(out, nx_time(n, e) * 1000), extra);
}

static void nx_auction(flow_ctx *ctx, const flow_nexmark *n, nx_rng *r, int64_t e,
                       uint64_t *out) {
    uint8_t *p = flow_k_alloc(ctx, 128);
    int64_t seller = nx_below(r, 4) > 0 ? nx_last_person(e) / 100 * 100 : nx_any_person(r, e);
    int64_t category = 10 + nx_below(r, 5), first = nx_price(r), time = nx_time(n, e);
    int64_t horizon = 2 * (nx_time(n, e + 1666) - time);
    int64_t expires = time + 1 + nx_below(r, horizon > 1 ? horizon : 1);
    flow_text item = nx_letters(r, p, 20, ' '), description = nx_letters(r, p + 20, 100, ' ');
    int64_t reserve = first + nx_price(r);
    flow_text extra = nx_extra(n, r, 8 + item.len + description.len + 40, 500);
    out = nx_word(nx_word(out, 1), 1000 + nx_last_auction(e));
    out = nx_word(nx_word(nx_text(nx_text(out, item), description), first), reserve);
    out = nx_word(nx_word(out, time * 1000), expires * 1000);
    nx_text(nx_word(nx_word(out, 1000 + seller), category), extra);
}

static void nx_bid(const flow_nexmark *n, nx_rng *r, int64_t e, uint64_t *out) {
    int64_t auction =
        nx_below(r, 2) > 0 ? nx_last_auction(e) / 100 * 100 : nx_any_auction(r, e);
    int64_t bidder =
        nx_below(r, 4) > 0 ? nx_last_person(e) / 100 * 100 + 1 : nx_any_person(r, e);
    int64_t price = nx_price(r), channel;
    if (nx_below(r, 2) > 0) channel = nx_below(r, NEXMARK_HOT);
    else channel = NEXMARK_HOT + nx_below(r, NEXMARK_CHANNELS);
    flow_text extra = nx_extra(n, r, 32, 100);
    out = nx_word(nx_word(nx_word(nx_word(out, 2), 1000 + auction), 1000 + bidder), price);
    out = nx_text(nx_text(out, n->channel[channel]), n->url[channel]);
    out = nx_text(nx_word(out, nx_time(n, e) * 1000), extra);
    for (int i = 11; i < FLOW_NEXMARK_WORDS; i++) out = nx_word(out, 0);
}

/* Which event stands at place i: within a group they are dealt by steps of 953, a prime.
 * The last group of a bounded stream may be shorter. */
static int64_t nx_event_at(const flow_nexmark *n, int64_t i) {
    if (n->group <= 1) return i;
    int64_t base = i / n->group * n->group, k = i - base, size = n->group;
    if (n->rows >= 0 && n->rows - base < size) size = n->rows - base;
    return base + (size % 953 ? k * 953 % size : k);
}

FLOW_FAR void flow_k_nexmark_event(flow_ctx *ctx, const void *nexmark, int64_t i,
                                   uint64_t *out) {
    const flow_nexmark *n = nexmark;
    int64_t e = nx_event_at(n, i);
    nx_rng r = nx_stream(n->seed ^ 0x464C4F57 ^ (uint64_t)e * UINT64_C(0xD1342543DE82EF95));
    switch (e % 50) {
    case 0: nx_person(ctx, n, &r, e, out); break;
    case 1:
    case 2:
    case 3: nx_auction(ctx, n, &r, e, out); break;
    default: nx_bid(n, &r, e, out);
    }
}
