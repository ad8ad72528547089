/* parts.c - see parts.h.
 *
 * LLVM works on a context by one thread.  So the module is written as bitcode, and each part is what
 * is read of it anew: a part has bodies for its own functions, and of others those that are small, to
 * be inlined.  What belongs to which part follows from the program alone, and each part becomes an
 * object, so the bytes are the same on any number of cores.
 *
 * Generated functions are hidden symbols then, parameters and externs too; functions and constants of
 * the kernel are in each part that uses them. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "compiler/driver/parts.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/BitReader.h>
#include <llvm-c/BitWriter.h>
#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

#include "compiler/base/check.h"
#include "compiler/emit/optimise.h"

enum {
    PART_WEIGHT = 3000, /* of a part; about 100 ms of work at -O2 */
    PARTS_MOST = 8,
    CALL_WEIGHT = 8,   /* what is inlined there, in instructions */
    SMALL = 150,       /* weight of what others may inline */
    THREAD_STACK = 64 << 20
};

typedef struct own {
    int64_t weight;
    int part;
    int at; /* among the functions, in the order of the module */
} own_t;

typedef struct parts {
    const compile_t *c;
    own_t *fns; /* generated functions in the order of the module */
    int nfns, n;
    LLVMMemoryBufferRef bitcode;
    _Atomic int next;
    LLVMMemoryBufferRef objects[PARTS_MOST];
    char *messages[PARTS_MOST];
} parts_t;

/* ---- who has what ---- */

static int is_generated(LLVMValueRef fn) {
    size_t n;
    const char *name = LLVMGetValueName2(fn, &n);
    return !LLVMIsDeclaration(fn) && (!strncmp(name, "flowgen_", 8) || !strcmp(name, "main"));
}

static int64_t weight_of(LLVMValueRef fn) {
    int64_t weight = 0;
    for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(fn); b; b = LLVMGetNextBasicBlock(b))
        for (LLVMValueRef i = LLVMGetFirstInstruction(b); i; i = LLVMGetNextInstruction(i))
            weight += LLVMIsACallInst(i) ? CALL_WEIGHT : 1;
    return weight;
}

static void list_functions(parts_t *p, LLVMModuleRef module, arena_t *a) {
    for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f))
        p->nfns += is_generated(f);
    p->fns = ARENA_ARRAY(a, own_t, (size_t)p->nfns + 1);
    int i = 0;
    for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f), i++) {
        if (is_generated(f)) p->fns[i] = (own_t){.weight = weight_of(f), .at = i};
        else i--;
    }
}

static int heavier_first(const void *x, const void *y) {
    const own_t *a = *(own_t *const *)x, *b = *(own_t *const *)y;
    if (a->weight != b->weight) return a->weight < b->weight ? 1 : -1;
    return a->at - b->at;
}

/* The heaviest first, each to the part that has least so far. */
static void share_out(parts_t *p, arena_t *a) {
    int64_t load[PARTS_MOST] = {0};
    own_t **order = ARENA_ARRAY(a, own_t *, (size_t)p->nfns + 1);
    for (int i = 0; i < p->nfns; i++) order[i] = &p->fns[i];
    qsort(order, (size_t)p->nfns, sizeof *order, heavier_first);
    for (int i = 0; i < p->nfns; i++) {
        int to = 0;
        for (int k = 1; k < p->n; k++)
            if (load[k] < load[to]) to = k;
        order[i]->part = to;
        load[to] += order[i]->weight;
    }
}

/* What parts have in common gets a symbol. */
static void publish(LLVMModuleRef module) {
    for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
        if (!is_generated(f) || LLVMGetLinkage(f) == LLVMExternalLinkage) continue;
        LLVMSetLinkage(f, LLVMExternalLinkage);
        LLVMSetVisibility(f, LLVMHiddenVisibility);
    }
    for (LLVMValueRef g = LLVMGetFirstGlobal(module); g; g = LLVMGetNextGlobal(g)) {
        if (LLVMIsGlobalConstant(g) || LLVMGetLinkage(g) != LLVMInternalLinkage) continue;
        LLVMSetLinkage(g, LLVMExternalLinkage);
        LLVMSetVisibility(g, LLVMHiddenVisibility);
    }
}

/* ---- one part ---- */

/* Large functions of others become declarations at once, small ones once they are inlined. */
static void keep_own(const parts_t *p, int part, LLVMModuleRef module,
                     LLVMTargetMachineRef machine) {
    LLVMValueRef *small = calloc((size_t)p->nfns + 1, sizeof *small);
    int i = 0, n = 0;
    flow_assert(small);
    for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
        if (!is_generated(f)) continue;
        flow_assert(i < p->nfns);
        const own_t *own = &p->fns[i++];
        if (own->part == part) continue;
        if (own->weight <= SMALL) small[n++] = f;
        else LLVMSetLinkage(f, LLVMAvailableExternallyLinkage);
    }
    for (LLVMValueRef g = LLVMGetFirstGlobal(module); part && g; g = LLVMGetNextGlobal(g))
        if (!LLVMIsGlobalConstant(g) && LLVMGetInitializer(g))
            LLVMSetLinkage(g, LLVMAvailableExternallyLinkage);
    optimise_drop(module, machine);
    while (n > 0) LLVMSetLinkage(small[--n], LLVMAvailableExternallyLinkage);
    free(small);
}

static void make_part(parts_t *p, int part) {
    const options_t *o = p->c->options;
    LLVMContextRef llvm = LLVMContextCreate();
    LLVMModuleRef module;
    if (LLVMParseBitcodeInContext2(llvm, p->bitcode, &module)) flow_unreachable("its own bitcode");
    LLVMTargetMachineRef machine = target_machine_new(p->c->target);
    keep_own(p, part, module, machine);
    optimise_part(module, machine, o->level, o->sanitize);
    p->objects[part] = object_buffer(machine, module, 0, &p->messages[part]);
    LLVMDisposeTargetMachine(machine);
    LLVMDisposeModule(module);
    LLVMContextDispose(llvm);
}

static void *make_parts(void *arg) {
    parts_t *p = arg;
    for (int part; (part = atomic_fetch_add(&p->next, 1)) < p->n;) make_part(p, part);
    return NULL;
}

/* ---- all ---- */

static int cores(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

/* This thread and others; without a thread more this one does all. */
static void run_threads(parts_t *p) {
    pthread_t threads[PARTS_MOST];
    pthread_attr_t attr;
    int n = 0, most = cores() < p->n ? cores() : p->n;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    while (n + 1 < most && !pthread_create(&threads[n], &attr, make_parts, p)) n++;
    pthread_attr_destroy(&attr);
    make_parts(p);
    while (n > 0) pthread_join(threads[--n], NULL);
}

static void take_objects(parts_t *p, compile_t *c) {
    for (int i = 0; i < p->n; i++) {
        if (p->objects[i]) {
            vec_push(c->arena, &c->objects, object_take(c->arena, p->objects[i]));
            continue;
        }
        c->failed = arena_printf(c->arena, "code generation failed: %s", p->messages[i]);
        LLVMDisposeMessage(p->messages[i]);
    }
}

int parts_make(compile_t *c) {
    parts_t p = {.c = c};
    int64_t weight = 0;
    list_functions(&p, c->emit->module, c->arena);
    for (int i = 0; i < p.nfns; i++) weight += p.fns[i].weight;
    int64_t n = weight / PART_WEIGHT;
    p.n = (int)(n < PARTS_MOST ? n : PARTS_MOST);
    if (p.n < 2) return 0;
    share_out(&p, c->arena);
    publish(c->emit->module);
    p.bitcode = LLVMWriteBitcodeToMemoryBuffer(c->emit->module);
    run_threads(&p);
    LLVMDisposeMemoryBuffer(p.bitcode);
    take_objects(&p, c);
    return 1;
}
