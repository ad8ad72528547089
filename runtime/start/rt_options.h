/* rt_options.h - the settings and parameters of a run: command line, environment,
 * program, default, in that order. */
#ifndef FLOW_RUNTIME_START_RT_OPTIONS_H
#define FLOW_RUNTIME_START_RT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/status.h"
#include "runtime/data/program.h"
#include "runtime/data/settings.h"

typedef struct rt_setting_row {
    const char *name, *type, *deflt, *words, *doc;
    int64_t min, max;
    bool built;
} rt_setting_row;

enum {
#define SETTING(name, type, deflt, min, max, words, built, doc) RT_SETTING_##name,
#include "lang/options.def"
#undef SETTING
    RT_SETTINGS
};

extern const rt_setting_row rt_setting_rows[RT_SETTINGS];

typedef enum rt_action {
    RT_RUN,
    RT_HELP,
    RT_VERSION,
    RT_EXPLAIN,
    RT_DUMP, /* of a checkpoint */
    RT_CHECK
} rt_action;

typedef struct rt_options {
    rt_program *program;
    rt_arena *arena;
    /* As texts, null where not given: the first of the three that is counts. */
    const char *line[RT_SETTINGS], *env[RT_SETTINGS], *text[RT_SETTINGS];
    rt_action action;
    const char *folder; /* of RT_DUMP and RT_CHECK */
    bool fresh;
    const char *trace, *replay, *profile; /* files, or null */
    bool failed; /* something was reported: exit code 2 */
} rt_options;

/* Reads the command line and the environment, sets the words of parameters that are
 * given.  RT_usage, told, if anything is wrong. */
rt_status rt_options_read(rt_options *o, int argc, char **argv);

/* A setting that the program gives, as text. */
void rt_options_set(rt_options *o, const char *name, const char *text);

/* Checks and fills in all settings.  Texts live in the arena. */
rt_status rt_options_settings(rt_options *o, rt_settings *out);

/* The text that counts, and the default's; null if there is none. */
const char *rt_options_text(const rt_options *o, int setting);

/* --help and --version, to standard output. */
void rt_help_print(const rt_options *o, const char *argv0);
void rt_version_print(const rt_program *p);

#endif
