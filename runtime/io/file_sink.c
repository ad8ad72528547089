/* file_sink.c - the sink `file`: one file that only grows, or a directory of parts.
 *
 * The path says which; from then on the sink's operations are those of file_single.c or of
 * file_parts.c. */
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/io/file_out.h"
#include "runtime/io/out_path.h"
#include "runtime/io/sinks.h"

static rt_status file_sink_open(rt_sink *s) {
    char plain[RT_OUT_PATH];
    const char *path = rt_option_text(s->decl->options, "arg", "");
    size_t n = strlen(path);
    if (!n || n > RT_OUT_PATH / 2)
        return (rt_status)rt_fail(RT_usage, "%s: `%s` is no path", s->decl->name, path);
    const rt_packer *packer = NULL;
    if (s->decl->pack) packer = rt_codec_find(s->env->program, s->decl->pack)->pack;
    bool directory = s->decl->partition || path[n - 1] == '/';
    strcpy(plain, path);
    rt_out_cut_slash(plain);
    s->ops = directory ? &rt_file_parts : &rt_file_single;
    return directory ? rt_file_parts_open(s, plain, packer)
                     : rt_file_single_open(s, plain, packer);
}

static rt_status unopened_finish(rt_sink *s, bool failed) {
    (void)s, (void)failed;
    return RT_ok;
}

static void unopened_close(rt_sink *s) { (void)s; }

/* Which form it is of, the path says that is not known here; both are read strictly. */
static bool file_record_text(int64_t batch, rt_unwire *r, rt_wire *out) {
    rt_unwire again = *r;
    int64_t at = out->n;
    if (rt_file_parts.record_text(batch, r, out)) return true;
    *r = again;
    out->n = at;
    return rt_file_single.record_text(batch, r, out);
}

const rt_sink_ops rt_file_sink = {
    .name = "file",
    .open = file_sink_open,
    .record_text = file_record_text,
    .finish = unopened_finish,
    .close = unopened_close,
};
