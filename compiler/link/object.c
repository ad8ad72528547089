/* object.c - LLVM's code generator, into memory. */
#include "compiler/link/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

#include "compiler/base/check.h"

LLVMMemoryBufferRef object_buffer(LLVMTargetMachineRef machine, LLVMModuleRef module, int assembly,
                                  char **message) {
    LLVMMemoryBufferRef out = NULL;
    LLVMCodeGenFileType type = assembly ? LLVMAssemblyFile : LLVMObjectFile;
    int bad = LLVMTargetMachineEmitToMemoryBuffer(machine, module, type, message, &out);
    return bad ? NULL : out;
}

object_t object_take(arena_t *a, LLVMMemoryBufferRef buffer) {
    object_t o = {.size = LLVMGetBufferSize(buffer)};
    o.bytes = arena_strndup(a, LLVMGetBufferStart(buffer), o.size);
    LLVMDisposeMemoryBuffer(buffer);
    return o;
}

const char *object_make(arena_t *a, LLVMTargetMachineRef machine, LLVMModuleRef module,
                        int assembly, size_t *n, const char **why) {
    char *message = NULL;
    LLVMMemoryBufferRef out = object_buffer(machine, module, assembly, &message);
    if (!out) {
        *why = arena_strdup(a, message);
        LLVMDisposeMessage(message);
        return NULL;
    }
    object_t o = object_take(a, out);
    *n = o.size;
    return o.bytes;
}

static int write_all(int fd, const char *bytes, size_t n) {
    while (n) {
        ssize_t got = write(fd, bytes, n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return 0;
        bytes += got;
        n -= (size_t)got;
    }
    return 1;
}

int file_write(arena_t *a, const char *path, const char *bytes, size_t n, int mode,
               const char **why) {
    const char *temporary = arena_printf(a, "%s.tmp%ld", path, (long)getpid());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        *why = arena_printf(a, "cannot write %s: %s", path, strerror(errno));
        return 0;
    }
    mode_t mask = umask(0);
    umask(mask);
    int ok = write_all(fd, bytes, n) && !fchmod(fd, (mode_t)mode & ~mask);
    int error = errno;
    ok &= !close(fd);
    if (ok && !rename(temporary, path)) return 1;
    if (ok) error = errno;
    unlink(temporary);
    *why = arena_printf(a, "cannot write %s: %s", path, strerror(error));
    return 0;
}
