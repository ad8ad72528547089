/* mem.c - size classes behind one lock.
 *
 * Buffers are coarse (a task gets a few dozen of them), so one lock that is held for a
 * pop or a push is enough.  State from 64 KiB is unmapped when it is given back: tables
 * grow and never ask for their old size again.
 *
 * What workers do at the same time must not meet in the system either: a mapping waits
 * for the faults of other threads and they for it, and a mapping that moves or a page
 * that replaces the shared zero page interrupts all cores.  So mid-sized pieces are cut
 * from regions, and their pages are made by one call (`touch`). */
#include "runtime/base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/os.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/sanitizer.h"

enum {
    CLASS_MIN = 7,     /* 128 bytes: of windows there may be many */
    CLASS_SLAB = 16,   /* smaller ones come from slabs */
    CLASS_KEPT = 25,   /* larger ones are not kept for reuse */
    CLASSES = 48,
};
/* Whoever plans work keeps transient memory within the limit, by what it knows before;
 * a task that turns out larger may go beyond it by so much before it fails. */
#define OVERSHOOT (INT64_C(32) << 20)
#define SLAB (INT64_C(256) << 10)
#define PAGE INT64_C(4096)
/* Pieces of CLASS_SLAB up to a quarter of a region are cut from regions, so that workers
 * which fill many buffers at once seldom map.  Each piece is unmapped by itself. */
#define REGION (INT64_C(1) << 20)
#define HUGE_FROM (INT64_C(4) << 20)

typedef struct mem_free {
    struct mem_free *next;
} mem_free;

typedef struct mem_slab {
    struct mem_slab *next;
} mem_slab;

struct rt_mem {
    int64_t limit, reserve; /* reserve: the transient minimum */
    pthread_mutex_t lock;
    mem_free *kept[CLASSES]; /* under lock, as are the counts of those from CLASS_SLAB */
    int64_t count[CLASSES], least[CLASSES]; /* least: since the last relax */
    mem_slab *slabs;         /* under lock */
    char *slab_at, *slab_end;
    char *region_at, *region_end; /* not cut yet, not counted */
    /* Relaxed: the counts steer, they publish nothing. */
    _Atomic int64_t used[RT_OWNERS];
    _Atomic int64_t cut;  /* bytes in `kept` that came from slabs */
    _Atomic int64_t idle; /* other bytes in `kept`: they can be given back */
    _Atomic int64_t peak;
};

/* Who holds it lets go at once: it does not pay to sleep. */
static void init_lock(pthread_mutex_t *lock) {
    pthread_mutexattr_t spins;
    pthread_mutexattr_init(&spins);
    pthread_mutexattr_settype(&spins, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(lock, &spins);
    pthread_mutexattr_destroy(&spins);
}

rt_mem *rt_mem_new(int64_t limit, int64_t workers) {
    rt_mem *mem = rt_os_alloc(sizeof *mem);
    if (!mem) return NULL;
    mem->limit = limit;
    mem->reserve = RT_MAX(limit / 8, workers * (INT64_C(8) << 20));
    mem->reserve = RT_MIN(mem->reserve, limit / 2);
    init_lock(&mem->lock);
    return mem;
}

static int64_t get(const _Atomic int64_t *n) {
    return atomic_load_explicit(n, memory_order_relaxed);
}

static void add(_Atomic int64_t *n, int64_t by) {
    atomic_fetch_add_explicit(n, by, memory_order_relaxed);
}

static int class_of(int64_t bytes) {
    int c = CLASS_MIN;
    while ((INT64_C(1) << c) < bytes) c++;
    rt_assert(c < CLASSES);
    return c;
}

static int64_t size_of(rt_owner owner, int64_t bytes) {
    bool pages = owner == RT_OWNER_STATE && bytes >= INT64_C(1) << CLASS_SLAB;
    if (pages) return (bytes + PAGE - 1) / PAGE * PAGE;
    if (bytes > INT64_C(1) << CLASS_KEPT) return (bytes + SLAB - 1) / SLAB * SLAB;
    return INT64_C(1) << class_of(bytes);
}

int64_t rt_mem_size(rt_owner owner, int64_t bytes) {
    return RT_ASAN ? bytes : size_of(owner, bytes);
}

static int64_t transient(const rt_mem *mem) {
    int64_t sum = get(&mem->idle) + get(&mem->cut);
    for (int i = RT_OWNER_STATE + 1; i < RT_OWNERS; i++) sum += get(&mem->used[i]);
    return sum;
}

/* Gives back to the system what is kept for reuse; slabs stay. */
static void trim(rt_mem *mem) {
    pthread_mutex_lock(&mem->lock);
    for (int c = CLASS_SLAB; c <= CLASS_KEPT; c++) {
        while (mem->kept[c]) {
            mem_free *f = mem->kept[c];
            mem->kept[c] = f->next;
            add(&mem->idle, -(INT64_C(1) << c));
            rt_os_unmap(f, INT64_C(1) << c);
        }
        mem->count[c] = mem->least[c] = 0;
    }
    pthread_mutex_unlock(&mem->lock);
}

/* A quarter of what nobody asked for since the last time. */
void rt_mem_relax(rt_mem *mem) {
    if (!get(&mem->idle)) return;
    pthread_mutex_lock(&mem->lock);
    for (int c = CLASS_SLAB; c <= CLASS_KEPT; c++) {
        for (int64_t n = (mem->least[c] + 3) / 4; n > 0; n--) {
            mem_free *f = mem->kept[c];
            mem->kept[c] = f->next;
            mem->count[c]--;
            add(&mem->idle, -(INT64_C(1) << c));
            rt_os_unmap(f, INT64_C(1) << c);
        }
        mem->least[c] = mem->count[c];
    }
    pthread_mutex_unlock(&mem->lock);
}

void rt_mem_rest(rt_mem *mem) { trim(mem); }

static bool fits(const rt_mem *mem, rt_owner owner, int64_t bytes) {
    int64_t state = get(&mem->used[RT_OWNER_STATE]);
    /* State goes first: transient memory that is in its way shrinks with the next batch. */
    if (owner == RT_OWNER_STATE) return state + bytes <= mem->limit - mem->reserve;
    return transient(mem) + bytes <= mem->limit - state + OVERSHOOT;
}

static bool admit(rt_mem *mem, rt_owner owner, int64_t bytes) {
    if (!fits(mem, owner, bytes)) {
        trim(mem);
        if (!fits(mem, owner, bytes)) return false;
    }
    add(&mem->used[owner], bytes);
    int64_t sum = get(&mem->used[RT_OWNER_STATE]) + transient(mem);
    if (sum > mem->limit && get(&mem->idle)) trim(mem);
    int64_t peak = get(&mem->peak);
    while (sum > peak && !atomic_compare_exchange_weak_explicit(
                             &mem->peak, &peak, sum, memory_order_relaxed,
                             memory_order_relaxed)) {
    }
    return true;
}

/* Under lock.  A slab's rest that is too small for the class is cut into smaller ones. */
static void *from_slab(rt_mem *mem, int class) {
    int64_t size = INT64_C(1) << class;
    if (mem->slab_end - mem->slab_at < size) {
        while (mem->slab_end - mem->slab_at >= 1 << CLASS_MIN) {
            int c = CLASS_MIN;
            while (c + 1 < CLASS_SLAB &&
                   (INT64_C(2) << c) <= mem->slab_end - mem->slab_at)
                c++;
            mem_free *f = (mem_free *)mem->slab_at;
            f->next = mem->kept[c];
            mem->kept[c] = f;
            mem->count[c]++;
            mem->slab_at += INT64_C(1) << c;
            add(&mem->cut, INT64_C(1) << c);
        }
        mem_slab *slab = rt_os_map(SLAB);
        if (!slab) return NULL;
        slab->next = mem->slabs;
        mem->slabs = slab;
        mem->slab_at = (char *)slab + (1 << CLASS_MIN);
        mem->slab_end = (char *)slab + SLAB;
    }
    void *p = mem->slab_at;
    mem->slab_at += size;
    return p;
}

/* Under lock; zeros. */
static void *from_region(rt_mem *mem, int64_t size) {
    if (mem->region_end - mem->region_at < size) {
        char *region = rt_os_map(REGION);
        if (!region) return NULL;
        if (mem->region_at < mem->region_end)
            rt_os_unmap(mem->region_at, mem->region_end - mem->region_at);
        mem->region_at = region;
        mem->region_end = region + REGION;
    }
    void *p = mem->region_at;
    mem->region_at += size;
    return p;
}

static void *take(rt_mem *mem, rt_owner owner, int64_t size, bool *dirty) {
    *dirty = false;
    if (size > INT64_C(1) << CLASS_KEPT) return rt_os_map(size);
    bool pages = owner == RT_OWNER_STATE && size >= INT64_C(1) << CLASS_SLAB;
    int class = class_of(size);
    void *p = NULL;
    pthread_mutex_lock(&mem->lock);
    if (!pages && mem->kept[class]) {
        p = mem->kept[class];
        mem->kept[class] = mem->kept[class]->next;
        if (--mem->count[class] < mem->least[class]) mem->least[class] = mem->count[class];
        add(class < CLASS_SLAB ? &mem->cut : &mem->idle, -size);
        *dirty = true;
    } else if (class < CLASS_SLAB) {
        p = from_slab(mem, class);
    } else if (size <= REGION / 4) {
        p = from_region(mem, size);
    }
    pthread_mutex_unlock(&mem->lock);
    return p || size <= REGION / 4 ? p : rt_os_map(size);
}

/* Pages of what will be written as a whole.  One call instead of a fault for each: faults
 * of one thread wait for the mappings of another, and an index is read before it is
 * written, which faults twice and interrupts every other core in between. */
static void touch(rt_owner owner, void *p, int64_t bytes) {
    if (owner != RT_OWNER_STATE && owner != RT_OWNER_EXCHANGE) return;
    if (bytes < INT64_C(1) << CLASS_SLAB || bytes >= HUGE_FROM) return;
    rt_os_touch(p, (bytes + PAGE - 1) / PAGE * PAGE);
}

void *rt_mem_get(rt_mem *mem, rt_owner owner, int64_t *bytes) {
    rt_assert(*bytes > 0);
    int64_t size = rt_mem_size(owner, *bytes);
    if (!admit(mem, owner, size)) return NULL;
    bool dirty = false;
    void *p = RT_ASAN ? rt_os_alloc((size_t)size) : take(mem, owner, size, &dirty);
    if (!p) {
        add(&mem->used[owner], -size);
        return NULL;
    }
    if (owner == RT_OWNER_STATE) {
        if (RT_ASAN || dirty) memset(p, 0, (size_t)size);
        if (!RT_ASAN && size >= HUGE_FROM) rt_os_huge(p, size);
    }
    if (!RT_ASAN && !dirty) touch(owner, p, *bytes);
    *bytes = size;
    return p;
}

static void keep(rt_mem *mem, void *p, int class) {
    int64_t size = INT64_C(1) << class;
    pthread_mutex_lock(&mem->lock);
    ((mem_free *)p)->next = mem->kept[class];
    mem->kept[class] = p;
    mem->count[class]++;
    add(class < CLASS_SLAB ? &mem->cut : &mem->idle, size);
    pthread_mutex_unlock(&mem->lock);
}

void rt_mem_put(rt_mem *mem, rt_owner owner, void *p, int64_t bytes) {
    if (!p) return;
    add(&mem->used[owner], -bytes);
    rt_assert(get(&mem->used[owner]) >= 0);
    if (RT_ASAN) {
        free(p);
        return;
    }
    bool small = bytes < INT64_C(1) << CLASS_SLAB;
    bool room = bytes <= INT64_C(1) << CLASS_KEPT && owner != RT_OWNER_STATE &&
                get(&mem->idle) + bytes <= mem->limit / 8;
    if (small || room)
        keep(mem, p, class_of(bytes));
    else
        rt_os_unmap(p, bytes);
}

/* Is a piece of that size there to be used again?  Copying what fits a region's piece is less than
 * moving its pages, of which every other core is told; and pieces that only grow would come
 * in sizes that nobody asks for. */
static bool has_kept(rt_mem *mem, rt_owner owner, int64_t size) {
    if (owner == RT_OWNER_STATE || size > REGION) return false;
    pthread_mutex_lock(&mem->lock);
    bool kept = mem->kept[class_of(size)] != NULL;
    pthread_mutex_unlock(&mem->lock);
    return kept;
}

void *rt_mem_grow(rt_mem *mem, rt_owner owner, void *p, int64_t bytes, int64_t used,
                  int64_t *to) {
    rt_assert(used <= bytes && *to > bytes);
    int64_t size = rt_mem_size(owner, *to);
    bool mapped = !RT_ASAN && bytes >= INT64_C(1) << CLASS_SLAB;
    if (mapped && !has_kept(mem, owner, size)) {
        /* The kernel moves pages, not bytes. */
        if (!admit(mem, owner, size - bytes)) return NULL;
        void *q = rt_os_remap(p, bytes, size);
        if (!q) add(&mem->used[owner], bytes - size);
        if (q && owner == RT_OWNER_STATE && size >= HUGE_FROM) rt_os_huge(q, size);
        *to = size;
        return q;
    }
    void *q = rt_mem_get(mem, owner, to);
    if (!q) return NULL;
    memcpy(q, p, (size_t)used);
    rt_mem_put(mem, owner, p, bytes);
    return q;
}

void *rt_mem_shrink(rt_mem *mem, rt_owner owner, void *p, int64_t bytes, int64_t used,
                    int64_t *to) {
    rt_assert(used <= *to && *to <= bytes);
    int64_t size = rt_mem_size(owner, *to);
    /* Such pieces are whole pages and mapped each for itself: the end of one may go. */
    bool pages = !RT_ASAN && owner == RT_OWNER_STATE && size >= INT64_C(1) << CLASS_SLAB;
    if (pages) {
        if (size < bytes) rt_os_unmap((char *)p + size, bytes - size);
        memset((char *)p + used, 0, (size_t)(size - used));
        add(&mem->used[owner], size - bytes);
        *to = size;
        return p;
    }
    void *q = rt_mem_get(mem, owner, to);
    if (!q) return NULL;
    memcpy(q, p, (size_t)used);
    rt_mem_put(mem, owner, p, bytes);
    return q;
}

void rt_mem_move(rt_mem *mem, rt_owner from, rt_owner to, int64_t bytes) {
    add(&mem->used[from], -bytes);
    add(&mem->used[to], bytes);
}

void rt_mem_free(rt_mem *mem, bool clean) {
    if (!mem) return;
    for (int i = 0; clean && i < RT_OWNERS; i++) rt_assert(get(&mem->used[i]) == 0);
    trim(mem);
    while (mem->slabs) {
        mem_slab *slab = mem->slabs;
        mem->slabs = slab->next;
        rt_os_unmap(slab, SLAB);
    }
    if (mem->region_at < mem->region_end)
        rt_os_unmap(mem->region_at, mem->region_end - mem->region_at);
    pthread_mutex_destroy(&mem->lock);
    free(mem);
}

int64_t rt_mem_limit(const rt_mem *mem) { return mem->limit; }

int64_t rt_mem_used(const rt_mem *mem, rt_owner owner) { return get(&mem->used[owner]); }

int64_t rt_mem_room(const rt_mem *mem) {
    int64_t held = transient(mem) - get(&mem->idle);
    return mem->limit - get(&mem->used[RT_OWNER_STATE]) - held;
}

int64_t rt_mem_transient_share(const rt_mem *mem) {
    return mem->limit - get(&mem->used[RT_OWNER_STATE]);
}

int64_t rt_mem_peak(const rt_mem *mem) { return get(&mem->peak); }
