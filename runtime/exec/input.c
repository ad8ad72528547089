/* input.c - see input.h. */
#include "runtime/exec/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/exec/pace.h"
#include "runtime/exec/sched.h"
#include "runtime/exec/task.h"

/* The table of a join is read whole, before any row that may look for its rows. */
#define WHOLE (INT64_MAX / 4)

static int64_t most(const rt_job *job, const rt_source *s) {
    if (s->decl->table || s->refreshes) return WHOLE;
    return s->ops->ranges ? job->settings->cut_rows : job->env.batch_bytes;
}

rt_waiting rt_input_waiting(rt_job *job, int64_t now) {
    rt_waiting w = {.ended = true, .next = -1};
    bool others = false;
    for (int64_t i = 0; i < job->program->nsources; i++) {
        rt_source *s = &job->sources[i];
        int64_t n = s->ops->waiting(s, now);
        rt_pace *pace = &job->paces[i];
        int64_t rows = rt_pace_rows(pace, now);
        if (n != 0) w.any = true;
        if (n != 0 && rows > 0) w.ready = true;
        /* A source that is held back fills no batch by what it would give. */
        bool held = rows < RT_PACE_ANY && job->limited[i] && !rt_pace_is_full(pace);
        if (rows > 0 && !held && (n < 0 || n >= most(job, s))) w.full = true;
        if (!s->refreshes) others = true;
        if (!s->ended && !s->refreshes) w.ended = false;
        int64_t next = s->ended || !s->ops->next ? -1 : s->ops->next(s, now);
        if (n != 0 && rows == 0) next = rt_pace_next(pace, now);
        if (next >= 0 && (w.next < 0 || next < w.next)) w.next = next;
    }
    if (!others && job->program->nsources) w.ended = false;
    return w;
}

rt_status rt_input_take(rt_job *job, bool drain) {
    for (int64_t i = 0; i < job->program->nsources; i++) {
        rt_source *s = &job->sources[i];
        rt_input_clear(&job->inputs[i]);
        s->refreshed = s->once = false;
        if (s->ended || (drain && (!s->ops->live || s->ops->ranges))) continue;
        int64_t rows = drain ? RT_PACE_ANY : rt_pace_rows(&job->paces[i], job->now);
        job->limited[i] = true;
        job->paced[i] = 0;
        if (rows == 0) continue;
        s->most_rows = rows < RT_PACE_ANY ? rows : 0;
        RT_TRY(s->ops->take(s, most(job, s), job->now, drain, &job->inputs[i]));
        rt_pace_took(&job->paces[i], job->inputs[i].records);
        job->limited[i] = job->inputs[i].limited;
        job->paced[i] = job->inputs[i].records;
    }
    return RT_ok;
}

void rt_input_paced(rt_job *job, rt_pid_batch batch) {
    for (int64_t i = 0; i < job->program->nsources; i++) {
        batch.rows = job->paced[i];
        rt_pace_done(&job->paces[i], &batch, job->limited[i]);
    }
}

/* ---- headers -------------------------------------------------------------------------- */

typedef struct header_call {
    const rt_stage_decl *stage;
    const uint8_t *p;
    int64_t len;
    int64_t *map;
    int32_t result;
} header_call;

static int32_t header_body(flow_rt_worker *w, void *arg) {
    header_call *c = arg;
    c->result = c->stage->header(&w->ctx, c->p, c->p + c->len, c->map);
    return 0;
}

/* The k-th name of a list parted by commas. */
static void column_name(const char *list, int64_t k, char *out, size_t room) {
    for (; k > 0 && *list; k--) {
        list += strcspn(list, ",");
        list += *list == ',';
    }
    snprintf(out, room, "%.*s", (int)strcspn(list, ","), list);
}

static rt_status tell_header(rt_job *job, rt_source *s, int64_t object, int32_t result) {
    const char *file = s->ops->object(s, object);
    const char *at = s->decl->step >= 0 ? job->program->steps[s->decl->step].at : "";
    if (result < 0)
        return (rt_status)rt_fail(RT_run, "%s: %s: the header is malformed", at, file);
    char name[128];
    column_name(s->decl->columns, result - 1, name, sizeof name);
    return (rt_status)rt_fail(RT_run, "%s: %s has no column `%s`", at, file, name);
}

/* Room for the maps of objects up to `object`. */
static void header_room(rt_job *job, int64_t source, int64_t words, int64_t object) {
    int64_t old = job->nheaders[source];
    if (object < old) return;
    int64_t n = RT_MAX(object + 1, 2 * old);
    int64_t *maps = rt_realloc(job->headers[source], (size_t)(n * words) * sizeof *maps);
    memset(maps + old * words, 0, (size_t)((n - old) * words) * sizeof *maps);
    job->headers[source] = maps;
    job->headed[source] = rt_realloc(job->headed[source], (size_t)n);
    memset(job->headed[source] + old, 0, (size_t)(n - old));
    job->nheaders[source] = n;
}

/* Makes the map of an object that has come for the first time: objects come in any order,
 * and after a restart those of earlier runs never come. */
static rt_status make_header(rt_job *job, int64_t source, int64_t object) {
    rt_source *s = &job->sources[source];
    const rt_stage_decl *stage = &job->program->stages[s->decl->stage];
    int64_t words = stage->header_words;
    header_room(job, source, words, object);
    if (job->headed[source][object]) return RT_ok;
    job->headed[source][object] = 1;
    header_call c = {.stage = stage, .map = job->headers[source] + object * words};
    c.p = s->ops->header(s, object, &c.len);
    if (!c.p) return RT_ok;
    rt_task_run(&job->workers[0], s->decl->stage, 0, NULL, header_body, &c);
    RT_TRY(rt_task_failed(job));
    return c.result ? tell_header(job, s, object, c.result) : RT_ok;
}

/* ---- quotes --------------------------------------------------------------------------- */

typedef struct quotes_phase {
    rt_job *job;
    int64_t source;
} quotes_phase;

static int32_t quotes_body(flow_rt_worker *w, void *arg) {
    quotes_phase *q = arg;
    rt_source *s = &q->job->sources[q->source];
    rt_unit *unit = &q->job->inputs[q->source].units[w->order];
    rt_status status = s->ops->quotes(s, unit, &w->reader, &unit->quotes);
    if (status != RT_ok) rt_task_fail(w, status, NULL);
    return status != RT_ok;
}

static void quotes_task(flow_rt_worker *w, void *arg, int64_t task) {
    quotes_phase *q = arg;
    int64_t stage = q->job->sources[q->source].decl->stage;
    rt_task_run(w, stage, task, NULL, quotes_body, q);
}

/* Counts the quotes of each unit, then says for each whether it begins inside some. */
static rt_status count_quotes(rt_job *job, int64_t source) {
    rt_input *in = &job->inputs[source];
    quotes_phase q = {job, source};
    rt_pool_run(job->pool, quotes_task, &q, 0, in->nunits, job->alone);
    RT_TRY(rt_task_failed(job));
    rt_quotes *state = &job->sources[source].quotes;
    for (int64_t i = 0; i < in->nunits; i++) {
        rt_unit *unit = &in->units[i];
        if (unit->object != state->object) *state = (rt_quotes){unit->object, 0};
        int64_t count = unit->quotes;
        unit->quotes = state->odd;
        state->odd ^= count & 1;
    }
    return RT_ok;
}

rt_status rt_input_ready(rt_job *job) {
    for (int64_t i = 0; i < job->program->nsources; i++) {
        rt_source *s = &job->sources[i];
        rt_input *in = &job->inputs[i];
        if (!in->nunits || s->decl->stage < 0) continue;
        if (s->decl->header && job->program->stages[s->decl->stage].header)
            for (int64_t k = 0; k < in->nunits; k++)
                RT_TRY(make_header(job, i, in->units[k].object));
        if (s->decl->multiline && s->ops->quotes) RT_TRY(count_quotes(job, i));
    }
    return RT_ok;
}

void rt_input_done(rt_job *job) {
    for (int64_t i = 0; i < job->program->nsources; i++) {
        rt_source *s = &job->sources[i];
        if (s->ops->done) s->ops->done(s, &job->inputs[i]);
        rt_input_clear(&job->inputs[i]);
    }
}
