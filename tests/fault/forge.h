/* forge.h - journals whose checksums fit, whatever they say. */
#ifndef FLOW_TESTS_FAULT_FORGE_H
#define FLOW_TESTS_FAULT_FORGE_H

#include "tests/fault/fault_lab.h"

/* Changes a few things in the journal at `path`, in its records or in the state that stands in
 * a COMMIT, and makes all checksums and numbers right again.  Says what in `what`.  False if
 * there is no record to change. */
bool forge_journal(const char *path, lab_chance *c, char *what, int room);

#endif
