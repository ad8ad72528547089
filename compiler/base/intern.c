/* intern.c - open addressing over arena strings, FNV-1a (64 bit), half full at most. */
#include "compiler/base/intern.h"

#include <stdint.h>
#include <string.h>

#include "compiler/base/check.h"

typedef struct slot {
    uint64_t hash;
    const char *text;
    size_t len;
} slot_t;

struct intern {
    arena_t *arena;
    slot_t *slots;
    size_t cap, used;
};

static uint64_t hash_of(const char *s, size_t n) {
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a offset basis and prime */
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)s[i]) * 0x100000001b3u;
    return h;
}

intern_t *intern_new(arena_t *a) {
    intern_t *t = ARENA_NEW(a, intern_t);
    t->arena = a;
    t->cap = 256;
    t->slots = ARENA_ARRAY(a, slot_t, t->cap);
    return t;
}

static slot_t *find(slot_t *slots, size_t cap, uint64_t hash, const char *s, size_t n) {
    size_t i = hash & (cap - 1);
    while (slots[i].text && !(slots[i].hash == hash && slots[i].len == n &&
                              !memcmp(slots[i].text, s, n)))
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static void grow(intern_t *t) {
    size_t cap = t->cap * 2;
    slot_t *slots = ARENA_ARRAY(t->arena, slot_t, cap);
    for (size_t i = 0; i < t->cap; i++) {
        slot_t *old = &t->slots[i];
        if (old->text) *find(slots, cap, old->hash, old->text, old->len) = *old;
    }
    t->slots = slots;
    t->cap = cap;
}

const char *intern_n(intern_t *t, const char *s, size_t n) {
    flow_assert(s || !n);
    uint64_t hash = hash_of(s, n);
    slot_t *slot = find(t->slots, t->cap, hash, s, n);
    if (slot->text) return slot->text;
    if (t->used * 2 >= t->cap) {
        grow(t);
        slot = find(t->slots, t->cap, hash, s, n);
    }
    t->used++;
    *slot = (slot_t){.hash = hash, .text = arena_strndup(t->arena, s, n), .len = n};
    return slot->text;
}

const char *intern(intern_t *t, const char *s) {
    return intern_n(t, s, strlen(s));
}
