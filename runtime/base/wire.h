/* wire.h - bytes of a checkpoint, written and read: little-endian, without padding.
 *
 * Reading trusts nothing: every length is held against what is there, the first thing that
 * does not fit makes the reader bad, and a bad reader gives zeros and empty texts.  So a
 * caller reads a whole record and asks once. */
#ifndef FLOW_RUNTIME_BASE_WIRE_H
#define FLOW_RUNTIME_BASE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct rt_wire {
    uint8_t *p; /* malloc */
    int64_t n, room;
} rt_wire;

void rt_wire_u8(rt_wire *w, uint8_t v);
void rt_wire_u32(rt_wire *w, uint32_t v);
void rt_wire_u64(rt_wire *w, uint64_t v);
void rt_wire_i64(rt_wire *w, int64_t v);
/* Length, then the bytes. */
void rt_wire_bytes(rt_wire *w, const void *p, int64_t n);
void rt_wire_text(rt_wire *w, const char *text);
/* The bytes alone. */
void rt_wire_raw(rt_wire *w, const void *p, int64_t n);
/* Text for people, without its end: at most 511 bytes of what was formatted. */
void rt_wire_print(rt_wire *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rt_wire_clear(rt_wire *w);
void rt_wire_free(rt_wire *w);

typedef struct rt_unwire {
    const uint8_t *p, *end;
    bool bad;
} rt_unwire;

rt_unwire rt_unwire_of(const void *p, int64_t n);
uint8_t rt_unwire_u8(rt_unwire *r);
uint32_t rt_unwire_u32(rt_unwire *r);
uint64_t rt_unwire_u64(rt_unwire *r);
int64_t rt_unwire_i64(rt_unwire *r);
/* Points into the record; *n is its length. */
const uint8_t *rt_unwire_bytes(rt_unwire *r, int64_t *n);
/* A count of things that take at least `each` bytes: never more than can be there. */
int64_t rt_unwire_count(rt_unwire *r, int64_t each);
/* All was read and fitted. */
bool rt_unwire_done(const rt_unwire *r);

#endif
