/* row_print.h - a row of saved state for people. */
#ifndef FLOW_RUNTIME_STATE_ROW_PRINT_H
#define FLOW_RUNTIME_STATE_ROW_PRINT_H

#include <stdint.h>

#include "runtime/data/program.h"

/* One line without its end, malloc: `key  value`.  The declaration is that of the program's
 * descriptor, or as much of it as a state file has: text_key, layout, schema.  The parts of
 * a key are read by the types that the schema gives; the value by the letters of the layout
 * (kernel/k_save.def), so a word is a number whatever it means, and an encoded row is bytes.
 * What does not fit is shown as bytes. */
char *rt_state_row_print(const rt_state_decl *decl, const uint8_t *key, int64_t klen,
                         const uint8_t *value, int64_t vlen);

#endif
