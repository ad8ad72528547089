/* looks.c - files with `refresh` are read anew into the `latest` behind them, whose rows they
 * replace (types/sema.c sees to it that there is one). */
#include <string.h>

#include "compiler/plan/build.h"

static int has_refresh(const tconnector_t *conn) {
    for (size_t i = 0; i < conn->options.n; i++)
        if (!strcmp(conn->options.at[i].info->name, "refresh"))
            return conn->options.at[i].given;
    return 0;
}

void plan_looks(plan_t *plan) {
    for (size_t i = 0; i < plan->sources.n; i++) {
        psource_t *src = plan->sources.at[i];
        if (src->conn->row != SOURCE_file) continue;
        src->refresh = has_refresh(src->conn);
    }
    for (size_t i = 0; i < plan->stages.n; i++) plan->stages.at[i]->refresh = -1;
    for (size_t i = 0; i < plan->stages.n; i++) {
        const pstage_t *s = plan->stages.at[i];
        if (!s->source || !s->source->refresh) continue;
        for (size_t k = 0; k < s->ports.n; k++) {
            const pexchange_t *x = s->ports.at[k]->exchange;
            pstage_t *to = x ? plan->stages.at[x->consumer] : NULL;
            if (to && to->root == ROOT_latest) to->refresh = s->source->id;
        }
    }
}
