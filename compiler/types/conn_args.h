/* conn_args.h - the arguments of a connector: the one without a name, and the options of
 * the connector and of its format. */
#ifndef FLOW_TYPES_CONN_ARGS_H
#define FLOW_TYPES_CONN_ARGS_H

#include "compiler/types/step_check.h"

typedef struct conn_use {
    const char *name;    /* as written */
    span_t name_at;
    const char *of;      /* rows of connectors.def: "source_file" */
    const char *common;  /* "sources", "sinks" */
    pos_kind pos;
    format_id form;      /* the default format; FORMAT_none: none can be given */
    const nodes_t *args;
    /* found */
    node_t *format_arg;  /* the value of `format`, or null */
    int format_fault;    /* it has an error: rules of formats do not apply */
    ast_arg_t *later;    /* the first option that is known and not built, or null */
} conn_use_t;

/* Fills pos, format and options of `out`; messages for all that is wrong. */
void conn_args(flowck_t *f, conn_use_t *use, tconnector_t *out);
/* The option by name, or null. */
toption_t *conn_option(tconnector_t *conn, const char *name);

#endif
