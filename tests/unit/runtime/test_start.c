/* test_start.c - the command line of every executable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/data/program.h"
#include "tests/unit/runtime/fake_program.h"

void suite_start(void);

static int64_t text_words[3], count_words[2];

/* One row that shows the parameters. */
static int32_t show_range(flow_ctx *ctx, int64_t from, int64_t to, int64_t t0, int64_t rate) {
    char line[256];
    (void)t0, (void)rate;
    for (int64_t i = from; i < to; i++) {
        int n = snprintf(line, sizeof line, "%.*s %ld nparts=%ld\n", (int)text_words[2],
                         (const char *)(intptr_t)text_words[1], (long)count_words[1],
                         (long)ctx->nparts);
        fake_put(ctx, &ctx->ports[0][0], line, n);
    }
    return 0;
}

static int32_t setup(flow_ctx *ctx) {
    uint64_t one[1] = {1}, two[1] = {2}, parts[1] = {8};
    if (!count_words[0]) count_words[1] = 42;
    flow_rt_set_option(ctx, FLOW_OPTION_SOURCE, 0, (const uint8_t *)"rows", 4, 'i', one);
    if (count_words[1] == 2)
        flow_rt_set_option(ctx, FLOW_OPTION_SOURCE, 0, (const uint8_t *)"rows", 4, 'i', two);
    flow_rt_set_option(ctx, FLOW_OPTION_SETTING, 0, (const uint8_t *)"partitions", 10, 'i',
                       parts);
    return 0;
}

static void show_program(void) {
    fake_begin("show");
    fake_line("cpu\tx86-64\tfeatures=sse3");
    fake_line("explain\treads\\tnothing");
    fake_line("set\tretries\t7");
    fake_line("param\ttext_in\tstring\taddr=%d\tdoc=what is shown", fake_address(text_words));
    fake_line("param\tcount\tint\taddr=%d\tdefault=42", fake_address(count_words));
    fake_line("setup\t%d", fake_address((void *)setup));
    fake_line("source\t0\tnumbers\tgenerate\tformat=rows");
    fake_line("sink\t0\tout\tstdout\tformat=text");
    fake_line("stage\t0\tshow\tsource=0\trange=%d", fake_address((void *)show_range));
    fake_line("port\t0\t0\tsink=0");
}

static void expect(const char *args, int code, const char *out, const char *err) {
    fake_result r = fake_run(args);
    CU_ASSERT_EQUAL(r.code, code);
    CU_ASSERT(strstr(r.out, out) != NULL);
    CU_ASSERT(strstr(r.err, err) != NULL);
    if (r.code != code || !strstr(r.out, out) || !strstr(r.err, err))
        fprintf(stderr, "[%s] exit %d\n%s%s", args, r.code, r.out, r.err);
    fake_free(&r);
}

static void test_params(void) {
    show_program();
    expect("text_in=abc", 0, "abc 42 nparts=8\n", "");
    expect("count=7 text_in=", 0, " 7 nparts=8\n", "");
    expect("text-in=a=b count=2", 0, "a=b 2 nparts=8\na=b 2 nparts=8\n", "");
    expect("text_in=x --partitions 3", 0, "x 42 nparts=3\n", "");
    expect("", 2, "", "parameter `text_in` is missing: text_in=<string>");
    expect("text_in=a count=x", 2, "", "parameter `count` takes an int, not `x`");
    expect("text_in=a cuont=1", 2, "", "no parameter `cuont`; did you mean `count`?");
    expect("text_in=a stray", 2, "", "`stray` is neither");
}

static void test_settings(void) {
    show_program();
    expect("text_in=a --paralelism 2", 2, "", "no setting `--paralelism`; did you mean "
                                              "`--parallelism`?");
    expect("text_in=a --batch", 2, "", "`--batch` needs a value");
    expect("text_in=a --batch=soon", 2, "", "`--batch` takes a duration, not `soon`");
    expect("text_in=a --memory=1KiB", 2, "", "`--memory` is `1KiB`, outside");
    expect("text_in=a --log loud", 2, "", "`--log` takes error|warn|info|debug");
    expect("text_in=a --model_dump :9", 2, "", "`--model_dump` is not built yet");
    expect("text_in=a --until never", 2, "", "`--until` takes end, idle");
    expect("text_in=a --batch-size=65536 --block_size=4KiB", 0, "a 42", "");
    setenv("FLOW_PARTITIONS", "5", 1);
    expect("text_in=a", 0, "nparts=5", "");
    expect("text_in=a --partitions=6", 0, "nparts=6", "");
    setenv("FLOW_PARTITIONS", "many", 1);
    expect("text_in=a", 2, "", "`FLOW_PARTITIONS` takes a whole number");
    unsetenv("FLOW_PARTITIONS");
}

static void test_tools(void) {
    show_program();
    expect("--help", 0, "text_in=<string>", "");
    expect("-h", 0, "what is shown", "");
    expect("--help", 0, "count=<int>", "");
    expect("--help", 0, "(default 42)", "");
    expect("--help", 0, "--retries <int>", "");
    expect("--help", 0, "(default 7)", "");
    expect("--help", 0, "--on_error stop|skip", "");
    expect("--version", 0, "source 1234", "");
    expect("--explain", 0, "reads\tnothing\n", "");
    expect("text_in=a --log info", 0, "a 42", "1 batch in");
    expect("text_in=a --log debug", 0, "a 42", "batch 0 at");
}

static int32_t no_setup(flow_ctx *ctx) {
    (void)ctx;
    return 1;
}

static void test_refused(void) {
    show_program();
    fake_line("cpu\tx86-64-v9\tfeatures=sse3,warp_drive,time_travel");
    expect("text_in=a", 2, "", "lacks warp_drive, time_travel\n  flowc build --cpu x86-64");
    show_program();
    fake_line("program\tshow\tabi=feedfacefeedface");
    expect("text_in=a", 2, "", "ABI feedfacefeedface");
    show_program();
    fake_line("setup\t%d", fake_address((void *)no_setup));
    expect("text_in=a", 2, "", "");
    show_program();
    fake_line("what");
    expect("text_in=a", 2, "", "program descriptor, `what`");
    show_program();
    fake_line("set\tfrobnicate\tyes");
    expect("text_in=a", 2, "", "frobnicate");
}

void suite_start(void) {
    CU_pSuite s = CU_add_suite("start", NULL, NULL);
    CU_add_test(s, "parameters", test_params);
    CU_add_test(s, "settings", test_settings);
    CU_add_test(s, "help, version, explain, log", test_tools);
    CU_add_test(s, "what does not start", test_refused);
}
