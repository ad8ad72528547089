/* expr_lab.c - parse, check, emit, link as a shared object, dlopen. */
#include "tests/unit/compiler/expr_lab.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/base/check.h"
#include "compiler/diag/diag.h"
#include "compiler/emit/emit.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/ir_text.h"
#include "compiler/emit/optimise.h"
#include "compiler/emit/target.h"
#include "compiler/link/object.h"
#include "compiler/link/spawn.h"
#include "compiler/syntax/parse.h"
#include "runtime/kernel/k_value.h"
#include "tests/unit/compiler/lab_row.h"

typedef int32_t lab_fn(flow_ctx *ctx, const uint64_t *in, uint64_t *out);

struct lab {
    arena_t *arena;
    sources_t *sources;
    diags_t *diags;
    check_t *check;
    type_t *row;
    VEC(node_t *) exprs;
    VEC(lab_fn *) fns;
    void *library;
    flow_ctx *ctx;
    flow_ctx *(*env_open)(void);
    void (*env_close)(flow_ctx *);
};

arena_t *lab_arena(lab_t *lab) { return lab->arena; }
check_t *lab_check(lab_t *lab) { return lab->check; }
type_t *lab_row_type(lab_t *lab) { return lab->row; }
size_t lab_count(const lab_t *lab) { return lab->exprs.n; }
node_t *lab_expr(lab_t *lab, size_t i) { return lab->exprs.at[i]; }

void lab_show_errors(lab_t *lab) {
    diags_render(lab->diags, stdout, 0);
}

static int is_expr(const node_t *decl) {
    return decl->kind == AST_decl_const && AST(decl_const, decl)->name[0] == 'e';
}

static void find_poison(node_t **child, void *found) {
    *(int *)found |= (*child)->kind == AST_poison;
    ast_walk(*child, find_poison, found);
}

/* Checks one expression over the columns; null if it has errors. */
static node_t *check_expr(lab_t *lab, scope_t *file, node_t *e) {
    int before = diags_errors(lab->diags), bad = 0;
    find_poison(&e, &bad);
    if (bad) return NULL;
    scope_t *row = scope_row(lab->arena, file, lab->row, NULL);
    type_t *t = expr_check(lab->check, row, e, NULL);
    if (diags_errors(lab->diags) > before || type_is_poison(t) || t->kind == TY_NONE)
        return NULL;
    return e;
}

lab_t *lab_new(const char *text) {
    arena_t *a = arena_new("lab");
    lab_t *lab = ARENA_NEW(a, lab_t);
    lab->arena = a;
    lab->sources = sources_new(a);
    lab->diags = diags_new(a, lab->sources);
    intern_t *names = intern_new(a);
    const char *all = arena_printf(a, "%stype LabRow = { %s }\n%s", LAB_TYPES, LAB_FIELDS, text);
    uint32_t file = sources_add(lab->sources, "lab.flow", all, strlen(all));
    parse_env_t env = {a, names, lab->sources, lab->diags};
    nodes_t *decls = &parse_file(&env, file, NULL)->decls;
    lab->check = check_new(a, names, lab->sources, lab->diags);
    scope_t *scope = scope_file(a);
    for (size_t i = 0; i < decls->n; i++)
        if (!is_expr(decls->at[i])) decl_enter(lab->check, scope, decls->at[i]);
    def_t *row = scope_find_in(scope, NS_TYPE, intern(names, "LabRow"));
    flow_assert(row);
    decl_check(lab->check, row);
    lab->row = row->type;
    for (size_t i = 0; i < decls->n; i++)
        if (is_expr(decls->at[i])) {
            node_t *e = check_expr(lab, scope, AST(decl_const, decls->at[i])->value);
            vec_push(a, &lab->exprs, e);
        }
    return lab;
}

static void unload(lab_t *lab) {
    if (lab->ctx) lab->env_close(lab->ctx);
    if (lab->library) dlclose(lab->library);
    lab->ctx = NULL;
    lab->library = NULL;
    lab->fns.n = 0;
}

void lab_free(lab_t *lab) {
    unload(lab);
    arena_free(lab->arena);
}

/* ---- code ---- */

static void emit_one(lab_t *lab, emit_t *e, size_t i) {
    node_t *n = lab->exprs.at[i];
    if (!n) return;
    fn_t f;
    emit_fn_open(e, &f, arena_printf(e->arena, "lab_%zu", i), emit_fn_type(e, 2), n->span);
    LLVMSetLinkage(f.fn, LLVMExternalLinkage);
    LLVMValueRef in = emit_arg(e, 1, "in"), out = emit_arg(e, 2, "out");
    val_t row = val_load(e, lab->row, in, "");
    val_t *cols = ARENA_ARRAY(e->arena, val_t, lab->row->nfields);
    for (uint32_t k = 0; k < lab->row->nfields; k++) cols[k] = val_field(e, row, k);
    e->row = cols;
    e->nrow = lab->row->nfields;
    fail_t bad;
    emit_fail_open(e, &bad, "failed");
    val_store(e, emit_expr(e, n), out);
    ir_ret(e, ir_i32(e, 0));
    if (emit_fail_close(e, &bad)) {
        ir_at(e, bad.block);
        ir_ret(e, bad.code);
    }
    emit_fn_close(e);
}

static int load(lab_t *lab, const char *path) {
    lab->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!lab->library) {
        printf("lab: %s\n", dlerror());
        return 0;
    }
    *(void **)&lab->env_open = dlsym(lab->library, "env_open");
    *(void **)&lab->env_close = dlsym(lab->library, "env_close");
    for (size_t i = 0; i < lab->exprs.n; i++) {
        lab_fn *fn;
        *(void **)&fn = dlsym(lab->library, arena_printf(lab->arena, "lab_%zu", i));
        vec_push(lab->arena, &lab->fns, fn);
    }
    lab->ctx = lab->env_open();
    return 1;
}

static int link_and_load(lab_t *lab, const char *object, size_t n) {
    char path[] = "/tmp/flow-lab-XXXXXX";
    if (!mkdtemp(path)) return 0;
    const char *o = arena_printf(lab->arena, "%s/lab.o", path), *why;
    const char *so = arena_printf(lab->arena, "%s/lab.so", path), *said = "";
    const char *argv[] = {LAB_LINKER, "-shared", "-Bsymbolic", "-o", so, o, "--whole-archive",
                          LAB_ENV, NULL};
    int ok = file_write(lab->arena, o, object, n, 0600, &why) &&
             !spawn_wait(lab->arena, argv, &said);
    if (!ok) printf("lab: %s\n", said);
    ok = ok && load(lab, so);
    unlink(o);
    unlink(so);
    rmdir(path);
    return ok;
}

int lab_build(lab_t *lab, int level) {
    const char *why;
    unload(lab);
    target_t *target = target_new(lab->arena, "native", level, &why);
    emit_t *e = emit_new(lab->arena, lab->check->names, lab->check->types, lab->sources,
                         lab->diags, target);
    for (size_t i = 0; i < lab->exprs.n; i++) emit_one(lab, e, i);
    emit_finish(e);
    optimise_prune(e);
    const char *wrong = emit_verify(e);
    if (wrong) printf("lab: %s\n%s\n", wrong, ir_text(e, -1));
    int ok = !wrong;
    if (ok) {
        optimise(e, level, LAB_SANITIZE);
        size_t n;
        const char *object = object_make(lab->arena, target_machine(target), e->module, 0, &n,
                                         &why);
        ok = object && link_and_load(lab, object, n);
    }
    emit_free(e);
    target_free(target);
    return ok;
}

int lab_run(lab_t *lab, size_t i, const uint64_t *row, uint64_t *out) {
    flow_assert(i < lab->fns.n && lab->fns.at[i]);
    return lab->fns.at[i](lab->ctx, row, out);
}

void lab_forget(lab_t *lab) {
    lab->env_close(lab->ctx);
    lab->ctx = lab->env_open();
}
