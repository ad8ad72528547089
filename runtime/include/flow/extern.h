/* flow/extern.h - for functions in C, or in a language that can be called like C, that a Flow
 * program declares with `extern fn`.
 *
 *     extern fn mask(card: string, shown: int): string from "libcards.so"
 *
 * calls
 *
 *     int32_t mask(flow_text *out, const char *card, int64_t card_len, int64_t shown);
 *
 * The result goes through the first argument; the function returns 0, or anything else if
 * this row failed (a row error: `errors into` takes it, or the program stops).
 *
 *     Flow                       argument                         out
 *     int, timestamp, duration   int64_t (times in microseconds)  int64_t *
 *     float                      double                           double *
 *     bool                       int32_t, 0 or 1                  int32_t *
 *     string, bytes              const char *, int64_t length     flow_text *
 *     T?                         as T, then int32_t, 0 for none   flow_optional_... *
 *
 * A T? that the function leaves alone is none: it sets `known` where it gives a value.
 *
 * Text is not terminated, and is only lent: valid until the function returns.  Text that the
 * function gives is copied before it is called again on the same thread, so it may stand in
 * a thread-local buffer.  A string must be UTF-8, or the row fails.
 *
 * Functions run on all workers at the same time, in the process and unprotected: they must
 * be safe for that, and a crash is the program's.  Flow takes them as pure: it may call
 * them more or less often than there are rows.
 *
 *     cc -O2 -shared -fPIC -I <prefix>/include -o libcards.so cards.c */
#ifndef FLOW_EXTERN_H
#define FLOW_EXTERN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct flow_text {
    const char *data;
    int64_t length;
} flow_text;

typedef struct flow_optional_int {
    int64_t value;
    int32_t known;
} flow_optional_int; /* timestamp and duration too */

typedef struct flow_optional_float {
    double value;
    int32_t known;
} flow_optional_float;

typedef struct flow_optional_bool {
    int32_t value, known;
} flow_optional_bool;

typedef struct flow_optional_text {
    const char *data;
    int64_t length;
    int32_t known;
} flow_optional_text;

/* What a function returns. */
enum { FLOW_OK = 0, FLOW_ROW_FAILED = 1 };

#ifdef __cplusplus
}
#endif
#endif
