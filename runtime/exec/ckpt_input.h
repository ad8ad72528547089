/* ckpt_input.h - the input of a program, as a checkpoint knows it: where each source stands
 * (with saved state), and what a batch took of it (in PLAN).
 *
 * Sources are known by name, and by their number among those of one name. */
#ifndef FLOW_RUNTIME_EXEC_CKPT_INPUT_H
#define FLOW_RUNTIME_EXEC_CKPT_INPUT_H

#include "runtime/exec/job.h"

/* Positions behind what has been taken. */
void rt_ckpt_input_save(rt_job *job, rt_wire *w);
/* Before the first take.  A source that is not named begins at its beginning. */
rt_status rt_ckpt_input_load(rt_job *job, rt_unwire *r);

/* What the batch took; sources that cannot replay write their rows to the input journal. */
rt_status rt_ckpt_input_plan(rt_job *job, rt_wire *w);
/* The same again, into job->inputs; sources are behind it then. */
rt_status rt_ckpt_input_replan(rt_job *job, rt_unwire *r);
/* Something the batch took cannot be read again: state is to be saved with it. */
bool rt_ckpt_input_once(const rt_job *job);

/* The rows files of batches up to n are durable; their folders go to `dirs`. */
rt_status rt_ckpt_input_sync(rt_job *job, int64_t batch, rt_dirs *dirs);
void rt_ckpt_input_acknowledge(rt_job *job, int64_t batch);
/* No batch up to n is ever replayed again; `last`: the newest there is. */
void rt_ckpt_input_forget(rt_job *job, int64_t batch, int64_t last);

/* What stands in a plan or in positions, of one source after the other. */
typedef struct rt_part_of {
    const uint8_t *id, *schema;
    int64_t id_len, schema_len;
    bool ended, refreshed, planned;
    rt_unwire bytes;
} rt_part_of;

int64_t rt_ckpt_input_parts(rt_unwire *r);
/* False: it makes no sense. */
bool rt_ckpt_input_part(rt_unwire *r, rt_part_of *part);
/* The program's source that a part speaks of, or -1: the program has it no more. */
int64_t rt_ckpt_input_source(const rt_program *program, const rt_part_of *part);

#endif
