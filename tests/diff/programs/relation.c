/* relation.c - random numbers, texts, and the columns of relations. */
#include "relation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t seed_state;
text_t sql;
int fresh;

static uint64_t next(void) { /* SplitMix64 */
    uint64_t z = seed_state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int below(int n) { return (int)(next() % (uint64_t)n); }

int one_in(int n) { return below(n) == 0; }

static size_t put_v(char *to, size_t size, const char *format, va_list args) {
    int n = vsnprintf(to, size, format, args);
    if (n < 0 || (size_t)n >= size) {
        fprintf(stderr, "generate: a text is too long\n");
        exit(1);
    }
    return (size_t)n;
}

void put(char *to, size_t size, const char *format, ...) {
    va_list args;
    va_start(args, format);
    put_v(to, size, format, args);
    va_end(args);
}

static void add_v(text_t *to, const char *format, va_list args) {
    to->n += put_v(to->s + to->n, sizeof to->s - to->n, format, args);
}

void add(text_t *to, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add_v(to, format, args);
    va_end(args);
}

void step_sql(relation_t *r, const char *format, ...) {
    va_list args;
    va_start(args, format);
    r->sid = fresh++; /* the body may refer to the relation itself, by this number */
    add(&sql, "%ss%d as materialized (", sql.n ? ",\n  " : "with recursive ", r->sid);
    add_v(&sql, format, args);
    add(&sql, ")");
    va_end(args);
}

const char *columns(const relation_t *r) {
    static char buffers[4][1000];
    static int turn;
    char *at = buffers[turn++ % 4];
    size_t n = 0;
    at[0] = 0;
    for (int i = 0; i < r->n; i++) n += (size_t)sprintf(at + n, ", %s", r->c[i].name);
    return at;
}

void fresh_name(char *to) { snprintf(to, 16, "x%d", fresh++); }

column_t *add_column(relation_t *r, kind_t kind, int opt) {
    if (r->n == MAX_COLUMNS) {
        fprintf(stderr, "generate: too many columns\n");
        exit(1);
    }
    column_t *c = &r->c[r->n++];
    *c = (column_t){.kind = kind, .opt = opt};
    fresh_name(c->name);
    return c;
}

const column_t *any_column(const relation_t *r, kind_t kind, int opt) {
    int found = 0;
    const column_t *c = NULL;
    for (int i = 0; i < r->n; i++)
        if (r->c[i].kind == kind && (opt < 0 || r->c[i].opt == opt) && one_in(++found))
            c = &r->c[i];
    return c;
}

const column_t *ordered_column(const relation_t *r) {
    int found = 0;
    const column_t *c = NULL;
    for (int i = 0; i < r->n; i++)
        if (r->c[i].kind < RATIO && one_in(++found)) c = &r->c[i];
    return c;
}
