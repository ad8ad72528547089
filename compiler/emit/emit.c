/* emit.c - the context: functions, row errors, names, constants, the printed form.
 *
 * Everything generated is internal but `main`, as the kernel is (kernel_mod.c), so the
 * passes may drop and specialise it. */
#include "compiler/emit/emit.h"

#include <stdio.h>
#include <string.h>

#include <llvm-c/Analysis.h>

#include "compiler/base/check.h"
#include "compiler/emit/debuginfo.h"
#include "compiler/emit/emit_expr.h"
#include "compiler/emit/ir.h"
#include "compiler/emit/kernel_mod.h"
#include "compiler/types/const.h"
#include "compiler/types/def.h"

emit_t *emit_new(arena_t *a, intern_t *names, types_t *types, sources_t *sources,
                 struct diags *diags, const struct target *target) {
    emit_t *e = ARENA_NEW(a, emit_t);
    e->arena = a;
    e->names = names;
    e->types = types;
    e->sources = sources;
    e->diags = diags;
    e->target = target;
    LLVMContextRef c = e->llvm = LLVMContextCreate();
    kernel_begin(e);
    e->b = LLVMCreateBuilderInContext(c);
    e->i1 = LLVMInt1TypeInContext(c);
    e->i8 = LLVMInt8TypeInContext(c);
    e->i16 = LLVMInt16TypeInContext(c);
    e->i32 = LLVMInt32TypeInContext(c);
    e->i64 = LLVMInt64TypeInContext(c);
    e->i128 = LLVMInt128TypeInContext(c);
    e->f64 = LLVMDoubleTypeInContext(c);
    e->ptr = LLVMPointerTypeInContext(c, 0);
    e->void_ = LLVMVoidTypeInContext(c);
    e->cur_step = -1;
    debug_begin(e);
    return e;
}

void emit_free(emit_t *e) {
    if (!e || !e->llvm) return;
    debug_end(e);
    LLVMDisposeBuilder(e->b);
    if (e->kernel_module) LLVMDisposeModule(e->kernel_module);
    if (e->module) LLVMDisposeModule(e->module);
    LLVMContextDispose(e->llvm);
    e->llvm = NULL;
}

/* ---- functions ---- */

LLVMTypeRef emit_fn_type(emit_t *e, unsigned extra_pointers) {
    LLVMTypeRef params[8];
    flow_assert(extra_pointers < 8);
    for (unsigned i = 0; i <= extra_pointers; i++) params[i] = e->ptr;
    return LLVMFunctionType(e->i32, params, extra_pointers + 1, 0);
}

void emit_fn_open(emit_t *e, fn_t *f, const char *name, LLVMTypeRef type, span_t at) {
    *f = (fn_t){.outer = e->fn, .saved = ir_here(e), .saved_at = e->at, .saved_fail = e->fail};
    f->fn = LLVMAddFunction(e->module, name, type);
    LLVMSetLinkage(f->fn, LLVMInternalLinkage);
    kernel_function_target(f->fn, e->target);
    LLVMAddAttributeAtIndex(
        f->fn, LLVMAttributeFunctionIndex,
        LLVMCreateEnumAttribute(e->llvm, LLVMGetEnumAttributeKindForName("nounwind", 8), 0));
    f->scope = debug_function(e, f->fn, name, at);
    e->fn = f;
    e->fail = NULL;
    f->entry = ir_block(e, "entry");
    f->first = ir_block(e, "start");
    ir_at(e, f->first);
    emit_at(e, at);
    if (LLVMCountParams(f->fn)) f->ctx = emit_arg(e, 0, "ctx");
}

LLVMBasicBlockRef emit_fn_before(emit_t *e) {
    fn_t *f = e->fn;
    if (!f->before) {
        f->before = ir_block(e, "before");
        LLVMMoveBasicBlockBefore(f->before, f->first);
    }
    return f->before;
}

void emit_fn_close(emit_t *e) {
    fn_t *f = e->fn;
    flow_assert(f && ir_ended(e) && !e->fail);
    ir_at(e, f->entry);
    if (f->before) {
        ir_br(e, f->before);
        ir_at(e, f->before);
    }
    ir_br(e, f->first);
    e->fn = f->outer;
    e->fail = f->saved_fail;
    if (!f->saved) {
        LLVMClearInsertionPosition(e->b);
        LLVMSetCurrentDebugLocation2(e->b, NULL);
        return;
    }
    ir_at(e, f->saved);
    emit_at(e, f->saved_at);
}

LLVMValueRef emit_arg(emit_t *e, unsigned i, const char *name) {
    LLVMValueRef arg = LLVMGetParam(e->fn->fn, i);
    LLVMSetValueName2(arg, name, strlen(name));
    return arg;
}

/* ---- row errors ---- */

void emit_fail_open(emit_t *e, fail_t *f, const char *name) {
    *f = (fail_t){.name = name, .outer = e->fail};
    e->fail = f;
}

int emit_fail_close(emit_t *e, fail_t *f) {
    flow_assert(e->fail == f);
    e->fail = f->outer;
    return f->block != NULL;
}

static LLVMBasicBlockRef fail_block(emit_t *e) {
    fail_t *f = e->fail;
    flow_assert(f && "nothing can fail here");
    if (f->block) return f->block;
    LLVMBasicBlockRef here = ir_here(e);
    f->block = ir_block(e, f->name);
    ir_at(e, f->block);
    f->code = ir_phi(e, e->i32, arena_printf(e->arena, "%s.code", f->name));
    ir_at(e, here);
    return f->block;
}

static void fail_on(emit_t *e, LLVMValueRef cond, LLVMValueRef code) {
    LLVMBasicBlockRef bad = fail_block(e), good = ir_block(e, "ok");
    ir_phi_add(e->fail->code, code, ir_here(e));
    ir_if_rare(e, cond, bad, good);
    ir_at(e, good);
}

void emit_fail_if(emit_t *e, LLVMValueRef cond, row_error code) {
    if (LLVMIsConstant(cond) && LLVMIsNull(cond)) return;
    fail_on(e, cond, ir_i32(e, (int32_t)code));
}

void emit_fail_status(emit_t *e, LLVMValueRef status) {
    fail_on(e, ir_bit_of(e, status, "failed"), status);
}

void emit_fail(emit_t *e, row_error code) {
    LLVMBasicBlockRef bad = fail_block(e);
    ir_phi_add(e->fail->code, ir_i32(e, (int32_t)code), ir_here(e));
    ir_br(e, bad);
    ir_at(e, ir_block(e, "never"));
}

/* ---- names of the program ---- */

span_t emit_at(emit_t *e, span_t at) {
    span_t before = e->at;
    e->at = at;
    debug_at(e, at);
    return before;
}

void env_bind(emit_t *e, const struct def *def, val_t v) {
    vec_push(e->arena, &e->env, ((binding_t){def, v}));
}

size_t env_mark(const emit_t *e) {
    return e->env.n;
}

void env_reset(emit_t *e, size_t mark) {
    flow_assert(mark <= e->env.n);
    e->env.n = mark;
}

size_t emit_calls_mark(const emit_t *e) {
    return e->calls.n;
}

void emit_calls_bind(emit_t *e, const struct node *call, val_t v) {
    vec_push(e->arena, &e->calls, ((call_binding_t){call, v}));
}

void emit_calls_reset(emit_t *e, size_t mark) {
    flow_assert(mark <= e->calls.n);
    e->calls.n = mark;
}

const val_t *emit_call_value(const emit_t *e, const struct node *call) {
    for (size_t i = e->calls.n; i-- > 0;)
        if (e->calls.at[i].call == call) return &e->calls.at[i].val;
    return NULL;
}

LLVMValueRef emit_param_address(emit_t *e, def_t *def) {
    for (size_t i = 0; i < e->params.n; i++)
        if (e->params.at[i].def == def) return *e->params.at[i].val.leaf;
    flow_assert(def->kind == DEF_PARAM);
    LLVMTypeRef words = LLVMArrayType2(e->i64, 1 + def->type->words);
    LLVMValueRef g = LLVMAddGlobal(e->module, words,
                                   arena_printf(e->arena, "flowgen_param_%s", def->name));
    LLVMSetLinkage(g, LLVMInternalLinkage);
    LLVMSetInitializer(g, LLVMConstNull(words));
    LLVMSetAlignment(g, 8);
    /* The runtime writes it: no pass may take it for a constant. */
    LLVMSetExternallyInitialized(g, 1);
    binding_t b = {def, {.type = def->type, .leaf = ARENA_NEW(e->arena, LLVMValueRef)}};
    *b.val.leaf = g;
    vec_push(e->arena, &e->params, b);
    return g;
}

/* Parameters are set before anything runs: loads of them may leave loops.  Functions that
 * setup may call as well keep plain loads. */
static val_t param_value(emit_t *e, def_t *def) {
    val_t v = val_load(e, def->type, ir_word(e, emit_param_address(e, def), 1), def->name);
    if (e->params_change || e->fn->outer) return v;
    for (uint32_t i = 0; i < def->type->words; i++) {
        LLVMValueRef load = v.leaf[i];
        if (!LLVMIsALoadInst(load)) load = LLVMGetOperand(load, 0); /* != 0 of a flag */
        ir_invariant(e, load);
    }
    return v;
}

static val_t const_value(emit_t *e, def_t *def) {
    for (size_t i = 0; i < e->consts.n; i++)
        if (e->consts.at[i].def == def) return e->consts.at[i].val;
    val_t v = val_const(e, def->type, def->value);
    vec_push(e->arena, &e->consts, ((binding_t){def, v}));
    return v;
}

val_t env_value(emit_t *e, def_t *def) {
    for (size_t i = e->env.n; i-- > 0;)
        if (e->env.at[i].def == def) return e->env.at[i].val;
    if (def->kind == DEF_COLUMN) {
        flow_assert(e->row && (uint32_t)def->index < e->nrow);
        flow_assert(e->row[def->index].type && "a column that was pruned");
        return e->row[def->index];
    }
    if (def->kind == DEF_PARAM) return param_value(e, def);
    /* Of a step of one's own: what its use gave. */
    int argument = def->kind == DEF_FN_PARAM && def->node && def->node->kind != AST_param;
    if (argument && !def->value) return emit_expr_as(e, def->node, def->type);
    if ((def->kind != DEF_CONST && !argument) || !def->value)
        flow_unreachable(arena_printf(e->arena, "no value for `%s`", def->name));
    return const_value(e, def);
}

/* ---- constants in the object ---- */

static uint64_t hash_of(const unsigned char *p, size_t n) {
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}

static LLVMValueRef new_blob(emit_t *e, const char *padded, size_t n, const char *name) {
    LLVMValueRef text = LLVMConstStringInContext2(e->llvm, padded, n + EMIT_PAD, 1);
    char *full = arena_printf(e->arena, "flowgen_%s%u", name, e->globals++);
    LLVMValueRef g = LLVMAddGlobal(e->module, LLVMTypeOf(text), full);
    LLVMSetLinkage(g, LLVMPrivateLinkage);
    LLVMSetGlobalConstant(g, 1);
    LLVMSetUnnamedAddress(g, LLVMGlobalUnnamedAddr);
    LLVMSetInitializer(g, text);
    LLVMSetAlignment(g, 8);
    return g;
}

LLVMValueRef emit_bytes(emit_t *e, const void *bytes, size_t n, const char *name) {
    uint64_t hash = hash_of(bytes, n);
    for (size_t i = 0; i < e->blobs.n; i++) {
        blob_t *b = &e->blobs.at[i];
        if (b->hash == hash && b->n == n && !memcmp(b->bytes, bytes, n)) return b->global;
    }
    char *padded = arena_alloc(e->arena, n + EMIT_PAD); /* zeroed */
    if (n) memcpy(padded, bytes, n);
    blob_t made = {padded, n, hash, new_blob(e, padded, n, name)};
    vec_push(e->arena, &e->blobs, made);
    return made.global;
}

LLVMValueRef emit_type_code(emit_t *e, const type_t *t) {
    buf_t code;
    buf_init(&code, e->arena);
    type_code(&code, t);
    return emit_bytes(e, buf_text(&code), code.n, "type");
}

void emit_finish(emit_t *e) {
    flow_assert(!e->fn);
    debug_end(e);
    kernel_join(e);
}

const char *emit_verify(emit_t *e) {
    char *message = NULL;
    int bad = LLVMVerifyModule(e->module, LLVMReturnStatusAction, &message);
    const char *out = bad ? arena_strdup(e->arena, message) : NULL;
    LLVMDisposeMessage(message);
    return out;
}
