/* against.c - see against.h.  The one place of the compiler that calls the runtime: what
 * reads a checkpoint here is what reads it at a start.
 *
 * The layouts of states are known when code has been generated,
 * so both programs are compiled that far; nothing is optimised. */
#define _GNU_SOURCE
#include "compiler/driver/against.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/driver/compile.h"
#include "compiler/driver/driver.h"
#include "runtime/ckpt/fingerprint.h"
#include "runtime/ckpt/inspect.h"

/* The states of a program text.  On errors they are reported, and *code says so. */
static rt_print of_program(const options_t *o, const char *path, bool *open, int *code) {
    rt_print p = {0};
    options_t plain = *o;
    plain.level = 0;
    compile_t *c = compile_new(&plain, path);
    if (compile_to(c, STAGE_ir))
        p = rt_print_of_text(c->emit->descriptor, (int64_t)strlen(c->emit->descriptor), open);
    *code = compile_report(c);
    compile_free(c);
    return p;
}

static char *read_file(const char *path, size_t *n) {
    FILE *f = fopen(path, "rb");
    char *bytes = NULL;
    size_t room = 0, got = 1;
    *n = 0;
    while (f && got) {
        if (room - *n < 1 << 16) bytes = realloc(bytes, room = 2 * room + (1 << 20));
        if (!bytes) abort();
        got = fread(bytes + *n, 1, room - *n, f);
        *n += got;
    }
    if (!f || ferror(f)) {
        fprintf(stderr, "flowc: cannot read %s: %s\n", path, strerror(errno));
        free(bytes);
        bytes = NULL;
    }
    if (f) fclose(f);
    return bytes;
}

/* The states of an executable: of the descriptor that is in it. */
static rt_print of_executable(const char *path, bool *open, int *code) {
    static const char mark[] = "flow\t1\nprogram\t";
    size_t n;
    char *bytes = read_file(path, &n);
    rt_print p = {0};
    const char *at = bytes ? memmem(bytes, n, mark, sizeof mark - 1) : NULL;
    if (at) {
        size_t left = n - (size_t)(at - bytes);
        const char *end = memchr(at, 0, left);
        p = rt_print_of_text(at, end ? end - at : (int64_t)left, open);
    } else {
        if (bytes)
            fprintf(stderr, "flowc: %s is no executable made by Flow, no program and no "
                            "checkpoint\n", path);
        *code = EXIT_FILE;
    }
    free(bytes);
    return p;
}

static rt_print of_old(const options_t *o, bool *open, int *code) {
    const char *path = o->against;
    size_t n = strlen(path);
    struct stat st;
    *code = EXIT_DONE;
    if (n > 5 && !strcmp(path + n - 5, ".flow")) return of_program(o, path, open, code);
    if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
        rt_print p;
        rt_trouble trouble = {""};
        if (rt_inspect_states(path, &p, &trouble) != RT_ok) {
            fprintf(stderr, "flowc: %s is no checkpoint, or a damaged one: %s\n", path,
                    trouble.text);
            *code = EXIT_REFUSED;
        }
        rt_print_forget_params(&p, open);
        return p;
    }
    return of_executable(path, open, code);
}

static int compare(const options_t *o, const rt_print *was, bool open, const char *path) {
    int code;
    bool open_now = false;
    rt_print is = of_program(o, path, &open_now, &code);
    if (code == EXIT_DONE) {
        rt_diff d = rt_diff_of(was, &is);
        rt_wire text = {0};
        rt_diff_text(&text, &d, "  ");
        if (d.n) printf("%s over the state of %s:\n%s", path, o->against, (const char *)text.p);
        else printf("%s: neither it nor %s keeps state\n", path, o->against);
        if (open || open_now)
            printf("  what parameters say of windows and bounds is compared at the start\n");
        if (d.refused) code = EXIT_REFUSED;
        rt_wire_free(&text);
        rt_diff_free(&d);
    }
    rt_print_free(&is);
    return code;
}

int check_against(const options_t *o) {
    int worst;
    bool open = false;
    rt_print was = of_old(o, &open, &worst);
    for (size_t i = 0; worst == EXIT_DONE && i < o->files.n; i++) {
        int code = compare(o, &was, open, o->files.at[i]);
        if (code > worst) worst = code;
    }
    rt_print_free(&was);
    return worst;
}

int show_checkpoint(const options_t *o) {
    const char *dir = o->files.at[0];
    struct stat st;
    if (stat(dir, &st) || !S_ISDIR(st.st_mode)) {
        fprintf(stderr, "flowc: %s is no folder\n", dir);
        return EXIT_FILE;
    }
    rt_status check = rt_inspect_check(dir, stdout);
    rt_status dump = rt_inspect_dump(dir, stdout, NULL);
    if (fflush(stdout)) return EXIT_FILE;
    if (check == RT_io || dump == RT_io) return EXIT_FILE;
    return check == RT_ok && dump == RT_ok ? EXIT_DONE : EXIT_REFUSED;
}
