/* pages.h - memory for tables: zeroed, in huge pages where the system gives them, since a
 * table of a gigabyte costs a miss of the TLB at each row otherwise. */
#ifndef FLOW_BENCH_PAGES_H
#define FLOW_BENCH_PAGES_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static void *pages_new(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        fprintf(stderr, "no memory\n");
        exit(1);
    }
    madvise(p, bytes, MADV_HUGEPAGE);
    return p;
}

static inline void pages_free(void *p, size_t bytes) { munmap(p, bytes); }

#endif
