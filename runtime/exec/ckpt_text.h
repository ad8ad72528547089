/* ckpt_text.h - what sources say in a PLAN and sinks in a COMMIT, as text, by those of a
 * program: what it no longer has is told as a number of bytes. */
#ifndef FLOW_RUNTIME_EXEC_CKPT_TEXT_H
#define FLOW_RUNTIME_EXEC_CKPT_TEXT_H

#include "runtime/ckpt/commit.h"
#include "runtime/data/program.h"

/* A line for each source.  False: the plan makes no sense. */
bool rt_ckpt_text_plan(const rt_program *program, const rt_planned *plan, rt_wire *lines);
/* False: the sink is unknown, or what it says makes no sense. */
bool rt_ckpt_text_sink(const rt_program *program, int64_t batch, const rt_commit_sink *sink,
                       rt_wire *line);

#endif
