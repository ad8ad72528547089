/* rt_options.c - see rt_options.h.  The table of settings is lang/options.def.
 *
 * `-` and `_` are one in names of settings.  Settings are `--name value` or
 * `--name=value`, parameters `name=value` without dashes. */
#define _GNU_SOURCE
#include "runtime/start/rt_options.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/base/log.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_check.h"
#include "runtime/start/value_text.h"

const rt_setting_row rt_setting_rows[RT_SETTINGS] = {
#define SETTING(name, type, deflt, min, max, words, built, doc)                          \
    {#name, #type, deflt, words, doc, min, max, built},
#include "lang/options.def"
#undef SETTING
};

static void complain(rt_options *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(rt_options *o, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    rt_log(RT_ERROR, "%s", text);
    o->failed = true;
}

static bool same_name(const char *name, const char *text, size_t len) {
    if (strlen(name) != len) return false;
    for (size_t i = 0; i < len; i++)
        if (name[i] != (text[i] == '-' ? '_' : text[i])) return false;
    return true;
}

static int find_setting(const char *text, size_t len) {
    for (int i = 0; i < RT_SETTINGS; i++)
        if (same_name(rt_setting_rows[i].name, text, len)) return i;
    return -1;
}

/* Letters that differ, counted as insertions, deletions and changes. */
static size_t distance(const char *a, const char *b) {
    size_t row[64], n = strlen(b);
    if (n >= 63) return 64;
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t change = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = RT_MIN(change, RT_MIN(row[j], row[j + 1]) + 1);
        }
    }
    return row[n];
}

static void unknown(rt_options *o, const char *dashes, const char *text, size_t len) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)len, text);
    const char *best = NULL;
    size_t least = 3;
    if (*dashes) {
        for (int i = 0; i < RT_SETTINGS; i++) {
            size_t d = distance(rt_setting_rows[i].name, name);
            if (d < least) least = d, best = rt_setting_rows[i].name;
        }
    } else {
        for (int64_t i = 0; i < o->program->nparams; i++) {
            size_t d = distance(o->program->params[i].name, name);
            if (d < least) least = d, best = o->program->params[i].name;
        }
    }
    complain(o, "there is no %s `%s%s`%s%s%s%s", *dashes ? "setting" : "parameter", dashes,
             name, best ? "; did you mean `" : "", best ? dashes : "", best ? best : "",
             best ? "`?" : "; --help lists them");
}

/* `--checkpoint-dump DIR` and `--checkpoint-dump=DIR`. */
static int read_folder(rt_options *o, rt_action action, char **argv, int i, int argc) {
    const char *value = strchr(argv[i], '=');
    o->action = action;
    o->folder = value ? value + 1 : i + 1 < argc ? argv[i + 1] : NULL;
    if (!o->folder) complain(o, "`%s` needs the folder of a checkpoint", argv[i]);
    return value || !o->folder ? 1 : 2;
}

/* `--trace FILE` and `--trace=FILE`. */
static int read_file_name(rt_options *o, const char **out, char **argv, int i, int argc) {
    const char *value = strchr(argv[i], '=');
    *out = value ? value + 1 : i + 1 < argc ? argv[i + 1] : NULL;
    if (!*out || !**out) complain(o, "`%s` needs the name of a file", argv[i]);
    return value || !*out ? 1 : 2;
}

/* One argument that begins with `--`; returns how many it took. */
static int read_setting(rt_options *o, char **argv, int i, int argc) {
    const char *text = argv[i] + 2, *value = strchr(text, '=');
    size_t len = value ? (size_t)(value - text) : strlen(text);
    if (same_name("help", text, len)) return o->action = RT_HELP, 1;
    if (same_name("version", text, len)) return o->action = RT_VERSION, 1;
    if (same_name("explain", text, len)) return o->action = RT_EXPLAIN, 1;
    if (same_name("fresh", text, len)) return o->fresh = true, 1;
    if (same_name("trace", text, len)) return read_file_name(o, &o->trace, argv, i, argc);
    if (same_name("profile", text, len)) return read_file_name(o, &o->profile, argv, i, argc);
    if (same_name("replay", text, len)) return read_file_name(o, &o->replay, argv, i, argc);
    if (same_name("checkpoint_dump", text, len)) return read_folder(o, RT_DUMP, argv, i, argc);
    if (same_name("checkpoint_check", text, len)) return read_folder(o, RT_CHECK, argv, i, argc);
    int setting = find_setting(text, len);
    if (setting < 0) {
        unknown(o, "--", text, len);
        /* Its value is no mistake of its own. */
        bool valued = !value && i + 1 < argc && *argv[i + 1] != '-' && !strchr(argv[i + 1], '=');
        return valued ? 2 : 1;
    }
    if (value) return o->line[setting] = value + 1, 1;
    if (i + 1 >= argc) return complain(o, "`%s` needs a value", argv[i]), 1;
    o->line[setting] = argv[i + 1];
    return 2;
}

static void read_param(rt_options *o, const char *arg) {
    const char *value = strchr(arg, '=');
    if (!value) {
        complain(o, "`%s` is neither `--setting value` nor `parameter=value`", arg);
        return;
    }
    for (int64_t i = 0; i < o->program->nparams; i++) {
        rt_param *p = &o->program->params[i];
        if (!same_name(p->name, arg, (size_t)(value - arg)) &&
            strncmp(p->name, arg, (size_t)(value - arg) + strlen(p->name)))
            continue;
        if (p->code) { /* read with the program's setup */
            p->json = value + 1;
            return;
        }
        const char *expected = rt_text_value(o->arena, p->type, value + 1, p->words + 1);
        if (expected)
            complain(o, "parameter `%s` takes %s, not `%s`", p->name, expected, value + 1);
        p->words[0] = 1;
        return;
    }
    unknown(o, "", arg, (size_t)(value - arg));
}

static void read_environment(rt_options *o) {
    for (int i = 0; i < RT_SETTINGS; i++) {
        char name[64] = "FLOW_";
        size_t n = 5;
        for (const char *p = rt_setting_rows[i].name; *p && n < sizeof name - 1; p++)
            name[n++] = (char)toupper((unsigned char)*p);
        name[n] = 0;
        const char *value = getenv(name);
        if (value && *value) o->env[i] = value;
    }
}

rt_status rt_options_read(rt_options *o, int argc, char **argv) {
    for (int64_t i = 0; i < o->program->nparams; i++) {
        o->program->params[i].words[0] = 0;
        o->program->params[i].json = NULL;
    }
    for (int i = 1; i < argc;) {
        if (!strcmp(argv[i], "-h")) {
            o->action = RT_HELP;
            i++;
        } else if (!strncmp(argv[i], "--", 2)) {
            i += read_setting(o, argv, i, argc);
        } else {
            read_param(o, argv[i++]);
        }
    }
    read_environment(o);
    for (int64_t i = 0; i < o->program->nsets; i++)
        rt_options_set(o, o->program->sets[i].name, o->program->sets[i].value);
    for (int64_t i = 0; o->action == RT_RUN && i < o->program->nparams; i++) {
        const rt_param *p = &o->program->params[i];
        if (!p->words[0] && !p->json && !p->deflt)
            complain(o, "parameter `%s` is missing: %s=<%s>", p->name, p->name, p->type);
    }
    return o->failed ? RT_usage : RT_ok;
}

void rt_options_set(rt_options *o, const char *name, const char *text) {
    int setting = find_setting(name, strlen(name));
    if (setting < 0)
        complain(o, "the program sets `%s`, which this runtime does not know", name);
    else
        o->text[setting] = rt_arena_text(o->arena, text, strlen(text));
}

/* ---- values ----------------------------------------------------------------------- */

const char *rt_options_text(const rt_options *o, int i) {
    const char *texts[] = {o->line[i], o->env[i], o->text[i]};
    for (int k = 0; k < 3; k++)
        if (texts[k]) return texts[k];
    const char *deflt = rt_setting_rows[i].deflt;
    return *deflt && *deflt != '<' ? deflt : NULL;
}

/* Where a value comes from, for messages. */
static void where_from(const rt_options *o, int i, char *out, size_t room) {
    const char *name = rt_setting_rows[i].name;
    if (o->line[i]) {
        snprintf(out, room, "--%s", name);
    } else if (o->env[i]) {
        int n = snprintf(out, room, "FLOW_%s", name);
        for (int k = 0; k < n && k < (int)room; k++) out[k] = (char)toupper(out[k]);
    } else {
        snprintf(out, room, "set %s", name);
    }
}

static void expected(rt_options *o, int i, const char *what) {
    char from[64];
    where_from(o, i, from, sizeof from);
    complain(o, "`%s` takes %s, not `%s`", from, what, rt_options_text(o, i));
}

static void range(rt_options *o, int i, int64_t value, const char *type) {
    const rt_setting_row *row = &rt_setting_rows[i];
    char from[64], low[32], high[32];
    if (value >= row->min && value <= row->max) return;
    where_from(o, i, from, sizeof from);
    if (!strcmp(type, "duration")) {
        rt_duration_text(row->min, low, sizeof low);
        rt_duration_text(row->max, high, sizeof high);
    } else {
        snprintf(low, sizeof low, "%" PRId64, row->min);
        snprintf(high, sizeof high, "%" PRId64, row->max);
    }
    complain(o, "`%s` is `%s`, outside %s..%s", from, rt_options_text(o, i), low, high);
}

/* The number of a setting, or `none` if it is not given. */
static int64_t number_of(rt_options *o, int i, int64_t none) {
    const rt_setting_row *row = &rt_setting_rows[i];
    const char *text = rt_options_text(o, i);
    int64_t value = none;
    if (!text) return none;
    if (!strcmp(row->type, "duration")) {
        if (!rt_text_duration(text, &value)) return expected(o, i, "a duration"), none;
    } else if (!strcmp(row->type, "size")) {
        if (!rt_text_size(text, &value)) return expected(o, i, "a size"), none;
    } else if (!rt_text_int(text, &value)) {
        return expected(o, i, "a whole number"), none;
    }
    range(o, i, value, row->type);
    return value;
}

static const char *word_of(rt_options *o, int i) {
    const char *text = rt_options_text(o, i);
    if (text && !rt_text_word(text, rt_setting_rows[i].words))
        expected(o, i, rt_setting_rows[i].words);
    return text ? text : "";
}

static bool bool_of(rt_options *o, int i, bool none) {
    const char *text = rt_options_text(o, i);
    if (!text || !*text) return none;
    if (!strcmp(text, "true")) return true;
    if (strcmp(text, "false")) expected(o, i, "true or false");
    return false;
}

static void read_until(rt_options *o, rt_settings *out) {
    const char *text = rt_options_text(o, RT_SETTING_until);
    int64_t n;
    if (!strcmp(text, "end")) {
        out->until = RT_UNTIL_END;
    } else if (!strcmp(text, "idle")) {
        out->until = RT_UNTIL_IDLE;
    } else if (rt_text_int(text, &n) && n > 0) {
        out->until = RT_UNTIL_BATCHES;
        out->until_count = n;
    } else if (rt_text_duration(text, &n) && n > 0) {
        out->until = RT_UNTIL_TIME;
        out->until_count = n;
    } else {
        expected(o, RT_SETTING_until, "end, idle, a duration or a number of batches");
    }
}

/* ---- what the machine gives --------------------------------------------------------- */

static int64_t read_number(const char *path) {
    char text[32];
    int fd = rt_os_open(path, O_RDONLY, 0);
    int64_t n = fd < 0 ? -1 : rt_os_read(fd, text, sizeof text - 1), value;
    if (fd >= 0) rt_os_close(fd);
    if (n <= 0) return INT64_MAX;
    text[n] = 0;
    text[strcspn(text, "\n")] = 0;
    return rt_text_int(text, &value) ? value : INT64_MAX;
}

/* 70 % of the memory of the machine, or of the container. */
static int64_t default_memory(void) {
    int64_t pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    int64_t bytes = pages > 0 && size > 0 ? pages * size : INT64_C(1) << 30;
    bytes = RT_MIN(bytes, read_number("/sys/fs/cgroup/memory.max"));
    bytes = RT_MIN(bytes, read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    return bytes / 10 * 7;
}

static int64_t default_parallelism(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return RT_MAX(CPU_COUNT(&set), 1);
    return RT_MAX(sysconf(_SC_NPROCESSORS_ONLN), 1);
}

/* Settings that have their place and nothing behind it. */
static void refuse_unbuilt(rt_options *o) {
    for (int i = 0; i < RT_SETTINGS; i++) {
        if (rt_setting_rows[i].built) continue;
        char from[64];
        where_from(o, i, from, sizeof from);
        if (o->line[i] || o->env[i] || o->text[i])
            complain(o, "`%s` is not built yet", from);
    }
}

rt_status rt_options_settings(rt_options *o, rt_settings *out) {
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    *out = (rt_settings){.cut_rows = RT_GENERATED_BATCH};
#define NUMBER(id, none) out->id = number_of(o, RT_SETTING_##id, none)
    NUMBER(batch, 0);
    NUMBER(block, 0);
    NUMBER(checkpoint_every, 0);
    NUMBER(compact_every, 0);
    NUMBER(keep_checkpoints, 1);
    NUMBER(batch_size, 0);
    NUMBER(block_size, 0);
    NUMBER(collect_limit, 0);
    NUMBER(grace, 0);
    NUMBER(max_rate, -1);
    NUMBER(initial_rate, -1);
    NUMBER(memory, default_memory());
    NUMBER(parallelism, default_parallelism());
    NUMBER(partitions, 1);
    NUMBER(retries, 0);
    NUMBER(retry_wait, 0);
    NUMBER(timeout, -1);
#undef NUMBER
    const char *name = rt_options_text(o, RT_SETTING_name);
    out->name = name ? name : o->program->name;
    out->skip_errors = !strcmp(word_of(o, RT_SETTING_on_error), "skip");
    const char *folder = rt_options_text(o, RT_SETTING_checkpoint);
    out->checkpoint = folder && *folder ? folder : NULL;
    out->fresh = o->fresh;
    const char *metrics = rt_options_text(o, RT_SETTING_metrics);
    out->metrics = metrics && *metrics ? metrics : NULL;
    out->backpressure = bool_of(o, RT_SETTING_backpressure, true);
    out->journal = bool_of(o, RT_SETTING_journal, true);
    out->trace = o->trace;
    out->profile = o->profile;
    out->replay = o->replay;
    /* What is only looked at again touches no checkpoint. */
    if (o->replay) out->checkpoint = NULL;
    if (o->replay && o->trace) complain(o, "`--replay` writes no trace");
    if (o->fresh && !out->checkpoint) complain(o, "`--fresh` needs a `--checkpoint`");
    const char *level = word_of(o, RT_SETTING_log);
    for (int i = 0; i < 4; i++)
        if (!strcmp(level, levels[i])) out->log = (rt_level)i;
    read_until(o, out);
#ifdef FLOW_FAULTS
    /* A test of the program goes by its script alone. */
    if (rt_script_on() && !o->line[RT_SETTING_checkpoint] && !o->env[RT_SETTING_checkpoint])
        out->checkpoint = NULL;
    if (rt_test_cut()) out->cut_rows = rt_test_cut();
#endif
    refuse_unbuilt(o);
    return o->failed ? RT_usage : RT_ok;
}
