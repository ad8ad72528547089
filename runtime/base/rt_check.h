/* rt_check.h - asserts that stay on in release builds, and the runtime's limits. */
#ifndef FLOW_RUNTIME_BASE_RT_CHECK_H
#define FLOW_RUNTIME_BASE_RT_CHECK_H

#include <stdint.h>

/* A broken assert is a fault of Flow, never of its user: the process aborts, as safe as
 * a SIGKILL for what it has published. */
_Noreturn void rt_assert_failed(const char *what, const char *file, int line);
#ifdef FLOW_COVERAGE /* the way that no test can take is no branch to be covered */
#define rt_assert(c) ((void)0)
#else
#define rt_assert(c) ((c) ? (void)0 : rt_assert_failed(#c, __FILE__, __LINE__))
#endif

#define RT_MIN(a, b) ((a) < (b) ? (a) : (b))
#define RT_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Longest record; beyond it a row error that keeps its first RT_RECORD_KEPT bytes. */
#define RT_RECORD_MAX (INT64_C(16) << 20)
#define RT_RECORD_KEPT (INT64_C(64) << 10)

/* Readable bytes that scanners may touch after the end of a block. */
#define RT_SLACK 64

/* A batch of at most one block and so many bytes runs on the coordinator alone. */
#define RT_SMALL_BATCH (INT64_C(64) << 10)

/* Rows of a batch of generated input, and of one of its tasks. */
#define RT_GENERATED_BATCH INT64_C(500000)
#define RT_GENERATED_TASK INT64_C(16384)

#endif
