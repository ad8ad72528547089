/* k_schema.c - schemas read into trees, once per task.
 *
 * Walking the code itself for each value would find a member only by passing those before
 * it; the tree also has room for what decoders learn about the input. */
#include "runtime/kernel/k_schema.h"
#include "runtime/kernel/k_mem.h"

static int64_t schema_text_len(const uint8_t *s) {
    int64_t n = 0;
    while (s[n])
        n++;
    return n;
}

FLOW_FAR const uint8_t *k_format_read(const uint8_t *schema, flow_format *f) {
    f->flags = schema[0];
    f->separator = schema[1];
    f->unit = schema[2];
    f->tag = schema + 3;
    f->tag_len = schema_text_len(f->tag);
    return f->tag + f->tag_len + 1;
}

/* A member's name, marks and type. */
static void node_member(flow_ctx *ctx, const uint8_t **tc, int guess, flow_member *m) {
    const uint8_t *p = *tc;
    m->name = p;
    m->name_len = schema_text_len(p);
    p += m->name_len + 1;
    m->unread = *p == 'x';
    p += m->unread;
    if (*p == '=') {
        uint32_t len;
        __builtin_memcpy(&len, p + 1, 4);
        m->json = p + 5;
        m->json_len = len;
        p += 5 + len;
        m->unread |= *p == 'x';
        p += *p == 'x';
    }
    m->type = k_node_build(ctx, &p, guess);
    *tc = p;
}

static void node_members(flow_ctx *ctx, flow_node *n, const uint8_t **tc, int guess) {
    n->n = *(*tc)++;
    size_t bytes = (size_t)n->n * sizeof(flow_member);
    n->members = flow_k_alloc(ctx, (int64_t)bytes);
    __builtin_memset(n->members, 0, bytes);
    int64_t widest = 0, at = 0;
    n->is_enum = 1;
    for (int64_t i = 0; i < n->n; i++) {
        flow_member *m = &n->members[i];
        node_member(ctx, tc, guess, m);
        m->at = n->kind == '{' ? at : 1;
        at += m->type->words;
        n->wanted += !m->unread;
        if (m->type->words > widest) widest = m->type->words;
        n->is_enum &= m->type->n == 0;
    }
    n->words = n->kind == '{' ? at : 1 + widest;
    if (guess && n->kind == '{')
        n->guesses = flow_k_alloc(ctx, FLOW_GUESSES * (int64_t)sizeof(flow_guess));
}

FLOW_FAR flow_node *k_node_build(flow_ctx *ctx, const uint8_t **tc, int guess) {
    flow_node *n = flow_k_alloc(ctx, sizeof *n);
    *n = (flow_node){.kind = *(*tc)++, .words = 1};
    switch (n->kind) {
    case 's':
    case 'y': n->words = 2; break;
    case 'D':
        n->words = 2;
        n->precision = *(*tc)++;
        n->scale = *(*tc)++;
        break;
    case '?':
        n->of = k_node_build(ctx, tc, guess);
        n->words = n->of->words + 1;
        break;
    case '[':
        n->of = k_node_build(ctx, tc, guess);
        n->words = 2;
        break;
    case '<':
        n->of = k_node_build(ctx, tc, guess);
        n->value = k_node_build(ctx, tc, guess);
        n->words = 2;
        break;
    case '{':
    case '|': node_members(ctx, n, tc, guess); break;
    default: break; /* i f b t d: one word */
    }
    return n;
}

FLOW_INLINE uint8_t schema_fold(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? c | 32 : c;
}

FLOW_FAR int64_t k_node_variant(const flow_node *n, const uint8_t *name, int64_t len) {
    for (int64_t i = 0; i < n->n; i++) {
        const flow_member *m = &n->members[i];
        if (m->name_len != len) continue;
        int64_t k = 0;
        while (k < len && schema_fold(m->name[k]) == schema_fold(name[k]))
            k++;
        if (k == len) return i;
    }
    return -1;
}
