/* sema_fixture.h - checks a program given as text, for the tests of compiler/types. */
#ifndef FLOW_TESTS_SEMA_FIXTURE_H
#define FLOW_TESTS_SEMA_FIXTURE_H

#include "compiler/types/sema.h"

typedef struct fixture {
    arena_t *arena;
    diags_t *diags;
    program_t *program;
} fixture_t;

/* A file that can be imported. */
typedef struct fixture_file {
    const char *path, *text;
} fixture_file_t;

/* Parses and checks `text` as t.flow; files end with a null path, or are null. */
fixture_t fixture_check(const char *text, const fixture_file_t *files);
void fixture_free(fixture_t *f);
/* What the diagnostics say; "" if there are none. */
const char *fixture_said(fixture_t *f);
/* Is this part of what they say? */
int fixture_says(fixture_t *f, const char *part);
/* The typed program as text. */
const char *fixture_typed(fixture_t *f);
tflow_t *fixture_flow(fixture_t *f, const char *name);
/* The running pipeline with this number among them. */
tflow_t *fixture_run(fixture_t *f, int n);
/* The first step of that kind in the flow, or null. */
tstep_t *fixture_step(tflow_t *flow, op_id op);
/* "user: string, n: int" */
const char *fixture_row(fixture_t *f, const type_t *row);

/* Checks the text, asks for no error or for one that says `part`, and frees all. */
void fixture_accept(const char *text);
void fixture_reject(const char *text, const char *part);

#endif
