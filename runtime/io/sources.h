/* sources.h - the sources of this folder: one table each, listed by registry.c. */
#ifndef FLOW_RUNTIME_IO_SOURCES_H
#define FLOW_RUNTIME_IO_SOURCES_H

#include "runtime/io/connector.h"

extern const rt_source_ops rt_file_source;
extern const rt_source_ops rt_generate_source;
extern const rt_source_ops rt_listen_source;
extern const rt_source_ops rt_nexmark_source;
extern const rt_source_ops rt_rate_source;
extern const rt_source_ops rt_socket_source;
extern const rt_source_ops rt_stdin_source;
extern const rt_source_ops rt_watch_source;

#endif
