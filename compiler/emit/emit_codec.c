/* emit_codec.c - see emit_codec.h.
 *
 * The program refers to what it may need and to nothing else, so the linker leaves out the
 * libraries of all others. */
#include "compiler/emit/emit_codec.h"

#include <string.h>

#include "compiler/types/const.h"

static const struct {
    const char *name, *ext;
    unsigned bit;
} codecs[] = {{"gzip", ".gz", CODEC_gzip}, {"zstd", ".zst", CODEC_zstd}};

enum { CODECS = sizeof codecs / sizeof *codecs };

const char *emit_codec_name(unsigned codec) {
    for (size_t i = 0; i < CODECS; i++)
        if (codecs[i].bit == codec) return codecs[i].name;
    return "plain";
}

static unsigned codec_named(const char *word) {
    for (size_t i = 0; i < CODECS; i++)
        if (!strcmp(codecs[i].name, word)) return codecs[i].bit;
    return 0;
}

static unsigned by_path(const char *s, size_t n) {
    for (size_t i = 0; i < CODECS; i++) {
        size_t len = strlen(codecs[i].ext);
        if (n > len && !memcmp(s + n - len, codecs[i].ext, len)) return codecs[i].bit;
    }
    return 0;
}

/* Does a glob say how the names end that it finds? */
static int ends_plainly(const char *s, size_t n) {
    for (size_t i = n; i-- > 0 && s[i] != '/';) {
        if (strchr("*?[]", s[i])) return 0;
        if (s[i] == '.') return 1;
    }
    return memchr(s, '*', n) == NULL && memchr(s, '?', n) == NULL && memchr(s, '[', n) == NULL;
}

/* The option's word, or what it is when it is not given. */
static const char *compress_word(const tconnector_t *c, const char *otherwise) {
    const toption_t *o = emit_option(c, "compress");
    return o && o->word ? o->word : otherwise;
}

unsigned emit_source_codecs(const psource_t *s) {
    const tconnector_t *c = s->conn;
    if (c->row != SOURCE_file && c->row != SOURCE_stdin) return 0;
    const char *word = compress_word(c, c->row == SOURCE_file ? "auto" : "plain");
    if (strcmp(word, "auto")) return codec_named(word);
    if (!c->pos_value) return CODEC_gzip | CODEC_zstd;
    const char *path = (const char *)(uintptr_t)c->pos_value->w[0];
    size_t n = (size_t)c->pos_value->w[1];
    return ends_plainly(path, n) ? by_path(path, n) : CODEC_gzip | CODEC_zstd;
}

unsigned emit_sink_codec(const psink_t *s) {
    const tconnector_t *c = s->conn;
    if (c->row != SINK_file) return 0;
    const char *word = compress_word(c, "auto");
    if (strcmp(word, "auto")) return codec_named(word);
    if (!c->pos_value) return 0;
    return by_path((const char *)(uintptr_t)c->pos_value->w[0], (size_t)c->pos_value->w[1]);
}
