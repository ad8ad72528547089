/* builtins.c - the tables of functions and aggregates as constant arrays.
 *
 * Both are sorted by spelling (their test sees to it), so lookup is a binary search. */
#include "compiler/types/builtins.h"

#include <string.h>

#include "compiler/base/check.h"

static const fn_row_t fns[] = {
#define FN(id, spelling, signature, lowering, doc, example, result)                      \
    {#id, spelling, signature, LOWER_##lowering, doc, example, result},
#include "lang/builtins.def"
#undef FN
};

static const agg_row_t aggs[] = {
#define AGG(id, spelling, signature, kind, invertible, empty, built, doc, example, result) \
    {#id, spelling, signature, AGG_##kind, invertible, EMPTY_##empty, built, doc, example, \
     result},
#include "lang/aggregates.def"
#undef AGG
};

const fn_row_t *fn_at(int id) {
    flow_assert(id >= 0 && id < FN_COUNT);
    return &fns[id];
}

const agg_row_t *agg_at(int id) {
    flow_assert(id >= 0 && id < AGG_COUNT);
    return &aggs[id];
}

int fn_named(const char *spelling) {
    int lo = 0, hi = FN_COUNT;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (strcmp(fns[mid].spelling, spelling) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < FN_COUNT && !strcmp(fns[lo].spelling, spelling) ? lo : -1;
}

int agg_named(const char *spelling) {
    for (int i = 0; i < AGG_COUNT; i++)
        if (!strcmp(aggs[i].spelling, spelling)) return i;
    return -1;
}

size_t agg_lists(int id) {
    return id == AGG_arg_min || id == AGG_arg_max || id == AGG_corr || id == AGG_covar ? 2 : 1;
}
