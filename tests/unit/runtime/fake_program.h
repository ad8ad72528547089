/* fake_program.h - programs written by hand, as flowc would generate them: a descriptor,
 * and stages in C that follow the conventions of runtime/data/program.h. */
#ifndef FLOW_TESTS_FAKE_PROGRAM_H
#define FLOW_TESTS_FAKE_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/kernel/k_value.h"

/* What a run left behind. */
typedef struct fake_result {
    int code; /* exit code, or 1000 + the signal that killed it */
    char *out, *err;
    int64_t out_len, err_len;
} fake_result;

typedef struct fake_process {
    pid_t pid;
    int out, err; /* files */
} fake_process;

/* A descriptor line by line; printf formats; the head lines are made by fake_begin. */
void fake_begin(const char *name);
void fake_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Adds a function or variable to the address table; returns its index. */
int fake_address(const void *p);

/* Runs the program in a child; `args` are parted by blanks.  `input`: a descriptor for
 * standard input, or -1. */
fake_process fake_start(const char *args, int input);
fake_result fake_wait(fake_process p);
fake_result fake_run(const char *args);
void fake_free(fake_result *r);

/* A fresh temporary directory, and paths in it (the last few stay valid). */
const char *fake_dir(void);
/* From now on such directories are in memory, where that can be: for tests that sync much. */
void fake_in_memory(void);
const char *fake_path(const char *name);
void fake_write(const char *path, const char *text, int64_t len);
char *fake_read(const char *path, int64_t *len);
void fake_remove_dir(void);

/* ---- pieces of programs ---- */

/* Writes bytes to a port's buffer and counts a row. */
void fake_put(flow_ctx *ctx, flow_buf *buf, const void *p, int64_t len);
void fake_frame(flow_ctx *ctx, flow_buf *buf, const void *key, int64_t klen, const void *p,
                int64_t len);

/* lines -> sink: passes lines through, port 0. */
int32_t fake_lines_block(flow_ctx *ctx, const uint8_t *p, const uint8_t *end);
/* lines -> words -> exchange, port 0: rows of one text, by the partition of the word. */
int32_t fake_words_block(flow_ctx *ctx, const uint8_t *p, const uint8_t *end);
/* Counts words; closes with all of them at the end, framed by the word: port 0. */
int32_t fake_count_rows(flow_ctx *ctx, const uint8_t *p, const uint8_t *end);
int32_t fake_count_close(flow_ctx *ctx);

/* Descriptors: `source` and `sink` are the words behind the name of the line. */
void fake_pass_program(const char *source, const char *sink);
void fake_count_program(const char *source, const char *sink);

#endif
