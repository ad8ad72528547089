/* spawn.c - posix_spawn with standard error in a pipe. */
#include "compiler/link/spawn.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/base/buf.h"

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
