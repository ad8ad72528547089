/* exchange.h - what tasks have written, kept in the order in which it is consumed.
 *
 * For each partition a list of runs: the buffers of tasks, in task order.  An exchange
 * between stages has `partitions` of them, or one where rows have no key; what goes to a
 * sink is collected in the same form, with one partition.  Runs are added and taken by
 * the coordinator, between phases; in a phase a partition's runs are read by one task. */
#ifndef FLOW_RUNTIME_EXEC_EXCHANGE_H
#define FLOW_RUNTIME_EXEC_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/mem.h"
#include "runtime/kernel/k_value.h"

typedef struct rt_run {
    uint8_t *p;   /* null: in the spill file */
    int64_t len;
    int64_t size; /* of the buffer: RT_OWNER_EXCHANGE */
    int64_t rows;
    int64_t at;   /* in the spill file */
    bool sorted; /* frames that are known to be in order */
} rt_run;

typedef struct rt_runs {
    rt_run *items;
    int64_t n, room;
} rt_runs;

typedef struct rt_exchange {
    rt_runs *parts;
    int64_t nparts;
    int64_t bytes, rows; /* in all runs */
    int64_t held;        /* memory of all runs */
} rt_exchange;

void rt_exchange_open(rt_exchange *e, int64_t nparts);
void rt_exchange_close(rt_exchange *e, rt_mem *mem);

/* Takes over what a task wrote for a partition; `buf` is empty after that.  Small
 * outputs are copied behind the run before them. */
void rt_exchange_add(rt_exchange *e, rt_mem *mem, int64_t part, flow_buf *buf);
/* The same for a buffer that was put aside when it was full. */
void rt_exchange_add_run(rt_exchange *e, rt_mem *mem, int64_t part, rt_run run);
/* Frees the runs of a partition (or of all), after they were consumed. */
void rt_exchange_clear_part(rt_exchange *e, rt_mem *mem, int64_t part);
void rt_exchange_clear(rt_exchange *e, rt_mem *mem);

#endif
