/* saved_model.c - see saved_model.h.  Everything is done in the simplest way there is. */
#include "tests/unit/runtime/saved_model.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"

static int compare(const uint8_t *a, int64_t na, const uint8_t *b, int64_t nb) {
    for (int64_t i = 0; i < na && i < nb; i++)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return na < nb ? -1 : na > nb;
}

static uint8_t *copy(const uint8_t *p, int64_t n) {
    uint8_t *to = rt_alloc((size_t)n + 1);
    if (n) memcpy(to, p, (size_t)n);
    return to;
}

static void remove_at(model *m, int64_t i) {
    free(m->rows[i].key);
    free(m->rows[i].value);
    memmove(m->rows + i, m->rows + i + 1, (size_t)(m->n - i - 1) * sizeof *m->rows);
    m->n--;
}

void model_free(model *m) {
    while (m->n) remove_at(m, m->n - 1);
    free(m->rows);
    *m = (model){0};
}

static void put(model *m, const rt_saved_op *op) {
    int64_t at = 0;
    while (at < m->n && compare(m->rows[at].key, m->rows[at].klen, op->key, op->klen) < 0) at++;
    if (at < m->n && compare(m->rows[at].key, m->rows[at].klen, op->key, op->klen) == 0)
        remove_at(m, at);
    if (m->n == m->room) {
        m->room = 2 * m->room + 8;
        m->rows = rt_realloc(m->rows, (size_t)m->room * sizeof *m->rows);
    }
    memmove(m->rows + at + 1, m->rows + at, (size_t)(m->n - at) * sizeof *m->rows);
    m->n++;
    m->rows[at] = (model_row){.key = copy(op->key, op->klen),
                              .klen = op->klen,
                              .value = copy(op->value, op->vlen),
                              .vlen = op->vlen};
}

static void apply(model *m, const rt_saved_op *op) {
    if (op->kind == RT_SAVED_PUT) {
        put(m, op);
        return;
    }
    for (int64_t i = m->n - 1; i >= 0; i--) {
        const model_row *r = &m->rows[i];
        bool all = op->kind == RT_SAVED_DEL ? r->klen == op->klen : r->klen >= op->klen;
        if (all && compare(r->key, op->klen, op->key, op->klen) == 0) remove_at(m, i);
    }
}

void model_apply(model *m, const uint8_t *ops, int64_t len) {
    const uint8_t *p = ops, *end = len ? ops + len : ops;
    rt_saved_op op;
    while (rt_saved_next(&p, end, &op)) apply(m, &op);
}

rt_saved model_save(const model *m) {
    rt_saved s = {0};
    for (int64_t i = 0; i < m->n; i++)
        rt_saved_put(&s, RT_SAVED_PUT, m->rows[i].key, m->rows[i].klen, m->rows[i].value,
                     m->rows[i].vlen);
    return s;
}

uint64_t model_random(uint64_t *seed) {
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

typedef struct draft {
    uint8_t key[6], value[40];
    int64_t klen, vlen;
    rt_saved_kind kind;
} draft;

static int draft_order(const void *pa, const void *pb) {
    const draft *a = pa, *b = pb;
    int order = compare(a->key, a->klen, b->key, b->klen);
    return order ? order : (int)a->kind - (int)b->kind;
}

rt_saved model_changes(uint64_t *seed, int64_t most) {
    int64_t n = (int64_t)(model_random(seed) % (uint64_t)(most + 1));
    draft *d = rt_alloc((size_t)(n + 1) * sizeof *d);
    rt_saved s = {0};
    for (int64_t i = 0; i < n; i++) {
        uint64_t r = model_random(seed);
        int64_t long_key = r % 7 ? 2 : 0;
        d[i].klen = (int64_t)(r >> 8 & 3) + long_key;
        for (int64_t k = 0; k < d[i].klen; k++) d[i].key[k] = "ab\xff"[(r >> (16 + 4 * k)) % 3];
        d[i].kind = r % 16 == 0 ? RT_SAVED_DROP : r % 4 == 0 ? RT_SAVED_DEL : RT_SAVED_PUT;
        d[i].vlen = d[i].kind == RT_SAVED_PUT ? (int64_t)(r >> 40) % 40 : 0;
        for (int64_t k = 0; k < d[i].vlen; k++) d[i].value[k] = (uint8_t)(r >> k % 50);
    }
    qsort(d, (size_t)n, sizeof *d, draft_order);
    for (int64_t i = 0; i < n; i++)
        if (!i || draft_order(&d[i - 1], &d[i]))
            rt_saved_put(&s, d[i].kind, d[i].key, d[i].klen, d[i].value, d[i].vlen);
    free(d);
    return s;
}

rt_status model_read(const rt_state_file *f, const rt_state_section *section, rt_wire *out,
                     rt_trouble *trouble) {
    rt_op_reader *r = rt_op_reader_new(f, section);
    rt_saved_op op;
    rt_status status;
    while (rt_op_reader_next(r, &op, &status, trouble)) {
        int64_t n;
        const uint8_t *bytes = rt_op_bytes(&op, &n);
        rt_wire_raw(out, bytes, n);
    }
    rt_op_reader_free(r);
    return status;
}
