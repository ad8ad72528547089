/* build.c - from a program to its executable, through the cache of executables.
 *
 * The front end always runs: it finds the imported files, and its warnings are shown each
 * time.  Only then the key is known, over everything the executable depends on; with a
 * hit LLVM is not started.  --no-cache neither looks nor stores. */
#include "compiler/driver/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi_tag.h"
#include "compiler/base/check.h"
#include "compiler/driver/compile.h"
#include "compiler/driver/driver.h"
#include "compiler/link/cache.h"
#include "compiler/link/link.h"
#include "compiler/link/object.h"

extern char **environ;

static int fail(compile_t *c, const char *why) {
    if (!c->failed) c->failed = why;
    return 0;
}

/* ---- the cache ---- */

static const char *digest_of(compile_t *c) {
    const options_t *o = c->options;
    cache_key_t *k = cache_key_new(c->arena);
    cache_key_text(k, FLOW_VERSION);
    cache_key_text(k, FLOW_ABI_TAG);
    cache_key_file(k, "/proc/self/exe"); /* another flowc may make other code */
    cache_key_text(k, o->cpu);
    cache_key_text(k, strcmp(o->cpu, "native") ? "" : target_host(c->arena));
    cache_key_text(k, o->sanitize);
    cache_key_text(k, getenv("FLOW_LINKER"));
    int numbers[] = {o->level, o->is_static, o->faults};
    cache_key_bytes(k, numbers, sizeof numbers);
    cache_key_bytes(k, c->plan_options.off, sizeof c->plan_options.off);
    const char *why, *runtime = link_find_runtime(c->arena, &why);
    if (runtime) cache_key_file(k, arena_printf(c->arena, "%s/libflowrt-pack.a", runtime));
    if (runtime)
        cache_key_file(k, arena_printf(c->arena, "%s/libflowrt%s.a", runtime,
                                       o->faults ? "-faults" : ""));
    for (uint32_t i = 0; i < sources_count(c->sources); i++) {
        const source_t *s = source_at(c->sources, i);
        char *full = realpath(s->path, NULL); /* debug information holds it */
        cache_key_text(k, full ? full : s->path);
        free(full);
        cache_key_bytes(k, s->text, s->len);
    }
    return cache_key_digest(c->arena, k);
}

/* ---- files ---- */

static int copy_file(compile_t *c, const char *from, const char *to) {
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    struct stat st;
    const char *why;
    if (fd < 0 || fstat(fd, &st)) {
        if (fd >= 0) close(fd);
        return fail(c, arena_printf(c->arena, "cannot read %s: %s", from, strerror(errno)));
    }
    char *bytes = arena_alloc(c->arena, (size_t)st.st_size + 1);
    ssize_t n = read(fd, bytes, (size_t)st.st_size);
    close(fd);
    if (n != st.st_size) return fail(c, arena_printf(c->arena, "cannot read %s", from));
    if (!file_write(c->arena, to, bytes, (size_t)n, 0777, &why)) return fail(c, why);
    return 1;
}

/* Compiles and links to `path`. */
static int make_executable(compile_t *c, const char *path, int keep_other) {
    if (!compile_to(c, STAGE_obj)) return 0;
    if (c->options->is_static && c->emit->externs.n) {
        c->usage = 1;
        return fail(c, arena_printf(c->arena, "--static cannot open a library at start, and `%s` "
                                              "is in one", c->emit->externs.at[0].def->name));
    }
    double since = compile_clock();
    link_job_t job = {.objects = c->objects.at, .nobjects = c->objects.n, .output = path,
                      .is_static = c->options->is_static, .faults = c->options->faults,
                      .codecs = c->emit->codecs, .sanitize = c->options->sanitize,
                      .abi = FLOW_ABI_TAG, .keep_other = keep_other};
    const char *why;
    int ok = link_program(c->arena, &job, &why);
    compile_phase(c, "link", since);
    return ok ? 1 : fail(c, why);
}

int build_executable(compile_t *c, const char *path) { return make_executable(c, path, 0); }

/* The executable in the cache, made if it is not there; null if there is no cache or an
 * error (c->failed, diagnostics). */
static const char *cached_executable(compile_t *c) {
    const char *entry = c->options->no_cache ? NULL : cache_entry(c->arena, digest_of(c));
    if (!entry || cache_has(entry)) return entry;
    if (!make_executable(c, entry, 0)) return NULL;
    cache_trim(c->arena, entry);
    return entry;
}

/* ---- build ---- */

/* `x.flow` builds to `x` beside it. */
static const char *output_of(compile_t *c, const char *file) {
    if (c->options->output) return c->options->output;
    size_t n = strlen(file);
    if (n > 5 && !strcmp(file + n - 5, ".flow"))
        return arena_strndup(c->arena, file, n - 5);
    c->usage = 1;
    fail(c, arena_printf(c->arena, "%s does not end in .flow: say where to write with -o FILE",
                         file));
    return NULL;
}

static void build_to(compile_t *c, const char *output) {
    const char *why;
    if (!link_may_write(c->arena, output, &why)) {
        fail(c, why);
        return;
    }
    if (!compile_to(c, STAGE_plan)) return;
    const char *entry = cached_executable(c);
    if (entry) copy_file(c, entry, output);
    else if (!c->failed && !diags_errors(c->diags)) make_executable(c, output, 1);
}

int build_program(const options_t *o) {
    compile_t *c = compile_new(o, o->files.at[0]);
    const char *output = c->failed ? NULL : output_of(c, o->files.at[0]);
    if (output) build_to(c, output);
    int code = compile_report(c);
    compile_free(c);
    return code;
}

/* ---- run ---- */

/* What the program is called: the file's name without `.flow`. */
static char *program_name(compile_t *c, const char *file) {
    const char *slash = strrchr(file, '/');
    if (slash) file = slash + 1;
    size_t n = strlen(file);
    if (n > 5 && !strcmp(file + n - 5, ".flow")) n -= 5;
    return arena_strndup(c->arena, file, n);
}

const char *extern_folder(compile_t *c) {
    char *full = realpath(source_at(c->sources, c->file)->path, NULL);
    char *slash = full ? strrchr(full, '/') : NULL;
    const char *folder = slash ? arena_strndup(c->arena, full, (size_t)(slash - full)) : ".";
    free(full);
    return folder;
}

/* Becomes the executable behind the descriptor; returns only if it cannot. */
static void become(compile_t *c, int fd) {
    names_t argv = {0};
    vec_push(c->arena, &argv, program_name(c, c->options->files.at[0]));
    for (size_t i = 0; i < c->options->rest.n; i++)
        vec_push(c->arena, &argv, c->options->rest.at[i]);
    vec_push(c->arena, &argv, NULL);
    if (c->program->externs.n) setenv("FLOW_EXTERN_DIR", extern_folder(c), 0);
    fexecve(fd, (char *const *)argv.at, environ);
    fail(c, arena_printf(c->arena, "cannot start the program: %s", strerror(errno)));
}

/* Without a cache the executable lies in a file that is gone once it is open. */
static int open_temporary(compile_t *c) {
    const char *base = getenv("TMPDIR");
    char *folder = arena_printf(c->arena, "%s/flow-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder)) {
        fail(c, arena_printf(c->arena, "cannot make a folder in %s: %s", base ? base : "/tmp",
                             strerror(errno)));
        return -1;
    }
    const char *path = arena_printf(c->arena, "%s/program", folder);
    int fd = make_executable(c, path, 0) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    unlink(path);
    rmdir(folder);
    return fd;
}

int build_and_run(const options_t *o) {
    compile_t *c = compile_new(o, o->files.at[0]);
    int fd = -1;
    if (compile_to(c, STAGE_plan)) {
        const char *entry = cached_executable(c);
        if (entry) fd = open(entry, O_RDONLY | O_CLOEXEC);
        else if (!c->failed && !diags_errors(c->diags)) fd = open_temporary(c);
    }
    int code = compile_report(c);
    if (fd >= 0) {
        fflush(stderr);
        become(c, fd);
        code = compile_report(c);
    }
    compile_free(c);
    return code;
}
