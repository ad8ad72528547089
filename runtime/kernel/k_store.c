/* k_store.c - see k_store.h: what the stores share. */
#include "runtime/kernel/k_store.h"

#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_row.h"

/* ---- by letter --------------------------------------------------------------------- */

void k_store_save(flow_ctx *ctx, flow_table *t, int32_t store, int32_t full,
                  flow_bytes *out) {
    switch (store) {
#define STORE(letter, name, bare, forms, what)                                                  \
    case letter: k_store_save_##name(ctx, t, full, out); break;
#include "runtime/kernel/k_store.def"
#undef STORE
    default: break;
    }
}

int32_t k_store_load(flow_ctx *ctx, flow_table *t, const flow_layout *l, flow_saved_in *key,
                     flow_saved_in *value) {
    switch (l->store) {
#define STORE(letter, name, bare, forms, what)                                                  \
    case letter: return k_store_load_##name(ctx, t, l, key, value);
#include "runtime/kernel/k_store.def"
#undef STORE
    default: return 0;
    }
}

void k_store_end(flow_ctx *ctx, flow_table *t, int32_t store) {
    switch (store) {
#define STORE(letter, name, bare, forms, what)                                                  \
    case letter: k_store_end_##name(ctx, t); break;
#include "runtime/kernel/k_store.def"
#undef STORE
    default: break;
    }
}

int32_t k_store_is(int32_t letter) {
    switch (letter) {
#define STORE(letter, name, bare, forms, what) case letter:
#include "runtime/kernel/k_store.def"
#undef STORE
        return 1;
    default: return 0;
    }
}

int32_t k_store_forms(int32_t letter) {
    switch (letter) {
#define STORE(letter, name, bare, forms, what)                                           \
    case letter: return forms;
#include "runtime/kernel/k_store.def"
#undef STORE
    default: return 0;
    }
}

int32_t k_store_bare(int32_t letter) {
    switch (letter) {
#define STORE(letter, name, bare, forms, what)                                                  \
    case letter: return bare;
#include "runtime/kernel/k_store.def"
#undef STORE
    default: return 0;
    }
}

/* ---- entries ----------------------------------------------------------------------- */

k_store_walk k_store_open(flow_ctx *ctx, const flow_table *t, int32_t full) {
    k_store_walk w = {0};
    w.order = save_order(ctx, t, full, &w.n);
    return w;
}

/* ---- keys and values --------------------------------------------------------------- */

uint8_t *k_store_key(flow_ctx *ctx, const flow_table *t, int64_t entry, int32_t letter,
                     int64_t more, int64_t *len) {
    if (t->kind == FLOW_TABLE_I64) {
        uint8_t *key = flow_k_alloc(ctx, 9 + more);
        key[0] = (uint8_t)letter;
        flow_k_key_i64(key + 1, flow_k_table_key_i64(t, entry));
        *len = 9;
        return key;
    }
    uint64_t text[2];
    flow_k_table_key_text(t, entry, text);
    uint8_t *key = flow_k_alloc(ctx, 3 + 2 * (int64_t)text[1] + more);
    key[0] = (uint8_t)letter;
    *len = flow_k_key_text(key + 1, (const uint8_t *)(uintptr_t)text[0], (int64_t)text[1]) - key;
    return key;
}

void k_store_gone(flow_ctx *ctx, flow_table *t, int32_t letter, int64_t entry) {
    if (!t->track) return;
    int64_t len;
    uint8_t *key = k_store_key(ctx, t, entry, letter, 0, &len);
    k_track_gone(ctx, t, key, len, FLOW_GONE_ROW | FLOW_GONE_ALL);
    flow_k_reset(ctx, key);
}

uint8_t *k_store_put(flow_ctx *ctx, flow_bytes *out, const uint8_t *key, int64_t klen,
                     int64_t vlen) {
    uint32_t lengths[2] = {(uint32_t)klen, (uint32_t)vlen};
    uint8_t *p = k_bytes_more(ctx, out, FLOW_SAVED_HEAD + klen + vlen);
    p[0] = FLOW_SAVED_PUT;
    out->ops++;
    __builtin_memcpy(p + 1, lengths, 8);
    __builtin_memcpy(p + FLOW_SAVED_HEAD, key, (size_t)klen);
    return p + FLOW_SAVED_HEAD + klen;
}

int64_t k_store_key_i64(flow_saved_in *key) {
    const uint8_t *p = k_saved_take(key, 8);
    if (!p) return 0;
    uint64_t v;
    __builtin_memcpy(&v, p, 8);
    return (int64_t)(__builtin_bswap64(v) ^ (uint64_t)1 << 63);
}

const uint8_t *k_store_key_text(flow_ctx *ctx, flow_saved_in *key, int64_t *len) {
    int64_t room = key->end - key->p, n = 0;
    uint8_t *text = flow_k_alloc(ctx, room + FLOW_SLACK);
    while (key->end - key->p >= 2) {
        uint8_t c = *key->p++;
        if (!c) {
            uint8_t next = *key->p++;
            if (!next) {
                *len = n;
                return text;
            }
            if (next != 0xFF) break;
        }
        text[n++] = c;
    }
    key->bad = 1;
    return 0;
}

int64_t k_store_entry(flow_ctx *ctx, flow_table *t, const flow_layout *l,
                      flow_saved_in *key) {
    if (t->kind == FLOW_TABLE_I64) {
        int64_t k = k_store_key_i64(key);
        if (key->bad) return -1;
        flow_k_table_i64(ctx, t, k);
        return flow_k_table_last(t);
    }
    int64_t len;
    void *mark = flow_k_mark(ctx);
    const uint8_t *text = k_store_key_text(ctx, key, &len);
    int good = text && k_form_fits(ctx, l->key, text, len);
    if (good) flow_k_table_text(ctx, t, text, len);
    flow_k_reset(ctx, mark);
    return good ? flow_k_table_last(t) : -1;
}

const uint8_t *k_store_row(flow_ctx *ctx, flow_saved_in *value, const uint8_t *form) {
    uint32_t head[2];
    int64_t left = value->end - value->p;
    if (value->bad || left < 8) return 0;
    __builtin_memcpy(head, value->p, 8);
    if (head[0] != left || left % 8 || head[1]) return 0;
    return k_saved_formed(ctx, value, left, form);
}
