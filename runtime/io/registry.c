/* registry.c - the connectors that this archive brings, by the names of
 * lang/connectors.def.  A connector that brings a library will come with an archive and a
 * table of its own, named by the descriptor. */
#include <string.h>

#include "runtime/base/rt_check.h"
#include "runtime/io/sinks.h"
#include "runtime/io/sources.h"

#ifdef FLOW_FAULTS
extern const rt_source_ops rt_queue_source; /* runtime/faults */
#endif

static const rt_source_ops *const sources[] = {
    &rt_file_source,
    &rt_generate_source,
    &rt_listen_source,
    &rt_nexmark_source,
#ifdef FLOW_FAULTS
    &rt_queue_source,
#endif
    &rt_rate_source,
    &rt_socket_source,
    &rt_stdin_source,
    &rt_watch_source,
};

static const rt_sink_ops *const sinks[] = {
    &rt_console_sink,
    &rt_discard_sink,
    &rt_file_sink,
    &rt_socket_sink,
    &rt_stdout_sink,
};

int64_t rt_source_rows_left(const rt_source *s, const rt_input *in) {
    return s->most_rows ? RT_MAX(s->most_rows - in->records, 0) : INT64_MAX;
}

const rt_source_ops *rt_source_find(const char *connector) {
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (!strcmp(sources[i]->name, connector)) return sources[i];
    return NULL;
}

const rt_sink_ops *rt_sink_find(const char *connector) {
    for (size_t i = 0; i < sizeof sinks / sizeof *sinks; i++)
        if (!strcmp(sinks[i]->name, connector)) return sinks[i];
    return NULL;
}
