/* rows_file.c - see rows_file.h.
 *
 * The bytes: count of headers, each its object and its text; count of blocks, each its
 * object, the number of its first record, lengths, and what it holds.  A plan keeps length
 * and checksum, so the file needs no form of its own.
 *
 * Objects are renumbered when they are read: a stream of an earlier run is none of this
 * one's.  `sync` and `forget` are called beside the next batch, so the list of files is
 * under a lock. */
#include "runtime/io/rows_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/place.h"

/* A block of a plan, without its bytes. */
#define BLOCK_HEAD (8 + 8 + 8 + 8 + 4)
/* Headers are read at once. */
#define HEADS_MOST (INT64_C(64) << 20)

enum { NOTHING, INLINE, IN_FILE };

typedef struct rows_file {
    int64_t batch;
    uint32_t epoch;
    int fd;     /* until it is synced; -1 */
    bool found; /* of an earlier run */
} rows_file;

struct rt_rows {
    pthread_mutex_t lock;
    char folder[96]; /* below input/ */
    rows_file *files;
    int64_t n;
    rt_dirs dirs; /* with new names */
    bool looked;  /* for files of earlier runs */
    bool used;    /* the folder, in this run */
};

static rt_live *live_of(const rt_source *s) { return s->impl; }

/* ---- names ---- */

/* Names of sources are those of flows, or what stands in the program: what is no letter or
 * digit is written in hex.  Sources of one name are told apart by their order. */
static void folder_name(const rt_source *s, char *out, size_t room) {
    size_t n = 0;
    int64_t k = 0;
    for (const char *p = s->decl->name; *p && n + 8 < room; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || *p == '_';
        n += (size_t)snprintf(out + n, room - n, plain ? "%c" : "%%%02x", (uint8_t)*p);
    }
    for (int64_t i = 0; i < s->id; i++)
        k += !strcmp(s->env->program->sources[i].name, s->decl->name);
    if (k) snprintf(out + n, room - n, "-%" PRId64, k + 1);
    else out[n] = 0;
}

static void file_name(char *out, size_t room, int64_t batch, uint32_t epoch) {
    snprintf(out, room, "%" PRId64 "-%" PRIu32 ".rows", batch, epoch);
}

static int open_folder(const rt_source *s, const struct rt_rows *rows, rt_os_dir *d) {
    char beneath[128];
    snprintf(beneath, sizeof beneath, "input/%s", rows->folder);
    return rt_os_dir_open(d, s->env->ckpt->dir, beneath);
}

static rt_status cannot(const char *what, const rt_os_dir *d, const char *name) {
    bool space = errno == ENOSPC || errno == EDQUOT;
    return (rt_status)rt_fail(space ? RT_again_io : RT_io, "cannot %s %s/%s: %s", what,
                              d->path, name, strerror(errno));
}

/* ---- the list ---- */

static void list_add(struct rt_rows *rows, rows_file f) {
    rows->files = rt_realloc(rows->files, (size_t)(rows->n + 1) * sizeof *rows->files);
    rows->files[rows->n++] = f;
}

static struct rt_rows *rows_of(rt_source *s) {
    rt_live *live = live_of(s);
    if (live->rows) return live->rows;
    struct rt_rows *rows = live->rows = rt_alloc(sizeof *rows);
    pthread_mutex_init(&rows->lock, NULL);
    folder_name(s, rows->folder, sizeof rows->folder);
    return rows;
}

void rt_live_rows_free(struct rt_rows *rows) {
    if (!rows) return;
    for (int64_t i = 0; i < rows->n; i++)
        if (rows->files[i].fd >= 0) rt_os_close(rows->files[i].fd);
    pthread_mutex_destroy(&rows->lock);
    rt_dirs_free(&rows->dirs);
    free(rows->files);
    free(rows);
}

/* Files that earlier runs have left. */
static void look(const rt_source *s, struct rt_rows *rows) {
    rt_os_dir d;
    struct dirent **names;
    if (rows->looked) return;
    rows->looked = true;
    if (open_folder(s, rows, &d) < 0) return;
    int n = rt_os_scan(d.path, &names);
    for (int i = 0; i < n; i++) {
        rows_file f = {.fd = -1, .found = true};
        char name[64];
        if (sscanf(names[i]->d_name, "%" SCNd64 "-%" SCNu32, &f.batch, &f.epoch) == 2) {
            file_name(name, sizeof name, f.batch, f.epoch);
            bool known = strcmp(name, names[i]->d_name) != 0;
            for (int64_t k = 0; k < rows->n; k++)
                known |= rows->files[k].batch == f.batch && rows->files[k].epoch == f.epoch;
            if (!known) list_add(rows, f);
        }
        free(names[i]);
    }
    if (n >= 0) free(names);
    rt_os_dir_close(&d);
}

/* ---- writing ---- */

/* The headers of the streams that the batch has blocks of. */
static void write_heads(rt_live *live, const rt_input *in, rt_wire *w) {
    int64_t n = 0, at = w->n, len;
    rt_wire_i64(w, 0);
    for (int64_t i = 0; i < in->nunits; i++) {
        int64_t object = in->units[i].object;
        bool new = true;
        for (int64_t k = i - 1; new && k >= 0 && i - k < 4096; k--)
            new = in->units[k].object != object;
        const uint8_t *text = new ? rt_live_header(live, object, &len) : NULL;
        if (!text) continue;
        rt_wire_i64(w, object);
        rt_wire_bytes(w, text, len);
        n++;
    }
    for (int i = 0; i < 8; i++) w->p[at + i] = (uint8_t)((uint64_t)n >> (8 * i));
}

static void write_block_head(const rt_block *b, rt_wire *w) {
    rt_wire_i64(w, b->object);
    rt_wire_i64(w, b->first);
    rt_wire_i64(w, b->len);
    rt_wire_i64(w, b->bad_len);
    rt_wire_u32(w, (uint32_t)b->bad_code);
}

/* Where the bytes go: into the plan, or to a file. */
typedef struct sum {
    int fd;
    int64_t len;
    uint32_t crc;
} sum;

static int put(sum *to, const void *p, int64_t n) {
    to->crc = rt_crc32c(to->crc, p, n);
    to->len += n;
    return rt_os_write_all(to->fd, p, n, NULL);
}

static int write_blocks(sum *to, rt_wire *head, const rt_input *in) {
    rt_wire_i64(head, in->nunits);
    int result = put(to, head->p, head->n);
    for (int64_t i = 0; result == 0 && i < in->nunits; i++) {
        const rt_block *b = in->units[i].block;
        rt_wire_clear(head);
        write_block_head(b, head);
        result = put(to, head->p, head->n);
        if (result == 0) result = put(to, b->base, b->len + b->bad_len);
    }
    return result;
}

static rt_status make_folder(rt_source *s, struct rt_rows *rows, rt_os_dir *d) {
    const char *names[] = {"input", rows->folder};
    bool there = open_folder(s, rows, d) >= 0, first = !rows->used;
    rows->used = true;
    /* It may be of a run that was killed before it synced the folder's name. */
    if (there && first) rt_dirs_add_above(&rows->dirs, d->path);
    if (there) return RT_ok;
    if (errno != ENOENT) return cannot("open", d, "");
    for (int i = 0; i < 2; i++) {
        rt_os_dir above;
        if (rt_os_dir_open(&above, s->env->ckpt->dir, i ? "input" : "") < 0)
            return cannot("open", &above, "");
        int made = rt_os_dir_mkdir(&above, names[i], 0700);
        rt_status status = made < 0 && errno != EEXIST ? cannot("make", &above, names[i]) : RT_ok;
        rt_dirs_add(&rows->dirs, above.path);
        rt_os_dir_close(&above);
        RT_TRY(status);
    }
    return open_folder(s, rows, d) < 0 ? cannot("open", d, "") : RT_ok;
}

/* The lock is held. */
static rt_status write_file(rt_source *s, struct rt_rows *rows, int64_t batch,
                            const rt_input *in, rt_wire *head, rt_wire *w) {
    rt_os_dir d;
    char name[64];
    uint32_t epoch = s->env->ckpt->epoch;
    RT_TRY(make_folder(s, rows, &d));
    file_name(name, sizeof name, batch, epoch);
    sum to = {.fd = rt_os_dir_create(&d, name)};
    rt_status status = RT_ok;
    if (to.fd < 0) status = cannot("create", &d, name);
    else if (write_blocks(&to, head, in) < 0) status = cannot("write", &d, name);
    if (status != RT_ok && to.fd >= 0) {
        rt_os_close(to.fd);
        rt_os_dir_unlink(&d, name);
    }
    rt_dirs_add(&rows->dirs, d.path);
    rt_os_dir_close(&d);
    RT_TRY(status);
    list_add(rows, (rows_file){.batch = batch, .epoch = epoch, .fd = to.fd});
    rt_wire_u8(w, IN_FILE);
    rt_wire_u32(w, epoch);
    rt_wire_i64(w, to.len);
    rt_wire_u32(w, to.crc);
    return RT_ok;
}

rt_status rt_live_plan(rt_source *s, int64_t batch, const rt_input *in, rt_wire *w) {
    struct rt_rows *rows = rows_of(s);
    rt_wire head = {0};
    if (!in->nunits) {
        rt_wire_u8(w, NOTHING);
        return RT_ok;
    }
    write_heads(live_of(s), in, &head);
    int64_t bytes = head.n + 8;
    for (int64_t i = 0; i < in->nunits; i++)
        bytes += BLOCK_HEAD + in->units[i].block->len + in->units[i].block->bad_len;
    rt_status status = RT_ok;
    if (bytes <= RT_SIZE(RT_ROWS_INLINE)) {
        rt_wire_u8(w, INLINE);
        rt_wire_raw(w, head.p, head.n);
        rt_wire_i64(w, in->nunits);
        for (int64_t i = 0; i < in->nunits; i++) {
            const rt_block *b = in->units[i].block;
            write_block_head(b, w);
            rt_wire_raw(w, b->base, b->len + b->bad_len);
        }
    } else {
        pthread_mutex_lock(&rows->lock);
        status = write_file(s, rows, batch, in, &head, w);
        pthread_mutex_unlock(&rows->lock);
        RT_CRASH(C2_rows, batch);
    }
    rt_wire_free(&head);
    return status;
}

rt_status rt_live_sync(rt_source *s, int64_t batch, rt_dirs *dirs) {
    struct rt_rows *rows = rows_of(s);
    rt_status status = RT_ok;
    pthread_mutex_lock(&rows->lock);
    for (int64_t i = 0; i < rows->n; i++) {
        rows_file *f = &rows->files[i];
        if (f->fd < 0 || f->batch > batch) continue;
        if (!RT_MUTANT(nosync_stage) && rt_os_fdatasync(f->fd) < 0 && status == RT_ok)
            status = (rt_status)rt_fail(RT_io, "cannot sync the input journal in %s/input/%s: %s",
                                        s->env->ckpt->dir, rows->folder, strerror(errno));
        rt_os_close(f->fd);
        f->fd = -1;
    }
    rt_dirs_move(dirs, &rows->dirs);
    pthread_mutex_unlock(&rows->lock);
    return status;
}

/* ---- deleting ---- */

void rt_live_forget(rt_source *s, int64_t batch, int64_t last) {
    struct rt_rows *rows = rows_of(s);
    rt_os_dir d;
    int64_t kept = 0;
    pthread_mutex_lock(&rows->lock);
    look(s, rows);
    bool open = rows->n && open_folder(s, rows, &d) >= 0;
    for (int64_t i = 0; open && i < rows->n; i++) {
        rows_file f = rows->files[i];
        char name[64];
        /* A file of this run that is newer belongs to the batch that runs now. */
        bool go = f.batch <= batch || (f.found && f.batch > last);
        file_name(name, sizeof name, f.batch, f.epoch);
        if (!go || (rt_os_dir_unlink(&d, name) < 0 && errno != ENOENT))
            rows->files[kept++] = f;
        else if (f.fd >= 0)
            rt_os_close(f.fd);
    }
    if (open) {
        rows->n = kept;
        rt_os_dir_close(&d);
    }
    pthread_mutex_unlock(&rows->lock);
}

/* ---- reading ---- */

/* A plan's rows on their way back: from the plan, or from a file of known length. */
typedef struct back {
    rt_source *s;
    rt_unwire *plan; /* null: the file */
    int fd;
    int64_t at, len;
    uint32_t crc;
    const char *path;
} back;

static rt_status damaged(const back *b, const char *why) {
    return (rt_status)rt_fail(RT_refused,
                              "%s: the input journal %s is damaged: %s\n"
                              "  its rows are nowhere else: go back to a copy of the "
                              "checkpoint, or start anew with --fresh",
                              b->s->decl->name, b->path, why);
}

static rt_status get(back *b, void *p, int64_t n) {
    if (b->plan) {
        if (b->plan->end - b->plan->p < n) return rt_place_bad(b->s);
        if (n) memcpy(p, b->plan->p, (size_t)n);
        b->plan->p += n;
        return RT_ok;
    }
    if (n > b->len - b->at) return damaged(b, "it ends too early");
    int64_t got = rt_os_pread_all(b->fd, p, n, b->at);
    if (got < 0)
        return (rt_status)rt_fail(RT_io, "cannot read %s: %s", b->path, strerror(errno));
    if (got < n) return damaged(b, "it ends too early");
    b->crc = rt_crc32c(b->crc, p, n);
    b->at += n;
    return RT_ok;
}

/* What may still come. */
static int64_t rest(const back *b) {
    return b->plan ? b->plan->end - b->plan->p : b->len - b->at;
}

static rt_status get_numbers(back *b, int64_t *v, int n) {
    uint8_t bytes[40];
    RT_TRY(get(b, bytes, 8 * n));
    rt_unwire r = rt_unwire_of(bytes, 8 * n);
    for (int i = 0; i < n; i++) v[i] = rt_unwire_i64(&r);
    return RT_ok;
}

/* Numbers of objects then and now. */
typedef struct renamed {
    int64_t (*items)[2];
    int64_t n;
} renamed;

static int64_t object_now(rt_live *live, renamed *to, int64_t then) {
    for (int64_t i = to->n - 1; i >= 0; i--)
        if (to->items[i][0] == then) return to->items[i][1];
    to->items = rt_realloc(to->items, (size_t)(to->n + 1) * sizeof *to->items);
    to->items[to->n][0] = then;
    return to->items[to->n++][1] = rt_live_object(live);
}

static rt_status get_heads(back *b, renamed *to) {
    int64_t n, head[2];
    RT_TRY(get_numbers(b, &n, 1));
    if (n < 0 || n > rest(b) / 16) return damaged(b, "its headers");
    for (int64_t i = 0; i < n; i++) {
        RT_TRY(get_numbers(b, head, 2));
        if (head[1] < 0 || head[1] > rest(b) || head[1] > HEADS_MOST)
            return damaged(b, "its headers");
        uint8_t *text = rt_alloc((size_t)head[1] + 1);
        rt_status status = get(b, text, head[1]);
        rt_live *live = live_of(b->s);
        if (status == RT_ok)
            rt_live_set_header(live, object_now(live, to, head[0]), text, head[1]);
        free(text);
        RT_TRY(status);
    }
    return RT_ok;
}

static rt_status get_block(back *b, renamed *to, rt_input *in) {
    int64_t head[4];
    uint8_t code[4];
    RT_TRY(get_numbers(b, head, 4));
    RT_TRY(get(b, code, 4));
    int64_t len = head[2], bad_len = head[3];
    if (head[1] < 0 || len < 0 || bad_len < 0 || bad_len > RT_RECORD_KEPT ||
        len > rest(b) - bad_len)
        return damaged(b, "its blocks");
    rt_mem *mem = b->s->env->mem;
    rt_block *block = rt_block_new(mem, RT_MAX(len + bad_len, 1));
    if (!block)
        return (rt_status)rt_fail(RT_memory, "no memory to read %s: raise `memory`", b->path);
    rt_status status = get(b, block->base, len + bad_len);
    if (status != RT_ok) {
        rt_block_free(mem, block);
        return status;
    }
    rt_unwire r = rt_unwire_of(code, 4);
    block->object = object_now(live_of(b->s), to, head[0]);
    block->first = head[1];
    block->len = len;
    block->bad_len = bad_len;
    block->bad_code = (int32_t)rt_unwire_u32(&r);
    rt_live_again(live_of(b->s), block, in);
    return RT_ok;
}

static rt_status get_all(back *b, renamed *to, rt_input *in) {
    int64_t n;
    RT_TRY(get_heads(b, to));
    RT_TRY(get_numbers(b, &n, 1));
    if (n < 0 || n > rest(b) / BLOCK_HEAD) return damaged(b, "its blocks");
    for (int64_t i = 0; i < n; i++) RT_TRY(get_block(b, to, in));
    return rest(b) ? damaged(b, "it is too long") : RT_ok;
}

static rt_status read_file(back *b, const rt_os_dir *d, const char *name, uint32_t crc,
                           renamed *to, rt_input *in) {
    struct stat st;
    b->fd = rt_os_dir_read(d, name);
    if (b->fd < 0) return damaged(b, strerror(errno));
    rt_status status = RT_ok;
    if (rt_os_fstat(b->fd, &st) < 0) status = damaged(b, strerror(errno));
    else if (!S_ISREG(st.st_mode) || st.st_size != b->len)
        status = damaged(b, "it has another length");
    if (status == RT_ok) status = get_all(b, to, in);
    if (status == RT_ok && b->crc != crc) status = damaged(b, "its checksum");
    rt_os_close(b->fd);
    return status;
}

rt_status rt_live_replan(rt_source *s, int64_t batch, rt_unwire *r, rt_input *in) {
    struct rt_rows *rows = rows_of(s);
    back b = {.s = s, .fd = -1, .path = "of a plan"};
    renamed to = {0};
    rt_os_dir d;
    char name[64], path[256];
    rt_status status;
    uint8_t kind = rt_unwire_u8(r);
    if (kind == NOTHING && rt_unwire_done(r)) return RT_ok;
    if (kind == INLINE) {
        b.plan = r;
        status = get_all(&b, &to, in);
        free(to.items);
        return status;
    }
    uint32_t epoch = rt_unwire_u32(r);
    b.len = rt_unwire_i64(r);
    uint32_t crc = rt_unwire_u32(r);
    if (kind != IN_FILE || !rt_unwire_done(r) || b.len < 0) return rt_place_bad(s);
    file_name(name, sizeof name, batch, epoch);
    snprintf(path, sizeof path, "input/%s/%s", rows->folder, name);
    b.path = path;
    if (open_folder(s, rows, &d) < 0) return damaged(&b, strerror(errno));
    status = read_file(&b, &d, name, crc, &to, in);
    rt_os_dir_close(&d);
    free(to.items);
    return status;
}

/* ---- for people ------------------------------------------------------------------------- */

/* The rows of a plan that holds them itself. */
static bool inline_text(const rt_source *s, rt_unwire *r, rt_wire *out) {
    int64_t len, rows = 0, bytes = 0;
    for (int64_t n = rt_unwire_count(r, 16); n > 0; n--) {
        rt_unwire_i64(r);
        rt_unwire_bytes(r, &len);
    }
    rt_wire which = {0};
    for (int64_t n = rt_unwire_count(r, BLOCK_HEAD); n > 0; n--) {
        int64_t object = rt_unwire_i64(r), first = rt_unwire_i64(r);
        int64_t good = rt_unwire_i64(r), bad = rt_unwire_i64(r);
        rt_unwire_u32(r);
        int64_t left = r->end - r->p;
        if (r->bad || good < 0 || bad < 0 || good > left || bad > left - good || first < 0 ||
            first > INT64_MAX / 2) {
            rt_wire_free(&which);
            return false;
        }
        int64_t have = rt_count_records(s->decl, r->p, good) + (bad > 0);
        rt_wire_print(&which, ", records %" PRId64 " to %" PRId64 " of stream %" PRId64, first,
                      first + have, object);
        rows += have;
        bytes += good + bad;
        r->p += good + bad;
    }
    rt_wire_print(out, "rows %" PRId64 " bytes %" PRId64, rows, bytes);
    rt_wire_raw(out, which.p, which.n);
    rt_wire_free(&which);
    return rt_unwire_done(r);
}

bool rt_live_plan_text(const rt_source *s, int64_t batch, rt_unwire *r, rt_wire *out) {
    char folder[sizeof(((struct rt_rows *)0)->folder)], name[64];
    uint8_t kind = rt_unwire_u8(r);
    if (kind == INLINE) return inline_text(s, r, out);
    if (kind == NOTHING) {
        rt_wire_print(out, "rows 0");
        return rt_unwire_done(r);
    }
    uint32_t epoch = rt_unwire_u32(r);
    int64_t len = rt_unwire_i64(r);
    uint32_t crc = rt_unwire_u32(r);
    folder_name(s, folder, sizeof folder);
    file_name(name, sizeof name, batch, epoch);
    rt_wire_print(out, "input/%s/%s of %" PRId64 " bytes, crc %08" PRIx32, folder, name, len, crc);
    return kind == IN_FILE && rt_unwire_done(r);
}
