/* ckpt_env.h - what connectors know of the checkpoint they work for. */
#ifndef FLOW_RUNTIME_DATA_CKPT_ENV_H
#define FLOW_RUNTIME_DATA_CKPT_ENV_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct rt_ckpt_env {
    const char *dir;  /* its folder */
    uint8_t job[16];  /* the job's id, made by the first start and by `--fresh` */
    char job8[9];     /* its first hex digits: part of names outside the folder */
    char before8[9];  /* of the job whose place this one took (`--fresh`); "" without one */
    /* Part of every new name: grows with each start and each retry.  Whoever publishes
     * moves it on while the next batch runs. */
    _Atomic uint32_t epoch;
} rt_ckpt_env;

#endif
