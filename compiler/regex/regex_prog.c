/* regex_prog.c - from the tree to the thread program.
 *
 * The program is made back to front: each node is compiled with the instruction that
 * follows it already known, so nothing is patched but the loops.
 *
 * A class becomes a small automaton over the bytes of UTF-8, minimal because equal parts
 * are shared as they are made.  Text is valid UTF-8, so encodings that cannot occur
 * (overlong ones, surrogates, lead bytes above F4) may go either way; they go with their
 * neighbours, which makes "any character" three states instead of eight.
 *
 * A loop around something that can be empty is compiled as (x+)? and not as x*: threads
 * that come back to the loop without a byte taken die there, and only this form then
 * prefers what Perl prefers, as RE2 found. */
#include "compiler/regex/regex_prog.h"

#include <string.h>

#include "compiler/base/check.h"

typedef struct build {
    arena_t *arena;
    re_prog *prog;
    int full;
} build;

/* ---- instructions ----------------------------------------------------------- */

static uint32_t op_new(build *b, uint8_t op, uint32_t x, uint32_t y) {
    if (b->prog->ops.n >= FLOW_RE_MAX_PROGRAM) {
        b->full = 1;
        return 0;
    }
    flow_re_op in = {.op = op, .x = (uint16_t)x, .y = (uint16_t)y};
    vec_push(b->arena, &b->prog->ops, in);
    return (uint32_t)b->prog->ops.n - 1;
}

/* A choice that prefers `first`, or, lazy, the other. */
static uint32_t op_split(build *b, uint32_t first, uint32_t second, int lazy) {
    return lazy ? op_new(b, FLOW_RE_OP_SPLIT, second, first)
                : op_new(b, FLOW_RE_OP_SPLIT, first, second);
}

int32_t prog_step(const re_prog *p, uint32_t op, uint8_t byte) {
    const flow_re_op *in = &p->ops.at[op];
    if (in->op == FLOW_RE_OP_RANGE) return byte >= in->lo && byte <= in->hi ? in->x : -1;
    if (in->op != FLOW_RE_OP_SPARSE) return -1;
    for (uint32_t i = in->x; i < (uint32_t)in->x + in->y; i++) {
        const flow_re_range *r = &p->ranges.at[i];
        if (byte >= r->lo && byte <= r->hi) return r->next;
    }
    return -1;
}

/* ---- classes as bytes of UTF-8 ---------------------------------------------- */

/* One sequence of byte ranges: the encodings of a block of code points. */
typedef struct utf8_seq {
    int n;
    uint8_t lo[4], hi[4];
} utf8_seq;
typedef VEC(utf8_seq) seq_vec;

static int encode(uint32_t c, uint8_t out[4]) {
    if (c < 0x80) return out[0] = (uint8_t)c, 1;
    int n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (int i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3F));
    out[0] = (uint8_t)((n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0) | c);
    return n;
}

/* Cuts [lo, hi], all of one encoded length, until each piece is a product of ranges:
 * below the first byte that differs, everything from 80 to BF. */
static void add_sequences(arena_t *a, seq_vec *out, uint32_t lo, uint32_t hi) {
    for (int i = 1; i < 4; i++) {
        uint32_t mask = (1u << (6 * i)) - 1;
        if (hi < 0x80 || (lo & ~mask) == (hi & ~mask)) break;
        if (lo & mask) {
            add_sequences(a, out, lo, lo | mask);
            add_sequences(a, out, (lo | mask) + 1, hi);
            return;
        }
        if ((hi & mask) != mask) {
            add_sequences(a, out, lo, (hi & ~mask) - 1);
            add_sequences(a, out, hi & ~mask, hi);
            return;
        }
    }
    utf8_seq s = {0};
    s.n = encode(lo, s.lo);
    encode(hi, s.hi);
    vec_push(a, out, s);
}

static void add_span(arena_t *a, seq_vec *out, uint32_t lo, uint32_t hi) {
    static const uint32_t last[] = {0x7F, 0x7FF, 0xD7FF, 0xDFFF, 0xFFFF, RE_MAX_CHAR};
    for (size_t i = 0; i < sizeof last / sizeof *last && lo <= hi; i++) {
        if (lo > last[i]) continue;
        uint32_t end = hi < last[i] ? hi : last[i];
        if (last[i] != 0xDFFF) add_sequences(a, out, lo, end); /* no surrogates */
        lo = end + 1;
    }
}

/* What one class has made so far, to share equal parts: op numbers by content. */
typedef struct node_cache {
    uint32_t *slot; /* op + 1 */
    size_t mask;
} node_cache;

static uint32_t ranges_hash(const flow_re_range *r, size_t n) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ r[i].lo) * 16777619u;
        h = (h ^ r[i].hi) * 16777619u;
        h = (h ^ r[i].next) * 16777619u;
    }
    return h ^ h >> 15;
}

static int same_node(const re_prog *p, uint32_t op, const flow_re_range *r, size_t n) {
    const flow_re_op *in = &p->ops.at[op];
    if (in->op == FLOW_RE_OP_RANGE)
        return n == 1 && in->lo == r->lo && in->hi == r->hi && in->x == r->next;
    return in->y == n && !memcmp(p->ranges.at + in->x, r, n * sizeof *r);
}

/* The instruction for these ranges, sorted and apart. */
static uint32_t node_make(build *b, node_cache *cache, const flow_re_range *r, size_t n) {
    size_t i = ranges_hash(r, n) & cache->mask;
    for (; cache->slot[i]; i = (i + 1) & cache->mask)
        if (same_node(b->prog, cache->slot[i] - 1, r, n)) return cache->slot[i] - 1;
    uint32_t op;
    if (n == 1) {
        op = op_new(b, FLOW_RE_OP_RANGE, r->next, 0);
        if (!b->full) b->prog->ops.at[op].lo = r->lo, b->prog->ops.at[op].hi = r->hi;
    } else {
        uint32_t first = (uint32_t)b->prog->ranges.n;
        if (first + n > UINT16_MAX) b->full = 1;
        for (size_t k = 0; k < n && !b->full; k++)
            vec_push(b->arena, &b->prog->ranges, r[k]);
        op = op_new(b, FLOW_RE_OP_SPARSE, first, (uint32_t)n);
    }
    if (!b->full) cache->slot[i] = op + 1;
    return op;
}

/* Lets the encodings that cannot occur go with their neighbours.  `lead` is the byte
 * before (0 at the first). */
static void widen(flow_re_range *r, size_t n, uint8_t lead) {
    for (size_t i = 0; lead == 0 && i < n; i++)
        if (r[i].lo == 0xC2) r[i].lo = 0xC0;
    if (lead == 0 && r[n - 1].hi == 0xF4) r[n - 1].hi = 0xFF;
    if (lead == 0xE0 && r[0].lo == 0xA0) r[0].lo = 0x80;
    if (lead == 0xF0 && r[0].lo == 0x90) r[0].lo = 0x80;
    if (lead == 0xED && r[n - 1].hi == 0x9F) r[n - 1].hi = 0xBF;
    if (lead == 0xF4 && r[n - 1].hi == 0x8F) r[n - 1].hi = 0xBF;
}

static size_t join_ranges(flow_re_range *r, size_t n) {
    size_t out = 0;
    for (size_t i = 1; i < n; i++) {
        if (r[i].next == r[out].next && r[i].lo == r[out].hi + 1)
            r[out].hi = r[i].hi;
        else
            r[++out] = r[i];
    }
    return out + 1;
}

/* The sequences seq[0..n), equal before byte `depth`, then `next`. */
static uint32_t class_node(build *b, node_cache *cache, const utf8_seq *seq, size_t n,
                           int depth, uint32_t next) {
    flow_re_range r[256];
    size_t count = 0;
    flow_assert(depth < 4);
    for (size_t i = 0, end; i < n && !b->full; i = end) {
        uint8_t lo = seq[i].lo[depth], hi = seq[i].hi[depth];
        for (end = i + 1;
             end < n && seq[end].lo[depth] == lo && seq[end].hi[depth] == hi;)
            end++;
        int last = depth == 3 || depth + 1 == seq[i].n;
        uint32_t to =
            last ? next : class_node(b, cache, seq + i, end - i, depth + 1, next);
        flow_assert(count < 256);
        r[count++] = (flow_re_range){lo, hi, (uint16_t)to};
    }
    if (b->full) return 0;
    int one_lead = depth == 1 && seq[0].lo[0] == seq[0].hi[0];
    widen(r, count, depth == 0 ? 0 : one_lead ? seq[0].lo[0] : 0x80);
    return node_make(b, cache, r, join_ranges(r, count));
}

static uint32_t class_compile(build *b, const re_set *set, uint32_t next) {
    seq_vec seqs = {0};
    for (size_t i = 0; i < set->n; i++)
        add_span(b->arena, &seqs, set->at[i].lo, set->at[i].hi);
    if (seqs.n == 0) return op_new(b, FLOW_RE_OP_FAIL, 0, 0);
    size_t slots = 8;
    while (slots < 4 * seqs.n)
        slots *= 2;
    node_cache cache = {ARENA_ARRAY(b->arena, uint32_t, slots), slots - 1};
    return class_node(b, &cache, seqs.at, seqs.n, 0, next);
}

/* ---- nodes ------------------------------------------------------------------ */

static uint32_t node_compile(build *b, const re_node *n, uint32_t next);

int node_can_be_empty(const re_node *n) {
    int any = 0;
    switch (n->kind) {
    case RE_EMPTY:
    case RE_LOOK: return 1;
    case RE_CLASS: return 0;
    case RE_GROUP: return node_can_be_empty(n->part[0]);
    case RE_REPEAT: return n->min == 0 || node_can_be_empty(n->part[0]);
    case RE_CAT:
        for (size_t i = 0; i < n->nparts; i++)
            if (!node_can_be_empty(n->part[i])) return 0;
        return 1;
    case RE_ALT:
        for (size_t i = 0; i < n->nparts; i++)
            any |= node_can_be_empty(n->part[i]);
        return any;
    }
    return 1;
}

/* A loop: the choice to go on stands behind the body.  Returns where x+ begins (the body)
 * and in `choice` where x* begins. */
static uint32_t loop_compile(build *b, const re_node *n, uint32_t next,
                             uint32_t *choice) {
    *choice = op_new(b, FLOW_RE_OP_SPLIT, 0, 0);
    uint32_t body = node_compile(b, n->part[0], *choice);
    if (b->full) return 0;
    flow_re_op *split = &b->prog->ops.at[*choice];
    split->x = (uint16_t)(n->lazy ? next : body);
    split->y = (uint16_t)(n->lazy ? body : next);
    return body;
}

static uint32_t star_compile(build *b, const re_node *n, uint32_t next) {
    uint32_t choice, body = loop_compile(b, n, next, &choice);
    return node_can_be_empty(n->part[0]) ? op_split(b, body, next, n->lazy) : choice;
}

static uint32_t repeat_compile(build *b, const re_node *n, uint32_t next) {
    int copies = n->min;
    if (n->max < 0) {
        uint32_t choice;
        next = n->min == 0 ? star_compile(b, n, next) : loop_compile(b, n, next, &choice);
        copies = n->min > 0 ? n->min - 1 : 0;
    } else {
        /* x(x(x)?)?: each choice leaves to the end. */
        uint32_t end = next;
        for (int i = n->min; i < n->max && !b->full; i++) {
            uint32_t body = node_compile(b, n->part[0], next);
            if (body == next) break; /* nothing repeated is nothing */
            next = op_split(b, body, end, n->lazy);
        }
    }
    for (int i = 0; i < copies && !b->full; i++) {
        uint32_t body = node_compile(b, n->part[0], next);
        if (body == next) break;
        next = body;
    }
    return next;
}

static uint32_t alt_compile(build *b, const re_node *n, uint32_t next) {
    uint32_t entry = node_compile(b, n->part[n->nparts - 1], next);
    for (size_t i = n->nparts - 1; i-- > 0 && !b->full;)
        entry = op_split(b, node_compile(b, n->part[i], next), entry, 0);
    return entry;
}

static uint32_t group_compile(build *b, const re_node *n, uint32_t next) {
    uint32_t slot = 2 * (uint32_t)n->group;
    uint32_t close = op_new(b, FLOW_RE_OP_SLOT, next, slot + 1);
    return op_new(b, FLOW_RE_OP_SLOT, node_compile(b, n->part[0], close), slot);
}

static uint32_t node_compile(build *b, const re_node *n, uint32_t next) {
    if (b->full) return 0;
    switch (n->kind) {
    case RE_EMPTY: return next;
    case RE_CLASS: return class_compile(b, &n->set, next);
    case RE_CAT:
        for (size_t i = n->nparts; i-- > 0;)
            next = node_compile(b, n->part[i], next);
        return next;
    case RE_ALT: return alt_compile(b, n, next);
    case RE_REPEAT: return repeat_compile(b, n, next);
    case RE_GROUP: return group_compile(b, n, next);
    case RE_LOOK: {
        uint32_t op = op_new(b, FLOW_RE_OP_LOOK, next, 0);
        if (!b->full) b->prog->ops.at[op].lo = (uint8_t)n->look;
        return op;
    }
    }
    flow_unreachable("kind of a regex node");
}

int prog_compile(arena_t *a, const re_tree *tree, re_prog *out) {
    build b = {.arena = a, .prog = out};
    out->groups = tree->groups;
    uint32_t match = op_new(&b, FLOW_RE_OP_MATCH, 0, 0);
    out->start = node_compile(&b, tree->root, match);
    return !b.full;
}
