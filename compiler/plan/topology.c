/* topology.c - the order of the stages: each stands behind those that feed it. */
#include "compiler/plan/build.h"

static int stage_rank(builder_t *b, pstage_t *s, int *rank) {
    if (rank[s->id] >= 0) return rank[s->id];
    int best = 0;
    for (size_t i = 0; s->exchange && i < b->plan->stages.n; i++) {
        pstage_t *from = b->plan->stages.at[i];
        for (size_t k = 0; k < from->ports.n; k++) {
            if (from->ports.at[k]->exchange != s->exchange &&
                (!s->exchange2 || from->ports.at[k]->exchange != s->exchange2))
                continue;
            int r = stage_rank(b, from, rank) + 1;
            if (r > best) best = r;
        }
    }
    return rank[s->id] = best;
}

/* Sources first, in order of the text; then by the longest way from a source, then by the
 * order in which they were reached. */
void plan_sort_stages(builder_t *b) {
    size_t n = b->plan->stages.n;
    int *rank = ARENA_ARRAY(b->a, int, n + 1);
    pstage_t **sorted = ARENA_ARRAY(b->a, pstage_t *, n + 1);
    for (size_t i = 0; i < n; i++) rank[i] = -1;
    size_t out = 0;
    for (size_t i = 0; i < n; i++) stage_rank(b, b->plan->stages.at[i], rank);
    for (int r = 0; out < n; r++)
        for (size_t i = 0; i < n; i++)
            if (rank[i] == r) sorted[out++] = b->plan->stages.at[i];
    for (size_t i = 0; i < n; i++) {
        b->plan->stages.at[i] = sorted[i];
        sorted[i]->id = (int)i;
        if (sorted[i]->exchange) sorted[i]->exchange->consumer = (int)i;
        if (sorted[i]->exchange2) sorted[i]->exchange2->consumer = (int)i;
    }
}
