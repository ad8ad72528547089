/* file_read.c - see file_read.h.
 *
 * pread into a recycled buffer rather than mmap: a copy from the page cache into a buffer
 * that stays in the core's cache costs less than the page faults, and a file that is cut
 * short while it is read gives a short read instead of a SIGBUS. */
#include "runtime/io/file_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/kernel/k_error.h"

/* Read beyond a range at once: holds the rest of most records. */
#define AHEAD 4096

/* ---- the buffer ------------------------------------------------------------------ */

bool rt_reader_room(rt_reader *r, int64_t bytes) {
    int64_t need = bytes + RT_SLACK;
    if (r->size >= need) return true;
    int64_t size = need;
    uint8_t *p;
    if (r->buffer)
        p = rt_mem_grow(r->mem, RT_OWNER_BLOCK, r->buffer, r->size, r->size, &size);
    else
        p = rt_mem_get(r->mem, RT_OWNER_BLOCK, &size);
    if (!p) return false;
    r->buffer = p;
    r->size = size;
    return true;
}

void rt_reader_free(rt_reader *r) {
    rt_mem_put(r->mem, RT_OWNER_BLOCK, r->buffer, r->size);
    r->buffer = NULL;
    r->size = 0;
}

/* ---- opening --------------------------------------------------------------------- */

static rt_status cannot(const char *what, const char *path) {
    return (rt_status)rt_fail(RT_io, "cannot %s %s: %s", what, path, strerror(errno));
}

/* One past the first line end at even quotes, or null. */
static const uint8_t *record_end(const uint8_t *p, const uint8_t *end, bool multiline,
                                 int64_t *quotes) {
    while (p < end) {
        const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));
        if (!multiline) return nl ? nl + 1 : NULL;
        const uint8_t *to = nl ? nl : end;
        *quotes ^= rt_count_byte(p, to - p, '"') & 1;
        if (!nl) return NULL;
        p = nl + 1;
        if (!*quotes) return p;
    }
    return NULL;
}

/* Reads the header record that begins at f->data and moves f->data behind it. */
static rt_status read_header(rt_file *f, bool multiline) {
    int64_t room = 64 << 10, have;
    uint8_t *text = NULL;
    const uint8_t *end = NULL;
    for (;; room *= 4) {
        text = rt_realloc(text, (size_t)room);
        have = rt_os_pread_all(f->fd, text, RT_MIN(room, f->size - f->data), f->data);
        if (have < 0) {
            free(text);
            return cannot("read", f->path);
        }
        int64_t quotes = 0;
        end = record_end(text, text + have, multiline, &quotes);
        if (end || have < room) break;
        if (room > RT_RECORD_MAX) {
            free(text);
            return (rt_status)rt_fail(RT_run, "%s: the header is longer than 16 MiB",
                                      f->path);
        }
    }
    int64_t whole = end ? end - text : have, len = whole;
    if (end) len--;
    if (len && text[len - 1] == '\r') len--;
    f->header = text;
    f->header_len = len;
    f->data += whole;
    return RT_ok;
}

rt_status rt_file_head(rt_file *f, const rt_source_decl *decl) {
    uint8_t mark[3];
    f->data = 0;
    if (decl->format != RT_BINARY) {
        int64_t got = rt_os_pread_all(f->fd, mark, 3, 0);
        if (got < 0) return cannot("read", f->path);
        if (got == 3 && !memcmp(mark, "\xef\xbb\xbf", 3)) f->data = 3;
    }
    if (decl->header && f->size > f->data) return read_header(f, decl->multiline);
    return RT_ok;
}

rt_status rt_file_open(rt_file *f, const rt_source_decl *decl) {
    f->fd = rt_os_open(f->path, O_RDONLY | O_NONBLOCK, 0);
    if (f->fd < 0) return cannot("open", f->path);
    struct stat st;
    if (rt_os_fstat(f->fd, &st) < 0) return cannot("read", f->path);
    if (!S_ISREG(st.st_mode)) {
        rt_file_close(f);
        return (rt_status)rt_fail(RT_io, "%s is not a regular file%s", f->path,
                                  S_ISDIR(st.st_mode) ? "; `watch` reads directories"
                                                      : "; `stdin` reads pipes");
    }
    f->size = st.st_size;
    posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return rt_file_head(f, decl);
}

rt_status rt_file_preload(rt_file *f, rt_mem *mem) {
    int64_t room = f->size + 1 + RT_SLACK;
    f->memory = rt_mem_get(mem, RT_OWNER_BLOCK, &room);
    if (!f->memory)
        return (rt_status)rt_fail(RT_memory,
                                  "no memory for all of %s, as `preload` asks for: raise `memory`",
                                  f->path);
    f->memory_size = room;
    f->mem = mem;
    rt_os_huge(f->memory, room);
    int64_t got = rt_os_pread_all(f->fd, f->memory, f->size, 0);
    if (got < 0) return cannot("read", f->path);
    if (got < f->size)
        return (rt_status)rt_fail(RT_io, "%s became shorter while it was read", f->path);
    f->memory[f->size] = '\n'; /* now, and not by whoever reads the last line */
    return RT_ok;
}

void rt_file_close(rt_file *f) {
    if (f->memory) rt_mem_put(f->mem, RT_OWNER_BLOCK, f->memory, f->memory_size);
    f->memory = NULL;
    if (f->fd >= 0) rt_os_close(f->fd);
    f->fd = -1;
    free(f->header);
    f->header = NULL;
}

/* ---- reading --------------------------------------------------------------------- */

/* What a read is about: from `lead` on the buffer holds the bytes [at, at + have) of the file.
 *
 * The lead puts each byte where it has in its page of the file, and LEAD bytes on: the copy
 * of the system is slow on some processors where the target begins up to 16 bytes behind the
 * source, by their places in a page (rep movsb; on a Zen 4 pread of blocks in the page cache
 * gave 2.5 GB/s to such places, 18 GB/s to others). */
typedef struct span {
    const rt_file *f;
    rt_reader *r;
    int64_t at, lead, have;
} span;

#define LEAD 64

static span span_at(const rt_file *f, rt_reader *r, int64_t at) {
    return (span){.f = f, .r = r, .at = at, .lead = at % 4096 + LEAD};
}

/* Where byte 0 of the file would be. */
static uint8_t *base_of(const span *s) {
    return s->f->memory ? s->f->memory : s->r->buffer + s->lead - s->at;
}

/* Reads up to `to` (a file offset, at most the size). */
static rt_status fill(span *s, int64_t to) {
    int64_t want = RT_MIN(to, s->f->size) - s->at;
    if (want <= s->have) return RT_ok;
    if (s->f->memory) {
        s->have = want;
        return RT_ok;
    }
    if (!rt_reader_room(s->r, s->lead + want + 1))
        return (rt_status)rt_fail(RT_memory, "no memory to read %s: raise `memory`",
                                  s->f->path);
    int64_t from = s->at + s->have;
    int64_t got = rt_os_pread_all(s->f->fd, base_of(s) + from, want - s->have, from);
    if (got < 0) return cannot("read", s->f->path);
    if (got < want - s->have)
        return (rt_status)rt_fail(RT_io, "%s became shorter while it was read",
                                  s->f->path);
    s->have = want;
    return RT_ok;
}

static void set_bad(span *s, int64_t from, int64_t len, int32_t code) {
    rt_reader *r = s->r;
    r->bad = base_of(s) + from;
    r->bad_len = RT_MIN(len, RT_RECORD_KEPT);
    r->bad_offset = from;
    r->bad_code = code;
}

/* The start of the last record of [start, end), which are whole records up to it. */
static int64_t last_record(const span *s, int64_t start, int64_t end, bool multiline) {
    const uint8_t *base = base_of(s);
    if (!multiline) {
        const uint8_t *nl = rt_last_line(base + start, end - start);
        return nl ? nl + 1 - base : start;
    }
    const uint8_t *p = base + start, *next;
    int64_t quotes = 0;
    while ((next = record_end(p, base + end, true, &quotes))) p = next;
    return p - base;
}

/* Reads on until the record that is open at file offset `to` ends.  *end becomes its end,
 * or the start of a record that is too long. */
static rt_status extend(span *s, int64_t start, int64_t to, bool multiline,
                        int64_t *end) {
    int64_t quotes = 0, seen = to - 1, step = AHEAD;
    const uint8_t *p = base_of(s);
    if (multiline) quotes = rt_count_byte(p + start, seen - start, '"') & 1;
    for (;;) {
        p = base_of(s);
        int64_t have = s->at + s->have;
        const uint8_t *found = record_end(p + seen, p + have, multiline, &quotes);
        bool last = have >= s->f->size;
        int64_t stop = found ? found - p : have;
        if (!found && !last && stop - to <= RT_RECORD_MAX) {
            seen = have;
            step *= 4;
            RT_TRY(fill(s, have + step));
            continue;
        }
        if (stop - start > RT_RECORD_MAX) {
            int64_t begin = last_record(s, start, to - 1, multiline);
            int64_t len = stop - begin - (found ? 1 : 0);
            if (len > RT_RECORD_MAX) {
                set_bad(s, begin, len, FLOW_E_too_long);
                stop = begin;
            }
        }
        *end = stop;
        return RT_ok;
    }
}

static rt_status read_lines(const rt_file *f, const rt_source_decl *decl, const rt_unit *unit,
                            rt_reader *r) {
    int64_t from = RT_MAX(unit->from, f->data), to = unit->to;
    if (from >= to) return RT_ok;
    bool exact = unit->exact || from == f->data;
    span s = span_at(f, r, exact ? from : from - 1);
    RT_TRY(fill(&s, to + AHEAD));
    int64_t start = from, end;
    if (!exact) {
        const uint8_t *p = base_of(&s);
        int64_t quotes = unit->quotes ^ (p[from - 1] == '"');
        const uint8_t *first = record_end(p + from - 1, p + to - 1, decl->multiline, &quotes);
        if (!first) return RT_ok; /* no record begins here */
        start = first - p;
    }
    RT_TRY(extend(&s, start, to, decl->multiline, &end));
    uint8_t *p = base_of(&s);
    if (end > start && p[end - 1] != '\n') {
        if (!f->memory) p[end] = '\n';
        end++;
    }
    r->p = p + start;
    r->end = p + end;
    r->offset = start;
    return RT_ok;
}

/* Records of one length: those that begin in the range; a short last one is malformed. */
static rt_status read_fixed(const rt_file *f, int64_t record, const rt_unit *unit,
                            rt_reader *r) {
    int64_t start = (unit->from + record - 1) / record * record;
    int64_t end = (unit->to + record - 1) / record * record;
    if (start >= end || start >= f->size) return RT_ok;
    span s = span_at(f, r, start);
    RT_TRY(fill(&s, end));
    int64_t whole = s.have / record * record;
    r->p = base_of(&s) + start;
    r->end = r->p + whole;
    r->offset = start;
    if (whole < s.have) set_bad(&s, start + whole, s.have - whole, FLOW_E_malformed);
    return RT_ok;
}

rt_status rt_file_read(const rt_file *f, const rt_source_decl *decl, const rt_unit *unit,
                       rt_reader *r) {
    rt_assert(f->fd >= 0 && unit->to <= f->size);
    r->p = r->end = NULL;
    r->bad_code = 0;
    r->numbered = false;
    if (decl->format == RT_BINARY) return read_fixed(f, decl->record, unit, r);
    return read_lines(f, decl, unit, r);
}

rt_status rt_file_cut(const rt_file *f, const rt_source_decl *decl, int64_t from, int64_t *to,
                      int64_t *rows) {
    uint8_t bytes[16384];
    int64_t most = *rows, at = from;
    if (decl->format == RT_BINARY) {
        int64_t first = from / decl->record, there = *to / decl->record - first;
        *rows = RT_MIN(most, there);
        if (there >= most) *to = RT_MAX((first + most) * decl->record, from);
        return RT_ok;
    }
    for (*rows = 0; at < *to && *rows < most;) {
        int64_t n = rt_os_pread_all(f->fd, bytes, RT_MIN((int64_t)sizeof bytes, *to - at), at);
        if (n < 0) return cannot("read", f->path);
        if (n == 0) return RT_ok; /* who reads it will tell */
        const uint8_t *p = bytes, *end = p + n, *nl;
        while (*rows < most && (nl = memchr(p, '\n', (size_t)(end - p)))) {
            p = nl + 1;
            ++*rows;
        }
        at += *rows < most ? n : p - bytes;
    }
    *to = at;
    return RT_ok;
}

rt_status rt_file_quotes(const rt_file *f, const rt_unit *unit, rt_reader *r,
                         int64_t *count) {
    span s = span_at(f, r, RT_MAX(unit->from, f->data));
    *count = 0;
    if (s.at >= unit->to) return RT_ok;
    RT_TRY(fill(&s, unit->to));
    *count = rt_count_byte(base_of(&s) + s.at, s.have, '"');
    return RT_ok;
}
