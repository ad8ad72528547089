/* scalar.c - random expressions in what Flow and SQL define alike.
 *
 * No overflow, no division by what may be zero, only ASCII changes its case.  `==` of
 * optional values is SQL's `is`; elsewhere they come in through `??` and `is none`. */
#include "scalar.h"

#include <stdio.h>
#include <string.h>

both_t both(const char *flow, const char *sql_text) {
    both_t b = {.type.kind = INT};
    put(b.flow, sizeof b.flow, "%s", flow);
    put(b.sql, sizeof b.sql, "%s", sql_text);
    return b;
}

both_t mix(const char *flow, const char *sql_text, both_t x, both_t y) {
    both_t b = {.type = x.type};
    put(b.flow, sizeof b.flow, flow, x.flow, y.flow);
    put(b.sql, sizeof b.sql, sql_text, x.sql, y.sql);
    return b;
}

both_t plain(const column_t *c) {
    both_t b = both(c->name, c->name);
    b.type = *c;
    return b;
}

static both_t number(int from, int to) {
    char text[16];
    put(text, sizeof text, "%d", from + below(to - from + 1));
    return both(text, text);
}

static both_t as_int(both_t b) {
    b.type = (column_t){.kind = INT};
    return b;
}

both_t int_of(const relation_t *r, int depth) {
    const column_t *c;
    if (depth == 0 || one_in(3)) {
        if (one_in(8)) return number(0, 20);
        if (!one_in(3) && (c = any_column(r, INT, 0))) return plain(c);
        if ((c = any_column(r, INT, 1)))
            return mix("(%s ?? %s)", "ifnull(%s, %s)", both(c->name, c->name), number(0, 9));
        return (c = any_column(r, INT, 0)) ? plain(c) : number(0, 20);
    }
    both_t x = int_of(r, depth - 1), y = int_of(r, depth - 1);
    switch (below(9)) {
    case 0: return mix("(%s + %s)", "(%s + %s)", x, y);
    case 1: return mix("(%s - %s)", "(%s - %s)", x, y);
    case 2: return mix("(%s * %s)", "(%s * %s)", x, number(0, 5));
    case 3: return mix("(%s / %s)", "(%s / %s)", x, number(1, 7));
    case 4: return mix("(%s %% %s)", "(%s %% %s)", x, number(1, 7));
    case 5: return mix("min(%s, %s)", "min(%s, %s)", x, y);
    case 6: return mix("max(%s, %s)", "max(%s, %s)", x, y);
    case 7: return as_int(mix("length(%s)%.0s", "length(%s)%.0s", text_of(r, depth - 1), x));
    default: {
        both_t q = condition(r, depth - 1), b = both("", "");
        put(b.flow, sizeof b.flow, "(if %s then %s else %s)", q.flow, x.flow, y.flow);
        put(b.sql, sizeof b.sql, "(case when %s then %s else %s end)", q.sql, x.sql, y.sql);
        return b;
    }
    }
}

both_t text_of(const relation_t *r, int depth) {
    const column_t *c = any_column(r, STR, -1);
    both_t b = both("\"Ant\"", "'Ant'");
    if (c && c->opt) b = mix("(%s ?? \"%s\")", "ifnull(%s, '%s')", both(c->name, c->name),
                             both("none", "none"));
    else if (c) b = plain(c);
    switch (below(depth > 0 ? 5 : 2)) {
    case 2: b = mix("lower(%s)%.0s", "lower(%s)%.0s", b, b); break;
    case 3: {
        char flow[40], text[40];
        int from = below(3), n = 1 + below(3);
        put(flow, sizeof flow, "slice(%%s, %d, %d)%%.0s", from, n);
        put(text, sizeof text, "substr(%%s, %d, %d)%%.0s", from + 1, n);
        b = mix(flow, text, b, b);
        break;
    }
    case 4: b = mix("f\"{%s}-{%s}\"", "(%s || '-' || %s)", int_of(r, 0), b); break;
    default: break;
    }
    b.type = (column_t){.kind = STR};
    return b;
}

static both_t compared(both_t x, both_t y) {
    static const char *const ops[][2] = {{"==", "="}, {"!=", "<>"}, {"<", "<"},
                                         {"<=", "<="}, {">", ">"}, {">=", ">="}};
    int i = below(6);
    char flow[40], text[40];
    put(flow, sizeof flow, "(%%s %s %%s)", ops[i][0]);
    put(text, sizeof text, "(%%s %s %%s)", ops[i][1]);
    return mix(flow, text, x, y);
}

/* A column against a literal of its kind; number(0, 0) is no literal of these. */
static both_t with_literal(const column_t *c) {
    char flow[40], text[40];
    int quarters = below(64) - 32;
    const char *minus = quarters < 0 ? "-" : "";
    int whole = (quarters < 0 ? -quarters : quarters) / 4;
    int part = (quarters < 0 ? -quarters : quarters) % 4 * 25;
    put(flow, sizeof flow, "%s%d.%02d%s", minus, whole, part, c->kind == DEC ? "d" : "");
    if (c->kind == FLOAT)
        put(text, sizeof text, "%lld", (long long)quarters * (1ll << 28));
    else if (c->kind == DEC)
        put(text, sizeof text, "%d%0*d", quarters * 25, c->scale - 2, 0);
    else put(text, sizeof text, "%s%d.%02d", minus, whole, part);
    if (c->kind == DEC && c->scale == 2) put(text, sizeof text, "%d", quarters * 25);
    return compared(plain(c), both(flow, text));
}

/* What is about one column. */
static both_t about_column(const relation_t *r) {
    const column_t *c = &r->c[below(r->n)], *d;
    if (c->opt && one_in(2))
        return one_in(2) ? mix("(%s is none)%.0s", "(%s is null)%.0s", plain(c), plain(c))
                         : mix("(%s is not none)%.0s", "(%s is not null)%.0s", plain(c), plain(c));
    if (c->opt && c->kind < RATIO && (d = any_column(r, c->kind, -1)) &&
        (c->kind != DEC || d->scale == c->scale))
        return one_in(2) ? mix("(%s == %s)", "(%s is %s)", plain(c), plain(d))
                         : mix("(%s != %s)", "(%s is not %s)", plain(c), plain(d));
    if (!c->opt && (c->kind == FLOAT || c->kind == DEC || c->kind == REAL)) return with_literal(c);
    if (c->kind == BOOL && c->opt)
        return mix("(%s ?? %s)", "ifnull(%s, %s)", plain(c),
                   one_in(2) ? both("true", "1") : both("false", "0"));
    if (c->kind == BOOL) return plain(c);
    return compared(int_of(r, 0), number(-5, 15));
}

both_t condition(const relation_t *r, int depth) {
    both_t b;
    switch (below(depth > 0 ? 9 : 5)) {
    case 0:
    case 1: b = about_column(r); break;
    case 2: b = compared(int_of(r, 1), one_in(2) ? int_of(r, 0) : number(0, 12)); break;
    case 3:
        if (any_column(r, STR, -1)) b = compared(text_of(r, depth), text_of(r, 0));
        else b = compared(int_of(r, 1), number(-5, 15));
        break;
    case 4: {
        both_t x = mix("%s %% 7%.0s", "%s %% 7%.0s", int_of(r, 0), number(0, 0));
        if (one_in(2)) b = mix("(%s in -1..%s)", "(%s between -1 and %s)", x, number(1, 4));
        else b = mix("(%s not in [2, 3, %s])", "(%s not in (2, 3, %s))", x, number(4, 9));
        break;
    }
    case 5: b = mix("(not %s)%.0s", "(not %s)%.0s", condition(r, depth - 1), number(0, 0)); break;
    case 6: b = mix("(%s or %s)", "(%s or %s)", condition(r, depth - 1), condition(r, depth - 1));
        break;
    default:
        b = mix("(%s and %s)", "(%s and %s)", condition(r, depth - 1), condition(r, depth - 1));
    }
    b.type = (column_t){.kind = BOOL};
    return b;
}

both_t any_of(const relation_t *r, int depth) {
    both_t b;
    switch (below(5)) {
    case 0: return text_of(r, depth);
    case 1: return condition(r, depth);
    case 2: {
        both_t x = one_in(2) ? text_of(r, 0) : int_of(r, depth);
        column_t type = x.type;
        b = mix("(if %s then %s else none)", "(case when %s then %s end)", condition(r, 1), x);
        b.type = (column_t){.kind = type.kind, .opt = 1};
        return b;
    }
    default: b = int_of(r, depth);
    }
    b.type = (column_t){.kind = INT};
    return b;
}

both_t orderable(const relation_t *r) {
    const column_t *c = ordered_column(r);
    return c ? plain(c) : int_of(r, 1);
}
