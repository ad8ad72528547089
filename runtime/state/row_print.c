/* row_print.c - see row_print.h.  No kernel context is needed: the dump of a checkpoint runs
 * where no program does. */
#include "runtime/state/row_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/rt_arena.h"
#include "runtime/kernel/k_save.h"

typedef struct text {
    char *p;
    size_t n, room;
} text;

/* Bytes being read; `bad` once something did not fit. */
typedef struct bytes {
    const uint8_t *p, *end;
    bool bad;
} bytes;

/* ---- pieces of text ---------------------------------------------------------------- */

static void put_bytes(text *t, const char *p, size_t n) {
    if (t->n + n + 1 > t->room) {
        t->room = 2 * t->room + n + 64;
        t->p = rt_realloc(t->p, t->room);
    }
    if (n) memcpy(t->p + t->n, p, n);
    t->n += n;
    t->p[t->n] = 0;
}

static void put(text *t, const char *s) { put_bytes(t, s, strlen(s)); }

static void put_int(text *t, int64_t v) {
    char buf[32];
    snprintf(buf, sizeof buf, "%lld", (long long)v);
    put(t, buf);
}

static void put_float(text *t, double v) {
    char buf[40];
    snprintf(buf, sizeof buf, "%.17g", v);
    put(t, buf);
}

static void put_quoted(text *t, const uint8_t *p, int64_t n) {
    put(t, "\"");
    for (int64_t i = 0; i < n; i++) {
        char one[8];
        if (p[i] == '"' || p[i] == '\\') snprintf(one, sizeof one, "\\%c", p[i]);
        else if (p[i] < 32 || p[i] == 127) snprintf(one, sizeof one, "\\x%02x", p[i]);
        else snprintf(one, sizeof one, "%c", p[i]);
        put(t, one);
    }
    put(t, "\"");
}

/* Bytes that are no text. */
static void put_hex(text *t, const uint8_t *p, int64_t n) {
    put(t, "x'");
    for (int64_t i = 0; i < n; i++) {
        char two[4];
        snprintf(two, sizeof two, "%02x", p[i]);
        put(t, two);
    }
    put(t, "'");
}

static void put_time(text *t, int64_t us) {
    char buf[64];
    int64_t second = us / 1000000, rest = us % 1000000;
    if (rest < 0) rest += 1000000, second--;
    time_t at = (time_t)second;
    struct tm tm;
    if (!gmtime_r(&at, &tm) || tm.tm_year > 8099 || tm.tm_year < -1900) {
        put_int(t, us);
        return;
    }
    strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%S", &tm);
    put(t, buf);
    if (rest) {
        snprintf(buf, sizeof buf, ".%06lld", (long long)rest);
        put(t, buf);
    }
    put(t, "Z");
}

/* ---- reading ------------------------------------------------------------------------ */

static const uint8_t *take(bytes *in, int64_t n) {
    if (in->bad || n < 0 || n > in->end - in->p) {
        in->bad = true;
        return NULL;
    }
    in->p += n;
    return in->p - n;
}

static uint64_t take_le(bytes *in, int n) {
    const uint8_t *p = take(in, n);
    uint64_t v = 0;
    if (p) memcpy(&v, p, (size_t)n);
    return v;
}

/* As keys have ints: the high byte first, the sign flipped. */
static int64_t take_key_int(bytes *in) {
    const uint8_t *p = take(in, 8);
    uint64_t v = 0;
    for (int i = 0; p && i < 8; i++) v = v << 8 | p[i];
    return (int64_t)(v ^ (uint64_t)1 << 63);
}

/* ---- keys ----------------------------------------------------------------------------- */

/* Text in a key of several parts: 00 is 00 FF, and 00 00 the end. */
static void take_key_text(text *raw, bytes *in) {
    put(raw, "");
    for (;;) {
        const uint8_t *p = take(in, 1);
        if (!p) break;
        if (!*p) {
            const uint8_t *next = take(in, 1);
            if (!next || !*next) break;
        }
        put_bytes(raw, (const char *)p, 1);
    }
}

static void put_key_text(text *t, bytes *in) {
    text raw = {0};
    take_key_text(&raw, in);
    put_quoted(t, (const uint8_t *)raw.p, (int64_t)raw.n);
    free(raw.p);
}

/* A float's bytes are those of its rank. */
static double unrank(int64_t rank) {
    uint64_t bits = rank < 0 ? (uint64_t)rank ^ (uint64_t)INT64_MAX : (uint64_t)rank;
    double v;
    memcpy(&v, &bits, 8);
    return v;
}

/* One part of a type as the schema writes it; false: not a type that is read here. */
static bool put_part(text *t, bytes *in, const char *type, size_t n) {
    if (n && type[n - 1] == '?') {
        const uint8_t *flag = take(in, 1);
        if (!flag) return false;
        if (*flag == 1) return put_part(t, in, type, n - 1);
        put(t, "none");
        return true;
    }
#define IS(word) (n == sizeof word - 1 && !memcmp(type, word, n))
    if (IS("int") || IS("duration")) put_int(t, take_key_int(in));
    else if (IS("timestamp")) put_time(t, take_key_int(in));
    else if (IS("float")) put_float(t, unrank(take_key_int(in)));
    else if (IS("bool")) put(t, take_le(in, 1) ? "true" : "false");
    else if (IS("string") || IS("bytes")) put_key_text(t, in);
    else return false;
#undef IS
    return true;
}

/* The schema's `by name: type, ...`: moves to the next part.  False: there is none. */
static bool next_part(const char **at, const char **name, size_t *nname, const char **type,
                      size_t *ntype) {
    const char *p = *at, *colon = strstr(p, ": ");
    if (!*p || *p == ';' || !colon) return false;
    *name = p;
    *nname = (size_t)(colon - p);
    *type = p = colon + 2;
    int depth = 0;
    for (; *p && (depth || (*p != ',' && *p != ';')); p++)
        depth += (*p == '{' || *p == '(' || *p == '[' || *p == '<') -
                 (*p == '}' || *p == ')' || *p == ']' || *p == '>');
    *ntype = (size_t)(p - *type);
    *at = *p == ',' ? p + 2 : p;
    return true;
}

/* The key of an entry, part by part. */
static bool put_parts(text *t, const rt_state_decl *decl, bytes *in) {
    const char *at = decl->schema, *name, *type, *one;
    size_t nname, ntype, n = 0;
    if (!at || strncmp(at, "by ", 3)) return false;
    at += 3;
    one = at;
    while (next_part(&one, &name, &nname, &type, &ntype)) n++;
    for (size_t i = 0; i < n; i++) {
        next_part(&at, &name, &nname, &type, &ntype);
        if (i) put(t, ", ");
        put_bytes(t, name, nname);
        put(t, " = ");
        if (n == 1 && decl->text_key && (!strncmp(type, "string", ntype) || !strncmp(type, "bytes", ntype))) {
            put_quoted(t, in->p, in->end - in->p); /* the only part stands as it is */
            in->p = in->end;
        } else if (!put_part(t, in, type, ntype)) {
            return false;
        }
    }
    return n > 0 && !in->bad && in->p == in->end;
}

static void put_entry_key(text *t, const rt_state_decl *decl, bytes in) {
    size_t was = t->n;
    bytes again = in;
    if (put_parts(t, decl, &in)) return;
    t->n = was;
    if (t->p) t->p[was] = 0;
    if (!decl->text_key && again.end - again.p == 8) put_int(t, take_key_int(&again));
    else put_hex(t, again.p, again.end - again.p);
}

/* The key of the entry that a row of a store belongs to (kernel/k_store.h). */
static void put_owner(text *t, const rt_state_decl *decl, bytes *in) {
    text raw = {0};
    if (decl->text_key) {
        take_key_text(&raw, in);
    } else {
        const uint8_t *p = take(in, 8);
        if (p) put_bytes(&raw, (const char *)p, 8);
    }
    const uint8_t *key = (const uint8_t *)raw.p;
    if (!in->bad) put_entry_key(t, decl, (bytes){.p = key, .end = key + raw.n});
    free(raw.p);
}

/* Of a session: a row by time and arrival, or what was shown of a window. */
static void put_session_rank(text *t, bytes *in) {
    int64_t time = take_key_int(in), arrival = take_key_int(in);
    if (arrival == INT64_MIN) {
        put(t, "shown [");
        put_time(t, time);
        put(t, " ");
        put_time(t, take_key_int(in));
        put(t, ")");
        return;
    }
    put_time(t, time);
    put(t, " #");
    put_int(t, arrival);
}

/* What orders a row: of joins side, then time or key, and rank. */
static void put_rank(text *t, char letter, bytes *in) {
    text raw = {0};
    put(t, " : ");
    if (strchr("jvJ", letter)) put(t, take_le(in, 1) ? "right " : "left ");
    if (letter == 'J') {
        take_key_text(&raw, in);
        put_hex(t, (const uint8_t *)raw.p, (int64_t)raw.n);
        free(raw.p);
    } else if (letter == 'r') {
        put(t, "row ");
        put_int(t, take_key_int(in));
        return;
    } else if (letter == 's') {
        put_session_rank(t, in);
        return;
    } else {
        put_time(t, take_key_int(in));
    }
    put(t, " #");
    if (letter == 'q') put_int(t, take_key_int(in));
    else put_int(t, __builtin_bswap32((uint32_t)take_le(in, 4)));
}

static void put_store_key(text *t, const rt_state_decl *decl, char letter, bytes in) {
    bytes again = in;
    size_t was = t->n;
    if (in.p == in.end && letter == 'j') {
        put(t, "from times to moments");
        return;
    }
    if (letter == 'q') put(t, "waits");
    else if (strchr("jvJsr", letter)) put_owner(t, decl, &in);
    else in.bad = true;
    put_rank(t, letter, &in);
    if (!in.bad && in.p == in.end) return;
    t->n = was;
    t->p[was] = 0;
    char name[4] = {letter, ':', ' ', 0};
    put(t, name);
    put_hex(t, again.p, again.end - again.p);
}

/* Returns whether the row is of an entry; of a store it is bytes. */
static bool put_key(text *t, const rt_state_decl *decl, const flow_layout *l, bytes in) {
    if (l->panes && in.end - in.p >= 16) {
        int64_t end = take_key_int(&in), start = take_key_int(&in);
        put(t, "[");
        put_time(t, start);
        put(t, " ");
        put_time(t, end);
        put(t, ") ");
    }
    if (l->store && in.p < in.end) {
        uint8_t letter = *in.p++;
        if (letter) {
            put_store_key(t, decl, (char)letter, in);
            return false;
        }
    }
    put_entry_key(t, decl, in);
    return true;
}

/* ---- values ------------------------------------------------------------------------------ */

static void put_i128(text *t, __int128 v) {
    char digits[48], *p = digits + sizeof digits - 1;
    unsigned __int128 m = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    *p = 0;
    do *--p = (char)('0' + (int)(m % 10));
    while (m /= 10);
    if (v < 0) *--p = '-';
    put(t, p);
}

static void put_isum(text *t, bytes *in) {
    uint64_t word = take_le(in, 8);
    __int128 v = (int64_t)word >> 1;
    if (word & 1) {
        const uint8_t *p = take(in, 16);
        if (p) memcpy(&v, p, 16);
    }
    put_i128(t, v);
}

static void put_fsum(text *t, bytes *in) {
    double two[2] = {0, 0};
    if (take_le(in, 4)) { /* digits that two floats do not hold */
        const uint8_t *p = take(in, 24 + 8);
        int64_t n = (int64_t)take_le(in, 4) * 4;
        const uint8_t *digits = take(in, n);
        put(t, "wide ");
        if (p && digits) put_hex(t, p, 24 + 8), put_hex(t, digits, n);
        return;
    }
    const uint8_t *p = take(in, 16);
    if (p) memcpy(two, p, 16);
    put_float(t, two[0]);
    if (two[1] != 0) put(t, " + "), put_float(t, two[1]);
}

static void put_cell(text *t, bytes *in) {
    int64_t n = (int64_t)take_le(in, 4);
    const uint8_t *p = take(in, n);
    if (p) put_quoted(t, p, n);
}

static void put_blob(text *t, bytes *in) {
    int64_t n = (int64_t)take_le(in, 4);
    const uint8_t *p = take(in, n);
    if (!p) return;
    if (n) put_hex(t, p, n);
    else put(t, "none");
}

static void put_ints(text *t, bytes *in, uint64_t n) {
    put(t, "{");
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        if (i) put(t, ", ");
        put_int(t, (int64_t)take_le(in, 8));
    }
    put(t, "}");
}

static void put_texts(text *t, bytes *in, bool counted) {
    uint64_t k = counted ? take_le(in, 8) : 0, n = take_le(in, 8);
    if (counted) put(t, "top "), put_int(t, (int64_t)k), put(t, " ");
    put(t, "{");
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        if (i) put(t, ", ");
        int64_t count = counted ? (int64_t)take_le(in, 8) : 0;
        put_cell(t, in);
        if (counted) put(t, ": "), put_int(t, count);
    }
    put(t, "}");
}

static void put_list(text *t, bytes *in) {
    uint64_t count = take_le(in, 8);
    int64_t n = (int64_t)take_le(in, 8);
    const uint8_t *p = take(in, n);
    put_int(t, (int64_t)count);
    put(t, " values ");
    if (p) put_hex(t, p, n);
}

static void put_hll(text *t, bytes *in) {
    enum { REGISTERS = 1 << 14 };
    put(t, "estimate of ");
    if (!take_le(in, 4)) {
        int64_t n = (int64_t)take_le(in, 8);
        put_int(t, n);
        put(t, " hashes");
        take(in, n > in->end - in->p ? -1 : n * 8);
        return;
    }
    const uint8_t *p = take(in, REGISTERS);
    int64_t used = 0;
    for (int i = 0; p && i < REGISTERS; i++) used += p[i] != 0;
    put_int(t, used);
    put(t, " registers");
}

static void put_digest(text *t, bytes *in) {
    if (!take_le(in, 4)) {
        put(t, "no values");
        return;
    }
    int64_t count = (int64_t)take_le(in, 8);
    take(in, 24 + 16);
    int64_t n = (int64_t)take_le(in, 8), waiting = (int64_t)take_le(in, 8);
    put_int(t, count);
    put(t, " values {");
    for (int64_t i = 0; i < 2 * n + waiting && !in->bad; i++) {
        const uint8_t *p = take(in, 8);
        double v = 0;
        if (p) memcpy(&v, p, 8);
        if (i) put(t, i < 2 * n && i % 2 ? "*" : " ");
        put_float(t, v);
    }
    put(t, "}");
}

/* Keys and rows of `top` (bag: with how often each is there). */
static void put_rows(text *t, bytes *in, bool bag) {
    uint64_t n = bag ? take_le(in, 8) : take_le(in, 4);
    if (!bag) take(in, 8);
    put(t, "{");
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        if (i) put(t, ", ");
        if (bag) put_int(t, (int64_t)take_le(in, 8)), put(t, " x "), take(in, 4);
        int64_t klen = (int64_t)take_le(in, 4), rlen = (int64_t)take_le(in, 4);
        const uint8_t *p = take(in, klen + rlen);
        if (!p) break;
        put_hex(t, p, klen);
        if (rlen) put(t, " "), put_hex(t, p + klen, rlen);
    }
    put(t, "}");
}

static void put_shown(text *t, bytes *in) {
    uint64_t n = take_le(in, 4);
    put(t, "shown {");
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        if (i) put(t, ", ");
        put_blob(t, in);
    }
    put(t, "}");
}

static void put_item(text *t, bytes *in, char letter) {
    switch (letter) {
    case 'w': put_int(t, (int64_t)take_le(in, 8)); break;
    case 'c': put_cell(t, in); break;
    case 'b': put_blob(t, in); break;
    case 'i': put_isum(t, in); break;
    case 'f': put_fsum(t, in); break;
    case 'S': put_ints(t, in, take_le(in, 8)); break;
    case 'T': put_texts(t, in, false); break;
    case 'l': put_list(t, in); break;
    case 'n': put_ints(t, in, take_le(in, 4)); break;
    case 'h': put_hll(t, in); break;
    case 'd': put_digest(t, in); break;
    case 'k': put_texts(t, in, true); break;
    case 't': put_rows(t, in, false); break;
    case 'p': put_shown(t, in); break;
    case 'B': put_rows(t, in, true); break;
    case 'e': break; /* its elements are rows of their own */
    case 'm': { /* a moment is its distance from the least one */
        uint64_t due = take_le(in, 8);
        put(t, "due ");
        if (due) put_time(t, (int64_t)(due ^ (uint64_t)1 << 63));
        else put(t, "never");
        break;
    }
    case 'W': put_ints(t, in, take_le(in, 4)); break;
    case 'x': put(t, take_le(in, 1) ? "touched" : "-"); break;
    default: in->bad = true;
    }
}

static void put_value(text *t, const char *layout, bytes in) {
    const uint8_t *start = in.p;
    size_t was = t->n;
    const char *p = layout;
    if (*p == '#') p++;
    if (*p == '@') p += 2;
    for (; *p && !in.bad; p++) {
        long times = 1;
        if (*p >= '0' && *p <= '9') times = strtol(p, (char **)&p, 10);
        for (long i = 0; *p != 'z' && *p != 'e' && i < times && !in.bad; i++) {
            if (t->n > was) put(t, " | ");
            put_item(t, &in, *p);
        }
    }
    if (!in.bad && in.p == in.end) return;
    t->n = was;
    t->p[was] = 0;
    put_hex(t, start, in.end - start);
}

char *rt_state_row_print(const rt_state_decl *decl, const uint8_t *key, int64_t klen,
                         const uint8_t *value, int64_t vlen) {
    text t = {0};
    const char *layout = decl->layout ? decl->layout : "";
    flow_layout l = {.panes = *layout == '#'};
    if (layout[l.panes] == '@') l.store = layout[l.panes + 1];
    put(&t, "");
    bool entry = put_key(&t, decl, &l, (bytes){.p = key, .end = key + klen});
    put(&t, "  ");
    if (entry) put_value(&t, layout, (bytes){.p = value, .end = value + vlen});
    else put_hex(&t, value, vlen);
    return t.p;
}
