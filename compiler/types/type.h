/* type.h - interned types: equal types are equal pointers.
 *
 * A types_t belongs to a compile and lives in its arena.  Records are structural: two
 * records with the same fields in the same order are one type_t; records whose fields
 * differ only in order are equal types for the language (type_equal), but different
 * layouts.  A declared `type X = { ... }` gives a record that carries the name for
 * messages and constructors, and is equal to the plain record (type_equal). */
#ifndef FLOW_TYPES_TYPE_H
#define FLOW_TYPES_TYPE_H

#include <stdint.h>

#include "compiler/base/arena.h"
#include "compiler/base/buf.h"
#include "compiler/diag/source.h"

typedef enum type_kind {
    TY_POISON, /* of an expression that already has its diagnostic; fits everywhere */
    TY_NONE,   /* of a bare `none`; fits every T?; its one word is the flag, always 0 */
    TY_INT,
    TY_FLOAT,
    TY_BOOL,
    TY_STRING,
    TY_BYTES,
    TY_TIMESTAMP,
    TY_DURATION,
    TY_SIZE,
    TY_REGEX,
    TY_DECIMAL, /* p, s */
    TY_OPTION,  /* elem */
    TY_LIST,    /* elem; elem is TY_POISON for a bare [] until it has a place */
    TY_MAP,     /* key, elem */
    TY_RECORD,  /* fields; name if declared */
    TY_UNION    /* name, fields = variants, each of type TY_RECORD (payload; may be empty) */
} type_kind;

typedef struct type type_t;

typedef struct field {
    const char *name; /* interned */
    type_t *type;
    struct node *def; /* default value's expression, or null */
    span_t at;        /* where it is declared, for notes; zero if nowhere */
} field_t;

struct type {
    type_kind kind;
    uint8_t p, s;       /* decimal */
    const char *name;   /* of a declared record or union, else null */
    type_t *elem, *key; /* elem of a variant's payload record: its union */
    uint32_t tag;       /* of a variant's payload record: its place in the union */
    field_t *fields;
    uint32_t nfields;
    uint32_t words;     /* n(T): 8-byte words of a value (runtime/kernel/k_value.h) */
    uint32_t id;        /* order of creation */
};

typedef struct types types_t;

types_t *types_new(arena_t *a);
type_t *type_basic(types_t *t, type_kind kind); /* the kinds without parts */
type_t *type_decimal(types_t *t, int p, int s);
type_t *type_option(types_t *t, type_t *elem); /* T?? is T? */
type_t *type_list(types_t *t, type_t *elem);
type_t *type_map(types_t *t, type_t *key, type_t *elem);
/* fields are copied; names must be interned. */
type_t *type_record(types_t *t, const char *name, const field_t *fields, uint32_t n);
/* A new type at each call: unions are equal by declaration.  The variants' types are
 * records; fields[i].type becomes a record of its own that carries the variant's name
 * and knows its union (what `is` narrows to). */
type_t *type_union(types_t *t, const char *name, const field_t *variants, uint32_t n);
/* { start: timestamp, end: timestamp } and { index: int, size: int }. */
type_t *type_window(types_t *t);
type_t *type_count_window(types_t *t);

/* Equality of the language: field order of records does not matter. */
int type_equal(const type_t *a, const type_t *b);
/* The same words in memory: names do not matter, the order of fields does. */
int type_same_layout(const type_t *a, const type_t *b);
/* May a value of `from` stand where `to` is asked?  T and none for T?, a narrowed variant
 * for its union, fewer digits of the same scale, and records whose fields fit, in any
 * order.  What stands inside lists and maps must have the same layout. */
int type_fits(const type_t *from, const type_t *to);
/* The one type of two branches, or null. */
type_t *type_join(types_t *t, type_t *a, type_t *b);
int type_is_poison(const type_t *t); /* it, or a part of it, already has its diagnostic */
int type_is_ordered(const type_t *t);  /* has < */
int type_is_number(const type_t *t);   /* int, float, decimal */
int type_is_comparable(const type_t *t); /* has == */
int type_is_variant(const type_t *t);  /* a variant's payload record */
int type_is_enum(const type_t *t);     /* a union without payloads */
type_t *type_strip(type_t *t);         /* T for T?, else itself */
int type_field(const type_t *t, const char *name); /* index, or -1; name interned */
/* The word offset of field i inside the record's words. */
uint32_t type_field_word(const type_t *t, uint32_t i);
/* As the user writes it: "int?", "[{ a: int }]", "Event". */
const char *type_text(arena_t *a, const type_t *t);
void type_print(buf_t *b, const type_t *t);
/* The kernel's type code (k_value.h), NUL not included. */
void type_code(buf_t *b, const type_t *t);
/* The same with empty names: the shape of the values. */
void type_shape(buf_t *b, const type_t *t);

#endif
