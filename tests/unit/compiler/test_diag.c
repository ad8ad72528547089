/* test_diag.c - positions, the printed form, JSON, and what is dropped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "compiler/base/check.h"
#include "compiler/diag/diag.h"

typedef struct lab {
    arena_t *arena;
    sources_t *sources;
    diags_t *diags;
} lab_t;

static lab_t lab(const char *text, size_t n) {
    lab_t l = {.arena = arena_new("diag test")};
    l.sources = sources_new(l.arena);
    l.diags = diags_new(l.arena, l.sources);
    sources_add(l.sources, "x.flow", text, n);
    return l;
}

static span_t at(uint32_t start, uint32_t end) {
    return (span_t){start, end, 0};
}

static void position_is(const lab_t *l, uint32_t offset, int line, int column) {
    int x, y;
    source_position(source_at(l->sources, 0), offset, &x, &y);
    CU_ASSERT_EQUAL(x, line);
    CU_ASSERT_EQUAL(y, column);
}

static void test_positions(void) {
    const char *text = "\xEF\xBB\xBF" "a\xE4\xB8\xAD" "b\r\n\n\tx";
    lab_t l = lab(text, strlen(text));
    position_is(&l, 3, 1, 1);
    position_is(&l, 4, 1, 2);
    position_is(&l, 7, 1, 3);
    position_is(&l, 10, 2, 1);
    position_is(&l, 11, 3, 1);
    position_is(&l, 12, 3, 2);
    position_is(&l, 13, 3, 3);
    position_is(&l, 9999, 3, 3);
    size_t n;
    const char *line = source_line(source_at(l.sources, 0), 1, &n);
    CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT_EQUAL(line[0], 'a');
    arena_free(l.arena);
}

static void text_is(lab_t *l, const char *want) {
    const char *got = diags_text(l->diags, l->arena);
    CU_ASSERT_STRING_EQUAL(got, want);
    if (strcmp(got, want)) printf("\n%s", got);
}

static void test_form(void) {
    const char *text = "clicks |> where usr == 1\n";
    lab_t l = lab(text, strlen(text));
    diag_t *m = diag_add(l.diags, DIAG_no_column, at(16, 19), "usr");
    diag_label(m, "not a %s", "column");
    diag_line(m, "here: user: string");
    diag_note(m, "one\ntwo");
    diag_help(m, "did you mean `%s`?", "user");
    diag_help(m, "a second help is left out");
    text_is(&l, "x.flow:1:17: error: no column `usr` here\n"
                "   1 | clicks |> where usr == 1\n"
                "     |                 ^^^ not a column\n"
                "     = here: user: string\n"
                "     = note: one\n"
                "             two\n"
                "     = help: did you mean `user`?\n");
    CU_ASSERT_EQUAL(diags_errors(l.diags), 1);
    CU_ASSERT_EQUAL(diags_warnings(l.diags), 0);
    arena_free(l.arena);
}

static void test_columns(void) {
    const char *text = "\t中文\xF0\x9F\x98\x80 x\x01" "e\xCC\x81 y\nab\ncd";
    lab_t l = lab(text, strlen(text));
    diag_add(l.diags, DIAG_hides, at(1, 7), "x", "constant", "3"); /* the wide characters */
    diag_add(l.diags, DIAG_no_column, at(18, 19), "y");
    diag_add(l.diags, DIAG_no_column, at(21, 25), "z"); /* goes on in the next line */
    diag_add(l.diags, DIAG_no_column, at(22, 22), "end");
    text_is(&l, "x.flow:1:2: warning: column `x` hides the constant of line 3\n"
                "   1 | \t中文\xF0\x9F\x98\x80 x\xEF\xBF\xBD" "e\xCC\x81 y\n"
                "     | \t^^^^\n"
                "x.flow:1:11: error: no column `y` here\n"
                "   1 | \t中文\xF0\x9F\x98\x80 x\xEF\xBF\xBD" "e\xCC\x81 y\n"
                "     | \t           ^\n"
                "x.flow:2:2: error: no column `z` here\n"
                "   2 | ab\n"
                "     |  ^\n"
                "x.flow:2:3: error: no column `end` here\n"
                "   2 | ab\n"
                "     |   ^\n");
    arena_free(l.arena);
}

static void test_order_and_repeats(void) {
    const char *text = "aaaa\nbbbb\n";
    lab_t l = lab(text, strlen(text));
    diag_add(l.diags, DIAG_no_column, at(5, 6), "b");
    diag_add(l.diags, DIAG_no_column, at(0, 1), "a");
    diag_add(l.diags, DIAG_no_column, at(0, 1), "a");
    diag_add(l.diags, DIAG_no_column, at(0, 1), "c");
    diag_add(l.diags, DIAG_file_size, SPAN_NOWHERE, "big.flow");
    CU_ASSERT_EQUAL(diags_count(l.diags), 4);
    CU_ASSERT_STRING_EQUAL(diags_at(l.diags, 0)->text, "no column `a` here");
    CU_ASSERT_STRING_EQUAL(diags_at(l.diags, 1)->text, "no column `c` here");
    CU_ASSERT_STRING_EQUAL(diags_at(l.diags, 2)->text, "no column `b` here");
    const char *all = diags_text(l.diags, l.arena);
    CU_ASSERT_PTR_NOT_NULL(strstr(all, "flowc: error: big.flow is too large for a program\n"));
    arena_free(l.arena);
}

static void test_limit(void) {
    char text[400];
    memset(text, 'x', sizeof text);
    lab_t l = lab(text, sizeof text);
    for (uint32_t i = 0; i < 300; i++) diag_add(l.diags, DIAG_no_column, at(i, i + 1), "x");
    CU_ASSERT_EQUAL(diags_errors(l.diags), 100);
    CU_ASSERT(diags_truncated(l.diags));
    const char *all = diags_text(l.diags, l.arena);
    CU_ASSERT_PTR_NOT_NULL(strstr(all, "further messages are left out"));
    CU_ASSERT_PTR_NOT_NULL(strstr(all, " …\n")); /* the line is cut */
    arena_free(l.arena);
}

static void test_json(void) {
    const char *text = "a \"b\"\n";
    lab_t l = lab(text, strlen(text));
    diag_t *m = diag_add(l.diags, DIAG_no_column, at(2, 5), "\"b\"");
    diag_label(m, "tab\there");
    diag_note(m, "back\\slash");
    diag_help(m, "one\ntwo");
    char *out = NULL;
    size_t n;
    FILE *f = open_memstream(&out, &n);
    CU_ASSERT_EQUAL(diags_render_json(l.diags, f), 1);
    fclose(f);
    CU_ASSERT_STRING_EQUAL(
        out, "{\"file\":\"x.flow\",\"line\":1,\"column\":3,\"end_line\":1,\"end_column\":6,"
             "\"severity\":\"error\",\"id\":\"no_column\",\"message\":\"no column `\\\"b\\\"` here\","
             "\"label\":\"tab\\u0009here\",\"notes\":[\"back\\\\slash\"],\"help\":\"one\\ntwo\"}\n");
    free(out);
    arena_free(l.arena);
}

static void test_colours(void) {
    lab_t l = lab("abc", 3);
    diag_add(l.diags, DIAG_no_column, at(0, 1), "a");
    char *out = NULL;
    size_t n;
    FILE *f = open_memstream(&out, &n);
    diags_render(l.diags, f, 1);
    fclose(f);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "\033[1;31merror:\033[0m"));
    free(out);
    CU_ASSERT_PTR_NULL(strchr(diags_text(l.diags, l.arena), '\033'));
    arena_free(l.arena);
}

static void test_nearest(void) {
    static const char *const names[] = {"aggregate", "anti", "format", "user", "Error"};
    CU_ASSERT_STRING_EQUAL(diag_nearest("agregate", names, 5), "aggregate");
    CU_ASSERT_STRING_EQUAL(diag_nearest("fromat", names, 5), "format");
    CU_ASSERT_STRING_EQUAL(diag_nearest("usr", names, 5), "user");
    CU_ASSERT_STRING_EQUAL(diag_nearest("ERROR", names, 5), "Error");
    CU_ASSERT_PTR_NULL(diag_nearest("zebra", names, 5));
    CU_ASSERT_PTR_NULL(diag_nearest("x", names, 5));
    char lengthy[200];
    memset(lengthy, 'a', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = 0;
    CU_ASSERT_PTR_NULL(diag_nearest(lengthy, names, 5));
}

static void test_where(void) {
    lab_t l = lab("a\nbc", 4);
    sources_add(l.sources, "y.flow", "d", 1);
    CU_ASSERT_STRING_EQUAL(diag_where(l.diags, at(3, 4), at(0, 1)), "2:2");
    CU_ASSERT_STRING_EQUAL(diag_where(l.diags, (span_t){0, 1, 1}, at(0, 1)), "y.flow:1:1");
    CU_ASSERT_EQUAL(diag_line_of(l.diags, at(2, 3)), 2);
    CU_ASSERT_STRING_EQUAL(diag_source(l.diags, at(0, 4)), "a bc");
    arena_free(l.arena);
}

static void test_files(void) {
    arena_t *a = arena_new("files");
    sources_t *s = sources_new(a);
    uint32_t file;
    const char *why = NULL;
    CU_ASSERT_FALSE(sources_read(s, "/nonexistent/x.flow", &file, &why));
    CU_ASSERT_PTR_NOT_NULL(why);
    char path[] = "/tmp/flow_test_XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, "set x = 1", 9), 9);
    CU_ASSERT(sources_read(s, path, &file, &why));
    CU_ASSERT_EQUAL(source_at(s, file)->len, 9);
    CU_ASSERT_EQUAL(ftruncate(fd, (off_t)FLOW_MAX_SOURCE + 1), 0);
    CU_ASSERT_FALSE(sources_read(s, path, &file, &why));
    CU_ASSERT_STRING_EQUAL(why, "a program may have at most 64 MiB");
    close(fd);
    unlink(path);
    arena_free(a);
}

void suite_diag(void);
void suite_diag(void) {
    CU_pSuite s = CU_add_suite("diag", NULL, NULL);
    CU_add_test(s, "positions", test_positions);
    CU_add_test(s, "form", test_form);
    CU_add_test(s, "columns", test_columns);
    CU_add_test(s, "order and repeats", test_order_and_repeats);
    CU_add_test(s, "limit", test_limit);
    CU_add_test(s, "JSON", test_json);
    CU_add_test(s, "colours", test_colours);
    CU_add_test(s, "nearest", test_nearest);
    CU_add_test(s, "where", test_where);
    CU_add_test(s, "files", test_files);
}
