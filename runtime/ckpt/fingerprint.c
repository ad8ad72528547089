/* fingerprint.c - see fingerprint.h.
 *
 * The schema hash is FNV-1a of 64 bits over texts that a person can read: two schemas that
 * differ meet in one of 2^64 cases, and nobody gains by forging one. */
#include "runtime/ckpt/fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/log.h"
#include "runtime/base/rt_arena.h"

#define SEPARATOR " | "
#define WITH "; with "

/* ---- lists ------------------------------------------------------------------------- */

static uint64_t hash_text(uint64_t h, const char *text) {
    for (; *text; text++) h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return h;
}

static char *terminated(const rt_wire *w) {
    char *text = rt_alloc((size_t)w->n + 1);
    if (w->n) memcpy(text, w->p, (size_t)w->n);
    text[w->n] = 0;
    return text;
}

static char *copy_of(const char *text) {
    rt_wire w = {.p = (uint8_t *)text, .n = (int64_t)strlen(text)};
    return terminated(&w);
}

static void add_text(rt_wire *w, const char *text) { rt_wire_raw(w, text, (int64_t)strlen(text)); }

/* `text` is what the rows mean, with layout and key. */
static void add(rt_print *p, const char *id, const char *text) {
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ RT_SCHEMA_VERSION;
    p->ids = rt_realloc(p->ids, (size_t)(p->n + 1) * sizeof *p->ids);
    p->ids[p->n++] = (rt_state_id){.name = copy_of(id),
                                   .schema = hash_text(h, text),
                                   .layout = copy_of(text)};
}

void rt_print_free(rt_print *p) {
    for (int64_t i = 0; i < p->n; i++) {
        free((char *)p->ids[i].name);
        free((char *)p->ids[i].layout);
    }
    free(p->ids);
    *p = (rt_print){0};
}

rt_print rt_print_of_ids(const rt_state_id *ids, int64_t n) {
    rt_print p = {0};
    for (int64_t i = 0; i < n; i++) {
        add(&p, ids[i].name, ids[i].layout);
        p.ids[i].schema = ids[i].schema;
    }
    return p;
}

/* A param's value, exactly: texts as they are, what is given as JSON as JSON, the rest as
 * words (runtime/kernel/k_value.h: a decimal has two, an optional value its flag behind). */
static void add_value(rt_wire *w, const rt_param *p) {
    bool optional = strchr(p->type, '?') != NULL, wide = !strncmp(p->type, "decimal", 7);
    bool text = !strncmp(p->type, "string", 6) || !strncmp(p->type, "bytes", 5);
    const int64_t *value = p->words + 1;
    if (p->as_json) {
        rt_wire_raw(w, (const void *)(uintptr_t)p->as_json[0], (int64_t)p->as_json[1]);
        return;
    }
    if (optional && !value[1 + (wide || text)]) {
        add_text(w, "none");
        return;
    }
    if (text) rt_wire_raw(w, (const void *)(uintptr_t)value[0], value[1]);
    else rt_wire_print(w, "%" PRId64, value[0]);
    if (wide) rt_wire_print(w, ":%" PRId64, value[1]);
}

/* "; with size = 10000000". */
static void add_param(rt_wire *w, const rt_program *program, const char *name, size_t len) {
    for (int64_t i = 0; i < program->nparams; i++) {
        const rt_param *p = &program->params[i];
        if (strlen(p->name) != len || memcmp(p->name, name, len)) continue;
        add_text(w, WITH);
        add_text(w, p->name);
        add_text(w, " = ");
        add_value(w, p);
    }
}

rt_print rt_print_of_program(const rt_program *program, int64_t *index) {
    rt_print p = {0};
    for (int64_t i = 0; i < program->nstates; i++) {
        const rt_state_decl *s = &program->states[i];
        rt_wire w = {0};
        if (!s->layout) continue;
        add_text(&w, s->schema);
        for (const char *name = s->params; *name;) {
            size_t n = strcspn(name, ",");
            add_param(&w, program, name, n);
            name += n + (name[n] == ',');
        }
        add_text(&w, SEPARATOR);
        add_text(&w, s->layout);
        if (s->text_key) add_text(&w, " text");
        if (s->one_part) add_text(&w, " one");
        char *text = terminated(&w);
        if (index) index[p.n] = i;
        add(&p, s->id, text);
        free(text);
        rt_wire_free(&w);
    }
    p.nstates = p.n;
    for (int64_t i = 0; i < program->nsources; i++)
        add(&p, program->sources[i].id, program->sources[i].schema);
    for (int64_t i = 0; i < program->ntimes; i++)
        add(&p, program->times[i].id, "how far event time has come");
    return p;
}

void rt_print_forget_params(rt_print *p, bool *open) {
    rt_print plain = {0};
    for (int64_t i = 0; i < p->n; i++) {
        char *text = copy_of(p->ids[i].layout);
        char *with = strstr(text, WITH), *end = strstr(text, SEPARATOR);
        if (with && end && with < end) {
            memmove(with, end, strlen(end) + 1);
            *open = true;
        }
        add(&plain, p->ids[i].name, text);
        free(text);
    }
    rt_print_free(p);
    *p = plain;
}

/* The value of ` name=` in a line of a descriptor, its escapes undone; malloc, or null. */
static char *value_of(const char *line, const char *end, const char *name) {
    size_t n = strlen(name);
    for (const char *p = line; p < end; p++) {
        if (*p != '\t' || (size_t)(end - p) < n + 2 || memcmp(p + 1, name, n) || p[n + 1] != '=')
            continue;
        rt_wire w = {0};
        for (p += n + 2; p < end && *p != '\t'; p++) {
            char c = *p;
            if (c == '\\' && p + 1 < end) {
                c = *++p;
                c = c == 't' ? '\t' : c == 'n' ? '\n' : c;
            }
            rt_wire_u8(&w, (uint8_t)c);
        }
        char *text = terminated(&w);
        rt_wire_free(&w);
        return text;
    }
    return NULL;
}

static void add_line(rt_print *p, const char *line, const char *end, bool *open) {
    char *id = value_of(line, end, "id"), *layout = value_of(line, end, "layout");
    char *schema = value_of(line, end, "schema"), *params = value_of(line, end, "params");
    char *key = value_of(line, end, "key"), *parts = value_of(line, end, "parts");
    if (id && layout && schema) {
        rt_wire w = {0};
        add_text(&w, schema);
        add_text(&w, SEPARATOR);
        add_text(&w, layout);
        if (key && strcmp(key, "text") == 0) add_text(&w, " text");
        if (parts) add_text(&w, " one");
        char *text = terminated(&w);
        add(p, id, text);
        free(text);
        rt_wire_free(&w);
        *open |= params != NULL;
    }
    if (id && schema && memcmp(line, "source\t", 7) == 0) add(p, id, schema);
    if (id && memcmp(line, "time\t", 5) == 0) add(p, id, "how far event time has come");
    free(id);
    free(layout);
    free(schema);
    free(params);
    free(key);
    free(parts);
}

rt_print rt_print_of_text(const char *descriptor, int64_t len, bool *open) {
    rt_print p = {0};
    const char *at = descriptor, *end = len ? descriptor + len : descriptor;
    *open = false;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        if (stop - at > 7 && (memcmp(at, "state\t", 6) == 0 || memcmp(at, "source\t", 7) == 0 ||
                              memcmp(at, "time\t", 5) == 0))
            add_line(&p, at, stop, open);
        at = stop + (stop < end);
    }
    return p;
}

/* ---- the difference ---------------------------------------------------------------- */

/* The id without its number: "pipeline/aggregate#2" is the second of its kind. */
static size_t base_length(const char *id) { return strcspn(id, "#"); }

static bool same_base(const rt_state_id *a, const rt_state_id *b) {
    size_t n = base_length(a->name);
    return n == base_length(b->name) && memcmp(a->name, b->name, n) == 0;
}

/* The step's word and what it adds: "aggregate" of "totals/aggregate". */
static bool same_kind(const rt_state_id *a, const rt_state_id *b) {
    const char *x = strchr(a->name, '/'), *y = strchr(b->name, '/');
    if (!x || !y) return false;
    size_t n = base_length(x);
    return n == base_length(y) && memcmp(x, y, n) == 0;
}

/* How many of the list are of this id and schema, whatever their number. */
static int64_t count_alike(const rt_print *p, const rt_state_id *id) {
    int64_t n = 0;
    for (int64_t i = 0; i < p->n; i++)
        n += same_base(&p->ids[i], id) && p->ids[i].schema == id->schema;
    return n;
}

typedef struct matching {
    const rt_print *was, *is;
    bool *was_done, *is_done;
    rt_diff *diff;
} matching;

static bool is_refused(rt_fate fate) {
    return fate == RT_CHANGED || fate == RT_RENAMED || fate == RT_AMBIGUOUS;
}

static void note(matching *m, rt_fate fate, int64_t was, int64_t is) {
    rt_diff *d = m->diff;
    d->changes[d->n++] = (rt_change){.fate = fate,
                                     .was = was < 0 ? NULL : &m->was->ids[was],
                                     .is = is < 0 ? NULL : &m->is->ids[is]};
    if (was >= 0) m->was_done[was] = true;
    if (is >= 0) m->is_done[is] = true;
    d->refused += is_refused(fate);
    d->added += fate == RT_ADDED;
    d->dropped += fate == RT_DROPPED;
}

typedef bool fits_fn(const rt_state_id *was, const rt_state_id *is);

static bool fits_kept(const rt_state_id *was, const rt_state_id *is) {
    return was->schema == is->schema && strcmp(was->name, is->name) == 0;
}

static bool fits_renamed(const rt_state_id *was, const rt_state_id *is) {
    return was->schema == is->schema && same_kind(was, is);
}

/* Pairs what is left of both lists, in order. */
static void pair_up(matching *m, rt_fate fate, fits_fn *fits) {
    for (int64_t i = 0; i < m->was->n; i++) {
        for (int64_t k = 0; k < m->is->n && !m->was_done[i]; k++)
            if (!m->is_done[k] && fits(&m->was->ids[i], &m->is->ids[k])) note(m, fate, i, k);
    }
}

static void find_ambiguous(matching *m) {
    for (int64_t i = 0; i < m->was->n; i++) {
        const rt_state_id *was = &m->was->ids[i];
        int64_t before = count_alike(m->was, was), now = count_alike(m->is, was);
        if (!now || before == now) continue;
        int64_t k = 0;
        while (k < m->is->n && (m->is_done[k] || !same_base(was, &m->is->ids[k]) ||
                                m->is->ids[k].schema != was->schema))
            k++;
        note(m, RT_AMBIGUOUS, i, k < m->is->n ? k : -1);
    }
    for (int64_t k = 0; k < m->is->n; k++) {
        const rt_state_id *is = &m->is->ids[k];
        int64_t before = count_alike(m->was, is), now = count_alike(m->is, is);
        if (!m->is_done[k] && before && before != now) note(m, RT_AMBIGUOUS, -1, k);
    }
}

static int rank(const rt_change *c) {
    return is_refused(c->fate) ? 0 : c->fate == RT_DROPPED ? 1 : c->fate == RT_ADDED ? 2 : 3;
}

/* Stable, and the lists are short. */
static void sort_changes(rt_diff *d) {
    for (int64_t i = 1; i < d->n; i++) {
        rt_change c = d->changes[i];
        int64_t at = i;
        for (; at > 0 && rank(&d->changes[at - 1]) > rank(&c); at--)
            d->changes[at] = d->changes[at - 1];
        d->changes[at] = c;
    }
}

rt_diff rt_diff_of(const rt_print *was, const rt_print *is) {
    rt_diff d = {0};
    matching m = {.was = was, .is = is, .diff = &d};
    d.changes = rt_alloc((size_t)(was->n + is->n) * sizeof *d.changes + 1);
    m.was_done = rt_alloc((size_t)was->n + 1);
    m.is_done = rt_alloc((size_t)is->n + 1);
    memset(m.was_done, 0, (size_t)was->n + 1);
    memset(m.is_done, 0, (size_t)is->n + 1);
    find_ambiguous(&m);
    pair_up(&m, RT_KEPT, fits_kept);
    pair_up(&m, RT_CHANGED, same_base);
    pair_up(&m, RT_RENAMED, fits_renamed);
    for (int64_t i = 0; i < was->n; i++)
        if (!m.was_done[i]) note(&m, RT_DROPPED, i, -1);
    for (int64_t k = 0; k < is->n; k++)
        if (!m.is_done[k]) note(&m, RT_ADDED, -1, k);
    sort_changes(&d);
    free(m.was_done);
    free(m.is_done);
    return d;
}

void rt_diff_free(rt_diff *d) {
    free(d->changes);
    *d = (rt_diff){0};
}

/* ---- in words ---------------------------------------------------------------------- */

static bool is_source(const rt_state_id *id) {
    const char *slash = strchr(id->name, '/');
    return slash && strncmp(slash, "/from", 5) == 0 && (!slash[5] || slash[5] == '#');
}

/* "`aggregate` of `totals`". */
static void add_name(rt_wire *w, const rt_state_id *id) {
    const char *slash = strchr(id->name, '/');
    if (!slash) {
        add_text(w, id->name);
        return;
    }
    size_t n = base_length(slash + 1);
    if (is_source(id)) {
        add_text(w, "the source of ");
    } else {
        rt_wire_u8(w, '`');
        rt_wire_raw(w, slash + 1, (int64_t)n);
        add_text(w, "` of ");
    }
    if (strncmp(id->name, "pipeline/", 9) == 0) {
        add_text(w, "a pipeline without a name");
    } else {
        add_text(w, "`");
        rt_wire_raw(w, id->name, slash - id->name);
        add_text(w, "`");
    }
    if (slash[1 + n] == '#') {
        add_text(w, " (number ");
        add_text(w, slash + 2 + n);
        add_text(w, ")");
    }
}

/* What rows mean; with the layout only where the rest does not tell two apart. */
static void add_schema(rt_wire *w, const rt_state_id *id, const rt_state_id *other) {
    const char *end = strstr(id->layout, SEPARATOR);
    const char *end2 = other ? strstr(other->layout, SEPARATOR) : NULL;
    int64_t n = end ? end - id->layout : (int64_t)strlen(id->layout);
    bool alike = end && end2 && n == end2 - other->layout &&
                 memcmp(id->layout, other->layout, (size_t)n) == 0;
    if (alike) n = (int64_t)strlen(id->layout);
    if (n) rt_wire_raw(w, id->layout, n);
    else add_text(w, "rows");
}

void rt_change_text(rt_wire *w, const rt_change *c) {
    switch (c->fate) {
    case RT_KEPT: add_text(w, "kept      "); break;
    case RT_ADDED: add_text(w, "added     "); break;
    case RT_DROPPED: add_text(w, "dropped   "); break;
    case RT_CHANGED:
    case RT_RENAMED:
    case RT_AMBIGUOUS: add_text(w, "refused   "); break;
    }
    add_name(w, c->was ? c->was : c->is);
    bool source = is_source(c->was ? c->was : c->is);
    switch (c->fate) {
    case RT_KEPT: return;
    case RT_ADDED:
        add_text(w, source ? ": it is read from its beginning" : ": it begins empty");
        return;
    case RT_DROPPED:
        add_text(w, source ? ": its position is forgotten" : ": its state is discarded");
        return;
    case RT_CHANGED:
        add_text(w, " has changed\n  saved     ");
        add_schema(w, c->was, c->is);
        add_text(w, "\n  program   ");
        add_schema(w, c->is, c->was);
        return;
    case RT_RENAMED:
        add_text(w, " is gone, and ");
        add_name(w, c->is);
        add_text(w, source ? " would read the same" : " would hold the same");
        add_text(w, ": a new name takes nothing along\n  both      ");
        add_schema(w, c->was, NULL);
        return;
    case RT_AMBIGUOUS:
        add_text(w, source ? " reads" : " holds");
        add_text(w, " the same as others, and their number has changed\n  ");
        add_text(w, c->was ? "saved     " : "program   ");
        add_schema(w, c->was ? c->was : c->is, NULL);
        return;
    }
}

static void add_ways_out(rt_wire *w, const rt_diff *d, const char *indent) {
    bool of[RT_AMBIGUOUS + 1] = {false};
    for (int64_t i = 0; i < d->n; i++) of[d->changes[i].fate] = true;
    add_text(w, indent);
    add_text(w, "ways out:");
    if (of[RT_CHANGED])
        add_text(w, " undo the change; or give the flow a new name, so that the step begins "
                    "empty and the old state is dropped;");
    if (of[RT_RENAMED])
        add_text(w, " keep the old name; or remove the old flow, run once, and then add the "
                    "new one;");
    if (of[RT_AMBIGUOUS]) add_text(w, " give each of these flows a name before you add or "
                                      "remove one;");
    add_text(w, " or start with --fresh, which discards all state\n");
}

void rt_diff_text(rt_wire *out, const rt_diff *d, const char *indent) {
    for (int64_t i = 0; i < d->n; i++) {
        rt_wire one = {0};
        rt_change_text(&one, &d->changes[i]);
        add_text(out, indent);
        for (int64_t k = 0; k < one.n; k++) {
            rt_wire_u8(out, one.p[k]);
            if (one.p[k] == '\n') add_text(out, indent);
        }
        rt_wire_u8(out, '\n');
        rt_wire_free(&one);
    }
    if (d->refused) add_ways_out(out, d, indent);
    rt_wire_u8(out, 0);
    out->n--;
}

/* ---- at a start -------------------------------------------------------------------- */

/* Each line of the text is one of the log. */
static void log_lines(rt_level level, const rt_wire *text) {
    const char *at = (const char *)text->p, *end = text->n ? at + text->n : at;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        rt_log(level, "%.*s", (int)(stop - at), at);
        at = stop + 1;
    }
}

static void say(const rt_diff *d, bool refused) {
    for (int64_t i = 0; i < d->n; i++) {
        rt_fate fate = d->changes[i].fate;
        rt_wire text = {0};
        if (is_refused(fate) != refused) continue;
        rt_change_text(&text, &d->changes[i]);
        log_lines(refused ? RT_ERROR : fate == RT_DROPPED ? RT_WARN : RT_INFO, &text);
        rt_wire_free(&text);
    }
}

rt_status rt_print_accept(const rt_print *was, const rt_print *is, const char *dir) {
    rt_diff d = rt_diff_of(was, is);
    bool refused = d.refused > 0;
    if (refused) {
        rt_wire text = {0};
        rt_log(RT_ERROR, "the state in %s is of a program that kept something else", dir);
        say(&d, true);
        add_ways_out(&text, &d, "");
        log_lines(RT_ERROR, &text);
        rt_wire_free(&text);
    } else if (d.added || d.dropped) {
        rt_log(RT_INFO, "the state in %s is of another form of the program", dir);
        say(&d, false);
    }
    rt_diff_free(&d);
    return refused ? RT_refused : RT_ok;
}
