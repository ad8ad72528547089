/* state_ops.c - see state_ops.h. */
#include "runtime/ckpt/state_ops.h"

#include <string.h>

#include "runtime/base/rt_check.h"

static int64_t length_at(const uint8_t *p) {
    return (int64_t)p[0] | (int64_t)p[1] << 8 | (int64_t)p[2] << 16 | (int64_t)p[3] << 24;
}

int64_t rt_op_read(const uint8_t *p, int64_t n, int64_t limit, rt_saved_op *op,
                   int64_t *need) {
    *need = RT_OP_HEAD;
    if (limit < RT_OP_HEAD) return -1;
    if (n < RT_OP_HEAD) return 0;
    int64_t klen = length_at(p + 1), vlen = length_at(p + 5);
    *need = RT_OP_HEAD + klen + vlen;
    if (p[0] < RT_SAVED_DROP || p[0] > RT_SAVED_PUT || *need > limit) return -1;
    if (p[0] != RT_SAVED_PUT && vlen) return -1;
    if (n < *need) return 0;
    *op = (rt_saved_op){.kind = (rt_saved_kind)p[0],
                        .key = p + RT_OP_HEAD,
                        .value = p + RT_OP_HEAD + klen,
                        .klen = klen,
                        .vlen = vlen};
    return *need;
}

const uint8_t *rt_op_bytes(const rt_saved_op *op, int64_t *n) {
    rt_assert(op->value == op->key + op->klen);
    *n = RT_OP_HEAD + op->klen + op->vlen;
    return op->key - RT_OP_HEAD;
}

uint64_t rt_key_head(const uint8_t *key, int64_t klen) {
    uint64_t head = 0;
    if (klen >= 8) memcpy(&head, key, 8);
    else if (klen) memcpy(&head, key, (size_t)klen);
    return __builtin_bswap64(head);
}

int rt_key_compare(const uint8_t *a, int64_t na, const uint8_t *b, int64_t nb) {
    uint64_t x = rt_key_head(a, na), y = rt_key_head(b, nb);
    if (x != y) return x < y ? -1 : 1;
    int64_t n = RT_MIN(na, nb);
    int order = n ? memcmp(a, b, (size_t)n) : 0;
    if (order || na == nb) return order;
    return na < nb ? -1 : 1;
}

int rt_op_compare(const rt_saved_op *a, const rt_saved_op *b) {
    int order = rt_key_compare(a->key, a->klen, b->key, b->klen);
    return order ? order : (int)a->kind - (int)b->kind;
}
