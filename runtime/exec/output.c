/* output.c - see output.h. */
#include "runtime/exec/output.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/merge.h"
#include "runtime/kernel/k_sort.h"
#include "runtime/state/spill.h"

/* Length of a piece that is copied together, or read back. */
#define PIECE (INT64_C(1) << 20)
/* Shorter buffers are not worth a write. */
#define SPILL_FROM (INT64_C(16) << 10)

/* The inside of rt_output. */
typedef struct stream {
    rt_job *job;
    const rt_sink *sink;
    const rt_runs *runs;
    rt_merge *merge;
    const uint8_t *frame; /* merged: an entry that did not fit the last piece */
    int64_t run, at;      /* not merged: the run, and the byte of it */
    uint8_t *buffer;
    int64_t size;
    char *path;           /* of the partition being given */
    /* with a checkpoint: of what has been given */
    uint32_t crc;
    bool fresh;           /* the path has not gone into it */
    bool over;
} stream;

static rt_status short_of(const stream *s) {
    return (rt_status)rt_fail(RT_memory,
                              "no memory to put the rows of %s in order: a larger "
                              "`--memory` or a smaller `--batch_size` helps",
                              s->sink->decl->name);
}

static rt_status need_buffer(stream *s, int64_t bytes) {
    if (s->size >= bytes) return RT_ok;
    rt_mem_put(s->job->mem, RT_OWNER_SINK, s->buffer, s->size);
    s->size = bytes;
    s->buffer = rt_mem_get(s->job->mem, RT_OWNER_SINK, &s->size);
    if (s->buffer) return RT_ok;
    s->size = 0;
    return short_of(s);
}

/* ---- runs one after the other ---------------------------------------------------------- */

/* The bytes of the current run from s->at, at most a piece of them if it was spilled. */
static rt_status run_bytes(stream *s, const rt_run *run, rt_piece *piece) {
    piece->len = run->len - s->at;
    piece->p = run->p + s->at;
    if (run->p) return RT_ok;
    piece->len = RT_MIN(piece->len, PIECE);
    RT_TRY(need_buffer(s, PIECE));
    piece->p = s->buffer;
    return rt_spill_read(s->job->spill, run->at + s->at, s->buffer, piece->len);
}

static rt_status next_plain(stream *s, rt_piece *piece) {
    while (s->run < s->runs->n) {
        const rt_run *run = &s->runs->items[s->run];
        if (s->at < run->len) {
            RT_TRY(run_bytes(s, run, piece));
            s->at += piece->len;
            return RT_ok;
        }
        s->run++;
        s->at = 0;
    }
    return RT_ok;
}

/* Bytes without frames, line by line; what a console takes is never spilled. */
static rt_status next_line(stream *s, rt_piece *piece) {
    while (s->run < s->runs->n && s->at == s->runs->items[s->run].len) {
        s->run++;
        s->at = 0;
    }
    if (s->run == s->runs->n) return RT_ok;
    const rt_run *run = &s->runs->items[s->run];
    RT_TRY(run_bytes(s, run, piece));
    const uint8_t *nl = memchr(piece->p, '\n', (size_t)piece->len);
    if (nl) piece->len = nl + 1 - piece->p;
    s->at += piece->len;
    return RT_ok;
}

/* ---- merged --------------------------------------------------------------------------- */

static bool same_path(const stream *s, const uint8_t *frame) {
    uint32_t n = flow_frame_klen(frame);
    return s->path && strlen(s->path) == n && !memcmp(s->path, flow_frame_key(frame), n);
}

static void set_path(stream *s, const uint8_t *frame) {
    uint32_t n = flow_frame_klen(frame);
    free(s->path);
    s->path = rt_alloc((size_t)n + 1);
    memcpy(s->path, flow_frame_key(frame), n);
    s->fresh = true;
}

/* Payloads copied together up to a piece, or to the end of a partition. */
static rt_status next_merged(stream *s, rt_piece *piece) {
    rt_status status = RT_ok;
    bool paths = s->sink->decl->partition;
    int64_t used = 0;
    if (!s->frame) s->frame = rt_merge_next(s->merge, &status);
    if (s->frame && paths && !same_path(s, s->frame)) set_path(s, s->frame);
    while (s->frame) {
        int64_t n = flow_frame_plen(s->frame);
        if (paths && !same_path(s, s->frame)) break;
        if (used && used + n > PIECE) break;
        if (!used) RT_TRY(need_buffer(s, RT_MAX(n, PIECE)));
        memcpy(s->buffer + used, flow_frame_payload(s->frame), (size_t)n);
        used += n;
        s->frame = rt_merge_next(s->merge, &status);
    }
    *piece = (rt_piece){s->buffer, used, paths ? s->path : NULL};
    return status;
}

static rt_status next_row(stream *s, rt_piece *piece) {
    rt_status status;
    const uint8_t *frame = rt_merge_next(s->merge, &status);
    if (frame)
        *piece = (rt_piece){flow_frame_payload(frame), flow_frame_plen(frame), NULL};
    return status;
}

/* ---- the stream ------------------------------------------------------------------------ */

static rt_status begin_merge(stream *s) {
    if (s->merge) return RT_ok;
    s->merge = rt_merge_new(s->job, s->runs);
    return s->merge ? RT_ok : short_of(s);
}

static rt_status give_piece(stream *s, rt_piece *piece) {
    bool lines = s->sink->ops->lines;
    *piece = (rt_piece){0};
    if (!s->sink->decl->framed) return lines ? next_line(s, piece) : next_plain(s, piece);
    RT_TRY(begin_merge(s));
    return lines ? next_row(s, piece) : next_merged(s, piece);
}

/* The sum is over paths and bytes, so it does not show how the rows were cut in pieces. */
static rt_status next_piece(rt_output *out, rt_piece *piece) {
    stream *s = out->stream;
    RT_TRY(give_piece(s, piece));
    if (!s->job->sums) return RT_ok;
    if (s->fresh && piece->path)
        s->crc = rt_crc32c(s->crc, piece->path, (int64_t)strlen(piece->path) + 1);
    s->fresh = false;
    s->crc = rt_crc32c(s->crc, piece->p, piece->len);
    s->over = !piece->len;
    return RT_ok;
}

bool rt_output_over(const rt_output *out, uint32_t *crc) {
    const stream *s = out->stream;
    *crc = s->crc;
    return s->over;
}

static void rewind_output(rt_output *out) {
    stream *s = out->stream;
    rt_merge_free(s->merge);
    s->merge = NULL;
    s->frame = NULL;
    s->run = s->at = 0;
    s->crc = 0;
    s->fresh = s->over = false;
    free(s->path);
    s->path = NULL;
}

void rt_output_open(rt_job *job, int64_t sink, const rt_exchange *rows, rt_output *out) {
    stream *s = rt_alloc(sizeof *s);
    *s = (stream){.job = job, .sink = &job->sinks[sink], .runs = &rows->parts[0]};
    *out = (rt_output){.rows = rows->rows,
                       .next = next_piece,
                       .rewind = rewind_output,
                       .stream = s};
}

void rt_output_close(rt_output *out) {
    stream *s = out->stream;
    if (!s) return;
    rewind_output(out);
    rt_mem_put(s->job->mem, RT_OWNER_SINK, s->buffer, s->size);
    free(s);
    out->stream = NULL;
}

/* ---- spilling ------------------------------------------------------------------------- */

/* A run on its way to its place in the file, through a buffer. */
typedef struct spilling {
    rt_spill *file;
    int64_t at; /* of what the buffer holds */
    int64_t used;
    uint8_t buffer[32 << 10];
} spilling;

static rt_status spill_flush(spilling *s) {
    RT_TRY(rt_spill_write(s->file, s->at, s->buffer, s->used));
    s->at += s->used;
    s->used = 0;
    return RT_ok;
}

static rt_status spill_put(void *arg, const uint8_t *p, int64_t len) {
    spilling *s = arg;
    if (len >= (int64_t)sizeof s->buffer) {
        RT_TRY(spill_flush(s));
        RT_TRY(rt_spill_write(s->file, s->at, p, len));
        s->at += len;
        return RT_ok;
    }
    if (s->used + len > (int64_t)sizeof s->buffer) RT_TRY(spill_flush(s));
    memcpy(s->buffer + s->used, p, (size_t)len);
    s->used += len;
    return RT_ok;
}

/* Frames are sorted on the way. */
static rt_status spill_run(rt_job *job, rt_run *run, bool framed) {
    spilling *s = rt_alloc(sizeof *s);
    s->file = job->spill;
    s->at = run->at = rt_spill_place(job->spill, run->len);
    rt_status status = framed ? rt_sorted_put(job->mem, run->p, run->len, spill_put, s)
                              : spill_put(s, run->p, run->len);
    if (status == RT_ok) status = spill_flush(s);
    free(s);
    if (status != RT_ok) return status;
    rt_mem_put(job->mem, RT_OWNER_EXCHANGE, run->p, run->size);
    run->p = NULL;
    run->size = 0;
    run->sorted = false;
    return RT_ok;
}

/* Is what goes to this port kept until the batch ends? */
static bool kept(const rt_job *job, const rt_port_decl *port, bool *framed) {
    const rt_program *p = job->program;
    if (port->to_sink) {
        *framed = p->sinks[port->id].framed;
        return !job->sinks[port->id].ops->lines;
    }
    *framed = p->exchanges[port->id].ordered;
    for (int64_t i = 0; i < p->nstages; i++)
        if (p->stages[i].exchange == port->id) return !job->runs[i].direct;
    return false;
}

static rt_status copy_put(void *arg, const uint8_t *p, int64_t len) {
    uint8_t **to = arg;
    memcpy(*to, p, (size_t)len);
    *to += len;
    return RT_ok;
}

/* Frames in order instead of those of the buffer; false without memory. */
static bool sorted_copy(rt_job *job, rt_out *out, flow_buf *buf) {
    int64_t len = buf->p - buf->base, old = buf->end - buf->base + RT_SLACK;
    int64_t size = len + RT_SLACK;
    uint8_t *base = rt_mem_get(job->mem, RT_OWNER_EXCHANGE, &size);
    uint8_t *to = base;
    if (!base) return false;
    if (rt_sorted_put(job->mem, buf->base, len, copy_put, &to) != RT_ok) {
        rt_mem_put(job->mem, RT_OWNER_EXCHANGE, base, size);
        return false;
    }
    rt_mem_put(job->mem, RT_OWNER_EXCHANGE, buf->base, old);
    out->held += size - old;
    *buf = (flow_buf){base, base + len, base + size - RT_SLACK, buf->rows};
    return true;
}

/* Puts the buffer aside as a run that is known to be in order. */
static void sort_buf(rt_job *job, rt_out *out, flow_buf *buf) {
    int64_t len = buf->p - buf->base;
    if (!len) return;
    if (!rt_is_sorted(buf->base, len) && !sorted_copy(job, out, buf)) return;
    int64_t size = buf->end - buf->base + RT_SLACK;
    rt_run run = {buf->base, len, size, buf->rows, 0, true};
    rt_out_put_aside(out, buf - out->bufs, run);
    *buf = (flow_buf){0};
}

void rt_out_sort(rt_job *job, const rt_stage_decl *stage, rt_out *out) {
    for (int64_t i = 0; i < stage->nports; i++) {
        bool framed;
        kept(job, &stage->ports[i], &framed);
        int64_t n = stage->ports[i].to_sink ? 1 : rt_job_parts(job, stage->ports[i].id);
        for (int64_t k = 0; framed && k < n; k++)
            if (out->ports[i][k].base) sort_buf(job, out, &out->ports[i][k]);
    }
}

static rt_status spill_buf(rt_job *job, rt_out *out, flow_buf *buf, bool framed) {
    int64_t size = buf->base ? buf->end - buf->base + RT_SLACK : 0;
    rt_run run = {buf->base, buf->p - buf->base, size, buf->rows, 0, false};
    if (run.len < SPILL_FROM) return RT_ok;
    *buf = (flow_buf){0};
    rt_filled *filled = rt_out_put_aside(out, buf - out->bufs, run);
    out->held -= size;
    return spill_run(job, &filled->run, framed);
}

static rt_status spill_port(rt_job *job, rt_out *out, const rt_stage_decl *stage,
                            int64_t port, bool framed) {
    flow_buf *first = out->ports[port];
    int64_t n = stage->ports[port].to_sink ? 1 : rt_job_parts(job, stage->ports[port].id);
    for (int64_t i = 0; i < out->nfilled; i++) {
        rt_filled *f = &out->filled[i];
        if (f->buf < first - out->bufs || f->buf >= first - out->bufs + n) continue;
        if (!f->run.p || f->run.len < SPILL_FROM) continue;
        out->held -= f->run.size;
        RT_TRY(spill_run(job, &f->run, framed));
    }
    for (int64_t i = 0; i < n; i++) RT_TRY(spill_buf(job, out, &first[i], framed));
    return RT_ok;
}

rt_status rt_out_spill(rt_job *job, const rt_stage_decl *stage, rt_out *out) {
    int64_t used = rt_mem_used(job->mem, RT_OWNER_EXCHANGE);
    if (used <= rt_mem_transient_share(job->mem) / 3) return RT_ok;
    for (int64_t i = 0; i < stage->nports; i++) {
        bool framed;
        if (kept(job, &stage->ports[i], &framed))
            RT_TRY(spill_port(job, out, stage, i, framed));
    }
    return RT_ok;
}
