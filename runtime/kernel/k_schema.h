/* k_schema.h - what a decoder is told: the format and the columns the program reads.
 *
 * A schema is a constant byte string that the emitter writes:
 *
 *   flags      1 byte   FLOW_FMT_* below
 *   separator  1 byte   of csv; else 0
 *   time unit  1 byte   'r' RFC 3339 (a bare number is in ms), 's' 'm' 'u' 'n'
 *   tag        bytes 0  the field that names a variant in JSON ("type")
 *   type       a type code of the whole record, see below
 *
 * The first part alone, up to and with the tag's 0, is a *format*: writers take it.
 *
 * The type is a type code of k_value.h in which a record's field may carry a mark before
 * its type, at any depth:
 *   x T        the field is not read: its syntax is checked, its words are left alone
 *   = len json T   a default: u32 little-endian length, then the value as JSON text
 * The words of a decoded record are the words of that type, unread fields included, so
 * their places are those of the whole record type.  `as { a: int, b: string }` and
 * `as r: R` give the same schema; a csv of one column is a record of one field.
 *
 * Decoders of one source share the protocol
 *   void *flow_k_<format>_open(ctx, schema, p, end)     once per task
 *   i32   flow_k_<format>_next(ctx, decoder, words)     1 a row, 0 the end, -code a row error
 * [p, end) holds whole records, and 64 bytes behind it are readable.
 * The decoder stands in the task's arena: take the mark to which rows go back after it
 * was opened.  After a row error the next call goes on with the next record.
 * ctx->record and record_len say which record the last call was about,
 * ctx->why, why_at, why_field what was wrong with it. */
#ifndef FLOW_KERNEL_K_SCHEMA_H
#define FLOW_KERNEL_K_SCHEMA_H

#include "runtime/kernel/k_value.h"

#define FLOW_FMT_HEADER 1    /* csv: columns by name; see k_csv.h */
#define FLOW_FMT_MULTILINE 2 /* csv: a line end in quotes does not end the record */
#define FLOW_FMT_REPLACE 4   /* bad UTF-8 becomes U+FFFD, else it is malformed */

#define FLOW_DEPTH_MAX 512        /* of JSON */
#define FLOW_FIELD_MAX (1 << 20)  /* bytes of a csv field */

#endif
