/* kernel_schema.h - schemas and type codes from a readable notation, and decoding of whole
 * texts, for tests of decoders and writers.
 *
 * Notation of types:
 *   i f b s y t d    as in type codes      D(10.2)  ?T  [T  <sT
 *   {a:i,b:?s}       record                |(A{x:i},B{})  tagged record
 * Before a field's type: x unread, =json; its default. */
#ifndef FLOW_TESTS_KERNEL_SCHEMA_H
#define FLOW_TESTS_KERNEL_SCHEMA_H

#include "runtime/kernel/k_value.h"

/* The type code, with marks (for schemas) or without; returns its length. */
int64_t schema_type(uint8_t *out, const char *notation, int marks);

/* The head of a schema and then the type with marks. */
int64_t schema_make(uint8_t *out, int flags, char separator, char unit,
                    const char *notation);

/* Decodes [text, text + len) as csv or JSON and prints each record into `out`: as JSON, or
 * `!` and the reason; one a line.  The text is copied with its
 * padding, and with a line end where it lacks the last one. */
void schema_decode(flow_ctx *ctx, int csv, const uint8_t *schema, const uint8_t *tc,
                   const void *text, int64_t len, char *out, int64_t room);

#endif
