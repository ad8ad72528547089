/* kernel_schema.c - a notation for schemas, and a loop around the decoders. */
#include "tests/unit/kernel/kernel_schema.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/kernel/k_csv.h"
#include "runtime/kernel/k_json.h"
#include "runtime/kernel/k_print.h"
#include "runtime/kernel/k_type.h"
#include "tests/unit/kernel/kernel_env.h"

typedef struct reader {
    const char *p;
    uint8_t *o;
    int marks;
} reader;

static void read_type(reader *r);

static void read_name(reader *r, const char *stops) {
    while (!strchr(stops, *r->p)) *r->o++ = (uint8_t)*r->p++;
    *r->o++ = 0;
}

static void read_default(reader *r) {
    const char *end = strchr(r->p, ';');
    uint32_t n = (uint32_t)(end - r->p - 1);
    if (r->marks) {
        *r->o++ = '=';
        memcpy(r->o, &n, 4);
        memcpy(r->o + 4, r->p + 1, n);
        r->o += 4 + n;
    }
    r->p = end + 1;
}

static void read_fields(reader *r) {
    *r->o++ = '{';
    uint8_t *count = r->o++;
    *count = 0;
    assert(*r->p == '{');
    r->p++;
    while (*r->p != '}') {
        read_name(r, ":");
        r->p++;
        if (*r->p == 'x') {
            if (r->marks) *r->o++ = 'x';
            r->p++;
        }
        if (*r->p == '=') read_default(r);
        read_type(r);
        ++*count;
        r->p += *r->p == ',';
    }
    r->p++;
}

static void read_variants(reader *r) {
    *r->o++ = '|';
    uint8_t *count = r->o++;
    *count = 0;
    r->p += 2;
    while (*r->p != ')') {
        read_name(r, "{");
        read_fields(r);
        ++*count;
        r->p += *r->p == ',';
    }
    r->p++;
}

static void read_type(reader *r) {
    char c = *r->p;
    if (c == '{') {
        read_fields(r);
    } else if (c == '|') {
        read_variants(r);
    } else {
        *r->o++ = (uint8_t)c;
        r->p++;
        if (c == 'D') {
            char *end;
            *r->o++ = (uint8_t)strtol(r->p + 1, &end, 10);
            *r->o++ = (uint8_t)strtol(end + 1, &end, 10);
            r->p = end + 1;
        }
        if (c == '<') read_type(r);
        if (c == '<' || c == '?' || c == '[') read_type(r);
    }
}

int64_t schema_type(uint8_t *out, const char *notation, int marks) {
    reader r = {notation, out, marks};
    read_type(&r);
    assert(!*r.p);
    return r.o - out;
}

int64_t schema_make(uint8_t *out, int flags, char separator, char unit,
                    const char *notation) {
    const uint8_t head[] = {(uint8_t)flags, (uint8_t)separator, (uint8_t)unit,
                            't', 'y', 'p', 'e', 0};
    memcpy(out, head, sizeof head);
    return (int64_t)sizeof head + schema_type(out + sizeof head, notation, 1);
}

void schema_decode(flow_ctx *ctx, int csv, const uint8_t *schema, const uint8_t *tc,
                   const void *text, int64_t len, char *out, int64_t room) {
    /* As the runtime does it: the last line has an end. */
    char *whole = malloc((size_t)len + 1);
    memcpy(whole, text, (size_t)len);
    if (len && whole[len - 1] != '\n') whole[len++] = '\n';
    uint8_t *p = env_block(ctx, whole, len);
    free(whole);
    uint64_t words[64];
    assert(flow_k_type_words(tc) <= 64);
    void *d = csv ? flow_k_csv_open(ctx, schema, p, p + len)
                  : flow_k_json_open(ctx, schema, p, p + len);
    char *o = out, *end = out + room;
    for (;;) {
        memset(words, 0, sizeof words);
        int32_t r = csv ? flow_k_csv_next(ctx, d, words) : flow_k_json_next(ctx, d, words);
        if (!r) break;
        assert(ctx->record >= p && ctx->record + ctx->record_len <= p + len);
        if (r < 0) {
            o += snprintf(o, (size_t)(end - o), "!%s\n", ctx->why);
            continue;
        }
        uint64_t json[2];
        flow_k_fn_to_json(ctx, json, words, tc);
        o += snprintf(o, (size_t)(end - o), "%.*s\n", (int)json[1],
                      (const char *)(uintptr_t)json[0]);
        assert(o < end);
    }
    *o = 0;
}
