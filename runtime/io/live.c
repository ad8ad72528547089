/* live.c - see live.h.
 *
 * Bytes are read straight into the block.  What stands behind its last record end is
 * copied to the next block when this one closes; a record that does not end makes the
 * block grow, up to the longest record allowed: then its first 64 KiB go with the block
 * as a row error, and the rest is skipped. */
#include "runtime/io/live.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/wake.h"
#include "runtime/io/rows_file.h"
#include "runtime/kernel/k_error.h"

/* Without memory and without blocks to wait for: tried again so often, for so long. */
#define STARVE_RETRY 10000
#define STARVE_LONGEST 5000000

/* ---- the queue ------------------------------------------------------------------------ */

void rt_live_open(rt_live *live, rt_source *s, void (*resumed)(rt_handler *gate)) {
    memset(live, 0, sizeof *live);
    live->source = s;
    live->gate = (rt_handler){.fd = -1, .due = resumed, .poked = resumed, .owner = s};
    if (resumed) rt_loop_add(s->env->loop, &live->gate);
    live->last = &live->first;
    pthread_mutex_init(&live->lock, NULL);
}

static void free_blocks(rt_mem *mem, rt_block *b) {
    while (b) {
        rt_block *next = b->next;
        rt_block_free(mem, b);
        b = next;
    }
}

void rt_live_close(rt_live *live) {
    if (live->gate.poked) rt_loop_remove(live->source->env->loop, &live->gate);
    free_blocks(live->source->env->mem, live->first);
    free_blocks(live->source->env->mem, live->taken);
    while (live->heads) {
        rt_head *h = live->heads;
        live->heads = h->next;
        free(h->text);
        free(h);
    }
    rt_live_rows_free(live->rows);
    pthread_mutex_destroy(&live->lock);
}

int64_t rt_live_object(rt_live *live) {
    return atomic_fetch_add_explicit(&live->objects, 1, memory_order_relaxed);
}

int64_t rt_live_waiting(rt_live *live) {
    pthread_mutex_lock(&live->lock);
    int64_t n = live->first ? RT_MAX(live->bytes, 1) : 0;
    /* The rest, and why there is no more, waits for no interval. */
    if (live->failed || (live->first && (live->full || live->over))) n = -1;
#ifdef FLOW_FAULTS
    if (live->first && rt_test_cut()) n = -1;
#endif
    /* After a restart it may say so of a stream of the run before. */
    live->source->ended = live->over && !live->failed && !live->first;
    pthread_mutex_unlock(&live->lock);
    return n;
}

/* Bytes of the first n records of [base, base + len). */
static int64_t records_bytes(const rt_source_decl *decl, const uint8_t *base, int64_t len,
                             int64_t n) {
    const uint8_t *p = base, *end = p + len;
    int64_t quotes = 0;
    if (decl->format == RT_BINARY) return n * decl->record;
    while (n > 0 && p < end) {
        const uint8_t *nl = memchr(p, '\n', (size_t)(end - p)), *to = nl ? nl : end;
        if (decl->multiline) quotes ^= rt_count_byte(p, to - p, '"') & 1;
        p = nl ? nl + 1 : end;
        /* Lines are what block->rows counts, records what is cut. */
        if (!quotes || n > 1) n--;
    }
    return p - base;
}

rt_block *rt_live_split(rt_live *live, rt_block *b, int64_t rows) {
    const rt_source *s = live->source;
    int64_t len = records_bytes(s->decl, b->base, b->len, rows);
    rt_block *head = rt_block_new(s->env->mem, len);
    if (!head) return NULL;
    memcpy(head->base, b->base, (size_t)len);
    head->len = len;
    head->object = b->object;
    head->first = b->first;
    head->at = b->at;
    head->rows = rt_count_records(s->decl, b->base, len);
    memmove(b->base, b->base + len, (size_t)(b->len + b->bad_len - len));
    b->len -= len;
    b->at += len;
    b->first += head->rows;
    b->rows -= head->rows;
    return head;
}

/* The next block of the queue; of one that has too many rows the first. */
static rt_block *next_block(rt_live *live, int64_t rows) {
    rt_block *b = live->first;
    if (b->rows > rows) {
        rt_block *head = rt_live_split(live, b, rows);
        if (head) return head;
    }
    live->first = b->next;
    b->next = NULL;
    return b;
}

rt_status rt_live_take(rt_live *live, int64_t limit, bool all, rt_input *in) {
    const rt_source *s = live->source;
    pthread_mutex_lock(&live->lock);
    rt_block **end = &live->taken;
    while (*end) end = &(*end)->next;
#ifdef FLOW_FAULTS
    if (rt_test_cut()) limit = 1, all = false; /* the first block alone */
#endif
    while (live->first && (all || in->bytes < limit) && rt_source_rows_left(s, in) > 0) {
        rt_block *b = next_block(live, rt_source_rows_left(s, in));
        *end = b;
        end = &b->next;
        live->bytes -= b->len;
        in->bytes += b->len;
        in->records += b->rows + (b->bad_code != 0);
        rt_input_add(in, (rt_unit){.object = b->object, .block = b});
    }
    in->limited = live->first && rt_source_rows_left(s, in) == 0;
    if (!live->first) live->last = &live->first;
    rt_status failed = live->first ? RT_ok : live->failed;
    if (live->over && !live->first) live->source->ended = true;
    pthread_mutex_unlock(&live->lock);
    return failed;
}

/* Streams that wait for room may go on. */
static void resume(rt_live *live) {
    pthread_mutex_lock(&live->lock);
    bool full = live->full;
    live->full = false;
    pthread_mutex_unlock(&live->lock);
    if (full && live->gate.poked) rt_loop_poke(live->source->env->loop, &live->gate);
}

const uint8_t *rt_live_header(rt_live *live, int64_t object, int64_t *len) {
    pthread_mutex_lock(&live->lock);
    rt_head *h = live->heads;
    while (h && h->object != object) h = h->next;
    pthread_mutex_unlock(&live->lock);
    *len = h ? h->len : 0;
    return h ? h->text : NULL;
}

void rt_live_set_header(rt_live *live, int64_t object, const uint8_t *text, int64_t len) {
    int64_t had;
    if (rt_live_header(live, object, &had)) return;
    rt_head *h = rt_alloc(sizeof *h);
    h->text = rt_alloc((size_t)len + RT_SLACK);
    if (len) memcpy(h->text, text, (size_t)len);
    h->len = len;
    h->object = object;
    pthread_mutex_lock(&live->lock);
    h->next = live->heads;
    live->heads = h;
    pthread_mutex_unlock(&live->lock);
}

void rt_live_again(rt_live *live, rt_block *block, rt_input *in) {
    rt_block **end = &live->taken;
    while (*end) end = &(*end)->next;
    block->next = NULL;
    *end = block;
    in->bytes += block->len;
    rt_input_add(in, (rt_unit){.object = block->object, .block = block});
}

void rt_live_done(rt_live *live) {
    free_blocks(live->source->env->mem, live->taken);
    live->taken = NULL;
    resume(live);
}

void rt_live_over(rt_live *live, rt_status status) {
    pthread_mutex_lock(&live->lock);
    live->over = true;
    live->failed = status;
    pthread_mutex_unlock(&live->lock);
    rt_wake(live->source->env->wake);
}

static void enqueue(rt_live *live, rt_block *b) {
    const rt_env *env = live->source->env;
    pthread_mutex_lock(&live->lock);
    int64_t before = live->bytes;
    *live->last = b;
    live->last = &b->next;
    live->bytes += b->len;
    bool wake = before < env->batch_bytes && live->bytes >= env->batch_bytes;
    if (env->eager && !before) wake = true;
    pthread_mutex_unlock(&live->lock);
    if (wake) rt_wake(env->wake);
}

/* May a stream open another block?  At most two batches wait, and a quarter of what
 * state leaves; with nothing queued a block must come in any case. */
static bool has_room(rt_live *live) {
    const rt_env *env = live->source->env;
    int64_t most = RT_MIN(2 * env->batch_bytes, rt_mem_transient_share(env->mem) / 4);
    pthread_mutex_lock(&live->lock);
    bool room = !live->first || live->bytes < most;
    pthread_mutex_unlock(&live->lock);
    return room;
}

/* A stream cannot go on.  What waits is then as much as a batch gets, and the stream is
 * poked when it has been taken; without anything that waits it is memory that is short,
 * and there is nothing but to try again. */
static void wait_for_room(rt_live *live) {
    const rt_env *env = live->source->env;
    pthread_mutex_lock(&live->lock);
    bool queued = live->first != NULL;
    live->full = true;
    pthread_mutex_unlock(&live->lock);
    rt_wake(env->wake);
    if (queued) {
        live->starved = 0;
        return;
    }
    int64_t now = rt_clock_mono();
    if (!live->starved) live->starved = now;
    if (now - live->starved > STARVE_LONGEST) {
        rt_log(RT_ERROR, "%s: no memory to go on reading: raise `memory`",
               live->source->decl->name);
        rt_live_over(live, RT_memory);
    } else {
        live->gate.at = now + STARVE_RETRY;
    }
}

/* ---- feeds ---------------------------------------------------------------------------- */

void rt_feed_open(rt_feed *f, rt_live *live, int64_t object, int64_t max_record) {
    *f = (rt_feed){.live = live, .object = object, .max_record = max_record};
    f->begun = live->source->decl->format == RT_BINARY;
    f->head_done = !live->source->decl->header;
}

void rt_feed_drop(rt_feed *f) {
    rt_block_free(f->live->source->env->mem, f->block);
    f->block = NULL;
}

rt_feed_place rt_feed_where(const rt_feed *f) {
    rt_live *live = f->live;
    rt_feed_place p = {f->at, f->records, f->skip, f->begun, f->head_done};
    pthread_mutex_lock(&live->lock);
    const rt_block *b = live->first;
    while (b && b->object != f->object) b = b->next;
    if (b) p.at = b->at, p.records = b->first, p.skip = false;
    pthread_mutex_unlock(&live->lock);
    return p;
}

void rt_feed_resume(rt_feed *f, rt_feed_place place) {
    rt_assert(!f->block);
    f->at = place.at;
    f->records = place.records;
    f->skip = place.skip;
    f->begun = place.begun;
    f->head_done = place.head_done;
}

static bool multiline(const rt_feed *f) { return f->live->source->decl->multiline; }

/* One past the first record end of the open block behind `scanned`, which moves there;
 * null if there is none, and all is scanned. */
static const uint8_t *next_end(rt_feed *f) {
    const uint8_t *base = f->block->base, *p = base + f->scanned, *end = base + f->used;
    while (p < end) {
        const uint8_t *nl = memchr(p, '\n', (size_t)(end - p)), *to = nl ? nl : end;
        if (multiline(f)) f->quotes ^= rt_count_byte(p, to - p, '"') & 1;
        p = nl ? nl + 1 : end;
        f->scanned = p - base;
        if (nl && !f->quotes) return p;
    }
    return NULL;
}

/* The same for the last one. */
static const uint8_t *last_end(rt_feed *f) {
    const uint8_t *base = f->block->base, *found = NULL, *end;
    int64_t record = f->live->source->decl->record;
    if (f->live->source->decl->format == RT_BINARY)
        return f->used >= record ? base + f->used / record * record : NULL;
    if (!multiline(f)) {
        found = rt_last_line(base + f->scanned, f->used - f->scanned);
        f->scanned = f->used;
        return found ? found + 1 : NULL;
    }
    while ((end = next_end(f))) found = end;
    return found;
}

/* A block's buffer is as long as the setting says, slack included: a power of two stays
 * one. */
static int64_t block_room(const rt_env *env) {
    return RT_MAX(env->block_bytes - RT_SLACK, RT_SLACK);
}

static bool is_full(const rt_feed *f) {
    return f->used >= block_room(f->live->source->env);
}

/* Moves [from, used) to the front of a new block, which becomes the open one. */
static bool carry_over(rt_feed *f, int64_t from) {
    const rt_env *env = f->live->source->env;
    int64_t rest = f->used - from;
    rt_block *b = NULL;
    if (rest) {
        b = rt_block_new(env->mem, RT_MAX(block_room(env), rest));
        if (!b) return false;
        memcpy(b->base, f->block->base + from, (size_t)rest);
        f->opened = rt_clock_mono();
    }
    f->block->at = f->at;
    f->at += from;
    f->block = b;
    f->used = rest;
    f->scanned = RT_MAX(f->scanned - from, 0);
    f->whole = 0;
    return true;
}

#ifdef FLOW_FAULTS
/* Queues the first records of a block as blocks of their own; the rest, with what stands
 * behind the records, moves to its front.  Returns the length of the rest's records. */
static int64_t cut_block(rt_feed *f, rt_block *b, int64_t len) {
    rt_mem *mem = f->live->source->env->mem;
    const rt_source_decl *decl = f->live->source->decl;
    int64_t n = rt_test_cut(), from = 0;
    if (!n || decl->multiline) return len;
    while (rt_count_records(decl, b->base + from, len - from) > n) {
        int64_t to = from + records_bytes(decl, b->base + from, len - from, n);
        rt_block *piece = rt_block_new(mem, to - from);
        if (!piece) break;
        memcpy(piece->base, b->base + from, (size_t)(to - from));
        piece->len = to - from;
        piece->object = f->object;
        piece->first = f->records;
        piece->at = b->at + from;
        piece->rows = n;
        f->records += n;
        enqueue(f->live, piece);
        from = to;
    }
    memmove(b->base, b->base + from, (size_t)(len + b->bad_len - from));
    b->at += from;
    return len - from;
}
#endif

static void queue_block(rt_feed *f, rt_block *b, int64_t len) {
#ifdef FLOW_FAULTS
    len = cut_block(f, b, len);
#endif
    b->len = len;
    b->object = f->object;
    b->first = f->records;
    b->rows = rt_count_records(f->live->source->decl, b->base, len);
    f->records += b->rows;
    if (b->bad_code) f->records++;
    enqueue(f->live, b);
}

/* Closes the block behind its whole records.  Without memory for the rest the block
 * stays open: the queue drains, and it is tried again. */
static bool close_block(rt_feed *f) {
    rt_block *b = f->block;
    int64_t whole = f->whole;
    if (!carry_over(f, whole)) return false;
    queue_block(f, b, whole);
    return true;
}

/* The record behind the whole ones, which goes up to `end`, cannot be taken in: its first
 * bytes go along as an error. */
static void close_bad(rt_feed *f, int64_t end, int32_t code) {
    rt_block *b = f->block;
    int64_t whole = f->whole;
    b->bad_len = RT_MIN(end - whole, RT_RECORD_KEPT);
    b->bad_code = code;
    if (carry_over(f, RT_MIN(end + 1, f->used))) {
        queue_block(f, b, whole);
        return;
    }
    rt_log(RT_ERROR, "%s: no memory to go on reading", f->live->source->decl->name);
    f->used = f->whole = f->scanned = 0;
    rt_live_over(f->live, RT_memory);
}

static void take_header(rt_feed *f) {
    const uint8_t *base = f->block->base;
    int64_t len = 0, quotes = 0;
    for (; len < f->whole; len++) {
        quotes ^= multiline(f) && base[len] == '"';
        if (base[len] == '\n' && !quotes) break;
    }
    rt_live_set_header(f->live, f->object, base,
                       len && base[len - 1] == '\r' ? len - 1 : len);
    f->head_done = true;
    f->at += len + 1;
    f->used -= len + 1;
    f->whole -= len + 1;
    f->scanned = RT_MAX(f->scanned - len - 1, 0);
    memmove(f->block->base, f->block->base + len + 1, (size_t)f->used);
}

/* The first bytes of a stream may be a byte order mark; false while that is open. */
static bool drop_mark(rt_feed *f) {
    if (f->used < 3 && !memchr(f->block->base, '\n', (size_t)f->used)) return false;
    f->begun = true;
    if (f->used < 3 || memcmp(f->block->base, "\xef\xbb\xbf", 3)) return true;
    f->at += 3;
    f->used -= 3;
    memmove(f->block->base, f->block->base + 3, (size_t)f->used);
    return true;
}

/* Drops bytes up to the end of the record that is being skipped. */
static void skip_rest(rt_feed *f) {
    uint8_t *base = f->block->base;
    const uint8_t *nl = memchr(base, '\n', (size_t)f->used);
    if (!nl) {
        f->at += f->used;
        f->used = 0;
        return;
    }
    f->skip = false;
    f->at += nl + 1 - base;
    f->used -= nl + 1 - base;
    memmove(base, nl + 1, (size_t)f->used);
}

/* Makes the open block hold more bytes; false without memory. */
static bool open_block(rt_feed *f) {
    const rt_env *env = f->live->source->env;
    if (f->block && f->whole && is_full(f) && !close_block(f)) return false;
    if (!f->block) {
        f->block = rt_block_new(env->mem, block_room(env));
        if (!f->block) return false;
        f->used = f->whole = f->scanned = 0;
    }
    if (rt_block_room(f->block) > f->used) return true;
    int64_t more = RT_MIN(2 * f->used, f->max_record + env->block_bytes);
    return rt_block_grow(env->mem, f->block, f->used, more);
}

uint8_t *rt_feed_room(rt_feed *f, int64_t *room) {
    rt_live *live = f->live;
    if (has_room(live) && open_block(f)) {
        live->starved = 0;
        *room = rt_block_room(f->block) - f->used;
        return f->block->base + f->used;
    }
    wait_for_room(live);
    return NULL;
}

/* Finds whole records where some may be too long: one by one. */
static void scan_long(rt_feed *f) {
    while (f->block && f->used - f->whole > f->max_record) {
        const uint8_t *end = next_end(f);
        int64_t stop = end ? end - 1 - f->block->base : f->used;
        if (stop - f->whole > f->max_record) {
            f->skip = !end;
            f->quotes = 0;
            close_bad(f, stop,
                      f->max_record < RT_RECORD_MAX ? FLOW_E_max_line : FLOW_E_too_long);
        } else if (end) {
            f->whole = end - f->block->base;
        }
    }
}

void rt_feed_add(rt_feed *f, int64_t n) {
    const rt_env *env = f->live->source->env;
    if (n <= 0) return;
    if (!f->used) f->opened = rt_clock_mono();
    f->used += n;
    if (f->skip) skip_rest(f);
    if (!f->used || (!f->begun && !drop_mark(f))) return;
    if (f->live->source->decl->format != RT_BINARY) scan_long(f);
    if (!f->block) return;
    const uint8_t *end = last_end(f);
    if (end) f->whole = end - f->block->base;
    if (!f->head_done && f->whole) take_header(f);
    if (f->whole && (env->eager || is_full(f))) close_block(f);
}

int64_t rt_feed_due(rt_feed *f) {
    if (!f->block || !f->whole) return 0;
    int64_t due = f->opened + f->live->source->env->settings->block;
    if (rt_clock_mono() < due) return due;
    if (close_block(f)) return 0;
    return rt_clock_mono() + f->live->source->env->settings->block;
}

void rt_feed_cut(rt_feed *f) {
    if (!f->block || !f->whole) return;
    if (!close_block(f)) {
        /* Without memory for the rest, which a drain drops in any case. */
        f->used = f->whole;
        close_block(f);
    }
}

void rt_feed_end(rt_feed *f, bool in_order) {
    if (f->block && f->used > f->whole) {
        bool lines = f->live->source->decl->format != RT_BINARY;
        if (in_order && lines && !f->skip) {
            /* There is room: behind a block stands the slack. */
            f->block->base[f->used++] = '\n';
            if (!f->begun) drop_mark(f);
            f->whole = f->used;
            if (!f->head_done) take_header(f);
        } else if (!f->skip) {
            close_bad(f, f->used, FLOW_E_malformed);
        }
    }
    if (f->block && f->whole) {
        f->used = f->scanned = f->whole;
        close_block(f);
    }
    rt_feed_drop(f);
}
