/* k_regex_sweep.c - all matches of a text in linear time, whatever the regex.
 *
 * A search that goes on beyond the match it will give - a(.*b)? over text without b does
 * so at every a - takes linear time, but all matches of a text then take quadratic time.
 * k_regex.c notices that, and finds the rest of the matches here, by two passes (Frisch
 * and Cardelli 2004):
 *
 * Backwards: for each place of the text, the set of instructions from which MATCH can be
 * reached there.  Forwards: where the start is in the set a match begins, and at each
 * choice the preferred side that is in the set is the right one, so there is no search.
 *
 * The sets of all places would be large.  The backward pass keeps those of every block's
 * end; a block's sets are made again when the forward pass enters it.  So it takes time
 * of two backward passes, and memory of about the square root of the text. */
#include "runtime/kernel/k_regex_sweep.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_regex_nfa.h"

#define RE_MIN_BLOCK 64

struct re_sweep {
    re_code code;
    const uint8_t *from;
    int64_t words;  /* of a set */
    int64_t block;  /* places in a block */
    int64_t loaded; /* number of the block whose sets are in `sets`; -1: none */
    uint64_t *ends; /* [block]: the set at its end */
    uint64_t *sets; /* [block + 1 places] of the loaded block */
    uint64_t *seen; /* instructions met at the place in hand */
    struct re_choice *stack;
};

/* What is left to do at a place: an instruction, or (slot >= 0) a slot to put back. */
typedef struct re_choice {
    int64_t old;
    int32_t slot;
    uint32_t op;
} re_choice;

FLOW_INLINE int re_in_set(const uint64_t *set, uint32_t op) {
    return set[op >> 6] >> (op & 63) & 1;
}
FLOW_INLINE void re_into_set(uint64_t *set, uint32_t op) {
    set[op >> 6] |= (uint64_t)1 << (op & 63);
}

/* Does `op` lead to MATCH from p, where `set` (so far) and `after` are the sets of p and
 * the place behind it? */
FLOW_INLINE int re_leads(const re_code *c, uint32_t op, const uint8_t *p,
                         const uint64_t *set, const uint64_t *after) {
    const flow_re_op *in = &c->ops[op];
    switch (in->op) {
    case FLOW_RE_OP_MATCH: return 1;
    case FLOW_RE_OP_FAIL: return 0;
    case FLOW_RE_OP_SPLIT: return re_in_set(set, in->x) || re_in_set(set, in->y);
    case FLOW_RE_OP_SLOT: return re_in_set(set, in->x);
    case FLOW_RE_OP_LOOK:
        return re_in_set(set, in->x) && k_re_look(c->re, c->t, p, in->lo);
    default: break;
    }
    int32_t to = p < c->t.end ? k_re_step(c, op, *p) : -1;
    return to >= 0 && re_in_set(after, (uint32_t)to);
}

/* The set of p from that of the place behind it (unused at the text's end).  Most
 * instructions lead to lower numbers, so one round is enough but for loops. */
static void re_sweep_place(const re_sweep *w, const uint8_t *p, uint64_t *set,
                           const uint64_t *after) {
    const re_code *c = &w->code;
    __builtin_memset(set, 0, (size_t)w->words * 8);
    for (int changed = 1; changed;) {
        changed = 0;
        for (uint32_t op = 0; op < c->nfa->ops; op++) {
            RE_COUNT(1);
            if (re_in_set(set, op) || !re_leads(c, op, p, set, after)) continue;
            re_into_set(set, op);
            changed = 1;
        }
    }
}

static void re_copy_set(const re_sweep *w, uint64_t *to, const uint64_t *from) {
    __builtin_memcpy(to, from, (size_t)w->words * 8);
}

FLOW_FAR re_sweep *k_re_sweep(flow_ctx *ctx, const flow_re *re, re_text t,
                              const uint8_t *from) {
    re_sweep *w = flow_k_alloc(ctx, sizeof *w);
    int64_t places = t.end - from + 1, block = RE_MIN_BLOCK;
    w->code = k_re_code(re, t);
    w->from = from;
    w->words = (w->code.nfa->ops + 63) / 64;
    while (block * block < places)
        block *= 2;
    w->block = block;
    w->loaded = -1;
    int64_t blocks = (places + block - 1) / block, bytes = w->words * 8;
    w->ends = flow_k_alloc(ctx, blocks * bytes);
    w->sets = flow_k_alloc(ctx, (block + 1) * bytes);
    w->seen = flow_k_alloc(ctx, bytes);
    w->stack = flow_k_alloc(ctx, (2 * (int64_t)w->code.nfa->ops + 2) *
                                     (int64_t)sizeof(re_choice));
    /* Two sets take turns. */
    uint64_t *set = w->sets, *after = w->sets + w->words;
    for (int64_t i = places - 1; i >= 0; i--) {
        if ((i + 1) % block == 0 && i + 1 < places)
            re_copy_set(w, w->ends + i / block * w->words, after);
        re_sweep_place(w, from + i, set, after);
        uint64_t *swap = set;
        set = after;
        after = swap;
    }
    return w;
}

/* The set of p. */
static const uint64_t *re_set_of(re_sweep *w, const uint8_t *p) {
    int64_t i = p - w->from, number = i / w->block, first = number * w->block;
    if (number != w->loaded) {
        int64_t n = w->code.t.end - w->from + 1 - first;
        if (n > w->block) {
            n = w->block;
            re_copy_set(w, w->sets + n * w->words, w->ends + number * w->words);
        }
        for (int64_t k = n - 1; k >= 0; k--)
            re_sweep_place(w, w->from + first + k, w->sets + k * w->words,
                           w->sets + (k + 1) * w->words);
        w->loaded = number;
    }
    return w->sets + (i - first) * w->words;
}

/* From `op` at p by preferred choices to the instruction that takes the byte, or MATCH.
 */
static uint32_t re_choose(re_sweep *w, uint32_t op, const uint8_t *p, int64_t *slots,
                          int64_t nslots) {
    const uint64_t *set = re_set_of(w, p);
    int64_t depth = 0;
    __builtin_memset(w->seen, 0, (size_t)w->words * 8);
    w->stack[depth++] = (re_choice){0, -1, op};
    while (depth) {
        re_choice top = w->stack[--depth];
        if (top.slot >= 0) {
            slots[top.slot] = top.old;
            continue;
        }
        if (!re_in_set(set, top.op) || re_in_set(w->seen, top.op)) continue;
        re_into_set(w->seen, top.op);
        RE_COUNT(1);
        const flow_re_op *in = &w->code.ops[top.op];
        switch (in->op) {
        case FLOW_RE_OP_SPLIT:
            w->stack[depth++] = (re_choice){0, -1, in->y};
            w->stack[depth++] = (re_choice){0, -1, in->x};
            break;
        case FLOW_RE_OP_SLOT:
            if (in->y < nslots) {
                w->stack[depth++] = (re_choice){slots[in->y], in->y, 0};
                slots[in->y] = p - w->code.t.s;
            }
            w->stack[depth++] = (re_choice){0, -1, in->x};
            break;
        case FLOW_RE_OP_LOOK: w->stack[depth++] = (re_choice){0, -1, in->x}; break;
        default: return top.op;
        }
    }
    return 0; /* the set says that there is a way */
}

FLOW_FAR int32_t k_re_sweep_next(re_sweep *w, const uint8_t *p, int64_t *slots,
                                 int64_t nslots) {
    const re_code *c = &w->code;
    while (!k_re_boundary(c->t, p) || !re_in_set(re_set_of(w, p), c->nfa->start))
        if (p++ == c->t.end) return 0;
    for (int64_t i = 0; i < nslots; i++)
        slots[i] = -1;
    slots[0] = p - c->t.s;
    uint32_t op = re_choose(w, c->nfa->start, p, slots, nslots);
    for (; c->ops[op].op != FLOW_RE_OP_MATCH; p++)
        op = re_choose(w, (uint32_t)k_re_step(c, op, *p), p + 1, slots, nslots);
    slots[1] = p - c->t.s;
    return 1;
}
