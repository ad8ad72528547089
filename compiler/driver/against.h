/* against.h - `flowc check --against OLD FILE`: what a start of the changed program would
 * do with the state of the old one.
 *
 * OLD is an executable (its descriptor is read, it is not run), a program text, or the
 * folder of a checkpoint.  It goes by the same lists and the same comparison as a start
 * (runtime/ckpt/fingerprint.h), so it cannot say anything else. */
#ifndef FLOW_DRIVER_AGAINST_H
#define FLOW_DRIVER_AGAINST_H

#include "compiler/driver/options.h"

/* Returns the exit code: 4 if any state is refused. */
int check_against(const options_t *o);

/* `flowc checkpoint DIR`: what can be said of a checkpoint without its program. */
int show_checkpoint(const options_t *o);

#endif
