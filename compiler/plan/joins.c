/* joins.c - joins in the plan: their keys, and which columns of both sides cross. */
#include "compiler/plan/joins.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/plan/build.h"
#include "compiler/syntax/ast.h"
#include "compiler/types/def.h"

int plan_join_keeps_alone(const tstep_t *s, int right) {
    switch ((join_kind)s->u.join.kind) {
    case JOIN_INNER:
    case JOIN_SEMI: return 0;
    case JOIN_LEFT:
    case JOIN_ANTI: return !right;
    case JOIN_RIGHT: return right;
    case JOIN_FULL: return 1;
    case JOIN_KIND_COUNT: break;
    }
    flow_unreachable("join kind");
}

int plan_join_marks_none(const tstep_t *s) {
    int optional = 0;
    for (size_t i = 0; i < s->u.join.nkeys; i++) optional |= s->u.join.keys[i].optional;
    return optional && (plan_join_keeps_alone(s, 0) || plan_join_keeps_alone(s, 1));
}

int plan_join_int_key(const tstep_t *s) {
    if (s->u.join.form == JOINS_windows || plan_join_marks_none(s)) return 0;
    if (!s->u.join.nkeys) return 1; /* one entry, of key 0 */
    type_kind k = s->u.join.keys[0].type->kind;
    return s->u.join.nkeys == 1 && (k == TY_INT || k == TY_TIMESTAMP || k == TY_DURATION);
}

const tstep_t *plan_join_versions(const tstep_t *s) {
    if (s->op != OP_join || s->u.join.form != JOINS_as_of) return NULL;
    const tflow_t *right = s->u.join.right;
    return right->steps.at[right->steps.n - 1];
}

int plan_join_feeds_only(const plan_t *plan, const pstage_t *stage) {
    for (size_t k = 0; k < stage->ports.n; k++) {
        const pexchange_t *x = stage->ports.at[k]->exchange;
        if (!x) return 0;
        const pstage_t *to = plan->stages.at[x->consumer];
        tjoin_form form = to->root == ROOT_join ? to->step->u.join.form : JOINS_tables;
        if (to->root == ROOT_join && x == to->exchange &&
            (form == JOINS_table || form == JOINS_as_of))
            continue;
        if (to->root == ROOT_errors) continue;
        if (!to->step->out.is_table || !plan_join_feeds_only(plan, to)) return 0;
    }
    return stage->ports.n > 0;
}

const char *plan_join_key_text(builder_t *b, const tstep_t *s) {
    buf_t out;
    buf_init(&out, b->a);
    if (s->u.join.form == JOINS_windows) buf_str(&out, "window");
    for (size_t i = 0; i < s->u.join.nkeys; i++) {
        span_t at = s->u.join.keys[i].left->span;
        const source_t *src = source_at(b->sources, at.file);
        buf_printf(&out, "%s%.*s", out.n ? ", " : "", (int)(at.end - at.start),
                   src->text + at.start);
    }
    return buf_text(&out);
}

/* ---- columns ---- */

typedef struct reads {
    unsigned char *left, *there; /* null: that side is not asked for */
    uint32_t nleft;
    const type_t *record;
} reads_t;

static void read_node(node_t **at, void *env) {
    reads_t *r = env;
    node_t *n = *at;
    if (n->kind == AST_member && r->there) {
        const node_t *v = AST(member, n)->value;
        int field = v->kind == AST_name && v->def && v->def->kind == DEF_COLUMN &&
                            (uint32_t)v->def->index == r->nleft
                        ? type_field(r->record, AST(member, n)->name) : -1;
        if (field >= 0) {
            r->there[field] = 1;
            return;
        }
    }
    if (n->kind == AST_name && n->def && n->def->kind == DEF_COLUMN) {
        uint32_t i = (uint32_t)n->def->index;
        if (i < r->nleft && r->left) r->left[i] = 1;
        if (i == r->nleft && r->there) memset(r->there, 1, r->record->nfields);
    }
    ast_walk(n, read_node, env);
}

static void join_reads(const tstep_t *s, node_t *e, unsigned char *left, unsigned char *there) {
    reads_t r = {left, there, s->row_in->nfields, s->u.join.there};
    if (e) read_node(&e, &r);
}

void plan_join_live(builder_t *b, pstage_t *stage, int all) {
    tstep_t *s = stage->step;
    const type_t *there = s->u.join.there;
    int a = s->u.join.column;
    stage->live2 = ARENA_ARRAY(b->a, unsigned char, there->nfields + 1);
    for (uint32_t c = 0; c < s->row_in->nfields; c++) stage->live[c] |= all != 0;
    if (a >= 0) {
        stage->live[a] |= all != 0;
        int some = !all && plan_cannot_fail(s->u.join.cond);
        if (stage->live[a] && !(some && plan_field_reads(stage, a, there, stage->live2)))
            memset(stage->live2, 1, there->nfields);
    } else if (all && !plan_cannot_fail(s->u.join.cond)) { /* an error shows the pair */
        memset(stage->live2, 1, there->nfields);
    }
    join_reads(s, s->u.join.cond, stage->live, stage->live2);
}

/* The window crosses by itself. */
static void live_props(const tstep_t *s, const tprops_t *p, unsigned char *live) {
    if (s->u.join.form == JOINS_windows) live[p->window_column] = 1;
}

/* A version is a row that enters `latest`, and the keys that it adds. */
static void version_reads(const tstep_t *s, const tstep_t *latest, const unsigned char *need,
                          unsigned char *live) {
    reads_t r = {live, NULL, latest->row_in->nfields, NULL};
    for (uint32_t i = 0; i < s->u.join.there->nfields; i++) {
        int c = s->u.join.from[i];
        if (need[i] && (uint32_t)c < latest->row_in->nfields) live[c] = 1;
        for (size_t k = 0; need[i] && k < latest->u.latest.nkeys; k++)
            if (latest->u.latest.added[k] == c) read_node(&latest->u.latest.keys[k].expr, &r);
    }
}

void plan_join_sent(builder_t *b, const pop_t *op, const pstage_t *to, unsigned char *live) {
    const tstep_t *s = op->step;
    const type_t *there = s->u.join.there;
    if (!op->input) {
        for (uint32_t c = 0; c < s->row_in->nfields; c++) live[c] = to->live[c];
        for (size_t i = 0; i < s->u.join.nkeys; i++)
            join_reads(s, s->u.join.keys[i].left, live, NULL);
        join_reads(s, s->u.join.as_of, live, NULL);
        live_props(s, &s->in, live);
        return;
    }
    unsigned char *need = ARENA_ARRAY(b->a, unsigned char, there->nfields + 1);
    memcpy(need, to->live2, there->nfields);
    for (size_t i = 0; i < s->u.join.nkeys; i++)
        join_reads(s, s->u.join.keys[i].right, NULL, need);
    const tstep_t *latest = plan_join_versions(s);
    if (latest) {
        version_reads(s, latest, need, live);
        return;
    }
    for (uint32_t i = 0; i < there->nfields; i++) live[s->u.join.from[i]] = need[i];
    live_props(s, &s->u.join.right->out, live);
}

void plan_join_there(const pop_t *op, pstage_t *to, const unsigned char *there) {
    const tstep_t *s = op->step;
    if (!op->input)
        for (uint32_t c = 0; c < s->row_in->nfields; c++) to->live[c] &= there[c];
    else
        for (uint32_t i = 0; i < s->u.join.there->nfields; i++)
            if ((uint32_t)s->u.join.from[i] < op->row_in->nfields)
                to->live2[i] &= there[s->u.join.from[i]];
}

void plan_join_carried(pstage_t *stage, const unsigned char *needed,
                       const unsigned char *needed2, unsigned char *there) {
    const tstep_t *s = stage->step;
    int a = s->u.join.column, whole = 1;
    for (uint32_t c = 0; c < s->row_in->nfields; c++)
        there[c] = stage->live[c] |= needed[c];
    for (uint32_t i = 0; i < s->u.join.there->nfields; i++)
        whole &= stage->live2[i] |= needed2[i];
    if (a < 0) return;
    stage->live[a] = needed[a] || (stage->live[a] && whole);
    there[a] = stage->live[a];
}

void plan_lookup_reads(const tstep_t *s, unsigned char *left) {
    for (size_t i = 0; i < s->u.join.nkeys; i++) join_reads(s, s->u.join.keys[i].left, left, NULL);
    join_reads(s, s->u.join.cond, left, NULL);
}

void plan_lookup_live(builder_t *b, pstage_t *stage, const pop_t *op, int all) {
    const tstep_t *s = op->step;
    const type_t *there = s->u.join.there;
    int a = s->u.join.column, fails = !plan_cannot_fail(s->u.join.cond);
    int shown = plan_may_be_shown(&op->next) || (op->error_port >= 0 && fails);
    int whole = all && (shown || !plan_rule(b, RULE_prune));
    if (a >= 0 && op->live[a] && !whole)
        whole = fails || !plan_field_reads_behind(&op->next, a, there, stage->live2);
    if (whole) memset(stage->live2, 1, there->nfields);
    join_reads(s, s->u.join.cond, NULL, stage->live2);
}
