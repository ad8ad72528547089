/* sink_stand.c - see sink_stand.h. */
#include "tests/unit/faults/sink_stand.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "tests/unit/runtime/fake_program.h"

char sink_target[512];
static char folder[256];

rt_status sink_make(made *m, const form *f, uint32_t epoch) {
    bool given = f->target[0] == '/';
    snprintf(sink_target, sizeof sink_target, "%s%s%s", given ? "" : fake_dir(), given ? "" : "/",
             f->target);
    snprintf(folder, sizeof folder, "%s", fake_path("ck"));
    uint64_t words[2] = {(uint64_t)(uintptr_t)sink_target, strlen(sink_target)};
    *m = (made){.ckpt = {.dir = folder, .job8 = "0123abcd", .epoch = epoch}};
    m->program.arena = rt_arena_new();
    m->env = (rt_env){.mem = rt_mem_new(64 << 20, 1), .program = &m->program,
                      .settings = &m->settings, .ckpt = f->plain ? NULL : &m->ckpt};
    rt_program_option(&m->program, &m->options, "arg", 3, 's', words);
    m->decl = (rt_sink_decl){.name = "to file", .connector = "file",
                             .partition = f->partition != NULL, .header = "h\n", .ext = "txt",
                             .options = m->options};
    m->sink = (rt_sink){.ops = rt_sink_find("file"), .decl = &m->decl, .env = &m->env};
    return m->sink.ops->open(&m->sink);
}

void sink_unmake(made *m) {
    m->sink.ops->close(&m->sink);
    rt_mem_free(m->env.mem, false);
    rt_arena_free(m->program.arena);
}

/* ---- what is written ----------------------------------------------------------------------- */

typedef struct feed {
    const form *form;
    int64_t batch;
    int at;
    char text[1001], path[64];
} feed;

void piece_text(char *out, int64_t batch, int i) {
    snprintf(out, 1001, "%01000lld", (long long)(batch * 1000 + i));
    out[999] = '\n';
}

static rt_status feed_next(rt_output *out, rt_piece *piece) {
    feed *f = out->stream;
    *piece = (rt_piece){0};
    if (f->at == f->form->pieces) return RT_ok;
    if (f->form->fail_at && f->at + 1 == f->form->fail_at) return RT_memory;
    piece_text(f->text, f->batch, f->at);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (f->form->partition) snprintf(f->path, sizeof f->path, f->form->partition, f->at);
#pragma GCC diagnostic pop
    *piece = (rt_piece){(const uint8_t *)f->text, 1000, f->form->partition ? f->path : NULL};
    f->at++;
    return RT_ok;
}

static void feed_rewind(rt_output *out) { ((feed *)out->stream)->at = 0; }

static rt_output output_of(feed *from, const form *f, int64_t batch) {
    *from = (feed){.form = f, .batch = batch};
    return (rt_output){.batch = batch, .rows = f->pieces, .next = feed_next,
                       .rewind = feed_rewind, .stream = from};
}

/* ---- the protocol -------------------------------------------------------------------------- */

rt_committed said(const last *l) {
    return (rt_committed){l->batch, l->w.p, l->w.n, false};
}

rt_status sink_commit(made *m, const form *f, int64_t batch, last *l) {
    rt_sink *s = &m->sink;
    feed from;
    rt_output out = output_of(&from, f, batch);
    rt_dirs dirs = {0};
    rt_status status = s->ops->prepare(s, &out);
    if (status == RT_ok) status = s->ops->sync(s);
    s->ops->dirs(s, &dirs);
    if (status == RT_ok) status = rt_dirs_sync(&dirs);
    rt_dirs_free(&dirs);
    if (status != RT_ok) return status;
    rt_wire w = {0};
    s->ops->record(s, &w);
    rt_wire_free(&l->w);
    *l = (last){batch, w};
    return RT_ok;
}

rt_status sink_publish(made *m, const last *l) {
    rt_committed c = said(l);
    return m->sink.ops->publish_record(&m->sink, &c);
}

rt_status sink_go_on(made *m, const form *f, last *l, int64_t *ahead) {
    rt_sink *s = &m->sink;
    rt_committed c = said(l);
    RT_TRY(s->ops->resume(s, l->batch >= 0 ? &c : NULL, ahead));
    if (l->batch >= 0) RT_TRY(sink_publish(m, l));
    s->ops->sweep(s);
    for (int64_t batch = l->batch + 1; batch < 2; batch++) {
        last before = {l->batch, {0}};
        rt_wire_raw(&before.w, l->w.p, l->w.n);
        rt_status status = sink_commit(m, f, batch, l);
        if (status == RT_ok) status = sink_publish(m, l);
        c = said(&before);
        if (status == RT_ok && before.batch >= 0) s->ops->forget(s, &c);
        rt_wire_free(&before.w);
        RT_TRY(status);
    }
    return s->ops->finish(s, false);
}

rt_status sink_run(made *m, const form *f) {
    rt_sink *s = &m->sink;
    rt_status status = RT_ok;
    for (int64_t batch = 0; status == RT_ok && batch < 2; batch++) {
        feed from;
        rt_output out = output_of(&from, f, batch);
        status = s->ops->prepare(s, &out);
        out.rewind(&out);
        if (status == RT_ok) status = s->ops->publish(s, &out);
    }
    rt_status end = s->ops->finish(s, status != RT_ok);
    return status == RT_ok ? end : status;
}
