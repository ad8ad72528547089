/* test_csv_plain.c - records read field by field, as generated code does, against the
 * decoder: what is taken is what that gives, and nothing else is. */
#include "runtime/kernel/k_csv_plain.h"

#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_csv.h"
#include "runtime/kernel/k_schema.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_schema.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_csv_plain(void);

enum { WORDS = 11, TAKEN = 4000 };
#define TYPE "{a:i,b:s,c:?t,d:f,e:xs,f:?s}"

/* What compiler/emit/emit_csv.c makes of TYPE. */
static int32_t read_plain(flow_ctx *ctx, void *d, uint64_t *w) {
    uint64_t scan[FLOW_ITER_WORDS];
    flow_k_csv_plain_open(d, scan);
    w[4] = w[10] = 1;
    return flow_k_csv_plain_int(scan, 0, w) && flow_k_csv_plain_text(scan, 0, w + 1, 1) &&
           flow_k_csv_plain_time(scan, 0, w + 3, 'm') &&
           flow_k_csv_plain_float(scan, 0, w + 5) && flow_k_csv_plain_skip(scan, 0) &&
           flow_k_csv_plain_text(scan, 1, w + 8, 0) && flow_k_csv_plain_close(ctx, d, scan);
}

/* A record that is nearly right: each piece may be odd. */
static int64_t record_text(rnd *r, char *p) {
    static const char *const odd[] = {"", "x", "\"7\"", "1,2", " 5", "\xc3\xa9", "\xff", "\"a\nb\"", "-",
                                      "12345678901234567890", "2024-01-01", "1e400", "\r", "0.5"};
    static const char *const good[] = {"17", "some text", "1436918400123", "-2.25", "unread", "end"};
    int64_t n = 0;
    if (!rnd_below(r, 20)) p[n++] = '\n';
    for (int i = 0; i < 6; i++) {
        const char *piece = rnd_below(r, 16) ? good[i] : odd[rnd_below(r, sizeof odd / sizeof *odd)];
        memcpy(p + n, piece, strlen(piece));
        n += (int64_t)strlen(piece);
        if (i == 5) break;
        if (rnd_below(r, 60)) p[n++] = ',';
    }
    if (!rnd_below(r, 6)) p[n++] = '\r';
    p[n++] = '\n';
    return n;
}

static void compare(const uint8_t *schema, const char *text, int64_t n, int64_t *taken) {
    flow_ctx *a = env_open(), *b = env_open();
    uint8_t *p = env_block(a, text, n);
    void *any = flow_k_csv_open(a, schema, p, p + n), *plain = flow_k_csv_open(b, schema, p, p + n);
    for (int32_t r = 1; r;) {
        uint64_t want[WORDS + 1] = {0}, got[WORDS + 1] = {0};
        r = flow_k_csv_next(a, any, want);
        int32_t is = read_plain(b, plain, got);
        *taken += is;
        if (!is) {
            memset(got, 0, sizeof got);
            is = flow_k_csv_next(b, plain, got);
        }
        CU_ASSERT_FATAL(is == r && a->record == b->record && a->record_len == b->record_len);
        for (int i = 0; r == 1 && i < WORDS; i++)
            if (i != 1 || want[2]) CU_ASSERT_FATAL(got[i] == want[i]);
    }
    env_close(a);
    env_close(b);
}

static void test_plain(void) {
    rnd r = {11};
    uint8_t schema[128];
    int64_t taken = 0;
    for (int many = 0; many < 2; many++) {
        schema_make(schema, many ? FLOW_FMT_MULTILINE : 0, ',', 'm', TYPE);
        for (int i = 0; i < 800; i++) {
            char text[4096];
            int64_t n = 0;
            for (uint64_t k = 1 + rnd_below(&r, 12); k > 0; k--) n += record_text(&r, text + n);
            compare(schema, text, n, &taken);
        }
    }
    CU_ASSERT(taken > TAKEN); /* most are taken */
}

void suite_csv_plain(void) {
    CU_pSuite s = CU_add_suite("csv_plain", NULL, NULL);
    CU_add_test(s, "plain records", test_plain);
}
