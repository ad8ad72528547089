/* run_record.c - see run_record.h. */
#include "runtime/exec/run_record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/exec/ckpt_commit.h"
#include "runtime/exec/ckpt_input.h"
#include "runtime/exec/input.h"
#include "runtime/exec/output.h"
#include "runtime/exec/stage.h"

/* One batch. */
typedef struct line {
    int64_t batch, now, rows, bytes;
    int64_t began, taken, ran; /* mono */
    bool final, planned;
    rt_wire plan;
} line;

struct rt_run_record {
    int fd;
    line going; /* the coordinator's */
    line out;   /* of who publishes */
};

/* ---- writing ---------------------------------------------------------------------------- */

static rt_status cannot(const char *what, const char *path) {
    return (rt_status)rt_fail(RT_io, "cannot %s %s: %s", what, path, strerror(errno));
}

static rt_status put(rt_job *job, const char *text, int64_t n) {
    if (rt_os_write_all(job->record->fd, text, n, NULL) == 0) return RT_ok;
    return cannot("write", job->settings->trace);
}

rt_status rt_run_record_open(rt_job *job) {
    const char *path = job->settings->trace;
    char head[512];
    if (!path) return RT_ok;
    rt_run_record *r = job->record = rt_alloc(sizeof *r);
    r->fd = rt_os_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (r->fd < 0) return cannot("write", path);
    int n = snprintf(head, sizeof head, "flow-trace 1 hash=%.64s partitions=%" PRId64
                     " program=%.200s\n", job->program->hash, job->settings->partitions,
                     job->program->name);
    return put(job, head, n);
}

void rt_run_record_close(rt_job *job) {
    rt_run_record *r = job->record;
    if (!r) return;
    if (r->fd >= 0) rt_os_close(r->fd);
    rt_wire_free(&r->going.plan);
    rt_wire_free(&r->out.plan);
    free(r);
    job->record = NULL;
}

void rt_run_record_begin(rt_job *job) {
    if (job->record) job->record->going.began = rt_clock_mono();
}

/* Can all that the batch took be read again, without files that belong to a checkpoint? */
static bool replays(const rt_job *job) {
    for (int64_t i = 0; i < job->program->nsources; i++)
        if (job->inputs[i].nunits && !job->sources[i].ops->replays) return false;
    return true;
}

rt_status rt_run_record_plan(rt_job *job, const rt_wire *input) {
    rt_status status = RT_ok;
    if (!job->record) return RT_ok;
    line *l = &job->record->going;
    l->batch = job->batch;
    l->now = job->now;
    l->final = job->final;
    l->rows = l->bytes = 0;
    for (int64_t i = 0; i < job->program->nsources; i++) {
        l->rows += job->inputs[i].rows;
        l->bytes += job->inputs[i].bytes;
    }
    l->planned = replays(job);
    rt_wire_clear(&l->plan);
    if (l->planned && input) rt_wire_raw(&l->plan, input->p, input->n);
    if (l->planned && !input) status = rt_ckpt_input_plan(job, &l->plan);
    l->taken = rt_clock_mono();
    return status;
}

void rt_run_record_ran(rt_job *job) {
    if (job->record) job->record->going.ran = rt_clock_mono();
}

void rt_run_record_hand_over(rt_job *job) {
    if (!job->record) return;
    line before = job->record->out;
    job->record->out = job->record->going;
    job->record->going = before;
}

static void add(rt_wire *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(rt_wire *w, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    rt_wire_raw(w, text, n);
}

static rt_status add_sinks(rt_wire *w, const rt_job *job, rt_output *outs) {
    for (int64_t i = 0; i < job->program->nsinks; i++) {
        uint32_t crc;
        RT_TRY(rt_ckpt_sum(&outs[i], &crc));
        add(w, "%s%" PRId64 ":%08" PRIx32, i ? "," : "", outs[i].rows, crc);
    }
    return RT_ok;
}

static void add_plan(rt_wire *w, const line *l) {
    if (!l->planned) add(w, "-");
    for (int64_t i = 0; l->planned && i < l->plan.n; i++) add(w, "%02x", l->plan.p[i]);
}

rt_status rt_run_record_out(rt_job *job, rt_output *outs) {
    rt_wire w = {0};
    if (!job->record) return RT_ok;
    const line *l = &job->record->out;
    add(&w, "batch=%" PRId64 " time=%" PRId64 " final=%d rows=%" PRId64 " bytes=%" PRId64,
        l->batch, l->now, l->final, l->rows, l->bytes);
    add(&w, " take=%" PRId64 " run=%" PRId64 " out=%" PRId64 " sinks=", l->taken - l->began,
        l->ran - l->taken, rt_clock_mono() - l->ran);
    rt_status status = add_sinks(&w, job, outs);
    add(&w, " plan=");
    add_plan(&w, l);
    add(&w, "\n");
    if (status == RT_ok) status = put(job, (const char *)w.p, w.n);
    rt_wire_free(&w);
    return status;
}

/* ---- reading ---------------------------------------------------------------------------- */

static rt_status malformed(const rt_job *job, int64_t number) {
    return (rt_status)rt_fail(RT_refused, "%s: line %" PRId64 " is none of a trace",
                              job->settings->replay, number);
}

/* The whole file, ended by 0. */
static rt_status read_file(const char *path, char **out) {
    struct stat st;
    int fd = rt_os_open(path, O_RDONLY, 0);
    if (fd < 0) return cannot("read", path);
    rt_status status = RT_ok;
    int64_t n = rt_os_fstat(fd, &st) < 0 ? -1 : st.st_size;
    char *text = n < 0 ? NULL : rt_alloc((size_t)n + 1);
    if (n >= 0) n = rt_os_pread_all(fd, text, n, 0);
    if (n < 0) status = cannot("read", path);
    rt_os_close(fd);
    *out = text;
    return status;
}

static rt_status check_head(const rt_job *job, const char *text) {
    char hash[65];
    int64_t parts;
    if (sscanf(text, "flow-trace 1 hash=%64s partitions=%" SCNd64, hash, &parts) != 2)
        return (rt_status)rt_fail(RT_refused, "%s is no trace of this version",
                                  job->settings->replay);
    if (parts != job->settings->partitions)
        return (rt_status)rt_fail(RT_refused, "%s is of a run with --partitions %" PRId64,
                                  job->settings->replay, parts);
    if (strcmp(hash, job->program->hash) != 0)
        rt_log(RT_WARN, "%s is of another text of the program", job->settings->replay);
    return RT_ok;
}

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Up to the end of the line. */
static bool read_plan(const char *p, rt_wire *w) {
    rt_wire_clear(w);
    for (; *p && *p != '\n'; p += 2) {
        int high = digit(p[0]), low = high < 0 ? -1 : digit(p[1]);
        if (low < 0) return false;
        rt_wire_u8(w, (uint8_t)(high << 4 | low));
    }
    return *p == '\n';
}

/* ---- doing it again ----------------------------------------------------------------------- */

/* `p`: rows:sum of each sink, parted by commas. */
static rt_status compare(rt_job *job, int64_t number, const char *p) {
    for (int64_t i = 0; i < job->program->nsinks; i++) {
        rt_output out;
        int64_t rows;
        uint32_t was, crc = 0;
        int n = 0;
        if (sscanf(p, "%" SCNd64 ":%" SCNx32 "%n", &rows, &was, &n) != 2 || n <= 0)
            return malformed(job, number);
        p += n + (p[n] == ',');
        rt_output_open(job, i, &job->collects[i], &out);
        int64_t now_rows = out.rows;
        rt_status status = rt_ckpt_sum(&out, &crc);
        rt_output_close(&out);
        RT_TRY(status);
        if (rows != now_rows || crc != was)
            return (rt_status)rt_fail(
                RT_run, "batch %" PRId64 " differs at sink %" PRId64 " (%s): %" PRId64
                " rows with the sum %08" PRIx32 ", before %" PRId64 " with %08" PRIx32,
                job->batch, i + 1, job->program->sinks[i].name, now_rows, crc, rows, was);
    }
    return RT_ok;
}

static rt_status run_line(rt_job *job, int64_t number, const char *sinks, const rt_wire *plan) {
    rt_unwire r = rt_unwire_of(plan->p, plan->n);
    job->saving = job->alone = false;
    RT_TRY(rt_ckpt_input_replan(job, &r));
    RT_TRY(rt_input_ready(job));
    RT_TRY(rt_stages_run(job));
    for (int64_t i = 0; i < job->program->nsinks; i++)
        atomic_store_explicit(&job->sink_given[i], 0, memory_order_relaxed);
    RT_TRY(compare(job, number, sinks));
    rt_stages_clear(job);
    rt_input_done(job);
    return RT_ok;
}

static rt_status replay_line(rt_job *job, int64_t number, const char *p, rt_wire *plan) {
    const char *sinks = strstr(p, " sinks="), *bytes = strstr(p, " plan=");
    int final;
    if (sscanf(p, "batch=%" SCNd64 " time=%" SCNd64 " final=%d", &job->batch, &job->now,
               &final) != 3 || !sinks || !bytes || sinks > bytes)
        return malformed(job, number);
    job->final = final;
    if (job->batch != number - 2)
        return (rt_status)rt_fail(RT_refused,
                                  "%s begins with batch %" PRId64 ": what it needs of earlier "
                                  "ones is not there",
                                  job->settings->replay, job->batch);
    if (!strncmp(bytes, " plan=-", 7))
        return (rt_status)rt_fail(RT_refused,
                                  "%s: the input of batch %" PRId64 " cannot be read again",
                                  job->settings->replay, job->batch);
    if (!read_plan(bytes + 6, plan)) return malformed(job, number);
    return run_line(job, number, sinks + 7, plan);
}

rt_status rt_run_replay(rt_job *job) {
    char *text = NULL;
    rt_wire plan = {0};
    int64_t number = 1;
    rt_status status = read_file(job->settings->replay, &text);
    if (status == RT_ok) status = check_head(job, text);
    const char *p = text ? strchr(text, '\n') : NULL;
    for (; status == RT_ok && p && p[1]; p = strchr(p + 1, '\n')) {
        const char *end = strchr(p + 1, '\n');
        if (!end) break; /* a run that was killed while it wrote */
        status = replay_line(job, ++number, p + 1, &plan);
    }
    if (status == RT_ok) printf("%" PRId64 " batches: the same output\n", number - 1);
    rt_wire_free(&plan);
    free(text);
    return status;
}
