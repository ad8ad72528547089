/* value_text.h - values as a person writes them on a command line. */
#ifndef FLOW_RUNTIME_START_VALUE_TEXT_H
#define FLOW_RUNTIME_START_VALUE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/rt_arena.h"

/* Each returns false where the text is not of the form. */
bool rt_text_int(const char *text, int64_t *out);      /* 42, 1_000, -5 */
bool rt_text_float(const char *text, double *out);
bool rt_text_bool(const char *text, bool *out);
bool rt_text_duration(const char *text, int64_t *out); /* 10s, 1h30m, 250us; in us */
bool rt_text_size(const char *text, int64_t *out);     /* 4096, 64MB, 64MiB */
bool rt_text_time(const char *text, int64_t *out);     /* 2024-05-01T10:00:00Z; in us */

/* Is `text` one of the words in `a|b|c`? */
bool rt_text_word(const char *text, const char *words);

/* A value of a parameter's type (program.h) as words; text is copied to the arena.
 * Returns null, or what was expected. */
const char *rt_text_value(rt_arena *arena, const char *type, const char *text,
                          int64_t *words);

/* As a person would write it, for --help. */
void rt_duration_text(int64_t us, char *out, size_t room);

#endif
