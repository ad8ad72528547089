/* emit.h - the context of code generation: one emit_t per compile, no statics.
 *
 * The program becomes one module with what it calls of the kernel (kernel_mod.h), so a call of a
 * kernel function is a call inside it and inlines.  Values are val_t (val.h);
 * instructions are made through the three-word wrappers of ir.h, which name them and
 * give them the line of the .flow file that e->at says.
 *
 * How a stage uses this:
 *     fn_t f;      emit_fn_open(e, &f, "flowgen_stage0_block", type, span);
 *     fail_t bad;  emit_fail_open(e, &bad, "where.error");
 *                  ... val_t v = emit_expr(e, node); ...
 *                  if (emit_fail_close(e, &bad)) { ir_at(e, bad.block);
 *                      ... use bad.code, the row's values ...; ir_br(e, next_row); }
 *                  emit_fn_close(e);
 */
#ifndef FLOW_EMIT_EMIT_H
#define FLOW_EMIT_EMIT_H

#include <stdint.h>

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

#include "compiler/base/arena.h"
#include "compiler/base/intern.h"
#include "compiler/base/vec.h"
#include "compiler/diag/source.h"
#include "compiler/emit/val.h"
#include "compiler/emit/val_coerce.h"
#include "compiler/types/type.h"

struct def;
struct node;
struct debuginfo;
struct diags;
struct target;

/* Why a row can fail; the numbers are the kernel's (runtime/kernel/k_error.def). */
typedef enum row_error {
    ROW_OK,
#define ERR(id, text) ROW_##id,
#include "runtime/kernel/k_error.def"
#undef ERR
    ROW_ERRORS
} row_error;

/* Where a fallible instruction goes: one cold block with a phi of the error codes.
 * The block is made by the first use; who opened it fills it after emit_fail_close. */
typedef struct fail {
    const char *name;
    LLVMBasicBlockRef block; /* null while nothing can fail */
    LLVMValueRef code;       /* i32 phi at the head of block: row_error */
    struct fail *outer;
} fail_t;

/* The function being generated. */
typedef struct fn {
    LLVMValueRef fn;
    LLVMValueRef ctx;            /* its first argument, the worker context */
    LLVMBasicBlockRef entry;     /* allocas only; falls into the first block at close */
    LLVMBasicBlockRef before;    /* of emit_fn_before, or null */
    LLVMBasicBlockRef first;
    LLVMMetadataRef scope;       /* DISubprogram */
    LLVMBasicBlockRef saved;     /* where the builder stood in the outer function */
    span_t saved_at;
    fail_t *saved_fail;
    struct fn *outer;
} fn_t;

typedef struct binding {
    const struct def *def;
    val_t val;
} binding_t;

/* The value that stands for a call: the result of an aggregate. */
typedef struct call_binding {
    const struct node *call;
    val_t val;
} call_binding_t;

/* Bytes that stand in the object as a constant. */
typedef struct blob {
    const void *bytes;
    size_t n;
    uint64_t hash;
    LLVMValueRef global;
} blob_t;

/* A user function that became a function of the module. */
typedef struct emitted_fn {
    const struct def *def;
    LLVMValueRef fn;
} emitted_fn_t;

/* A regex whose tables stand in the object. */
typedef struct emitted_regex {
    const char *pattern;
    size_t n;
    LLVMValueRef table;
} emitted_regex_t;

typedef struct emit {
    arena_t *arena;
    intern_t *names;
    types_t *types;
    sources_t *sources;
    struct diags *diags;
    const struct target *target;

    LLVMContextRef llvm;
    LLVMModuleRef module;
    LLVMModuleRef kernel_module; /* until it is joined to the other by emit_finish */
    LLVMBuilderRef b;
    struct debuginfo *debug;
    const char *descriptor;     /* the text of runtime/data/program.h, when all is emitted */
    LLVMValueRef *kernel;       /* by kfn_id; null until first called */
    LLVMTypeRef i1, i8, i16, i32, i64, i128, f64, ptr, void_;

    fn_t *fn;                   /* innermost function */
    fail_t *fail;               /* where row errors go; null: they cannot happen here */
    span_t at;                  /* line of the instructions to come */
    int cur_step;               /* the plan's step id; owned by who emits steps */
    const val_t *row;           /* columns of the current step's input, by def->index */
    uint32_t nrow;
    VEC(binding_t) env;         /* let, lambda parameters, case names; innermost last */
    VEC(call_binding_t) calls;  /* results of aggregates in the items at hand */
    VEC(emitted_fn_t) fns;
    VEC(emitted_fn_t) externs;  /* `extern fn`: the variable with its address */
    VEC(emitted_regex_t) regexes;
    VEC(binding_t) params;      /* def -> address of the parameter's words (leaf[0]) */
    int inline_depth;           /* user functions being inlined */
    VEC(binding_t) consts;      /* constants of the program, made once */
    int codecs;                 /* the program refers to some of libflowrt-pack.a */
    int params_change;          /* flowgen_setup: parameters are still being filled in */
    VEC(blob_t) blobs;
    unsigned globals;           /* number of the next constant's name */
} emit_t;

/* A context with the kernel parsed in and the target's variants chosen.  The target
 * must outlive it.  Everything not LLVM's lives in the arena. */
emit_t *emit_new(arena_t *a, intern_t *names, types_t *types, sources_t *sources,
                 struct diags *diags, const struct target *target);
void emit_free(emit_t *e);

/* ---- functions ---- */
/* i32 (ptr ctx, ptr ... extra pointers): the form of every generated function. */
LLVMTypeRef emit_fn_type(emit_t *e, unsigned extra_pointers);
/* Begins an internal function; the builder stands in its first block.  f lives until
 * emit_fn_close. */
void emit_fn_open(emit_t *e, fn_t *f, const char *name, LLVMTypeRef type, span_t at);
/* The builder's block must be terminated; goes back to where the outer one stood. */
void emit_fn_close(emit_t *e);
/* A block that runs once, before all others: for calls whose results they share. */
LLVMBasicBlockRef emit_fn_before(emit_t *e);
/* Argument i of the current function. */
LLVMValueRef emit_arg(emit_t *e, unsigned i, const char *name);

/* ---- row errors ---- */
void emit_fail_open(emit_t *e, fail_t *f, const char *name);
/* True if something can fail; then f->block waits to be filled. */
int emit_fail_close(emit_t *e, fail_t *f);
/* Goes to the error block if cond (i1) holds; the builder then stands where it does not. */
void emit_fail_if(emit_t *e, LLVMValueRef cond, row_error code);
/* The same for a status from the kernel: nonzero is the code. */
void emit_fail_status(emit_t *e, LLVMValueRef status);
/* Unconditionally; the builder then stands in an unreachable block. */
void emit_fail(emit_t *e, row_error code);

/* ---- names of the program ---- */
/* Sets the line of what follows; returns the span before, to go back to. */
span_t emit_at(emit_t *e, span_t at);
void env_bind(emit_t *e, const struct def *def, val_t v);
size_t env_mark(const emit_t *e);
void env_reset(emit_t *e, size_t mark);
/* Calls whose value is known: aggregates in the items of `aggregate`. */
size_t emit_calls_mark(const emit_t *e);
void emit_calls_bind(emit_t *e, const struct node *call, val_t v);
void emit_calls_reset(emit_t *e, size_t mark);
/* The bound value of a call, or null. */
const val_t *emit_call_value(const emit_t *e, const struct node *call);
/* The value of a name: bound, a column of e->row, a const or a param. */
val_t env_value(emit_t *e, struct def *def);
/* A parameter: a zeroed global of 1 + n(T) words.  Word 0 is 1 once the command line has
 * given it; the value stands from word 1, where the runtime or flowgen_setup puts it
 * before anything else runs. */
LLVMValueRef emit_param_address(emit_t *e, struct def *def);

/* ---- constants in the object ---- */
/* Bytes that the kernel may read behind any text (runtime/kernel/k_value.h). */
enum { EMIT_PAD = 64 };
/* A private constant of n bytes; equal bytes are one constant. */
LLVMValueRef emit_bytes(emit_t *e, const void *bytes, size_t n, const char *name);
/* The type code of t, as generic kernel functions take it. */
LLVMValueRef emit_type_code(emit_t *e, const type_t *t);

/* Everything has been generated: completes what describes it.  Before passes and objects. */
void emit_finish(emit_t *e);
/* Null, or what is wrong with the module. */
const char *emit_verify(emit_t *e);

#endif
