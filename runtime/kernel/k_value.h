/* k_value.h - values as the kernel sees them, and the worker context.
 *
 * A Flow value is a sequence of 8-byte words:
 *   int, timestamp, duration  1   i64 (time in microseconds)
 *   float                     1   the bits of a double
 *   bool                      1   0 or 1
 *   string, bytes             2   address, length in bytes
 *   decimal                   2   i128, low word first
 *   T?                        n(T) + 1   the value (zeros when none), then 1 or 0
 *   [T]                       2   address of the elements (n(T) words each), count
 *   map<K, V>                 2   as a list of { key, value }, sorted by key
 *   record                    the words of its fields, in order
 *   tagged record, enum       1 + the widest payload; the tag counts variants from 0
 *
 * Generic functions learn the type from a type code, a byte string:
 *   i f b s y t d   int float bool string bytes timestamp duration
 *   D p s           decimal(p, s), two bytes
 *   ? T             optional          [ T   list          < K V   map
 *   { n (name 0 T)* record of n fields
 *   | n (name 0 {)* tagged record of n variants, each with its payload record
 *   K n T*          bytes that are the key of n values: only to check saved state (k_form.h)
 *
 * Only pointers, i32, i64 and double cross between generated code and kernel.
 *
 * Reading past the end: 64 bytes after the end of every input block, every arena chunk
 * and every flow_buf are mapped memory, so text of any length may be loaded in whole
 * vectors as long as what lies beyond its end is masked off.  The cold runtime makes
 * its buffers so; constants of the program are padded alike. */
#ifndef FLOW_KERNEL_K_VALUE_H
#define FLOW_KERNEL_K_VALUE_H

#include <stddef.h>
#include <stdint.h>

#define FLOW_INLINE static inline __attribute__((always_inline, unused))
/* Of functions that programs call rarely, or that do much each time: not compiled into a
 * program but taken from the archive. */
#define FLOW_COLD __attribute__((cold, noinline))
/* The same for functions that may well be called per row but do much each time: unlike
 * cold ones they do not make the code around a call unlikely.  The attribute is a mark
 * that the emitter sees and has no effect of its own. */
#define FLOW_FAR __attribute__((noinline, zero_call_used_regs("skip")))
/* Of functions that do much each time and want to be compiled for the machine: called, not
 * inlined, so that the loop around them keeps its registers. */
#define FLOW_CALLED __attribute__((noinline))
/* Of functions that generated code calls per row and that are a little too long for the
 * inliner to take by itself. */
#define FLOW_HOT __attribute__((always_inline))
#define FLOW_LIKELY(x) __builtin_expect(!!(x), 1)
#define FLOW_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Text and bytes: two words.  The bytes are not terminated. */
typedef struct flow_text {
    const uint8_t *ptr;
    int64_t len;
} flow_text;

/* One past a text.  (An empty text may have no address, and C does not define null + 0.) */
FLOW_INLINE const uint8_t *flow_text_end(const uint8_t *p, int64_t len) {
    return (const uint8_t *)((uintptr_t)p + (uintptr_t)len);
}

/* A contiguous buffer that grows by flow_rt_buf_grow: what tasks write to ports. */
typedef struct flow_buf {
    uint8_t *base; /* start of the memory; null while nothing was written */
    uint8_t *p;    /* where the next byte goes */
    uint8_t *end;  /* one past the memory */
    int64_t rows;  /* rows written so far */
} flow_buf;

/* Bump memory with the lifetime of a task.  Generated code takes a mark and goes
 * back to it after each input row whose values went nowhere else. */
typedef struct flow_arena {
    uint8_t *p;
    uint8_t *end;
    uint8_t *start; /* of the chunk that p and end lie in */
    void *chunks;   /* owned by the cold runtime */
} flow_arena;

/* Stack memory for the iterators of generated code (lines, pieces of a split): so
 * many words, whatever the iterator.  kernel.def says it to the emitter. */
#define FLOW_ITER_WORDS 16

struct flow_table;
struct flow_rt_worker;

/* A watermark at the start and at the end of the batch, and what it would be at the end if
 * no input had ended; see k_event.h. */
typedef struct flow_mark {
    int64_t now, next, reached;
} flow_mark;

/* When a partition of a stage has to be closed again, by the stage's mark and by the time
 * of the batch. */
typedef struct flow_due {
    int64_t mark, clock;
} flow_due;

/* What one worker knows while it runs a task.  One per worker; never shared. */
typedef struct flow_ctx {
    flow_arena arena;
    flow_buf **ports;          /* [port] -> buffers, one per partition (a sink has one) */
    struct flow_table **state; /* [state id] -> tables, one per partition */
    struct flow_table *partial; /* [state id]: this worker's partial tables */
    int64_t partition;         /* of the task; 0 in source stages */
    int64_t nparts;            /* the setting `partitions` */
    int64_t now;               /* T of the batch, microseconds since the epoch */
    int64_t batch;             /* number of the batch */
    int64_t place;             /* place in the batch of the next row, for ordered ports */
    int64_t final;             /* 1 in the batch that ends the input */
    int64_t refreshed;         /* its source has been read anew: other rows are gone */
    int64_t fed;               /* the stage got rows in this batch, in any partition */
    int64_t collect_limit;     /* the setting */
    int64_t *seen;             /* [clock]: the greatest event time of the batch so far */
    const flow_mark *marks;    /* [mark] */
    flow_due due;              /* of the partition that is being closed */
    uint64_t seed;             /* of the tables' hash; random per run */
    const uint8_t *record;     /* the record being decoded: for row errors */
    int64_t record_len;
    int64_t record_offset;     /* index of the row, where rows are generated (`range`) */
    const int64_t *header;     /* map of the current file's columns; see data/program.h */
    const char *why;           /* of the last malformed record: the reason, terminated */
    int64_t why_at;            /* the byte of the record where it shows */
    int64_t why_field;         /* index of the column in the source's type; -1: none */
    struct flow_rt_worker *worker; /* the cold runtime's side */
} flow_ctx;

#endif
