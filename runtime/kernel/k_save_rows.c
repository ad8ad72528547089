/* k_save_rows.c - stores of rows that steps over streams and tables keep: top, what it has
 * shown, bags whole and by their elements (k_save.h).  Behind them in the kernel's unit. */
#include "runtime/kernel/k_save.h"

#include "runtime/kernel/k_bag.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_sort.h"
#include "runtime/kernel/k_store.h"
#include "runtime/kernel/k_top.h"

/* ---- top: the candidates in the order of the list, with the room that says when the list
 * is cut, and which of them is the bound ------------------------------------------------- */

void k_save_top(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    const top_state *s = (const top_state *)w;
    uint32_t bound = 0;
    (void)t;
    k_bytes_u32(ctx, out, s->count);
    k_bytes_u32(ctx, out, s->room);
    int64_t at = out->len;
    k_bytes_u32(ctx, out, 0);
    for (uint32_t i = 0; i < s->count; i++) {
        const uint8_t *frame = s->list[i].frame;
        int64_t klen = flow_frame_klen(frame), rlen = flow_frame_plen(frame);
        if (frame == s->bound) bound = i + 1;
        k_bytes_put(ctx, out, frame, 8 + klen);
        k_bytes_put(ctx, out, frame + top_row_at(klen), rlen);
    }
    __builtin_memcpy(out->p + at, &bound, 4);
}

static void load_candidate(flow_ctx *ctx, flow_table *t, top_state *s, flow_saved_in *in) {
    int64_t klen = k_saved_u32(in), rlen = k_saved_u32(in);
    const uint8_t *p = k_saved_take(in, klen), *row = k_saved_formed(ctx, in, rlen, in->form);
    if (!p || !row) return;
    uint8_t *frame = flow_k_heap_alloc(ctx, &t->heap, top_row_at(klen) + rlen);
    uint32_t lens[2] = {(uint32_t)klen, (uint32_t)rlen};
    __builtin_memcpy(frame, lens, 8);
    if (klen) __builtin_memcpy(frame + 8, p, (size_t)klen);
    if (rlen) __builtin_memcpy(frame + top_row_at(klen), row, (size_t)rlen);
    flow_item *it = &s->list[s->count++];
    it->frame = frame;
    it->prefix = 0;
    for (int64_t i = 0; i < 8; i++) it->prefix = it->prefix << 8 | (i < klen ? p[i] : 0);
}

void k_load_top(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    top_state *s = (top_state *)w;
    uint32_t count = k_saved_u32(in), room = k_saved_u32(in), bound = k_saved_u32(in);
    if (room < count || bound > count || room / 64 > (uint32_t)0x1000000) in->bad = 1;
    if (in->bad || !room) return;
    s->list = flow_k_heap_alloc(ctx, &t->heap, (int64_t)room * (int64_t)sizeof *s->list);
    s->room = room;
    for (uint32_t i = 0; i < count && !in->bad; i++) load_candidate(ctx, t, s, in);
    if (bound && !in->bad) s->bound = s->list[bound - 1].frame;
}

/* ---- what was shown: a blob for each place ------------------------------------------------ */

void k_save_shown(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    const top_shown *s = (const top_shown *)w;
    k_bytes_u32(ctx, out, s->count);
    for (uint32_t i = 0; i < s->count; i++) k_save_blob(ctx, t, s->blobs + 2 * i, out);
}

void k_load_shown(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    top_shown *s = (top_shown *)w;
    uint32_t count = k_saved_u32(in);
    if (count > (in->end - in->p) / 4) in->bad = 1;
    if (in->bad || !count) return;
    shown_room(ctx, &t->heap, s, count);
    s->count = count;
    for (uint32_t i = 0; i < count; i++) k_load_blob(ctx, t, s->blobs + 2 * i, in);
}

/* ---- bags: the elements in order ------------------------------------------------------------ */

static uint64_t bag_save(flow_ctx *ctx, const bag_node *n, flow_bytes *out) {
    uint64_t count = 0;
    for (; n; n = n->right) {
        count += bag_save(ctx, n->left, out) + 1;
        uint32_t lens[3] = {n->first, n->klen, n->rlen};
        k_bytes_u64(ctx, out, (uint64_t)n->times);
        k_bytes_put(ctx, out, lens, 12);
        k_bytes_put(ctx, out, bag_key(n), n->klen);
        k_bytes_put(ctx, out, bag_row(n), n->rlen);
    }
    return count;
}

void k_save_bag(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    int64_t at = out->len;
    (void)t;
    k_bytes_u64(ctx, out, 0);
    uint64_t count = bag_save(ctx, (const bag_node *)w[0], out);
    __builtin_memcpy(out->p + at, &count, 8);
}

void k_load_bag(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    uint64_t n = k_saved_u64(in);
    for (uint64_t i = 0; i < n && !in->bad; i++) {
        int64_t times = (int64_t)k_saved_u64(in);
        bag_item x = {.first = k_saved_u32(in)};
        x.klen = k_saved_u32(in);
        x.rlen = k_saved_u32(in);
        x.key = k_saved_formed(ctx, in, x.klen, in->form);
        x.row = k_saved_formed(ctx, in, x.rlen, in->form ? k_form_skip(in->form) : 0);
        if (x.first > x.klen || !times) in->bad = 1;
        if (!in->bad) bag_change(ctx, &t->heap, w, times, &x);
    }
}

/* ---- bags whose elements are rows of saved state (letter `e`, store `b`) --------------------
 *
 *   key of the entry, the bag's place among its words, length of the element's key, key, row
 *     -> how many times, bytes of the key's first part
 *
 * A place is a byte; from 255 on it is that byte and two more, high first.
 *
 * An element that was taken out stays in its tree, counted zero times, until it is saved. */

void k_save_elements(flow_ctx *ctx, const flow_table *t, const uint64_t *w, flow_bytes *out) {
    (void)ctx, (void)t, (void)w, (void)out;
}

void k_load_elements(flow_ctx *ctx, flow_table *t, uint64_t *w, flow_saved_in *in) {
    (void)ctx, (void)t, (void)w, (void)in;
}

/* A bag that is being saved. */
typedef struct bag_saving {
    flow_ctx *ctx;
    flow_table *t;
    flow_bytes *out;
    bag_node **list; /* elements that are gone */
    int64_t entry, count, room;
    int32_t full, place;
} bag_saving;

static void element_put(bag_saving *s, const bag_node *n) {
    int64_t len, far = s->place >= 255 ? 2 : 0, more = 5 + far + (int64_t)n->klen + n->rlen;
    uint8_t *key = k_store_key(s->ctx, s->t, s->entry, FLOW_SAVED_BAGS, more, &len);
    uint8_t *p = key + len;
    uint32_t klen = __builtin_bswap32(n->klen);
    *p++ = far ? 255 : (uint8_t)s->place;
    if (far) *p++ = (uint8_t)(s->place >> 8), *p++ = (uint8_t)s->place;
    __builtin_memcpy(p, &klen, 4);
    if (n->klen) __builtin_memcpy(p + 4, bag_key(n), n->klen);
    if (n->rlen) __builtin_memcpy(p + 4 + n->klen, bag_row(n), n->rlen);
    if (n->times) {
        uint8_t *value = k_store_put(s->ctx, s->out, key, len + more, 12);
        uint32_t first = n->first;
        __builtin_memcpy(value, &n->times, 8);
        __builtin_memcpy(value + 8, &first, 4);
    } else if (!s->full) {
        k_save_head(s->ctx, s->out, FLOW_SAVED_DEL, len + more, 0);
        k_bytes_put(s->ctx, s->out, key, len + more);
    }
    flow_k_reset(s->ctx, key);
}

static void element_gone(bag_saving *s, bag_node *n) {
    if (s->count == s->room) {
        int64_t room = s->room ? 2 * s->room : 64;
        bag_node **more = flow_k_alloc(s->ctx, room * 8);
        if (s->count) __builtin_memcpy(more, s->list, (size_t)s->count * 8);
        s->list = more;
        s->room = room;
    }
    s->list[s->count++] = n;
}

/* What is new or other: all that is reached by marks. */
static void elements_walk(bag_saving *s, bag_node *n) {
    for (; n && (s->full || n->below); n = n->right) {
        elements_walk(s, n->left);
        n->below = 0;
        if (!n->times) element_gone(s, n);
        else if (s->full || n->dirty) element_put(s, n);
        if (!n->times) continue;
        n->dirty = 0;
        n->saved = 1;
    }
}

static void bag_forget(flow_ctx *ctx, flow_heap *heap, uint64_t *bag, const bag_node *n) {
    bag_item x = {.key = bag_key(n), .row = bag_row(n), .klen = n->klen, .rlen = n->rlen};
    bag_node **at = (bag_node **)bag;
    while (*at != n) {
        (*at)->below = 1;
        at = bag_compare(&x, *at) < 0 ? &(*at)->left : &(*at)->right;
    }
    bag_remove(ctx, heap, at);
}

static void save_elements(bag_saving *s, uint64_t *bag) {
    void *mark = flow_k_mark(s->ctx);
    s->count = s->room = 0;
    elements_walk(s, (bag_node *)bag[0]);
    for (int64_t i = 0; i < s->count; i++) {
        element_put(s, s->list[i]);
        bag_forget(s->ctx, &s->t->heap, bag, s->list[i]);
    }
    flow_k_reset(s->ctx, mark);
}

void k_save_bags(flow_ctx *ctx, flow_table *t, const flow_layout *l, int32_t full,
                 flow_bytes *out) {
    bag_saving s = {.ctx = ctx, .t = t, .out = out, .full = full};
    k_store_walk walk = k_store_open(ctx, t, full);
    for (int64_t entry; (entry = k_store_next(&walk)) >= 0;) {
        s.entry = entry;
        s.place = 0;
        for (int32_t i = 0; i < l->nitems; i++)
            for (int32_t n = l->items[i].times; n > 0; n--) {
                if (l->items[i].letter == 'e')
                    save_elements(&s, flow_k_table_words(t, entry) + s.place);
                s.place += l->items[i].width;
            }
    }
}

/* The form of the keys of the bag whose words begin at this place: 0 if none does. */
static int bag_form(const flow_layout *l, int32_t place, const uint8_t **form) {
    int32_t at = 0;
    for (int32_t i = 0; i < l->nitems && at <= place; i++) {
        *form = l->items[i].form;
        if (at == place) return l->items[i].letter == 'e';
        at += l->items[i].width * l->items[i].times;
    }
    return 0;
}

int32_t k_load_bags(flow_ctx *ctx, flow_table *t, const flow_layout *l, flow_saved_in *key,
                    flow_saved_in *value) {
    int64_t entry = k_store_entry(ctx, t, l, key);
    const uint8_t *near = k_saved_take(key, 1), *form = 0;
    int32_t place = near ? *near : 0;
    if (place == 255) {
        const uint8_t *far = k_saved_take(key, 2);
        if (!far || (place = far[0] << 8 | far[1]) < 255) return 0;
    }
    if (!near || !bag_form(l, place, &form)) return 0;
    bag_item x = {.klen = __builtin_bswap32(k_saved_u32(key))};
    x.key = k_saved_formed(ctx, key, x.klen, form);
    x.rlen = key->end - key->p;
    x.row = k_saved_formed(ctx, key, x.rlen, form ? k_form_skip(form) : 0);
    int64_t times = (int64_t)k_saved_u64(value);
    x.first = k_saved_u32(value);
    if (entry < 0 || key->bad || value->bad || value->p != value->end) return 0;
    if (!times || x.first > x.klen) return 0;
    uint64_t *bag = flow_k_table_words(t, entry) + place;
    bag_node *n = bag_change(ctx, &t->heap, bag, times, &x);
    if (!n || n->times != times) return 0;
    n->saved = 1;
    n->dirty = 0;
    return 1;
}
