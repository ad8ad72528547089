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
    p->fd = rt_os_open(path, O_RDONLY, 0);
    if (p->fd < 0)
        return (rt_status)rt_fail(RT_io, "cannot open %s: %s", path, strerror(errno));
    rt_feed_open(&p->feed, &p->live, object, RT_RECORD_MAX);
    if (rt_os_fstat(p->fd, &st) == 0 && !S_ISREG(st.st_mode))
        return (rt_status)rt_fail(RT_io, "%s is not a regular file", path);
    posix_fadvise(p->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return rt_unpack_open(&p->unpack, ops, path);
}

/* More of the file's text into blocks; *done at its end. */
static rt_status feed_some(rt_packed *p, bool *done) {
    rt_unpack *u = &p->unpack;
    int64_t room, got;
    uint8_t *to = rt_feed_room(&p->feed, &room);
    if (!to)
        return p->live.first ? RT_ok
                             : (rt_status)rt_fail(RT_memory, "no memory to read %s: raise "
                                                             "`memory`", u->name);
    if (rt_unpack_is_dry(u)) {
        int64_t n = rt_os_read(p->fd, u->raw, RT_UNPACK_RAW);
        if (n < 0)
            return (rt_status)rt_fail(RT_io, "cannot read %s: %s", u->name, strerror(errno));
        u->at = 0;
        u->len = n;
        if (n == 0) {
            RT_TRY(rt_unpack_end(u));
            rt_feed_end(&p->feed, true);
            *done = true;
            return RT_ok;
        }
    }
    RT_TRY(rt_unpack_take(u, to, room, &got));
    rt_feed_add(&p->feed, got);
    return RT_ok;
}

rt_status rt_packed_take(rt_packed *p, int64_t object, const char *path,
                         const rt_unpacker *ops, int64_t limit, rt_input *in, bool *done) {
    bool over = false;
    *done = false;
    if (p->fd < 0) RT_TRY(open_file(p, object, path, ops));
    while (!over && in->bytes < limit) {
        RT_TRY(feed_some(p, &over));
        RT_TRY(rt_live_take(&p->live, limit, over, in));
    }
    *done = over;
    if (over) close_file(p);
    return RT_ok;
}
