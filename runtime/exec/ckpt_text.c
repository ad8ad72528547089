/* ckpt_text.c - see ckpt_text.h.  Connectors are asked without being opened. */
#include "runtime/exec/ckpt_text.h"

#include <inttypes.h>
#include <string.h>

#include "runtime/exec/ckpt_input.h"
#include "runtime/io/connector.h"

static void put_part(const rt_program *p, int64_t batch, const rt_part_of *part, rt_wire *out) {
    rt_env env = {.program = p};
    rt_unwire bytes = part->bytes;
    int64_t i = rt_ckpt_input_source(p, part), n = bytes.end - bytes.p;
    if (i >= 0) rt_wire_print(out, " %s", p->sources[i].connector);
    rt_wire_print(out, "%s%s%s: ", part->ended ? " ended" : "", part->refreshed ? " refreshed" : "",
                  part->planned ? "" : " not kept");
    int64_t at = out->n;
    if (i >= 0 && n) {
        rt_source s = {.decl = &p->sources[i], .env = &env, .id = i};
        s.ops = rt_source_find(s.decl->connector);
        if (s.ops && s.ops->plan_text && s.ops->plan_text(&s, batch, &bytes, out)) return;
    }
    out->n = at;
    rt_wire_print(out, "%" PRId64 " bytes", n);
}

bool rt_ckpt_text_plan(const rt_program *program, const rt_planned *plan, rt_wire *lines) {
    rt_unwire r = rt_unwire_of(plan->input, plan->len);
    rt_part_of part;
    for (int64_t n = rt_ckpt_input_parts(&r); n > 0; n--) {
        if (!rt_ckpt_input_part(&r, &part)) return false;
        rt_wire_raw(lines, part.id, part.id_len);
        put_part(program, plan->batch, &part, lines);
        rt_wire_raw(lines, "\n", 1);
    }
    return rt_unwire_done(&r);
}

bool rt_ckpt_text_sink(const rt_program *program, int64_t batch, const rt_commit_sink *sink,
                       rt_wire *line) {
    for (int64_t i = 0; i < program->nsinks; i++) {
        const rt_sink_decl *decl = &program->sinks[i];
        size_t n = strlen(decl->name);
        if (strncmp(sink->name, decl->name, n) || sink->name[n] != ' ') continue;
        const rt_sink_ops *ops = rt_sink_find(decl->connector);
        rt_unwire r = rt_unwire_of(sink->record, sink->len);
        if (ops && !sink->len) return rt_wire_print(line, "nothing"), true;
        return ops && ops->record_text && ops->record_text(batch, &r, line);
    }
    return false;
}
