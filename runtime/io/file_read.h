/* file_read.h - whole records of a range of a file.
 *
 * A record belongs to the range in which it begins, so ranges may be cut anywhere and
 * the records of all of them are those of the file, each once.  The reader looks one byte
 * back to see whether a record begins right at the range, and reads on behind it to the
 * end of the last record.  With csv multiline the same holds for line ends outside quotes;
 * whether a range begins inside quotes is known from the number of quotes before it,
 * which a first pass counts, so nothing is guessed and nothing is parsed twice. */
#ifndef FLOW_RUNTIME_IO_FILE_READ_H
#define FLOW_RUNTIME_IO_FILE_READ_H

#include "runtime/io/connector.h"

typedef struct rt_file {
    const char *path;
    int fd;             /* -1: not open */
    int64_t size;       /* as taken at open: what comes later is not seen */
    int64_t data;       /* where the first record begins, behind BOM and header */
    uint8_t *header;    /* the header record, without its line end; malloc */
    int64_t header_len;
    int64_t quotes;     /* multiline: 1 if an odd number of quotes has been planned */
    uint8_t *memory;    /* all of its bytes (rt_file_preload), a line end and slack behind them */
    int64_t memory_size;
    rt_mem *mem;        /* whose memory that is */
} rt_file;

/* Opens a regular file, takes its size, skips a byte order mark and, if the source has a
 * header, reads that.  Logs what fails. */
rt_status rt_file_open(rt_file *f, const rt_source_decl *decl);
void rt_file_close(rt_file *f);

/* Reads an open file into memory, as far as its size; what is read of it from then on is taken
 * from there and not copied.  RT_memory beyond the budget. */
rt_status rt_file_preload(rt_file *f, rt_mem *mem);

/* The head of an open file whose size is set: see rt_file_open. */
rt_status rt_file_head(rt_file *f, const rt_source_decl *decl);

/* Cuts [from, *to) behind the first `rows` records that end there, as lines are counted, if
 * there are so many.  *rows: how many there are then.  RT_io: they cannot be read (logged). */
rt_status rt_file_cut(const rt_file *f, const rt_source_decl *decl, int64_t from, int64_t *to,
                      int64_t *rows);

rt_status rt_file_read(const rt_file *f, const rt_source_decl *decl, const rt_unit *unit,
                       rt_reader *r);
rt_status rt_file_quotes(const rt_file *f, const rt_unit *unit, rt_reader *r,
                         int64_t *count);

#endif
