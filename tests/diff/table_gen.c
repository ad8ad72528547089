/* table_gen.c - random chains of steps over tables, as Flow and as SQL.
 *
 *   table_gen SEED COUNT DIR   writes DIR/rows.csv, DIR/main.flow, DIR/main.sql
 *
 * Each of COUNT queries writes one file: out/qN.csv from Flow, sql/qN.csv from SQLite.  A
 * chain begins with a table over the stream (aggregate, latest, top) and goes on with one to
 * three steps over the table; in between rows are filtered and columns added.  Flow reads the
 * rows in small batches, so that every step takes back what it has given. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 700, MOST = 12 };

static uint64_t state;

static int below(int n) { /* SplitMix64 */
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (int)((z ^ (z >> 31)) % (uint64_t)n);
}

/* The table so far: its columns (all int but `k`), and which of them are its key, in order. */
typedef struct {
    char flow[8000], sql[16000];
    char col[MOST][8];
    int n;
    int key[MOST], nkeys;
    int fresh; /* number of the next column's name */
} chain_t;

static void add(char *to, size_t room, const char *fmt, ...) {
    va_list args;
    size_t n = strlen(to);
    va_start(args, fmt);
    vsnprintf(to + n, room - n, fmt, args);
    va_end(args);
}
#define FLOW(...) add(c->flow, sizeof c->flow, __VA_ARGS__)

static int is_text(const chain_t *c, int i) {
    return !strcmp(c->col[i], "k");
}

static int an_int(const chain_t *c) {
    int i;
    do i = below(c->n);
    while (is_text(c, i));
    return i;
}

/* A step in SQL: what it selects of what there is. */
static void wrap(chain_t *c, const char *select, const char *rest) {
    static char old[16000];
    strcpy(old, c->sql);
    snprintf(c->sql, sizeof c->sql, "select %s from (%s) %s", select, old, rest);
}

static void name_column(chain_t *c, char *to) {
    snprintf(to, 8, "c%d", c->fresh++);
}

/* ---- steps of one row ---- */

static void filter(chain_t *c) {
    int i = an_int(c), m = 2 + below(4), not = below(m);
    char where[64];
    FLOW("  |> where %s %% %d != %d\n", c->col[i], m, not );
    snprintf(where, sizeof where, "where %s %% %d != %d", c->col[i], m, not );
    wrap(c, "*", where);
}

static void bind(chain_t *c) {
    if (c->n == MOST) return;
    char name[8], select[64];
    int a = an_int(c), b = an_int(c), m = 2 + below(5);
    name_column(c, name);
    FLOW("  |> let %s = (%s + %s) %% %d\n", name, c->col[a], c->col[b], m);
    snprintf(select, sizeof select, "*, (%s + %s) %% %d as %s", c->col[a], c->col[b], m, name);
    wrap(c, select, "");
    strcpy(c->col[c->n++], name);
}

static void between(chain_t *c) {
    if (!below(2)) bind(c);
    if (!below(2)) filter(c);
}

/* ---- aggregate ---- */

static void aggregate(chain_t *c) {
    chain_t old = *c;
    char items[2000] = "", select[2000] = "", group[400] = "";
    int keys = below(5) ? 1 + below(3) : 0;
    c->n = c->nkeys = 0;
    for (int i = 0; i < old.n && c->n < keys; i++) {
        if (i < old.n - keys && below(2)) continue;
        c->key[c->nkeys++] = c->n;
        strcpy(c->col[c->n++], old.col[i]);
        add(select, sizeof select, "%s, ", old.col[i]);
        add(group, sizeof group, "%s%s", group[0] ? ", " : "", old.col[i]);
    }
    int count = 1 + below(4);
    for (int i = 0; i < count; i++) {
        const char *x = old.col[an_int(&old)], *y = old.col[an_int(&old)];
        char name[8];
        name_column(c, name);
        strcpy(c->col[c->n++], name);
        add(items, sizeof items, "%s%s = ", i ? ", " : "", name);
        add(select, sizeof select, "%s", i ? ", " : "");
        switch (below(8)) {
        case 0:
            add(items, sizeof items, "count()");
            add(select, sizeof select, "count(*)");
            break;
        case 1:
            add(items, sizeof items, "min(%s)", x);
            add(select, sizeof select, "min(%s)", x);
            break;
        case 2:
            add(items, sizeof items, "max(%s)", x);
            add(select, sizeof select, "max(%s)", x);
            break;
        case 3:
            add(items, sizeof items, "count_distinct(%s)", x);
            add(select, sizeof select, "count(distinct %s)", x);
            break;
        case 4:
            add(items, sizeof items, "sum(%s) when %s > 3", x, y);
            add(select, sizeof select, "coalesce(sum(case when %s > 3 then %s end), 0)", y, x);
            break;
        case 5:
            add(items, sizeof items, "int(avg(%s) * 64.0)", x);
            add(select, sizeof select, "cast(avg(%s) * 64.0 as int)", x);
            break;
        case 6:
            add(items, sizeof items, "count_if(%s %% 2 == 0)", x);
            add(select, sizeof select, "coalesce(sum(%s %% 2 = 0), 0)", x);
            break;
        default:
            add(items, sizeof items, "sum(%s)", x);
            add(select, sizeof select, "sum(%s)", x);
        }
        add(select, sizeof select, " as %s", name);
    }
    FLOW("  |> aggregate %s%s%s\n", items, group[0] ? " per " : "", group);
    char rest[600];
    snprintf(rest, sizeof rest, group[0] ? "group by %s" : "having count(*) > 0", group);
    wrap(c, select, rest);
}

/* ---- top, latest ---- */

/* `order by`, then the key of the table, as the language has it. */
static void top(chain_t *c, const char *place) {
    int by = an_int(c), desc = below(2), n = 1 + below(4), per = below(3) ? below(c->n) : -1;
    char order[400] = "", select[600], rest[64], rank[8];
    name_column(c, rank);
    add(order, sizeof order, "%s%s", c->col[by], desc ? " desc" : "");
    FLOW("  |> top %d by %s%s%s%s%s as %s\n", n, order, place[0] ? ", " : "", place,
         per >= 0 ? " per " : "", per >= 0 ? c->col[per] : "", rank);
    if (place[0]) add(order, sizeof order, ", %s", place);
    for (int i = 0; i < c->nkeys; i++) add(order, sizeof order, ", %s", c->col[c->key[i]]);
    snprintf(select, sizeof select, "*, row_number() over (%s%s order by %s) as %s",
             per >= 0 ? "partition by " : "", per >= 0 ? c->col[per] : "", order, rank);
    wrap(c, select, "");
    snprintf(rest, sizeof rest, "where %s <= %d", rank, n);
    wrap(c, "*", rest);
    c->nkeys = 0;
    if (per >= 0) c->key[c->nkeys++] = per;
    c->key[c->nkeys++] = c->n;
    strcpy(c->col[c->n++], rank);
}

static void latest(chain_t *c) {
    int both = below(2);
    const char *keys = both ? "k, g" : below(2) ? "k" : "g";
    char select[200];
    FLOW("  |> latest per %s%s\n", keys, below(2) ? " by id" : "");
    snprintf(select, sizeof select,
             "k, g, v, id, row_number() over (partition by %s order by id desc) as last", keys);
    wrap(c, select, "");
    wrap(c, "k, g, v, id", "where last = 1");
    c->nkeys = 0;
    if (both || keys[0] == 'k') c->key[c->nkeys++] = 0;
    if (both || keys[0] == 'g') c->key[c->nkeys++] = 1;
}

static void query(int q, FILE *flow, FILE *sql) {
    static chain_t chain;
    chain_t *c = &chain;
    memset(c, 0, sizeof *c);
    strcpy(c->sql, "select k, g, v, id from input");
    FLOW("input\n");
    static const char *const names[] = {"k", "g", "v", "id"};
    for (int i = 0; i < 4; i++) strcpy(c->col[c->n++], names[i]);
    if (!below(3)) filter(c);
    switch (below(3)) {
    case 0: latest(c); break;
    case 1: top(c, "id"); break;
    default: aggregate(c);
    }
    for (int steps = 1 + below(3); steps > 0; steps--) {
        between(c);
        if (below(3) || c->n > MOST - 3) aggregate(c);
        else top(c, "");
    }
    FLOW("  |> sort by ");
    fprintf(sql, ".output sql/q%d.csv\nselect * from (%s) order by ", q, c->sql);
    for (int i = 0; i < c->n; i++) {
        FLOW("%s%s", i ? ", " : "", c->col[i]);
        fprintf(sql, "%s%s", i ? ", " : "", c->col[i]);
    }
    fprintf(sql, ";\n");
    fprintf(flow, "%s\n  |> to file(\"out/q%d.csv\", format = csv, mode = final)\n", c->flow, q);
}

static FILE *create(const char *dir, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    if (!f) exit(1);
    return f;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    state = strtoull(argv[1], NULL, 10);
    FILE *rows = create(argv[3], "rows.csv"), *flow = create(argv[3], "main.flow"),
         *sql = create(argv[3], "main.sql");
    for (int i = 0; i < ROWS; i++)
        fprintf(rows, "%c,%d,%d,%d\n", 'a' + below(8), below(12), below(90) - 30, i);
    fprintf(flow, "set batch_size = 1KiB, block_size = 4KiB\n"
                  "stream input = from file(\"rows.csv\", format = csv)\n"
                  "  as { k: string, g: int, v: int, id: int }\n");
    fprintf(sql, "create table input(k text, g int, v int, id int);\n.mode csv\n"
                 ".import rows.csv input\n.separator , \"\\n\"\n");
    int count = atoi(argv[2]);
    for (int q = 0; q < count; q++) query(q, flow, sql);
    return fclose(rows) || fclose(flow) || fclose(sql);
}
