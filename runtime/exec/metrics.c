/* metrics.c - see metrics.h. */
#include "runtime/exec/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/checkpoint.h"
#include "runtime/exec/pace.h"
#include "runtime/io/http_status.h"
#include "runtime/state/keyed.h"

/* Sizes of states are summed no more often than this. */
#define SIZES_EVERY 200000

typedef struct source_numbers {
    int64_t rows, bytes; /* rows: where they are counted when they are taken */
    double rate;         /* rows a second that it may give, 0: any number */
    bool ended;
} source_numbers;

/* The copy. */
typedef struct numbers {
    int64_t batch, batches, now, at; /* at: wall, when it was made */
    int64_t took, took_all, rows_out, bytes_in;
    int64_t memory_limit, memory_used, memory_peak, memory[RT_OWNERS];
    int64_t retries, saves, save_bytes, commits, commit_time, saved_at;
    bool ckpt;
    source_numbers *sources;
    rt_state_size *states;
    rt_miss *misses;
    int64_t nmisses;
} numbers;

struct rt_metrics {
    const rt_program *program;
    const char *name;
    int64_t started, sized;
    pthread_mutex_t lock;
    numbers n;
    rt_http *http;
};

static const char *const owners[RT_OWNERS] = {"state", "blocks", "exchanges", "output", "tasks"};

static const char *const reasons[] = {
    "",
#define ERR(id, text) text,
#include "runtime/kernel/k_error.def"
#undef ERR
};

/* ---- the copy ---- */

void rt_metrics_input(rt_metrics *m, const rt_job *job) {
    if (!m) return;
    pthread_mutex_lock(&m->lock);
    for (int64_t i = 0; i < job->program->nsources; i++) {
        source_numbers *s = &m->n.sources[i];
        const rt_input *in = &job->inputs[i];
        s->rows += RT_MAX(in->records, in->rows);
        s->bytes += in->bytes;
        s->rate = rt_pace_rate(&job->paces[i]);
        s->ended = job->sources[i].ended;
    }
    pthread_mutex_unlock(&m->lock);
}

static void copy_sizes(rt_metrics *m, const rt_job *job) {
    int64_t now = rt_clock_mono();
    if (m->sized && now - m->sized < SIZES_EVERY && !job->final) return;
    m->sized = now;
    for (int64_t i = 0; i < job->program->nstates; i++)
        m->n.states[i] = rt_state_size_of(job->states, i);
}

void rt_metrics_batch(rt_metrics *m, const rt_job *job, int64_t took) {
    if (!m) return;
    numbers *n = &m->n;
    pthread_mutex_lock(&m->lock);
    n->batch = job->batch;
    n->batches++;
    n->now = job->now;
    n->at = rt_clock_wall();
    n->took = took;
    n->took_all += took;
    n->rows_out = job->rows_out;
    n->bytes_in = job->bytes_in;
    n->memory_limit = rt_mem_limit(job->mem);
    n->memory_peak = rt_mem_peak(job->mem);
    n->memory_used = 0;
    for (int i = 0; i < RT_OWNERS; i++)
        n->memory_used += n->memory[i] = rt_mem_used(job->mem, (rt_owner)i);
    copy_sizes(m, job);
    n->retries = atomic_load(&job->tally.retries);
    n->commits = atomic_load(&job->tally.commits);
    n->commit_time = atomic_load(&job->tally.commit_time);
    n->saves = atomic_load(&job->tally.saves);
    n->save_bytes = atomic_load(&job->tally.save_bytes);
    n->ckpt = job->ckpt != NULL;
    if (n->nmisses < job->misses.n)
        n->misses = rt_realloc(n->misses, (size_t)job->misses.n * sizeof *n->misses);
    n->nmisses = job->misses.n;
    if (n->nmisses) memcpy(n->misses, job->misses.items, (size_t)n->nmisses * sizeof *n->misses);
    pthread_mutex_unlock(&m->lock);
}

/* ---- text ---- */

static void say(rt_wire *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(rt_wire *w, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    rt_wire_raw(w, text, RT_MIN(n, (int)sizeof text - 1));
}

/* In a label, or on a page: what means something there is escaped. */
static void say_text(rt_wire *w, const char *text, bool html) {
    for (; *text; text++) {
        const char *as = NULL;
        if (html)
            as = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;"
               : *text == '"' ? "&quot;" : *text == '\'' ? "&#39;" : NULL;
        else
            as = *text == '\\' ? "\\\\" : *text == '"' ? "\\\"" : *text == '\n' ? "\\n" : NULL;
        rt_wire_raw(w, as ? as : text, as ? (int64_t)strlen(as) : 1);
    }
}

static void head(rt_wire *w, const char *name, const char *type, const char *help) {
    say(w, "# HELP flow_%s %s\n# TYPE flow_%s %s\n", name, help, name, type);
}

static void one(rt_wire *w, const char *name, const char *type, const char *help, double v) {
    head(w, name, type, help);
    say(w, "flow_%s %.15g\n", name, v);
}

static void labelled(rt_wire *w, const char *name, const char *label, const char *text, double v) {
    say(w, "flow_%s{%s=\"", name, label);
    say_text(w, text, false);
    say(w, "\"} %.15g\n", v);
}

static double lag_of(const numbers *n) {
    return n->batches ? (double)RT_MAX(n->at - n->now, 0) / 1e6 : 0;
}

static void tell_sources(const rt_metrics *m, rt_wire *w) {
    const numbers *n = &m->n;
    head(w, "source_bytes_total", "counter", "bytes taken from a source");
    for (int64_t i = 0; i < m->program->nsources; i++)
        labelled(w, "source_bytes_total", "source", m->program->sources[i].name,
                 (double)n->sources[i].bytes);
    head(w, "source_rows_total", "counter", "rows taken, of sources that count them");
    for (int64_t i = 0; i < m->program->nsources; i++)
        labelled(w, "source_rows_total", "source", m->program->sources[i].name,
                 (double)n->sources[i].rows);
    head(w, "source_rate_limit", "gauge", "rows a second that a source may give, 0: any number");
    for (int64_t i = 0; i < m->program->nsources; i++)
        labelled(w, "source_rate_limit", "source", m->program->sources[i].name,
                 n->sources[i].rate);
}

static void tell_states(const rt_metrics *m, rt_wire *w) {
    head(w, "state_bytes", "gauge", "memory of a state");
    for (int64_t i = 0; i < m->program->nstates; i++)
        labelled(w, "state_bytes", "state", m->program->states[i].name,
                 (double)m->n.states[i].bytes);
    head(w, "state_keys", "gauge", "keys of a state");
    for (int64_t i = 0; i < m->program->nstates; i++)
        labelled(w, "state_keys", "state", m->program->states[i].name,
                 (double)m->n.states[i].keys);
}

static void tell_miss(const rt_metrics *m, const rt_miss *miss, const char *name, int64_t v,
                      const char *fate, rt_wire *w) {
    say(w, "flow_%s{step=\"", name);
    say_text(w, m->program->steps[miss->step].at, false);
    if (miss->code != RT_LATE) {
        say(w, "\",reason=\"");
        say_text(w, reasons[miss->code], false);
    }
    say(w, "\",fate=\"%s\"} %" PRId64 "\n", fate, v);
}

static void tell_misses(const rt_metrics *m, rt_wire *w) {
    for (int late = 0; late < 2; late++) {
        const char *name = late ? "late_rows_total" : "row_errors_total";
        head(w, name, "counter", late ? "rows that came too late" : "rows that failed");
        for (int64_t i = 0; i < m->n.nmisses; i++) {
            const rt_miss *miss = &m->n.misses[i];
            if ((miss->code == RT_LATE) != late) continue;
            if (miss->skipped) tell_miss(m, miss, name, miss->skipped, "dropped", w);
            if (miss->sent) tell_miss(m, miss, name, miss->sent, "sent", w);
        }
    }
}

static void tell_checkpoint(const numbers *n, rt_wire *w) {
    if (!n->ckpt) return;
    one(w, "commits_total", "counter", "batches that were committed", (double)n->commits);
    one(w, "commit_seconds_total", "counter", "time spent on committing and publishing them",
        (double)n->commit_time / 1e6);
    one(w, "saved_states_total", "counter", "times that state was saved", (double)n->saves);
    one(w, "saved_state_bytes_total", "counter", "bytes of saved state", (double)n->save_bytes);
}

static void tell_all(const rt_metrics *m, rt_wire *w) {
    const numbers *n = &m->n;
    one(w, "up_seconds", "gauge", "time since the start",
        (double)(rt_clock_mono() - m->started) / 1e6);
    one(w, "batches_total", "counter", "batches since the start", (double)n->batches);
    one(w, "batch", "gauge", "number of the last batch", (double)n->batch);
    one(w, "batch_seconds", "gauge", "how long the last batch took", (double)n->took / 1e6);
    one(w, "batch_seconds_total", "counter", "how long all batches took",
        (double)n->took_all / 1e6);
    one(w, "lag_seconds", "gauge", "from the time of the last batch to its end", lag_of(n));
    one(w, "rows_out_total", "counter", "rows that sinks have shown", (double)n->rows_out);
    one(w, "bytes_in_total", "counter", "bytes read", (double)n->bytes_in);
    one(w, "retries_total", "counter", "times that something was tried again",
        (double)n->retries);
    one(w, "memory_limit_bytes", "gauge", "the setting `memory`", (double)n->memory_limit);
    one(w, "memory_peak_bytes", "gauge", "the most that was used", (double)n->memory_peak);
    head(w, "memory_bytes", "gauge", "memory in use");
    for (int i = 0; i < RT_OWNERS; i++)
        labelled(w, "memory_bytes", "what", owners[i], (double)n->memory[i]);
    tell_sources(m, w);
    tell_states(m, w);
    tell_misses(m, w);
    tell_checkpoint(n, w);
}

/* ---- the page: the same numbers, one to a line ---- */

static void tell_page(const rt_metrics *m, rt_wire *w) {
    rt_wire text = {0};
    tell_all(m, &text);
    say(w, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>");
    say_text(w, m->name, true);
    say(w, "</title><style>body{font:15px sans-serif;margin:2em}td{padding:0 1em 0 0}"
           "td+td{text-align:right;font-family:monospace}</style><h1>");
    say_text(w, m->name, true);
    say(w, "</h1><table>");
    const char *p = (const char *)text.p, *end = p + text.n;
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *blank = nl;
        char line[1024];
        while (blank > p && *blank != ' ') blank--;
        if (*p != '#' && nl - p < (int)sizeof line) {
            say(w, "<tr><td>");
            snprintf(line, sizeof line, "%.*s", (int)(blank - p - 5), p + 5);
            say_text(w, line, true);
            snprintf(line, sizeof line, "%.*s", (int)(nl - blank - 1), blank + 1);
            say(w, "</td><td>%s</td></tr>\n", line);
        }
        p = nl + 1;
    }
    say(w, "</table></html>\n");
    rt_wire_free(&text);
}

static bool page(void *arg, const char *path, rt_wire *out, const char **type) {
    rt_metrics *m = arg;
    bool text = !strcmp(path, "/metrics");
    if (!text && strcmp(path, "/")) return false;
    *type = text ? "text/plain; version=0.0.4; charset=utf-8" : "text/html; charset=utf-8";
    pthread_mutex_lock(&m->lock);
    if (text) tell_all(m, out);
    else tell_page(m, out);
    pthread_mutex_unlock(&m->lock);
    return true;
}

/* ---- opening ---- */

rt_status rt_metrics_open(rt_job *job, rt_metrics **out) {
    *out = NULL;
    if (!job->settings->metrics) return RT_ok;
    rt_metrics *m = *out = rt_alloc(sizeof *m);
    m->program = job->program;
    m->name = job->settings->name;
    m->started = rt_clock_mono();
    m->n.sources = rt_alloc((size_t)(job->program->nsources + 1) * sizeof *m->n.sources);
    m->n.states = rt_alloc((size_t)(job->program->nstates + 1) * sizeof *m->n.states);
    m->n.memory_limit = rt_mem_limit(job->mem);
    pthread_mutex_init(&m->lock, NULL);
    return rt_http_open(job->settings->metrics, page, m, &m->http);
}

void rt_metrics_close(rt_metrics *m) {
    if (!m) return;
    rt_http_close(m->http);
    pthread_mutex_destroy(&m->lock);
    free(m->n.sources);
    free(m->n.states);
    free(m->n.misses);
    free(m);
}
