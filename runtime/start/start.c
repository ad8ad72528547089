/* start.c - flow_rt_main: from the arguments to the exit code.
 *
 * Order: descriptor and ABI, CPU, command line and parameters, the program's own setup,
 * settings, signals, sources and sinks, batches, sinks' end.  What fails before the first
 * batch has changed nothing outside. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi_tag.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_check.h"
#include "runtime/base/wake.h"
#include "runtime/exec/coord.h"
#include "runtime/exec/metrics.h"
#include "runtime/exec/job.h"
#include "runtime/exec/task.h"
#include "runtime/io/loop.h"
#include "runtime/kernel/k_mem.h"
#include "runtime/kernel/k_print.h"
#include "runtime/kernel/k_type.h"
#include "runtime/start/cpu.h"
#include "runtime/start/rt_options.h"
#include "runtime/start/show.h"
#include "runtime/start/signals.h"
#include "runtime/start/value_text.h"

/* What the address table of every program refers to: an archive of another build has
 * another symbol and does not link. */
extern const char FLOW_ABI_SYMBOL[];
const char FLOW_ABI_SYMBOL[] = FLOW_ABI_TAG;

/* ---- setup: the program sets what is not constant -------------------------------------- */

/* The context of flowgen_setup: a worker, so that it may allocate, and what it fills. */
typedef struct setup {
    flow_rt_worker worker;
    rt_options *options;
    rt_job job;
} setup;

/* A constant of a setting back to text: one way to check all of them. */
static void setting_text(char letter, const uint64_t *words, char *out, size_t room) {
    int64_t n = (int64_t)words[0];
    if (letter == 's')
        snprintf(out, room, "%.*s", (int)words[1], (const char *)(uintptr_t)words[0]);
    else if (letter == 'd')
        rt_duration_text(n, out, room);
    else if (letter == 'b')
        snprintf(out, room, "%s", n ? "true" : "false");
    else
        snprintf(out, room, "%" PRId64, n);
}

void flow_rt_set_option(flow_ctx *ctx, int64_t kind, int64_t id, const uint8_t *name,
                        int64_t name_len, int64_t letter, const uint64_t *words) {
    setup *s = (setup *)(void *)ctx->worker;
    rt_program *p = s->options->program;
    if (kind == FLOW_OPTION_SETTING) {
        char text[512], key[64];
        snprintf(key, sizeof key, "%.*s", (int)name_len, (const char *)name);
        setting_text((char)letter, words, text, sizeof text);
        rt_options_set(s->options, key, text);
        return;
    }
    if (kind == FLOW_OPTION_TIME) {
        rt_assert(id >= 0 && id < p->ntimes);
        int64_t us = (int64_t)words[0];
        bool is_idle = name_len == 4 && !memcmp(name, "idle", 4);
        *(is_idle ? &p->times[id].idle : &p->times[id].delay) = us < 0 ? 0 : us;
        return;
    }
    rt_assert(id >= 0 && id < (kind == FLOW_OPTION_SINK ? p->nsinks : p->nsources));
    rt_option **list =
        kind == FLOW_OPTION_SINK ? &p->sinks[id].options : &p->sources[id].options;
    rt_program_option(p, list, (const char *)name, name_len, (char)letter, words);
}

/* A parameter that is given as JSON. */
static rt_status read_json(flow_ctx *ctx, const rt_param *p) {
    const char *text = strcmp(p->json, "none") ? p->json : "null";
    int64_t n = flow_k_type_words(p->code);
    uint64_t *value = flow_k_alloc(ctx, (n + 1) * 8);
    flow_k_fn_parse_json(ctx, value, (const uint8_t *)text, (int64_t)strlen(text), p->code);
    if (!value[n])
        return (rt_status)rt_fail(RT_usage, "parameter `%s` takes %s as JSON, not `%s`: %s",
                                  p->name, p->type, p->json, ctx->why ? ctx->why : "");
    memcpy(p->words + 1, value, (size_t)n * 8);
    p->words[0] = 1;
    return RT_ok;
}

/* Their values as one text each, whatever the spelling: for the checkpoint's fingerprint. */
static int32_t write_json(flow_ctx *ctx, rt_program *p) {
    for (int64_t i = 0; i < p->nparams; i++) {
        rt_param *param = &p->params[i];
        if (!param->code) continue;
        uint64_t *text = flow_k_alloc(ctx, 2 * 8);
        int32_t status = flow_k_fn_to_json(ctx, text, (const uint64_t *)param->words + 1, param->code);
        if (status) return status;
        param->as_json = text;
    }
    return 0;
}

static int32_t setup_body(flow_rt_worker *w, void *arg) {
    setup *s = (setup *)(void *)w;
    rt_program *p = arg;
    for (int64_t i = 0; i < p->nparams; i++)
        if (p->params[i].json && read_json(&w->ctx, &p->params[i]) != RT_ok)
            s->options->failed = true;
    if (s->options->failed || !p->setup) return 0;
    int32_t status = p->setup(&w->ctx);
    return status ? status : write_json(&w->ctx, p);
}

/* The setup's memory holds the values of parameters: it is freed when the program ends. */
static void setup_free(setup *s) {
    rt_arena_task_free(&s->worker);
    rt_mem_free(s->job.mem, false);
    free(s);
}

static rt_status run_setup(rt_options *o, setup *s) {
    s->options = o;
    s->job.program = o->program;
    s->job.mem = rt_mem_new(INT64_C(256) << 20, 1);
    s->job.workers = &s->worker;
    s->job.nworkers = 1;
    s->worker.job = &s->job;
    s->worker.ctx.worker = &s->worker;
    rt_status status = rt_task_call(&s->worker, setup_body, o->program);
    return status == RT_ok && o->failed ? RT_usage : status;
}

/* ---- running ---------------------------------------------------------------------------- */

static bool has_live(const rt_program *p) {
    for (int64_t i = 0; i < p->nsources; i++) {
        const rt_source_ops *ops = rt_source_find(p->sources[i].connector);
        if (ops && ops->live && !ops->ranges) return true;
    }
    return false;
}

/* The loop of live sources: on a thread of its own, or run by the coordinator. */
static rt_status open_loop(rt_program *p, const rt_settings *set, const rt_stop *stop,
                           rt_loop **loop) {
    *loop = NULL;
    if (!has_live(p)) return RT_ok;
    *loop = rt_loop_new(set->batch == 0 ? stop->wake : -1);
    return *loop ? RT_ok : RT_io;
}

static rt_status run_job(rt_program *p, const rt_settings *set, rt_stop *stop) {
    rt_loop *loop;
    rt_job job;
    RT_TRY(open_loop(p, set, stop, &loop));
    rt_status status = rt_job_open(&job, p, set, loop, stop);
    if (status == RT_ok && loop && set->batch != 0) status = rt_loop_start(loop);
    if (status == RT_ok) status = rt_metrics_open(&job, &job.metrics);
    if (status == RT_ok) status = rt_coord_run(&job, stop);
    rt_metrics_close(job.metrics);
    if (loop) rt_loop_stop(loop);
    rt_status closed = rt_job_close(&job, status != RT_ok);
    rt_loop_free(loop);
    return status == RT_ok ? closed : status;
}

static rt_status run(rt_program *p, const rt_settings *set) {
    rt_stop stop = {.wake = rt_wake_open()};
    rt_signals *signals = NULL;
    if (stop.wake < 0)
        return (rt_status)rt_fail(RT_io, "cannot make an eventfd: %s", strerror(errno));
    rt_status status = rt_signals_start(&signals, &stop, set->grace);
    if (status == RT_ok) status = run_job(p, set, &stop);
    rt_signals_end(signals);
    rt_wake_close(stop.wake);
    return status;
}

/* A standard descriptor that is closed would be the number of the next file opened: it
 * is taken by one that fails when it is used. */
static void hold_standard(void) {
    int fd;
    do
        fd = rt_os_open("/dev/null", O_PATH, 0);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) rt_os_close(fd);
}

static void print_explain(const rt_program *p) {
    for (int64_t i = 0; i < p->nexplain; i++) puts(p->explain[i]);
}

static rt_status check_abi(const rt_program *p, void *const *addresses, int64_t n) {
    if (n > 0 && addresses[0] == (const void *)FLOW_ABI_SYMBOL &&
        !strcmp(p->abi, FLOW_ABI_TAG))
        return RT_ok;
    return (rt_status)rt_fail(RT_usage,
                              "compiler and runtime do not fit: the program has ABI %s, "
                              "the runtime %s; build it again",
                              p->abi, FLOW_ABI_TAG);
}

static rt_status check_cpu(const rt_program *p) {
    char missing[512];
    if (rt_cpu_has(p->features, missing, sizeof missing)) return RT_ok;
    return (rt_status)rt_fail(RT_usage,
                              "built for the CPU %s, but this machine lacks %s\n"
                              "  flowc build --cpu %s makes one that runs here",
                              p->cpu, missing, rt_cpu_level());
}

static rt_status with_program(rt_program *p, int argc, char **argv, void *const *addresses,
                              int64_t naddresses) {
    rt_options o = {.program = p, .arena = p->arena};
    rt_settings settings;
    RT_TRY(check_abi(p, addresses, naddresses));
    RT_TRY(rt_options_read(&o, argc, argv));
    switch (o.action) {
    case RT_HELP: rt_help_print(&o, argv[0]); return RT_ok;
    case RT_VERSION: rt_version_print(p); return RT_ok;
    case RT_EXPLAIN: print_explain(p); return RT_ok;
    case RT_DUMP: return rt_show_dump(p, o.folder);
    case RT_CHECK: return rt_show_check(o.folder);
    case RT_RUN: break;
    }
    RT_TRY(check_cpu(p));
    setup *s = rt_alloc(sizeof *s);
    rt_status status = run_setup(&o, s);
    if (status == RT_ok) status = rt_options_settings(&o, &settings);
    if (status == RT_ok) {
        rt_log_start(settings.name, settings.log);
        status = run(p, &settings);
    }
    setup_free(s);
    return status;
}

int flow_rt_main(int argc, char **argv, const char *descriptor, int64_t descriptor_len,
                 void *const *addresses, int64_t naddresses) {
    char error[256];
    const char *slash = strrchr(argv[0], '/');
    hold_standard();
    rt_log_start(slash ? slash + 1 : argv[0], RT_WARN);
    rt_program *p = rt_program_read(descriptor, descriptor_len, addresses, naddresses, error,
                                    sizeof error);
    if (!p) return rt_status_exit((rt_status)rt_fail(RT_usage, "%s", error));
    rt_log_start(p->name, RT_WARN);
    rt_status status = with_program(p, argc, argv, addresses, naddresses);
    if (fflush(stdout) != 0 && status == RT_ok) status = RT_io;
    rt_program_free(p);
    return rt_status_exit(status);
}
