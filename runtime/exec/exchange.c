/* exchange.c - see exchange.h.
 *
 * Tasks on small blocks leave small buffers; copying those together keeps the lists short
 * and the memory dense.  A copy moves only bytes, so order and content are the same
 * whatever the length of blocks. */
#include "runtime/exec/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

/* Outputs up to this are appended to the run before them where that has room. */
#define COPY_BELOW 4096

void rt_exchange_open(rt_exchange *e, int64_t nparts) {
    memset(e, 0, sizeof *e);
    e->nparts = nparts;
    e->parts = rt_alloc((size_t)nparts * sizeof *e->parts);
}

void rt_exchange_close(rt_exchange *e, rt_mem *mem) {
    if (!e->parts) return;
    rt_exchange_clear(e, mem);
    for (int64_t i = 0; i < e->nparts; i++) free(e->parts[i].items);
    free(e->parts);
    e->parts = NULL;
}

static bool append(rt_run *to, const rt_run *run) {
    if (!to->p || !run->p || run->len > COPY_BELOW) return false;
    if (to->size - RT_SLACK - to->len < run->len) return false;
    memcpy(to->p + to->len, run->p, (size_t)run->len);
    to->len += run->len;
    to->rows += run->rows;
    to->sorted = false;
    return true;
}

void rt_exchange_add_run(rt_exchange *e, rt_mem *mem, int64_t part, rt_run run) {
    rt_assert(part >= 0 && part < e->nparts);
    rt_runs *runs = &e->parts[part];
    e->rows += run.rows;
    e->bytes += run.len;
    if (runs->n && append(&runs->items[runs->n - 1], &run)) {
        rt_mem_put(mem, RT_OWNER_EXCHANGE, run.p, run.size);
        return;
    }
    if (runs->n == runs->room) {
        runs->room = runs->room ? 2 * runs->room : 8;
        runs->items = rt_realloc(runs->items, (size_t)runs->room * sizeof *runs->items);
    }
    runs->items[runs->n++] = run;
    e->held += run.size;
}

void rt_exchange_add(rt_exchange *e, rt_mem *mem, int64_t part, flow_buf *buf) {
    if (!buf->base && !buf->rows) return;
    int64_t size = buf->base ? buf->end - buf->base + RT_SLACK : 0;
    rt_run run = {buf->base, buf->p - buf->base, size, buf->rows, 0, 0};
    *buf = (flow_buf){0};
    rt_exchange_add_run(e, mem, part, run);
}

void rt_exchange_clear_part(rt_exchange *e, rt_mem *mem, int64_t part) {
    rt_runs *runs = &e->parts[part];
    for (int64_t i = 0; i < runs->n; i++) {
        rt_run *r = &runs->items[i];
        e->bytes -= r->len;
        e->rows -= r->rows;
        e->held -= r->size;
        rt_mem_put(mem, RT_OWNER_EXCHANGE, r->p, r->size);
    }
    runs->n = 0;
}

void rt_exchange_clear(rt_exchange *e, rt_mem *mem) {
    for (int64_t i = 0; i < e->nparts; i++)
        if (e->parts[i].n) rt_exchange_clear_part(e, mem, i);
    rt_assert(e->bytes == 0 && e->held == 0);
    e->rows = 0;
}
