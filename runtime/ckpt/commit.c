/* commit.c - see commit.h. */
#include "runtime/ckpt/commit.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

static bool read_bool(rt_unwire *r) {
    uint8_t v = rt_unwire_u8(r);
    if (v > 1) r->bad = true;
    return v == 1;
}

static int64_t read_number(rt_unwire *r) {
    int64_t v = rt_unwire_i64(r);
    if (v < 0) r->bad = true;
    return v;
}

/* So many batches are never run, and the numbers of those behind it must be numbers, too. */
static int64_t read_batch(rt_unwire *r) {
    int64_t v = read_number(r);
    if (v > INT64_MAX / 2) r->bad = true;
    return v;
}

/* Bytes that end with their only zero. */
static const char *read_text(rt_unwire *r) {
    int64_t n;
    const uint8_t *p = rt_unwire_bytes(r, &n);
    if (n < 1 || memchr(p, 0, (size_t)n) != p + n - 1) r->bad = true;
    return r->bad ? "" : (const char *)p;
}

static void write_text(rt_wire *w, const char *text) {
    rt_wire_bytes(w, text, (int64_t)strlen(text) + 1);
}

/* ---- PLAN -------------------------------------------------------------------------------- */

void rt_planned_write(rt_wire *w, const rt_planned *plan) {
    rt_wire_i64(w, plan->batch);
    rt_wire_i64(w, plan->now);
    rt_wire_u8(w, plan->final);
    rt_wire_bytes(w, plan->input, plan->len);
}

bool rt_planned_read(const uint8_t *p, int64_t n, rt_planned *out) {
    rt_unwire r = rt_unwire_of(p, n);
    out->batch = read_batch(&r);
    out->now = rt_unwire_i64(&r);
    out->final = read_bool(&r);
    out->input = rt_unwire_bytes(&r, &out->len);
    return rt_unwire_done(&r);
}

/* ---- COMMIT ------------------------------------------------------------------------------ */

void rt_commit_write(rt_wire *w, const rt_commit *c) {
    rt_wire_i64(w, c->batch);
    rt_wire_i64(w, c->now);
    rt_wire_u8(w, c->final);
    write_text(w, c->program);
    rt_wire_i64(w, c->nsinks);
    for (int64_t i = 0; i < c->nsinks; i++) {
        const rt_commit_sink *s = &c->sinks[i];
        write_text(w, s->name);
        rt_wire_i64(w, s->ordinal);
        rt_wire_i64(w, s->rows);
        rt_wire_u32(w, s->crc);
        rt_wire_bytes(w, s->record, s->len);
    }
    rt_wire_u8(w, c->state);
    if (!c->state) return;
    rt_wire_i64(w, c->nrefs);
    for (int64_t i = 0; i < c->nrefs; i++) rt_state_ref_write(w, &c->refs[i]);
    rt_wire_bytes(w, c->inlined, c->inlined_len);
}

static void read_sink(rt_unwire *r, rt_commit_sink *s) {
    s->name = read_text(r);
    s->ordinal = read_number(r);
    s->rows = read_number(r);
    s->crc = rt_unwire_u32(r);
    s->record = rt_unwire_bytes(r, &s->len);
}

/* The live files of a saved state: at least one, the last one of this batch. */
static void read_state(rt_unwire *r, rt_commit *out) {
    out->nrefs = rt_unwire_count(r, 8);
    out->refs = rt_alloc((size_t)(out->nrefs + 1) * sizeof *out->refs);
    for (int64_t i = 0; i < out->nrefs && !r->bad; i++) {
        out->refs[i] = rt_state_ref_read(r);
        if (i && out->refs[i].batch < out->refs[i - 1].batch) r->bad = true;
    }
    out->inlined = rt_unwire_bytes(r, &out->inlined_len);
    if (r->bad || !out->nrefs) {
        r->bad = true;
        return;
    }
    const rt_state_ref *last = &out->refs[out->nrefs - 1];
    if (last->batch != out->batch) r->bad = true;
    if (*last->name ? out->inlined_len != 0 : out->inlined_len != last->length) r->bad = true;
}

bool rt_commit_read(const uint8_t *p, int64_t n, rt_commit *out) {
    rt_unwire r = rt_unwire_of(p, n);
    *out = (rt_commit){0};
    out->batch = read_batch(&r);
    out->now = rt_unwire_i64(&r);
    out->final = read_bool(&r);
    out->program = read_text(&r);
    out->nsinks = rt_unwire_count(&r, 32);
    out->sinks = rt_alloc((size_t)(out->nsinks + 1) * sizeof *out->sinks);
    for (int64_t i = 0; i < out->nsinks && !r.bad; i++) read_sink(&r, &out->sinks[i]);
    out->state = read_bool(&r);
    if (out->state) read_state(&r, out);
    if (rt_unwire_done(&r)) return true;
    rt_commit_free(out);
    return false;
}

void rt_commit_free(rt_commit *c) {
    free(c->sinks);
    free(c->refs);
    *c = (rt_commit){0};
}

const rt_commit_sink *rt_commit_find(const rt_commit *c, const char *name, int64_t ordinal) {
    for (int64_t i = 0; i < c->nsinks; i++)
        if (c->sinks[i].ordinal == ordinal && !strcmp(c->sinks[i].name, name))
            return &c->sinks[i];
    return NULL;
}

/* ---- DONE -------------------------------------------------------------------------------- */

void rt_done_write(rt_wire *w, int64_t batch) { rt_wire_i64(w, batch); }

bool rt_done_read(const uint8_t *p, int64_t n, int64_t *batch) {
    rt_unwire r = rt_unwire_of(p, n);
    *batch = read_batch(&r);
    return rt_unwire_done(&r);
}
