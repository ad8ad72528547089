/* fault_cases.c - see fault_cases.h. */
#include "tests/fault/fault_cases.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const lab_program lab_programs[] = {
#define PROGRAM(name, any_cut, outputs, input) {#name, any_cut, outputs, LAB_##input},
#include "tests/fault/fault_programs.def"
#undef PROGRAM
};
const int lab_nprograms = (int)(sizeof lab_programs / sizeof *lab_programs);

const char *const lab_sink_names[] = {"single", "parts", "stdout"};

const char *lab_work;
static char inputs[LAB_NONE][LAB_PATH];

const lab_program *lab_program_of(const char *name) {
    for (int i = 0; i < lab_nprograms; i++)
        if (!strcmp(lab_programs[i].name, name)) return &lab_programs[i];
    lab_die("there is no program %s", name);
}

/* ---- input -------------------------------------------------------------------------- */

/* at,k,v,x: times wander by up to 2.5 s around 20 ms a row, eight keys, one of them with
 * every third row. */
static void write_input(const char *path) {
    lab_text t = {NULL, 0};
    lab_chance c = lab_chance_of(20, 1);
    for (int64_t i = 0; i < LAB_ROWS; i++) {
        char row[100];
        int64_t at = INT64_C(1700000000000) + i * 20 + lab_below(&c, 2500);
        int64_t key = lab_one_in(&c, 3) ? 0 : lab_below(&c, 8);
        int64_t v = lab_below(&c, 1000) - 300, x = lab_below(&c, 10000);
        int n = snprintf(row, sizeof row, "%lld,k%lld,%lld,%lld.%02lld\n", (long long)at,
                         (long long)key, (long long)v, (long long)x / 100, (long long)x % 100);
        lab_text_add(&t, row, n);
    }
    lab_write(path, t.p, t.n);
    lab_text_free(&t);
}

/* k,v,x under a header, in four files of which one has no rows. */
static void write_files(const char *work) {
    lab_chance c = lab_chance_of(20, 2);
    for (int f = 0; f < 4; f++) {
        char path[LAB_PATH];
        lab_text t = {NULL, 0};
        lab_text_add(&t, "k,v,x\n", 6);
        for (int i = 0; f != 2 && i < LAB_ROWS / 3; i++) {
            char row[100];
            int n = snprintf(row, sizeof row, "k%d,%d,%d.5\n", (int)lab_below(&c, 9),
                             (int)lab_below(&c, 100), i % 17);
            lab_text_add(&t, row, n);
        }
        lab_path(path, "%s/part_%d.csv", work, f);
        lab_write(path, t.p, t.n);
        lab_text_free(&t);
    }
}

/* The rows of the file in two. */
static void write_folder(const char *dir) {
    char path[LAB_PATH];
    lab_mkdir(dir);
    lab_text t = lab_read(inputs[LAB_FILE]);
    int64_t half = strchr(t.p + t.n / 2, '\n') + 1 - t.p;
    lab_path(path, "%s/a.csv", dir);
    lab_write(path, t.p, half);
    lab_path(path, "%s/b.csv", dir);
    lab_write(path, t.p + half, t.n - half);
    lab_text_free(&t);
}

void lab_begin(const char *work) {
    lab_work = work;
    lab_path(inputs[LAB_FILE], "%s/in.csv", work);
    lab_path(inputs[LAB_GLOB], "%s/part_*.csv", work);
    lab_path(inputs[LAB_FOLDER], "%s/in", work);
    write_input(inputs[LAB_FILE]);
    write_files(work);
    write_folder(inputs[LAB_FOLDER]);
}

/* ---- running ------------------------------------------------------------------------ */

static const char *const arg_names[] = {"output", "second", "wrong_path"};

lab_run lab_run_of(const lab_setup *s, const char *dir) {
    char program[LAB_PATH];
    lab_path(program, "%s/bin/%s%s", lab_work, s->program->name,
             s->sink == LAB_STDOUT ? ".stdout" : "");
    char *kept = strdup(program);
    static char *last; /* of the run before: its struct is not used any more */
    free(last);
    last = kept;
    lab_run r = lab_new_run(kept, dir);
    if (s->program->input != LAB_NONE) lab_arg(&r, "input=%s", inputs[s->program->input]);
    for (int i = s->sink == LAB_STDOUT; i < s->program->outputs; i++)
        lab_arg(&r, s->sink == LAB_PARTS ? "%s=out%d/" : "%s=out%d.txt", arg_names[i], i);
    lab_arg(&r, "--parallelism=%d", s->parallelism ? s->parallelism : 1);
    lab_arg(&r, "--retry_wait=0s");
    if (s->every) {
        lab_arg(&r, "--checkpoint=ck");
        lab_arg(&r, "--checkpoint_every=%s", s->every);
        lab_set(&r, "FLOW_TEST_TMPFS=1");
        if (s->sizes) lab_set(&r, "FLOW_TEST_SIZES=%lld", (long long)s->sizes);
    }
    lab_set(&r, "FLOW_TEST_CUT=%lld", (long long)s->cut);
    return r;
}

static void add_part(void *arg, const char *root, const char *name) {
    char path[LAB_PATH];
    lab_text *all = arg;
    if (*name == '.' || strstr(name, "/.")) return; /* staged, not published */
    lab_path(path, "%s/%s", root, name);
    lab_text one = lab_read(path);
    lab_text_add(all, one.p, one.n);
    lab_text_free(&one);
}

lab_text lab_output(const lab_setup *s, const char *dir, int output) {
    char path[LAB_PATH];
    if (s->sink == LAB_STDOUT && output == 0) {
        lab_path(path, "%s/stdout", dir);
        return lab_read(path);
    }
    lab_path(path, s->sink == LAB_PARTS ? "%s/out%d" : "%s/out%d.txt", dir, output);
    if (s->sink != LAB_PARTS) return lab_read(path);
    lab_text all = {NULL, 0};
    lab_text_add(&all, "", 0);
    lab_walk(path, add_part, &all);
    return all;
}

/* ---- what is expected ---------------------------------------------------------------- */

static void add_end(void *arg, const char *root, const char *name) {
    lab_expected *e = arg;
    char path[LAB_PATH];
    lab_path(path, "%s/%s", root, name);
    lab_text one = lab_read(path);
    if (e->nends == (int64_t)(sizeof e->ends / sizeof *e->ends)) lab_die("too many batches");
    e->ends[e->nends] = (e->nends ? e->ends[e->nends - 1] : 0) + one.n;
    e->nends++;
    lab_text_free(&one);
}

static void run_plain(lab_expected *e, lab_sink sink, const char *dir) {
    lab_setup s = {.program = e->program, .sink = sink, .cut = e->cut, .parallelism = 1};
    char path[LAB_PATH];
    lab_remove_tree(dir);
    lab_mkdir(dir);
    lab_run r = lab_run_of(&s, dir);
    lab_end end = lab_go(&r);
    if (end.code) lab_die("%s does not run: %s", e->program->name, end.log);
    e->us = end.us;
    if (sink == LAB_PARTS) {
        lab_path(path, "%s/out0", dir);
        lab_walk(path, add_end, e);
    } else {
        for (int i = 0; i < e->program->outputs; i++) e->texts[i] = lab_output(&s, dir, i);
    }
    lab_remove_tree(dir);
}

const lab_expected *lab_expect(const lab_program *p, int64_t cut) {
    static lab_expected *all[512];
    static int n;
    char dir[LAB_PATH];
    for (int i = 0; i < n; i++)
        if (all[i]->program == p && all[i]->cut == cut) return all[i];
    if (n == 512) lab_die("too many cuts");
    lab_expected *e = all[n++] = calloc(1, sizeof *e);
    if (!e) lab_die("memory");
    e->program = p;
    e->cut = cut;
    lab_path(dir, "%s/expect", lab_work);
    run_plain(e, LAB_SINGLE, dir);
    run_plain(e, LAB_PARTS, dir);
    if (!e->texts[0].n) lab_die("%s writes nothing", p->name);
    if (e->ends[e->nends - 1] != e->texts[0].n)
        lab_die("%s: parts and file differ", p->name);
    return e;
}

/* ---- comparing ------------------------------------------------------------------------ */

typedef struct rows {
    const char **rows; /* each to its line end */
    int64_t n;
} rows;

static rows rows_of(const lab_text *t) {
    rows r = {malloc((size_t)(t->n + 1) * sizeof *r.rows), 0};
    for (const char *p = t->p; p && p < t->p + t->n;) {
        r.rows[r.n++] = p;
        const char *nl = memchr(p, '\n', (size_t)(t->p + t->n - p));
        p = nl ? nl + 1 : t->p + t->n;
    }
    return r;
}

static int compare_to(const char *a, const char *b, char stop) {
    for (;; a++, b++) {
        bool end_a = *a == stop || *a == '\n' || !*a, end_b = *b == stop || *b == '\n' || !*b;
        if (end_a || end_b) return end_b - end_a;
        if (*a != *b) return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
    }
}

static int by_row(const void *a, const void *b) {
    return compare_to(*(const char *const *)a, *(const char *const *)b, '\n');
}

/* By the first column, then as they came. */
static int by_key(const void *a, const void *b) {
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int c = compare_to(x, y, ',');
    return c ? c : (x > y) - (x < y);
}

/* Rows of one that the other has not, both sorted. */
static void count_missing(const rows *want, const rows *got, lab_tally *t) {
    int64_t i = 0, k = 0;
    while (i < want->n || k < got->n) {
        int c = i == want->n ? 1 : k == got->n ? -1 : compare_to(want->rows[i], got->rows[k], '\n');
        if (c < 0) t->lost++;
        if (c > 0) t->doubled++;
        i += c <= 0;
        k += c >= 0;
    }
}

static bool same_rows(const lab_text *want, const lab_text *got, bool order, lab_tally *tally) {
    lab_tally now = {0};
    rows a = rows_of(want), b = rows_of(got);
    qsort(a.rows, (size_t)a.n, sizeof *a.rows, by_row);
    qsort(b.rows, (size_t)b.n, sizeof *b.rows, by_row);
    count_missing(&a, &b, &now);
    bool same = !now.lost && !now.doubled;
    tally->lost += now.lost;
    tally->doubled += now.doubled;
    if (same && order) {
        qsort(a.rows, (size_t)a.n, sizeof *a.rows, by_key);
        qsort(b.rows, (size_t)b.n, sizeof *b.rows, by_key);
        for (int64_t i = 0; same && i < a.n; i++)
            same = compare_to(a.rows[i], b.rows[i], '\n') == 0;
        if (!same) tally->other++;
    }
    free(a.rows);
    free(b.rows);
    return same;
}

static bool wrong(char *why, int room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool wrong(char *why, int room, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(why, (size_t)room, format, args);
    va_end(args);
    return false;
}

/* The first byte at which two texts part. */
static int64_t parts_at(const lab_text *a, const lab_text *b) {
    int64_t i = 0;
    while (i < a->n && i < b->n && a->p[i] == b->p[i]) i++;
    return i;
}

static void find_hidden(void *arg, const char *root, const char *name) {
    const char *base = strrchr(name, '/');
    char *found = arg;
    base = base ? base + 1 : name;
    (void)root;
    if (!strncmp(base, ".flow-", 6) || !strncmp(name, "ck/outbox/", 10) ||
        (strlen(base) > 4 && !strcmp(base + strlen(base) - 4, ".tmp")))
        snprintf(found, LAB_PATH, "%s", name);
}

bool lab_check(const lab_setup *s, const char *dir, const lab_expected *e, bool fixed,
               lab_tally *tally, char *why, int room) {
    char hidden[LAB_PATH] = "";
    for (int i = s->sink == LAB_STDOUT; i < s->program->outputs; i++) {
        lab_text got = lab_output(s, dir, i);
        lab_tally before = *tally;
        bool same = fixed && lab_same(&got, &e->texts[i]);
        if (!same) same = same_rows(&e->texts[i], &got, s->program->any_cut == 1, tally) && !fixed;
        int64_t at = parts_at(&got, &e->texts[i]), n = got.n;
        lab_text_free(&got);
        if (same) continue;
        if (tally->lost == before.lost && tally->doubled == before.doubled) tally->other++;
        return wrong(why, room, "output %d: %lld rows lost, %lld doubled; %lld bytes of %lld, "
                     "the first other one at %lld", i, (long long)(tally->lost - before.lost),
                     (long long)(tally->doubled - before.doubled), (long long)n,
                     (long long)e->texts[i].n, (long long)at);
    }
    lab_walk(dir, find_hidden, hidden);
    if (!*hidden) return true;
    tally->other++;
    return wrong(why, room, "%s was left behind", hidden);
}

bool lab_check_visible(const lab_setup *s, const char *dir, const lab_expected *e, char *why,
                       int room) {
    for (int i = s->sink == LAB_STDOUT; i < s->program->outputs; i++) {
        lab_text got = lab_output(s, dir, i);
        int64_t at = parts_at(&got, &e->texts[i]), n = got.n;
        lab_text_free(&got);
        if (at != n)
            return wrong(why, room, "output %d is wrong while the program is down, at byte %lld",
                         i, (long long)at);
    }
    return true;
}

bool lab_check_stdout(const char *dir, const lab_expected *e, int64_t from, int64_t *most,
                      char *why, int room) {
    char path[LAB_PATH];
    lab_path(path, "%s/stdout", dir);
    lab_text all = lab_read(path);
    const char *p = all.p ? all.p + from : "";
    int64_t n = all.n - from, i = 0;
    const lab_text *want = &e->texts[0];
    /* The last batch begun may come again, or the next one comes. */
    while (i < e->nends && e->ends[i] <= *most) i++;
    for (int64_t back = 0; back < 2 && back <= i; back++) {
        int64_t begin = i - back > 0 ? e->ends[i - back - 1] : 0;
        if (begin + n > want->n || memcmp(want->p + begin, p, (size_t)n)) continue;
        if (begin + n > *most) *most = begin + n;
        lab_text_free(&all);
        return true;
    }
    lab_text_free(&all);
    return wrong(why, room, "standard output goes on wrongly: %lld bytes behind %lld",
                 (long long)n, (long long)*most);
}

const char *lab_keep(const char *dir, const char *driver, int64_t number) {
    static char to[LAB_PATH];
    lab_path(to, "%s/failed", lab_work);
    lab_mkdir(to);
    lab_path(to, "%s/failed/%s-%lld", lab_work, driver, (long long)number);
    lab_remove_tree(to);
    if (lab_there(dir)) lab_copy_tree(dir, to);
    return to;
}
