/* test_options.c - the command line of flowc. */
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/driver/options.h"

typedef struct line {
    arena_t *arena;
    options_t o;
    const char *why, *hint;
    int ok;
} line_t;

/* Reads "build -O0 x.flow" as words. */
static line_t read_line(const char *text) {
    line_t l = {.arena = arena_new("options")};
    char *argv[32] = {"flowc"};
    int argc = 1;
    for (char *w = strtok(arena_strdup(l.arena, text), " "); w; w = strtok(NULL, " "))
        argv[argc++] = w;
    l.ok = options_read(l.arena, argc, argv, &l.o, &l.why, &l.hint);
    return l;
}

static void done(line_t *l) { arena_free(l->arena); }

static void says(const char *text, const char *why, const char *hint) {
    line_t l = read_line(text);
    CU_ASSERT_FALSE(l.ok);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l.why);
    CU_ASSERT_PTR_NOT_NULL(strstr(l.why, why));
    if (hint) CU_ASSERT(l.hint && strstr(l.hint, hint));
    done(&l);
}

static void test_build(void) {
    line_t l = read_line("build -O0 --cpu x86-64-v3 -o out x.flow --no-cache");
    CU_ASSERT_FATAL(l.ok);
    CU_ASSERT_EQUAL(l.o.command, CMD_build);
    CU_ASSERT_EQUAL(l.o.level, 0);
    CU_ASSERT_STRING_EQUAL(l.o.cpu, "x86-64-v3");
    CU_ASSERT_STRING_EQUAL(l.o.output, "out");
    CU_ASSERT(!l.o.is_static && l.o.no_cache && !l.o.json);
    CU_ASSERT_EQUAL(l.o.files.n, 1);
    done(&l);
    l = read_line("build --cpu=native -oout -fno-prune -fno-fuse x.flow");
    CU_ASSERT_FATAL(l.ok);
    CU_ASSERT_STRING_EQUAL(l.o.output, "out");
    CU_ASSERT_EQUAL(l.o.off.n, 2);
    CU_ASSERT_STRING_EQUAL(l.o.off.at[1], "fuse");
    CU_ASSERT_EQUAL(l.o.level, 2);
    done(&l);
}

/* What follows the file belongs to the program, but for flowc's own options. */
static void test_run(void) {
    line_t l = read_line("run x.flow -O0 --batch 2s smallest=3 --help -- --no-cache");
    CU_ASSERT_FATAL(l.ok);
    CU_ASSERT_EQUAL(l.o.level, 0);
    CU_ASSERT_FALSE(l.o.no_cache || l.o.want_help);
    CU_ASSERT_EQUAL_FATAL(l.o.rest.n, 5);
    CU_ASSERT_STRING_EQUAL(l.o.rest.at[0], "--batch");
    CU_ASSERT_STRING_EQUAL(l.o.rest.at[3], "--help");
    CU_ASSERT_STRING_EQUAL(l.o.rest.at[4], "--no-cache");
    done(&l);
    l = read_line("run --help");
    CU_ASSERT(l.ok && l.o.want_help);
    done(&l);
}

static void test_emit(void) {
    line_t l = read_line("emit --ir --stage 1 --before-opt x.flow");
    CU_ASSERT_FATAL(l.ok);
    CU_ASSERT_EQUAL(l.o.form, STAGE_ir);
    CU_ASSERT_EQUAL(l.o.stage, 1);
    CU_ASSERT(l.o.before_opt);
    done(&l);
    says("emit x.flow", "which form", "--plan");
    says("emit --ir --asm x.flow", "one form", NULL);
    says("emit --stage x --ir x.flow", "takes a number", NULL);
    says("emit --plna x.flow", "unknown option `--plna`", "`--plan`");
}

static void test_faults(void) {
    says("", "what is to be done", "--help");
    says("buidl x.flow", "no command `buidl`", "`build`");
    says("x.flow", "first comes what to do", "flowc run x.flow");
    says("check", "needs a file", NULL);
    says("build a.flow b.flow", "takes one file", NULL);
    says("build -O1 a.flow", "no level -O1", "-O2");
    says("build a.flow -o", "-o needs an argument", NULL);
    says("build --sanitize memory a.flow", "no sanitizer", "address or thread");
    says("build --static --sanitize thread a.flow", "do not go together", NULL);
    const char *build_sanitizer = LAB_SANITIZE; /* it is the default of --sanitize */
    line_t l = read_line("build --static a.flow");
    CU_ASSERT_EQUAL(l.ok, build_sanitizer == NULL);
    done(&l);
    says("check --static a.flow", "takes no --static", "build run");
    says("build --statc a.flow", "unknown option", "`--static`");
}

static void test_others(void) {
    line_t l = read_line("check a.flow b.flow --json");
    CU_ASSERT(l.ok && l.o.files.n == 2 && l.o.json);
    done(&l);
    l = read_line("fmt --check");
    CU_ASSERT(l.ok && l.o.files.n == 0 && l.o.fmt_check);
    done(&l);
    l = read_line("--version");
    CU_ASSERT(l.ok && l.o.want_version);
    done(&l);
    l = read_line("fmt -");
    CU_ASSERT(l.ok && l.o.files.n == 1);
    done(&l);
}

void suite_options(void);
void suite_options(void) {
    CU_pSuite s = CU_add_suite("options", NULL, NULL);
    CU_add_test(s, "build", test_build);
    CU_add_test(s, "run", test_run);
    CU_add_test(s, "emit", test_emit);
    CU_add_test(s, "faults", test_faults);
    CU_add_test(s, "others", test_others);
}
