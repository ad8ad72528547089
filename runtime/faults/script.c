/* script.c - see fault.h: what a test feeds, batch by batch.
 *
 *     batch <clock in microseconds>\n
 *     rows <source> <bytes>\n<so many bytes: whole lines>
 *
 * Batches come in order; the rows that follow one belong to it.  The file is read whole
 * at its first use and trusted: `flowc test` writes it. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/fault.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

typedef struct script {
    uint8_t *text;
    int64_t len;
    int64_t batch; /* its line, or -1 before the first */
    int64_t rows;  /* what follows that line */
    _Atomic int64_t now;
} script;

static script the;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    const char *path = getenv("FLOW_TEST_SCRIPT");
    FILE *f = path ? fopen(path, "rb") : NULL;
    the.batch = -1;
    the.now = -1;
    if (!f) return;
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    the.text = rt_alloc((size_t)n + RT_SLACK);
    the.len = (int64_t)fread(the.text, 1, (size_t)n, f);
    the.now = 0;
    fclose(f);
}

bool rt_script_on(void) {
    pthread_once(&once, load);
    return the.text != NULL;
}

int64_t rt_script_now(void) {
    return rt_script_on() ? the.now : -1;
}

/* The line at `at`: `batch` or `rows`, its numbers, and where the next line begins. */
static bool read_line(int64_t at, bool *is_batch, int64_t *a, int64_t *b, int64_t *next) {
    if (at >= the.len) return false;
    const char *p = (const char *)the.text + at;
    const char *nl = memchr(p, '\n', (size_t)(the.len - at));
    *is_batch = *p == 'b';
    *b = 0;
    if (*is_batch) sscanf(p, "batch %" SCNd64, a);
    else sscanf(p, "rows %" SCNd64 " %" SCNd64, a, b);
    *next = at + (nl + 1 - p);
    return true;
}

/* Where the batch behind `at` begins, or the end. */
static int64_t find_batch(int64_t at) {
    bool is_batch;
    int64_t a, b, next;
    while (read_line(at, &is_batch, &a, &b, &next) && !is_batch) at = next + b;
    return at;
}

bool rt_script_next(void) {
    bool is_batch;
    int64_t clock, b;
    int64_t at = find_batch(the.batch < 0 ? 0 : the.rows);
    if (!read_line(at, &is_batch, &clock, &b, &the.rows)) return false;
    the.batch = at;
    the.now = clock;
    return true;
}

int64_t rt_script_at(void) { return the.batch; }

bool rt_script_go(int64_t at) {
    bool is_batch;
    int64_t clock, b, next;
    if (at == -1) return the.batch = -1, true;
    if (at < 0 || !rt_script_on() || !read_line(at, &is_batch, &clock, &b, &next)) return false;
    if (!is_batch || (at && the.text[at - 1] != '\n')) return false;
    the.batch = at;
    the.rows = next;
    the.now = clock;
    return true;
}

bool rt_script_is_last(void) {
    return find_batch(the.batch < 0 ? 0 : the.rows) >= the.len;
}

const uint8_t *rt_script_rows(int64_t source, int64_t *len) {
    bool is_batch;
    int64_t id, n, next, at = the.rows;
    while (the.batch >= 0 && read_line(at, &is_batch, &id, &n, &next) && !is_batch) {
        if (id == source) return *len = n, the.text + next;
        at = next + n;
    }
    return *len = 0, NULL;
}
