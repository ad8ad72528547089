/* parts.h - the back end for a large program: its functions in parts, side by side. */
#ifndef FLOW_DRIVER_PARTS_H
#define FLOW_DRIVER_PARTS_H

#include "compiler/driver/compile.h"

/* Optimises the module of c->emit and compiles it to several objects (c->objects); 0, with nothing
 * done, if it is too small for that. */
int parts_make(compile_t *c);

#endif
