/* place.h - what positions and plans of sources are made of.
 *
 * Files are named by path and known again by what stands in them: checksums of their first
 * bytes and of those before the position.  So a file that was copied back from a backup
 * goes on, and another one under the same name does not pass for it. */
#ifndef FLOW_RUNTIME_IO_PLACE_H
#define FLOW_RUNTIME_IO_PLACE_H

#include "runtime/io/connector.h"

/* How many bytes a mark covers at most. */
#define RT_MARK_BYTES 4096

/* Writes what is known of the first `at` bytes of an open file. */
void rt_mark_write(rt_wire *w, int fd, int64_t at);
/* Do the first `at` bytes of a file fit what was written?  If not, errno says why they
 * could not be read, and is 0 if they could. */
bool rt_mark_check(rt_unwire *r, int fd, int64_t at);

/* What is wrong with a file that is to be read again, or further: RT_refused; `other` with
 * an errno RT_io. */
rt_status rt_place_gone(const rt_source *s, const char *path);
rt_status rt_place_short(const rt_source *s, const char *path, int64_t had, int64_t has);
rt_status rt_place_other(const rt_source *s, const char *path);
/* The bytes make no sense. */
rt_status rt_place_bad(const rt_source *s);
/* The source's argument is part of its position: another one is refused. */
void rt_place_write_arg(rt_wire *w, const rt_source *s);
rt_status rt_place_read_arg(rt_unwire *r, const rt_source *s);
/* A text, malloc, or null. */
char *rt_place_read_text(rt_unwire *r);

/* A part of a plan: a range of an object that is cut into units, or a block. */
typedef struct rt_units_item {
    bool block;
    int64_t object;     /* as the plan numbers them */
    int64_t from, to;   /* range; block: of the object's text, where that can be read again */
    int64_t cut;        /* range: units end at its multiples */
    bool exact;         /* range: of its first unit */
    int64_t first;      /* block: number of its first record */
    int64_t bad_len;    /* block: so many bytes behind it */
    int32_t bad_code;
} rt_units_item;

/* The units of `in`; number[object - base] is how the plan numbers objects. */
void rt_units_write(rt_wire *w, const rt_input *in, int64_t cut, int64_t base,
                   const int64_t *number);
int64_t rt_units_count(rt_unwire *r);
/* False: it makes no sense. */
bool rt_units_read(rt_unwire *r, rt_units_item *item);
/* For people: the ranges, `unit` by `unit`, of objects with these names (null: no names). */
bool rt_units_text(rt_unwire *r, const char *unit, char *const *names, int64_t n, rt_wire *out);
/* Adds a range's units as those of `object`; false beyond reason. */
bool rt_units_cut(rt_input *in, const rt_units_item *item, int64_t object);

#endif
