/* wire.c - see wire.h. */
#include "runtime/base/wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

void rt_wire_raw(rt_wire *w, const void *p, int64_t n) {
    rt_assert(n >= 0);
    if (w->room - w->n < n) {
        w->room = RT_MAX(w->n + n, 2 * w->room + 256);
        w->p = rt_realloc(w->p, (size_t)w->room);
    }
    if (n) memcpy(w->p + w->n, p, (size_t)n);
    w->n += n;
}

static void put(rt_wire *w, uint64_t v, int bytes) {
    uint8_t b[8];
    for (int i = 0; i < bytes; i++) b[i] = (uint8_t)(v >> (8 * i));
    rt_wire_raw(w, b, bytes);
}

void rt_wire_u8(rt_wire *w, uint8_t v) { put(w, v, 1); }
void rt_wire_u32(rt_wire *w, uint32_t v) { put(w, v, 4); }
void rt_wire_u64(rt_wire *w, uint64_t v) { put(w, v, 8); }
void rt_wire_i64(rt_wire *w, int64_t v) { put(w, (uint64_t)v, 8); }

void rt_wire_bytes(rt_wire *w, const void *p, int64_t n) {
    rt_wire_u64(w, (uint64_t)n);
    rt_wire_raw(w, p, n);
}

void rt_wire_text(rt_wire *w, const char *text) {
    rt_wire_bytes(w, text, (int64_t)strlen(text));
}

void rt_wire_print(rt_wire *w, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    rt_wire_raw(w, text, RT_MIN(n, (int)sizeof text - 1));
}

void rt_wire_clear(rt_wire *w) { w->n = 0; }

void rt_wire_free(rt_wire *w) {
    free(w->p);
    *w = (rt_wire){0};
}

/* ---- reading ----------------------------------------------------------------------- */

rt_unwire rt_unwire_of(const void *p, int64_t n) {
    return (rt_unwire){.p = p, .end = n ? (const uint8_t *)p + n : p};
}

static uint64_t get(rt_unwire *r, int bytes) {
    if (r->bad || r->end - r->p < bytes) {
        r->bad = true;
        return 0;
    }
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++) v |= (uint64_t)r->p[i] << (8 * i);
    r->p += bytes;
    return v;
}

uint8_t rt_unwire_u8(rt_unwire *r) { return (uint8_t)get(r, 1); }
uint32_t rt_unwire_u32(rt_unwire *r) { return (uint32_t)get(r, 4); }
uint64_t rt_unwire_u64(rt_unwire *r) { return get(r, 8); }
int64_t rt_unwire_i64(rt_unwire *r) { return (int64_t)get(r, 8); }

int64_t rt_unwire_count(rt_unwire *r, int64_t each) {
    uint64_t n = get(r, 8);
    if (r->bad || n > (uint64_t)(r->end - r->p) / (uint64_t)each) {
        r->bad = true;
        return 0;
    }
    return (int64_t)n;
}

const uint8_t *rt_unwire_bytes(rt_unwire *r, int64_t *n) {
    *n = rt_unwire_count(r, 1);
    const uint8_t *p = r->p;
    r->p += *n;
    return p;
}

bool rt_unwire_done(const rt_unwire *r) { return !r->bad && r->p == r->end; }
