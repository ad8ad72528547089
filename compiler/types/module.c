/* module.c - imports.
 *
 * A file is read once, however often it is imported; it is known by its path as joined
 * from the importing file's.  What an import brings are the declarations of that file,
 * not those it imported itself: a reader of the file's text sees where each name comes
 * from.  Types and variants come without the alias, since their names stand in messages
 * and in `is` and `case`, where no alias can. */
#include "compiler/types/module.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/syntax/parse.h"
#include "compiler/types/const.h"

/* Imports of imports of ...: each level is a few frames of the parser's and our stack. */
enum { MAX_IMPORT_DEPTH = 100 };

const char *module_path(arena_t *a, const char *from, const char *path) {
    if (path[0] == '/') return path;
    const char *slash = strrchr(from, '/');
    char *joined = slash ? arena_printf(a, "%.*s%s", (int)(slash + 1 - from), from, path)
                         : arena_strdup(a, path);
    size_t n = strlen(joined);
    const char **parts = ARENA_ARRAY(a, const char *, n + 1);
    size_t nparts = 0;
    int absolute = joined[0] == '/';
    for (char *p = joined, *end; *p; p = end) {
        while (*p == '/') p++;
        end = p + strcspn(p, "/");
        if (*end) *end++ = '\0';
        if (!*p || !strcmp(p, ".")) continue;
        int up = !strcmp(p, "..");
        if (up && nparts && strcmp(parts[nparts - 1], "..")) nparts--;
        else if (!(up && absolute)) parts[nparts++] = p;
    }
    buf_t b;
    buf_init(&b, a);
    for (size_t i = 0; i < nparts; i++)
        buf_printf(&b, "%s%s", i || absolute ? "/" : "", parts[i]);
    return buf_text(&b);
}

node_t *sema_load_file(sema_env *env, const char *path, span_t at, const char **why) {
    (void)at;
    uint32_t file;
    if (!sources_read(env->sources, path, &file, why)) return NULL;
    int errors = diags_errors(env->diags);
    parse_env_t parse = {env->arena, env->names, env->sources, env->diags};
    ast_program_t *program = parse_file(&parse, file, NULL);
    *why = NULL;
    return diags_errors(env->diags) > errors ? NULL : &program->node;
}

static unit_t *read_unit(sema_t *m, node_t *root, const char *path, int is_root, int depth);

static unit_t *known_unit(sema_t *m, const char *path) {
    for (size_t i = 0; i < m->units.n; i++)
        if (!strcmp(m->units.at[i]->path, path)) return m->units.at[i];
    return NULL;
}

/* The imported file; null after a diagnostic, with m->broken set if it cannot be read. */
static unit_t *open_import(sema_t *m, unit_t *u, ast_decl_import_t *imp, int depth) {
    check_t *c = m->c;
    if (!imp->path_n || memchr(imp->path, '\0', imp->path_n)) {
        diag_add(c->diags, DIAG_import_unreadable, imp->path_at, imp->path,
                 "it is no path of a file");
        m->broken = 1;
        return NULL;
    }
    const char *path = module_path(c->arena, u->path, imp->path);
    unit_t *found = known_unit(m, path);
    if (found && found->busy) {
        diag_t *d = found == u ? diag_add(c->diags, DIAG_import_self, imp->path_at)
                               : diag_add(c->diags, DIAG_import_cycle, imp->path_at, path);
        diag_help(d, "put what both need into a third file");
        m->broken = 1;
        return NULL;
    }
    if (found) return found;
    const char *why = NULL;
    node_t *root = NULL;
    if (depth >= MAX_IMPORT_DEPTH) why = "imports are nested too deep";
    else if (!m->env->load) why = "imports cannot be read here";
    else root = m->env->load(m->env, path, imp->path_at, &why);
    if (!root) {
        if (why) diag_add(c->diags, DIAG_import_unreadable, imp->path_at, path, why);
        m->broken = 1;
        return NULL;
    }
    return read_unit(m, root, path, 0, depth + 1);
}

/* Enters what `from` itself declares in one space into the scope of u. */
static void merge_space(sema_t *m, unit_t *u, const unit_t *from, name_space ns, span_t at) {
    const char **names;
    size_t n = scope_all(m->c->arena, from->scope, ns, &names);
    for (size_t i = 0; i < n; i++) {
        def_t *found[64];
        size_t nfound = 1;
        if (ns == NS_VARIANT)
            nfound = scope_variants(from->scope, names[i], found, 64);
        else found[0] = scope_find_in(from->scope, ns, names[i]);
        for (size_t k = 0; k < nfound; k++) {
            int built_in = ns == NS_VARIANT && !found[k]->node;
            if (built_in || (found[k]->scope && found[k]->scope != from->scope)) continue;
            def_t *first = scope_declare(m->c->arena, u->scope, ns, found[k]);
            if (first && first != found[k]) declared_twice(m->c, names[i], at, first);
        }
    }
}

static void import(sema_t *m, unit_t *u, ast_decl_import_t *imp, int depth) {
    check_t *c = m->c;
    unit_t *from = open_import(m, u, imp, depth);
    if (!from) return;
    merge_space(m, u, from, NS_TYPE, imp->path_at);
    merge_space(m, u, from, NS_VARIANT, imp->path_at);
    if (!imp->alias) {
        merge_space(m, u, from, NS_VALUE, imp->path_at);
        merge_space(m, u, from, NS_FN, imp->path_at);
        merge_space(m, u, from, NS_FLOW, imp->path_at);
        merge_space(m, u, from, NS_STEP, imp->path_at);
        from->plain = 1;
        return;
    }
    def_t *d = ARENA_NEW(c->arena, def_t);
    d->kind = DEF_MODULE;
    d->state = DEF_DONE;
    d->name = imp->alias;
    d->at = imp->alias_at;
    d->scope = from->scope;
    d->node = &imp->node;
    if (!from->alias) from->alias = imp->alias;
    def_t *first = scope_declare(c->arena, u->scope, NS_MODULE, d);
    if (first) declared_twice(c, imp->alias, imp->alias_at, first);
}

static void enter_all(sema_t *m, unit_t *u) {
    ast_program_t *prog = AST(program, u->root);
    for (size_t i = 0; i < prog->decls.n; i++) {
        node_t *decl = prog->decls.at[i];
        if (!decl_enter(m->c, u->scope, decl)) wiring_enter(m, u, decl);
    }
}

static unit_t *read_unit(sema_t *m, node_t *root, const char *path, int is_root, int depth) {
    unit_t *u = ARENA_NEW(m->c->arena, unit_t);
    u->path = path;
    u->root = root;
    u->is_root = is_root;
    u->scope = scope_file(m->c->arena);
    u->busy = 1;
    vec_push(m->c->arena, &m->units, u);
    ast_program_t *prog = AST(program, root);
    for (size_t i = 0; i < prog->decls.n; i++)
        if (prog->decls.at[i]->kind == AST_decl_import)
            import(m, u, AST(decl_import, prog->decls.at[i]), depth);
    u->busy = 0;
    if (m->broken) return u;
    decl_enter_built_in(m->c, u->scope);
    enter_all(m, u);
    wiring_expand(m, u);
    wiring_resolve(m, u);
    vec_push(m->c->arena, &m->ready, u);
    return u;
}

int module_read(sema_t *m, node_t *root, const char *path) {
    read_unit(m, root, path, 1, 0);
    return !m->broken;
}

/* ---- what a program has besides flows ---- */

static void add_param(sema_t *m, const unit_t *u, def_t *d) {
    check_t *c = m->c;
    ast_decl_param_t *p = AST(decl_param, d->node);
    tparam_t t = {.name = d->name, .def = d, .type = d->type, .fallback = p->value};
    if (!u->is_root && !u->plain && u->alias)
        t.name = intern(c->names, arena_printf(c->arena, "%s.%s", u->alias, d->name));
    for (size_t i = 0; i < m->p->params.n; i++)
        if (m->p->params.at[i].name == t.name)
            declared_twice(c, t.name, d->at, m->p->params.at[i].def);
    if (p->value && d->type->kind != TY_POISON && p->value->type &&
        p->value->type->kind != TY_POISON && !const_has_param(p->value))
        t.value = const_eval_as(c, p->value, d->type);
    t.index = d->index = (int)m->p->params.n;
    vec_push(c->arena, &m->p->params, t);
}

static void finish_one(sema_t *m, const unit_t *u, node_t *decl) {
    const char *name = NULL;
    name_space ns = NS_VALUE;
    switch (decl->kind) {
    case AST_decl_type: name = AST(decl_type, decl)->name, ns = NS_TYPE; break;
    case AST_decl_const: name = AST(decl_const, decl)->name; break;
    case AST_decl_param: name = AST(decl_param, decl)->name; break;
    case AST_decl_model: name = AST(decl_model, decl)->name; break;
    case AST_decl_fn: name = AST(decl_fn, decl)->name, ns = NS_FN; break;
    case AST_decl_extern: name = AST(decl_extern, decl)->name, ns = NS_FN; break;
    default: return;
    }
    def_t *d = scope_find_in(u->scope, ns, name);
    if (!d || d->node != decl) return; /* declared twice */
    decl_check(m->c, d);
    if (d->kind == DEF_PARAM) add_param(m, u, d);
    if (d->kind == DEF_EXTERN_FN) vec_push(m->c->arena, &m->p->externs, d);
    if (d->kind == DEF_CONST) vec_push(m->c->arena, &m->p->consts, d);
}

void module_finish(sema_t *m) {
    for (size_t i = 0; i < m->ready.n; i++) {
        ast_program_t *prog = AST(program, m->ready.at[i]->root);
        for (size_t k = 0; k < prog->decls.n; k++)
            finish_one(m, m->ready.at[i], prog->decls.at[k]);
    }
}
