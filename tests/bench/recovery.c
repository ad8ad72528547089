/* recovery.c - how long a killed program takes to its first new row.
 *
 *   recovery RUNS CHECKPOINT BYTES SECONDS COMMAND [ARGUMENT ...]
 *
 * Starts the command (whose arguments name the folder CHECKPOINT and ask for --log info),
 * waits until a saved state of at least BYTES is on the disk and committed - the journal
 * has grown twice since the state's file was whole - and SECONDS more, and kills it by SIGKILL.
 * Then it is started again, and the time from fork to the first byte on its standard output
 * is taken; how many batches were repeated first, it says itself.  What they had taken before
 * is their share of the time of the killed run.  Prints one line per run. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 4096 };

typedef struct {
    pid_t pid;
    int out, err;
} child_t;

static void die(const char *what) {
    fprintf(stderr, "recovery: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static child_t start(char **argv) {
    int out[2], err[2];
    if (pipe(out) || pipe(err)) die("pipe");
    child_t c = {.pid = fork(), .out = out[0], .err = err[0]};
    if (c.pid < 0) die("fork");
    if (c.pid == 0) {
        if (dup2(out[1], 1) < 0 || dup2(err[1], 2) < 0) _exit(126);
        for (int i = 3; i < 16; i++) close(i);
        execv(argv[0], argv);
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    return c;
}

static void stop(child_t *c) {
    kill(c->pid, SIGKILL);
    if (waitpid(c->pid, NULL, 0) != c->pid) die("wait");
    close(c->out);
    close(c->err);
}

/* Takes what the program writes, so that it does not wait for us; how many bytes. */
static size_t drain(int fd, char *text, size_t room) {
    static char buf[1 << 16];
    ssize_t n = read(fd, buf, sizeof buf);
    if (n < 0) die("read");
    if (text && n) {
        size_t keep = (size_t)n < room - 1 ? (size_t)n : room - 1;
        memcpy(text, buf, keep);
        text[keep] = 0;
    }
    return (size_t)n;
}

static off_t journal_bytes(const char *folder) {
    char path[ROOM];
    struct stat s;
    snprintf(path, sizeof path, "%s/journal", folder);
    return stat(path, &s) ? 0 : s.st_size;
}

/* The bytes of the newest state, or 0. */
static off_t state_bytes(const char *folder) {
    char path[2 * ROOM], newest[ROOM] = "";
    off_t bytes = 0;
    snprintf(path, sizeof path, "%s/state", folder);
    DIR *d = opendir(path);
    if (!d) return 0;
    for (const struct dirent *e; (e = readdir(d));) {
        struct stat s;
        if (e->d_name[0] == '.' || strcmp(e->d_name, newest) <= 0) continue;
        snprintf(path, sizeof path, "%s/state/%s", folder, e->d_name);
        if (stat(path, &s)) continue;
        snprintf(newest, sizeof newest, "%s", e->d_name);
        bytes = s.st_size;
    }
    closedir(d);
    return bytes;
}

/* Takes what the program writes within a millisecond. */
static void watch(child_t *c) {
    struct pollfd ready[2] = {{.fd = c->out, .events = POLLIN}, {.fd = c->err, .events = POLLIN}};
    if (poll(ready, 2, 1) < 0) die("poll");
    if (ready[0].revents && !drain(c->out, NULL, 0)) {
        fprintf(stderr, "recovery: the program ended before it was killed\n");
        exit(1);
    }
    if (ready[1].revents & POLLIN) drain(c->err, NULL, 0);
}

/* Reads the program's output until its state is saved and committed; the state's bytes. */
static off_t run_to_state(child_t *c, const char *folder, off_t least) {
    off_t state = 0, journal = 0;
    int grown = 0;
    for (;;) {
        watch(c);
        off_t bytes = state_bytes(folder), length = journal_bytes(folder);
        if (bytes != state) {
            state = bytes;
            grown = 0;
        } else if (length != journal && state >= least && ++grown == 2) {
            return state;
        }
        journal = length;
    }
}

int main(int argc, char **argv) {
    int runs = argc > 5 ? atoi(argv[1]) : 0;
    if (runs < 1) {
        fprintf(stderr, "usage: recovery RUNS CHECKPOINT BYTES SECONDS COMMAND [ARGUMENT ...]\n");
        return 2;
    }
    for (int i = 0; i < runs; i++) {
        char command[ROOM], said[ROOM] = "";
        snprintf(command, sizeof command, "rm -rf '%s'", argv[2]);
        if (system(command)) die(command);
        double began = now();
        child_t c = start(argv + 5);
        off_t state = run_to_state(&c, argv[2], atoll(argv[3]));
        for (double until = now() + atof(argv[4]); now() < until;) watch(&c);
        double ran = now() - began;
        stop(&c);

        began = now();
        c = start(argv + 5);
        if (!drain(c.out, NULL, 0)) die("the program ended without a row");
        double took = now() - began;
        struct pollfd told = {.fd = c.err, .events = POLLIN};
        if (poll(&told, 1, 0) > 0 && told.revents & POLLIN) drain(c.err, said, sizeof said);
        stop(&c);
        const char *replayed = strstr(said, "replaying batches ");
        long first = 0, last = -1;
        if (replayed) sscanf(replayed, "replaying batches %ld to %ld", &first, &last);
        long repeated = last - first + 1;
        printf("state of %.1f MB: the first new row after %.3f s, %ld batches repeated",
               (double)state / 1e6, took, repeated);
        if (repeated > 1) printf(", which took %.3f s before", ran * (double)repeated / (double)(last + 1));
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
