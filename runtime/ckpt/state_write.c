/* state_write.c - the writing half of state_file.h.
 *
 * The file is written from front to back through a buffer of a few blocks; large pieces go
 * past it.  Checksums of blocks are taken on the way and stay in memory for the footer:
 * 64 bytes for each MiB. */
#define _GNU_SOURCE
#include "runtime/ckpt/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/ckpt/state_form.h"

#define BUFFER (4 * RT_STATE_BLOCK)

struct rt_state_writer {
    char path[4200];
    int fd; /* -1: in memory */
    bool ended, failed;
    rt_state_head head;
    rt_wire out;      /* a file: what is not written yet; else all of it */
    rt_wire footer;   /* states, while the body is written */
    rt_wire sections; /* their lines */
    rt_wire blocks;   /* checksums of whole blocks */
    int64_t nsections, nstates;
    int64_t body;          /* bytes */
    uint32_t block_crc;    /* of the block begun */
    uint32_t head_crc;
    int64_t written;       /* bytes in the file */
    /* the section at hand */
    int64_t state, partition, bytes, ops;
};

/* A full disk may have room later, for a file of another name. */
static rt_status say(rt_state_writer *w, const char *what) {
    bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EMFILE ||
                errno == ENFILE;
    w->failed = true;
    /* Without a snapshot the run goes on as before. */
    rt_log(w->head.kind == RT_STATE_SNAP ? RT_WARN : RT_ERROR, "cannot %s %s: %s", what,
           w->path, strerror(errno));
    return full ? RT_again_io : RT_io;
}

static rt_status flush(rt_state_writer *w, const void *p, int64_t n) {
    if (rt_os_pwrite_all(w->fd, p, n, w->written) < 0) return say(w, "write");
    w->written += n;
    return RT_ok;
}

static rt_status write_out(rt_state_writer *w, const void *p, int64_t n) {
    if (w->fd < 0) {
        rt_wire_raw(&w->out, p, n);
        return RT_ok;
    }
    if (w->out.n + n > BUFFER) {
        RT_TRY(flush(w, w->out.p, w->out.n));
        rt_wire_clear(&w->out);
        if (n >= BUFFER) return flush(w, p, n);
    }
    rt_wire_raw(&w->out, p, n);
    return RT_ok;
}

static void write_head(rt_wire *to, const rt_state_head *head) {
    rt_wire_u32(to, RT_STATE_MAGIC);
    rt_wire_u32(to, RT_STATE_VERSION);
    rt_wire_u32(to, (uint32_t)head->kind);
    rt_wire_u32(to, head->epoch);
    rt_wire_i64(to, head->batch);
    rt_wire_raw(to, head->job, sizeof head->job);
    rt_wire_u32(to, rt_crc32c(0, to->p, to->n));
    rt_assert(to->n == RT_STATE_HEAD);
}

rt_status rt_state_writer_open(const char *dir, const rt_state_head *head,
                               const rt_state_id *ids, int64_t nids, rt_state_writer **out) {
    rt_state_writer *w = rt_alloc(sizeof *w);
    char name[64];
    *w = (rt_state_writer){.fd = -1, .head = *head, .nstates = nids, .state = -1};
    *out = NULL;
    rt_state_ref_name(name, sizeof name, head->batch, head->epoch, head->kind);
    snprintf(w->path, sizeof w->path, "%s/%s", dir ? dir : "", name);
    if (dir) {
        w->fd = rt_os_open(w->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (w->fd < 0) {
            rt_status status = say(w, "create");
            free(w);
            return status;
        }
    }
    rt_wire first = {0};
    write_head(&first, head);
    w->head_crc = rt_crc32c(0, first.p, first.n - 4);
    rt_wire_u64(&w->footer, (uint64_t)nids);
    for (int64_t i = 0; i < nids; i++) {
        rt_wire_text(&w->footer, ids[i].name);
        rt_wire_u64(&w->footer, ids[i].schema);
        rt_wire_text(&w->footer, ids[i].layout);
    }
    rt_status status = write_out(w, first.p, first.n);
    rt_wire_free(&first);
    rt_assert(status == RT_ok); /* the buffer is larger than a head */
    *out = w;
    return RT_ok;
}

static void close_section(rt_state_writer *w) {
    if (w->state >= 0 && w->ops) {
        rt_wire_u32(&w->sections, (uint32_t)w->state);
        rt_wire_u32(&w->sections, (uint32_t)w->partition);
        rt_wire_i64(&w->sections, w->bytes);
        rt_wire_i64(&w->sections, w->ops);
        w->nsections++;
    }
    w->bytes = w->ops = 0;
}

void rt_state_writer_section(rt_state_writer *w, int64_t state, int64_t partition) {
    rt_assert(!w->ended && state < w->nstates && partition >= 0 && partition <= UINT32_MAX);
    rt_assert(state > w->state || (state == w->state && partition > w->partition));
    close_section(w);
    w->state = state;
    w->partition = partition;
}

/* Goes on with the checksums of blocks. */
static void sum(rt_state_writer *w, const uint8_t *p, int64_t n) {
    while (n > 0) {
        int64_t part = RT_MIN(n, RT_STATE_BLOCK - w->body % RT_STATE_BLOCK);
        w->block_crc = rt_crc32c(w->block_crc, p, part);
        w->body += part;
        p += part;
        n -= part;
        if (w->body % RT_STATE_BLOCK) continue;
        rt_wire_u32(&w->blocks, w->block_crc);
        w->block_crc = 0;
    }
}

rt_status rt_state_writer_ops(rt_state_writer *w, const void *ops, int64_t bytes,
                              int64_t count) {
    rt_assert(!w->ended && w->state >= 0);
    if (w->failed) return RT_io;
    sum(w, ops, bytes);
    w->bytes += bytes;
    w->ops += count;
    return write_out(w, ops, bytes);
}

/* The body is in the file, the rest is not: where tests kill the process. */
static rt_status half(rt_state_writer *w) {
    if (w->fd < 0) return RT_ok;
    RT_TRY(flush(w, w->out.p, w->out.n));
    rt_wire_clear(&w->out);
    if (w->head.kind == RT_STATE_DELTA)
        RT_CRASH(C4_half, w->head.batch);
    else
        RT_CRASH(C14_half, w->head.batch);
    return RT_ok;
}

rt_status rt_state_writer_end(rt_state_writer *w, const void *meta, int64_t len,
                              rt_state_ref *ref) {
    if (w->failed) return RT_io;
    rt_assert(!w->ended);
    close_section(w);
    if (w->body % RT_STATE_BLOCK) rt_wire_u32(&w->blocks, w->block_crc);
    rt_wire *f = &w->footer;
    rt_wire_u64(f, (uint64_t)w->nsections);
    rt_wire_raw(f, w->sections.p, w->sections.n);
    rt_wire_bytes(f, meta, len);
    rt_wire_raw(f, w->blocks.p, w->blocks.n);
    uint32_t footer_crc = rt_crc32c(0, f->p, f->n);
    int64_t footer = f->n;
    rt_wire_i64(f, w->body);
    rt_wire_i64(f, footer);
    rt_wire_u32(f, w->head_crc);
    rt_wire_u32(f, footer_crc);
    rt_wire_u32(f, RT_STATE_MAGIC);
    uint32_t crc = rt_crc32c(0, f->p + footer, f->n - footer);
    rt_wire_u32(f, crc);
    RT_TRY(half(w));
    RT_TRY(write_out(w, f->p, f->n));
    if (w->fd >= 0) RT_TRY(flush(w, w->out.p, w->out.n));
    w->ended = true;
    if (w->fd >= 0 && w->head.kind == RT_STATE_DELTA) RT_CRASH(C4, w->head.batch);
    *ref = (rt_state_ref){.length = RT_STATE_HEAD + w->body + f->n,
                          .crc = crc,
                          .kind = w->head.kind,
                          .epoch = w->head.epoch,
                          .batch = w->head.batch};
    if (w->fd >= 0)
        rt_state_ref_name(ref->name, sizeof ref->name, w->head.batch, w->head.epoch,
                          w->head.kind);
    rt_assert(ref->length == (w->fd < 0 ? w->out.n : w->written));
    return RT_ok;
}

rt_status rt_state_writer_sync(rt_state_writer *w) {
    rt_assert(w->ended && w->fd >= 0);
    if (w->failed) return RT_io;
    if (RT_MUTANT(nosync_state) || rt_os_fdatasync(w->fd) == 0) return RT_ok;
    w->failed = true;
    return (rt_status)rt_fail(RT_io, "cannot sync %s: %s", w->path, strerror(errno));
}

const uint8_t *rt_state_writer_bytes(const rt_state_writer *w, int64_t *len) {
    rt_assert(w->ended && w->fd < 0);
    *len = w->out.n;
    return w->out.p;
}

void rt_state_writer_close(rt_state_writer *w) {
    if (!w) return;
    if (w->fd >= 0) {
        /* What was not ended is named by no COMMIT: if this fails the next start does it. */
        if (!w->ended && rt_os_unlink(w->path) < 0)
            rt_log(RT_DEBUG, "cannot remove %s: %s", w->path, strerror(errno));
        /* Nothing rests on this one: what counts has been synced before. */
        if (rt_os_close(w->fd) < 0)
            rt_log(RT_WARN, "cannot close %s: %s", w->path, strerror(errno));
    }
    rt_wire_free(&w->out);
    rt_wire_free(&w->footer);
    rt_wire_free(&w->sections);
    rt_wire_free(&w->blocks);
    free(w);
}
