/* kernel.c - the one unit of the kernel.
 *
 * Compiled by clang 19 to bitcode, into which flowc generates the program, and to an
 * object for the runtime archive, which serves the cold runtime, the constant folder
 * and the unit tests.  It keeps no mutable statics: in a linked program it exists twice. */
#include "runtime/kernel/k_value.h"
#include "runtime/kernel/k_cold.h"

/* text, records, numbers */
#include "runtime/kernel/k_hash.c"
