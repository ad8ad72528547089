/* builtins.h - the rows of lang/builtins.def and lang/aggregates.def as C sees them. */
#ifndef FLOW_TYPES_BUILTINS_H
#define FLOW_TYPES_BUILTINS_H

#include <stddef.h>

typedef enum fn_id {
#define FN(id, spelling, signature, lowering, doc, example, result) FN_##id,
#include "lang/builtins.def"
#undef FN
    FN_COUNT
} fn_id;

typedef enum agg_id {
#define AGG(id, spelling, signature, kind, invertible, empty, built, doc, example, result) \
    AGG_##id,
#include "lang/aggregates.def"
#undef AGG
    AGG_COUNT
} agg_id;

/* How a call becomes code; see the head of builtins.def. */
typedef enum lowering { LOWER_CALL, LOWER_CALLS, LOWER_INLINE, LOWER_LOOP } lowering;

typedef struct fn_row {
    const char *id, *spelling, *signature;
    lowering lowering;
    const char *doc, *example, *result;
} fn_row_t;

typedef enum agg_kind { AGG_EXACT, AGG_ORDERED, AGG_SEQUENTIAL } agg_kind;
typedef enum agg_empty { EMPTY_VALUE, EMPTY_MAYBE, EMPTY_ALWAYS } agg_empty;

typedef struct agg_row {
    const char *id, *spelling, *signature;
    agg_kind kind;
    int invertible;
    agg_empty empty;
    int built; /* 0: not; BUILT_LISTS: only over lists */
    const char *doc, *example, *result;
} agg_row_t;
enum { BUILT_LISTS = 2 };

/* The most that `k` of top_k and `bins` of histogram may be. */
enum { AGG_TOP_K_MOST = 10000, AGG_BINS_MOST = 1000000 };

/* Over lists: how many arguments are lists; constants and functions follow. */
size_t agg_lists(int id);

const fn_row_t *fn_at(int id);
const agg_row_t *agg_at(int id);
/* The first row of that spelling (rows of one spelling follow each other), or -1. */
int fn_named(const char *spelling);
int agg_named(const char *spelling);

#endif
