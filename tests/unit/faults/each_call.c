/* each_call.c - see each_call.h. */
#include "tests/unit/faults/each_call.h"

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "tests/unit/runtime/fake_program.h"
#include "tests/unit/runtime/source_stand.h"

/* What a call fails with; without a number what was done in part. */
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
    const char *with;
    bool touched, more;
    int log; /* what goes to standard error, meanwhile */
} now;

void calls_fail(void) {
    if (ftruncate(now.log, 0) < 0 || lseek(now.log, 0, SEEK_SET) < 0) now.log = -1;
    rt_fault_wish(now.text);
}

const char *calls_log(void) {
    static char text[4096];
    fflush(stderr);
    ssize_t n = pread(now.log, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = 0;
    return text;
}

bool calls_told(void) {
    static const struct { const char *name; int code; } codes[] = {
        {"EMFILE", EMFILE}, {"EACCES", EACCES}, {"EIO", EIO}, {"ENOSPC", ENOSPC},
        {"EDQUOT", EDQUOT}, {"EAGAIN", EAGAIN}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!strcmp(now.with, codes[i].name)) return strstr(calls_log(), strerror(codes[i].code)) != NULL;
    return true;
}

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
    now.log = memfd_create("log", MFD_CLOEXEC);
    dup2(now.log, STDERR_FILENO);
    fake_in_memory();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        now.more = true;
        now.point = kinds[i][0];
        now.with = kinds[i][1];
        for (int k = 1; now.more; k += 1 + k / sparse) {
            now.more = false;
            snprintf(now.text, sizeof now.text, "%s:%d:%s", kinds[i][0], k, kinds[i][1]);
            work(arg);
        }
    }
    unhush(saved);
    close(now.log);
}

void each_call(each_work *work, void *arg) { each(work, arg, 24); }
void some_calls(each_work *work, void *arg) { each(work, arg, 3); }
