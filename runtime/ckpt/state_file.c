/* state_file.c - the reading half of state_file.h; state_write.c has the other.
 *
 * Nothing that is read is believed before its checksum fits and its lengths fit the file:
 * memory taken is at most that of the footer, and of the longest op for each reader. */
#define _GNU_SOURCE
#include "runtime/ckpt/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/ckpt/state_form.h"
#include "runtime/kernel/k_mem.h"

struct rt_state_file {
    char *what;
    int fd; /* -1: bytes */
    const uint8_t *bytes;
    int64_t length;
    uint32_t crc;
    rt_state_head head;
    uint8_t *footer;
    rt_state_id *ids;
    rt_state_section *sections;
    int64_t nids, nsections;
    const uint8_t *meta, *blocks;
    int64_t nmeta, body;
};

/* ---- names ------------------------------------------------------------------------- */

void rt_state_ref_name(char *name, size_t size, int64_t batch, uint32_t epoch,
                       rt_state_kind kind) {
    snprintf(name, size, "%010" PRId64 "-%04" PRIu32 ".%s", batch, epoch,
             kind == RT_STATE_SNAP ? "snap" : "delta");
}

bool rt_state_ref_parse(const char *name, int64_t *batch, uint32_t *epoch,
                        rt_state_kind *kind) {
    char again[64], *end;
    if (*name < '0' || *name > '9') return false;
    *batch = (int64_t)strtoll(name, &end, 10);
    if (*end != '-' || end[1] < '0' || end[1] > '9') return false;
    *epoch = (uint32_t)strtoul(end + 1, &end, 10);
    *kind = strcmp(end, ".snap") == 0 ? RT_STATE_SNAP : RT_STATE_DELTA;
    rt_state_ref_name(again, sizeof again, *batch, *epoch, *kind);
    return strcmp(again, name) == 0;
}

void rt_state_ref_write(rt_wire *w, const rt_state_ref *ref) {
    rt_wire_text(w, ref->name);
    rt_wire_i64(w, ref->length);
    rt_wire_u32(w, ref->crc);
    rt_wire_u32(w, (uint32_t)ref->kind);
    rt_wire_u32(w, ref->epoch);
    rt_wire_i64(w, ref->batch);
}

rt_state_ref rt_state_ref_read(rt_unwire *r) {
    rt_state_ref ref = {0};
    char name[sizeof ref.name];
    int64_t n;
    const uint8_t *text = rt_unwire_bytes(r, &n);
    if (n >= (int64_t)sizeof ref.name) r->bad = true;
    if (!r->bad && n) memcpy(ref.name, text, (size_t)n);
    ref.length = rt_unwire_i64(r);
    ref.crc = rt_unwire_u32(r);
    uint32_t kind = rt_unwire_u32(r);
    ref.kind = kind == RT_STATE_SNAP ? RT_STATE_SNAP : RT_STATE_DELTA;
    ref.epoch = rt_unwire_u32(r);
    ref.batch = rt_unwire_i64(r);
    rt_state_ref_name(name, sizeof name, ref.batch, ref.epoch, ref.kind);
    if (kind != (uint32_t)ref.kind || ref.length < 0 || ref.batch < 0 ||
        (n && strcmp(name, ref.name)))
        r->bad = true;
    return r->bad ? (rt_state_ref){0} : ref;
}

/* ---- opening ----------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static rt_status trouble_of(rt_trouble *trouble,
                                                                  rt_status status,
                                                                  const char *what,
                                                                  const char *format, ...) {
    va_list args;
    char text[256];
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(trouble->text, sizeof trouble->text, "%.240s %s", what, text);
    return status;
}

static rt_status damaged(const rt_state_file *f, rt_trouble *trouble, const char *why) {
    return trouble_of(trouble, RT_refused, f->what, "is damaged: %s", why);
}

static rt_status read_at(const rt_state_file *f, void *p, int64_t n, int64_t at,
                         rt_trouble *trouble) {
    rt_assert(n >= 0 && at >= 0 && at + n <= f->length);
    if (f->fd < 0) {
        if (n) memcpy(p, f->bytes + at, (size_t)n);
        return RT_ok;
    }
    int64_t got = rt_os_pread_all(f->fd, p, n, at);
    if (got < 0)
        return trouble_of(trouble, RT_io, f->what, "cannot be read: %s", strerror(errno));
    return got == n ? RT_ok : damaged(f, trouble, "it became shorter while it was read");
}

/* The tail, and whether it and the lengths in it fit the file. */
static rt_status read_tail(rt_state_file *f, int64_t *footer, uint32_t *head_crc,
                           uint32_t *footer_crc, rt_trouble *trouble) {
    uint8_t tail[RT_STATE_TAIL];
    RT_TRY(read_at(f, tail, sizeof tail, f->length - RT_STATE_TAIL, trouble));
    rt_unwire r = rt_unwire_of(tail, sizeof tail);
    f->body = rt_unwire_i64(&r);
    *footer = rt_unwire_i64(&r);
    *head_crc = rt_unwire_u32(&r);
    *footer_crc = rt_unwire_u32(&r);
    uint32_t magic = rt_unwire_u32(&r);
    f->crc = rt_unwire_u32(&r);
    if (magic != RT_STATE_MAGIC || rt_crc32c(0, tail, RT_STATE_TAIL - 4) != f->crc)
        return damaged(f, trouble, "its end does not fit its checksum");
    int64_t rest = f->length - RT_STATE_HEAD - RT_STATE_TAIL;
    if (f->body < 0 || *footer < 0 || f->body > rest || *footer != rest - f->body)
        return damaged(f, trouble, "its parts do not add up to its length");
    return RT_ok;
}

static rt_status read_head(rt_state_file *f, uint32_t crc, rt_trouble *trouble) {
    uint8_t head[RT_STATE_HEAD];
    RT_TRY(read_at(f, head, sizeof head, 0, trouble));
    rt_unwire r = rt_unwire_of(head, sizeof head);
    uint32_t magic = rt_unwire_u32(&r), version = rt_unwire_u32(&r), kind = rt_unwire_u32(&r);
    f->head.epoch = rt_unwire_u32(&r);
    f->head.batch = rt_unwire_i64(&r);
    memcpy(f->head.job, r.p, sizeof f->head.job);
    r.p += sizeof f->head.job;
    if (magic != RT_STATE_MAGIC || rt_unwire_u32(&r) != crc ||
        rt_crc32c(0, head, RT_STATE_HEAD - 4) != crc)
        return damaged(f, trouble, "its head does not fit its checksum");
    if (version != RT_STATE_VERSION)
        return trouble_of(trouble, RT_refused, f->what,
                          "is of form %u; this program reads form %d", version,
                          RT_STATE_VERSION);
    if ((kind != RT_STATE_DELTA && kind != RT_STATE_SNAP) || f->head.batch < 0)
        return damaged(f, trouble, "its head makes no sense");
    f->head.kind = (rt_state_kind)kind;
    return RT_ok;
}

/* A terminated copy; null if there are zero bytes in it. */
static char *text_of(rt_unwire *r) {
    int64_t n;
    const uint8_t *p = rt_unwire_bytes(r, &n);
    if (r->bad || (n && memchr(p, 0, (size_t)n))) return NULL;
    char *text = rt_alloc((size_t)n + 1);
    if (n) memcpy(text, p, (size_t)n);
    text[n] = 0;
    return text;
}

static bool read_ids(rt_state_file *f, rt_unwire *r) {
    int64_t n = rt_unwire_count(r, 24);
    f->ids = rt_alloc((size_t)n * sizeof *f->ids + 1);
    for (int64_t i = 0; i < n; i++) {
        char *name = text_of(r);
        uint64_t schema = rt_unwire_u64(r);
        char *layout = text_of(r);
        if (!name || !layout) {
            free(name);
            free(layout);
            return false;
        }
        f->ids[f->nids++] = (rt_state_id){.name = name, .schema = schema, .layout = layout};
    }
    return !r->bad;
}

/* Sections fill the body, in order. */
static bool read_sections(rt_state_file *f, rt_unwire *r) {
    int64_t n = rt_unwire_count(r, 24), at = 0;
    f->sections = rt_alloc((size_t)n * sizeof *f->sections + 1);
    for (int64_t i = 0; i < n; i++) {
        rt_state_section *s = &f->sections[i];
        s->state = rt_unwire_u32(r);
        s->partition = rt_unwire_u32(r);
        s->bytes = rt_unwire_i64(r);
        s->ops = rt_unwire_i64(r);
        s->at = at;
        if (s->state >= f->nids || s->bytes <= 0 || s->bytes > f->body - at) return false;
        if (s->ops <= 0 || s->ops > s->bytes / RT_OP_HEAD) return false;
        if (i && (s->state < s[-1].state ||
                  (s->state == s[-1].state && s->partition <= s[-1].partition)))
            return false;
        at += s->bytes;
    }
    f->nsections = n;
    return !r->bad && at == f->body;
}

static rt_status read_footer(rt_state_file *f, int64_t footer, uint32_t crc,
                             rt_trouble *trouble) {
    f->footer = rt_alloc((size_t)footer + 1);
    RT_TRY(read_at(f, f->footer, footer, RT_STATE_HEAD + f->body, trouble));
    if (rt_crc32c(0, f->footer, footer) != crc)
        return damaged(f, trouble, "its index does not fit its checksum");
    rt_unwire r = rt_unwire_of(f->footer, footer);
    bool fits = read_ids(f, &r) && read_sections(f, &r);
    if (fits) f->meta = rt_unwire_bytes(&r, &f->nmeta);
    int64_t blocks = (f->body + RT_STATE_BLOCK - 1) / RT_STATE_BLOCK;
    if (!fits || r.bad || r.end - r.p != 4 * blocks)
        return damaged(f, trouble, "its index makes no sense");
    f->blocks = r.p;
    return RT_ok;
}

static rt_status read_all(rt_state_file *f, const rt_state_ref *ref, rt_trouble *trouble) {
    int64_t footer;
    uint32_t head_crc, footer_crc;
    if (ref && f->length != ref->length)
        return trouble_of(trouble, RT_refused, f->what,
                          "is damaged: it has %" PRId64 " bytes, not %" PRId64, f->length,
                          ref->length);
    if (f->length < RT_STATE_HEAD + RT_STATE_TAIL)
        return damaged(f, trouble, "it is too short");
    RT_TRY(read_tail(f, &footer, &head_crc, &footer_crc, trouble));
    if (ref && f->crc != ref->crc)
        return damaged(f, trouble, "it is not the file that was written under this name");
    RT_TRY(read_head(f, head_crc, trouble));
    return read_footer(f, footer, footer_crc, trouble);
}

static rt_state_file *file_new(const char *what) {
    rt_state_file *f = rt_alloc(sizeof *f);
    size_t n = strlen(what) + 1;
    *f = (rt_state_file){.fd = -1, .what = rt_alloc(n)};
    memcpy(f->what, what, n);
    return f;
}

static rt_status finish(rt_state_file *f, const rt_state_ref *ref, rt_state_file **out,
                        rt_trouble *trouble) {
    rt_status status = read_all(f, ref, trouble);
    if (status != RT_ok) {
        rt_state_file_close(f);
        f = NULL;
    }
    *out = f;
    return status;
}

static rt_status open_file(const char *path, const rt_state_ref *ref, rt_state_file **out,
                           rt_trouble *trouble) {
    struct stat st;
    *out = NULL;
    int fd = rt_os_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0) {
        bool gone = errno == ENOENT || errno == ENOTDIR;
        bool odd = errno == ELOOP || errno == ENXIO;
        return trouble_of(trouble, gone || odd ? RT_refused : RT_io, path, "%s: %s",
                          gone ? "is missing" : "cannot be opened", strerror(errno));
    }
    rt_state_file *f = file_new(path);
    f->fd = fd;
    rt_status status = RT_ok;
    if (rt_os_fstat(fd, &st) < 0)
        status = trouble_of(trouble, RT_io, path, "cannot be read: %s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        status = trouble_of(trouble, RT_refused, path, "is no file");
    else if (ref && (st.st_mode & 022))
        status = trouble_of(trouble, RT_refused, path,
                            "may be written by others (mode %03o): chmod go-w it if you "
                            "trust what is in it",
                            (unsigned)st.st_mode & 0777);
    if (status != RT_ok) {
        rt_state_file_close(f);
        return status;
    }
    f->length = st.st_size;
    return finish(f, ref, out, trouble);
}

rt_status rt_state_file_open(const char *dir, const rt_state_ref *ref, rt_state_file **out,
                             rt_trouble *trouble) {
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", dir, ref->name);
    return open_file(path, ref, out, trouble);
}

rt_status rt_state_file_open_path(const char *path, rt_state_file **out, rt_trouble *trouble) {
    return open_file(path, NULL, out, trouble);
}

rt_status rt_state_file_of(const void *bytes, int64_t len, const rt_state_ref *ref,
                           const char *what, rt_state_file **out, rt_trouble *trouble) {
    rt_state_file *f = file_new(what);
    f->bytes = bytes;
    f->length = len;
    return finish(f, ref, out, trouble);
}

void rt_state_file_close(rt_state_file *f) {
    if (!f) return;
    if (f->fd >= 0) rt_os_close(f->fd);
    for (int64_t i = 0; i < f->nids; i++) {
        free((char *)f->ids[i].name);
        free((char *)f->ids[i].layout);
    }
    free(f->ids);
    free(f->sections);
    free(f->footer);
    free(f->what);
    free(f);
}

const char *rt_state_file_what(const rt_state_file *f) { return f->what; }
rt_state_head rt_state_file_head(const rt_state_file *f) { return f->head; }
int64_t rt_state_file_length(const rt_state_file *f) { return f->length; }
uint32_t rt_state_file_crc(const rt_state_file *f) { return f->crc; }

const rt_state_id *rt_state_file_ids(const rt_state_file *f, int64_t *n) {
    *n = f->nids;
    return f->ids;
}

const rt_state_section *rt_state_file_sections(const rt_state_file *f, int64_t *n) {
    *n = f->nsections;
    return f->sections;
}

const uint8_t *rt_state_file_meta(const rt_state_file *f, int64_t *len) {
    *len = f->nmeta;
    return f->meta;
}

int64_t rt_state_file_find(const rt_state_file *f, const char *name, uint64_t schema) {
    for (int64_t i = 0; i < f->nids; i++)
        if (f->ids[i].schema == schema && strcmp(f->ids[i].name, name) == 0) return i;
    return -1;
}

const rt_state_section *rt_state_file_section(const rt_state_file *f, int64_t state,
                                              int64_t partition) {
    int64_t low = 0, high = f->nsections;
    while (low < high) {
        int64_t mid = low + (high - low) / 2;
        const rt_state_section *s = &f->sections[mid];
        if (s->state == state && s->partition == partition) return s;
        if (s->state < state || (s->state == state && s->partition < partition))
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* ---- ops --------------------------------------------------------------------------- */

/* Blocks are read ahead by a few, so that threads that read side by side do not fight over
 * the disk for each 64 KiB. */
#define AHEAD 4

struct rt_op_reader {
    const rt_state_file *f;
    const rt_state_section *section;
    uint8_t *buf;
    int64_t room, have, pos; /* bytes of the body, from `pos` on not yet given */
    int64_t last, last_klen; /* where the op given last begins, to compare with; of its key */
    bool any;
    int64_t block, end_block;
    int64_t left, ops; /* of the section: bytes and ops not yet given */
};

rt_op_reader *rt_op_reader_new(const rt_state_file *f, const rt_state_section *section) {
    rt_op_reader *r = rt_alloc(sizeof *r);
    *r = (rt_op_reader){.f = f, .section = section};
    if (section) {
        r->left = section->bytes;
        r->ops = section->ops;
        r->block = section->at / RT_STATE_BLOCK;
        r->end_block = (section->at + section->bytes - 1) / RT_STATE_BLOCK + 1;
    }
    return r;
}

void rt_op_reader_free(rt_op_reader *r) {
    if (!r) return;
    free(r->buf);
    free(r);
}

static uint32_t crc_of_block(const rt_state_file *f, int64_t block) {
    rt_unwire r = rt_unwire_of(f->blocks + 4 * block, 4);
    return rt_unwire_u32(&r);
}

/* The next blocks behind what is there; everything before the last op is let go. */
static rt_status read_blocks(rt_op_reader *r, rt_trouble *trouble) {
    const rt_state_file *f = r->f;
    int64_t from = r->block * RT_STATE_BLOCK;
    int64_t to = RT_MIN(RT_MIN(r->block + AHEAD, r->end_block) * RT_STATE_BLOCK, f->body);
    bool first = r->have == 0;
    if (r->last) {
        memmove(r->buf, r->buf + r->last, (size_t)(r->have - r->last));
        r->have -= r->last;
        r->pos -= r->last;
        r->last = 0;
    }
    if (r->room < r->have + to - from) {
        r->room = RT_MAX(r->have + to - from, RT_MIN(2 * r->room, r->have + f->body));
        r->buf = rt_realloc(r->buf, (size_t)r->room + FLOW_SLACK);
    }
    RT_TRY(read_at(f, r->buf + r->have, to - from, RT_STATE_HEAD + from, trouble));
    for (int64_t at = from; at < to; at += RT_STATE_BLOCK) {
        int64_t n = RT_MIN(RT_STATE_BLOCK, to - at);
        uint32_t crc = rt_crc32c(0, r->buf + r->have + (at - from), n);
        if (crc == crc_of_block(f, at / RT_STATE_BLOCK)) continue;
        return trouble_of(trouble, RT_refused, f->what,
                          "is damaged: its bytes from %" PRId64 " on do not fit their "
                          "checksum",
                          RT_STATE_HEAD + at);
    }
    r->have += to - from;
    r->block += AHEAD;
    if (first) r->pos = r->last = r->section->at - from;
    return RT_ok;
}

static rt_status next_op(rt_op_reader *r, rt_saved_op *op, rt_trouble *trouble) {
    int64_t need, size = 0;
    for (;;) {
        /* What lies behind the section in the buffer is another one's. */
        int64_t there = RT_MIN(r->have - r->pos, r->left);
        if (there) size = rt_op_read(r->buf + r->pos, there, r->left, op, &need);
        if (size < 0) return damaged(r->f, trouble, "what should be a row of state is none");
        if (size > 0) break;
        rt_assert(r->block < r->end_block);
        RT_TRY(read_blocks(r, trouble));
    }
    if (r->any) {
        const uint8_t *p = r->buf + r->last;
        rt_saved_op before = {.kind = (rt_saved_kind)p[0], .key = p + RT_OP_HEAD,
                              .klen = r->last_klen};
        if (rt_op_compare(&before, op) >= 0)
            return damaged(r->f, trouble, "its rows are not in order");
    }
    r->any = true;
    r->last = r->pos;
    r->last_klen = op->klen;
    r->pos += size;
    r->left -= size;
    r->ops--;
    return RT_ok;
}

bool rt_op_reader_next(rt_op_reader *r, rt_saved_op *op, rt_status *status, rt_trouble *trouble) {
    *status = RT_ok;
    if (!r->left && !r->ops) return false;
    *status = !r->left || !r->ops
                  ? damaged(r->f, trouble, "a section has another number of rows")
                  : next_op(r, op, trouble);
    if (*status != RT_ok) r->left = r->ops = 0;
    return *status == RT_ok;
}

rt_status rt_state_file_verify(const rt_state_file *f, rt_trouble *trouble) {
    rt_status status = RT_ok;
    for (int64_t i = 0; i < f->nsections && status == RT_ok; i++) {
        rt_op_reader *r = rt_op_reader_new(f, &f->sections[i]);
        rt_saved_op op;
        while (rt_op_reader_next(r, &op, &status, trouble)) continue;
        rt_op_reader_free(r);
    }
    return status;
}
