/* gen_source.h - what the stage of a generated source is told beside row numbers. */
#ifndef FLOW_RUNTIME_IO_GEN_SOURCE_H
#define FLOW_RUNTIME_IO_GEN_SOURCE_H

#include "runtime/io/connector.h"

/* The moment of row 0, and rows a second (0: all at once). */
int64_t rt_generator_t0(const rt_source *s);
int64_t rt_generator_rate(const rt_source *s);

#endif
