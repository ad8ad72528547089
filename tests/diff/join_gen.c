/* join_gen.c - random joins of streams and tables, as Flow and as SQL.
 *
 *   join_gen SEED COUNT DIR   writes DIR/l.csv, DIR/r.csv, DIR/main.flow, DIR/main.sql
 *
 * Each of COUNT queries writes one file: out/qN.csv from Flow, sql/qN.csv from SQLite; as
 * sets they must be equal.  Keys repeat and may be none, times wander but no row is late,
 * and some queries put what they join into windows, which shows the time that the joined
 * rows have. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 300

static uint64_t state;

static uint64_t next(void) { /* SplitMix64 */
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static int below(int n) { return (int)(next() % (uint64_t)n); }

static const char *pick(const char *const *of, int n) { return of[below(n)]; }

static void rows(const char *dir, const char *name, int first) {
    static const char *const words[] = {"ant", "bee", "", "cat", "a,b"};
    char path[500];
    snprintf(path, sizeof path, "%s/%s.csv", dir, name);
    FILE *out = fopen(path, "w");
    if (!out) exit(1);
    for (int i = 0; i < ROWS; i++) {
        char k[16] = "";
        if (below(8)) snprintf(k, sizeof k, "%d", below(25));
        const char *w = pick(words, 5);
        fprintf(out, "%d,%s,%s%s%s,%d,%d\n", first + i, k, *w == 'a' && w[1] == ',' ? "\"" : "", w,
                *w == 'a' && w[1] == ',' ? "\"" : "", below(20), 10000 + i * 100 + below(2000));
    }
    fclose(out);
}

/* The equalities: the same in both. */
static const char *const keys[][2] = {
    {"k == r.k", "l.k = r.k"},
    {"s == r.s", "l.s = r.s"},
    {"v == r.v", "l.v = r.v"},
    {"k == r.k and r.s == s", "l.k = r.k and l.s = r.s"},
    {"v % 5 == r.v % 5 and k == r.k", "l.v % 5 = r.v % 5 and l.k = r.k"},
    {"(k ?? -1) == (r.k ?? -1)", "ifnull(l.k, -1) = ifnull(r.k, -1)"},
    {"f\"{v}{s}\" == f\"{r.v}{r.s}\"", "l.v || l.s = r.v || r.s"},
};
static const char *const more[][2] = {
    {"v < r.v", "l.v < r.v"},
    {"v > 5", "l.v > 5"},
    {"r.v % 2 == 0", "r.v % 2 = 0"},
    {"(v + r.v > 12 or k is none)", "(l.v + r.v > 12 or l.k is null)"},
};
static const char *const kinds[] = {"inner", "left", "right", "full", "semi", "anti"};

typedef struct {
    int kind, windowed, forever, timed;
    int lo, hi, half; /* ms */
    char flow[300], sql[300]; /* the condition, without the bound */
} query;

static void condition(query *q) {
    int i = below(7), m = below(6);
    snprintf(q->flow, sizeof q->flow, "%s%s%s", keys[i][0], m < 4 ? " and " : "",
             m < 4 ? more[m][0] : "");
    snprintf(q->sql, sizeof q->sql, "%s%s%s", keys[i][1], m < 4 ? " and " : "",
             m < 4 ? more[m][1] : "");
}

static query make(void) {
    query q = {.kind = below(6), .windowed = below(4) == 0, .timed = 1};
    condition(&q);
    if (!q.windowed && below(4) == 0) q.forever = 1, q.timed = below(2);
    q.hi = below(40) * 100;
    q.lo = -q.hi;
    if (!q.windowed && below(2)) {
        q.lo = (below(60) - 30) * 100;
        q.hi = q.lo + (1 + below(40)) * 100;
        q.half = below(2);
    }
    return q;
}

static void flow_query(FILE *f, const query *q, int n, int shown) {
    const char *l = q->timed ? "l" : "lp", *r = q->timed ? "r" : "rp";
    char word[40] = "";
    if (q->kind) snprintf(word, sizeof word, "%s ", kinds[q->kind]);
    int both = q->kind < 4, opt = q->kind == 1 || q->kind == 3;
    if (q->windowed)
        fprintf(f, "l |> window tumbling %dms |> %sjoin (r |> window tumbling %dms) as r on %s",
                q->hi + 500, word, q->hi + 500, q->flow);
    else fprintf(f, "%s |> %sjoin %s as r on %s within ", l, word, r, q->flow);
    if (!q->windowed && q->forever) fprintf(f, "forever");
    else if (!q->windowed && q->lo == -q->hi && !q->half) fprintf(f, "%dms", q->hi);
    else if (!q->windowed) fprintf(f, "%dms%s%dms", q->lo, q->half ? "..<" : "..", q->hi);
    fprintf(f, "\n");
    if (shown) {
        fprintf(f, "|> window tumbling 2s |> aggregate n = count(), sv = sum(v%s) per w = %s\n",
                q->kind == 2 || q->kind == 3 ? " ?? 0" : "",
                both ? opt ? "(r?.v ?? 0) % 3" : "r.v % 3" : "v % 3");
        fprintf(f, "|> select at = window.start, w, n, sv ");
    } else {
        fprintf(f, "|> select id, k, v%s ",
                !both ? "" : opt ? ", rid = r?.id, rs = r?.s ?? \"\"" : ", rid = r.id, rs = r.s");
    }
    fprintf(f, "|> to file(\"out/q%d.csv\", format = csv, time = ms)\n\n", n);
}

/* ---- with tables ---- */

/* The rows of the latest of each key; a table of a file is there before any stream row. */
#define LATEST(of, key) "(select * from " of " where id in (select max(id) from " of " group by " key "))"

static void columns(FILE *flow, FILE *sql, int kind, int n) {
    int both = kind < 4, opt = kind == 1 || kind == 3;
    fprintf(flow, "|> select id, k, v%s ",
            !both ? "" : opt ? ", rid = r?.id, rs = r?.s ?? \"\"" : ", rid = r.id, rs = r.s");
    fprintf(sql, ".once sql/q%d.csv\nselect l.id, l.k, l.v%s", n,
            both ? ", r.id, ifnull(r.s, '')" : "");
}

static void sql_join(FILE *sql, int kind, const char *left, const char *right, const char *on) {
    if (kind > 3)
        fprintf(sql, " from %s as l where %sexists (select 1 from %s as r where %s);\n", left,
                kind == 5 ? "not " : "", right, on);
    else
        fprintf(sql, " from %s as l %s join %s as r on %s;\n", left, kind ? kinds[kind] : "", right,
                on);
}

static const char *word_of(int kind) {
    static const char *const words[] = {"", "left ", "right ", "full ", "semi ", "anti "};
    return words[kind];
}

/* A stream with the table of a file; without an equality every row is looked at. */
static void table_query(FILE *flow, FILE *sql, int n) {
    static const int of_table[] = {0, 1, 4, 5};
    int kind = of_table[below(4)];
    query q;
    condition(&q);
    if (below(4) == 0) {
        strcpy(q.flow, "v > r.v + 12");
        strcpy(q.sql, "l.v > r.v + 12");
    }
    fprintf(flow, "lp |> %sjoin tt as r on %s ", word_of(kind), q.flow);
    columns(flow, sql, kind, n);
    sql_join(sql, kind, "l", LATEST("r", "v, s"), q.sql);
    fprintf(flow, "|> to file(\"out/q%d.csv\", format = csv)\n\n", n);
}

/* Two tables: what stands at the end, itself or counted. */
static void tables_query(FILE *flow, FILE *sql, int n) {
    int kind = below(6);
    query q;
    condition(&q);
    fprintf(flow, "tl |> %sjoin tr as r on %s ", word_of(kind), q.flow);
    if (below(3) == 0) {
        fprintf(flow, "|> aggregate n = count(), sv = sum(v%s) per w = (id%s) %% 3 |> select w, n, sv ",
                kind == 2 || kind == 3 ? " ?? 0" : "",
                kind == 2 || kind == 3 ? " ?? 0" : "");
        fprintf(sql, ".once sql/q%d.csv\nselect ifnull(l.id, 0) %% 3 as w, count(*), sum(ifnull(l.v, 0))",
                n);
        char on[1000];
        snprintf(on, sizeof on, "%s%s group by 1", q.sql, kind > 3 ? ")" : "");
        if (kind > 3)
            fprintf(sql, " from " LATEST("l", "s, v") " as l where %sexists (select 1 from "
                    LATEST("r", "v, k") " as r where %s;\n", kind == 5 ? "not " : "", on);
        else sql_join(sql, kind, LATEST("l", "s, v"), LATEST("r", "v, k"), on);
    } else {
        columns(flow, sql, kind, n);
        sql_join(sql, kind, LATEST("l", "s, v"), LATEST("r", "v, k"), q.sql);
    }
    fprintf(flow, "|> to file(\"out/q%d.csv\", format = csv, mode = final)\n\n", n);
}

/* A stream with the versions of a table, a moment back. */
static void as_of_query(FILE *flow, FILE *sql, int n) {
    static const int of_table[] = {0, 1, 4, 5};
    int kind = of_table[below(4)], back = below(3) * 700, keep = below(2) ? 3600000 : 1000, m = below(6);
    char on[1500];
    fprintf(flow, "l |> %sjoin (r |> latest per k, s keep %dms) as r on k == r.k and r.s == s%s%s "
            "as of t - %dms ", word_of(kind), keep, m < 3 ? " and " : "", m < 3 ? more[m][0] : "", back);
    columns(flow, sql, kind, n);
    snprintf(on, sizeof on, "r.id = (select id from r as x where x.k = l.k and x.s = l.s and x.tm <= l.tm - %d "
             "order by x.tm desc, x.id desc limit 1) and not exists (select 1 from r as y where y.k = l.k and "
             "y.s = l.s and y.tm > l.tm - %d and y.tm < l.tm - %d)%s%s", back, back, keep,
             m < 3 ? " and " : "", m < 3 ? more[m][1] : "");
    sql_join(sql, kind, "l", "r", on);
    fprintf(flow, "|> to file(\"out/q%d.csv\", format = csv)\n\n", n);
}

/* The greater of two SQL numbers. */
#define MAX2(a, b) "max(" a ", " b ")"

static void sql_time(FILE *f, const query *q) {
    int hi = q->half ? q->hi : q->hi; /* half open: the last moment is 1 us less */
    if (q->windowed) {
        fprintf(f, "(ifnull(l.tm, r.tm) / %d + 1) * %d - 0.001", q->hi + 500, q->hi + 500);
        return;
    }
    if (q->forever) {
        fprintf(f, "case when r.id is null then l.tm when l.id is null then r.tm else "
                   MAX2("l.tm", "r.tm") " end");
        return;
    }
    fprintf(f, "case when r.id is null then " MAX2("l.tm", "l.tm + %d%s")
               " when l.id is null then " MAX2("r.tm", "r.tm - (%d)") " else "
               MAX2("l.tm", "r.tm") " end", hi, q->half ? " - 0.001" : "", q->lo);
}

static void sql_query(FILE *f, const query *q, int n, int shown) {
    char bound[200] = "";
    if (q->windowed)
        snprintf(bound, sizeof bound, " and l.tm / %d = r.tm / %d", q->hi + 500, q->hi + 500);
    else if (!q->forever)
        snprintf(bound, sizeof bound, " and r.tm - l.tm >= %d and r.tm - l.tm %s %d", q->lo,
                 q->half ? "<" : "<=", q->hi);
    fprintf(f, ".once sql/q%d.csv\n", n);
    int left_only = q->kind > 3;
    if (left_only) {
        /* What the row waits for: its first match, or the end of its bound. */
        char when[400];
        snprintf(when, sizeof when, "(select min(max(l.tm, r.tm)) from r where %s%s)", q->sql, bound);
        if (!shown) {
            fprintf(f, "select l.id, l.k, l.v from l where %sexists (select 1 from r where "
                       "%s%s);\n", q->kind == 5 ? "not " : "", q->sql, bound);
            return;
        }
        fprintf(f, "select cast(t / 2000 as int) * 2000, v %% 3, count(*), sum(v) from (select l.v as v, ");
        if (q->kind == 4 && !q->windowed) fprintf(f, "%s", when);
        else if (q->windowed) fprintf(f, "(l.tm / %d + 1) * %d - 0.001", q->hi + 500, q->hi + 500);
        else if (q->forever) fprintf(f, "l.tm");
        else fprintf(f, MAX2("l.tm", "l.tm + %d%s"), q->hi, q->half ? " - 0.001" : "");
        fprintf(f, " as t from l where %sexists (select 1 from r where %s%s)) group by 1, 2;\n",
                q->kind == 5 ? "not " : "", q->sql, bound);
        return;
    }
    const char *word = q->kind == 0 ? "" : kinds[q->kind];
    if (shown) {
        fprintf(f, "select cast(t / 2000 as int) * 2000, w, count(*), sum(v) from (select ");
        sql_time(f, q);
        fprintf(f, " as t, ifnull(r.v, 0) %% 3 as w, ifnull(l.v, 0) as v");
    } else {
        fprintf(f, "select l.id, l.k, l.v, r.id, ifnull(r.s, '')");
    }
    fprintf(f, " from l %s join r on %s%s", word, q->sql, bound);
    fprintf(f, shown ? ") group by 1, 2;\n" : ";\n");
}

/* Which match a semi row finds first depends on the order of arrival, not of time alone. */
static int can_show_time(const query *q) {
    if (q->forever && q->kind) return 0; /* what is alone has its own time, long past */
    return q->timed && !(q->kind == 4 && !q->windowed);
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    state = strtoull(argv[1], NULL, 10);
    int count = atoi(argv[2]);
    rows(argv[3], "l", 1000);
    rows(argv[3], "r", 5000);
    char path[500];
    snprintf(path, sizeof path, "%s/main.flow", argv[3]);
    FILE *flow = fopen(path, "w");
    snprintf(path, sizeof path, "%s/main.sql", argv[3]);
    FILE *sql = fopen(path, "w");
    if (!flow || !sql) return 1;
    for (int i = 0; i < 2; i++)
        fprintf(flow, "stream %cp = from file(\"%c.csv\", format = csv, time = ms) as "
                      "{ id: int, k: int?, s: string, v: int, t: timestamp }\n"
                      "stream %c = %cp |> event_time t delay 3s\n\n",
                "lr"[i], "lr"[i], "lr"[i], "lr"[i]);
    fprintf(sql, "create table l(id int, k int, s text, v int, tm int);\n"
                 "create table r(id int, k int, s text, v int, tm int);\n"
                 ".mode csv\n.import l.csv l\n.import r.csv r\n"
                 "update l set k = null where k = '';\nupdate r set k = null where k = '';\n");
    fprintf(flow, "table tt = from file(\"t.csv\", format = csv, time = ms) as "
                  "{ id: int, k: int?, s: string, v: int, t: timestamp } |> latest per v, s\n"
                  "table tl = lp |> latest per s, v\ntable tr = rp |> latest per v, k\n\n");
    for (int n = 0; n < count; n++) {
        int form = below(8);
        if (form < 3) {
            (form == 0 ? table_query : form == 1 ? tables_query : as_of_query)(flow, sql, n);
            continue;
        }
        query q = make();
        int shown = below(3) == 0 && can_show_time(&q);
        flow_query(flow, &q, n, shown);
        sql_query(sql, &q, n, shown);
    }
    fclose(flow);
    fclose(sql);
    return 0;
}
