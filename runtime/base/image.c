/* image.c - see image.h. */
#include "runtime/base/image.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/os.h"
#include "runtime/base/rt_arena.h"

#define VERSION     4 /* of the line numbers that flowc writes */
#define SECTION_MAX (INT64_C(1) << 28)

enum { FILES = 64 }; /* of a unit; the lines of others have none */

/* From `from` to the next row's. */
typedef struct row {
    uint64_t from;
    const char *file; /* null: no code of the program */
    int64_t line;     /* 0: none */
    int64_t order;    /* of several at one address the last counts */
} row;

typedef struct section {
    uint8_t *p;
    int64_t n;
} section;

struct rt_image {
    uintptr_t base; /* what is to be added to an address of the file */
    section lines, symbols, names;
    rt_function *functions;
    int64_t nfunctions;
    row *rows;
    int64_t nrows, room;
};

/* The first byte of the executable as it lies in memory; the linker makes the symbol. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* ---- sections ---------------------------------------------------------------------------- */

static section read_section(int fd, const Elf64_Shdr *h) {
    section s = {.n = (int64_t)h->sh_size};
    if (s.n <= 0 || s.n > SECTION_MAX || h->sh_type == SHT_NOBITS) return (section){0};
    s.p = rt_alloc((size_t)s.n + 1); /* texts in it are terminated */
    if (rt_os_pread_all(fd, s.p, s.n, (int64_t)h->sh_offset) == s.n) return s;
    free(s.p);
    return (section){0};
}

static void read_sections(rt_image *image, int fd) {
    Elf64_Ehdr head;
    if (rt_os_pread_all(fd, &head, sizeof head, 0) != sizeof head) return;
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) || head.e_shentsize != sizeof(Elf64_Shdr)) return;
    Elf64_Shdr all = {.sh_type = SHT_PROGBITS, .sh_offset = head.e_shoff};
    all.sh_size = (uint64_t)head.e_shnum * sizeof(Elf64_Shdr);
    section table = read_section(fd, &all);
    const Elf64_Shdr *at = (const Elf64_Shdr *)table.p;
    if (!at || head.e_shstrndx >= head.e_shnum) return free(table.p);
    section names = read_section(fd, &at[head.e_shstrndx]);
    for (int i = 0; names.p && i < head.e_shnum; i++) {
        if (at[i].sh_name >= (uint64_t)names.n) continue;
        const char *name = (const char *)names.p + at[i].sh_name;
        if (!strcmp(name, ".debug_line")) image->lines = read_section(fd, &at[i]);
        if (!strcmp(name, ".symtab")) image->symbols = read_section(fd, &at[i]);
        if (!strcmp(name, ".strtab")) image->names = read_section(fd, &at[i]);
    }
    free(names.p);
    free(table.p);
}

/* ---- functions --------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b) {
    const rt_function *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

static void list_functions(rt_image *image) {
    const Elf64_Sym *at = (const Elf64_Sym *)image->symbols.p;
    int64_t n = image->symbols.n / (int64_t)sizeof *at;
    if (!image->names.p) return;
    image->functions = rt_alloc((size_t)n * sizeof *image->functions);
    for (int64_t i = 0; i < n; i++) {
        if (ELF64_ST_TYPE(at[i].st_info) != STT_FUNC || !at[i].st_size) continue;
        if (at[i].st_name >= (uint64_t)image->names.n) continue;
        uintptr_t from = image->base + at[i].st_value;
        image->functions[image->nfunctions++] = (rt_function){
            from, from + at[i].st_size, (const char *)image->names.p + at[i].st_name};
    }
    if (image->nfunctions)
        qsort(image->functions, (size_t)image->nfunctions, sizeof *image->functions, by_address);
}

const rt_function *rt_image_functions(const rt_image *image, int64_t *n) {
    *n = image->nfunctions;
    return image->functions;
}

const rt_function *rt_image_function(const rt_image *image, uintptr_t pc) {
    int64_t lo = 0, hi = image->nfunctions;
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        if (image->functions[mid].from <= pc) lo = mid + 1;
        else hi = mid;
    }
    return lo && pc < image->functions[lo - 1].to ? &image->functions[lo - 1] : NULL;
}

/* ---- lines ------------------------------------------------------------------------------- */

/* Reads on in a section; behind its end there are zeros, and `bad` is set. */
typedef struct cursor {
    const uint8_t *p, *end;
    bool bad;
} cursor;

static uint64_t take(cursor *c, int bytes) {
    uint64_t v = 0;
    if (c->end - c->p < bytes) {
        c->bad = true;
        c->p = c->end;
        return 0;
    }
    memcpy(&v, c->p, (size_t)bytes);
    c->p += bytes;
    return v;
}

/* LEB128, with a sign or without. */
static int64_t take_leb(cursor *c, bool sign) {
    uint64_t v = 0;
    int shift = 0;
    uint8_t byte;
    do {
        byte = (uint8_t)take(c, 1);
        if (shift < 64) v |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (sign && shift < 64 && byte & 0x40) v |= ~UINT64_C(0) << shift;
    return (int64_t)v;
}

static const char *take_text(cursor *c) {
    const char *text = (const char *)c->p;
    while (take(c, 1)) continue;
    return text;
}

/* A unit's table of lines, and the state of the machine that its program runs (6.2.2). */
typedef struct unit {
    const char *files[FILES];
    int64_t nfiles;
    int line_base, line_range, opcode_base, step;
    uint8_t operands[256];
    uint64_t address;
    int64_t file, line;
} unit;

static void add_row(rt_image *image, const unit *u, bool end) {
    if (image->nrows == image->room) {
        image->room = image->room ? 2 * image->room : 1024;
        image->rows = rt_realloc(image->rows, (size_t)image->room * sizeof *image->rows);
    }
    bool known = !end && u->file > 0 && u->file <= u->nfiles;
    image->rows[image->nrows] = (row){image->base + u->address,
                                      known ? u->files[u->file - 1] : NULL, u->line,
                                      image->nrows};
    image->nrows++;
}

static void start_sequence(unit *u) {
    u->address = 0;
    u->file = u->line = 1;
}

static void run_extended(rt_image *image, unit *u, cursor *c) {
    uint64_t length = (uint64_t)take_leb(c, false);
    if (!length || (uint64_t)(c->end - c->p) < length) {
        c->bad = true;
        return;
    }
    const uint8_t *behind = c->p + length;
    switch (take(c, 1)) {
    case 1: /* end of a sequence */
        add_row(image, u, true);
        start_sequence(u);
        break;
    case 2: u->address = take(c, 8); break;
    default: break;
    }
    c->p = behind;
}

static void run_standard(rt_image *image, unit *u, cursor *c, int opcode) {
    switch (opcode) {
    case 1: add_row(image, u, false); break;                                        /* copy */
    case 2: u->address += (uint64_t)take_leb(c, false) * (uint64_t)u->step; break;  /* pc */
    case 3: u->line += take_leb(c, true); break;                                    /* line */
    case 4: u->file = take_leb(c, false); break;                                    /* file */
    case 8: u->address += (uint64_t)((255 - u->opcode_base) / u->line_range * u->step); break;
    case 9: u->address += take(c, 2); break;                                        /* fixed pc */
    default: /* columns, statements, blocks: nothing that is asked for */
        for (int i = 0; i < u->operands[opcode]; i++) take_leb(c, false);
    }
}

static void run_unit(rt_image *image, unit *u, cursor *c) {
    start_sequence(u);
    while (c->p < c->end && !c->bad) {
        int opcode = (int)take(c, 1);
        if (opcode >= u->opcode_base) {
            int special = opcode - u->opcode_base;
            u->address += (uint64_t)(special / u->line_range * u->step);
            u->line += u->line_base + special % u->line_range;
            add_row(image, u, false);
        } else if (opcode) {
            run_standard(image, u, c, opcode);
        } else {
            run_extended(image, u, c);
        }
    }
}

/* The header behind its version (6.2.4), and the program. */
static void read_unit(rt_image *image, cursor *c) {
    unit u = {0};
    uint64_t length = take(c, 4);
    if (c->bad || length > (uint64_t)(c->end - c->p)) return;
    cursor program = {c->p + length, c->end, false};
    u.step = (int)take(c, 1);
    take(c, 2); /* operations of an instruction; is a row a statement at first? */
    u.line_base = (int8_t)take(c, 1);
    u.line_range = (int)take(c, 1);
    u.opcode_base = (int)take(c, 1);
    for (int i = 1; i < u.opcode_base; i++) u.operands[i] = (uint8_t)take(c, 1);
    while (!c->bad && *take_text(c)) continue; /* folders */
    while (!c->bad && u.nfiles < FILES) {
        const char *name = take_text(c);
        if (!*name) break;
        u.files[u.nfiles++] = name;
        for (int i = 0; i < 3; i++) take_leb(c, false); /* folder, time, size */
    }
    if (!c->bad && u.line_range && u.opcode_base) run_unit(image, &u, &program);
}

/* Where one sequence ends another may begin. */
static int by_from(const void *a, const void *b) {
    const row *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    if (!x->file != !y->file) return x->file ? 1 : -1;
    return x->order < y->order ? -1 : 1;
}

static void list_lines(rt_image *image) {
    if (!image->lines.p) return;
    cursor all = {image->lines.p, image->lines.p + image->lines.n, false};
    while (all.p < all.end && !all.bad) {
        uint64_t length = take(&all, 4);
        if (all.bad || length > (uint64_t)(all.end - all.p)) break;
        cursor c = {all.p, all.p + length, false};
        all.p = c.end;
        if (take(&c, 2) == VERSION) read_unit(image, &c);
    }
    if (image->nrows) qsort(image->rows, (size_t)image->nrows, sizeof *image->rows, by_from);
}

int64_t rt_image_line(const rt_image *image, uintptr_t pc, const char **file) {
    int64_t lo = 0, hi = image->nrows;
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        if (image->rows[mid].from <= pc) lo = mid + 1;
        else hi = mid;
    }
    const rt_function *f = rt_image_function(image, pc);
    /* Some instructions have no line: they belong to what stands before them. */
    while (lo && image->rows[lo - 1].file && !image->rows[lo - 1].line && f &&
           image->rows[lo - 1].from > f->from)
        lo--;
    if (!lo || !image->rows[lo - 1].file) return 0;
    *file = image->rows[lo - 1].file;
    return image->rows[lo - 1].line;
}

/* ---- the image --------------------------------------------------------------------------- */

rt_image *rt_image_read(void) {
    rt_image *image = rt_alloc(sizeof *image);
    image->base = (uintptr_t)__ehdr_start;
    int fd = rt_os_open("/proc/self/exe", O_RDONLY, 0);
    if (fd < 0) return image;
    read_sections(image, fd);
    rt_os_close(fd);
    list_functions(image);
    list_lines(image);
    return image;
}

void rt_image_free(rt_image *image) {
    free(image->functions);
    free(image->rows);
    free(image->lines.p);
    free(image->symbols.p);
    free(image->names.p);
    free(image);
}
