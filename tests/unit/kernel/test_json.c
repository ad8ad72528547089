/* test_json.c - decoding JSON lines: cases from RFC 8259 and the language's table. */
#include "runtime/kernel/k_json.h"

#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_print.h"
#include "runtime/kernel/k_schema.h"
#include "tests/unit/kernel/kernel_env.h"
#include "tests/unit/kernel/kernel_schema.h"

void suite_json(void);

/* A type, an input of one or more lines, and what comes of each line ("!": refused; more
 * letters: the reason begins so). */
typedef struct json_case {
    const char *type, *in, *out;
} json_case;

static const json_case scalars[] = {
    {"{a:i}", "{\"a\":0}", "{\"a\":0}"},
    {"{a:i}", "{\"a\":-0}", "{\"a\":0}"},
    {"{a:i}", "{\"a\":-1}", "{\"a\":-1}"},
    {"{a:i}", "{\"a\":12345678}", "{\"a\":12345678}"},
    {"{a:i}", "{\"a\":123456789}", "{\"a\":123456789}"},
    {"{a:i}", "{\"a\":1234567890123456}", "{\"a\":1234567890123456}"},
    {"{a:i}", "{\"a\":9223372036854775807}", "{\"a\":9223372036854775807}"},
    {"{a:i}", "{\"a\":-9223372036854775808}", "{\"a\":-9223372036854775808}"},
    {"{a:i}", "{\"a\":9223372036854775808}", "!the number does not fit"},
    {"{a:i}", "{\"a\":-9223372036854775809}", "!the number does not fit"},
    {"{a:i}", "{\"a\":18446744073709551617}", "!the number does not fit"},
    {"{a:i}", "{\"a\":100000000000000000000000000000}", "!the number does not fit"},
    {"{a:i}", "{\"a\":01}", "!"},
    {"{a:i}", "{\"a\":-01}", "!"},
    {"{a:i}", "{\"a\":+1}", "!"},
    {"{a:i}", "{\"a\":1.0}", "!not an int"},
    {"{a:i}", "{\"a\":1e3}", "!not an int"},
    {"{a:i}", "{\"a\":1E3}", "!not an int"},
    {"{a:i}", "{\"a\":\"1\"}", "!not an int"},
    {"{a:i}", "{\"a\":true}", "!not an int"},
    {"{a:i}", "{\"a\":[1]}", "!not an int"},
    {"{a:i}", "{\"a\":{}}", "!not an int"},
    {"{a:i}", "{\"a\":-}", "!"},
    {"{a:i}", "{\"a\":- 1}", "!"},
    {"{a:i}", "{\"a\":1 2}", "!a `,`"},
    {"{a:i}", "{\"a\":0x10}", "!"},
    {"{a:i}", "{\"a\":1a}", "!"},
    {"{a:i}", "{\"a\":}", "!a value is missing"},
    {"{a:f}", "{\"a\":1}", "{\"a\":1.0}"},
    {"{a:f}", "{\"a\":-0}", "{\"a\":-0.0}"},
    {"{a:f}", "{\"a\":0.1}", "{\"a\":0.1}"},
    {"{a:f}", "{\"a\":1.5e3}", "{\"a\":1500.0}"},
    {"{a:f}", "{\"a\":1.5E+3}", "{\"a\":1500.0}"},
    {"{a:f}", "{\"a\":15e-1}", "{\"a\":1.5}"},
    {"{a:f}", "{\"a\":1e400}", "{\"a\":\"Infinity\"}"},
    {"{a:f}", "{\"a\":1e-400}", "{\"a\":0.0}"},
    {"{a:f}", "{\"a\":123456789012345678901234567890}", "{\"a\":1.2345678901234568e29}"},
    {"{a:f}", "{\"a\":9007199254740993}", "{\"a\":9007199254740992.0}"},
    {"{a:f}", "{\"a\":5e-324}", "{\"a\":5.0e-324}"},
    {"{a:f}", "{\"a\":\"NaN\"}", "{\"a\":\"NaN\"}"},
    {"{a:f}", "{\"a\":\"nan\"}", "{\"a\":\"NaN\"}"},
    {"{a:f}", "{\"a\":\"-Infinity\"}", "{\"a\":\"-Infinity\"}"},
    {"{a:f}", "{\"a\":\"inf\"}", "{\"a\":\"Infinity\"}"},
    {"{a:f}", "{\"a\":NaN}", "!not a number"},
    {"{a:f}", "{\"a\":\"1.5\"}", "!not a number"},
    {"{a:f}", "{\"a\":.5}", "!not a number"},
    {"{a:f}", "{\"a\":5.}", "!not a number"},
    {"{a:f}", "{\"a\":1e}", "!not a number"},
    {"{a:f}", "{\"a\":1e+}", "!not a number"},
    {"{a:f}", "{\"a\":00.5}", "!not a number"},
    {"{a:f}", "{\"a\":--1}", "!not a number"},
    {"{a:b}", "{\"a\":true}", "{\"a\":true}"},
    {"{a:b}", "{\"a\":false}", "{\"a\":false}"},
    {"{a:b}", "{\"a\":True}", "!not true or false"},
    {"{a:b}", "{\"a\":tru}", "!not true or false"},
    {"{a:b}", "{\"a\":truer}", "!"},
    {"{a:b}", "{\"a\":1}", "!not true or false"},
    {"{a:b}", "{\"a\":\"true\"}", "!not true or false"},
    {"{a:t}", "{\"a\":\"2024-05-01T10:17:30Z\"}", "{\"a\":\"2024-05-01T10:17:30Z\"}"},
    {"{a:t}", "{\"a\":\"2024-05-01 10:17:30.5+02:00\"}", "{\"a\":\"2024-05-01T08:17:30.500Z\"}"},
    {"{a:t}", "{\"a\":\"2024-05-01\"}", "{\"a\":\"2024-05-01T00:00:00Z\"}"},
    {"{a:t}", "{\"a\":1714558650123}", "{\"a\":\"2024-05-01T10:17:30.123Z\"}"},
    {"{a:t}", "{\"a\":\"1714558650123\"}", "{\"a\":\"2024-05-01T10:17:30.123Z\"}"},
    {"{a:t}", "{\"a\":-1}", "{\"a\":\"1969-12-31T23:59:59.999Z\"}"},
    {"{a:t}", "{\"a\":1.5}", "{\"a\":\"1970-01-01T00:00:00.001500Z\"}"},
    {"{a:t}", "{\"a\":\"2024-13-01\"}", "!not a timestamp"},
    {"{a:t}", "{\"a\":\"yesterday\"}", "!not a timestamp"},
    {"{a:t}", "{\"a\":true}", "!"},
    {"{a:d}", "{\"a\":\"1h30m\"}", "{\"a\":\"1h30m\"}"},
    {"{a:d}", "{\"a\":1500}", "{\"a\":\"1s500ms\"}"},
    {"{a:d}", "{\"a\":\"1500\"}", "!not a duration"},
    {"{a:d}", "{\"a\":\"-5m\"}", "{\"a\":\"-5m\"}"},
    {"{a:D(6.2)}", "{\"a\":12.5}", "{\"a\":12.50}"},
    {"{a:D(6.2)}", "{\"a\":\"12.50\"}", "{\"a\":12.50}"},
    {"{a:D(6.2)}", "{\"a\":-0.01}", "{\"a\":-0.01}"},
    {"{a:D(6.2)}", "{\"a\":1.2300}", "{\"a\":1.23}"},
    {"{a:D(6.2)}", "{\"a\":1.234}", "!not a number of so many"},
    {"{a:D(6.2)}", "{\"a\":12345.6}", "!the number does not fit"},
    {"{a:D(6.2)}", "{\"a\":1e3}", "{\"a\":1000.00}"},
    {"{a:D(38.0)}", "{\"a\":99999999999999999999999999999999999999}",
     "{\"a\":99999999999999999999999999999999999999}"},
    {"{a:D(38.0)}", "{\"a\":100000000000000000000000000000000000000}", "!the number"},
    {"{a:y}", "{\"a\":\"Rmxvdw==\"}", "{\"a\":\"Rmxvdw==\"}"},
    {"{a:y}", "{\"a\":\"\"}", "{\"a\":\"\"}"},
    {"{a:y}", "{\"a\":\"R*==\"}", "!not base64"},
    {"{a:|(Red{},Green{})}", "{\"a\":\"green\"}", "{\"a\":\"Green\"}"},
    {"{a:|(Red{},Green{})}", "{\"a\":\"Blue\"}", "!not a name"},
    {"{a:|(Red{},Green{})}", "{\"a\":1}", "!not a text"},
};

static const json_case texts[] = {
    {"{a:s}", "{\"a\":\"\"}", "{\"a\":\"\"}"},
    {"{a:s}", "{\"a\":\"x y\"}", "{\"a\":\"x y\"}"},
    {"{a:s}", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\"}"},
    {"{a:s}", "{\"a\":\"\\u0041\"}", "{\"a\":\"A\"}"},
    {"{a:s}", "{\"a\":\"\\u00e9\\u00E9\"}", "{\"a\":\"\xc3\xa9\xc3\xa9\"}"},
    {"{a:s}", "{\"a\":\"\\u4e2d\"}", "{\"a\":\"\xe4\xb8\xad\"}"},
    {"{a:s}", "{\"a\":\"\\uD83D\\uDE00\"}", "{\"a\":\"\xf0\x9f\x98\x80\"}"},
    {"{a:s}", "{\"a\":\"\\ud800\\udc00\"}", "{\"a\":\"\xf0\x90\x80\x80\"}"},
    {"{a:s}", "{\"a\":\"\\uDBFF\\uDFFF\"}", "{\"a\":\"\xf4\x8f\xbf\xbf\"}"},
    {"{a:s}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\\u0000\"}"},
    {"{a:s}", "{\"a\":\"\\u001f\\u007f\"}", "{\"a\":\"\\u001f\x7f\"}"},
    {"{a:s}", "{\"a\":\"\\uD83D\"}", "!no such escape"},
    {"{a:s}", "{\"a\":\"\\uD83Dx\"}", "!no such escape"},
    {"{a:s}", "{\"a\":\"\\uD83D\\u0041\"}", "!no such escape"},
    {"{a:s}", "{\"a\":\"\\uDE00\\uD83D\"}", "!no such escape"},
    {"{a:s}", "{\"a\":\"\\u12\"}", "!no such escape"},
    {"{a:s}", "{\"a\":\"\\u12G4\"}", "!no such escape"},
    {"{a:s}", "{\"a\":\"\\x41\"}", "!no such escape"},
    {"{a:s}", "{\"a\":\"\\'\"}", "!no such escape"},
    {"{a:s}", "{\"a\":\"\\a\"}", "!no such escape"},
    {"{a:s}", "{\"a\":\"\\\"}", "!a text is not closed"},
    {"{a:s}", "{\"a\":\"x", "!a text is not closed"},
    {"{a:s}", "{\"a\":\"x\\", "!a text is not closed"},
    {"{a:s}", "{\"a\":\"x\ty\"}", "!a control character"},
    {"{a:s}", "{\"a\":\"x\x01y\"}", "!a control character"},
    {"{a:s}", "{\"a\":\"x\x7fy\"}", "{\"a\":\"x\x7fy\"}"},
    {"{a:s}", "{\"a\":'x'}", "!not a text"},
    {"{a:s}", "{\"a\":x}", "!not a text"},
    {"{a:s}", "{\"a\":1}", "!not a text"},
    {"{a:s}", "{\"a\":null}", "!a field is missing"},
    {"{a:s}", "{\"a\":[\"x\"]}", "!not a text"},
    {"{a:s}", "{\"a\":\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\"}",
     "{\"a\":\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\"}"},
    {"{a:s}", "{\"a\":\"\xff\"}", "!not UTF-8"},
    {"{a:s}", "{\"a\":\"\xc3\"}", "!not UTF-8"},
    {"{a:s}", "{\"a\":\"\xc0\xaf\"}", "!not UTF-8"},
    {"{a:s}", "{\"a\":\"\xed\xa0\x80\"}", "!not UTF-8"},
    {"{a:s}", "{\"a\":\"\xf4\x90\x80\x80\"}", "!not UTF-8"},
    {"{a:s,b:xs}", "{\"a\":\"x\",\"b\":\"\xff\"}", "!not UTF-8"},
};

static const json_case objects[] = {
    {"{a:i,b:i}", "{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}"},
    {"{a:i,b:i}", "{\"b\":2,\"a\":1}", "{\"a\":1,\"b\":2}"},
    {"{a:i,b:i}", " \t{ \"a\" : 1 , \"b\"\t:2 } \r", "{\"a\":1,\"b\":2}"},
    {"{a:i}", "{\"a\":1}\n{\"a\":2}\n", "{\"a\":1}\n{\"a\":2}"},
    {"{a:i}", "{\"a\":1}\r\n{\"a\":2}\r\n", "{\"a\":1}\n{\"a\":2}"},
    {"{a:i}", "\n\n{\"a\":1}\n \n\t\n{\"a\":2}\n\r\n", "{\"a\":1}\n{\"a\":2}"},
    {"{a:i}", "{\"a\":1}\n{\"a\":\n{\"a\":3}", "{\"a\":1}\n!\n{\"a\":3}"},
    {"{a:i}", "{\"z\":0,\"a\":1}\n{\"a\":2,\"z\":0}\n{\"a\":3}",
     "{\"a\":1}\n{\"a\":2}\n{\"a\":3}"},
    {"{a:i,b:?i}", "{\"a\":1,\"b\":2}\n{\"a\":3}\n{\"a\":4,\"b\":null}\n{\"b\":6,\"a\":5}",
     "{\"a\":1,\"b\":2}\n{\"a\":3,\"b\":null}\n{\"a\":4,\"b\":null}\n{\"a\":5,\"b\":6}"},
    {"{a:i}", "{\"a\":1,\"a\":2}", "{\"a\":2}"},
    {"{a:i}", "{\"a\":\"x\",\"a\":2}", "{\"a\":2}"},
    {"{a:i}", "{\"a\":1,\"a\":\"x\"}", "!not an int"},
    {"{a:i}", "{\"a\":1,\"a\":null}", "!a field is missing"},
    {"{a:i}", "{\"a\":null,\"a\":1}", "{\"a\":1}"},
    {"{a:?i}", "{\"a\":1,\"a\":null}", "{\"a\":null}"},
    {"{a:=7;i}", "{}", "{\"a\":7}"},
    {"{a:=7;i}", "{\"a\":null}", "{\"a\":7}"},
    {"{a:=7;i}", "{\"a\":8}", "{\"a\":8}"},
    {"{a:=\"x\";s}", "{\"b\":1}", "{\"a\":\"x\"}"},
    {"{a:=[1,2];[i}", "{}", "{\"a\":[1,2]}"},
    {"{a:?s}", "{}", "{\"a\":null}"},
    {"{a:s}", "{}", "!a field is missing"},
    {"{a:i}", "{\"A\":1}", "!a field is missing"},
    {"{a:i}", "{\"\\u0061\":1}", "{\"a\":1}"},
    {"{a:i}", "{\"a\\u0000\":1,\"a\":2}", "{\"a\":2}"},
    {"{a:i}", "{\"\":1,\"a\":2}", "{\"a\":2}"},
    {"{a long field name with blanks:i}", "{\"a long field name with blanks\":5}",
     "{\"a long field name with blanks\":5}"},
    {"{seventeen_letters:i,seventeen_letterz:i}",
     "{\"seventeen_letters\":5,\"seventeen_letterz\":6}\n"
     "{\"seventeen_letterz\":5,\"seventeen_letters\":6}",
     "{\"seventeen_letters\":5,\"seventeen_letterz\":6}\n"
     "{\"seventeen_letters\":6,\"seventeen_letterz\":5}"},
    {"{a:i}", "{\"a\":1", "!a `,`"},
    {"{a:i}", "{\"a\":1,", "!a field's name"},
    {"{a:i}", "{\"a\":1,}", "!a field's name"},
    {"{a:i}", "{,\"a\":1}", "!a field's name"},
    {"{a:i}", "{\"a\" 1}", "!a `:`"},
    {"{a:i}", "{\"a\"}", "!a `:`"},
    {"{a:i}", "{a:1}", "!a field's name"},
    {"{a:i}", "{\"a\":1}}", "!something follows"},
    {"{a:i}", "{\"a\":1} {\"a\":2}", "!something follows"},
    {"{a:i}", "{\"a\":1} x", "!something follows"},
    {"{a:i}", "{\"a\":1]", "!a `,`"},
    {"{a:i}", "[{\"a\":1}]", "!not an object"},
    {"{a:i}", "1", "!not an object"},
    {"{a:i}", "null", "!not an object"},
    {"{a:i}", "{", "!a field's name"},
    {"{a:i}", "}", "!not an object"},
    {"{a:i}", "{\"a\":1}//c", "!something follows"},
    {"{a:{b:i,c:?s}}", "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1,\"c\":null}}"},
    {"{a:{b:i}}", "{\"a\":{}}", "!a field is missing"},
    {"{a:?{b:i}}", "{\"a\":{}}", "!a field is missing"},
    {"{a:?{b:i}}", "{}", "{\"a\":null}"},
    {"{a:?{b:i}}", "{\"a\":{\"b\":3}}", "{\"a\":{\"b\":3}}"},
    {"{a:{b:i},c:i}", "{\"a\":{\"b\":\"x\"},\"a\":{\"b\":4},\"c\":1}",
     "{\"a\":{\"b\":4},\"c\":1}"},
    {"{}", "{}", "{}"},
    {"{}", "{\"a\":[{}]}", "{}"},
    {"i", "5", "5"},
    {"?i", "null", "null"},
    {"s", "\"x\"\n7", "\"x\"\n!not a text"},
    {"[i", "[1,2]", "[1,2]"},
};

static const json_case nested[] = {
    {"{a:[i}", "{\"a\":[]}", "{\"a\":[]}"},
    {"{a:[i}", "{\"a\":[ ]}", "{\"a\":[]}"},
    {"{a:[i}", "{\"a\":[1]}", "{\"a\":[1]}"},
    {"{a:[i}", "{\"a\":[ 1 , 2 ,3,4,5,6,7,8,9,10 ]}", "{\"a\":[1,2,3,4,5,6,7,8,9,10]}"},
    {"{a:[i}", "{\"a\":[1,]}", "!"},
    {"{a:[i}", "{\"a\":[,1]}", "!"},
    {"{a:[i}", "{\"a\":[1 2]}", "!"},
    {"{a:[i}", "{\"a\":[1,null]}", "!not an int"},
    {"{a:[i}", "{\"a\":[1,\"x\"]}", "!not an int"},
    {"{a:[i}", "{\"a\":[1}", "!"},
    {"{a:[?i}", "{\"a\":[1,null,3]}", "{\"a\":[1,null,3]}"},
    {"{a:[[s}", "{\"a\":[[],[\"x\"],[\"y\",\"\"]]}", "{\"a\":[[],[\"x\"],[\"y\",\"\"]]}"},
    {"{a:[{x:i,y:?s}}", "{\"a\":[{\"x\":1},{\"y\":\"q\",\"x\":2}]}",
     "{\"a\":[{\"x\":1,\"y\":null},{\"x\":2,\"y\":\"q\"}]}"},
    {"{a:<si}", "{\"a\":{}}", "{\"a\":{}}"},
    {"{a:<si}", "{\"a\":{\"b\":2,\"a\":1}}", "{\"a\":{\"a\":1,\"b\":2}}"},
    {"{a:<si}", "{\"a\":{\"b\":2,\"a\":1,\"b\":3}}", "{\"a\":{\"a\":1,\"b\":3}}"},
    {"{a:<si}", "{\"a\":{\"b\":\"x\"}}", "!not an int"},
    {"{a:<si}", "{\"a\":[]}", "!not an object"},
    {"{a:<is}", "{\"a\":{\"10\":\"x\",\"-2\":\"y\"}}", "{\"a\":{\"-2\":\"y\",\"10\":\"x\"}}"},
    {"{a:<is}", "{\"a\":{\"x\":\"x\"}}", "!not a key"},
    {"{a:<bs}", "{\"a\":{\"true\":\"x\",\"false\":\"y\"}}",
     "{\"a\":{\"false\":\"y\",\"true\":\"x\"}}"},
    {"|(Bid{price:i},Dot{})", "{\"type\":\"Bid\",\"price\":5}", "{\"type\":\"Bid\",\"price\":5}"},
    {"|(Bid{price:i},Dot{})", "{\"price\":5,\"type\":\"bid\"}", "{\"type\":\"Bid\",\"price\":5}"},
    {"|(Bid{price:i},Dot{})", "{ \"type\" : \"BID\" , \"price\":5 }",
     "{\"type\":\"Bid\",\"price\":5}"},
    {"|(Bid{price:i},Dot{})", "{\"type\":\"Dot\"}", "{\"type\":\"Dot\"}"},
    {"|(Bid{price:i},Dot{})", "{\"type\":\"Dot\",\"price\":true}", "{\"type\":\"Dot\"}"},
    {"|(Bid{price:i},Dot{})", "{\"type\":\"Dot\",\"price\":3,\"type\":\"Bid\"}",
     "{\"type\":\"Bid\",\"price\":3}"},
    {"|(Bid{price:i},Dot{})", "{\"type\":\"Bit\",\"price\":3}", "!no tag"},
    {"|(Bid{price:i},Dot{})", "{\"price\":3}", "!no tag"},
    {"|(Bid{price:i},Dot{})", "{\"type\":\"Bid\"}", "!a field is missing"},
    {"|(Bid{price:i},Dot{})", "{\"type\":1,\"price\":3}", "!no tag"},
    {"|(Bid{price:i},Dot{})", "\"Dot\"", "!not an object"},
    {"|(Bid{price:i},Dot{})", "{\"type\":\"Bid\",\"price\":5", "!"},
    {"{e:[|(A{x:i},B{y:s})}", "{\"e\":[{\"type\":\"B\",\"y\":\"q\"},{\"x\":1,\"type\":\"A\"}]}",
     "{\"e\":[{\"type\":\"B\",\"y\":\"q\"},{\"type\":\"A\",\"x\":1}]}"},
};

/* What an unread field owes: its syntax. */
static const json_case unread[] = {
    {"{a:xi,b:i}", "{\"a\":\"x\",\"b\":2}", "{\"a\":0,\"b\":2}"},
    {"{a:xi,b:i}", "{\"b\":2}", "{\"a\":0,\"b\":2}"},
    {"{a:xi,b:i}", "{\"a\":tru,\"b\":2}", "{\"a\":0,\"b\":2}"},
    {"{a:xi,b:i}", "{\"a\":01.e,\"b\":2}", "{\"a\":0,\"b\":2}"},
    {"{a:xi,b:i}", "{\"a\":,\"b\":2}", "!a value is missing"},
    {"{a:xi,b:i}", "{\"a\":[1,{\"x\":[]},\"]\"],\"b\":2}", "{\"a\":0,\"b\":2}"},
    {"{a:xi,b:i}", "{\"a\":[1,2,\"b\":2}", "!"},
    {"{a:xi,b:i}", "{\"a\":[1 2],\"b\":2}", "!a `,`"},
    {"{a:xi,b:i}", "{\"a\":[1,],\"b\":2}", "!a value is missing"},
    {"{a:xi,b:i}", "{\"a\":{1:2},\"b\":2}", "!a field's name"},
    {"{a:xi,b:i}", "{\"a\":{\"q\"},\"b\":2}", "!a `:`"},
    {"{a:xi,b:i}", "{\"a\":{\"q\":1,},\"b\":2}", "!a field's name"},
    {"{a:xi,b:i}", "{\"a\":{\"q\":1],\"b\":2}", "!a `,`"},
    {"{a:xi,b:i}", "{\"a\":\"\\\"}\",\"b\":2}", "{\"a\":0,\"b\":2}"},
    {"{a:xi,b:i}", "{\"a\":\"\\\\\",\"b\":2}", "{\"a\":0,\"b\":2}"},
    {"{a:xi,b:i}", "{\"a\":\"\\\\\\\",\"b\":2}", "!"},
    {"{a:xi,b:i}", "{\"a\":\"\\z\",\"b\":2}", "{\"a\":0,\"b\":2}"},
    {"{a:xi,b:i}", "{\"a\":\"x\ty\",\"b\":2}", "!a control character"},
    {"{a:xi,b:i}", "{\"a\":x\"y\",\"b\":2}", "!a `,`"},
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

static void check(const json_case *c, int flags) {
    uint8_t schema[512], tc[512];
    static char out[8192];
    schema_make(schema, flags, 0, 'r', c->type);
    schema_type(tc, c->type, 0);
    flow_ctx *ctx = env_open();
    schema_decode(ctx, 0, schema, tc, c->in, (int64_t)strlen(c->in), out, sizeof out);
    CU_ASSERT(same(out, c->out));
    if (!same(out, c->out)) printf("%s %s\n  gave %s  not  %s\n", c->type, c->in, out, c->out);
    env_close(ctx);
}

#define RUN(table)                                                                       \
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) check(&table[i], 0)

static void test_scalars(void) { RUN(scalars); }
static void test_texts(void) { RUN(texts); }
static void test_objects(void) { RUN(objects); }
static void test_nested(void) { RUN(nested); }
static void test_unread(void) { RUN(unread); }

static void test_replace(void) {
    static const json_case cases[] = {
        {"{a:s}", "{\"a\":\"x\xff\xfey\"}", "{\"a\":\"x\xef\xbf\xbd\xef\xbf\xbdy\"}"},
        {"{a:s}", "{\"a\":\"\xe4\xb8\"}", "{\"a\":\"\xef\xbf\xbd\"}"},
        {"{a:s}", "{\"a\":\"\\uD800\"}", "{\"a\":\"\xef\xbf\xbd\"}"},
        {"{a:s}", "{\"a\":\"\xc3\xa9\"}\n{\"a\":\"\xc3\"}\n{\"a\":\"b\"}",
         "{\"a\":\"\xc3\xa9\"}\n{\"a\":\"\xef\xbf\xbd\"}\n{\"a\":\"b\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i], FLOW_FMT_REPLACE);
}

/* n opening brackets, then as many closing ones. */
static void deep(char *text, int n) {
    strcpy(text, "{\"a\":");
    memset(text + 5, '[', (size_t)n);
    memset(text + 5 + n, ']', (size_t)n);
    strcpy(text + 5 + 2 * n, "}\n");
}

static void test_depth(void) {
    static char text[30000];
    json_case c = {"{a:xi}", text, "{\"a\":0}"};
    deep(text, FLOW_DEPTH_MAX - 1);
    check(&c, 0);
    c.out = "!nested too deep";
    deep(text, FLOW_DEPTH_MAX);
    check(&c, 0);
    deep(text, 10000);
    check(&c, 0);
    c.type = "{a:[[[i}"; /* the type ends before the text does */
    check(&c, 0);
}

static void test_unit(void) {
    uint8_t schema[64], tc[64];
    char out[256];
    static const struct {
        char unit;
        const char *in, *out;
    } cases[] = {
        {'s', "{\"a\":1.5,\"b\":2}", "{\"a\":\"1970-01-01T00:00:01.500Z\",\"b\":\"2s\"}\n"},
        {'m', "{\"a\":1.5,\"b\":2}", "{\"a\":\"1970-01-01T00:00:00.001500Z\",\"b\":\"2ms\"}\n"},
        {'u', "{\"a\":15,\"b\":2}", "{\"a\":\"1970-01-01T00:00:00.000015Z\",\"b\":\"2us\"}\n"},
        {'n', "{\"a\":1999,\"b\":2000}",
         "{\"a\":\"1970-01-01T00:00:00.000001Z\",\"b\":\"2us\"}\n"},
    };
    schema_type(tc, "{a:t,b:d}", 0);
    for (int i = 0; i < 4; i++) {
        flow_ctx *ctx = env_open();
        schema_make(schema, 0, 0, cases[i].unit, "{a:t,b:d}");
        schema_decode(ctx, 0, schema, tc, cases[i].in, (int64_t)strlen(cases[i].in), out,
                      sizeof out);
        CU_ASSERT_STRING_EQUAL(out, cases[i].out);
        env_close(ctx);
    }
}

static void test_parse_json(void) {
    static const json_case cases[] = {
        {"[i", "[1, 2]", "[1,2]"},       {"[i", "[1,\n 2]\n", "[1,2]"}, {"[i", "[1", 0},
        {"{a:i,b:?s}", "{\"a\":1}", "{\"a\":1,\"b\":null}"}, {"i", "", 0},
        {"s", "\"x", 0},                 {"i", "1 2", 0},               {"f", "1e3", "1000.0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        flow_ctx *ctx = env_open();
        uint8_t tc[64];
        uint64_t words[8], json[2];
        schema_type(tc, cases[i].type, 0);
        const char *in = cases[i].in;
        flow_k_fn_parse_json(ctx, words, (const uint8_t *)in, (int64_t)strlen(in), tc);
        uint8_t optional[80] = {'?'};
        memcpy(optional + 1, tc, sizeof tc);
        flow_k_fn_to_json(ctx, json, words, optional);
        const char *want = cases[i].out ? cases[i].out : "null";
        CU_ASSERT(json[1] == strlen(want) &&
                  !memcmp((const void *)(uintptr_t)json[0], want, json[1]));
        env_close(ctx);
    }
}

/* Where and why a record was refused. */
static void test_blame(void) {
    flow_ctx *ctx = env_open();
    uint8_t schema[64];
    schema_make(schema, 0, 0, 'r', "{a:i,b:s,c:f}");
    const char *in = "{\"a\":1,\"b\":\"\",\"c\":true}\n{\"a\":1,\"b\":\"\xff\",\"c\":1}\r\n";
    uint8_t *p = env_block(ctx, in, (int64_t)strlen(in));
    void *d = flow_k_json_open(ctx, schema, p, p + strlen(in));
    uint64_t words[4];
    CU_ASSERT(flow_k_json_next(ctx, d, words) == -FLOW_E_malformed);
    CU_ASSERT(ctx->record == p && ctx->record_len == 23);
    CU_ASSERT(ctx->why_field == 2 && ctx->why_at == 18);
    CU_ASSERT(flow_k_json_next(ctx, d, words) == -FLOW_E_utf8);
    CU_ASSERT(ctx->record == p + 24 && ctx->record_len == 21 && ctx->why_at == 12);
    CU_ASSERT(flow_k_json_next(ctx, d, words) == 0);
    env_close(ctx);
}

/* Cut, doubled and flipped bytes: any answer will do, but no crash and no overrun. */
static void test_mutants(void) {
    uint8_t schema[256], tc[256];
    static char out[65536];
    const char *type = "{a:i,b:?s,c:[{x:f,y:<sb},d:|(P{q:t},R{}),e:xi}";
    const char *good = "{\"a\":12,\"b\":\"x\\u0041\",\"c\":[{\"x\":1e5,\"y\":{\"k\":true}}],"
                       "\"d\":{\"type\":\"P\",\"q\":\"2024-01-01\"},\"e\":[{\"z\":\"\\\\\"}]}\n";
    int64_t n = (int64_t)strlen(good);
    schema_make(schema, 0, 0, 'r', type);
    schema_type(tc, type, 0);
    uint64_t seed = 7;
    flow_ctx *ctx = env_open();
    for (int i = 0; i < 20000; i++) {
        char text[400];
        memcpy(text, good, (size_t)n);
        memcpy(text + n, good, (size_t)n);
        for (int k = 0; k < 1 + i % 3; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            static const char bytes[] = "\"\\{}[],:0e.\n\r \x80\xffntu";
            text[(seed >> 33) % (uint64_t)(2 * n - 1)] = bytes[(seed >> 20) % (sizeof bytes - 1)];
        }
        schema_decode(ctx, 0, schema, tc, text, 2 * n, out, sizeof out);
        if (i % 500 == 499) {
            env_close(ctx);
            ctx = env_open();
        }
    }
    env_close(ctx);
}

void suite_json(void) {
    CU_pSuite s = CU_add_suite("json", 0, 0);
    CU_add_test(s, "scalars", test_scalars);
    CU_add_test(s, "texts", test_texts);
    CU_add_test(s, "objects", test_objects);
    CU_add_test(s, "nested", test_nested);
    CU_add_test(s, "unread", test_unread);
    CU_add_test(s, "replace", test_replace);
    CU_add_test(s, "depth", test_depth);
    CU_add_test(s, "unit", test_unit);
    CU_add_test(s, "parse_json", test_parse_json);
    CU_add_test(s, "blame", test_blame);
    CU_add_test(s, "mutants", test_mutants);
}
