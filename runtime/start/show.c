/* show.c - see show.h. */
#include "runtime/start/show.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/ckpt/inspect.h"
#include "runtime/exec/ckpt_text.h"
#include "runtime/state/saved.h"

/* Does what a file says of a state end in the layout of this one?  What params say comes
 * before it and changes nothing in the form of rows. */
static bool has_layout(const rt_state_id *id, const rt_state_decl *decl) {
    const char *text = strstr(id->layout, " | ");
    size_t n = decl->layout ? strlen(decl->layout) : 0;
    for (const char *next; text && (next = strstr(text + 1, " | "));) text = next;
    return n && text && !strncmp(text + 3, decl->layout, n) &&
           (text[3 + n] == 0 || text[3 + n] == ' ');
}

static char *row_text(void *arg, const rt_state_id *id, const rt_saved_op *row) {
    const rt_program *p = arg;
    for (int64_t i = 0; i < p->nstates; i++)
        if (p->states[i].layout && !strcmp(p->states[i].id, id->name) &&
            has_layout(id, &p->states[i]))
            return rt_state_row_print(&p->states[i], row->key, row->klen, row->value, row->vlen);
    return NULL;
}

static rt_status flushed(rt_status status) {
    if (fflush(stdout) == 0) return status;
    return (rt_status)rt_fail(RT_io, "cannot write: %s", strerror(errno));
}

static bool plan_text(void *arg, const rt_planned *plan, rt_wire *lines) {
    return rt_ckpt_text_plan(arg, plan, lines);
}

static bool sink_text(void *arg, int64_t batch, const rt_commit_sink *sink, rt_wire *line) {
    return rt_ckpt_text_sink(arg, batch, sink, line);
}

rt_status rt_show_dump(const rt_program *program, const char *dir) {
    rt_inspect_texts texts = {row_text, plan_text, sink_text, (void *)program};
    return flushed(rt_inspect_dump(dir, stdout, &texts));
}

rt_status rt_show_check(const char *dir) { return flushed(rt_inspect_check(dir, stdout)); }
