/* sink_stand.h - a sink of files without a program, and the protocol of connector.h around it. */
#ifndef FLOW_TESTS_SINK_STAND_H
#define FLOW_TESTS_SINK_STAND_H

#include "runtime/io/outbox.h"
#include "runtime/io/sinks.h"

typedef struct made {
    rt_sink sink;
    rt_sink_decl decl;
    rt_env env;
    rt_ckpt_env ckpt;
    rt_program program;
    rt_settings settings;
    rt_option *options;
} made;

/* What is tried. */
typedef struct form {
    const char *target;   /* below the folder of the test; with a slash before it as it is */
    const char *partition; /* a format for the number of the piece, or null */
    int pieces;           /* of 1000 bytes a batch */
    bool plain;           /* without a checkpoint */
    int fail_at;          /* this piece cannot be had; 0 none */
} form;

/* Where the last one that was made writes. */
extern char sink_target[512];

rt_status sink_make(made *m, const form *f, uint32_t epoch);
void sink_unmake(made *m);

/* Piece i of a batch: 1000 bytes and a zero. */
void piece_text(char *out, int64_t batch, int i);

/* What a COMMIT of a batch says; batch -1: there is none. */
typedef struct last {
    int64_t batch;
    rt_wire w;
} last;

rt_committed said(const last *l);
/* A batch up to its COMMIT, which takes the place of the one before. */
rt_status sink_commit(made *m, const form *f, int64_t batch, last *l);
rt_status sink_publish(made *m, const last *l);
/* A start that goes on behind `l`, to the end of batch 1. */
rt_status sink_go_on(made *m, const form *f, last *l, int64_t *ahead);
/* Batches 0 and 1 without a checkpoint. */
rt_status sink_run(made *m, const form *f);

#endif
