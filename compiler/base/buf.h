/* buf.h - a text builder for printers and messages; storage in an arena. */
#ifndef FLOW_BASE_BUF_H
#define FLOW_BASE_BUF_H

#include <stddef.h>

#include "compiler/base/arena.h"

typedef struct buf {
    arena_t *arena;
    char *at; /* always NUL-terminated once anything was written; see buf_text */
    size_t n, cap;
} buf_t;

void buf_init(buf_t *b, arena_t *a);
void buf_put(buf_t *b, const char *s, size_t n);
void buf_str(buf_t *b, const char *s);
void buf_char(buf_t *b, char c);
void buf_pad(buf_t *b, char c, size_t n);
void buf_printf(buf_t *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The text so far, "" if empty. */
const char *buf_text(const buf_t *b);

#endif
