/* relation.h - what the generator of random programs knows of a flow at one place.
 *
 * A relation is a pipeline in two texts: Flow's steps, and a chain of SQL's common table
 * expressions s0, s1, ... of which `sid` is the last.  Besides its columns each of them has
 *   _t       the time of the row in us, null without event time
 *   _o       its place in row order
 *   _s, _e   its window: start and end, or index and size
 *
 * Kinds and how SQL holds them:
 *   INT STR        as they are          BOOL   0 or 1          TIME   us
 *   FLOAT          an integer, in units of 2^-30: sums are exact as long as `total` (log2 of
 *                  the sum of all absolute values) is under 63; a rounded sum is a double
 *                  again, so it fits too
 *   REAL           a double, from one division of exact numbers
 *   DEC            an integer, in units of 10^-scale
 *   RATIO LIST     text for compare.c; nothing is computed with it */
#ifndef FLOW_TESTS_DIFF_RELATION_H
#define FLOW_TESTS_DIFF_RELATION_H

#include <stddef.h>
#include <stdint.h>

#define MAX_COLUMNS 30

typedef enum { INT, STR, BOOL, TIME, FLOAT, REAL, DEC, RATIO, LIST } kind_t;

typedef struct {
    char name[16];
    kind_t kind;
    int opt, scale;
    double total;
} column_t;

typedef enum { NO_WINDOW, WINDOW, ROWS_WINDOW, SESSION_WINDOW, FORMED_WINDOW } window_t;

typedef struct {
    char s[30000];
    size_t n;
} text_t;

typedef struct {
    column_t c[MAX_COLUMNS];
    int n;
    int sid;                /* the last SQL expression */
    int timed, table;
    int ordered;            /* row order does not depend on the cut into batches */
    int narrowed;           /* Flow may take a column for not optional that is here */
    int closed;             /* only steps without state may follow */
    int keyed;              /* a table: how many columns its key has; -1: not all are there */
    char key[5][16];
    window_t window;
    char alike[100];        /* the text of the window, empty for formed ones */
    int size, every;        /* rows; size: the gap of a session in us */
    double copies, now;     /* log2 of how often a row is there: before the window, in it */
    text_t flow;
} relation_t;

/* Two texts of one expression. */
typedef struct {
    char flow[1500], sql[1500];
    column_t type;
} both_t;

extern uint64_t seed_state;
extern text_t sql; /* the expressions of the query at hand */
extern int fresh;  /* numbers for names, from the start of the query */

int below(int n);
int one_in(int n);
void add(text_t *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As snprintf, but what does not fit ends the program. */
void put(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Adds the SQL expression `body` and makes it r's last. */
void step_sql(relation_t *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The names of r's columns, each behind a comma; valid until called four times more. */
const char *columns(const relation_t *r);

column_t *add_column(relation_t *r, kind_t kind, int opt);
void fresh_name(char *to);

/* A random column of a kind with opt as given (-1: either), or NULL. */
const column_t *any_column(const relation_t *r, kind_t kind, int opt);
/* A random column that has an order. */
const column_t *ordered_column(const relation_t *r);

#endif
