/* pages.h - memory for tables: zeroed, in huge pages where the system gives them, since a
 * table of a gigabyte costs a miss of the TLB at each row otherwise.
 *
 * A page that is touched for the first time costs as much as some hundred rows, so tables grow
 * in place, in addresses that are reserved for them, and nothing is copied to be sorted. */
#ifndef FLOW_BENCH_PAGES_H
#define FLOW_BENCH_PAGES_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static void *pages_new(size_t bytes) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (p == MAP_FAILED) {
        fprintf(stderr, "no memory\n");
        exit(1);
    }
    madvise(p, bytes, MADV_HUGEPAGE);
    return p;
}

static inline void pages_free(void *p, size_t bytes) { munmap(p, bytes); }

/* Addresses for a table of any size: memory comes when they are touched. */
static inline void *pages_reserve(void) { return pages_new((size_t)1 << 36); }

#endif
