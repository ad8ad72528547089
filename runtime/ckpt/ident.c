/* ident.c - see ident.h. */
#define _GNU_SOURCE
#include "runtime/ckpt/ident.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/crc32c.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"

#define MAGIC 0x49574c46u /* "FLWI" */
#define BEGIN_BYTES 36

enum { FILE_PATH = RT_CKPT_PATH + 64 };

static rt_status cannot(const char *what, const char *path) {
    return (rt_status)rt_fail(RT_io, "cannot %s %s: %s", what, path, strerror(errno));
}

/* ---- the folder -------------------------------------------------------------------------- */

/* Nobody else may change what the program will trust. */
static rt_status check_owner(const char *path, const struct stat *st) {
    if (st->st_uid != geteuid() && geteuid() != 0)
        return (rt_status)rt_fail(RT_refused, "%s belongs to another user", path);
    if (st->st_mode & 022)
        return (rt_status)rt_fail(RT_refused,
                                  "%s may be written by others: `chmod go-w` it, or use "
                                  "another folder for the checkpoint",
                                  path);
    return RT_ok;
}

/* File systems on which a sync means nothing, or less than it says. */
static rt_status check_disk(const char *dir) {
    struct statfs fs;
    if (rt_os_statfs(dir, &fs) < 0) return cannot("look at", dir);
    const char *doubt = NULL;
    switch ((unsigned long)fs.f_type) {
    case 0x01021994: /* tmpfs */
    case 0x858458f6: /* ramfs */
#ifdef FLOW_FAULTS
        if (rt_test_tmpfs()) return RT_ok;
#endif
        return (rt_status)rt_fail(RT_refused,
                                  "%s is in memory (tmpfs) and would not survive a power "
                                  "loss: use a folder on a disk for the checkpoint",
                                  dir);
    case 0x6969: doubt = "NFS"; break;
    case 0x65735546: doubt = "FUSE"; break;
    case 0xff534d42: doubt = "CIFS"; break;
    default: break;
    }
    if (doubt)
        rt_log(RT_WARN, "%s is on %s: what survives a power loss there is not in the hands "
               "of this program", dir, doubt);
    return RT_ok;
}

/* The folder itself is only for its owner; those above it are made as usual. */
static rt_status make_folder(const char *dir, bool *made) {
    char at[RT_CKPT_PATH + 1];
    snprintf(at, sizeof at, "%s", dir);
    *made = false;
    for (char *p = at + 1;; p++) {
        if (*p != '/' && *p) continue;
        bool last = !*p;
        *p = 0;
        int result = rt_os_mkdir(at, last ? 0700 : 0777);
        if (result < 0 && errno != EEXIST) return cannot("make the folder", at);
        if (last) *made = result == 0;
        if (last) return RT_ok;
        *p = '/';
    }
}

static void tell_holder(int fd, const char *path) {
    char text[64] = "";
    int64_t n = rt_os_pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    text[strcspn(text, " \n")] = 0;
    rt_log(RT_ERROR, "the checkpoint is in use by process %s (%s)", *text ? text : "?", path);
}

static rt_status take_lock(const char *dir, int *lock) {
    char path[FILE_PATH], text[64];
    bool found;
    RT_TRY(rt_folder_check(dir, "LOCK", &found));
    snprintf(path, sizeof path, "%s/LOCK", dir);
    int fd = rt_os_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0) return cannot("open", path);
    if (rt_os_lock(fd) < 0) {
        bool held = errno == EWOULDBLOCK;
        rt_status status = RT_locked;
        if (held) tell_holder(fd, path);
        else status = cannot("lock", path);
        rt_os_close(fd);
        return status;
    }
    int n = snprintf(text, sizeof text, "%ld %" PRId64 "\n", (long)getpid(), rt_clock_wall());
    if (rt_os_truncate(fd, 0) < 0 || rt_os_pwrite_all(fd, text, n, 0) < 0) {
        rt_status status = cannot("write", path);
        rt_os_close(fd);
        return status;
    }
    *lock = fd;
    return RT_ok;
}

rt_status rt_folder_take(const char *dir, int *lock, bool *made) {
    struct stat st;
    *lock = -1;
    if (!*dir || strlen(dir) > RT_CKPT_PATH)
        return (rt_status)rt_fail(RT_usage, "`checkpoint`: `%s` is no folder", dir);
    RT_TRY(make_folder(dir, made));
    if (rt_os_stat(dir, &st) < 0) return cannot("look at", dir);
    if (!S_ISDIR(st.st_mode))
        return (rt_status)rt_fail(RT_refused, "%s is no folder", dir);
    RT_TRY(check_owner(dir, &st));
    RT_TRY(check_disk(dir));
    return take_lock(dir, lock);
}

rt_status rt_folder_below(const char *dir) {
    char path[FILE_PATH];
    struct stat st;
    snprintf(path, sizeof path, "%s/state", dir);
    if (rt_os_mkdir(path, 0700) < 0 && errno != EEXIST) return cannot("make the folder", path);
    if (rt_os_lstat(path, &st) < 0) return cannot("look at", path);
    if (!S_ISDIR(st.st_mode))
        return (rt_status)rt_fail(RT_refused, "%s is no folder", path);
    return check_owner(path, &st);
}

void rt_folder_leave(int lock) {
    if (lock >= 0) rt_os_close(lock);
}

rt_status rt_folder_check(const char *dir, const char *name, bool *found) {
    char path[FILE_PATH];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    *found = false;
    if (rt_os_lstat(path, &st) < 0) return errno == ENOENT ? RT_ok : cannot("look at", path);
    *found = true;
    if (!S_ISREG(st.st_mode))
        return (rt_status)rt_fail(RT_refused, "%s is no file", path);
    return check_owner(path, &st);
}

/* ---- IDENT ------------------------------------------------------------------------------- */

rt_status rt_ident_new(const char *name, int64_t partitions, rt_ident *out) {
    uint8_t bytes[24];
    *out = (rt_ident){.partitions = partitions};
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return (rt_status)rt_fail(RT_io, "no random bytes for the id of a job: %s",
                                  strerror(errno));
    memcpy(out->job, bytes, 16);
    memcpy(&out->seed, bytes + 16, 8);
    snprintf(out->name, sizeof out->name, "%s", name);
    return RT_ok;
}

static void encode(rt_wire *w, const rt_ident *ident) {
    rt_wire_u32(w, MAGIC);
    rt_wire_u32(w, RT_CKPT_VERSION);
    rt_wire_raw(w, ident->job, 16);
    rt_wire_u64(w, ident->seed);
    rt_wire_i64(w, ident->partitions);
    rt_wire_text(w, ident->name);
    rt_wire_u32(w, rt_crc32c(0, w->p, w->n));
}

/* 0: damaged; else the version it is of. */
static uint32_t decode(const uint8_t *p, int64_t n, rt_ident *out) {
    rt_unwire r = rt_unwire_of(p, n);
    uint32_t magic = rt_unwire_u32(&r), version = rt_unwire_u32(&r);
    if (n < 16 || magic != MAGIC) return 0;
    rt_unwire foot = rt_unwire_of(p + n - 4, 4);
    if (rt_crc32c(0, p, n - 4) != rt_unwire_u32(&foot)) return 0;
    if (version != RT_CKPT_VERSION) return version;
    for (int i = 0; i < 16; i++) out->job[i] = rt_unwire_u8(&r);
    out->seed = rt_unwire_u64(&r);
    out->partitions = rt_unwire_i64(&r);
    int64_t len;
    const uint8_t *name = rt_unwire_bytes(&r, &len);
    rt_unwire_u32(&r);
    if (!rt_unwire_done(&r) || len >= (int64_t)sizeof out->name) return 0;
    memcpy(out->name, name, (size_t)len);
    return version;
}

rt_status rt_ident_read(const char *dir, rt_ident *out, bool *found) {
    char path[FILE_PATH];
    uint8_t bytes[1024];
    *out = (rt_ident){0};
    RT_TRY(rt_folder_check(dir, "IDENT", found));
    if (!*found) return RT_ok;
    snprintf(path, sizeof path, "%s/IDENT", dir);
    int fd = rt_os_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0) return cannot("open", path);
    int64_t n = rt_os_pread_all(fd, bytes, sizeof bytes, 0);
    rt_os_close(fd);
    if (n < 0) return cannot("read", path);
    uint32_t version = decode(bytes, n, out);
    if (version == RT_CKPT_VERSION) return RT_ok;
    if (version)
        return (rt_status)rt_fail(RT_refused,
                                  "%s is of a checkpoint of version %u, this program "
                                  "writes %d: run it with the program that wrote it, or begin "
                                  "anew with --fresh",
                                  path, version, RT_CKPT_VERSION);
    return (rt_status)rt_fail(RT_refused,
                              "%s is damaged: restore the folder from a copy, or begin anew "
                              "with --fresh",
                              path);
}

/* Folders above are synced too: the new one's name must not be lost. */
static rt_status sync_above(const char *dir) {
    char above[RT_CKPT_PATH + 1];
    snprintf(above, sizeof above, "%s", dir);
    char *slash = strrchr(above, '/');
    if (slash == above) slash[1] = 0;
    else if (slash) *slash = 0;
    else strcpy(above, ".");
    return rt_os_sync_dir(above) < 0 ? cannot("sync", above) : RT_ok;
}

static rt_status write_tmp(const char *tmp, const rt_wire *w) {
    if (rt_os_unlink(tmp) < 0 && errno != ENOENT) return cannot("remove", tmp);
    int fd = rt_os_open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (fd < 0) return cannot("create", tmp);
    rt_status status = RT_ok;
    if (rt_os_pwrite_all(fd, w->p, w->n, 0) < 0) status = cannot("write", tmp);
    if (status == RT_ok && !RT_MUTANT(init_nofsync) && rt_os_fdatasync(fd) < 0)
        status = cannot("sync", tmp);
    if (rt_os_close(fd) < 0 && status == RT_ok) status = cannot("close", tmp);
    return status;
}

rt_status rt_ident_write(const char *dir, const rt_ident *ident) {
    char path[FILE_PATH], tmp[FILE_PATH];
    rt_wire w = {0};
    snprintf(path, sizeof path, "%s/IDENT", dir);
    snprintf(tmp, sizeof tmp, "%s/IDENT.tmp", dir);
    encode(&w, ident);
    rt_status status = write_tmp(tmp, &w);
    rt_wire_free(&w);
    RT_TRY(status);
    RT_CRASH(C0, -1);
    if (rt_os_rename(tmp, path) < 0) return cannot("rename", tmp);
    RT_CRASH(C1, -1);
    if (rt_os_sync_dir(dir) < 0) return cannot("sync", dir);
    return sync_above(dir);
}

/* ---- begun ------------------------------------------------------------------------------- */

static void begun_path(char *path, size_t size, const char *dir, const uint8_t *job) {
    int n = snprintf(path, size, "%s/begun-", dir);
    for (int i = 0; i < 8; i++)
        snprintf(path + n + 2 * i, size - (size_t)(n + 2 * i), "%02x", (unsigned)job[i]);
}

bool rt_begun_is(const char *dir, const uint8_t *job) {
    char path[FILE_PATH];
    struct stat st;
    begun_path(path, sizeof path, dir, job);
    return rt_os_lstat(path, &st) == 0;
}

rt_status rt_begun_make(const char *dir, const uint8_t *job) {
    char path[FILE_PATH];
    begun_path(path, sizeof path, dir, job);
    if (rt_begun_is(dir, job)) return RT_ok;
    int fd = rt_os_open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
    if (fd < 0) return cannot("create", path);
    if (rt_os_close(fd) < 0) return cannot("close", path);
    return rt_os_sync_dir(dir) < 0 ? cannot("sync", dir) : RT_ok;
}

void rt_begun_forget(const char *dir, const uint8_t *job) {
    char path[FILE_PATH];
    begun_path(path, sizeof path, dir, job);
    if (rt_os_unlink(path) < 0 && errno != ENOENT)
        rt_log(RT_WARN, "cannot remove %s: %s", path, strerror(errno));
}

/* ---- RT_BEGIN ---------------------------------------------------------------------------- */

void rt_begin_write(rt_wire *w, const uint8_t *job, const uint8_t *before) {
    rt_wire_u32(w, RT_CKPT_VERSION);
    rt_wire_raw(w, job, 16);
    rt_wire_raw(w, before, 16);
}

bool rt_begin_read(const uint8_t *p, int64_t n, uint8_t *job, uint8_t *before) {
    rt_unwire r = rt_unwire_of(p, n);
    if (n != BEGIN_BYTES || rt_unwire_u32(&r) != RT_CKPT_VERSION) return false;
    memcpy(job, r.p, 16);
    memcpy(before, r.p + 16, 16);
    return true;
}
