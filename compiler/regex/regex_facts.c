/* regex_facts.c - literals, first bytes and lengths of a regex.
 *
 * Literals are found on the tree: a walk collects bytes as long as each one is certain,
 * and starts afresh where something else comes in between.  A class of characters whose
 * encodings form a cube (they differ in some bits of one byte, and all their combinations
 * are members) counts as certain under a mask: so (?i)error is one literal. */
#include "compiler/regex/regex_facts.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/regex/regex_dfa.h"

#define MAX_LITERAL 4096
#define INFINITE    ((int64_t)1 << 40)

/* ---- how common bytes are --------------------------------------------------- */

/* In text and logs, in 1/1000; what is not listed is rare. */
static int frequency(int b) {
    static const char letters[] = "etaoinsrhldcumfpgwybvkxjqz";
    static const uint8_t per_mille[] = {95, 70, 62, 58, 55, 53, 50, 48, 38,
                                        32, 30, 24, 22, 20, 16, 16, 15, 13,
                                        12, 11, 8,  7,  3,  2,  2,  2};
    if (b >= 'a' && b <= 'z') return per_mille[strchr(letters, b) - letters];
    if (b >= '0' && b <= '9') return b <= '2' ? 18 : 10;
    if (b >= 'A' && b <= 'Z') return strchr("ETAIS", b) ? 5 : 3;
    if (b == ' ') return 150;
    if (b == '\n' || b == '.' || b == ',') return 12;
    if (b == '-' || b == '/' || b == ':' || b == '"' || b == '=' || b == '_') return 10;
    if (b >= 0x80) return b < 0xC0 ? 6 : 1;
    return b < ' ' ? 1 : 3;
}

int byte_frequency(uint8_t value, uint8_t mask) {
    int sum = 0;
    for (int b = 0; b < 256; b++)
        if ((b & mask) == value) sum += frequency(b);
    return sum;
}

int bits_frequency(const uint8_t bits[32]) {
    int sum = 0;
    for (int b = 0; b < 256; b++)
        if (bits_has(bits, b)) sum += frequency(b);
    return sum;
}

/* ---- literals --------------------------------------------------------------- */

typedef struct collect {
    arena_t *arena;
    VEC(uint8_t) value, mask; /* the piece being made */
    int broken;               /* something stood before it */
    int placed;               /* an assertion was met */
    re_facts *out;
} collect;

static re_literal piece(collect *c) {
    uint8_t *copy = ARENA_ARRAY(c->arena, uint8_t, 2 * c->value.n + 1);
    if (c->value.n) memcpy(copy, c->value.at, c->value.n);
    if (c->value.n) memcpy(copy + c->value.n, c->mask.at, c->value.n);
    return (re_literal){copy, copy + c->value.n, c->value.n};
}

int literal_commonness(const re_literal *l) {
    int best = 1000, second = 1000;
    for (size_t i = 0; i < l->len; i++) {
        int f = byte_frequency(l->value[i], l->mask[i]);
        if (f < best)
            second = best, best = f;
        else if (f < second)
            second = f;
    }
    return l->len == 0 ? 1000000 : best * second;
}

/* The piece ends here: something that is no literal follows. */
static void flush(collect *c) {
    re_literal l = piece(c);
    if (!c->broken) c->out->prefix = l;
    if (l.len && literal_commonness(&l) < literal_commonness(&c->out->needs))
        c->out->needs = l;
    c->value.n = c->mask.n = 0;
    c->broken = 1;
}

static int encode_char(uint32_t ch, uint8_t out[4]) {
    if (ch < 0x80) return out[0] = (uint8_t)ch, 1;
    int n = ch < 0x800 ? 2 : ch < 0x10000 ? 3 : 4;
    for (int i = n - 1; i > 0; i--, ch >>= 6)
        out[i] = (uint8_t)(0x80 | (ch & 0x3F));
    out[0] = (uint8_t)((n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0) | ch);
    return n;
}

/* The set as bytes with masks; 0 if it is no cube within one byte. */
static int cube(const re_set *set, uint8_t value[4], uint8_t mask[4]) {
    uint8_t bytes[4], differ[4] = {0};
    uint32_t count = set_count(set);
    if (count == 0 || count > 64) return 0;
    int n = encode_char(set->at[0].lo, value), bytes_that_differ = 0, bits = 0;
    for (size_t i = 0; i < set->n; i++)
        for (uint32_t ch = set->at[i].lo; ch <= set->at[i].hi; ch++) {
            if (encode_char(ch, bytes) != n) return 0;
            for (int k = 0; k < n; k++)
                differ[k] |= bytes[k] ^ value[k];
        }
    for (int k = 0; k < n; k++) {
        bytes_that_differ += differ[k] != 0;
        bits += __builtin_popcount(differ[k]);
        mask[k] = (uint8_t)~differ[k];
        value[k] &= mask[k];
    }
    return bytes_that_differ <= 1 && count == 1u << bits ? n : 0;
}

static void collect_node(collect *c, const re_node *n);

static void collect_class(collect *c, const re_node *n) {
    uint8_t value[4], mask[4];
    int len = cube(&n->set, value, mask);
    if (len == 0 || c->value.n + 4 > MAX_LITERAL) {
        flush(c);
        return;
    }
    for (int i = 0; i < len; i++) {
        vec_push(c->arena, &c->value, value[i]);
        vec_push(c->arena, &c->mask, mask[i]);
    }
}

static void collect_repeat(collect *c, const re_node *n) {
    if (n->max == 0) return;
    if (n->min == 0) {
        flush(c);
        return;
    }
    int times = n->min < 64 ? n->min : 64;
    for (int i = 0; i < times && c->value.n < MAX_LITERAL; i++) {
        size_t before = c->value.n;
        int broken = c->broken;
        collect_node(c, n->part[0]);
        /* What is no literal itself need not be looked at again. */
        if (c->value.n == before || c->broken != broken) break;
    }
    if (n->max != n->min || n->min > times) flush(c);
}

static void collect_node(collect *c, const re_node *n) {
    switch (n->kind) {
    case RE_EMPTY: break;
    case RE_LOOK: c->placed = 1; break;
    case RE_CLASS: collect_class(c, n); break;
    case RE_GROUP: collect_node(c, n->part[0]); break;
    case RE_REPEAT: collect_repeat(c, n); break;
    case RE_ALT: flush(c); break;
    case RE_CAT:
        for (size_t i = 0; i < n->nparts; i++)
            collect_node(c, n->part[i]);
        break;
    }
}

static void find_literals(arena_t *a, const re_tree *tree, re_facts *out) {
    collect c = {.arena = a, .out = out};
    collect_node(&c, tree->root);
    out->whole = !c.broken && !c.placed;
    flush(&c);
    if (out->prefix.len == 0) out->whole = 0;
}

/* ---- first bytes ------------------------------------------------------------ */

static void find_first(arena_t *a, const re_prog *p, re_facts *out) {
    uint8_t *seen = ARENA_ARRAY(a, uint8_t, p->ops.n);
    VEC(uint32_t) stack = {0};
    out->first_known = 1;
    vec_push(a, &stack, p->start);
    while (stack.n) {
        uint32_t i = stack.at[--stack.n];
        const flow_re_op *in = &p->ops.at[i];
        if (seen[i]) continue;
        seen[i] = 1;
        if (in->op == FLOW_RE_OP_MATCH) out->first_known = 0;
        if (in->op == FLOW_RE_OP_RANGE || in->op == FLOW_RE_OP_SPARSE)
            for (int b = 0; b < 256; b++)
                if (prog_step(p, i, (uint8_t)b) >= 0) bits_add(out->first, b);
        if (in->op == FLOW_RE_OP_SPLIT) vec_push(a, &stack, in->y);
        if (in->op == FLOW_RE_OP_SPLIT || in->op == FLOW_RE_OP_SLOT ||
            in->op == FLOW_RE_OP_LOOK)
            vec_push(a, &stack, in->x);
    }
}

/* ---- a class, repeated ------------------------------------------------------ */

static void find_run(const re_node *n, re_facts *out) {
    int plus = 0;
    if (n->kind == RE_REPEAT && n->min == 1 && n->max < 0 && !n->lazy) {
        plus = 1;
        n = n->part[0];
    }
    if (n->kind != RE_CLASS) return;
    uint32_t ascii = 0, all = set_count(&n->set);
    for (int b = 0; b < 0x80; b++)
        if (set_has(&n->set, (uint32_t)b)) bits_add(out->run_bits, b), ascii++;
    if (all == ascii + RE_MAX_CHAR + 1 - 0x80 && plus)
        memset(out->run_bits + 16, 0xFF, 16);
    else if (all != ascii)
        return;
    if (all) out->run = plus ? 2 : 1;
}

/* ---- lengths ---------------------------------------------------------------- */

static int64_t capped(int64_t n) {
    return n > INFINITE ? INFINITE : n;
}

static void char_lengths(const re_set *set, int64_t *min, int64_t *max) {
    static const uint32_t last[] = {0x7F, 0x7FF, 0xFFFF, RE_MAX_CHAR};
    *min = *max = 0;
    if (!set->n) return;
    while (set->at[0].lo > last[*min])
        ++*min;
    while (set->at[set->n - 1].hi > last[*max])
        ++*max;
    ++*min, ++*max;
}

static void lengths(const re_node *n, int64_t *min, int64_t *max) {
    int64_t lo, hi;
    *min = *max = 0;
    switch (n->kind) {
    case RE_EMPTY:
    case RE_LOOK: break;
    case RE_CLASS: char_lengths(&n->set, min, max); break;
    case RE_GROUP: lengths(n->part[0], min, max); break;
    case RE_REPEAT:
        lengths(n->part[0], &lo, &hi);
        *min = capped(lo * n->min);
        *max = n->max < 0 ? (hi ? INFINITE : 0) : capped(hi * n->max);
        break;
    case RE_CAT:
        for (size_t i = 0; i < n->nparts; i++) {
            lengths(n->part[i], &lo, &hi);
            *min = capped(*min + lo);
            *max = capped(*max + hi);
        }
        break;
    case RE_ALT:
        *min = INFINITE;
        for (size_t i = 0; i < n->nparts; i++) {
            lengths(n->part[i], &lo, &hi);
            if (lo < *min) *min = lo;
            if (hi > *max) *max = hi;
        }
        break;
    }
}

void facts_find(arena_t *a, const re_tree *tree, const re_prog *p, re_facts *out) {
    memset(out, 0, sizeof *out);
    find_literals(a, tree, out);
    find_first(a, p, out);
    find_run(tree->root, out);
    lengths(tree->root, &out->min_len, &out->max_len);
    if (out->max_len >= INFINITE) out->max_len = -1;
    out->can_be_empty = node_can_be_empty(tree->root);
    out->anchored = prog_is_anchored(a, p);
}
