/* keyed.c - distinct, top, sort and limit, and the keys that they share with aggregate. */
#include "keyed.h"

#include <stdio.h>
#include <string.h>

#include "scalar.h"

/* Windows of rows: each row becomes one per window that it is in.  _s is the index, _e the
 * size; _t and _o wait for the step. */
static void form_rows(relation_t *r, const char *names, const char *part) {
    step_sql(r, "select %s, _t, _o, row_number() over (partition by %s order by _o) - 1 as _i, "
                "count(*) over (partition by %s) as _c from s%d", names, part, part, r->sid);
    if (!r->every) {
        step_sql(r, "select %s, _t, _o, _i / %d as _s, min(%d, _c - _i / %d * %d) as _e from s%d",
                 names, r->size, r->size, r->size, r->size, r->sid);
        return;
    }
    step_sql(r, "with recursive n(j) as (select 0 union all select j + 1 from n where j < 400) "
                "select %s, _t, _o, j as _s, min(%d, (j + 1) * %d) as _e from s%d, n "
                "where (j + 1) * %d <= _c and _i < (j + 1) * %d and _i >= (j + 1) * %d - %d",
             names, r->size, r->every, r->sid, r->every, r->every, r->every, r->size);
}

/* Sessions: a row that is at least the gap after the one before it begins a new one. */
static void form_sessions(relation_t *r, const char *names, const char *part) {
    step_sql(r, "select %s, _t, _o, case when _t - lag(_t) over (partition by %s order by _t, _o) "
                "< %d then 0 else 1 end as _b from s%d", names, part, r->size, r->sid);
    step_sql(r, "select %s, _t, _o, sum(_b) over (partition by %s order by _t, _o) as _b from s%d",
             names, part, r->sid);
    step_sql(r, "select %s, _t, _o, min(_t) over (partition by %s, _b) as _s, "
                "max(_t) over (partition by %s, _b) + %d as _e from s%d", names, part, part,
             r->size, r->sid);
}

keys_t choose_keys(relation_t *r, int least, int most, int named) {
    keys_t k = {0};
    text_t flow = {0}, body = {0}, part = {0};
    int n = least + below(most - least + 1);
    for (int i = 0; i < n; i++) {
        const column_t *c = ordered_column(r);
        int taken = 0;
        for (int j = 0; c && j < k.n; j++)
            taken |= !k.made[j].name[0] && strcmp(k.of[j].name, c->name) == 0;
        if (!c || taken) continue;
        both_t e = plain(c);
        if (!one_in(3)) e = one_in(3) ? any_of(r, 1) : e;
        else if (c->kind == INT && !c->opt) e = mix("%s %% %s", "%s %% %s", e, both("4", "4"));
        add(&flow, "%s", k.n ? ", " : " per ");
        k.of[k.n] = strcmp(e.flow, c->name) == 0 ? *c : e.type;
        if (strcmp(e.flow, c->name) != 0 && (named || one_in(2))) {
            k.made[k.n] = e.type;
            fresh_name(k.made[k.n].name);
            add(&flow, "%s = ", k.made[k.n].name);
        } else if (strcmp(e.flow, c->name) != 0) {
            k.of[k.n].name[0] = 0;
        }
        add(&flow, "%s", e.flow);
        add(&body, ", %s as _k%d", e.sql, k.n);
        add(&part, ", _k%d", k.n++);
    }
    put(k.flow, sizeof k.flow, "%s", flow.s);
    step_sql(r, "select *%s from s%d", body.s, r->sid);
    if (r->window == ROWS_WINDOW || r->window == SESSION_WINDOW) {
        char names[1500];
        put(names, sizeof names, "%s%s", columns(r) + 2, part.s);
        const char *by = part.n ? part.s + 2 : "1 + 0";
        if (r->window == ROWS_WINDOW) form_rows(r, names, by);
        else form_sessions(r, names, by);
    }
    return k;
}

const char *group_of(const keys_t *k) {
    static const char *const lists[] = {"_s, _e", "_s, _e, _k0", "_s, _e, _k0, _k1",
                                        "_s, _e, _k0, _k1, _k2"};
    return lists[k->n];
}

const char *order_of_keys(const keys_t *k) {
    static const char *const lists[] = {
        "", "_k0 is null, _k0, ", "_k0 is null, _k0, _k1 is null, _k1, ",
        "_k0 is null, _k0, _k1 is null, _k1, _k2 is null, _k2, "};
    return lists[k->n];
}

/* The orders of `top` and `sort`: Flow's, and SQL's with none last. */
static void orders(const relation_t *r, text_t *flow, text_t *body) {
    int n = 1 + below(2);
    for (int i = 0; i < n; i++) {
        int desc = one_in(2);
        both_t e = one_in(3) ? int_of(r, 1) : orderable(r);
        add(flow, "%s%s%s", i ? ", " : "", e.flow, desc ? " desc" : one_in(3) ? " asc" : "");
        add(body, "%s(%s) is null, (%s) %s", i ? ", " : "", e.sql, e.sql, desc ? "desc" : "asc");
    }
}

/* Behind the step that forms them, sessions are windows like others; windows of rows are
 * followed by steps without state only. */
void formed(relation_t *r) {
    if (r->window == ROWS_WINDOW) r->window = FORMED_WINDOW, r->closed = 1;
    if (r->window == SESSION_WINDOW) r->window = WINDOW, r->alike[0] = 0;
}

int step_top(relation_t *r) {
    text_t flow = {0}, by = {0};
    int ties = one_in(3) || !r->ordered, n = 1 + below(4), place = one_in(2);
    if (r->closed || (r->window == ROWS_WINDOW && ties && !r->ordered)) return 0;
    orders(r, &flow, &by);
    keys_t k = choose_keys(r, 0, 2, 0);
    relation_t old = *r;
    step_sql(r, "select *, row_number() over (partition by %s order by %s, _o) as _n, "
                "rank() over (partition by %s order by %s) as _r from s%d", group_of(&k), by.s,
             group_of(&k), by.s, r->sid);
    text_t body = {0};
    for (int i = 0; i < k.n; i++)
        if (k.made[i].name[0]) {
            add(&body, ", _k%d as %s", i, k.made[i].name);
            r->c[r->n++] = k.made[i];
        }
    add(&r->flow, "\n|> top %d by %s%s%s", n, flow.s, ties ? " with ties" : "", k.flow);
    if (place) {
        column_t *c = add_column(r, INT, 0);
        add(&r->flow, " as %s", c->name);
        add(&body, ", %s as %s", ties ? "_r" : "_n", c->name);
    }
    int rows = r->window == ROWS_WINDOW;
    step_sql(r, "select %s%s, %s as _t, row_number() over (order by %s %s_n) as _o, _s, _e "
                "from s%d where %s <= %d", columns(&old) + 2, body.s,
             r->window == WINDOW || r->window == SESSION_WINDOW ? "_e - 1"
             : rows ? "_t" : "null",
             r->window ? "_e, _s," : "", order_of_keys(&k), r->sid, ties ? "_r" : "_n", n);
    if (r->window == NO_WINDOW) r->table = 1, r->timed = 0;
    r->ordered = !ties && !rows;
    formed(r);
    r->keyed = k.n + 1;
    for (int i = 0; i < k.n; i++) {
        if (!k.made[i].name[0] && !k.of[i].name[0]) r->keyed = -1;
        else put(r->key[i], 16, "%s", k.made[i].name[0] ? k.made[i].name : k.of[i].name);
    }
    if (!place || ties) r->keyed = -1;
    else put(r->key[k.n], 16, "%s", r->c[r->n - 1].name);
    return 1;
}

/* A row passes unless one of its key that has passed is within `d` of its time: the times of
 * those go from row to row. */
static void distinct_within(relation_t *r, const char *part, int d) {
    step_sql(r, "select *, row_number() over (partition by %s order by _o) as _i, "
                "dense_rank() over (order by %s) as _g from s%d", part, part, r->sid);
    int rows = r->sid;
    char near[100];
    put(near, sizeof near, "exists (select 1 from json_each(l._p) where abs(value - r._t) <= %d)", d);
    step_sql(r, "select _i, _g, 1 as _n, json_array(_t) as _p from s%d where _i = 1 union all "
                "select r._i, r._g, not %s, case when %s then l._p else "
                "json_insert(l._p, '$[#]', r._t) end from s%d l join s%d r on r._g = l._g and "
                "r._i = l._i + 1", rows, near, near, fresh, rows);
    int kept = r->sid;
    step_sql(r, "select l.*, r._n from s%d l join s%d r on r._g = l._g and r._i = l._i", rows, kept);
}

int step_distinct(relation_t *r) {
    int session = r->window == SESSION_WINDOW, within = 0;
    if (!r->ordered || r->table || r->closed || r->window == ROWS_WINDOW) return 0;
    keys_t k = choose_keys(r, one_in(4) && !session ? 0 : 1, 2, 0);
    text_t all = {0}, body = {0};
    for (int i = 0; i < r->n && k.n == 0; i++) add(&all, ", %s", r->c[i].name);
    relation_t old = *r;
    if (r->timed && !r->window && one_in(2)) within = 50 * (1 + below(60));
    if (within) distinct_within(r, k.n ? group_of(&k) + 8 : all.s + 2, within * 1000);
    else
        step_sql(r, "select *, row_number() over (partition by %s%s order by %s_o) as _n from s%d",
                 group_of(&k), all.s, session ? "_t, " : "", r->sid);
    for (int i = 0; i < k.n; i++)
        if (k.made[i].name[0]) {
            add(&body, ", _k%d as %s", i, k.made[i].name);
            r->c[r->n++] = k.made[i];
        }
    if (session)
        step_sql(r, "select %s%s, _e - 1 as _t, row_number() over (order by _e, _s, %s 1) as _o, "
                    "_s, _e from s%d where _n = 1", columns(&old) + 2, body.s, order_of_keys(&k),
                 r->sid);
    else
        step_sql(r, "select %s%s, _t, _o, _s, _e from s%d where _n = 1", columns(&old) + 2, body.s,
                 r->sid);
    add(&r->flow, "\n|> distinct%s", k.flow);
    if (within) add(&r->flow, " within %dms", within);
    formed(r);
    return 1;
}

int step_sort(relation_t *r) {
    text_t flow = {0}, by = {0};
    if (r->window != WINDOW || r->table || !r->ordered || r->closed) return 0;
    orders(r, &flow, &by);
    add(&r->flow, "\n|> sort by %s", flow.s);
    step_sql(r, "select %s, _e - 1 as _t, row_number() over (order by _e, _s, %s, _o) as _o, _s, "
                "_e from s%d", columns(r) + 2, by.s, r->sid);
    return 1;
}

int step_limit(relation_t *r) {
    int n = 1 + below(20);
    if (!r->ordered || r->table || r->closed || r->window > WINDOW) return 0;
    add(&r->flow, "\n|> limit %d", n);
    step_sql(r, "select *, row_number() over (partition by _s, _e order by _o) as _n from s%d",
             r->sid);
    step_sql(r, "select %s, _t, _o, _s, _e from s%d where _n <= %d", columns(r) + 2, r->sid, n);
    return 1;
}

int step_latest(relation_t *r) {
    text_t body = {0};
    if (!r->ordered || r->table || r->closed || r->window) return 0;
    keys_t k = choose_keys(r, 1, 2, 0);
    if (k.n == 0) return 0;
    const column_t *by = one_in(2) ? any_column(r, below(5), 0) : NULL;
    add(&r->flow, "\n|> latest%s", k.flow);
    if (by) add(&r->flow, " by %s", by->name);
    relation_t old = *r;
    step_sql(r, "select *, row_number() over (partition by %s order by %s%s _o desc) as _n from s%d",
             group_of(&k), by ? by->name : "_t", by || r->timed ? " desc," : ",", r->sid);
    r->keyed = k.n;
    for (int i = 0; i < k.n; i++) {
        if (k.made[i].name[0]) {
            add(&body, ", _k%d as %s", i, k.made[i].name);
            r->c[r->n++] = k.made[i];
        }
        if (!k.made[i].name[0] && !k.of[i].name[0]) r->keyed = -1;
        else put(r->key[i], 16, "%s", k.made[i].name[0] ? k.made[i].name : k.of[i].name);
    }
    step_sql(r, "select %s%s, null as _t, row_number() over (order by %s 1) as _o, _s, _e from s%d "
                "where _n = 1", columns(&old) + 2, body.s, order_of_keys(&k), r->sid);
    r->table = 1, r->timed = 0;
    return 1;
}

int step_changes(relation_t *r) {
    if (!r->table || r->keyed <= 0 || !r->ordered) return 0;
    add(&r->flow, "\n|> changes\n|> latest per ");
    for (int i = 0; i < r->keyed; i++) add(&r->flow, "%s%s", i ? ", " : "", r->key[i]);
    add(&r->flow, "\n|> where change != Delete\n|> drop change");
    return 1;
}
