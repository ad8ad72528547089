/* k_bag.c - a treap: a search tree by key whose nodes are also a heap by priority.
 *
 * Inserting splits the tree below the new node's place by its key, taking out joins the
 * two trees below a node; both are loops over one path.  A node is its head, the row at
 * a multiple of 8, then the key.
 *
 * For saving state each node on the path of a change is marked, so that a save walks to
 * what has changed and nowhere else (k_save_rows.c). */
#include "runtime/kernel/k_bag.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_hash.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_type.h"

typedef struct bag_node {
    struct bag_node *left, *right;
    int64_t times;      /* 0: taken out, but saved state does not know yet */
    uint32_t prio : 29;
    uint32_t saved : 1; /* saved state has it, */
    uint32_t dirty : 1; /* but not as it is now */
    uint32_t below : 1; /* it or something below it is dirty; may be set in vain */
    uint32_t first; /* bytes of the key's first part */
    uint32_t klen;  /* of both */
    uint32_t rlen;
} bag_node;

/* An element that is looked for. */
typedef struct bag_item {
    const uint8_t *key, *row;
    int64_t first, klen, rlen;
} bag_item;

FLOW_INLINE const uint8_t *bag_row(const bag_node *n) {
    return (const uint8_t *)(n + 1);
}

FLOW_INLINE const uint8_t *bag_key(const bag_node *n) {
    return bag_row(n) + (((int64_t)n->rlen + 7) & ~(int64_t)7);
}

FLOW_INLINE int64_t bag_bytes(int64_t klen, int64_t rlen) {
    return (int64_t)sizeof(bag_node) + ((rlen + 7) & ~(int64_t)7) + klen;
}

FLOW_INLINE int bag_text(const uint8_t *a, int64_t an, const uint8_t *b, int64_t bn) {
    int64_t n = an < bn ? an : bn;
    int c = n ? __builtin_memcmp(a, b, (size_t)n) : 0;
    return c ? c : (an > bn) - (an < bn);
}

static int bag_compare(const bag_item *x, const bag_node *n) {
    int c = bag_text(x->key, x->klen, bag_key(n), n->klen);
    return c ? c : bag_text(x->row, x->rlen, bag_row(n), n->rlen);
}

static bag_node *bag_new(flow_ctx *ctx, flow_heap *heap, const bag_item *x, uint32_t prio,
                         int64_t times) {
    bag_node *n = flow_k_heap_alloc(ctx, heap, bag_bytes(x->klen, x->rlen));
    *n = (bag_node){.times = times, .prio = prio & 0x1fffffff, .dirty = 1, .below = 1, .first = (uint32_t)x->first,
                    .klen = (uint32_t)x->klen, .rlen = (uint32_t)x->rlen};
    if (x->rlen) __builtin_memcpy((void *)bag_row(n), x->row, (size_t)x->rlen);
    if (x->klen) __builtin_memcpy((void *)bag_key(n), x->key, (size_t)x->klen);
    return n;
}

/* The tree at *at, cut by x: below `n` to its left and right. */
static void bag_split(bag_node *t, const bag_item *x, bag_node *n) {
    bag_node **l = &n->left, **r = &n->right;
    while (t) {
        t->below = 1;
        if (bag_compare(x, t) > 0) {
            *l = t;
            l = &t->right;
            t = t->right;
        } else {
            *r = t;
            r = &t->left;
            t = t->left;
        }
    }
    *l = *r = NULL;
}

static void bag_remove(flow_ctx *ctx, flow_heap *heap, bag_node **at) {
    bag_node *n = *at, *a = n->left, *b = n->right;
    while (a && b) {
        a->below = b->below = 1;
        if (a->prio > b->prio) {
            *at = a;
            at = &a->right;
            a = a->right;
        } else {
            *at = b;
            at = &b->left;
            b = b->left;
        }
    }
    *at = a ? a : b;
    flow_k_heap_free(ctx, heap, n, bag_bytes(n->klen, n->rlen));
}

/* The node of the element, null if it is gone. */
static bag_node *bag_change(flow_ctx *ctx, flow_heap *heap, uint64_t *bag, int64_t by,
                            const bag_item *x) {
    bag_node **at = (bag_node **)bag, **place = NULL;
    uint64_t hash = flow_k_hash_bytes(ctx->seed, x->key, x->klen);
    if (x->rlen) hash ^= flow_k_hash_bytes(ctx->seed + 1, x->row, x->rlen);
    uint32_t prio = (uint32_t)(hash >> 35);
    while (*at) {
        int c = bag_compare(x, *at);
        if (!(*at)->below) (*at)->below = 1;
        if (!c) break;
        if (!place && (*at)->prio < prio) place = at;
        at = c < 0 ? &(*at)->left : &(*at)->right;
    }
    if (!*at) {
        if (!place) place = at;
        bag_node *n = bag_new(ctx, heap, x, prio, by), *below = *place;
        bag_split(below, x, n);
        *place = n;
        bag[1] += by > 0;
        return n;
    }
    bag_node *n = *at;
    bag[1] += (uint64_t)(n->times + by > 0) - (uint64_t)(n->times > 0);
    n->times += by;
    n->dirty = 1;
    if (n->times || n->saved) return n;
    bag_remove(ctx, heap, at);
    return NULL;
}

void flow_k_bag_put(flow_ctx *ctx, flow_heap *heap, uint64_t *bag, int64_t by,
                    const uint8_t *key, int64_t klen, const uint8_t *also, int64_t alen,
                    const uint8_t *row, int64_t rlen) {
    void *mark = flow_k_mark(ctx);
    bag_item x = {.key = key, .row = row, .first = klen, .klen = klen + alen, .rlen = rlen};
    if (alen) {
        uint8_t *both = flow_k_alloc(ctx, klen + alen);
        if (klen) __builtin_memcpy(both, key, (size_t)klen);
        __builtin_memcpy(both + klen, also, (size_t)alen);
        x.key = both;
    }
    bag_change(ctx, heap, bag, by, &x);
    if (heap) flow_k_reset(ctx, mark); /* else the bag lies there too */
}

void flow_k_bag_put_value(flow_ctx *ctx, flow_heap *heap, uint64_t *bag, int64_t by,
                          const uint8_t *key, int64_t klen, const uint8_t *also, int64_t alen,
                          const uint64_t *words, const uint8_t *tc) {
    void *mark = flow_k_mark(ctx);
    uint8_t *row = NULL;
    int64_t size = 0;
    if (words) {
        size = flow_k_row_measure(8, words, tc);
        row = flow_k_alloc(ctx, size + FLOW_SLACK);
        flow_k_row_write(row, 8, words, tc);
    }
    flow_k_bag_put(ctx, heap, bag, by, key, klen, also, alen, row, size);
    if (heap) flow_k_reset(ctx, mark);
}

static void bag_free(flow_ctx *ctx, flow_heap *heap, bag_node *n) {
    while (n) {
        bag_node *right = n->right;
        bag_free(ctx, heap, n->left);
        flow_k_heap_free(ctx, heap, n, bag_bytes(n->klen, n->rlen));
        n = right;
    }
}

void flow_k_bag_drop(flow_ctx *ctx, flow_heap *heap, uint64_t *bag) {
    bag_free(ctx, heap, (bag_node *)bag[0]);
    bag[0] = bag[1] = 0;
}

int64_t flow_k_bag_count(const uint64_t *bag) {
    return (int64_t)bag[1];
}

/* ---- elements in order ------------------------------------------------------------- */

typedef struct bag_walk {
    const bag_node **list;
    int64_t count, room, n; /* n wanted; room: of the list */
    int ties;
    flow_ctx *ctx;
} bag_walk;

static int bag_same_first(const bag_node *a, const bag_node *b) {
    return !bag_text(bag_key(a), a->first, bag_key(b), b->first);
}

/* 0 when there is enough. */
static int bag_take(bag_walk *w, const bag_node *n) {
    if (w->count >= w->n && !(w->ties && bag_same_first(n, w->list[w->n - 1]))) return 0;
    if (w->count == w->room) {
        const bag_node **more = flow_k_alloc(w->ctx, w->room * 16);
        __builtin_memcpy(more, w->list, (size_t)w->room * 8);
        w->list = more;
        w->room *= 2;
    }
    w->list[w->count++] = n;
    return 1;
}

static int bag_visit(bag_walk *w, const bag_node *n) {
    for (; n; n = n->right) {
        if (!bag_visit(w, n->left)) return 0;
        if (n->times > 0 && !bag_take(w, n)) return 0;
    }
    return 1;
}

int64_t flow_k_bag_list(flow_ctx *ctx, const uint64_t *bag, int64_t n, int32_t ties,
                        uint64_t *list) {
    int64_t count = flow_k_bag_count(bag);
    bag_walk w = {.room = n < count ? n : count, .n = n, .ties = ties, .ctx = ctx};
    if (w.room < 1) w.room = 1;
    w.list = flow_k_alloc(ctx, w.room * 8);
    if (n > 0) bag_visit(&w, (const bag_node *)bag[0]);
    *list = (uint64_t)w.list;
    return w.count;
}

const uint8_t *flow_k_bag_row(const uint64_t *list, int64_t i) {
    return bag_row((const bag_node *)list[i]);
}

/* The place of the first of its equals; they stand together. */
int64_t flow_k_bag_rank(const uint64_t *list, int64_t i) {
    const bag_node *n = (const bag_node *)list[i];
    int64_t low = 0, high = i;
    while (low < high) {
        int64_t mid = (low + high) / 2;
        if (bag_same_first((const bag_node *)list[mid], n))
            high = mid;
        else
            low = mid + 1;
    }
    return low + 1;
}

/* ---- results of aggregates ----------------------------------------------------------- */

static void bag_value(flow_ctx *ctx, const bag_node *n, int32_t in_key, uint64_t *out,
                      const uint8_t *tc) {
    if (in_key)
        flow_k_key_get(ctx, bag_key(n), out, tc);
    else
        flow_k_row_read(ctx, bag_row(n), 8, out, tc);
}

static const bag_node *bag_last(const bag_node *n) {
    for (; n; n = n->left) {
        const bag_node *right = bag_last(n->right);
        if (right) return right;
        if (n->times > 0) return n;
    }
    return NULL;
}

void flow_k_bag_pick(flow_ctx *ctx, const uint64_t *bag, int32_t last, int32_t in_key,
                     uint64_t *out, const uint8_t *tc) {
    const bag_node *n = last ? bag_last((const bag_node *)bag[0]) : NULL;
    uint64_t list;
    if (!last && flow_k_bag_list(ctx, bag, 1, 0, &list))
        n = (const bag_node *)*(const uint64_t *)list;
    int64_t words = flow_k_type_words(tc);
    if (n)
        bag_value(ctx, n, in_key, out, tc);
    else
        __builtin_memset(out, 0, (size_t)words * 8);
    out[words] = n != NULL;
}

int32_t flow_k_bag_values(flow_ctx *ctx, const uint64_t *bag, int32_t in_key, int64_t limit,
                          uint64_t *out, const uint8_t *tc) {
    uint64_t list;
    if (flow_k_bag_count(bag) > limit) return FLOW_E_limit;
    int64_t count = flow_k_bag_list(ctx, bag, INT64_MAX, 0, &list);
    int64_t words = flow_k_type_words(tc);
    uint64_t *values = flow_k_alloc(ctx, count * words * 8);
    for (int64_t i = 0; i < count; i++)
        bag_value(ctx, ((const bag_node **)list)[i], in_key, values + i * words, tc);
    out[0] = count ? (uint64_t)values : 0;
    out[1] = (uint64_t)count;
    return 0;
}

int32_t flow_k_bag_concat(flow_ctx *ctx, const uint64_t *bag, const uint8_t *sep,
                          int64_t sep_len, int64_t limit, uint64_t *out) {
    uint64_t list;
    if (flow_k_bag_count(bag) > limit) return FLOW_E_limit;
    int64_t count = flow_k_bag_list(ctx, bag, INT64_MAX, 0, &list);
    int64_t size = count ? (count - 1) * sep_len : 0;
    for (int64_t i = 0; i < count; i++) size += ((const bag_node **)list)[i]->rlen;
    uint8_t *text = flow_k_alloc(ctx, size + FLOW_SLACK), *p = text;
    for (int64_t i = 0; i < count; i++) {
        const bag_node *n = ((const bag_node **)list)[i];
        if (i && sep_len) p = (uint8_t *)__builtin_memcpy(p, sep, (size_t)sep_len) + sep_len;
        if (n->rlen) __builtin_memcpy(p, bag_row(n), n->rlen);
        p += n->rlen;
    }
    out[0] = (uint64_t)text;
    out[1] = (uint64_t)size;
    return 0;
}
