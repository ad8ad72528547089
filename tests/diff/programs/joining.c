/* joining.c - joins of two streams, within a bound and in windows, and unions.
 *
 * What is joined has no row order of its own that is the same for each cut into batches, so
 * no step that asks for one follows. */
#include "joining.h"

#include <stdio.h>
#include <string.h>

#include "keyed.h"
#include "scalar.h"
#include "steps.h"

static const char *const kinds[] = {"", "left ", "right ", "full ", "semi ", "anti "};

/* A column with l. before it, or r. */
static both_t side(both_t e, const char *of) {
    both_t b = e;
    put(b.sql, sizeof b.sql, "%s.%s", of, e.sql);
    if (*of == 'r') put(b.flow, sizeof b.flow, "r.%s", e.flow);
    return b;
}

/* The equalities: `==` of what is none holds nowhere in a join. */
static both_t equalities(const relation_t *l, const relation_t *r) {
    both_t on = both("", "");
    int n = 1 + one_in(3);
    for (int i = 0; i < 20 && n > 0; i++) {
        const column_t *c = ordered_column(l), *d;
        if (!c || (c->kind != INT && c->kind != STR && c->kind != BOOL)) continue;
        if (!(d = any_column(r, c->kind, -1))) continue;
        both_t x = side(plain(c), "l"), y = side(plain(d), "r");
        if (c->kind == INT && !c->opt && !d->opt)
            x = mix("%s %% 5%.0s", "%s %% 5%.0s", x, x), y = mix("%s %% 5%.0s", "%s %% 5%.0s", y, y);
        both_t e = mix("%s == %s", "%s = %s", x, y);
        on = on.flow[0] ? mix("%s and %s", "%s and %s", on, e) : e;
        n--;
    }
    return on;
}

/* Further conditions: each of one side or of both. */
static both_t further(const relation_t *l, const relation_t *r) {
    const column_t *c = any_column(l, INT, 0), *d = any_column(r, INT, 0);
    if (!c || !d || one_in(2)) return both("", "");
    both_t x = side(plain(c), "l"), y = side(plain(d), "r");
    switch (below(4)) {
    case 0: return mix(" and %s < %s", " and %s < %s", x, y);
    case 1: return mix(" and %s > 3%.0s", " and %s > 3%.0s", x, y);
    case 2: return mix(" and %s %% 2 == 0%.0s", " and %s %% 2 = 0%.0s", y, x);
    default: return mix(" and (%s > 4 or %s < 0)", " and (%s > 4 or %s < 0)", x, y);
    }
}

/* Chooses what is selected of both sides, under new names. */
static void selected(relation_t *out, const relation_t *r, text_t *body, const char *of, int opt,
                     int *first) {
    for (int i = 0; i < r->n; i++) {
        if (r->c[i].kind == LIST || (one_in(2) && out->n > 1)) continue;
        column_t *c = add_column(out, r->c[i].kind, r->c[i].opt || opt);
        c->scale = r->c[i].scale;
        c->total = r->c[i].total;
        add(&out->flow, "%s%s = %s%s", *first ? "" : ", ", c->name,
            *of == 'l' ? "" : opt ? "r?." : "r.", r->c[i].name);
        add(body, "%s.%s as %s, ", of, r->c[i].name, c->name);
        *first = 0;
    }
}

/* The time of a joined row: the later one, or of a lone row that at which its bound ends. */
static void time_of(char *to, int lo, int hi, int kind) {
    if (kind == 4) strcpy(to, "null");
    else sprintf(to, "case when r._t is null then max(l._t, l._t + %d) when l._t is null then "
                     "max(r._t, r._t - (%d)) else max(l._t, r._t) end", hi, lo);
}

static void join_sql(relation_t *out, int kind, const both_t *on, const char *bound, const char *time,
                     const char *body, int left, int right) {
    const char *window = out->window ? "ifnull(l._s, r._s) as _s, ifnull(l._e, r._e) as _e"
                                     : "null as _s, null as _e";
    if (kind < 4) {
        step_sql(out, "select %s%s as _t, 0 as _o, %s from s%d l %s join s%d r on %s%s", body, time,
                 window, left, kinds[kind], right, on->sql, bound);
        return;
    }
    step_sql(out, "select %s%s as _t, 0 as _o, l._s, l._e from s%d l, (select null as _t) r where "
                  "%sexists (select 1 from s%d r where %s%s)", body, time, left,
             kind == 5 ? "not " : "", right, on->sql, bound);
}

int step_join(relation_t *r, relation_t right) {
    if (r->table || r->closed || !r->timed || r->window > WINDOW || r->copies > 4 ||
        (r->window && !r->alike[0]))
        return 0;
    int kind = below(6), lo, hi, half = 0, left = r->sid;
    while (right.n > 0 && one_in(2)) step_where(&right);
    if (r->window) window_like(&right, r);
    both_t on = equalities(r, &right), more = further(r, &right);
    if (!on.flow[0]) return 0;
    on = mix("%s%s", "%s%s", on, more);
    hi = 50000 * below(30), lo = -hi;
    if (one_in(2)) lo = 50000 * (below(40) - 20), hi = lo + 50000 * (1 + below(30)), half = one_in(2);
    relation_t out = *r;
    out.n = 0;
    add(&out.flow, "\n|> %sjoin (%s) as r on %s", kinds[kind], right.flow.s, on.flow);
    char bound[300], time[300];
    if (r->window) {
        sprintf(bound, " and l._s = r._s and l._e = r._e");
        sprintf(time, "ifnull(l._e, r._e) - 1");
        if (kind > 3) sprintf(time, "l._e - 1");
    } else {
        sprintf(bound, " and r._t - l._t >= %d and r._t - l._t %s %d", lo, half ? "<" : "<=", hi);
        if (lo == -hi && !half) add(&out.flow, " within %dms", hi / 1000);
        else add(&out.flow, " within %dms%s%dms", lo / 1000, half ? "..<" : "..", hi / 1000);
        time_of(time, lo, half ? hi - 1 : hi, kind);
    }
    text_t body = {0};
    int first = 1;
    add(&out.flow, "\n|> select ");
    selected(&out, r, &body, "l", kind == 2 || kind == 3, &first);
    if (kind < 4) selected(&out, &right, &body, "r", kind == 1 || kind == 3, &first);
    if (r->window) add(&out.flow, ", window");
    join_sql(&out, kind, &on, bound, time, body.s, left, right.sid);
    out.ordered = 0;
    out.copies += out.now + 12;
    if (kind == 4 && !r->window) out.timed = 0; /* the time of the first match in arrival */
    *r = out;
    return 1;
}

/* Makes a table of a source. */
static int make_table(relation_t *right) {
    if (one_in(3)) step_where(right);
    for (int i = 0; i < 20 && !right->table; i++)
        if (one_in(2)) step_latest(right);
        else step_aggregate(right);
    if (right->table && one_in(4)) step_where(right);
    return right->table;
}

static relation_t joined(const relation_t *r, const relation_t *right, int kind, const both_t *on,
                         text_t *body, const char *also) {
    relation_t out = *r;
    int first = 1;
    out.n = 0;
    add(&out.flow, "\n|> %sjoin (%s) as r on %s%s\n|> select ", kinds[kind], right->flow.s,
        on->flow, also);
    selected(&out, r, body, "l", kind == 2 || kind == 3, &first);
    if (kind < 4) selected(&out, right, body, "r", kind == 1 || kind == 3, &first);
    if (r->window) add(&out.flow, ", window");
    out.copies += out.now + 12;
    out.keyed = -1;
    return out;
}

int step_table_join(relation_t *r, relation_t right) {
    static const int some[] = {0, 1, 4, 5};
    if (r->table || r->closed || r->window > WINDOW || r->copies > 4) return 0;
    int kind = some[below(4)], left = r->sid;
    if (!make_table(&right)) return 0;
    both_t on = equalities(r, &right), more = further(r, &right);
    if (!on.flow[0] && !more.flow[0]) return 0;
    on = on.flow[0] && !one_in(6) ? mix("%s%s", "%s%s", on, more)
       : more.flow[0] ? both(more.flow + 5, more.sql + 5) : on;
    text_t body = {0};
    relation_t out = joined(r, &right, kind, &on, &body, "");
    if (kind < 4)
        step_sql(&out, "select %sl._t as _t, row_number() over (order by l._o, r._o) as _o, l._s as "
                       "_s, l._e as _e from s%d l %sjoin s%d r on %s", body.s, left, kinds[kind],
                 right.sid, on.sql);
    else
        step_sql(&out, "select %sl._t as _t, l._o as _o, l._s as _s, l._e as _e from s%d l where "
                       "%sexists (select 1 from s%d r where %s)", body.s, left,
                 kind == 5 ? "not " : "", right.sid, on.sql);
    out.ordered &= right.ordered;
    *r = out;
    return 1;
}

int step_tables_join(relation_t *r, relation_t right) {
    if (r->closed || r->window || r->copies > 4) return 0;
    relation_t l = *r;
    if (!l.table && !make_table(&l)) return 0;
    if (!make_table(&right)) return 0;
    int kind = below(6), left = l.sid;
    both_t on = equalities(&l, &right), more = further(&l, &right);
    if (!on.flow[0]) return 0;
    on = mix("%s%s", "%s%s", on, more);
    text_t body = {0};
    relation_t out = joined(&l, &right, kind, &on, &body, "");
    join_sql(&out, kind, &on, "", "null", body.s, left, right.sid);
    out.ordered = 0;
    *r = out;
    return 1;
}

/* Per key the version with the greatest time up to that of the left row. */
int step_as_of(relation_t *r, relation_t right) {
    static const int some[] = {0, 1, 4, 5};
    const column_t *at = any_column(r, TIME, 0), *c, *d;
    if (r->table || r->closed || r->window || !r->timed || r->copies > 4 || !at) return 0;
    int kind = some[below(4)], left = r->sid, later = one_in(2) ? 50000 * below(20) : 0;
    if (one_in(3)) step_where(&right);
    if (!(d = ordered_column(&right)) || d->kind > BOOL) return 0;
    if (!(c = any_column(r, d->kind, -1))) return 0;
    both_t on = mix("%s == %s", "%s = %s", side(plain(c), "l"), side(plain(d), "r"));
    char also[100], near[300];
    put(also, sizeof also, " as of %s + %dms", at->name, later / 1000);
    if (!later) put(also, sizeof also, " as of %s", at->name);
    add(&right.flow, "\n|> latest per %s by t keep 1h", d->name);
    put(near, sizeof near, " and r._o = (select v._o from s%d v where v.%s = r.%s and v._t <= l.%s + "
        "%d order by v._t desc, v._o desc limit 1)", right.sid, d->name, d->name, at->name, later);
    text_t body = {0};
    relation_t out = joined(r, &right, kind, &on, &body, also);
    char time[200];
    put(time, sizeof time, "max(l._t, l.%s + %d)", at->name, later);
    if (kind < 4)
        step_sql(&out, "select %s%s as _t, 0 as _o, l._s as _s, l._e as _e from s%d l %sjoin s%d r "
                       "on %s%s", body.s, time, left, kinds[kind], right.sid, on.sql, near);
    else
        step_sql(&out, "select %s%s as _t, 0 as _o, l._s as _s, l._e as _e from s%d l where %sexists "
                       "(select 1 from s%d r where %s%s)", body.s, time, left,
                 kind == 5 ? "not " : "", right.sid, on.sql, near);
    out.ordered = 0;
    *r = out;
    return 1;
}

int step_union(relation_t *r, relation_t right) {
    if (r->table || r->closed || r->window || r->timed != right.timed || r->n != right.n ||
        r->narrowed)
        return 0;
    for (int i = 0; i < r->n; i++)
        if (strcmp(r->c[i].name, right.c[i].name) || r->c[i].opt != right.c[i].opt) return 0;
    if (one_in(2)) { /* without narrowing: the types stay alike */
        both_t c = condition(&right, 2);
        add(&right.flow, " |> where %s", c.flow);
        step_sql(&right, "select * from s%d where %s", right.sid, c.sql);
    }
    add(&r->flow, "\n|> union (%s)", right.flow.s);
    step_sql(r, "select %s, _t, _o, _s, _e from s%d union all select %s, _t, _o, _s, _e from s%d",
             columns(r) + 2, r->sid, columns(&right) + 2, right.sid);
    r->ordered = 0;
    r->copies += 1;
    return 1;
}
