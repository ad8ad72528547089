/* regex_tdfa.c - the tagged automaton (Laurikari 2000, with one byte of look-ahead).
 *
 * It runs over a match whose start and end are known.  A state is a list of threads: the
 * place behind the last byte where each stands, and for each tag (an end of a group) the
 * register that holds it.  Over a byte, each thread is followed to where it takes that
 * byte; tags on the way are the place here.  So a tag costs something only where a thread
 * really goes on past it.
 *
 * Registers are numbered by first appearance in the list, which makes equal states equal
 * without searching for a renaming; a transition moves what has got another number.
 *
 * Threads that cannot lead to the known end drop out by themselves, and what stands
 * behind a thread that matches is never preferred. */
#include "compiler/regex/regex_tdfa.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/regex/regex_dfa.h"

#define MAX_STATES  1000
#define MAX_ENTRIES 16000
#define MAX_LISTS   4000
#define MAX_WORK    3000000u
#define NO_FINISH   0xFFFF

/* A thread's tags follow its place, so a state is a row of bytes and numbers:
 * place, value of each tag, place, value ... */
typedef VEC(uint32_t) row_vec;

typedef struct tstate {
    uint32_t first, n; /* words in `rows` */
    uint8_t side;
} tstate;

typedef struct tagger {
    arena_t *arena;
    const re_prog *prog;
    uint32_t tags; /* slots from 2 on */
    int looks;
    VEC(tstate) states;
    row_vec rows;
    uint32_t *slots; /* state + 1 by hash */
    size_t mask;
    uint32_t *seen; /* [op] = round */
    uint32_t round;
    uint64_t work;
    row_vec fresh;       /* the row being made: values are old registers, HERE or UNSET */
    uint8_t *values;     /* of the thread in hand */
    VEC(uint32_t) lists; /* offset of each in `moves` */
    VEC(uint8_t) moves;
    uint32_t registers;
} tagger;

/* ---- following a thread ----------------------------------------------------- */

typedef enum follow_end { FOLLOW_ON, FOLLOW_MATCH } follow_end;

/* Is the place already in the row that is being made? */
static int row_has(const tagger *t, uint32_t place) {
    for (size_t i = 0; i < t->fresh.n; i += 1 + t->tags)
        if (t->fresh.at[i] == place) return 1;
    return 0;
}

static void add_thread(tagger *t, uint32_t place) {
    if (row_has(t, place)) return;
    vec_push(t->arena, &t->fresh, place);
    for (uint32_t k = 0; k < t->tags; k++)
        vec_push(t->arena, &t->fresh, (uint32_t)t->values[k]);
}

/* Follows from `op` between the kinds `before` and `after`, over byte b (b < 0: none, the
 * match must end here; its tags are then in t->values). */
static follow_end follow(tagger *t, uint32_t op, int before, int after, int b) {
    if (t->seen[op] == t->round) return FOLLOW_ON;
    t->seen[op] = t->round;
    t->work++;
    const flow_re_op *in = &t->prog->ops.at[op];
    switch (in->op) {
    case FLOW_RE_OP_SPLIT:
        if (follow(t, in->x, before, after, b) == FOLLOW_MATCH) return FOLLOW_MATCH;
        return follow(t, in->y, before, after, b);
    case FLOW_RE_OP_LOOK:
        return look_holds(in->lo, before, after) ? follow(t, in->x, before, after, b)
                                                 : FOLLOW_ON;
    case FLOW_RE_OP_SLOT: {
        uint8_t old = t->values[in->y - 2];
        t->values[in->y - 2] = FLOW_RE_HERE;
        follow_end end = follow(t, in->x, before, after, b);
        if (end == FOLLOW_ON || b >= 0) t->values[in->y - 2] = old;
        return end;
    }
    case FLOW_RE_OP_MATCH: return FOLLOW_MATCH;
    case FLOW_RE_OP_FAIL: return FOLLOW_ON;
    default: break;
    }
    int32_t to = b < 0 ? -1 : prog_step(t->prog, op, (uint8_t)b);
    if (to >= 0) add_thread(t, (uint32_t)to);
    return FOLLOW_ON;
}

/* All threads of a state; a match ends it. */
static follow_end follow_state(tagger *t, const tstate *s, int after, int b) {
    t->round++;
    t->fresh.n = 0;
    for (uint32_t i = 0; i < s->n; i += 1 + t->tags) {
        const uint32_t *row = t->rows.at + s->first + i;
        for (uint32_t k = 0; k < t->tags; k++)
            t->values[k] = (uint8_t)row[1 + k];
        if (follow(t, row[0], s->side, after, b) == FOLLOW_MATCH) return FOLLOW_MATCH;
    }
    return FOLLOW_ON;
}

/* ---- states and moves ------------------------------------------------------- */

/* Numbers the registers of the fresh row by first appearance; from[new] is what the new
 * one gets: an old register or HERE.  Returns how many there are. */
static uint32_t number_registers(tagger *t, uint8_t from[256]) {
    uint8_t to[256];
    uint32_t n = 0;
    memset(to, FLOW_RE_UNSET, sizeof to);
    for (size_t i = 0; i < t->fresh.n; i++) {
        if (i % (1 + t->tags) == 0) continue;
        uint32_t v = t->fresh.at[i];
        if (v == FLOW_RE_UNSET) continue;
        if (to[v] == FLOW_RE_UNSET && n < FLOW_RE_REGISTERS) {
            to[v] = (uint8_t)n;
            from[n++] = (uint8_t)v;
        }
        t->fresh.at[i] = to[v];
    }
    return n;
}

static uint64_t row_hash(const uint32_t *at, size_t n, unsigned side) {
    uint64_t h = side + 1;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ at[i]) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    return h;
}

/* The state of the fresh row. */
static uint32_t state_of(tagger *t, int side) {
    if (!t->looks) side = FLOW_RE_SIDE_OTHER;
    uint64_t h = row_hash(t->fresh.at, t->fresh.n, (unsigned)side);
    for (; t->slots[h & t->mask]; h++) {
        const tstate *s = &t->states.at[t->slots[h & t->mask] - 1];
        if (s->n == t->fresh.n && s->side == side &&
            (!s->n ||
             !memcmp(t->rows.at + s->first, t->fresh.at, s->n * sizeof(uint32_t))))
            return t->slots[h & t->mask] - 1;
    }
    tstate s = {(uint32_t)t->rows.n, (uint32_t)t->fresh.n, (uint8_t)side};
    for (size_t i = 0; i < t->fresh.n; i++)
        vec_push(t->arena, &t->rows, t->fresh.at[i]);
    vec_push(t->arena, &t->states, s);
    t->slots[h & t->mask] = (uint32_t)t->states.n;
    return (uint32_t)t->states.n - 1;
}

/* The number of a list with these moves. */
static uint32_t list_of(tagger *t, const uint8_t *moves, uint32_t n) {
    for (uint32_t i = 0; i < t->lists.n; i++) {
        const uint8_t *at = t->moves.at + t->lists.at[i];
        if ((at[0] | at[1] << 8) == (int)n && !memcmp(at + 2, moves, 2 * n)) return i;
    }
    vec_push(t->arena, &t->lists, (uint32_t)t->moves.n);
    vec_push(t->arena, &t->moves, (uint8_t)n);
    vec_push(t->arena, &t->moves, (uint8_t)(n >> 8));
    for (uint32_t i = 0; i < 2 * n; i++)
        vec_push(t->arena, &t->moves, moves[i]);
    return (uint32_t)t->lists.n - 1;
}

/* The moves new <- from[new], all at once, as a list of single ones: what is still read
 * is not overwritten; a ring is opened by way of the spare register. */
static uint32_t moves_of(tagger *t, const uint8_t *from, uint32_t n) {
    uint8_t list[2 * 2 * 256], left[256];
    uint32_t count = 0, todo = 0;
    for (uint32_t i = 0; i < n; i++)
        todo += left[i] = from[i] != i;
    uint8_t source[256];
    memcpy(source, from, n);
    while (todo) {
        uint32_t moved = 0;
        for (uint32_t i = 0; i < n; i++) {
            int read = 0;
            for (uint32_t k = 0; k < n; k++)
                read |= left[k] && k != i && source[k] == i;
            if (!left[i] || read) continue;
            list[2 * count] = (uint8_t)i;
            list[2 * count++ + 1] = source[i];
            left[i] = 0;
            moved++;
        }
        todo -= moved;
        for (uint32_t i = 0; i < n && todo && !moved; i++) {
            if (!left[i]) continue;
            list[2 * count] = FLOW_RE_REGISTERS;
            list[2 * count++ + 1] = (uint8_t)i;
            for (uint32_t k = 0; k < n; k++)
                if (left[k] && source[k] == i) source[k] = FLOW_RE_REGISTERS;
            moved = 1;
        }
    }
    return list_of(t, list, count);
}

/* ---- the table -------------------------------------------------------------- */

static uint32_t transition(tagger *t, uint32_t from, uint8_t b, uint32_t stride) {
    uint8_t source[256];
    tstate s = t->states.at[from];
    int side = side_of(b);
    follow_state(t, &s, side, b);
    uint32_t n = number_registers(t, source);
    if (n > t->registers) t->registers = n;
    uint32_t list = moves_of(t, source, n);
    uint32_t to = state_of(t, side);
    return list << FLOW_RE_TAG_LIST | (to * stride & FLOW_RE_TAG_STATE);
}

static uint16_t finish(tagger *t, uint32_t from, int after) {
    uint8_t list[2 * 256];
    uint32_t n = 0;
    tstate s = t->states.at[from];
    if (follow_state(t, &s, after, -1) != FOLLOW_MATCH) return NO_FINISH;
    for (uint32_t k = 0; k < t->tags; k++) {
        if (t->values[k] == FLOW_RE_UNSET) continue;
        list[2 * n] = (uint8_t)k;
        list[2 * n++ + 1] = t->values[k];
    }
    return (uint16_t)list_of(t, list, n);
}

static uint32_t put(buf_t *out, const void *bytes, size_t n) {
    static const char zeros[8];
    buf_put(out, zeros, -out->n & 7);
    uint32_t at = (uint32_t)out->n;
    buf_put(out, bytes, n);
    return at;
}

static uint32_t write_all(tagger *t, flow_re_tdfa *head, const uint32_t *table,
                          buf_t *out) {
    uint16_t *ends = ARENA_ARRAY(t->arena, uint16_t, 4 * t->states.n);
    head->states = (uint32_t)t->states.n;
    head->registers = t->registers;
    for (uint32_t s = 0; s < t->states.n; s++)
        for (int k = 0; k < 4; k++)
            ends[4 * s + (uint32_t)k] = finish(t, s, k);
    head->table = put(out, table, t->states.n * head->stride * sizeof *table);
    head->finish = put(out, ends, 4 * t->states.n * sizeof *ends);
    uint32_t moves = put(out, t->moves.at, t->moves.n);
    for (size_t i = 0; i < t->lists.n; i++)
        t->lists.at[i] += moves;
    head->lists = put(out, t->lists.at, t->lists.n * sizeof *t->lists.at);
    return put(out, head, sizeof *head);
}

static int can_be_tagged(tagger *t) {
    if (t->tags > FLOW_RE_REGISTERS / 2) return 0;
    for (uint32_t i = 0; i < t->prog->ops.n; i++) {
        if (t->prog->ops.at[i].op != FLOW_RE_OP_LOOK) continue;
        t->looks = 1;
        if (t->prog->ops.at[i].lo >= FLOW_RE_LOOK_UNI_WORD) return 0;
    }
    /* `follow` goes as deep as the program is long. */
    return t->prog->ops.n <= 4000;
}

/* Has it grown beyond what is worth a table? */
static int too_large(const tagger *t, uint32_t classes) {
    return t->states.n > MAX_STATES || t->states.n * classes > MAX_ENTRIES ||
           t->lists.n > MAX_LISTS || t->work > MAX_WORK ||
           t->registers >= FLOW_RE_REGISTERS;
}

uint32_t write_tdfa(arena_t *a, const re_prog *p, buf_t *out) {
    tagger t = {
        .arena = a, .prog = p, .tags = 2 * (uint32_t)(p->groups - 1), .mask = 4095};
    flow_re_tdfa head = {0};
    uint8_t sample[256];
    row_vec table = {0};
    if (!can_be_tagged(&t)) return 0;
    t.slots = ARENA_ARRAY(a, uint32_t, t.mask + 1);
    t.seen = ARENA_ARRAY(a, uint32_t, p->ops.n);
    t.values = ARENA_ARRAY(a, uint8_t, t.tags);
    list_of(&t, sample, 0);
    uint32_t classes = byte_classes(a, p, head.classes, sample);
    head.stride = classes;
    for (int side = 0; side < 4; side++) {
        t.fresh.n = 0;
        vec_push(a, &t.fresh, p->start);
        for (uint32_t k = 0; k < t.tags; k++)
            vec_push(a, &t.fresh, (uint32_t)FLOW_RE_UNSET);
        head.start[side] = state_of(&t, side) * classes;
    }
    for (uint32_t s = 0; s < t.states.n && !too_large(&t, classes); s++) {
        for (uint32_t c = 0; c < classes; c++)
            vec_push(a, &table, transition(&t, s, sample[c], classes));
    }
    return too_large(&t, classes) ? 0 : write_all(&t, &head, table.at, out);
}
