/* k_save.c - see k_save.h: layouts, the walk over a table, and the words that need no
 * knowledge of a store. */
#include "runtime/kernel/k_save.h"

#include "runtime/kernel/k_append.h"
#include "runtime/kernel/k_cold.h"
#include "runtime/kernel/k_key.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_pane.h"
#include "runtime/kernel/k_row.h"
#include "runtime/kernel/k_sort.h"
#include "runtime/kernel/k_store.h"

/* ---- bytes that grow ---------------------------------------------------------------- */

uint8_t *k_bytes_more(flow_ctx *ctx, flow_bytes *b, int64_t n) {
    if (b->len + n > b->room) {
        int64_t room = b->room ? 2 * b->room : 4096;
        while (room < b->len + n) room *= 2;
        b->p = b->p ? flow_rt_mem_resize(ctx, b->p, b->room, room) : flow_rt_mem_alloc(ctx, room);
        b->room = room;
    }
    uint8_t *p = b->p + b->len;
    b->len += n;
    return p;
}

void k_bytes_put(flow_ctx *ctx, flow_bytes *b, const void *p, int64_t n) {
    if (n) __builtin_memcpy(k_bytes_more(ctx, b, n), p, (size_t)n);
}

void k_bytes_u32(flow_ctx *ctx, flow_bytes *b, uint32_t v) {
    __builtin_memcpy(k_bytes_more(ctx, b, 4), &v, 4);
}

void k_bytes_u64(flow_ctx *ctx, flow_bytes *b, uint64_t v) {
    __builtin_memcpy(k_bytes_more(ctx, b, 8), &v, 8);
}

void k_bytes_free(flow_ctx *ctx, flow_bytes *b) {
    if (b->p) flow_rt_mem_free(ctx, b->p, b->room);
    *b = (flow_bytes){0};
}

const uint8_t *k_saved_take(flow_saved_in *in, int64_t n) {
    if (in->bad || n < 0 || n > in->end - in->p) {
        in->bad = 1;
        return 0;
    }
    const uint8_t *p = in->p;
    in->p += n;
    return p;
}

const uint8_t *k_saved_formed(flow_ctx *ctx, flow_saved_in *in, int64_t n,
                              const uint8_t *form) {
    const uint8_t *p = k_saved_take(in, n);
    if (!p || k_form_fits(ctx, form, p, n)) return p;
    in->bad = 1;
    return 0;
}

uint32_t k_saved_u32(flow_saved_in *in) {
    const uint8_t *p = k_saved_take(in, 4);
    uint32_t v = 0;
    if (p) __builtin_memcpy(&v, p, 4);
    return v;
}

uint64_t k_saved_u64(flow_saved_in *in) {
    const uint8_t *p = k_saved_take(in, 8);
    uint64_t v = 0;
    if (p) __builtin_memcpy(&v, p, 8);
    return v;
}

/* ---- layouts ------------------------------------------------------------------------ */

typedef void save_fn(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out);
typedef void load_fn(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in);

static const struct save_kind {
    char letter;
    uint8_t words, forms;
    save_fn *save;
    load_fn *load;
} save_kinds[] = {
#define SAVE(letter, name, words, forms, what) {letter, words, forms, k_save_##name, k_load_##name},
#include "runtime/kernel/k_save.def"
#undef SAVE
};

enum { SAVE_KINDS = sizeof save_kinds / sizeof *save_kinds };

static int save_kind_of(char letter) {
    for (int i = 0; i < SAVE_KINDS; i++)
        if (save_kinds[i].letter == letter) return i;
    return -1;
}

/* Where they stand; what takes several has the first. */
static void layout_forms(flow_layout *l, const uint8_t *forms) {
    l->key = forms;
    forms = k_form_skip(forms);
    for (int32_t i = 0; i < k_store_forms(l->store); i++) {
        l->rows[i] = forms;
        forms = k_form_skip(forms);
    }
    for (int32_t i = 0; i < l->nitems; i++) {
        int32_t n = save_kinds[l->items[i].kind].forms;
        if (n) l->items[i].form = forms;
        while (n-- > 0) forms = k_form_skip(forms);
    }
}

int32_t k_layout_read(flow_layout *l, const char *text, const uint8_t *forms) {
    __builtin_memset(l, 0, __builtin_offsetof(flow_layout, items));
    l->text = text;
    l->panes = *text == '#';
    const char *p = text + l->panes;
    if (*p == '@') {
        l->store = p[1];
        if (!k_store_is(p[1]) && p[1] != FLOW_SAVED_BAGS) return 0;
        p += 2;
    }
    l->plain = 1;
    while (*p) {
        int32_t times = 0;
        for (; *p >= '0' && *p <= '9' && times < 10000; p++) times = times * 10 + (*p - '0');
        if (!times) times = 1;
        int kind = save_kind_of(*p);
        if (kind < 0 || l->nitems == FLOW_LAYOUT_ITEMS || times > 10000) return 0;
        if (times > 1 && save_kinds[kind].forms) return 0; /* each has its own */
        l->items[l->nitems].form = 0;
        l->items[l->nitems].kind = (uint8_t)kind;
        l->items[l->nitems].letter = *p;
        l->items[l->nitems].width = save_kinds[kind].words;
        l->items[l->nitems++].times = (uint16_t)times;
        l->words += times * save_kinds[kind].words;
        if (*p == 'm') l->timers += times;
        if (*p != 'w') l->plain = 0;
        p++;
    }
    if (forms) layout_forms(l, forms);
    return 1;
}

/* ---- words that stand for themselves ------------------------------------------------- */

void k_save_word(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    (void)t;
    k_bytes_u64(ctx, out, *w);
}

void k_load_word(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    (void)ctx, (void)t;
    *w = k_saved_u64(in);
}

void k_save_zero(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    (void)ctx, (void)t, (void)w, (void)out;
}

void k_load_zero(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    (void)ctx, (void)t, (void)w, (void)in;
}

void k_save_cell(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    uint64_t text[2];
    (void)t;
    flow_k_cell_get(w, text);
    k_bytes_u32(ctx, out, (uint32_t)text[1]);
    k_bytes_put(ctx, out, (const void *)text[0], (int64_t)text[1]);
}

void k_load_cell(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    int64_t len = k_saved_u32(in);
    const uint8_t *p = k_saved_formed(ctx, in, len, in->form);
    if (p && len) flow_k_cell_set(ctx, &t->heap, w, p, len);
}

/* A row is its own form: no addresses, its size in front. */
void k_save_blob(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    const uint8_t *row = (const uint8_t *)w[0];
    int64_t size = row ? flow_k_row_size(row) : 0;
    (void)t;
    k_bytes_u32(ctx, out, (uint32_t)size);
    k_bytes_put(ctx, out, row, size);
}

void k_load_blob(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    int64_t size = k_saved_u32(in);
    const uint8_t *p = k_saved_formed(ctx, in, size, in->form);
    if (!p || !size) return;
    uint32_t own = 0;
    if (size >= 8) __builtin_memcpy(&own, p, 4);
    if (size < 8 || own != size) {
        in->bad = 1;
        return;
    }
    int64_t room = flow_k_heap_room(size);
    uint8_t *row = flow_k_heap_alloc(ctx, &t->heap, room);
    __builtin_memcpy(row, p, (size_t)size);
    w[0] = (uint64_t)row;
    w[1] = (uint64_t)room;
}

/* ---- entries to ops ------------------------------------------------------------------ */

static void save_value(flow_ctx *ctx, const flow_table *t, const flow_layout *l,
                       const uint64_t *w, flow_bytes *out) {
    if (l->plain) {
        k_bytes_put(ctx, out, w, l->words * 8);
        return;
    }
    for (int32_t i = 0; i < l->nitems; i++) {
        const struct save_kind *k = &save_kinds[l->items[i].kind];
        for (int32_t n = l->items[i].times; n > 0; n--, w += k->words) k->save(ctx, t, w, out);
    }
}

uint8_t *k_save_head(flow_ctx *ctx, flow_bytes *out, int32_t op, int64_t klen, int64_t vlen) {
    uint8_t *p = k_bytes_more(ctx, out, FLOW_SAVED_HEAD);
    uint32_t lens[2] = {(uint32_t)klen, (uint32_t)vlen};
    p[0] = (uint8_t)op;
    out->ops++;
    __builtin_memcpy(p + 1, lens, 8);
    return p;
}

/* The key bytes of an entry; of an int they are put into `bytes`. */
static const uint8_t *save_key(const flow_table *t, uint32_t entry, uint8_t *bytes,
                               int64_t *len) {
    uint64_t text[2], key;
    if (t->kind == FLOW_TABLE_I64) {
        key = (uint64_t)flow_k_table_key_i64(t, entry) ^ (uint64_t)1 << 63;
        key = __builtin_bswap64(key);
        __builtin_memcpy(bytes, &key, 8);
        *len = 8;
        return bytes;
    }
    flow_k_table_key_text(t, entry, text);
    *len = (int64_t)text[1];
    return (const uint8_t *)text[0];
}

static void save_put(flow_ctx *ctx, const flow_table *t, const flow_layout *l, uint32_t entry,
                     const uint8_t *prefix, int64_t plen, flow_bytes *out) {
    uint8_t bytes[8];
    int64_t klen, head = out->len;
    const uint8_t *key = save_key(t, entry, bytes, &klen);
    k_save_head(ctx, out, FLOW_SAVED_PUT, plen + klen, 0);
    k_bytes_put(ctx, out, prefix, plen);
    k_bytes_put(ctx, out, key, klen);
    int64_t value = out->len;
    save_value(ctx, t, l, flow_k_table_words(t, entry), out);
    uint32_t vlen = (uint32_t)(out->len - value);
    if (out->len - value > 0x7fffffff) __builtin_trap(); /* state of 2 GB in one key */
    __builtin_memcpy(out->p + head + 5, &vlen, 4);
}

/* Keys that are gone, in order: each an item whose frame is its note. */
typedef struct save_gone {
    flow_item *items;
    int64_t n, i;
} save_gone;

/* The notes about entries, not those about rows of stores. */
static save_gone gone_sorted(flow_ctx *ctx, const flow_track *k) {
    save_gone g = {0};
    g.items = flow_k_alloc(ctx, (2 * k->gone_count + 1) * (int64_t)sizeof *g.items);
    for (const uint8_t *p = k->gone, *end = p + k->gone_bytes; p < end;) {
        uint32_t klen = flow_frame_klen(p);
        if (flow_frame_plen(p) & FLOW_GONE_ROW) {
            p += 8 + klen;
            continue;
        }
        flow_item *it = &g.items[g.n++];
        it->frame = p;
        it->prefix = 0;
        for (uint32_t i = 0; i < 8; i++) it->prefix = it->prefix << 8 | (i < klen ? p[8 + i] : 0);
        p += 8 + klen;
    }
    flow_k_sort(g.items, g.items + g.n, g.n);
    return g;
}

static int gone_compare(const uint8_t *note, const uint8_t *key, int64_t klen) {
    int64_t n = flow_frame_klen(note), least = n < klen ? n : klen;
    int c = least ? __builtin_memcmp(note + 8, key, (size_t)least) : 0;
    return c ? c : (n > klen) - (n < klen);
}

static void gone_put(flow_ctx *ctx, int op, const uint8_t *note, const uint8_t *prefix,
                     int64_t plen, flow_bytes *out) {
    int64_t klen = flow_frame_klen(note);
    k_save_head(ctx, out, op, plen + klen, 0);
    k_bytes_put(ctx, out, prefix, plen);
    k_bytes_put(ctx, out, note + 8, klen);
}

/* The notes before the key and at it (null: all that are left), each once; a key that is
 * there again has no DEL. */
static void save_gone_until(flow_ctx *ctx, save_gone *g, const uint8_t *key, int64_t klen,
                            const uint8_t *prefix, int64_t plen, flow_bytes *out) {
    while (g->i < g->n) {
        const uint8_t *note = g->items[g->i].frame;
        int c = key ? gone_compare(note, key, klen) : -1;
        if (c > 0) return;
        int drop = 0, del = 0;
        int64_t first = g->i;
        while (g->i < g->n && !flow_k_sort_compare(&g->items[first], &g->items[g->i])) {
            const uint8_t *same = g->items[g->i++].frame;
            if (flow_frame_plen(same) & FLOW_GONE_ALL) drop = 1;
            else del = 1;
        }
        if (drop) gone_put(ctx, FLOW_SAVED_DROP, note, prefix, plen, out);
        if (del && !drop && c) gone_put(ctx, FLOW_SAVED_DEL, note, prefix, plen, out);
    }
}

/* Living entries in the order of keys, all or those that are marked. */
static uint32_t *save_order(flow_ctx *ctx, const flow_table *t, int32_t full, int64_t *count) {
    int64_t n = 0, most = full ? flow_k_table_end(t) : t->track->count;
    uint32_t *order = flow_k_alloc(ctx, most * 4 + 8);
    void *mark = flow_k_mark(ctx);
    flow_item *items = flow_k_alloc(ctx, most * (int64_t)sizeof *items * 2 + 8);
    for (int64_t i = 0; i < most; i++) {
        uint32_t entry = full ? (uint32_t)i : t->track->list[i];
        if (entry >= t->end || !flow_k_table_live(t, entry)) continue;
        const uint64_t *e = (const uint64_t *)(t->entries + (int64_t)entry * t->stride);
        items[n].frame = (const uint8_t *)e;
        items[n++].prefix = e[0] ^ (uint64_t)1 << 63;
    }
    if (t->kind == FLOW_TABLE_I64) flow_k_sort_prefixes(items, items + n, n);
    else flow_k_sort_cells(items, items + n, n);
    for (int64_t i = 0; i < n; i++)
        order[i] = (uint32_t)((items[i].frame - t->entries) / t->stride);
    flow_k_reset(ctx, mark);
    *count = n;
    return order;
}

void k_save_entries(flow_ctx *ctx, flow_table *t, const flow_layout *l, int32_t full,
                    const uint8_t *prefix, int64_t plen, flow_bytes *out) {
    void *mark = flow_k_mark(ctx);
    int64_t n, klen;
    uint8_t bytes[8];
    save_gone gone = {0};
    if (!full && !t->track) return;
    uint32_t *order = save_order(ctx, t, full, &n);
    if (!full && t->track->cleared) {
        k_save_head(ctx, out, FLOW_SAVED_DROP, plen, 0);
        k_bytes_put(ctx, out, prefix, plen);
    }
    if (!full) gone = gone_sorted(ctx, t->track);
    for (int64_t i = 0; i < n; i++) {
        if (gone.i < gone.n) {
            const uint8_t *key = save_key(t, order[i], bytes, &klen);
            save_gone_until(ctx, &gone, key ? key : bytes, klen, prefix, plen, out);
        }
        save_put(ctx, t, l, order[i], prefix, plen, out);
    }
    save_gone_until(ctx, &gone, 0, 0, prefix, plen, out);
    flow_k_reset(ctx, mark);
}

/* ---- tables with panes, and with stores ----------------------------------------------- */

/* The pane of a key, as its first bytes. */
static void pane_prefix(uint8_t *p, const flow_pane *pane) {
    flow_k_key_i64(flow_k_key_i64(p, pane->end), pane->start);
}

/* Panes stand in the order of their keys; what was dropped is noted on the table. */
static void save_panes(flow_ctx *ctx, flow_table *t, const flow_layout *l, int32_t full,
                       flow_bytes *out) {
    void *mark = flow_k_mark(ctx);
    save_gone gone = {0};
    uint8_t prefix[16];
    if (!full) gone = gone_sorted(ctx, t->track);
    for (int64_t i = 0; i < flow_k_pane_count(t); i++) {
        flow_pane *pane = flow_k_pane_at(t, i);
        pane_prefix(prefix, pane);
        save_gone_until(ctx, &gone, prefix, 16, 0, 0, out);
        k_save_entries(ctx, &pane->table, l, full, prefix, 16, out);
    }
    save_gone_until(ctx, &gone, 0, 0, 0, 0, out);
    flow_k_reset(ctx, mark);
}

static int op_compare(const uint8_t *a, const uint8_t *b) {
    uint32_t na, nb;
    __builtin_memcpy(&na, a + 1, 4);
    __builtin_memcpy(&nb, b + 1, 4);
    int c = __builtin_memcmp(a + FLOW_SAVED_HEAD, b + FLOW_SAVED_HEAD, na < nb ? na : nb);
    if (!c) c = (na > nb) - (na < nb);
    return c ? c : (int)*a - (int)*b;
}

static void sort_ops(const uint8_t **at, const uint8_t **spare, int64_t n) {
    if (n < 2) return;
    int64_t half = n / 2;
    sort_ops(at, spare, half);
    sort_ops(at + half, spare, n - half);
    if (op_compare(at[half - 1], at[half]) <= 0) return;
    __builtin_memcpy(spare, at, (size_t)half * sizeof *at);
    int64_t a = 0, b = half, to = 0;
    while (a < half)
        at[to++] = b < n && op_compare(spare[a], at[b]) > 0 ? at[b++] : spare[a++];
}

static int64_t op_bytes(const uint8_t *p) {
    uint32_t lens[2];
    __builtin_memcpy(lens, p + 1, 8);
    return FLOW_SAVED_HEAD + (int64_t)lens[0] + (int64_t)lens[1];
}

/* The ops from `start` on, in order, each once. */
static void order_ops(flow_ctx *ctx, flow_bytes *out, int64_t start, int64_t n) {
    flow_bytes whole = {0};
    const uint8_t **at = flow_k_alloc(ctx, n * 8 + 8), **spare = flow_k_alloc(ctx, n * 4 + 8);
    int64_t i = 0;
    int sorted = 1;
    for (uint8_t *p = out->p + start; p < out->p + out->len; p += op_bytes(p)) {
        at[i] = p;
        if (i && op_compare(at[i - 1], p) >= 0) sorted = 0;
        i++;
    }
    if (sorted) return; /* so it is mostly: entries and their lists are in order */
    sort_ops(at, spare, n);
    k_bytes_more(ctx, &whole, out->len - start);
    uint8_t *to = whole.p;
    for (i = 0; i < n; i++) {
        if (i && !op_compare(at[i - 1], at[i])) {
            out->ops--;
            continue;
        }
        __builtin_memcpy(to, at[i], (size_t)op_bytes(at[i]));
        to += op_bytes(at[i]);
    }
    __builtin_memcpy(out->p + start, whole.p, (size_t)(to - whole.p));
    out->len = start + (to - whole.p);
    k_bytes_free(ctx, &whole);
}

/* Entries, then the rows of their lists. */
static void save_store(flow_ctx *ctx, flow_table *t, const flow_layout *l, int32_t full,
                       flow_bytes *out) {
    static const uint8_t of_entries[1] = {0};
    void *mark = flow_k_mark(ctx);
    if (!full && t->track->cleared) k_save_head(ctx, out, FLOW_SAVED_DROP, 0, 0);
    if (!k_store_bare(l->store)) k_save_entries(ctx, t, l, full, of_entries, 1, out);
    int64_t start = out->len, before = out->ops;
    if (l->store == FLOW_SAVED_BAGS) k_save_bags(ctx, t, l, full, out);
    else k_store_save(ctx, t, l->store, full, out);
    const flow_track *k = t->track;
    for (int64_t at = 0; !full && at < k->gone_bytes;) {
        const uint8_t *note = k->gone + at;
        uint32_t how = flow_frame_plen(note);
        at += 8 + flow_frame_klen(note);
        if (!(how & FLOW_GONE_ROW)) continue;
        gone_put(ctx, how & FLOW_GONE_ALL ? FLOW_SAVED_DROP : FLOW_SAVED_DEL, note, 0, 0, out);
    }
    if (out->ops - before > 1) order_ops(ctx, out, start, out->ops - before);
    flow_k_reset(ctx, mark);
}

void k_save_table(flow_ctx *ctx, flow_table *t, const flow_layout *l, int32_t full,
                  flow_bytes *out) {
    if (!full && !t->track) return;
    if (l->panes) save_panes(ctx, t, l, full, out);
    else if (l->store) save_store(ctx, t, l, full, out);
    else k_save_entries(ctx, t, l, full, 0, 0, out);
}

/* ---- rows to entries ----------------------------------------------------------------- */

void k_load_room(flow_ctx *ctx, flow_table *t, int64_t rows) {
    if (rows > 256) k_append_room(ctx, t, rows);
}

/* The words of a new entry; null: the key is none, or was there.  Rows of a store look for
 * their entries while others are to come; without one nobody does, until all are there. */
static uint64_t *load_entry(flow_ctx *ctx, flow_table *t, const flow_layout *l,
                            const uint8_t *key, int64_t klen) {
    uint64_t *words;
    uint64_t v = 0;
    int32_t looks = l->store;
    if (t->kind == FLOW_TABLE_I64) {
        if (klen != 8) return 0;
        __builtin_memcpy(&v, key, 8);
        v = __builtin_bswap64(v) ^ (uint64_t)1 << 63;
        if (!looks) return k_append_i64(ctx, t, (int64_t)v);
        words = flow_k_table_i64(ctx, t, (int64_t)v);
    } else {
        if (!k_form_fits(ctx, l->key, key, klen)) return 0;
        if (!looks) return k_append_text(ctx, t, key, klen);
        words = flow_k_table_text(ctx, t, key, klen);
    }
    return flow_k_table_fresh(t) ? words : 0;
}

static int32_t load_value(flow_ctx *ctx, flow_table *t, const flow_layout *l, uint64_t *w,
                          const uint8_t *value, int64_t vlen) {
    if (l->plain) {
        if (vlen != l->words * 8) return 0;
        if (vlen) __builtin_memcpy(w, value, (size_t)vlen);
        return 1;
    }
    flow_saved_in in = {.p = value, .end = value + vlen};
    for (int32_t i = 0; i < l->nitems; i++) {
        const struct save_kind *k = &save_kinds[l->items[i].kind];
        in.form = l->items[i].form;
        for (int32_t n = l->items[i].times; n > 0; n--, w += k->words) k->load(ctx, t, w, &in);
    }
    return !in.bad && in.p == in.end;
}

/* The table that a row goes to, and what of its key leads to the entry; null: its first
 * bytes make no sense. */
static flow_table *load_pane(flow_ctx *ctx, flow_table *t, flow_saved_in *key) {
    int64_t end = k_store_key_i64(key), start = k_store_key_i64(key);
    return key->bad || start > end ? 0 : flow_k_pane(ctx, t, start, end);
}

int32_t k_load_row(flow_ctx *ctx, flow_table *t, const flow_layout *l, const uint8_t *key,
                   int64_t klen, const uint8_t *value, int64_t vlen) {
    flow_saved_in in = {.p = key, .end = key + klen};
    if (l->store) {
        const uint8_t *letter = k_saved_take(&in, 1);
        flow_saved_in of = {.p = value, .end = value + vlen};
        if (letter && *letter && *letter != l->store) return 0;
        if (letter && *letter == FLOW_SAVED_BAGS) return k_load_bags(ctx, t, l, &in, &of);
        if (letter && *letter) return k_store_load(ctx, t, l, &in, &of);
        if (!letter || k_store_bare(l->store)) return 0;
    }
    if (l->panes && !(t = load_pane(ctx, t, &in))) return 0;
    key = in.p;
    klen = in.end - in.p;
    uint64_t *words = load_entry(ctx, t, l, key, klen);
    if (!words) return 0;
    return load_value(ctx, t, l, words, value, vlen);
}

void k_load_end(flow_ctx *ctx, flow_table *t, const flow_layout *l) {
    k_append_end(ctx, t);
    for (int64_t i = 0; i < flow_k_pane_count(t); i++)
        k_append_end(ctx, flow_k_pane_table(flow_k_pane_at(t, i)));
    if (l->store) k_store_end(ctx, t, l->store);
    if (l->timers) k_store_end_timers(ctx, t, l->timers);
}
