/* step_join.c - `join`: which form of join it is, what its condition asks for.
 *
 * What the two sides are says how they are joined: streams within a bound or by window, a
 * stream against a table as it is now or as it was, tables for as long as they change.
 * Equalities between the two sides, among the `and`s of `on`, become keys: both are
 * computed once for each row, and rows of equal keys meet in one partition.  The rest of
 * the condition is asked of each pair. */
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/const.h"
#include "compiler/types/step_check.h"

typedef struct joining {
    flowck_t *f;
    ast_step_join_t *s;
    join_kind kind;
    pipe_t *right;      /* its rows are known */
    const char *name;   /* "`users`", "this pipeline" */
    type_t *there;      /* the record that the other side's columns make */
    scope_t *scope;     /* the row, and the other side's record as column `s->name` */
    int column;         /* the place of that column */
} joining_t;

static int has_window(const tprops_t *p) { return p->windowed != WINDOW_NONE; }

static int gives_left_only(join_kind k) { return k == JOIN_SEMI || k == JOIN_ANTI; }

static const char *kind_words(check_t *c, join_kind k) {
    return k == JOIN_INNER ? "join" : arena_printf(c->arena, "%s join", ast_join_kind_text(k));
}

/* ---- the forms ---- */

static int say(joining_t *j, span_t at, const char *what, const char *help) {
    diag_t *m = diag_add(j->f->c->diags, DIAG_join_form, at, what);
    if (help) diag_help(m, "%s", help);
    return 0;
}

/* Two streams without windows: a bound, of event time on both sides or on none. */
static int form_within(joining_t *j) {
    check_t *c = j->f->c;
    ast_step_join_t *s = j->s;
    const tprops_t *here = &j->f->st.props, *there = &j->right->out.props;
    if (!s->within) {
        diag_t *m = diag_add(c->diags, DIAG_join_unbounded, j->f->step->at);
        diag_note(m, "without one it must remember every row for ever");
        diag_help(m, "`within 10m`, or window both sides alike, or `within forever` if you "
                     "mean it");
        return 0;
    }
    if (here->timed == there->timed || j->f->step->u.join.forever) return 1;
    diag_t *m = diag_add(c->diags, DIAG_join_form, s->within->span,
                         here->timed ? arena_printf(c->arena, "%s has no event time, and this "
                                                    "stream has one", j->name)
                                     : arena_printf(c->arena, "%s has event time, and this "
                                                    "stream has none", j->name));
    diag_note(m, "a bound is between times of one kind");
    diag_help(m, "declare `event_time` on both sides");
    return 0;
}

static int form_windows(joining_t *j) {
    check_t *c = j->f->c;
    const tprops_t *here = &j->f->st.props, *there = &j->right->out.props;
    if (j->s->within)
        return say(j, j->s->within->span, "inside windows a join needs no bound",
                   "leave `within` out, or `drop window` on both sides before the join");
    if (!has_window(here) || !has_window(there))
        return say(j, j->f->step->at,
                   arena_printf(c->arena, has_window(here)
                                    ? "this stream has a window, and %s has none"
                                    : "%s has a window, and this stream has none",
                                j->name),
                   "window both sides alike, or `drop window` and join `within` a bound");
    if (!windowed_alike(here, there))
        return say(j, j->f->step->at,
                   arena_printf(c->arena, "%s has another window than this stream", j->name),
                   "give both sides windows of one kind, size and offset");
    if (!need_formed(j->f)) return 0;
    if (there->window_column < 0)
        return say(j, j->f->step->at,
                   arena_printf(c->arena, "the sessions of %s are not formed yet", j->name),
                   "`aggregate`, `top` and `distinct` form them, for each key");
    if (here->window && here->window->by_rows)
        return say(j, j->f->step->at,
                   "windows of rows do not close together: each key counts its own",
                   "`drop window` on both sides, and join `within` a bound");
    return 1;
}

static int form_as_of(joining_t *j) {
    check_t *c = j->f->c;
    const tprops_t *here = &j->f->st.props, *there = &j->right->out.props;
    const char *keep = "keep versions in it: `latest per … by … keep 1h`";
    tflow_t *flow = j->right->flow;
    while (!flow->steps.n && flow->origin == ORIGIN_flow) flow = flow->from;
    j->f->step->u.join.right = flow;
    const tstep_t *last = flow->steps.n ? flow->steps.at[flow->steps.n - 1] : NULL;
    if (!last || last->op != OP_latest || !AST(step_latest, last->node)->keep)
        return say(j, j->s->as_of->span,
                   arena_printf(c->arena, "%s keeps no versions, so there is none `as of` a "
                                "time", j->name),
                   last && last->op == OP_latest
                       ? keep : "end it with the step that keeps them: "
                                "`latest per … by … keep 1h`");
    if (has_window(here))
        return say(j, j->s->as_of->span, "`as of` goes by time, and a window closes at once",
                   "`drop window` before the join");
    if (here->timed) return there->ntimes ? 1 : say(j, j->s->as_of->span,
            arena_printf(c->arena, "the rows that make %s have no event time", j->name),
            "declare `event_time` behind its source");
    diag_t *m = diag_add(c->diags, DIAG_no_event_time, j->s->as_of->span);
    diag_help(m, "declare `event_time` behind the source, or join without `as of`");
    return 0;
}

/* A stream with a table on the right. */
static int form_table(joining_t *j) {
    check_t *c = j->f->c;
    if (j->kind == JOIN_RIGHT || j->kind == JOIN_FULL)
        return say(j, j->f->step->at,
                   arena_printf(c->arena, "`%s` with a table: which of its rows have no match is "
                                "never settled", kind_words(c, j->kind)),
                   "`join` or `left join`, or begin with the table: table with table");
    if (j->s->within)
        return say(j, j->s->within->span,
                   arena_printf(c->arena, "%s is a table: a row meets it as it is then",
                                j->name),
                   "leave `within` out");
    return !j->s->as_of || form_as_of(j);
}

static int form_tables(joining_t *j) {
    if (j->s->within || j->s->as_of)
        return say(j, j->s->within ? j->s->within->span : j->s->as_of->span,
                   "two tables are joined as they are: their rows have no bound",
                   j->s->within ? "leave `within` out" : "leave `as of` out");
    /* In a table a window is a column like others, named in its key. */
    flow_assert(!has_window(&j->f->st.props) && !has_window(&j->right->out.props));
    return 1;
}

/* Which form is it?  0 after a diagnostic. */
static int find_form(joining_t *j) {
    check_t *c = j->f->c;
    const tprops_t *here = &j->f->st.props, *there = &j->right->out.props;
    tjoin_form *form = &j->f->step->u.join.form;
    if (there->is_table) {
        *form = here->is_table ? JOINS_tables : j->s->as_of ? JOINS_as_of : JOINS_table;
        return here->is_table ? form_tables(j) : form_table(j);
    }
    if (here->is_table) {
        diag_t *m = diag_add(c->diags, DIAG_join_form, j->f->step->at,
                             arena_printf(c->arena, "this is a table, and %s is a stream",
                                          j->name));
        note_table(j->f, m);
        diag_help(m, "begin with the stream and join the table, or make %s a table: "
                     "`latest per …`", j->name);
        return 0;
    }
    if (j->s->as_of)
        return say(j, j->s->as_of->span,
                   arena_printf(c->arena, "%s is a stream: it has no versions", j->name),
                   "make it a table of versions: `latest per … by … keep 1h`");
    *form = has_window(here) || has_window(there) ? JOINS_windows : JOINS_within;
    return *form == JOINS_windows ? form_windows(j) : form_within(j);
}

/* ---- bounds ---- */

static int is_forever(const node_t *e) {
    return e->kind == AST_name && !strcmp(AST(name, e)->name, "forever");
}

static void check_bounds(joining_t *j) {
    flowck_t *f = j->f;
    node_t *e = j->s->within;
    tstep_t *step = f->step;
    if (!e) return;
    if (is_forever(e) && !scope_find(f->base, AST(name, e)->name)) {
        step->u.join.forever = 1;
    } else if (e->kind == AST_range) {
        ast_range_t *r = AST(range, e);
        step->u.join.lo = r->lo;
        step->u.join.hi = r->hi;
        step->u.join.half_open = r->half_open;
        int both = check_constant(f, r->lo, TY_DURATION, "the bound of a join",
                                  &step->u.join.lo_value) &
                   check_constant(f, r->hi, TY_DURATION, "the bound of a join",
                                  &step->u.join.hi_value);
        const struct cval *lo = step->u.join.lo_value, *hi = step->u.join.hi_value;
        if (both && lo && hi && (int64_t)lo->w[0] > (int64_t)hi->w[0])
            diag_help(diag_add(f->c->diags, DIAG_join_form, e->span,
                               "no time lies between these bounds"),
                      "the lesser bound comes first: `within -5m..0s`");
    } else {
        step->u.join.hi = e;
        struct cval *v = NULL;
        if (!check_constant(f, e, TY_DURATION, "the bound of a join", &v) || !v) return;
        step->u.join.hi_value = v;
        if ((int64_t)v->w[0] >= 0) return;
        diag_help(diag_add(f->c->diags, DIAG_join_form, e->span,
                           "no time is nearer than this"),
                  "write a range for one direction: `within -5m..0s`");
    }
}

/* ---- the condition ---- */

typedef struct sides {
    int column; /* of the other side */
    int left, right;
} sides_t;

static void see_side(node_t **at, void *env) {
    sides_t *s = env;
    node_t *n = *at;
    if (n->kind == AST_name && n->def && n->def->kind == DEF_COLUMN) {
        if (n->def->index == s->column) s->right = 1;
        else s->left = 1;
    }
    ast_walk(n, see_side, env);
}

static sides_t sides_of(const joining_t *j, node_t *e) {
    sides_t s = {.column = j->column};
    see_side(&e, &s);
    return s;
}

typedef VEC(tpair_t) tpairs_t;

/* Is it an equality between the sides?  Then it is a key. */
static int take_pair(joining_t *j, node_t *e, tpairs_t *pairs) {
    if (e->kind != AST_binary || AST(binary, e)->op != BINARY_EQ) return 0;
    node_t *l = AST(binary, e)->left, *r = AST(binary, e)->right;
    sides_t a = sides_of(j, l), b = sides_of(j, r);
    if (a.right && !a.left && b.left && !b.right) {
        node_t *t = l;
        l = r;
        r = t;
    } else if (a.right || !a.left || b.left || !b.right) {
        return 0;
    }
    type_t *t = type_strip(l->type);
    if (!type_equal(t, type_strip(r->type))) return 0;
    tpair_t p = {.left = l, .right = r, .type = t,
                 .optional = l->type->kind == TY_OPTION || r->type->kind == TY_OPTION};
    vec_push(j->f->c->arena, pairs, p);
    return 1;
}

/* Takes the keys out of the condition; what is left, or null. */
static node_t *split(joining_t *j, node_t *e, tpairs_t *pairs) {
    check_t *c = j->f->c;
    if (e->kind == AST_binary && AST(binary, e)->op == BINARY_AND) {
        ast_binary_t *b = AST(binary, e);
        node_t *l = split(j, b->left, pairs), *r = split(j, b->right, pairs);
        if (!l || !r) return l ? l : r;
        ast_binary_t *both = ast_new(c->arena, binary, e->span);
        both->op = BINARY_AND;
        both->op_at = b->op_at;
        both->left = l;
        both->right = r;
        both->node.type = e->type;
        return &both->node;
    }
    if (take_pair(j, e, pairs)) return NULL;
    return e->kind == AST_bool && AST(bool, e)->value ? NULL : e;
}

/* "`url` may be none, and none equals nothing in a join". */
static void warn_optional(joining_t *j, const tpair_t *p) {
    check_t *c = j->f->c;
    const node_t *sides[2] = {p->left, p->right};
    for (int i = 0; i < 2; i++) {
        if (sides[i]->type->kind != TY_OPTION) continue;
        const char *src = diag_source(c->diags, sides[i]->span);
        diag_t *m = diag_add(c->diags, DIAG_join_none, sides[i]->span, src);
        diag_help(m, "if none should match, give it a value: `%s ?? …`; if not, "
                     "`where … is not none` before the join says so", src);
    }
}

static void no_key(joining_t *j) {
    check_t *c = j->f->c;
    diag_t *m = diag_add(c->diags, DIAG_join_key, j->s->on->span);
    const char *alias = j->s->name;
    for (uint32_t i = 0; i < j->there->nfields; i++) {
        const field_t *r = &j->there->fields[i];
        int k = type_field(j->f->step->row_in, r->name);
        if (k < 0 || !type_equal(type_strip(j->f->step->row_in->fields[k].type),
                                 type_strip(r->type)))
            continue;
        diag_help(m, "add one with `and`, such as `%s == %s.%s`", r->name, alias, r->name);
        return;
    }
    diag_help(m, "add one with `and`: a value of this row `==` one of `%s`", alias);
}

static void check_condition(joining_t *j) {
    tstep_t *step = j->f->step;
    if (!expr_check_condition(j->f->c, j->scope, j->s->on)) return;
    tpairs_t pairs = {0};
    step->u.join.cond = split(j, j->s->on, &pairs);
    step->u.join.keys = pairs.at;
    step->u.join.nkeys = pairs.n;
    for (size_t i = 0; i < pairs.n; i++) warn_optional(j, &pairs.at[i]);
    tjoin_form form = step->u.join.form;
    if (!pairs.n && form != JOINS_windows && form != JOINS_table) no_key(j);
}

/* Which equality gives column k of the other side's key, or -1. */
static int pair_of_key(const joining_t *j, size_t k) {
    const tstep_t *step = j->f->step;
    const tprops_t *there = &j->right->out.props;
    int column = there->keys[k].column;
    for (size_t i = 0; column >= 0 && i < step->u.join.nkeys; i++) {
        const node_t *r = step->u.join.keys[i].right;
        if (r->kind == AST_member && AST(member, r)->value->kind == AST_name &&
            AST(member, r)->name == j->right->out.row->fields[column].name)
            return (int)i;
    }
    return -1;
}

static node_t *boolean(joining_t *j, int op, node_t *left, node_t *right) {
    check_t *c = j->f->c;
    ast_binary_t *e = ast_new(c->arena, binary, left->span);
    e->op = op;
    e->left = left;
    e->right = right;
    e->node.type = type_basic(c->types, TY_BOOL);
    return &e->node;
}

/* An equality that is no key after all: asked of each pair.  Where both sides may be none,
 * `==` would hold of two of them, which in a join it must not. */
static void ask_of_pair(joining_t *j, const tpair_t *p) {
    check_t *c = j->f->c;
    tstep_t *step = j->f->step;
    node_t *e = boolean(j, BINARY_EQ, p->left, p->right);
    if (p->left->type->kind == TY_OPTION && p->right->type->kind == TY_OPTION) {
        ast_is_t *there = ast_new(c->arena, is, p->left->span);
        there->value = p->left;
        there->negated = 1;
        there->node.type = e->type;
        e = boolean(j, BINARY_AND, &there->node, e);
    }
    step->u.join.cond = step->u.join.cond ? boolean(j, BINARY_AND, e, step->u.join.cond) : e;
}

/* `as of` finds the versions of one key: the equalities must say which, and what else they
 * say is asked of the version that was found. */
static void check_versions(joining_t *j) {
    tstep_t *step = j->f->step;
    check_t *c = j->f->c;
    const tprops_t *there = &j->right->out.props;
    tpair_t *keys = ARENA_ARRAY(c->arena, tpair_t, there->nkeys + 1);
    unsigned char *used = ARENA_ARRAY(c->arena, unsigned char, step->u.join.nkeys + 1);
    for (size_t k = 0; k < there->nkeys; k++) {
        int i = pair_of_key(j, k);
        if (i >= 0) {
            keys[k] = step->u.join.keys[i];
            used[i] = 1;
            continue;
        }
        diag_t *m = diag_add(c->diags, DIAG_join_form, j->s->on->span,
                             arena_printf(c->arena, "`as of` looks for the versions of one "
                                          "row, and `%s` of its key is not given",
                                          there->keys[k].name));
        diag_help(m, "add `and … == %s.%s`", j->s->name, there->keys[k].name);
        return;
    }
    for (size_t i = 0; i < step->u.join.nkeys; i++)
        if (!used[i]) ask_of_pair(j, &step->u.join.keys[i]);
    step->u.join.keys = keys;
    step->u.join.nkeys = there->nkeys;
}

/* ---- the rows ---- */

/* The other side's columns as a record; `from` says where each stands there.  Windowed
 * alike it has no window of its own. */
static type_t *right_record(joining_t *j) {
    check_t *c = j->f->c;
    const type_t *row = j->right->out.row;
    const tprops_t *there = &j->right->out.props;
    int skip = has_window(there) && !there->is_table ? there->window_column : -1;
    field_t *fields = ARENA_ARRAY(c->arena, field_t, row->nfields + 1);
    int *from = ARENA_ARRAY(c->arena, int, row->nfields + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < row->nfields; i++) {
        if ((int)i == skip) continue;
        from[n] = (int)i;
        fields[n++] = row->fields[i];
    }
    j->f->step->u.join.from = from;
    return type_record(c->types, NULL, fields, n);
}

/* Every column T?, but for the window that both sides share. */
static void make_optional(check_t *c, columns_t *cols, int window) {
    for (size_t i = 0; i < cols->fields.n; i++)
        if ((int)i != window)
            cols->fields.at[i].type = type_option(c->types, cols->fields.at[i].type);
}

static void become_joined(joining_t *j) {
    flowck_t *f = j->f;
    check_t *c = f->c;
    columns_t out = stream_columns(c, &f->st), left = stream_columns(c, &f->st);
    type_t *t = j->there;
    if (j->kind == JOIN_RIGHT || j->kind == JOIN_FULL) {
        make_optional(c, &out, f->st.props.window_column);
        f->st.facts.n = 0;
    }
    if (j->kind == JOIN_LEFT || j->kind == JOIN_FULL) t = type_option(c->types, t);
    int added = columns_add(c, &out, j->s->name, t, j->s->name_at, j->s->name_at);
    f->step->u.join.column = added && !gives_left_only(j->kind) ? j->column : -1;
    stream_become(c, &f->st, &out, (lost_t){.step = "join", .at = f->step->at});
    if (!added || !gives_left_only(j->kind)) return;
    const char *words = kind_words(c, j->kind);
    stream_become(c, &f->st, &left,
                  (lost_t){.step = words, .at = f->step->at,
                           .note = "gives the rows of the left side alone",
                           .help = j->kind == JOIN_SEMI ? "`join` gives both sides" : NULL});
}

/* The key of a joined table: those of both sides. */
static void join_keys(joining_t *j) {
    check_t *c = j->f->c;
    tprops_t *p = &j->f->st.props;
    const tprops_t *there = &j->right->out.props;
    if (gives_left_only(j->kind)) return;
    struct tkey *keys = ARENA_ARRAY(c->arena, struct tkey, p->nkeys + there->nkeys + 1);
    for (size_t i = 0; i < p->nkeys; i++) keys[i] = p->keys[i];
    for (size_t i = 0; i < there->nkeys; i++) {
        keys[p->nkeys + i] = there->keys[i];
        keys[p->nkeys + i].column = -1; /* a field of the record */
    }
    p->keys = keys;
    p->nkeys += there->nkeys;
}

static void join_props(joining_t *j) {
    tprops_t *p = &j->f->st.props;
    const tprops_t *there = &j->right->out.props;
    tjoin_form form = j->f->step->u.join.form;
    p->sorted = NULL;
    p->bounded &= there->bounded;
    if (form == JOINS_table) return; /* the stream's watermark */
    p->limited &= there->limited;
    p->timed = (p->timed && there->timed) || form == JOINS_as_of;
    stream_add_times(j->f->c, &j->f->st, there);
    rows_are_made(j->f);
    if (form != JOINS_tables) return;
    join_keys(j);
    become_table(j->f, "join");
}

void op_join_type(flowck_t *f) {
    check_t *c = f->c;
    ast_step_join_t *s = AST(step_join, f->step->node);
    joining_t j = {.f = f, .s = s, .kind = (join_kind)s->kind,
                   .right = wiring_pipe(f->m, s->right), .column = (int)f->st.row->nfields};
    int errors = diags_errors(c->diags);
    item_hides(f, s->name, s->name_at);
    if (!j.right || j.right->fault || j.right->out.unknown) {
        f->st.unknown = 1; /* the other side has its message */
        return;
    }
    j.name = s->right->kind == AST_flow_ref
                 ? arena_printf(c->arena, "`%s`", diag_source(c->diags, s->right->span))
                 : "the other side";
    f->step->u.join.kind = s->kind;
    f->step->u.join.right = j.right->flow;
    f->step->u.join.column = -1;
    f->step->u.join.there = j.there = right_record(&j);
    f->step->u.join.as_of = s->as_of;
    stream_t both = stream_copy(c, &f->st);
    columns_t cols = stream_columns(c, &both);
    columns_add(c, &cols, s->name, j.there, s->name_at, s->name_at);
    stream_become(c, &both, &cols, (lost_t){.step = "join", .at = f->step->at});
    j.scope = stream_scope(c, &both, f->base);
    check_bounds(&j);
    if (s->as_of) expr_check(c, f->scope, s->as_of, type_basic(c->types, TY_TIMESTAMP));
    int formed = find_form(&j);
    int column_taken = both.row->nfields == (uint32_t)j.column;
    if (!column_taken) check_condition(&j);
    if (formed && errors == diags_errors(c->diags) && s->as_of) check_versions(&j);
    become_joined(&j);
    if (formed) join_props(&j);
    else if (!f->st.props.is_table) f->st.props.sorted = NULL;

}
