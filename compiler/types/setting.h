/* setting.h - `set name = value`. */
#ifndef FLOW_TYPES_SETTING_H
#define FLOW_TYPES_SETTING_H

#include "compiler/types/wiring.h"

/* Checks the settings of the root file into m->p->settings.  Runs before the flows, since
 * `mode` says what sinks show of tables. */
void settings_check(sema_t *m);

#endif
