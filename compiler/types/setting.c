/* setting.c - the settings that a program gives. */
#include "compiler/types/setting.h"

#include "compiler/types/opt.h"

static void no_setting(sema_t *m, const ast_setting_t *s) {
    check_t *c = m->c;
    const char *names[SETTING_COUNT];
    for (int i = 0; i < SETTING_COUNT; i++) names[i] = setting_row((setting_id)i)->name;
    diag_t *d = diag_add(c->diags, DIAG_no_setting, s->name_at, s->name);
    const char *guess = diag_nearest(s->name, names, SETTING_COUNT);
    if (guess) diag_help(d, "did you mean `%s`?", guess);
    else diag_help(d, "a value of your own is a `const` or a `param`");
}

static int is_given(const sema_t *m, setting_id id, span_t *first) {
    for (size_t i = 0; i < m->p->settings.n; i++) {
        if (m->p->settings.at[i].id != id) continue;
        *first = m->p->settings.at[i].at;
        return 1;
    }
    return 0;
}

/* Settings that a test takes from its program; the others say how and where it runs. */
static int shapes_results(setting_id id) {
    return id == SETTING_mode || id == SETTING_partitions || id == SETTING_collect_limit ||
           id == SETTING_match_limit || id == SETTING_unbounded;
}

static void check_one(sema_t *m, unit_t *u, ast_setting_t *s) {
    check_t *c = m->c;
    setting_id id = setting_named(s->name);
    if (id == SETTING_COUNT) {
        no_setting(m, s);
        return;
    }
    span_t first;
    if (is_given(m, id, &first)) {
        diag_t *d = diag_add(c->diags, DIAG_setting_twice, s->name_at, s->name);
        diag_note(d, "first at %s", diag_where(c->diags, first, s->name_at));
        return;
    }
    const opt_info *row = setting_row(id);
    toption_t o = {0};
    int good = opt_check(c, u->scope, row, s->value, &o);
    if (m->env->testing && !shapes_results(id)) return;
    if (good && !row->built)
        not_built(c, s->name_at, arena_printf(c->arena, "the setting `%s`", s->name));
    tsetting_t t = {.id = id, .expr = s->value, .value = o.value,
                    .word = o.word, .at = s->name_at};
    vec_push(c->arena, &m->p->settings, t);
    if (id != SETTING_mode) return;
    m->mode = o.word;
    m->mode_at = s->name_at;
}

void settings_check(sema_t *m) {
    unit_t *u = m->units.at[0];
    ast_program_t *prog = AST(program, u->root);
    for (size_t i = 0; i < prog->decls.n; i++) {
        if (prog->decls.at[i]->kind != AST_decl_set) continue;
        ast_decl_set_t *set = AST(decl_set, prog->decls.at[i]);
        for (size_t k = 0; k < set->settings.n; k++)
            check_one(m, u, AST(setting, set->settings.at[k]));
    }
}
