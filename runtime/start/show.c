/* show.c - see show.h. */
#include "runtime/start/show.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/ckpt/inspect.h"
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

rt_status rt_show_dump(const rt_program *program, const char *dir) {
    return flushed(rt_inspect_dump(dir, stdout, row_text, (void *)program));
}

rt_status rt_show_check(const char *dir) { return flushed(rt_inspect_check(dir, stdout)); }
