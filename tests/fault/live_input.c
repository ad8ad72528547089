/* live_input.c - kill -9 while rows come that cannot be read again: from standard input, from
 * a peer that the program connects to (`socket`), from one that connects to it (`listen`).
 *
 * Each run is given rows of its own, slowly; all but the last are killed.  What a kill may
 * lose are the last rows of a run that were not in the input journal yet; what it may not do
 * is seen in the output: of each run the rows are a beginning of what it was given, in
 * order, none twice, and the count of each key goes up by one from row to row through all
 * runs - a row is in the state if, and only if, it is in the output.  And the beginning is
 * as long as the journal said when the run was killed: each row of a batch with a COMMIT is
 * there, no other row of that run is.
 *
 * A peer may close its connection in the middle and make another.  Sources that read sockets
 * never end: the last run is told to stop when its last row is to be seen. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fault/disk_image.h"
#include "tests/fault/fault_cases.h"
#include "tests/fault/fault_drivers.h"

enum { ROOM = 600, KEYS = 7, ROWS = 400, RUNS = 7 };

typedef enum giver_way { PIPE, SOCKET, LISTEN, WAYS } giver_way;

static const char *const way_names[] = {"stdin", "socket", "listen"};
static const lab_program counted[] = {{"counted", 0, 1, LAB_NONE},
                                      {"counted.socket", 0, 1, LAB_NONE},
                                      {"counted.listen", 0, 1, LAB_NONE}};

typedef struct tallies {
    int64_t kills, given, kept, compared; /* compared: runs, with the journal */
} tallies;

typedef struct history {
    lab_chance chance;
    lab_setup setup;
    giver_way way;
    int64_t again;  /* the peer connects again before this row; -1: it does not */
    int64_t batch;  /* the last with a COMMIT, when a run was killed; -1: none */
    int64_t committed[RUNS]; /* rows of a run in batches with a COMMIT; -1: not known */
    bool journal;
    int64_t runs; /* the last is not killed */
    char dir[LAB_PATH];
    const char *trace; /* of calls, or null */
} history;

/* ---- who gives rows: a process of its own, which ends with the program ---- */

/* Rows of a run: ids from run * ROWS on, of these those in [from, to). */
static void give(int fd, int64_t run, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
        char row[64];
        int64_t id = run * ROWS + i;
        int n = snprintf(row, sizeof row, "%lld,k%lld\n", (long long)id, (long long)(id * 5 % KEYS));
        if (write(fd, row, (size_t)n) != n) _exit(0);
        if (i % 8 == 0) usleep(200);
    }
}

static struct sockaddr_in loopback(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

/* A socket that listens, and its port. */
static int listener(int *port) {
    struct sockaddr_in a = loopback(0);
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 4)) lab_die("listen");
    getsockname(fd, (struct sockaddr *)&a, &len);
    *port = ntohs(a.sin_port);
    return fd;
}

/* The program's end of a connection: taken at the listening socket, or asked for. */
static int meet(const history *h, int at, int port) {
    struct sockaddr_in a = loopback(port);
    if (h->way == SOCKET) return accept(at, NULL, NULL);
    for (;;) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) return fd;
        close(fd);
        usleep(300);
    }
}

/* When the last row is to be seen, the program is told to stop. */
static void stop(const history *h) {
    char path[LAB_PATH], last[32];
    snprintf(last, sizeof last, ",%lld\n", (long long)(h->runs * ROWS - 1));
    for (bool seen = false; !seen; usleep(1000)) {
        lab_text all = lab_output(&h->setup, h->dir, 0);
        seen = all.p && strstr(all.p, last);
        lab_text_free(&all);
    }
    lab_path(path, "%s/ck/LOCK", h->dir);
    lab_text holder = lab_read(path);
    int pid = holder.p ? atoi(holder.p) : 0;
    if (pid > 1) kill(pid, SIGTERM);
}

static void be_peer(const history *h, int64_t run, int at, int port) {
    int64_t again = h->again < 0 ? 0 : h->again;
    int fd = h->way == PIPE ? at : meet(h, at, port);
    give(fd, run, 0, again);
    if (again && h->way != PIPE) {
        close(fd);
        fd = meet(h, at, port);
    }
    give(fd, run, again, ROWS);
    if (h->way != PIPE && run == h->runs - 1) stop(h);
    if (h->way == PIPE && run == h->runs - 1) _exit(0);
    for (;;) pause();
}

static lab_end run(history *h, int64_t number, int64_t kill_us) {
    int ends[2], port = 0, at = -1;
    lab_run r = lab_run_of(&h->setup, h->dir);
    if (!h->journal) lab_arg(&r, "--journal=false");
    if (h->trace) lab_set(&r, "FLOW_TRACE_OS=%s", h->trace);
    if (h->way == PIPE) {
        if (pipe2(ends, O_CLOEXEC) < 0) lab_die("pipe");
        r.input = ends[0];
        at = ends[1];
    } else {
        at = listener(&port);
        if (h->way == LISTEN) close(at), at = -1; /* the port is the program's now */
        lab_arg(&r, "addr=127.0.0.1:%d", port);
    }
    pid_t giver = fork();
    if (giver < 0) lab_die("fork");
    if (!giver) {
        signal(SIGPIPE, SIG_IGN);
        if (h->way == PIPE) close(ends[0]);
        be_peer(h, number, at, port);
    }
    if (at >= 0) close(at);
    r.signal_us = kill_us;
    lab_end e = lab_go(&r);
    if (h->way == PIPE) close(ends[0]);
    kill(giver, SIGKILL);
    waitpid(giver, NULL, 0);
    return e;
}

/* ---- what the journal says ---- */

/* Adds up the rows of batches that this run has committed; -1 where the journal has been
 * rewritten and no longer says.  A plan stands before its COMMIT, by one batch or two; the
 * last one of a batch counts. */
static const char *read_dump(history *h, char *text, int64_t *sum) {
    int64_t planned[8];
    for (int i = 0; i < 8; i++) planned[i] = -1;
    long long batch = 0, n = 0;
    for (char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        char *rows = strstr(line, " rows "), *end = strchr(line, '\n');
        if (!rows || !end || rows > end || sscanf(rows, " rows %lld", &n) != 1) n = -1;
        if (sscanf(line, "plan     %lld", &batch) == 1) continue;
        if (sscanf(line, "commit   %lld", &batch) == 1) continue;
        if (!strncmp(line, "input    ", 9)) planned[batch % 8] = n;
        if (strncmp(line, "sink     ", 9) || batch <= h->batch) continue;
        if (n < 0) return "a sink without rows";
        if (h->journal && planned[batch % 8] >= 0 && planned[batch % 8] != n)
            return "a batch has other rows than its plan";
        *sum = *sum < 0 || batch != h->batch + 1 ? -1 : *sum + n;
        h->batch = batch;
    }
    return NULL;
}

/* Nothing was committed where the folder was still being made. */
static bool read_journal(history *h, int64_t number, char *why) {
    char dir[LAB_PATH], path[LAB_PATH];
    h->committed[number] = 0;
    lab_path(path, "%s/ck/IDENT", h->dir);
    if (!lab_there(path)) return true;
    lab_path(dir, "%s.dump", h->dir);
    lab_remove_tree(dir);
    lab_mkdir(dir);
    lab_run r = lab_run_of(&h->setup, h->dir);
    r.nargs = 0;
    r.log_dir = dir;
    lab_arg(&r, "--checkpoint-dump=ck");
    lab_end e = lab_go(&r);
    lab_path(path, "%s/stdout", dir);
    lab_text all = lab_read(path);
    const char *wrong = read_dump(h, all.p, &h->committed[number]);
    lab_text_free(&all);
    lab_remove_tree(dir);
    if (e.code) snprintf(why, ROOM, "the dump: code %d: %.300s", e.code, e.log);
    else if (wrong) snprintf(why, ROOM, "the dump: %s", wrong);
    return !e.code && !wrong;
}

/* ---- what is to be seen ---- */

/* Each line is key, count, id. */
static bool check(history *h, tallies *t, char *why) {
    int64_t counts[KEYS] = {0}, next[RUNS];
    lab_text all = lab_output(&h->setup, h->dir, 0);
    bool good = true;
    for (int64_t i = 0; i < RUNS; i++) next[i] = i * ROWS;
    for (char *line = all.p; good && line && *line;) {
        long long key, n, id;
        if (sscanf(line, "k%lld,%lld,%lld", &key, &n, &id) != 3 || key < 0 || key >= KEYS ||
            id < 0 || id >= RUNS * ROWS) {
            snprintf(why, ROOM, "a row makes no sense: %.60s", line);
            good = false;
        } else if (id != next[id / ROWS]) {
            snprintf(why, ROOM, "row %lld comes where %lld is expected", id,
                     (long long)next[id / ROWS]);
            good = false;
        } else if (n != ++counts[key]) {
            snprintf(why, ROOM, "row %lld: the count of key %lld is %lld, not %lld", id, key, n,
                     (long long)counts[key]);
            good = false;
        }
        if (good) next[id / ROWS]++;
        t->kept += good;
        line = strchr(line, '\n');
        if (line) line++;
    }
    for (int64_t i = 0; good && i < h->runs - 1; i++) {
        t->compared += h->committed[i] >= 0;
        if (h->committed[i] < 0 || next[i] == i * ROWS + h->committed[i]) continue;
        snprintf(why, ROOM, "run %lld: %lld rows, and %lld were committed", (long long)i,
                 (long long)(next[i] - i * ROWS), (long long)h->committed[i]);
        good = false;
    }
    if (good && next[h->runs - 1] != h->runs * ROWS) {
        snprintf(why, ROOM, "the last run ends at row %lld", (long long)next[h->runs - 1]);
        good = false;
    }
    lab_text_free(&all);
    return good;
}

static bool live(history *h, tallies *t, char *why) {
    for (int64_t i = 0; i < h->runs; i++) {
        bool last = i == h->runs - 1;
        char text[100];
        lab_end e = run(h, i, last ? -1 : 500 + lab_below(&h->chance, 25000));
        t->given += ROWS;
        if (e.killed_by == SIGKILL && !e.hung && !last) {
            t->kills++;
        } else if (e.code || !last) {
            snprintf(why, ROOM, "run %lld: %s: %.300s", (long long)i,
                     lab_say_end(&e, text, sizeof text), e.log);
            return false;
        }
        if (!last && !read_journal(h, i, why)) return false;
    }
    return check(h, t, why);
}

static history begin(const lab_options *o, int64_t number) {
    static const char *const everies[] = {"0s", "200ms", "10s"};
    history h = {.chance = lab_chance_of((uint64_t)o->seed, (uint64_t)number)};
    lab_chance *c = &h.chance;
    h.way = (giver_way)(number % WAYS);
    h.setup = (lab_setup){.program = &counted[h.way], .cut = 40, .every = everies[lab_below(c, 3)]};
    h.setup.sink = lab_one_in(c, 2) ? LAB_SINGLE : LAB_PARTS;
    h.setup.sizes = lab_one_in(c, 2) ? 0 : 1000000;
    h.setup.parallelism = 1 + (int)lab_below(c, 2);
    h.journal = !lab_one_in(c, 4);
    h.runs = 2 + lab_below(c, RUNS - 1);
    h.again = lab_one_in(c, 3) ? 1 + lab_below(c, ROWS - 1) : -1;
    h.batch = -1;
    for (int64_t i = 0; i < RUNS; i++) h.committed[i] = -1;
    lab_path(h.dir, "%s/live-%lld", lab_work, (long long)number);
    lab_remove_tree(h.dir);
    lab_mkdir(h.dir);
    return h;
}

lab_result lab_live(const lab_options *o) {
    lab_result result = {0};
    tallies t = {0};
    signal(SIGPIPE, SIG_DFL);
    for (int64_t i = o->from; t.kills < o->count && !lab_over(o); i++) {
        char why[ROOM] = "", line[2 * ROOM];
        history h = begin(o, i);
        bool good = live(&h, &t, why);
        snprintf(line, sizeof line, "%s, %s, every %s, sizes / %lld%s: %s", way_names[h.way],
                 lab_sink_names[h.setup.sink], h.setup.every, (long long)h.setup.sizes,
                 h.journal ? "" : ", without a journal", why);
        bool go_on = lab_count(&result, good, "live", i, h.dir, line);
        lab_remove_tree(h.dir);
        if (!go_on || o->only_one) break;
    }
    printf("live: %lld kills; %lld of %lld rows came before them; %lld runs have just what their "
           "journal says; seed %lld\n",
           (long long)t.kills, (long long)t.kept, (long long)t.given, (long long)t.compared,
           (long long)o->seed);
    return result;
}

/* ---- power loss ------------------------------------------------------------------------ */

static void add_length(void *arg, const char *name, const lab_text *content) {
    (void)name;
    *(int64_t *)arg += content->n;
}

/* The last run on what the disk may hold; what was to be seen before is there again. */
static bool recover(const history *h, const disk *d, lab_chance *c, tallies *t, char *why) {
    history next = *h;
    int64_t shown = 0;
    lab_path(next.dir, "%s.image", h->dir);
    next.trace = NULL;
    lab_remove_tree(next.dir);
    disk_way way = {.subset = lab_one_in(c, 2), .names = (int)lab_below(c, 5) == 0,
                    .data = (int)lab_below(c, 5) == 0};
    disk_write(d, way, c, next.dir);
    disk_shown(d, add_length, &shown);
    lab_end e = run(&next, h->runs - 1, -1);
    if (e.code) {
        snprintf(why, ROOM, "recovery: code %d: %.300s", e.code, e.log);
        return false;
    }
    lab_text got = lab_output(&next.setup, next.dir, 0);
    int64_t n = got.n;
    lab_text_free(&got);
    if (n < shown) return snprintf(why, ROOM, "less is there than was to be seen"), false;
    bool good = check(&next, t, why);
    if (good) lab_remove_tree(next.dir);
    return good;
}

/* A traced run that is killed, and images of moments in it. */
static bool lose(history *h, tallies *t, int64_t *images, char *why) {
    char trace[LAB_PATH];
    lab_path(trace, "%s.trace", h->dir);
    remove(trace);
    h->trace = trace;
    h->runs = 2;
    disk *d = disk_of(h->dir);
    lab_end e = run(h, 0, 2000 + lab_below(&h->chance, 20000));
    disk_trace calls = disk_read_trace(trace, h->dir);
    bool good = e.killed_by != 0;
    if (!good) snprintf(why, ROOM, "code %d: %.300s", e.code, e.log);
    for (int64_t i = 0; good && i < calls.n; i++) {
        disk_do(d, &calls.ops[i]);
        if (calls.ops[i].kind == DISK_MARK || lab_below(&h->chance, calls.n) >= 12) continue;
        ++*images;
        good = recover(h, d, &h->chance, t, why);
    }
    disk_free(d);
    disk_trace_free(&calls);
    remove(trace);
    return good;
}

lab_result lab_live_power(const lab_options *o) {
    lab_may_go_back = true;
    lab_result result = {0};
    tallies t = {0};
    int64_t images = 0;
    signal(SIGPIPE, SIG_DFL);
    for (int64_t i = o->from; images < o->count && !lab_over(o); i++) {
        char why[ROOM] = "", line[2 * ROOM], image[LAB_PATH];
        history h = begin(o, i);
        bool good = lose(&h, &t, &images, why);
        snprintf(line, sizeof line, "%s, %s, every %s, sizes / %lld%s: %s", way_names[h.way],
                 lab_sink_names[h.setup.sink], h.setup.every, (long long)h.setup.sizes,
                 h.journal ? "" : ", without a journal", why);
        lab_path(image, "%s.image", h.dir);
        bool go_on = lab_count(&result, good, "live-power", i, image, line);
        lab_remove_tree(h.dir);
        lab_remove_tree(image);
        if (!go_on || o->only_one) break;
    }
    printf("live-power: %lld images; seed %lld\n", (long long)images, (long long)o->seed);
    return result;
}
