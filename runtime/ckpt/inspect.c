/* inspect.c - see inspect.h.  Goes by the same readers as recovery, and prints what they
 * make of the bytes; a record or row that nobody can read is shown as bytes. */
#include "runtime/ckpt/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"
#include "runtime/base/rt_check.h"
#include "runtime/ckpt/commit.h"
#include "runtime/ckpt/ident.h"
#include "runtime/ckpt/journal.h"
#include "runtime/ckpt/state_merge.h"

typedef struct look {
    const char *dir;
    char state_dir[4200];
    FILE *out;
    bool quiet; /* only read */
    const rt_inspect_texts *texts; /* or null */
    rt_ident ident;
    bool has_ident;
    rt_journal_text text;
    rt_commit *commits; /* those that can be read, in order */
    int64_t ncommits;
    bool bad;
    char why[600]; /* the first thing that is, with `quiet` */
} look;

/* ---- text -------------------------------------------------------------------------- */

/* Bytes as text: what is printable stands for itself, the rest is \xNN. */
static void put_bytes(FILE *out, const uint8_t *p, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        if (p[i] >= ' ' && p[i] < 0x7f && p[i] != '\\') fputc(p[i], out);
        else fprintf(out, "\\x%02x", p[i]);
    }
}

/* Of what only its owner can read: how long, and how it begins. */
static void put_opaque(FILE *out, const uint8_t *p, int64_t n) {
    fprintf(out, "%" PRId64 " bytes, crc %08" PRIx32 ": ", n, rt_crc32c(0, p, n));
    put_bytes(out, p, RT_MIN(n, 160));
    fputs(n > 160 ? "...\n" : "\n", out);
}

static void put_job(FILE *out, const uint8_t *job) {
    for (int i = 0; i < 16; i++) fprintf(out, "%02x", job[i]);
}

static void damaged(look *k, const char *what) {
    if (!k->bad) snprintf(k->why, sizeof k->why, "%s", what);
    k->bad = true;
    if (!k->quiet) fprintf(k->out, "damaged  %s\n", what);
}

/* ---- the journal ------------------------------------------------------------------- */

static void put_ref(FILE *out, const rt_state_ref *r) {
    fprintf(out, "state    %s batch %" PRId64 " epoch %" PRIu32 " bytes %" PRId64 " crc %08" PRIx32,
            r->kind == RT_STATE_SNAP ? "snap" : "delta", r->batch, r->epoch, r->length, r->crc);
    fprintf(out, " %s\n", *r->name ? r->name : "inline");
}

static void put_sink(const look *k, int64_t batch, const rt_commit_sink *s) {
    const rt_inspect_texts *t = k->texts;
    rt_wire line = {0};
    fprintf(k->out, "sink     %s#%" PRId64 " rows %" PRId64 " crc %08" PRIx32 " record ", s->name,
            s->ordinal, s->rows, s->crc);
    if (t && t->sink && t->sink(t->arg, batch, s, &line)) {
        put_bytes(k->out, line.p, line.n);
        fputc('\n', k->out);
    } else {
        put_opaque(k->out, s->record, s->len);
    }
    rt_wire_free(&line);
}

static void put_commit(const look *k, const rt_commit *c) {
    FILE *out = k->out;
    fprintf(out, "commit   %" PRId64 " now %" PRId64 "%s program %s\n", c->batch, c->now,
            c->final ? " final" : "", c->program);
    for (int64_t i = 0; i < c->nsinks; i++) put_sink(k, c->batch, &c->sinks[i]);
    for (int64_t i = 0; i < c->nrefs; i++) put_ref(out, &c->refs[i]);
}

static void put_lines(FILE *out, const char *word, const rt_wire *lines) {
    const uint8_t *p = lines->p, *end = p + lines->n;
    while (p < end) {
        const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));
        fputs(word, out);
        put_bytes(out, p, (nl ? nl : end) - p);
        fputc('\n', out);
        p = nl ? nl + 1 : end;
    }
}

static void put_plan(const look *k, const rt_planned *p) {
    const rt_inspect_texts *t = k->texts;
    rt_wire lines = {0};
    fprintf(k->out, "plan     %" PRId64 " now %" PRId64 "%s", p->batch, p->now,
            p->final ? " final" : "");
    if (t && t->plan && t->plan(t->arg, p, &lines)) {
        fputc('\n', k->out);
        put_lines(k->out, "input    ", &lines);
    } else {
        fputs(" input ", k->out);
        put_opaque(k->out, p->input, p->len);
    }
    rt_wire_free(&lines);
}

static bool put_begin(look *k, const rt_record *r) {
    uint8_t job[16], before[16];
    if (!rt_begin_read(r->payload, r->len, job, before)) return false;
    if (k->quiet) return true;
    fputs("begin    job ", k->out);
    put_job(k->out, job);
    fputc('\n', k->out);
    return true;
}

static bool see_record(look *k, const rt_record *r) {
    rt_planned plan;
    int64_t batch;
    rt_commit *commit = &k->commits[k->ncommits];
    switch (r->type) {
    case RT_BEGIN: return put_begin(k, r);
    case RT_PLAN:
        if (!rt_planned_read(r->payload, r->len, &plan)) return false;
        if (!k->quiet) put_plan(k, &plan);
        return true;
    case RT_COMMIT:
        if (!rt_commit_read(r->payload, r->len, commit)) return false;
        if (!k->quiet) put_commit(k, commit);
        k->ncommits++;
        return true;
    case RT_DONE:
        if (!rt_done_read(r->payload, r->len, &batch)) return false;
        if (!k->quiet) fprintf(k->out, "done     %" PRId64 "\n", batch);
        return true;
    }
    return false;
}

static void see_journal(look *k) {
    char what[128];
    k->commits = rt_alloc((size_t)(k->text.n + 1) * sizeof *k->commits);
    for (int64_t i = 0; i < k->text.n; i++) {
        if (see_record(k, &k->text.records[i])) continue;
        snprintf(what, sizeof what, "journal: record %" PRIu64 " makes no sense",
                 k->text.records[i].seq);
        damaged(k, what);
    }
    if (k->text.tail == RT_TAIL_DAMAGED || !k->text.n) {
        snprintf(what, sizeof what, "journal: at byte %" PRId64, k->text.tail_at);
        damaged(k, what);
    } else if (k->text.tail == RT_TAIL_TORN && !k->quiet) {
        fprintf(k->out, "torn     journal: at byte %" PRId64 " of %" PRId64 "\n",
                k->text.tail_at, k->text.len);
    }
}

/* IDENT and the journal; what they say is printed unless `quiet`. */
static rt_status look_at(look *k, const char *dir, FILE *out, bool quiet,
                         const rt_inspect_texts *texts) {
    int found;
    *k = (look){.dir = dir, .out = out, .quiet = quiet, .texts = texts};
    snprintf(k->state_dir, sizeof k->state_dir, "%s/state", dir);
    rt_status status = rt_ident_read(dir, &k->ident, &k->has_ident);
    if (status != RT_ok && status != RT_refused) return status;
    if (status == RT_refused) damaged(k, "IDENT");
    else if (!k->has_ident) damaged(k, "IDENT: is not there");
    if (k->has_ident && !quiet) {
        fputs("ident    job ", out);
        put_job(out, k->ident.job);
        fprintf(out, " program %s partitions %" PRId64 "\n", k->ident.name,
                k->ident.partitions);
    }
    RT_TRY(rt_journal_load(dir, &k->text, &found));
    if (found) see_journal(k);
    else damaged(k, "journal: is not there");
    return RT_ok;
}

static void look_away(look *k) {
    for (int64_t i = 0; i < k->ncommits; i++) rt_commit_free(&k->commits[i]);
    free(k->commits);
    rt_journal_text_free(&k->text);
}

/* ---- saved state ------------------------------------------------------------------- */

/* The newest COMMIT with state, or null. */
static const rt_commit *newest(const look *k) {
    for (int64_t i = k->ncommits - 1; i >= 0; i--)
        if (k->commits[i].state) return &k->commits[i];
    return NULL;
}

/* The file, or the bytes in a COMMIT, that a reference means. */
static rt_status open_ref(const look *k, const rt_state_ref *ref, rt_state_file **out,
                          rt_trouble *trouble) {
    char what[64];
    if (*ref->name) return rt_state_file_open(k->state_dir, ref, out, trouble);
    snprintf(what, sizeof what, "the state in COMMIT %" PRId64, ref->batch);
    for (int64_t i = k->ncommits - 1; i >= 0; i--)
        if (k->commits[i].batch == ref->batch && k->commits[i].inlined_len)
            return rt_state_file_of(k->commits[i].inlined, k->commits[i].inlined_len, ref, what,
                                    out, trouble);
    *out = NULL;
    snprintf(trouble->text, sizeof trouble->text, "%s is not there", what);
    return RT_refused;
}

/* All files of a saved state, oldest first; less than nrefs if one cannot be opened. */
static int64_t open_all(look *k, const rt_commit *c, rt_state_file **files) {
    rt_trouble trouble;
    for (int64_t i = 0; i < c->nrefs; i++) {
        if (open_ref(k, &c->refs[i], &files[i], &trouble) == RT_ok) continue;
        damaged(k, trouble.text);
        return i;
    }
    return c->nrefs;
}

static void close_all(rt_state_file **files, int64_t n) {
    for (int64_t i = 0; i < n; i++) rt_state_file_close(files[i]);
    free(files);
}

static void put_file(look *k, const rt_state_file *f, const rt_state_ref *ref) {
    int64_t n, sections, meta, ops = 0;
    rt_state_file_ids(f, &n);
    const rt_state_section *s = rt_state_file_sections(f, &sections);
    rt_state_file_meta(f, &meta);
    for (int64_t i = 0; i < sections; i++) ops += s[i].ops;
    fprintf(k->out, "file     %s batch %" PRId64 " states %" PRId64 " sections %" PRId64
                    " ops %" PRId64 " meta %" PRId64 "\n",
            *ref->name ? ref->name : "inline", ref->batch, n, sections, ops, meta);
}

typedef struct printing {
    look *k;
    rt_state_file **files;
    int64_t n;
} printing;

static void put_row(const printing *p, const rt_state_id *id, int64_t part,
                    const rt_saved_op *op) {
    FILE *out = p->k->out;
    const rt_inspect_texts *t = p->k->texts;
    char *text = t && t->row ? t->row(t->arg, id, op) : NULL;
    fprintf(out, "row      %s\t%" PRId64 "\t", id->name, part);
    if (text) {
        fputs(text, out);
    } else {
        put_bytes(out, op->key, op->klen);
        fputc('\t', out);
        put_bytes(out, op->value, op->vlen);
    }
    fputc('\n', out);
    free(text);
}

static void put_rows(const printing *p, const rt_state_id *id, int64_t part) {
    rt_trouble trouble;
    rt_saved_op op;
    rt_status status;
    rt_rows *rows = rt_rows_new(p->files, p->n, id->name, id->schema, part);
    while (rt_rows_next(rows, &op, &status, &trouble)) put_row(p, id, part, &op);
    if (status != RT_ok) damaged(p->k, trouble.text);
    rt_rows_free(rows);
}

static void put_state(const printing *p) {
    int64_t nids, n;
    const rt_state_id *ids = rt_state_file_ids(p->files[p->n - 1], &nids);
    int64_t parts = 0;
    for (int64_t i = 0; i < p->n; i++) {
        const rt_state_section *s = rt_state_file_sections(p->files[i], &n);
        for (int64_t j = 0; j < n; j++) parts = RT_MAX(parts, s[j].partition + 1);
    }
    for (int64_t i = 0; i < nids; i++)
        for (int64_t part = 0; part < parts; part++) put_rows(p, &ids[i], part);
}

rt_status rt_inspect_dump(const char *dir, FILE *out, const rt_inspect_texts *texts) {
    look k;
    rt_status status = look_at(&k, dir, out, false, texts);
    const rt_commit *c = newest(&k);
    if (status == RT_ok && c) {
        printing p = {.k = &k};
        p.files = rt_alloc((size_t)c->nrefs * sizeof *p.files);
        p.n = open_all(&k, c, p.files);
        for (int64_t i = 0; i < p.n; i++) put_file(&k, p.files[i], &c->refs[i]);
        if (p.n == c->nrefs) {
            fprintf(out, "saved    %" PRId64 "\n", c->batch);
            put_state(&p);
        }
        close_all(p.files, p.n);
    }
    look_away(&k);
    return status == RT_ok && k.bad ? RT_refused : status;
}

rt_status rt_inspect_states(const char *dir, rt_print *out, rt_trouble *trouble) {
    look k;
    rt_status status = look_at(&k, dir, stderr, true, NULL);
    const rt_commit *c = newest(&k);
    *out = (rt_print){0};
    if (status == RT_ok && c) {
        rt_state_file *f = NULL;
        status = open_ref(&k, &c->refs[c->nrefs - 1], &f, trouble);
        if (f) {
            int64_t n;
            const rt_state_id *ids = rt_state_file_ids(f, &n);
            *out = rt_print_of_ids(ids, n);
            rt_state_file_close(f);
        }
    }
    if (k.bad) snprintf(trouble->text, sizeof trouble->text, "%.500s", k.why);
    look_away(&k);
    return status == RT_ok && k.bad ? RT_refused : status;
}

/* ---- check ------------------------------------------------------------------------- */

typedef struct checking {
    look *k;
    char (*seen)[48]; /* names of files that have been read */
    int64_t nseen;
} checking;

static bool was_seen(const checking *g, const char *name) {
    for (int64_t i = 0; i < g->nseen; i++)
        if (!strcmp(g->seen[i], name)) return true;
    return false;
}

static void check_ref(checking *g, const rt_state_ref *ref, bool must) {
    rt_trouble trouble;
    rt_state_file *f = NULL;
    struct stat st;
    char path[4300], name[48];
    if (*ref->name) snprintf(name, sizeof name, "%s", ref->name);
    else snprintf(name, sizeof name, "COMMIT %" PRId64, ref->batch);
    if (was_seen(g, name)) return;
    snprintf(path, sizeof path, "%.4200s/%.47s", g->k->state_dir, ref->name);
    if (*ref->name && !must && rt_os_stat(path, &st) < 0) return; /* no longer needed */
    g->seen = rt_realloc(g->seen, (size_t)(g->nseen + 1) * sizeof *g->seen);
    memcpy(g->seen[g->nseen++], name, sizeof *g->seen);
    rt_status status = open_ref(g->k, ref, &f, &trouble);
    if (status == RT_ok) status = rt_state_file_verify(f, &trouble);
    rt_state_file_close(f);
    if (status != RT_ok) damaged(g->k, trouble.text);
    else fprintf(g->k->out, "ok       %s%s\n", *ref->name ? "state/" : "the state in ", name);
}

static void check_strays(checking *g) {
    struct dirent **names;
    int n = rt_os_scan(g->k->state_dir, &names);
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        if (name[0] != '.' && !was_seen(g, name))
            fprintf(g->k->out, "stray    state/%s: nothing names it, the next start removes it\n",
                    name);
        free(names[i]);
    }
    if (n >= 0) free(names);
}

rt_status rt_inspect_check(const char *dir, FILE *out) {
    look k;
    checking g = {.k = &k};
    rt_status status = look_at(&k, dir, out, true, NULL);
    const rt_commit *last = newest(&k);
    k.quiet = false;
    if (k.bad) fprintf(out, "damaged  %s\n", k.why);
    else fprintf(out, "ok       IDENT\nok       journal: %" PRId64 " records%s\n", k.text.n,
                 k.text.tail == RT_TAIL_TORN ? ", and a torn one at its end" : "");
    for (int64_t i = 0; status == RT_ok && i < k.ncommits; i++)
        for (int64_t j = 0; j < k.commits[i].nrefs; j++)
            check_ref(&g, &k.commits[i].refs[j], &k.commits[i] == last);
    if (status == RT_ok) check_strays(&g);
    if (k.ncommits)
        fprintf(out, "last     batch %" PRId64 " is committed, state is saved behind %" PRId64 "\n",
                k.commits[k.ncommits - 1].batch, last ? last->batch : -1);
    free(g.seen);
    look_away(&k);
    return status == RT_ok && k.bad ? RT_refused : status;
}
