/* tables.h - the rows of operators, windows, connectors and options.def as C sees them.
 *
 * The ids follow the order of the rows; the descriptions are constant. */
#ifndef FLOW_TYPES_TABLES_H
#define FLOW_TYPES_TABLES_H

#include <stddef.h>
#include <stdint.h>

typedef enum op_id {
#define OP(id, spelling, built, doc, example) OP_##id,
#include "lang/operators.def"
#undef OP
    OP_COUNT
} op_id;

typedef enum window_id {
#define WINDOW(id, spelling, built, doc, example) WINDOW_##id,
#include "lang/windows.def"
#undef WINDOW
    WINDOW_COUNT,
    WINDOW_NONE = WINDOW_COUNT /* of a flow that is not windowed */
} window_id;

typedef enum source_id {
#define SOURCE(id, pos, shape, ended, replays, built, doc) SOURCE_##id,
#include "lang/connectors.def"
    SOURCE_COUNT
} source_id;

typedef enum sink_id {
#define SINK(id, pos, modes, keyed, form, guarantee, built, doc) SINK_##id,
#include "lang/connectors.def"
    SINK_COUNT
} sink_id;

typedef enum format_id {
    FORMAT_none, /* a connector with a form of its own */
#define FORMAT(id, lines, ext, built, doc) FORMAT_##id,
#include "lang/connectors.def"
    FORMAT_COUNT
} format_id;

typedef enum setting_id {
#define SETTING(name, type, default_, min, max, words, built, doc) SETTING_##name,
#include "lang/options.def"
#undef SETTING
    SETTING_COUNT
} setting_id;

/* Types of settings and connector options, as the tables name them. */
typedef enum opt_type {
    OPT_bool,
    OPT_char,     /* a string of one ASCII character */
    OPT_columns,  /* a list of columns of the row */
    OPT_duration,
    OPT_format,   /* a row of FORMAT, as a bare word */
    OPT_int,
    OPT_row,      /* an expression over the row */
    OPT_size,
    OPT_string,
    OPT_until,    /* one of the words, a duration, or a number of batches */
    OPT_value,    /* any constant, or one of the words */
    OPT_word      /* one of the words, bare */
} opt_type;

typedef enum pos_kind { POS_none, POS_text, POS_rate, POS_lambda, POS_topics } pos_kind;
typedef enum shape_kind { SHAPE_format, SHAPE_counter, SHAPE_lambda, SHAPE_own } shape_kind;
typedef enum ended_kind { ENDED_no, ENDED_yes, ENDED_rows } ended_kind;

typedef struct op_info {
    const char *spelling, *doc, *example;
    int built;
} op_info;

typedef struct source_info {
    const char *name, *doc;
    pos_kind pos;
    shape_kind shape;
    ended_kind ended;
    int replays, built;
} source_info;

typedef struct sink_info {
    const char *name, *doc, *guarantee;
    pos_kind pos;
    const char *modes; /* of a table: letters u c f, the first is the default */
    const char *keyed; /* option that holds the key, or "" */
    format_id form;
    int built;
} sink_info;

typedef struct format_info {
    const char *name, *doc;
    int lines;       /* a row is a line of text */
    const char *ext; /* of files */
    int built;
} format_info;

typedef struct opt_info {
    const char *of;       /* "source_file", ...; "" of a setting */
    const char *name;
    opt_type type;
    const char *fallback; /* the default as text; "" none; "required" */
    int64_t min, max;
    const char *words;    /* parted by | */
    int built;
    const char *doc;
} opt_info;

const op_info *op_at(op_id id);
const op_info *window_at(window_id id);
const source_info *source_row(source_id id);
const sink_info *sink_row(sink_id id);
const format_info *format_row(format_id id);
const opt_info *setting_row(setting_id id);
/* Rows of OPTION in table order. */
const opt_info *option_rows(size_t *n);

/* By spelling; _COUNT if there is none (FORMAT_none for a format). */
source_id source_named(const char *name);
sink_id sink_named(const char *name);
format_id format_named(const char *name);
setting_id setting_named(const char *name);

/* The i-th of the words "a|b|c" and its length, or null. */
const char *word_at(const char *words, int i, size_t *len);
/* Its place in the words, or -1. */
int word_index(const char *words, const char *word);

#endif
