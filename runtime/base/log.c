/* log.c - one write a line; see log.h. */
#include "runtime/base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The hook changes while other threads may tell something. */
static struct {
    char name[64];
    rt_level level;
    void (*_Atomic erase)(void);
} log_state = {"flow", RT_WARN, NULL};

void rt_log_start(const char *name, rt_level level) {
    snprintf(log_state.name, sizeof log_state.name, "%s", name);
    log_state.level = level;
}

void rt_log_level(rt_level level) { log_state.level = level; }

bool rt_log_on(rt_level level) { return level <= log_state.level; }

void rt_log_before(void (*erase)(void)) { atomic_store(&log_state.erase, erase); }

static bool steers(unsigned char c) {
    return (c < ' ' && c != '\n' && c != '\t') || c == 127;
}

static void log_line(rt_level level, const char *format, va_list args) {
    static const char *const names[] = {"error", "warning", "info", "debug"};
    char line[4096];
    int n = snprintf(line, sizeof line, "%s: %s: ", log_state.name, names[level]);
    int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, format, args);
    int room = (int)sizeof line - n - 2;
    n += m < room ? m : room;
    /* Rows are quoted in messages: what steers a terminal stays out of it. */
    for (int i = 0; i < n; i++)
        if (steers((unsigned char)line[i])) line[i] = '?';
    line[n++] = '\n';
    void (*erase)(void) = atomic_load(&log_state.erase);
    if (erase) erase();
    /* What cannot be told cannot be reported either. */
    for (const char *p = line; n > 0;) {
        ssize_t k = write(STDERR_FILENO, p, (size_t)n);
        if (k <= 0) break;
        p += k;
        n -= (int)k;
    }
}

void rt_log(rt_level level, const char *format, ...) {
    if (!rt_log_on(level)) return;
    va_list args;
    va_start(args, format);
    log_line(level, format, args);
    va_end(args);
}

int rt_fail(int status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    log_line(RT_ERROR, format, args);
    va_end(args);
    return status;
}
