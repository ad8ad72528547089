/* emit_form.h - the forms of what saved state keeps to be read by type.
 *
 * A state's layout says which words an entry has (emit_layout.c); its forms say what the
 * rows, keys and lists are that it keeps (runtime/kernel/k_form.h), so that loading can
 * refuse what code that reads by type would trip over.  They stand in the order of the
 * layout: of the entries' keys, of the store's rows, of each letter. */
#ifndef FLOW_EMIT_EMIT_FORM_H
#define FLOW_EMIT_EMIT_FORM_H

#include "compiler/emit/emit_stage.h"

/* Those of the state of the stage at hand, which has a layout. */
void emit_state_forms(gen_t *g, buf_t *out);
/* Those of the sessions that it forms. */
void emit_session_forms(gen_t *g, buf_t *out);
/* How many there are. */
int emit_forms_count(const buf_t *forms);

#endif
