/* log.h - what the program tells about itself, on standard error.
 *
 * error  the program stops, or an input is lost
 * warn   something the user should know: a retry, a file that was cut, rows skipped
 * info   one line per event of a run: start, end, totals
 * debug  one line per batch
 *
 * A line is `name: level: text`; errors in rows carry their file:line:col.  Each line is
 * one write, so lines of several threads do not mix.  The level and the name are the one
 * changing static of this folder. */
#ifndef FLOW_RUNTIME_BASE_LOG_H
#define FLOW_RUNTIME_BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>

typedef enum rt_level { RT_ERROR, RT_WARN, RT_INFO, RT_DEBUG } rt_level;

/* Called before other threads start.  `name` is copied. */
void rt_log_start(const char *name, rt_level level);
void rt_log_level(rt_level level);
bool rt_log_on(rt_level level);

/* Called before each line when something else has standard error's last line (progress);
 * null for none. */
void rt_log_before(void (*erase)(void));

void rt_log(rt_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* error(...), then returns `status`: `return rt_fail(RT_io, "...")`. */
int rt_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
