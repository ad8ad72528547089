/* typed_print.c - what `flowc emit --typed` shows.
 *
 * A block for each flow in dependency order: its origin, then each step with its resolved
 * parts, then the row and the properties behind it where they have changed.  Expressions
 * are shown as the program has them, with their types; those made by `*` as names. */
#include "compiler/types/typed_print.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/const.h"
#include "compiler/types/expr.h"

typedef struct tprint {
    buf_t *b;
    const program_t *p;
    diags_t *diags;
} tprint_t;

static void put_expr(tprint_t *t, const node_t *e) {
    /* Made for `*` and `e.*`: the span is that of the star. */
    if (e->kind == AST_name) buf_str(t->b, AST(name, e)->name);
    else if (e->kind == AST_member && AST(member, e)->name_at.start == e->span.start) {
        put_expr(t, AST(member, e)->value);
        buf_printf(t->b, "%s%s", AST(member, e)->safe ? "?." : ".", AST(member, e)->name);
    } else buf_str(t->b, diag_source(t->diags, e->span));
}

static void put_type(tprint_t *t, const type_t *type) {
    buf_printf(t->b, ": %s", type_text(t->p->arena, type));
}

static void put_value(tprint_t *t, const node_t *expr, const cval_t *v) {
    if (v && v->type->kind == TY_STRING)
        buf_printf(t->b, "\"%s\"", const_text(t->p->check, v->type, v->w));
    else if (v && v->type->kind == TY_SIZE) buf_printf(t->b, "%lldB", (long long)v->w[0]);
    else if (v) buf_str(t->b, const_text(t->p->check, v->type, v->w));
    else if (expr) put_expr(t, expr);
    else buf_str(t->b, "none");
}

static void put_row(tprint_t *t, const type_t *row) {
    buf_str(t->b, "    row");
    for (uint32_t i = 0; i < row->nfields; i++) {
        buf_printf(t->b, "%s %s", i ? "," : "", row->fields[i].name);
        put_type(t, row->fields[i].type);
    }
    buf_char(t->b, '\n');
}

static void put_props(tprint_t *t, const tprops_t *p) {
    buf_str(t->b, p->is_table ? "    table" : "    stream");
    for (size_t i = 0; i < p->nkeys; i++)
        buf_printf(t->b, "%s %s%s", i ? "," : " key", p->keys[i].name ? p->keys[i].name : "_",
                   p->keys[i].column < 0 ? " (unseen)" : "");
    if (p->windowed != WINDOW_NONE)
        buf_printf(t->b, " windowed %s", window_at(p->windowed)->spelling);
    if (p->timed) buf_str(t->b, " timed");
    if (p->sorted) buf_str(t->b, " sorted");
    if (p->limited) buf_str(t->b, " limited");
    if (p->bounded) buf_str(t->b, " bounded");
    buf_char(t->b, '\n');
}

static int same_props(const tprops_t *a, const tprops_t *b) {
    if (a->is_table != b->is_table || a->windowed != b->windowed || a->nkeys != b->nkeys ||
        a->bounded != b->bounded || a->limited != b->limited || a->sorted != b->sorted || a->timed != b->timed)
        return 0;
    for (size_t i = 0; i < a->nkeys; i++)
        if ((a->keys[i].column < 0) != (b->keys[i].column < 0)) return 0;
    return 1;
}

/* ---- steps ---- */

static void put_items(tprint_t *t, const char *what, const titem_t *items, size_t n) {
    for (size_t i = 0; i < n; i++) {
        buf_printf(t->b, "    %s %s = ", what, items[i].name ? items[i].name : "_");
        put_expr(t, items[i].expr);
        put_type(t, items[i].type);
        buf_char(t->b, '\n');
    }
}

static void put_orders(tprint_t *t, const torder_t *by, size_t n) {
    for (size_t i = 0; i < n; i++) {
        buf_str(t->b, i ? ", " : " by ");
        put_expr(t, by[i].expr);
        if (by[i].desc) buf_str(t->b, " desc");
    }
}

static void put_aggregate(tprint_t *t, const tstep_t *s) {
    buf_char(t->b, '\n');
    put_items(t, "key", s->u.aggregate.keys, s->u.aggregate.nkeys);
    for (size_t i = 0; i < s->u.aggregate.naggs; i++) {
        const agg_call_t *a = s->u.aggregate.aggs[i];
        buf_printf(t->b, "    agg %zu ", i);
        put_expr(t, a->call);
        if (a->when) {
            buf_str(t->b, " when ");
            put_expr(t, a->when);
        }
        put_type(t, a->result);
        buf_char(t->b, '\n');
    }
    put_items(t, "item", s->u.aggregate.items, s->u.aggregate.nitems);
}

static const char *mode_text(sink_mode mode) {
    switch (mode) {
    case MODE_append: return "append";
    case MODE_update: return "update";
    case MODE_complete: return "complete";
    case MODE_final: return "final";
    case MODE_changes: return "changes";
    }
    flow_unreachable("mode");
}

static void put_connector(tprint_t *t, const tconnector_t *c, const char *name) {
    buf_printf(t->b, " %s", name);
    if (c->pos) {
        buf_char(t->b, '(');
        put_value(t, c->pos, c->pos_value);
        buf_char(t->b, ')');
    }
    if (c->format != FORMAT_none) buf_printf(t->b, " %s", format_row(c->format)->name);
    for (size_t i = 0; i < c->options.n; i++) {
        const toption_t *o = &c->options.at[i];
        if (!o->given || o->info->type == OPT_format || !strcmp(o->info->of, "sinks")) continue;
        buf_printf(t->b, " %s = ", o->info->name);
        if (o->word) buf_str(t->b, o->word);
        else if (o->columns) {
            for (size_t k = 0; k < o->ncolumns; k++)
                buf_printf(t->b, "%s%d", k ? "," : "column ", o->columns[k]);
        } else put_value(t, o->expr, o->value);
    }
}

static void put_each(tprint_t *t, const tstep_t *s) {
    buf_printf(t->b, " %s%s%s in ", s->u.each.name, s->u.each.counter ? ", " : "",
               s->u.each.counter ? s->u.each.counter : "");
    put_expr(t, s->u.each.list);
    buf_char(t->b, '\n');
}

static void put_branch(tprint_t *t, const tstep_t *s) {
    buf_char(t->b, '\n');
    for (size_t i = 0; i < s->u.branch.n; i++) {
        const struct tarm *a = &s->u.branch.arms[i];
        buf_printf(t->b, "    arm %s", a->flow ? a->flow->name : "_");
        buf_str(t->b, a->pred ? " where " : " else");
        if (a->pred) put_expr(t, a->pred);
        buf_char(t->b, '\n');
    }
}

static void put_flow_name(tprint_t *t, const tflow_t *f) {
    if (f->name) buf_printf(t->b, "%s", f->name);
    else buf_printf(t->b, "#%d", f->index);
}

static void put_top(tprint_t *t, const tstep_t *s) {
    buf_char(t->b, ' ');
    put_value(t, s->u.top.count, s->u.top.count_value);
    put_orders(t, s->u.top.by, s->u.top.n);
    if (s->u.top.ties) buf_str(t->b, " with ties");
    if (s->u.top.rank) buf_printf(t->b, " as %s", s->u.top.rank);
    buf_char(t->b, '\n');
    put_items(t, "key", s->u.top.keys, s->u.top.nkeys);
}

static void put_option(tprint_t *t, const char *word, const node_t *e, const cval_t *v) {
    if (!e) return;
    buf_printf(t->b, " %s", word);
    if (*word) buf_char(t->b, ' ');
    put_value(t, e, v);
}

static void put_window(tprint_t *t, const twindow_t *w) {
    buf_printf(t->b, " %s", window_at(w->kind)->spelling);
    put_option(t, "", w->size, w->size_value);
    if (w->by_rows) buf_str(t->b, " rows");
    put_option(t, "every", w->every, w->every_value);
    put_option(t, "offset", w->offset, w->offset_value);
    if (w->processing) buf_str(t->b, " on processing_time");
    put_option(t, "early", w->early, w->early_value);
    put_option(t, "lateness", w->lateness, w->lateness_value);
    if (w->late) buf_printf(t->b, " late into %s", w->late->name);
}

static void put_event_time(tprint_t *t, const tstep_t *s) {
    buf_char(t->b, ' ');
    put_expr(t, s->u.event_time.time);
    put_option(t, "delay", s->u.event_time.delay, s->u.event_time.delay_value);
    put_option(t, "idle", s->u.event_time.idle, s->u.event_time.idle_value);
    if (s->u.event_time.late) buf_printf(t->b, " late into %s", s->u.event_time.late->name);
}

static void put_remember(tprint_t *t, const tstep_t *s) {
    const tremember_t *r = s->u.remember;
    if (r->by) {
        buf_str(t->b, " by ");
        put_expr(t, r->by);
    }
    buf_char(t->b, '\n');
    put_items(t, "key", r->keys, r->nkeys);
    for (size_t i = 0; i < r->nstate; i++) {
        buf_printf(t->b, "    state %s", r->state[i]->name);
        put_type(t, r->state[i]->type);
        if (r->start[i]) {
            buf_str(t->b, " = ");
            put_expr(t, r->start[i]);
        }
        buf_char(t->b, '\n');
    }
    for (size_t i = 0; i < r->nhandlers; i++) {
        const ast_handler_t *h = AST(handler, r->handlers[i].node);
        buf_printf(t->b, "    on %s", ast_handler_kind_text(h->kind));
        if (h->idle) {
            buf_char(t->b, ' ');
            put_value(t, h->idle, r->handlers[i].idle);
        }
        buf_char(t->b, '\n');
    }
}

static void put_bound(tprint_t *t, const tstep_t *s) {
    if (s->u.join.forever) buf_str(t->b, " within forever");
    if (s->u.join.hi) {
        buf_str(t->b, " within ");
        if (s->u.join.lo) put_value(t, s->u.join.lo, s->u.join.lo_value);
        else buf_str(t->b, "- ");
        buf_str(t->b, s->u.join.half_open ? "..<" : "..");
        put_value(t, s->u.join.hi, s->u.join.hi_value);
    }
    if (!s->u.join.as_of) return;
    buf_str(t->b, " as of ");
    put_expr(t, s->u.join.as_of);
}

static void put_join(tprint_t *t, const tstep_t *s) {
    static const char *const forms[] = {"within", "windows", "table", "as of", "tables"};
    buf_printf(t->b, " %s %s ", ast_join_kind_text(s->u.join.kind), forms[s->u.join.form]);
    put_flow_name(t, s->u.join.right);
    put_bound(t, s);
    buf_char(t->b, '\n');
    for (size_t i = 0; i < s->u.join.nkeys; i++) {
        const tpair_t *k = &s->u.join.keys[i];
        buf_str(t->b, k->optional ? "    key? " : "    key ");
        put_expr(t, k->left);
        buf_str(t->b, " == ");
        put_expr(t, k->right);
        put_type(t, k->type);
        buf_char(t->b, '\n');
    }
    if (!s->u.join.cond) return;
    buf_str(t->b, "    on ");
    put_expr(t, s->u.join.cond);
    buf_char(t->b, '\n');
}

static void put_parts(tprint_t *t, const tstep_t *s) {
    switch (s->op) {
    case OP_where:
        buf_char(t->b, ' ');
        put_expr(t, s->u.where.pred);
        break;
    case OP_select:
        buf_char(t->b, '\n');
        put_items(t, "item", s->u.select.items, s->u.select.n);
        return;
    case OP_let:
        buf_char(t->b, '\n');
        put_items(t, "item", s->u.let.items, s->u.let.n);
        return;
    case OP_each: put_each(t, s); return;
    case OP_aggregate: put_aggregate(t, s); return;
    case OP_repartition:
        put_option(t, "", s->u.repartition.count, s->u.repartition.count_value);
        buf_char(t->b, '\n');
        put_items(t, "key", s->u.repartition.keys, s->u.repartition.nkeys);
        return;
    case OP_distinct:
        put_option(t, "within", s->u.distinct.within, s->u.distinct.within_value);
        buf_char(t->b, '\n');
        put_items(t, "key", s->u.distinct.keys, s->u.distinct.nkeys);
        return;
    case OP_latest:
        if (s->u.latest.n) put_orders(t, s->u.latest.by, s->u.latest.n);
        if (s->u.latest.keep) {
            buf_str(t->b, " keep ");
            put_value(t, s->u.latest.keep, s->u.latest.keep_value);
        }
        buf_char(t->b, '\n');
        put_items(t, "key", s->u.latest.keys, s->u.latest.nkeys);
        return;
    case OP_close:
        buf_str(t->b, " at ");
        put_expr(t, s->u.close.at);
        break;
    case OP_sort: put_orders(t, s->u.sort.by, s->u.sort.n); break;
    case OP_top: put_top(t, s); return;
    case OP_limit:
        buf_char(t->b, ' ');
        put_value(t, s->u.limit.count, s->u.limit.count_value);
        break;
    case OP_union:
        for (size_t i = 0; i < s->u.unite.n; i++) {
            buf_str(t->b, i ? ", " : " ");
            put_flow_name(t, s->u.unite.inputs[i]);
        }
        break;
    case OP_branch: put_branch(t, s); return;
    case OP_join: put_join(t, s); return;
    case OP_errors:
        buf_printf(t->b, " %s", s->u.errors.flow ? s->u.errors.flow->name : "_");
        break;
    case OP_window: put_window(t, s->u.window.spec); break;
    case OP_event_time: put_event_time(t, s); break;
    case OP_remember: put_remember(t, s); return;
    case OP_to:
    case OP_print:
        if (!s->u.sink) break;
        put_connector(t, s->u.sink, sink_row((sink_id)s->u.sink->row)->name);
        buf_printf(t->b, " mode %s", mode_text(s->u.sink->mode));
        break;
    case OP_drop:
    case OP_changes:
    case OP_match:
    case OP_train: break;
    case OP_COUNT: flow_unreachable("step");
    }
    buf_char(t->b, '\n');
}

static void put_step(tprint_t *t, const tstep_t *s) {
    buf_printf(t->b, "  %s", op_at(s->op)->spelling);
    put_parts(t, s);
    if (s->row_out != s->row_in) put_row(t, s->row_out);
    if (!same_props(&s->in, &s->out)) put_props(t, &s->out);
}

/* ---- flows ---- */

static void put_origin(tprint_t *t, const tflow_t *f) {
    switch (f->origin) {
    case ORIGIN_source:
        buf_str(t->b, "  from");
        if (f->source) {
            put_connector(t, f->source, source_row((source_id)f->source->row)->name);
            if (f->source->whole) buf_str(t->b, " whole");
        }
        buf_char(t->b, '\n');
        break;
    case ORIGIN_flow:
        buf_str(t->b, "  reads ");
        if (f->from) put_flow_name(t, f->from);
        buf_char(t->b, '\n');
        break;
    case ORIGIN_port:
        buf_str(t->b, "  side of ");
        put_flow_name(t, f->from);
        buf_printf(t->b, ", step %d, port %d\n", f->port_step, f->port);
        break;
    }
    put_row(t, f->row_in);
    put_props(t, &f->in);
}

static void put_flow(tprint_t *t, const tflow_t *f) {
    buf_printf(t->b, "flow %d", f->index);
    if (f->name) buf_printf(t->b, " %s", f->name);
    if (!f->live) buf_str(t->b, " (not run)");
    buf_char(t->b, '\n');
    put_origin(t, f);
    for (size_t i = 0; i < f->steps.n; i++) put_step(t, f->steps.at[i]);
}

void typed_print(buf_t *b, const program_t *p, diags_t *diags) {
    tprint_t t = {b, p, diags};
    for (size_t i = 0; i < p->settings.n; i++) {
        const tsetting_t *s = &p->settings.at[i];
        buf_printf(b, "set %s = ", setting_row(s->id)->name);
        if (s->word) buf_str(b, s->word);
        else put_value(&t, s->expr, s->value);
        buf_char(b, '\n');
    }
    for (size_t i = 0; i < p->consts.n; i++) {
        const def_t *d = p->consts.at[i];
        buf_printf(b, "const %s", d->name);
        put_type(&t, d->type);
        buf_str(b, " = ");
        put_value(&t, d->node ? AST(decl_const, d->node)->value : NULL, d->value);
        buf_char(b, '\n');
    }
    for (size_t i = 0; i < p->params.n; i++) {
        const tparam_t *d = &p->params.at[i];
        buf_printf(b, "param %s", d->name);
        put_type(&t, d->type);
        if (d->fallback) {
            buf_str(b, " = ");
            put_value(&t, d->fallback, d->value);
        }
        buf_char(b, '\n');
    }
    for (size_t i = 0; i < p->flows.n; i++) put_flow(&t, p->flows.at[i]);
}
