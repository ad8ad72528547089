/* driver.c - one function per command; the way through the compiler is stages.c. */
#include "compiler/driver/driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi_tag.h"
#include "compiler/base/check.h"
#include "compiler/driver/build.h"
#include "compiler/driver/compile.h"
#include "compiler/driver/docs.h"
#include "compiler/driver/options.h"

static int say_version(void) {
    printf("flowc %s (%s, LLVM %s, ABI %s)\n", FLOW_VERSION, "x86-64 Linux", FLOW_LLVM_VERSION,
           FLOW_ABI_TAG);
    return EXIT_DONE;
}

static int usage(const char *why, const char *hint) {
    fprintf(stderr, "flowc: %s\n", why);
    if (hint) fprintf(stderr, "       %s\n", hint);
    return EXIT_USAGE;
}

static int run_help(arena_t *a, const options_t *o) {
    if (!o->files.n) {
        options_help(stdout, CMD_COUNT);
        return EXIT_DONE;
    }
    for (int i = 0; i < CMD_COUNT; i++)
        if (!strcmp(o->files.at[0], command_name((command_id)i))) {
            options_help(stdout, (command_id)i);
            return EXIT_DONE;
        }
    return usage(arena_printf(a, "there is no command `%s`", o->files.at[0]),
                 "`flowc --help` lists the commands");
}

static int run_check(const options_t *o) {
    int worst = EXIT_DONE;
    for (size_t i = 0; i < o->files.n; i++) {
        compile_t *c = compile_new(o, o->files.at[i]);
        compile_to(c, STAGE_plan);
        int code = compile_report(c);
        if (code > worst) worst = code;
        compile_free(c);
    }
    return worst;
}

/* Standard output, or the file of -o. */
static FILE *open_result(compile_t *c, const options_t *o) {
    if (!o->output) return stdout;
    FILE *out = fopen(o->output, "wb");
    if (!out) c->failed = arena_printf(c->arena, "cannot write %s: %s", o->output, strerror(errno));
    return out;
}

static int close_result(compile_t *c, FILE *out) {
    int bad = fflush(out) || ferror(out);
    if (out != stdout) bad |= fclose(out);
    if (bad) c->failed = "the result could not be written";
    return !bad;
}

static int run_emit(const options_t *o) {
    compile_t *c = compile_new(o, o->files.at[0]);
    int reached = compile_to(c, o->form);
    /* A tree with errors is worth seeing; later forms need a program without. */
    if (o->form <= STAGE_ast && (reached || c->tree)) reached = !c->failed;
    if (reached && o->form == STAGE_obj && !o->output && isatty(1)) {
        c->failed = "an object file is nothing for a terminal: give -o FILE";
        c->usage = 1;
        reached = 0;
    }
    FILE *out = reached ? open_result(c, o) : NULL;
    if (out) {
        compile_print(c, o->form, out);
        close_result(c, out);
    }
    int code = compile_report(c);
    compile_free(c);
    return code;
}

static int run_explain(const options_t *o) {
    compile_t *c = compile_new(o, o->files.at[0]);
    if (compile_to(c, STAGE_plan)) {
        buf_t b;
        buf_init(&b, c->arena);
        plan_explain(&b, c->plan, c->sources);
        fputs(buf_text(&b), stdout);
        close_result(c, stdout);
    }
    int code = compile_report(c);
    compile_free(c);
    return code;
}

static int run_docs(arena_t *a, const options_t *o) {
    if (!o->examples) return docs_print(a, stdout, &o->files);
    docs_examples(stdout);
    return EXIT_DONE;
}

static int run_command(arena_t *a, const options_t *o) {
    switch (o->command) {
    case CMD_help: return run_help(a, o);
    case CMD_check: return run_check(o);
    case CMD_emit: return run_emit(o);
    case CMD_build: return build_program(o);
    case CMD_run: return build_and_run(o);
    case CMD_explain: return run_explain(o);
    case CMD_docs: return run_docs(a, o);
    case CMD_fmt: return usage("this command is not built yet", NULL);
    case CMD_COUNT: break;
    }
    flow_unreachable("no command");
}

int driver_main(int argc, char **argv) {
    arena_t *a = arena_new("flowc");
    options_t o;
    const char *why, *hint;
    int code;
    if (!options_read(a, argc, argv, &o, &why, &hint)) {
        code = usage(why, hint);
    } else if (o.want_version) {
        code = say_version();
    } else if (o.want_help) {
        options_help(stdout, o.command);
        code = EXIT_DONE;
    } else {
        code = run_command(a, &o);
    }
    arena_free(a);
    return code;
}
