/* build.h - `flowc build` and `flowc run`. */
#ifndef FLOW_DRIVER_BUILD_H
#define FLOW_DRIVER_BUILD_H

#include "compiler/driver/options.h"

/* Both return the exit code; build_and_run only if the program does not start. */
int build_program(const options_t *o);
int build_and_run(const options_t *o);

struct compile;
/* Compiles and links to `path`, past the cache; 0 after an error (c->failed, diagnostics). */
int build_executable(struct compile *c, const char *path);
/* The folder of the program's text: where `run` and `test` look for libraries too. */
const char *extern_folder(struct compile *c);

#endif
