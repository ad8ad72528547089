/* metric_text.h - the text form of Prometheus: a line of help, a line of type, samples. */
#ifndef FLOW_RUNTIME_EXEC_METRIC_TEXT_H
#define FLOW_RUNTIME_EXEC_METRIC_TEXT_H

#include <stdbool.h>

#include "runtime/base/wire.h"

/* In a label, or on a page: what means something there is escaped. */
void rt_metric_text(rt_wire *w, const char *text, bool html);

/* Before the samples of a metric; `name` is without `flow_`. */
void rt_metric_head(rt_wire *w, const char *name, const char *type, const char *help);
/* A metric of one sample. */
void rt_metric_one(rt_wire *w, const char *name, const char *type, const char *help, double v);

typedef struct rt_label {
    const char *name, *text; /* name null: none */
} rt_label;

void rt_metric_sample(rt_wire *w, const char *name, rt_label a, rt_label b, double v);

#endif
