/* test_setting.c - settings and options of connectors: every row of their tables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "compiler/types/const.h"
#include "compiler/types/opt.h"
#include "tests/unit/compiler/sema_fixture.h"

/* A text that gives the row its default. */
static int value_text(const opt_info *row, char *out, size_t n) {
    const char *d = row->fallback;
    if (!*d || *d == '<' || !strcmp(d, "required")) return 0;
    int quoted = row->type == OPT_string || row->type == OPT_char;
    snprintf(out, n, quoted ? "\"%s\"" : "%s", d);
    return 1;
}

static void test_defaults_are_values(void) {
    for (int i = 0; i < SETTING_COUNT; i++) {
        const opt_info *row = setting_row((setting_id)i);
        char value[64], text[256];
        if (!value_text(row, value, sizeof value)) continue;
        snprintf(text, sizeof text, "set %s = %s\nfrom stdin() |> print\n", row->name, value);
        if (row->built) fixture_accept(text);
        else fixture_reject(text, "is not built yet");
    }
}

static void test_default_words(void) {
    fixture_t f = fixture_check("from stdin() |> print\n", NULL);
    size_t n;
    const opt_info *rows = option_rows(&n);
    for (size_t i = 0; i < n; i++) {
        toption_t o;
        opt_default(f.program->check, &rows[i], &o);
        int has = *rows[i].fallback && strcmp(rows[i].fallback, "required");
        CU_ASSERT_EQUAL(o.word != NULL || o.value != NULL, has);
        if (o.value && (rows[i].min || rows[i].max)) {
            CU_ASSERT((int64_t)o.value->w[0] >= rows[i].min);
            CU_ASSERT((int64_t)o.value->w[0] <= rows[i].max);
        }
    }
    toption_t o;
    opt_default(f.program->check, setting_row(SETTING_batch_size), &o);
    CU_ASSERT_EQUAL(o.value->w[0], 64 << 20);
    opt_default(f.program->check, setting_row(SETTING_grace), &o);
    CU_ASSERT_EQUAL(o.value->w[0], 30000000);
    opt_default(f.program->check, setting_row(SETTING_collect_limit), &o);
    CU_ASSERT_EQUAL(o.value->w[0], 1000000);
    fixture_free(&f);
}

static void test_values(void) {
    fixture_accept("set until = 3\nfrom stdin() |> print\n");
    fixture_accept("set until = 1h\nfrom stdin() |> print\n");
    fixture_accept("set until = idle, log = info, batch = 0s\nfrom stdin() |> print\n");
    fixture_accept("param p: int = 4\nconst s = 2s\nset parallelism = p, batch = s * 2\n"
                   "from stdin() |> print\n");
    fixture_reject("set until = 1.5\nfrom stdin() |> print\n", "`until` is a duration");
    fixture_reject("set until = -3\nfrom stdin() |> print\n", "at least 1");
    fixture_reject("set partitions = 0\nfrom stdin() |> print\n", "at least 1");
    fixture_reject("set batch = 2d\nfrom stdin() |> print\n", "at most 1d");
}

static void test_typed_settings(void) {
    fixture_t f = fixture_check("param p: int = 4\nset batch = 250ms, parallelism = p, "
                                "on_error = skip\nfrom stdin() |> print\n", NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    CU_ASSERT_EQUAL_FATAL(f.program->settings.n, 3);
    CU_ASSERT_EQUAL(f.program->settings.at[0].value->w[0], 250000);
    CU_ASSERT_PTR_NULL(f.program->settings.at[1].value);
    CU_ASSERT_PTR_NOT_NULL(f.program->settings.at[1].expr);
    CU_ASSERT_STRING_EQUAL(f.program->settings.at[2].word, "skip");
    fixture_free(&f);
}

static toption_t *option(tconnector_t *c, const char *name) {
    for (size_t i = 0; i < c->options.n; i++)
        if (!strcmp(c->options.at[i].info->name, name)) return &c->options.at[i];
    return NULL;
}

static void test_connectors(void) {
    fixture_t f = fixture_check(
        "param path: string = \"in.csv\"\n"
        "from file(path, format = csv, header = true) as { a: int }\n"
        "|> to file(\"o.csv\", format = csv, separator = \"\\t\")\n"
        "from generate(fn(i) = { i, half = float(i) / 2.0 }, rows = 1_000) |> to discard()\n",
        NULL);
    CU_ASSERT_STRING_EQUAL(fixture_said(&f), "");
    tflow_t *r = fixture_run(&f, 0);
    CU_ASSERT_PTR_NULL(r->source->pos_value);
    CU_ASSERT_EQUAL(r->source->format, FORMAT_csv);
    CU_ASSERT_EQUAL(option(r->source, "header")->value->w[0], 1);
    CU_ASSERT_STRING_EQUAL(option(r->source, "utf8")->word, "strict");
    tconnector_t *sink = fixture_step(r, OP_to)->u.sink;
    CU_ASSERT(option(sink, "separator")->given);
    CU_ASSERT_EQUAL(*(const char *)(uintptr_t)option(sink, "separator")->value->w[0], '\t');
    CU_ASSERT_EQUAL(sink->mode, MODE_append);
    r = fixture_run(&f, 1);
    CU_ASSERT(r->in.bounded);
    CU_ASSERT_EQUAL(option(r->source, "rows")->value->w[0], 1000);
    CU_ASSERT_STRING_EQUAL(fixture_row(&f, r->row_in), "i: int, half: float");
    fixture_free(&f);
}

static void test_tables(void) {
    size_t n;
    const opt_info *rows = option_rows(&n);
    for (size_t i = 0; i < n; i++) {
        /* every option has an owner */
        const char *of = rows[i].of;
        int found = !strcmp(of, "sources") || !strcmp(of, "sinks") || !strcmp(of, "lines");
        if (!strncmp(of, "source_", 7)) found = source_named(of + 7) != SOURCE_COUNT;
        if (!strncmp(of, "sink_", 5)) found = sink_named(of + 5) != SINK_COUNT;
        if (!strncmp(of, "format_", 7)) found = format_named(of + 7) != FORMAT_none;
        CU_ASSERT(found);
        if (rows[i].type == OPT_word) CU_ASSERT(strlen(rows[i].words) > 0);
    }
    for (int i = 1; i < SETTING_COUNT; i++)
        CU_ASSERT(strcmp(setting_row((setting_id)(i - 1))->name,
                         setting_row((setting_id)i)->name) < 0);
    for (int i = 1; i < OP_COUNT; i++)
        CU_ASSERT(strcmp(op_at((op_id)(i - 1))->spelling, op_at((op_id)i)->spelling) < 0);
    for (int i = 0; i < OP_COUNT; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(op_at((op_id)i)->example, op_at((op_id)i)->spelling));
    CU_ASSERT_EQUAL(word_index("a|bc|d", "bc"), 1);
    CU_ASSERT_EQUAL(word_index("a|bc|d", "b"), -1);
    CU_ASSERT_EQUAL(word_index("", "b"), -1);
}

/* The examples of operators.def that stand alone are programs. */
static void test_examples(void) {
    for (int i = 0; i < OP_COUNT; i++) {
        const op_info *op = op_at((op_id)i);
        if (strncmp(op->example, "from stdin()", 12)) continue;
        char text[512];
        snprintf(text, sizeof text, "%s\nstream other = from socket(\"h:1\")\nother |> print\n%s\n",
                 op->example,
                 i == OP_errors ? "bad |> print" : i == OP_branch ? "long |> print short |> print"
                                                                  : "");
        if (op->built) fixture_accept(text);
        else fixture_reject(text, "is not built yet");
    }
}

void suite_setting(void);
void suite_setting(void) {
    CU_pSuite s = CU_add_suite("setting", NULL, NULL);
    CU_add_test(s, "defaults can be written", test_defaults_are_values);
    CU_add_test(s, "defaults of options", test_default_words);
    CU_add_test(s, "values", test_values);
    CU_add_test(s, "typed settings", test_typed_settings);
    CU_add_test(s, "typed options", test_connectors);
    CU_add_test(s, "the tables", test_tables);
    CU_add_test(s, "examples of steps", test_examples);
}
