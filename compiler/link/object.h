/* object.h - a module to machine code, and how generated files come to stand on disk. */
#ifndef FLOW_LINK_OBJECT_H
#define FLOW_LINK_OBJECT_H

#include <stddef.h>

#include "compiler/base/arena.h"

struct LLVMOpaqueTargetMachine;
struct LLVMOpaqueModule;
struct LLVMOpaqueMemoryBuffer;

/* An object file. */
typedef struct object {
    const char *bytes;
    size_t size;
} object_t;

/* The object file, or the assembly, as bytes in the arena; null and a reason if LLVM
 * cannot. */
const char *object_make(arena_t *a, struct LLVMOpaqueTargetMachine *machine,
                        struct LLVMOpaqueModule *module, int assembly, size_t *n,
                        const char **why);

/* The same where nobody else may use the arena: null and a message of LLVM, or a buffer of LLVM. */
struct LLVMOpaqueMemoryBuffer *object_buffer(struct LLVMOpaqueTargetMachine *machine,
                                             struct LLVMOpaqueModule *module, int assembly,
                                             char **message);
/* The bytes of such a buffer, which goes. */
object_t object_take(arena_t *a, struct LLVMOpaqueMemoryBuffer *buffer);

/* Writes a file so that it is there whole or not at all (a temporary name beside it,
 * then rename).  Returns 1, or 0 with a reason that names the path. */
int file_write(arena_t *a, const char *path, const char *bytes, size_t n, int mode,
               const char **why);

#endif
