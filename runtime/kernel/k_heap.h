/* k_heap.h - memory behind the slots of a table: long keys, text and lists in state.
 *
 * Pieces come in size classes (four per doubling) from chunks of the state memory, and
 * go back to a free list per class, so values that are replaced for ever do not grow the
 * heap; a piece over 16 KiB is memory of its own.  Who frees knows the size.  A null heap
 * stands for the task arena: then nothing is ever freed, which is how aggregates run
 * over lists.
 *
 * A cell holds text in two words: the length in 4 bytes, then up to 12 bytes of it, or 4
 * bytes of prefix and the address of all of it in the heap.  All zero is empty text; the
 * unused bytes of a short one are zero, so equal short texts are equal words.
 *
 * A blob holds any value as an encoded row (k_row.h): its address, then the room it has.
 * All zero is no value. */
#ifndef FLOW_KERNEL_K_HEAP_H
#define FLOW_KERNEL_K_HEAP_H

#include "runtime/kernel/k_value.h"

#define FLOW_HEAP_CLASSES 40

typedef struct flow_heap {
    uint8_t *p, *end; /* the rest of the newest chunk */
    void *chunks;     /* list of all chunks */
    int64_t bytes;    /* taken from the cold runtime */
    int64_t used;     /* in living pieces, rounded as they are */
    int64_t peak, kept; /* the most in use since the last trim; what trims count with */
    int64_t freed, tried; /* freed since chunks were last looked at; used then */
    void **free;      /* a list per class; null until something was freed */
} flow_heap;

/* 8-byte aligned, not zeroed; 64 bytes behind it are readable. */
void *flow_k_heap_alloc(flow_ctx *ctx, flow_heap *heap, int64_t bytes);
/* The slow path of it: a new chunk, or memory of its own. */
FLOW_FAR void *k_heap_more(flow_ctx *ctx, flow_heap *heap, int64_t room);
/* bytes as asked for. */
void flow_k_heap_free(flow_ctx *ctx, flow_heap *heap, void *ptr, int64_t bytes);
/* Room that a piece asked with `bytes` really has. */
int64_t flow_k_heap_room(int64_t bytes);
/* Moves a piece to a new size; the first min(old, bytes) bytes are kept. */
FLOW_FAR void *flow_k_heap_resize(flow_ctx *ctx, flow_heap *heap, void *ptr, int64_t old,
                                  int64_t bytes);
/* Everything at once: clear keeps one chunk for the next use. */
FLOW_FAR void flow_k_heap_clear(flow_ctx *ctx, flow_heap *heap);
FLOW_FAR void flow_k_heap_release(flow_ctx *ctx, flow_heap *heap);
/* Between batches: gives back the chunks in which nothing lives, if little of the heap was
 * in use in the last ones.  1: still much more is held than lives. */
FLOW_FAR int32_t flow_k_heap_trim(flow_ctx *ctx, flow_heap *heap);

/* Replace the text of a cell (a living one, or zeros); it must not lie in the cell. */
void flow_k_cell_set(flow_ctx *ctx, flow_heap *heap, uint64_t *cell, const uint8_t *ptr,
                     int64_t len);
/* Its address and length in two words.  Short text lies in the cell itself. */
void flow_k_cell_get(const uint64_t *cell, uint64_t *text);
/* Frees what it holds and leaves zeros. */
void flow_k_cell_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *cell);

/* Status: FLOW_E_limit when the value is too long for a row. */
FLOW_FAR int32_t flow_k_blob_set(flow_ctx *ctx, flow_heap *heap, uint64_t *blob,
                                 const uint64_t *words, const uint8_t *tc);
/* 1 if the value is another than the blob's (or it had none), which it then holds; else 0.
 * A row is a function of its value, so its bytes are compared. */
int32_t flow_k_blob_change(flow_ctx *ctx, flow_heap *heap, uint64_t *blob,
                           const uint64_t *words, const uint8_t *tc);
/* The same question without the change; and of two blobs: do they hold the same? */
FLOW_FAR int32_t flow_k_blob_differs(flow_ctx *ctx, const uint64_t *blob,
                                     const uint64_t *words, const uint8_t *tc);
FLOW_FAR int32_t flow_k_blob_same(const uint64_t *a, const uint64_t *b);
/* Valid until the blob changes. */
FLOW_FAR void flow_k_blob_get(flow_ctx *ctx, const uint64_t *blob, uint64_t *words,
                              const uint8_t *tc);
FLOW_FAR void flow_k_blob_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *blob);

#endif
