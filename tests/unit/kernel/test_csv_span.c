/* test_csv_span.c - records read many at a time, as generated code does, against the decoder:
 * what is taken is what that gives, and nothing else is. */
#include "runtime/kernel/k_csv_span.h"

#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_csv.h"
#include "runtime/kernel/k_schema.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_schema.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_csv_span(void);

enum { WORDS = 11, FIELDS = 6, LONGEST = 160, MOST = 900 };
#define TYPE "{a:i,b:s,c:?t,d:f,e:xs,f:?s}"

/* What compiler/emit/emit_csv.c makes of TYPE: whether a row was taken. */
static int32_t read_row(flow_ctx *ctx, void *d, void *span, uint64_t *w, int32_t *found) {
    if (!flow_k_csv_span_more(span)) {
        flow_k_csv_span_find(d, span, FIELDS);
        flow_k_csv_span_int(span, FIELDS, 0, 0);
        flow_k_csv_span_time(span, FIELDS, 2, 1, 'm');
        flow_k_csv_span_float(span, FIELDS, 3, 2);
        flow_k_csv_span_some(span, FIELDS, 5);
    }
    *found = 1;
    int64_t row = flow_k_csv_span_at(span);
    if (row >= flow_k_csv_span_plain(span)) {
        *found = flow_k_csv_span_other(ctx, d, span, FIELDS, w);
        return 0;
    }
    flow_k_csv_span_to(span, row + 1);
    flow_k_csv_span_record(ctx, span, FIELDS);
    w[0] = flow_k_csv_span_numbers(span, 0)[row];
    flow_k_csv_span_text(span, FIELDS, 1, row, w + 1);
    w[3] = flow_k_csv_span_numbers(span, 1)[row];
    w[5] = flow_k_csv_span_numbers(span, 2)[row];
    flow_k_csv_span_text(span, FIELDS, 5, row, w + 8);
    w[4] = w[10] = 1;
    return 1;
}

/* A record that is nearly right: one in `rare` pieces is odd. */
static int64_t record_text(rnd *r, int64_t rare, char *p) {
    static const char *const odd[] = {"", "x", "\"7\"", "1,2", " 5", "\xc3\xa9", "\xff", "\"a\nb\"", "-",
                                      "12345678901234567890", "2024-01-01", "1e400", "\r", "0.5"};
    static const char *const ints[] = {"17", "0", "12345678", "1234567890123456", "-8", "-123456789"};
    const char *good[] = {ints[rnd_below(r, 4 * rare) ? rnd_below(r, 3) : rnd_below(r, 6)],
                          "some text", "1436918400123", "-2.25", "unread", "end"};
    int64_t n = 0;
    if (!rnd_below(r, 2 * rare)) p[n++] = '\n';
    for (int i = 0; i < FIELDS; i++) {
        const char *piece = rnd_below(r, rare) ? good[i] : odd[rnd_below(r, sizeof odd / sizeof *odd)];
        memcpy(p + n, piece, strlen(piece));
        n += (int64_t)strlen(piece);
        if (i == 5) break;
        if (rnd_below(r, 4 * rare)) p[n++] = ',';
    }
    if (!rnd_below(r, rare)) p[n++] = '\r';
    p[n++] = '\n';
    return n;
}

static void compare(const uint8_t *schema, const char *text, int64_t n, int64_t *taken) {
    flow_ctx *a = env_open(), *b = env_open();
    uint8_t *p = env_block(a, text, n);
    void *one = flow_k_csv_open(a, schema, p, p + n), *many = flow_k_csv_open(b, schema, p, p + n);
    void *span = flow_k_csv_span_open(b, 3);
    for (int32_t r = 1, is; r;) {
        uint64_t want[WORDS + 1] = {0}, got[WORDS + 1] = {0};
        r = flow_k_csv_next(a, one, want);
        *taken += read_row(b, many, span, got, &is);
        CU_ASSERT_FATAL(is == r && a->record == b->record && a->record_len == b->record_len);
        for (int i = 0; r == 1 && i < WORDS; i++)
            if (i != 1 || want[2]) CU_ASSERT_FATAL(got[i] == want[i]);
    }
    env_close(a);
    env_close(b);
}

/* Records of which some, few or none are odd, less or more than spans have. */
static void test_span(void) {
    static const int64_t rare[] = {16, 300, 1000000};
    static char text[LONGEST * MOST];
    rnd r = {11};
    uint8_t schema[128];
    for (int many = 0; many < 2; many++) {
        schema_make(schema, many ? FLOW_FMT_MULTILINE : 0, ',', 'm', TYPE);
        for (int k = 0; k < 3; k++) {
            int64_t taken = 0, records = 0;
            for (int i = 0; i < 150; i++) {
                int64_t n = 0, count = 1 + (int64_t)rnd_below(&r, i % 2 ? MOST : 12);
                for (int64_t at = 0; at < count; at++) n += record_text(&r, rare[k], text + n);
                compare(schema, text, n, &taken);
                records += count;
            }
            CU_ASSERT(taken > records / (k ? 2 : 100) && (k < 2 || taken == records));
        }
    }
}

void suite_csv_span(void) {
    CU_pSuite s = CU_add_suite("csv_span", NULL, NULL);
    CU_add_test(s, "spans of records", test_span);
}
