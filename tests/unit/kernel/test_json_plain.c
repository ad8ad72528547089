/* test_json_plain.c - lines that follow others, which are read by what those looked like,
 * against each line alone: the same values, and the same reasons. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_schema.h"
#include "tests/unit/kernel/kernel_values.h"

void suite_json_plain(void);

#define TYPE "{a:i,b:s,c:?t,d:f,e:xs,g:{x:i,y:?s},h:[i,k:xi,l:=7;i}"
enum { LINES = 60, ROOM = 1 << 16 };

/* What a field's value may be; the first is the usual one. */
typedef struct field {
    const char *name, *values[8];
} field;

static const field fields[] = {
    {"a", {"17", "-3", "\"5\"", "1.5", "null", "12x", "007", "[1]"}},
    {"b", {"\"some text\"", "\"\"", "\"es\\ncaped\"", "\"\xc3\xa9\"", "\"\xff\"", "8", "\"a,b:c}\"", "\"tab\t\""}},
    {"c", {"\"1436918400123\"", "1436918400123", "\"2024-01-01\"", "null", "\"x\"", "0", "-1", "1e3"}},
    {"d", {"2.25", "1e400", "\"NaN\"", "7", "-0", "nul", "\"\"", "{}"}},
    {"e", {"\"unread\"", "{\"a\":\"b\"}", "[\"x\",\"y\"]", "9", "nonsense", "null", "\"\\u0041\"", "\"x\" "}},
    {"g", {"{\"x\":1,\"y\":\"z\"}", "{\"x\":1}", "{\"y\":\"z\"}", "{\"x\":1,\"x\":2}", "{}", "[]", "{\"x\":\"q\"}", "{\"x\":1,\"y\":null}"}},
    {"h", {"[1,2]", "[]", "[1,\"2\"]", "[1 , 2]", "{}", "[1,2", "[null]", "3"}},
    {"k", {"12", "\"n\"", "1 2", "true", "{\"q\":1}", "-", "null", "[[]]"}},
    {"l", {"8", "9", "null", "\"\"", "8.0", "+8", "8 ", "99999999999999999999"}}};
enum { FIELDS = sizeof fields / sizeof *fields };

static int64_t put(char *p, const char *text) {
    memcpy(p, text, strlen(text));
    return (int64_t)strlen(text);
}

/* A line like all others, but for a few: another order, other blanks, fields that are not
 * there or come twice, odd values. */
static int64_t line_text(rnd *r, char *p, int odd) {
    int64_t n = 0, first = 1;
    n += put(p + n, odd && !rnd_below(r, 12) ? " {" : "{");
    for (int i = 0; i < FIELDS; i++) {
        int k = odd && !rnd_below(r, 20) ? (int)rnd_below(r, FIELDS) : i;
        if (odd && !rnd_below(r, 20)) continue;
        if (!first) n += put(p + n, odd && !rnd_below(r, 30) ? "," : odd && !rnd_below(r, 40) ? " , " : ", ");
        first = 0;
        p[n++] = '"';
        n += put(p + n, fields[k].name);
        n += put(p + n, odd && !rnd_below(r, 30) ? "\" :" : "\": ");
        n += put(p + n, fields[k].values[odd && !rnd_below(r, 6) ? rnd_below(r, 8) : 0]);
    }
    n += put(p + n, odd && !rnd_below(r, 20) ? "} x" : odd && !rnd_below(r, 20) ? "" : "}");
    n += put(p + n, odd && !rnd_below(r, 8) ? "\r\n" : "\n");
    return n;
}

static void test_lines(void) {
    rnd r = {5};
    uint8_t schema[256], tc[256];
    char *text = malloc(ROOM), *all = malloc(4 * ROOM), *each = malloc(4 * ROOM);
    schema_make(schema, 0, 0, 'm', TYPE);
    schema_type(tc, TYPE, 0);
    for (int round = 0; round < 2000; round++) {
        int64_t n = 0, starts[LINES + 1] = {0}, printed = 0;
        for (int i = 0, again = 0; i < LINES; i++) {
            /* An odd line that comes so often that others are taken to be like it. */
            if (i && again) {
                int64_t len = starts[i] - starts[i - 1];
                memcpy(text + n, text + starts[i - 1], (size_t)len);
                n += len;
                again--;
            } else {
                int odd = !rnd_below(&r, 12);
                n += line_text(&r, text + n, odd);
                again = odd && !rnd_below(&r, 2) ? 40 : 0;
            }
            starts[i + 1] = n;
        }
        flow_ctx *ctx = env_open();
        schema_decode(ctx, 0, schema, tc, text, n, all, 4 * ROOM);
        for (int i = 0; i < LINES; i++) {
            schema_decode(ctx, 0, schema, tc, text + starts[i], starts[i + 1] - starts[i],
                          each + printed, 4 * ROOM - printed);
            printed += (int64_t)strlen(each + printed);
        }
        CU_ASSERT_FATAL(!strcmp(all, each));
        env_close(ctx);
    }
    free(text);
    free(all);
    free(each);
}

void suite_json_plain(void) {
    CU_pSuite s = CU_add_suite("json_plain", NULL, NULL);
    CU_add_test(s, "lines like the ones before", test_lines);
}
