/* quiet_suite.h - what suites of refusals and failing calls have around them: no messages on
 * standard error, and a folder in memory, which a checkpoint accepts.  For CU_add_suite. */
#ifndef FLOW_TESTS_QUIET_SUITE_H
#define FLOW_TESTS_QUIET_SUITE_H

int quiet_prepare(void);
int quiet_clean(void);

#endif
