/* generate.c - random programs, as Flow and as SQL.
 *
 *   generate SEED COUNT DIR   writes DIR/l.csv, DIR/r.csv, DIR/main.flow, DIR/main.sql and
 *                             DIR/order: for each query o (in order) or s (as a set)
 *
 * A query is a random walk from one of two sources through steps that both languages define
 * alike, see relation.h, and ends in out/qN.csv from Flow and sql/qN.csv from SQLite. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "joining.h"
#include "keyed.h"
#include "steps.h"

#define SOURCE_ROWS 240

static FILE *create(const char *dir, const char *name) {
    char path[4096];
    put(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (!f) {
        perror(path);
        exit(1);
    }
    return f;
}

static const column_t source_columns[] = {
    {.name = "id", .kind = INT},         {.name = "a", .kind = INT},
    {.name = "b", .kind = INT, .opt = 1}, {.name = "c", .kind = INT},
    {.name = "d", .kind = STR},          {.name = "e", .kind = STR, .opt = 1},
    {.name = "f", .kind = FLOAT},        {.name = "g", .kind = FLOAT, .opt = 1},
    {.name = "m", .kind = DEC, .opt = 1, .scale = 2}, {.name = "p", .kind = BOOL},
    {.name = "w", .kind = BOOL, .opt = 1}, {.name = "t", .kind = TIME},
};
#define SOURCE_COLUMNS (int)(sizeof source_columns / sizeof *source_columns)

/* A float in units of 2^-30: plain ones with ties, and ones of full precision. */
static long long random_float(void) {
    if (one_in(2)) return (below(40) - 20) * (1ll << 28);
    long long q = 0;
    for (int i = 0; i < 53; i++) q = q << 1 | below(2);
    q >>= one_in(2) ? below(50) : 0;
    return one_in(2) ? q : -q;
}

static void put_text(FILE *csv, FILE *body, const char *s) {
    fprintf(csv, *s && !strchr(s, ',') && !strchr(s, '"') ? "%s" : "\"", s);
    if (!*s || strchr(s, ',') || strchr(s, '"')) {
        for (const char *p = s; *p; p++) fprintf(csv, *p == '"' ? "\"\"" : "%c", *p);
        fputc('"', csv);
    }
    fprintf(body, "'%s'", s);
}

static void cell(FILE *csv, FILE *body, const column_t *c, int i) {
    static const char *const words[] = {"ant", "bee", "", "Cat", "a,b", "q\"t", "日本", "ant hill"};
    if (c->opt && one_in(4)) {
        fprintf(body, "null");
        return;
    }
    switch (c->kind) {
    case STR: put_text(csv, body, words[below(8)]); break;
    case FLOAT: {
        long long q = random_float();
        fprintf(csv, "%.17g", ldexp((double)q, -30));
        fprintf(body, "%lld", q);
        break;
    }
    case BOOL: {
        int b = below(2);
        fprintf(csv, b ? "true" : "false");
        fprintf(body, "%d", b);
        break;
    }
    case DEC: {
        int n = one_in(2) ? below(500) : below(1000000);
        fprintf(csv, "%d.%02d", n / 100, n % 100);
        fprintf(body, "%d", n);
        break;
    }
    case TIME: {
        long long t = -8000000ll + i * 100000ll + below(40) * 50000ll;
        fprintf(csv, "%lld", t);
        fprintf(body, "%lld", t);
        break;
    }
    default: {
        int n = c->name[0] == 'i' ? i : c->name[0] == 'a' ? below(40) - 20
              : c->name[0] == 'b' ? below(7) : below(3);
        fprintf(csv, "%d", n);
        fprintf(body, "%d", n);
    }
    }
}

static void source(const char *dir, const char *name, FILE *body) {
    char file[20];
    put(file, sizeof file, "%s.csv", name);
    FILE *csv = create(dir, file);
    fprintf(body, "create table %s(", name);
    for (int i = 0; i < SOURCE_COLUMNS; i++) fprintf(body, "%s, ", source_columns[i].name);
    fprintf(body, "_o);\ninsert into %s values\n", name);
    for (int i = 0; i < SOURCE_ROWS; i++) {
        fprintf(body, "(");
        for (int j = 0; j < SOURCE_COLUMNS; j++) {
            if (j) fputc(',', csv);
            cell(csv, body, &source_columns[j], i);
            fputc(',', body);
        }
        fputc('\n', csv);
        fprintf(body, "%d)%s\n", i, i + 1 < SOURCE_ROWS ? "," : ";");
    }
    fclose(csv);
}

static void declare(FILE *flow, const char *name) {
    static const char *const types[] = {"int", "string", "bool", "timestamp", "float", "", ""};
    fprintf(flow, "stream %s = from file(\"%s.csv\", format = csv, time = us) as {", name, name);
    for (int i = 0; i < SOURCE_COLUMNS; i++) {
        const column_t *c = &source_columns[i];
        fprintf(flow, "%s %s: %s%s", i ? "," : "", c->name,
                c->kind == DEC ? "decimal(12, 2)" : types[c->kind], c->opt ? "?" : "");
    }
    fprintf(flow, " }\nstream %st = %s |> event_time t delay 3s\n", name, name);
    fprintf(flow, "stream %sz = %s |> event_time t delay 0s\n\n", name, name);
}

static relation_t begin(const char *name, int timed) {
    relation_t r = {.n = SOURCE_COLUMNS, .timed = timed, .ordered = 1};
    memcpy(r.c, source_columns, sizeof source_columns);
    for (int i = 0; i < r.n; i++) r.c[i].total = 53 + log2(SOURCE_ROWS);
    add(&r.flow, "%s%s", name, timed ? "t" : "");
    step_sql(&r, "select %s, %s as _t, _o, null as _s, null as _e from %s", columns(&r) + 2,
             timed ? "t" : "null", name);
    return r;
}

/* Does the flow keep state yet? */
static int keeps_state(const relation_t *r) {
    static const char *const steps[] = {"distinct", "limit", "join", "union", "latest", "window",
                                        "aggregate", "top", "sort"};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (strstr(r->flow.s, steps[i])) return 1;
    return 0;
}

/* A table of windows that are shown early, or take late rows: in the end it is what it would
 * be had they all come in time.  Its window stays as two columns; it is compared as a set. */
static int step_revised(relation_t *r) {
    relation_t old = *r;
    size_t before = sql.n;
    int late = one_in(2);
    if (r->window || !step_window(r)) return 0;
    if (late || one_in(2)) add(&r->flow, " early %s", one_in(2) ? "0s" : "10ms");
    if (late || !strstr(r->flow.s, " early ")) add(&r->flow, " lateness 3s");
    int may_be_late = late && !keeps_state(&old) && old.flow.s[1] == 't';
    if (r->n > 18 || !(one_in(2) ? step_top(r) : step_aggregate(r))) {
        *r = old;
        sql.n = before;
        sql.s[before] = 0;
        return 0;
    }
    if (may_be_late) r->flow.s[1] = 'z'; /* rows are up to 2s out of order */
    const char *names = columns(r) + 2;
    column_t *start = add_column(r, TIME, 0), *end = add_column(r, TIME, 0);
    add(&r->flow, "\n|> let %s = window.start, %s = window.end\n|> drop window", start->name,
        end->name);
    step_sql(r, "select %s, _s as %s, _e as %s, null as _t, _o, null as _s, null as _e from s%d",
             names, start->name, end->name, r->sid);
    r->table = 1;
    r->timed = r->ordered = 0;
    r->keyed = -1;
    r->window = NO_WINDOW;
    r->copies += r->now;
    r->now = 0;
    return 1;
}

static int walk_step(relation_t *r) {
    if (r->table) {
        switch (below(8)) {
        case 0: return step_where(r);
        case 1: return step_let(r);
        case 2: return step_top(r);
        case 3: return step_changes(r);
        case 4: return step_select(r);
        case 5: return step_tables_join(r, begin("r", 0));
        default: return step_aggregate(r);
        }
    }
    int keyed = r->window ? 3 : 1; /* windows are there to be used */
    int n = below(16 + 4 * keyed);
    if (n >= 16) return one_in(3) ? step_top(r) : step_aggregate(r);
    switch (n) {
    case 0: return step_where(r);
    case 1: return one_in(3) ? step_each(r) : step_let(r);
    case 2: return step_select(r);
    case 3: return step_revised(r);
    case 4: return step_window(r);
    case 5: return step_distinct(r);
    case 6: return one_in(2) ? step_limit(r) : step_sort(r);
    case 7: return one_in(2) ? step_rows_window(r) : step_session(r);
    case 8: return one_in(2) ? step_leave(r) : step_latest(r);
    case 9:
    case 10: return step_join(r, begin("r", 1));
    case 11: return step_window(r);
    case 12:
    case 13: return step_table_join(r, begin("s", 0));
    case 14: return step_as_of(r, begin("s", 1));
    default: return step_union(r, begin("r", r->timed));
    }
}

static int walk(relation_t *r) {
    int steps = 1 + below(5), done = 0;
    for (int i = 0; i < 40 && done < steps; i++) done += walk_step(r);
    for (int i = 0; i < 20 && (r->window == ROWS_WINDOW || r->window == SESSION_WINDOW); i++)
        done += one_in(3) ? step_top(r) : step_aggregate(r);
    return done > 0 && r->window != ROWS_WINDOW && r->window != SESSION_WINDOW;
}

/* What of a column compare.c reads. */
static void out_cell(text_t *to, const column_t *c) {
    const char *n = c->name;
    switch (c->kind) {
    case BOOL: add(to, "case %s when 1 then 'true' when 0 then 'false' end", n); break;
    case FLOAT: add(to, "'#q' || %s", n); break;
    case REAL: add(to, "'#d' || cast(%s as int) || ':' || "
                       "cast((%s - cast(%s as int)) * 4611686018427387904.0 as int)", n, n, n);
        break;
    case DEC: add(to, "'#c%d:' || %s", c->scale, n); break;
    default: add(to, "%s", n);
    }
}

static void query(FILE *flow, FILE *body, FILE *order, int q) {
    relation_t r;
    do {
        sql.n = 0;
        fresh = 0;
        r = begin("l", !one_in(4));
    } while (!walk(&r));
    text_t list = {0}, select = {0};
    for (int i = 0; i < r.n; i++) {
        add(&select, "%s%s", i ? ", " : "", r.c[i].name);
        add(&list, "%s", i ? ", " : "");
        out_cell(&list, &r.c[i]);
    }
    int count = r.window == FORMED_WINDOW;
    if (r.window)
        add(&select, ", ws = window.%s, we = window.%s", count ? "index" : "start",
            count ? "size" : "end");
    fprintf(flow, "# q%d\n%s\n|> select %s\n|> to file(\"out/q%d.csv\", format = csv, time = us%s)"
                  "\n\n", q, r.flow.s, select.s, q, r.table ? ", mode = final" : "");
    fprintf(body, "-- q%d\n.once sql/q%d.csv\n%s\nselect %s%s from s%d%s;\n\n", q, q, sql.s, list.s,
            r.window ? ", _s, _e" : "", r.sid, r.ordered ? " order by _o, _s, _e" : "");
    fputc(r.ordered ? 'o' : 's', order);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: generate SEED COUNT DIR\n");
        return 2;
    }
    seed_state = strtoull(argv[1], NULL, 10);
    FILE *flow = create(argv[3], "main.flow"), *body = create(argv[3], "main.sql"),
         *order = create(argv[3], "order");
    fprintf(flow, "set unbounded = true\n\n");
    fprintf(body, ".mode csv\n");
    source(argv[3], "l", body);
    source(argv[3], "r", body);
    source(argv[3], "s", body);
    declare(flow, "l");
    declare(flow, "r");
    declare(flow, "s");
    for (int q = 0; q < atoi(argv[2]); q++) query(flow, body, order, q);
    return fclose(flow) | fclose(body) | fclose(order);
}
