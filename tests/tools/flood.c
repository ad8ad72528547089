/* flood.c - both ends of a program that reads rows from one socket and writes them to
 * another: more rows than it can do, a reader that stands still, and one clock for all.
 *
 *   flood PORTS PIDFILE REPORT STALL SHARE
 *
 * PORTS gets two numbers: where the program is to connect for rows, and where it writes them.
 * PIDFILE gives the program's process, once there is one; its memory is looked at ten times a
 * second. STALL: so many seconds the reader stands still; SHARE: so many the phases around it
 * last. Rows are `number time text`; what comes back begins with them. In turn:
 *
 *   measure   as fast as the program takes them: the sustained rate is what came back
 *   settle    nothing is sent, until all is back
 *   before    an eighth of the sustained rate
 *   flood     24 times the sustained rate; after a second the reader stands still
 *   recover   the rate of `before` again, for ten seconds or three shares, if that is less
 *   after     the same
 *   end       nothing; when all is back the program is told to stop (SIGTERM)
 *
 * A row that is due while the program takes nothing is offered and not sent: like a meter
 * that cannot wait. REPORT gets `name=value` lines. Loopback only. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TIMES = 24, ROW = 200, ROWS = 512, LONGEST = 200000, BUFFER = 1 << 18 };
#define SECOND INT64_C(1000000)

typedef enum name { MEASURE, SETTLE, BEFORE, FLOOD, RECOVER, AFTER, END, PHASES } name;

/* Latencies of the rows that came back in a phase, by milliseconds. */
typedef struct waits {
    int64_t counts[LONGEST], n, sum;
} waits;

typedef struct flood {
    int in, out; /* connected; -1: not yet, or no more */
    int out_listener;
    const char *pidfile;
    int64_t stall, share;
    name phase;
    int64_t began;                      /* of the phase */
    int64_t sent_before, back_before;   /* the phase */
    double rate, sustained;             /* rows a second */
    double due;                         /* rows that are, and parts of one */
    int64_t due_at, offered, taken;     /* offered and taken in the flood */
    int64_t rows, back, wrong;          /* wrong: not the number that was to come */
    char to[ROW * ROWS], from[BUFFER];
    int64_t to_at, to_n, from_n;
    waits waits[PHASES];
    int64_t stall_from, stall_to;
    int64_t late_at;                    /* when a slow row last came back after the stall */
    int64_t looked, looks, peak, peak_stalled, ticks_from, ticks_to;
} flood;

static void die(const char *what) {
    fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static int listener(int *port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof a;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 4)) die("listen");
    getsockname(fd, (struct sockaddr *)&a, &len);
    *port = ntohs(a.sin_port);
    return fd;
}

static int accepted(int fd, int wait_ms) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (poll(&p, 1, wait_ms) < 1) return -1;
    int got = accept(fd, NULL, NULL);
    if (got >= 0) fcntl(got, F_SETFL, O_NONBLOCK);
    return got;
}

/* ---- the program, from outside ---------------------------------------------------------- */

static int64_t number_behind(const char *path, const char *word) {
    char line[512];
    long long n = 0;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, word, strlen(word))) n = atoll(line + strlen(word));
    if (f) fclose(f);
    return n;
}

/* User and system time of the process, in hundredths of a second. */
static int64_t ticks_of(int64_t pid) {
    char path[64];
    unsigned long user = 0, kernel = 0;
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    int n = fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                   &kernel);
    fclose(f);
    return n == 2 ? (int64_t)(user + kernel) : 0;
}

static void look(flood *f, int64_t now) {
    char path[64];
    if (now - f->looked < SECOND / 10) return;
    f->looked = now;
    int64_t pid = number_behind(f->pidfile, "");
    if (pid <= 1) return;
    snprintf(path, sizeof path, "/proc/%lld/status", (long long)pid);
    int64_t kb = number_behind(path, "VmRSS:");
    f->looks += kb > 0;
    if (kb > f->peak) f->peak = kb;
    if (!f->stall_from || now < f->stall_from || now >= f->stall_to) return;
    if (kb > f->peak_stalled) f->peak_stalled = kb;
    /* At first there are queues to be filled. */
    if (now < (f->stall_from + f->stall_to) / 2) return;
    if (!f->ticks_from) f->ticks_from = ticks_of(pid);
    f->ticks_to = ticks_of(pid);
}

/* ---- rows to the program ----------------------------------------------------------------- */

static void make_row(flood *f, int64_t now) {
    char *p = f->to + f->to_n;
    int n = snprintf(p, ROW, "%012lld %015lld ", (long long)f->rows++, (long long)now);
    memset(p + n, 'a' + (int)(f->rows % 26), (size_t)(ROW - n - 1));
    p[ROW - 1] = '\n';
    f->to_n += ROW;
}

/* Sends what is due; what does not fit any more is let go. */
static void send_rows(flood *f, int64_t now) {
    f->due += f->rate * (double)(now - f->due_at) / 1e6;
    f->due_at = now;
    int64_t due = (int64_t)f->due;
    f->due -= (double)due;
    f->offered += f->phase == FLOOD ? due : 0;
    for (;;) {
        if (f->to_at == f->to_n) {
            f->to_at = f->to_n = 0;
            int64_t n = due < ROWS ? due : ROWS;
            for (int64_t i = 0; i < n; i++) make_row(f, now);
            f->taken += f->phase == FLOOD ? n : 0;
            due -= n;
            if (!n) return;
        }
        ssize_t k = send(f->in, f->to + f->to_at, (size_t)(f->to_n - f->to_at), MSG_NOSIGNAL);
        if (k < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (k < 0) die("send");
        f->to_at += k;
    }
}

/* ---- rows from the program ---------------------------------------------------------------- */

static double normal_us(const flood *f) {
    const waits *w = &f->waits[BEFORE];
    return w->n ? (double)w->sum / (double)w->n : 0;
}

static void take_row(flood *f, const char *row, int64_t now) {
    char *behind;
    int64_t number = strtoll(row, &behind, 10), wait = now - strtoll(behind, NULL, 10);
    waits *w = &f->waits[f->phase];
    f->wrong += number != f->back++;
    int64_t ms = wait < 0 ? 0 : wait / 1000;
    w->counts[ms < LONGEST ? ms : LONGEST - 1]++;
    w->n++;
    w->sum += wait;
    bool late = f->stall_to && now > f->stall_to && (double)wait > 2 * normal_us(f) + 250000;
    if (late) f->late_at = now;
}

/* False: nothing came. */
static bool receive(flood *f) {
    ssize_t k = read(f->out, f->from + f->from_n, (size_t)(BUFFER - f->from_n));
    if (k < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (k <= 0) {
        close(f->out);
        f->out = -1;
        return false;
    }
    int64_t now = now_us();
    char *p = f->from, *end = f->from + f->from_n + k, *nl;
    for (; (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1) take_row(f, p, now);
    f->from_n = end - p;
    memmove(f->from, p, (size_t)f->from_n);
    return true;
}

/* ---- phases ------------------------------------------------------------------------------- */

static void next_phase(flood *f, int64_t now) {
    if (f->phase == MEASURE)
        f->sustained = (double)(f->back - f->back_before) * 2e6 / (double)(f->share * SECOND);
    f->phase++;
    f->began = now;
    f->sent_before = f->rows;
    f->back_before = f->back;
    double rates[PHASES] = {[BEFORE] = 0.125, [FLOOD] = TIMES, [RECOVER] = 0.125, [AFTER] = 0.125};
    f->rate = rates[f->phase] * f->sustained;
    if (f->phase == FLOOD) {
        f->stall_from = now + SECOND;
        f->stall_to = f->stall_from + f->stall * SECOND;
    }
}

static void steer(flood *f, int64_t now) {
    int64_t since = now - f->began;
    bool over = false;
    switch (f->phase) {
    case MEASURE:
        /* The second half is what counts. */
        if (!f->back || since < f->share * SECOND / 2) f->back_before = f->back;
        over = since >= f->share * SECOND;
        break;
    case SETTLE: over = since >= (f->back == f->rows ? SECOND : 60 * SECOND); break;
    case FLOOD: over = now >= f->stall_to; break;
    case RECOVER: over = since >= (3 * f->share < 10 ? 3 * f->share : 10) * SECOND; break;
    case BEFORE:
    case AFTER: over = since >= f->share * SECOND; break;
    case END:
    case PHASES: break;
    }
    if (over) next_phase(f, now);
}

static bool reads(const flood *f, int64_t now) {
    return f->out >= 0 && !(f->stall_from && now >= f->stall_from && now < f->stall_to);
}

/* One look at both ends, a millisecond at most. */
static void turn(flood *f, int64_t now) {
    struct pollfd ends[2] = {{.fd = reads(f, now) ? f->out : -1, .events = POLLIN},
                             {.fd = f->to_at < f->to_n ? f->in : -1, .events = POLLOUT}};
    if (poll(ends, 2, 1) < 0 && errno != EINTR) die("poll");
    if (ends[0].revents) receive(f);
}

/* What comes back after the end is too much, and counted. */
static void run(flood *f) {
    bool told = false;
    f->began = f->due_at = now_us();
    f->rate = 1e7;
    while (!told || f->out >= 0) {
        int64_t now = now_us();
        look(f, now);
        steer(f, now);
        send_rows(f, now);
        if (f->out < 0 && !f->back) f->out = accepted(f->out_listener, 0);
        turn(f, now);
        bool over = f->back >= f->rows || now - f->began > 60 * SECOND;
        if (f->phase != END || told || !over) continue;
        int64_t pid = number_behind(f->pidfile, "");
        if (pid > 1) kill((pid_t)pid, SIGTERM);
        told = true;
    }
}

/* ---- the report ---------------------------------------------------------------------------- */

static int64_t part_of(const waits *w, int64_t percent) {
    int64_t sum = 0;
    for (int64_t i = 0; i < LONGEST; i++)
        if ((sum += w->counts[i]) * 100 >= w->n * percent && sum) return i;
    return 0;
}

static void report(const flood *f, const char *path) {
    static const char *const names[PHASES] = {[BEFORE] = "before", [FLOOD] = "flood",
                                              [RECOVER] = "recover", [AFTER] = "after"};
    FILE *to = fopen(path, "w");
    if (!to) die(path);
    double flooded = (double)(f->stall_to - f->stall_from + SECOND) / 1e6;
    fprintf(to, "sustained=%.0f\noffered=%.0f\ntimes=%.1f\ntaken=%lld\n", f->sustained,
            (double)f->offered / flooded, (double)f->offered / flooded / f->sustained,
            (long long)f->taken);
    fprintf(to, "sent=%lld\nback=%lld\nwrong=%lld\n", (long long)f->rows, (long long)f->back,
            (long long)f->wrong);
    for (int p = 0; p < PHASES; p++) {
        if (!names[p]) continue;
        const waits *w = &f->waits[p];
        fprintf(to, "%s_rows=%lld\n%s_ms=%lld\n%s_p99_ms=%lld\n", names[p], (long long)w->n,
                names[p], (long long)part_of(w, 50), names[p], (long long)part_of(w, 99));
    }
    double normal = f->late_at ? (double)(f->late_at - f->stall_to) / 1e6 : 0;
    fprintf(to, "normal_after=%.1f\nlooks=%lld\npeak=%lld\npeak_stalled=%lld\nticks=%lld\n", normal,
            (long long)f->looks, (long long)f->peak, (long long)f->peak_stalled,
            (long long)(f->ticks_to - f->ticks_from));
    if (fclose(to)) die(path);
}

int main(int argc, char **argv) {
    static flood f = {.in = -1, .out = -1};
    int ports[2];
    char temp[4096];
    if (argc != 6) {
        fprintf(stderr, "usage: flood PORTS PIDFILE REPORT STALL SHARE\n");
        return 2;
    }
    f.pidfile = argv[2];
    f.stall = atoll(argv[4]);
    f.share = atoll(argv[5]);
    int in_listener = listener(&ports[0]);
    f.out_listener = listener(&ports[1]);
    snprintf(temp, sizeof temp, "%s.new", argv[1]);
    FILE *to = fopen(temp, "w");
    if (!to) die(temp);
    fprintf(to, "%d %d\n", ports[0], ports[1]);
    if (fclose(to) || rename(temp, argv[1])) die(argv[1]);
    f.in = accepted(in_listener, 20000);
    if (f.in < 0) die("nobody connects");
    close(in_listener); /* who connects again is not heard */
    run(&f);
    report(&f, argv[3]);
    return 0;
}
