/* options.c - the command line, by table.
 *
 * Options may stand before and after the file.  `run` hands what it does not know to
 * the program once the file is named, so a script with a `#!` line takes arguments like
 * any command.  Every wrong word gets one message and at most one guess. */
#include "compiler/driver/options.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/base/check.h"
#include "compiler/diag/diag.h"

typedef enum flag_kind { SWITCH, TEXT, NUMBER, LEVEL, RULE } flag_kind;

typedef enum flag_id {
#define FLAG(id, spelling, kind, arg, commands, doc) FLAG_##id,
#include "compiler/driver/flags.def"
#undef FLAG
    FLAG_COUNT
} flag_id;

typedef struct flag {
    const char *spelling;
    flag_kind kind;
    const char *arg, *commands, *doc;
} flag_t;

static const flag_t flags[] = {
#define FLAG(id, spelling, kind, arg, commands, doc) {spelling, kind, arg, commands, doc},
#include "compiler/driver/flags.def"
#undef FLAG
};

typedef struct command {
    const char *name, *args, *line, *doc;
} command_t;

static const command_t commands[] = {
#define COMMAND(id, args, line, doc) {#id, args, line, doc},
#include "compiler/driver/commands.def"
#undef COMMAND
};

static const char *const forms[][3] = {
#define STAGE(id, form, doc) {#id, form, doc},
#include "compiler/driver/stages.def"
#undef STAGE
};

const char *command_name(command_id id) {
    flow_assert(id < CMD_COUNT);
    return commands[id].name;
}

const char *stage_name(stage_id id) {
    flow_assert(id < STAGE_COUNT);
    return forms[id][0];
}

/* Is `word` one of the words of `list`, which are separated by blanks? */
static int has_word(const char *list, const char *word) {
    size_t n = strlen(word);
    for (const char *p = list; (p = strstr(p, word)); p += n)
        if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n])) return 1;
    return 0;
}

/* ---- reading ---- */

typedef struct reader {
    arena_t *arena;
    int argc, i;
    char **argv;
    options_t *out;
    const char *why, *hint;
    int form_given;
} reader_t;

static int fail(reader_t *r, const char *why, const char *hint) {
    r->why = why;
    r->hint = hint;
    return 0;
}

/* Does the word begin with the option, and where is the rest?  `--cpu` matches `--cpu`
 * and `--cpu=v3`, `-O` also `-O2`, `-fno-` what begins so. */
static int matches(const flag_t *f, const char *word, const char **rest) {
    size_t n = strlen(f->spelling);
    if (strncmp(word, f->spelling, n)) return 0;
    *rest = word + n;
    if (!word[n]) return f->kind != RULE;
    if (f->kind == SWITCH) return 0;
    if (f->spelling[1] != '-') return 1; /* -O2, -ofile, -fno-prune */
    *rest = word + n + 1;
    return word[n] == '=';
}

static const flag_t *find_flag(const char *word, const char *command, const char **rest) {
    for (int i = 0; i < FLAG_COUNT; i++)
        if ((!command || has_word(flags[i].commands, command)) &&
            matches(&flags[i], word, rest))
            return &flags[i];
    return NULL;
}

static void set_switch(options_t *o, flag_id id) {
    switch (id) {
    case FLAG_is_static: o->is_static = 1; break;
    case FLAG_faults: o->faults = 1; break;
    case FLAG_no_cache: o->no_cache = 1; break;
    case FLAG_trace_plan: o->trace_plan = 1; break;
    case FLAG_dot: o->dot = 1; break;
    case FLAG_before_opt: o->before_opt = 1; break;
    case FLAG_fmt_check: o->fmt_check = 1; break;
    case FLAG_fmt_stdout: o->fmt_stdout = 1; break;
    case FLAG_examples: o->examples = 1; break;
    case FLAG_json: o->json = 1; break;
    case FLAG_time: o->time = 1; break;
    case FLAG_help: o->want_help = 1; break;
    case FLAG_output: case FLAG_level: case FLAG_cpu: case FLAG_sanitize: case FLAG_off:
    case FLAG_against: case FLAG_stage: case FLAG_COUNT: flow_unreachable("no switch");
    }
}

static int set_value(reader_t *r, const flag_t *f, const char *value) {
    options_t *o = r->out;
    if (f->kind == RULE) {
        vec_push(r->arena, &o->off, value);
    } else if (f->kind == LEVEL) {
        if (strcmp(value, "0") && strcmp(value, "2"))
            return fail(r, arena_printf(r->arena, "there is no level -O%s", value),
                        "-O0 compiles fast, -O2 makes fast programs");
        o->level = value[0] - '0';
    } else if (f->kind == NUMBER) {
        char *end;
        long n = strtol(value, &end, 10);
        if (end == value || *end || n < 0 || n > 100000)
            return fail(r, arena_printf(r->arena, "%s takes a number, not `%s`", f->spelling,
                                        value), NULL);
        o->stage = (int)n;
    } else if (f == &flags[FLAG_output]) {
        o->output = value;
    } else if (f == &flags[FLAG_cpu]) {
        o->cpu = value;
    } else if (f == &flags[FLAG_against]) {
        o->against = value;
    } else {
        flow_assert(f == &flags[FLAG_sanitize]);
        if (strcmp(value, "address") && strcmp(value, "thread"))
            return fail(r, arena_printf(r->arena, "there is no sanitizer `%s`", value),
                        "--sanitize takes address or thread");
        o->sanitize = value;
    }
    return 1;
}

static int read_flag(reader_t *r, const flag_t *f, const char *rest) {
    if (f->kind == SWITCH) {
        set_switch(r->out, (flag_id)(f - flags));
        return 1;
    }
    if (!*rest && rest[-1] != '=') {
        if (r->i >= r->argc)
            return fail(r, arena_printf(r->arena, "%s needs an argument: %s", f->spelling,
                                        f->arg), NULL);
        rest = r->argv[r->i++];
    }
    return set_value(r, f, rest);
}

/* The nearest spelling of an option of this command, as a hint. */
static const char *flag_hint(reader_t *r, const char *word) {
    names_t near = {0};
    for (int i = 0; i < FLAG_COUNT; i++)
        if (has_word(flags[i].commands, command_name(r->out->command)))
            vec_push(r->arena, &near, flags[i].spelling);
    if (r->out->command == CMD_emit)
        for (int i = 0; i < STAGE_COUNT; i++) vec_push(r->arena, &near, forms[i][1]);
    const char *guess = diag_nearest(word, near.at, near.n);
    if (guess) return arena_printf(r->arena, "did you mean `%s`?", guess);
    return arena_printf(r->arena, "`flowc %s --help` lists the options",
                        command_name(r->out->command));
}

static int read_form(reader_t *r, const char *word) {
    for (int i = 0; i < STAGE_COUNT; i++) {
        if (strcmp(word, forms[i][1])) continue;
        if (r->form_given)
            return fail(r, "emit prints one form at a time", "give one of the --FORM options");
        r->form_given = 1;
        r->out->form = (stage_id)i;
        return 1;
    }
    return -1;
}

static int unknown_option(reader_t *r, const char *word) {
    const char *rest, *name = command_name(r->out->command);
    const flag_t *f = find_flag(word, NULL, &rest);
    if (f)
        return fail(r, arena_printf(r->arena, "`flowc %s` takes no %s", name, f->spelling),
                    arena_printf(r->arena, "it is an option of: %s", f->commands));
    return fail(r, arena_printf(r->arena, "unknown option `%s`", word), flag_hint(r, word));
}

static int read_word(reader_t *r, const char *word) {
    options_t *o = r->out;
    const char *rest;
    int to_program = o->command == CMD_run && o->files.n;
    if (to_program && (!strcmp(word, "--help") || !strcmp(word, "-h"))) {
        vec_push(r->arena, &o->rest, word);
        return 1;
    }
    if (!strcmp(word, "-h")) word = "--help";
    if (word[0] != '-' || !word[1]) {
        vec_push(r->arena, to_program ? &o->rest : &o->files, word);
        return 1;
    }
    const flag_t *f = find_flag(word, command_name(o->command), &rest);
    if (f) return read_flag(r, f, rest);
    if (o->command == CMD_emit) {
        int got = read_form(r, word);
        if (got >= 0) return got;
    }
    if (to_program) {
        vec_push(r->arena, &o->rest, word);
        return 1;
    }
    return unknown_option(r, word);
}

static int read_command(reader_t *r) {
    const char *word = r->argv[r->i++];
    for (int i = 0; i < CMD_COUNT; i++)
        if (!strcmp(word, commands[i].name)) {
            r->out->command = (command_id)i;
            return 1;
        }
    if (!strcmp(word, "--version") || !strcmp(word, "-V")) return r->out->want_version = 1;
    if (!strcmp(word, "--help") || !strcmp(word, "-h")) return r->out->want_help = 1;
    size_t n = strlen(word);
    if (n > 5 && !strcmp(word + n - 5, ".flow"))
        return fail(r, "first comes what to do with the file",
                    arena_printf(r->arena, "flowc run %s", word));
    const char *names[CMD_COUNT];
    for (int i = 0; i < CMD_COUNT; i++) names[i] = commands[i].name;
    const char *guess = diag_nearest(word, names, CMD_COUNT);
    return fail(r, arena_printf(r->arena, "there is no command `%s`", word),
                guess ? arena_printf(r->arena, "did you mean `%s`?", guess)
                      : "`flowc --help` lists the commands");
}

/* What must hold between the words of one command. */
static int complete(reader_t *r) {
    options_t *o = r->out;
    if (o->want_help || o->want_version) return 1;
    const char *name = command_name(o->command);
    int one = o->command == CMD_build || o->command == CMD_run || o->command == CMD_emit ||
              o->command == CMD_explain;
    if (o->command == CMD_checkpoint && o->files.n != 1)
        return fail(r, "`flowc checkpoint` takes one folder", "flowc checkpoint DIR");
    if ((one || o->command == CMD_check || o->command == CMD_test) && !o->files.n)
        return fail(r, arena_printf(r->arena, "`flowc %s` needs a file", name),
                    arena_printf(r->arena, "flowc %s program.flow", name));
    if (one && o->files.n > 1)
        return fail(r, arena_printf(r->arena, "`flowc %s` takes one file, and `%s` is a second",
                                    name, o->files.at[1]), NULL);
    if (o->is_static && o->sanitize)
        return fail(r, "--static and --sanitize do not go together",
                    "the sanitizers need the dynamic C library");
    if (o->command == CMD_emit && !r->form_given)
        return fail(r, "which form?", "flowc emit --plan program.flow; `flowc emit --help`"
                                      " lists the forms");
    return 1;
}

int options_read(arena_t *a, int argc, char **argv, options_t *out, const char **why,
                 const char **hint) {
    *out = (options_t){.command = CMD_COUNT, .level = 2, .cpu = "native", .stage = -1,
                       .sanitize = FLOW_BUILD_SANITIZE};
    reader_t r = {.arena = a, .argc = argc, .argv = argv, .i = 1, .out = out};
    int ok = argc > 1 ? read_command(&r) : fail(&r, "what is to be done?",
                                               "`flowc --help` lists the commands");
    if (out->command == CMD_test) out->level = 0;
    while (ok && r.i < argc && out->command != CMD_COUNT) {
        const char *word = argv[r.i++];
        if (strcmp(word, "--")) {
            ok = read_word(&r, word);
            continue;
        }
        names_t *to = out->command == CMD_run ? &out->rest : &out->files;
        for (; r.i < argc; r.i++) vec_push(a, to, argv[r.i]);
    }
    if (ok) ok = complete(&r);
    *why = r.why;
    *hint = r.hint;
    return ok;
}

/* ---- help ---- */

static void print_row(FILE *out, const char *left, const char *doc) {
    fprintf(out, "  %-22s ", left);
    size_t column = 25;
    for (const char *p = doc; *p;) {
        size_t n = strcspn(p, " ");
        if (column + n > 92) {
            fprintf(out, "\n  %22s ", "");
            column = 25;
        }
        fprintf(out, "%.*s", (int)n, p);
        column += n + 1;
        p += n;
        if (*p == ' ') {
            p++;
            if (*p) fputc(' ', out);
        }
    }
    fputc('\n', out);
}

static void help_command(FILE *out, command_id id) {
    const command_t *c = &commands[id];
    fprintf(out, "usage: flowc %s [OPTION...] %s\n\n%s", c->name, c->args, c->doc);
    if (id == CMD_emit) {
        fputs("\nforms:\n", out);
        for (int i = 0; i < STAGE_COUNT; i++) print_row(out, forms[i][1], forms[i][2]);
    }
    fputs("\noptions:\n", out);
    for (int i = 0; i < FLAG_COUNT; i++) {
        const flag_t *f = &flags[i];
        if (!has_word(f->commands, c->name)) continue;
        char left[64];
        const char *gap = f->arg && f->spelling[1] == '-' ? " " : "";
        if (!strcmp(f->spelling, "-o")) gap = " ";
        snprintf(left, sizeof left, "%s%s%s", f->spelling, gap, f->arg ? f->arg : "");
        print_row(out, left, f->doc);
    }
}

void options_help(FILE *out, command_id command) {
    if (command != CMD_COUNT) {
        help_command(out, command);
        return;
    }
    fputs("flowc - the compiler of Flow, a statically typed dataflow language\n\n"
          "usage: flowc COMMAND [OPTION...] [FILE]\n\ncommands:\n", out);
    for (int i = 0; i < CMD_COUNT; i++) print_row(out, commands[i].name, commands[i].line);
    fputs("\n`flowc COMMAND --help` tells more; `flowc --version` says what this is.\n\n"
          "exit codes: 0 done, 1 a check found something, 2 usage, 3 errors in the program,\n"
          "            6 a file or the linker failed\n"
          "environment: FLOW_HOME (folder with lib/flow), FLOW_LINKER, XDG_CACHE_HOME, NO_COLOR\n",
          out);
}
