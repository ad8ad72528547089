/* regex_table.c - writes the byte string that the kernel's matcher reads.
 *
 * Here it is decided how a regex is searched for: as a literal, as a run of
 * bytes, by automata, or by threads; and what is looked for first. */
#include "compiler/regex/regex_table.h"

#include <string.h>

#include "compiler/base/buf.h"
#include "compiler/base/check.h"
#include "compiler/regex/regex_dfa.h"
#include "compiler/regex/regex.h"
#include "compiler/regex/regex_tdfa.h"

/* A search for one of some bytes is worth it if they are at most this common (1/1000):
 * else it stops too often, and walking on is faster.  How common, is a question of how
 * fast one walks. */
#define RARE_SHIFT   4
#define RARE_PAIR    12
#define RARE_PLAIN   40
#define RARE_THREADS 200
/* A literal inside the regex is worth a look of its own if it is rarer than this: the
 * product of how common its two rarest bytes are (the second 1000 if there is but one).
 */
#define RARE_NEEDED 6000
/* Tables of pairs stay within the first-level cache. */
#define MAX_PAIR_ENTRIES 12000
#define MAX_SHIFT_STATES 10

typedef struct writer {
    arena_t *arena;
    buf_t out;
    flow_re head;
    unsigned without;
} writer;

static uint32_t align8(writer *w) {
    static const char zeros[8];
    buf_put(&w->out, zeros, -w->out.n & 7);
    return (uint32_t)w->out.n;
}

static uint32_t put(writer *w, const void *bytes, size_t n) {
    uint32_t at = align8(w);
    buf_put(&w->out, bytes, n);
    return at;
}

/* ---- classes and literals --------------------------------------------------- */

/* The class as tests: the number of them, or 0 if they do not suffice. */
static int run_tests(const uint8_t bits[32], int want, flow_re_run *out) {
    uint8_t lo[128], hi[128], done[128] = {0};
    int n = 0, tests = 0;
    for (int b = 0; b < 256; b++) {
        if (bits_has(bits, b) != want) continue;
        lo[n] = (uint8_t)b;
        while (b < 255 && bits_has(bits, b + 1) == want)
            b++;
        hi[n++] = (uint8_t)b;
    }
    /* From above: a range of letters takes the one 32 below it along. */
    for (int i = n - 1; i >= 0; i--) {
        uint8_t fold = 0;
        if (done[i]) continue;
        int folds = (lo[i] & 32) && (hi[i] & 32) && lo[i] >> 6 == hi[i] >> 6;
        for (int k = 0; k < i && folds; k++)
            if (lo[k] == lo[i] - 32 && hi[k] == hi[i] - 32) fold = 32, done[k] = 1;
        if (tests == FLOW_RE_TESTS) return 0;
        out->fold[tests] = fold;
        out->low[tests] = lo[i];
        out->span[tests++] = (uint8_t)(hi[i] - lo[i]);
    }
    for (int i = tests; i < FLOW_RE_TESTS; i++) {
        out->fold[i] = out->fold[0];
        out->low[i] = out->low[0];
        out->span[i] = out->span[0];
    }
    return tests;
}

static void write_run(writer *w, const uint8_t bits[32]) {
    flow_re_run in = {0}, not_in = {0};
    int yes = run_tests(bits, 1, &in), no = run_tests(bits, 0, &not_in);
    in.tests = (uint8_t)yes;
    if (no && (!yes || no < yes)) {
        in = not_in;
        in.tests = (uint8_t)no;
        in.invert = 1;
    }
    memcpy(in.bits, bits, 32);
    w->head.run = in;
}

static void write_literal(writer *w, const re_literal *l) {
    size_t rare = 0, rarer = l->len > 1;
    flow_assert(l->len > 0);
    for (size_t i = 1; i < l->len; i++) {
        int f = byte_frequency(l->value[i], l->mask[i]);
        if (f < byte_frequency(l->value[rare], l->mask[rare]))
            rarer = rare, rare = i;
        else if (i == rarer || f < byte_frequency(l->value[rarer], l->mask[rarer]))
            rarer = i;
    }
    w->head.literal.len = (uint32_t)l->len;
    w->head.literal.rare = (uint32_t)(rare < rarer ? rare : rarer);
    w->head.literal.rarer = (uint32_t)(rare < rarer ? rarer : rare);
    w->head.literal.at = put(w, l->value, l->len);
    buf_put(&w->out, (const char *)l->mask, l->len);
}

/* ---- automata --------------------------------------------------------------- */

/* Orders the states: plain, equal to a start state (if `starts`), matching, dead.
 * order[i] is the state that becomes number i. */
static void order_states(const re_dfa *d, int starts, uint32_t *order,
                         flow_re_dfa *head) {
    uint32_t n = 0;
    for (int pass = 0; pass < 4; pass++) {
        if (pass == 1) head->special = n * d->stride;
        if (pass == 2) head->match = n * d->stride;
        if (pass == 3) head->dead = n * d->stride;
        for (uint32_t s = 0; s < d->states; s++) {
            int is_start = 0;
            for (int k = 0; k < 4; k++)
                is_start |= starts && d->start[k] == s;
            int kind = s == d->dead ? 3 : d->match[s] ? 2 : is_start ? 1 : 0;
            if (kind == pass) order[n++] = s;
        }
    }
    flow_assert(n == d->states);
}

/* Renumbers in place, so that what else is made of the automaton has the same numbers. */
static void renumber(arena_t *a, re_dfa *d, const uint32_t *order) {
    uint32_t *to = ARENA_ARRAY(a, uint32_t, d->states);
    uint32_t *next = ARENA_ARRAY(a, uint32_t, (size_t)d->states * d->stride);
    uint8_t *match = ARENA_ARRAY(a, uint8_t, d->states);
    for (uint32_t i = 0; i < d->states; i++)
        to[order[i]] = i;
    for (uint32_t i = 0; i < d->states; i++) {
        match[i] = d->match[order[i]];
        for (uint32_t c = 0; c < d->stride; c++)
            next[(size_t)i * d->stride + c] =
                to[d->next[(size_t)order[i] * d->stride + c]];
    }
    for (int k = 0; k < 4; k++)
        d->start[k] = to[d->start[k]];
    d->dead = to[d->dead];
    d->next = next;
    d->match = match;
}

static uint32_t write_dfa(writer *w, re_dfa *d, int starts) {
    uint32_t *order = ARENA_ARRAY(w->arena, uint32_t, d->states);
    flow_re_dfa head = {.states = d->states, .stride = d->stride};
    order_states(d, starts, order, &head);
    renumber(w->arena, d, order);
    for (int k = 0; k < 4; k++)
        head.start[k] = d->start[k] * d->stride;
    size_t entries = (size_t)d->states * d->stride;
    head.wide = entries > UINT16_MAX + 1u;
    memcpy(head.classes, d->classes, 256);
    uint32_t at = put(w, &head, sizeof head);
    for (size_t i = 0; i < entries; i++) {
        uint32_t v = d->next[i] * d->stride;
        buf_put(&w->out, (const char *)&v, head.wide ? 4 : 2);
    }
    return at;
}

/* Where state s goes on a byte in the fast forms: matching ones stay, so that a match is
 * still to be seen some bytes later. */
static uint32_t fast_step(const re_dfa *d, uint32_t s, uint32_t class) {
    return d->match[s] ? s : d->next[(size_t)s * d->stride + class];
}

static uint32_t write_shift(writer *w, const re_dfa *d) {
    flow_re_shift t = {{0}};
    for (int b = 0; b < 256; b++)
        for (uint32_t s = 0; s < d->states; s++)
            t.row[b] |= (uint64_t)(6 * fast_step(d, s, d->classes[b])) << (6 * s);
    return put(w, &t, sizeof t);
}

static uint32_t write_pair(writer *w, const re_dfa *d) {
    uint32_t k = d->stride - 1;
    flow_re_pair *t = ARENA_NEW(w->arena, flow_re_pair);
    t->stride = k * k;
    for (int b = 0; b < 256; b++) {
        t->low[b] = d->classes[b];
        t->high[b] = (uint16_t)(d->classes[b] * k);
    }
    uint32_t at = put(w, t, sizeof *t);
    for (uint32_t s = 0; s < d->states; s++)
        for (uint32_t first = 0; first < k; first++)
            for (uint32_t second = 0; second < k; second++) {
                uint32_t to = fast_step(d, fast_step(d, s, first), second);
                uint16_t v = (uint16_t)(to * k * k);
                buf_put(&w->out, (const char *)&v, sizeof v);
            }
    return at;
}

/* The fast form that an automaton can have. */
static int fast_kind(const writer *w, const re_dfa *d) {
    uint64_t k = d->stride - 1;
    if (w->without & REGEX_NO_FAST) return FLOW_RE_PLAIN;
    if (d->states <= MAX_SHIFT_STATES) return FLOW_RE_SHIFT;
    return d->states * k * k <= MAX_PAIR_ENTRIES ? FLOW_RE_PAIR : FLOW_RE_PLAIN;
}

/* ---- the program ------------------------------------------------------------ */

static uint32_t write_words(writer *w, uint32_t *pairs) {
    re_set words = {0};
    set_add_word(w->arena, &words);
    set_tidy(&words);
    *pairs = (uint32_t)words.n;
    return put(w, words.at, words.n * sizeof *words.at);
}

static uint32_t write_program(writer *w, const re_prog *p) {
    flow_re_nfa head = {
        .ops = (uint32_t)p->ops.n, .ranges = (uint32_t)p->ranges.n, .start = p->start};
    if (p->ranges.n)
        head.ranges_at = put(w, p->ranges.at, p->ranges.n * sizeof *p->ranges.at);
    if (w->head.flags & FLOW_RE_UNICODE) head.words = write_words(w, &head.nwords);
    uint32_t at = put(w, &head, sizeof head);
    put(w, p->ops.at, p->ops.n * sizeof *p->ops.at);
    return at;
}

static void look_flags(writer *w, const re_prog *p) {
    for (uint32_t i = 0; i < p->ops.n; i++) {
        if (p->ops.at[i].op != FLOW_RE_OP_LOOK) continue;
        w->head.flags |= FLOW_RE_SIDES;
        if (p->ops.at[i].lo >= FLOW_RE_LOOK_UNI_WORD) w->head.flags |= FLOW_RE_UNICODE;
    }
}

/* ---- decisions -------------------------------------------------------------- */

/* What to look for before (or in) a search; first bytes only up to `rare`. */
static void choose_first_look(writer *w, const re_facts *f, int rare) {
    int needs = literal_commonness(&f->needs) <= RARE_NEEDED;
    if (w->without & REGEX_ALL_LOOKS)
        rare = 1000000;
    else if (needs && rare > RARE_PLAIN)
        rare = RARE_PLAIN;
    if (f->anchored || f->can_be_empty || w->without & REGEX_NO_LOOKS) return;
    if (f->prefix.len >= 2) {
        w->head.pre = FLOW_RE_PRE_PREFIX;
        write_literal(w, &f->prefix);
    } else if (f->first_known && bits_frequency(f->first) <= rare) {
        write_run(w, f->first);
        if (w->head.run.tests) w->head.pre = FLOW_RE_PRE_FIRST;
    }
    if (w->head.pre == FLOW_RE_PRE_NONE && needs) {
        w->head.pre = FLOW_RE_PRE_NEEDS;
        write_literal(w, &f->needs);
    }
}

static void write_search(writer *w, const re_prog *p, const re_facts *f, buf_t *words) {
    static const int rare[] = {RARE_PLAIN, RARE_SHIFT, RARE_PAIR};
    re_dfa forward, backward;
    int use =
        !(w->without & REGEX_NO_AUTOMATA) && dfa_build(w->arena, p, RE_FORWARD, &forward);
    int fast = use ? fast_kind(w, &forward) : FLOW_RE_PLAIN;
    choose_first_look(w, f, use ? rare[fast] : RARE_THREADS);
    w->head.how = FLOW_RE_NFA;
    if (use) {
        int starts =
            w->head.pre == FLOW_RE_PRE_PREFIX || w->head.pre == FLOW_RE_PRE_FIRST;
        w->head.forward = write_dfa(w, &forward, starts);
        w->head.fast_kind = (uint8_t)(starts ? FLOW_RE_PLAIN : fast);
        if (w->head.fast_kind == FLOW_RE_SHIFT) w->head.fast = write_shift(w, &forward);
        if (w->head.fast_kind == FLOW_RE_PAIR) w->head.fast = write_pair(w, &forward);
        buf_printf(words, "automaton of %u states, %u classes", forward.states,
                   forward.stride - 1);
        if (w->head.fixed_len >= 0) {
            w->head.how = FLOW_RE_DFA;
        } else if (dfa_build(w->arena, p, RE_BACKWARD, &backward)) {
            w->head.backward = write_dfa(w, &backward, 0);
            w->head.how = FLOW_RE_DFA;
        }
    }
    if (w->head.how == FLOW_RE_NFA)
        buf_printf(words, "%sthreads over %zu instructions", use ? ", " : "", p->ops.n);
}

void table_write(arena_t *a, const re_prog *p, const re_facts *f, unsigned without,
                 re_table *out) {
    writer w = {.arena = a, .without = without};
    buf_t words;
    buf_init(&w.out, a);
    buf_init(&words, a);
    w.head.magic = FLOW_RE_MAGIC;
    w.head.groups = (uint16_t)p->groups;
    w.head.fixed_len =
        f->max_len == f->min_len && f->max_len <= INT32_MAX ? (int32_t)f->max_len : -1;
    w.head.min_len = (uint32_t)(f->min_len < UINT32_MAX ? f->min_len : UINT32_MAX);
    w.head.flags = (uint8_t)((f->can_be_empty ? FLOW_RE_EMPTY : 0) |
                             (f->anchored ? FLOW_RE_ANCHORED : 0) |
                             (f->run == 2 ? FLOW_RE_PLUS : 0));
    look_flags(&w, p);
    buf_put(&w.out, (const char *)&w.head, sizeof w.head);
    if (f->run && !(without & REGEX_NO_LOOKS)) {
        w.head.how = FLOW_RE_RUN;
        write_run(&w, f->run_bits);
        buf_str(&words, "class of bytes");
    } else if (f->whole && !(without & REGEX_NO_LOOKS)) {
        w.head.how = FLOW_RE_LITERAL;
        write_literal(&w, &f->prefix);
        buf_str(&words, "literal");
    } else {
        write_search(&w, p, f, &words);
    }
    if (p->groups > 1 && !(without & REGEX_NO_TAGS))
        w.head.tagged = write_tdfa(a, p, &w.out);
    /* Also with automata: all matches of a text may ask for it (k_regex_sweep.c). */
    if (w.head.how == FLOW_RE_NFA || w.head.how == FLOW_RE_DFA ||
        (p->groups > 1 && !w.head.tagged))
        w.head.program = write_program(&w, p);
    if (p->groups > 1)
        buf_printf(&words, ", groups by %s", w.head.tagged ? "tags" : "threads");
    align8(&w);
    w.head.size = (uint32_t)w.out.n;
    memcpy(w.out.at, &w.head, sizeof w.head);
    out->bytes = (const uint8_t *)w.out.at;
    out->len = w.out.n;
    out->words = buf_text(&words);
}
