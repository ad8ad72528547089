/* state_merge.c - see state_merge.h.
 *
 * The readers of all files stand in a heap, ordered by (key, kind, age of the file).  All
 * ops of one key are taken together: first what removes, then what puts.  The newest PUT
 * wins if no file newer than its own removes the key: by a DEL, or by a DROP whose prefix
 * the key begins with.  A prefix stands before all keys that begin with it, so by then it
 * has been seen; of each file one is kept, the outermost that may still cover a key.
 *
 * Most keys stand in one file alone, and most differ in their first eight bytes: these are
 * compared as a number, without a look at the keys. */
#include "runtime/ckpt/state_merge.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

typedef struct run {
    rt_op_reader *reader;
    rt_saved_op op;
    uint64_t head;  /* of its key (rt_key_head) */
    rt_wire prefix; /* of the DROP that may cover what comes */
    bool drops;
} run;

struct rt_rows {
    int64_t about;
    run *runs; /* oldest first */
    int64_t nruns;
    int64_t *heap, nheap; /* of runs */
    int64_t held;         /* the run whose op was given last, or -1 */
    int64_t ndrops;       /* runs that have a prefix */
    rt_wire key;          /* the key at hand */
    rt_status status;
};

/* ---- the heap ---------------------------------------------------------------------- */

static bool before(const rt_rows *r, int64_t a, int64_t b) {
    if (r->runs[a].head != r->runs[b].head) return r->runs[a].head < r->runs[b].head;
    int order = rt_op_compare(&r->runs[a].op, &r->runs[b].op);
    return order ? order < 0 : a < b;
}

static void sift_down(rt_rows *r) {
    int64_t at = 0, moved = r->heap[0];
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= r->nheap) break;
        if (child + 1 < r->nheap && before(r, r->heap[child + 1], r->heap[child])) child++;
        if (!before(r, r->heap[child], moved)) break;
        r->heap[at] = r->heap[child];
        at = child;
    }
    r->heap[at] = moved;
}

static void push(rt_rows *r, int64_t index) {
    int64_t at = r->nheap++;
    while (at > 0 && before(r, index, r->heap[(at - 1) / 2])) {
        r->heap[at] = r->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    r->heap[at] = index;
}

static int64_t pop(rt_rows *r) {
    int64_t top = r->heap[0];
    r->heap[0] = r->heap[--r->nheap];
    if (r->nheap) sift_down(r);
    return top;
}

/* The next op of a run that is not in the heap; it goes there unless it has ended. */
static bool advance(rt_rows *r, int64_t index, rt_trouble *trouble) {
    run *n = &r->runs[index];
    if (rt_op_reader_next(n->reader, &n->op, &r->status, trouble)) {
        n->head = rt_key_head(n->op.key, n->op.klen);
        push(r, index);
    }
    return r->status == RT_ok;
}

/* ---- rows -------------------------------------------------------------------------- */

/* The first file that counts for the state: behind the last that does not list it, and not
 * before the last snapshot. */
static int64_t first_file(rt_state_file *const *files, int64_t n, const char *name,
                          uint64_t schema) {
    int64_t from = n;
    while (from > 0 && rt_state_file_find(files[from - 1], name, schema) >= 0) {
        from--;
        if (rt_state_file_head(files[from]).kind == RT_STATE_SNAP) break;
    }
    return from;
}

rt_rows *rt_rows_new(rt_state_file *const *files, int64_t nfiles, const char *name,
                     uint64_t schema, int64_t partition) {
    rt_rows *r = rt_alloc(sizeof *r);
    int64_t from = first_file(files, nfiles, name, schema);
    *r = (rt_rows){.held = -1};
    r->runs = rt_alloc((size_t)(nfiles - from) * sizeof *r->runs + 1);
    r->heap = rt_alloc((size_t)(nfiles - from) * sizeof *r->heap + 1);
    for (int64_t i = from; i < nfiles; i++) {
        const rt_state_section *section = rt_state_file_section(
            files[i], rt_state_file_find(files[i], name, schema), partition);
        if (!section) continue;
        r->about = RT_MAX(r->about, section->ops);
        r->runs[r->nruns++] = (run){.reader = rt_op_reader_new(files[i], section)};
    }
    r->ndrops = -1; /* nothing is read yet */
    return r;
}

int64_t rt_rows_about(const rt_rows *r) { return r->about; }

void rt_rows_free(rt_rows *r) {
    if (!r) return;
    for (int64_t i = 0; i < r->nruns; i++) {
        rt_op_reader_free(r->runs[i].reader);
        rt_wire_free(&r->runs[i].prefix);
    }
    rt_wire_free(&r->key);
    free(r->runs);
    free(r->heap);
    free(r);
}

static bool begins(const rt_saved_op *op, const rt_wire *prefix) {
    return op->klen >= prefix->n &&
           (!prefix->n || memcmp(op->key, prefix->p, (size_t)prefix->n) == 0);
}

static void drop(rt_rows *r, run *n) {
    if (n->drops && begins(&n->op, &n->prefix)) return; /* the outer one covers it */
    if (!n->drops) r->ndrops++;
    n->drops = true;
    rt_wire_clear(&n->prefix);
    rt_wire_raw(&n->prefix, n->op.key, n->op.klen);
}

/* The newest run whose prefix covers the op; -1: none.  Prefixes behind are forgotten. */
static int64_t covered(rt_rows *r, const rt_saved_op *op) {
    int64_t newest = -1;
    for (int64_t i = 0; r->ndrops && i < r->nruns; i++) {
        run *n = &r->runs[i];
        if (!n->drops) continue;
        if (begins(op, &n->prefix)) {
            newest = i;
        } else {
            n->drops = false;
            r->ndrops--;
        }
    }
    return newest;
}

/* The run whose op is the least, a PUT of a key that can be seen to have no other op (of one
 * run it is the last) and that nothing covers, is held: false if it is not so. */
static bool take_alone(rt_rows *r) {
    const run *n = &r->runs[r->heap[0]];
    if (n->op.kind != RT_SAVED_PUT || r->ndrops) return false;
    for (int64_t child = 1; child < RT_MIN(r->nheap, 3); child++)
        if (r->runs[r->heap[child]].head == n->head) return false;
    r->held = pop(r);
    return true;
}

/* All ops of the least key.  The run whose PUT is the newest is held, if it survives. */
static bool take_key(rt_rows *r, rt_trouble *trouble) {
    if (take_alone(r)) return true;
    int64_t removed = -1; /* the newest file that removes the key */
    const rt_saved_op *top = &r->runs[r->heap[0]].op;
    rt_wire_clear(&r->key);
    rt_wire_raw(&r->key, top->key, top->klen);
    while (r->nheap) {
        int64_t index = r->heap[0];
        run *n = &r->runs[index];
        if (rt_key_compare(n->op.key, n->op.klen, r->key.p, r->key.n)) break;
        pop(r);
        if (n->op.kind == RT_SAVED_PUT) {
            /* Of one key, PUTs come oldest first. */
            if (r->held >= 0 && !advance(r, r->held, trouble)) return false;
            r->held = index;
            continue;
        }
        if (n->op.kind == RT_SAVED_DROP) drop(r, n);
        if (n->op.kind == RT_SAVED_DEL) removed = index; /* they come oldest first */
        if (!advance(r, index, trouble)) return false;
    }
    if (r->held < 0) return true;
    removed = RT_MAX(removed, covered(r, &r->runs[r->held].op));
    if (removed <= r->held) return true;
    int64_t gone = r->held;
    r->held = -1;
    return advance(r, gone, trouble);
}

static bool start(rt_rows *r, rt_trouble *trouble) {
    r->ndrops = 0;
    for (int64_t i = 0; i < r->nruns; i++)
        if (!advance(r, i, trouble)) return false;
    return true;
}

bool rt_rows_next(rt_rows *r, rt_saved_op *op, rt_status *status, rt_trouble *trouble) {
    bool good = r->status == RT_ok && (r->ndrops >= 0 || start(r, trouble));
    if (good && r->held >= 0) {
        int64_t given = r->held;
        r->held = -1;
        good = advance(r, given, trouble);
    }
    while (good && r->held < 0 && r->nheap) good = take_key(r, trouble);
    *status = r->status;
    if (!good || r->held < 0) return false;
    *op = r->runs[r->held].op;
    return true;
}

/* ---- all of it --------------------------------------------------------------------- */

#define PIECE (INT64_C(256) << 10)

typedef struct merge {
    rt_state_file *const *files;
    int64_t nfiles;
    rt_state_writer *w;
    bool (*stop)(void *);
    void *stop_arg;
    rt_trouble *trouble;
    rt_wire out; /* rows not written yet */
    int64_t rows;
} merge;

static rt_status write_rows(merge *m) {
    if (!m->rows) return RT_ok;
    rt_status status = rt_state_writer_ops(m->w, m->out.p, m->out.n, m->rows);
    rt_wire_clear(&m->out);
    m->rows = 0;
    return status == RT_ok && m->stop && m->stop(m->stop_arg) ? RT_again : status;
}

static rt_status merge_one(merge *m, const rt_state_id *id, int64_t partition) {
    rt_rows *rows = rt_rows_new(m->files, m->nfiles, id->name, id->schema, partition);
    rt_saved_op op;
    rt_status status;
    while (rt_rows_next(rows, &op, &status, m->trouble)) {
        int64_t n;
        const uint8_t *bytes = rt_op_bytes(&op, &n);
        rt_wire_raw(&m->out, bytes, n);
        m->rows++;
        if (m->out.n >= PIECE) status = write_rows(m);
        if (status != RT_ok) break;
    }
    if (status == RT_ok) status = write_rows(m);
    rt_rows_free(rows);
    return status;
}

/* The least partition from `from` on in which a file has ops of the state; -1: none. */
static int64_t next_partition(const merge *m, const rt_state_id *id, int64_t from) {
    int64_t least = -1;
    for (int64_t i = 0; i < m->nfiles; i++) {
        int64_t n, state = rt_state_file_find(m->files[i], id->name, id->schema);
        const rt_state_section *s = rt_state_file_sections(m->files[i], &n);
        for (int64_t k = 0; k < n; k++)
            if (s[k].state == state && s[k].partition >= from &&
                (least < 0 || s[k].partition < least))
                least = s[k].partition;
    }
    return least;
}

rt_status rt_merge_files(rt_state_file *const *files, int64_t nfiles, const rt_state_id *ids,
                         int64_t nids, rt_state_writer *w, bool (*stop)(void *),
                         void *stop_arg, rt_trouble *trouble) {
    merge m = {.files = files, .nfiles = nfiles, .w = w, .stop = stop,
               .stop_arg = stop_arg, .trouble = trouble};
    rt_status status = RT_ok;
    trouble->text[0] = 0;
    for (int64_t i = 0; i < nids && status == RT_ok; i++) {
        int64_t partition = next_partition(&m, &ids[i], 0);
        for (; partition >= 0 && status == RT_ok;
             partition = next_partition(&m, &ids[i], partition + 1)) {
            rt_state_writer_section(w, i, partition);
            status = merge_one(&m, &ids[i], partition);
        }
    }
    rt_wire_free(&m.out);
    return status;
}
