/* packed.c - see packed.h.
 *
 * The coordinator unpacks: what a batch takes is there before its tasks begin, so the cut
 * depends on the text and the settings alone.  Where that is not fast enough, several
 * files do not help; plain files are read by all workers. */
#include "runtime/io/packed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

rt_packed *rt_packed_new(rt_source *s) {
    rt_packed *p = rt_alloc(sizeof *p);
    p->fd = -1;
    p->unpack.state = NULL;
    rt_live_open(&p->live, s, NULL);
    return p;
}

static void close_file(rt_packed *p) {
    if (p->fd < 0) return;
    rt_os_close(p->fd);
    p->fd = -1;
    p->over = false;
    rt_unpack_close(&p->unpack);
    rt_feed_drop(&p->feed);
}

void rt_packed_free(rt_packed *p) {
    if (!p) return;
    close_file(p);
    rt_live_close(&p->live);
    free(p);
}

static rt_status open_file(rt_packed *p, int64_t object, const char *path,
                           const rt_unpacker *ops) {
    struct stat st;
    p->text = 0;
    p->fd = rt_os_open(path, O_RDONLY, 0);
    if (p->fd < 0)
        return (rt_status)rt_fail(RT_io, "cannot open %s: %s", path, strerror(errno));
    rt_feed_open(&p->feed, &p->live, object, RT_RECORD_MAX);
    if (rt_os_fstat(p->fd, &st) == 0 && !S_ISREG(st.st_mode))
        return (rt_status)rt_fail(RT_io, "%s is not a regular file", path);
    posix_fadvise(p->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return rt_unpack_open(&p->unpack, ops, path);
}

/* More of the file's text; *end: there is none. */
static rt_status unpack_some(rt_packed *p, uint8_t *to, int64_t room, int64_t *got,
                             bool *end) {
    rt_unpack *u = &p->unpack;
    *got = 0;
    *end = false;
    if (rt_unpack_is_dry(u)) {
        int64_t n = rt_os_read(p->fd, u->raw, RT_UNPACK_RAW);
        if (n < 0)
            return (rt_status)rt_fail(RT_io, "cannot read %s: %s", u->name, strerror(errno));
        u->at = 0;
        u->len = n;
        if (n == 0) {
            *end = true;
            return rt_unpack_end(u);
        }
    }
    RT_TRY(rt_unpack_take(u, to, room, got));
    p->text += *got;
    return RT_ok;
}

/* The same, into blocks; *done at the end. */
static rt_status feed_some(rt_packed *p, bool *done) {
    int64_t room, got;
    uint8_t *to = rt_feed_room(&p->feed, &room);
    if (!to)
        return p->live.first ? RT_ok
                             : (rt_status)rt_fail(RT_memory, "no memory to read %s: raise "
                                                             "`memory`", p->unpack.name);
    RT_TRY(unpack_some(p, to, room, &got, done));
    if (*done) rt_feed_end(&p->feed, true);
    else rt_feed_add(&p->feed, got);
    return RT_ok;
}

rt_status rt_packed_take(rt_packed *p, int64_t object, const char *path,
                         const rt_unpacker *ops, int64_t limit, rt_input *in, bool *done) {
    if (p->fd < 0) RT_TRY(open_file(p, object, path, ops));
    for (;;) {
        if (!p->over) RT_TRY(feed_some(p, &p->over));
        RT_TRY(rt_live_take(&p->live, limit, p->over, in));
        if (p->over || in->bytes >= limit || !rt_source_rows_left(p->live.source, in)) break;
    }
    *done = p->over && !p->live.first;
    if (*done) close_file(p);
    return RT_ok;
}

/* ---- with a checkpoint ---------------------------------------------------------------- */

/* Reads up to n bytes of text; null: lets them go.  *got is less only at the end. */
static rt_status read_text(rt_packed *p, uint8_t *to, int64_t n, int64_t *got) {
    uint8_t scratch[16384];
    bool end = false;
    *got = 0;
    while (*got < n && !end) {
        int64_t k, room = to ? n - *got : RT_MIN(n - *got, (int64_t)sizeof scratch);
        RT_TRY(unpack_some(p, to ? to + *got : scratch, room, &k, &end));
        *got += k;
    }
    return RT_ok;
}

/* Has the file at hand, and `at` next of its text. */
static rt_status go_to(rt_packed *p, int64_t object, const char *path,
                       const rt_unpacker *ops, int64_t at) {
    int64_t got;
    if (p->fd >= 0 && (p->feed.object != object || p->text > at)) close_file(p);
    if (p->fd < 0) RT_TRY(open_file(p, object, path, ops));
    int64_t n = at - p->text;
    RT_TRY(read_text(p, NULL, n, &got));
    if (got == n) return RT_ok;
    return rt_place_short(p->live.source, path, at, p->text);
}

void rt_packed_save(rt_packed *p, rt_wire *w) {
    int64_t len = 0;
    struct stat st;
    rt_wire_u8(w, p && p->fd >= 0);
    if (!p || p->fd < 0) return;
    rt_feed_place at = rt_feed_where(&p->feed);
    const uint8_t *header = rt_live_header(&p->live, p->feed.object, &len);
    rt_wire_i64(w, at.at);
    rt_wire_i64(w, at.records);
    rt_wire_u8(w, (uint8_t)(at.skip | at.begun << 1 | at.head_done << 2));
    rt_wire_u8(w, header != NULL);
    rt_wire_bytes(w, header, header ? len : 0);
    int64_t size = rt_os_fstat(p->fd, &st) == 0 ? st.st_size : 0;
    rt_wire_i64(w, size);
    rt_mark_write(w, p->fd, RT_MIN(size, RT_MARK_BYTES));
}

bool rt_packed_read_place(rt_unwire *r, rt_packed_place *place) {
    *place = (rt_packed_place){.begun = rt_unwire_u8(r) == 1};
    if (!place->begun) return !r->bad;
    place->feed.at = rt_unwire_i64(r);
    place->feed.records = rt_unwire_i64(r);
    int flags = rt_unwire_u8(r);
    place->feed.skip = flags & 1;
    place->feed.begun = flags >> 1 & 1;
    place->feed.head_done = flags >> 2 & 1;
    bool header = rt_unwire_u8(r) == 1;
    const uint8_t *text = rt_unwire_bytes(r, &place->header_len);
    if (header) place->header = text;
    place->size = rt_unwire_i64(r);
    return !r->bad && place->feed.at >= 0 && place->feed.records >= 0 && place->size >= 0;
}

rt_status rt_packed_resume(rt_packed *p, const rt_packed_place *place, int64_t object,
                           const char *path, const rt_unpacker *ops) {
    if (!place->begun) {
        close_file(p);
        return RT_ok;
    }
    RT_TRY(go_to(p, object, path, ops, place->feed.at));
    rt_feed_drop(&p->feed);
    rt_feed_open(&p->feed, &p->live, object, RT_RECORD_MAX);
    rt_feed_resume(&p->feed, place->feed);
    if (place->header)
        rt_live_set_header(&p->live, object, place->header, place->header_len);
    return RT_ok;
}

rt_status rt_packed_again(rt_packed *p, const rt_units_item *item, int64_t object,
                          const char *path, const rt_unpacker *ops, rt_input *in) {
    int64_t len = item->to - item->from, want = len + item->bad_len, got;
    RT_TRY(go_to(p, object, path, ops, item->from));
    rt_block *b = rt_block_new(p->live.source->env->mem, want);
    if (!b)
        return (rt_status)rt_fail(RT_memory, "no memory to read %s: raise `memory`", path);
    rt_status status = read_text(p, b->base, want, &got);
    /* The last record's line end was added when it was read first. */
    const rt_source_decl *decl = p->live.source->decl;
    bool lines = decl->format != RT_BINARY;
    if (status == RT_ok && lines && got == want - 1 && !item->bad_len) b->base[got++] = '\n';
    if (status == RT_ok && got < want)
        status = rt_place_short(p->live.source, path, item->from + want, p->text);
    if (status != RT_ok) {
        rt_block_free(p->live.source->env->mem, b);
        return status;
    }
    b->len = len;
    b->object = object;
    b->at = item->from;
    b->first = item->first;
    b->bad_len = item->bad_len;
    b->bad_code = item->bad_code;
    b->rows = rt_count_records(decl, b->base, len);
    rt_live_again(&p->live, b, in);
    return RT_ok;
}
