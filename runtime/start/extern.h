/* extern.h - for flowgen_setup of programs with `extern fn`. */
#ifndef FLOW_RUNTIME_START_EXTERN_H
#define FLOW_RUNTIME_START_EXTERN_H

#include <stdint.h>

/* Puts the address of a library's function into *slot; -1 after a message: the program
 * does not start. */
int32_t flow_rt_extern(void **slot, const uint8_t *library, int64_t library_len,
                       const uint8_t *name, int64_t name_len);

#endif
