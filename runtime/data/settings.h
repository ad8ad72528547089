/* settings.h - the settings of a run, as start/ has found them; read-only after that.
 *
 * One field per row of lang/options.def that the runtime acts on.  Times are in
 * microseconds, sizes in bytes, -1 stands for none. */
#ifndef FLOW_RUNTIME_DATA_SETTINGS_H
#define FLOW_RUNTIME_DATA_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/log.h"

typedef enum rt_until { RT_UNTIL_END, RT_UNTIL_IDLE, RT_UNTIL_TIME, RT_UNTIL_BATCHES } rt_until;

typedef struct rt_settings {
    const char *name;
    int64_t batch, block;
    int64_t batch_size, block_size;
    const char *checkpoint; /* folder; null: none */
    int64_t checkpoint_every, compact_every;
    int64_t collect_limit;
    const char *trace;  /* --trace FILE; null: none */
    const char *profile; /* --profile FILE; null: none */
    const char *replay; /* --replay FILE */
    bool fresh;   /* --fresh: a new job, whatever is in the folder */
    int64_t grace;
    bool journal; /* rows of sources that cannot replay are kept */
    int64_t keep_checkpoints;
    rt_level log;
    int64_t max_rate, initial_rate;
    bool backpressure;
    int64_t memory;
    const char *metrics; /* address; null: not shown */
    bool skip_errors; /* on_error = skip */
    int64_t parallelism, partitions;
    int64_t retries, retry_wait;
    int64_t timeout;
    rt_until until;
    int64_t until_count; /* microseconds or batches */
    int64_t cut_rows;    /* of a batch of generated input */
} rt_settings;

#endif
