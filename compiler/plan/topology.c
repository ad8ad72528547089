/* topology.c - the order of the stages: each stands behind those that feed it, and behind those
 * whose state it looks into. */
#include "compiler/plan/build.h"

static int feeds(const pstage_t *from, const pstage_t *s) {
    for (size_t k = 0; s->exchange && k < from->ports.n; k++) {
        const pexchange_t *x = from->ports.at[k]->exchange;
        if (x && (x == s->exchange || x == s->exchange2)) return 1;
    }
    return 0;
}

static int stage_rank(builder_t *b, pstage_t *s, int *rank) {
    if (rank[s->id] >= 0) return rank[s->id];
    int best = 0;
    for (size_t i = 0; s->exchange && i < b->plan->stages.n; i++) {
        pstage_t *from = b->plan->stages.at[i];
        if (!feeds(from, s)) continue;
        int r = stage_rank(b, from, rank) + 1;
        if (r > best) best = r;
    }
    return rank[s->id] = best;
}

typedef struct sorted {
    pstage_t **at;
    size_t n;
    unsigned char *done; /* by stage */
} sorted_t;

static void sort_from(builder_t *b, pstage_t *s, sorted_t *to);

/* What looks for rows of a table needs all that leads to them. */
static void sort_before(builder_t *b, const pops_t *next, sorted_t *to) {
    for (size_t i = 0; i < next->n; i++) {
        if (next->at[i]->kind == POP_lookup) sort_from(b, next->at[i]->lookup, to);
        sort_before(b, &next->at[i]->next, to);
    }
}

static void sort_from(builder_t *b, pstage_t *s, sorted_t *to) {
    if (to->done[s->id]) return;
    to->done[s->id] = 1;
    for (size_t i = 0; i < b->plan->stages.n; i++)
        if (feeds(b->plan->stages.at[i], s)) sort_from(b, b->plan->stages.at[i], to);
    for (size_t i = 0; i < s->outs.n; i++) sort_before(b, &s->outs.at[i]->next, to);
    to->at[to->n++] = s;
}

/* Sources first, in order of the text, each behind the stages whose rows it looks for; then by
 * the longest way from a source, then by the order in which they were reached. */
void plan_sort_stages(builder_t *b) {
    size_t n = b->plan->stages.n;
    int *rank = ARENA_ARRAY(b->a, int, n + 1);
    sorted_t to = {.at = ARENA_ARRAY(b->a, pstage_t *, n + 1),
                   .done = ARENA_ARRAY(b->a, unsigned char, n + 1)};
    for (size_t i = 0; i < n; i++) rank[i] = -1;
    for (size_t i = 0; i < n; i++) stage_rank(b, b->plan->stages.at[i], rank);
    for (size_t i = 0; i < n; i++)
        if (!rank[i]) sort_from(b, b->plan->stages.at[i], &to);
    for (int r = 1; to.n < n; r++)
        for (size_t i = 0; i < n; i++)
            if (rank[i] == r && !to.done[i]) to.at[to.n++] = b->plan->stages.at[i];
    for (size_t i = 0; i < n; i++) {
        b->plan->stages.at[i] = to.at[i];
        to.at[i]->id = (int)i;
        if (to.at[i]->exchange) to.at[i]->exchange->consumer = (int)i;
        if (to.at[i]->exchange2) to.at[i]->exchange2->consumer = (int)i;
    }
}
