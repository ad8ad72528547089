/* driver.c - one function per command; the way through the compiler is stages.c. */
#include "compiler/driver/driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi_tag.h"
#include "compiler/base/check.h"
#include "compiler/driver/against.h"
#include "compiler/driver/build.h"
#include "compiler/driver/compile.h"
#include "compiler/driver/docs.h"
#include "compiler/driver/options.h"
#include "compiler/driver/test.h"
#include "compiler/link/object.h"
#include "compiler/syntax/fmt.h"

static int say_version(void) {
    const char *sanitizer = FLOW_BUILD_SANITIZE;
    printf("flowc %s (%s, LLVM %s, ABI %s%s%s)\n", FLOW_VERSION, "x86-64 Linux",
           FLOW_LLVM_VERSION, FLOW_ABI_TAG, sanitizer ? ", sanitizer " : "",
           sanitizer ? sanitizer : "");
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
    if (o->against) return check_against(o);
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

/* ---- fmt ---- */

/* Puts the formatted text where the file is; its rights stay, a link stays a link. */
static void rewrite_file(compile_t *c, const char *path, const char *text, size_t n) {
    struct stat st;
    char *real = realpath(path, NULL);
    const char *why;
    if (!real || stat(real, &st))
        c->failed = arena_printf(c->arena, "cannot write %s: %s", path, strerror(errno));
    else if (!file_write(c->arena, real, text, n, (int)(st.st_mode & 0777), &why))
        c->failed = why;
    free(real);
}

/* One file; sets *differs if its layout is another. */
static int format_file(const options_t *o, const char *path, int *differs) {
    compile_t *c = compile_new(o, path);
    size_t n;
    const char *text = c->failed ? NULL : fmt_file(&c->parse, c->file, &n);
    if (text) {
        const source_t *s = source_at(c->sources, c->file);
        int same = s->len == n && !memcmp(s->text, text, n);
        *differs |= !same;
        if (o->fmt_check) {
            if (!same) printf("%s\n", path);
        } else if (o->fmt_stdout || !strcmp(path, "-")) {
            fwrite(text, 1, n, stdout);
        } else if (!same) {
            rewrite_file(c, path, text, n);
        }
        close_result(c, stdout);
    }
    int code = compile_report(c);
    compile_free(c);
    return code;
}

static int run_fmt(const options_t *o) {
    int worst = EXIT_DONE, differs = 0;
    for (size_t i = 0; i < o->files.n || i < 1; i++) {
        int code = format_file(o, o->files.n ? o->files.at[i] : "-", &differs);
        if (code > worst) worst = code;
    }
    return worst == EXIT_DONE && o->fmt_check && differs ? EXIT_FOUND : worst;
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
    case CMD_checkpoint: return show_checkpoint(o);
    case CMD_emit: return run_emit(o);
    case CMD_build: return build_program(o);
    case CMD_run: return build_and_run(o);
    case CMD_explain: return run_explain(o);
    case CMD_docs: return run_docs(a, o);
    case CMD_fmt: return run_fmt(o);
    case CMD_test: return test_programs(o);
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
