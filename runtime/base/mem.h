/* mem.h - the one memory budget, and recycled buffers counted against it.
 *
 * Every large thing the runtime holds is a buffer of a size class (powers of two from
 * 1 KiB) got from here and counted under its owner.  Small buffers are cut from slabs
 * and kept for reuse; large ones are mappings of their own, kept for reuse while that
 * stays a small part of the budget.  What is kept counts as used.  Large state is rounded
 * to pages only: it is never kept, and half empty tables would cost too much.
 *
 * State comes first: it may take all but the transient minimum (an eighth of the budget,
 * or 8 MiB for each worker if that is more).  Transient owners share the rest: planners
 * look at rt_mem_room and rt_mem_transient_share; what tasks need beyond their plan may
 * overshoot by 32 MiB.
 *
 * Under AddressSanitizer each buffer is an allocation of exactly the size asked for, so
 * that a read behind its end is found.  All functions may be called from any thread. */
#ifndef FLOW_RUNTIME_BASE_MEM_H
#define FLOW_RUNTIME_BASE_MEM_H

#include <stdbool.h>
#include <stdint.h>

typedef enum rt_owner {
    RT_OWNER_STATE,    /* tables, heaps of text: zeroed when got */
    RT_OWNER_BLOCK,    /* bytes read from sources */
    RT_OWNER_EXCHANGE, /* rows between stages */
    RT_OWNER_SINK,     /* output of the batch, until it is published */
    RT_OWNER_TASK,     /* arenas of tasks */
    RT_OWNERS
} rt_owner;

typedef struct rt_mem rt_mem;

/* Null when there is no memory at all. */
rt_mem *rt_mem_new(int64_t limit, int64_t workers);
/* `clean`: everything got must have been put back. */
void rt_mem_free(rt_mem *mem, bool clean);

/* A buffer of at least *bytes; *bytes becomes its size.  Null: beyond the budget, or the
 * system has none. */
void *rt_mem_get(rt_mem *mem, rt_owner owner, int64_t *bytes);
/* A larger buffer with the same first `used` bytes; the old one is gone unless the
 * result is null. */
void *rt_mem_grow(rt_mem *mem, rt_owner owner, void *p, int64_t bytes, int64_t used,
                  int64_t *to);
/* A smaller one with the same first `used` bytes; it may have moved.  The old one is gone
 * unless the result is null.  Of state only less than 64 KiB are got before the rest goes. */
void *rt_mem_shrink(rt_mem *mem, rt_owner owner, void *p, int64_t bytes, int64_t used,
                    int64_t *to);
/* `bytes` is the size that rt_mem_get gave. */
void rt_mem_put(rt_mem *mem, rt_owner owner, void *p, int64_t bytes);
/* After a batch: what is kept for reuse and was not needed goes back, bit by bit. */
void rt_mem_relax(rt_mem *mem);
/* Nothing is to be done for a while: all of it goes back. */
void rt_mem_rest(rt_mem *mem);
/* The size that rt_mem_get gives for `bytes`. */
int64_t rt_mem_size(rt_owner owner, int64_t bytes);
/* From one owner's account to another's. */
void rt_mem_move(rt_mem *mem, rt_owner from, rt_owner to, int64_t bytes);

int64_t rt_mem_limit(const rt_mem *mem);
int64_t rt_mem_used(const rt_mem *mem, rt_owner owner);
/* What transient owners may still take. */
int64_t rt_mem_room(const rt_mem *mem);
/* What transient owners may take in all, as state stands. */
int64_t rt_mem_transient_share(const rt_mem *mem);
/* The most that was ever used. */
int64_t rt_mem_peak(const rt_mem *mem);

#endif
