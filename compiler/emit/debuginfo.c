/* debuginfo.c - a compile unit, a subprogram per generated function, a location per
 * instruction.
 *
 * Kernel functions have none (the kernel is compiled with -g0), so inlined kernel code
 * takes the line of the call, which is what a profile should show.  Lines of imported
 * files, whose functions are emitted inside the importing ones, stand in a lexical block
 * of that file.  Local variables are not described. */
#include "compiler/emit/debuginfo.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/DebugInfo.h>

#include "compiler/base/check.h"
#include "compiler/emit/ir.h"

struct debuginfo {
    LLVMDIBuilderRef b;
    LLVMMetadataRef *files; /* by file number; null until used */
    size_t nfiles;
    LLVMMetadataRef unit, fn_type;
    /* The last scope made for another file. */
    LLVMMetadataRef block_of, block;
    uint32_t block_file;
};

static LLVMMetadataRef file_of(emit_t *e, uint32_t file) {
    struct debuginfo *d = e->debug;
    flow_assert(file < d->nfiles);
    if (d->files[file]) return d->files[file];
    const char *path = source_at(e->sources, file)->path;
    char full[PATH_MAX];
    if (!realpath(path, full)) snprintf(full, sizeof full, "%s", path);
    const char *slash = strrchr(full, '/');
    const char *name = slash ? slash + 1 : full;
    size_t dir = slash ? (size_t)(slash - full) : 0;
    if (!dir) dir = slash != NULL; /* "/x.flow" lies in "/" */
    return d->files[file] = LLVMDIBuilderCreateFile(d->b, name, strlen(name), full, dir);
}

static void module_flag(emit_t *e, const char *name, int value) {
    LLVMAddModuleFlag(e->module, LLVMModuleFlagBehaviorWarning, name, strlen(name),
                      LLVMValueAsMetadata(ir_i32(e, value)));
}

void debug_begin(emit_t *e) {
    struct debuginfo *d = e->debug = ARENA_NEW(e->arena, struct debuginfo);
    d->b = LLVMCreateDIBuilder(e->module);
    d->nfiles = sources_count(e->sources);
    d->files = ARENA_ARRAY(e->arena, LLVMMetadataRef, d->nfiles + 1);
    module_flag(e, "Debug Info Version", (int)LLVMDebugMetadataVersion());
    module_flag(e, "Dwarf Version", 4);
    if (!d->nfiles) return;
    static const char producer[] = "flowc";
    d->unit = LLVMDIBuilderCreateCompileUnit(
        d->b, LLVMDWARFSourceLanguageC99, file_of(e, 0), producer, sizeof producer - 1, 1, "", 0,
        0, "", 0, LLVMDWARFEmissionFull, 0, 0, 0, "", 0, "", 0);
    d->fn_type = LLVMDIBuilderCreateSubroutineType(d->b, file_of(e, 0), NULL, 0,
                                                   LLVMDIFlagZero);
}

void debug_end(emit_t *e) {
    if (!e->debug) return;
    LLVMDIBuilderFinalize(e->debug->b);
    LLVMDisposeDIBuilder(e->debug->b);
    e->debug = NULL;
}

static void position(emit_t *e, span_t at, int *line, int *column) {
    source_position(source_at(e->sources, at.file), at.start, line, column);
}

LLVMMetadataRef debug_function(emit_t *e, LLVMValueRef fn, const char *name, span_t at) {
    struct debuginfo *d = e->debug;
    if (!d || !d->unit) return NULL;
    int line, column;
    position(e, at, &line, &column);
    LLVMMetadataRef file = file_of(e, at.file);
    LLVMMetadataRef scope = LLVMDIBuilderCreateFunction(
        d->b, file, name, strlen(name), name, strlen(name), file, (unsigned)line, d->fn_type,
        0, 1, (unsigned)line, LLVMDIFlagZero, 1);
    LLVMSetSubprogram(fn, scope);
    return scope;
}

/* The current function's scope, seen from a file. */
static LLVMMetadataRef scope_in(emit_t *e, uint32_t file) {
    struct debuginfo *d = e->debug;
    LLVMMetadataRef scope = e->fn->scope;
    if (LLVMDIScopeGetFile(scope) == file_of(e, file)) return scope;
    if (d->block_of != scope || d->block_file != file) {
        d->block_of = scope;
        d->block_file = file;
        d->block = LLVMDIBuilderCreateLexicalBlockFile(d->b, scope, file_of(e, file), 0);
    }
    return d->block;
}

void debug_at(emit_t *e, span_t at) {
    if (!e->debug || !e->fn || !e->fn->scope) return;
    int line, column;
    position(e, at, &line, &column);
    LLVMSetCurrentDebugLocation2(
        e->b, LLVMDIBuilderCreateDebugLocation(e->llvm, (unsigned)line, (unsigned)column,
                                               scope_in(e, at.file), NULL));
}
