/* vec.h - a typed growing array in an arena.
 *
 *   VEC(int) v = {0};   vec_push(arena, &v, 7);   for (size_t i = 0; i < v.n; i++) v.at[i] ...
 *
 * Old storage is left to the arena when the array grows. */
#ifndef FLOW_BASE_VEC_H
#define FLOW_BASE_VEC_H

#include <stddef.h>
#include <string.h>

#include "compiler/base/arena.h"

#define VEC(T)                                                                           \
    struct {                                                                             \
        T *at;                                                                           \
        size_t n, cap;                                                                   \
    }

#define vec_push(a, v, x)                                                                \
    ((v)->n == (v)->cap ? (void)((v)->at = vec_grow((a), (v)->at, sizeof *(v)->at, (v)->n, \
                                                    &(v)->cap))                          \
                        : (void)0,                                                       \
     (v)->at[(v)->n++] = (x))

static inline void *vec_grow(arena_t *a, void *old, size_t size, size_t n, size_t *cap) {
    *cap = *cap ? *cap * 2 : 8;
    void *out = arena_alloc(a, size * *cap);
    if (n) memcpy(out, old, size * n);
    return out;
}

#endif
