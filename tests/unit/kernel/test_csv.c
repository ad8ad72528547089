/* test_csv.c - decoding csv: cases from RFC 4180 and the language's table. */
#include "runtime/kernel/k_csv.h"

#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_schema.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_schema.h"

void suite_csv(void);

/* As in test_json.c: a type, lines, and what comes of each ("!": refused). */
typedef struct csv_case {
    const char *type, *in, *out;
} csv_case;

static const csv_case plain[] = {
    {"{a:s,b:s}", "x,y", "{\"a\":\"x\",\"b\":\"y\"}"},
    {"{a:s,b:s}", "x,y\nz,w\n", "{\"a\":\"x\",\"b\":\"y\"}\n{\"a\":\"z\",\"b\":\"w\"}"},
    {"{a:s,b:s}", "x,y\r\nz,w\r\n", "{\"a\":\"x\",\"b\":\"y\"}\n{\"a\":\"z\",\"b\":\"w\"}"},
    {"{a:s,b:s}", "\nx,y\n\n\r\nz,w\n", "{\"a\":\"x\",\"b\":\"y\"}\n{\"a\":\"z\",\"b\":\"w\"}"},
    {"{a:s,b:s}", " x , y ", "{\"a\":\" x \",\"b\":\" y \"}"},
    {"{a:s,b:s}", ",", "{\"a\":\"\",\"b\":\"\"}"},
    {"{a:s,b:s}", "x,", "{\"a\":\"x\",\"b\":\"\"}"},
    {"{a:s,b:s}", ",y", "{\"a\":\"\",\"b\":\"y\"}"},
    {"{a:s,b:s}", "x", "!a field is missing"},
    {"{a:s,b:s}", "x,y,z", "!too many fields"},
    {"{a:s,b:s}", "x,y,", "!too many fields"},
    {"{a:s,b:?s}", "x", "{\"a\":\"x\",\"b\":null}"},
    {"{a:s,b:?s}", "x,", "{\"a\":\"x\",\"b\":null}"},
    {"{a:s,b:?s}", "x,\"\"", "{\"a\":\"x\",\"b\":\"\"}"},
    {"{a:s,b:=\"q\";s}", "x", "{\"a\":\"x\",\"b\":\"q\"}"},
    {"{a:s,b:=\"q\";s}", "x,", "{\"a\":\"x\",\"b\":\"q\"}"},
    {"{a:s,b:=\"q\";s}", "x,\"\"", "{\"a\":\"x\",\"b\":\"\"}"},
    {"{a:s}", "x\ry", "{\"a\":\"x\\ry\"}"},
    {"{a:s}", "x\r", "{\"a\":\"x\"}"},
    {"{a:s}", "x;y\tz", "{\"a\":\"x;y\\tz\"}"},
    {"{a:s}", "#x", "{\"a\":\"#x\"}"},
    {"{a:s}", "'x,y'", "!too many fields"},
    {"{a:s}", "x\\,y", "!too many fields"},
    {"{a:s,b:s}", "\xe4\xb8\xad,\xc3\xa9", "{\"a\":\"\xe4\xb8\xad\",\"b\":\"\xc3\xa9\"}"},
    {"{a:s,b:s}", "\xff,x\ny,z", "!not UTF-8\n{\"a\":\"y\",\"b\":\"z\"}"},
    {"{a:s,b:xs}", "x,\xc3\n", "!not UTF-8"},
};

static const csv_case quoted[] = {
    {"{a:s,b:s}", "\"x\",\"y\"", "{\"a\":\"x\",\"b\":\"y\"}"},
    {"{a:s,b:s}", "\"x\",y\n", "{\"a\":\"x\",\"b\":\"y\"}"},
    {"{a:s,b:s}", "x,\"y\"\r\n", "{\"a\":\"x\",\"b\":\"y\"}"},
    {"{a:s,b:s}", "\"x,y\",z", "{\"a\":\"x,y\",\"b\":\"z\"}"},
    {"{a:s,b:s}", "\"x\"\"y\",z", "{\"a\":\"x\\\"y\",\"b\":\"z\"}"},
    {"{a:s,b:s}", "\"\"\"\",\"\"\"\"\"\"", "{\"a\":\"\\\"\",\"b\":\"\\\"\\\"\"}"},
    {"{a:s,b:s}", "\"\",\"\"", "{\"a\":\"\",\"b\":\"\"}"},
    {"{a:s,b:s}", "\" x \",\"\t\"", "{\"a\":\" x \",\"b\":\"\\t\"}"},
    {"{a:s,b:s}", "\"aaa\",\"b\"\"bb\"", "{\"a\":\"aaa\",\"b\":\"b\\\"bb\"}"},
    {"{a:s,b:s}", "x\"y,z\nv,w", "!a quote inside\n{\"a\":\"v\",\"b\":\"w\"}"},
    {"{a:s,b:s}", "x,y\"\nv,w", "!a quote inside\n{\"a\":\"v\",\"b\":\"w\"}"},
    {"{a:s,b:s}", " \"x\",y\nv,w", "!a quote inside\n{\"a\":\"v\",\"b\":\"w\"}"},
    {"{a:s,b:s}", "\"x\" ,y\nv,w", "!something follows\n{\"a\":\"v\",\"b\":\"w\"}"},
    {"{a:s,b:s}", "\"x\"z,y\nv,w", "!something follows\n{\"a\":\"v\",\"b\":\"w\"}"},
    {"{a:s,b:s}", "\"x,y\nv,w", "!a quote is not closed\n{\"a\":\"v\",\"b\":\"w\"}"},
    {"{a:s,b:s}", "\"x\"\",y\nv,w", "!a quote is not closed\n{\"a\":\"v\",\"b\":\"w\"}"},
    {"{a:s,b:s}", "x,\"\nv,w", "!a quote is not closed\n{\"a\":\"v\",\"b\":\"w\"}"},
    {"{a:s,b:s}", "x,\"y\"\rz\nv,w", "!something follows\n{\"a\":\"v\",\"b\":\"w\"}"},
    {"{a:s,b:xs}", "x,\"y\"z\n", "!something follows"},
    {"{a:s,b:xs}", "x,\"y\"\"\",z\n", "!too many fields"},
    {"{a:i,b:i}", "\"1\",\" 2 \"", "{\"a\":1,\"b\":2}"},
    {"{a:i}", "\"\"", "!not an int"},
    {"{a:?i}", "\"\"", "!not an int"},
};

static const csv_case multiline[] = {
    {"{a:s,b:s}", "\"x\ny\",z\nv,w", "{\"a\":\"x\\ny\",\"b\":\"z\"}\n{\"a\":\"v\",\"b\":\"w\"}"},
    {"{a:s,b:s}", "\"x\r\ny\",z", "{\"a\":\"x\\r\\ny\",\"b\":\"z\"}"},
    {"{a:s,b:s}", "\"\n\n\",\"\n\"\n", "{\"a\":\"\\n\\n\",\"b\":\"\\n\"}"},
    {"{a:s,b:s}", "\"x\"\"\n\"\"y\",z", "{\"a\":\"x\\\"\\n\\\"y\",\"b\":\"z\"}"},
    {"{a:s,b:s}", "x\"y,z\nv,w", "!a quote inside"},
    {"{a:s,b:s}", "x\"y,\nz\"\nv,w", "!a quote inside\n{\"a\":\"v\",\"b\":\"w\"}"},
    {"{a:s,b:s}", "\"x\"y,\"z\nv,w\"\nt,u", "!something follows\n{\"a\":\"t\",\"b\":\"u\"}"},
    {"{a:s,b:s}", "v,w\n\"x,y\nq", "{\"a\":\"v\",\"b\":\"w\"}\n!a quote is not closed"},
    {"{a:i,b:s}", "q,\"x\ny\"\n1,w", "!not an int\n{\"a\":1,\"b\":\"w\"}"},
    {"{a:s,b:xs}", "v,\"x\ny\"\nz,w", "{\"a\":\"v\",\"b\":\"\"}\n{\"a\":\"z\",\"b\":\"\"}"},
};

static const csv_case typed[] = {
    {"{a:i,b:i}", "1,-2", "{\"a\":1,\"b\":-2}"},
    {"{a:i,b:i}", " 1 ,\t-2 ", "{\"a\":1,\"b\":-2}"},
    {"{a:i,b:i}", "+1,007", "{\"a\":1,\"b\":7}"},
    {"{a:i}", "9223372036854775807", "{\"a\":9223372036854775807}"},
    {"{a:i}", "-9223372036854775808", "{\"a\":-9223372036854775808}"},
    {"{a:i}", "9223372036854775808", "!the number does not fit"},
    {"{a:i}", "0000000000000000000000009", "{\"a\":9}"},
    {"{a:i}", "1.0", "!not an int"},
    {"{a:i}", "1e3", "!not an int"},
    {"{a:i}", "1 2", "!not an int"},
    {"{a:i}", "x", "!not an int"},
    {"{a:i}", "-", "!not an int"},
    {"{a:i,b:i}", ",1", "!a field is empty"},
    {"{a:i,b:i}", "  ,1", "!a field is empty"},
    {"{a:?i,b:?i}", ",1", "{\"a\":null,\"b\":1}"},
    {"{a:?i,b:?i}", "  ,", "{\"a\":null,\"b\":null}"},
    {"{a:=5;i,b:i}", ",1", "{\"a\":5,\"b\":1}"},
    {"{a:f,b:f}", "1,2.5", "{\"a\":1.0,\"b\":2.5}"},
    {"{a:f,b:f}", ".5,5.", "{\"a\":0.5,\"b\":5.0}"},
    {"{a:f,b:f}", "NaN,-inf", "{\"a\":\"NaN\",\"b\":\"-Infinity\"}"},
    {"{a:f,b:f}", "1e3,-1E-2", "{\"a\":1000.0,\"b\":-0.01}"},
    {"{a:f}", "1,5", "!too many fields"},
    {"{a:f}", "1..5", "!not a number"},
    {"{a:b,b:b}", "true,false", "{\"a\":true,\"b\":false}"},
    {"{a:b}", "True", "!not true or false"},
    {"{a:b}", "1", "!not true or false"},
    {"{a:t}", "2024-05-01T10:17:30.123456Z", "{\"a\":\"2024-05-01T10:17:30.123456Z\"}"},
    {"{a:t}", "2024-05-01 10:17:30", "{\"a\":\"2024-05-01T10:17:30Z\"}"},
    {"{a:t}", "1714558650123", "{\"a\":\"2024-05-01T10:17:30.123Z\"}"},
    {"{a:t}", "2024-02-30", "!not a timestamp"},
    {"{a:d}", "1h30m", "{\"a\":\"1h30m\"}"},
    {"{a:d}", "250", "{\"a\":\"250ms\"}"},
    {"{a:D(6.2)}", "12.5", "{\"a\":12.50}"},
    {"{a:D(6.2)}", "12.505", "!not a number of so many"},
    {"{a:|(Red{},Green{})}", "GREEN", "{\"a\":\"Green\"}"},
    {"{a:|(Red{},Green{})}", "Gree", "!not a name"},
    {"{a:y}", "Rmxvdw==", "{\"a\":\"Rmxvdw==\"}"},
    {"{a:[i,b:i}", "\"[1,2]\",3", "{\"a\":[1,2],\"b\":3}"},
    {"{a:[i,b:i}", "[1],3", "{\"a\":[1],\"b\":3}"},
    {"{a:<si}", "\"{\"\"k\"\":1}\"", "{\"a\":{\"k\":1}}"},
    {"{a:[i}", "[1", "!"},
    {"{a:xi,b:i}", "x,1", "{\"a\":0,\"b\":1}"},
    {"{a:i,b:xi}", "1", "{\"a\":1,\"b\":0}"},
};

static const csv_case records[] = {
    {"{a:i,r:{x:i,y:s},b:i}", "1,2,z,3", "{\"a\":1,\"r\":{\"x\":2,\"y\":\"z\"},\"b\":3}"},
    {"{a:i,r:?{x:i,y:i},b:i}", "1,2,4,3", "{\"a\":1,\"r\":{\"x\":2,\"y\":4},\"b\":3}"},
    {"{a:i,r:?{x:i,y:i},b:i}", "1,,,3", "{\"a\":1,\"r\":null,\"b\":3}"},
    {"{a:i,r:?{x:i,y:i},b:i}", "1,2,,3", "!a field is empty"},
    {"{a:i,r:?{x:i,y:?i}}", "1,2", "{\"a\":1,\"r\":{\"x\":2,\"y\":null}}"},
    {"{a:i,r:?{x:i,y:?i}}", "1", "{\"a\":1,\"r\":null}"},
    {"{r:?{x:i,q:?{y:i,z:i}}}", "1,,", "{\"r\":{\"x\":1,\"q\":null}}"},
    {"{r:?{x:i,q:?{y:i,z:i}}}", ",1,2", "!a field is empty"},
    {"{r:?{x:i,q:?{y:i,z:i}},b:i}", ",,,2", "{\"r\":null,\"b\":2}"},
    {"|(Bid{p:i,q:s},Dot{})", "Bid,1,x", "{\"type\":\"Bid\",\"p\":1,\"q\":\"x\"}"},
    {"|(Bid{p:i,q:s},Dot{})", "b,1,x\nD", "{\"type\":\"Bid\",\"p\":1,\"q\":\"x\"}\n"
                                          "{\"type\":\"Dot\"}"},
    {"|(Bid{p:i},Bit{p:?i})", "Bi,1\nBit,2\nbit", "!no variant\n{\"type\":\"Bit\",\"p\":2}\n"
                                                  "{\"type\":\"Bit\",\"p\":null}"},
    {"|(Bid{p:i},Dot{})", "Bid\nDot,1\nX,1", "!a field is missing\n!too many\n!no variant"},
};

/* Lines of `got` against those of `want`. */
static int same(const char *got, const char *want) {
    while (*want) {
        size_t g = strcspn(got, "\n"), w = strcspn(want, "\n");
        if (*want == '!' ? g < w || strncmp(got, want, w) : g != w || strncmp(got, want, w))
            return 0;
        got += g + (got[g] == '\n');
        want += w + (want[w] == '\n');
    }
    return !*got;
}

static void check_as(const csv_case *c, int flags, char separator, const int64_t *map) {
    uint8_t schema[512], tc[512];
    static char out[8192];
    schema_make(schema, flags, separator, 'r', c->type);
    schema_type(tc, c->type, 0);
    flow_ctx *ctx = env_open();
    ctx->header = map;
    schema_decode(ctx, 1, schema, tc, c->in, (int64_t)strlen(c->in), out, sizeof out);
    CU_ASSERT(same(out, c->out));
    if (!same(out, c->out)) printf("%s %s\n  gave %s  not  %s\n", c->type, c->in, out, c->out);
    env_close(ctx);
}

#define RUN(table, flags)                                                                \
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)                            \
    check_as(&table[i], flags, ',', NULL)

static void test_plain(void) {
    RUN(plain, 0);
    RUN(plain, FLOW_FMT_MULTILINE);
}
static void test_quoted(void) { RUN(quoted, 0); }
static void test_multiline(void) { RUN(multiline, FLOW_FMT_MULTILINE); }
static void test_typed(void) {
    RUN(typed, 0);
    RUN(typed, FLOW_FMT_MULTILINE);
}
static void test_records(void) { RUN(records, 0); }

static void test_separator(void) {
    csv_case tab = {"{a:s,b:i}", "x,y\t 1 \n\"a\tb\"\t2\n",
                    "{\"a\":\"x,y\",\"b\":1}\n{\"a\":\"a\\tb\",\"b\":2}"};
    check_as(&tab, 0, '\t', NULL);
    csv_case semicolon = {"{a:s,b:f}", "x;1.5\n", "{\"a\":\"x\",\"b\":1.5}"};
    check_as(&semicolon, 0, ';', NULL);
}

static void test_replace(void) {
    csv_case c = {"{a:s,b:i}", "\xff" "x,1\n\xc3\xa9,2\ny,3\n\"\xe4\xb8\",4\n",
                  "{\"a\":\"\xef\xbf\xbdx\",\"b\":1}\n{\"a\":\"\xc3\xa9\",\"b\":2}\n"
                  "{\"a\":\"y\",\"b\":3}\n{\"a\":\"\xef\xbf\xbd\",\"b\":4}"};
    check_as(&c, FLOW_FMT_REPLACE, ',', NULL);
}

/* ---- headers -------------------------------------------------------------------- */

static int32_t header(const char *type, const char *names, int64_t *map) {
    uint8_t schema[512];
    schema_make(schema, FLOW_FMT_HEADER, ',', 'r', type);
    flow_ctx *ctx = env_open();
    const uint8_t *p = (const uint8_t *)names;
    int32_t r = flow_k_csv_header(ctx, schema, p, p + strlen(names), map);
    env_close(ctx);
    return r;
}

static void test_header(void) {
    int64_t map[8];
    CU_ASSERT(header("{a:i,b:i}", "b,z,a", map) == 0);
    CU_ASSERT(map[0] == 2 && map[1] == 0 && map[2] == 3);
    csv_case c = {"{a:i,b:i}", "1,x,2\n3,\"\",4\n5,6\n7,8,9,10\n",
                  "{\"a\":2,\"b\":1}\n{\"a\":4,\"b\":3}\n!a field is missing\n!too many"};
    check_as(&c, FLOW_FMT_HEADER, ',', map);
    CU_ASSERT(header("{a:i,b:i}", "a", map) == 2);
    CU_ASSERT(header("{a:i,b:?i}", "a", map) == 0 && map[1] == -1);
    csv_case missing = {"{a:i,b:?i}", "1\n2\n", "{\"a\":1,\"b\":null}\n{\"a\":2,\"b\":null}"};
    check_as(&missing, FLOW_FMT_HEADER, ',', map);
    CU_ASSERT(header("{a:i,b:=3;i}", "a", map) == 0);
    csv_case deflt = {"{a:i,b:=3;i}", "1\n", "{\"a\":1,\"b\":3}"};
    check_as(&deflt, FLOW_FMT_HEADER, ',', map);
    CU_ASSERT(header("{a:i,b:xi}", "a", map) == 0);
    CU_ASSERT(header("{a:i,b:i}", "\"b\",\"a\"", map) == 0 && map[0] == 1 && map[1] == 0);
    CU_ASSERT(header("{a:i,b:i}", "a,a,b", map) == 0 && map[0] == 0 && map[1] == 2);
    CU_ASSERT(header("{a:i,b:i}", "a,\"b", map) == -1);
    CU_ASSERT(header("{a:i,r:{x:i,y:i}}", "r.y,r.x,a", map) == 0);
    CU_ASSERT(map[0] == 2 && map[1] == 1 && map[2] == 0 && map[3] == 3);
    CU_ASSERT(header("{a:i,r:?{x:i,y:i},b:i}", "b,a", map) == 0 && map[3] == 0);
    csv_case none = {"{a:i,r:?{x:i,y:i},b:i}", "1,2\n", "{\"a\":2,\"r\":null,\"b\":1}"};
    check_as(&none, FLOW_FMT_HEADER, ',', map);
}

/* ---- ends of records ------------------------------------------------------------ */

static int64_t record_end(flow_ctx *ctx, const char *text, int many) {
    int64_t n = (int64_t)strlen(text);
    uint8_t *p = env_block(ctx, text, n);
    const uint8_t *end = flow_k_csv_end(p, p + n, many);
    return end ? end - p : -1;
}

static void test_ends(void) {
    flow_ctx *ctx = env_open();
    CU_ASSERT(record_end(ctx, "a,b\nc", 0) == 4 && record_end(ctx, "a,b\nc", 1) == 4);
    CU_ASSERT(record_end(ctx, "a,b", 0) == -1 && record_end(ctx, "a,b", 1) == -1);
    CU_ASSERT(record_end(ctx, "\"a\nb\"\nc\n", 0) == 3);
    CU_ASSERT(record_end(ctx, "\"a\nb\"\nc\n", 1) == 6);
    CU_ASSERT(record_end(ctx, "x,\"a\n\"\"\nb\",c\nd\n", 1) == 13);
    CU_ASSERT(record_end(ctx, "x,\"a\n", 1) == -1);
    CU_ASSERT(record_end(ctx, "x\"a\nb\"\n", 1) == 7); /* malformed: quotes count */
    CU_ASSERT(record_end(ctx, "\"x\"a\nb\"\n", 1) == 5);
    CU_ASSERT(record_end(ctx, "\"x\"\r\nb", 1) == 5);
    env_close(ctx);
}

/* The decoder's records end where flow_k_csv_end says, malformed ones too. */
static void test_agreement(void) {
    static const char letters[] = "aa,,\"\"\n\n\r1 ";
    uint8_t schema[64];
    schema_make(schema, FLOW_FMT_MULTILINE, ',', 'r', "{a:s,b:?i}");
    uint64_t seed = 3, words[8];
    for (int i = 0; i < 20000; i++) {
        char text[160];
        int64_t n = 1 + i % 158;
        for (int64_t k = 0; k < n; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[k] = letters[(seed >> 40) % (sizeof letters - 1)];
        }
        text[n++] = '\n';
        flow_ctx *ctx = env_open();
        uint8_t *p = env_block(ctx, text, n), *end = p + n;
        void *d = flow_k_csv_open(ctx, schema, p, end);
        const uint8_t *at = p;
        while (flow_k_csv_next(ctx, d, words)) {
            while (at < ctx->record) at = flow_k_csv_end(at, end, 1); /* empty lines */
            CU_ASSERT_FATAL(at == ctx->record);
            at = flow_k_csv_end(at, end, 1);
            if (!at) at = end;
            const uint8_t *stop = ctx->record + ctx->record_len;
            stop += stop < end && *stop == '\r';
            stop += stop < end && *stop == '\n';
            CU_ASSERT(stop == at || stop == at - 1);
        }
        env_close(ctx);
    }
}

static void test_limit(void) {
    uint8_t schema[64], tc[64];
    char out[256];
    schema_make(schema, 0, ',', 'r', "{a:s,b:xi}");
    schema_type(tc, "{a:i,b:i}", 0);
    int64_t n = FLOW_FIELD_MAX + 8;
    char *text = malloc((size_t)n);
    memset(text, 'x', (size_t)n);
    text[FLOW_FIELD_MAX + 1] = '\n';
    memcpy(text + FLOW_FIELD_MAX + 2, "y,1\n", 4);
    flow_ctx *ctx = env_open();
    uint8_t *p = env_block(ctx, text, FLOW_FIELD_MAX + 6);
    uint64_t words[4];
    void *d = flow_k_csv_open(ctx, schema, p, p + FLOW_FIELD_MAX + 6);
    CU_ASSERT(flow_k_csv_next(ctx, d, words) == -FLOW_E_malformed);
    CU_ASSERT(ctx->record_len == FLOW_FIELD_MAX + 1 && ctx->why_field == 0);
    CU_ASSERT(flow_k_csv_next(ctx, d, words) == 1 && words[1] == 1);
    CU_ASSERT(flow_k_csv_next(ctx, d, words) == 0);
    (void)out;
    env_close(ctx);
    free(text);
}

void suite_csv(void) {
    CU_pSuite s = CU_add_suite("csv", 0, 0);
    CU_add_test(s, "plain", test_plain);
    CU_add_test(s, "quoted", test_quoted);
    CU_add_test(s, "multiline", test_multiline);
    CU_add_test(s, "typed", test_typed);
    CU_add_test(s, "records", test_records);
    CU_add_test(s, "separator", test_separator);
    CU_add_test(s, "replace", test_replace);
    CU_add_test(s, "header", test_header);
    CU_add_test(s, "ends", test_ends);
    CU_add_test(s, "agreement", test_agreement);
    CU_add_test(s, "limit", test_limit);
}
