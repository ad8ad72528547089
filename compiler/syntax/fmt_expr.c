/* fmt_expr.c - expressions, with the brackets they need.
 *
 * Brackets of the program are kept where they tell a reader which of two operators binds,
 * and dropped around everything else; brackets that the tree needs are always written.
 * `if`, `let ...;` and lambdas reach as far right as they can, so as operands they always
 * stand in brackets. */
#include "compiler/base/check.h"
#include "compiler/syntax/fmt_out.h"

/* Binding, loose to tight, as the grammar has it. */
enum {
    BIND_TAIL,
    BIND_OR,
    BIND_AND,
    BIND_NOT,
    BIND_COMPARE,
    BIND_COALESCE,
    BIND_RANGE,
    BIND_SUM,
    BIND_PRODUCT,
    BIND_NEG,
    BIND_POSTFIX,
    BIND_ATOM
};

static int binding_of_op(int op) {
    switch ((binary_op)op) {
    case BINARY_OR: return BIND_OR;
    case BINARY_AND: return BIND_AND;
    case BINARY_EQ:
    case BINARY_NE:
    case BINARY_LT:
    case BINARY_LE:
    case BINARY_GT:
    case BINARY_GE:
    case BINARY_IN:
    case BINARY_NOT_IN: return BIND_COMPARE;
    case BINARY_COALESCE: return BIND_COALESCE;
    case BINARY_ADD:
    case BINARY_SUB: return BIND_SUM;
    case BINARY_MUL:
    case BINARY_DIV:
    case BINARY_MOD: return BIND_PRODUCT;
    case BINARY_OP_COUNT: break;
    }
    flow_unreachable("an operator without binding");
}

static int binding(const node_t *n) {
    switch ((int)n->kind) {
    case AST_if:
    case AST_let:
    case AST_lambda: return BIND_TAIL;
    case AST_binary: return binding_of_op(AST(binary, n)->op);
    case AST_is: return BIND_COMPARE;
    case AST_range: return BIND_RANGE;
    case AST_unary: return AST(unary, n)->op == UNARY_NOT ? BIND_NOT : BIND_NEG;
    case AST_member:
    case AST_index: return BIND_POSTFIX;
    case AST_call: return AST(call, n)->receiver ? BIND_POSTFIX : BIND_ATOM;
    default: return BIND_ATOM;
    }
}

/* An operand that must bind at least as tightly as `least`. */
static void operand(fmt_t *f, const node_t *n, int least) {
    int bind = binding(n), brackets = bind < least || (n->parens && bind < BIND_POSTFIX);
    if (brackets) fmt_put(f, "(");
    fmt_expr(f, n);
    if (brackets) fmt_put(f, ")");
}

void fmt_operand(fmt_t *f, const node_t *n) {
    operand(f, n, BIND_POSTFIX);
}

/* ---- operators ---- */

/* The operands of a chain of one binding, left to right: `a + b - c`. */
static const node_t *chain_head(const node_t *n, int bind) {
    while (n->kind == AST_binary && binding(n) == bind && bind != BIND_COMPARE) {
        const ast_binary_t *b = AST(binary, n);
        if (binding(b->left) != bind || b->left->parens) return b->left;
        n = b->left;
    }
    return n;
}

static void links(fmt_t *f, const node_t *n, const node_t *head, int bind, int broken, size_t col) {
    const ast_binary_t *b = AST(binary, n);
    if (b->left != head) links(f, b->left, head, bind, broken, col);
    if (broken) fmt_newline(f, col);
    else fmt_put(f, " ");
    fmt_put(f, ast_binary_op_text(b->op));
    fmt_put(f, " ");
    operand(f, b->right, bind + 1);
}

static void binary(fmt_t *f, const node_t *n) {
    const ast_binary_t *b = AST(binary, n);
    int bind = binding(n);
    size_t col = f->col, outer = f->indent;
    const node_t *head = bind == BIND_COMPARE ? b->left : chain_head(n, bind);
    int broken = bind != BIND_COMPARE && !fmt_fits(f, fmt_expr, n, 0);
    f->indent = col;
    operand(f, head, bind == BIND_COMPARE ? bind + 1 : bind);
    links(f, n, head, bind, broken, col);
    f->indent = outer;
}

static void unary(fmt_t *f, const ast_unary_t *u) {
    if (u->op == UNARY_NOT) {
        fmt_put(f, "not ");
        operand(f, u->operand, BIND_NOT);
    } else {
        fmt_put(f, "-");
        operand(f, u->operand, BIND_POSTFIX);
    }
}

static void is(fmt_t *f, const ast_is_t *x) {
    operand(f, x->value, BIND_COMPARE + 1);
    fmt_put(f, x->negated ? " is not " : " is ");
    if (x->variant) fmt_type_name(f, x->variant);
    else fmt_put(f, "none");
}

static void range(fmt_t *f, const ast_range_t *r) {
    operand(f, r->lo, BIND_RANGE + 1);
    fmt_put(f, r->half_open ? "..<" : "..");
    operand(f, r->hi, BIND_RANGE + 1);
}

static void member(fmt_t *f, const ast_member_t *m) {
    operand(f, m->value, BIND_POSTFIX);
    fmt_put(f, m->safe ? "?." : ".");
    fmt_name(f, m->name);
}

static void index_of(fmt_t *f, const ast_index_t *x) {
    operand(f, x->value, BIND_POSTFIX);
    fmt_put(f, "[");
    fmt_expr(f, x->at);
    fmt_put(f, "]");
}

/* ---- calls, lists, records ---- */

void fmt_arg(fmt_t *f, const node_t *n) {
    const ast_arg_t *a = AST(arg, n);
    if (a->name) {
        fmt_name(f, a->name);
        fmt_put(f, " = ");
    }
    fmt_expr(f, a->value);
}

static void args(fmt_t *f, const nodes_t *list) {
    fmt_put(f, "(");
    fmt_list(f, list, fmt_arg, 1);
    fmt_put(f, ")");
}

static void call(fmt_t *f, const ast_call_t *c) {
    nodes_t list = c->args;
    if (c->receiver) {
        operand(f, AST(arg, list.at[0])->value, BIND_POSTFIX);
        fmt_put(f, ".");
        list.at++;
        list.n--;
    }
    fmt_name(f, c->fn);
    args(f, &list);
}

static int is_small(const node_t *n) {
    switch ((int)n->kind) {
    case AST_int: case AST_float: case AST_decimal: case AST_bool: case AST_none:
    case AST_duration: case AST_size: case AST_timestamp: case AST_string: case AST_name:
    case AST_make:
        return n->kind != AST_make || !AST(make, n)->called;
    default:
        return 0;
    }
}

/* One element a line, unless all are small: then lines are filled. */
static void block(fmt_t *f, const nodes_t *list, span_t at) {
    size_t outer = f->indent, col = outer + 2;
    int small = 1;
    for (size_t i = 0; i < list->n; i++) small &= is_small(list->at[i]);
    fmt_put(f, "[");
    fmt_newline(f, col);
    if (small) {
        fmt_list(f, list, fmt_expr, 0);
    } else {
        f->indent = col;
        for (size_t i = 0; i < list->n; i++) {
            const node_t *n = list->at[i];
            if (i > 0) fmt_newline(f, col);
            if (i > 0) fmt_comments_before(f, n->span.start, col, 0);
            else fmt_comments_first(f, n->span.start, col);
            fmt_expr(f, n);
            if (i + 1 < list->n) fmt_put(f, ",");
            fmt_comments_after(f, n->span);
        }
    }
    f->indent = outer;
    fmt_close(f, at.end, col, outer);
    fmt_put(f, "]");
}

static void list_flat(fmt_t *f, const node_t *n) {
    fmt_put(f, "[");
    fmt_list(f, &AST(list, n)->elements, fmt_expr, 1);
    fmt_put(f, "]");
}

static void list(fmt_t *f, const node_t *n) {
    const nodes_t *elements = &AST(list, n)->elements;
    int opened = elements->n && fmt_was_broken(f, n->span.start, elements->at[0]->span.start);
    int flat = !opened && !fmt_has_comments(f, n->span) && fmt_fits(f, list_flat, n, 0);
    if (f->flat || elements->n == 0 || flat) list_flat(f, n);
    else block(f, elements, n->span);
}

static void cell(fmt_t *f, const node_t *n) {
    if (n->kind == AST_cell_spread) {
        operand(f, AST(cell_spread, n)->value, BIND_POSTFIX);
        fmt_put(f, ".*");
        return;
    }
    const ast_cell_t *c = AST(cell, n);
    fmt_name(f, c->name);
    if (c->brief) return;
    fmt_put(f, " = ");
    fmt_expr(f, c->value);
}

static void record(fmt_t *f, const ast_record_t *r) {
    fmt_put(f, "{ ");
    fmt_list(f, &r->cells, cell, 2);
    fmt_put(f, " }");
}

/* ---- f-strings: always on one line ---- */

static void fstring_part(fmt_t *f, const node_t *n) {
    if (n->kind == AST_fstring_text) {
        fmt_source(f, n->span);
        return;
    }
    int brace = n->kind == AST_record; /* "{{" would be a brace as text */
    fmt_put(f, brace ? "{ " : "{");
    fmt_expr(f, n);
    fmt_put(f, brace ? " }" : "}");
}

static void fstring(fmt_t *f, const ast_fstring_t *s) {
    int outer = f->flat;
    fmt_put(f, "f\"");
    f->flat = 1;
    for (size_t i = 0; i < s->parts.n; i++) fstring_part(f, s->parts.at[i]);
    f->flat = outer;
    fmt_put(f, "\"");
}

/* ---- if, case, let, lambda ---- */

/* A part that ends at a word or bracket of its own. */
static void closed(fmt_t *f, const node_t *n) {
    int brackets = binding(n) == BIND_TAIL;
    if (brackets) fmt_put(f, "(");
    fmt_expr(f, n);
    if (brackets) fmt_put(f, ")");
}

static void if_else(fmt_t *f, const node_t *n) {
    size_t col = f->col, outer = f->indent;
    const ast_if_t *x = AST(if, n);
    int broken = fmt_was_broken(f, x->yes->span.end, x->no->span.start);
    broken = !f->flat && (broken || !fmt_fits(f, fmt_expr, n, 0));
    f->indent = col;
    for (;;) {
        fmt_put(f, "if ");
        closed(f, x->cond);
        fmt_put(f, " then ");
        closed(f, x->yes);
        if (broken) fmt_newline(f, col);
        else fmt_put(f, " ");
        fmt_put(f, "else ");
        if (x->no->kind != AST_if) break;
        x = AST(if, x->no);
    }
    fmt_expr(f, x->no);
    f->indent = outer;
}

static void pat(fmt_t *f, const node_t *n) {
    if (n->kind != AST_pat_variant) {
        fmt_expr(f, n);
        return;
    }
    const ast_pat_variant_t *v = AST(pat_variant, n);
    fmt_type_name(f, v->name);
    if (!v->bind) return;
    fmt_put(f, " ");
    fmt_ident(f, v->bind);
}

static void case_arm(fmt_t *f, const node_t *n) {
    const ast_case_arm_t *a = AST(case_arm, n);
    for (size_t i = 0; i < a->pats.n; i++) {
        if (i) fmt_put(f, " | ");
        pat(f, a->pats.at[i]);
    }
    fmt_put(f, a->pats.n ? " => " : "else => ");
    fmt_expr(f, a->value);
}

static void case_flat(fmt_t *f, const node_t *n) {
    const ast_case_t *c = AST(case, n);
    fmt_put(f, "case ");
    closed(f, c->subject);
    fmt_put(f, " { ");
    fmt_list(f, &c->arms, case_arm, 2);
    fmt_put(f, " }");
}

static void case_of(fmt_t *f, const node_t *n) {
    const ast_case_t *c = AST(case, n);
    size_t outer = f->indent;
    int opened = fmt_was_broken(f, c->subject->span.end, c->arms.at[0]->span.start);
    int flat = !opened && !fmt_has_comments(f, n->span) && fmt_fits(f, case_flat, n, 0);
    if (f->flat || flat) {
        case_flat(f, n);
        return;
    }
    fmt_put(f, "case ");
    closed(f, c->subject);
    fmt_put(f, " {");
    fmt_newline(f, outer + 2);
    fmt_list(f, &c->arms, case_arm, 0);
    fmt_close(f, n->span.end, outer + 2, outer);
    fmt_put(f, "}");
}

static void bind(fmt_t *f, const node_t *n) {
    const ast_bind_t *b = AST(bind, n);
    fmt_name(f, b->name);
    fmt_put(f, " = ");
    fmt_expr(f, b->value);
}

static void let(fmt_t *f, const node_t *n) {
    const ast_let_t *l = AST(let, n);
    size_t col = f->col, outer = f->indent;
    uint32_t end = l->binds.at[l->binds.n - 1]->span.end;
    int broken = fmt_was_broken(f, end, l->body->span.start) || !fmt_fits(f, fmt_expr, n, 0);
    f->indent = col;
    fmt_put(f, "let ");
    fmt_list_to(f, &l->binds, bind, 1, ";");
    if (broken && !f->flat) {
        fmt_newline(f, col);
        fmt_comments_before(f, l->body->span.start, col, 0);
    } else {
        fmt_put(f, " ");
    }
    fmt_expr(f, l->body);
    f->indent = outer;
}

static void lambda(fmt_t *f, const ast_lambda_t *l) {
    fmt_put(f, "fn(");
    for (size_t i = 0; i < l->params.n; i++) {
        if (i) fmt_put(f, ", ");
        fmt_ident(f, AST(lambda_param, l->params.at[i])->name);
    }
    fmt_put(f, ") = ");
    fmt_expr(f, l->body);
}

static void make(fmt_t *f, const ast_make_t *m) {
    fmt_type_name(f, m->name);
    if (m->called) args(f, &m->args);
}

void fmt_expr(fmt_t *f, const node_t *n) {
    if (f->measuring && f->over) return;
    switch ((int)n->kind) {
    case AST_int: case AST_float: case AST_decimal: case AST_string: case AST_duration:
    case AST_size: case AST_timestamp: case AST_regex:
        fmt_source(f, n->span);
        break;
    case AST_bool: fmt_put(f, AST(bool, n)->value ? "true" : "false"); break;
    case AST_none: fmt_put(f, "none"); break;
    case AST_name: fmt_name(f, AST(name, n)->name); break;
    case AST_fstring: fstring(f, AST(fstring, n)); break;
    case AST_make: make(f, AST(make, n)); break;
    case AST_call: call(f, AST(call, n)); break;
    case AST_member: member(f, AST(member, n)); break;
    case AST_index: index_of(f, AST(index, n)); break;
    case AST_unary: unary(f, AST(unary, n)); break;
    case AST_binary: binary(f, n); break;
    case AST_range: range(f, AST(range, n)); break;
    case AST_is: is(f, AST(is, n)); break;
    case AST_list: list(f, n); break;
    case AST_record: record(f, AST(record, n)); break;
    case AST_if: if_else(f, n); break;
    case AST_case: case_of(f, n); break;
    case AST_let: let(f, n); break;
    case AST_lambda: lambda(f, AST(lambda, n)); break;
    default: flow_unreachable("an expression of no kind");
    }
}
