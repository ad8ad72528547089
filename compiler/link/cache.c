/* cache.c - one file per key in one folder; the file's time is when it was last used.
 *
 * No index and no lock: entries appear by rename and may vanish at any time, which costs
 * a build.  The folder is the user's alone (0700), for its files are executed. */
#include "compiler/link/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <llvm-c/blake3.h>

#include "compiler/base/check.h"
#include "compiler/base/vec.h"

/* Some two hundred programs. */
static const int64_t cache_limit = 256 << 20;

struct cache_key {
    llvm_blake3_hasher hasher;
};

/* ---- keys ---- */

cache_key_t *cache_key_new(arena_t *a) {
    cache_key_t *k = ARENA_NEW(a, cache_key_t);
    llvm_blake3_hasher_init(&k->hasher);
    return k;
}

void cache_key_bytes(cache_key_t *k, const void *bytes, size_t n) {
    uint64_t length = n;
    llvm_blake3_hasher_update(&k->hasher, &length, sizeof length);
    llvm_blake3_hasher_update(&k->hasher, bytes, n);
}

void cache_key_text(cache_key_t *k, const char *text) {
    cache_key_bytes(k, text ? text : "", text ? strlen(text) : 0);
}

void cache_key_file(cache_key_t *k, const char *path) {
    struct stat st;
    int64_t facts[3] = {-1, 0, 0};
    if (!stat(path, &st)) {
        facts[0] = st.st_size;
        facts[1] = st.st_mtim.tv_sec;
        facts[2] = st.st_mtim.tv_nsec;
    }
    cache_key_bytes(k, facts, sizeof facts);
}

const char *cache_key_digest(arena_t *a, cache_key_t *k) {
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[20];
    char *text = arena_alloc(a, 2 * sizeof hash + 1);
    llvm_blake3_hasher_finalize(&k->hasher, hash, sizeof hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        text[2 * i] = digits[hash[i] >> 4];
        text[2 * i + 1] = digits[hash[i] & 15];
    }
    return text;
}

/* ---- the folder ---- */

static int make_folder(const char *path) {
    return !mkdir(path, 0700) || errno == EEXIST;
}

/* Null if there is none, or it belongs to somebody else. */
static const char *folder(arena_t *a) {
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (!base || base[0] != '/') {
        if (!home || home[0] != '/') return NULL;
        base = arena_printf(a, "%s/.cache", home);
    }
    const char *path = arena_printf(a, "%s/flow", base);
    struct stat st;
    if (!make_folder(base) || !make_folder(path) || stat(path, &st)) return NULL;
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022)) return NULL;
    return path;
}

const char *cache_entry(arena_t *a, const char *digest) {
    const char *in = folder(a);
    return in ? arena_printf(a, "%s/%s", in, digest) : NULL;
}

int cache_has(const char *entry) {
    if (access(entry, X_OK)) return 0;
    utimensat(AT_FDCWD, entry, NULL, 0); /* if it cannot: it is dropped earlier, no more */
    return 1;
}

/* ---- trimming ---- */

typedef struct entry {
    const char *path;
    int64_t size, used;
} entry_t;

static int older_first(const void *a, const void *b) {
    int64_t x = ((const entry_t *)a)->used, y = ((const entry_t *)b)->used;
    return (x > y) - (x < y);
}

void cache_trim(arena_t *a, const char *keep) {
    const char *in = folder(a);
    DIR *dir = in ? opendir(in) : NULL;
    if (!dir) return;
    VEC(entry_t) all = {0};
    int64_t total = 0;
    for (struct dirent *d; (d = readdir(dir));) {
        struct stat st;
        const char *path = arena_printf(a, "%s/%s", in, d->d_name);
        if (lstat(path, &st) || !S_ISREG(st.st_mode)) continue;
        total += st.st_size;
        vec_push(a, &all, ((entry_t){path, st.st_size, st.st_mtim.tv_sec}));
    }
    closedir(dir);
    if (all.n) qsort(all.at, all.n, sizeof *all.at, older_first);
    for (size_t i = 0; i < all.n && total > cache_limit; i++) {
        if (!strcmp(all.at[i].path, keep) || unlink(all.at[i].path)) continue;
        total -= all.at[i].size;
    }
}
