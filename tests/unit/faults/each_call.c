/* each_call.c - see each_call.h. */
#include "tests/unit/faults/each_call.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/fault.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

static const char *const kinds[][2] = {
    {"open", "EMFILE"},   {"open", "EACCES"},  {"close", "EIO"},     {"read", "EIO"},
    {"pread", "EIO"},     {"pread", "SHORT"},  {"write", "ENOSPC"},  {"write", "EIO"},
    {"write", "SHORT"},   {"write", "EDQUOT"}, {"pwrite", "EDQUOT"}, {"pwrite", "EIO"},
    {"pwrite", "SHORT"},  {"fsync", "EIO"},    {"truncate", "EIO"},  {"rename", "EIO"},
    {"rename", "ENOSPC"}, {"unlink", "EIO"},   {"mkdir", "ENOSPC"},  {"stat", "EIO"},
    {"scan", "EIO"},      {"lock", "EIO"},     {"thread", "EAGAIN"}, {"open", "EINTR"},
    {"pwrite", "EINTR"}};

static struct {
    char text[64];
    const char *point;
    bool touched, more;
} now;

void calls_fail(void) { rt_fault_wish(now.text); }

bool calls_end(void) {
    now.touched = rt_fault_hits() > 0;
    now.more = now.more || now.touched;
    rt_fault_wish(NULL);
    return now.touched;
}

const char *calls_which(void) { return now.text; }

bool calls_are(const char *point) { return !strcmp(now.point, point); }

static void each(each_work *work, void *arg, int sparse) {
    int saved = hush();
    fake_in_memory();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        now.more = true;
        now.point = kinds[i][0];
        for (int k = 1; now.more; k += 1 + k / sparse) {
            now.more = false;
            snprintf(now.text, sizeof now.text, "%s:%d:%s", kinds[i][0], k, kinds[i][1]);
            work(arg);
        }
    }
    unhush(saved);
}

void each_call(each_work *work, void *arg) { each(work, arg, 24); }
void some_calls(each_work *work, void *arg) { each(work, arg, 3); }
