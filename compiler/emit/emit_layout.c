/* emit_layout.c - what a state holds between batches, in the letters of
 * runtime/kernel/k_save.def: one for each word or group of words of an entry.
 *
 * The functions here follow those that count an entry's words (emit_agg_words,
 * emit_keyed_words, ...) word by word; emit_layouts checks that both agree.  So do those of
 * emit_form.c, letter by letter. */
#include "compiler/emit/emit_stage.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/emit/emit_agg.h"
#include "compiler/emit/emit_form.h"
#include "compiler/emit/emit_keyed.h"
#include "compiler/emit/emit_table.h"

/* ---- how many words and forms a layout stands for ---- */

static int letter_words(char letter) {
    switch (letter) {
#define SAVE(letter, name, words, forms, what) \
    case letter: return words;
#include "runtime/kernel/k_save.def"
#undef SAVE
    default: return 0;
    }
}

static int letter_forms(char letter) {
    switch (letter) {
#define SAVE(letter, name, words, forms, what) \
    case letter: return forms;
#include "runtime/kernel/k_save.def"
#undef SAVE
    default: return 0;
    }
}

static int store_forms(char letter) {
    switch (letter) {
#define STORE(letter, name, bare, forms, what) \
    case letter: return forms;
#include "runtime/kernel/k_store.def"
#undef STORE
    default: return 0;
    }
}

static int layout_words(const char *p) {
    int n = 0;
    if (*p == '#') p++;
    if (*p == '@') p += 2;
    for (; *p; p++) {
        int times = 0;
        for (; *p >= '0' && *p <= '9'; p++) times = times * 10 + (*p - '0');
        n += (times ? times : 1) * letter_words(*p);
    }
    return n;
}

/* ---- steps ---- */

#define RING_LAYOUT "@r2z2w" /* of k_ring.h: how many rows came, and are in */

/* Over a table bags may hold all its rows: each element is saved as a row of its own. */
static const char *by_elements(gen_t *g, const char *layout) {
    if (!strchr(layout, 'B')) return layout;
    char *p = arena_printf(g->e->arena, "@b%s", layout);
    for (char *q = p; *q; q++)
        if (*q == 'B') *q = 'e';
    return p;
}

static const char *aggregate_layout(gen_t *g, const pstage_t *stage) {
    emit_t *e = g->e;
    const tstep_t *s = stage->step;
    int paned = plan_paned(s);
    buf_t b;
    int by_rows = plan_by_rows(s);
    if (!paned && !by_rows && !s->out.is_table) return NULL; /* windows that are batches */
    if (by_rows && s->in.window->kind == WINDOW_sliding) return RING_LAYOUT;
    buf_init(&b, e->arena);
    if (paned) buf_char(&b, '#');
    for (size_t i = 0; i < s->u.aggregate.naggs; i++)
        buf_str(&b, emit_agg_kernel(e, s->u.aggregate.aggs[i]).layout);
    if (by_rows) { /* rows that are in, number of the window, latest time */
        buf_str(&b, "3w");
        return buf_text(&b);
    }
    if (emit_agg_remembers(stage)) buf_char(&b, 'b');
    if (stage->exchange->signs) buf_char(&b, 'w');
    if (plan_revised(s)) buf_char(&b, 'x'); /* what changed waits to be shown */
    if (!s->u.aggregate.naggs && layout_words(buf_text(&b)) == 0) buf_char(&b, 'z');
    return stage->exchange->signs && !paned ? by_elements(g, buf_text(&b)) : buf_text(&b);
}

/* Fed by a window or by all rows of a table, `top` and `sort` keep nothing.  In windows
 * that are revised what changed waits to be shown. */
static const char *top_layout(gen_t *g, const pstage_t *stage) {
    const tstep_t *s = stage->step;
    int paned = plan_paned(s), shown = emit_shows_changes(stage);
    if (!paned && (stage->root == ROOT_sort || s->in.windowed != WINDOW_NONE)) return NULL;
    if (stage->exchange->signs) return by_elements(g, shown ? "Bp" : "B");
    return arena_printf(g->e->arena, "%st%s%s", paned ? "#" : "", shown ? "p" : "",
                        plan_revised(s) ? "x" : "");
}

/* `distinct` keeps keys, `limit` a counter. */
static const char *count_layout(const pstage_t *stage) {
    const tstep_t *s = stage->step;
    int distinct = stage->root == ROOT_distinct;
    if (plan_paned(s)) return distinct ? "#z" : "#w";
    if (s->in.windowed != WINDOW_NONE) return NULL;
    return distinct ? "z" : "w";
}

/* Of the rows of streams those in windows come and go with their entry. */
static const char *join_layout(const pstage_t *stage) {
    switch (stage->step->u.join.form) {
    case JOINS_within:
    case JOINS_as_of: return "@j6z";
    case JOINS_windows: return stage->waits ? "@v6z" : NULL; /* else a batch is a window */
    case JOINS_table:
    case JOINS_tables: return "@J6z";
    }
    return NULL;
}

static const char *layout_of(gen_t *g, const pstage_t *stage) {
    const tstep_t *s = stage->step;
    if (stage->sessions) return NULL; /* a worker's: that of the session that closes */
    switch (stage->root) {
    case ROOT_aggregate: return aggregate_layout(g, stage);
    case ROOT_top:
    case ROOT_sort: return plan_by_rows(s) ? RING_LAYOUT : top_layout(g, stage);
    case ROOT_distinct:
        if (plan_by_rows(s)) return RING_LAYOUT;
        return s->u.distinct.within ? "2zmW" : count_layout(stage);
    case ROOT_limit: return count_layout(stage);
    case ROOT_latest: return "cb2z"; /* the row before is there while a batch runs */
    case ROOT_close: return "2zmbw";
    case ROOT_remember: return emit_remember_layout(g, stage);
    case ROOT_join: return join_layout(stage);
    case ROOT_changes:     /* emptied with each batch */
    case ROOT_repartition: /* keeps nothing */
    case ROOT_errors:
    case ROOT_source: return NULL;
    }
    return NULL;
}

/* How many forms it wants, that of the key among them. */
static int layout_forms(const char *p) {
    int n = 1;
    if (*p == '#') p++;
    if (*p == '@') {
        n += store_forms(p[1]);
        p += 2;
    }
    for (; *p; p++) n += letter_forms(*p);
    return n;
}

static void set_layout(gen_t *g, pstate_t *state, const char *layout,
                       void (*put)(gen_t *g, buf_t *out)) {
    state->layout = layout;
    if (!layout) return;
    flow_assert(layout_words(layout) == state->words);
    buf_t forms;
    buf_init(&forms, g->e->arena);
    put(g, &forms);
    flow_assert(emit_forms_count(&forms) == layout_forms(layout));
    state->forms = buf_text(&forms);
    state->forms_len = forms.n;
}

void emit_layouts(gen_t *g, pstage_t *stage) {
    if (!stage->state) return;
    g->stage = stage;
    if (stage->sessions)
        set_layout(g, stage->sessions, emit_session_layout(stage), emit_session_forms);
    set_layout(g, stage->state, layout_of(g, stage), emit_state_forms);
}
