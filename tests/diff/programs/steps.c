/* steps.c - where, let, select and the kinds of `window`. */
#include "steps.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "scalar.h"

int step_where(relation_t *r) {
    both_t c = condition(r, 1);
    if (one_in(2)) c = mix("(%s or %s)", "(%s or %s)", c, condition(r, 1)); /* some are left */
    text_t first = {0};
    /* What is not none behind a condition is no longer optional. */
    for (int i = 0; i < r->n && one_in(2); i++)
        if (r->c[i].opt) {
            r->c[i].opt = 0;
            add(&first, "%s is not none and ", r->c[i].name);
            step_sql(r, "select * from s%d where %s is not null", r->sid, r->c[i].name);
            break;
        }
    r->narrowed |= strstr(c.flow, " none") != NULL;
    add(&r->flow, "\n|> where %s%s", first.s, c.flow);
    step_sql(r, "select * from s%d where %s", r->sid, c.sql);
    return 1;
}

int step_let(relation_t *r) {
    both_t e = any_of(r, 2);
    if (r->n > 20) return 0;
    column_t *c = add_column(r, e.type.kind, e.type.opt);
    add(&r->flow, "\n|> let %s = %s", c->name, e.flow);
    step_sql(r, "select *, %s as %s from s%d", e.sql, c->name, r->sid);
    return 1;
}

static void rename_key(relation_t *r, const char *from, const char *to) {
    for (int i = 0; i < r->keyed; i++)
        if (strcmp(r->key[i], from) == 0) {
            put(r->key[i], sizeof r->key[i], "%s", to);
            return;
        }
}

static void forget_key(relation_t *r, const char *name) {
    for (int i = 0; i < r->keyed; i++)
        if (strcmp(r->key[i], name) == 0) r->keyed = -1;
}

int step_select(relation_t *r) {
    relation_t old = *r;
    text_t body = {0};
    if (r->window == ROWS_WINDOW || r->window == SESSION_WINDOW) return 0;
    add(&r->flow, "\n|> select ");
    r->n = 0;
    for (int i = 0; i < old.n; i++) {
        column_t *c = &r->c[r->n];
        if (one_in(3) && (r->n > 1 || old.n - i > 2)) {
            forget_key(r, old.c[i].name);
            continue;
        }
        *c = old.c[i];
        if (one_in(3)) fresh_name(c->name);
        add(&r->flow, r->n ? ", " : "");
        rename_key(r, old.c[i].name, c->name);
        if (strcmp(c->name, old.c[i].name)) add(&r->flow, "%s = ", c->name);
        add(&r->flow, "%s", old.c[i].name);
        add(&body, "%s as %s, ", old.c[i].name, c->name);
        r->n++;
    }
    if (one_in(2)) {
        both_t e = any_of(&old, 2);
        column_t *c = add_column(r, e.type.kind, e.type.opt);
        add(&r->flow, ", %s = %s", c->name, e.flow);
        add(&body, "%s as %s, ", e.sql, c->name);
    }
    if (r->window) add(&r->flow, ", window");
    step_sql(r, "select %s_t, _o, _s, _e from s%d", body.s, r->sid);
    return 1;
}

int step_each(relation_t *r) {
    if (r->table || r->closed || r->window > WINDOW || r->copies > 4 || r->n > 20) return 0;
    both_t a = int_of(r, 1), b = int_of(r, 0), c = int_of(r, 0);
    const char *names = columns(r) + 2;
    int from = r->sid;
    column_t *x = add_column(r, INT, 0);
    add(&r->flow, "\n|> each %s in [%s, %s, %s]", x->name, a.flow, b.flow, c.flow);
    step_sql(r, "select %s, case column1 when 0 then %s when 1 then %s else %s end as %s, _t, "
                "row_number() over (order by _o, column1) as _o, _s, _e from s%d, "
                "(values (0), (1), (2))", names, a.sql, b.sql, c.sql, x->name, from);
    r->copies += 2;
    return 1;
}

int step_leave(relation_t *r) {
    if (r->window != WINDOW || r->table) return 0;
    add(&r->flow, "\n|> drop window");
    step_sql(r, "select *, null as _z from s%d", r->sid);
    step_sql(r, "select %s, _t, _o, _z as _s, _z as _e from s%d", columns(r) + 2, r->sid);
    r->window = NO_WINDOW;
    r->copies += r->now;
    r->now = 0;
    return 1;
}

/* floor(t / every) * every */
static void aligned(char *to, int offset, int every) {
    sprintf(to, "(_t - %d - ((_t - %d) %% %d + %d) %% %d + %d)", offset, offset, every, every, every,
            offset);
}

static void set_window(relation_t *r, int kind, int size, int every, int offset) {
    char start[200], tail[60] = "";
    if (offset) sprintf(tail, " offset %dms", offset);
    text_t list = {0};
    int copies = kind == 0 ? 1 : kind == 1 ? (size + every - 1) / every : size / every;
    for (int i = 0; i < copies; i++) add(&list, "%s(%d)", i ? ", " : "", kind == 2 ? i + 1 : i);
    aligned(start, offset * 1000, (kind == 1 ? every : size) * 1000);
    if (kind == 0) {
        sprintf(r->alike, "tumbling %dms%s", size, tail);
        step_sql(r, "select %s, _t, _o, %s as _s, %s + %d as _e from s%d", columns(r) + 2, start,
                 start, size * 1000, r->sid);
    } else if (kind == 1) {
        sprintf(r->alike, "sliding %dms every %dms%s", size, every, tail);
        step_sql(r, "select %s, _t, _o, %s - column1 * %d as _s, %s - column1 * %d + %d as _e "
                    "from s%d, (values %s) where %s - column1 * %d + %d > _t", columns(r) + 2, start,
                 every * 1000, start, every * 1000, size * 1000, r->sid, list.s, start,
                 every * 1000, size * 1000);
    } else {
        sprintf(r->alike, "cumulate %dms every %dms%s", size, every, tail);
        step_sql(r, "select %s, _t, _o, %s as _s, %s + column1 * %d as _e from s%d, (values %s) "
                    "where %s + column1 * %d > _t", columns(r) + 2, start, start, every * 1000,
                 r->sid, list.s, start, every * 1000);
    }
    if (kind) step_sql(r, "select %s, _t, row_number() over (order by _o, _s, _e) as _o, _s, _e "
                          "from s%d", columns(r) + 2, r->sid);
    r->window = WINDOW;
    r->copies += r->now;
    r->now = log2(copies);
    add(&r->flow, "\n|> window %s", r->alike);
}

int step_window(relation_t *r) {
    if (!r->timed || r->table || r->closed || (r->window != NO_WINDOW && r->window != WINDOW) ||
        r->copies + r->now > 8)
        return 0;
    static const int sizes[] = {500, 1000, 2000, 3000, 5000};
    int kind = below(3), size = sizes[below(5)], offset = one_in(3) ? 50 * below(40) - 800 : 0;
    int every = kind == 0 ? size : kind == 1 ? size / (1 + below(4)) + (one_in(3) ? 50 : 0)
                                             : size / (2 + 2 * below(2));
    if (kind == 1 && every > size) every = size;
    set_window(r, kind, size, every, offset);
    r->size = size, r->every = every;
    return 1;
}

void window_like(relation_t *r, const relation_t *like) {
    int kind = like->alike[0] == 't' ? 0 : like->alike[0] == 's' ? 1 : 2;
    const char *offset = strstr(like->alike, "offset ");
    int moved = 0;
    if (offset) sscanf(offset + 7, "%d", &moved);
    set_window(r, kind, like->size, like->every, moved);
    r->size = like->size, r->every = like->every;
}

int step_rows_window(relation_t *r) {
    if (r->table || r->closed || r->window != NO_WINDOW || !r->ordered) return 0;
    r->size = 1 + below(6);
    r->every = one_in(2) ? 1 + below(r->size) : 0;
    if (r->every) add(&r->flow, "\n|> window sliding %d rows every %d rows", r->size, r->every);
    else add(&r->flow, "\n|> window tumbling %d rows", r->size);
    r->window = ROWS_WINDOW;
    return 1;
}

int step_session(relation_t *r) {
    if (!r->timed || r->table || r->closed || r->window != NO_WINDOW) return 0;
    r->size = 50000 * (1 + below(40));
    add(&r->flow, "\n|> window session %dms", r->size / 1000);
    r->window = SESSION_WINDOW;
    return 1;
}
