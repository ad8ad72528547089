/* step_row.c - steps that look at one row at a time: where, select, let, drop, each,
 * limit, branch, errors into. */
#include "compiler/base/check.h"
#include "compiler/types/const.h"
#include "compiler/types/step_check.h"

static lost_t lost_at(const flowck_t *f, const char *step, const char *note,
                      const char *help) {
    return (lost_t){.step = step, .at = f->step->at, .note = note, .help = help};
}

void op_where_type(flowck_t *f) {
    ast_step_where_t *s = AST(step_where, f->step->node);
    f->step->u.where.pred = s->cond;
    if (!expr_check_condition(f->c, f->scope, s->cond)) return;
    facts_t facts = {0};
    expr_narrowings(f->c, s->cond, 1, &facts);
    stream_narrow(f->c, &f->st, &facts);
}

/* Where the columns of the old row went: an item that is a plain column keeps it. */
static int *moved_by_items(flowck_t *f, const titems_t *items) {
    uint32_t n = f->st.row->nfields;
    int *place = ARENA_ARRAY(f->c->arena, int, n + 1);
    for (uint32_t i = 0; i < n; i++) place[i] = -1;
    for (size_t k = 0; k < items->n; k++) {
        const node_t *e = items->at[k].expr;
        if (e->kind != AST_name || !e->def || e->def->kind != DEF_COLUMN) continue;
        int from = e->def->index;
        flow_assert(from >= 0 && (uint32_t)from < n);
        /* Only under its own name is the window still the window. */
        if (from == f->st.props.window_column && items->at[k].name != e->def->name) continue;
        if (place[from] < 0) place[from] = (int)k;
    }
    return place;
}

void op_select_type(flowck_t *f) {
    ast_step_select_t *s = AST(step_select, f->step->node);
    titems_t items = {0};
    columns_t cols = {0};
    items_select(f, &s->items, &items, &cols);
    f->step->u.select.items = items.at;
    f->step->u.select.n = items.n;
    int *place = moved_by_items(f, &items);
    /* Facts about fields hold for a column that is kept under its name. */
    for (size_t i = 0; i < f->st.facts.n; i++) {
        int from = type_field(f->st.row, f->st.facts.at[i].column);
        int to = from < 0 ? -1 : place[from];
        if (to < 0 || items.at[to].name != f->st.facts.at[i].column) {
            f->st.facts.at[i--] = f->st.facts.at[--f->st.facts.n];
        }
    }
    stream_move(f->c, &f->st, place);
    stream_become(f->c, &f->st, &cols,
                  lost_at(f, "select", "keeps only what it lists",
                          "add `%s` to the `select`"));
}

static void forget_facts(stream_t *st, const char *column) {
    for (size_t i = 0; i < st->facts.n; i++)
        if (st->facts.at[i].column == column) st->facts.at[i--] = st->facts.at[--st->facts.n];
}

/* One binding: the row grows or a column is replaced. */
static int let_bind(flowck_t *f, ast_bind_t *b, scope_t *scope) {
    check_t *c = f->c;
    type_t *t = expr_check(c, scope, b->value, NULL);
    item_hides(f, b->name, b->name_at);
    if (!item_column_type(f, b->value, t)) t = type_basic(c->types, TY_POISON);
    columns_t cols = stream_columns(c, &f->st);
    int place = columns_find(&cols, b->name);
    if (place >= 0) {
        cols.fields.at[place].type = t;
        cols.fields.at[place].at = b->name_at;
        cols.at.at[place] = b->name_at;
        forget_facts(&f->st, b->name);
        int *moved = ARENA_ARRAY(c->arena, int, cols.fields.n + 1);
        for (int i = 0; i < (int)cols.fields.n; i++) moved[i] = i == place ? -1 : i;
        stream_move(c, &f->st, moved);
    } else {
        place = (int)cols.fields.n;
        columns_add(c, &cols, b->name, t, b->name_at, b->name_at);
    }
    stream_become(c, &f->st, &cols, lost_at(f, "let", "", NULL));
    return place;
}

void op_let_type(flowck_t *f) {
    ast_step_let_t *s = AST(step_let, f->step->node);
    size_t n = s->binds.n;
    titem_t *items = ARENA_ARRAY(f->c->arena, titem_t, n + 1);
    int *column = ARENA_ARRAY(f->c->arena, int, n + 1);
    scope_t *scope = f->scope;
    for (size_t i = 0; i < n; i++) {
        ast_bind_t *b = AST(bind, s->binds.at[i]);
        for (size_t k = 0; k < i; k++) {
            if (items[k].name != b->name) continue;
            diag_t *m = diag_add(f->c->diags, DIAG_column_twice, b->name_at, b->name);
            diag_note(m, "first at %s", diag_where(f->c->diags, items[k].at, b->name_at));
            diag_help(m, "give the second one a `let` of its own: `|> let %s = …`", b->name);
        }
        column[i] = let_bind(f, b, scope);
        items[i] = (titem_t){b->name, b->value, f->st.row->fields[column[i]].type, b->name_at};
        scope = stream_scope(f->c, &f->st, f->base);
    }
    f->step->u.let.items = items;
    f->step->u.let.column = column;
    f->step->u.let.n = n;
}

void op_drop_type(flowck_t *f) {
    ast_step_drop_t *s = AST(step_drop, f->step->node);
    check_t *c = f->c;
    columns_t old = stream_columns(c, &f->st), cols = {0};
    int n = (int)old.fields.n, kept = 0;
    int *place = ARENA_ARRAY(c->arena, int, n + 1);
    for (size_t i = 0; i < s->names.n; i++) {
        ast_name_t *name = AST(name, s->names.at[i]);
        int col = columns_find(&old, name->name);
        if (col < 0) {
            expr_unknown_name(c, f->scope, name->name_at, name->name);
        } else if (place[col] < 0) {
            diag_add(c->diags, DIAG_drop_twice, name->name_at, name->name);
        } else {
            place[col] = -1;
        }
    }
    int *from = ARENA_ARRAY(c->arena, int, n + 1);
    for (int i = 0; i < n; i++) {
        if (place[i] < 0) continue;
        from[kept] = i;
        place[i] = kept++;
        vec_push(c->arena, &cols.fields, old.fields.at[i]);
        vec_push(c->arena, &cols.at, old.at.at[i]);
    }
    if (!kept) {
        diag_t *m = diag_add(c->diags, DIAG_drop_all, f->step->at);
        diag_help(m, "a row needs a column: keep one, or `select` what you want");
    }
    f->step->u.drop.from = from;
    f->step->u.drop.n = (size_t)kept;
    stream_move(c, &f->st, place);
    stream_become(c, &f->st, &cols,
                  lost_at(f, "drop", "takes it away", "leave `%s` out of the `drop`"));
}

/* The element type of what `each` goes through; null after a diagnostic. */
static type_t *each_element(flowck_t *f, ast_step_each_t *s, type_t *t, int *is_map) {
    check_t *c = f->c;
    if (t->kind == TY_POISON) return t;
    if (t->kind == TY_LIST) return t->elem;
    if (t->kind == TY_MAP) {
        field_t fields[2] = {{.name = intern(c->names, "key"), .type = t->key},
                             {.name = intern(c->names, "value"), .type = t->elem}};
        *is_map = 1;
        return type_record(c->types, NULL, fields, 2);
    }
    const char *src = diag_source(c->diags, s->list->span);
    if (t->kind == TY_OPTION && (t->elem->kind == TY_LIST || t->elem->kind == TY_MAP)) {
        diag_t *m = diag_add(c->diags, DIAG_may_be_missing, s->list->span, src,
                             type_text(c->arena, t));
        diag_help(m, "`each %s in %s ?? []`, or first `|> where %s is not none`", s->item, src,
                  src);
        return NULL;
    }
    diag_t *m = diag_add(c->diags, DIAG_each_list, s->list->span);
    diag_label(m, "%s", type_text(c->arena, t));
    if (t->kind == TY_STRING)
        diag_help(m, "split it: `each %s in split(%s, \" \")`", s->item, src);
    return NULL;
}

void op_each_type(flowck_t *f) {
    ast_step_each_t *s = AST(step_each, f->step->node);
    check_t *c = f->c;
    need_stream(f, "take it before the step that makes the table");
    int is_map = 0;
    type_t *t = expr_check(c, f->scope, s->list, NULL);
    type_t *elem = each_element(f, s, t, &is_map);
    if (!elem) elem = type_basic(c->types, TY_POISON);
    item_hides(f, s->item, s->item_at);
    if (s->index) item_hides(f, s->index, s->index_at);
    columns_t cols = stream_columns(c, &f->st);
    f->step->u.each.list = s->list;
    f->step->u.each.name = s->item;
    f->step->u.each.counter = s->index;
    f->step->u.each.elem = elem;
    f->step->u.each.is_map = is_map;
    f->step->u.each.column = (int)cols.fields.n;
    columns_add(c, &cols, s->item, elem, s->item_at, s->item_at);
    f->step->u.each.counter_column = s->index ? (int)cols.fields.n : -1;
    if (s->index)
        columns_add(c, &cols, s->index, type_basic(c->types, TY_INT), s->index_at, s->index_at);
    stream_become(c, &f->st, &cols, lost_at(f, "each", "", NULL));
}

void op_limit_type(flowck_t *f) {
    ast_step_limit_t *s = AST(step_limit, f->step->node);
    need_stream(f, "take the first rows by an order: `|> top n by …`");
    f->step->u.limit.count = s->count;
    check_count(f, s->count, "a `limit`", &f->step->u.limit.count_value);
    need_formed(f);
    need_unrevised(f, 1);
    f->st.props.limited |= f->st.props.windowed == WINDOW_NONE;
}

/* ---- side streams ---- */

void op_branch_type(flowck_t *f) {
    ast_step_branch_t *s = AST(step_branch, f->step->node);
    check_t *c = f->c;
    need_stream(f, "branch before the step that makes the table, or filter with `where`");
    struct tarm *arms = ARENA_ARRAY(c->arena, struct tarm, s->arms.n + 1);
    facts_t before = {0}; /* the arms above did not hold */
    for (size_t i = 0; i < s->arms.n; i++) {
        ast_arm_t *a = AST(arm, s->arms.at[i]);
        stream_t st = stream_copy(c, &f->st);
        facts_t holds = {0};
        for (size_t k = 0; k < before.n; k++) vec_push(c->arena, &holds, before.at[k]);
        scope_t *scope = before.n ? scope_facts(c->arena, f->scope, &before) : f->scope;
        if (a->cond && expr_check_condition(c, scope, a->cond)) {
            expr_narrowings(c, a->cond, 1, &holds);
            facts_t next = {0};
            for (size_t k = 0; k < before.n; k++) vec_push(c->arena, &next, before.at[k]);
            expr_narrowings(c, a->cond, 0, &next);
            before = next;
        }
        stream_narrow(c, &st, &holds);
        arms[i].pred = a->cond;
        arms[i].flow = side_flow(f, &a->node, &st, (int)i);
    }
    f->step->u.branch.arms = arms;
    f->step->u.branch.n = s->arms.n;
}

/* { at, source, offset, step, error, raw } */
static columns_t error_columns(check_t *c, span_t at) {
    static const struct {
        const char *name;
        type_kind kind;
    } fields[] = {{"at", TY_TIMESTAMP}, {"source", TY_STRING}, {"offset", TY_INT},
                  {"step", TY_STRING},  {"error", TY_STRING},  {"raw", TY_BYTES}};
    columns_t cols = {0};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        columns_add(c, &cols, intern(c->names, fields[i].name),
                    type_basic(c->types, fields[i].kind), at, at);
    return cols;
}

void op_errors_type(flowck_t *f) {
    ast_step_errors_t *s = AST(step_errors, f->step->node);
    columns_t cols = error_columns(f->c, s->into_at);
    stream_t st;
    stream_init(f->c, &st, &cols);
    st.props.bounded = f->st.props.bounded;
    st.state_at = f->step->at; /* they have the time of the batch */
    st.state_word = "errors into";
    f->step->u.errors.flow = side_flow(f, f->step->node, &st, 0);
}
