/* saved.c - see saved.h.  The form of rows is the kernel's (k_save.c); here are the calls for
 * a program's states. */
#include "runtime/state/saved.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_save.h"
#include "runtime/kernel/k_store.h"

/* ---- ops ---------------------------------------------------------------------------- */

void rt_saved_free(rt_saved *s) {
    free(s->p);
    *s = (rt_saved){0};
}

static uint8_t *saved_more(rt_saved *s, int64_t n) {
    if (s->len + n > s->room) {
        s->room = RT_MAX(2 * s->room, s->len + n);
        s->p = rt_realloc(s->p, (size_t)s->room + FLOW_SLACK);
    }
    uint8_t *p = s->p + s->len;
    s->len += n;
    return p;
}

void rt_saved_put(rt_saved *s, rt_saved_kind kind, const void *key, int64_t klen,
                  const void *value, int64_t vlen) {
    uint8_t *p = saved_more(s, FLOW_SAVED_HEAD + klen + vlen);
    uint32_t lens[2] = {(uint32_t)klen, (uint32_t)vlen};
    *p = (uint8_t)kind;
    memcpy(p + 1, lens, 8);
    if (klen) memcpy(p + FLOW_SAVED_HEAD, key, (size_t)klen);
    if (vlen) memcpy(p + FLOW_SAVED_HEAD + klen, value, (size_t)vlen);
    s->ops++;
}

bool rt_saved_next(const uint8_t **at, const uint8_t *end, rt_saved_op *op) {
    const uint8_t *p = *at;
    uint32_t lens[2];
    if (end - p < FLOW_SAVED_HEAD || *p < RT_SAVED_DROP || *p > RT_SAVED_PUT) return false;
    memcpy(lens, p + 1, 8);
    int64_t klen = lens[0], vlen = lens[1];
    if (klen + vlen > end - p - FLOW_SAVED_HEAD) return false;
    *op = (rt_saved_op){.kind = (rt_saved_kind)*p,
                        .key = p + FLOW_SAVED_HEAD,
                        .value = p + FLOW_SAVED_HEAD + klen,
                        .klen = klen,
                        .vlen = vlen};
    *at = op->value + vlen;
    return true;
}

/* ---- states --------------------------------------------------------------------------- */

static const rt_state_decl *decl_of(const rt_states *s, int64_t state) {
    return &rt_states_program(s)->states[state];
}

bool rt_states_kept(const rt_states *s, int64_t state) {
    return decl_of(s, state)->layout != NULL;
}

/* Where entries are nothing but their rows it does not matter that one goes. */
static void track_on(rt_states *s, flow_ctx *ctx, int64_t state, flow_table *t) {
    int32_t store = rt_states_layout(s, state)->store;
    k_track_on(ctx, t);
    t->track->bare = k_store_bare(store);
    if (store == FLOW_SAVED_BAGS) t->track->store = store;
}

void rt_states_track(rt_states *s, flow_ctx *ctx, bool on) {
    for (int64_t i = 0; i < rt_states_program(s)->nstates; i++) {
        int64_t parts = decl_of(s, i)->one_part ? 1 : rt_states_partitions(s);
        for (int64_t p = 0; rt_states_kept(s, i) && p < parts; p++) {
            flow_table *t = rt_states_table(s, i, p);
            if (on) track_on(s, ctx, i, t);
            else k_track_off(ctx, t);
        }
    }
}

void rt_states_save(rt_states *s, flow_ctx *ctx, int64_t state, int64_t partition, bool full,
                    rt_saved *out) {
    flow_table *t = rt_states_table(s, state, partition);
    flow_bytes bytes = {0};
    out->len = out->ops = 0;
    k_save_table(ctx, t, rt_states_layout(s, state), full, &bytes);
    if (t->track) k_track_forget(ctx, t);
    if (bytes.len) memcpy(saved_more(out, bytes.len), bytes.p, (size_t)bytes.len);
    out->ops = bytes.ops;
    k_bytes_free(ctx, &bytes);
}

bool rt_states_load(rt_states *s, flow_ctx *ctx, int64_t state, int64_t partition,
                    const uint8_t *key, int64_t klen, const uint8_t *value, int64_t vlen,
                    char *why, size_t why_size) {
    if (k_load_row(ctx, rt_states_table(s, state, partition), rt_states_layout(s, state), key,
                   klen, value, vlen))
        return true;
    snprintf(why, why_size, "a row of the state of `%s`, partition %lld, does not fit it",
             decl_of(s, state)->name, (long long)partition);
    return false;
}

void rt_states_room(rt_states *s, flow_ctx *ctx, int64_t state, int64_t partition, int64_t rows) {
    const flow_layout *l = rt_states_layout(s, state);
    if (l->store || l->panes) return; /* who knows how many keys these are */
    k_load_room(ctx, rt_states_table(s, state, partition), rows);
}

void rt_states_loaded(rt_states *s, flow_ctx *ctx, int64_t state, int64_t partition) {
    k_load_end(ctx, rt_states_table(s, state, partition), rt_states_layout(s, state));
}

void rt_states_drop(rt_states *s, flow_ctx *ctx, int64_t state, int64_t partition) {
    flow_table *t = rt_states_table(s, state, partition);
    bool tracked = t->track != NULL;
    flow_k_table_release(ctx, t);
    if (tracked) track_on(s, ctx, state, t);
}
