/* step_flow.c - steps where flows meet or end: union, to, print. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/step_check.h"

/* ---- union ---- */

/* An expression that makes the column `name` of type `to` from the other side's `from`;
 * null if there is none to offer. */
static const char *conversion(check_t *c, const char *name, const type_t *from,
                              const type_t *to) {
    static const struct {
        type_kind from, to;
        const char *text;
    } ways[] = {
        {TY_STRING, TY_INT, "to_int(%s) ?? 0"},
        {TY_STRING, TY_FLOAT, "to_float(%s) ?? 0.0"},
        {TY_STRING, TY_BOOL, "to_bool(%s) ?? false"},
        {TY_INT, TY_FLOAT, "float(%s)"},
        {TY_FLOAT, TY_INT, "int(%s)"},
    };
    const char *format = NULL;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (ways[i].from == from->kind && ways[i].to == to->kind) format = ways[i].text;
    if (to->kind == TY_STRING && from->kind != TY_OPTION) format = "string(%s)";
    if (from->kind == TY_OPTION && type_equal(from->elem, to)) {
        if (to->kind == TY_INT) format = "%s ?? 0";
        if (to->kind == TY_FLOAT) format = "%s ?? 0.0";
        if (to->kind == TY_STRING) format = "%s ?? \"\"";
        if (to->kind == TY_BOOL) format = "%s ?? false";
    }
    if (!format) return NULL;
    const char *hole = strstr(format, "%s");
    return arena_printf(c->arena, "%.*s%s%s", (int)(hole - format), format, name, hole + 2);
}

/* A value for a column that the other side does not have. */
static const char *filler(const type_t *t) {
    switch (t->kind) {
    case TY_OPTION:
    case TY_NONE: return "none";
    case TY_INT: return "0";
    case TY_FLOAT: return "0.0";
    case TY_BOOL: return "false";
    case TY_STRING: return "\"\"";
    case TY_DURATION: return "0s";
    case TY_LIST: return "[]";
    case TY_POISON:
    case TY_BYTES:
    case TY_TIMESTAMP:
    case TY_SIZE:
    case TY_REGEX:
    case TY_DECIMAL:
    case TY_MAP:
    case TY_RECORD:
    case TY_UNION: return NULL;
    }
    flow_unreachable("type kind");
}

/* "user, url, ms = to_int(ms) ?? 0": a select that makes the rows of `to`; null if some
 * column cannot be made. */
static const char *adapting_select(check_t *c, const type_t *from, const type_t *to) {
    buf_t b;
    buf_init(&b, c->arena);
    for (uint32_t i = 0; i < to->nfields; i++) {
        const field_t *f = &to->fields[i];
        int k = type_field(from, f->name);
        const char *way = NULL;
        buf_printf(&b, "%s%s", i ? ", " : "", f->name);
        if (k >= 0 && type_fits(from->fields[k].type, f->type)) continue;
        way = k < 0 ? filler(f->type) : conversion(c, f->name, from->fields[k].type, f->type);
        if (!way) return NULL;
        buf_printf(&b, " = %s", way);
    }
    return buf_text(&b);
}

/* One line for each column that differs, in three columns. */
static void list_differences(flowck_t *f, diag_t *m, const type_t *here, const type_t *there,
                             const char *name) {
    check_t *c = f->c;
    size_t wide_name = 0, wide_type = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < here->nfields + there->nfields; i++) {
            int other = i >= here->nfields;
            const field_t *col = other ? &there->fields[i - here->nfields] : &here->fields[i];
            int k = type_field(other ? here : there, col->name);
            if (other ? k >= 0 : k >= 0 && type_fits(there->fields[k].type, col->type)) continue;
            const char *type = type_text(c->arena, col->type);
            if (!pass) {
                if (strlen(col->name) > wide_name) wide_name = strlen(col->name);
                if (strlen(type) > wide_type) wide_type = strlen(type);
                continue;
            }
            const char *say = other ? arena_printf(c->arena, "in %s, missing here", name)
                              : k < 0 ? arena_printf(c->arena, "here, missing in %s", name)
                                      : arena_printf(c->arena, "here, %s in %s",
                                                     type_text(c->arena, there->fields[k].type),
                                                     name);
            diag_line(m, "  %-*s  %-*s  %s", (int)wide_name, col->name, (int)wide_type, type,
                      say);
        }
    }
}

static int same_columns(const type_t *here, const type_t *there) {
    if (here->nfields != there->nfields) return 0;
    for (uint32_t i = 0; i < here->nfields; i++) {
        int k = type_field(there, here->fields[i].name);
        if (k < 0 || !type_fits(there->fields[k].type, here->fields[i].type)) return 0;
    }
    return 1;
}

static int *input_order(check_t *c, const type_t *here, const type_t *there) {
    int *from = ARENA_ARRAY(c->arena, int, here->nfields + 1);
    for (uint32_t i = 0; i < here->nfields; i++)
        from[i] = type_field(there, here->fields[i].name);
    return from;
}

/* Are windows that are alike shown and kept alike? */
static int revised_alike(const twindow_t *a, const twindow_t *b) {
    return !a || !b ||
           (constant_alike(a->early, a->early_value, b->early, b->early_value) &&
            constant_alike(a->lateness, a->lateness_value, b->lateness, b->lateness_value));
}

/* Do rows of a flow come from another one? */
static int comes_from(const tflow_t *f, const tflow_t *other) {
    if (f == other) return 1;
    if (f->origin != ORIGIN_source && f->from && comes_from(f->from, other)) return 1;
    for (size_t i = 0; i < f->steps.n; i++) {
        const tstep_t *s = f->steps.at[i];
        if (s->op == OP_join && s->u.join.right && comes_from(s->u.join.right, other)) return 1;
        for (size_t k = 0; s->op == OP_union && k < s->u.unite.n; k++)
            if (comes_from(s->u.unite.inputs[k], other)) return 1;
    }
    return 0;
}

/* Sessions are formed behind the union: late rows go where the `window` by which they came
 * sends them, so all of these are known of the rows.  0 if late rows would come back. */
static int bring_windows(flowck_t *f, const node_t *ref, const pipe_t *p) {
    const twindow_t *b = p->out.props.window;
    const twindow_t *a = f->st.props.window;
    if (!a || !b || a == b || a->kind != WINDOW_session || f->st.props.window_column >= 0) return 1;
    size_t na = a->nbrought ? a->nbrought : 1, nb = b->nbrought ? b->nbrought : 1, n = na;
    const twindow_t **all = ARENA_ARRAY(f->c->arena, const twindow_t *, na + nb);
    for (size_t i = 0; i < na; i++) all[i] = a->nbrought ? a->brought[i] : a;
    int late = 0;
    for (size_t i = 0; i < nb; i++) {
        const twindow_t *w = b->nbrought ? b->brought[i] : b;
        size_t k = 0;
        while (k < n && all[k] != w) k++;
        if (k == n) all[n++] = w;
    }
    for (size_t i = 0; i < n; i++) {
        const tflow_t *aside = all[i]->late;
        late |= aside != NULL;
        if (!aside || (!comes_from(f->flow, aside) && !comes_from(p->flow, aside))) continue;
        diag_t *m = diag_add(f->c->diags, DIAG_union_late, ref->span, aside->name);
        diag_help(m, "count them apart: `%s |> window … |> aggregate …`", aside->name);
        return 0;
    }
    if (!late || n == 1) return 1;
    twindow_t *both = ARENA_NEW(f->c->arena, twindow_t);
    *both = *a;
    both->brought = all;
    both->nbrought = n;
    f->st.props.window = both;
    return 1;
}

/* Checks one input against the rows so far; 1 if it fits. */
static int union_input(flowck_t *f, const node_t *ref, const pipe_t *p) {
    check_t *c = f->c;
    const type_t *here = f->st.row, *there = p->out.row;
    const char *name = ref->kind == AST_flow_ref
                           ? arena_printf(c->arena, "`%s`", diag_source(c->diags, ref->span))
                           : "this pipeline";
    if (p->out.props.is_table) {
        diag_t *m = diag_add(c->diags, DIAG_union_table, ref->span, name);
        diag_help(m, "`union` takes streams: use the rows before they become a table");
        return 0;
    }
    if (!windowed_alike(&p->out.props, &f->st.props)) {
        int other = p->out.props.windowed != WINDOW_NONE;
        int mine = f->st.props.windowed != WINDOW_NONE;
        diag_t *m = diag_add(c->diags, DIAG_union_windows, ref->span, name,
                             other && mine ? "has another window than this stream"
                             : other       ? "has a window, and this stream has none"
                                           : "has no window, and this stream has one");
        diag_help(m, "window both sides alike, or set the window after the `union`");
        return 0;
    }
    if (!revised_alike(p->out.props.window, f->st.props.window)) {
        diag_t *m = diag_add(c->diags, DIAG_union_windows, ref->span, name,
                             "has another `early` or `lateness` than this stream");
        diag_help(m, "give both windows the same, or set the window after the `union`");
        return 0;
    }
    if (p->out.props.timed != f->st.props.timed) {
        diag_t *m = diag_add(c->diags, DIAG_union_times, ref->span, name,
                             f->st.props.timed ? "has no event time, and this stream has one"
                                               : "has event time, and this stream has none");
        diag_help(m, "declare `event_time` on both sides, or once after the `union`");
        return 0;
    }
    if (same_columns(here, there)) return 1;
    diag_t *m = diag_add(c->diags, DIAG_union_columns, ref->span, name);
    list_differences(f, m, here, there, name);
    const char *select = adapting_select(c, there, here);
    if (!select) diag_help(m, "`select` the same columns, of the same types, on both sides");
    else if (ref->kind == AST_flow_ref)
        diag_help(m, "`union (%s |> select %s)`", diag_source(c->diags, ref->span), select);
    else diag_help(m, "end it with `|> select %s`", select);
    return 0;
}

void op_union_type(flowck_t *f) {
    ast_step_union_t *s = AST(step_union, f->step->node);
    check_t *c = f->c;
    need_stream(f, "use the rows before they become a table");
    tflow_t **inputs = ARENA_ARRAY(c->arena, tflow_t *, s->inputs.n + 1);
    int **from = ARENA_ARRAY(c->arena, int *, s->inputs.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s->inputs.n; i++) {
        pipe_t *p = wiring_pipe(f->m, s->inputs.at[i]);
        if (!p || p->fault || p->out.unknown || f->st.props.is_table) continue;
        if (!union_input(f, s->inputs.at[i], p) || !bring_windows(f, s->inputs.at[i], p)) continue;
        inputs[n] = p->flow;
        from[n++] = input_order(c, f->st.row, p->out.row);
        f->st.props.bounded &= p->out.props.bounded;
        f->st.props.limited &= p->out.props.limited;
        stream_add_times(c, &f->st, &p->out.props);
        if (!f->st.state_word) {
            f->st.state_word = p->out.state_word;
            f->st.state_at = p->out.state_at;
        }
    }
    f->st.props.sorted = NULL;
    f->step->u.unite.inputs = inputs;
    f->step->u.unite.from = from;
    f->step->u.unite.n = n;
}

/* ---- sinks ---- */

void op_to_type(flowck_t *f) {
    ast_step_to_t *s = AST(step_to, f->step->node);
    sink_check(f, s->connector, s->connector_at, &s->args);
}

void op_print_type(flowck_t *f) {
    nodes_t none = {0};
    sink_check(f, "console", f->step->at, &none);
}
