/* status.h - results of the runtime's own functions.
 *
 * A function that can fail returns an rt_status and has logged why, with path and errno,
 * where it happened.  `RT_again` and `RT_again_io` mark what a retry may mend (a sink that is
 * down; a full disk); everything else ends the program with the status's exit code. */
#ifndef FLOW_RUNTIME_BASE_STATUS_H
#define FLOW_RUNTIME_BASE_STATUS_H

typedef enum rt_status {
#define STATUS(id, code, text) RT_##id,
#include "runtime/base/status.def"
#undef STATUS
    RT_STATUS_COUNT
} rt_status;

int rt_status_exit(rt_status status);
const char *rt_status_text(rt_status status);

/* The only macro that returns. */
#define RT_TRY(call)                                                                     \
    do {                                                                                 \
        rt_status rt_try_status_ = (call);                                               \
        if (rt_try_status_ != RT_ok) return rt_try_status_;                              \
    } while (0)

#endif
