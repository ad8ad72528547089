/* fault_lab.c - see fault_lab.h.
 *
 * A program is waited for through its pidfd, with a wait in microseconds: what kills at
 * random times must be able to hit any instant of a run of a few milliseconds. */
#define _GNU_SOURCE
#include "tests/fault/fault_lab.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void lab_die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("faults: ", stderr);
    vfprintf(stderr, format, args);
    fprintf(stderr, " (%s)\n", strerror(errno));
    va_end(args);
    exit(2);
}

/* ---- chance ------------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t mix(uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

lab_chance lab_chance_of(uint64_t seed, uint64_t number) {
    return (lab_chance){mix(seed + 0x9e3779b97f4a7c15u) ^ mix(number * 0xd1342543de82ef95u + 1)};
}

uint64_t lab_next(lab_chance *c) { return mix(c->state += 0x9e3779b97f4a7c15u); }

int64_t lab_below(lab_chance *c, int64_t n) {
    return n <= 1 ? 0 : (int64_t)(lab_next(c) % (uint64_t)n);
}

bool lab_one_in(lab_chance *c, int64_t n) { return lab_below(c, n) == 0; }

/* ---- texts and files ------------------------------------------------------------------ */

lab_text lab_read(const char *path) {
    lab_text t = {NULL, 0};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return t;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) return close(fd), t;
    t.p = malloc((size_t)st.st_size + 1);
    if (!t.p) lab_die("memory");
    while (t.n < st.st_size) {
        ssize_t got = read(fd, t.p + t.n, (size_t)(st.st_size - t.n));
        if (got <= 0) break;
        t.n += got;
    }
    t.p[t.n] = 0;
    close(fd);
    return t;
}

void lab_write(const char *path, const void *p, int64_t n) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, p, (size_t)n) != n) lab_die("cannot write %s", path);
    close(fd);
}

void lab_text_free(lab_text *t) {
    free(t->p);
    *t = (lab_text){NULL, 0};
}

void lab_text_add(lab_text *t, const void *p, int64_t n) {
    t->p = realloc(t->p, (size_t)(t->n + n) + 1);
    if (!t->p) lab_die("memory");
    if (n) memcpy(t->p + t->n, p, (size_t)n);
    t->n += n;
    t->p[t->n] = 0;
}

bool lab_same(const lab_text *a, const lab_text *b) {
    return a->n == b->n && (!a->n || !memcmp(a->p, b->p, (size_t)a->n));
}

void lab_path(char *out, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out, LAB_PATH, format, args);
    va_end(args);
    if (n >= LAB_PATH) lab_die("a path is too long: %s", out);
}

bool lab_there(const char *path) {
    struct stat st;
    return lstat(path, &st) == 0;
}

void lab_mkdir(const char *path) {
    if (mkdir(path, 0700) < 0 && errno != EEXIST) lab_die("cannot make %s", path);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void lab_remove_tree(const char *path) {
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
        lab_die("cannot remove %s", path);
}

static void copy_file(const char *from, const char *to, mode_t mode) {
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode & 0777);
    char buffer[65536];
    ssize_t n;
    if (in < 0 || out < 0) lab_die("cannot copy %s", from);
    while ((n = read(in, buffer, sizeof buffer)) > 0)
        if (write(out, buffer, (size_t)n) != n) lab_die("cannot write %s", to);
    close(in);
    close(out);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_dots(const struct dirent *e) {
    return strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
}

void lab_copy_tree(const char *from, const char *to) {
    struct dirent **names;
    struct stat st;
    int n = scandir(from, &names, not_dots, by_name);
    if (n < 0 || stat(from, &st) < 0) lab_die("cannot copy %s", from);
    if (mkdir(to, st.st_mode & 0777) < 0 && errno != EEXIST) lab_die("cannot make %s", to);
    for (int i = 0; i < n; i++) {
        char a[LAB_PATH], b[LAB_PATH];
        lab_path(a, "%s/%s", from, names[i]->d_name);
        lab_path(b, "%s/%s", to, names[i]->d_name);
        if (lstat(a, &st) < 0) lab_die("cannot copy %s", a);
        if (S_ISDIR(st.st_mode)) lab_copy_tree(a, b);
        else if (S_ISREG(st.st_mode)) copy_file(a, b, st.st_mode);
        free(names[i]);
    }
    free(names);
}

static void walk(const char *root, const char *below, lab_visit *visit, void *arg) {
    struct dirent **names;
    char path[LAB_PATH];
    lab_path(path, "%s/%s", root, below);
    int n = scandir(path, &names, not_dots, by_name);
    for (int i = 0; i < n; i++) {
        char name[LAB_PATH];
        struct stat st;
        lab_path(name, "%s%s%s", below, *below ? "/" : "", names[i]->d_name);
        lab_path(path, "%s/%s", root, name);
        if (lstat(path, &st) == 0) {
            if (S_ISDIR(st.st_mode)) walk(root, name, visit, arg);
            else visit(arg, root, name);
        }
        free(names[i]);
    }
    if (n >= 0) free(names);
}

void lab_walk(const char *root, lab_visit *visit, void *arg) { walk(root, "", visit, arg); }

int64_t lab_now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- running ---------------------------------------------------------------------------- */

lab_run lab_new_run(const char *program, const char *dir) {
    return (lab_run){
        .program = program, .dir = dir, .log_dir = dir, .input = -1, .signal_us = -1, .signal = SIGKILL};
}

static int keep(lab_run *r, const char *format, va_list args) {
    char *at = r->texts + r->used;
    int room = (int)sizeof r->texts - r->used, n = vsnprintf(at, (size_t)room, format, args);
    if (n >= room) lab_die("too many words for a run");
    r->used += n + 1;
    return (int)(at - r->texts);
}

void lab_arg(lab_run *r, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (r->nargs == LAB_WORDS) lab_die("too many words for a run");
    r->args[r->nargs++] = keep(r, format, args);
    va_end(args);
}

void lab_set(lab_run *r, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (r->nenv == LAB_WORDS) lab_die("too many words for a run");
    r->env[r->nenv++] = keep(r, format, args);
    va_end(args);
}

extern char **environ;

static void child(const lab_run *r) {
    char *argv[LAB_WORDS + 2] = {(char *)(uintptr_t)r->program};
    if (chdir(r->log_dir) < 0) _exit(120);
    int out = open("stdout", O_WRONLY | O_CREAT | O_APPEND, 0600);
    int err = open("stderr", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    int in = r->input >= 0 ? r->input : open("/dev/null", O_RDONLY);
    if (out < 0 || err < 0 || in < 0) _exit(121);
    if (chdir(r->dir) < 0) _exit(120);
    dup2(in, 0), dup2(out, 1), dup2(err, 2);
    syscall(SYS_close_range, 3u, ~0u, 0u);
    for (int i = 0; i < r->nargs; i++) {
        argv[i + 1] = (char *)(uintptr_t)r->texts + r->args[i];
        argv[i + 2] = NULL;
    }
    for (int i = 0; i < r->nenv; i++)
        putenv((char *)(uintptr_t)r->texts + r->env[i]);
    if (r->file_limit) {
        struct rlimit limit = {(rlim_t)r->file_limit, (rlim_t)r->file_limit};
        setrlimit(RLIMIT_FSIZE, &limit);
        signal(SIGXFSZ, SIG_IGN);
    }
    execve(r->program, argv, environ);
    _exit(122);
}

/* Until it has ended or so much time has passed. */
static bool ended_within(int pidfd, int64_t us) {
    struct pollfd one = {.fd = pidfd, .events = POLLIN};
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    int n = ppoll(&one, 1, &t, NULL);
    if (n < 0) lab_die("ppoll");
    return n > 0;
}

static void read_log(const lab_run *r, lab_end *e) {
    char path[LAB_PATH];
    lab_path(path, "%s/stderr", r->log_dir);
    lab_text t = lab_read(path);
    snprintf(e->log, sizeof e->log, "%s", t.p ? t.p : "");
    lab_text_free(&t);
}

bool lab_may_go_back;

lab_end lab_go(const lab_run *r) {
    lab_end e = {.code = -1};
    int64_t began = lab_now_us(), limit = (r->limit_ms ? r->limit_ms : 30000) * 1000;
    pid_t pid = fork();
    if (pid < 0) lab_die("fork");
    if (!pid) child(r);
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) lab_die("pidfd_open");
    if (r->signal_us >= 0 && !ended_within(pidfd, r->signal_us)) {
        kill(pid, r->signal);
        if (r->second && !ended_within(pidfd, r->second_us)) kill(pid, r->second);
    }
    if (!ended_within(pidfd, limit)) {
        e.hung = true;
        kill(pid, SIGKILL);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid) lab_die("waitpid");
    close(pidfd);
    if (WIFSIGNALED(status)) e.killed_by = WTERMSIG(status);
    else e.code = WEXITSTATUS(status);
    e.us = lab_now_us() - began;
    if (e.code >= 120 && e.code <= 122) lab_die("cannot run %s in %s", r->program, r->dir);
    read_log(r, &e);
    if (!lab_may_go_back && strstr(e.log, "going back to an older state")) {
        e.code = LAB_WENT_BACK;
        e.killed_by = 0;
    }
    return e;
}

const char *lab_say_end(const lab_end *e, char *text, int room) {
    if (e->hung) snprintf(text, (size_t)room, "hung");
    else if (e->killed_by) snprintf(text, (size_t)room, "killed by signal %d", e->killed_by);
    else snprintf(text, (size_t)room, "exit code %d", e->code);
    return text;
}
