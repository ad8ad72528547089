/* forge.c - see forge.h.
 *
 * The forms are those of runtime/ckpt/journal.h and state_file.h, written down again: what
 * goes wrong in reading them must not go wrong here in the same way. */
#define _GNU_SOURCE
#include "tests/fault/forge.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD = 36, FOOT = 4, RECORDS = 4096, STATE_HEAD = 44, STATE_TAIL = 32, BLOCK = 65536 };

typedef struct record {
    unsigned char head[HEAD];
    unsigned char *p;
    int64_t n;
} record;

static uint32_t crc32c(const unsigned char *p, int64_t n) {
    uint32_t crc = ~0u;
    for (int64_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

static uint64_t get(const unsigned char *p, int n) {
    uint64_t v = 0;
    for (int i = 0; i < n; i++) v |= (uint64_t)p[i] << 8 * i;
    return v;
}

static void put(unsigned char *p, uint64_t v, int n) {
    for (int i = 0; i < n; i++) p[i] = (unsigned char)(v >> 8 * i);
}

/* ---- records --------------------------------------------------------------------------- */

static int read_records(const lab_text *t, record *all) {
    int n = 0;
    for (int64_t at = 0; at + HEAD + FOOT <= t->n && n < RECORDS;) {
        const unsigned char *p = (const unsigned char *)t->p + at;
        int64_t len = (int64_t)get(p + 4, 4);
        if (memcmp(p, "FLWJ", 4) || at + HEAD + len + FOOT > t->n) break;
        record *r = &all[n++];
        memcpy(r->head, p, HEAD);
        r->n = len;
        r->p = malloc((size_t)len + 64);
        if (!r->p) lab_die("memory");
        memcpy(r->p, p + HEAD, (size_t)len);
        at += HEAD + len + FOOT;
    }
    return n;
}

/* Numbers, links and checksums as they belong. */
static void write_records(const char *path, record *all, int n) {
    lab_text out = {NULL, 0};
    uint64_t first = n ? get(all[0].head + 8, 8) : 0;
    uint32_t prev = 0;
    lab_text_add(&out, "", 0);
    for (int i = 0; i < n; i++) {
        record *r = &all[i];
        unsigned char foot[FOOT];
        put(r->head + 4, (uint64_t)r->n, 4);
        put(r->head + 8, first + (uint64_t)i, 8);
        put(r->head + 24, prev, 4);
        int64_t from = out.n;
        lab_text_add(&out, r->head, HEAD);
        lab_text_add(&out, r->p, r->n);
        prev = crc32c((unsigned char *)out.p + from, out.n - from);
        put(foot, prev, 4);
        lab_text_add(&out, foot, FOOT);
    }
    lab_write(path, out.p, out.n);
    lab_text_free(&out);
}

/* ---- changes ---------------------------------------------------------------------------- */

/* A bit, a byte or a number, most often near the beginning, where the numbers are. */
static void change_bytes(unsigned char *p, int64_t n, lab_chance *c) {
    static const uint64_t odd[] = {0, 1, 2, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff,
                                   0x7fffffffffffffffu, ~UINT64_C(0)};
    if (!n) return;
    int64_t at = lab_below(c, lab_one_in(c, 2) ? n : n < 24 ? n : 24);
    int64_t room = n - at;
    switch (lab_below(c, 4)) {
    case 0: p[at] ^= (unsigned char)(1 << lab_below(c, 8)); break;
    case 1: p[at] = (unsigned char)lab_next(c); break;
    case 2: p[at] = (unsigned char)(p[at] + (lab_one_in(c, 2) ? 1 : -1)); break;
    default: put(p + at, odd[lab_below(c, 10)], room < 8 ? (int)room : 8);
    }
}

/* The state in a COMMIT, whose checksum the COMMIT names: changed, and both made to fit. */
static bool change_state(record *r, lab_chance *c) {
    unsigned char *p = memmem(r->p, (size_t)r->n, "FLWS", 4);
    int64_t n = p ? r->p + r->n - p : 0;
    if (n < STATE_HEAD + STATE_TAIL) return false;
    unsigned char *tail = p + n - STATE_TAIL;
    uint64_t old = get(tail + 28, 4);
    int64_t body = (int64_t)get(tail, 8), footer = (int64_t)get(tail + 8, 8);
    if (body < 0 || footer < 0 || STATE_HEAD + body + footer + STATE_TAIL != n) return false;
    int64_t from = lab_one_in(c, 4) ? 0 : STATE_HEAD + (lab_one_in(c, 3) ? 0 : body);
    change_bytes(p + from, n - STATE_TAIL - from, c);
    put(p + STATE_HEAD - 4, crc32c(p, STATE_HEAD - 4), 4);
    put(tail + 16, get(p + STATE_HEAD - 4, 4), 4);
    int64_t blocks = (body + BLOCK - 1) / BLOCK;
    for (int64_t i = 0; i < blocks && 4 * blocks <= footer; i++) {
        int64_t rest = body - i * BLOCK;
        put(tail - 4 * (blocks - i), crc32c(p + STATE_HEAD + i * BLOCK, rest < BLOCK ? rest : BLOCK), 4);
    }
    put(tail + 20, crc32c(p + STATE_HEAD + body, footer), 4);
    put(tail + 28, crc32c(tail, 28), 4);
    for (unsigned char *at = r->p; at + 4 <= p; at++)
        if (get(at, 4) == old) put(at, get(tail + 28, 4), 4);
    return true;
}

static void exchange(record *all, int a, int b) {
    record kept = all[a];
    all[a] = all[b];
    all[b] = kept;
}

static int change(record *all, int n, lab_chance *c, char *what, int room) {
    int k = (int)lab_below(c, n), other = (int)lab_below(c, n);
    /* What is at the end counts most. */
    if (lab_one_in(c, 2)) k = n - 1 - (int)lab_below(c, n < 8 ? n : 8);
    record *r = &all[k];
    const char *how = "changed";
    switch (lab_below(c, 12)) {
    case 0:
        free(r->p);
        memmove(r, r + 1, (size_t)(n - k - 1) * sizeof *r);
        n--, how = "left out";
        break;
    case 1: exchange(all, k, other), how = "exchanged with another"; break;
    case 2: put(r->head + 32, (uint64_t)(1 + lab_below(c, 4)), 4), how = "of another type"; break;
    case 3: r->n = lab_below(c, r->n + 1), how = "cut"; break;
    case 4: memset(r->p + r->n, 0, 8), r->n += 1 + lab_below(c, 8), how = "longer"; break;
    case 5: put(r->head + 28, lab_next(c) & 0xff, 4), how = "of another epoch"; break;
    case 6: case 7: case 8:
        if (change_state(r, c)) how = "with another state";
        else change_bytes(r->p, r->n, c);
        break;
    default: change_bytes(r->p, r->n, c);
    }
    snprintf(what, (size_t)room, "record %d %s", k, how);
    return n;
}

bool forge_journal(const char *path, lab_chance *c, char *what, int room) {
    static record all[RECORDS];
    lab_text t = lab_read(path);
    int n = t.p ? read_records(&t, all) : 0, changes = lab_one_in(c, 4) ? 2 : 1;
    lab_text_free(&t);
    if (!n) return false;
    for (int i = 0; i < changes && n; i++) n = change(all, n, c, what, room);
    write_records(path, all, n);
    for (int i = 0; i < n; i++) free(all[i].p);
    return true;
}
