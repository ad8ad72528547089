/* k_slice.h - windows that overlap, put together from slices.
 *
 * Where windows share their rows, the panes of a table (k_pane.h) are slices of time, each
 * row is in one of them, and a window is the union of the slices in it.  All windows begin
 * and end where slices do.  Windows are asked for in order; what is put together for one
 * serves the next (two stacks): behind `mid` one table takes the newer slices in as they
 * come, before it tables hold what lies between their start and `mid`, one for every few
 * slices, so that they have a bounded multiple of the slices' entries.  A window costs a
 * small multiple of its own keys, however many slices it has.
 *
 * How two entries become one only the program knows: a function that takes all of one table
 * into another. */
#ifndef FLOW_KERNEL_K_SLICE_H
#define FLOW_KERNEL_K_SLICE_H

#include "runtime/kernel/k_pane.h"

typedef int32_t flow_slice_fold(flow_ctx *ctx, flow_table *to, flow_table *from);

/* Which windows there are: a window ends at each k * every + offset + size and begins size
 * before; or (grow) at each k * every + offset, and begins at the last k * size + offset. */
typedef struct flow_grid {
    int64_t size, every, offset, grow;
} flow_grid;

/* What was put together; hangs on the panes. */
typedef struct flow_slices {
    flow_table back, out;   /* back: the slices from mid to back_to */
    flow_table *front;      /* [n]: from starts[i] to mid; the last starts first */
    int64_t *starts;
    int64_t n, made, room;  /* made: those behind n hold nothing but memory */
    int64_t mid, back_to;
    int64_t keys;           /* of the last window */
    int64_t built;          /* 0: nothing here is good */
} flow_slices;

/* The longest slice of which both lengths are a multiple: both > 0. */
int64_t flow_k_slice_length(int64_t size, int64_t every);
/* The table of the slice [start, end), for rows. */
flow_table *flow_k_slice(flow_ctx *ctx, flow_table *t, int64_t start, int64_t end);
/* The first window with rows that ends behind `after` and not behind `limit`: its table, and
 * its start and end in `window`; null if there is none. */
FLOW_FAR flow_table *flow_k_slice_window(flow_ctx *ctx, flow_table *t, const flow_grid *grid,
                                         int64_t after, int64_t limit, flow_slice_fold *fold,
                                         int64_t *window);
/* No window that ends by `after` will be asked for again: drops what no other needs; the
 * stage waits for the next one. */
FLOW_FAR void flow_k_slice_done(flow_ctx *ctx, flow_table *t, const flow_grid *grid,
                                int64_t after);

FLOW_FAR void k_slices_release(flow_ctx *ctx, flow_slices *s);
FLOW_FAR int64_t k_slices_bytes(const flow_slices *s);

#endif
