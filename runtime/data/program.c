/* program.c - reads the program descriptor; the grammar is at the head of program.h.
 *
 * Two passes over the lines: the first counts each kind, the second fills arrays of the
 * right size, so that ids are indexes.  The descriptor is written by the compiler of the
 * same build, so a mistake is answered with one sentence and no recovery. */
#include "runtime/data/program.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

/* KIND(word, array): lines that are counted. */
#define KINDS(KIND)                                                                      \
    KIND(explain) KIND(set) KIND(param) KIND(codec) KIND(step) KIND(source) KIND(time)               \
    KIND(clock) KIND(mark) KIND(state) KIND(exchange) KIND(sink) KIND(stage)

enum { FIELDS_MAX = 32 };

typedef struct line {
    const char *word;
    const char *fields[FIELDS_MAX]; /* positionals, then name=value, unescaped */
    int64_t nfields;
} line;

typedef struct reader {
    rt_program *program;
    void *const *addresses;
    int64_t naddresses;
    char *error;
    size_t error_size;
    bool failed;
    const char *word; /* of the current line, for messages */
    int64_t seen_states;
} reader;

static void fail(reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(reader *r, const char *format, ...) {
    if (r->failed) return;
    r->failed = true;
    int n = snprintf(r->error, r->error_size, "program descriptor, `%s`: ", r->word);
    va_list args;
    va_start(args, format);
    if (n > 0 && (size_t)n < r->error_size)
        vsnprintf(r->error + n, r->error_size - (size_t)n, format, args);
    va_end(args);
}

static void unescape(char *text) {
    char *to = text;
    for (const char *p = text; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
            *to++ = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p;
        } else {
            *to++ = *p;
        }
    }
    *to = 0;
}

/* Cuts one line out of the copy at *at; false at the end. */
static bool next_line(char **at, line *out) {
    char *p = *at;
    if (!*p) return false;
    char *end = strchr(p, '\n');
    if (end) {
        *end = 0;
        *at = end + 1;
    } else {
        *at = p + strlen(p);
    }
    out->word = p;
    out->nfields = 0;
    for (char *tab = strchr(p, '\t'); tab; tab = strchr(tab, '\t')) {
        *tab++ = 0;
        if (out->nfields < FIELDS_MAX) out->fields[out->nfields++] = tab;
    }
    for (int64_t i = 0; i < out->nfields; i++) unescape((char *)out->fields[i]);
    return true;
}

static const char *positional(reader *r, const line *l, int64_t i) {
    if (i < l->nfields) return l->fields[i];
    fail(r, "field %lld is missing", (long long)i);
    return "";
}

/* The value of `name=`, or null. */
static const char *value(const line *l, const char *name) {
    size_t n = strlen(name);
    for (int64_t i = 0; i < l->nfields; i++)
        if (!strncmp(l->fields[i], name, n) && l->fields[i][n] == '=')
            return l->fields[i] + n + 1;
    return NULL;
}

static const char *value_or(const line *l, const char *name, const char *otherwise) {
    const char *v = value(l, name);
    return v ? v : otherwise;
}

static int64_t number(reader *r, const char *text) {
    char *end;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end) fail(r, "`%s` is no number", text);
    return n;
}

static int64_t number_of(reader *r, const line *l, const char *name, int64_t otherwise) {
    const char *v = value(l, name);
    return v ? number(r, v) : otherwise;
}

static bool flag(reader *r, const line *l, const char *name) {
    return number_of(r, l, name, 0) != 0;
}

static void *address(reader *r, const char *text) {
    int64_t i = number(r, text);
    if (i < 0 || i >= r->naddresses) {
        fail(r, "address %lld of %lld", (long long)i, (long long)r->naddresses);
        return NULL;
    }
    return r->addresses[i];
}

static void *address_of(reader *r, const line *l, const char *name) {
    const char *v = value(l, name);
    return v ? address(r, v) : NULL;
}

/* The index of a word in a list like "text|csv|json". */
static int word_of(reader *r, const char *text, const char *words) {
    size_t n = strlen(text);
    int index = 0;
    for (const char *p = words; *p; index++) {
        size_t len = strcspn(p, "|");
        if (len == n && !memcmp(p, text, n)) return index;
        p += len + (p[len] == '|');
    }
    fail(r, "`%s` is none of %s", text, words);
    return 0;
}

/* Checks that ids come in order and returns this line's. */
static int64_t id_of(reader *r, const line *l, int64_t expected) {
    int64_t id = number(r, positional(r, l, 0));
    if (id != expected) fail(r, "id %lld, expected %lld", (long long)id, (long long)expected);
    return expected;
}

static int64_t checked(reader *r, int64_t id, int64_t count, const char *what) {
    if (id >= -1 && id < count) return id;
    fail(r, "no %s %lld", what, (long long)id);
    return -1;
}

/* ---- one function per kind of line ---------------------------------------------- */

static void read_program(reader *r, const line *l) {
    rt_program *p = r->program;
    p->name = positional(r, l, 0);
    p->hash = value_or(l, "hash", "");
    p->compiler = value_or(l, "compiler", "");
    p->abi = value_or(l, "abi", "");
    p->doc = value_or(l, "doc", "");
    p->every_batch = flag(r, l, "every_batch");
}

static void read_param(reader *r, const line *l, rt_param *p) {
    p->name = positional(r, l, 0);
    p->type = positional(r, l, 1);
    p->deflt = value(l, "default");
    p->doc = value_or(l, "doc", "");
    p->words = address_of(r, l, "addr");
    p->code = address_of(r, l, "code");
    if (!p->words) fail(r, "`addr` is missing");
}

static void read_source(reader *r, const line *l, rt_source_decl *s) {
    s->name = positional(r, l, 1);
    s->connector = positional(r, l, 2);
    s->format = (rt_format)word_of(r, value_or(l, "format", "text"),
                                   "text|csv|json|binary|rows");
    s->step = checked(r, number_of(r, l, "step", -1), r->program->nsteps, "step");
    s->error_port = number_of(r, l, "error", -1);
    s->record = number_of(r, l, "record", 0);
    s->header = flag(r, l, "header");
    s->multiline = flag(r, l, "multiline");
    s->table = flag(r, l, "table");
    s->columns = value_or(l, "columns", "");
    s->id = value_or(l, "id", s->name);
    s->schema = value_or(l, "schema", s->connector);
    s->stage = -1;
    if (s->format == RT_BINARY && s->record <= 0) fail(r, "`record` is missing");
}

static void read_state(reader *r, const line *l, rt_state_decl *s) {
    s->name = positional(r, l, 1);
    s->step = checked(r, number_of(r, l, "step", -1), r->program->nsteps, "step");
    s->words = number_of(r, l, "words", 0);
    s->text_key = word_of(r, value_or(l, "key", "int"), "int|text") == 1;
    s->partial = flag(r, l, "partial");
    s->one_part = !strcmp(value_or(l, "parts", ""), "one");
    s->layout = value(l, "layout");
    s->forms = address_of(r, l, "forms");
    s->id = value_or(l, "id", s->name);
    s->schema = value_or(l, "schema", "");
    s->params = value_or(l, "params", "");
}

static void read_exchange(reader *r, const line *l, rt_exchange_decl *e) {
    e->ordered = flag(r, l, "ordered");
    e->one_part = !strcmp(value_or(l, "parts", ""), "one");
}

static void read_sink(reader *r, const line *l, rt_sink_decl *s) {
    s->name = positional(r, l, 1);
    s->connector = positional(r, l, 2);
    s->format = (rt_format)word_of(r, value_or(l, "format", "text"),
                                   "text|csv|json|binary");
    s->step = checked(r, number_of(r, l, "step", -1), r->program->nsteps, "step");
    s->mode = (rt_mode)word_of(r, value_or(l, "mode", "append"),
                               "append|update|complete|final");
    s->partition = flag(r, l, "partition");
    s->framed = flag(r, l, "framed") || value(l, "order") || s->partition;
    s->header = value_or(l, "header", "");
    s->ext = value_or(l, "ext", "out");
    s->pack = value(l, "pack");
}

/* A list of ids "0,2", below `count`, into the program's arena. */
static int64_t *read_ids(reader *r, const char *list, int64_t count, const char *what,
                         int64_t *n) {
    *n = 0;
    if (!*list) return NULL;
    int64_t room = 1;
    for (const char *p = list; *p; p++) room += *p == ',';
    int64_t *ids = rt_arena_get(r->program->arena, (size_t)room * sizeof *ids);
    for (const char *p = list; *n < room; p++) {
        int64_t id = strtoll(p, (char **)&p, 10);
        ids[(*n)++] = checked(r, id, count, what);
        if (*p != ',') break;
    }
    return ids;
}

static void read_time(reader *r, const line *l, rt_time_decl *t) {
    t->step = checked(r, number_of(r, l, "step", -1), r->program->nsteps, "step");
    t->delay = number_of(r, l, "delay", 0);
    t->idle = number_of(r, l, "idle", -1);
    t->id = value_or(l, "id", "event_time");
}

static void read_clock(reader *r, const line *l, rt_clock_decl *c) {
    c->time = checked(r, number_of(r, l, "time", -1), r->program->ntimes, "time");
    c->source = checked(r, number_of(r, l, "source", -1), r->program->nsources, "source");
    if (c->time < 0 || c->source < 0) fail(r, "time or source is missing");
}

static void read_mark(reader *r, const line *l, rt_mark_decl *m) {
    m->processing = flag(r, l, "processing");
    m->times = read_ids(r, value_or(l, "times", ""), r->program->ntimes, "time", &m->ntimes);
    if (!m->processing == !m->ntimes) fail(r, "one of times, processing");
}

static void read_stage(reader *r, const line *l, rt_stage_decl *s, int64_t id) {
    rt_program *p = r->program;
    s->name = positional(r, l, 1);
    s->source = checked(r, number_of(r, l, "source", -1), p->nsources, "source");
    s->exchange = checked(r, number_of(r, l, "exchange", -1), p->nexchanges, "exchange");
    s->block = (flow_block_fn *)address_of(r, l, "block");
    s->range = (flow_range_fn *)address_of(r, l, "range");
    s->rows = (flow_block_fn *)address_of(r, l, "rows");
    s->close = (flow_close_fn *)address_of(r, l, "close");
    s->flush = (flow_close_fn *)address_of(r, l, "flush");
    s->header = (flow_header_fn *)address_of(r, l, "header");
    s->header_words = number_of(r, l, "header_words", 0);
    s->closes = (rt_closes)word_of(r, value_or(l, "closes", "stage"),
                                   "stage|touched|batch|due|whole");
    s->holds = word_of(r, value_or(l, "flushes", "batch"), "batch|final") == 1;
    s->states = read_ids(r, value_or(l, "states", ""), p->nstates, "state", &s->nstates);
    s->exchange2 = checked(r, number_of(r, l, "exchange2", -1), p->nexchanges, "exchange");
    s->rows2 = (flow_block_fn *)address_of(r, l, "rows2");
    s->mark = checked(r, number_of(r, l, "mark", -1), p->nmarks, "mark");
    s->refresh = checked(r, number_of(r, l, "refresh", -1), p->nsources, "source");
    if ((s->source >= 0) == (s->exchange >= 0)) fail(r, "one of source, exchange");
    if (s->source >= 0 && !s->block == !s->range) fail(r, "one of block, range");
    if (s->exchange >= 0 && !s->rows) fail(r, "`rows` is missing");
    if (s->exchange2 >= 0 && (!s->rows2 || s->exchange < 0)) fail(r, "`rows2` is missing");
    if (s->source >= 0 && p->sources[s->source].stage < 0) p->sources[s->source].stage = id;
}

static void read_port(reader *r, const line *l) {
    rt_program *p = r->program;
    int64_t id = number(r, positional(r, l, 0)), port = number(r, positional(r, l, 1));
    if (id < 0 || id >= p->nstages || p->stages[id].nports != port) {
        fail(r, "stage %lld, port %lld", (long long)id, (long long)port);
        return;
    }
    rt_stage_decl *s = &p->stages[id];
    rt_port_decl *ports = rt_arena_get(p->arena, (size_t)(port + 1) * sizeof *ports);
    if (port) memcpy(ports, s->ports, (size_t)port * sizeof *ports);
    rt_port_decl *one = &ports[port];
    one->to_sink = value(l, "sink") != NULL;
    one->id = one->to_sink
                  ? checked(r, number_of(r, l, "sink", -1), p->nsinks, "sink")
                  : checked(r, number_of(r, l, "exchange", -1), p->nexchanges, "exchange");
    if (one->id < 0) fail(r, "leads nowhere");
    s->ports = ports;
    s->nports = port + 1;
}

/* An option that is a constant: its text becomes the words of its letter. */
static void read_option(reader *r, const line *l) {
    rt_program *p = r->program;
    bool sink = word_of(r, positional(r, l, 0), "source|sink") == 1;
    int64_t id = number(r, positional(r, l, 1));
    const char *name = positional(r, l, 2), *text = positional(r, l, 4);
    char letter = *positional(r, l, 3);
    if (id < 0 || id >= (sink ? p->nsinks : p->nsources)) {
        fail(r, "no %s %lld", sink ? "sink" : "source", (long long)id);
        return;
    }
    uint64_t words[2] = {0, 0};
    if (letter == 's') {
        words[0] = (uint64_t)(uintptr_t)text;
        words[1] = strlen(text);
    } else if (letter == 'f') {
        double d = strtod(text, NULL);
        memcpy(words, &d, sizeof d);
    } else if (strchr("ibdtz", letter) && letter) {
        words[0] = (uint64_t)number(r, text);
    } else {
        fail(r, "letter `%c`", letter);
        return;
    }
    rt_program_option(p, sink ? &p->sinks[id].options : &p->sources[id].options, name,
                      (int64_t)strlen(name), letter, words);
}

static void read_cpu(reader *r, const line *l) {
    r->program->cpu = positional(r, l, 0);
    r->program->features = value_or(l, "features", "");
}

/* ---- the whole ------------------------------------------------------------------ */

static void read_line(reader *r, const line *l) {
    rt_program *p = r->program;
    r->word = l->word;
#define IS(w) (!strcmp(l->word, w))
    if IS ("flow") {
        if (strcmp(positional(r, l, 0), "1")) fail(r, "another version of the grammar");
    } else if IS ("program") {
        read_program(r, l);
    } else if IS ("cpu") {
        read_cpu(r, l);
    } else if IS ("explain") {
        p->explain[p->nexplain++] = positional(r, l, 0);
    } else if IS ("set") {
        p->sets[p->nsets++] = (rt_setting_text){positional(r, l, 0), positional(r, l, 1)};
    } else if IS ("param") {
        read_param(r, l, &p->params[p->nparams++]);
    } else if IS ("codec") {
        p->codecs[p->ncodecs++] = (rt_codec){.name = positional(r, l, 0),
                                             .unpack = address_of(r, l, "unpack"),
                                             .pack = address_of(r, l, "pack")};
    } else if IS ("setup") {
        p->setup = (flow_close_fn *)address(r, positional(r, l, 0));
    } else if IS ("step") {
        int64_t id = id_of(r, l, p->nsteps++);
        p->steps[id] = (rt_step){positional(r, l, 1), positional(r, l, 2)};
    } else if IS ("source") {
        read_source(r, l, &p->sources[id_of(r, l, p->nsources++)]);
    } else if IS ("option") {
        read_option(r, l);
    } else if IS ("time") {
        read_time(r, l, &p->times[id_of(r, l, p->ntimes++)]);
    } else if IS ("clock") {
        read_clock(r, l, &p->clocks[id_of(r, l, p->nclocks++)]);
    } else if IS ("mark") {
        read_mark(r, l, &p->marks[id_of(r, l, p->nmarks++)]);
    } else if IS ("state") {
        read_state(r, l, &p->states[id_of(r, l, p->nstates++)]);
    } else if IS ("exchange") {
        read_exchange(r, l, &p->exchanges[id_of(r, l, p->nexchanges++)]);
    } else if IS ("sink") {
        read_sink(r, l, &p->sinks[id_of(r, l, p->nsinks++)]);
    } else if IS ("stage") {
        int64_t id = id_of(r, l, p->nstages++);
        read_stage(r, l, &p->stages[id], id);
    } else if IS ("port") {
        read_port(r, l);
    } else {
        fail(r, "unknown line");
    }
#undef IS
}

/* Arrays of the right size for each kind; counts start again from 0. */
static void make_arrays(rt_program *p, const char *text, int64_t len) {
#define KIND(word) size_t n_##word = 0;
    KINDS(KIND)
#undef KIND
    for (const char *at = text; at < text + len;) {
        const char *end = memchr(at, '\n', (size_t)(text + len - at));
        size_t n = strcspn(at, "\t\n");
#define KIND(word)                                                                       \
    if (n == sizeof #word - 1 && !memcmp(at, #word, n)) n_##word++;
        KINDS(KIND)
#undef KIND
        if (!end) break;
        at = end + 1;
    }
    p->explain = rt_arena_get(p->arena, n_explain * sizeof *p->explain);
    p->sets = rt_arena_get(p->arena, n_set * sizeof *p->sets);
#define KIND(word) p->word##s = rt_arena_get(p->arena, n_##word * sizeof *p->word##s);
    KIND(param)
    KIND(codec)
    KIND(step)
    KIND(source)
    KIND(time)
    KIND(clock)
    KIND(mark)
    KIND(state)
    KIND(exchange)
    KIND(sink)
    KIND(stage)
#undef KIND
}

rt_program *rt_program_read(const char *text, int64_t len, void *const *addresses,
                            int64_t naddresses, char *error, size_t error_size) {
    rt_arena *arena = rt_arena_new();
    rt_program *p = rt_arena_get(arena, sizeof *p);
    p->arena = arena;
    p->name = p->hash = p->compiler = p->abi = p->doc = p->cpu = p->features = "";
    char *copy = rt_arena_text(arena, text, (size_t)len);
    make_arrays(p, copy, len);
    reader r = {.program = p,
                .addresses = addresses,
                .naddresses = naddresses,
                .error = error,
                .error_size = error_size,
                .word = "flow"};
    line l;
    while (!r.failed && next_line(&copy, &l)) read_line(&r, &l);
    if (!r.failed && (!*p->name || !*p->abi)) fail(&r, "name or abi is missing");
    if (!r.failed) return p;
    rt_arena_free(arena);
    return NULL;
}

void rt_program_free(rt_program *program) {
    if (program) rt_arena_free(program->arena);
}

const rt_codec *rt_codec_find(const rt_program *program, const char *name) {
    for (int64_t i = 0; i < program->ncodecs; i++)
        if (!strcmp(program->codecs[i].name, name)) return &program->codecs[i];
    return NULL;
}

/* ---- options --------------------------------------------------------------------- */

void rt_program_option(rt_program *program, rt_option **list, const char *name,
                       int64_t name_len, char letter, const uint64_t *words) {
    rt_arena *arena = program->arena;
    rt_option *o = rt_arena_get(arena, sizeof *o);
    o->name = rt_arena_text(arena, name, (size_t)name_len);
    o->letter = letter;
    o->word = (int64_t)words[0];
    if (letter == 's' || letter == 'l') o->word = (int64_t)words[1];
    if (letter == 's')
        o->text = rt_arena_text(arena, (const char *)(uintptr_t)words[0], words[1]);
    if (letter == 'l') {
        const uint64_t *item = (const uint64_t *)(uintptr_t)words[0];
        o->items = rt_arena_get(arena, words[1] * sizeof *o->items);
        for (uint64_t i = 0; i < words[1]; i++)
            o->items[i] = rt_arena_text(
                arena, (const char *)(uintptr_t)item[2 * i], item[2 * i + 1]);
    }
    /* In front: the later one is found first. */
    o->next = *list;
    *list = o;
}

const rt_option *rt_option_find(const rt_option *list, const char *name) {
    for (; list; list = list->next)
        if (!strcmp(list->name, name)) return list;
    return NULL;
}

int64_t rt_option_word(const rt_option *list, const char *name, int64_t otherwise) {
    const rt_option *o = rt_option_find(list, name);
    return o ? o->word : otherwise;
}

const char *rt_option_text(const rt_option *list, const char *name,
                           const char *otherwise) {
    const rt_option *o = rt_option_find(list, name);
    return o && o->text ? o->text : otherwise;
}
