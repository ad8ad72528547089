/* regex_dfa.c - automata by subset construction.
 *
 * A state is a list of places in the program, in the order in which threads stand there
 * (backward: sorted, as only the longest match counts).  As a rule these are the places
 * where a byte is taken.  If a thread waits at an assertion, they are the places behind
 * the last byte, and the kind of that byte: assertions are settled when the next byte is
 * known, and then everything is followed again from there, because the order of threads
 * (and which one comes back to a loop) depends on them.  A thread that matches ends the
 * list (forward): what stands behind it is never preferred.
 *
 * Forward searches from anywhere: in front of the program stands a loop over code points
 * that prefers to begin a match.  If the regex cannot match the empty text the loop goes
 * over bytes, since a match cannot begin inside a character anyway.
 *
 * Sets can explode (\d{500} over any text, say).  The number of states, of list entries
 * and of steps is bounded; beyond, the caller uses threads. */
#include "compiler/regex/regex_dfa.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/regex/regex_min.h"

#define MAX_WORK    5000000u
#define MAX_ENTRIES 1000000u

/* ---- assertions and bytes --------------------------------------------------- */

static int is_word(int b) {
    return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || b == '_' ||
           (b >= 'a' && b <= 'z');
}

int side_of(uint8_t byte) {
    return byte == '\n'    ? FLOW_RE_SIDE_LINE
           : is_word(byte) ? FLOW_RE_SIDE_WORD
                           : FLOW_RE_SIDE_OTHER;
}

int look_holds(int look, int before, int after) {
    int border = (before == FLOW_RE_SIDE_WORD) != (after == FLOW_RE_SIDE_WORD);
    switch (look) {
    case FLOW_RE_LOOK_TEXT_START: return before == FLOW_RE_SIDE_EDGE;
    case FLOW_RE_LOOK_TEXT_END: return after == FLOW_RE_SIDE_EDGE;
    case FLOW_RE_LOOK_LINE_START:
        return before == FLOW_RE_SIDE_EDGE || before == FLOW_RE_SIDE_LINE;
    case FLOW_RE_LOOK_LINE_END:
        return after == FLOW_RE_SIDE_EDGE || after == FLOW_RE_SIDE_LINE;
    case FLOW_RE_LOOK_WORD: return border;
    case FLOW_RE_LOOK_NOT_WORD: return !border;
    default: flow_unreachable("an assertion no automaton can hold");
    }
}

static uint64_t mix(uint64_t h, uint64_t v) {
    h = (h ^ v) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

uint32_t byte_classes(arena_t *a, const re_prog *p, uint8_t classes[256],
                      uint8_t sample[256]) {
    (void)a;
    uint64_t hash[256] = {0};
    int looks = 0;
    for (uint32_t i = 0; i < p->ops.n; i++) {
        const flow_re_op *in = &p->ops.at[i];
        looks |= in->op == FLOW_RE_OP_LOOK;
        if (in->op == FLOW_RE_OP_RANGE)
            for (int b = in->lo; b <= in->hi; b++)
                hash[b] = mix(hash[b], i + 1);
        if (in->op != FLOW_RE_OP_SPARSE) continue;
        for (uint32_t k = in->x; k < (uint32_t)in->x + in->y; k++) {
            const flow_re_range *r = &p->ranges.at[k];
            for (int b = r->lo; b <= r->hi; b++)
                hash[b] = mix(hash[b], (uint64_t)(i + 1) << 32 | r->next);
        }
    }
    uint32_t n = 0;
    for (int b = 0; b < 256; b++) {
        if (looks) hash[b] = mix(hash[b], (uint64_t)side_of((uint8_t)b));
        /* Lead bytes by length, continuation bytes: for the loop over code points. */
        int lead = b < 0x80 ? 0 : b < 0xC0 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
        hash[b] = mix(hash[b], (uint64_t)lead);
        uint32_t c = 0;
        while (c < n && hash[sample[c]] != hash[b])
            c++;
        if (c == n) sample[n++] = (uint8_t)b;
        classes[b] = (uint8_t)c;
    }
    return n;
}

int prog_is_anchored(arena_t *a, const re_prog *p) {
    uint8_t *seen = ARENA_ARRAY(a, uint8_t, p->ops.n);
    VEC(uint32_t) stack = {0};
    vec_push(a, &stack, p->start);
    while (stack.n) {
        uint32_t i = stack.at[--stack.n];
        const flow_re_op *in = &p->ops.at[i];
        if (seen[i]) continue;
        seen[i] = 1;
        switch (in->op) {
        case FLOW_RE_OP_SPLIT:
            vec_push(a, &stack, in->x);
            vec_push(a, &stack, in->y);
            break;
        case FLOW_RE_OP_LOOK:
            if (in->lo == FLOW_RE_LOOK_TEXT_START) break;
            vec_push(a, &stack, in->x);
            break;
        case FLOW_RE_OP_SLOT: vec_push(a, &stack, in->x); break;
        case FLOW_RE_OP_FAIL: break;
        default: return 0;
        }
    }
    return 1;
}

/* ---- the program as a graph, in either direction ---------------------------- */

#define NO_LOOK 0xFF

typedef struct edge {
    uint32_t to;
    uint8_t lo, hi; /* of a step */
    uint8_t look;   /* of a free edge: the assertion, or NO_LOOK */
} edge;

/* Edges of node i: free ones (no byte) free_at[i] to free_at[i + 1], in order of
 * preference, and steps likewise.  A node of many steps, such as the end of a class of
 * Unicode backward, has its targets by class as well: those of class c are to_by_class
 * from by_class[many[i] - 1 + c] to the next. */
typedef struct graph {
    uint32_t n, start, accept;
    uint32_t *free_at, *step_at;
    edge *free, *step;
    uint32_t *many; /* [node]: 0: few steps; else where its classes begin, plus 1 */
    VEC(uint32_t) by_class, to_by_class;
} graph;

#define MANY_STEPS 8

typedef struct raw_edge {
    uint32_t from;
    edge e;
} raw_edge;
typedef VEC(raw_edge) raw_vec;

static void add_edge(arena_t *a, raw_vec *v, int swap, uint32_t from, edge e) {
    raw_edge r = {swap ? e.to : from, e};
    if (swap) r.e.to = from;
    vec_push(a, v, r);
}

/* Sorts edges by the node they leave, keeping their order. */
static void index_edges(arena_t *a, const raw_vec *v, uint32_t n, uint32_t **at,
                        edge **out) {
    uint32_t *first = ARENA_ARRAY(a, uint32_t, n + 2);
    edge *e = ARENA_ARRAY(a, edge, v->n + 1);
    for (size_t i = 0; i < v->n; i++)
        first[v->at[i].from + 2]++;
    for (uint32_t i = 2; i < n + 2; i++)
        first[i] += first[i - 1];
    for (size_t i = 0; i < v->n; i++)
        e[first[v->at[i].from + 1]++] = v->at[i].e;
    *at = first;
    *out = e;
}

static void program_edges(arena_t *a, const re_prog *p, int swap, raw_vec *free,
                          raw_vec *step) {
    for (uint32_t i = 0; i < p->ops.n; i++) {
        const flow_re_op *in = &p->ops.at[i];
        switch (in->op) {
        case FLOW_RE_OP_RANGE:
            add_edge(a, step, swap, i, (edge){in->x, in->lo, in->hi, 0});
            break;
        case FLOW_RE_OP_SPARSE:
            for (uint32_t k = in->x; k < (uint32_t)in->x + in->y; k++) {
                const flow_re_range *r = &p->ranges.at[k];
                add_edge(a, step, swap, i, (edge){r->next, r->lo, r->hi, 0});
            }
            break;
        case FLOW_RE_OP_SPLIT:
            add_edge(a, free, swap, i, (edge){in->x, 0, 0, NO_LOOK});
            add_edge(a, free, swap, i, (edge){in->y, 0, 0, NO_LOOK});
            break;
        case FLOW_RE_OP_LOOK:
            add_edge(a, free, swap, i, (edge){in->x, 0, 0, in->lo});
            break;
        case FLOW_RE_OP_SLOT:
            add_edge(a, free, swap, i, (edge){in->x, 0, 0, NO_LOOK});
            break;
        default: break;
        }
    }
}

/* The loop in front of the program: node `at` begins a match or takes a code point. */
static void prefix_edges(arena_t *a, const re_prog *p, uint32_t at, int by_byte,
                         raw_vec *free, raw_vec *step) {
    uint32_t take = at + 1, one = at + 2, two = at + 3, three = at + 4;
    add_edge(a, free, 0, at, (edge){p->start, 0, 0, NO_LOOK});
    add_edge(a, free, 0, at, (edge){take, 0, 0, NO_LOOK});
    if (by_byte) {
        add_edge(a, step, 0, take, (edge){at, 0x00, 0xFF, 0});
        return;
    }
    add_edge(a, step, 0, take, (edge){at, 0x00, 0xBF, 0});
    add_edge(a, step, 0, take, (edge){one, 0xC0, 0xDF, 0});
    add_edge(a, step, 0, take, (edge){two, 0xE0, 0xEF, 0});
    add_edge(a, step, 0, take, (edge){three, 0xF0, 0xFF, 0});
    add_edge(a, step, 0, three, (edge){two, 0x80, 0xBF, 0});
    add_edge(a, step, 0, two, (edge){one, 0x80, 0xBF, 0});
    add_edge(a, step, 0, one, (edge){at, 0x80, 0xBF, 0});
}

/* Can the program match without a byte, assertions taken as true? */
static int may_be_empty(arena_t *a, const graph *g) {
    uint8_t *seen = ARENA_ARRAY(a, uint8_t, g->n);
    VEC(uint32_t) stack = {0};
    vec_push(a, &stack, g->start);
    while (stack.n) {
        uint32_t i = stack.at[--stack.n];
        if (i == g->accept) return 1;
        if (seen[i]) continue;
        seen[i] = 1;
        for (uint32_t k = g->free_at[i]; k < g->free_at[i + 1]; k++)
            vec_push(a, &stack, g->free[k].to);
    }
    return 0;
}

static void graph_build(arena_t *a, const re_prog *p, re_direction direction, graph *g) {
    raw_vec free = {0}, step = {0};
    int swap = direction == RE_BACKWARD;
    uint32_t match = 0;
    flow_assert(p->ops.at[match].op == FLOW_RE_OP_MATCH);
    program_edges(a, p, swap, &free, &step);
    g->n = (uint32_t)p->ops.n;
    g->start = swap ? match : p->start;
    g->accept = swap ? p->start : match;
    index_edges(a, &free, g->n, &g->free_at, &g->free);
    if (!swap && !prog_is_anchored(a, p)) {
        prefix_edges(a, p, g->n, !may_be_empty(a, g), &free, &step);
        g->start = g->n;
        g->n += 5;
        index_edges(a, &free, g->n, &g->free_at, &g->free);
    }
    index_edges(a, &step, g->n, &g->step_at, &g->step);
}

/* Lists the targets by class for nodes of many steps; sample[c] is a byte of class c. */
static void index_classes(arena_t *a, graph *g, const uint8_t *sample, uint32_t classes) {
    g->many = ARENA_ARRAY(a, uint32_t, g->n);
    for (uint32_t i = 0; i < g->n; i++) {
        if (g->step_at[i + 1] - g->step_at[i] <= MANY_STEPS) continue;
        g->many[i] = (uint32_t)g->by_class.n + 1;
        for (uint32_t c = 0; c < classes; c++) {
            vec_push(a, &g->by_class, (uint32_t)g->to_by_class.n);
            for (uint32_t e = g->step_at[i]; e < g->step_at[i + 1]; e++)
                if (sample[c] >= g->step[e].lo && sample[c] <= g->step[e].hi)
                    vec_push(a, &g->to_by_class, g->step[e].to);
        }
        vec_push(a, &g->by_class, (uint32_t)g->to_by_class.n);
    }
}

/* ---- subsets ---------------------------------------------------------------- */

typedef VEC(uint32_t) list;

typedef struct state {
    uint32_t first, n; /* its list in `entries` */
    uint8_t side;      /* behind it; OTHER unless `waits` */
    uint8_t match, waits;
} state;

typedef struct subset {
    arena_t *arena;
    graph g;
    re_direction direction;
    VEC(state) states;
    list entries;
    uint32_t *slots; /* state + 1 by hash */
    size_t mask;
    uint32_t *seen; /* [node] = the round it was met in */
    uint32_t round;
    list stack, settled;
    list fresh;          /* the places where a byte is taken, or the match */
    list roots;          /* the places behind the last byte that `fresh` was made from */
    uint8_t sample[256]; /* a byte of each class */
    uint32_t classes;
    uint64_t work;
    int waits; /* `fresh` holds a node at an assertion */
    int ended; /* forward: `fresh` already matches, so nothing is added */
} subset;

/* Adds `node` and what it reaches free of bytes.  `ahead` < 0: stop at assertions;
 * else go through those that hold. */
static void closure(subset *s, list *out, uint32_t node, int behind, int ahead) {
    s->stack.n = 0;
    vec_push(s->arena, &s->stack, node);
    while (s->stack.n && !s->ended) {
        uint32_t i = s->stack.at[--s->stack.n];
        if (s->seen[i] == s->round) continue;
        s->seen[i] = s->round;
        s->work++;
        uint32_t from = s->g.free_at[i], to = s->g.free_at[i + 1];
        int keep = i == s->g.accept || s->g.step_at[i] < s->g.step_at[i + 1];
        for (uint32_t k = to; k-- > from;) {
            const edge *e = &s->g.free[k];
            if (e->look == NO_LOOK) {
                vec_push(s->arena, &s->stack, e->to);
            } else if (ahead < 0) {
                keep = s->waits = 1;
            } else {
                int before = s->direction == RE_FORWARD ? behind : ahead;
                int after = s->direction == RE_FORWARD ? ahead : behind;
                if (look_holds(e->look, before, after))
                    vec_push(s->arena, &s->stack, e->to);
            }
        }
        if (keep) vec_push(s->arena, out, i);
        if (i == s->g.accept && s->direction == RE_FORWARD) s->ended = 1;
    }
}

static void sort_list(uint32_t *at, size_t n) {
    for (size_t gap = n / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < n; i++) {
            uint32_t v = at[i];
            size_t k = i;
            for (; k >= gap && at[k - gap] > v; k -= gap)
                at[k] = at[k - gap];
            at[k] = v;
        }
}

static uint64_t list_hash(const uint32_t *at, size_t n, unsigned extra) {
    uint64_t h = mix(n, extra);
    for (size_t i = 0; i < n; i++)
        h = mix(h, at[i]);
    return h;
}

static void rehash(subset *s) {
    size_t slots = (s->mask + 1) * 2;
    s->slots = ARENA_ARRAY(s->arena, uint32_t, slots);
    s->mask = slots - 1;
    for (size_t i = 0; i < s->states.n; i++) {
        const state *t = &s->states.at[i];
        uint64_t h = list_hash(s->entries.at + t->first, t->n, t->side * 2u + t->match);
        while (s->slots[h & s->mask])
            h++;
        s->slots[h & s->mask] = (uint32_t)i + 1;
    }
}

/* The state that was collected by begin_list and add_root. */
static uint32_t state_of(subset *s, int side, int match) {
    const list *l = s->waits ? &s->roots : &s->fresh;
    if (s->direction == RE_BACKWARD) sort_list(l->at, l->n);
    if (!s->waits) side = FLOW_RE_SIDE_OTHER;
    uint64_t h = list_hash(l->at, l->n, (unsigned)side * 2u + (unsigned)match);
    for (; s->slots[h & s->mask]; h++) {
        uint32_t i = s->slots[h & s->mask] - 1;
        const state *t = &s->states.at[i];
        if (t->n == l->n && t->waits == s->waits && t->side == side &&
            t->match == match &&
            (!t->n || !memcmp(s->entries.at + t->first, l->at, t->n * sizeof(uint32_t))))
            return i;
    }
    state t = {(uint32_t)s->entries.n, (uint32_t)l->n, (uint8_t)side, (uint8_t)match,
               (uint8_t)s->waits};
    for (size_t k = 0; k < l->n; k++)
        vec_push(s->arena, &s->entries, l->at[k]);
    vec_push(s->arena, &s->states, t);
    s->slots[h & s->mask] = (uint32_t)s->states.n;
    if (s->states.n * 2 > s->mask) rehash(s);
    return (uint32_t)s->states.n - 1;
}

static void begin_list(subset *s, list *l) {
    l->n = 0;
    s->round++;
    s->roots.n = 0;
    s->waits = s->ended = 0;
}

/* A place that a byte leads to. */
static void add_root(subset *s, uint32_t node) {
    if (s->ended || s->seen[node] == s->round) return;
    vec_push(s->arena, &s->roots, node);
    closure(s, &s->fresh, node, 0, -1);
}

/* The places that `node` leads to over a byte of the class. */
static void step_node(subset *s, uint32_t node, uint32_t class) {
    const graph *g = &s->g;
    uint8_t b = s->sample[class];
    if (g->many[node]) {
        const uint32_t *at = g->by_class.at + g->many[node] - 1 + class;
        for (uint32_t i = at[0]; i < at[1]; i++)
            add_root(s, g->to_by_class.at[i]);
        return;
    }
    for (uint32_t e = g->step_at[node]; e < g->step_at[node + 1]; e++)
        if (b >= g->step[e].lo && b <= g->step[e].hi) add_root(s, g->step[e].to);
}

/* From state `from` over a class, the last of which is the edge of the text. */
static uint32_t step(subset *s, uint32_t from, uint32_t class) {
    state t = s->states.at[from];
    int at_edge = class == s->classes, match = 0;
    int ahead = at_edge ? FLOW_RE_SIDE_EDGE : side_of(s->sample[class]);
    list *in = &s->settled;
    begin_list(s, in);
    for (uint32_t k = 0; k < t.n; k++) {
        uint32_t node = s->entries.at[t.first + k];
        if (t.waits)
            closure(s, in, node, t.side, ahead);
        else
            vec_push(s->arena, in, node);
    }
    begin_list(s, &s->fresh);
    for (size_t k = 0; k < in->n; k++) {
        uint32_t node = in->at[k];
        match |= node == s->g.accept;
        if (node == s->g.accept && s->direction == RE_FORWARD) break;
        s->work++;
        if (!at_edge) step_node(s, node, class);
    }
    return state_of(s, ahead, match);
}

static void start_states(subset *s, uint32_t start[4]) {
    for (int side = 0; side < 4; side++) {
        begin_list(s, &s->fresh);
        add_root(s, s->g.start);
        start[side] = state_of(s, side, 0);
    }
}

int dfa_build(arena_t *a, const re_prog *p, re_direction direction, re_dfa *out) {
    subset s = {.arena = a, .direction = direction, .mask = 255};
    s.slots = ARENA_ARRAY(a, uint32_t, s.mask + 1);
    for (uint32_t i = 0; i < p->ops.n; i++)
        if (p->ops.at[i].op == FLOW_RE_OP_LOOK &&
            p->ops.at[i].lo >= FLOW_RE_LOOK_UNI_WORD)
            return 0;
    s.classes = byte_classes(a, p, out->classes, s.sample);
    graph_build(a, p, direction, &s.g);
    index_classes(a, &s.g, s.sample, s.classes);
    s.seen = ARENA_ARRAY(a, uint32_t, s.g.n);
    out->stride = s.classes + 1;
    list next = {0};
    begin_list(&s, &s.fresh);
    out->dead = state_of(&s, 0, 0);
    start_states(&s, out->start);
    for (uint32_t i = 0; i < s.states.n; i++) {
        if (s.states.n > RE_MAX_DFA || s.work > MAX_WORK || s.entries.n > MAX_ENTRIES)
            return 0;
        for (uint32_t c = 0; c < out->stride; c++)
            vec_push(a, &next, step(&s, i, c));
    }
    out->states = (uint32_t)s.states.n;
    out->next = next.at;
    out->match = ARENA_ARRAY(a, uint8_t, s.states.n);
    for (uint32_t i = 0; i < s.states.n; i++)
        out->match[i] = s.states.at[i].match;
    dfa_minimise(a, out);
    size_t entries = (size_t)out->states * out->stride;
    return entries * (entries > UINT16_MAX ? 4 : 2) <= RE_MAX_DFA_BYTES;
}
