/* test_pack.c - text through packing and unpacking, with a codec of the test: each byte
 * twice, `<` before a member and `>` behind it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "runtime/io/pack.h"
#include "runtime/io/unpack.h"

void suite_pack(void);

typedef struct twice {
    int begun, half;
    uint8_t byte;
} twice;

static int64_t longest; /* given to the packer at once */

static void *twice_open(void) {
    return calloc(1, sizeof(twice));
}

static rt_codec_end pack_step(void *state, rt_codec_io *io, bool last, const char **why) {
    twice *t = state;
    (void)why;
    if (io->in_len > longest) longest = io->in_len;
    if (!t->begun && io->room) *io->out++ = '<', io->room--, t->begun = 1;
    while (io->room && (t->half || io->in_len)) {
        *io->out++ = t->half ? t->byte : *io->in;
        io->room--;
        t->half = !t->half;
        if (t->half) t->byte = *io->in++, io->in_len--;
    }
    if (!last || io->in_len || t->half || !io->room) return RT_CODEC_MORE;
    *io->out++ = '>', io->room--, t->begun = 0;
    return RT_CODEC_END;
}

static rt_codec_end unpack_step(void *state, rt_codec_io *io, const char **why) {
    twice *t = state;
    while (io->in_len) {
        uint8_t c = *io->in;
        if (!t->begun) {
            if (c != '<') return *why = "no `<`", RT_CODEC_BAD;
            t->begun = 1;
        } else if (!t->half && c == '>') {
            io->in++, io->in_len--;
            t->begun = 0;
            return RT_CODEC_END;
        } else if (t->half) {
            if (!io->room) return RT_CODEC_MORE;
            if (c != t->byte) return *why = "not twice", RT_CODEC_BAD;
            *io->out++ = c, io->room--;
            t->half = 0;
        } else {
            t->byte = c;
            t->half = 1;
        }
        io->in++, io->in_len--;
    }
    return RT_CODEC_MORE;
}

static const rt_packer packer = {twice_open, pack_step, free};
static const rt_unpacker unpacker = {twice_open, unpack_step, free};

/* ---- packing --------------------------------------------------------------------------- */

typedef struct feed {
    const rt_piece *pieces;
    int at;
} feed;

static rt_status feed_next(rt_output *out, rt_piece *piece) {
    feed *f = out->stream;
    *piece = f->pieces[f->at];
    if (piece->len) f->at++;
    return RT_ok;
}

static void feed_rewind(rt_output *out) {
    ((feed *)out->stream)->at = 0;
}

/* All that comes out, as `path:bytes;`. */
static char *packed(const rt_piece *pieces, const char *header, bool always) {
    feed f = {pieces, 0};
    rt_output from = {.next = feed_next, .rewind = feed_rewind, .stream = &f}, out;
    rt_mem *mem = rt_mem_new(INT64_C(64) << 20, 1);
    size_t room = 4 << 20, n = 0;
    char *text = malloc(room);
    CU_ASSERT_EQUAL(rt_pack_open(&out, &from, &packer, mem, header, always), RT_ok);
    for (int round = 0; round < 2; round++) { /* again from the start: the same */
        rt_piece piece;
        n = 0;
        text[0] = 0;
        out.rewind(&out);
        while (out.next(&out, &piece) == RT_ok && piece.len) {
            if (piece.path) n += (size_t)snprintf(text + n, room - n, "%s:", piece.path);
            memcpy(text + n, piece.p, (size_t)piece.len);
            n += (size_t)piece.len;
            text[n] = 0;
        }
    }
    rt_pack_close(&out);
    rt_mem_free(mem, true);
    return text;
}

#define PIECE(s, path) {(const uint8_t *)(s), (int64_t)strlen(s), path}

static void expect(const rt_piece *pieces, const char *header, bool always, const char *want) {
    char *got = packed(pieces, header, always);
    CU_ASSERT_STRING_EQUAL(got, want);
    free(got);
}

static void test_members(void) {
    rt_piece none[] = {{0}};
    rt_piece two[] = {PIECE("ab", NULL), PIECE("c", NULL), {0}};
    rt_piece paths[] = {PIECE("a", "k=1"), PIECE("b", "k=1"), PIECE("c", "k=2"), {0}};
    expect(none, "", false, "");
    expect(none, "h", false, "");
    expect(none, "", true, "<>");
    expect(none, "h", true, "<hh>");
    expect(two, "", true, "<aabbcc>");
    expect(two, "h", false, "<hhaabbcc>");
    expect(paths, "h", false, "k=1:<hhaabb>k=2:<hhcc>");
}

/* However the text comes, the codec gets it in the same portions. */
static void test_portions(void) {
    size_t n = 700000;
    char *text = malloc(n + 1);
    for (size_t i = 0; i < n; i++) text[i] = (char)('a' + i % 23);
    text[n] = 0;
    rt_piece whole[] = {{(uint8_t *)text, (int64_t)n, NULL}, {0}};
    rt_piece *parts = calloc(n / 1000 + 2, sizeof *parts);
    for (size_t i = 0; i < n / 1000; i++)
        parts[i] = (rt_piece){(uint8_t *)text + i * 1000, 1000, NULL};
    char *a = packed(whole, "head", false), *b = packed(parts, "head", false);
    CU_ASSERT_EQUAL(strlen(a), 2 * (n + 4) + 2);
    CU_ASSERT_EQUAL(longest, 128 << 10);
    CU_ASSERT_STRING_EQUAL(a, b);
    free(a);
    free(b);
    free(parts);
    free(text);
}

/* ---- unpacking ------------------------------------------------------------------------- */

/* `bytes` come `step` at a time, text goes out `room` at a time. */
static rt_status unpacked(const char *bytes, int64_t step, int64_t room, char *text) {
    rt_unpack *u = calloc(1, sizeof *u);
    int64_t n = (int64_t)strlen(bytes), at = 0, used = 0, got;
    rt_status status = rt_unpack_open(u, &unpacker, "the file");
    while (status == RT_ok) {
        if (rt_unpack_is_dry(u)) {
            if (at == n) break;
            u->at = 0;
            u->len = n - at < step ? n - at : step;
            memcpy(u->raw, bytes + at, (size_t)u->len);
            at += u->len;
        }
        status = rt_unpack_take(u, (uint8_t *)text + used, room, &got);
        used += status == RT_ok ? got : 0;
    }
    text[used] = 0;
    if (status == RT_ok) status = rt_unpack_end(u);
    rt_unpack_close(u);
    free(u);
    return status;
}

static void test_unpack(void) {
    char text[64];
    for (int64_t step = 1; step < 20; step++)
        for (int64_t room = 1; room < 12; room++) {
            CU_ASSERT_EQUAL(unpacked("<aabb><><ccddee><><ff>", step, room, text), RT_ok);
            CU_ASSERT_STRING_EQUAL(text, "abcdef");
            CU_ASSERT_EQUAL(unpacked("", step, room, text), RT_ok);
        }
    CU_ASSERT_EQUAL(unpacked("<aabb>< ><ccddee>", 3, 5, text), RT_io);
    CU_ASSERT_EQUAL(unpacked("<aabb", 3, 5, text), RT_io);
    CU_ASSERT_EQUAL(unpacked("<aabb>x", 3, 5, text), RT_io);
}

void suite_pack(void) {
    CU_pSuite s = CU_add_suite("pack", NULL, NULL);
    CU_add_test(s, "members", test_members);
    CU_add_test(s, "portions", test_portions);
    CU_add_test(s, "unpack", test_unpack);
}
