/* fault_lab.h - what all drivers of tests/fault need: running a program with faults and
 * limits, looking at what it left, numbers by chance.
 *
 * A driver is one process with one run at a time; two go side by side with two seeds.
 * Whatever the driver itself cannot do ends it with a message (lab_die). */
#ifndef FLOW_TESTS_FAULT_LAB_H
#define FLOW_TESTS_FAULT_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { LAB_PATH = 600, LAB_WORDS = 24 };

void lab_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* ---- chance ------------------------------------------------------------------------- */

typedef struct lab_chance {
    uint64_t state;
} lab_chance;

/* One stream for each pair: any case can be made again alone. */
lab_chance lab_chance_of(uint64_t seed, uint64_t number);
uint64_t lab_next(lab_chance *c);
/* 0 .. n - 1 */
int64_t lab_below(lab_chance *c, int64_t n);
/* Is it one of n? */
bool lab_one_in(lab_chance *c, int64_t n);

/* ---- texts and files ------------------------------------------------------------------ */

typedef struct lab_text {
    char *p; /* terminated */
    int64_t n;
} lab_text;

/* Empty, with p null, if there is no such file. */
lab_text lab_read(const char *path);
void lab_write(const char *path, const void *p, int64_t n);
void lab_text_free(lab_text *t);
void lab_text_add(lab_text *t, const void *p, int64_t n);
bool lab_same(const lab_text *a, const lab_text *b);
/* A path of pieces: snprintf that must fit. */
void lab_path(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool lab_there(const char *path);
void lab_mkdir(const char *path);
/* Also what is not there. */
void lab_remove_tree(const char *path);
void lab_copy_tree(const char *from, const char *to);
/* Calls for each file below, in order of name, with its path behind `root/`. */
typedef void lab_visit(void *arg, const char *root, const char *name);
void lab_walk(const char *root, lab_visit *visit, void *arg);
int64_t lab_now_us(void);

/* ---- running ---------------------------------------------------------------------------- */

typedef struct lab_run {
    const char *program;            /* an absolute path */
    const char *dir;                /* where it runs */
    const char *log_dir;            /* gets `stdout` and `stderr`: dir unless set */
    int args[LAB_WORDS], nargs;     /* each an offset in texts */
    int env[LAB_WORDS], nenv;       /* NAME=value, in the same way */
    int input;                      /* standard input, if not -1 */
    int64_t signal_us;              /* a signal after so long; -1 none */
    int signal, second;             /* second: 0, or another one right behind the first */
    int64_t second_us;              /* after the first */
    int64_t limit_ms;               /* then it hangs; 0: 30 s */
    int64_t file_limit;             /* RLIMIT_FSIZE; 0 none */
    char texts[4096];
    int used;
} lab_run;

/* What nobody has damaged is never given up for an older state, whatever comes out in the end:
 * a run that does so has this code, but for the drivers that damage or let calls fail. */
enum { LAB_WENT_BACK = 98 };
extern bool lab_may_go_back;

typedef struct lab_end {
    int code;       /* exit code, -1, or LAB_WENT_BACK */
    int killed_by;  /* signal, or 0 */
    bool hung;      /* killed for taking too long */
    int64_t us;
    char log[2000]; /* the beginning of its standard error */
} lab_end;

lab_run lab_new_run(const char *program, const char *dir);
void lab_arg(lab_run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void lab_set(lab_run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Standard output is added to the file `stdout`; standard error is `stderr` of this run. */
lab_end lab_go(const lab_run *r);
/* How it ended, for people. */
const char *lab_say_end(const lab_end *e, char *text, int room);

#endif
