/* pack.c - see pack.h. */
#include "runtime/io/pack.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

/* Of text given to the library at once, and of a piece that goes out. */
#define PORTION (INT64_C(128) << 10)

typedef struct packing {
    rt_output *from;
    const rt_packer *ops;
    rt_mem *mem;
    const char *header;
    bool always;
    void *state;
    uint8_t *buffers;      /* the portion, then the piece */
    int64_t size;
    rt_piece rest;         /* of the text's piece at hand: not yet in a portion */
    bool over;             /* there are no more pieces */
    bool begun;            /* a member was */
    bool open;             /* one is */
    bool last;             /* the portion is the member's last */
    int64_t at, len;       /* portion[at, len) is still to be packed */
    const char *head;      /* of the header: not yet in a portion */
    char *path;            /* of the open member */
} packing;

static bool same_path(const packing *p, const char *path) {
    return path == p->path || (path && p->path && !strcmp(path, p->path));
}

static rt_status look_ahead(packing *p) {
    while (!p->rest.len && !p->over) {
        RT_TRY(p->from->next(p->from, &p->rest));
        if (!p->rest.len) p->over = true;
    }
    return RT_ok;
}

static void begin_member(packing *p) {
    free(p->path);
    p->path = p->rest.len && p->rest.path ? rt_strdup(p->rest.path) : NULL;
    p->head = p->header;
    p->begun = p->open = true;
    p->last = false;
    p->at = p->len = 0;
}

static void add(packing *p, const void *from, int64_t n) {
    memcpy(p->buffers + p->len, from, (size_t)n);
    p->len += n;
}

/* Fills the portion, which is empty; short ones are the last of their member. */
static rt_status fill(packing *p) {
    p->at = p->len = 0;
    int64_t n = RT_MIN((int64_t)strlen(p->head), PORTION);
    add(p, p->head, n);
    p->head += n;
    while (p->len < PORTION) {
        RT_TRY(look_ahead(p));
        if (p->over || !same_path(p, p->rest.path)) {
            p->last = true;
            return RT_ok;
        }
        n = RT_MIN(p->rest.len, PORTION - p->len);
        add(p, p->rest.p, n);
        p->rest.p += n;
        p->rest.len -= n;
    }
    return RT_ok;
}

static rt_status pack_next(rt_output *out, rt_piece *piece) {
    packing *p = out->stream;
    *piece = (rt_piece){0};
    if (!p->open) {
        RT_TRY(look_ahead(p));
        if (p->over && (p->begun || !p->always)) return RT_ok;
        begin_member(p);
    }
    rt_codec_io io = {.out = p->buffers + PORTION, .room = PORTION};
    while (io.room && p->open) {
        const char *why = "";
        if (p->at == p->len && !p->last) RT_TRY(fill(p));
        io.in = p->buffers + p->at;
        io.in_len = p->len - p->at;
        rt_codec_end end = p->ops->step(p->state, &io, p->last, &why);
        if (end == RT_CODEC_BAD) return (rt_status)rt_fail(RT_io, "cannot compress: %s", why);
        p->at = p->len - io.in_len;
        p->open = end != RT_CODEC_END;
    }
    *piece = (rt_piece){p->buffers + PORTION, PORTION - io.room, p->path};
    return RT_ok;
}

static void pack_rewind(rt_output *out) {
    packing *p = out->stream;
    p->from->rewind(p->from);
    p->rest = (rt_piece){0};
    p->over = p->begun = p->open = false;
    if (p->state) p->ops->close(p->state);
    p->state = p->ops->open();
}

rt_status rt_pack_open(rt_output *out, rt_output *from, const rt_packer *ops, rt_mem *mem,
                       const char *header, bool always) {
    packing *p = rt_alloc(sizeof *p);
    *p = (packing){.from = from, .ops = ops, .mem = mem, .header = header, .always = always,
                   .state = ops->open(), .size = 2 * PORTION};
    p->buffers = rt_mem_get(mem, RT_OWNER_SINK, &p->size);
    *out = *from;
    out->next = pack_next;
    out->rewind = pack_rewind;
    out->stream = p;
    if (p->state && p->buffers) return RT_ok;
    rt_pack_close(out);
    return (rt_status)rt_fail(RT_again, "no memory to compress");
}

void rt_pack_close(rt_output *out) {
    packing *p = out->stream;
    if (!p) return;
    if (p->state) p->ops->close(p->state);
    if (p->buffers) rt_mem_put(p->mem, RT_OWNER_SINK, p->buffers, p->size);
    free(p->path);
    free(p);
    out->stream = NULL;
}
