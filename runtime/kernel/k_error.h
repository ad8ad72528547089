/* k_error.h - the status codes of k_error.def: 0 is success, FLOW_E_<id> from 1 up. */
#ifndef FLOW_KERNEL_K_ERROR_H
#define FLOW_KERNEL_K_ERROR_H

enum {
    FLOW_OK = 0,
#define ERR(id, text) FLOW_E_##id,
#include "runtime/kernel/k_error.def"
#undef ERR
    FLOW_E_COUNT
};

#endif
