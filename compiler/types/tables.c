/* tables.c - the rows of the tables in lang/ as constant arrays, and lookup by spelling.
 *
 * The tables have a few dozen rows and are read a few times per program, so lookup walks
 * them. */
#include "compiler/types/tables.h"

#include <string.h>

#include "compiler/base/check.h"

static const op_info ops[] = {
#define OP(id, spelling, built, doc, example) {spelling, doc, example, built},
#include "lang/operators.def"
#undef OP
};

static const op_info windows[] = {
#define WINDOW(id, spelling, built, doc, example) {spelling, doc, example, built},
#include "lang/windows.def"
#undef WINDOW
};

static const source_info sources[] = {
#define SOURCE(id, pos, shape, ended, replays, built, doc)                               \
    {#id, doc, POS_##pos, SHAPE_##shape, ENDED_##ended, replays, built},
#include "lang/connectors.def"
};

static const sink_info sinks[] = {
#define SINK(id, pos, modes, keyed, form, guarantee, built, doc)                         \
    {#id, doc, guarantee, POS_##pos, modes, keyed, FORMAT_##form, built},
#include "lang/connectors.def"
};

static const format_info formats[] = {
    {"none", "a form of its own", 1, "txt", 1},
#define FORMAT(id, lines, ext, built, doc) {#id, doc, lines, ext, built},
#include "lang/connectors.def"
};

static const opt_info settings[] = {
#define SETTING(name, type, fallback, min, max, words, built, doc)                       \
    {"", #name, OPT_##type, fallback, min, max, words, built, doc},
#include "lang/options.def"
#undef SETTING
};

static const opt_info options[] = {
#define OPTION(of, name, type, fallback, min, max, words, built, doc)                    \
    {#of, #name, OPT_##type, fallback, min, max, words, built, doc},
#include "lang/connectors.def"
};

const op_info *op_at(op_id id) {
    flow_assert(id < OP_COUNT);
    return &ops[id];
}

const op_info *window_at(window_id id) {
    flow_assert(id < WINDOW_COUNT);
    return &windows[id];
}

const source_info *source_row(source_id id) {
    flow_assert(id < SOURCE_COUNT);
    return &sources[id];
}

const sink_info *sink_row(sink_id id) {
    flow_assert(id < SINK_COUNT);
    return &sinks[id];
}

const format_info *format_row(format_id id) {
    flow_assert(id < FORMAT_COUNT);
    return &formats[id];
}

const opt_info *setting_row(setting_id id) {
    flow_assert(id < SETTING_COUNT);
    return &settings[id];
}

const opt_info *option_rows(size_t *n) {
    *n = sizeof options / sizeof *options;
    return options;
}

source_id source_named(const char *name) {
    int i = 0;
    while (i < SOURCE_COUNT && strcmp(sources[i].name, name)) i++;
    return (source_id)i;
}

sink_id sink_named(const char *name) {
    int i = 0;
    while (i < SINK_COUNT && strcmp(sinks[i].name, name)) i++;
    return (sink_id)i;
}

format_id format_named(const char *name) {
    for (int i = FORMAT_none + 1; i < FORMAT_COUNT; i++)
        if (!strcmp(formats[i].name, name)) return (format_id)i;
    return FORMAT_none;
}

setting_id setting_named(const char *name) {
    int i = 0;
    while (i < SETTING_COUNT && strcmp(settings[i].name, name)) i++;
    return (setting_id)i;
}

const char *word_at(const char *words, int i, size_t *len) {
    const char *p = words;
    while (i > 0 && (p = strchr(p, '|'))) {
        p++;
        i--;
    }
    if (!p || !*p) return NULL;
    const char *end = strchr(p, '|');
    *len = end ? (size_t)(end - p) : strlen(p);
    return p;
}

int word_index(const char *words, const char *word) {
    size_t n, want = strlen(word);
    const char *p;
    for (int i = 0; (p = word_at(words, i, &n)); i++)
        if (n == want && !memcmp(p, word, n)) return i;
    return -1;
}
