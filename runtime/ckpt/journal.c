/* journal.c - see journal.h. */
#define _GNU_SOURCE
#include "runtime/ckpt/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/wire.h"

#define MAGIC 0x4a574c46u /* "FLWJ" */
#define HEAD 36
#define FOOT 4
/* Longest payload that is believed: a COMMIT names files, it does not hold state beyond
 * 64 KiB. */
#define PAYLOAD_MAX (INT64_C(64) << 20)
/* It is written anew when it has 16 MiB, or twice of what then had to stay. */
#define JOURNAL_MAX (INT64_C(2) << 30)

/* ---- reading ----------------------------------------------------------------------- */

/* The record at `p`, if its bytes are whole; *crc is its checksum, *prev that before it. */
static int64_t read_record(const uint8_t *p, const uint8_t *end, rt_record *out, uint32_t *crc,
                           uint32_t *prev) {
    rt_unwire r = rt_unwire_of(p, end - p);
    uint32_t magic = rt_unwire_u32(&r), len = rt_unwire_u32(&r);
    out->seq = rt_unwire_u64(&r);
    out->durable = rt_unwire_u64(&r);
    *prev = rt_unwire_u32(&r);
    out->epoch = rt_unwire_u32(&r);
    uint32_t type = rt_unwire_u32(&r);
    if (r.bad || magic != MAGIC || len > PAYLOAD_MAX || end - r.p < (int64_t)len + FOOT)
        return 0;
    if (type < RT_PLAN || type > RT_BEGIN) return 0;
    out->type = (rt_record_type)type;
    out->payload = r.p;
    out->len = len;
    r.p += len;
    *crc = rt_unwire_u32(&r);
    bool fits = RT_MUTANT(no_crc) || rt_crc32c(0, p, HEAD + (int64_t)len) == *crc;
    return fits ? HEAD + (int64_t)len + FOOT : 0;
}

/* Is there a later record that was written when record `bad` was durable? */
static bool goes_on(const uint8_t *p, const uint8_t *end, uint64_t bad) {
    const uint8_t magic[] = {'F', 'L', 'W', 'J'};
    for (; (p = memmem(p, (size_t)(end - p), magic, sizeof magic)); p++) {
        rt_record r;
        uint32_t crc, prev;
        if (read_record(p, end, &r, &crc, &prev) && r.durable > bad) return true;
    }
    return false;
}

rt_journal_text rt_journal_parse(uint8_t *bytes, int64_t len) {
    rt_journal_text t = {.bytes = bytes, .len = len};
    const uint8_t *p = bytes, *end = len ? bytes + len : bytes;
    int64_t room = 0;
    uint32_t before = 0;
    uint64_t seq = 0;
    while (p < end) {
        rt_record r;
        uint32_t crc, prev;
        int64_t size = read_record(p, end, &r, &crc, &prev);
        if (!size || (t.n && (r.seq != seq || prev != before))) break;
        if (t.n == room) {
            room = 2 * room + 64;
            t.records = rt_realloc(t.records, (size_t)room * sizeof *t.records);
        }
        t.records[t.n++] = r;
        seq = r.seq + 1;
        before = crc;
        p += size;
    }
    t.tail_at = p - bytes;
    if (p < end) t.tail = goes_on(p, end, t.n ? seq : 0) ? RT_TAIL_DAMAGED : RT_TAIL_TORN;
    return t;
}

static rt_status say(const char *what, const char *path) {
    return (rt_status)rt_fail(RT_io, "%s %s: %s", what, path, strerror(errno));
}

rt_status rt_journal_load(const char *dir, rt_journal_text *out, int *found) {
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/journal", dir);
    *out = (rt_journal_text){0};
    *found = 0;
    int fd = rt_os_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0) return errno == ENOENT ? RT_ok : say("cannot open", path);
    rt_status status = RT_ok;
    if (rt_os_fstat(fd, &st) < 0) status = say("cannot look at", path);
    else if (!S_ISREG(st.st_mode))
        status = (rt_status)rt_fail(RT_refused, "%s is no file", path);
    if (status != RT_ok) {
        rt_os_close(fd);
        return status;
    }
    if (st.st_size > JOURNAL_MAX) {
        rt_os_close(fd);
        return (rt_status)rt_fail(RT_refused, "%s is damaged: no journal is as long as that: "
                                              "restore the folder from a copy, or begin anew "
                                              "with --fresh", path);
    }
    uint8_t *bytes = rt_alloc((size_t)st.st_size + 1);
    int64_t got = rt_os_pread_all(fd, bytes, st.st_size, 0);
    rt_os_close(fd);
    if (got < 0) {
        free(bytes);
        return say("cannot read", path);
    }
    *found = 1;
    *out = rt_journal_parse(bytes, got);
    return RT_ok;
}

void rt_journal_text_free(rt_journal_text *t) {
    free(t->bytes);
    free(t->records);
    *t = (rt_journal_text){0};
}

/* ---- writing ----------------------------------------------------------------------- */

struct rt_journal {
    char path[4096];
    int fd;
    uint64_t next;
    /* Records below are written, are durable. */
    _Atomic uint64_t written, durable;
    uint32_t crc;  /* of the last record */
    int64_t bytes;
    _Atomic bool broken; /* one thread may append while another syncs */
    rt_wire draft;
};

static void draft(rt_journal *j, uint32_t epoch, rt_record_type type, const void *payload,
                  int64_t len) {
    rt_wire *w = &j->draft;
    int64_t from = w->n;
    rt_assert(len >= 0 && len <= PAYLOAD_MAX);
    rt_wire_u32(w, MAGIC);
    rt_wire_u32(w, (uint32_t)len);
    rt_wire_u64(w, j->next++);
    rt_wire_u64(w, j->durable);
    rt_wire_u32(w, j->crc);
    rt_wire_u32(w, epoch);
    rt_wire_u32(w, (uint32_t)type);
    rt_wire_raw(w, payload, len);
    j->crc = rt_crc32c(0, w->p + from, w->n - from);
    rt_wire_u32(w, j->crc);
}

static rt_status flush(rt_journal *j) {
    if (rt_os_pwrite_all(j->fd, j->draft.p, j->draft.n, j->bytes) < 0) {
        j->broken = true;
        return say("cannot write", j->path);
    }
    j->bytes += j->draft.n;
    j->written = j->next;
    rt_wire_clear(&j->draft);
    return RT_ok;
}

rt_status rt_journal_append(rt_journal *j, uint32_t epoch, rt_record_type type,
                            const void *payload, int64_t len) {
    if (j->broken) return RT_io;
    rt_wire_clear(&j->draft);
    draft(j, epoch, type, payload, len);
    return flush(j);
}

rt_status rt_journal_sync(rt_journal *j) {
    if (j->broken) return RT_io;
    uint64_t written = j->written;
    if (rt_os_fdatasync(j->fd) == 0) {
        j->durable = written;
        return RT_ok;
    }
    j->broken = true;
    return say("cannot sync", j->path);
}

/* journal.tmp with these records, synced and renamed. */
static rt_status replace(rt_journal *j, const char *dir, const rt_record *records, int64_t n,
                         uint64_t next_seq) {
    char tmp[4200];
    snprintf(tmp, sizeof tmp, "%s.tmp", j->path);
    if (rt_os_unlink(tmp) < 0 && errno != ENOENT) return say("cannot remove", tmp);
    j->fd = rt_os_open(tmp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (j->fd < 0) return say("cannot create", tmp);
    j->durable = next_seq; /* nobody sees them before they are */
    for (int64_t i = 0; i < n; i++) {
        j->next = next_seq - (uint64_t)(n - i);
        draft(j, records[i].epoch, records[i].type, records[i].payload, records[i].len);
    }
    RT_TRY(flush(j));
    bool first = n < 2; /* nothing but RT_BEGIN */
    if (!(first && RT_MUTANT(init_nofsync))) RT_TRY(rt_journal_sync(j));
    if (first) RT_CRASH(C0, -1);
    else RT_CRASH(C15, -1);
    if (rt_os_rename(tmp, j->path) < 0) return say("cannot rename", tmp);
    if (first) RT_CRASH(C1, -1);
    else RT_CRASH(C15_renamed, -1);
    if (rt_os_sync_dir(dir) < 0) return say("cannot sync", dir);
    return RT_ok;
}

#ifdef FLOW_FAULTS
/* The mistake of going on behind what was read: it may not be on the disk. */
static bool is_as_read(const rt_record *records, int64_t n) {
    const uint8_t *end = records[0].payload - HEAD;
    for (int64_t i = 0; i < n; i++) end += HEAD + records[i].len + FOOT;
    return n > 1 && end == records[n - 1].payload + records[n - 1].len + FOOT;
}

static rt_status go_on(rt_journal *j, const rt_record *records, int64_t n) {
    const rt_record *last = &records[n - 1];
    rt_unwire foot = rt_unwire_of(last->payload + last->len, FOOT);
    j->fd = rt_os_open(j->path, O_RDWR | O_NOFOLLOW, 0600);
    if (j->fd < 0) return say("cannot open", j->path);
    j->crc = rt_unwire_u32(&foot);
    for (int64_t i = 0; i < n; i++) j->bytes += HEAD + records[i].len + FOOT;
    return rt_os_truncate(j->fd, j->bytes) < 0 ? say("cannot cut", j->path) : RT_ok;
}
#endif

rt_status rt_journal_begin(const char *dir, const rt_record *records, int64_t n,
                           uint64_t next_seq, rt_journal **out) {
    rt_journal *j = rt_alloc(sizeof *j);
    *j = (rt_journal){.fd = -1};
    snprintf(j->path, sizeof j->path, "%s/journal", dir);
    rt_assert(next_seq >= (uint64_t)n);
    rt_status status;
#ifdef FLOW_FAULTS
    if (RT_MUTANT(rec_nosync) && is_as_read(records, n)) status = go_on(j, records, n);
    else
#endif
        status = replace(j, dir, records, n, next_seq);
    j->next = j->written = next_seq;
    if (status == RT_ok) {
        *out = j;
        return RT_ok;
    }
    rt_journal_close(j);
    return status;
}

int64_t rt_journal_bytes(const rt_journal *j) { return j->bytes; }

uint64_t rt_journal_next(const rt_journal *j) { return j->next; }

void rt_journal_close(rt_journal *j) {
    if (!j) return;
    if (j->fd >= 0) rt_os_close(j->fd);
    rt_wire_free(&j->draft);
    free(j);
}
