/* flow_gen.c - random programs over rows of every type, and such rows as JSON lines.
 *
 *   flow_gen rows SEED N      N rows on standard output
 *   flow_gen program SEED     a program that reads them
 *
 * The expressions come from the productions that the unit tests compare with the folder;
 * here they meet steps, formats and state. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/compiler/lab_row.h"

typedef struct production {
    char type;
    const char *text;
    int leaf;
} production_t;

static const production_t productions[] = {
#define P(type, text) {type, text, 0},
#define LEAF(type, text) {type, text, 1},
#include "tests/unit/compiler/productions.def"
#undef P
#undef LEAF
};
enum { PRODUCTIONS = sizeof productions / sizeof *productions };

static uint64_t state;
static int names;

static unsigned draw(unsigned below) { /* xorshift64* */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 0x2545F4914F6CDD1Du >> 32) % below);
}

/* ---- programs ---- */

static const production_t *choose(char type, int leaf) {
    const production_t *at[PRODUCTIONS];
    unsigned n = 0;
    for (int i = 0; i < PRODUCTIONS; i++)
        if (productions[i].type == type && productions[i].leaf == leaf)
            at[n++] = &productions[i];
    return n ? at[draw(n)] : NULL;
}

static void expression(char type, int depth) {
    const production_t *p = depth > 0 && draw(8) ? choose(type, 0) : NULL;
    if (!p) p = choose(type, 1);
    int name = names++;
    for (const char *c = p->text; *c; c++) {
        if (*c == '$') printf("%d", name);
        else if (*c != '%' || c[1] == ' ') putchar(*c);
        else if (*++c == '%') putchar('%');
        else expression(*c, depth - 1);
    }
}

/* A template as in productions.def. */
static void put(const char *text) {
    for (const char *c = text; *c; c++) {
        if (*c != '%') putchar(*c);
        else expression(*++c, 1 + (int)draw(3));
    }
}

static void step(int n) {
    static const char *const lets[] = {"%i", "%f", "%b", "%s", "%t", "%d", "%I", "%F", "%S",
                                       "%L", "%M", "%N", "%m", "%c", "%h", "%H", "%r", "%y"};
    static const char *const others[] = {"|> where %b\n", "|> where %b or %b\n",
                                         "|> distinct per kd = %s, %i\n",
                                         "|> each el in %L |> where el != 7\n",
                                         "|> each el, at_el in %M\n"};
    if (draw(3)) {
        printf("|> let v%d = ", n);
        put(lets[draw(sizeof lets / sizeof *lets)]);
        putchar('\n');
    } else {
        put(others[draw(sizeof others / sizeof *others)]);
    }
}

static void end(void) {
    static const char *const ends[] = {
        "|> to stdout(format = json)\n",
        "|> errors into bad\n|> to stdout(format = json)\n"
        "bad |> drop at |> to file(\"bad.json\", format = json)\n",
        "|> aggregate n = count(), a = sum(%i), z = max(%s) per key = %s\n"
        "|> to stdout(mode = final, format = json)\n",
        "|> aggregate a = first(%S), l = last(%h), c = collect(%c), m = min(%r) per key = %i\n"
        "|> to stdout(mode = final, format = json)\n",
        "|> aggregate a = sum(%f), v = avg(%F), w = arg_max(%s, %f) per key = %c, other = %b\n"
        "|> where a >= 0.0 |> to stdout(mode = final, format = json)\n",
        "|> aggregate d = count_distinct(%h), e = count_distinct(%L), s = stddev(%f)"
        " when %b per key = %h\n|> to stdout(mode = final, format = json)\n",
        "|> window batch |> top 3 by %i desc, %s per key = %c |> drop window\n"
        "|> to stdout(format = json)\n",
        "|> top 5 by %f, %i per key = %b as place |> to stdout(mode = final, format = json)\n",
        "|> window batch |> sort by %s desc, %f |> drop window |> to stdout(format = json)\n",
        "|> branch few where %b, some where %b, else rest\n"
        "few |> to stdout(format = json)\nsome |> limit 9 |> to stdout(format = json)\n"
        "rest |> aggregate n = count() per c |> to stdout(mode = final, format = csv)\n",
    };
    put(ends[draw(sizeof ends / sizeof *ends)]);
}

static void program(void) {
    fputs(LAB_TYPES LAB_DECLARATIONS, stdout);
    fputs("from stdin(format = json) as { " LAB_FIELDS " }\n", stdout);
    int n = 1 + (int)draw(6);
    for (int i = 0; i < n; i++) step(i);
    end();
}

/* ---- rows ---- */

static void put_int(void) {
    static const char *const some[] = {"0", "1", "-1", "7", "42", "-100", "9223372036854775807",
                                       "-9223372036854775808"};
    if (draw(2)) printf("%d", (int)draw(41) - 20);
    else fputs(some[draw(8)], stdout);
}

static void put_float(void) {
    static const char *const some[] = {"0.0", "-0.0", "1.5", "-2.25", "1e300", "1e-300", "3",
                                       "\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "0.1"};
    fputs(some[draw(11)], stdout);
}

static void put_text(void) {
    static const char *const some[] = {"", "a", "b", "ab", "Zoë", "hello world", "  x ", "42", "-7",
                                       "3.5", "true", "a,b,,c", "文字", "a\\\"b\\n",
                                       "longer than sixteen bytes for sure"};
    printf("\"%s\"", some[draw(15)]);
}

static void put_shape(void) {
    switch (draw(4)) {
    case 0: fputs("{\"type\":\"Circle\",\"r\":", stdout); put_float(); break;
    case 1:
        fputs("{\"w\":", stdout);
        put_float();
        fputs(",\"type\":\"Rect\",\"h\":", stdout);
        put_float();
        break;
    case 2: fputs("{\"type\":\"Tag\",\"t\":", stdout); put_text(); break;
    default: fputs("{\"type\":\"Dot\"", stdout); break;
    }
    putchar('}');
}

static void put_pair(const char *text) {
    printf("{\"a\":");
    put_int();
    printf(",\"%s\":", text);
    put_text();
    putchar('}');
}

static void put_value(char type) {
    static const char *const colors[] = {"\"Red\"", "\"Green\"", "\"Blue\""};
    static const char *const times[] = {"\"2024-05-01T10:00:00Z\"", "\"1969-12-31T23:59:59.5Z\"",
                                        "\"2024-02-29 01:02:03.000004\"", "1714558650123"};
    static const char *const lengths[] = {"\"1h\"", "\"-3s\"", "\"0s\"", "\"1d2h\""};
    static const char *const bytes[] = {"\"\"", "\"Wm/Dqw==\"", "\"/w==\"", "\"YWI=\""};
    switch (type) {
    case 'i': put_int(); break;
    case 'f': put_float(); break;
    case 's': put_text(); break;
    case 'b': fputs(draw(2) ? "true" : "false", stdout); break;
    case 't': fputs(times[draw(4)], stdout); break;
    case 'd': fputs(lengths[draw(4)], stdout); break;
    case 'c': fputs(colors[draw(3)], stdout); break;
    case 'h': put_shape(); break;
    case 'y': fputs(bytes[draw(4)], stdout); break;
    case 'r': put_pair("b"); break;
    case 'n': put_pair("n"); break;
    default: abort();
    }
}

/* Name, form ('.' one, '?' optional, '[' list, 'o' list of optionals, '{' map), type. */
static const struct {
    const char *name;
    char form, type;
} columns[] = {
    {"i", '.', 'i'},   {"j", '.', 'i'},   {"k", '?', 'i'},   {"f", '.', 'f'},   {"g", '.', 'f'},
    {"h", '?', 'f'},   {"b", '.', 'b'},   {"c", '.', 'b'},   {"q", '?', 'b'},   {"s", '.', 's'},
    {"u", '.', 's'},   {"t", '?', 's'},   {"at", '.', 't'},  {"d", '.', 'd'},   {"xs", '[', 'i'},
    {"ys", 'o', 'i'},  {"fs", '[', 'f'},  {"ss", '[', 's'},  {"col", '.', 'c'}, {"sh", '.', 'h'},
    {"osh", '?', 'h'}, {"rec", '.', 'r'}, {"orec", '?', 'r'}, {"rs", '[', 'n'}, {"raw", '.', 'y'},
    {"m", '{', 'i'},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void put_column(int k) {
    char form = columns[k].form, type = columns[k].type;
    unsigned n = draw(4);
    printf("\"%s\":", columns[k].name);
    if (form == '.') put_value(type);
    if (form == '?') draw(3) ? put_value(type) : (void)fputs("null", stdout);
    if (form == '.' || form == '?') return;
    putchar(form == '{' ? '{' : '[');
    for (unsigned i = 0; i < n; i++) {
        if (i) putchar(',');
        if (form == '{') printf("\"%c\":", 'a' + (int)draw(3));
        if (form == 'o' && !draw(3)) fputs("null", stdout);
        else put_value(type);
    }
    putchar(form == '{' ? '}' : ']');
}

static void rows(long n) {
    for (; n > 0; n--) {
        putchar('{');
        for (int k = 0; k < COLUMNS; k++) {
            if (k) putchar(',');
            put_column(k);
        }
        fputs("}\n", stdout);
    }
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    state = strtoull(argv[2], NULL, 10) * 0x9E3779B97F4A7C15u + 0x5EED;
    for (int i = 0; i < 16; i++) draw(2);
    if (!strcmp(argv[1], "rows") && argc > 3) rows(strtol(argv[3], NULL, 10));
    else program();
    return 0;
}
