/* link.c - finds the runtime, the C library and a linker, and runs it.
 *
 * A linker called directly is faster than through cc and needs no compiler: the start
 * files and libc of libc6-dev are enough, for the runtime brings its own 128-bit
 * division.  Tried in order: FLOW_LINKER, mold, ld.lld-19, ld.lld, cc, ld.  A sanitized
 * program is linked by clang 19, which knows where its runtime lies. */
#define _GNU_SOURCE /* memmem */
#include "compiler/link/link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/base/check.h"
#include "compiler/base/vec.h"
#include "compiler/link/object.h"
#include "compiler/link/spawn.h"

static const char archive_name[] = "libflowrt.a", faults_name[] = "libflowrt-faults.a";

/* ---- places ---- */

static int is_file(const char *path) {
    struct stat st;
    return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* The folder of this executable, by its real path. */
static const char *own_folder(arena_t *a) {
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0) return ".";
    path[n] = 0;
    char *slash = strrchr(path, '/');
    if (slash) *slash = 0;
    return arena_strdup(a, path);
}

const char *link_find_runtime(arena_t *a, const char **why) {
    const char *home = getenv("FLOW_HOME"), *own = own_folder(a);
    const char *places[] = {
        home ? arena_printf(a, "%s/lib/flow", home) : NULL,
        home ? home : NULL,
        home ? NULL : arena_printf(a, "%s/../lib/flow", own),
        home ? NULL : arena_printf(a, "%s/lib/flow", own),
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i] && is_file(arena_printf(a, "%s/%s", places[i], archive_name)))
            return places[i];
    if (home)
        *why = arena_printf(a, "no runtime (%s) in FLOW_HOME, %s", archive_name, home);
    else
        *why = arena_printf(a, "no runtime (%s) in %s/../lib/flow or %s/lib/flow; set FLOW_HOME"
                               " to the folder that Flow was installed in",
                            archive_name, own, own);
    return NULL;
}

/* ---- what stands in files ---- */

typedef struct mapped {
    const char *bytes;
    size_t n;
} mapped_t;

static mapped_t map_file(const char *path) {
    mapped_t m = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return m;
    struct stat st;
    if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0) {
        void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p != MAP_FAILED) m = (mapped_t){p, (size_t)st.st_size};
    }
    close(fd);
    return m;
}

static void unmap_file(mapped_t m) {
    if (m.n) munmap((void *)m.bytes, m.n);
}

const char *link_archive_abi(arena_t *a, const char *archive) {
    static const char mark[] = "flow_rt_abi_";
    mapped_t m = map_file(archive);
    if (!m.n) return NULL;
    /* The names of the archive's symbols are its first member. */
    const char *p = memmem(m.bytes, m.n, mark, sizeof mark - 1), *tag = NULL;
    if (p) {
        p += sizeof mark - 1;
        size_t n = 0, left = m.n - (size_t)(p - m.bytes);
        while (n < left && n < 64 && p[n] > ' ') n++;
        tag = arena_strndup(a, p, n);
    }
    unmap_file(m);
    return tag;
}

/* Every program holds its descriptor, which begins so (runtime/data/program.h). */
static int is_flow_executable(const char *path) {
    static const char mark[] = "flow\t1\nprogram\t";
    mapped_t m = map_file(path);
    int ours = m.n > 4 && !memcmp(m.bytes, "\177ELF", 4) &&
               memmem(m.bytes, m.n, mark, sizeof mark - 1) != NULL;
    unmap_file(m);
    return ours;
}

int link_may_write(arena_t *a, const char *path, const char **why) {
    struct stat st;
    if (lstat(path, &st)) {
        if (errno == ENOENT) return 1;
        *why = arena_printf(a, "cannot write %s: %s", path, strerror(errno));
        return 0;
    }
    if (S_ISREG(st.st_mode) && (!st.st_size || is_flow_executable(path))) return 1;
    *why = arena_printf(a, "%s is %s: it is not overwritten", path,
                        S_ISDIR(st.st_mode) ? "a folder"
                                            : "not an executable made by Flow");
    return 0;
}

/* ---- the linker ---- */

typedef enum linker_kind { LINKER_DIRECT, LINKER_CC } linker_kind;

typedef struct linker {
    const char *path;
    linker_kind kind;
} linker_t;

static linker_kind kind_of(const char *name) {
    const char *slash = strrchr(name, '/');
    if (slash) name = slash + 1;
    return strstr(name, "mold") || strstr(name, "lld") || !strncmp(name, "ld", 2)
               ? LINKER_DIRECT
               : LINKER_CC;
}

static int find_linker(arena_t *a, const link_job_t *job, linker_t *out, const char **why) {
    static const char *const usual[] = {"mold", "ld.lld-19", "ld.lld", "cc", "ld"};
    const char *wish = getenv("FLOW_LINKER");
    if (job->sanitize) wish = "clang-19";
    if (wish && *wish) {
        out->path = spawn_find(a, wish);
        out->kind = kind_of(wish);
        if (!out->path)
            *why = arena_printf(a, "there is no linker `%s`%s", wish,
                                job->sanitize ? " (package clang-19)" : " (FLOW_LINKER)");
        return out->path != NULL;
    }
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        out->path = spawn_find(a, usual[i]);
        out->kind = kind_of(usual[i]);
        if (out->path) return 1;
    }
    *why = "there is no linker: install the package lld-19, mold, binutils or gcc";
    return 0;
}

/* ---- the C library ---- */

static const char *libc_folder(arena_t *a, const char *start_file) {
    static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib",
                                          "/lib/x86_64-linux-gnu", "/lib64"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (is_file(arena_printf(a, "%s/%s", folders[i], start_file))) return folders[i];
    return NULL;
}

/* libgcc's folder of the newest gcc, for the unwinder that the static libc refers to. */
static const char *libgcc_folder(arena_t *a) {
    for (int v = 20; v >= 8; v--) {
        const char *folder = arena_printf(a, "/usr/lib/gcc/x86_64-linux-gnu/%d", v);
        if (is_file(arena_printf(a, "%s/libgcc_eh.a", folder))) return folder;
    }
    return NULL;
}

typedef VEC(const char *) args_t;

/* Beside the runtime, for programs that read or write compressed files. */
static void codec_args(arena_t *a, const link_job_t *job, const char *archive, args_t *v) {
    static const char *const names[] = {"libflowrt-pack.a", "libz.a", "libzstd.a"};
    int folder = (int)(strrchr(archive, '/') - archive);
    for (size_t i = 0; job->codecs && i < sizeof names / sizeof *names; i++)
        vec_push(a, v, arena_printf(a, "%.*s/%s", folder, archive, names[i]));
}

static void put(arena_t *a, args_t *v, const char *const *words) {
    for (; *words; words++) vec_push(a, v, *words);
}
#define PUT(a, v, ...) put((a), (v), (const char *const[]){__VA_ARGS__, NULL})

/* The arguments of a linker called by itself. */
static int direct_args(arena_t *a, const link_job_t *job, const args_t *objects,
                       const char *archive, const char *out, args_t *v, const char **why) {
    const char *start = job->is_static ? "rcrt1.o" : "Scrt1.o";
    const char *folder = libc_folder(a, start);
    if (!folder) {
        *why = arena_printf(a, "%s is missing: install the package libc6-dev", start);
        return 0;
    }
    PUT(a, v, "-o", out, "-m", "elf_x86_64", "-pie", "--gc-sections", "--eh-frame-hdr",
        "--hash-style=gnu", "-z", "relro", "-z", "now", "-z", "noexecstack");
    if (job->is_static)
        PUT(a, v, "-static", "--no-dynamic-linker", "-z", "text");
    else
        PUT(a, v, "-dynamic-linker", "/lib64/ld-linux-x86-64.so.2", "--as-needed");
    PUT(a, v, arena_printf(a, "%s/%s", folder, start), arena_printf(a, "%s/crti.o", folder));
    for (size_t i = 0; i < objects->n; i++) PUT(a, v, objects->at[i]);
    PUT(a, v, archive);
    codec_args(a, job, archive, v);
    PUT(a, v, arena_printf(a, "-L%s", folder), "-L/lib/x86_64-linux-gnu");
    const char *gcc = job->is_static ? libgcc_folder(a) : NULL;
    if (job->is_static && !gcc) {
        *why = "libgcc_eh.a is missing, which --static needs: install the package gcc";
        return 0;
    }
    if (gcc)
        PUT(a, v, arena_printf(a, "-L%s", gcc), "--start-group", "-lm", "-lc", "-lgcc",
            "-lgcc_eh", "--end-group");
    else
        PUT(a, v, "-lm", "-lc");
    PUT(a, v, arena_printf(a, "%s/crtn.o", folder));
    return 1;
}

static void cc_args(arena_t *a, const link_job_t *job, const args_t *objects,
                    const char *archive, const char *out, args_t *v) {
    PUT(a, v, "-o", out, job->is_static ? "-static-pie" : "-pie", "-Wl,--gc-sections",
        "-Wl,-z,relro,-z,now", "-Wl,--as-needed");
    if (job->sanitize) {
        PUT(a, v, arena_printf(a, "-fsanitize=%s%s", job->sanitize,
                               strcmp(job->sanitize, "address") ? "" : ",undefined"));
        if (spawn_find(a, "ld.lld-19")) PUT(a, v, "-fuse-ld=lld");
    }
    for (size_t i = 0; i < objects->n; i++) PUT(a, v, objects->at[i]);
    PUT(a, v, archive);
    codec_args(a, job, archive, v);
    PUT(a, v, "-lm");
}

/* ---- linking ---- */

static int check_abi(arena_t *a, const char *archive, const char *abi, const char **why) {
    const char *has = link_archive_abi(a, archive);
    if (has && !strcmp(has, abi)) return 1;
    *why = arena_printf(a, "the runtime %s does not fit this compiler: its ABI tag is %s,"
                           " flowc's is %s", archive, has ? has : "missing", abi);
    return 0;
}

static int run_linker(arena_t *a, const link_job_t *job, const args_t *objects,
                      const char *archive, const char *out, const char **why) {
    linker_t linker;
    if (!find_linker(a, job, &linker, why)) return 0;
    args_t v = {0};
    vec_push(a, &v, linker.path);
    if (linker.kind == LINKER_CC) cc_args(a, job, objects, archive, out, &v);
    else if (!direct_args(a, job, objects, archive, out, &v, why)) return 0;
    vec_push(a, &v, NULL);
    const char *said;
    int code = spawn_wait(a, v.at, &said);
    if (!code) return 1;
    if (code < 0) *why = arena_printf(a, "cannot run %s: %s", linker.path, said);
    else *why = arena_printf(a, "the linker failed (%s):\n%s", linker.path, said);
    return 0;
}

int link_program(arena_t *a, const link_job_t *job, const char **why) {
    const char *runtime = link_find_runtime(a, why);
    if (!runtime) return 0;
    if (job->keep_other && !link_may_write(a, job->output, why)) return 0;
    const char *archive =
        arena_printf(a, "%s/%s", runtime, job->faults ? faults_name : archive_name);
    if (job->faults && !is_file(archive)) {
        *why = arena_printf(a, "there is no %s: the test build of the runtime", archive);
        return 0;
    }
    if (!check_abi(a, archive, job->abi, why)) return 0;
    /* Temporary files stand beside the result: same file system, same rights. */
    args_t objects = {0};
    const char *out = arena_printf(a, "%s.%ld.tmp", job->output, (long)getpid());
    int ok = 1;
    for (size_t i = 0; ok && i < job->nobjects; i++) {
        const object_t *o = &job->objects[i];
        const char *path = arena_printf(a, "%s.%ld-%zu.o", job->output, (long)getpid(), i);
        ok = file_write(a, path, o->bytes, o->size, 0600, why);
        if (ok) vec_push(a, &objects, path);
    }
    if (ok) ok = run_linker(a, job, &objects, archive, out, why);
    for (size_t i = 0; i < objects.n; i++) unlink(objects.at[i]);
    if (ok && rename(out, job->output)) {
        *why = arena_printf(a, "cannot write %s: %s", job->output, strerror(errno));
        ok = 0;
    }
    if (!ok) unlink(out);
    return ok;
}
