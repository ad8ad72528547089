/* queue_source.c - the source of tests: lines of the script, one unit a batch. */
#include "runtime/base/fault.h"
#include "runtime/base/rt_check.h"
#include "runtime/io/place.h"
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

/* The batch of the script that comes next. */
static void queue_save(rt_source *s, rt_wire *w) {
    (void)s;
    rt_wire_i64(w, rt_script_at());
}

static rt_status queue_load(rt_source *s, rt_unwire *r) {
    int64_t at = rt_unwire_i64(r);
    if (!rt_unwire_done(r) || !rt_script_go(at)) return rt_place_bad(s);
    s->ended = rt_script_is_last();
    return RT_ok;
}

static rt_status queue_plan(rt_source *s, int64_t batch, const rt_input *in, rt_wire *w) {
    (void)batch;
    rt_wire_u8(w, in->nunits > 0);
    queue_save(s, w);
    return RT_ok;
}

static rt_status queue_replan(rt_source *s, int64_t batch, rt_unwire *r, rt_input *in) {
    bool has = rt_unwire_u8(r) == 1;
    int64_t before = in->nunits;
    (void)batch;
    RT_TRY(queue_load(s, r));
    RT_TRY(queue_take(s, 0, 0, false, in));
    return (in->nunits > before) == has ? RT_ok : rt_place_bad(s);
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
    .replays = true,
    .save = queue_save,
    .load = queue_load,
    .plan = queue_plan,
    .replan = queue_replan,
};
