/* test.h - `flowc test`: runs the tests of programs. */
#ifndef FLOW_DRIVER_TEST_H
#define FLOW_DRIVER_TEST_H

#include "compiler/driver/options.h"

/* All tests of all files; the exit code. */
int test_programs(const options_t *o);

#endif
