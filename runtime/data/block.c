/* block.c - see block.h. */
#define _GNU_SOURCE
#include "runtime/data/block.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"

void rt_input_add(rt_input *in, rt_unit unit) {
    if (in->nunits == in->room) {
        in->room = in->room ? 2 * in->room : 16;
        in->units = rt_realloc(in->units, (size_t)in->room * sizeof *in->units);
    }
    in->units[in->nunits++] = unit;
}

void rt_input_clear(rt_input *in) {
    in->nunits = in->bytes = in->rows = in->records = 0;
    in->limited = false;
}

void rt_input_free(rt_input *in) {
    free(in->units);
    memset(in, 0, sizeof *in);
}

rt_block *rt_block_new(rt_mem *mem, int64_t bytes) {
    rt_block *b = rt_alloc(sizeof *b);
    b->size = bytes + RT_SLACK;
    b->base = rt_mem_get(mem, RT_OWNER_BLOCK, &b->size);
    if (b->base) return b;
    free(b);
    return NULL;
}

void rt_block_free(rt_mem *mem, rt_block *block) {
    if (!block) return;
    rt_mem_put(mem, RT_OWNER_BLOCK, block->base, block->size);
    free(block);
}

int64_t rt_block_room(const rt_block *block) { return block->size - RT_SLACK; }

bool rt_block_grow(rt_mem *mem, rt_block *block, int64_t used, int64_t bytes) {
    rt_assert(used <= rt_block_room(block));
    int64_t to = RT_MAX(bytes + RT_SLACK, block->size + 1);
    uint8_t *p = rt_mem_grow(mem, RT_OWNER_BLOCK, block->base, block->size, used, &to);
    if (!p) return false;
    block->base = p;
    block->size = to;
    return true;
}

/* Sixty-four bytes at a time; counters of a byte each hold 255 rounds. */
int64_t rt_count_byte(const uint8_t *p, int64_t n, uint8_t byte) {
    typedef uint8_t vec __attribute__((vector_size(32), aligned(1)));
    int64_t count = 0;
    while (n >= 32) {
        vec sum = {0};
        int64_t rounds = RT_MIN(n / 32, 255);
        for (int64_t i = 0; i < rounds; i++, p += 32)
            sum -= (vec)(*(const vec *)p == (vec){0} + byte);
        for (int i = 0; i < 32; i++) count += sum[i];
        n -= rounds * 32;
    }
    for (; n > 0; n--) count += *p++ == byte;
    return count;
}

int64_t rt_count_records(const rt_source_decl *decl, const uint8_t *p, int64_t n) {
    return decl->format == RT_BINARY ? n / decl->record : rt_count_byte(p, n, '\n');
}

const uint8_t *rt_last_line(const uint8_t *p, int64_t n) {
    return n > 0 ? memrchr(p, '\n', (size_t)n) : NULL;
}
