/* regex_gen.c - random regexes and texts.
 *
 * Both are made of few characters, so that matches are common: letters with several cases
 * (k has three, s has three), characters of two and three bytes, and some words that give
 * literals to look for. */
#include "tests/unit/compiler/regex_gen.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/compiler/regex_env.h"

#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof *(a)))

/* What a part can be: nothing at all, nothing but a place, or a character at least. */
typedef enum part { PART_FULL, PART_EMPTY, PART_PLACE } part;

static part alternation(regex_gen *g, int depth);

static uint32_t dice(regex_gen *g, uint32_t n) {
    return regex_random(&g->seed, n);
}

static void put(regex_gen *g, const char *s) {
    size_t n = strlen(s);
    if (g->n + n >= sizeof g->pattern) return;
    memcpy(g->pattern + g->n, s, n + 1);
    g->n += n;
}

static part atom(regex_gen *g, int depth) {
    static const char *const atoms[] = {
        "a",      "b",         "c",       "a",     "b",           "é",     "k",
        "S",      "1",         " ",       "_",     "\\n",         ".",     "\\w",
        "\\d",    "\\s",       "\\W",     "\\S",   "\\D",         "[ab]",  "[^a]",
        "[a-cé]", "[^\\w\\n]", "\\x{e9}", "error", "abc",         "GET ",  "(?:é中)",
        "\\d-",   "[A-C1-3]",  "中",      "[^é]",  "[[:alpha:]]", "[^b-z]"};
    static const char *const unicode[] = {"(?u:\\w)", "(?u:\\W)", "\\p{L}",
                                          "\\p{Lu}",  "\\PL",     "(?u:\\b)",
                                          "(?u:\\B)", "(?u:\\s)", "\\p{Han}"};
    static const char *const places[] = {"^", "$", "\\b", "\\B", "\\A", "\\z"};
    static const char *const opens[] = {
        "(", "(", "(", "(?:", "(?:", "(?i:", "(?s:", "(?m:"};
    uint32_t kind = dice(g, 20);
    if (depth > 0 && kind < 6) {
        put(g, opens[dice(g, COUNT(opens))]);
        part inner = alternation(g, depth - 1);
        put(g, ")");
        return inner;
    }
    if (kind == 6) {
        put(g, places[dice(g, COUNT(places))]);
        return PART_PLACE;
    }
    if (kind == 7 && g->options & GEN_UNICODE) {
        uint32_t i = dice(g, COUNT(unicode));
        put(g, unicode[i]);
        return i == 5 || i == 6 ? PART_PLACE : PART_FULL;
    }
    put(g, atoms[dice(g, COUNT(atoms))]);
    return PART_FULL;
}

static part repeated(regex_gen *g, int depth) {
    char bounds[32];
    part p = atom(g, depth);
    if (p == PART_PLACE) return PART_EMPTY;
    if (dice(g, 3) || (p == PART_EMPTY && !(g->options & GEN_EMPTY_LOOPS))) return p;
    uint32_t min = dice(g, 3), kind = dice(g, 6);
    if (kind == 3) snprintf(bounds, sizeof bounds, "{%u,%u}", min, min + 1 + dice(g, 3));
    if (kind == 4) snprintf(bounds, sizeof bounds, "{%u,}", min);
    if (kind == 5) snprintf(bounds, sizeof bounds, "{%u}", 1 + dice(g, 3));
    put(g, kind == 0 ? "*" : kind == 1 ? "+" : kind == 2 ? "?" : bounds);
    if (dice(g, 3) == 0) put(g, "?");
    int none = kind == 0 || kind == 2 || ((kind == 3 || kind == 4) && min == 0);
    return none ? PART_EMPTY : p;
}

static part sequence(regex_gen *g, int depth) {
    part p = PART_EMPTY;
    for (uint32_t n = dice(g, 8) ? 1 + dice(g, 4) : 0; n > 0; n--)
        if (repeated(g, depth) == PART_FULL) p = PART_FULL;
    return p;
}

static part alternation(regex_gen *g, int depth) {
    part p = sequence(g, depth);
    for (uint32_t n = dice(g, 3) ? 0 : 1 + dice(g, 2); n > 0; n--) {
        put(g, "|");
        if (sequence(g, depth) != PART_FULL) p = PART_EMPTY;
    }
    return p;
}

void gen_pattern(regex_gen *g) {
    g->n = 0;
    g->pattern[0] = 0;
    if (dice(g, 6) == 0) put(g, "(?i)");
    if (dice(g, 6) == 0) put(g, "(?m)");
    if (dice(g, 8) == 0) put(g, "(?s)");
    alternation(g, 3);
}

void gen_text(regex_gen *g, uint32_t units) {
    static const char *const pieces[] = {
        "a", "b", "c", "a", "b", "a", "A",  "B", "é",  "É", "k",     "K",   "K",
        "s", "ſ", "S", "1", "2", " ", "\n", "_", "中", "-", "error", "abc", "GET "};
    g->len = 0;
    for (uint32_t n = dice(g, units + 1); n > 0; n--) {
        const char *s = pieces[dice(g, COUNT(pieces))];
        size_t k = strlen(s);
        if (g->len + k > sizeof g->text) return;
        memcpy(g->text + g->len, s, k);
        g->len += k;
    }
}
