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

/* Two lengths of names, the flags, the length of the bytes. */
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

static bool same_text(const char *text, const uint8_t *p, int64_t len) {
    return (int64_t)strlen(text) == len && !memcmp(p, text, (size_t)len);
}

int64_t rt_ckpt_input_source(const rt_program *program, const rt_part_of *part) {
    for (int64_t i = 0; i < program->nsources; i++)
        if (same_text(program->sources[i].id, part->id, part->id_len) &&
            same_text(program->sources[i].schema, part->schema, part->schema_len))
            return i;
    return -1;
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

/* What each part says of a source that the program still has is given to `take`. */
static rt_status each_part(rt_job *job, rt_unwire *r,
                           rt_status (*take)(rt_job *job, rt_source *s, rt_part_of *part)) {
    rt_part_of part;
    for (int64_t n = rt_ckpt_input_parts(r); n > 0 && rt_ckpt_input_part(r, &part); n--) {
        int64_t i = rt_ckpt_input_source(job->program, &part);
        if (i >= 0) RT_TRY(take(job, &job->sources[i], &part));
    }
    return RT_ok;
}

static rt_status load_one(rt_job *job, rt_source *s, rt_part_of *part) {
    (void)job;
    s->ended = part->ended;
    bool any = part->bytes.p < part->bytes.end;
    return s->ops->load && any ? s->ops->load(s, &part->bytes) : RT_ok;
}

rt_status rt_ckpt_input_load(rt_job *job, rt_unwire *r) {
    RT_TRY(each_part(job, r, load_one));
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

static rt_status replan_one(rt_job *job, rt_source *s, rt_part_of *part) {
    rt_input *in = &job->inputs[s->id];
    if (!part->planned)
        return (rt_status)rt_fail(RT_refused,
                                  "batch %" PRId64 " of %s cannot be read again: its rows were "
                                  "not kept (`journal`), and the state saved with it is "
                                  "damaged",
                                  job->batch, s->decl->name);
    rt_status status = RT_ok;
    if (part->bytes.p < part->bytes.end && s->ops->replan)
        status = s->ops->replan(s, job->batch, &part->bytes, in);
    s->ended = part->ended;
    s->refreshed = part->refreshed;
    return status;
}

rt_status rt_ckpt_input_replan(rt_job *job, rt_unwire *r) {
    for (int64_t i = 0; i < job->program->nsources; i++) {
        rt_input_clear(&job->inputs[i]);
        job->sources[i].refreshed = job->sources[i].once = false;
    }
    RT_TRY(each_part(job, r, replan_one));
    if (rt_unwire_done(r)) return RT_ok;
    return (rt_status)rt_fail(RT_refused, "the plan of batch %" PRId64 " makes no sense: the "
                                          "checkpoint is damaged", job->batch);
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
