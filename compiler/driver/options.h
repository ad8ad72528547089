/* options.h - the command line of flowc, read by the tables commands.def and flags.def. */
#ifndef FLOW_DRIVER_OPTIONS_H
#define FLOW_DRIVER_OPTIONS_H

#include <stdio.h>

#include "compiler/base/arena.h"
#include "compiler/base/vec.h"

typedef enum command_id {
#define COMMAND(id, args, line, doc) CMD_##id,
#include "compiler/driver/commands.def"
#undef COMMAND
    CMD_COUNT
} command_id;

typedef enum stage_id {
#define STAGE(id, form, doc) STAGE_##id,
#include "compiler/driver/stages.def"
#undef STAGE
    STAGE_COUNT
} stage_id;

typedef VEC(const char *) names_t;

typedef struct options {
    command_id command;
    int want_help, want_version;
    stage_id form;         /* of emit */
    names_t files;
    names_t rest;          /* for the program that `run` becomes */
    names_t off;           /* rules switched off */
    const char *output, *cpu, *sanitize, *against; /* null: not given; cpu: "native" */
    int level;             /* 0 or 2 */
    int stage;             /* -1: all */
    int is_static, faults, no_cache, trace_plan, before_opt, dot, json, time;
    int fmt_check, fmt_stdout, examples;
} options_t;

/* Reads the arguments after argv[0].  Returns 1, or 0 with one line for the user in *why
 * (and a hint, or null, in *hint). */
int options_read(arena_t *a, int argc, char **argv, options_t *out, const char **why,
                 const char **hint);
/* The help of flowc (command CMD_COUNT) or of one command. */
void options_help(FILE *out, command_id command);
const char *command_name(command_id id);
const char *stage_name(stage_id id);

#endif
