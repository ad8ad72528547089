/* test_live.c - standard input, sockets and a watched directory: nothing lost, nothing
 * doubled, and the ways such programs end. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "tests/unit/runtime/fake_program.h"

void suite_live(void);

static void pause_ms(int ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

/* Starts the program with a pipe as standard input. */
static fake_process start_piped(const char *args, int *to) {
    int ends[2];
    if (pipe(ends)) abort();
    fake_process p = fake_start(args, ends[0]);
    close(ends[0]);
    *to = ends[1];
    return p;
}

static void put(int fd, const char *text) {
    size_t n = strlen(text);
    while (n) {
        ssize_t k = write(fd, text, n);
        if (k <= 0) return; /* the program has ended */
        text += k;
        n -= (size_t)k;
    }
}

static void expect(fake_result r, int code, const char *text) {
    CU_ASSERT_EQUAL(r.code, code);
    CU_ASSERT_STRING_EQUAL(r.out, text);
    if (r.code != code) fprintf(stderr, "exit %d: %s", r.code, r.err);
    fake_free(&r);
}

static void stdin_program(const char *more) {
    char source[128];
    snprintf(source, sizeof source, "stdin\tformat=text\tstep=0%s", more);
    fake_pass_program(source, "stdout\tformat=text");
}

static void test_stdin(void) {
    static const char *const args[] = {"", "--batch 0s", "--batch 10ms --block 5ms"};
    stdin_program("");
    for (int i = 0; i < 3; i++) {
        int to;
        fake_process p = start_piped(args[i], &to);
        put(to, "\xef\xbb\xbf" "one\ntw");
        pause_ms(30);
        put(to, "o\nlast");
        close(to);
        expect(fake_wait(p), 0, "one\ntwo\nlast\n");
        p = start_piped(args[i], &to);
        close(to);
        expect(fake_wait(p), 0, "");
    }
}

/* As much as several queues hold: reading waits for batches. */
static void test_stdin_much(void) {
    int64_t n = 3 << 20;
    char *text = malloc((size_t)n + 1);
    for (int64_t i = 0; i < n; i++) text[i] = i % 61 == 60 ? '\n' : (char)('a' + i % 26);
    text[n - 1] = '\n';
    text[n] = 0;
    stdin_program("");
    static const char *const args[] = {
        "--batch_size 64KiB --block_size 4096 --parallelism 2", "--batch 0s",
        "--batch 1s --block_size 1000 --batch_size 100000", "--memory 16777216"};
    for (int i = 0; i < 4; i++) {
        int to;
        fake_process p = start_piped(args[i], &to);
        put(to, text);
        close(to);
        fake_result r = fake_wait(p);
        CU_ASSERT_EQUAL(r.code, 0);
        CU_ASSERT(r.out_len == n && !memcmp(r.out, text, (size_t)n));
        fake_free(&r);
    }
    /* A file in place of a pipe. */
    const char *path = fake_path("much.txt");
    fake_write(path, text, n);
    FILE *f = fopen(path, "r");
    fake_result r = fake_wait(fake_start("", fileno(f)));
    fclose(f);
    CU_ASSERT_EQUAL(r.code, 0);
    CU_ASSERT(r.out_len == n && !memcmp(r.out, text, (size_t)n));
    fake_free(&r);
    free(text);
}

static void test_drain(void) {
    stdin_program("");
    int to;
    fake_process p = start_piped("--batch 10s", &to);
    put(to, "a\nb\npart");
    pause_ms(150);
    kill(p.pid, SIGTERM);
    expect(fake_wait(p), 0, "a\nb\n");
    close(to);
    p = start_piped("--timeout 100ms", &to);
    put(to, "x\n");
    expect(fake_wait(p), 0, "x\n");
    close(to);
    p = start_piped("--until 1 --batch 50ms", &to);
    put(to, "y\n");
    pause_ms(400);
    put(to, "z\n");
    expect(fake_wait(p), 0, "y\n");
    close(to);
    p = start_piped("--until idle --batch 300ms --block 10ms", &to);
    put(to, "i\n");
    expect(fake_wait(p), 0, "i\n");
    close(to);
    p = start_piped("--until idle --batch 0s", &to);
    expect(fake_wait(p), 0, "");
    close(to);
    p = start_piped("--until 200ms --batch 10s", &to);
    put(to, "y\n");
    expect(fake_wait(p), 0, "y\n");
    close(to);
}

/* A second signal ends a program whose output blocks. */
static void test_second_signal(void) {
    stdin_program("");
    int to, out[2];
    if (pipe(out)) abort();
    fake_begin("stuck");
    fake_line("step\t0\tstuck.flow:1:1\tfrom");
    fake_line("source\t0\tlines\tstdin\tformat=text\tstep=0");
    fake_line("sink\t0\tout\tfile\tformat=text");
    fake_line("option\tsink\t0\targ\ts\t/dev/fd/3");
    fake_line("stage\t0\tlines\tsource=0\tblock=%d", fake_address((void *)fake_lines_block));
    fake_line("port\t0\t0\tsink=0");
    /* A FIFO nobody reads from. */
    const char *fifo = fake_path("fifo");
    mkfifo(fifo, 0600);
    fake_line("option\tsink\t0\targ\ts\t%s", fifo);
    fake_process p = start_piped("--batch 10ms", &to);
    put(to, "a\n");
    pause_ms(200);
    kill(p.pid, SIGINT);
    pause_ms(100);
    kill(p.pid, SIGINT);
    fake_result r = fake_wait(p);
    CU_ASSERT_EQUAL(r.code, 130);
    fake_free(&r);
    p = start_piped("--batch 10ms --grace 100ms", &to);
    put(to, "a\n");
    pause_ms(200);
    kill(p.pid, SIGTERM);
    r = fake_wait(p);
    CU_ASSERT_EQUAL(r.code, 143);
    fake_free(&r);
    close(to);
    close(out[0]);
    close(out[1]);
}

static void test_long_line(void) {
    stdin_program("");
    int to;
    int64_t n = 17 << 20;
    char *text = malloc((size_t)n + 1);
    memset(text, 'x', (size_t)n);
    text[n] = 0;
    fake_process p = start_piped("--on_error skip", &to);
    put(to, "a\n");
    put(to, text);
    put(to, "\nb\n");
    close(to);
    expect(fake_wait(p), 0, "a\nb\n");
    p = start_piped("", &to);
    put(to, "a\n");
    put(to, text);
    put(to, "\n");
    close(to);
    fake_result r = fake_wait(p);
    CU_ASSERT_EQUAL(r.code, 1);
    CU_ASSERT(strstr(r.err, "(stdin, record 1)") != NULL);
    fake_free(&r);
    free(text);
}

/* csv with a header and line ends in quotes: a row shows the first byte of the header. */
static int32_t csv_header(flow_ctx *ctx, const uint8_t *p, const uint8_t *end,
                          int64_t *map) {
    (void)ctx;
    map[0] = p < end ? *p : '?';
    return 0;
}

static int32_t csv_block(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    char first[2] = {(char)ctx->header[0], '|'};
    int64_t quotes = 0;
    for (const uint8_t *q = p; q < end; q++) {
        quotes ^= *q == '"';
        if (*q != '\n' || quotes) continue;
        fake_put(ctx, &ctx->ports[0][0], first, 2);
        fake_put(ctx, &ctx->ports[0][0], p, q + 1 - p);
        p = q + 1;
    }
    return p < end;
}

static void test_csv(void) {
    static const char *const args[] = {"--batch 0s", "--block_size 64 --batch 10ms --block 1ms",
                                       ""};
    for (int i = 0; i < 3; i++) {
        fake_begin("csv");
        fake_line("step\t0\tcsv.flow:1:1\tfrom");
        fake_line("source\t0\trows\tstdin\tformat=csv\tmultiline=1\theader=1\tstep=0");
        fake_line("sink\t0\tout\tstdout\tformat=text");
        fake_line("stage\t0\trows\tsource=0\tblock=%d\theader=%d\theader_words=1",
                  fake_address((void *)csv_block), fake_address((void *)csv_header));
        fake_line("port\t0\t0\tsink=0");
        int to;
        fake_process p = start_piped(args[i], &to);
        put(to, "h,\"x\ny\"\r\n1,\"a");
        pause_ms(20);
        put(to, "\nb\"\n2,");
        pause_ms(20);
        put(to, "\"\n\n\"\"\"\n3");
        close(to);
        expect(fake_wait(p), 0, "h|1,\"a\nb\"\nh|2,\"\n\n\"\"\"\nh|3\n");
    }
}

static int32_t binary_block(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    if ((end - p) % 8) abort();
    fake_put(ctx, &ctx->ports[0][0], p, end - p);
    return 0;
}

static void test_binary(void) {
    fake_begin("binary");
    fake_line("step\t0\tbinary.flow:1:1\tfrom");
    fake_line("source\t0\trows\tstdin\tformat=binary\trecord=8\tstep=0");
    fake_line("sink\t0\tout\tstdout\tformat=text");
    fake_line("stage\t0\trows\tsource=0\tblock=%d", fake_address((void *)binary_block));
    fake_line("port\t0\t0\tsink=0");
    int to;
    fake_process p = start_piped("--batch 10ms --block 1ms", &to);
    put(to, "abc");
    pause_ms(20);
    put(to, "defgh12345678");
    close(to);
    expect(fake_wait(p), 0, "abcdefgh12345678");
    p = start_piped("--on_error skip", &to);
    put(to, "12345678123");
    close(to);
    expect(fake_wait(p), 0, "12345678");
}

/* ---- sockets --------------------------------------------------------------------------- */

static int server(int *port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
    socklen_t len = sizeof a;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 4)) abort();
    getsockname(fd, (struct sockaddr *)&a, &len);
    *port = ntohs(a.sin_port);
    return fd;
}

static int client(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 100; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) return fd;
        close(fd);
        pause_ms(20);
    }
    abort();
}

static void test_socket(void) {
    static const char *const args[] = {"--batch 0s", "--batch 20ms --block 5ms"};
    for (int i = 0; i < 2; i++) {
        int port = 0, listening = server(&port);
        fake_pass_program("socket\tformat=text\tstep=0", "stdout\tformat=text");
        fake_line("option\tsource\t0\targ\ts\t127.0.0.1:%d", port);
        fake_line("option\tsource\t0\treconnect\td\t20000");
        fake_process p = fake_start(args[i], -1);
        int peer = accept(listening, NULL, NULL);
        put(peer, "one\nend");
        close(peer);
        close(listening);
        pause_ms(60);
        listening = server(&port);
        peer = accept(listening, NULL, NULL);
        put(peer, "two\n");
        pause_ms(60);
        kill(p.pid, SIGTERM);
        expect(fake_wait(p), 0, "one\nend\ntwo\n");
        close(peer);
        close(listening);
    }
}

static void test_listen(void) {
    int port = 0;
    close(server(&port));
    fake_pass_program("listen\tformat=text\tstep=0", "stdout\tformat=text");
    fake_line("option\tsource\t0\targ\ts\t:%d", port);
    fake_line("option\tsource\t0\tmax_line\tz\t100");
    fake_process p = fake_start("--batch 0s --on_error skip", -1);
    int a = client(port), b = client(port);
    put(a, "a1\n");
    pause_ms(50);
    put(b, "b1\n");
    char line[300];
    memset(line, 'x', 250);
    strcpy(line + 250, "\nb2\n");
    pause_ms(50);
    put(b, line);
    pause_ms(50);
    put(a, "rest");
    close(a);
    pause_ms(50);
    /* Broken off inside a record: a row error. */
    put(b, "lost");
    struct linger hard = {1, 0};
    pause_ms(50);
    setsockopt(b, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(b);
    pause_ms(50);
    kill(p.pid, SIGINT);
    fake_result r = fake_wait(p);
    CU_ASSERT_EQUAL(r.code, 0);
    CU_ASSERT_STRING_EQUAL(r.out, "a1\nb1\nb2\nrest\n");
    CU_ASSERT(strstr(r.err, "1 row skipped: the record is longer") != NULL);
    CU_ASSERT(strstr(r.err, "1 row skipped: malformed") != NULL);
    fake_free(&r);
}

/* ---- watch ------------------------------------------------------------------------------ */

static void append(const char *path, const char *text) {
    FILE *f = fopen(path, "a");
    fputs(text, f);
    fclose(f);
}

static void test_watch(void) {
    static const char *const args[] = {"--batch 0s", "--batch 100ms",
                                       "--batch 100ms --batch_size 1024 --block_size 64"};
    for (int i = 0; i < 3; i++) {
        char dir[200], a[256], b[256];
        snprintf(dir, sizeof dir, "%s%d", fake_path("dir"), i);
        mkdir(dir, 0755);
        snprintf(a, sizeof a, "%s/a.log", dir);
        snprintf(b, sizeof b, "%s/a.log.1", dir);
        append(a, "1\n2\npart");
        fake_pass_program("watch\tformat=text\tstep=0", "stdout\tformat=text");
        fake_line("option\tsource\t0\targ\ts\t%s", dir);
        fake_process p = fake_start(args[i], -1);
        pause_ms(400);
        append(a, "ial\n");
        pause_ms(400);
        rename(a, b);
        append(b, "renamed\n");
        pause_ms(400);
        append(a, "new\n");
        append("/dev/null", "");
        char ignored[300];
        snprintf(ignored, sizeof ignored, "%s/x.tmp", dir);
        append(ignored, "no\n");
        pause_ms(400);
        append(a, "end");
        pause_ms(200);
        kill(p.pid, SIGTERM);
        expect(fake_wait(p), 0, "1\n2\npartial\nrenamed\nnew\nend\n");
    }
}

static int clean(void) {
    fake_remove_dir();
    return 0;
}

void suite_live(void) {
    signal(SIGPIPE, SIG_IGN);
    CU_pSuite s = CU_add_suite("live", NULL, clean);
    CU_add_test(s, "stdin", test_stdin);
    CU_add_test(s, "much of stdin", test_stdin_much);
    CU_add_test(s, "signals, timeout and until drain", test_drain);
    CU_add_test(s, "a second signal ends at once", test_second_signal);
    CU_add_test(s, "a line that is too long", test_long_line);
    CU_add_test(s, "csv with a header, multiline", test_csv);
    CU_add_test(s, "binary records", test_binary);
    CU_add_test(s, "socket", test_socket);
    CU_add_test(s, "listen", test_listen);
    CU_add_test(s, "watch", test_watch);
}
