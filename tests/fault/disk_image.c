/* disk_image.c - see disk_image.h. */
#include "tests/fault/disk_image.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- traces ------------------------------------------------------------------------------ */

/* Below `dir`, without dots and slashes that say nothing; `.` is the folder itself. */
static void clean(const char *path, int64_t len, const char *dir, char *out) {
    char text[LAB_PATH];
    size_t n = strlen(dir), w = 0;
    if (len >= LAB_PATH) lab_die("a path is too long");
    memcpy(text, path, (size_t)len);
    text[len] = 0;
    const char *p = text;
    if (!strncmp(p, dir, n) && (p[n] == '/' || !p[n])) p += n;
    while (*p) {
        size_t part = strcspn(p, "/");
        bool counts = part && !(part == 1 && *p == '.');
        if (w + part + 2 > LAB_PATH / 2) lab_die("a path is too long: %s", text);
        if (counts && w) out[w++] = '/';
        if (counts) memcpy(out + w, p, part);
        if (counts) w += part;
        p += part + (p[part] == '/');
    }
    if (!w) out[w++] = '.';
    out[w] = 0;
}

static const char *const kinds[] = {"create", "cut",    "write", "sync",  "syncdir",
                                    "rename", "unlink", "mkdir", "rmdir", "mark"};

/* The words of a line. */
static int split(const char *line, const char *end, const char **words, int64_t *lens) {
    int n = 0;
    while (line < end && n < 4) {
        const char *space = memchr(line, ' ', (size_t)(end - line));
        const char *stop = space && n < 3 ? space : end;
        words[n] = line;
        lens[n++] = stop - line;
        line = stop + 1;
    }
    return n;
}

static bool read_op(const char **at, const char *end, const char *dir, disk_op *op) {
    const char *nl = memchr(*at, '\n', (size_t)(end - *at)), *words[4];
    int64_t lens[4];
    if (!nl) return false;
    int n = split(*at, nl, words, lens), kind = 0;
    while (kind < DISK_KINDS && (strlen(kinds[kind]) != (size_t)lens[0] ||
                                 memcmp(kinds[kind], words[0], (size_t)lens[0])))
        kind++;
    if (kind == DISK_KINDS || n < 2) return false;
    *op = (disk_op){.kind = (disk_kind)kind};
    *at = nl + 1;
    switch (op->kind) {
    case DISK_CREATE:
        op->inode = strtoull(words[1], NULL, 10);
        clean(words[2], nl - words[2], dir, op->a);
        break;
    case DISK_CUT: case DISK_SYNC: case DISK_WRITE:
        op->inode = strtoull(words[1], NULL, 10);
        if (n > 2) op->n = op->at = strtoll(words[2], NULL, 10);
        if (op->kind != DISK_WRITE) break;
        op->n = strtoll(words[3], NULL, 10);
        op->bytes = *at;
        if (end - *at < op->n) return false;
        *at += op->n;
        break;
    case DISK_RENAME:
        clean(words[1], lens[1], dir, op->a);
        clean(words[2], nl - words[2], dir, op->b);
        break;
    case DISK_MARK:
        snprintf(op->a, sizeof op->a, "%.*s", (int)lens[1], words[1]);
        op->n = strtoll(words[2], NULL, 10);
        break;
    default: clean(words[1], nl - words[1], dir, op->a);
    }
    return true;
}

disk_trace disk_read_trace(const char *path, const char *dir) {
    disk_trace t = {.text = lab_read(path)};
    const char *at = t.text.p, *end = at + t.text.n;
    int64_t room = 0;
    disk_op op;
    while (at && at < end && read_op(&at, end, dir, &op)) {
        if (t.n == room) {
            room = 2 * room + 64;
            t.ops = realloc(t.ops, (size_t)room * sizeof *t.ops);
            if (!t.ops) lab_die("memory");
        }
        t.ops[t.n++] = op;
    }
    return t;
}

void disk_trace_free(disk_trace *t) {
    free(t->ops);
    lab_text_free(&t->text);
    *t = (disk_trace){0};
}

/* ---- the model --------------------------------------------------------------------------- */

typedef struct change { /* of a file's data */
    const char *bytes;  /* null: cut to `at` */
    int64_t at, n;
} change;

typedef struct file {
    uint64_t inode;
    lab_text durable;
    change *pending;
    int64_t npending;
} file;

typedef struct name {
    char path[LAB_PATH / 2];
    int64_t file; /* -1: a folder */
} name;

typedef struct names {
    name *all;
    int64_t n;
} names;

typedef enum step_kind { STEP_LINK, STEP_DROP, STEP_MOVE } step_kind;

typedef struct step { /* of names */
    step_kind kind;
    char a[LAB_PATH / 2], b[LAB_PATH / 2]; /* b: where a move goes */
    int64_t file;
} step;

struct disk {
    file *files;
    int64_t nfiles;
    names durable, shown;
    step *pending;
    int64_t npending;
};

#define GROW(array, n)                                                                       \
    ((array) = realloc(array, (size_t)((n) + 1) * sizeof *(array)),                          \
     (array) ? (void)0 : lab_die("memory"))

static int64_t find(const names *l, const char *path) {
    for (int64_t i = 0; i < l->n; i++)
        if (!strcmp(l->all[i].path, path)) return i;
    return -1;
}

static void drop(names *l, const char *path) {
    int64_t i = find(l, path);
    if (i >= 0) l->all[i] = l->all[--l->n];
}

static void put(names *l, const char *path, int64_t f) {
    drop(l, path);
    GROW(l->all, l->n);
    snprintf(l->all[l->n].path, sizeof l->all->path, "%s", path);
    l->all[l->n++].file = f;
}

static void apply_step(names *l, const step *s) {
    if (s->kind != STEP_LINK) drop(l, s->a);
    if (s->kind == STEP_LINK) put(l, s->a, s->file);
    if (s->kind == STEP_MOVE) put(l, s->b, s->file);
}

static void parent(const char *path, char *out) {
    const char *slash = strrchr(path, '/');
    snprintf(out, LAB_PATH / 2, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
}

static void add_step(disk *d, step_kind kind, const char *a, const char *b, int64_t f) {
    step s = {.kind = kind, .file = f};
    snprintf(s.a, sizeof s.a, "%s", a);
    snprintf(s.b, sizeof s.b, "%s", b);
    apply_step(&d->shown, &s);
    GROW(d->pending, d->npending);
    d->pending[d->npending++] = s;
}

static int64_t add_file(disk *d, uint64_t inode) {
    GROW(d->files, d->nfiles);
    d->files[d->nfiles] = (file){.inode = inode};
    lab_text_add(&d->files[d->nfiles].durable, "", 0);
    return d->nfiles++;
}

/* The newest with this inode: numbers come again. */
static file *file_of(disk *d, uint64_t inode) {
    for (int64_t i = d->nfiles; i-- > 0;)
        if (d->files[i].inode == inode) return &d->files[i];
    return NULL;
}

static void set_length(lab_text *t, int64_t n) {
    if (n > t->n) {
        t->p = realloc(t->p, (size_t)n + 1);
        if (!t->p) lab_die("memory");
        memset(t->p + t->n, 0, (size_t)(n - t->n));
    }
    t->n = n;
    t->p[n] = 0;
}

static void apply_change(lab_text *t, const change *c) {
    if (!c->bytes) {
        set_length(t, c->at);
        return;
    }
    if (c->at + c->n > t->n) set_length(t, c->at + c->n);
    memcpy(t->p + c->at, c->bytes, (size_t)c->n);
}

static void add_change(disk *d, const disk_op *op) {
    file *f = file_of(d, op->inode);
    if (!f) return;
    GROW(f->pending, f->npending);
    f->pending[f->npending++] = (change){op->bytes, op->kind == DISK_CUT ? op->n : op->at, op->n};
}

static void sync_file(file *f) {
    for (int64_t i = 0; f && i < f->npending; i++) apply_change(&f->durable, &f->pending[i]);
    if (f) f->npending = 0;
}

/* What was done to the names of this folder is durable. */
static void sync_dir(disk *d, const char *dir) {
    int64_t kept = 0;
    for (int64_t i = 0; i < d->npending; i++) {
        char in[LAB_PATH / 2];
        parent(d->pending[i].a, in);
        if (!strcmp(in, dir)) apply_step(&d->durable, &d->pending[i]);
        else d->pending[kept++] = d->pending[i];
    }
    d->npending = kept;
}

static void rename_name(disk *d, const char *from, const char *to) {
    char a[LAB_PATH / 2], b[LAB_PATH / 2];
    int64_t i = find(&d->shown, from);
    if (i < 0) return;
    int64_t f = d->shown.all[i].file;
    parent(from, a);
    parent(to, b);
    if (!strcmp(a, b)) {
        add_step(d, STEP_MOVE, from, to, f);
    } else {
        add_step(d, STEP_LINK, to, "", f);
        add_step(d, STEP_DROP, from, "", -1);
    }
}

void disk_do(disk *d, const disk_op *op) {
    switch (op->kind) {
    case DISK_CREATE: add_step(d, STEP_LINK, op->a, "", add_file(d, op->inode)); break;
    case DISK_CUT: case DISK_WRITE: add_change(d, op); break;
    case DISK_SYNC: sync_file(file_of(d, op->inode)); break;
    case DISK_SYNCDIR: sync_dir(d, op->a); break;
    case DISK_RENAME: rename_name(d, op->a, op->b); break;
    case DISK_UNLINK: case DISK_RMDIR: add_step(d, STEP_DROP, op->a, "", -1); break;
    case DISK_MKDIR: add_step(d, STEP_LINK, op->a, "", -1); break;
    case DISK_MARK: case DISK_KINDS: break;
    }
}

static void load(disk *d, const char *dir, const char *below) {
    char path[LAB_PATH];
    lab_path(path, "%s/%s", dir, below);
    DIR *all = opendir(path);
    if (!all) lab_die("cannot look into %s", path);
    for (struct dirent *e; (e = readdir(all));) {
        char at[LAB_PATH], rel[LAB_PATH / 2];
        struct stat st;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        lab_path(at, "%s%s%s", below, *below ? "/" : "", e->d_name);
        clean(at, (int64_t)strlen(at), "", rel);
        lab_path(path, "%s/%s", dir, rel);
        if (lstat(path, &st) < 0) lab_die("cannot look at %s", path);
        if (S_ISDIR(st.st_mode)) {
            put(&d->durable, rel, -1), put(&d->shown, rel, -1);
            load(d, dir, rel);
        } else if (S_ISREG(st.st_mode)) {
            int64_t f = add_file(d, (uint64_t)st.st_ino);
            lab_text_free(&d->files[f].durable);
            d->files[f].durable = lab_read(path);
            put(&d->durable, rel, f), put(&d->shown, rel, f);
        }
    }
    closedir(all);
}

disk *disk_of(const char *dir) {
    disk *d = calloc(1, sizeof *d);
    if (!d) lab_die("memory");
    load(d, dir, "");
    return d;
}

void disk_free(disk *d) {
    for (int64_t i = 0; i < d->nfiles; i++) {
        lab_text_free(&d->files[i].durable);
        free(d->files[i].pending);
    }
    free(d->files);
    free(d->durable.all);
    free(d->shown.all);
    free(d->pending);
    free(d);
}

/* ---- images ------------------------------------------------------------------------------- */

static lab_text copy_of(const lab_text *t) {
    lab_text c = {NULL, 0};
    lab_text_add(&c, t->p, t->n);
    return c;
}

/* One that reached the disk as something else. */
static void spoil(lab_text *t, const change *w, int how, lab_chance *c) {
    apply_change(t, w);
    if (!w->bytes) return;
    if (how == 0) memset(t->p + w->at, 0, (size_t)w->n);
    for (int64_t i = 0; how == 1 && i < w->n; i++) t->p[w->at + i] = (char)lab_next(c);
    for (int64_t k = 1 + lab_below(c, 3); how >= 2 && k > 0; k--)
        t->p[w->at + lab_below(c, w->n)] ^= (char)(1 << lab_below(c, 8));
}

enum { DATA_FIRST, DATA_TORN, DATA_SUBSET, DATA_SPOILT, DATA_WAYS };

/* A file as it may come back. */
static lab_text data_of(const file *f, int survive, lab_chance *c) {
    lab_text t = copy_of(&f->durable);
    if (!f->npending || survive < 0) return t;
    int way = (int)lab_below(c, DATA_WAYS);
    int64_t whole = survive > 0 ? f->npending : lab_below(c, f->npending + 1);
    if (survive > 0) way = DATA_FIRST;
    int spoils = (int)lab_below(c, 4);
    for (int64_t i = 0; i < f->npending; i++) {
        change w = f->pending[i];
        if (way == DATA_SUBSET && lab_one_in(c, 2)) continue;
        if (way != DATA_SUBSET && i > whole) break;
        if (way != DATA_SUBSET && i == whole) {
            if (way == DATA_FIRST) break;
            if (way == DATA_TORN && w.bytes) w.n = lab_below(c, w.n + 1);
            if (way == DATA_SPOILT) {
                spoil(&t, &w, spoils, c);
                continue;
            }
        }
        apply_change(&t, &w);
    }
    return t;
}

static uint64_t hash_add(uint64_t h, const void *p, int64_t n) {
    const unsigned char *b = p;
    for (int64_t i = 0; i < n; i++) h = (h ^ b[i]) * 0x100000001b3u;
    return h;
}

static int by_path(const void *a, const void *b) {
    return strcmp(((const name *)a)->path, ((const name *)b)->path);
}

static names survivors(const disk *d, disk_way way, lab_chance *c) {
    names l = {malloc((size_t)(d->durable.n + 1) * sizeof(name)), d->durable.n};
    if (!l.all) lab_die("memory");
    if (d->durable.n) memcpy(l.all, d->durable.all, (size_t)d->durable.n * sizeof(name));
    int64_t whole = way.names > 0 ? d->npending : way.names < 0 ? 0 : lab_below(c, d->npending + 1);
    for (int64_t i = 0; i < d->npending; i++)
        if (way.subset && !way.names ? lab_one_in(c, 2) : i < whole)
            apply_step(&l, &d->pending[i]);
    qsort(l.all, (size_t)l.n, sizeof *l.all, by_path);
    return l;
}

uint64_t disk_write(const disk *d, disk_way way, lab_chance *c, const char *dir) {
    uint64_t hash = 0xcbf29ce484222325u;
    names l = survivors(d, way, c);
    if (mkdir(dir, 0700) < 0) lab_die("cannot make %s", dir);
    for (int64_t i = 0; i < l.n; i++) {
        char path[LAB_PATH], above[LAB_PATH / 2];
        parent(l.all[i].path, above);
        lab_path(path, "%s/%s", dir, above);
        if (!lab_there(path)) continue; /* its folder did not survive */
        lab_path(path, "%s/%s", dir, l.all[i].path);
        hash = hash_add(hash, l.all[i].path, (int64_t)strlen(l.all[i].path) + 1);
        if (l.all[i].file < 0) {
            lab_mkdir(path);
            continue;
        }
        lab_text t = data_of(&d->files[l.all[i].file], way.data, c);
        lab_write(path, t.p, t.n);
        hash = hash_add(hash, t.p, t.n);
        lab_text_free(&t);
    }
    free(l.all);
    return hash;
}

static lab_text shown_of(const file *f) {
    lab_text t = copy_of(&f->durable);
    for (int64_t k = 0; k < f->npending; k++) apply_change(&t, &f->pending[k]);
    return t;
}

typedef struct fit {
    const disk *d;
    int64_t found;
    char *why;
    int room;
} fit;

static void fit_file(void *arg, const char *root, const char *path) {
    fit *f = arg;
    char whole[LAB_PATH];
    if (!strcmp(path, "stdout") || !strcmp(path, "stderr")) return;
    int64_t i = find(&f->d->shown, path);
    lab_path(whole, "%s/%s", root, path);
    if (i < 0 || f->d->shown.all[i].file < 0) {
        snprintf(f->why, (size_t)f->room, "%.300s is not in the trace", path);
        return;
    }
    lab_text want = shown_of(&f->d->files[f->d->shown.all[i].file]), got = lab_read(whole);
    f->found++;
    if (!lab_same(&want, &got))
        snprintf(f->why, (size_t)f->room, "%.300s is another than the trace says", path);
    lab_text_free(&want);
    lab_text_free(&got);
}

bool disk_fits(const disk *d, const char *dir, char *why, int room) {
    fit f = {.d = d, .why = why, .room = room};
    int64_t files = 0;
    *why = 0;
    lab_walk(dir, fit_file, &f);
    for (int64_t i = 0; i < d->shown.n; i++) files += d->shown.all[i].file >= 0;
    if (!*why && files != f.found)
        snprintf(why, (size_t)room, "%lld files in the trace, %lld there", (long long)files,
                 (long long)f.found);
    return !*why;
}

void disk_shown(const disk *d, disk_visit *visit, void *arg) {
    for (int64_t i = 0; i < d->shown.n; i++) {
        const name *n = &d->shown.all[i];
        const char *base = strrchr(n->path, '/');
        base = base ? base + 1 : n->path;
        if (n->file < 0 || *base == '.' || !strncmp(n->path, "ck/", 3)) continue;
        lab_text t = shown_of(&d->files[n->file]);
        visit(arg, n->path, &t);
        lab_text_free(&t);
    }
}
