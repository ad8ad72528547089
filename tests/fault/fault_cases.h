/* fault_cases.h - the programs of tests/fault, what an undisturbed run of them writes, and
 * whether a disturbed one wrote the same.
 *
 * Executables stand in `bin` of the work folder, `name` and `name.stdout`, built by
 * tests/fault/build.sh.  The undisturbed run has no checkpoint at all: what it writes owes
 * nothing to the code under test. */
#ifndef FLOW_TESTS_FAULT_CASES_H
#define FLOW_TESTS_FAULT_CASES_H

#include "tests/fault/fault_lab.h"

typedef enum lab_input_kind { LAB_FILE, LAB_GLOB, LAB_FOLDER, LAB_NONE } lab_input_kind;

typedef struct lab_program {
    const char *name;
    int any_cut;
    int outputs;
    lab_input_kind input;
} lab_program;

enum { LAB_OUTPUTS = 3, LAB_ROWS = 600 };

extern const lab_program lab_programs[];
extern const int lab_nprograms;
const lab_program *lab_program_of(const char *name);

typedef enum lab_sink { LAB_SINGLE, LAB_PARTS, LAB_STDOUT, LAB_SINKS } lab_sink;
extern const char *const lab_sink_names[];

/* How a program is run. */
typedef struct lab_setup {
    const lab_program *program;
    lab_sink sink;
    int64_t cut;        /* records a batch */
    const char *every;  /* checkpoint_every; null: no checkpoint */
    int parallelism;
    int64_t sizes;      /* FLOW_TEST_SIZES: what is done with much is done with less; 0 */
} lab_setup;

/* The work folder: given on the command line, made before. */
extern const char *lab_work;
void lab_begin(const char *work);

lab_run lab_run_of(const lab_setup *s, const char *dir);

/* What an undisturbed run with this cut writes. */
typedef struct lab_expected {
    const lab_program *program;
    int64_t cut;
    lab_text texts[LAB_OUTPUTS];
    int64_t ends[2000]; /* of the first output: where batches end in it, rising */
    int64_t nends;
    int64_t us;         /* how long the run took */
} lab_expected;

/* Made once for each program and cut; kept until the end. */
const lab_expected *lab_expect(const lab_program *p, int64_t cut);

/* What is there, as one text: a file, or parts in the order of their names. */
lab_text lab_output(const lab_setup *s, const char *dir, int output);

typedef struct lab_tally {
    int64_t lost, doubled, other; /* rows too few, rows too many, other things wrong */
} lab_tally;

/* Compares what a finished program left with what was expected; `fixed`: byte by byte, all
 * runs having had the expected cut.  Says what is wrong in `why` and counts it. */
bool lab_check(const lab_setup *s, const char *dir, const lab_expected *e, bool fixed,
               lab_tally *tally, char *why, int room);

/* Between runs, after any kill: what is visible is right as far as it goes (fixed cuts). */
bool lab_check_visible(const lab_setup *s, const char *dir, const lab_expected *e, char *why,
                       int room);

/* Standard output over the runs of a history: `from` is where this run's bytes begin in the
 * file, *most how far in the expected text the runs had come. */
bool lab_check_stdout(const char *dir, const lab_expected *e, int64_t from, int64_t *most,
                      char *why, int room);

/* Keeps a folder that shows a failure; returns its new name. */
const char *lab_keep(const char *dir, const char *driver, int64_t number);

#endif
