/* quiet_suite.c - see quiet_suite.h. */
#include "tests/unit/faults/quiet_suite.h"

#include <stdlib.h>

#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

static int hushed;

int quiet_prepare(void) {
    hushed = hush();
    fake_in_memory();
    return setenv("FLOW_TEST_TMPFS", "1", 1);
}

int quiet_clean(void) {
    unhush(hushed);
    fake_remove_dir();
    return 0;
}
