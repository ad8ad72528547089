/* cache.h - executables that were built before, by what they were built from. */
#ifndef FLOW_LINK_CACHE_H
#define FLOW_LINK_CACHE_H

#include <stddef.h>

#include "compiler/base/arena.h"

/* A key is a hash over everything the executable depends on. */
typedef struct cache_key cache_key_t;
cache_key_t *cache_key_new(arena_t *a);
/* Adds a part; parts are told apart by their lengths. */
void cache_key_bytes(cache_key_t *k, const void *bytes, size_t n);
void cache_key_text(cache_key_t *k, const char *text);
/* Adds size and time of a file. */
void cache_key_file(cache_key_t *k, const char *path);

/* The key as 40 hexadecimal digits; no part can be added afterwards. */
const char *cache_key_digest(arena_t *a, cache_key_t *k);

/* The path of the entry (whether or not it is there) of a digest under $XDG_CACHE_HOME/flow, else
 * ~/.cache/flow, which is made; null if there can be no cache. */
const char *cache_entry(arena_t *a, const char *digest);
/* Is it there?  Then it counts as just used. */
int cache_has(const char *entry);
/* Removes what was used longest ago until the folder holds at most 256 MB; `keep` stays. */
void cache_trim(arena_t *a, const char *keep);

#endif
