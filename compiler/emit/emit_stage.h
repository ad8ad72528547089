/* emit_stage.h - from the plan to the functions of its stages.
 *
 * A stage is one function over its input; the operators behind it are emitted into the
 * same function, each pushing its rows into the next (emit_rows.c), down to the ports
 * (emit_send.c, emit_sink.c).  A row is an array of val_t, one per column of its type;
 * a column that nobody needs has no leaves (leaf == NULL) and is passed along as such.
 *
 * Every emit_* of an operator leaves the builder where the next operator on the same row
 * goes on, whether the row was kept, dropped or failed. */
#ifndef FLOW_EMIT_EMIT_STAGE_H
#define FLOW_EMIT_EMIT_STAGE_H

#include "compiler/emit/emit.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"
#include "compiler/plan/plan.h"

/* Where the order key of the row at hand comes from. */
typedef enum order_kind {
    ORDER_place, /* a source: the next place in the batch */
    ORDER_bytes  /* key, key_len: of the frame that came in, or made by a close */
} order_kind;

/* A function of the program, for the table of addresses. */
typedef struct gen_fn {
    int stage;        /* -1: of the program */
    const char *what; /* block, range, rows, close, flush, header, setup */
    LLVMValueRef fn;
} gen_fn_t;

/* Rows that the function at hand puts aside (emit_staging.h). */
typedef struct staged {
    LLVMValueRef slots, count, drain;
    int64_t words;
    int int_key;
} staged_t;

/* Rows that are sifted (emit_binary.c): what is done with the row at hand up to the `where`. */
typedef struct sift {
    enum { SIFT_no, SIFT_ask, SIFT_take } phase;
    LLVMValueRef row, kept, n; /* i64: number of the row; numbers of rows that stay, how many */
} sift_t;

/* A count or duration that only the command line knows: computed once, before anything runs. */
typedef struct gen_count {
    struct node *expr;
    LLVMValueRef at; /* an i64 of the module */
    int64_t least;   /* less is refused at the start */
} gen_count_t;

/* The greatest time of a clock (of an `event_time`) in the function at hand. */
typedef struct gen_seen {
    int clock;
    LLVMValueRef slot; /* i64 */
} gen_seen_t;

/* The piece of time that the row at hand lies in, as the row before it may have: a `window` has
 * found it (emit_time.c). */
typedef struct piece {
    LLVMValueRef start;      /* i64: where the piece begins, as that step gives it */
    val_t window;            /* what it gives, where it is another piece than that before */
    LLVMValueRef to;         /* a place in the frame: where it ends; INT64_MIN: look for it anew */
    LLVMValueRef found;      /* the branch behind what is done for another piece, */
    LLVMBasicBlockRef same;  /* and where it leads */
} piece_t;

typedef struct gen {
    emit_t *e;
    plan_t *plan;
    pstage_t *stage;
    const plan_options *options;
    order_kind order;
    LLVMValueRef key, key_len; /* ORDER_bytes */
    LLVMValueRef time;         /* event time of the row at hand, i64; null: it has none */
    LLVMValueRef sign;         /* of a table's row, i64: 1 new, 0 old; null: no table */
    const twindow_t *entered_by; /* the `window` of sessions that the row has passed, or null */
    const val_t *entered;      /* the row as it entered that, if it may have to leave it so */
    LLVMValueRef record, record_len; /* a row that is read where it stands, for row errors: ptr,
                                      * i64; null: the decoder has told where it is, */
    LLVMValueRef span;         /* or knows it: of a csv source; or null */
    LLVMValueRef told;         /* i1: errors of the row at hand have been told; null: not yet */
    LLVMValueRef given, given_heap; /* where the row is remembered that was shown last, if that
                                     * is not behind the states */
    LLVMValueRef win_start, win_end; /* of the window at hand, of a paned root; of rows: its
                                      * number and size */
    int several;               /* the row at hand may give several, with one order key */
    int in_place;              /* rows that are made keep the order key of the row at hand */
    VEC(const twindow_t *) windows;  /* by time, that stand in the program */
    piece_t piece;
    sift_t sift;
    VEC(staged_t) staged;
    VEC(struct view *) views;  /* emit_view.h */
    LLVMValueRef seen_by;      /* the function whose end tells what times it has seen, */
    VEC(gen_seen_t) seen;      /* and these */
    VEC(gen_fn_t) fns;
    VEC(gen_count_t) counts;
    LLVMValueRef bytes;        /* of the rows that the function reads, i64; null: nobody knows */
    LLVMValueRef flush;        /* of the stage at hand, if it has partial tables */
} gen_t;

/* The whole plan: all functions, the descriptor and main. */
void emit_program(emit_t *e, plan_t *plan, const plan_options *options,
                  const char *explain, const char *hash);

/* ---- emit_rows.c ---- */
/* The consumers of a row of type `row`. */
void emit_ops(gen_t *g, const pops_t *next, val_t *cols, const type_t *row);
/* Rows whose order key is that of the row that caused them, for all outs of one mode. */
void emit_outs(gen_t *g, sink_mode mode, val_t *cols, const type_t *row);
/* Does a sink of that mode stand behind the stage's root? */
int emit_has_mode(const pstage_t *stage, sink_mode mode);
/* Gives rows of a table to the outs of a mode. */
typedef void emit_mode_fn(gen_t *g, LLVMValueRef table, sink_mode mode, void *env);
/* ...if there are outs of that mode, and `cond` holds when it runs. */
void emit_give_if(gen_t *g, LLVMValueRef table, sink_mode mode, LLVMValueRef cond,
                  emit_mode_fn *give, void *env);
/* Opens the place where row errors of a step go... */
void emit_guard_open(gen_t *g, fail_t *f, const char *name);
/* ...and closes it: the cold block reports the error, with the columns as the row at
 * fault (null: the record itself is), and goes on at `next`. */
void emit_guard_close(gen_t *g, fail_t *f, int step_id, int port, const val_t *cols,
                      const type_t *row, LLVMBasicBlockRef next);
/* Reports error `code` at the builder's place, under the order key of the row at hand; the
 * builder is then in a new block that is reached when the batch goes on. */
void emit_report(gen_t *g, int step_id, int port, LLVMValueRef code, const val_t *cols,
                 const type_t *row);

/* ---- emit_setup.c ---- */
LLVMValueRef emit_setup(gen_t *g);

/* ---- emit_layout.c ---- */
/* The layouts of a stage's states: what of them is there between batches, and how it is
 * saved. */
void emit_layouts(gen_t *g, pstage_t *stage);

/* ---- emit_send.c ---- */
/* A key: one i64, or bytes. */
typedef struct gkey {
    int is_int;
    uint32_t fixed; /* all keys have so many bytes; 0: not known */
    LLVMValueRef i64, ptr, len;
} gkey_t;
gkey_t emit_key(gen_t *g, const val_t *parts, size_t n, int int_key);
/* The same, good until it is asked for the next row's. */
gkey_t emit_brief_key(gen_t *g, const val_t *parts, size_t n, int int_key);
/* Bytes of any value of the type in a key; 0: they differ. */
uint32_t emit_key_bytes(const type_t *t);
/* The key as a column of an exchange row (int or bytes), and back. */
val_t emit_key_value(gen_t *g, gkey_t key);
gkey_t emit_key_of(val_t v);
/* The state words of the key in a table, made if there are none. */
LLVMValueRef emit_probe(gen_t *g, LLVMValueRef table, gkey_t key);
/* Key bytes for sorting, whatever the types; desc[i]: descending. */
gkey_t emit_sort_key(gen_t *g, const val_t *parts, const int *desc, size_t n);
/* The parts of the key of an entry: from an int, or from key bytes. */
void emit_key_parts(gen_t *g, gkey_t key, type_t *const *types, val_t *parts, size_t n);
/* Do values of the type point nowhere? */
int emit_is_flat(const type_t *t);
void emit_send(gen_t *g, pop_t *op, val_t *cols);
/* Words of a row before those of its record: the size, then the hidden fields. */
int64_t emit_hidden_words(const pexchange_t *x);
/* Encodes a record to the exchange's buffer for a partition; before it the time and sign of
 * the row at hand, if the exchange carries them. */
void emit_send_row(gen_t *g, const pport_t *port, LLVMValueRef part, val_t record);
/* The same for the second form of what crosses an exchange, which must be able to. */
int emit_can_mark(const pexchange_t *x);
void emit_send_marked(gen_t *g, const pport_t *port, LLVMValueRef part, val_t record);
LLVMValueRef emit_part_of(gen_t *g, const pexchange_t *x, gkey_t key);
/* Reads a record at `row` (an encoded row) of the exchange; g->time and g->sign become
 * those that it carries. */
val_t emit_read_row(gen_t *g, const pexchange_t *x, LLVMValueRef row, type_t *record);
/* How rows entered the window: the row, or the number of the window and a row for each. */
type_t *emit_entered_type(gen_t *g, const pexchange_t *x);
/* What stands behind it: how the row entered the window.  Of sessions that come by one: its
 * row there; else the number of the `window`, then the rows that may leave each. */
val_t emit_read_entered(gen_t *g, const pexchange_t *x, LLVMValueRef row);
/* The order key of the row at hand. */
void emit_order_key(gen_t *g, LLVMValueRef *key, LLVMValueRef *len);

/* ---- emit_agg.c ---- */
/* State words of an aggregate step's entry. */
int emit_agg_words(gen_t *g, pstage_t *stage);
void emit_agg_send(gen_t *g, pop_t *op, val_t *cols);    /* POP_send */
void emit_agg_partial(gen_t *g, pop_t *op, val_t *cols); /* POP_partial */
/* One row of the exchange into the table; what fails goes on at `next`. */
void emit_agg_row_in(gen_t *g, LLVMValueRef at, LLVMBasicBlockRef next);
/* The same into this table; all rows of a table; the key of a row. */
/* The states of an entry as a partial row; stage->partial is 1. */
val_t emit_agg_part(gen_t *g, pstage_t *stage, LLVMValueRef heap, LLVMValueRef words,
                    gkey_t key);
void emit_agg_row_into(gen_t *g, LLVMValueRef table, LLVMValueRef at, LLVMBasicBlockRef next);
void emit_agg_give(gen_t *g, LLVMValueRef table);
void emit_agg_key(gen_t *g, LLVMValueRef at, gkey_t *key);
void emit_agg_close(gen_t *g); /* into the stage's close function */
void emit_agg_flush(gen_t *g, pstate_t *state); /* into flush */

/* ---- emit_keyed.c: distinct, top, sort, limit ---- */
void emit_keyed_send(gen_t *g, pop_t *op, val_t *cols);
void emit_keyed_row_in(gen_t *g, LLVMValueRef at);
void emit_keyed_close(gen_t *g);
/* A row into this table; all rows of a table. */
void emit_keyed_row_into(gen_t *g, LLVMValueRef table, LLVMValueRef at);
void emit_keyed_give(gen_t *g, LLVMValueRef table);
int emit_keyed_words(const pstage_t *stage);
/* The columns of row_in, and the key, of a row that crossed; g->time as it carries it. */
val_t *emit_keyed_columns(gen_t *g, LLVMValueRef at, gkey_t *key);

/* ---- emit_within.c ---- */
/* i1: is the row the first of its key, or the first within the bound?  Late ones go on at
 * `next`. */
LLVMValueRef emit_passes(gen_t *g, LLVMValueRef table, gkey_t key, LLVMBasicBlockRef next);
/* What no row can be within the bound of any more is forgotten. */
void emit_within_close(gen_t *g, LLVMValueRef table);
/* The partition of a row that is dealt out, to n buckets at most; by key, or in turn. */
LLVMValueRef emit_bucket(gen_t *g, tstep_t *s, const gkey_t *key);

/* ---- emit_remember.c ---- */
int emit_remember_words(gen_t *g, const pstage_t *stage);
const char *emit_remember_layout(gen_t *g, const pstage_t *stage);
void emit_remember_row_in(gen_t *g, LLVMValueRef at);
void emit_remember_close(gen_t *g);
/* The partition waits for what is next in its table (runtime/kernel/k_timer.h): a moment is
 * over when the mark is behind it. */
void emit_timers_due(gen_t *g, LLVMValueRef table);

/* ---- emit_session.c ---- */
int emit_session_words(const pstage_t *stage);
const char *emit_session_layout(const pstage_t *stage);
void emit_session_row_in(gen_t *g, LLVMValueRef at);
void emit_session_close(gen_t *g);

/* ---- emit_stage.c ---- */
/* Is the source's input row numbers? */
int emit_source_numbers(const psource_t *src);
/* The columns of the source's record whose words stand at `words`; those that nobody reads
 * have no leaves. */
val_t *emit_source_columns(gen_t *g, LLVMValueRef words);

/* Words of the stack that an iterator of the kernel has: FLOW_ITER_WORDS. */
enum { ITER_WORDS = 16 };

/* Records of a csv source that are found many at a time (emit_csv.c). */
typedef struct row_span {
    LLVMValueRef state;    /* of the kernel; null: records are read one by one */
    LLVMValueRef at, plain; /* i64: the next row, and where rows end that can be taken */
    LLVMValueRef *numbers; /* [column] */
    LLVMValueRef record;   /* words that the decoder fills, where it reads one */
} row_span_t;

/* A decoder of the kernel, and the words of a row.  Those of a span's rows nobody else knows, so
 * they stay in registers. */
typedef struct decoder {
    LLVMValueRef state, words;
    row_span_t span;
} decoder_t;

/* ---- emit_csv.c ---- */
/* The span of the function at hand; without a state where records are read one by one. */
row_span_t emit_csv_span(gen_t *g);
/* The decoder's next record, into its words: what flow_k_csv_next says, or there is one, and
 * it goes to `good`. */
LLVMValueRef emit_csv_next(gen_t *g, decoder_t d, LLVMBasicBlockRef good);

/* ---- emit_binary.c ---- */
/* The loop over the rows of a block (g->bytes), which are words. */
void emit_binary_rows(gen_t *g, LLVMValueRef p);
/* Appends the row's words to a sink's buffer; the row is not counted. */
void emit_binary_write(gen_t *g, const tconnector_t *c, LLVMValueRef buf, const val_t *cols,
                       const type_t *row);

/* ---- emit_sink.c ---- */
/* Does the column stand in the rows, not in the path (`partition`)? */
int emit_is_written(const tconnector_t *c, uint32_t column);
void emit_sink(gen_t *g, pop_t *op, val_t *cols);
/* Behind a full `limit`: tells the runtime of all sinks that can be reached, if every way
 * to them leads through it. */
void emit_sinks_full(gen_t *g);
/* The sinks of mode complete behind the root get a whole table in this batch. */
void emit_sinks_given(gen_t *g);

/* ---- emit_schema.c ---- */
/* The bytes a decoder takes (runtime/kernel/k_schema.h). */
LLVMValueRef emit_schema(gen_t *g, const psource_t *src);
/* The head alone: what writers take. */
LLVMValueRef emit_format(gen_t *g, const tconnector_t *c);
/* An option of a connector by name: as folded value, word, or null if not given. */
const toption_t *emit_option(const tconnector_t *c, const char *name);
int64_t emit_option_int(const tconnector_t *c, const char *name, int64_t otherwise);
/* The unit of timestamps: 'r', 's', 'm', 'u' or 'n'. */
int emit_time_unit(const tconnector_t *c);
/* Columns that a csv header may name. */
const char *emit_schema_columns(gen_t *g, const psource_t *src);

/* ---- emit_prog.c ---- */
void emit_main(gen_t *g, const char *explain, const char *hash);

#endif
