/* pack.c - see pack.h. */
#include "runtime/ckpt/pack.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

void rt_pack_raw(rt_pack *w, const void *p, int64_t n) {
    rt_assert(n >= 0);
    if (w->room - w->n < n) {
        w->room = RT_MAX(w->n + n, 2 * w->room + 256);
        w->p = rt_realloc(w->p, (size_t)w->room);
    }
    if (n) memcpy(w->p + w->n, p, (size_t)n);
    w->n += n;
}

static void put(rt_pack *w, uint64_t v, int bytes) {
    uint8_t b[8];
    for (int i = 0; i < bytes; i++) b[i] = (uint8_t)(v >> (8 * i));
    rt_pack_raw(w, b, bytes);
}

void rt_pack_u8(rt_pack *w, uint8_t v) { put(w, v, 1); }
void rt_pack_u32(rt_pack *w, uint32_t v) { put(w, v, 4); }
void rt_pack_u64(rt_pack *w, uint64_t v) { put(w, v, 8); }
void rt_pack_i64(rt_pack *w, int64_t v) { put(w, (uint64_t)v, 8); }

void rt_pack_bytes(rt_pack *w, const void *p, int64_t n) {
    rt_pack_u64(w, (uint64_t)n);
    rt_pack_raw(w, p, n);
}

void rt_pack_text(rt_pack *w, const char *text) {
    rt_pack_bytes(w, text, (int64_t)strlen(text));
}

void rt_pack_clear(rt_pack *w) { w->n = 0; }

void rt_pack_free(rt_pack *w) {
    free(w->p);
    *w = (rt_pack){0};
}

/* ---- reading ----------------------------------------------------------------------- */

rt_unpack rt_unpack_of(const void *p, int64_t n) {
    return (rt_unpack){.p = p, .end = n ? (const uint8_t *)p + n : p};
}

static uint64_t get(rt_unpack *r, int bytes) {
    if (r->bad || r->end - r->p < bytes) {
        r->bad = true;
        return 0;
    }
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++) v |= (uint64_t)r->p[i] << (8 * i);
    r->p += bytes;
    return v;
}

uint8_t rt_unpack_u8(rt_unpack *r) { return (uint8_t)get(r, 1); }
uint32_t rt_unpack_u32(rt_unpack *r) { return (uint32_t)get(r, 4); }
uint64_t rt_unpack_u64(rt_unpack *r) { return get(r, 8); }
int64_t rt_unpack_i64(rt_unpack *r) { return (int64_t)get(r, 8); }

int64_t rt_unpack_count(rt_unpack *r, int64_t each) {
    uint64_t n = get(r, 8);
    if (r->bad || n > (uint64_t)(r->end - r->p) / (uint64_t)each) {
        r->bad = true;
        return 0;
    }
    return (int64_t)n;
}

const uint8_t *rt_unpack_bytes(rt_unpack *r, int64_t *n) {
    *n = rt_unpack_count(r, 1);
    const uint8_t *p = r->p;
    r->p += *n;
    return p;
}

bool rt_unpack_done(const rt_unpack *r) { return !r->bad && r->p == r->end; }
