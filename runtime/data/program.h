/* program.h - the program descriptor: what a generated executable hands to the
 * runtime, and the runtime's entry points for generated code that runs at start.
 *
 * The generated `main` is one call:
 *
 *     return flow_rt_main(argc, argv, descriptor, descriptor_len,
 *                         addresses, naddresses);
 *
 * `addresses` is a constant table of pointers to generated functions and variables;
 * the descriptor refers to them by index (ADDR below).  Entry 0 is the address of the
 * symbol FLOW_ABI_SYMBOL of gen/abi_tag.h, which only the archive of the same build
 * defines: another archive does not link, and the text `abi` is compared at start.
 *
 * The descriptor is text, so that people and tools can read it in the executable:
 *
 *     descriptor = "flow\t1\n" { line }
 *     line       = word { TAB positional } { TAB name "=" value } "\n"
 *
 * Positionals come first.  In any text a backslash, tab and line feed are written
 * \\, \t and \n.  Lists inside a value are separated by commas.  Lines come in the
 * order of this list; ids of one kind count from 0 without gaps.
 *
 *   program <name>   hash=<source hash> compiler=<version> abi=<tag>
 *                    [every_batch=1]   an interval without rows is a batch too
 *                    [doc=<text>]      first lines of --help
 *   cpu <level>      [features=avx2,bmi2,...]   names as in /proc/cpuinfo
 *   explain <line>   one per line of what --explain prints
 *   set <setting> <text>        a setting that the program gives, as written: --help
 *                    shows it; its value comes from setup
 *   param <name> <type>         addr=ADDR [default=<text>] [doc=<text>]
 *                    type: int float bool string bytes timestamp duration size
 *                    decimal(p,s) or enum(A,B,C), each with `?` if optional; any other
 *                    with code=ADDR, its type code: it is given as JSON.
 *                    addr: int64_t words[1 + n(type)]; the runtime sets words[0] = 1 and
 *                    the value in words[1...] when the command line gives the
 *                    parameter; else words[0] stays 0 and setup fills in the default.
 *   setup ADDR       int32_t flowgen_setup(flow_ctx *): evaluates defaults, settings
 *                    and options that are not constants.  Called once, after the
 *                    parameters are read.  Not 0: stop with exit code 2.
 *   codec <gzip|zstd> [unpack=ADDR] [pack=ADDR]
 *                    of data/codec.h: what the program may have to read or write
 *   step <id> <file:line:col> <name>
 *   source <id> <name> <connector>
 *                    format=text|csv|json|binary|rows   rows: generated from indexes
 *                    step=<step id>    of the decoder: whose errors are `too long`
 *                    error=<port>      of the source stage, where the runtime's own row
 *                                      errors (too long) go; left out: on_error
 *                    [record=<bytes>]  binary: length of a record
 *                    [header=1]        csv: the first record of each file has the names
 *                    [columns=a,b]     csv with header: what index k of a failed header
 *                                      function names
 *                    [multiline=1]     csv: line ends inside quotes
 *                    [table=1]         a `file` read whole in batch 0
 *                    id=<text>         its name in checkpoints, and schema=<text>, what it is
 *   option <source|sink> <id> <name> <letter> <text>
 *                    an option of a connector that is a constant; letters below.  The
 *                    argument without a name (path, address, rate) is called `arg`
 *   time <id>        step=<step id> [delay=<us>] [idle=<us>]
 *                    id=<text>, its name in checkpoints
 *                    an `event_time` step; setup may set delay and idle (letter 'd')
 *   clock <id>       time=<time id> source=<source id>
 *                    the step in the stage of one source
 *   mark <id>        times=<id,id> | processing=1
 *                    the watermark of some operators: the least of these, or the time of
 *                    the batch
 *   state <id> <name>           step=<step id> key=int|text words=<n> [partial=1]
 *                    [parts=one]       one table, of partition 0
 *                    [layout=<text>]   of what it holds between batches, for saving it
 *                                      (kernel/k_save.h); left out: it is empty then.
 *                    With it forms=<address>, those of what it keeps to be read by type
 *                    (kernel/k_form.h; left out: any bytes), id=<text>, its name in checkpoints, schema=<text>, what its
 *                    rows mean, and [params=<name,name>], which have a say in that
 *   exchange <id>    [ordered=1]       entries are framed and merged by their keys
 *                    [parts=one]       all rows go to partition 0 (no key)
 *   sink <id> <name> <connector>
 *                    format=text|csv|json|binary step=<step id>
 *                    mode=append|update|complete|final
 *                    [framed=1]        the port is framed, and merged by the keys; see
 *                                      below.  The port of a `console` should be: a frame
 *                                      is a row; without it each line counts as one
 *                    [order=key]       says the same
 *                    [partition=1]     framed entries' keys are paths `col=value/`
 *                    [header=<text>]   first bytes of each file
 *                    [ext=csv]         of the parts of a directory
 *                    [pack=gzip|zstd]  what is written is compressed
 *   stage <id> <name>           source=<id> | exchange=<id>
 *                    one of block=ADDR range=ADDR rows=ADDR
 *                    [close=ADDR] [flush=ADDR] [header=ADDR] [header_words=<n>]
 *                    [states=<id,id>]  the states it uses
 *                    [refresh=<id>]    when that source has been read anew, `close` is
 *                    called for all partitions, with ctx->refreshed = 1
 *                    [exchange2=<id> rows2=ADDR]   a second input, read after the first
 *                    [mark=<id>]
 *                    [flushes=batch|final]   when `flush` is called: at the end of every
 *                    batch, or only of the last one
 *                    [closes=stage|touched|batch|due|whole]   which partitions `close` is called
 *                    for: all, if any got rows in the batch (and ctx->fed is 1); only
 *                    those that got some; all, in every batch; those that got some, and
 *                    those where something is due (flow_k_stage_due); all, where that
 *                    holds for one.  In the batch that
 *                    ends the input: all, always.  An interval without rows is a batch if
 *                    something becomes due in it
 *   port <stage id> <port>      exchange=<id> | sink=<id>
 *                    ports of a stage count from 0
 *
 * Stages come in topological order; among source stages that is the order of the
 * sources in the program text.  A stage behind an exchange may stand before a source stage
 * whose rows look into its state; then it goes by no mark, for event time advances behind
 * the last source stage.
 *
 * Stage functions.  All return 0 to go on; anything else stops the batch, and stands
 * for an error that the runtime has been told of (flow_rt_row_error).
 *   block(ctx, p, end)   whole records of one source; 64 bytes after `end` are readable.
 *                        The last byte of a line format is '\n', added where the input
 *                        has none.  ctx->place is set; ctx->header is the map made by
 *                        `header`, or null.
 *   range(ctx, from, to, t0, rate)   rows of index from <= i < to; t0: the moment of row
 *                        0 in microseconds; rate: rows a second, 0 if unlimited.  Of
 *                        `nexmark`: t0 is the address of its flow_nexmark
 *   rows(ctx, p, end)    encoded rows of one buffer, for ctx->partition; may be called
 *                        any number of times in a batch, in the order of the rows.  Of a
 *                        ordered exchange: frames in the order of their keys, whose
 *                        payloads are the rows
 *   close(ctx)           once for each partition and batch, after all rows (`closes`);
 *                        ctx->final is 1 in the batch that ends the input.  With
 *                        `parts=one` on the exchange there is partition 0 only
 *   flush(ctx)           writes out the worker's partial tables and empties them; called
 *                        for each worker that ran a task, at the end of the stage, in
 *                        the batches that `flushes` says
 *   header(ctx, p, end, map)   `p` is the header record of a file without its line end;
 *                        fills int64_t map[header_words].  Returns 0, k + 1 if column k
 *                        is missing, or -1 if the record is malformed.
 *
 * Framed entries: u32 klen, u32 plen, klen bytes of key, plen bytes of payload, without
 * padding.  Entries of equal keys keep (stage, task, row) order.
 *
 * Option letters and their words: 'i' int, 'f' double bits, 'b' bool, 'd' duration,
 * 't' timestamp, 'z' size in bytes, 's' pointer and length, 'l' a list of strings
 * (pointer to pairs, count). */
#ifndef FLOW_RUNTIME_DATA_PROGRAM_H
#define FLOW_RUNTIME_DATA_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/data/codec.h"
#include "runtime/kernel/k_value.h"

/* Runs a program to its end and returns the exit code of the process.  Can be called
 * again after it has returned. */
int flow_rt_main(int argc, char **argv, const char *descriptor, int64_t descriptor_len,
                 void *const *addresses, int64_t naddresses);

/* What flow_rt_set_option is about. */
enum {
    FLOW_OPTION_SETTING = 0,
    FLOW_OPTION_SOURCE = 1,
    FLOW_OPTION_SINK = 2,
    FLOW_OPTION_TIME = 3 /* delay or idle of an event_time step */
};

/* For flowgen_setup: sets a setting, or an option of source or sink `id`.  The text of
 * name and value is copied.  An unknown name or a value out of range is reported, and
 * the program ends with exit code 2 after setup. */
void flow_rt_set_option(flow_ctx *ctx, int64_t kind, int64_t id, const uint8_t *name,
                        int64_t name_len, int64_t letter, const uint64_t *words);

typedef int32_t flow_block_fn(flow_ctx *ctx, const uint8_t *p, const uint8_t *end);
typedef int32_t flow_range_fn(flow_ctx *ctx, int64_t from, int64_t to, int64_t t0,
                              int64_t rate);
typedef int32_t flow_close_fn(flow_ctx *ctx);
typedef int32_t flow_header_fn(flow_ctx *ctx, const uint8_t *p, const uint8_t *end,
                               int64_t *map);

/* ---- the descriptor, read ------------------------------------------------------ */

/* All text below points into one copy of the descriptor, terminated by 0. */
typedef struct rt_param {
    const char *name, *type;
    const char *deflt; /* null: the command line must give it */
    const char *doc;   /* never null */
    int64_t *words;
    const uint8_t *code; /* of a type that is given as JSON, else null */
    const char *json;    /* what the command line gives for it */
    const uint64_t *as_json; /* its value as text (address, bytes), after the setup; or null */
} rt_param;

typedef struct rt_codec {
    const char *name;
    const rt_unpacker *unpack; /* null: not needed */
    const rt_packer *pack;
} rt_codec;

typedef struct rt_step {
    const char *at; /* file:line:col */
    const char *name;
} rt_step;

typedef enum rt_format { RT_TEXT, RT_CSV, RT_JSON, RT_BINARY, RT_ROWS } rt_format;

/* One option of a connector, as the program or setup gives it. */
typedef struct rt_option {
    const char *name;
    char letter;
    int64_t word;        /* i b d t z; double bits for f */
    const char *text;    /* s: terminated copy, with its length in word */
    const char **items;  /* l: `word` of them */
    struct rt_option *next;
} rt_option;

typedef struct rt_source_decl {
    const char *name, *connector;
    rt_format format;
    int64_t step, error_port, record;
    bool header, multiline, table;
    const char *columns;
    const char *id, *schema; /* never null */
    rt_option *options;
    int64_t stage; /* the first stage that reads it, or -1 */
} rt_source_decl;

typedef struct rt_time_decl {
    const char *id; /* never null */
    int64_t step, delay, idle; /* idle: -1: never */
} rt_time_decl;

typedef struct rt_clock_decl {
    int64_t time, source;
} rt_clock_decl;

typedef struct rt_mark_decl {
    bool processing;
    int64_t *times;
    int64_t ntimes;
} rt_mark_decl;

typedef struct rt_state_decl {
    const char *name;
    int64_t step, words;
    bool text_key, partial, one_part;
    const char *layout; /* null: it is empty between batches */
    const uint8_t *forms; /* of a layout, or null */
    const char *id, *schema, *params; /* with a layout; never null */
} rt_state_decl;

typedef struct rt_exchange_decl {
    bool ordered, one_part;
} rt_exchange_decl;

typedef enum rt_mode { RT_APPEND, RT_UPDATE, RT_COMPLETE, RT_FINAL } rt_mode;

typedef struct rt_sink_decl {
    const char *name, *connector;
    rt_format format;
    int64_t step;
    rt_mode mode;
    bool framed, partition;
    const char *header; /* never null */
    const char *ext;
    const char *pack; /* null: what is written is plain */
    rt_option *options;
} rt_sink_decl;

typedef struct rt_port_decl {
    bool to_sink;
    int64_t id;
} rt_port_decl;

typedef enum rt_closes {
    RT_CLOSES_STAGE,
    RT_CLOSES_TOUCHED,
    RT_CLOSES_BATCH,
    RT_CLOSES_DUE,
    RT_CLOSES_WHOLE
} rt_closes;

typedef struct rt_stage_decl {
    const char *name;
    int64_t source, exchange; /* one of them is -1 */
    int64_t refresh;          /* a source, or -1 */
    int64_t exchange2;        /* or -1 */
    int64_t mark;             /* or -1 */
    flow_block_fn *block, *rows, *rows2;
    flow_range_fn *range;
    flow_close_fn *close, *flush;
    flow_header_fn *header;
    int64_t header_words;
    rt_closes closes;
    bool holds; /* partial tables from batch to batch */
    int64_t *states;
    int64_t nstates;
    rt_port_decl *ports;
    int64_t nports;
} rt_stage_decl;

typedef struct rt_setting_text {
    const char *name, *value;
} rt_setting_text;

typedef struct rt_program {
    const char *name, *hash, *compiler, *abi, *doc;
    bool every_batch;
    const char *cpu, *features; /* "" when nothing is asked for */
    const char **explain;
    rt_setting_text *sets;
    rt_param *params;
    rt_codec *codecs;
    flow_close_fn *setup;
    rt_step *steps;
    rt_source_decl *sources;
    rt_time_decl *times;
    rt_clock_decl *clocks;
    rt_mark_decl *marks;
    rt_state_decl *states;
    rt_exchange_decl *exchanges;
    rt_sink_decl *sinks;
    rt_stage_decl *stages;
    int64_t nexplain, nsets, nparams, ncodecs, nsteps, nsources, ntimes, nclocks, nmarks, nstates,
        nexchanges, nsinks, nstages;
    struct rt_arena *arena; /* owns everything above */
} rt_program;

/* Reads a descriptor.  Returns null and a sentence in `error` if it is not well formed
 * (a fault of the compiler, never of the user). */
rt_program *rt_program_read(const char *text, int64_t len, void *const *addresses,
                            int64_t naddresses, char *error, size_t error_size);
void rt_program_free(rt_program *program);

/* The codec of that name, or null. */
const rt_codec *rt_codec_find(const rt_program *program, const char *name);

/* Adds an option; a later one of the same name replaces the earlier.  Copies. */
void rt_program_option(rt_program *program, rt_option **list, const char *name,
                       int64_t name_len, char letter, const uint64_t *words);

/* The option, or null. */
const rt_option *rt_option_find(const rt_option *list, const char *name);
int64_t rt_option_word(const rt_option *list, const char *name, int64_t otherwise);
const char *rt_option_text(const rt_option *list, const char *name,
                           const char *otherwise);

#endif
