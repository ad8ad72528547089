/* spawn.c - posix_spawn with standard error in a pipe. */
#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np */
#include "compiler/link/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "compiler/base/buf.h"
#include "compiler/base/vec.h"

extern char **environ;

const char *spawn_find(arena_t *a, const char *name) {
    if (strchr(name, '/')) return access(name, X_OK) ? NULL : name;
    const char *path = getenv("PATH");
    if (!path || !*path) path = "/usr/local/bin:/usr/bin:/bin";
    while (*path) {
        size_t n = strcspn(path, ":");
        const char *full = n ? arena_printf(a, "%.*s/%s", (int)n, path, name) : name;
        if (!access(full, X_OK)) return full;
        path += n + (path[n] == ':');
    }
    return NULL;
}

static const char *read_all(arena_t *a, int fd) {
    buf_t b;
    buf_init(&b, a);
    char chunk[4096];
    for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) != 0;) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) break;
        buf_put(&b, chunk, (size_t)n);
    }
    return buf_text(&b);
}

int spawn_wait(arena_t *a, const char *const *argv, const char **said) {
    int ends[2];
    *said = "";
    if (pipe(ends)) {
        *said = strerror(errno);
        return -1;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    pid_t pid;
    int error = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    int status = 0;
    if (error) {
        *said = strerror(error);
    } else {
        *said = read_all(a, ends[0]);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    }
    close(ends[0]);
    if (error) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- a run of a test ---- */

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Reads to the end; 0 if that did not come before `deadline`. */
static int read_until(buf_t *b, int fd, double deadline) {
    char chunk[4096];
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ms = (int)((deadline - seconds_now()) * 1000);
        int ready = ms > 0 ? poll(&p, 1, ms) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return 0;
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return 1;
        if (b->n < (1u << 20)) buf_put(b, chunk, (size_t)n);
    }
}

static char *const *scripted_environment(arena_t *a, const char *script,
                                         const char *externs) {
    VEC(char *) env = {0};
    for (char **e = environ; *e; e++)
        if (strncmp(*e, "FLOW_", 5)) vec_push(a, &env, *e);
    vec_push(a, &env, arena_printf(a, "FLOW_TEST_SCRIPT=%s", script));
    vec_push(a, &env, arena_printf(a, "FLOW_EXTERN_DIR=%s", externs));
    vec_push(a, &env, NULL);
    return env.at;
}

int spawn_scripted(arena_t *a, const char *const *argv, const char *folder,
                   const char *script, const char *externs, int seconds, const char **said) {
    int ends[2];
    pid_t pid;
    posix_spawn_file_actions_t actions;
    *said = "";
    if (pipe(ends)) return *said = strerror(errno), -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    int error = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv,
                            scripted_environment(a, script, externs));
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    buf_t b;
    buf_init(&b, a);
    int status = 0, late = 0;
    if (!error) {
        late = !read_until(&b, ends[0], seconds_now() + seconds);
        if (late) kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    }
    close(ends[0]);
    *said = error ? strerror(error) : buf_text(&b);
    if (error) return -1;
    if (late) return SPAWN_LATE;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
