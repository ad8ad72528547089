/* plan_text.h - steps and connectors in the program's own words, on one line. */
#ifndef FLOW_PLAN_PLAN_TEXT_H
#define FLOW_PLAN_PLAN_TEXT_H

#include "compiler/plan/plan.h"

/* The step as it stands in the source, blanks folded: "each word in split(line, /\W+/)". */
void plan_step_text(buf_t *b, sources_t *sources, const tstep_t *s);
/* "from file(\"x.txt\") as text"; "to stdout as csv, final". */
void plan_source_text(buf_t *b, sources_t *sources, const tconnector_t *c);
void plan_sink_text(buf_t *b, sources_t *sources, const tconnector_t *c);
/* Source text of a span with blanks and comments folded to one blank. */
void plan_span_text(buf_t *b, sources_t *sources, span_t at);

/* How a root's table finds its entries: "int key", "text key", "one entry". */
const char *plan_key_kind(const pstage_t *s);

#endif
