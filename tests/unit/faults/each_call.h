/* each_call.h - a piece of work is done again and again, with the k-th call of a kind failing,
 * for k = 1, 2, ... until none fails (of very many not each); for all kinds of calls that work
 * with files. */
#ifndef FLOW_TESTS_EACH_CALL_H
#define FLOW_TESTS_EACH_CALL_H

#include <stdbool.h>

/* Makes what it needs, calls calls_fail, works, calls calls_end and looks at what is there. */
typedef void each_work(void *arg);
void each_call(each_work *work, void *arg);
/* The further they are apart, the more there are. */
void some_calls(each_work *work, void *arg);

/* From here on the k-th call fails; until calls_end, which says whether it came so far. */
void calls_fail(void);
bool calls_end(void);
/* Which one, as FLOW_FAULT would say it. */
const char *calls_which(void);
/* Has the reason of the failure been logged since calls_fail? */
bool calls_told(void);
/* All that has been logged since then. */
const char *calls_log(void);
/* Is it a call of this point? */
bool calls_are(const char *point);

#endif
