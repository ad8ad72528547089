/* report.c - see report.h. */
#include "runtime/exec/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/kernel/k_error.h"

/* Between two looks at the progress line. */
#define PROGRESS_EVERY 100000

struct rt_report {
    int64_t started, shown; /* mono */
    int64_t batches;
    int64_t total; /* bytes of all input, -1: not known */
    bool progress;
};

static const char *const texts[] = {
    "",
#define ERR(id, text) text,
#include "runtime/kernel/k_error.def"
#undef ERR
};

static void erase(void) {
    if (write(STDERR_FILENO, "\r\033[K", 4) < 0) return;
}

/* Do rows of the program go to the same terminal? */
static bool shows_rows(const rt_job *job) {
    if (!isatty(STDOUT_FILENO)) return false;
    for (int64_t i = 0; i < job->program->nsinks; i++) {
        const char *name = job->sinks[i].ops->name;
        if (!strcmp(name, "stdout") || !strcmp(name, "console")) return true;
    }
    return false;
}

rt_report *rt_report_begin(const rt_job *job) {
    rt_report *r = rt_alloc(sizeof *r);
    r->started = r->shown = rt_clock_mono();
    for (int64_t i = 0; i < job->program->nsources && r->total >= 0; i++) {
        const rt_source *s = &job->sources[i];
        r->total = s->ops->ranges || s->total < 0 ? -1 : r->total + s->total;
    }
    const char *term = getenv("TERM");
    r->progress = r->total > 0 && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") &&
                  !shows_rows(job);
    return r;
}

static void size_text(char *out, size_t room, double bytes) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    int u = 0;
    while (bytes >= 1000 && u < 5) bytes /= 1000, u++;
    snprintf(out, room, u && bytes < 100 ? "%.1f %s" : "%.0f %s", bytes, units[u]);
}

static void show(rt_report *r, const rt_job *job, int64_t now) {
    double seconds = (double)(now - r->started) / 1e6;
    double rate = (double)job->bytes_in / seconds;
    double left = (double)(r->total - job->bytes_in) / rate;
    char done[32], all[32], speed[32], line[256];
    size_text(done, sizeof done, (double)job->bytes_in);
    size_text(all, sizeof all, (double)r->total);
    size_text(speed, sizeof speed, rate);
    int n = snprintf(line, sizeof line, "\r%s of %s (%.0f %%), %s/s, %.0f s left\033[K", done,
                     all, 100.0 * (double)job->bytes_in / (double)r->total, speed, left);
    if (write(STDERR_FILENO, line, (size_t)n) < 0) r->progress = false;
    rt_log_before(erase);
}

void rt_report_batch(rt_report *r, const rt_job *job) {
    int64_t now = rt_clock_mono();
    r->batches++;
    rt_log(RT_DEBUG,
           "batch %" PRId64 " at %" PRId64 " ms: %" PRId64 " bytes read so far, %" PRId64
           " rows written, %.1f MB in use, %" PRId64 " kB of state",
           job->batch, job->now / 1000, job->bytes_in, job->rows_out,
           (double)(rt_mem_limit(job->mem) - rt_mem_room(job->mem)) / 1e6,
           rt_mem_used(job->mem, RT_OWNER_STATE) / 1000);
    if (!r->progress || now - r->shown < PROGRESS_EVERY) return;
    r->shown = now;
    show(r, job, now);
}

static const char *rows_text(int64_t n) {
    return n == 1 ? "row" : "rows";
}

static void tell_late(const rt_miss *m, const rt_step *step) {
    if (m->skipped)
        rt_log(RT_WARN, "%s: %s: %" PRId64 " %s came too late, and %s not counted", step->at,
               step->name, m->skipped, rows_text(m->skipped), m->skipped == 1 ? "is" : "are");
    if (m->sent)
        rt_log(RT_INFO, "%s: %s: %" PRId64 " %s came too late, and went to `late into`",
               step->at, step->name, m->sent, rows_text(m->sent));
}

/* Nothing vanishes uncounted: what on_error = skip has dropped, and what was sent aside. */
static void tell_misses(const rt_job *job) {
    for (int64_t i = 0; i < job->misses.n; i++) {
        const rt_miss *m = &job->misses.items[i];
        const rt_step *step = &job->program->steps[m->step];
        if (m->code == RT_LATE) {
            tell_late(m, step);
            continue;
        }
        if (m->skipped)
            rt_log(RT_WARN, "%s: %s: %" PRId64 " %s skipped: %s", step->at, step->name,
                   m->skipped, rows_text(m->skipped), texts[m->code]);
        if (m->sent)
            rt_log(RT_INFO, "%s: %s: %" PRId64 " %s to `errors into`: %s", step->at,
                   step->name, m->sent, rows_text(m->sent), texts[m->code]);
    }
}

static void tell_summary(const rt_report *r, const rt_job *job) {
    if (!rt_log_on(RT_INFO)) return;
    double seconds = (double)(rt_clock_mono() - r->started) / 1e6;
    char bytes[32], speed[32], peak[32], rows[96] = "";
    size_text(bytes, sizeof bytes, (double)job->bytes_in);
    size_text(speed, sizeof speed, (double)job->bytes_in / RT_MAX(seconds, 1e-6));
    size_text(peak, sizeof peak, (double)rt_mem_peak(job->mem));
    if (job->rows_in)
        snprintf(rows, sizeof rows, ", %" PRId64 " rows generated (%.0f/s)", job->rows_in,
                 (double)job->rows_in / RT_MAX(seconds, 1e-6));
    rt_log(RT_INFO,
           "%" PRId64 " batch%s in %.3f s: read %s (%s/s)%s, wrote %" PRId64
           " rows, memory at most %s",
           r->batches, r->batches == 1 ? "" : "es", seconds, bytes, speed, rows, job->rows_out, peak);
}

void rt_report_end(rt_report *r, const rt_job *job, rt_status status) {
    if (r->progress) erase();
    rt_log_before(NULL);
    tell_misses(job);
    if (status == RT_ok) tell_summary(r, job);
    free(r);
}
