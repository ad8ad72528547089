/* actions.c - the constructors behind the grammar.
 *
 * make_node gives every node its depth, so nesting is limited as the tree grows: no later
 * walk can run out of stack.  A chain `a + b + c ...` nests to the left and counts too. */
#include "compiler/syntax/actions.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/message.h"
#include "compiler/syntax/tokens.h"

static void deepest(node_t **child, void *env) {
    uint16_t *depth = env;
    if ((*child)->depth > *depth) *depth = (*child)->depth;
}

node_t *make_poison(parser_t *p, span_t at) {
    return ast_new_node(p->env->arena, AST_poison, at);
}

/* Sets the depth from the children; gives 0 if that is too much. */
static int measure(parser_t *p, node_t *n) {
    uint16_t depth = 0;
    ast_walk(n, deepest, &depth);
    n->depth = depth + 1;
    if (n->depth <= FLOW_MAX_NESTING) return 1;
    message_nesting(p, n->span);
    return 0;
}

node_t *make_node(parser_t *p, const node_t *proto) {
    size_t size = ast_shape(proto->kind)->size;
    node_t *n = arena_alloc(p->env->arena, size);
    memcpy(n, proto, size);
    return measure(p, n) ? n : make_poison(p, n->span);
}

node_t *make_binary(parser_t *p, span_t at, binary_op op, node_t *l, node_t *r, span_t op_at) {
    return MAKE(binary, at, .op = op, .left = l, .right = r, .op_at = op_at);
}

node_t *make_method(parser_t *p, span_t at, node_t *receiver, word_t fn, nodes_t args) {
    nodes_t all = list_of(p, MAKE(arg, receiver->span, .value = receiver));
    for (size_t i = 0; i < args.n; i++) nodes_push(p->env->arena, &all, args.at[i]);
    return MAKE(call, at, NAMED(fn, fn), .receiver = 1, .args = all);
}

node_t *bracketed(node_t *n) {
    if (n->parens < UINT16_MAX) n->parens++;
    return n;
}

node_t *item_when(parser_t *p, node_t *item, node_t *when, span_t at) {
    if (item->kind == AST_poison) return item;
    ast_item_t *i = AST(item, item);
    return MAKE(item, at, .name = i->name, .name_at = i->name_at, .value = i->value,
                .when = when);
}

nodes_t no_nodes(void) {
    return (nodes_t){0};
}

nodes_t list_add(parser_t *p, nodes_t list, node_t *n) {
    if (n) nodes_push(p->env->arena, &list, n);
    return list;
}

nodes_t list_of(parser_t *p, node_t *n) {
    return list_add(p, no_nodes(), n);
}

/* The list of a pipeline or sequence grows in place: copies would be quadratic.  The
 * depth follows the new element alone. */
static node_t *grown(parser_t *p, node_t *n, nodes_t *list, node_t *element, span_t at) {
    n->span = at;
    if (!element) return n;
    nodes_push(p->env->arena, list, element);
    if (element->depth + 1 > n->depth) n->depth = element->depth + 1;
    if (n->depth <= FLOW_MAX_NESTING) return n;
    message_nesting(p, at);
    return n;
}

node_t *pipeline_add(parser_t *p, node_t *pipeline, node_t *step, span_t at) {
    if (pipeline->kind == AST_poison) return pipeline;
    return grown(p, pipeline, &AST(pipeline, pipeline)->steps, step, at);
}

static void link_element(node_t *n, match_link link) {
    if (n->kind == AST_match_step) AST(match_step, n)->link = link;
    if (n->kind == AST_match_group) AST(match_group, n)->link = link;
}

node_t *sequence_add(parser_t *p, node_t *seq, match_link link, node_t *element, span_t at) {
    link_element(element, link);
    if (seq->kind == AST_poison) return seq;
    return grown(p, seq, &AST(match_seq, seq)->elements, element, at);
}

/* Does a declaration end in a step that ends a pipeline, or is it none of steps? */
static int is_complete(const node_t *decl) {
    const node_t *pipeline = NULL;
    if (decl->kind == AST_decl_run) pipeline = AST(decl_run, decl)->pipeline;
    if (decl->kind == AST_decl_flow) pipeline = AST(decl_flow, decl)->pipeline;
    if (!pipeline || pipeline->kind != AST_pipeline) return !pipeline;
    const nodes_t *steps = &AST(pipeline, pipeline)->steps;
    if (steps->n == 0) return 0;
    switch ((int)steps->at[steps->n - 1]->kind) {
    case AST_step_to: case AST_step_print: case AST_step_train: case AST_step_branch: return 1;
    default: return 0;
    }
}

/* `select a b |> print` reads as a second pipeline `b |> print`, for newlines mean nothing;
 * on one line with a pipeline that goes nowhere it is a slip. */
static void check_same_line(parser_t *p, const node_t *decl) {
    const nodes_t *decls = &p->program->decls;
    if (decls->n == 0 || decl->kind != AST_decl_run) return;
    const node_t *last = decls->at[decls->n - 1], *pipeline = AST(decl_run, decl)->pipeline;
    if (is_complete(last) || pipeline->kind != AST_pipeline) return;
    span_t at = AST(pipeline, pipeline)->origin->span;
    const char *between = p->source->text + last->span.end;
    if (last->span.end > at.start || memchr(between, '\n', at.start - last->span.end)) return;
    diag_t *m = diag_add(p->env->diags, DIAG_syntax, at,
                         arena_printf(p->env->arena, "`%s`", diag_source(p->env->diags, at)));
    diag_label(m, "expected `,`, `|>`");
    diag_help(m, "a pipeline of its own begins on a line of its own");
}

void program_add(parser_t *p, node_t *decl) {
    if (!decl) return;
    check_same_line(p, decl);
    nodes_push(p->env->arena, &p->program->decls, decl);
    if (decl->depth + 1 > p->program->node.depth) p->program->node.depth = decl->depth + 1;
    p->program->node.span = span_join(p->program->node.span, decl->span);
}

/* ---- clauses ---- */

clause_t *make_clause(parser_t *p, const clause_t *proto) {
    clause_t *c = ARENA_NEW(p->env->arena, clause_t);
    *c = *proto;
    return c;
}

static const char *clause_text(clause_kind kind) {
    switch (kind) {
    case CLAUSE_AS: return "as";
    case CLAUSE_AS_OF: return "as of";
    case CLAUSE_BY: return "by";
    case CLAUSE_EARLY: return "early";
    case CLAUSE_LATE: return "late into";
    case CLAUSE_LATENESS: return "lateness";
    case CLAUSE_OFFSET: return "offset";
    case CLAUSE_ON: return "on processing_time";
    case CLAUSE_PER: return "per";
    case CLAUSE_SKIP: return "skip";
    case CLAUSE_TIES: return "with ties";
    case CLAUSE_WITHIN: return "within";
    }
    flow_unreachable("a clause without text");
}

/* Newest first; a second one of a kind is reported and left out. */
clause_t *clause_add(parser_t *p, clause_t *list, clause_t *c) {
    for (clause_t *old = list; old; old = old->next) {
        if (old->kind != c->kind) continue;
        diag_t *m = diag_add(p->env->diags, DIAG_clause_twice, c->word, clause_text(c->kind));
        diag_note(m, "first at %s", diag_where(p->env->diags, old->word, c->word));
        return list;
    }
    c->next = list;
    return c;
}

node_t *window_with(parser_t *p, node_t *window, clause_t *list, span_t at, span_t word) {
    if (window->kind == AST_poison) return window;
    ast_step_window_t *w = AST(step_window, window);
    w->node.span = at;
    w->word = word;
    for (clause_t *c = list; c; c = c->next) {
        if (c->kind == CLAUSE_OFFSET) w->offset = c->value;
        if (c->kind == CLAUSE_EARLY) w->early = c->value;
        if (c->kind == CLAUSE_LATENESS) w->lateness = c->value;
        if (c->kind == CLAUSE_ON) w->processing_time = 1;
        if (c->kind == CLAUSE_LATE) w->late = c->name.text, w->late_at = c->name.at;
    }
    return measure(p, window) ? window : make_poison(p, at);
}

node_t *top_with(parser_t *p, node_t *top, clause_t *list) {
    if (top->kind == AST_poison) return top;
    ast_step_top_t *t = AST(step_top, top);
    for (clause_t *c = list; c; c = c->next) {
        if (c->kind == CLAUSE_PER) t->per = c->list;
        if (c->kind == CLAUSE_TIES) t->ties = 1;
        if (c->kind == CLAUSE_AS) t->rank = c->name.text, t->rank_at = c->name.at;
    }
    return measure(p, top) ? top : make_poison(p, top->span);
}

node_t *join_with(parser_t *p, node_t *join, clause_t *list) {
    if (join->kind == AST_poison) return join;
    ast_step_join_t *j = AST(step_join, join);
    for (clause_t *c = list; c; c = c->next) {
        if (c->kind == CLAUSE_WITHIN) j->within = c->value;
        if (c->kind == CLAUSE_AS_OF) j->as_of = c->value;
    }
    return measure(p, join) ? join : make_poison(p, join->span);
}

node_t *match_with(parser_t *p, node_t *match, clause_t *list) {
    if (match->kind == AST_poison) return match;
    ast_step_match_t *m = AST(step_match, match);
    for (clause_t *c = list; c; c = c->next) {
        if (c->kind == CLAUSE_PER) m->per = c->list;
        if (c->kind == CLAUSE_BY) m->by = c->list;
        if (c->kind == CLAUSE_WITHIN) m->within = c->value;
        if (c->kind == CLAUSE_SKIP) {
            m->skip = c->choice;
            m->skip_to = c->name.text;
            m->skip_to_at = c->name.at;
        }
    }
    return measure(p, match) ? match : make_poison(p, match->span);
}
