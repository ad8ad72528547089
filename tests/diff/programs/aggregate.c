/* aggregate.c - random aggregates: in windows, of a whole stream, of a table. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "keyed.h"
#include "scalar.h"

/* One aggregate call: before grouping (`pre`: more columns), and in the group (`sql`). */
typedef struct {
    char flow[4000], pre[9000], sql[16000];
    column_t type;
} call_t;

/* The value of a row: a column, or an int expression; `masked` is null where `when` does not
 * hold. */
typedef struct {
    both_t e, when;
    char masked[3100];
    int opt; /* there may be none */
} value_t;

static value_t value_of(const relation_t *r, kind_t kind, int any) {
    value_t v = {.when = one_in(4) ? condition(r, 1) : both("", "1")};
    const column_t *c = any ? ordered_column(r) : any_column(r, kind, -1);
    v.e = c ? plain(c) : int_of(r, 1);
    if (kind == INT && !any && one_in(2)) v.e = int_of(r, 2);
    put(v.masked, sizeof v.masked, v.when.flow[0] ? "case when %s then %s end" : "%.0s%s",
             v.when.sql, v.e.sql);
    v.opt = v.e.type.opt || v.when.flow[0];
    return v;
}

static void call_text(call_t *c, const char *name, const value_t *v, const char *more) {
    put(c->flow, sizeof c->flow, "%s(%s%s)%s%s", name, v->e.flow, more,
             v->when.flow[0] ? " when " : "", v->when.flow);
}

static const char *const time_order = "_t, _o";

static call_t counting(const relation_t *r) {
    call_t c = {.type.kind = INT};
    value_t v = value_of(r, INT, 1);
    switch (below(4)) {
    case 0:
        put(c.flow, sizeof c.flow, "count()%s%s", v.when.flow[0] ? " when " : "", v.when.flow);
        put(c.sql, sizeof c.sql, "sum(%s)", v.when.flow[0] ? v.when.sql : "1");
        break;
    case 1:
        call_text(&c, "count", &v, "");
        put(c.sql, sizeof c.sql, "count(%s)", v.masked);
        break;
    case 2:
        call_text(&c, "count_distinct", &v, "");
        put(c.sql, sizeof c.sql, "count(distinct %s)", v.masked);
        break;
    default: {
        static const char *const names[][2] = {{"count_if", "sum"}, {"any", "max"}, {"all", "min"}};
        int i = below(3);
        v.e = condition(r, 1);
        call_text(&c, names[i][0], &v, "");
        put(c.sql, sizeof c.sql, "ifnull(%s(case when %s then %s end), %d)", names[i][1],
                 v.when.sql, v.e.sql, i == 2);
        c.type.kind = i ? BOOL : INT;
    }
    }
    return c;
}

static call_t extreme(const relation_t *r) {
    call_t c = {0};
    value_t v = value_of(r, INT, 1);
    const char *name = one_in(2) ? "min" : "max";
    call_text(&c, name, &v, "");
    put(c.sql, sizeof c.sql, "%s(%s)", name, v.masked);
    c.type = v.e.type;
    c.type.opt = v.opt;
    return c;
}

/* (n * sum(x * x) - sum(x)^2) / (n * (n - 1)), which is exact up to the quotient. */
static call_t variance(const relation_t *r) {
    call_t c = {.type = {.kind = REAL, .opt = 1}};
    value_t v = value_of(r, INT, 0);
    if (v.e.type.opt) v.e = int_of(r, 1), v.opt = 0;
    v.e = mix("%s %% 1000%.0s", "%s %% 1000%.0s", v.e, v.e);
    put(v.masked, sizeof v.masked, v.when.flow[0] ? "case when %s then (%s) end" : "%.0s(%s)",
        v.when.sql, v.e.sql);
    int root = one_in(3);
    call_text(&c, root ? "stddev" : "variance", &v, "");
    put(c.sql, sizeof c.sql, "%s(case when count(%s) > 1 then cast(count(%s) * sum(%s * %s) - "
        "sum(%s) * sum(%s) as real) / (count(%s) * (count(%s) - 1)) end)", root ? "sqrt" : "",
        v.masked, v.masked, v.masked, v.masked, v.masked, v.masked, v.masked, v.masked);
    return c;
}

static call_t summing(const relation_t *r) {
    static const kind_t kinds[] = {INT, FLOAT, FLOAT, DEC};
    call_t c = {0};
    value_t v = value_of(r, kinds[below(4)], 0);
    const column_t *x = &v.e.type;
    int avg = one_in(2);
    if (x->kind == FLOAT && x->total + r->copies > 62.3) return extreme(r);
    call_text(&c, avg ? "avg" : "sum", &v, "");
    c.type = *x;
    c.type.opt = avg && v.opt;
    c.type.total = x->total + r->copies + r->now;
    if (!avg && x->kind == FLOAT)
        put(c.sql, sizeof c.sql, "cast(cast(ifnull(sum(%s), 0) as real) as integer)", v.masked);
    else if (!avg) put(c.sql, sizeof c.sql, "ifnull(sum(%s), 0)", v.masked);
    else if (x->kind == INT) {
        put(c.sql, sizeof c.sql, "cast(sum(%s) as real) / count(%s)", v.masked, v.masked);
        c.type.kind = REAL;
    } else {
        char head[20];
        put(head, sizeof head, x->kind == FLOAT ? "#r" : "#a%d:", x->scale);
        put(c.sql, sizeof c.sql, "'%s' || sum(%s) || ':' || count(%s)", head, v.masked,
                 v.masked);
        c.type.kind = RATIO;
    }
    return c;
}

/* What goes by order: the number of each row is computed before grouping. */
static call_t in_order(const relation_t *r, const keys_t *k, int turn) {
    call_t c = {0};
    value_t v = value_of(r, INT, 1);
    static const char *const names[] = {"first", "last", "arg_min", "arg_max"};
    int i = below(4);
    both_t by = both("", "");
    char valid[3200], rank[3300];
    put(valid, sizeof valid, "(%s) is not null", v.masked);
    if (i < 2) {
        put(rank, sizeof rank, "_t %s, _o %s", i ? "desc" : "asc", i ? "desc" : "asc");
        call_text(&c, names[i], &v, "");
    } else {
        char more[1600];
        by = one_in(2) ? int_of(r, 1) : orderable(r);
        put(valid, sizeof valid, "((%s) is not null and (%s) is not null)", v.masked, by.sql);
        put(rank, sizeof rank, "(%s) %s, %s", by.sql, i == 3 ? "desc" : "asc", time_order);
        put(more, sizeof more, ", %s", by.flow);
        call_text(&c, names[i], &v, more);
    }
    put(c.pre, sizeof c.pre,
             ", case when %s then %s end as _v%d, row_number() over (partition by %s order by %s "
             "desc, %s) as _n%d", valid, v.e.sql, turn, group_of(k), valid, rank, turn);
    put(c.sql, sizeof c.sql, "max(case when _n%d = 1 then _v%d end)", turn, turn);
    c.type = v.e.type;
    c.type.opt = v.opt || by.type.opt;
    return c;
}

/* All values, in order. */
static call_t listing(const relation_t *r, const keys_t *k, int turn) {
    call_t c = {.type.kind = LIST};
    int concat = any_column(r, STR, -1) && one_in(2);
    value_t v = value_of(r, concat ? STR : INT, 0);
    call_text(&c, concat ? "concat" : "collect", &v, concat ? ", \";\"" : "");
    put(c.pre, sizeof c.pre,
             ", group_concat(%s, '%s') over (partition by %s order by %s rows between unbounded "
             "preceding and unbounded following) as _v%d", v.masked, concat ? ";" : ",",
             group_of(k), time_order, turn);
    put(c.sql, sizeof c.sql, concat ? "ifnull(max(_v%d), '')" : "'[' || ifnull(max(_v%d), '') || ']'",
             turn);
    if (concat) c.type.kind = STR;
    return c;
}

/* An item that computes with aggregates. */
static call_t computed(const relation_t *r) {
    call_t c = {.type.kind = INT};
    both_t x = int_of(r, 1), y = int_of(r, 0);
    switch (below(3)) {
    case 0:
        put(c.flow, sizeof c.flow, "sum(%s) + 2 * count()", x.flow);
        put(c.sql, sizeof c.sql, "sum(%s) + 2 * count(*)", x.sql);
        break;
    case 1:
        put(c.flow, sizeof c.flow, "max(%s) - min(%s)", x.flow, y.flow);
        put(c.sql, sizeof c.sql, "max(%s) - min(%s)", x.sql, y.sql);
        break;
    default:
        put(c.flow, sizeof c.flow, "float(sum(%s)) / float(count())", x.flow);
        put(c.sql, sizeof c.sql, "cast(sum(%s) as real) / count(*)", x.sql);
        c.type.kind = REAL;
    }
    return c;
}

static call_t choose(const relation_t *r, const keys_t *k, int turn) {
    switch (below(r->ordered ? 10 : 7)) {
    case 0:
    case 1: return counting(r);
    case 2:
    case 3: return one_in(6) ? variance(r) : summing(r);
    case 4:
    case 5: return extreme(r);
    case 6: return computed(r);
    case 7:
    case 8: return in_order(r, k, turn);
    default: return listing(r, k, turn);
    }
}

int step_aggregate(relation_t *r) {
    if (r->closed) return 0;
    keys_t k = choose_keys(r, 0, 3, 1);
    text_t pre = {0}, body = {0}, flow = {0};
    relation_t made = *r;
    made.n = 0;
    for (int i = 0; i < k.n; i++) {
        made.c[made.n++] = k.made[i].name[0] ? k.made[i] : k.of[i];
        add(&body, "_k%d as %s, ", i, made.c[i].name);
    }
    int n = 1 + below(4);
    for (int i = 0; i < n; i++) {
        call_t c = choose(r, &k, i);
        fresh_name(c.type.name);
        made.c[made.n++] = c.type;
        add(&pre, "%s", c.pre);
        add(&body, "%s as %s, ", c.sql, c.type.name);
        add(&flow, "%s%s = %s", i ? ", " : "", c.type.name, c.flow);
    }
    if (pre.n) {
        step_sql(r, "select *%s from s%d", pre.s, r->sid);
        made.sid = r->sid;
    }
    int rows = r->window == ROWS_WINDOW;
    step_sql(&made, "select %s%s as _t, row_number() over (order by %s%s 1) as _o, _s, _e from s%d "
                    "group by %s", body.s,
             rows ? "max(_t)" : r->window ? "_e - 1" : "null", r->window ? "_e, _s," : "",
             order_of_keys(&k), r->sid, group_of(&k));
    add(&made.flow, "\n|> aggregate %s%s", flow.s, k.flow);
    if (r->window == NO_WINDOW) made.table = 1, made.timed = 0;
    made.ordered = !rows;
    formed(&made);
    made.keyed = k.n;
    for (int i = 0; i < k.n; i++) put(made.key[i], 16, "%s", made.c[i].name);
    made.copies = made.now = 0;
    *r = made;
    return 1;
}
