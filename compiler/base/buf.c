/* buf.c - doubling storage; the old one is left to the arena. */
#include "compiler/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_init(buf_t *b, arena_t *a) {
    *b = (buf_t){.arena = a};
}

static void reserve(buf_t *b, size_t more) {
    if (b->n + more + 1 <= b->cap) return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < b->n + more + 1) cap *= 2;
    char *at = arena_alloc(b->arena, cap);
    if (b->n) memcpy(at, b->at, b->n);
    b->at = at;
    b->cap = cap;
}

void buf_put(buf_t *b, const char *s, size_t n) {
    reserve(b, n);
    if (n) memcpy(b->at + b->n, s, n);
    b->n += n;
    b->at[b->n] = 0;
}

void buf_str(buf_t *b, const char *s) {
    buf_put(b, s, strlen(s));
}

void buf_char(buf_t *b, char c) {
    buf_put(b, &c, 1);
}

void buf_pad(buf_t *b, char c, size_t n) {
    reserve(b, n);
    memset(b->at + b->n, c, n);
    b->n += n;
    b->at[b->n] = 0;
}

void buf_printf(buf_t *b, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    reserve(b, (size_t)n);
    vsnprintf(b->at + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
}

const char *buf_text(const buf_t *b) {
    return b->at ? b->at : "";
}
