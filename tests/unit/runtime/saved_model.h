/* saved_model.h - saved state as plain sorted rows: what state files are held against. */
#ifndef FLOW_TESTS_SAVED_MODEL_H
#define FLOW_TESTS_SAVED_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/ckpt/state_file.h"

typedef struct model_row {
    uint8_t *key, *value;
    int64_t klen, vlen;
} model_row;

/* Rows of one (state, partition), by key. */
typedef struct model {
    model_row *rows;
    int64_t n, room;
} model;

void model_free(model *m);
/* Ops of a list, one by one. */
void model_apply(model *m, const uint8_t *ops, int64_t len);
/* All rows, as PUTs. */
rt_saved model_save(const model *m);

uint64_t model_random(uint64_t *seed);
/* A random change list of up to `most` ops, in order; keys of few letters, so that they
 * meet and begin with each other. */
rt_saved model_changes(uint64_t *seed, int64_t most);

/* Reads the section; appends its ops' bytes to `out`. */
rt_status model_read(const rt_state_file *f, const rt_state_section *section, rt_wire *out,
                     rt_trouble *trouble);

#endif
