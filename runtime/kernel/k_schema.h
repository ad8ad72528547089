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
 *   i32   flow_k_<format>_next(ctx, decoder, words)     1 a row, 0 the end, -code a row
 * error [p, end) holds whole records, and 64 bytes behind it are readable. The decoder
 * stands in the task's arena: take the mark to which rows go back after it was opened.
 * After a row error the next call goes on with the next record. ctx->record and
 * record_len say which record the last call was about, ctx->why, why_at, why_field what
 * was wrong with it. */
#ifndef FLOW_KERNEL_K_SCHEMA_H
#define FLOW_KERNEL_K_SCHEMA_H

#include "runtime/kernel/k_value.h"

#define FLOW_FMT_HEADER    1 /* csv: columns by name; see k_csv.h */
#define FLOW_FMT_MULTILINE 2 /* csv: a line end in quotes does not end the record */
#define FLOW_FMT_REPLACE   4 /* bad UTF-8 becomes U+FFFD, else it is malformed */

#define FLOW_DEPTH_MAX 512       /* of JSON */
#define FLOW_FIELD_MAX (1 << 20) /* bytes of a csv field */

/* A format, read. */
typedef struct flow_format {
    int32_t flags;
    uint8_t separator;
    uint8_t unit;
    const uint8_t *tag; /* terminated */
    int64_t tag_len;
} flow_format;

/* Reads the head of a schema; returns what follows it: the type. */
const uint8_t *k_format_read(const uint8_t *schema, flow_format *f);

/* A key as it was written in an earlier object of the same type, with its quotes: the
 * next object most likely has the same keys in the same order. */
#define FLOW_GUESS_TEXT 56
#define FLOW_GUESSES    48
typedef struct flow_guess {
    uint64_t word[2], mask[2]; /* the first 16 bytes; mask: those that are the key's */
    int64_t len;
    int64_t member; /* -1: unknown, FLOW_MEMBER_TAG */
    uint8_t text[FLOW_GUESS_TEXT];
} flow_guess;

#define FLOW_MEMBER_NONE -1
#define FLOW_MEMBER_TAG  -2

struct flow_node;

/* A field of a record, or a variant of a tagged record (whose type is its payload). */
typedef struct flow_member {
    const uint8_t *name;
    int64_t name_len;
    struct flow_node *type;
    int64_t at;          /* its first word in the record */
    const uint8_t *json; /* the default as JSON text, or null */
    int64_t json_len;
    uint64_t *value; /* the default's words, once they are known */
    int32_t unread;
    uint64_t seen, bad; /* the object (node->stamp) that had it, had it wrong */
    const char *why;    /* if bad */
    int64_t why_at;
} flow_member;

/* A type as a tree.  `kind` is the letter of its code. */
typedef struct flow_node {
    uint8_t kind;
    uint8_t precision, scale; /* D */
    uint8_t is_enum;          /* |: no variant has a field */
    int64_t words;
    int64_t n; /* { |: members */
    flow_member *members;
    struct flow_node *of;    /* ? [: the element; <: the key */
    struct flow_node *value; /* <: the value */
    int64_t wanted;          /* {: members that are read */
    uint64_t stamp;          /* {: counts objects */
    flow_guess *guesses;     /* {: FLOW_GUESSES of them, or null */
    int64_t nguesses;
} flow_node;

/* Builds the tree of the type at *tc in the arena and moves *tc behind it.  `guess`: with
 * room for key guesses.  Defaults are left as text; see k_json_defaults. */
flow_node *k_node_build(flow_ctx *ctx, const uint8_t **tc, int guess);

/* The variant with that name, letter case ignored, or -1. */
int64_t k_node_variant(const flow_node *n, const uint8_t *name, int64_t len);

/* Puts a value that is not there: none, or the default.  0 if there is neither. */
FLOW_INLINE int k_node_missing(const flow_member *m, uint64_t *out) {
    if (m->type->kind == '?') {
        for (int64_t i = 0; i < m->type->words; i++)
            out[i] = 0;
        return 1;
    }
    if (!m->value) return 0;
    for (int64_t i = 0; i < m->type->words; i++)
        out[i] = m->value[i];
    return 1;
}

#endif
