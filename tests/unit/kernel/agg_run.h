/* agg_run.h - runs an aggregate of k_agg.def over values, whole and in parts. */
#ifndef FLOW_TESTS_AGG_RUN_H
#define FLOW_TESTS_AGG_RUN_H

#include <CUnit/Basic.h>

#include "runtime/kernel/k_agg.h"
#include "runtime/kernel/k_value.h"

typedef void agg_part(flow_ctx *, flow_heap *, const uint64_t *, uint64_t *,
                      const uint8_t *);
typedef void agg_merge(flow_ctx *, flow_heap *, uint64_t *, const uint64_t *,
                       const uint8_t *);
typedef int32_t agg_result(flow_ctx *, flow_heap *, const uint64_t *, uint64_t *,
                           const uint8_t *);
typedef void agg_drop(flow_ctx *, flow_heap *, uint64_t *, const uint8_t *);
/* Feeds value number i of the test's values. */
typedef void agg_feed(flow_ctx *, flow_heap *, uint64_t *, const uint64_t *,
                      const uint8_t *);

typedef struct agg {
    int words;
    const char *layout, *part_code;
    agg_feed *feed;
    agg_part *part;
    agg_merge *merge;
    agg_result *result;
    agg_drop *drop;
} agg;

#define AGGK(id, class, words, layout, how, partial, result, args, what)                 \
    extern const agg agg_##id##_##class;
#include "runtime/kernel/k_agg.def"
#undef AGGK

/* Feeds n values of type `code` one behind the other and writes the result; checks that
 * any cut into parts gives the same, that a heap and the arena do, that values can be
 * taken out again, that a state can be saved and loaded at any place, and that drop frees
 * all.  The result has type `out_code`.  Returns the status of the result. */
int32_t agg_run(flow_ctx *ctx, const agg *a, const uint64_t *values, int n,
                const char *code, const char *out_code, uint64_t *out);

#define RUN(name, values, n, code, out_code, out)                                        \
    CU_ASSERT(agg_run(ctx, &agg_##name, (const uint64_t *)(values), n, code, out_code,   \
                      out) == 0)

/* The bits of a float, and back. */
#define BITS_OF(w)                                                                       \
    (((union {                                                                           \
         uint64_t u;                                                                     \
         double f;                                                                       \
     }){.u = (w)})                                                                       \
         .f)
uint64_t agg_run_bits(double x);

#endif
