/* keyed.c - see keyed.h. */
#include "runtime/state/keyed.h"

#include <stdlib.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/kernel/k_pane.h"
#include "runtime/kernel/k_tidy.h"

struct rt_states {
    const rt_program *program;
    int64_t partitions, workers;
    flow_table **tables;   /* [state][partition] */
    flow_table *partials;  /* [worker][state] */
    flow_layout *layouts;  /* [state] */
};

static void init(flow_table *t, const rt_state_decl *decl) {
    flow_k_table_init(t, decl->text_key ? FLOW_TABLE_TEXT : FLOW_TABLE_I64, decl->words);
}

rt_states *rt_states_new(const rt_program *program, int64_t partitions, int64_t workers) {
    rt_states *s = rt_alloc(sizeof *s);
    s->program = program;
    s->partitions = partitions;
    s->workers = workers;
    int64_t n = program->nstates;
    if (!n) return s;
    s->tables = rt_alloc((size_t)n * sizeof *s->tables);
    s->partials = rt_alloc((size_t)(n * workers) * sizeof *s->partials);
    s->layouts = rt_alloc((size_t)n * sizeof *s->layouts);
    for (int64_t i = 0; i < n; i++) {
        const rt_state_decl *decl = &program->states[i];
        if (decl->layout) {
            int32_t ok = k_layout_read(&s->layouts[i], decl->layout, decl->forms);
            rt_assert(ok && s->layouts[i].words == decl->words);
        }
        s->tables[i] = rt_alloc((size_t)partitions * sizeof **s->tables);
        for (int64_t p = 0; p < partitions; p++) init(&s->tables[i][p], &program->states[i]);
        for (int64_t w = 0; w < workers; w++)
            init(&s->partials[w * n + i], &program->states[i]);
    }
    return s;
}

void rt_states_free(rt_states *s, flow_ctx *ctx) {
    if (!s) return;
    int64_t n = s->program->nstates;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t p = 0; p < s->partitions; p++)
            flow_k_table_release(ctx, &s->tables[i][p]);
        free(s->tables[i]);
    }
    for (int64_t i = 0; i < n * s->workers; i++) flow_k_table_release(ctx, &s->partials[i]);
    free(s->layouts);
    free(s->tables);
    free(s->partials);
    free(s);
}

flow_table **rt_states_tables(const rt_states *s) { return s->tables; }

flow_table *rt_states_table(const rt_states *s, int64_t state, int64_t partition) {
    return &s->tables[state][partition];
}

const flow_layout *rt_states_layout(const rt_states *s, int64_t state) {
    return &s->layouts[state];
}
const rt_program *rt_states_program(const rt_states *s) { return s->program; }
int64_t rt_states_partitions(const rt_states *s) { return s->partitions; }

flow_table *rt_states_partial(const rt_states *s, int64_t worker) {
    rt_assert(worker < s->workers);
    return s->partials ? s->partials + worker * s->program->nstates : NULL;
}

void rt_states_partial_limit(rt_states *s, int64_t bytes, int64_t most) {
    for (int64_t i = 0; i < s->workers * s->program->nstates; i++) {
        s->partials[i].limit = RT_MIN(bytes, most);
        s->partials[i].most = most;
    }
}

void rt_states_tidy(rt_states *s, flow_ctx *ctx) {
    for (int64_t i = 0; i < s->program->nstates; i++)
        flow_k_table_tidy(ctx, &s->tables[i][ctx->partition]);
}

void rt_states_rest(rt_states *s, flow_ctx *ctx) {
    for (int64_t i = 0; i < s->workers * s->program->nstates; i++) {
        flow_table *t = &s->partials[i];
        if (!flow_k_table_count(t) && !t->panes && !t->track) k_table_give_back(ctx, t);
    }
}

rt_state_size rt_state_size_of(const rt_states *s, int64_t state) {
    rt_state_size size = {0, 0};
    for (int64_t p = 0; p < s->partitions; p++) {
        const flow_table *t = &s->tables[state][p];
        size.keys += flow_k_table_count(t) + (t->panes ? k_panes_keys(t) : 0);
        size.bytes += flow_k_table_bytes(&s->tables[state][p]);
    }
    return size;
}
