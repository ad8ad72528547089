/* mutate.c - mutations of programs: bytes, tokens, lines; and what must hold for all. */
#include "tests/unit/compiler/mutate.h"

#include <string.h>

#include "compiler/syntax/ast_check.h"
#include "compiler/syntax/ast_print.h"
#include "compiler/syntax/fmt.h"

uint64_t mutate_random(mutator_t *m, uint64_t below) {
    m->state += 0x9E3779B97F4A7C15u;
    uint64_t z = m->state;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (z ^ z >> 31) % below;
}

static const char *const pieces[] = {
    "(",      ")",     "[",       "]",       "{",      "}",       "|>",     "|",     "=>",
    "=",      "==",    ",",       ".",       "..",     "..<",     "?.",     "??",    "?",
    "\"",     "f\"{",  "}\"",     "/",       "`",      "#",       "@",      "\n",    "\\",
    " per ",  " by ",  " where ", " as ",    " on ",   " else ",  " then ", " let ", " fn(",
    " from ", " in ",  " is ",    " not ",   " case ", " if ",    " none ", " when ", "stream ",
    "table ", "type ", "test ",   "step ",   "set ",   "import ", "match (", "remember per ",
    "window ", "aggregate ", "1", "0x",      "1_",     "1.5d",    "1h30m",  "9223372036854775808",
    "99MB",   "@2024-05-01",      "x",       "X",      "\xE4\xB8\xAD",       "\xFF",  "\xEF\xBB\xBF",
    ";",      ":",     "-",       "*",       "%",      "<",       ">",      "+",     "!",
};

static size_t replace(char *text, size_t n, size_t cap, size_t at, size_t drop, const char *s,
                      size_t len) {
    if (n - drop + len > cap) return n;
    memmove(text + at + len, text + at + drop, n - at - drop);
    memcpy(text + at, s, len);
    return n - drop + len;
}

static int word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The bounds of the word or single byte at `at`. */
static void token_at(const char *text, size_t n, size_t at, size_t *from, size_t *to) {
    *from = at;
    *to = at + 1;
    if (!word_byte(text[at])) return;
    while (*from > 0 && word_byte(text[*from - 1])) --*from;
    while (*to < n && word_byte(text[*to])) ++*to;
}

static size_t mutate_once(mutator_t *m, char *text, size_t n, size_t cap) {
    char copy[256];
    size_t at = n ? mutate_random(m, n) : 0, from = at, to = at, other, len;
    const char *piece = pieces[mutate_random(m, sizeof pieces / sizeof *pieces)];
    if (n == 0) return replace(text, n, cap, 0, 0, piece, strlen(piece));
    token_at(text, n, at, &from, &to);
    switch (mutate_random(m, 8)) {
    case 0: /* a byte turned */
        text[at] = (char)(text[at] ^ (1 << mutate_random(m, 8)));
        return n;
    case 1: /* a token dropped */
        return replace(text, n, cap, from, to - from, "", 0);
    case 2: /* a piece put in */
    case 3: return replace(text, n, cap, from, 0, piece, strlen(piece));
    case 4: /* a token exchanged for a piece */
        return replace(text, n, cap, from, to - from, piece, strlen(piece));
    case 5: /* a stretch doubled */
    case 6: /* a stretch moved elsewhere */
        len = 1 + mutate_random(m, sizeof copy - 1);
        if (len > n - at) len = n - at;
        memcpy(copy, text + at, len);
        other = mutate_random(m, n);
        return replace(text, n, cap, other, 0, copy, len);
    default: /* the end cut off, or a stretch */
        len = mutate_random(m, n - at) + 1;
        return replace(text, n, cap, at, mutate_random(m, 4) ? len % 40 % (n - at + 1) : len, "", 0);
    }
}

size_t mutate(mutator_t *m, char *text, size_t n, size_t cap) {
    for (size_t times = 1 + mutate_random(m, 4); times > 0; times--)
        n = mutate_once(m, text, n, cap);
    return n;
}

size_t mutate_layout(mutator_t *m, char *text, size_t n, size_t cap) {
    static const char *const gaps[] = {"\n", " ", " # c\n", "\n# own line\n", "\n\n\n", "  "};
    size_t times = 1 + mutate_random(m, 12), tries = 0;
    while (times > 0 && n > 0 && tries++ < 200) {
        size_t at = mutate_random(m, n);
        const char *gap = gaps[mutate_random(m, sizeof gaps / sizeof *gaps)];
        if (text[at] != ' ' && text[at] != '\n' && text[at] != ',' && text[at] != '(') continue;
        size_t blank = text[at] == ' ' || text[at] == '\n';
        n = replace(text, n, cap, at + !blank, blank, gap, strlen(gap));
        times--;
    }
    return n;
}

static const char *places_hold(diags_t *d, arena_t *a) {
    for (size_t i = 0; i < diags_count(d); i++) {
        const diag_t *m = diags_at(d, i);
        if (m->at.file >= sources_count(diags_sources(d))) return "a message without a place";
        const source_t *src = source_at(diags_sources(d), m->at.file);
        if (m->at.start > src->len || m->at.end > src->len || m->at.start > m->at.end)
            return "a message outside the text";
    }
    return *diags_text(d, a) ? NULL : "no message";
}

static const char *holds(arena_t *a, const char *text, size_t n, int *errors) {
    sources_t *sources = sources_new(a);
    parse_env_t env = {a, intern_new(a), sources, diags_new(a, sources)};
    uint32_t file = sources_add(sources, "mutated.flow", text, n);
    ast_program_t *program = parse_file(&env, file, NULL);
    buf_t out;
    buf_init(&out, a);
    parse_print_tokens(&env, file, &out);
    ast_print(&out, &program->node);
    *errors = diags_errors(env.diags);
    if (ast_check(a, &program->node)) return "an unsound tree";
    if (*errors) return places_hold(env.diags, a);
    size_t len, again;
    const char *once = fmt_file(&env, file, &len);
    if (!once) return "the formatter refused";
    const char *twice = fmt_file(&env, sources_add(sources, "once", once, len), &again);
    if (!twice || len != again || memcmp(once, twice, len)) return "formatting twice differs";
    return NULL;
}

const char *parse_holds(const char *text, size_t n, int *errors) {
    arena_t *a = arena_new("mutated");
    const char *why = holds(a, text, n, errors);
    arena_free(a);
    return why;
}
