/* step_keyed.c - steps that put rows together: aggregate, distinct, sort, top.
 *
 * The items of an `aggregate` see the keys; the arguments of its aggregates see the rows.
 * So there are two scopes, and the item scope between them collects the calls. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/builtins.h"
#include "compiler/types/const.h"
#include "compiler/types/step_check.h"

static const char *window_name(check_t *c) { return intern(c->names, "window"); }

/* ---- aggregate ---- */

/* "user, url", as written. */
static const char *per_text(flowck_t *f, const nodes_t *per) {
    buf_t b;
    buf_init(&b, f->c->arena);
    for (size_t i = 0; i < per->n; i++)
        buf_printf(&b, "%s, ", diag_source(f->c->diags, per->at[i]->span));
    return buf_text(&b);
}

static lost_t lost_at_aggregate(flowck_t *f, const nodes_t *per) {
    const char *help = arena_printf(
        f->c->arena, "add it to the keys (`per %s%%s`) or aggregate it (`%%s = last(%%s)`)",
        per_text(f, per));
    return (lost_t){.step = "aggregate", .at = f->step->at,
                    .note = "keeps its keys and aggregates only", .help = help};
}

/* One item: its calls of aggregates get its `when`. */
static void aggregate_item(flowck_t *f, ast_item_t *it, scope_t *keys, agg_calls_t *calls,
                           titems_t *out, columns_t *cols) {
    check_t *c = f->c;
    scope_t *rows = f->scope;
    if (it->when && expr_check_condition(c, f->scope, it->when)) {
        facts_t facts = {0};
        expr_narrowings(c, it->when, 1, &facts);
        if (facts.n) rows = scope_facts(c->arena, rows, &facts);
    }
    size_t before = calls->n;
    scope_t *items = scope_items(c->arena, keys, rows, calls, it->when != NULL);
    type_t *t = expr_check(c, items, it->value, NULL);
    for (size_t i = before; i < calls->n; i++) calls->at[i]->when = it->when;
    if (it->when && before == calls->n && t->kind != TY_POISON) {
        diag_t *m = diag_add(c->diags, DIAG_when_place, it->when->span);
        diag_help(m, "`when` says which rows an aggregate sees, and there is none here");
    }
    const char *name = it->name ? it->name : item_own_name(it->value, 1);
    span_t at = it->name ? it->name_at : it->value->span;
    if (it->name) item_hides(f, it->name, it->name_at);
    if (!name) {
        if (t->kind != TY_POISON) item_unnamed(f, it->value);
        return;
    }
    if (!item_column_type(f, it->value, t)) t = type_basic(c->types, TY_POISON);
    if (!columns_add(c, cols, name, t, at, at)) return;
    titem_t item = {.name = name, .expr = it->value, .type = t, .at = at};
    vec_push(c->arena, out, item);
}

static void aggregate_items(flowck_t *f, const nodes_t *list, scope_t *keys,
                            agg_calls_t *calls, titems_t *out, columns_t *cols) {
    for (size_t i = 0; i < list->n; i++) {
        node_t *n = list->at[i];
        if (n->kind == AST_item) {
            aggregate_item(f, AST(item, n), keys, calls, out, cols);
            continue;
        }
        diag_t *m = diag_add(f->c->diags, DIAG_aggregate_all, n->span);
        diag_help(m, "name what you want of the rows: `first(x)`, `collect(x)`, …");
    }
}

/* A table of the keys in the columns 0, 1, ... */
static void key_columns(flowck_t *f, const titems_t *keys) {
    struct tkey *out = ARENA_ARRAY(f->c->arena, struct tkey, keys->n + 1);
    for (size_t i = 0; i < keys->n; i++)
        out[i] = (struct tkey){keys->at[i].name, keys->at[i].type, (int)i};
    f->st.props.keys = out;
    f->st.props.nkeys = keys->n;
}

typedef struct seeking {
    const char *name;
    int found;
} seeking_t;

static void read_name(node_t **at, void *env) {
    seeking_t *r = env;
    if ((*at)->kind == AST_name && AST(name, *at)->name == r->name) r->found = 1;
    ast_walk(*at, read_name, env);
}

/* Over a table of windows rows of several windows are put together only if the column is
 * dropped, so that nobody does it unawares. */
static void per_window(flowck_t *f, const nodes_t *per) {
    check_t *c = f->c;
    const tprops_t *p = &f->st.props;
    int window = -1;
    for (size_t i = 0; p->is_table && i < p->nkeys; i++)
        if (p->keys[i].name == window_name(c) && p->keys[i].type == type_window(c->types))
            window = p->keys[i].column;
    if (window < 0) return;
    for (size_t i = 0; i < per->n; i++) {
        if (per->at[i]->kind != AST_item) return;
        seeking_t r = {window_name(c), 0};
        read_name(&per->at[i], &r);
        if (r.found) return;
    }
    diag_t *m = diag_add(c->diags, DIAG_window_per, f->step->at);
    diag_help(m, "or `|> drop window` first, to put all windows together");
}

/* Where rows have event time, "in order" means in order of that. */
static int goes_by_time(const agg_call_t *a) {
    return a->agg == AGG_first || a->agg == AGG_last || a->agg == AGG_arg_min ||
           a->agg == AGG_arg_max || a->agg == AGG_collect || a->agg == AGG_concat;
}

void op_aggregate_type(flowck_t *f) {
    ast_step_aggregate_t *s = AST(step_aggregate, f->step->node);
    check_t *c = f->c;
    int over_table = f->st.props.is_table;
    per_window(f, &s->per);
    int windowed = f->st.props.windowed != WINDOW_NONE;
    type_t *window = windowed ? window_type(f) : NULL;
    span_t window_at = windowed && f->st.props.window_column >= 0
                           ? f->st.at[f->st.props.window_column] : f->step->at;

    titems_t keys = {0}, given = {0}, items = {0};
    items_keys(f, &s->per, 1, &given);
    columns_t cols = {0};
    for (size_t i = 0; i < given.n; i++) {
        titem_t k = given.at[i];
        /* The window is part of every key; to say so adds nothing. */
        if (windowed && k.name == window_name(c) && k.expr->kind == AST_name) continue;
        if (columns_add(c, &cols, k.name, k.type, k.at, k.at)) vec_push(c->arena, &keys, k);
    }
    columns_t seen = {0};
    for (size_t i = 0; i < cols.fields.n; i++) {
        vec_push(c->arena, &seen.fields, cols.fields.at[i]);
        vec_push(c->arena, &seen.at, cols.at.at[i]);
    }
    if (windowed && columns_find(&seen, window_name(c)) < 0)
        columns_add(c, &seen, window_name(c), window, window_at, window_at);
    type_t *row = type_record(c->types, NULL, seen.fields.at, (uint32_t)seen.fields.n);
    agg_calls_t calls = {0};
    aggregate_items(f, &s->items, scope_row(c->arena, f->base, row, seen.at.at), &calls,
                    &items, &cols);

    if (f->st.props.timed)
        for (size_t i = 0; i < calls.n; i++) calls.at[i]->by_time = goes_by_time(calls.at[i]);
    f->step->u.aggregate.keys = keys.at;
    f->step->u.aggregate.nkeys = keys.n;
    f->step->u.aggregate.aggs = calls.at;
    f->step->u.aggregate.naggs = calls.n;
    f->step->u.aggregate.items = items.at;
    f->step->u.aggregate.nitems = items.n;
    f->step->u.aggregate.window_in = f->st.props.window_column;
    f->step->u.aggregate.window_out = windowed ? (int)cols.fields.n : -1;
    if (windowed) columns_add(c, &cols, window_name(c), window, window_at, f->step->at);

    if (over_table) step_retracts(f, &calls);
    f->st.props.sorted = NULL;
    f->st.facts.n = 0;
    f->st.props.nkeys = 0;
    stream_become(c, &f->st, &cols, lost_at_aggregate(f, &s->per));
    if (windowed) f->st.props.window_column = f->step->u.aggregate.window_out;
    rows_are_made(f);
    if (windowed && makes_revisions(f)) {
        titem_t k = {.name = window_name(c), .type = window};
        vec_push(c->arena, &keys, k);
        become_table(f, "aggregate");
        key_columns(f, &keys);
        f->st.props.keys[keys.n - 1].column = f->step->u.aggregate.window_out;
        stream_unwindow(&f->st);
        rows_are_made(f);
    } else if (!windowed || over_table) {
        become_table(f, "aggregate");
        key_columns(f, &keys);
        rows_are_made(f);
    }
}

/* ---- distinct ---- */

int *step_add_keys(flowck_t *f, const nodes_t *per, const titems_t *keys, columns_t *cols) {
    int *added = ARENA_ARRAY(f->c->arena, int, keys->n + 1);
    size_t k = 0;
    for (size_t i = 0; i < keys->n; i++) added[i] = -1;
    for (size_t i = 0; i < per->n && k < keys->n; i++) {
        if (per->at[i]->kind != AST_item) {
            /* A spread brings several keys, none of them new. */
            k = keys->n;
            break;
        }
        const titem_t *key = &keys->at[k];
        if (item_is_named(per->at[i])) {
            added[k] = (int)cols->fields.n;
            if (!columns_add(f->c, cols, key->name, key->type, key->at, key->at)) added[k] = -1;
        }
        k++;
    }
    return added;
}

/* A bound by time; a window is a bound already. */
static void distinct_within(flowck_t *f, node_t *within) {
    cval_t *d = NULL;
    f->step->u.distinct.within = within;
    if (f->st.props.windowed != WINDOW_NONE) {
        diag_t *m = diag_add(f->c->diags, DIAG_distinct_bound, within->span);
        diag_help(m, "leave `within` out, or leave the window first: `|> drop window`");
        return;
    }
    if (within->kind == AST_range) {
        diag_t *m = diag_add(f->c->diags, DIAG_distinct_range, within->span);
        diag_help(m, "write how far apart rows may be: `within 10m`");
        return;
    }
    if (!check_constant(f, within, TY_DURATION, "the bound of `distinct`", &d)) return;
    f->step->u.distinct.within_value = d;
    if (!d || (int64_t)d->w[0] >= 0) return;
    diag_add(f->c->diags, DIAG_duration_negative, within->span, "the bound of `distinct`");
}

void op_distinct_type(flowck_t *f) {
    ast_step_distinct_t *s = AST(step_distinct, f->step->node);
    check_t *c = f->c;
    need_stream(f, "the keys of a table are distinct; `aggregate` makes new ones");
    titems_t keys = {0};
    items_keys(f, &s->per, 0, &keys);
    columns_t cols = stream_columns(c, &f->st);
    f->step->u.distinct.added = step_add_keys(f, &s->per, &keys, &cols);
    f->step->u.distinct.keys = keys.at;
    f->step->u.distinct.nkeys = keys.n;
    form_window(f, &cols);
    need_unrevised(f, 1);
    stream_become(c, &f->st, &cols, (lost_t){.step = "distinct", .at = f->step->at});
    if (s->within) distinct_within(f, s->within);
}

/* ---- repartition ---- */

void op_repartition_type(flowck_t *f) {
    ast_step_repartition_t *s = AST(step_repartition, f->step->node);
    check_t *c = f->c;
    titems_t keys = {0};
    need_formed(f);
    f->step->u.repartition.count = s->count;
    check_count(f, s->count, "the count of `repartition`",
                &f->step->u.repartition.count_value);
    items_keys(f, &s->per, 0, &keys);
    columns_t cols = stream_columns(c, &f->st);
    int *added = step_add_keys(f, &s->per, &keys, &cols);
    f->step->u.repartition.added = added;
    f->step->u.repartition.keys = keys.at;
    f->step->u.repartition.nkeys = keys.n;
    stream_become(c, &f->st, &cols, (lost_t){.step = "repartition", .at = f->step->at});
    for (size_t i = 0; f->st.props.is_table && i < keys.n; i++) {
        if (added[i] < 0) continue;
        diag_t *m = diag_add(c->diags, DIAG_repartition_column, keys.at[i].at);
        diag_help(m, "make it first: `|> let %s = %s |> repartition … per %s`",
                  keys.at[i].name, diag_source(c->diags, keys.at[i].expr->span),
                  keys.at[i].name);
    }
}

/* ---- sort, top ---- */

void op_sort_type(flowck_t *f) {
    ast_step_sort_t *s = AST(step_sort, f->step->node);
    f->step->u.sort.by = items_orders(f, &s->by);
    f->step->u.sort.n = s->by.n;
    f->st.props.sorted = f->step;
    need_formed(f);
    need_unrevised(f, 0);
    rows_are_made(f);
    if (f->st.props.is_table || f->st.props.windowed != WINDOW_NONE) return;
    diag_t *m = diag_add(f->c->diags, DIAG_sort_stream, f->step->at);
    diag_note(m, "without a window its rows are never all there");
    diag_help(m, "sort each batch: `|> window batch |> sort by …`, or keep the best rows: "
                 "`|> top 10 by …`");
}

/* The key of a table that `top` makes: its keys, the window (or -1) and the place. */
static void top_keys(flowck_t *f, const titems_t *keys, const int *added, int window) {
    ast_step_top_t *s = AST(step_top, f->step->node);
    step_table_keys(f, keys, added);
    if (window >= 0)
        f->st.props.keys[f->st.props.nkeys++] =
            (struct tkey){window_name(f->c), type_window(f->c->types), window};
    f->st.props.keys[f->st.props.nkeys++] =
        (struct tkey){s->rank ? s->rank : intern(f->c->names, "place"),
                      type_basic(f->c->types, TY_INT), f->step->u.top.rank_column};
}

void op_top_type(flowck_t *f) {
    ast_step_top_t *s = AST(step_top, f->step->node);
    check_t *c = f->c;
    titems_t keys = {0};
    per_window(f, &s->per);
    f->step->u.top.count = s->count;
    check_count(f, s->count, "the count of `top`", &f->step->u.top.count_value);
    f->step->u.top.by = items_orders(f, &s->by);
    f->step->u.top.n = s->by.n;
    f->step->u.top.ties = s->ties;
    items_keys(f, &s->per, 0, &keys);
    columns_t cols = stream_columns(c, &f->st);
    int *added = step_add_keys(f, &s->per, &keys, &cols);
    f->step->u.top.rank = s->rank;
    f->step->u.top.rank_column = -1;
    if (s->rank) {
        item_hides(f, s->rank, s->rank_at);
        f->step->u.top.rank_column = (int)cols.fields.n;
        columns_add(c, &cols, s->rank, type_basic(c->types, TY_INT), s->rank_at, s->rank_at);
    }
    f->step->u.top.keys = keys.at;
    f->step->u.top.nkeys = keys.n;
    f->step->u.top.added = added;
    f->st.props.sorted = NULL;
    form_window(f, &cols);
    if (f->st.props.windowed == WINDOW_session) need_unrevised(f, 0);
    stream_become(c, &f->st, &cols, (lost_t){.step = "top", .at = f->step->at});
    rows_are_made(f);
    int window = -1;
    int revised = makes_revisions(f);
    if (f->st.props.windowed != WINDOW_NONE && !revised) return;
    if (!f->st.props.is_table) become_table(f, "top");
    if (revised) {
        window = f->st.props.window_column;
        stream_unwindow(&f->st);
    }
    rows_are_made(f);
    top_keys(f, &keys, added, window);
}
