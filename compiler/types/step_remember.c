/* step_remember.c - `remember`: state of one's own per key, with timers.
 *
 * `on row` sees the row with the keys that have names of their own behind it; `on idle`
 * and `on wake` see the keys alone, and `due`.  All see the state: its definitions are
 * made once and stand in a frame of each handler.  A handler's lets stand in a frame of
 * their own above that, so they end with it. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/const.h"
#include "compiler/types/expr_parts.h"
#include "compiler/types/step_check.h"

typedef struct remember {
    flowck_t *f;
    ast_step_remember_t *s;
    tremember_t *out;
    type_t *emits;        /* of the emits so far, or null */
    const node_t *first;  /* the first of them */
    const node_t *alarm;  /* a `wake` with a moment */
    int wakes;            /* there is an `on wake` */
    int failed;           /* an emit whose type is not known */
} remember_t;

/* ---- keys and state ---- */

/* The row that `on row` sees: the columns, then the keys that are none of them. */
static void see_keys(remember_t *r, const titems_t *keys, stream_t *seen) {
    flowck_t *f = r->f;
    columns_t cols = stream_columns(f->c, seen);
    int *added = ARENA_ARRAY(f->c->arena, int, keys->n + 1);
    field_t *fields = ARENA_ARRAY(f->c->arena, field_t, keys->n + 1);
    for (size_t i = 0; i < keys->n; i++) {
        const titem_t *k = &keys->at[i];
        const def_t *d = k->expr->kind == AST_name ? k->expr->def : NULL;
        int plain = d && d->kind == DEF_COLUMN && d->name == k->name;
        added[i] = -1;
        fields[i] = (field_t){.name = k->name, .type = k->type, .at = k->at};
        for (size_t j = 0; j < i; j++) {
            if (fields[j].name != k->name) continue;
            diag_t *m = diag_add(f->c->diags, DIAG_column_twice, k->at, k->name);
            diag_note(m, "first at %s", diag_where(f->c->diags, keys->at[j].at, k->at));
            plain = 1;
        }
        if (plain) continue;
        int place = (int)cols.fields.n;
        if (columns_add(f->c, &cols, k->name, k->type, k->at, k->at)) added[i] = place;
    }
    stream_become(f->c, seen, &cols, (lost_t){.step = "remember", .at = f->step->at});
    r->out->keys = keys->at;
    r->out->nkeys = keys->n;
    r->out->added = added;
    r->out->seen = seen->row;
    r->out->key_row = type_record(f->c->types, NULL, fields, (uint32_t)keys->n);
}

static void check_start(remember_t *r, ast_field_t *field, type_t *t) {
    check_t *c = r->f->c;
    if (field->value) {
        if (expr_check(c, r->f->base, field->value, t)->kind == TY_POISON) return;
        const_check(c, field->value, "what state starts with");
        return;
    }
    if (t->kind == TY_OPTION || t->kind == TY_POISON) return;
    diag_t *m = diag_add(c->diags, DIAG_state_start, field->name_at, field->name);
    diag_help(m, "`%s: %s = %s`, or `%s: %s?`, which starts as none", field->name, tx(c, t),
              expr_sample(c, t), field->name, tx(c, t));
}

/* The name of a state field is its own among columns, keys and state. */
static void check_state_name(remember_t *r, const ast_field_t *field, const stream_t *seen,
                             size_t before) {
    check_t *c = r->f->c;
    for (size_t i = 0; i < before; i++) {
        if (r->out->state[i]->name != field->name) continue;
        diag_t *m = diag_add(c->diags, DIAG_field_twice, field->name_at, field->name);
        diag_note(m, "first at %s", diag_where(c->diags, r->out->state[i]->at, field->name_at));
        return;
    }
    int column = type_field(seen->row, field->name);
    int key = type_field(r->out->key_row, field->name);
    if (column < 0 && key < 0) {
        item_hides(r->f, field->name, field->name_at);
        return;
    }
    diag_t *m = diag_add(c->diags, DIAG_state_name, field->name_at, field->name,
                         key >= 0 ? "key" : "column");
    diag_help(m, "call it otherwise: `last_%s`", field->name);
}

static void check_state(remember_t *r, const stream_t *seen) {
    flowck_t *f = r->f;
    const nodes_t *list = &r->s->fields;
    r->out->state = ARENA_ARRAY(f->c->arena, def_t *, list->n + 1);
    r->out->start = ARENA_ARRAY(f->c->arena, node_t *, list->n + 1);
    r->out->nstate = list->n;
    scope_t *names = scope_names(f->c->arena, f->base);
    for (size_t i = 0; i < list->n; i++) {
        ast_field_t *field = AST(field, list->at[i]);
        type_t *t = type_resolve(f->c, f->base, field->type);
        const char *fault = column_fault(t);
        if (fault) {
            diag_t *m = diag_add(f->c->diags, DIAG_state_type, field->type->span, tx(f->c, t));
            diag_note(m, "%s", fault);
            t = poison(f->c);
        }
        check_start(r, field, t);
        check_state_name(r, field, seen, i);
        r->out->state[i] = scope_add(f->c->arena, names, DEF_STATE, field->name, t,
                                     field->name_at);
        r->out->state[i]->used = 1;
        r->out->start[i] = field->value;
    }
}

static scope_t *see_state(remember_t *r, scope_t *up) {
    scope_t *s = scope_names(r->f->c->arena, up);
    for (size_t i = 0; i < r->out->nstate; i++)
        vec_push(r->f->c->arena, &s->defs, r->out->state[i]);
    return s;
}

/* ---- statements ---- */

/* The scope of what a `when` guards. */
static scope_t *guard(remember_t *r, scope_t *s, node_t *when) {
    check_t *c = r->f->c;
    if (!when || !expr_check_condition(c, s, when)) return s;
    facts_t facts = {0};
    expr_narrowings(c, when, 1, &facts);
    return scope_facts(c->arena, s, &facts);
}

static def_t *state_named(remember_t *r, const char *name) {
    for (size_t i = 0; i < r->out->nstate; i++)
        if (r->out->state[i]->name == name) return r->out->state[i];
    return NULL;
}

static void say_no_state(remember_t *r, scope_t *s, const ast_stmt_set_t *set) {
    check_t *c = r->f->c;
    diag_t *m = diag_add(c->diags, DIAG_state_unknown, set->name_at, set->name);
    const char **names = ARENA_ARRAY(c->arena, const char *, r->out->nstate + 1);
    for (size_t i = 0; i < r->out->nstate; i++) names[i] = r->out->state[i]->name;
    if (r->out->nstate)
        diag_line(m, "state: %s", expr_names_text(c, names, r->out->nstate, 12));
    def_t *d = scope_find(s, set->name);
    if (d && d->kind == DEF_COLUMN) {
        diag_note(m, "`%s` is a column, and rows do not change", set->name);
        diag_help(m, "name the new value: `let … = %s`", expr_source(c, set->value));
    } else if (d && d->kind == DEF_LET) {
        diag_note(m, "a name of `let` keeps its value");
    } else {
        help_nearest(m, set->name, names, r->out->nstate);
    }
}

static void check_set(remember_t *r, scope_t *s, node_t *n) {
    ast_stmt_set_t *set = AST(stmt_set, n);
    def_t *d = state_named(r, set->name);
    scope_t *in = guard(r, s, set->when);
    n->def = d;
    if (d) {
        expr_check(r->f->c, in, set->value, d->type);
        return;
    }
    say_no_state(r, s, set);
    expr_check(r->f->c, in, set->value, NULL);
}

static void check_let(remember_t *r, scope_t *s, node_t *n) {
    ast_stmt_let_t *let = AST(stmt_let, n);
    check_t *c = r->f->c;
    type_t *t = expr_check(c, s, let->value, NULL);
    if (t->kind == TY_NONE) t = say_mismatch(c, let->value, t, NULL);
    if (state_named(r, let->name)) {
        diag_t *m = diag_add(c->diags, DIAG_state_name, let->name_at, let->name,
                             "state field");
        diag_help(m, "call it otherwise, or set the state: `%s = …`", let->name);
    }
    item_hides(r->f, let->name, let->name_at);
    n->def = scope_add(c->arena, s, DEF_LET, let->name, t, let->name_at);
}

/* The cell of that name in a record as written, or null. */
static const ast_cell_t *cell_named(const node_t *record, const char *name) {
    const nodes_t *cells = &AST(record, record)->cells;
    for (size_t i = 0; i < cells->n; i++)
        if (cells->at[i]->kind == AST_cell && AST(cell, cells->at[i])->name == name)
            return AST(cell, cells->at[i]);
    return NULL;
}

/* "{ card, n, gone = false }": the columns of `names`, as one emit has them, or something
 * of their type. */
static const char *with_columns(remember_t *r, const node_t *emit, const type_t *a,
                                const type_t *b) {
    check_t *c = r->f->c;
    buf_t out;
    buf_init(&out, c->arena);
    const type_t *types[] = {a, b};
    const char *sep = "{ ";
    for (int k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < types[k]->nfields; i++) {
            const char *name = types[k]->fields[i].name;
            if (k == 1 && type_field(a, name) >= 0) continue;
            const ast_cell_t *cell = cell_named(emit, name);
            buf_printf(&out, "%s%s", sep, name);
            if (cell && !cell->brief) buf_printf(&out, " = %s", expr_source(c, cell->value));
            else if (!cell && !state_named(r, name) &&
                     type_field(r->out->key_row, name) < 0)
                buf_printf(&out, " = %s", expr_sample(c, types[k]->fields[i].type));
            sep = ", ";
        }
    }
    buf_str(&out, " }");
    return buf_text(&out);
}

static void say_emits_differ(remember_t *r, const node_t *e) {
    check_t *c = r->f->c;
    diag_t *m = diag_add(c->diags, DIAG_emits_differ, e->span);
    diag_note(m, "line %d emits %s", diag_line_of(c->diags, r->first->span),
              tx(c, r->first->type));
    diag_note(m, "here      %s", tx(c, e->type));
    if (r->first->kind != AST_record || e->kind != AST_record) return;
    const type_t *a = r->first->type, *b = e->type;
    for (uint32_t i = 0; i < a->nfields; i++) { /* one name of two types: no way to say */
        int k = type_field(b, a->fields[i].name);
        if (k >= 0 && !type_equal(a->fields[i].type, b->fields[k].type)) return;
    }
    diag_help(m, "emit the same columns in both places, e.g. %s and %s",
              with_columns(r, r->first, a, b), with_columns(r, e, a, b));
}

static void check_emit(remember_t *r, scope_t *s, node_t *n) {
    check_t *c = r->f->c;
    ast_stmt_emit_t *emit = AST(stmt_emit, n);
    type_t *t = expr_infer(c, guard(r, s, emit->when), emit->value, r->emits);
    if (t->kind == TY_POISON) {
        r->failed = 1;
        return;
    }
    if (t->kind != TY_RECORD || !t->nfields) {
        diag_t *m = diag_add(c->diags, DIAG_emit_record, emit->value->span, tx(c, t));
        if (t->kind == TY_OPTION)
            diag_help(m, "`emit … when %s is not none`", expr_source(c, emit->value));
        else if (t->kind != TY_RECORD)
            diag_help(m, emit->value->kind == AST_name ? "`emit { %s }`"
                                                       : "`emit { value = %s }`",
                      expr_source(c, emit->value));
        r->failed = 1;
        return;
    }
    if (!r->emits) {
        r->emits = t;
        r->first = emit->value;
        return;
    }
    type_t *both = type_join(c->types, r->emits, t);
    if (both && both->kind == TY_RECORD) r->emits = both;
    else {
        say_emits_differ(r, emit->value);
        r->failed = 1;
    }
}

static void check_wake(remember_t *r, scope_t *s, node_t *n) {
    check_t *c = r->f->c;
    ast_stmt_wake_t *wake = AST(stmt_wake, n);
    type_t *t = expr_infer(c, guard(r, s, wake->when), wake->at, ty(c, TY_TIMESTAMP));
    if (t->kind != TY_NONE && !r->alarm) r->alarm = n;
    if (t->kind == TY_POISON || t->kind == TY_NONE || type_strip(t)->kind == TY_TIMESTAMP)
        return;
    diag_t *m = diag_add(c->diags, DIAG_wake_type, wake->at->span, tx(c, t));
    if (t->kind != TY_DURATION) return;
    diag_help(m, "say from when on: `wake now() + %s`, or from a column: `wake ts + %s`",
              expr_source(c, wake->at), expr_source(c, wake->at));
}

static void check_statements(remember_t *r, scope_t *s, const ast_handler_t *h) {
    check_t *c = r->f->c;
    for (size_t i = 0; i < h->stmts.n; i++) {
        node_t *n = h->stmts.at[i];
        switch (n->kind) {
        case AST_stmt_set: check_set(r, s, n); break;
        case AST_stmt_let: check_let(r, s, n); break;
        case AST_stmt_emit: check_emit(r, s, n); break;
        case AST_stmt_wake: check_wake(r, s, n); break;
        case AST_stmt_forget:
            guard(r, s, AST(stmt_forget, n)->when);
            if (AST(stmt_forget, n)->when || i + 1 == h->stmts.n) break;
            diag_help(diag_add(c->diags, DIAG_after_end, h->stmts.at[i + 1]->span, "forget"),
                      "`forget` ends the handler; put it last");
            break;
        default: flow_unreachable("statement");
        }
    }
}

/* ---- handlers ---- */

/* A handler that runs without a row: of the columns it sees the keys alone. */
static scope_t *timer_scope(remember_t *r, thandler_t *h) {
    flowck_t *f = r->f;
    check_t *c = f->c;
    span_t *at = ARENA_ARRAY(c->arena, span_t, r->out->nkeys + 1);
    for (size_t i = 0; i < r->out->nkeys; i++) at[i] = r->out->keys[i].at;
    scope_t *keys = scope_row(c->arena, f->base, r->out->key_row, at);
    for (uint32_t i = 0; i < r->out->seen->nfields; i++) {
        const char *name = r->out->seen->fields[i].name;
        if (type_field(r->out->key_row, name) >= 0) continue;
        scope_lose(c->arena, keys,
                   (lost_t){.name = name, .step = "remember", .at = f->step->at,
                            .note = "runs this without a row, with keys and state only",
                            .help = arena_printf(c->arena, "keep it in state: `last_%s = %s` "
                                                           "in `on row`", name, name)});
    }
    scope_t *s = see_state(r, keys);
    const char *due = intern(c->names, "due");
    if (!scope_find(s, due) || scope_find(s, due)->kind == DEF_COLUMN)
        h->due = scope_add(c->arena, s, DEF_LET, due, ty(c, TY_TIMESTAMP), AST(handler, h->node)->word);
    return s;
}

static void check_idle(remember_t *r, thandler_t *h, size_t before) {
    flowck_t *f = r->f;
    if (!check_constant(f, AST(handler, h->node)->idle, TY_DURATION, "`idle`", &h->idle)) return;
    if (!h->idle) return;
    if ((int64_t)h->idle->w[0] <= 0) {
        diag_t *m = diag_add(f->c->diags, DIAG_duration_positive, AST(handler, h->node)->idle->span,
                             "`idle`");
        diag_help(m, "a key is idle after some time without a row: `on idle 5m`");
    }
    for (size_t i = 0; i < before; i++) {
        const thandler_t *o = &r->out->handlers[i];
        if (!o->idle || o->idle->w[0] != h->idle->w[0]) continue;
        diag_t *m = diag_add(f->c->diags, DIAG_clause_twice, AST(handler, h->node)->word,
                             arena_printf(f->c->arena, "on idle %s",
                                          expr_source(f->c, AST(handler, h->node)->idle)));
        diag_note(m, "first at %s",
                  diag_where(f->c->diags, AST(handler, o->node)->word, AST(handler, h->node)->word));
        return;
    }
}

static void check_once(remember_t *r, const ast_handler_t *h, size_t before) {
    check_t *c = r->f->c;
    for (size_t i = 0; i < before; i++) {
        const ast_handler_t *o = AST(handler, r->out->handlers[i].node);
        if (o->kind != h->kind) continue;
        diag_t *m = diag_add(c->diags, DIAG_clause_twice, h->word,
                             h->kind == HANDLER_ROW ? "on row" : "on wake");
        diag_note(m, "first at %s", diag_where(c->diags, o->word, h->word));
        diag_help(m, "put both in one");
        return;
    }
}

static void check_handlers(remember_t *r, const stream_t *seen) {
    flowck_t *f = r->f;
    const nodes_t *list = &r->s->handlers;
    r->out->handlers = ARENA_ARRAY(f->c->arena, thandler_t, list->n + 1);
    r->out->nhandlers = list->n;
    for (size_t i = 0; i < list->n; i++)
        r->wakes |= AST(handler, list->at[i])->kind == HANDLER_WAKE;
    for (size_t i = 0; i < list->n; i++) {
        thandler_t *h = &r->out->handlers[i];
        h->node = list->at[i];
        scope_t *s;
        if (AST(handler, h->node)->kind == HANDLER_ROW) s = see_state(r, stream_scope(f->c, seen, f->base));
        else s = timer_scope(r, h);
        if (AST(handler, h->node)->kind == HANDLER_IDLE) check_idle(r, h, i);
        else check_once(r, AST(handler, h->node), i);
        check_statements(r, scope_names(f->c->arena, s), AST(handler, h->node));
    }
}

static void check_alarms(remember_t *r) {
    check_t *c = r->f->c;
    if (r->alarm && !r->wakes) {
        diag_t *m = diag_add(c->diags, DIAG_wake_unheard, AST(stmt_wake, r->alarm)->word);
        diag_help(m, "say what it does: `on wake { … }`");
    }
    if (r->alarm || !r->wakes) return;
    for (size_t i = 0; i < r->out->nhandlers; i++) {
        const ast_handler_t *h = AST(handler, r->out->handlers[i].node);
        if (h->kind != HANDLER_WAKE) continue;
        diag_t *m = diag_add(c->diags, DIAG_wake_never, h->word);
        diag_help(m, "set an alarm: `wake now() + 5m`");
    }
}

/* ---- the step ---- */

/* Is the order another column than that of the event time, which is still there? */
static const char *other_time(const flowck_t *f, const node_t *by) {
    const node_t *time = f->st.props.times[0]->u.event_time.time;
    if (by->kind != AST_name || time->kind != AST_name) return NULL;
    const char *name = AST(name, time)->name;
    int here = type_field(f->st.row, name);
    if (AST(name, by)->name == name || here < 0) return NULL;
    return f->st.row->fields[here].type->kind == TY_TIMESTAMP ? name : NULL;
}

/* `by t`: rows go by in the order of their event time. */
static void check_by(remember_t *r) {
    flowck_t *f = r->f;
    check_t *c = f->c;
    if (!r->s->by.n) return;
    torder_t *by = items_orders(f, &r->s->by);
    r->out->by = by[0].expr;
    if (r->s->by.n > 1 || by[0].desc) {
        node_t *n = r->s->by.n > 1 ? r->s->by.at[1] : r->s->by.at[0];
        diag_t *m = diag_add(c->diags, DIAG_by_time, n->span);
        diag_help(m, "`by` and the column of the event time");
        return;
    }
    if (by[0].expr->type->kind == TY_POISON) return;
    if (by[0].expr->type->kind != TY_TIMESTAMP) {
        diag_t *m = diag_add(c->diags, DIAG_by_time, by[0].expr->span);
        diag_label(m, "%s", tx(c, by[0].expr->type));
        return;
    }
    const char *time = f->st.props.timed ? other_time(f, by[0].expr) : NULL;
    if (time)
        diag_help(diag_add(c->diags, DIAG_by_time, by[0].expr->span), "`by %s`", time);
    if (f->st.props.timed || f->st.props.is_table) return;
    diag_t *m = diag_add(c->diags, DIAG_no_event_time, by[0].expr->span);
    diag_help(m, "declare it: `|> event_time %s delay 5s` before this step,\n"
                 "or leave `by %s` out: rows go by as they come",
              expr_source(c, by[0].expr), expr_source(c, by[0].expr));
}

static void become_emitted(remember_t *r) {
    flowck_t *f = r->f;
    check_t *c = f->c;
    if (!r->emits || r->failed) {
        f->st.unknown = 1;
        return;
    }
    columns_t cols = {0};
    for (uint32_t i = 0; i < r->emits->nfields; i++) {
        const field_t *field = &r->emits->fields[i];
        const char *why = column_fault(field->type);
        type_t *t = field->type;
        if (why || t->kind == TY_NONE) {
            diag_t *m = diag_add(c->diags, DIAG_no_column_type, r->first->span, tx(c, t));
            diag_note(m, "column `%s`: %s", field->name, why ? why : "it is always none");
            t = poison(c);
        }
        columns_add(c, &cols, field->name, t, r->first->span, r->first->span);
    }
    r->out->emits = r->emits;
    f->st.facts.n = 0;
    f->st.props.sorted = NULL;
    stream_become(c, &f->st, &cols,
                  (lost_t){.step = "remember", .at = f->step->at,
                           .note = "gives what it emits only", .help = "emit it too"});
}

/* Rows of a window come together; state of one's own goes on for ever. */
static void leave_window(flowck_t *f) {
    if (f->st.props.windowed == WINDOW_NONE) return;
    diag_t *m = diag_add(f->c->diags, DIAG_step_windowed, f->step->at,
                         op_at(f->step->op)->spelling);
    if (f->st.props.window_column >= 0)
        diag_help(m, "leave the window first: `|> drop window`");
    else
        diag_help(m, "put it behind a step that forms the window, and leave that first: "
                     "`|> aggregate … |> drop window`");
}

void op_remember_type(flowck_t *f) {
    remember_t r = {.f = f, .s = AST(step_remember, f->step->node),
                    .out = ARENA_NEW(f->c->arena, tremember_t)};
    f->step->u.remember = r.out;
    need_stream(f, "keep state before the step that makes the table");
    leave_window(f);
    int errors = diags_errors(f->c->diags);
    titems_t keys = {0};
    items_keys(f, &r.s->per, 1, &keys);
    stream_t seen = stream_copy(f->c, &f->st);
    see_keys(&r, &keys, &seen);
    check_by(&r);
    check_state(&r, &seen);
    check_handlers(&r, &seen);
    check_alarms(&r);
    if (!r.emits && !r.failed) {
        diag_t *m = diag_add(f->c->diags, DIAG_emit_none, f->step->at);
        diag_help(m, "say what it gives: `emit { … }`");
    }
    if (!r.failed && errors != diags_errors(f->c->diags)) r.failed = !r.emits;
    become_emitted(&r);
}
