/* profile.c - see profile.h.
 *
 * Samples of the program's own code belong to a line of its text; those of functions that
 * it calls, too, as far as the caller is seen.  The others belong to the runtime: in a stage,
 * which reads blocks and makes buffers, or outside of all, where batches are planned and
 * rows written out. */
#include "runtime/exec/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/image.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/sampler.h"

#define OWN       "flowgen_" /* how functions of the program begin */
#define FUNCTIONS 12         /* shown */

struct rt_profile {
    int fd;
    rt_image *image;
    rt_code *code;
    int64_t ncode;
};

/* What samples are summed by. */
typedef struct sum {
    int64_t stage, line; /* line 0: the runtime */
    const char *file, *function;
    int64_t count;
} sum;

typedef struct text {
    char *p;
    int64_t n, room;
} text;

/* ---- the text ---------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void put(text *t, const char *format, ...) {
    char line[512];
    va_list args;
    va_start(args, format);
    int64_t n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    n = RT_MIN(n, (int64_t)sizeof line - 1);
    if (t->n + n > t->room) {
        t->room = 2 * (t->n + n);
        t->p = rt_realloc(t->p, (size_t)t->room);
    }
    memcpy(t->p + t->n, line, (size_t)n);
    t->n += n;
}

static double share(int64_t count, int64_t all) {
    return all ? 100.0 * (double)count / (double)all : 0;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Does a step stand at file:line? */
static bool stands(const rt_step *step, const char *file, int64_t line) {
    const char *at = base_name(step->at);
    size_t n = strlen(base_name(file));
    return !strncmp(at, base_name(file), n) && at[n] == ':' && atoll(at + n + 1) == line;
}

/* The names of the steps in that line, with commas. */
static void put_steps(text *t, const rt_program *p, const char *file, int64_t line) {
    const char *between = "  ";
    for (int64_t i = 0; i < p->nsteps; i++) {
        if (!stands(&p->steps[i], file, line)) continue;
        put(t, "%s%s", between, p->steps[i].name);
        between = ", ";
    }
}

static void put_stage(text *t, const rt_program *p, int64_t stage) {
    if (stage < 0) {
        put(t, "outside of stages");
        return;
    }
    const rt_stage_decl *s = &p->stages[stage];
    put(t, "stage %" PRId64, stage);
    if (s->source >= 0) put(t, ", reads %s", p->sources[s->source].name);
    else put(t, ", rows of exchange %" PRId64, s->exchange);
}

/* ---- sums -------------------------------------------------------------------------------- */

static void add(sum *sums, int64_t *n, sum one) {
    for (int64_t i = 0; i < *n; i++) {
        sum *s = &sums[i];
        if (s->stage != one.stage || s->line != one.line || s->file != one.file ||
            s->function != one.function)
            continue;
        s->count += one.count;
        return;
    }
    sums[(*n)++] = one;
}

static int by_stage(const void *a, const void *b) {
    const sum *x = a, *y = b;
    if (x->stage != y->stage) {
        if (x->stage < 0 || y->stage < 0) return x->stage < 0 ? 1 : -1; /* at the end */
        return x->stage < y->stage ? -1 : 1;
    }
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static int by_count(const void *a, const void *b) {
    const sum *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return strcmp(x->function, y->function);
}

static void put_lines(text *t, const rt_job *job, const rt_sample *samples, int64_t n,
                      int64_t all) {
    sum *sums = rt_alloc((size_t)n * sizeof *sums);
    int64_t nsums = 0;
    for (int64_t i = 0; i < n; i++) {
        sum one = {.stage = samples[i].stage, .count = samples[i].count};
        if (samples[i].within)
            one.line = rt_image_line(job->profile->image, samples[i].within, &one.file);
        add(sums, &nsums, one);
    }
    if (nsums) qsort(sums, (size_t)nsums, sizeof *sums, by_stage);
    for (int64_t i = 0, k; i < nsums; i = k) {
        int64_t stage = 0;
        for (k = i; k < nsums && sums[k].stage == sums[i].stage; k++) stage += sums[k].count;
        put(t, "\n%5.1f %%  ", share(stage, all));
        put_stage(t, job->program, sums[i].stage);
        put(t, "\n");
        for (int64_t s = i; s < k && sums[i].stage >= 0; s++) {
            put(t, "  %5.1f %%  ", share(sums[s].count, all));
            if (sums[s].line) {
                put(t, "%s:%" PRId64, base_name(sums[s].file), sums[s].line);
                put_steps(t, job->program, sums[s].file, sums[s].line);
            } else {
                put(t, "the runtime");
            }
            put(t, "\n");
        }
    }
    free(sums);
}

static void put_functions(text *t, const rt_image *image, const rt_sample *samples, int64_t n,
                          int64_t all) {
    sum *sums = rt_alloc((size_t)n * sizeof *sums);
    int64_t nsums = 0;
    for (int64_t i = 0; i < n; i++) {
        const rt_function *f = rt_image_function(image, samples[i].pc);
        add(sums, &nsums, (sum){.function = f ? f->name : "elsewhere, as in the C library",
                                .count = samples[i].count});
    }
    if (nsums) qsort(sums, (size_t)nsums, sizeof *sums, by_count);
    put(t, "\nfunctions\n");
    for (int64_t i = 0; i < RT_MIN(nsums, FUNCTIONS); i++)
        put(t, "  %5.1f %%  %s\n", share(sums[i].count, all), sums[i].function);
    free(sums);
}

/* ---- a run ------------------------------------------------------------------------------- */

rt_status rt_profile_open(rt_job *job) {
    const char *path = job->settings->profile;
    if (!path) return RT_ok;
    rt_profile *p = job->profile = rt_alloc(sizeof *p);
    p->fd = rt_os_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (p->fd < 0)
        return (rt_status)rt_fail(RT_io, "cannot write %s: %s", path, strerror(errno));
    p->image = rt_image_read();
    int64_t n;
    const rt_function *all = rt_image_functions(p->image, &n);
    p->code = rt_alloc((size_t)n * sizeof *p->code + 1);
    for (int64_t i = 0; i < n; i++)
        if (!strncmp(all[i].name, OWN, sizeof OWN - 1))
            p->code[p->ncode++] = (rt_code){all[i].from, all[i].to};
    if (rt_sampler_start(p->code, p->ncode)) return RT_ok;
    return (rt_status)rt_fail(RT_io, "no profile: the system gives no timer: %s", strerror(errno));
}

static void put_all(text *t, const rt_job *job) {
    int64_t n, threads, lost, all = 0;
    rt_sample *samples = rt_sampler_end(&n, &threads, &lost);
    for (int64_t i = 0; i < n; i++) all += samples[i].count;
    put(t, "%s: %.3f s of CPU time in %" PRId64 " thread%s\n", job->program->name,
        (double)(all + lost) * RT_SAMPLE_EVERY / 1e6, threads, threads == 1 ? "" : "s");
    if (lost) put(t, "%.1f %% of it is not shown: it was in too many places\n", share(lost, all + lost));
    if (!job->profile->ncode) put(t, "Its symbols are stripped: lines and functions are not known\n");
    put_lines(t, job, samples, n, all);
    if (job->profile->ncode) put_functions(t, job->profile->image, samples, n, all);
    free(samples);
}

rt_status rt_profile_close(rt_job *job) {
    rt_profile *p = job->profile;
    rt_status status = RT_ok;
    if (!p) return RT_ok;
    if (p->image) {
        text t = {0};
        put_all(&t, job);
        if (rt_os_write_all(p->fd, t.p, t.n, NULL) != 0)
            status = (rt_status)rt_fail(RT_io, "cannot write %s: %s", job->settings->profile,
                                        strerror(errno));
        free(t.p);
        rt_image_free(p->image);
    }
    if (p->fd >= 0) rt_os_close(p->fd);
    free(p->code);
    free(p);
    job->profile = NULL;
    return status;
}
