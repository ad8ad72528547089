/* status.c - the texts and exit codes of status.def. */
#include "runtime/base/status.h"

#include "runtime/base/rt_check.h"

static const struct {
    int code;
    const char *text;
} statuses[] = {
#define STATUS(id, code, text) {code, text},
#include "runtime/base/status.def"
#undef STATUS
};

int rt_status_exit(rt_status status) {
    rt_assert(status < RT_STATUS_COUNT);
    return statuses[status].code;
}

const char *rt_status_text(rt_status status) {
    rt_assert(status < RT_STATUS_COUNT);
    return statuses[status].text;
}
