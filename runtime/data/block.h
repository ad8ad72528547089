/* block.h - input on its way to a task: units of a batch, and bytes read live.
 *
 * A unit is what one task of a source stage reads: a range of a file, of row numbers, or
 * a block whose bytes are already here.  A block holds whole records of one object (a
 * connection, standard input) and is owned by its source until the batch is done. */
#ifndef FLOW_RUNTIME_DATA_BLOCK_H
#define FLOW_RUNTIME_DATA_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/mem.h"
#include "runtime/data/program.h"

typedef struct rt_block {
    struct rt_block *next;
    uint8_t *base; /* the buffer; its size is counted as RT_OWNER_BLOCK */
    int64_t size;
    int64_t len;    /* whole records */
    int64_t object; /* of the source */
    int64_t first;  /* number of its first record in the object */
    int64_t at;     /* of its first byte in the object's bytes */
    int64_t rows;   /* records in it; the bad one is none */
    /* A record that could not be taken in stands behind the others: its first bytes. */
    int64_t bad_len;
    int32_t bad_code; /* FLOW_E_*, 0: none */
} rt_block;

typedef struct rt_unit {
    int64_t object;
    int64_t from, to; /* bytes of a file, or row numbers */
    bool exact;       /* a record begins at `from`, whatever stands before it */
    int64_t quotes;   /* csv multiline: 1 if `from` lies in quotes; else 0 */
    rt_block *block;  /* live sources, else null */
} rt_unit;

/* One source's part of a batch. */
typedef struct rt_input {
    rt_unit *units;
    int64_t nunits, room;
    int64_t bytes, rows; /* rows: of generated input */
    int64_t records;     /* rows, where they are counted when they are taken */
    bool limited;        /* there were more than rt_source.most_rows */
} rt_input;

void rt_input_add(rt_input *in, rt_unit unit);
void rt_input_clear(rt_input *in);
void rt_input_free(rt_input *in);

/* Null beyond the budget.  Room for at least `bytes`, and the slack behind them. */
rt_block *rt_block_new(rt_mem *mem, int64_t bytes);
void rt_block_free(rt_mem *mem, rt_block *block);
/* Bytes that fit. */
int64_t rt_block_room(const rt_block *block);
/* Makes room; false beyond the budget. */
bool rt_block_grow(rt_mem *mem, rt_block *block, int64_t used, int64_t bytes);

/* How often a byte stands in [p, p + n). */
int64_t rt_count_byte(const uint8_t *p, int64_t n, uint8_t byte);
/* Records in bytes of a source that are whole records; of lines their ends are counted. */
int64_t rt_count_records(const rt_source_decl *decl, const uint8_t *p, int64_t n);
/* The last line end of [p, p + n), or null. */
const uint8_t *rt_last_line(const uint8_t *p, int64_t n);

#endif
