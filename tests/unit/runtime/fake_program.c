/* fake_program.c - see fake_program.h. */
#define _GNU_SOURCE
#include "tests/unit/runtime/fake_program.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi_tag.h"
#include "runtime/data/program.h"
#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_hash.h"

extern const char FLOW_ABI_SYMBOL[];

static struct {
    char text[16384];
    size_t len;
    const void *addresses[32];
    int naddresses;
    char dir[64];
    const char *base; /* null: /tmp */
    char paths[16][128];
    int next_path;
} fake;

void fake_line(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fake.len += (size_t)vsnprintf(fake.text + fake.len, sizeof fake.text - fake.len, format,
                                  args);
    va_end(args);
    fake.text[fake.len++] = '\n';
}

void fake_begin(const char *name) {
    fake.len = 0;
    fake.naddresses = 0;
    fake_address(FLOW_ABI_SYMBOL);
    fake_line("flow\t1");
    fake_line("program\t%s\thash=1234\tcompiler=0.1.0\tabi=" FLOW_ABI_TAG, name);
}

int fake_address(const void *p) {
    fake.addresses[fake.naddresses] = p;
    return fake.naddresses++;
}

/* ---- running ----------------------------------------------------------------------- */

static int temp_file(void) {
    char path[] = "/tmp/flow-test-XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    return fd;
}

fake_process fake_start(const char *args, int input) {
    fake_process p = {.out = temp_file(), .err = temp_file()};
    fflush(NULL);
    p.pid = fork();
    if (p.pid) return p;
    char *copy = strdup(args), *argv[64] = {"fake"};
    int argc = 1;
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) argv[argc++] = word;
    int null = open("/dev/null", O_RDONLY);
    dup2(input >= 0 ? input : null, 0);
    dup2(p.out, 1);
    dup2(p.err, 2);
    for (int fd = 3; fd < 64; fd++) close(fd);
    int code = flow_rt_main(argc, argv, fake.text, (int64_t)fake.len,
                            (void *const *)(uintptr_t)fake.addresses, fake.naddresses);
    free(copy);
    exit(code);
}

static char *slurp(int fd, int64_t *len) {
    struct stat st;
    fstat(fd, &st);
    *len = st.st_size;
    char *text = malloc((size_t)*len + 1);
    int64_t have = 0;
    while (have < *len) {
        ssize_t got = pread(fd, text + have, (size_t)(*len - have), have);
        if (got <= 0) break;
        have += got;
    }
    text[have] = 0;
    close(fd);
    return text;
}

fake_result fake_wait(fake_process p) {
    fake_result r = {0};
    int status = 0;
    while (waitpid(p.pid, &status, 0) < 0 && errno == EINTR) {
    }
    r.code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    r.out = slurp(p.out, &r.out_len);
    r.err = slurp(p.err, &r.err_len);
    /* A report of a sanitizer shall not pass for an expected failure. */
    if (strstr(r.err, "Sanitizer") || strstr(r.err, "runtime error: ")) {
        fputs(r.err, stderr);
        r.code = 2000;
    }
    return r;
}

fake_result fake_run(const char *args) { return fake_wait(fake_start(args, -1)); }

void fake_free(fake_result *r) {
    free(r->out);
    free(r->err);
    *r = (fake_result){0};
}

/* ---- files ------------------------------------------------------------------------- */

void fake_in_memory(void) {
    if (access("/dev/shm", W_OK) == 0) fake.base = "/dev/shm";
}

const char *fake_dir(void) {
    if (!*fake.dir) {
        snprintf(fake.dir, sizeof fake.dir, "%s/flow-test-XXXXXX", fake.base ? fake.base : "/tmp");
        if (!mkdtemp(fake.dir)) abort();
    }
    return fake.dir;
}

const char *fake_path(const char *name) {
    char *path = fake.paths[fake.next_path++ % 16];
    snprintf(path, sizeof fake.paths[0], "%s/%s", fake_dir(), name);
    return path;
}

void fake_write(const char *path, const char *text, int64_t len) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, (size_t)len) != len) abort();
    close(fd);
}

char *fake_read(const char *path, int64_t *len) {
    int64_t n;
    int fd = open(path, O_RDONLY);
    if (fd < 0) return NULL;
    return slurp(fd, len ? len : &n);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void fake_remove_dir(void) {
    if (!*fake.dir) return;
    if (nftw(fake.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) abort();
    *fake.dir = 0;
}

/* ---- stages ------------------------------------------------------------------------ */

static void room(flow_ctx *ctx, flow_buf *buf, int64_t bytes) {
    if (!buf->base || buf->end - buf->p < bytes) flow_rt_buf_grow(ctx, buf, bytes);
}

void fake_put(flow_ctx *ctx, flow_buf *buf, const void *p, int64_t len) {
    room(ctx, buf, len);
    memcpy(buf->p, p, (size_t)len);
    buf->p += len;
    buf->rows++;
}

void fake_frame(flow_ctx *ctx, flow_buf *buf, const void *key, int64_t klen, const void *p,
                int64_t len) {
    uint32_t head[2] = {(uint32_t)klen, (uint32_t)len};
    room(ctx, buf, 8 + klen + len);
    memcpy(buf->p, head, 8);
    memcpy(buf->p + 8, key, (size_t)klen);
    memcpy(buf->p + 8 + klen, p, (size_t)len);
    buf->p += 8 + klen + len;
    buf->rows++;
}

int32_t fake_lines_block(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    while (p < end) {
        const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));
        fake_put(ctx, &ctx->ports[0][0], p, nl + 1 - p);
        p = nl + 1;
    }
    return 0;
}

int32_t fake_words_block(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    for (; p < end; p++) {
        const uint8_t *word = p;
        while (*p != ' ' && *p != '\n') p++;
        if (p == word) continue;
        /* A row without the head of real ones: length, bytes, padding. */
        int64_t len = p - word, size = (8 + len + 7) & ~INT64_C(7);
        uint64_t hash = (uint64_t)flow_k_part_bytes(word, len);
        flow_buf *buf =
            &ctx->ports[0][flow_k_part((int64_t)hash, ctx->nparts)];
        room(ctx, buf, size);
        memset(buf->p, 0, (size_t)size);
        memcpy(buf->p, &len, 8);
        memcpy(buf->p + 8, word, (size_t)len);
        buf->p += size;
        buf->rows++;
    }
    return 0;
}

/* A list a partition is state enough here. */
typedef struct entry {
    struct entry *next;
    int64_t count, len;
    uint8_t word[];
} entry;

static entry *counts[4096][64];

int32_t fake_count_rows(flow_ctx *ctx, const uint8_t *p, const uint8_t *end) {
    while (p < end) {
        int64_t len;
        memcpy(&len, p, 8);
        const uint8_t *word = p + 8;
        entry **list = &counts[ctx->partition][flow_k_hash_bytes(7, word, len) & 63], *e;
        for (e = *list; e; e = e->next)
            if (e->len == len && !memcmp(e->word, word, (size_t)len)) break;
        if (!e) {
            e = malloc(sizeof *e + (size_t)len);
            *e = (entry){.next = *list, .len = len};
            memcpy(e->word, word, (size_t)len);
            *list = e;
        }
        e->count++;
        p += (8 + len + 7) & ~INT64_C(7);
    }
    return 0;
}

int32_t fake_count_close(flow_ctx *ctx) {
    if (!ctx->final) return 0;
    for (int i = 0; i < 64; i++) {
        while (counts[ctx->partition][i]) {
            entry *e = counts[ctx->partition][i];
            char text[1024];
            int n = snprintf(text, sizeof text, "%.*s %" PRId64 "\n", (int)e->len, e->word,
                             e->count);
            fake_frame(ctx, &ctx->ports[0][0], e->word, e->len, text, n);
            counts[ctx->partition][i] = e->next;
            free(e);
        }
    }
    return 0;
}

void fake_pass_program(const char *source, const char *sink) {
    fake_begin("pass");
    fake_line("step\t0\tpass.flow:1:1\tfrom");
    fake_line("source\t0\tlines\t%s", source);
    fake_line("sink\t0\tout\t%s", sink);
    fake_line("stage\t0\tlines\tsource=0\tblock=%d", fake_address((void *)fake_lines_block));
    fake_line("port\t0\t0\tsink=0");
}

void fake_count_program(const char *source, const char *sink) {
    fake_begin("count");
    fake_line("step\t0\tcount.flow:1:1\tfrom");
    fake_line("source\t0\tlines\t%s", source);
    fake_line("exchange\t0");
    fake_line("sink\t0\tout\t%s\torder=key", sink);
    fake_line("stage\t0\twords\tsource=0\tblock=%d", fake_address((void *)fake_words_block));
    fake_line("port\t0\t0\texchange=0");
    fake_line("stage\t1\tcount\texchange=0\trows=%d\tclose=%d",
              fake_address((void *)fake_count_rows), fake_address((void *)fake_count_close));
    fake_line("port\t1\t0\tsink=0");
}
