/* metrics.c - see metrics.h. */
#include "runtime/exec/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/checkpoint.h"
#include "runtime/exec/event_metrics.h"
#include "runtime/exec/metric_text.h"
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
    int64_t took, took_all, bytes_in;
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
    const rt_sink *shown; /* the job's: their rows are counted by whoever publishes */
    char **sources, **states, **sinks; /* labels, no two alike */
    int64_t started, sized;
    pthread_mutex_t lock;
    numbers n;
    rt_event_numbers *events;
    rt_http *http;
};

static const char *const owners[RT_OWNERS] = {"state", "blocks", "exchanges", "output",
                                              "tasks"};

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
    n->bytes_in = job->bytes_in;
    n->memory_limit = rt_mem_limit(job->mem);
    n->memory_peak = rt_mem_peak(job->mem);
    n->memory_used = 0;
    for (int i = 0; i < RT_OWNERS; i++)
        n->memory_used += n->memory[i] = rt_mem_used(job->mem, (rt_owner)i);
    copy_sizes(m, job);
    rt_event_numbers_copy(m->events, job);
    n->retries = atomic_load(&job->tally.retries);
    n->commits = atomic_load(&job->tally.commits);
    n->commit_time = atomic_load(&job->tally.commit_time);
    n->saves = atomic_load(&job->tally.saves);
    n->save_bytes = atomic_load(&job->tally.save_bytes);
    n->ckpt = job->ckpt != NULL;
    if (n->nmisses < job->misses.n)
        n->misses = rt_realloc(n->misses, (size_t)job->misses.n * sizeof *n->misses);
    n->nmisses = job->misses.n;
    if (n->nmisses)
        memcpy(n->misses, job->misses.items, (size_t)n->nmisses * sizeof *n->misses);
    pthread_mutex_unlock(&m->lock);
}

/* ---- text ---- */

static void labelled(rt_wire *w, const char *name, const char *label, const char *text,
                     double v) {
    rt_metric_sample(w, name, (rt_label){label, text}, (rt_label){0}, v);
}

static void gauge(rt_wire *w, const char *name, const char *help, double v) {
    rt_metric_one(w, name, "gauge", help, v);
}

static void counter(rt_wire *w, const char *name, const char *help, double v) {
    rt_metric_one(w, name, "counter", help, v);
}

static double lag_of(const numbers *n) {
    return n->batches ? (double)RT_MAX(n->at - n->now, 0) / 1e6 : 0;
}

static void tell_sources(const rt_metrics *m, rt_wire *w) {
    const numbers *n = &m->n;
    rt_metric_head(w, "source_bytes_total", "counter", "bytes taken from a source");
    for (int64_t i = 0; i < m->program->nsources; i++)
        labelled(w, "source_bytes_total", "source", m->sources[i],
                 (double)n->sources[i].bytes);
    rt_metric_head(w, "source_rows_total", "counter",
                   "rows taken, of sources that count them");
    for (int64_t i = 0; i < m->program->nsources; i++)
        labelled(w, "source_rows_total", "source", m->sources[i],
                 (double)n->sources[i].rows);
    rt_metric_head(w, "source_rate_limit", "gauge",
                   "rows a second that a source may give, 0: any number");
    for (int64_t i = 0; i < m->program->nsources; i++)
        labelled(w, "source_rate_limit", "source", m->sources[i], n->sources[i].rate);
}

static void tell_states(const rt_metrics *m, rt_wire *w) {
    rt_metric_head(w, "state_bytes", "gauge", "memory of a state");
    for (int64_t i = 0; i < m->program->nstates; i++)
        labelled(w, "state_bytes", "state", m->states[i], (double)m->n.states[i].bytes);
    rt_metric_head(w, "state_keys", "gauge", "keys of a state");
    for (int64_t i = 0; i < m->program->nstates; i++)
        labelled(w, "state_keys", "state", m->states[i], (double)m->n.states[i].keys);
}

static void tell_miss(const rt_metrics *m, const rt_miss *miss, const char *name,
                      int64_t v, const char *fate, rt_wire *w) {
    rt_wire_print(w, "flow_%s{step=\"", name);
    rt_metric_text(w, m->program->steps[miss->step].at, false);
    if (miss->code != RT_LATE) {
        rt_wire_print(w, "\",reason=\"");
        rt_metric_text(w, reasons[miss->code], false);
    }
    rt_wire_print(w, "\",fate=\"%s\"} %" PRId64 "\n", fate, v);
}

static void tell_misses(const rt_metrics *m, rt_wire *w) {
    for (int late = 0; late < 2; late++) {
        const char *name = late ? "late_rows_total" : "row_errors_total";
        rt_metric_head(w, name, "counter",
                       late ? "rows that came too late" : "rows that failed");
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
    counter(w, "commits_total", "batches that were committed", (double)n->commits);
    counter(w, "commit_seconds_total", "time spent on committing and publishing them",
            (double)n->commit_time / 1e6);
    counter(w, "saved_states_total", "times that state was saved", (double)n->saves);
    counter(w, "saved_state_bytes_total", "bytes of saved state", (double)n->save_bytes);
}

/* As it is now: a batch may be shown long after it was run, while no other one runs. */
static void tell_sinks(const rt_metrics *m, rt_wire *w) {
    int64_t all = 0;
    rt_metric_head(w, "sink_rows_total", "counter", "rows that a sink has shown");
    for (int64_t i = 0; i < m->program->nsinks; i++) {
        int64_t rows = atomic_load_explicit(&m->shown[i].rows, memory_order_relaxed);
        all += rows;
        labelled(w, "sink_rows_total", "sink", m->sinks[i], (double)rows);
    }
    counter(w, "rows_out_total", "rows that all sinks have shown", (double)all);
}

static void tell_all(const rt_metrics *m, rt_wire *w) {
    const numbers *n = &m->n;
    gauge(w, "up_seconds", "time since the start",
          (double)(rt_clock_mono() - m->started) / 1e6);
    counter(w, "batches_total", "batches since the start", (double)n->batches);
    gauge(w, "batch", "number of the last batch", (double)n->batch);
    gauge(w, "batch_seconds", "how long the last batch took", (double)n->took / 1e6);
    counter(w, "batch_seconds_total", "how long all batches took",
            (double)n->took_all / 1e6);
    gauge(w, "lag_seconds", "from the time of the last batch to its end", lag_of(n));
    counter(w, "bytes_in_total", "bytes read", (double)n->bytes_in);
    counter(w, "retries_total", "times that something was tried again",
            (double)n->retries);
    gauge(w, "memory_limit_bytes", "the setting `memory`", (double)n->memory_limit);
    gauge(w, "memory_peak_bytes", "the most that was used", (double)n->memory_peak);
    rt_metric_head(w, "memory_bytes", "gauge", "memory in use");
    for (int i = 0; i < RT_OWNERS; i++)
        labelled(w, "memory_bytes", "what", owners[i], (double)n->memory[i]);
    tell_sources(m, w);
    tell_sinks(m, w);
    tell_states(m, w);
    rt_event_numbers_tell(m->events, (const char *const *)m->sources, w);
    tell_misses(m, w);
    tell_checkpoint(n, w);
}

/* ---- the page: the same numbers, one to a line ---- */

static void tell_page(const rt_metrics *m, rt_wire *w) {
    rt_wire text = {0};
    tell_all(m, &text);
    rt_wire_print(w, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>");
    rt_metric_text(w, m->name, true);
    rt_wire_print(
        w, "</title><style>body{font:15px sans-serif;margin:2em}td{padding:0 1em 0 0}"
           "td+td{text-align:right;font-family:monospace}</style><h1>");
    rt_metric_text(w, m->name, true);
    rt_wire_print(w, "</h1><table>");
    const char *p = (const char *)text.p, *end = p + text.n;
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *blank = nl;
        char line[1024];
        while (blank > p && *blank != ' ')
            blank--;
        if (*p != '#' && nl - p < (int)sizeof line) {
            rt_wire_print(w, "<tr><td>");
            snprintf(line, sizeof line, "%.*s", (int)(blank - p - 5), p + 5);
            rt_metric_text(w, line, true);
            snprintf(line, sizeof line, "%.*s", (int)(nl - blank - 1), blank + 1);
            rt_wire_print(w, "</td><td>%s</td></tr>\n", line);
        }
        p = nl + 1;
    }
    rt_wire_print(w, "</table></html>\n");
    rt_wire_free(&text);
}

static bool page(void *arg, const char *path, rt_wire *out, const char **type) {
    rt_metrics *m = arg;
    bool text = !strcmp(path, "/metrics");
    if (!text && strcmp(path, "/")) return false;
    *type =
        text ? "text/plain; version=0.0.4; charset=utf-8" : "text/html; charset=utf-8";
    pthread_mutex_lock(&m->lock);
    if (text)
        tell_all(m, out);
    else
        tell_page(m, out);
    pthread_mutex_unlock(&m->lock);
    return true;
}

/* ---- opening ---- */

/* The second of a name is `name#2`. */
static void name_one(char **names, int64_t i, const char *name) {
    size_t len = strlen(name);
    int64_t k = 1;
    for (int64_t j = 0; j < i; j++)
        k += !strncmp(names[j], name, len) && (!names[j][len] || names[j][len] == '#');
    names[i] = rt_alloc(len + 24);
    if (k == 1)
        memcpy(names[i], name, len + 1);
    else
        snprintf(names[i], len + 24, "%s#%" PRId64, name, k);
}

static void name_all(rt_metrics *m) {
    const rt_program *p = m->program;
    m->sources = rt_alloc((size_t)(p->nsources + 1) * sizeof *m->sources);
    m->states = rt_alloc((size_t)(p->nstates + 1) * sizeof *m->states);
    m->sinks = rt_alloc((size_t)(p->nsinks + 1) * sizeof *m->sinks);
    for (int64_t i = 0; i < p->nsources; i++)
        name_one(m->sources, i, p->sources[i].name);
    for (int64_t i = 0; i < p->nstates; i++)
        name_one(m->states, i, p->states[i].name);
    for (int64_t i = 0; i < p->nsinks; i++)
        name_one(m->sinks, i, p->sinks[i].name);
}

static void free_names(char **names, int64_t n) {
    for (int64_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
}

rt_status rt_metrics_open(rt_job *job, rt_metrics **out) {
    *out = NULL;
    if (!job->settings->metrics) return RT_ok;
    rt_metrics *m = *out = rt_alloc(sizeof *m);
    m->program = job->program;
    m->name = job->settings->name;
    m->shown = job->sinks;
    m->started = rt_clock_mono();
    m->events = rt_event_numbers_new(job->program);
    rt_event_numbers_copy(m->events, job);
    name_all(m);
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
    rt_event_numbers_free(m->events);
    free_names(m->sources, m->program->nsources);
    free_names(m->states, m->program->nstates);
    free_names(m->sinks, m->program->nsinks);
    free(m->n.sources);
    free(m->n.states);
    free(m->n.misses);
    free(m);
}
