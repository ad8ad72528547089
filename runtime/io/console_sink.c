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
 * than the last one: told by two hashes of its rows, so nothing of it is kept.  With a
 * checkpoint COMMIT keeps the hashes; the outbox holds the block as it is shown. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/io/outbox.h"
#include "runtime/io/sinks.h"
#include "runtime/kernel/k_hash.h"

#define RULE "-------------------------------------------\n"
#define WIDE 80

typedef struct console {
    int64_t rows;
    bool truncate;
    int64_t batch, done; /* being written, bytes of it that have been */
    uint64_t shown[2];   /* `complete`: digest of the table as it was shown last, */
    uint64_t next[2];    /* and as the batch that is prepared will show it */
} console;

static const uint64_t empty[2] = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f};

static rt_status console_open(rt_sink *s) {
    console *c = s->impl = rt_alloc(sizeof *c);
    c->rows = rt_option_word(s->decl->options, "rows", 10);
    c->truncate = rt_option_word(s->decl->options, "truncate", 0) != 0;
    c->batch = -1;
    memcpy(c->shown, empty, sizeof empty);
    memcpy(c->next, empty, sizeof empty);
    rt_outbox_open(s);
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

/* Is there something new to show?  Sets c->next. */
static rt_status is_new(rt_sink *s, rt_output *out, bool *new) {
    console *c = s->impl;
    memcpy(c->next, c->shown, sizeof c->next);
    *new = out->rows > 0;
    if (s->decl->mode != RT_COMPLETE || (!out->given && !out->rows)) return RT_ok;
    RT_TRY(digest(out, c->next));
    if (!memcmp(c->next, c->shown, sizeof c->next)) *new = false;
    return RT_ok;
}

/* The bytes of a block, from where an earlier try has stopped. */
static rt_status write_block(console *c, int64_t batch, const rt_piece *block, int64_t at) {
    if (c->batch != batch) {
        c->batch = batch;
        c->done = 0;
    }
    return rt_piece_write(STDOUT_FILENO, block, at, &c->done, "the console");
}

static rt_status console_publish(rt_sink *s, rt_output *out) {
    console *c = s->impl;
    bool new;
    text t = {0};
    RT_TRY(is_new(s, out, &new));
    rt_status status = new ? add_block(c, &t, out) : RT_ok;
    rt_piece block = {(const uint8_t *)t.p, (int64_t)t.len, NULL};
    if (status == RT_ok && new) status = write_block(c, out->batch, &block, 0);
    if (status == RT_ok) memcpy(c->shown, c->next, sizeof c->shown);
    free(t.p);
    return status;
}

/* ---- with a checkpoint ------------------------------------------------------------------ */

static rt_status console_prepare(rt_sink *s, rt_output *out) {
    bool new;
    text t = {0};
    if (!s->outbox) return RT_ok;
    rt_outbox_begin(s->outbox, out);
    RT_TRY(is_new(s, out, &new));
    rt_status status = new ? add_block(s->impl, &t, out) : RT_ok;
    if (status == RT_ok) status = rt_outbox_add(s->outbox, t.p, (int64_t)t.len);
    free(t.p);
    return status;
}

static void console_record(rt_sink *s, rt_wire *w) {
    const console *c = s->impl;
    for (int i = 0; i < 2; i++) rt_wire_u64(w, c->next[i]);
    rt_outbox_record(s, w);
}

/* The outbox's part of a record, and what is shown when that batch is. */
static rt_committed shown_by(const rt_committed *c, uint64_t *shown) {
    rt_committed rest = *c;
    rt_unwire r = rt_unwire_of(c->p, c->len);
    for (int i = 0; i < 2; i++) shown[i] = rt_unwire_u64(&r);
    rest.p = r.p;
    rest.len = r.end - r.p;
    return rest;
}

static rt_status send_block(rt_sink *s, rt_output *out) {
    rt_piece piece;
    for (int64_t at = 0;; at += piece.len) {
        RT_TRY(out->next(out, &piece));
        if (!piece.len) return RT_ok;
        RT_TRY(write_block(s->impl, out->batch, &piece, at));
    }
}

static rt_status console_publish_record(rt_sink *s, const rt_committed *c) {
    struct console *to = s->impl;
    uint64_t shown[2];
    rt_boxed b;
    rt_committed rest = shown_by(c, shown);
    rt_unwire r = rt_unwire_of(rest.p, rest.len);
    RT_TRY(rt_outbox_find(s, c->batch, &r, &b));
    rt_status status = c->done ? RT_ok : rt_boxed_send(s, &b, send_block);
    rt_boxed_close(&b);
    if (status == RT_ok) memcpy(to->shown, shown, sizeof shown);
    return status;
}

static void console_forget(rt_sink *s, const rt_committed *c) {
    uint64_t shown[2];
    rt_committed rest = shown_by(c, shown);
    rt_outbox_forget(s, &rest);
}

static rt_status console_resume(rt_sink *s, const rt_committed *last, int64_t *ahead) {
    console *c = s->impl;
    rt_committed rest = {0};
    if (last) rest = shown_by(last, c->shown);
    return rt_outbox_resume(s, last ? &rest : NULL, ahead);
}

static bool console_record_text(int64_t batch, rt_unwire *r, rt_wire *out) {
    for (int i = 0; i < 2; i++) rt_unwire_u64(r);
    return rt_outbox_text(batch, r, out);
}

static rt_status console_finish(rt_sink *s, bool failed) {
    (void)s, (void)failed;
    return RT_ok;
}

static void console_close(rt_sink *s) {
    rt_outbox_close(s);
    free(s->impl);
    s->impl = NULL;
}

const rt_sink_ops rt_console_sink = {
    .name = "console",
    .lines = true,
    .open = console_open,
    .prepare = console_prepare,
    .publish = console_publish,
    .sync = rt_outbox_sync,
    .dirs = rt_outbox_dirs,
    .record = console_record,
    .record_text = console_record_text,
    .publish_record = console_publish_record,
    .forget = console_forget,
    .resume = console_resume,
    .sweep = rt_outbox_sweep,
    .finish = console_finish,
    .close = console_close,
};
