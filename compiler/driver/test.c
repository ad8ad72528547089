/* test.c - see test.h.
 *
 * The tests of a file become one executable: its sources are queues, its sinks are what
 * the tests expect (types/tests.c), its runtime is the test build, whose script says what
 * each batch holds and what time it is (runtime/faults/script.c).  Each test is a run of
 * it in a folder of its own, so a crash or an endless loop fails that test alone. */
#include "compiler/driver/test.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/driver/build.h"
#include "compiler/driver/compile.h"
#include "compiler/driver/driver.h"
#include "compiler/driver/test_diff.h"
#include "compiler/link/object.h"
#include "compiler/link/spawn.h"
#include "compiler/types/const.h"

/* A test that takes longer than this is stopped. */
enum { TEST_SECONDS = 60 };

static const char margin[] = "        ";

/* ---- values ---- */

/* The rows of a checked list, as JSON lines; 0 after a diagnostic. */
static int json_rows(compile_t *c, const ttest_clause_t *t, lines_t *out) {
    check_t *check = c->program->check;
    cval_t *v = const_eval_as(check, t->expr, t->type);
    if (!v) return 0;
    const uint64_t *elems = (const uint64_t *)(uintptr_t)v->w[0];
    for (uint64_t i = 0; i < v->w[1]; i++)
        vec_push(c->arena, out,
                 const_json(check, t->type->elem, elems + i * t->type->elem->words));
    return 1;
}

/* `param=value` for the command line, and for what the test computes. */
static int set_param(compile_t *c, const ttest_clause_t *t, names_t *argv) {
    check_t *check = c->program->check;
    cval_t *v = const_eval_as(check, t->expr, t->type);
    if (!v) return 0;
    const_set_param(check, t->param, v->w);
    const char *name = t->param->name;
    for (size_t i = 0; i < c->program->params.n; i++)
        if (c->program->params.at[i].def == t->param) name = c->program->params.at[i].name;
    if (t->type->kind == TY_OPTION && !v->w[t->type->elem->words]) return 1;
    vec_push(c->arena, argv,
             arena_printf(c->arena, "%s=%s", name, const_text(check, t->type, v->w)));
    return 1;
}

/* ---- the script ---- */

typedef struct script {
    buf_t text, batch;
    int64_t clock;
    VEC(const tflow_t *) fed; /* in the batch at hand */
} script_t;

static void end_batch(script_t *s) {
    if (!s->fed.n) return;
    buf_printf(&s->text, "batch %lld\n", (long long)s->clock);
    buf_put(&s->text, buf_text(&s->batch), s->batch.n);
    s->batch.n = 0;
    s->fed.n = 0;
}

static int source_of(compile_t *c, const tflow_t *flow) {
    for (size_t i = 0; i < c->plan->sources.n; i++)
        if (c->plan->sources.at[i]->flow == flow) return c->plan->sources.at[i]->id;
    return -1; /* nothing that is expected reads it */
}

static int add_given(compile_t *c, script_t *s, const ttest_clause_t *t) {
    lines_t rows = {0};
    buf_t lines;
    if (!json_rows(c, t, &rows)) return 0;
    for (size_t i = 0; i < s->fed.n; i++)
        if (s->fed.at[i] == t->flow) {
            end_batch(s);
            break;
        }
    vec_push(c->arena, &s->fed, t->flow);
    buf_init(&lines, c->arena);
    for (size_t i = 0; i < rows.n; i++) buf_printf(&lines, "%s\n", rows.at[i]);
    int source = source_of(c, t->flow);
    if (source < 0 || !lines.n) return 1;
    buf_printf(&s->batch, "rows %d %zu\n", source, lines.n);
    buf_put(&s->batch, buf_text(&lines), lines.n);
    return 1;
}

static int add_advance(compile_t *c, script_t *s, const ttest_clause_t *t) {
    cval_t *v = const_eval_as(c->program->check, t->expr, t->type);
    if (!v) return 0;
    end_batch(s);
    s->clock += (int64_t)v->w[0];
    buf_printf(&s->text, "batch %lld\n", (long long)s->clock);
    return 1;
}

/* What a test feeds, and its command line; 0 after a diagnostic. */
static int make_script(compile_t *c, const ttest_t *test, buf_t *out, names_t *argv) {
    script_t s = {0};
    buf_init(&s.text, c->arena);
    buf_init(&s.batch, c->arena);
    const_reset_params(c->program->check);
    for (size_t i = 0; i < test->clauses.n; i++)
        if (test->clauses.at[i].kind == TEST_with && !set_param(c, &test->clauses.at[i], argv))
            return 0;
    for (size_t i = 0; i < test->clauses.n; i++) {
        const ttest_clause_t *t = &test->clauses.at[i];
        if (t->kind == TEST_given && !add_given(c, &s, t)) return 0;
        if (t->kind == TEST_advance && !add_advance(c, &s, t)) return 0;
    }
    end_batch(&s);
    if (!s.text.n) buf_str(&s.text, "batch 0\n");
    *out = s.text;
    return 1;
}

/* ---- one run ---- */

static void read_lines(compile_t *c, const char *path, lines_t *out) {
    FILE *f = fopen(path, "rb");
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while (f && (n = getline(&line, &room, f)) > 0) {
        if (line[n - 1] == '\n') n--;
        vec_push(c->arena, out, arena_strndup(c->arena, line, (size_t)n));
    }
    free(line);
    if (f) fclose(f);
}

/* Lines of a text behind the margin. */
static void indent(buf_t *out, const char *text) {
    while (*text) {
        size_t n = strcspn(text, "\n");
        buf_printf(out, "%s%.*s\n", margin, (int)n, text);
        text += n + (text[n] == '\n');
    }
}

/* The program wrote what it is called before each message: here there is only one. */
static void say_failure(compile_t *c, buf_t *out, int code, const char *said) {
    (void)c;
    if (code == SPAWN_LATE)
        buf_printf(out, "%sstopped after %d s\n", margin, TEST_SECONDS);
    else if (code > 128)
        buf_printf(out, "%sthe program crashed: %s\n", margin, strsignal(code - 128));
    else if (!*said)
        buf_printf(out, "%sthe program ended with exit code %d\n", margin, code);
    indent(out, said);
}

static int compare(compile_t *c, const ttest_clause_t *t, const char *folder, buf_t *out) {
    lines_t want = {0}, got = {0};
    buf_t differs;
    if (!json_rows(c, t, &want)) return 0;
    read_lines(c, arena_printf(c->arena, "%s/%d.json", folder, t->output), &got);
    buf_init(&differs, c->arena);
    const char *inner = arena_printf(c->arena, "%s  ", margin);
    if (test_diff(&differs, &want, &got, t->ordered, inner)) return 1;
    buf_printf(out, "%s%s: expect %s\n", margin,
               diag_where(c->diags, t->at, (span_t){.file = UINT32_MAX}), t->flow->name);
    buf_put(out, buf_text(&differs), differs.n);
    return 0;
}

/* Runs a test in a folder; 1 if it passed, else what is wrong is in `out`. */
static int run_test(compile_t *c, const ttest_t *test, const char *program, const char *folder,
                    buf_t *out) {
    names_t argv = {0};
    buf_t script;
    const char *why, *said;
    vec_push(c->arena, &argv, program);
    vec_push(c->arena, &argv, "--on_error");
    vec_push(c->arena, &argv, "stop");
    if (!make_script(c, test, &script, &argv)) return 0;
    vec_push(c->arena, &argv, NULL);
    const char *path = arena_printf(c->arena, "%s/script", folder);
    if (mkdir(folder, 0700) ||
        !file_write(c->arena, path, buf_text(&script), script.n, 0600, &why)) {
        buf_printf(out, "%scannot write %s\n", margin, path);
        return 0;
    }
    int code = spawn_scripted(c->arena, argv.at, folder, path, extern_folder(c), TEST_SECONDS,
                              &said);
    if (code) {
        say_failure(c, out, code, said);
        return 0;
    }
    int good = 1;
    for (size_t i = 0; i < test->clauses.n; i++)
        if (test->clauses.at[i].kind == TEST_expect)
            good &= compare(c, &test->clauses.at[i], folder, out);
    return good;
}

/* ---- files ---- */

static void remove_folder(arena_t *a, const char *path) {
    DIR *d = opendir(path);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        const char *entry = arena_printf(a, "%s/%s", path, e->d_name);
        if (unlink(entry)) remove_folder(a, entry);
    }
    if (d) closedir(d);
    rmdir(path);
}

typedef struct tally {
    int passed, failed;
} tally_t;

static void run_all(compile_t *c, const char *folder, tally_t *tally) {
    const char *program = arena_printf(c->arena, "%s/program", folder);
    if (!build_executable(c, program)) return;
    for (size_t i = 0; i < c->program->tests.n; i++) {
        const ttest_t *test = &c->program->tests.at[i];
        buf_t out;
        buf_init(&out, c->arena);
        int good = run_test(c, test, program, arena_printf(c->arena, "%s/%zu", folder, i), &out);
        printf("  %s  %s\n%s", good ? "ok  " : "FAIL", test->title, buf_text(&out));
        fflush(stdout);
        *(good ? &tally->passed : &tally->failed) += 1;
    }
}

/* The tests of one file; the exit code but for tests that fail. */
static int test_file(const options_t *o, const char *file, tally_t *tally) {
    compile_t *c = compile_new(o, file);
    const char *base = getenv("TMPDIR");
    char *folder = arena_printf(c->arena, "%s/flow-test-XXXXXX", base && *base ? base : "/tmp");
    if (compile_to(c, STAGE_plan)) {
        printf("%s\n", file);
        fflush(stdout);
        if (!c->program->tests.n) printf("  no tests\n");
        else if (!mkdtemp(folder))
            c->failed = arena_printf(c->arena, "cannot make %s: %s", folder, strerror(errno));
        else {
            run_all(c, folder, tally);
            remove_folder(c->arena, folder);
        }
    }
    int code = compile_report(c);
    compile_free(c);
    return code;
}

int test_programs(const options_t *given) {
    options_t o = *given;
    tally_t tally = {0};
    int worst = EXIT_DONE;
    o.faults = 1;
    for (size_t i = 0; i < o.files.n; i++) {
        int code = test_file(&o, o.files.at[i], &tally);
        if (code > worst) worst = code;
    }
    if (tally.passed + tally.failed)
        printf("%d passed, %d failed\n", tally.passed, tally.failed);
    return worst == EXIT_DONE && tally.failed ? EXIT_FOUND : worst;
}
