/* place.c - see place.h. */
#include "runtime/io/place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

/* Of one batch and source: a batch of the greatest size in the shortest blocks that make
 * sense has no more. */
#define MOST_UNITS (INT64_C(1) << 22)

/* ---- marks ---------------------------------------------------------------------------- */

/* False if there are no `n` bytes at `from`. */
static bool checksum(int fd, int64_t from, int64_t n, uint32_t *crc) {
    uint8_t bytes[RT_MARK_BYTES];
    if (rt_os_pread_all(fd, bytes, n, from) != n) return false;
    *crc = rt_crc32c(0, bytes, n);
    return true;
}

void rt_mark_write(rt_wire *w, int fd, int64_t at) {
    int64_t n = RT_MIN(at, RT_MARK_BYTES);
    uint32_t head, tail;
    /* Not readable now: nothing is known, and nothing will be compared. */
    if (!checksum(fd, 0, n, &head) || !checksum(fd, at - n, n, &tail)) n = head = tail = 0;
    rt_wire_u32(w, (uint32_t)n);
    rt_wire_u32(w, head);
    rt_wire_u32(w, tail);
}

bool rt_mark_check(rt_unwire *r, int fd, int64_t at) {
    int64_t n = rt_unwire_u32(r);
    uint32_t head = rt_unwire_u32(r), tail = rt_unwire_u32(r), have;
    errno = 0;
    if (r->bad || n > RT_MARK_BYTES || n > at) return false;
    return checksum(fd, 0, n, &have) && have == head && checksum(fd, at - n, n, &have) &&
           have == tail;
}

/* ---- refusals ------------------------------------------------------------------------- */

rt_status rt_place_gone(const rt_source *s, const char *path) {
    return (rt_status)rt_fail(RT_refused,
                              "%s: %s is gone, and rows of it are still to be read\n"
                              "  put it back, or start anew with --fresh",
                              s->decl->name, path);
}

rt_status rt_place_short(const rt_source *s, const char *path, int64_t had, int64_t has) {
    return (rt_status)rt_fail(RT_refused,
                              "%s: %s had %" PRId64 " bytes when it was read and has %" PRId64
                              " now\n  put the old file back, or start anew with --fresh",
                              s->decl->name, path, had, has);
}

rt_status rt_place_other(const rt_source *s, const char *path) {
    if (errno)
        return (rt_status)rt_fail(RT_io, "%s: cannot read %s: %s", s->decl->name, path,
                                  strerror(errno));
    return (rt_status)rt_fail(RT_refused,
                              "%s: %s is not the file that was read in part: its bytes differ\n"
                              "  put the old file back, or start anew with --fresh",
                              s->decl->name, path);
}

rt_status rt_place_bad(const rt_source *s) {
    return (rt_status)rt_fail(RT_refused,
                              "%s: the checkpoint's position of this source makes no sense\n"
                              "  start anew with --fresh",
                              s->decl->name);
}

void rt_place_write_arg(rt_wire *w, const rt_source *s) {
    rt_wire_text(w, rt_option_text(s->decl->options, "arg", ""));
}

char *rt_place_read_text(rt_unwire *r) {
    int64_t n;
    const uint8_t *p = rt_unwire_bytes(r, &n);
    if (r->bad || memchr(p, 0, (size_t)n)) return NULL;
    char *text = rt_alloc((size_t)n + 1);
    if (n) memcpy(text, p, (size_t)n);
    return text;
}

rt_status rt_place_read_arg(rt_unwire *r, const rt_source *s) {
    const char *now = rt_option_text(s->decl->options, "arg", "");
    char *then = rt_place_read_text(r);
    rt_status status = RT_ok;
    if (!then)
        status = rt_place_bad(s);
    else if (strcmp(then, now))
        status = (rt_status)rt_fail(RT_refused,
                                    "%s: the checkpoint has read `%s`, and now it is `%s`\n"
                                    "  give it the old one, or start anew with --fresh",
                                    s->decl->name, then, now);
    free(then);
    return status;
}

/* ---- plans ---------------------------------------------------------------------------- */

/* Do both stand in one range? */
static bool goes_on(const rt_unit *a, const rt_unit *b, int64_t cut) {
    return !a->block && !b->block && a->object == b->object && a->to == b->from && !b->exact &&
           a->to % cut == 0;
}

static void write_block(rt_wire *w, const rt_block *b) {
    rt_wire_i64(w, b->at);
    rt_wire_i64(w, b->at + b->len);
    rt_wire_i64(w, b->first);
    rt_wire_i64(w, b->bad_len);
    rt_wire_u32(w, (uint32_t)b->bad_code);
}

void rt_units_write(rt_wire *w, const rt_input *in, int64_t cut, int64_t base,
                   const int64_t *number) {
    int64_t n = 0;
    for (int64_t i = 0; i < in->nunits; i++)
        n += i == 0 || !goes_on(&in->units[i - 1], &in->units[i], cut);
    rt_wire_i64(w, n);
    for (int64_t i = 0; i < in->nunits;) {
        const rt_unit *first = &in->units[i], *last = first;
        for (i++; i < in->nunits && goes_on(last, &in->units[i], cut); i++)
            last = &in->units[i];
        rt_wire_u8(w, first->block != NULL);
        rt_wire_i64(w, number ? number[first->object - base] : first->object);
        if (first->block) {
            write_block(w, first->block);
            continue;
        }
        rt_wire_i64(w, first->from);
        rt_wire_i64(w, last->to);
        rt_wire_i64(w, cut);
        rt_wire_u8(w, first->exact);
    }
}

int64_t rt_units_count(rt_unwire *r) { return rt_unwire_count(r, 34); }

bool rt_units_read(rt_unwire *r, rt_units_item *item) {
    *item = (rt_units_item){.block = rt_unwire_u8(r) != 0};
    item->object = rt_unwire_i64(r);
    item->from = rt_unwire_i64(r);
    item->to = rt_unwire_i64(r);
    if (item->block) {
        item->first = rt_unwire_i64(r);
        item->bad_len = rt_unwire_i64(r);
        item->bad_code = (int32_t)rt_unwire_u32(r);
    } else {
        item->cut = rt_unwire_i64(r);
        item->exact = rt_unwire_u8(r) != 0;
        if (item->cut < 1) return false;
    }
    return !r->bad && item->object >= 0 && item->from >= 0 && item->to >= item->from &&
           item->to <= INT64_MAX / 2 && item->bad_len >= 0 && item->bad_len <= RT_RECORD_KEPT;
}

bool rt_units_text(rt_unwire *r, const char *unit, char *const *names, int64_t n, rt_wire *out) {
    rt_units_item item;
    int64_t count = rt_units_count(r);
    if (!count) rt_wire_print(out, "nothing");
    for (int64_t i = 0; i < count; i++) {
        if (!rt_units_read(r, &item) || (names && item.object >= n)) return false;
        if (i) rt_wire_raw(out, ", ", 2);
        if (names) rt_wire_print(out, "%s ", names[item.object]);
        rt_wire_print(out, "%s %" PRId64 " to %" PRId64, unit, item.from, item.to);
    }
    return !r->bad;
}

bool rt_units_cut(rt_input *in, const rt_units_item *item, int64_t object) {
    if ((item->to - item->from) / item->cut > MOST_UNITS - in->nunits) return false;
    for (int64_t from = item->from; from < item->to;) {
        int64_t end = RT_MIN(item->to, (from / item->cut + 1) * item->cut);
        rt_unit unit = {.object = object, .from = from, .to = end};
        unit.exact = item->exact && from == item->from;
        rt_input_add(in, unit);
        from = end;
    }
    return true;
}
