/* stdin_source.c - standard input, to its end.
 *
 * Read on the loop, straight into blocks, as fast as a pipe gives it.  A pipe is made as
 * large as the system lets us: fewer wakes for the writer and for us.  What is compressed
 * goes through a buffer: it is read when all text of what came before is in blocks. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/rows_file.h"
#include "runtime/io/sources.h"
#include "runtime/io/unpack.h"

#define PIPE_BYTES (1 << 20)

typedef struct input {
    rt_live live;
    rt_feed feed;
    rt_handler handler;
    rt_unpack *unpack; /* null: plain */
} input;

static void end_input(input *in, rt_status status) {
    rt_loop *loop = in->live.source->env->loop;
    in->handler.at = 0;
    rt_loop_forget(loop, &in->handler);
    rt_feed_end(&in->feed, true);
    rt_live_over(&in->live, status);
}

/* Bytes from the descriptor; 0 or less: there are none, and the input has ended, but for
 * EAGAIN. */
static int64_t read_more(input *in, void *to, int64_t room) {
    int64_t got = rt_os_read(STDIN_FILENO, to, room);
    if (got < 0 && errno != EAGAIN)
        end_input(in, (rt_status)rt_fail(RT_io, "cannot read stdin: %s", strerror(errno)));
    else if (got == 0)
        end_input(in, in->unpack ? rt_unpack_end(in->unpack) : RT_ok);
    return got;
}

/* Text of the bytes that have come, until there is none or no room; false: no room. */
static bool unpack_all(input *in) {
    rt_unpack *u = in->unpack;
    while (!rt_unpack_is_dry(u)) {
        int64_t room, got;
        uint8_t *to = rt_feed_room(&in->feed, &room);
        if (!to) return false;
        rt_status status = rt_unpack_take(u, to, room, &got);
        if (status != RT_ok) {
            end_input(in, status);
            return true;
        }
        rt_feed_add(&in->feed, got);
    }
    return true;
}

static void on_packed(input *in) {
    rt_unpack *u = in->unpack;
    rt_handler *h = &in->handler;
    if (!unpack_all(in)) {
        rt_loop_events(in->live.source->env->loop, h, 0);
        return;
    }
    if (in->live.over) return;
    u->at = u->len = 0;
    int64_t got = read_more(in, u->raw, RT_UNPACK_RAW);
    if (got <= 0) return;
    u->len = got;
    if (!unpack_all(in)) rt_loop_events(in->live.source->env->loop, h, 0);
    if (!in->live.over) h->at = rt_feed_due(&in->feed);
}

static void on_ready(rt_handler *h, uint32_t events) {
    input *in = h->owner;
    int64_t room;
    (void)events;
    if (in->unpack) {
        on_packed(in);
        return;
    }
    uint8_t *to = rt_feed_room(&in->feed, &room);
    if (!to) {
        rt_loop_events(in->live.source->env->loop, h, 0);
        return;
    }
    int64_t got = read_more(in, to, room);
    if (got <= 0) return;
    rt_feed_add(&in->feed, got);
    h->at = rt_feed_due(&in->feed);
}

static void on_due(rt_handler *h) {
    input *in = h->owner;
    h->at = rt_feed_due(&in->feed);
}

static void on_room(rt_handler *gate) {
    input *in = ((rt_source *)gate->owner)->impl;
    if (in->live.over || (in->unpack && !unpack_all(in)) || in->live.over) return;
    rt_loop_events(in->live.source->env->loop, &in->handler, EPOLLIN);
}

static rt_status stdin_open(rt_source *s) {
    input *in = s->impl = rt_alloc(sizeof *in);
    struct stat st;
    fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
    if (rt_os_fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode)) s->total = st.st_size;
    rt_live_open(&in->live, s, on_room);
    rt_feed_open(&in->feed, &in->live, rt_live_object(&in->live), RT_RECORD_MAX);
    in->handler =
        (rt_handler){.fd = STDIN_FILENO, .ready = on_ready, .due = on_due, .owner = in};
    rt_loop_add(s->env->loop, &in->handler);
    const rt_unpacker *ops;
    RT_TRY(rt_unpack_choose(s, "", &ops));
    if (ops) {
        in->unpack = rt_alloc(sizeof *in->unpack);
        RT_TRY(rt_unpack_open(in->unpack, ops, "stdin"));
        s->total = -1;
    }
    return rt_loop_events(s->env->loop, &in->handler, EPOLLIN);
}

static int64_t stdin_waiting(rt_source *s, int64_t now) {
    (void)now;
    return rt_live_waiting(&((input *)s->impl)->live);
}

static rt_status stdin_take(rt_source *s, int64_t limit, int64_t now, bool drain,
                            rt_input *in) {
    input *self = s->impl;
    (void)now;
    if (drain) rt_feed_cut(&self->feed);
    return rt_live_take(&self->live, limit, drain, in);
}

static const char *stdin_object(rt_source *s, int64_t object) {
    (void)s, (void)object;
    return "stdin";
}

static const uint8_t *stdin_header(rt_source *s, int64_t object, int64_t *len) {
    return rt_live_header(&((input *)s->impl)->live, object, len);
}

static void stdin_done(rt_source *s, rt_input *in) {
    (void)in;
    rt_live_done(&((input *)s->impl)->live);
}

static void stdin_close(rt_source *s) {
    input *in = s->impl;
    if (!in) return;
    rt_loop_remove(s->env->loop, &in->handler);
    rt_feed_drop(&in->feed);
    rt_live_close(&in->live);
    if (in->unpack) rt_unpack_close(in->unpack);
    free(in->unpack);
    free(in);
    s->impl = NULL;
}

const rt_source_ops rt_stdin_source = {
    .name = "stdin",
    .live = true,
    .open = stdin_open,
    .waiting = stdin_waiting,
    .take = stdin_take,
    .object = stdin_object,
    .header = stdin_header,
    .done = stdin_done,
    .close = stdin_close,
    .plan = rt_live_plan,
    .replan = rt_live_replan,
    .plan_text = rt_live_plan_text,
    .sync = rt_live_sync,
    .forget = rt_live_forget,
};
