/* pack.h - bytes of a checkpoint, written and read: little-endian, without padding.
 *
 * Reading trusts nothing: every length is held against what is there, the first thing that
 * does not fit makes the reader bad, and a bad reader gives zeros and empty texts.  So a
 * caller reads a whole record and asks once. */
#ifndef FLOW_RUNTIME_CKPT_PACK_H
#define FLOW_RUNTIME_CKPT_PACK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct rt_pack {
    uint8_t *p; /* malloc */
    int64_t n, room;
} rt_pack;

void rt_pack_u8(rt_pack *w, uint8_t v);
void rt_pack_u32(rt_pack *w, uint32_t v);
void rt_pack_u64(rt_pack *w, uint64_t v);
void rt_pack_i64(rt_pack *w, int64_t v);
/* Length, then the bytes. */
void rt_pack_bytes(rt_pack *w, const void *p, int64_t n);
void rt_pack_text(rt_pack *w, const char *text);
/* The bytes alone. */
void rt_pack_raw(rt_pack *w, const void *p, int64_t n);
void rt_pack_clear(rt_pack *w);
void rt_pack_free(rt_pack *w);

typedef struct rt_unpack {
    const uint8_t *p, *end;
    bool bad;
} rt_unpack;

rt_unpack rt_unpack_of(const void *p, int64_t n);
uint8_t rt_unpack_u8(rt_unpack *r);
uint32_t rt_unpack_u32(rt_unpack *r);
uint64_t rt_unpack_u64(rt_unpack *r);
int64_t rt_unpack_i64(rt_unpack *r);
/* Points into the record; *n is its length. */
const uint8_t *rt_unpack_bytes(rt_unpack *r, int64_t *n);
/* A count of things that take at least `each` bytes: never more than can be there. */
int64_t rt_unpack_count(rt_unpack *r, int64_t each);
/* All was read and fitted. */
bool rt_unpack_done(const rt_unpack *r);

#endif
