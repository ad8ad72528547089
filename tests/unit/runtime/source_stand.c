/* source_stand.c - see source_stand.h. */
#include "tests/unit/runtime/source_stand.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/os.h"
#include "runtime/io/loop.h"

static void *copy_open(void) { return calloc(1, 1); }
static void copy_close(void *state) { free(state); }

/* Text behind a `<` up to `>`. */
static rt_codec_end copy_step(void *state, rt_codec_io *io, const char **why) {
    char *inside = state;
    (void)why;
    while (io->in_len) {
        uint8_t c = *io->in;
        if (!*inside || c == '>') {
            io->in++, io->in_len--;
            *inside = c == '<';
            if (c == '>') return RT_CODEC_END;
            continue;
        }
        if (!io->room) return RT_CODEC_MORE;
        *io->out++ = c;
        io->in++, io->in_len--, io->room--;
    }
    return RT_CODEC_MORE;
}

static const rt_unpacker copy_unpacker = {copy_open, copy_step, copy_close};

void option(stand *st, const char *name, char letter, const char *text, int64_t word) {
    rt_option *o = &st->options[st->noptions++];
    *o = (rt_option){.name = name, .letter = letter, .word = word, .text = text};
    o->next = st->decl.options;
    st->decl.options = o;
}

stand *stand_new(const char *connector, rt_format format) {
    stand *st = calloc(1, sizeof *st);
    st->settings = (rt_settings){.block = 1000, .cut_rows = 100000, .max_rate = -1};
    st->codec = (rt_codec){.name = "gzip", .unpack = &copy_unpacker};
    st->program.codecs = &st->codec;
    st->program.ncodecs = 1;
    st->decl = (rt_source_decl){.name = "in", .connector = connector, .format = format,
                                .record = 7, .stage = -1};
    st->env = (rt_env){.settings = &st->settings, .program = &st->program, .wake = -1,
                       .batch_bytes = 1000, .block_bytes = 200};
    st->env.mem = rt_mem_new(INT64_C(256) << 20, 1);
    st->env.loop = rt_loop_new(-1);
    return st;
}

void stand_free(stand *st) {
    rt_loop_free(st->env.loop);
    rt_mem_free(st->env.mem, true);
    free(st);
}

rt_status begin(stand *st, rt_source *s, bool resumes) {
    *s = (rt_source){.decl = &st->decl, .env = &st->env, .total = -1, .resumes = resumes};
    s->ops = rt_source_find(st->decl.connector);
    return s->ops->open(s);
}

void finish(rt_source *s) { s->ops->close(s); }

void add(bytes *b, const void *p, int64_t n) {
    if (b->n + n >= b->room) {
        b->room = 2 * (b->n + n) + 64;
        b->p = realloc(b->p, (size_t)b->room);
    }
    if (n) memcpy(b->p + b->n, p, (size_t)n);
    b->n += n;
}

static uint64_t seed = 88172645463325252u;

int64_t dice(int64_t n) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (int64_t)(seed % (uint64_t)n);
}

rt_unwire of(const rt_wire *w) { return rt_unwire_of(w->p, w->n); }

bool same(const bytes *a, const bytes *b) {
    return a->n == b->n && (!a->n || !memcmp(a->p, b->p, (size_t)a->n));
}

int hush(void) {
    int saved = dup(2), null = open("/dev/null", O_WRONLY);
    dup2(null, 2);
    close(null);
    return saved;
}

void unhush(int saved) {
    dup2(saved, 2);
    close(saved);
}
