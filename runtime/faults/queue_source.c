/* queue_source.c - the source of tests: lines of the script, one unit a batch. */
#include "runtime/base/fault.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/sources.h"

static rt_status queue_open(rt_source *s) {
    s->ended = !rt_script_on();
    return RT_ok;
}

/* The script says when a batch runs (exec/coord.c), not what waits. */
static int64_t queue_waiting(rt_source *s, int64_t now) {
    (void)s, (void)now;
    return 0;
}

static rt_status queue_take(rt_source *s, int64_t limit, int64_t now, bool drain,
                            rt_input *in) {
    int64_t len;
    (void)limit, (void)now, (void)drain;
    if (rt_script_rows(s->id, &len)) {
        rt_input_add(in, (rt_unit){.to = len});
        in->bytes += len;
    }
    s->ended = rt_script_is_last();
    return RT_ok;
}

static rt_status queue_read(rt_source *s, const rt_unit *unit, rt_reader *r) {
    int64_t len;
    const uint8_t *rows = rt_script_rows(s->id, &len);
    rt_assert(len == unit->to);
    r->p = rows;
    r->end = rows + len;
    r->offset = 0;
    r->numbered = true;
    r->bad = NULL;
    r->bad_code = 0;
    return RT_ok;
}

static const char *queue_object(rt_source *s, int64_t object) {
    (void)object;
    return s->decl->name;
}

static void queue_close(rt_source *s) {
    (void)s;
}

const rt_source_ops rt_queue_source = {
    .name = "queue",
    .open = queue_open,
    .waiting = queue_waiting,
    .take = queue_take,
    .read = queue_read,
    .object = queue_object,
    .close = queue_close,
};
