/* mutate.c - small mistakes in a C source, one at a time: what a test suite must notice.
 *
 *     mutate list FILE       a line for each: number, line, operator, what is changed
 *     mutate make FILE N     the source with mistake N, to standard output
 *
 * Goes by words and brackets, not by a tree: code here is formatted, so that is enough, and
 * what does not compile costs a second.  Left alone are messages (rt_log, rt_fail), asserts,
 * hooks of tests, code that only the archive for tests has, sizes of
 * buffers, and calls that only free. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct word {
    int at, end; /* in the text */
    int line;
    int pair;    /* of a bracket: the word that it belongs to, else -1 */
    int depth;   /* of curly brackets of functions: 0 outside */
    bool name, number, mute;
} word;

static char *text;
static word *words;
static int nwords;

static void die(const char *why) {
    fprintf(stderr, "mutate: %s\n", why);
    exit(2);
}

/* ---- words ---------------------------------------------------------------------------- */

static bool is(int w, const char *s) {
    if (w < 0 || w >= nwords) return false;
    int n = words[w].end - words[w].at;
    return (int)strlen(s) == n && !strncmp(text + words[w].at, s, (size_t)n);
}

static bool ends_in(int w, const char *s) {
    int n = words[w].end - words[w].at, k = (int)strlen(s);
    return n >= k && !strncmp(text + words[w].end - k, s, (size_t)k);
}

static int skip_quoted(int at) {
    char quote = text[at++];
    while (text[at] && text[at] != quote) at += text[at] == '\\' ? 2 : 1;
    return at + 1;
}

/* A directive with its continuations; *off counts open `#ifdef FLOW_FAULTS`. */
static int skip_directive(int at, int *off, int *nested) {
    const char *p = text + at + 1;
    if (!strncmp(p, "ifdef FLOW_FAULTS", 17)) *off = 1, *nested = 0;
    else if (*off && !strncmp(p, "if", 2)) ++*nested;
    else if (*off && !strncmp(p, "endif", 5) && (*nested)-- == 0) *off = 0;
    else if (*off && !strncmp(p, "else", 4) && !*nested) *off = 0;
    while (text[at] && text[at] != '\n') at += text[at] == '\\' ? 2 : 1;
    return at;
}

static int operator_length(const char *p) {
    static const char *const longer[] = {"<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=",
                                         ">=", "==", "!=", "&&", "||", "+=", "-=", "*=", "/=",
                                         "%=", "&=", "|=", "^="};
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
        if (!strncmp(p, longer[i], strlen(longer[i]))) return (int)strlen(longer[i]);
    return 1;
}

static void add(int at, int end, int line, bool mute) {
    unsigned char c = (unsigned char)text[at];
    words = realloc(words, (size_t)(nwords + 1) * sizeof *words);
    if (!words) die("memory");
    words[nwords++] = (word){.at = at, .end = end, .line = line, .pair = -1, .mute = mute,
                             .name = isalpha(c) || c == '_', .number = isdigit(c) != 0};
}

static void scan(void) {
    int line = 1, off = 0, nested = 0;
    bool fresh = true;
    for (int at = 0; text[at];) {
        int from = at;
        if (text[at] == '\n') line++, fresh = true, at++;
        else if (isspace((unsigned char)text[at])) at++;
        else if (!strncmp(text + at, "/*", 2)) at = (int)(strstr(text + at, "*/") + 2 - text);
        else if (text[at] == '#' && fresh) at = skip_directive(at, &off, &nested);
        else if (text[at] == '"' || text[at] == '\'') add(from, at = skip_quoted(at), line, off);
        else if (isalnum((unsigned char)text[at]) || text[at] == '_') {
            while (isalnum((unsigned char)text[at]) || text[at] == '_') at++;
            add(from, at, line, off);
        } else add(from, at += operator_length(text + at), line, off);
        if (from == at) die("stuck");
        for (int i = from; i < at; i++)
            if (text[i] == '\n' && i > from) line++;
        if (!isspace((unsigned char)text[from])) fresh = false;
    }
}

static void pair_up(void) {
    int stack[256], n = 0, function = -1;
    for (int i = 0; i < nwords; i++) {
        char c = text[words[i].at];
        if (words[i].end - words[i].at == 1 && strchr("([{", c) && n < 256) stack[n++] = i;
        if (words[i].end - words[i].at == 1 && strchr(")]}", c) && n) {
            words[i].pair = stack[--n];
            words[stack[n]].pair = i;
        }
        if (c == '{' && n == 1 && i && is(i - 1, ")")) function = i;
        words[i].depth = function >= 0 ? n : 0;
        if (n == 0) function = -1;
    }
}

/* What is said, asserted or only there for tests. */
static void mute(void) {
    static const char *const calls[] = {"rt_assert", "rt_log", "rt_fail", "RT_CRASH", "RT_MUTANT",
                                        "sizeof", "snprintf", "trouble_of", "rt_alloc", "rt_realloc"};
    for (int i = 0; i + 1 < nwords; i++)
        for (size_t k = 0; k < sizeof calls / sizeof *calls; k++)
            if (is(i, calls[k]) && is(i + 1, "("))
                for (int j = i; j <= words[i + 1].pair; j++) words[j].mute = true;
}

/* ---- mistakes ---------------------------------------------------------------------------- */

static struct {
    int wish, n; /* the one to be made, or 0: a list */
    int from, to;
    char with[4096];
} out;

static void put_line(const char *p, int n) {
    for (int i = 0; i < n && i < 60; i++)
        if (p[i] != '\n' || p[i + 1] != ' ') putchar(p[i] == '\n' ? ' ' : p[i]);
}

static void list(int line, const char *kind, int from, int to, const char *with) {
    printf("%d\t%d\t%s\t", out.n, line, kind);
    put_line(text + from, to - from);
    printf(" -> ");
    put_line(with, (int)strlen(with));
    putchar('\n');
}

/* One more: the text from `from` to `to` is another one. */
static void found(int line, const char *kind, int from, int to, const char *with) {
    out.n++;
    if (!out.wish)
        list(line, kind, from, to, with);
    if (out.n != out.wish) return;
    out.from = from, out.to = to;
    snprintf(out.with, sizeof out.with, "%s", with);
}

static void swap_operator(int i) {
    static const char *const pairs[][3] = {
        {"<", "<=", "compare"},  {"<=", "<", "compare"},  {">", ">=", "compare"},
        {">=", ">", "compare"},  {"==", "!=", "compare"}, {"!=", "==", "compare"},
        {"&&", "||", "logic"},   {"||", "&&", "logic"}};
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
        if (is(i, pairs[k][0]))
            found(words[i].line, pairs[k][2], words[i].at, words[i].end, pairs[k][1]);
}

static void negate(int i) {
    char with[4096];
    if (!is(i, "if") || !is(i + 1, "(")) return;
    int from = words[i + 1].at, to = words[words[i + 1].pair].end;
    for (int j = i + 1; j <= words[i + 1].pair; j++)
        if (words[j].mute) return;
    snprintf(with, sizeof with, "(!%.*s)", to - from, text + from);
    found(words[i].line, "negate", from, to, with);
}

/* Does the word begin a statement? */
static bool begins(int i) {
    if (is(i - 1, ";") || is(i - 1, "{") || is(i - 1, "}") || is(i - 1, "else")) return true;
    if (!is(i - 1, ")")) return false;
    int open = words[i - 1].pair;
    return is(open - 1, "if") || is(open - 1, "for") || is(open - 1, "while");
}

static bool only_frees(int i) {
    return is(i, "free") || ends_in(i, "_free") || ends_in(i, "_close") ||
           !strncmp(text + words[i].at, "pthread_", 8);
}

static void drop_call(int i) {
    char with[4096];
    if (!words[i].name || !begins(i)) return;
    int at = i;
    while (is(at + 1, "->") || is(at + 1, ".")) at += 2;
    if (!is(at + 1, "(") || is(i, "if") || is(i, "while") || is(i, "for") || is(i, "switch")) return;
    int close = words[at + 1].pair;
    if (!is(close + 1, ";") || only_frees(at)) return;
    found(words[i].line, "drop", words[i].at, words[close].end, "");
    if (!is(i, "RT_TRY")) return;
    int from = words[at + 1].at, to = words[close].end;
    snprintf(with, sizeof with, "(void)%.*s", to - from, text + from);
    found(words[i].line, "unheeded", words[i].at, to, with);
}

/* The type of the function that the word is in begins its line. */
static bool gives_status(int i) {
    while (i > 0 && !(words[i].depth == 1 && is(i, "{"))) i--;
    int open = i > 0 ? words[i - 1].pair : -1;
    return open > 1 && is(open - 2, "rt_status");
}

static void say_ok(int i) {
    if (!is(i, "return") || is(i + 1, "RT_ok") || !gives_status(i)) return;
    int end = i;
    while (end < nwords && !is(end, ";")) end = words[end].pair > end ? words[end].pair : end + 1;
    found(words[i].line, "ok", words[i].at, words[end].at, "return RT_ok");
}

/* Is it in the declaration of an array of bytes? */
static bool is_size(int i) {
    while (i > 0 && !is(i, ";") && !is(i, "{") && !is(i, "}")) i--;
    return is(i + 1, "char") || is(i + 1, "uint8_t");
}

static void off_by_one(int i) {
    char with[32], *end;
    if (!words[i].number || is(i - 1, "[") || is(i - 1, "case") || is_size(i)) return;
    long v = strtol(text + words[i].at, &end, 0);
    if (end != text + words[i].end || v > 4096) return;
    snprintf(with, sizeof with, "%ld", i % 2 || !v ? v + 1 : v - 1);
    found(words[i].line, "constant", words[i].at, words[i].end, with);
}

static void find_all(void) {
    for (int i = 1; i < nwords; i++) {
        if (!words[i].depth) continue;
        if (is(i, "return") && !words[i].mute) say_ok(i);
        if (words[i].mute) continue;
        swap_operator(i);
        negate(i);
        drop_call(i);
        off_by_one(i);
    }
}

static void load(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) die("cannot open the file");
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    text = calloc(1, (size_t)n + 2);
    if (!text || fread(text, 1, (size_t)n, f) != (size_t)n) die("cannot read the file");
    fclose(f);
}

int main(int argc, char **argv) {
    bool make = argc == 4 && !strcmp(argv[1], "make");
    if (!make && !(argc == 3 && !strcmp(argv[1], "list"))) die("list FILE, or make FILE N");
    load(argv[2]);
    scan();
    pair_up();
    mute();
    out.wish = make ? atoi(argv[3]) : 0;
    find_all();
    if (!make) return 0;
    if (!out.to) die("there is no such mistake");
    printf("%.*s%s%s", out.from, text, out.with, text + out.to);
    return 0;
}
