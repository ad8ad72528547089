/* words.c - lang/keywords.def as a sorted table, searched by halves. */
#include "compiler/syntax/words.h"

#include <string.h>
#include <strings.h>

#include "compiler/syntax/parser.h"

#include "lang/flow_parse.h"

static const struct {
    const char *spelling;
    int token;
    word_class class;
} words[] = {
#define KEYWORD(spelling, token, class) {#spelling, T_##token, WORD_##class},
#include "lang/keywords.def"
#undef KEYWORD
};

enum { NWORDS = sizeof words / sizeof *words };

static int compare(const char *s, size_t n, const char *word) {
    int c = strncmp(s, word, n);
    return c ? c : word[n] ? -1 : 0;
}

word_class word_lookup(const char *s, size_t n, int *token) {
    size_t lo = 0, hi = NWORDS;
    if (token) *token = T_IDENT;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = compare(s, n, words[mid].spelling);
        if (c == 0) {
            if (token) *token = words[mid].token;
            return words[mid].class;
        }
        if (c < 0) hi = mid;
        else lo = mid + 1;
    }
    return WORD_NAME;
}

size_t words_of_class(word_class c, const char **out, size_t cap) {
    size_t n = 0;
    for (size_t i = 0; i < NWORDS && n < cap; i++)
        if (words[i].class == c) out[n++] = words[i].spelling;
    /* Reserved words that begin a step or a declaration too. */
    if (c == WORD_STEP && n + 2 <= cap) {
        out[n++] = "let";
        out[n++] = "where";
    }
    if (c == WORD_DECL && n + 2 <= cap) {
        out[n++] = "fn";
        out[n++] = "from";
    }
    return n;
}

const char *word_foreign_step(const char *word) {
    static const char *const known[][2] = {
        {"calculate", "let"},     {"count", "aggregate count()"},
        {"emit", "select"},       {"explode", "each x in list"},
        {"extend", "let"},        {"filter", "where"},
        {"flat_map", "each x in list"}, {"flatmap", "each x in list"},
        {"flatten", "each x in list"},  {"group", "aggregate … per key"},
        {"group_by", "aggregate … per key"}, {"groupby", "aggregate … per key"},
        {"having", "where"},      {"head", "limit"},
        {"map", "select"},        {"merge", "union"},
        {"mutate", "let"},        {"order", "sort by"},
        {"order_by", "sort by"},  {"orderby", "sort by"},
        {"output", "to"},         {"project", "select"},
        {"reduce", "aggregate"},  {"rename", "select"},
        {"save", "to"},           {"show", "print"},
        {"sink", "to"},           {"summarize", "aggregate"},
        {"summarise", "aggregate"}, {"take", "limit"},
        {"tail", "top"},          {"unnest", "each x in list"},
        {"with", "let"},          {"write", "to"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcasecmp(known[i][0], word)) return known[i][1];
    return NULL;
}

static int is_plain(const char *s) {
    unsigned char c = (unsigned char)*s;
    if (!(c == '_' || (c >= 'a' && c <= 'z') || c >= 0x80)) return 0;
    for (const char *p = s; *p; p++) {
        c = (unsigned char)*p;
        if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c >= 0x80))
            return 0;
    }
    return word_lookup(s, strlen(s), NULL) != WORD_RESERVED;
}

void name_put(buf_t *b, const char *name) {
    if (is_plain(name)) buf_str(b, name);
    else buf_printf(b, "`%s`", name);
}
