/* unpack.c - see unpack.h. */
#include "runtime/io/unpack.h"

#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_check.h"

static const char *by_name(const char *path) {
    size_t n = strlen(path);
    if (n > 3 && !strcmp(path + n - 3, ".gz")) return "gzip";
    if (n > 4 && !strcmp(path + n - 4, ".zst")) return "zstd";
    return "plain";
}

rt_status rt_unpack_choose(const rt_source *s, const char *path, const rt_unpacker **ops) {
    const char *word = rt_option_text(s->decl->options, "compress", "auto");
    if (!strcmp(word, "auto")) word = by_name(path);
    *ops = NULL;
    if (!strcmp(word, "plain")) return RT_ok;
    const rt_codec *codec = rt_codec_find(s->env->program, word);
    rt_assert(codec && codec->unpack);
    *ops = codec->unpack;
    return RT_ok;
}

static rt_status damaged(const rt_unpack *u, const char *why) {
    return (rt_status)rt_fail(RT_io, "cannot read %s: its compressed data is damaged: %s",
                              u->name, why);
}

rt_status rt_unpack_open(rt_unpack *u, const rt_unpacker *ops, const char *name) {
    u->ops = ops;
    u->name = name;
    u->inside = u->full = false;
    u->at = u->len = 0;
    u->state = ops->open();
    return u->state ? RT_ok : (rt_status)rt_fail(RT_memory, "no memory to unpack %s", name);
}

void rt_unpack_close(rt_unpack *u) {
    if (u->state) u->ops->close(u->state);
    u->state = NULL;
}

bool rt_unpack_is_dry(const rt_unpack *u) {
    return u->at == u->len && !u->full;
}

rt_status rt_unpack_take(rt_unpack *u, uint8_t *to, int64_t room, int64_t *got) {
    rt_codec_io io = {u->raw + u->at, u->len - u->at, to, room};
    const char *why = "";
    rt_codec_end end = RT_CODEC_MORE;
    while (io.room > 0 && (io.in_len > 0 || u->full)) {
        int64_t in = io.in_len, out = io.room;
        end = u->ops->step(u->state, &io, &why);
        if (end == RT_CODEC_BAD) return damaged(u, why);
        u->inside = end == RT_CODEC_MORE;
        u->full = u->inside && io.room == 0;
        if (io.in_len == in && io.room == out) break;
    }
    u->at = u->len - io.in_len;
    *got = room - io.room;
    return RT_ok;
}

rt_status rt_unpack_end(const rt_unpack *u) {
    return u->inside ? damaged(u, "it ends too early") : RT_ok;
}
