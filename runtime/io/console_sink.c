/* console_sink.c - a block of rows for each batch that has any, as Spark shows them:
 *
 *   -------------------------------------------      43 of them
 *   Time: 1714557600000 ms
 *   -------------------------------------------
 *   (a,1)
 *   ...                                              if there are more
 *                                                    an empty line
 *
 * Frames come with their line end.  `truncate` cuts a line after 80 characters.
 *
 * In mode `complete` a batch gives the whole table.  It is shown only if it is another
 * than the last one: told by two hashes of its rows, so nothing of it is kept. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/io/sinks.h"
#include "runtime/kernel/k_hash.h"

#define RULE "-------------------------------------------\n"
#define WIDE 80

typedef struct console {
    int64_t rows;
    bool truncate;
    int64_t batch, done; /* being written, bytes of it that have been */
    uint64_t shown[2];   /* `complete`: digest of the table as it was shown */
} console;

static const uint64_t empty[2] = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f};

static rt_status console_open(rt_sink *s) {
    console *c = s->impl = rt_alloc(sizeof *c);
    c->rows = rt_option_word(s->decl->options, "rows", 10);
    c->truncate = rt_option_word(s->decl->options, "truncate", 0) != 0;
    c->batch = -1;
    memcpy(c->shown, empty, sizeof empty);
    return RT_ok;
}

static rt_status console_prepare(rt_sink *s, rt_output *out) {
    (void)s, (void)out;
    return RT_ok;
}

typedef struct text {
    char *p;
    size_t len, room;
} text;

static void add(text *t, const void *p, size_t len) {
    if (t->room - t->len < len) {
        t->room = 2 * t->room + len + 4096;
        t->p = rt_realloc(t->p, t->room);
    }
    memcpy(t->p + t->len, p, len);
    t->len += len;
}

/* The first WIDE characters; continuation bytes do not count. */
static void add_cut(text *t, const uint8_t *p, int64_t len) {
    int64_t n = 0, shown = 0;
    if (len && p[len - 1] == '\n') len--;
    for (; n < len; n++)
        if ((p[n] & 0xc0) != 0x80 && ++shown > WIDE) break;
    add(t, p, (size_t)n);
    if (n < len) add(t, "...", 3);
    add(t, "\n", 1);
}

static rt_status add_block(const console *c, text *t, rt_output *out) {
    char head[160];
    rt_piece row;
    int n = snprintf(head, sizeof head, RULE "Time: %" PRId64 " ms\n" RULE, out->now / 1000);
    add(t, head, (size_t)n);
    for (int64_t i = 0;; i++) {
        RT_TRY(out->next(out, &row));
        if (!row.len) break;
        if (i == c->rows) {
            add(t, "...\n", 4);
            break;
        }
        if (c->truncate)
            add_cut(t, row.p, row.len);
        else
            add(t, row.p, (size_t)row.len);
    }
    add(t, "\n", 1);
    return RT_ok;
}

static rt_status digest(rt_output *out, uint64_t *d) {
    rt_piece row;
    memcpy(d, empty, sizeof empty);
    for (;;) {
        RT_TRY(out->next(out, &row));
        if (!row.len) break;
        for (int i = 0; i < 2; i++) d[i] = flow_k_hash_bytes(d[i], row.p, row.len);
    }
    out->rewind(out);
    return RT_ok;
}

static rt_status show(rt_sink *s, rt_output *out) {
    console *c = s->impl;
    if (!out->rows) return RT_ok;
    if (c->batch != out->batch) {
        c->batch = out->batch;
        c->done = 0;
    }
    text t = {0};
    rt_status status = add_block(c, &t, out);
    rt_piece piece = {(const uint8_t *)t.p, (int64_t)t.len, NULL};
    if (status == RT_ok)
        status = rt_piece_write(STDOUT_FILENO, &piece, 0, &c->done, "the console");
    free(t.p);
    return status;
}

static rt_status console_publish(rt_sink *s, rt_output *out) {
    console *c = s->impl;
    uint64_t d[2];
    if (s->decl->mode != RT_COMPLETE) return show(s, out);
    if (!out->given && !out->rows) return RT_ok;
    RT_TRY(digest(out, d));
    if (!memcmp(d, c->shown, sizeof d)) return RT_ok;
    RT_TRY(show(s, out));
    memcpy(c->shown, d, sizeof d);
    return RT_ok;
}

static rt_status console_finish(rt_sink *s, bool failed) {
    (void)s, (void)failed;
    return RT_ok;
}

static void console_close(rt_sink *s) {
    free(s->impl);
    s->impl = NULL;
}

const rt_sink_ops rt_console_sink = {
    .name = "console",
    .lines = true,
    .open = console_open,
    .prepare = console_prepare,
    .publish = console_publish,
    .finish = console_finish,
    .close = console_close,
};
