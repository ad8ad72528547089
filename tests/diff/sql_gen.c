/* sql_gen.c - random filter, project and group-by programs, as Flow and as SQL.
 *
 *   sql_gen SEED COUNT DIR   writes DIR/rows.csv, DIR/main.flow, DIR/main.sql
 *
 * Each of COUNT queries writes one file: out/qN.csv from Flow, sql/qN.csv from SQLite.
 * What is generated is what both define alike: ints stay far from overflow, no division,
 * floats are exact quarters, none appears only where both treat it alike (counted,
 * compared by `??`), and group rows are ordered by their key.  Everything else is tested
 * against the compiler's own folder. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

static uint64_t next(void) { /* SplitMix64 */
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static int below(int n) { return (int)(next() % (uint64_t)n); }

/* The two texts of one expression. */
typedef struct {
    char flow[6000], sql[6000]; /* deep enough for depth 3 */
} both_t;

static both_t both(const char *flow, const char *sql) {
    both_t b;
    snprintf(b.flow, sizeof b.flow, "%s", flow);
    snprintf(b.sql, sizeof b.sql, "%s", sql);
    return b;
}

static both_t join(const char *fmt_flow, const char *fmt_sql, both_t x, both_t y) {
    both_t b;
    snprintf(b.flow, sizeof b.flow, fmt_flow, x.flow, y.flow);
    snprintf(b.sql, sizeof b.sql, fmt_sql, x.sql, y.sql);
    return b;
}

static both_t literal(int n) {
    char text[16];
    snprintf(text, sizeof text, "%d", n);
    return both(text, text);
}

static both_t condition(int depth);

static both_t int_expr(int depth) {
    static const char *const columns[] = {"a", "b", "c"};
    if (depth == 0 || below(3) == 0) {
        if (below(3) == 0) return literal(below(100));
        const char *c = columns[below(3)];
        return both(c, c);
    }
    both_t x = int_expr(depth - 1), y = int_expr(depth - 1);
    switch (below(8)) {
    case 0: return join("(%s + %s)", "(%s + %s)", x, y);
    case 1: return join("(%s - %s)", "(%s - %s)", x, y);
    case 2: return join("(%s * %s)", "(%s * %s)", x, literal(below(7)));
    case 3: return join("min(%s, %s)", "min(%s, %s)", x, y);
    case 4: return join("max(%s, %s)", "max(%s, %s)", x, y);
    case 5: {
        both_t c = condition(depth - 1), b;
        snprintf(b.flow, sizeof b.flow, "(if %s then %s else %s)", c.flow, x.flow, y.flow);
        snprintf(b.sql, sizeof b.sql, "(case when %s then %s else %s end)", c.sql, x.sql, y.sql);
        return b;
    }
    case 6: return both("length(s)", "length(s)");
    default: return join("(d ?? %s)%.0s", "ifnull(d, %s)%.0s", x, y);
    }
}

static both_t string_expr(int depth) {
    switch (below(depth > 0 ? 6 : 2)) {
    case 0: return both("s", "s");
    case 1: return both("t", "t");
    case 2: return both("lower(s)", "lower(s)");
    case 3: return both("upper(t)", "upper(t)");
    case 4: return join("f\"{%s}-{%s}\"", "(%s || '-' || %s)", int_expr(1), string_expr(0));
    default: {
        both_t b;
        int from = below(3), n = 1 + below(4);
        snprintf(b.flow, sizeof b.flow, "slice(s, %d, %d)", from, n);
        snprintf(b.sql, sizeof b.sql, "substr(s, %d, %d)", from + 1, n);
        return b;
    }
    }
}

static both_t condition(int depth) {
    static const char *const flow_ops[] = {"==", "!=", "<", "<=", ">", ">="};
    static const char *const sql_ops[] = {"=", "<>", "<", "<=", ">", ">="};
    int kind = below(depth > 0 ? 9 : 3), op = below(6);
    both_t x, y, b;
    switch (kind) {
    case 0:
    case 1:
        x = int_expr(depth > 0 ? depth - 1 : 0), y = int_expr(0);
        break;
    case 2: x = both("f", "f"), y = both("2.25", "2.25"); break;
    case 3: x = string_expr(depth - 1), y = both("\"cat\"", "'cat'"); break;
    case 4: return join("(%s and %s)", "(%s and %s)", condition(depth - 1), condition(depth - 1));
    case 5: return join("(%s or %s)", "(%s or %s)", condition(depth - 1), condition(depth - 1));
    case 6: return join("(not %s)%.0s", "(not %s)%.0s", condition(depth - 1), literal(0));
    case 7: return both("d is none", "d is null");
    default: return both("contains(s, \"a\")", "(instr(s, 'a') > 0)");
    }
    snprintf(b.flow, sizeof b.flow, "(%s %s %s)", x.flow, flow_ops[op], y.flow);
    snprintf(b.sql, sizeof b.sql, "(%s %s %s)", x.sql, sql_ops[op], y.sql);
    return b;
}

static void rows(FILE *out, int n) {
    static const char *const words[] = {"cat", "Dog", "bird", "a,b", "quo\"te", "Ant", "zebra", "a"};
    for (int i = 0; i < n; i++) {
        const char *s = words[below(8)], *t = words[below(8)];
        fprintf(out, "%d,%d,%d,", below(50) - 25, below(1000), below(10));
        if (below(4)) fprintf(out, "%d", below(20));
        fprintf(out, ",%d.%02d,", below(8), below(4) * 25);
        for (int k = 0; k < 2; k++) {
            fputc('"', out);
            for (const char *p = k ? t : s; *p; p++) {
                if (*p == '"') fputc('"', out);
                fputc(*p, out);
            }
            fputs(k ? "\"\n" : "\",", out);
        }
    }
}

static void project(FILE *flow, FILE *sql, int q) {
    both_t c = condition(2), x = int_expr(3), y = string_expr(2), z = int_expr(2);
    fprintf(flow,
            "input |> where %s |> select x = %s, y = %s, z = %s, f "
            "|> to file(\"out/q%d.csv\", format = csv)\n",
            c.flow, x.flow, y.flow, z.flow, q);
    fprintf(sql, ".output sql/q%d.csv\nselect %s, %s, %s, f from rows where %s order by rowid;\n", q,
            x.sql, y.sql, z.sql, c.sql);
}

static void group(FILE *flow, FILE *sql, int q) {
    both_t c = condition(2), k = below(2) ? int_expr(1) : string_expr(1), x = int_expr(2),
           w = condition(1);
    fprintf(flow,
            "input |> where %s |> aggregate n = count(), m = count(d), s = sum(%s), lo = min(%s), "
            "hi = max(t), fs = sum(f), nw = count() when %s per k = %s "
            "|> to file(\"out/q%d.csv\", format = csv, mode = final)\n",
            c.flow, x.flow, x.flow, w.flow, k.flow, q);
    fprintf(sql,
            ".output sql/q%d.csv\nselect %s as k, count(*), count(d), sum(%s), min(%s), max(t), "
            "sum(f), sum(case when %s then 1 else 0 end) from rows where %s group by 1 order by 1;\n",
            q, k.sql, x.sql, x.sql, w.sql, c.sql);
}

static FILE *create(const char *dir, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (!f) {
        perror(path);
        exit(1);
    }
    return f;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: sql_gen SEED COUNT DIR\n");
        return 2;
    }
    state = strtoull(argv[1], NULL, 10);
    int count = atoi(argv[2]);
    FILE *csv = create(argv[3], "rows.csv"), *flow = create(argv[3], "main.flow"),
         *sql = create(argv[3], "main.sql");
    rows(csv, 400);
    fprintf(flow, "stream input = from file(\"rows.csv\", format = csv)\n"
                  "  as { a: int, b: int, c: int, d: int?, f: float, s: string, t: string }\n\n");
    fprintf(sql, ".bail on\n"
                 "create table raw(a, b, c, d, f, s, t);\n.mode csv\n.import rows.csv raw\n"
                 "create table rows as select cast(a as integer) a, cast(b as integer) b, "
                 "cast(c as integer) c, cast(nullif(d, '') as integer) d, cast(f as real) f, "
                 "cast(s as text) s, cast(t as text) t from raw order by rowid;\n");
    for (int q = 0; q < count; q++) {
        if (below(2)) project(flow, sql, q);
        else group(flow, sql, q);
    }
    return fclose(csv) | fclose(flow) | fclose(sql);
}
