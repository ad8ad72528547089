/* watch_source.c - a directory: files that appear in it, and what is appended to them.
 *
 * A file is never done: it is known by device, inode and birth, so that one which is
 * rotated by renaming goes on under its new name and another that takes its name begins
 * at 0.  inotify only wakes us; what has come is found by looking at the directory.  Each
 * look takes the whole lines that have come since the last, files in order of name, and
 * queues them; a batch takes from the queue.  A last line without an end is taken when
 * the file has stood still for a minute, or at a drain. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/wake.h"
#include "runtime/io/loop.h"
#include "runtime/io/sources.h"
#include "runtime/io/watch_place.h"

/* Between two looks that inotify asks for, and without it (file systems that tell
 * nothing). */
#define LOOK_EVERY 50000
#define LOOK_ANYWAY 2000000
/* A line without an end counts as whole after this. */
#define STILL 60000000

/* ---- looking ----------------------------------------------------------------------- */

static bool wanted(const rt_watch *w, const char *name) {
    size_t n = strlen(name);
    if (name[0] == '.' || name[0] == '_') return false;
    if (n >= 4 && !strcmp(name + n - 4, ".tmp")) return false;
    return !*w->pattern || fnmatch(w->pattern, name, 0) == 0;
}

static bool same(rt_identity a, rt_identity b) {
    return a.device == b.device && a.inode == b.inode && a.birth == b.birth;
}

rt_watched *rt_watch_known(const rt_watch *w, rt_identity id) {
    for (int64_t i = 0; i < w->nfiles; i++)
        if (!w->files[i]->gone && same(w->files[i]->id, id)) return w->files[i];
    return NULL;
}

void rt_watch_name(rt_watched *f, const char *path) {
    if (f->path && !strcmp(f->path, path)) return;
    free(f->path);
    f->path = rt_strdup(path);
    f->file.path = f->path;
}

rt_watched *rt_watch_add(rt_watch *w, rt_identity id) {
    rt_watched *f = rt_alloc(sizeof *f);
    f->id = id;
    f->file.fd = -1;
    f->changed = rt_clock_mono();
    w->files = rt_realloc(w->files, (size_t)(w->nfiles + 1) * sizeof(rt_watched *));
    f->number = w->nfiles;
    w->files[w->nfiles++] = f;
    return f;
}

rt_status rt_watch_open(rt_watched *f, const rt_source_decl *decl) {
    if (f->file.fd < 0) f->file.fd = rt_os_open(f->path, O_RDONLY, 0);
    if (f->file.fd < 0) return RT_io;
    f->file.size = f->size;
    if (f->head_done) return RT_ok;
    RT_TRY(rt_file_head(&f->file, decl));
    f->head_done = true;
    return RT_ok;
}

static void close_watched(rt_watched *f) {
    if (f->file.fd >= 0 && !f->pending) {
        rt_os_close(f->file.fd);
        f->file.fd = -1;
    }
}

/* The end of the last whole line of [f->seen, f->size), or f->seen. */
static int64_t whole_lines(const rt_watched *f) {
    uint8_t chunk[4096];
    int64_t end = f->size;
    while (end > f->seen) {
        int64_t from = RT_MAX(f->seen, end - (int64_t)sizeof chunk);
        int64_t got = rt_os_pread_all(f->file.fd, chunk, end - from, from);
        const uint8_t *nl = got > 0 ? rt_last_line(chunk, got) : NULL;
        if (nl) return from + (nl - chunk) + 1;
        if (got < end - from) break;
        end = from;
    }
    return f->seen;
}

/* The same with line ends in quotes: forwards; `quotes`: 1 if it begins inside some. */
static int64_t whole_records(const rt_watched *f, int64_t quotes) {
    uint8_t chunk[16384];
    int64_t at = f->seen, whole = at;
    while (at < f->size) {
        int64_t want = RT_MIN(f->size - at, (int64_t)sizeof chunk);
        int64_t got = rt_os_pread_all(f->file.fd, chunk, want, at);
        for (int64_t i = 0; i < got; i++) {
            quotes ^= chunk[i] == '"';
            if (chunk[i] == '\n' && !quotes) whole = at + i + 1;
        }
        if (got < want) break;
        at += got;
    }
    return whole;
}

/* Up to where there are whole records. */
static int64_t whole_until(const rt_source *s, const rt_watched *f) {
    const rt_source_decl *decl = s->decl;
    if (decl->format == RT_BINARY) return f->size / decl->record * decl->record;
    if (!decl->multiline) return whole_lines(f);
    bool inside = f->cut && s->quotes.object == f->number && s->quotes.odd;
    return whole_records(f, inside);
}

static void enqueue(rt_watch *w, int64_t object, int64_t to) {
    rt_watched *f = w->files[object];
    if (w->nqueue == w->room) {
        w->room = w->room ? 2 * w->room : 16;
        w->queue = rt_realloc(w->queue, (size_t)w->room * sizeof *w->queue);
    }
    w->queue[w->nqueue++] = (rt_watch_piece){object, f->seen, to, f->cut};
    f->cut = false;
    w->bytes += to - f->seen;
    f->pending++;
    f->seen = to;
}

static void look_at(rt_source *s, int64_t object, bool drain) {
    rt_watch *w = s->impl;
    rt_watched *f = w->files[object];
    int64_t now = rt_clock_mono();
    if (f->size < f->seen) {
        rt_log(RT_WARN, "%s is shorter than what was read of it: read from its start",
               f->path);
        f->seen = f->marked = 0;
        f->cut = false;
        f->head_done = false;
        free(f->file.header);
        f->file.header = NULL;
    }
    if (f->size == f->seen) return;
    if (rt_watch_open(f, s->decl) != RT_ok) {
        rt_log(RT_WARN, "cannot read %s: %s", f->path, strerror(errno));
        return;
    }
    int64_t to = whole_until(s, f);
    bool lines = s->decl->format != RT_BINARY; /* else what is missing may come at any time */
    if (drain || (lines && now - f->changed >= STILL)) to = f->size;
    if (to > f->seen && to > f->file.data) enqueue(w, object, to);
    close_watched(f);
}

bool rt_watch_identify(const rt_watch *w, const char *name, char *path, size_t room,
                       rt_identity *id, int64_t *size) {
    struct statx st;
    snprintf(path, room, "%s/%s", w->dir, name);
    if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_BTIME, &st) < 0) return false;
    if (!S_ISREG(st.stx_mode)) return false;
    *id = (rt_identity){makedev(st.stx_dev_major, st.stx_dev_minor), st.stx_ino, 0};
    if (st.stx_mask & STATX_BTIME)
        id->birth = st.stx_btime.tv_sec * INT64_C(1000000000) + st.stx_btime.tv_nsec;
    *size = (int64_t)st.stx_size;
    return true;
}

/* Finds the file behind a name; -1 if it is none of ours. */
static int64_t find_file(rt_watch *w, const char *name) {
    char path[4096];
    rt_identity id;
    int64_t size;
    if (!rt_watch_identify(w, name, path, sizeof path, &id, &size)) return -1;
    rt_watched *f = rt_watch_known(w, id);
    /* A file that is followed stays ours whatever name rotation gives it. */
    if (!f && !wanted(w, name)) return -1;
    if (!f) f = rt_watch_add(w, id);
    rt_watch_name(f, path);
    f->present = true;
    if (size != f->size) {
        f->size = size;
        f->changed = rt_clock_mono();
    }
    return f->number;
}

/* A file that has gone is forgotten: its inode may come back as another file. */
static void forget_absent(rt_watch *w) {
    for (int64_t i = 0; i < w->nfiles; i++) {
        rt_watched *f = w->files[i];
        if (!f->present && !f->pending && !f->gone) {
            f->gone = true;
            close_watched(f);
        }
    }
}

static void look(rt_source *s, bool drain) {
    rt_watch *w = s->impl;
    struct dirent **names;
    atomic_store_explicit(&w->changed, false, memory_order_relaxed);
    w->looked = rt_clock_mono();
    int n = rt_os_scan(w->dir, &names);
    if (n < 0) {
        rt_log(RT_WARN, "cannot look into %s: %s", w->dir, strerror(errno));
        return;
    }
    for (int64_t i = 0; i < w->nfiles; i++) w->files[i]->present = false;
    for (int i = 0; i < n; i++) {
        int64_t object = find_file(w, names[i]->d_name);
        if (object >= 0) look_at(s, object, drain);
        free(names[i]);
    }
    free(names);
    forget_absent(w);
}

/* ---- the source ---------------------------------------------------------------------- */

static void on_change(rt_handler *h, uint32_t events) {
    char buffer[8192];
    rt_source *s = h->owner;
    rt_watch *w = s->impl;
    (void)events;
    while (rt_os_read(h->fd, buffer, sizeof buffer) > 0) {
    }
    /* Told once until it has been looked at. */
    if (!atomic_exchange_explicit(&w->changed, true, memory_order_release))
        rt_wake(s->env->wake);
}

static rt_status watch_open(rt_source *s) {
    rt_watch *w = s->impl = rt_alloc(sizeof *w);
    struct stat st;
    w->handler = (rt_handler){.fd = -1, .ready = on_change, .owner = s};
    w->dir = rt_option_text(s->decl->options, "arg", "");
    w->pattern = rt_option_text(s->decl->options, "pattern", "");
    rt_loop_add(s->env->loop, &w->handler);
    if (rt_os_stat(w->dir, &st) < 0)
        return (rt_status)rt_fail(RT_io, "cannot watch %s: %s", w->dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return (rt_status)rt_fail(RT_io, "%s is no directory; `file` reads files", w->dir);
    w->handler.fd = rt_os_inotify();
    uint32_t mask = IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_CLOSE_WRITE;
    if (w->handler.fd < 0 || inotify_add_watch(w->handler.fd, w->dir, mask) < 0) {
        rt_log(RT_WARN, "%s is looked at every %d s (inotify: %s)", w->dir,
               LOOK_ANYWAY / 1000000, strerror(errno));
        return RT_ok;
    }
    return rt_loop_events(s->env->loop, &w->handler, EPOLLIN);
}

static int64_t watch_waiting(rt_source *s, int64_t now) {
    rt_watch *w = s->impl;
    int64_t since = w->looked ? rt_clock_mono() - w->looked : INT64_MAX;
    bool changed = atomic_load_explicit(&w->changed, memory_order_acquire);
    (void)now;
    if (w->bytes < s->env->batch_bytes &&
        (since >= LOOK_ANYWAY || (changed && since >= LOOK_EVERY)))
        look(s, false);
    return w->bytes;
}

static int64_t watch_next(rt_source *s, int64_t now) {
    rt_watch *w = s->impl;
    bool changed = atomic_load_explicit(&w->changed, memory_order_acquire);
    int64_t wait = (changed ? LOOK_EVERY : LOOK_ANYWAY) - (rt_clock_mono() - w->looked);
    return now + RT_MAX(wait, 0);
}

static void add_units(rt_source *s, const rt_watch_piece *p, int64_t to, rt_input *in) {
    int64_t block = s->env->block_bytes, from = p->from;
    in->bytes += to - from;
    while (from < to) {
        int64_t end = RT_MIN(to, (from / block + 1) * block);
        rt_unit unit = {.object = p->object, .from = from, .to = end};
        unit.exact = from == p->from && !p->cut;
        rt_input_add(in, unit);
        from = end;
    }
}

/* No more rows than may come. */
static rt_status take_rows(const rt_source *s, const rt_watch_piece *p, int64_t *to,
                           rt_input *in) {
    const rt_watch *w = s->impl;
    int64_t rows = rt_source_rows_left(s, in);
    RT_TRY(rt_file_cut(&w->files[p->object]->file, s->decl, p->from, to, &rows));
    in->records += rows;
    return RT_ok;
}

static rt_status watch_take(rt_source *s, int64_t limit, int64_t now, bool drain,
                            rt_input *in) {
    rt_watch *w = s->impl;
    (void)now;
    look(s, drain);
    int64_t used = 0;
    while (used < w->nqueue && (drain || (in->bytes < limit && rt_source_rows_left(s, in)))) {
        rt_watch_piece *p = &w->queue[used];
        rt_watched *f = w->files[p->object];
        int64_t to = drain ? p->to : RT_MIN(p->to, p->from + limit - in->bytes);
        if (rt_watch_open(f, s->decl) != RT_ok) {
            rt_log(RT_WARN, "%s went before it was read", f->path);
            to = p->to;
            f->pending = 0;
        } else {
            /* Behind the range nothing is read, whole lines or not. */
            f->file.size = p->to;
            if (s->most_rows && !drain) RT_TRY(take_rows(s, p, &to, in));
            add_units(s, p, to, in);
        }
        w->bytes -= to - p->from;
        p->from = to;
        p->cut = true;
        if (to < p->to) break;
        used++;
    }
    if (used)
        memmove(w->queue, w->queue + used, (size_t)(w->nqueue - used) * sizeof *w->queue);
    w->nqueue -= used;
    in->limited = w->nqueue && !rt_source_rows_left(s, in);
    return RT_ok;
}

static rt_status watch_read(rt_source *s, const rt_unit *unit, rt_reader *r) {
    const rt_watch *w = s->impl;
    return rt_file_read(&w->files[unit->object]->file, s->decl, unit, r);
}

static rt_status watch_quotes(rt_source *s, rt_unit *unit, rt_reader *r, int64_t *count) {
    const rt_watch *w = s->impl;
    return rt_file_quotes(&w->files[unit->object]->file, unit, r, count);
}

static const char *watch_object(rt_source *s, int64_t object) {
    return ((rt_watch *)s->impl)->files[object]->path;
}

static const uint8_t *watch_header(rt_source *s, int64_t object, int64_t *len) {
    const rt_file *f = &((rt_watch *)s->impl)->files[object]->file;
    *len = f->header_len;
    return f->header;
}

/* Closes the files nothing is queued of. */
static void watch_done(rt_source *s, rt_input *in) {
    rt_watch *w = s->impl;
    for (int64_t i = 0; i < in->nunits; i++) w->files[in->units[i].object]->pending = 0;
    for (int64_t i = 0; i < w->nqueue; i++) w->files[w->queue[i].object]->pending = 1;
    for (int64_t i = 0; i < in->nunits; i++) close_watched(w->files[in->units[i].object]);
}

static void watch_close(rt_source *s) {
    rt_watch *w = s->impl;
    if (!w) return;
    rt_loop_remove(s->env->loop, &w->handler);
    if (w->handler.fd >= 0) rt_os_close(w->handler.fd);
    for (int64_t i = 0; i < w->nfiles; i++) {
        rt_file_close(&w->files[i]->file);
        free(w->files[i]->path);
        free(w->files[i]);
    }
    free(w->files);
    free(w->queue);
    free(w);
    s->impl = NULL;
}

const rt_source_ops rt_watch_source = {
    .name = "watch",
    .live = true,
    .open = watch_open,
    .waiting = watch_waiting,
    .next = watch_next,
    .take = watch_take,
    .read = watch_read,
    .quotes = watch_quotes,
    .object = watch_object,
    .header = watch_header,
    .done = watch_done,
    .close = watch_close,
    .replays = true,
    .save = rt_watch_save,
    .load = rt_watch_load,
    .plan = rt_watch_plan,
    .replan = rt_watch_replan,
    .plan_text = rt_watch_plan_text,
};
