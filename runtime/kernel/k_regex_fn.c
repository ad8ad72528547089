/* k_regex_fn.c - the language's functions on regular expressions. */
#include "runtime/kernel/k_regex_fn.h"
#include "runtime/kernel/k_error.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_regex.h"

int32_t flow_k_fn_matches(const uint8_t *s, int64_t len, const uint8_t *re) {
    re_text t = k_re_text(s, len);
    return k_re_any((const flow_re *)re, t, t.s);
}

/* A part of the text by its slots; "" for a group that took no part. */
static void re_put_text(uint64_t *out, re_text t, const int64_t *slots) {
    int64_t from = slots[0] < 0 ? 0 : slots[0], to = slots[0] < 0 ? 0 : slots[1];
    out[0] = (uint64_t)(uintptr_t)(t.s + from);
    out[1] = (uint64_t)(to - from);
}

static int64_t *re_slots(flow_ctx *ctx, const flow_re *re) {
    return flow_k_alloc(ctx, (int64_t)re->groups * 16);
}

FLOW_FAR int32_t flow_k_fn_extract(flow_ctx *ctx, uint64_t *out, const uint8_t *s,
                                   int64_t len, const uint8_t *prog, int64_t group) {
    const flow_re *re = (const flow_re *)prog;
    re_text t = k_re_text(s, len);
    int64_t whole[2];
    const uint8_t *start, *end;
    out[0] = out[1] = out[2] = 0;
    if (group < 0 || group >= re->groups) return FLOW_E_argument;
    if (group == 0) {
        if (!k_re_find(ctx, re, t, t.s, &start, &end)) return FLOW_OK;
        whole[0] = start - t.s;
        whole[1] = end - t.s;
        re_put_text(out, t, whole);
    } else {
        void *mark = flow_k_mark(ctx);
        int64_t *slots = re_slots(ctx, re);
        int32_t found = k_re_groups(ctx, re, t, t.s, slots);
        if (found) re_put_text(out, t, slots + 2 * group);
        flow_k_reset(ctx, mark);
        if (!found) return FLOW_OK;
    }
    out[2] = 1;
    return FLOW_OK;
}

FLOW_FAR int32_t flow_k_fn_groups(flow_ctx *ctx, uint64_t *out, const uint8_t *s,
                                  int64_t len, const uint8_t *prog) {
    const flow_re *re = (const flow_re *)prog;
    re_text t = k_re_text(s, len);
    out[0] = out[1] = out[2] = 0;
    uint64_t *texts = flow_k_alloc(ctx, (int64_t)re->groups * 16);
    int64_t *slots = re_slots(ctx, re);
    if (!k_re_groups(ctx, re, t, t.s, slots)) return FLOW_OK;
    for (int64_t g = 0; g < re->groups; g++)
        re_put_text(texts + 2 * g, t, slots + 2 * g);
    out[0] = (uint64_t)(uintptr_t)texts;
    out[1] = re->groups;
    out[2] = 1;
    return FLOW_OK;
}

/* ---- lists ------------------------------------------------------------------ */

typedef struct re_texts {
    flow_ctx *ctx;
    uint64_t *w; /* pointer and length of each */
    int64_t n, room;
} re_texts;

static void re_texts_grow(re_texts *l) {
    int64_t room = l->room ? 2 * l->room : 8;
    uint64_t *w = flow_k_alloc(l->ctx, room * 16);
    if (l->n) __builtin_memcpy(w, l->w, (size_t)l->n * 16);
    l->w = w;
    l->room = room;
}

typedef int32_t re_next_fn(flow_ctx *, const uint8_t *, const uint8_t *, int64_t,
                           int64_t *);

static int32_t re_list_all(flow_ctx *ctx, uint64_t *out, const uint8_t *s, int64_t len,
                           const uint8_t *re, re_next_fn *next) {
    int64_t it[FLOW_RE_ITER] = {0};
    re_texts l = {.ctx = ctx};
    while (next(ctx, re, s, len, it)) {
        if (l.n == l.room) re_texts_grow(&l);
        l.w[2 * l.n] = (uint64_t)(uintptr_t)(s + it[1]);
        l.w[2 * l.n + 1] = (uint64_t)(it[2] - it[1]);
        l.n++;
    }
    out[0] = (uint64_t)(uintptr_t)l.w;
    out[1] = (uint64_t)l.n;
    return FLOW_OK;
}

/* The iterations of classes need no context. */
static int32_t re_run_next(flow_ctx *ctx, const uint8_t *re, const uint8_t *s,
                           int64_t len, int64_t *it) {
    (void)ctx;
    return flow_k_re_run_next(re, s, len, it);
}

static int32_t re_run_piece(flow_ctx *ctx, const uint8_t *re, const uint8_t *s,
                            int64_t len, int64_t *it) {
    (void)ctx;
    return flow_k_re_run_piece(re, s, len, it);
}

static int re_is_run(const uint8_t *re) {
    return ((const flow_re *)re)->how == FLOW_RE_RUN;
}

FLOW_FAR int32_t flow_k_fn_find_all(flow_ctx *ctx, uint64_t *out, const uint8_t *s,
                                    int64_t len, const uint8_t *re) {
    return re_list_all(ctx, out, s, len, re,
                       re_is_run(re) ? re_run_next : flow_k_re_next);
}

FLOW_FAR int32_t flow_k_fn_split_regex(flow_ctx *ctx, uint64_t *out, const uint8_t *s,
                                       int64_t len, const uint8_t *re) {
    return re_list_all(ctx, out, s, len, re,
                       re_is_run(re) ? re_run_piece : flow_k_re_piece);
}

/* ---- replace ---------------------------------------------------------------- */

typedef struct re_writer {
    flow_ctx *ctx;
    uint8_t *base;
    int64_t n, room;
} re_writer;

static void re_write(re_writer *w, const uint8_t *p, int64_t n) {
    if (w->room - w->n < n) {
        int64_t room = 2 * w->room + n + 64;
        uint8_t *base = flow_k_alloc(w->ctx, room);
        if (w->n) __builtin_memcpy(base, w->base, (size_t)w->n);
        w->base = base;
        w->room = room;
    }
    if (n) __builtin_memcpy(w->base + w->n, p, (size_t)n);
    w->n += n;
}

/* Does the replacement ask for groups? */
static int re_has_dollar(const uint8_t *to, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (to[i] == '$') return 1;
    return 0;
}

static void re_write_to(re_writer *w, const flow_re *re, re_text t, const int64_t *slots,
                        const uint8_t *to, int64_t n) {
    int64_t done = 0;
    for (int64_t i = 0; i + 1 < n; i++) {
        if (to[i] != '$' || (to[i + 1] != '$' && (uint8_t)(to[i + 1] - '0') > 9))
            continue;
        re_write(w, to + done, i - done + (to[i + 1] == '$'));
        int64_t g = to[i + 1] - '0';
        if (to[i + 1] != '$' && g < re->groups && slots[2 * g] >= 0)
            re_write(w, t.s + slots[2 * g], slots[2 * g + 1] - slots[2 * g]);
        done = ++i + 1;
    }
    re_write(w, to + done, n - done);
}

FLOW_FAR int32_t flow_k_fn_replace_regex(flow_ctx *ctx, uint64_t *out, const uint8_t *s,
                                         int64_t len, const uint8_t *prog,
                                         const uint8_t *to, int64_t to_len) {
    const flow_re *re = (const flow_re *)prog;
    re_text t = k_re_text(s, len);
    re_writer w = {.ctx = ctx};
    int64_t it[FLOW_RE_ITER] = {0}, done = 0;
    if (re_has_dollar(to, to_len)) {
        int64_t *slots = re_slots(ctx, re);
        while (k_re_next_groups(ctx, re, t, it, slots)) {
            re_write(&w, t.s + done, slots[0] - done);
            re_write_to(&w, re, t, slots, to, to_len);
            done = slots[1];
        }
    } else {
        while (flow_k_re_next(ctx, prog, s, len, it)) {
            re_write(&w, t.s + done, it[1] - done);
            re_write(&w, to, to_len);
            done = it[2];
        }
    }
    /* Nothing replaced: the text itself. */
    if (done == 0 && w.n == 0) {
        out[0] = (uint64_t)(uintptr_t)t.s;
        out[1] = (uint64_t)len;
        return FLOW_OK;
    }
    re_write(&w, t.s + done, len - done);
    out[0] = (uint64_t)(uintptr_t)w.base;
    out[1] = (uint64_t)w.n;
    return FLOW_OK;
}
