/* const_parts.h - what the files const*.c share; nobody else includes it. */
#ifndef FLOW_TYPES_CONST_PARTS_H
#define FLOW_TYPES_CONST_PARTS_H

#include "compiler/types/const.h"
#include "runtime/kernel/k_value.h"

/* Status codes of row errors, as the kernel returns them. */
typedef enum row_status {
    STATUS_ok,
#define ERR(id, text) STATUS_##id,
#include "runtime/kernel/k_error.def"
#undef ERR
    STATUS_COUNT
} row_status;

typedef struct bound {
    const def_t *def;
    const uint64_t *w; /* of def->type */
} bound_t;

typedef struct known_regex {
    const node_t *node;
    const uint8_t *table;
} known_regex_t;

typedef struct folder {
    check_t *c;
    flow_ctx ctx;           /* the kernel's: its arena is scratch, reset per evaluation */
    const type_t *row_type; /* of the row being evaluated, or null */
    const uint64_t *row;
    VEC(bound_t) binds;     /* innermost last */
    VEC(bound_t) params;
    VEC(known_regex_t) regexes;
    int poisoned;           /* met an expression that has its diagnostic already */
    int64_t left;           /* nodes that may still be evaluated: a compile must end */
} folder_t;

/* Evaluates e: writes n(e->type) words; 0 or a status. */
int fold(folder_t *f, node_t *e, uint64_t *out);
/* The same as a value of type t. */
int fold_as(folder_t *f, node_t *e, const type_t *t, uint64_t *out);
/* Evaluates e into fresh words. */
int fold_new(folder_t *f, node_t *e, uint64_t **out);
/* 0, or a status when the compile has taken too much memory already. */
int fold_room(const folder_t *f);
uint64_t *fold_words(folder_t *f, uint64_t n); /* zeroed */
void fold_bind(folder_t *f, const def_t *d, const uint64_t *w);
void fold_coerce(const type_t *from, const uint64_t *in, const type_t *to, uint64_t *out);
/* As fold_coerce, and a T? becomes T, a union one of its variants (unchecked). */
void fold_narrow(const type_t *from, const uint64_t *in, const type_t *to, uint64_t *out);
/* The type code of t, in the compile's arena. */
const uint8_t *fold_code(folder_t *f, const type_t *t);

/* const_op.c */
int fold_unary(folder_t *f, node_t *e, uint64_t *out);
int fold_binary(folder_t *f, node_t *e, uint64_t *out);
/* const_call.c */
int fold_call(folder_t *f, node_t *e, uint64_t *out);
int fold_string(folder_t *f, const type_t *t, const uint64_t *w, uint64_t *out);
/* const_agg.c */
int fold_list_aggregate(folder_t *f, node_t *e, uint64_t *out);

static inline double word_float(uint64_t w) {
    double d;
    __builtin_memcpy(&d, &w, 8);
    return d;
}
static inline uint64_t float_word(double d) {
    uint64_t w;
    __builtin_memcpy(&w, &d, 8);
    return w;
}
static inline const char *word_text(uint64_t w) { return (const char *)(uintptr_t)w; }
static inline uint64_t *word_list(uint64_t w) { return (uint64_t *)(uintptr_t)w; }
static inline uint64_t ptr_word(const void *p) { return (uint64_t)(uintptr_t)p; }
static inline __int128 words_wide(const uint64_t *w) {
    return (__int128)(((unsigned __int128)w[1] << 64) | w[0]);
}
static inline void put_wide(__int128 v, uint64_t *w) {
    w[0] = (uint64_t)v;
    w[1] = (uint64_t)(v >> 64);
}
#define FOLD_TRY(call)                                                                   \
    do {                                                                                 \
        int status_ = (call);                                                            \
        if (status_) return status_;                                                     \
    } while (0)

#endif
