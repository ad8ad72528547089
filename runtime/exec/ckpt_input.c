/* ckpt_input.c - see ckpt_input.h. */
#include "runtime/exec/ckpt_input.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_check.h"

enum { ENDED = 1, REFRESHED = 2, PLANNED = 4 };

static void write_name(const rt_job *job, int64_t source, rt_wire *w) {
    rt_wire_text(w, job->program->sources[source].id);
    rt_wire_text(w, job->program->sources[source].schema);
}

static bool read_text(rt_unwire *r, const char *text) {
    int64_t len;
    const uint8_t *p = rt_unwire_bytes(r, &len);
    return !r->bad && (int64_t)strlen(text) == len && !memcmp(p, text, (size_t)len);
}

/* The source that is named, or null: the program has it no more. */
static rt_source *read_name(rt_job *job, rt_unwire *r) {
    rt_unwire from = *r;
    rt_source *found = NULL;
    int64_t len;
    rt_unwire_bytes(r, &len);
    rt_unwire_bytes(r, &len);
    for (int64_t i = 0; i < job->program->nsources && !r->bad; i++) {
        rt_unwire at = from;
        bool same = read_text(&at, job->program->sources[i].id);
        if (same && read_text(&at, job->program->sources[i].schema)) found = &job->sources[i];
    }
    return found;
}

/* The bytes of one source, written behind their length. */
static void write_part(rt_wire *w, rt_wire *part) {
    rt_wire_bytes(w, part->p, part->n);
    rt_wire_clear(part);
}

/* ---- positions --------------------------------------------------------------------------- */

void rt_ckpt_input_save(rt_job *job, rt_wire *w) {
    rt_wire part = {0};
    rt_wire_i64(w, job->program->nsources);
    for (int64_t i = 0; i < job->program->nsources; i++) {
        rt_source *s = &job->sources[i];
        write_name(job, i, w);
        rt_wire_u8(w, s->ended ? ENDED : 0);
        if (s->ops->save) s->ops->save(s, &part);
        write_part(w, &part);
    }
    rt_wire_free(&part);
}

/* The next source with its flags and bytes; null if the program has it no more. */
static rt_source *read_part(rt_job *job, rt_unwire *r, uint8_t *flags, rt_unwire *part) {
    int64_t len;
    rt_source *s = read_name(job, r);
    *flags = rt_unwire_u8(r);
    const uint8_t *p = rt_unwire_bytes(r, &len);
    *part = rt_unwire_of(p, len);
    return r->bad ? NULL : s;
}

rt_status rt_ckpt_input_load(rt_job *job, rt_unwire *r) {
    int64_t n = rt_unwire_count(r, 25);
    for (int64_t i = 0; i < n && !r->bad; i++) {
        uint8_t flags;
        rt_unwire part;
        rt_source *s = read_part(job, r, &flags, &part);
        if (!s) continue;
        s->ended = flags & ENDED;
        if (s->ops->load && part.p < part.end) RT_TRY(s->ops->load(s, &part));
    }
    if (!r->bad) return RT_ok;
    return (rt_status)rt_fail(RT_refused, "the positions of the sources make no sense: the "
                                          "checkpoint is damaged");
}

/* ---- plans ------------------------------------------------------------------------------- */

static bool can_plan(const rt_job *job, const rt_source *s) {
    return s->ops->plan && (s->ops->replays || job->settings->journal);
}

rt_status rt_ckpt_input_plan(rt_job *job, rt_wire *w) {
    rt_wire part = {0};
    rt_status status = RT_ok;
    rt_wire_i64(w, job->program->nsources);
    for (int64_t i = 0; status == RT_ok && i < job->program->nsources; i++) {
        rt_source *s = &job->sources[i];
        bool planned = can_plan(job, s) || !job->inputs[i].nunits;
        write_name(job, i, w);
        rt_wire_u8(w, (uint8_t)((s->ended ? ENDED : 0) | (s->refreshed ? REFRESHED : 0) |
                                (planned ? PLANNED : 0)));
        if (can_plan(job, s))
            status = s->ops->plan(s, job->batch, &job->inputs[i], &part);
        write_part(w, &part);
    }
    rt_wire_free(&part);
    return status;
}

bool rt_ckpt_input_once(const rt_job *job) {
    for (int64_t i = 0; i < job->program->nsources; i++) {
        const rt_source *s = &job->sources[i];
        if (s->once || (job->inputs[i].nunits && !can_plan(job, s))) return true;
    }
    return false;
}

static rt_status replan_one(rt_job *job, rt_source *s, uint8_t flags, rt_unwire *part) {
    rt_input *in = &job->inputs[s->id];
    if (!(flags & PLANNED))
        return (rt_status)rt_fail(RT_refused,
                                  "batch %" PRId64 " of %s cannot be read again: its rows were "
                                  "not kept (`journal`), and the state saved with it is "
                                  "damaged",
                                  job->batch, s->decl->name);
    s->ended = flags & ENDED;
    s->refreshed = flags & REFRESHED;
    if (part->p == part->end || !s->ops->replan) return RT_ok;
    rt_status status = s->ops->replan(s, job->batch, part, in);
    s->ended = flags & ENDED;
    s->refreshed = flags & REFRESHED;
    return status;
}

rt_status rt_ckpt_input_replan(rt_job *job, rt_unwire *r) {
    for (int64_t i = 0; i < job->program->nsources; i++) {
        rt_input_clear(&job->inputs[i]);
        job->sources[i].refreshed = job->sources[i].once = false;
    }
    int64_t n = rt_unwire_count(r, 25);
    for (int64_t i = 0; i < n && !r->bad; i++) {
        uint8_t flags;
        rt_unwire part;
        rt_source *s = read_part(job, r, &flags, &part);
        if (!s) continue;
        RT_TRY(replan_one(job, s, flags, &part));
    }
    if (rt_unwire_done(r)) return RT_ok;
    return (rt_status)rt_fail(RT_refused, "the plan of batch %" PRId64 " makes no sense: the "
                                          "checkpoint is damaged", job->batch);
}

/* ---- for people ---------------------------------------------------------------------------- */

int64_t rt_ckpt_input_parts(rt_unwire *r) { return rt_unwire_count(r, 25); }

bool rt_ckpt_input_part(rt_unwire *r, rt_part_of *part) {
    int64_t len;
    part->id = rt_unwire_bytes(r, &part->id_len);
    part->schema = rt_unwire_bytes(r, &part->schema_len);
    uint8_t flags = rt_unwire_u8(r);
    const uint8_t *p = rt_unwire_bytes(r, &len);
    part->bytes = rt_unwire_of(p, len);
    part->ended = flags & ENDED;
    part->refreshed = flags & REFRESHED;
    part->planned = flags & PLANNED;
    return !r->bad;
}

/* ---- what plans have written -------------------------------------------------------------- */

rt_status rt_ckpt_input_sync(rt_job *job, int64_t batch, rt_dirs *dirs) {
    for (int64_t i = 0; i < job->program->nsources; i++) {
        rt_source *s = &job->sources[i];
        if (s->ops->sync && can_plan(job, s)) RT_TRY(s->ops->sync(s, batch, dirs));
    }
    return RT_ok;
}

void rt_ckpt_input_acknowledge(rt_job *job, int64_t batch) {
    for (int64_t i = 0; i < job->program->nsources; i++) {
        rt_source *s = &job->sources[i];
        if (s->ops->acknowledge) s->ops->acknowledge(s, batch);
    }
}

void rt_ckpt_input_forget(rt_job *job, int64_t batch, int64_t last) {
    for (int64_t i = 0; i < job->program->nsources; i++) {
        rt_source *s = &job->sources[i];
        if (s->ops->forget) s->ops->forget(s, batch, last);
    }
}
