/* damage.h - what killed programs leave, to be damaged. */
#ifndef FLOW_TESTS_FAULT_DAMAGE_H
#define FLOW_TESTS_FAULT_DAMAGE_H

#include "tests/fault/fault_cases.h"

enum { LEFT = 24, LEFT_FILES = 64 };

typedef struct left {
    lab_setup setup;
    const lab_expected *expected;
    const char *point;
    int batch;
    char dir[LAB_PATH];
    char files[LEFT_FILES][200]; /* of the checkpoint, and staged ones */
    int64_t sizes[LEFT_FILES];
    int nfiles;
} left;

/* Runs a program and kills it at a point that `number` says; false if it was not killed. */
bool leave(left *l, int number);

#endif
