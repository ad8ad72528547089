/* stages.c - the stages of stages.def: what each runs and how it is printed.
 *
 * LLVM is first touched by stage `ir`, so `check` and the forms before it are quick. */
#include <string.h>

#include "compiler/driver/compile.h"
#include "compiler/syntax/ast_print.h"

static buf_t new_text(compile_t *c) {
    buf_t b;
    buf_init(&b, c->arena);
    return b;
}

static void put_text(const buf_t *b, FILE *out) {
    fwrite(buf_text(b), 1, b->n, out);
}

/* ---- text, tree ---- */

int stage_tokens_run(compile_t *c) {
    (void)c; /* the parser scans as it goes; only printing takes the tokens alone */
    return 1;
}

void stage_tokens_print(compile_t *c, FILE *out) {
    buf_t b = new_text(c);
    parse_print_tokens(&c->parse, c->file, &b);
    put_text(&b, out);
}

int stage_ast_run(compile_t *c) {
    c->tree = parse_file(&c->parse, c->file, &c->comments);
    return 1;
}

void stage_ast_print(compile_t *c, FILE *out) {
    buf_t b = new_text(c);
    ast_print(&b, &c->tree->node);
    put_text(&b, out);
}

/* ---- what is not there yet ---- */

static int not_yet(compile_t *c, const char *what) {
    c->failed = arena_printf(c->arena, "%s is not built yet", what);
    return 0;
}
#define NOT_YET(id)                                                                      \
    int stage_##id##_run(compile_t *c) { return not_yet(c, #id); }                       \
    void stage_##id##_print(compile_t *c, FILE *out) { (void)c, (void)out; }
NOT_YET(typed)
NOT_YET(graph)
NOT_YET(plan)
NOT_YET(ir)
NOT_YET(asm)
NOT_YET(obj)
