/* k_regex_nfa.c - searching by threads, in time of program times text.
 *
 * Pike's machine: all threads go through the text side by side, in order of preference,
 * each with its slots; of two at one instruction the preferred one goes on.  Only
 * instructions that take a byte, and MATCH, are on the lists; what lies between is
 * followed at once (re_follow) with a stack of its own, which also puts slots back.
 *
 * Whether there is a match at all asks for no order: k_re_threads_any keeps sets of bits
 * and needs no memory but 12 KiB of stack. */
#include "runtime/kernel/k_regex_nfa.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_regex_dfa.h"
#include "runtime/kernel/k_utf8.h"

re_code k_re_code(const flow_re *re, re_text t) {
    const uint8_t *base = (const uint8_t *)re;
    const flow_re_nfa *nfa = (const flow_re_nfa *)(base + re->program);
    return (re_code){re, nfa, (const flow_re_op *)(nfa + 1),
                     (const flow_re_range *)(base + nfa->ranges_at), t};
}

/* ---- assertions and steps --------------------------------------------------- */

/* Is the code point that begins at p (valid UTF-8) part of a Unicode word? */
static int re_uni_word(const flow_re *re, const uint8_t *p, const uint8_t *end) {
    const flow_re_nfa *nfa = (const flow_re_nfa *)((const uint8_t *)re + re->program);
    const uint32_t *pair = (const uint32_t *)((const uint8_t *)re + nfa->words);
    int64_t n, lo = 0, hi = nfa->nwords;
    if (end - p < k_utf8_len(*p)) return 0;
    uint32_t c = k_utf8_get(p, &n);
    while (lo < hi) {
        int64_t mid = (lo + hi) / 2;
        if (pair[2 * mid + 1] < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < nfa->nwords && pair[2 * lo] <= c;
}

static int re_uni_border(const flow_re *re, re_text t, const uint8_t *p) {
    const uint8_t *q = p;
    while (q > t.s && p - q < 4) {
        q--;
        if ((*q & 0xC0) != 0x80) break;
    }
    int before = p > t.s && re_uni_word(re, q, p);
    return before != (p < t.end && re_uni_word(re, p, t.end));
}

int32_t k_re_look(const flow_re *re, re_text t, const uint8_t *p, uint8_t look) {
    switch (look) {
    case FLOW_RE_LOOK_TEXT_START: return p == t.s;
    case FLOW_RE_LOOK_TEXT_END: return p == t.end;
    case FLOW_RE_LOOK_LINE_START: return p == t.s || p[-1] == '\n';
    case FLOW_RE_LOOK_LINE_END: return p == t.end || *p == '\n';
    case FLOW_RE_LOOK_UNI_WORD: return re_uni_border(re, t, p);
    case FLOW_RE_LOOK_NOT_UNI_WORD: return !re_uni_border(re, t, p);
    default: break;
    }
    int border = (k_re_before(t, p) == FLOW_RE_SIDE_WORD) !=
                 (k_re_after(t, p) == FLOW_RE_SIDE_WORD);
    return look == FLOW_RE_LOOK_WORD ? border : !border;
}

/* Where the next match could begin if no thread is alive; null: nowhere. */
static const uint8_t *re_skip(const flow_re *re, re_text t, const uint8_t *p) {
    if (re->pre == FLOW_RE_PRE_PREFIX) return k_re_literal(re, t, p);
    if (re->pre != FLOW_RE_PRE_FIRST) return p;
    p = k_re_class(re, t, p, 1);
    return p < t.end ? p : NULL;
}

/* ---- threads with slots ----------------------------------------------------- */

typedef struct re_list {
    uint16_t *op;
    int64_t *slots; /* nslots for each */
    int64_t n;
} re_list;

/* What is left to do in re_follow: an instruction, or (slot >= 0) a slot to put back. */
typedef struct re_todo {
    int64_t old;
    int32_t slot;
    uint32_t op;
} re_todo;

typedef struct re_machine {
    re_code code;
    int64_t nslots;
    re_list now, next;
    uint32_t *mark; /* [op] = the round it was reached in */
    uint32_t round;
    re_todo *stack;
    int64_t *work; /* the slots of the thread in hand */
} re_machine;

/* Adds what `op` leads to at p without a byte, with the slots in m->work. */
static void re_follow(re_machine *m, re_list *list, uint32_t op, const uint8_t *p) {
    int64_t depth = 0;
    m->stack[depth++] = (re_todo){0, -1, op};
    while (depth) {
        re_todo top = m->stack[--depth];
        if (top.slot >= 0) {
            m->work[top.slot] = top.old;
            continue;
        }
        if (m->mark[top.op] == m->round) continue;
        m->mark[top.op] = m->round;
        RE_COUNT(1);
        const flow_re_op *in = &m->code.ops[top.op];
        switch (in->op) {
        case FLOW_RE_OP_SPLIT:
            m->stack[depth++] = (re_todo){0, -1, in->y};
            m->stack[depth++] = (re_todo){0, -1, in->x};
            break;
        case FLOW_RE_OP_LOOK:
            if (k_re_look(m->code.re, m->code.t, p, in->lo))
                m->stack[depth++] = (re_todo){0, -1, in->x};
            break;
        case FLOW_RE_OP_SLOT:
            if (in->y < m->nslots) {
                m->stack[depth++] = (re_todo){m->work[in->y], in->y, 0};
                m->work[in->y] = p - m->code.t.s;
            }
            m->stack[depth++] = (re_todo){0, -1, in->x};
            break;
        case FLOW_RE_OP_FAIL: break;
        default:
            list->op[list->n] = (uint16_t)top.op;
            for (int64_t i = 0; i < m->nslots; i++)
                list->slots[list->n * m->nslots + i] = m->work[i];
            list->n++;
        }
    }
}

/* Memory for a program of n instructions; each is met at most once a round. */
static void re_machine_init(re_machine *m, flow_ctx *ctx) {
    int64_t n = m->code.nfa->ops;
    m->mark = flow_k_alloc(ctx, n * 4);
    __builtin_memset(m->mark, 0, (size_t)n * 4);
    m->stack = flow_k_alloc(ctx, (2 * n + 2) * (int64_t)sizeof(re_todo));
    m->work = flow_k_alloc(ctx, m->nslots * 8);
    m->now.op = flow_k_alloc(ctx, n * 2);
    m->next.op = flow_k_alloc(ctx, n * 2);
    m->now.slots = flow_k_alloc(ctx, n * m->nslots * 8);
    m->next.slots = flow_k_alloc(ctx, n * m->nslots * 8);
    m->now.n = m->next.n = 0;
    m->round = 1;
}

static void re_begin_thread(re_machine *m, const uint8_t *p) {
    for (int64_t i = 0; i < m->nslots; i++)
        m->work[i] = -1;
    m->work[0] = p - m->code.t.s;
    re_follow(m, &m->now, m->code.nfa->start, p);
}

/* Takes the byte at p (none at the text's end).  1: a thread matched at p, its slots are
 * in `slots`; those behind it are dropped. */
static int re_take(re_machine *m, const uint8_t *p, int64_t *slots) {
    int matched = 0;
    m->round++;
    m->next.n = 0;
    for (int64_t i = 0; i < m->now.n && !matched; i++) {
        RE_COUNT(1);
        uint32_t op = m->now.op[i];
        const int64_t *mine = m->now.slots + i * m->nslots;
        if (m->code.ops[op].op == FLOW_RE_OP_MATCH) {
            matched = 1;
            for (int64_t k = 0; k < m->nslots; k++)
                slots[k] = mine[k];
            slots[1] = p - m->code.t.s;
            break;
        }
        int32_t to = p < m->code.t.end ? k_re_step(&m->code, op, *p) : -1;
        if (to < 0) continue;
        for (int64_t k = 0; k < m->nslots; k++)
            m->work[k] = mine[k];
        re_follow(m, &m->next, (uint32_t)to, p + 1);
    }
    re_list swap = m->now;
    m->now = m->next;
    m->next = swap;
    return matched;
}

FLOW_FAR int32_t k_re_threads(flow_ctx *ctx, const flow_re *re, re_text t,
                              const uint8_t *from, int here, int64_t *slots,
                              int64_t nslots, const uint8_t **seen) {
    void *mark = flow_k_mark(ctx);
    re_machine m = {.code = k_re_code(re, t), .nslots = nslots};
    int32_t matched = 0;
    re_machine_init(&m, ctx);
    const uint8_t *p = from;
    for (;; p++) {
        int may_begin = !matched && (!here || p == from) &&
                        (!(re->flags & FLOW_RE_ANCHORED) || p == t.s);
        if (m.now.n == 0) {
            if (!may_begin) break;
            if (!here) p = re_skip(re, t, p);
            if (!p) break;
        }
        if (may_begin && (here || k_re_boundary(t, p))) re_begin_thread(&m, p);
        matched |= re_take(&m, p, slots);
        if (p == t.end) break;
    }
    *seen = p ? p : t.end;
    flow_k_reset(ctx, mark);
    return matched;
}

/* ---- sets of instructions --------------------------------------------------- */

#define RE_WORDS (FLOW_RE_MAX_PROGRAM / 64)

typedef struct re_sets {
    uint64_t now[RE_WORDS], next[RE_WORDS], open[RE_WORDS], seen[RE_WORDS];
    int64_t words, first_open;
} re_sets;

FLOW_INLINE void re_open(re_sets *s, uint32_t op) {
    uint64_t bit = (uint64_t)1 << (op & 63);
    if (s->seen[op >> 6] & bit) return;
    s->seen[op >> 6] |= bit;
    s->open[op >> 6] |= bit;
    if (op >> 6 < s->first_open) s->first_open = op >> 6;
}

/* Follows all that is open at p into `next`; 1 if MATCH is reached. */
static int re_follow_sets(re_sets *s, const re_code *c, const uint8_t *p) {
    while (s->first_open < s->words) {
        int64_t w = s->first_open;
        if (!s->open[w]) {
            s->first_open++;
            continue;
        }
        uint32_t op = (uint32_t)(w * 64 + __builtin_ctzll(s->open[w]));
        const flow_re_op *in = &c->ops[op];
        s->open[w] &= s->open[w] - 1;
        RE_COUNT(1);
        switch (in->op) {
        case FLOW_RE_OP_MATCH: return 1;
        case FLOW_RE_OP_SPLIT:
            re_open(s, in->y);
            re_open(s, in->x);
            break;
        case FLOW_RE_OP_SLOT: re_open(s, in->x); break;
        case FLOW_RE_OP_LOOK:
            if (k_re_look(c->re, c->t, p, in->lo)) re_open(s, in->x);
            break;
        case FLOW_RE_OP_FAIL: break;
        default: s->next[w] |= (uint64_t)1 << (op & 63);
        }
    }
    return 0;
}

FLOW_FAR int32_t k_re_threads_any(const flow_re *re, re_text t, const uint8_t *from) {
    re_sets s;
    re_code c = k_re_code(re, t);
    s.words = (c.nfa->ops + 63) / 64;
    size_t bytes = (size_t)s.words * 8;
    int alive = 0;
    __builtin_memset(s.now, 0, bytes);
    for (const uint8_t *p = from;; p++) {
        int may_begin = !(re->flags & FLOW_RE_ANCHORED) || p == t.s;
        if (!alive && (!may_begin || !(p = re_skip(re, t, p)))) return 0;
        /* `now` holds the instructions that wait for the byte at p - 1. */
        __builtin_memset(s.next, 0, bytes);
        __builtin_memset(s.seen, 0, bytes);
        __builtin_memset(s.open, 0, bytes);
        s.first_open = s.words;
        for (int64_t w = 0; alive && w < s.words; w++)
            for (uint64_t bits = s.now[w]; bits; bits &= bits - 1) {
                int32_t to =
                    k_re_step(&c, (uint32_t)(w * 64 + __builtin_ctzll(bits)), p[-1]);
                if (to >= 0) re_open(&s, (uint32_t)to);
            }
        if (may_begin && k_re_boundary(t, p)) re_open(&s, c.nfa->start);
        if (re_follow_sets(&s, &c, p)) return 1;
        if (p == t.end) return 0;
        alive = 0;
        for (int64_t w = 0; w < s.words; w++)
            alive |= (s.now[w] = s.next[w]) != 0;
    }
}
