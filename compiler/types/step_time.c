/* step_time.c - event_time and window: what the rows behind them know of time.
 *
 * Sessions and windows of rows are formed by the next keyed step, from all rows of a key;
 * until then `window` is no column, and the flow is windowed all the same. */
#include "compiler/base/check.h"
#include "compiler/types/const.h"
#include "compiler/types/step_check.h"

static const char *window_name(check_t *c) { return intern(c->names, "window"); }

/* A constant duration; least: 1 if it must be longer than 0s, 0 if it may be 0s. */
static void check_span(flowck_t *f, node_t *e, const char *what, int least, cval_t **value) {
    *value = NULL;
    if (!e || !check_constant(f, e, TY_DURATION, what, value) || !*value) return;
    int64_t us = (int64_t)(*value)->w[0];
    if (us >= least) return;
    diag_t *m = diag_add(f->c->diags, least ? DIAG_duration_positive : DIAG_duration_negative,
                         e->span, what);
    diag_label(m, "%s", const_text(f->c, (*value)->type, (*value)->w));
}

/* ---- event_time ---- */

/* 0 after a diagnostic. */
static int may_have_time(flowck_t *f) {
    const stream_t *st = &f->st;
    check_t *c = f->c;
    if (st->props.timed) {
        const tstep_t *first = st->props.times[0];
        diag_t *m = diag_add(c->diags, DIAG_event_time_twice, f->step->at);
        diag_note(m, "`event_time` at %s", diag_where(c->diags, first->at, f->step->at));
        diag_help(m, "a row has one event time: leave this step out");
        return 0;
    }
    if (!st->state_word) return 1;
    const char *where = diag_where(c->diags, st->state_at, f->step->at);
    if (st->state_word[0] == 'e') {
        diag_t *m = diag_add(c->diags, DIAG_event_time_errors, f->step->at);
        diag_note(m, "they come from `errors into` at %s, and `at` is the time of the batch",
                  where);
        diag_help(m, "window them by that: `window tumbling 1m on processing_time`");
        return 0;
    }
    diag_t *m = diag_add(c->diags, DIAG_event_time_place, f->step->at);
    diag_note(m, "`%s` at %s keeps state", st->state_word, where);
    ast_step_event_time_t *s = AST(step_event_time, f->step->node);
    diag_help(m, "move `event_time %s delay %s` to just after the source",
              diag_source(c->diags, s->time->span), diag_source(c->diags, s->delay->span));
    return 0;
}

void op_event_time_type(flowck_t *f) {
    ast_step_event_time_t *s = AST(step_event_time, f->step->node);
    tstep_t *step = f->step;
    if (need_stream(f, "declare it just after the source")) may_have_time(f);
    expr_check(f->c, f->scope, s->time, type_basic(f->c->types, TY_TIMESTAMP));
    step->u.event_time.time = s->time;
    step->u.event_time.delay = s->delay;
    step->u.event_time.idle = s->idle;
    check_span(f, s->delay, "`delay`", 0, &step->u.event_time.delay_value);
    check_span(f, s->idle, "`idle`", 1, &step->u.event_time.idle_value);
    f->st.props.timed = 1;
    f->st.props.times = ARENA_ARRAY(f->c->arena, tstep_t *, 1);
    f->st.props.times[0] = step;
    f->st.props.ntimes = 1;
    if (s->late) step->u.event_time.late = side_flow(f, step->node, &f->st, 0);
}

/* ---- what a window asks for ---- */

static window_id window_row(int kind) {
    switch ((window_kind)kind) {
    case WINDOW_TUMBLING: return WINDOW_tumbling;
    case WINDOW_SLIDING: return WINDOW_sliding;
    case WINDOW_SESSION: return WINDOW_session;
    case WINDOW_CUMULATE: return WINDOW_cumulate;
    case WINDOW_BATCH: return WINDOW_batch;
    case WINDOW_KIND_COUNT: break;
    }
    flow_unreachable("window kind");
}

static void say_every(flowck_t *f, const node_t *at, const char *what, const char *help) {
    diag_t *m = diag_add(f->c->diags, DIAG_window_every, at->span, what);
    if (help) diag_help(m, "%s", help);
}

/* The sizes against each other, where they are known. */
static void check_shape(flowck_t *f, const ast_step_window_t *s, const twindow_t *w) {
    if (!w->size_value || !w->every_value) return;
    int64_t size = (int64_t)w->size_value->w[0], every = (int64_t)w->every_value->w[0];
    if (every < 1 || size < 1) return;
    if (w->kind == WINDOW_sliding && every > size)
        say_every(f, s->every, "`every` is longer than the window",
                  "rows between two windows would be in none: filter them with `where`");
    if (w->kind == WINDOW_cumulate && size % every)
        say_every(f, s->every, "the size of `window cumulate` is no multiple of its step", NULL);
}

/* The first word behind the window's size that is there, and its place; or null. */
static const char *first_modifier(const flowck_t *f, const ast_step_window_t *s, span_t *at) {
    *at = s->offset ? s->offset->span : s->early ? s->early->span
          : s->lateness ? s->lateness->span : s->late ? s->late_at : f->step->at;
    return s->offset ? "offset" : s->early ? "early" : s->lateness ? "lateness"
           : s->late ? "late into" : s->processing_time ? "on processing_time" : NULL;
}

static void check_rows(flowck_t *f, const ast_step_window_t *s, twindow_t *w) {
    if (w->kind == WINDOW_sliding && s->every && s->every_rows != s->size_rows) {
        say_every(f, s->every, "one window counts rows or measures time, not both", NULL);
        return;
    }
    check_count(f, s->size, "the size of a window", &w->size_value);
    if (s->every) check_count(f, s->every, "`every`", &w->every_value);
    span_t at;
    const char *word = first_modifier(f, s, &at);
    if (!word) return;
    diag_t *m = diag_add(f->c->diags, DIAG_window_rows, at, word);
    diag_note(m, "it goes by the order in which rows come, not by time");
}

/* `window batch` is the batch: there is nothing to say about it. */
static void check_batch_window(flowck_t *f, const ast_step_window_t *s) {
    span_t at;
    const char *word = first_modifier(f, s, &at);
    if (!word) return;
    diag_t *m = diag_add(f->c->diags, DIAG_window_batch, at, word);
    diag_note(m, "it begins and closes with the batch");
    diag_help(m, "write `window batch` alone");
}

/* Windows by time need a time (E12). */
static void check_time(flowck_t *f, const ast_step_window_t *s) {
    check_t *c = f->c;
    if (s->processing_time || f->st.props.timed || f->st.props.is_table) return;
    diag_t *m = diag_add(c->diags, DIAG_no_event_time, f->step->node->span);
    diag_help(m, "declare it: `|> event_time <column> delay 5s` before this step,\n"
                 "or ask for the clock of the machine: `%s on processing_time`",
              diag_source(c->diags, f->step->node->span));
}

static void check_window(flowck_t *f, const ast_step_window_t *s, twindow_t *w) {
    if (w->kind == WINDOW_batch) {
        check_batch_window(f, s);
        return;
    }
    if (w->by_rows) {
        check_rows(f, s, w);
    } else {
        int session = w->kind == WINDOW_session;
        if (session && s->offset) {
            diag_t *m = diag_add(f->c->diags, DIAG_session_offset, s->offset->span);
            diag_note(m, "it begins with its first row");
        }
        check_span(f, s->size, session ? "the gap of a session" : "the size of a window", 1,
                   &w->size_value);
        if (s->every && s->every_rows)
            say_every(f, s->every, "one window counts rows or measures time, not both", NULL);
        else check_span(f, s->every, "`every`", 1, &w->every_value);
        if (s->offset)
            check_constant(f, s->offset, TY_DURATION, "`offset`", &w->offset_value);
        check_span(f, s->early, "`early`", 0, &w->early_value);
        check_span(f, s->lateness, "`lateness`", 0, &w->lateness_value);
        check_time(f, s);
    }
    check_shape(f, s, w);
}

static twindow_t *window_spec(flowck_t *f, const ast_step_window_t *s) {
    twindow_t *w = ARENA_NEW(f->c->arena, twindow_t);
    *w = (twindow_t){.kind = window_row(s->kind), .step = f->step, .by_rows = s->size_rows,
                     .size = s->size, .every = s->every, .offset = s->offset,
                     .processing = s->processing_time, .early = s->early,
                     .lateness = s->lateness};
    check_window(f, s, w);
    return w;
}

/* ---- the column ---- */

static int is_unformed(const twindow_t *w) {
    return w && (w->by_rows || w->kind == WINDOW_session);
}

type_t *window_type(const flowck_t *f) {
    const twindow_t *w = f->st.props.window;
    return w && w->by_rows ? type_count_window(f->c->types) : type_window(f->c->types);
}

/* The column of a window that is known at once. */
static int add_window(flowck_t *f, columns_t *cols) {
    int place = f->st.props.window_column;
    if (place >= 0) {
        cols->fields.at[place].type = type_window(f->c->types);
        cols->at.at[place] = f->step->at;
        return place;
    }
    place = (int)cols->fields.n;
    return columns_add(f->c, cols, window_name(f->c), type_window(f->c->types), f->step->at,
                       f->step->at)
               ? place
               : -1;
}

/* The rows have no `window` until a keyed step has formed it: an older one goes. */
static void lose_window(flowck_t *f, const twindow_t *w) {
    columns_t old = stream_columns(f->c, &f->st), cols = {0};
    int n = (int)old.fields.n, kept = 0;
    int *place = ARENA_ARRAY(f->c->arena, int, n + 1);
    for (int i = 0; i < n; i++) {
        place[i] = i == f->st.props.window_column ? -1 : kept++;
        if (place[i] < 0) continue;
        vec_push(f->c->arena, &cols.fields, old.fields.at[i]);
        vec_push(f->c->arena, &cols.at, old.at.at[i]);
    }
    lost_t why = {.step = "window", .at = f->step->at, .unformed = w->by_rows ? 2 : 1};
    stream_move(f->c, &f->st, place);
    stream_become(f->c, &f->st, &cols, why);
    why.name = window_name(f->c);
    int known = 0;
    for (size_t i = 0; i < f->st.lost.n; i++)
        if (f->st.lost.at[i].name == why.name) f->st.lost.at[i] = why, known = 1;
    if (!known) vec_push(f->c->arena, &f->st.lost, why);
}

void op_window_type(flowck_t *f) {
    ast_step_window_t *s = AST(step_window, f->step->node);
    check_t *c = f->c;
    int errors = diags_errors(c->diags);
    int was_table = !need_stream(f, "put the window before the step that makes the table");
    twindow_t *w = window_spec(f, s);
    if (s->late) w->late = side_flow(f, f->step->node, &f->st, 0);
    int place = -1;
    if (is_unformed(w)) {
        lose_window(f, w);
    } else {
        columns_t cols = stream_columns(c, &f->st);
        place = add_window(f, &cols);
        stream_become(c, &f->st, &cols, (lost_t){.step = "window", .at = f->step->at});
    }
    f->step->u.window.kind = w->kind;
    f->step->u.window.column = place;
    f->step->u.window.spec = w;
    f->st.props.sorted = NULL;
    if (was_table) {
        f->st.props.is_table = 0;
        f->st.props.nkeys = 0;
    }
    f->st.props.windowed = w->kind;
    f->st.props.window = w;
    f->st.props.window_column = place;
    if (place < 0 && !is_unformed(w)) stream_unwindow(&f->st); /* after a diagnostic */
    if (errors != diags_errors(c->diags)) return;
    if (!window_at(w->kind)->built)
        not_built(c, f->step->at,
                  arena_printf(c->arena, "`window %s`", window_at(w->kind)->spelling));
}

/* ---- behind a window ---- */

void form_window(flowck_t *f, columns_t *cols) {
    tprops_t *p = &f->st.props;
    if (p->windowed == WINDOW_NONE || p->window_column >= 0) return;
    int place = (int)cols->fields.n;
    if (columns_add(f->c, cols, window_name(f->c), window_type(f), f->step->at, f->step->at))
        p->window_column = place;
}

int makes_revisions(const flowck_t *f) {
    const twindow_t *w = f->st.props.window;
    return w && (w->early || w->lateness);
}

void need_unrevised(flowck_t *f, int late) {
    const twindow_t *w = f->st.props.window;
    /* A session that has been given is not given again when it grows. */
    if (!makes_revisions(f) || (late && !w->early && w->kind != WINDOW_session)) return;
    diag_t *m = diag_add(f->c->diags, DIAG_window_revised, f->step->at,
                         op_at(f->step->op)->spelling, w->early ? "early" : "lateness");
    if (f->step->op == OP_sort) {
        diag_note(m, "their rows are shown more than once, and sorted rows cannot be taken back");
        diag_help(m, "`top n by …` keeps the first rows of each window, in order; or sort the "
                     "table that `top`\nor `aggregate` makes of the windows, into a sink with "
                     "`mode = complete` or `final`");
        return;
    }
    if (w->kind == WINDOW_session) {
        diag_note(m, "a session that grows takes its rows back, and gives them under another "
                     "window");
        diag_help(m, "`aggregate` does: it makes a table of the sessions; rows in order are "
                     "`collect(x)`");
        return;
    }
    diag_help(m, "`aggregate` or `top` first: it makes a table of the windows, and revises its "
                 "rows");
}

int need_formed(flowck_t *f) {
    const tprops_t *p = &f->st.props;
    if (p->windowed == WINDOW_NONE || p->window_column >= 0) return 1;
    const char *word = op_at(f->step->op)->spelling;
    diag_t *m = diag_add(f->c->diags, DIAG_window_shape, f->step->at, word,
                         p->window->by_rows ? "a window of rows" : "a session");
    diag_note(m, "`aggregate`, `top` and `distinct` do, for each key");
    diag_help(m, "put it behind one of these");
    return 0;
}

void rows_are_made(flowck_t *f) {
    tprops_t *p = &f->st.props;
    if (p->is_table) p->timed = 0;
    int clock = p->windowed == WINDOW_batch || (p->window && p->window->processing);
    if (!clock) return;
    p->timed = 0;
    p->ntimes = 0;
}

void note_state(flowck_t *f) {
    if (f->st.state_word) return;
    switch (f->step->op) {
    case OP_aggregate:
    case OP_changes:
    case OP_close:
    case OP_distinct:
    case OP_join:
    case OP_latest:
    case OP_limit:
    case OP_match:
    case OP_remember:
    case OP_repartition:
    case OP_sort:
    case OP_top: break;
    default: return;
    }
    f->st.state_word = op_at(f->step->op)->spelling;
    f->st.state_at = f->step->at;
}
