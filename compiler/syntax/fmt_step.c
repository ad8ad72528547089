/* fmt_step.c - pipelines and steps.
 *
 * A pipeline that stands on one line and fits there stays so; any other has a line for
 * each step.  Clauses of a step (`per`, `within`, ...) follow on its line; where they do
 * not fit, or what they follow is broken, they begin under the step's word. */
#include <inttypes.h>

#include "compiler/base/check.h"
#include "compiler/syntax/fmt_out.h"

/* A step as it is written: where its word began, and how many lines were written then. */
typedef struct place {
    size_t col, lines, outer;
} place_t;

static place_t begin(fmt_t *f, const char *word) {
    place_t at = {f->col, f->lines, f->indent};
    f->indent = at.col;
    fmt_put(f, word);
    return at;
}

static void end(fmt_t *f, place_t at) {
    f->indent = at.outer;
}

/* ---- parts ---- */

static void item(fmt_t *f, const node_t *n) {
    if (n->kind == AST_item_all) {
        fmt_put(f, "*");
        return;
    }
    if (n->kind == AST_item_spread) {
        fmt_operand(f, AST(item_spread, n)->value);
        fmt_put(f, ".*");
        return;
    }
    const ast_item_t *i = AST(item, n);
    if (i->name) {
        fmt_name(f, i->name);
        fmt_put(f, " = ");
    }
    fmt_expr(f, i->value);
    if (!i->when) return;
    fmt_put(f, " when ");
    fmt_expr(f, i->when);
}

static void order(fmt_t *f, const node_t *n) {
    const ast_order_t *o = AST(order, n);
    fmt_expr(f, o->key);
    if (o->asc) fmt_put(f, " asc");
    if (o->desc) fmt_put(f, " desc");
}

static void bind(fmt_t *f, const node_t *n) {
    const ast_bind_t *b = AST(bind, n);
    fmt_name(f, b->name);
    fmt_put(f, " = ");
    fmt_expr(f, b->value);
}

static void arm(fmt_t *f, const node_t *n) {
    const ast_arm_t *a = AST(arm, n);
    if (!a->cond) fmt_put(f, "else ");
    fmt_ident(f, a->name);
    if (!a->cond) return;
    fmt_put(f, " where ");
    fmt_expr(f, a->cond);
}

static void flow_ref(fmt_t *f, const node_t *n) {
    const ast_flow_ref_t *r = AST(flow_ref, n);
    if (r->module) {
        fmt_ident(f, r->module);
        fmt_put(f, ".");
    }
    fmt_ident(f, r->name);
}

static void ref(fmt_t *f, const node_t *n) {
    if (n->kind == AST_flow_ref) {
        flow_ref(f, n);
        return;
    }
    fmt_put(f, "(");
    fmt_pipeline(f, n);
    fmt_put(f, ")");
}

static void call(fmt_t *f, const char *name, const nodes_t *args) {
    fmt_ident(f, name);
    fmt_put(f, "(");
    fmt_list(f, args, fmt_arg, 1);
    fmt_put(f, ")");
}

/* ---- clauses ---- */

/* Goes to a new line under the step's word, or writes a blank. */
static void gap(fmt_t *f, const place_t *at, int fits) {
    if (f->flat || (fits && f->lines == at->lines)) fmt_put(f, " ");
    else fmt_newline(f, at->col);
}

static size_t columns(const char *s) {
    size_t n = 0;
    while (s[n]) n++;
    return n;
}

static void clause(fmt_t *f, const place_t *at, const char *word, const node_t *value) {
    if (!value) return;
    gap(f, at, fmt_fits(f, fmt_expr, value, columns(word) + 2));
    fmt_put(f, word);
    fmt_put(f, " ");
    fmt_expr(f, value);
}

static void clause_list(fmt_t *f, const place_t *at, const char *word, const nodes_t *list,
                        fmt_fn *fn) {
    if (list->n == 0) return;
    gap(f, at, fmt_fits(f, fn, list->at[0], columns(word) + 3));
    fmt_put(f, word);
    fmt_put(f, " ");
    fmt_list(f, list, fn, 0);
}

static void clause_name(fmt_t *f, const place_t *at, const char *words, const char *name) {
    if (!name) return;
    gap(f, at, f->col + columns(words) + columns(name) + 2 < FMT_WIDTH);
    fmt_put(f, words);
    fmt_put(f, " ");
    fmt_ident(f, name);
}

static void clause_word(fmt_t *f, const place_t *at, const char *words) {
    gap(f, at, f->col + columns(words) + 1 < FMT_WIDTH);
    fmt_put(f, words);
}

/* ---- steps with clauses of their own ---- */

static void each(fmt_t *f, const ast_step_each_t *s) {
    place_t at = begin(f, "each ");
    fmt_name(f, s->item);
    if (s->index) {
        fmt_put(f, ", ");
        fmt_name(f, s->index);
    }
    fmt_put(f, " in ");
    fmt_expr(f, s->list);
    end(f, at);
}

static void event_time(fmt_t *f, const ast_step_event_time_t *s) {
    place_t at = begin(f, "event_time ");
    fmt_expr(f, s->time);
    clause(f, &at, "delay", s->delay);
    clause(f, &at, "idle", s->idle);
    clause_name(f, &at, "late into", s->late);
    end(f, at);
}

static void window(fmt_t *f, const ast_step_window_t *s) {
    place_t at = begin(f, "window ");
    fmt_put(f, ast_window_kind_text(s->kind));
    if (s->size) {
        fmt_put(f, " ");
        fmt_expr(f, s->size);
        if (s->size_rows) fmt_put(f, " rows");
    }
    clause(f, &at, "every", s->every);
    if (s->every_rows) fmt_put(f, " rows");
    clause(f, &at, "offset", s->offset);
    if (s->processing_time) clause_word(f, &at, "on processing_time");
    clause(f, &at, "early", s->early);
    clause(f, &at, "lateness", s->lateness);
    clause_name(f, &at, "late into", s->late);
    end(f, at);
}

static void aggregate(fmt_t *f, const ast_step_aggregate_t *s) {
    place_t at = begin(f, "aggregate ");
    fmt_list(f, &s->items, item, 0);
    clause_list(f, &at, "per", &s->per, item);
    end(f, at);
}

static void distinct(fmt_t *f, const ast_step_distinct_t *s) {
    place_t at = begin(f, "distinct");
    clause_list(f, &at, "per", &s->per, item);
    clause(f, &at, "within", s->within);
    end(f, at);
}

static void latest(fmt_t *f, const ast_step_latest_t *s) {
    place_t at = begin(f, "latest");
    clause_list(f, &at, "per", &s->per, item);
    clause_list(f, &at, "by", &s->by, order);
    clause(f, &at, "keep", s->keep);
    end(f, at);
}

static void top(fmt_t *f, const ast_step_top_t *s) {
    place_t at = begin(f, "top ");
    fmt_expr(f, s->count);
    clause_list(f, &at, "by", &s->by, order);
    if (s->ties) clause_word(f, &at, "with ties");
    clause_list(f, &at, "per", &s->per, item);
    clause_name(f, &at, "as", s->rank);
    end(f, at);
}

static void join(fmt_t *f, const ast_step_join_t *s) {
    place_t at = begin(f, "");
    if (s->kind != JOIN_INNER) {
        fmt_put(f, ast_join_kind_text(s->kind));
        fmt_put(f, " ");
    }
    fmt_put(f, "join ");
    ref(f, s->right);
    fmt_put(f, " as ");
    fmt_ident(f, s->name);
    clause(f, &at, "on", s->on);
    clause(f, &at, "within", s->within);
    clause(f, &at, "as of", s->as_of);
    end(f, at);
}

static void train(fmt_t *f, const ast_step_train_t *s) {
    place_t at = begin(f, "train ");
    flow_ref(f, s->model);
    clause(f, &at, "on", s->on);
    clause(f, &at, "label", s->label);
    end(f, at);
}

static void repartition(fmt_t *f, const ast_step_repartition_t *s) {
    place_t at = begin(f, "repartition ");
    fmt_expr(f, s->count);
    clause_list(f, &at, "per", &s->per, item);
    end(f, at);
}

static void list_step(fmt_t *f, const char *word, const nodes_t *list, fmt_fn *fn) {
    place_t at = begin(f, word);
    fmt_list(f, list, fn, 0);
    end(f, at);
}

static void expr_step(fmt_t *f, const char *word, const node_t *n) {
    place_t at = begin(f, word);
    fmt_expr(f, n);
    end(f, at);
}

static void to(fmt_t *f, const ast_step_to_t *s) {
    place_t at = begin(f, "to ");
    call(f, s->connector, &s->args);
    end(f, at);
}

static void user(fmt_t *f, const ast_step_user_t *s) {
    place_t at = begin(f, "");
    if (s->module) {
        fmt_ident(f, s->module);
        fmt_put(f, ".");
    }
    call(f, s->name, &s->args);
    end(f, at);
}

/* ---- match ---- */

static void times(fmt_t *f, int counted, int64_t least, int64_t most) {
    char text[64];
    if (!counted) return;
    if (most < 0 && least <= 1) snprintf(text, sizeof text, "%c", least ? '+' : '*');
    else if (least == 0 && most == 1) snprintf(text, sizeof text, "?");
    else if (most < 0) snprintf(text, sizeof text, "{%" PRId64 ",}", least);
    else if (most == least) snprintf(text, sizeof text, "{%" PRId64 "}", least);
    else snprintf(text, sizeof text, "{%" PRId64 ",%" PRId64 "}", least, most);
    fmt_put(f, text);
}

static void pattern(fmt_t *f, const node_t *n);

static void element(fmt_t *f, const node_t *n) {
    if (n->kind == AST_match_group) {
        const ast_match_group_t *g = AST(match_group, n);
        fmt_put(f, "(");
        pattern(f, g->pattern);
        fmt_put(f, ")");
        times(f, g->counted, g->least, g->most);
        return;
    }
    const ast_match_step_t *s = AST(match_step, n);
    fmt_ident(f, s->name);
    times(f, s->counted, s->least, s->most);
    if (!s->cond) return;
    fmt_put(f, " where ");
    fmt_expr(f, s->cond);
}

static const char *link_text(const node_t *n) {
    int link = n->kind == AST_match_group ? AST(match_group, n)->link : AST(match_step, n)->link;
    switch ((match_link)link) {
    case LINK_THEN: return "then ";
    case LINK_NEXT: return "next ";
    case LINK_WITHOUT: return "without ";
    case LINK_FIRST:
    case MATCH_LINK_COUNT: break;
    }
    flow_unreachable("an element without a link");
}

static void sequence(fmt_t *f, const node_t *n, int broken, size_t col) {
    const nodes_t *list = &AST(match_seq, n)->elements;
    for (size_t i = 0; i < list->n; i++) {
        const node_t *x = list->at[i];
        if (i > 0) {
            if (broken) fmt_newline(f, col);
            else fmt_put(f, " ");
            if (broken) fmt_comments_before(f, x->span.start, col, 0);
            fmt_put(f, link_text(x));
        }
        element(f, x);
        fmt_comments_after(f, x->span);
    }
}

/* On one line if it was and fits, else an element a line. */
static void pattern(fmt_t *f, const node_t *n) {
    size_t col = f->col, outer = f->indent;
    int broken = !f->flat && (fmt_was_broken(f, n->span.start, n->span.end) ||
                              !fmt_fits(f, pattern, n, 1));
    f->indent = col;
    if (n->kind == AST_match_seq) {
        sequence(f, n, broken, col);
    } else {
        const nodes_t *list = &AST(match_alt, n)->options;
        for (size_t i = 0; i < list->n; i++) {
            if (i > 0 && broken) fmt_newline(f, col);
            if (i > 0) fmt_put(f, broken ? "| " : " | ");
            sequence(f, list->at[i], 0, col);
        }
    }
    f->indent = outer;
}

static void match(fmt_t *f, const ast_step_match_t *s) {
    static const char *const skips[] = {"", "skip past last", "skip to next", "skip to first",
                                        "skip to last"};
    place_t at = begin(f, "match (");
    pattern(f, s->pattern);
    fmt_put(f, ")");
    clause_list(f, &at, "per", &s->per, item);
    if (f->lines != at.lines) at.lines = f->lines;
    clause_list(f, &at, "by", &s->by, order);
    clause(f, &at, "within", s->within);
    if (s->skip_to) clause_name(f, &at, skips[s->skip], s->skip_to);
    else if (s->skip != SKIP_DEFAULT) clause_word(f, &at, skips[s->skip]);
    end(f, at);
}

/* ---- remember ---- */

static void stmt(fmt_t *f, const node_t *n) {
    const node_t *value = NULL, *when = NULL;
    switch ((int)n->kind) {
    case AST_stmt_set:
        fmt_name(f, AST(stmt_set, n)->name);
        fmt_put(f, " = ");
        value = AST(stmt_set, n)->value;
        when = AST(stmt_set, n)->when;
        break;
    case AST_stmt_let:
        fmt_put(f, "let ");
        fmt_name(f, AST(stmt_let, n)->name);
        fmt_put(f, " = ");
        value = AST(stmt_let, n)->value;
        break;
    case AST_stmt_emit:
        fmt_put(f, "emit ");
        value = AST(stmt_emit, n)->value;
        when = AST(stmt_emit, n)->when;
        break;
    case AST_stmt_forget:
        fmt_put(f, "forget");
        when = AST(stmt_forget, n)->when;
        break;
    case AST_stmt_wake:
        fmt_put(f, "wake ");
        value = AST(stmt_wake, n)->at;
        when = AST(stmt_wake, n)->when;
        break;
    default: flow_unreachable("a statement of no kind");
    }
    if (value) fmt_expr(f, value);
    if (!when) return;
    fmt_put(f, " when ");
    fmt_expr(f, when);
}

static void handler_head(fmt_t *f, const ast_handler_t *h) {
    fmt_put(f, "on ");
    fmt_put(f, ast_handler_kind_text(h->kind));
    if (h->idle) {
        fmt_put(f, " ");
        fmt_expr(f, h->idle);
    }
    fmt_put(f, " {");
}

static void handler_flat(fmt_t *f, const node_t *n) {
    const ast_handler_t *h = AST(handler, n);
    handler_head(f, h);
    for (size_t i = 0; i < h->stmts.n; i++) {
        fmt_put(f, i ? "; " : " ");
        stmt(f, h->stmts.at[i]);
    }
    fmt_put(f, h->stmts.n ? " }" : "}");
}

static void handler(fmt_t *f, const node_t *n) {
    const ast_handler_t *h = AST(handler, n);
    size_t outer = f->indent, col = f->col + 2;
    int broken = fmt_was_broken(f, n->span.start, n->span.end);
    if (f->flat || (!broken && fmt_fits(f, handler_flat, n, 0))) {
        handler_flat(f, n);
        return;
    }
    handler_head(f, h);
    f->indent = col;
    for (size_t i = 0; i < h->stmts.n; i++) {
        const node_t *s = h->stmts.at[i];
        fmt_newline(f, col);
        fmt_comments_before(f, s->span.start, col, i > 0);
        stmt(f, s);
        fmt_comments_after(f, s->span);
    }
    fmt_close(f, n->span.end, col, col - 2);
    f->indent = outer;
    fmt_put(f, "}");
}

static void remember(fmt_t *f, const ast_step_remember_t *s) {
    place_t at = begin(f, "remember");
    clause_list(f, &at, "per", &s->per, item);
    clause_list(f, &at, "by", &s->by, order);
    gap(f, &at, 1);
    fmt_fields(f, &s->fields);
    for (size_t i = 0; i < s->handlers.n; i++) {
        const node_t *h = s->handlers.at[i];
        if (f->flat) fmt_put(f, " ");
        else fmt_newline(f, at.col);
        fmt_comments_before(f, h->span.start, at.col, 0);
        handler(f, h);
        fmt_comments_after(f, h->span);
    }
    end(f, at);
}

/* ---- any step ---- */

void fmt_step(fmt_t *f, const node_t *n) {
    if (f->measuring && f->over) return;
    switch ((int)n->kind) {
    case AST_step_where: expr_step(f, "where ", AST(step_where, n)->cond); break;
    case AST_step_select: list_step(f, "select ", &AST(step_select, n)->items, item); break;
    case AST_step_let: list_step(f, "let ", &AST(step_let, n)->binds, bind); break;
    case AST_step_drop: list_step(f, "drop ", &AST(step_drop, n)->names, fmt_expr); break;
    case AST_step_each: each(f, AST(step_each, n)); break;
    case AST_step_event_time: event_time(f, AST(step_event_time, n)); break;
    case AST_step_window: window(f, AST(step_window, n)); break;
    case AST_step_aggregate: aggregate(f, AST(step_aggregate, n)); break;
    case AST_step_distinct: distinct(f, AST(step_distinct, n)); break;
    case AST_step_latest: latest(f, AST(step_latest, n)); break;
    case AST_step_changes: fmt_put(f, "changes"); break;
    case AST_step_close: expr_step(f, "close at ", AST(step_close, n)->at); break;
    case AST_step_sort: list_step(f, "sort by ", &AST(step_sort, n)->by, order); break;
    case AST_step_top: top(f, AST(step_top, n)); break;
    case AST_step_limit: expr_step(f, "limit ", AST(step_limit, n)->count); break;
    case AST_step_union: list_step(f, "union ", &AST(step_union, n)->inputs, ref); break;
    case AST_step_join: join(f, AST(step_join, n)); break;
    case AST_step_match: match(f, AST(step_match, n)); break;
    case AST_step_remember: remember(f, AST(step_remember, n)); break;
    case AST_step_train: train(f, AST(step_train, n)); break;
    case AST_step_branch: list_step(f, "branch ", &AST(step_branch, n)->arms, arm); break;
    case AST_step_errors:
        fmt_put(f, "errors into ");
        fmt_ident(f, AST(step_errors, n)->into);
        break;
    case AST_step_repartition: repartition(f, AST(step_repartition, n)); break;
    case AST_step_to: to(f, AST(step_to, n)); break;
    case AST_step_print: fmt_put(f, "print"); break;
    case AST_step_user: user(f, AST(step_user, n)); break;
    default: flow_unreachable("a step of no kind");
    }
}

/* ---- pipelines ---- */

static void origin(fmt_t *f, const node_t *n) {
    if (n->kind == AST_flow_ref) {
        flow_ref(f, n);
        return;
    }
    const ast_from_t *x = AST(from, n);
    fmt_put(f, "from ");
    call(f, x->connector, &x->args);
    if (!x->shape) return;
    fmt_put(f, " as ");
    if (x->shape->kind == AST_shape_column) {
        const ast_shape_column_t *c = AST(shape_column, x->shape);
        fmt_name(f, c->name);
        fmt_put(f, ": ");
        fmt_type(f, c->type);
    } else {
        fmt_type(f, x->shape);
    }
}

static void steps(fmt_t *f, const nodes_t *list, size_t from, size_t col, int broken) {
    for (size_t i = from; i < list->n; i++) {
        const node_t *n = list->at[i];
        if (broken) {
            fmt_newline(f, col);
            fmt_comments_before(f, n->span.start, col, 0);
        } else {
            fmt_put(f, " ");
        }
        fmt_put(f, "|> ");
        fmt_step(f, n);
        fmt_comments_after(f, n->span);
    }
}

static void pipeline_flat(fmt_t *f, const node_t *n) {
    const ast_pipeline_t *p = AST(pipeline, n);
    origin(f, p->origin);
    steps(f, &p->steps, 0, 0, 0);
}

int fmt_pipeline_fits(fmt_t *f, const node_t *n, size_t after) {
    if (f->flat) return 1;
    return !fmt_was_broken(f, n->span.start, n->span.end) && !fmt_has_comments(f, n->span) &&
           fmt_fits(f, pipeline_flat, n, after);
}

void fmt_pipeline(fmt_t *f, const node_t *n) {
    if (!fmt_pipeline_fits(f, n, 0)) {
        fmt_pipeline_lines(f, n);
        return;
    }
    int outer = f->flat;
    f->flat = 1;
    pipeline_flat(f, n);
    f->flat = outer;
}

void fmt_pipeline_lines(fmt_t *f, const node_t *n) {
    const ast_pipeline_t *p = AST(pipeline, n);
    size_t col = f->col, outer = f->indent;
    f->indent = col;
    origin(f, p->origin);
    fmt_comments_after(f, p->origin->span);
    steps(f, &p->steps, 0, col, 1);
    f->indent = outer;
}

void fmt_chain(fmt_t *f, const nodes_t *list, size_t col, int broken) {
    const node_t *first = list->at[0];
    size_t outer = f->indent;
    f->indent = col;
    fmt_step(f, first);
    fmt_comments_after(f, first->span);
    steps(f, list, 1, col, broken);
    f->indent = outer;
}
