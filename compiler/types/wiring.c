/* wiring.c - expands, names and orders pipelines.
 *
 * A `step` declaration is a template: each use gets a copy of its nodes, checked in the
 * scope of the declaration with its parameters bound to the arguments of the use.  What
 * a parameter stands for is constant, so a parameter is a definition of kind
 * DEF_FN_PARAM whose node is the argument (and value its value, if no param is in it).
 *
 * Side streams are entered here and not when their step is checked, because a pipeline
 * may read a side stream that stands further down in the text.  The order is a depth
 * first search with a stack of its own: a program may have thousands of flows. */
#include "compiler/types/wiring.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/types/const.h"

/* Steps after expansion: a bomb of steps that use steps twice ends here. */
enum { MAX_LINKS = 20000, MAX_STEP_DEPTH = 200 };

void declared_twice(check_t *c, const char *name, span_t at, const def_t *first) {
    diag_t *m = diag_add(c->diags, DIAG_declared_twice, at, name);
    if (first->at.end) diag_note(m, "first at %s", diag_where(c->diags, first->at, at));
    diag_help(m, "give one of them another name");
}

static pipe_t *pipe_new(sema_t *m, pipe_kind kind, unit_t *u, scope_t *base, span_t at) {
    pipe_t *p = ARENA_NEW(m->c->arena, pipe_t);
    p->kind = kind;
    p->unit = u;
    p->base = base;
    p->at = at;
    p->index = (int)m->pipes.n;
    stream_init_unknown(m->c, &p->in);
    stream_init_unknown(m->c, &p->out);
    vec_push(m->c->arena, &m->pipes, p);
    return p;
}

static def_t *pipe_def(sema_t *m, pipe_t *p, const char *name) {
    def_t *d = ARENA_NEW(m->c->arena, def_t);
    d->kind = DEF_FLOW;
    d->name = name;
    d->at = p->at;
    d->index = p->index;
    d->node = p->decl;
    d->scope = p->unit->scope;
    p->def = d;
    p->name = name;
    return d;
}

static void declare(sema_t *m, pipe_t *p, const char *name) {
    def_t *d = pipe_def(m, p, name);
    def_t *first = scope_declare(m->c->arena, p->unit->scope, NS_FLOW, d);
    if (first) declared_twice(m->c, name, p->at, first);
}

static void enter_step(sema_t *m, unit_t *u, ast_decl_step_t *s) {
    def_t *d = ARENA_NEW(m->c->arena, def_t);
    d->kind = DEF_STEP;
    d->name = s->name;
    d->at = s->name_at;
    d->node = &s->node;
    d->scope = u->scope;
    d->params = s->params.at;
    d->nparams = (uint32_t)s->params.n;
    s->node.def = d;
    def_t *first = scope_declare(m->c->arena, u->scope, NS_STEP, d);
    if (first) declared_twice(m->c, s->name, s->name_at, first);
}

int wiring_enter(sema_t *m, unit_t *u, node_t *decl) {
    switch (decl->kind) {
    case AST_decl_flow: {
        ast_decl_flow_t *f = AST(decl_flow, decl);
        pipe_t *p = pipe_new(m, PIPE_named, u, u->scope, f->name_at);
        p->decl = decl;
        p->pipeline = f->pipeline;
        declare(m, p, f->name);
        return 1;
    }
    case AST_decl_run: {
        /* Those of an imported file stay behind. */
        if (!u->is_root) return 1;
        ast_decl_run_t *r = AST(decl_run, decl);
        ast_pipeline_t *line = AST(pipeline, r->pipeline);
        pipe_t *p = pipe_new(m, PIPE_running, u, u->scope, line->origin->span);
        p->decl = decl;
        p->pipeline = r->pipeline;
        return 1;
    }
    case AST_decl_step: enter_step(m, u, AST(decl_step, decl)); return 1;
    default: return 0;
    }
}

/* ---- expansion ---- */

static void side_pipe(sema_t *m, pipe_t *owner, const link_t *link, node_t *maker,
                      const char *name, span_t at) {
    if (!name) return;
    pipe_t *p = pipe_new(m, PIPE_side, owner->unit, owner->unit->scope, at);
    p->owner = owner;
    p->note = link->note;
    declare(m, p, name);
    maker->def = p->def;
    vec_push(m->c->arena, &p->reads, ((reading_t){owner, at}));
}

static void operand_pipe(sema_t *m, pipe_t *owner, const link_t *link, node_t *pipeline) {
    if (pipeline->kind != AST_pipeline) return;
    ast_pipeline_t *line = AST(pipeline, pipeline);
    pipe_t *p = pipe_new(m, PIPE_operand, owner->unit, link->base, line->origin->span);
    p->pipeline = pipeline;
    p->note = link->note;
    pipeline->def = pipe_def(m, p, NULL);
}

/* Makes the pipes that a step brings: side streams and pipelines in brackets. */
static void enter_ports(sema_t *m, pipe_t *p, const link_t *link) {
    node_t *s = link->step;
    switch (s->kind) {
    case AST_step_branch: {
        ast_step_branch_t *b = AST(step_branch, s);
        for (size_t i = 0; i < b->arms.n; i++) {
            ast_arm_t *arm = AST(arm, b->arms.at[i]);
            side_pipe(m, p, link, &arm->node, arm->name, arm->name_at);
        }
        break;
    }
    case AST_step_errors: {
        ast_step_errors_t *e = AST(step_errors, s);
        side_pipe(m, p, link, s, e->into, e->into_at);
        break;
    }
    case AST_step_event_time: {
        ast_step_event_time_t *e = AST(step_event_time, s);
        side_pipe(m, p, link, s, e->late, e->late_at);
        break;
    }
    case AST_step_window: {
        ast_step_window_t *w = AST(step_window, s);
        side_pipe(m, p, link, s, w->late, w->late_at);
        break;
    }
    case AST_step_union: {
        ast_step_union_t *n = AST(step_union, s);
        for (size_t i = 0; i < n->inputs.n; i++) operand_pipe(m, p, link, n->inputs.at[i]);
        break;
    }
    case AST_step_join: operand_pipe(m, p, link, AST(step_join, s)->right); break;
    default: break;
    }
}

static void expand(sema_t *m, pipe_t *p, const nodes_t *steps, link_t proto, int depth);

/* The step that a use names; null after a diagnostic. */
static def_t *find_step(sema_t *m, const link_t *link, ast_step_user_t *use) {
    check_t *c = m->c;
    scope_t *file = scope_file_of(link->base);
    if (use->module) {
        def_t *mod = scope_find_in(file, NS_MODULE, use->module);
        if (!mod) {
            diag_t *d = diag_add(c->diags, DIAG_no_module, use->module_at, use->module);
            diag_help(d, "`import \"….flow\" as %s`", use->module);
            return NULL;
        }
        file = mod->scope;
    }
    def_t *d = scope_find_in(file, NS_STEP, use->name);
    if (d) return d;
    diag_t *msg = diag_add(c->diags, DIAG_no_step, use->name_at, use->name);
    const char **names, *guess;
    size_t n = scope_all(c->arena, file, NS_STEP, &names);
    const char **all = ARENA_ARRAY(c->arena, const char *, n + OP_COUNT);
    for (size_t i = 0; i < n; i++) all[i] = names[i];
    for (int i = 0; i < OP_COUNT; i++) all[n + (size_t)i] = op_at((op_id)i)->spelling;
    if ((guess = diag_nearest(use->name, all, n + OP_COUNT)))
        diag_help(msg, "did you mean `%s`?", guess);
    else diag_help(msg, "declare it: `step %s(…) = …`", use->name);
    return NULL;
}

/* Which argument a parameter gets: by place, or by name. */
static node_t *argument_of(sema_t *m, ast_step_user_t *use, const def_t *step, uint32_t i) {
    const char *name = AST(param, step->params[i])->name;
    node_t *found = NULL;
    uint32_t place = 0;
    for (size_t k = 0; k < use->args.n; k++) {
        ast_arg_t *a = AST(arg, use->args.at[k]);
        if (a->name ? a->name != name : place++ != i) continue;
        if (found) diag_add(m->c->diags, DIAG_argument_twice, a->node.span, name);
        found = a->value;
    }
    return found;
}

/* 0 if an argument fits no parameter. */
static int check_argument_names(sema_t *m, ast_step_user_t *use, const def_t *step) {
    size_t places = 0;
    int good = 1;
    for (size_t k = 0; k < use->args.n; k++) {
        ast_arg_t *a = AST(arg, use->args.at[k]);
        int known = 0;
        if (!a->name) {
            if (places++ < step->nparams) continue;
            diag_t *d = diag_add(m->c->diags, DIAG_step_arguments, a->node.span, step->name,
                                 step->nparams == 1
                                     ? "one argument"
                                     : arena_printf(m->c->arena, "%u arguments", step->nparams));
            diag_note(d, "`%s` is declared at %s", step->name,
                      diag_where(m->c->diags, step->at, a->node.span));
            good = 0;
            continue;
        }
        for (uint32_t i = 0; i < step->nparams; i++)
            known |= AST(param, step->params[i])->name == a->name;
        if (known) continue;
        const char **names = ARENA_ARRAY(m->c->arena, const char *, step->nparams + 1);
        for (uint32_t i = 0; i < step->nparams; i++)
            names[i] = AST(param, step->params[i])->name;
        diag_t *d = diag_add(m->c->diags, DIAG_step_no_param, a->name_at, step->name, a->name);
        const char *guess = diag_nearest(a->name, names, step->nparams);
        if (guess) diag_help(d, "did you mean `%s`?", guess);
        good = 0;
    }
    return good;
}

/* A scope with the parameters of a step bound to the arguments of one use. */
static scope_t *bind_params(sema_t *m, const link_t *link, ast_step_user_t *use,
                            const def_t *step) {
    check_t *c = m->c;
    int named = check_argument_names(m, use, step);
    scope_t *names = scope_names(c->arena, step->scope);
    for (uint32_t i = 0; i < step->nparams; i++) {
        ast_param_t *p = AST(param, step->params[i]);
        type_t *t = type_resolve(c, step->scope, p->type);
        node_t *arg = argument_of(m, use, step, i);
        scope_t *where = link->base;
        if (!arg && p->value) {
            arg = ast_clone(c->arena, p->value);
            where = step->scope;
        }
        int good = arg && expr_check(c, where, arg, t)->kind != TY_POISON &&
                   const_check(c, arg, "an argument of a step");
        if (!arg && named) {
            diag_t *d = diag_add(c->diags, DIAG_step_missing, use->name_at, step->name,
                                 p->name);
            diag_help(d, "%s(%s = …)", step->name, p->name);
        }
        def_t *d = scope_add(c->arena, names, DEF_FN_PARAM, p->name,
                             good ? t : type_basic(c->types, TY_POISON), p->name_at);
        d->index = (int)i;
        d->node = arg;
        d->state = DEF_DONE;
        if (good && !const_has_param(arg)) d->value = const_eval_as(c, arg, t);
    }
    return names;
}

static void expand_user(sema_t *m, pipe_t *p, link_t link, int depth) {
    ast_step_user_t *use = AST(step_user, link.step);
    def_t *step = find_step(m, &link, use);
    if (step && step->state == DEF_BUSY) {
        diag_t *d = diag_add(m->c->diags, DIAG_step_recursive, use->name_at);
        diag_note(d, "`%s` is declared at %s", step->name,
                  diag_where(m->c->diags, step->at, use->name_at));
        step = NULL;
    }
    if (step && depth > MAX_STEP_DEPTH) {
        diag_add(m->c->diags, DIAG_nesting, use->name_at,
                 arena_printf(m->c->arena, "%d", MAX_STEP_DEPTH));
        step = NULL;
    }
    if (!step) {
        /* Left in the chain: nothing is known behind it. */
        vec_push(m->c->arena, &p->links, link);
        return;
    }
    step->used = 1;
    const char *note = arena_printf(m->c->arena, "in `%s`, used at %s%s%s", step->name,
                                    diag_where(m->c->diags, use->name_at, step->at),
                                    link.note ? ", " : "", link.note ? link.note : "");
    link_t inner = {.base = bind_params(m, &link, use, step),
                    .used = link.expanded ? link.used : use->name_at, .expanded = 1,
                    .note = note};
    step->state = DEF_BUSY;
    expand(m, p, &AST(decl_step, step->node)->steps, inner, depth + 1);
    step->state = DEF_NEW;
}

static void expand(sema_t *m, pipe_t *p, const nodes_t *steps, link_t proto, int depth) {
    for (size_t i = 0; i < steps->n; i++) {
        link_t link = proto;
        link.step = proto.expanded ? ast_clone(m->c->arena, steps->at[i]) : steps->at[i];
        if (!proto.expanded) link.used = ast_word(link.step);
        if (proto.expanded && ++m->nlinks > MAX_LINKS) {
            if (m->nlinks == MAX_LINKS + 1)
                diag_add(m->c->diags, DIAG_too_many_steps, link.used,
                         arena_printf(m->c->arena, "%d", MAX_LINKS));
            return;
        }
        if (link.step->kind == AST_step_user) {
            expand_user(m, p, link, depth);
            continue;
        }
        vec_push(m->c->arena, &p->links, link);
        enter_ports(m, p, &link);
    }
}

static void expand_pipe(sema_t *m, pipe_t *p) {
    link_t proto = {.base = p->base, .note = p->note};
    expand(m, p, &AST(pipeline, p->pipeline)->steps, proto, 0);
}

void wiring_expand(sema_t *m, unit_t *u) {
    for (size_t i = 0; i < m->pipes.n; i++) { /* grows: operands are expanded in turn */
        pipe_t *p = m->pipes.at[i];
        if (p->unit == u && p->pipeline) expand_pipe(m, p);
    }
}

/* ---- what is read ---- */

static pipe_t *find_flow(sema_t *m, scope_t *base, ast_flow_ref_t *ref) {
    check_t *c = m->c;
    scope_t *file = scope_file_of(base);
    if (ref->module) {
        def_t *mod = scope_find_in(file, NS_MODULE, ref->module);
        if (!mod) {
            diag_t *d = diag_add(c->diags, DIAG_no_module, ref->module_at, ref->module);
            diag_help(d, "`import \"….flow\" as %s`", ref->module);
            return NULL;
        }
        file = mod->scope;
    }
    def_t *d = scope_find_in(file, NS_FLOW, ref->name);
    if (d) {
        ref->node.def = d;
        d->used = 1;
        return m->pipes.at[d->index];
    }
    diag_t *msg = diag_add(c->diags, DIAG_no_flow, ref->name_at, ref->name);
    const char **names;
    size_t n = scope_all(c->arena, file, NS_FLOW, &names);
    const char *guess = diag_nearest(ref->name, names, n);
    source_id s = source_named(ref->name);
    if (guess) diag_help(msg, "did you mean `%s`?", guess);
    else if (!ref->module && s != SOURCE_COUNT)
        diag_help(msg, "to read from it write `from %s(%s)`", ref->name,
                  source_row(s)->pos == POS_none ? "" : "…");
    else diag_help(msg, "declare it: `stream %s = …`", ref->name);
    return NULL;
}

pipe_t *wiring_pipe(sema_t *m, const node_t *ref) {
    return ref->def ? m->pipes.at[ref->def->index] : NULL;
}

static void read_one(sema_t *m, pipe_t *p, scope_t *base, node_t *ref) {
    reading_t r = {NULL, ref->span};
    if (ref->kind == AST_flow_ref) r.pipe = find_flow(m, base, AST(flow_ref, ref));
    else r.pipe = wiring_pipe(m, ref);
    vec_push(m->c->arena, &p->reads, r);
}

void wiring_resolve(sema_t *m, unit_t *u) {
    for (size_t i = 0; i < m->pipes.n; i++) {
        pipe_t *p = m->pipes.at[i];
        if (p->unit != u || !p->pipeline) continue;
        node_t *origin = AST(pipeline, p->pipeline)->origin;
        if (origin->kind == AST_flow_ref) read_one(m, p, p->base, origin);
        for (size_t k = 0; k < p->links.n; k++) {
            const link_t *link = &p->links.at[k];
            if (link->step->kind == AST_step_union) {
                ast_step_union_t *s = AST(step_union, link->step);
                for (size_t j = 0; j < s->inputs.n; j++)
                    read_one(m, p, link->base, s->inputs.at[j]);
            } else if (link->step->kind == AST_step_join) {
                read_one(m, p, link->base, AST(step_join, link->step)->right);
            }
        }
    }
}

pipe_t *wiring_add(sema_t *m, unit_t *u, node_t *decl_run) {
    ast_decl_run_t *run = AST(decl_run, decl_run);
    ast_pipeline_t *line = AST(pipeline, run->pipeline);
    pipe_t *p = pipe_new(m, PIPE_running, u, u->scope, line->origin->span);
    p->decl = decl_run;
    p->pipeline = run->pipeline;
    expand_pipe(m, p);
    read_one(m, p, p->base, line->origin);
    return p;
}

/* ---- order ---- */

enum { MARK_new, MARK_open, MARK_done };

typedef struct frame {
    pipe_t *pipe;
    size_t next; /* of its reads */
} frame_t;

typedef VEC(frame_t) frames_t;

/* The frames from `first` on read each other in a ring. */
static void report_ring(sema_t *m, const frames_t *stack, size_t first) {
    check_t *c = m->c;
    buf_t names, way;
    buf_init(&names, c->arena);
    buf_init(&way, c->arena);
    size_t left = 0, seen = 0;
    for (size_t i = first; i < stack->n; i++) left += stack->at[i].pipe->name != NULL;
    const char *start = NULL;
    span_t at = {0};
    for (size_t i = first; i < stack->n; i++) {
        pipe_t *p = stack->at[i].pipe;
        p->fault = 1;
        if (!p->name) continue;
        if (!start) {
            start = p->name;
            at = p->reads.at[stack->at[i].next - 1].at;
        }
        seen++;
        buf_printf(&names, "%s`%s`", seen == 1 ? "" : seen == left ? " and " : ", ", p->name);
        buf_printf(&way, "%s (line %d) reads ", p->name, diag_line_of(c->diags, p->at));
    }
    diag_t *d = left == 1 ? diag_add(c->diags, DIAG_flow_self, at, start)
                          : diag_add(c->diags, DIAG_flow_cycle, at, buf_text(&names));
    diag_note(d, "%s%s", buf_text(&way), start);
    diag_help(d, "Flow graphs have no cycles; keep what must come back in `remember`");
}

static void visit(sema_t *m, pipe_t *root) {
    frames_t stack = {0};
    vec_push(m->c->arena, &stack, ((frame_t){root, 0}));
    root->mark = MARK_open;
    while (stack.n) {
        frame_t *top = &stack.at[stack.n - 1];
        pipe_t *p = top->pipe;
        if (top->next == p->reads.n) {
            p->mark = MARK_done;
            vec_push(m->c->arena, &m->order, p);
            stack.n--;
            continue;
        }
        pipe_t *from = p->reads.at[top->next++].pipe;
        if (!from) continue;
        if (from->mark == MARK_new) {
            from->mark = MARK_open;
            vec_push(m->c->arena, &stack, ((frame_t){from, 0}));
        } else if (from->mark == MARK_open) {
            size_t first = stack.n - 1;
            while (stack.at[first].pipe != from) first--;
            report_ring(m, &stack, first);
        }
    }
}

void wiring_order(sema_t *m) {
    for (size_t i = 0; i < m->pipes.n; i++)
        if (m->pipes.at[i]->mark == MARK_new) visit(m, m->pipes.at[i]);
}
