/* latency.c - how long a row takes from socket to socket, while rows come at a fixed rate.
 *
 *   latency SECONDS TASK FIGURES COMMAND [ARGUMENT ...]
 *
 * Starts the command with `input=HOST:PORT output=HOST:PORT` behind its arguments, which are
 * where it gets rows `number,text` and where it is to write rows that begin with the same
 * numbers in the same order.  First it is given rows as fast as it takes them: what comes back
 * a second, once the queues are full, is the sustained rate, since more than that would only
 * wait.  Then rows come at 10, 50 and 80 % of it, SECONDS each, and of each the time is taken
 * from when it was *due* to when its last byte was received; that it could not be sent yet
 * is part of its wait (an open loop, without coordinated omission).  A fifth of the time is
 * for warming up and does not count.
 *
 * Sender and receiver are one thread that never sleeps, on the last core; the command has the
 * others.  Latencies are counted in buckets 1.6 % wide.  The rest of a phase is divided into
 * five parts, whose medians and quartiles go to FIGURES (lines `task name median low high`). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PARTS = 5, ROW = 32, DIGITS = 12, ROWS = 2048, BUFFER = 1 << 18, PATIENCE = 60 };
enum { FINE = 6, BUCKETS = (65 - FINE) << FINE };
#define SECOND INT64_C(1000000000)

typedef struct waits {
    int64_t counts[BUCKETS], n, most;
} waits;

/* Rows of one rate; the k-th of them is due k / rate seconds after it began. */
typedef struct phase {
    int64_t first, began, length; /* number of its first row; ns */
    double rate;                  /* rows a second; 0: as many as fit */
    waits parts[PARTS];
} phase;

typedef struct ends {
    int in, out; /* the command reads from in, and writes to out */
    int64_t sent, back;
    char to[ROWS * ROW], from[BUFFER];
    size_t to_at, to_n, from_n;
} ends;

static void die(const char *what) {
    fprintf(stderr, "latency: %s\n", what);
    exit(1);
}

static void die_waiting(const ends *e, int64_t last) {
    fprintf(stderr, "latency: of %" PRId64 " rows %" PRId64 " were taken and %" PRId64 " came back\n",
            last, e->sent, e->back);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* ---- latencies ---------------------------------------------------------------------------- */

/* Buckets are as wide as their number, without its first seven bits, is long. */
static int bucket_of(uint64_t ns) {
    int width = ns >> FINE ? 63 - FINE - __builtin_clzll(ns) : 0;
    return (width << FINE) + (int)(ns >> width);
}

static double bucket_ms(int bucket) {
    int width = bucket < 2 << FINE ? 0 : (bucket >> FINE) - 1;
    return (double)((uint64_t)(bucket - (width << FINE) + 1) << width) / 1e6;
}

static void waits_add(waits *w, int64_t ns) {
    w->counts[bucket_of((uint64_t)(ns > 0 ? ns : 0))]++;
    w->n++;
    if (ns > w->most) w->most = ns;
}

/* The upper end of a bucket, or the most there was. */
static double waits_ms(const waits *w, double share) {
    double most = (double)w->most / 1e6;
    int64_t sum = 0;
    for (int b = 0; b < BUCKETS; b++)
        if ((sum += w->counts[b]) && (double)sum >= share * (double)w->n)
            return bucket_ms(b) < most ? bucket_ms(b) : most;
    return 0;
}

/* ---- rows --------------------------------------------------------------------------------- */

static void make_row(ends *e) {
    static const char text[ROW + 1] = "000000000000,text of some words\n";
    char *p = e->to + e->to_n;
    memcpy(p, text, ROW);
    int64_t number = e->sent++;
    for (int i = DIGITS - 1; number; number /= 10) p[i--] = (char)('0' + number % 10);
    e->to_n += ROW;
}

/* Rows below the number `due` that have not been sent, as far as they fit. */
static void send_rows(ends *e, int64_t due) {
    if (e->to_at == e->to_n) {
        e->to_at = e->to_n = 0;
        while (e->sent < due && e->to_n < sizeof e->to) make_row(e);
        if (!e->to_n) return;
    }
    ssize_t n = send(e->in, e->to + e->to_at, e->to_n - e->to_at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) die("the command does not read any more");
    if (n > 0) e->to_at += (size_t)n;
}

static void take_row(ends *e, phase *p, const char *row, int64_t now) {
    int64_t number = strtoll(row, NULL, 10);
    if (number != e->back++) die("a row was lost, or came twice");
    if (p->rate == 0) return;
    int64_t due = (int64_t)((double)(number - p->first) / p->rate * (double)SECOND);
    int64_t warm = p->length / PARTS;
    if (due < warm) return;
    int part = (int)((due - warm) * PARTS / (p->length - warm));
    waits_add(&p->parts[part < PARTS ? part : PARTS - 1], now - p->began - due);
}

static void receive_rows(ends *e, phase *p) {
    ssize_t n = recv(e->out, e->from + e->from_n, BUFFER - e->from_n, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) die("the command does not write any more");
    int64_t now = now_ns();
    char *row = e->from, *end = e->from + e->from_n + n, *newline;
    for (; (newline = memchr(row, '\n', (size_t)(end - row))); row = newline + 1)
        take_row(e, p, row, now);
    e->from_n = (size_t)(end - row);
    memmove(e->from, row, e->from_n);
}

/* ---- phases ------------------------------------------------------------------------------- */

/* Until all that is due is back.  Gives rows a second in the second half of its time. */
static double run(ends *e, phase *p) {
    p->first = e->sent;
    p->began = now_ns();
    int64_t since, at_half = -1, back = 0;
    for (; (since = now_ns() - p->began) < p->length; receive_rows(e, p)) {
        if (at_half < 0 && since >= p->length / 2) at_half = e->back;
        int64_t due = (int64_t)((double)since * p->rate / (double)SECOND) + 1;
        send_rows(e, p->rate > 0 ? p->first + due : e->sent + ROWS);
    }
    back = e->back;
    int64_t last = p->rate > 0 ? p->first + (int64_t)((double)p->length * p->rate / 1e9) : e->sent;
    for (; e->back < last; receive_rows(e, p)) {
        send_rows(e, last);
        if (now_ns() - p->began > p->length + PATIENCE * SECOND) die_waiting(e, last);
    }
    return (double)(back - at_half) * 2e9 / (double)p->length;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void write_figure(FILE *figures, const char *task, const phase *p, int load, double share) {
    double ms[PARTS];
    for (int i = 0; i < PARTS; i++) ms[i] = waits_ms(&p->parts[i], share);
    qsort(ms, PARTS, sizeof *ms, by_value);
    fprintf(figures, "%s\tp%.4g at %d %%\t%.4g\t%.4g\t%.4g\n", task, 100 * share, load,
            ms[PARTS / 2], ms[PARTS / 4], ms[PARTS - 1 - PARTS / 4]);
}

static void report(const char *task, FILE *figures, const phase *p, int load) {
    static const double shares[] = {0.5, 0.99, 0.999};
    static waits all;
    all = (waits){.n = 0};
    for (int i = 0; i < PARTS; i++) {
        for (int b = 0; b < BUCKETS; b++) all.counts[b] += p->parts[i].counts[b];
        all.n += p->parts[i].n;
        if (p->parts[i].most > all.most) all.most = p->parts[i].most;
    }
    printf("%5d %% %12.0f", load, p->rate);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        printf(" %10.3f", waits_ms(&all, shares[i]));
        write_figure(figures, task, p, load, shares[i]);
    }
    printf(" %10.3f\n", (double)all.most / 1e6);
}

/* ---- the command -------------------------------------------------------------------------- */

static int listener(char *address, size_t room) {
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t length = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 1) ||
        getsockname(fd, (struct sockaddr *)&a, &length))
        die("no socket to listen at");
    snprintf(address + strlen(address), room - strlen(address), "127.0.0.1:%d",
             ntohs(a.sin_port));
    return fd;
}

static int accepted(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int one = 1, got = poll(&p, 1, PATIENCE * 1000) == 1 ? accept(fd, NULL, NULL) : -1;
    if (got < 0) die("the command does not connect");
    setsockopt(got, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    close(fd);
    return got;
}

/* The last core is for us, where there are several. */
static void pin(bool us) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;
    CPU_ZERO(&set);
    for (long i = 0; i < cores; i++)
        if (cores == 1 || (i == cores - 1) == us) CPU_SET((size_t)i, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static pid_t start(char **command, int n, ends *e) {
    static char input[64] = "input=", output[64] = "output=";
    int in = listener(input, sizeof input), out = listener(output, sizeof output);
    char **argv = calloc((size_t)n + 3, sizeof *argv);
    if (!argv) die("no memory");
    memcpy(argv, command, (size_t)n * sizeof *argv);
    argv[n] = input;
    argv[n + 1] = output;
    pid_t pid = fork();
    if (pid < 0) die("no process");
    if (pid == 0) {
        pin(false);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(argv[0], argv);
        _exit(127);
    }
    free(argv);
    pin(true);
    e->in = accepted(in);
    send_rows(e, 1); /* it writes nothing, and does not connect, before it has a row */
    e->out = accepted(out);
    return pid;
}

int main(int argc, char **argv) {
    static const int loads[] = {10, 50, 80};
    static ends e;
    static phase p;
    int64_t length = argc > 4 ? (int64_t)(atof(argv[1]) * 1e9) : 0;
    if (length <= 0) {
        fprintf(stderr, "usage: latency SECONDS TASK FIGURES COMMAND [ARGUMENT ...]\n");
        return 2;
    }
    FILE *figures = fopen(argv[3], "a");
    if (!figures) die("the figures cannot be written");
    pid_t pid = start(argv + 4, argc - 4, &e);
    p = (phase){.length = length};
    double sustained = run(&e, &p);
    if (sustained <= 0) die("nothing came back in half of the time: give it more seconds");
    fprintf(figures, "%s\trows a second\t%.4g\t%.4g\t%.4g\n", argv[2], sustained, sustained,
            sustained);
    printf("%7s %12.0f rows a second at most\n", "", sustained);
    printf("%7s %12s %10s %10s %10s %10s\n", "load", "rows/s", "p50 ms", "p99 ms", "p99.9 ms",
           "max ms");
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        p = (phase){.length = length, .rate = sustained * loads[i] / 100};
        run(&e, &p);
        report(argv[2], figures, &p, loads[i]);
        fflush(stdout);
    }
    int status;
    kill(pid, SIGTERM);
    /* It may say its end to us, and we need not hear it. */
    if (waitpid(pid, &status, 0) != pid || status) die("the command did not end well");
    return fclose(figures) ? 1 : 0;
}
