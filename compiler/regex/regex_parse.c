/* regex_parse.c - the text of a regex to its tree, by recursive descent.
 *
 *   alternation = sequence { "|" sequence }
 *   sequence    = { atom [ "*" | "+" | "?" | "{n}" | "{n,}" | "{n,m}" ] [ "?" ] }
 *
 * Flags are resolved here: a class holds what it matches under (?i), (?s) and (?u), so
 * nothing later knows of them.  The first fault ends the parse (p->failed); functions
 * then return anything and every loop stops.  Escapes and bracketed classes are in
 * regex_class.c. */
#include "compiler/regex/regex_parse.h"

#include <string.h>

#include "compiler/base/check.h"
#include "compiler/regex/regex_scan.h"
#include "runtime/kernel/k_regex_table.h"

static re_node *alternation(re_scan *p, int depth);

/* ---- nodes ------------------------------------------------------------------ */

typedef VEC(re_node *) node_vec;

static re_node *node_new(re_scan *p, re_kind kind) {
    re_node *n = ARENA_NEW(p->arena, re_node);
    n->kind = kind;
    return n;
}

static re_node *node_look(re_scan *p, int look) {
    re_node *n = node_new(p, RE_LOOK);
    n->look = look;
    return n;
}

static re_node *node_class(re_scan *p, re_set *set) {
    re_node *n = node_new(p, RE_CLASS);
    n->set = *set;
    return n;
}

/* One character as text, under (?i) with its other cases. */
static re_node *node_char(re_scan *p, uint32_t c) {
    re_set set = {0};
    scan_add_char(p, &set, c);
    return node_class(p, &set);
}

/* A sequence or alternation of the parts: one part is itself. */
static re_node *node_of(re_scan *p, re_kind kind, node_vec *parts) {
    if (parts->n == 0) return node_new(p, RE_EMPTY);
    if (parts->n == 1) return parts->at[0];
    re_node *n = node_new(p, kind);
    n->part = parts->at;
    n->nparts = parts->n;
    return n;
}

/* ---- repetition ------------------------------------------------------------- */

/* A number of at most 5 digits; -1 if there is none. */
static int small_number(re_scan *p) {
    int n = -1;
    for (int digits = 0; digits < 5 && scan_peek(p) >= '0' && scan_peek(p) <= '9';
         digits++)
        n = (n < 0 ? 0 : n) * 10 + (scan_next(p) - '0');
    return n;
}

/* {n} {n,} {n,m}: 1 and the bounds, or 0 and nothing taken - then the `{` is text. */
static int braces(re_scan *p, int *min, int *max) {
    size_t start = p->at;
    scan_next(p);
    *min = small_number(p);
    *max = *min;
    if (*min >= 0 && scan_take(p, ',')) *max = scan_peek(p) == '}' ? -1 : small_number(p);
    if (*min >= 0 && (*max >= 0 || p->text[p->at - 1] == ',') && scan_take(p, '}'))
        return 1;
    p->at = start;
    return 0;
}

static void check_bounds(re_scan *p, size_t start, int min, int max) {
    if (min > RE_MAX_REPEAT || max > RE_MAX_REPEAT)
        scan_fail(p, start, p->at, "for more, repeat a group: `(?:x{1000}){2}`",
                  "`%.*s` repeats more than %d times", SCAN_TEXT(p, start),
                  RE_MAX_REPEAT);
    else if (max >= 0 && min > max)
        scan_fail(p, start, p->at, arena_printf(p->arena, "write `{%d,%d}`", max, min),
                  "`%.*s` asks for at least %d and at most %d", SCAN_TEXT(p, start), min,
                  max);
}

/* The operator at the cursor, if there is one: its bounds. */
static int repetition(re_scan *p, int *min, int *max) {
    size_t start = p->at;
    switch (scan_peek(p)) {
    case '*': *min = 0, *max = -1; break;
    case '+': *min = 1, *max = -1; break;
    case '?': *min = 0, *max = 1; break;
    case '{':
        if (!braces(p, min, max)) return 0;
        check_bounds(p, start, *min, *max);
        return 1;
    default: return 0;
    }
    scan_next(p);
    return 1;
}

static void twice(re_scan *p, size_t first, size_t second) {
    if (p->text[second] == '+')
        scan_fail(
            p, first, p->at, "leave the second `+` out: matching never goes back anyway",
            "possessive repetition `%.*s` does not exist here", SCAN_TEXT(p, first));
    else
        scan_fail(p, first, p->at, "put what is repeated twice into a group: `(?:x+)*`",
                  "`%.*s` repeats a repetition", SCAN_TEXT(p, first));
}

/* The operators behind `part`. */
static re_node *repeated(re_scan *p, re_node *part) {
    int min, max, again_min, again_max;
    size_t first = p->at;
    if (p->failed || !repetition(p, &min, &max)) return part;
    re_node *n = node_new(p, RE_REPEAT);
    n->part = ARENA_ARRAY(p->arena, re_node *, 1);
    n->part[0] = part;
    n->nparts = 1;
    n->min = min;
    n->max = max;
    n->lazy = scan_take(p, '?');
    size_t second = p->at;
    if (!p->failed && repetition(p, &again_min, &again_max)) twice(p, first, second);
    return n;
}

/* ---- groups ----------------------------------------------------------------- */

/* What other dialects open with `(?`, and what to do here. */
static const struct {
    const char *open, *what, *help;
} foreign[] = {
    {"(?=", "look-ahead",
     "match what follows too, and take a group: `extract(s, re, 1)`"},
    {"(?!", "negative look-ahead",
     "match without it, and test the rest with a second `matches`"},
    {"(?<=", "look-behind",
     "match what stands before too, and take a group: `extract(s, re, 1)`"},
    {"(?<!", "negative look-behind", "test what stands before with a second `matches`"},
    {"(?>", "atomic group", "write `(?:`: matching never goes back anyway"},
    {"(?#", "comment", "put it behind a `#` outside the regex"},
    {"(?P=", "back-reference", "take the groups and compare them: `groups(s, re)`"},
    {"(?P>", "recursion", "a regex cannot count nested brackets"},
    {"(?R", "recursion", "a regex cannot count nested brackets"},
    {"(?&", "recursion", "a regex cannot count nested brackets"},
    {"(?|", "branch reset", "number the groups one after the other"},
    {"(?(", "condition", "write both cases with `|`"},
};

static int refuse_foreign(re_scan *p, size_t open) {
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        size_t n = strlen(foreign[i].open);
        if (p->len - open < n || memcmp(p->text + open, foreign[i].open, n)) continue;
        scan_fail(p, open, open + n, foreign[i].help, "%s `%s` is not supported",
                  foreign[i].what, foreign[i].open);
        return 1;
    }
    return 0;
}

/* (?P<name> with the cursor behind the `<`. */
static const char *group_name(re_scan *p, size_t open) {
    size_t start = p->at;
    while (scan_is_word(scan_peek(p)) || scan_peek(p) >= 0x80)
        scan_next(p);
    size_t n = p->at - start;
    int digit = n && p->text[start] >= '0' && p->text[start] <= '9';
    if (!n || digit || !scan_take(p, '>')) {
        scan_fail(p, open, p->at, "a name is letters, digits and `_`: `(?P<year>\\d+)`",
                  "a group's name is not well formed");
        return NULL;
    }
    const char *name = arena_strndup(p->arena, p->text + start, n);
    for (size_t i = 0; i < p->names.n; i++)
        if (p->names.at[i] && !strcmp(p->names.at[i], name))
            scan_fail(p, open, p->at, "names are for one group each",
                      "two groups are called `%s`", name);
    return name;
}

/* Flags behind `(?`, up to the `)` or `:` that ends them. */
static void flags(re_scan *p, size_t open) {
    int on = 1, any = 0;
    for (;; any = 1) {
        size_t at = p->at;
        int c = scan_peek(p);
        if (c >= 0) scan_code_point(p);
        unsigned flag = c == 'i'   ? SCAN_FOLD
                        : c == 'm' ? SCAN_LINES
                        : c == 's' ? SCAN_DOT_ALL
                        : c == 'u' ? SCAN_UNICODE
                                   : 0;
        if (flag && on) p->flags |= flag;
        if (flag && !on) p->flags &= ~flag;
        if (flag || (c == '-' && on)) {
            if (c == '-') on = 0;
            continue;
        }
        if ((c == ':' || c == ')') && any && p->text[at - 1] != '-') {
            p->at = at;
            return;
        }
        if (c < 0)
            scan_fail(p, open, open + 1, "write `\\(` for a bracket as text",
                      "a `(` is never closed");
        else
            scan_fail(p, open, p->at, "the flags are i, m, s and u: `(?i)`, `(?i:...)`",
                      "no flag is called `%.*s`", (int)(p->at - at), p->text + at);
        return;
    }
}

static re_node *close_group(re_scan *p, size_t open, int depth) {
    re_node *inner = alternation(p, depth + 1);
    if (!p->failed && !scan_take(p, ')'))
        scan_fail(p, open, open + 1, "write `\\(` for a bracket as text",
                  "a `(` is never closed");
    return inner;
}

static re_node *capture(re_scan *p, size_t open, const char *name, int depth) {
    re_node *n = node_new(p, RE_GROUP);
    if (p->names.n == FLOW_RE_MAX_GROUPS) {
        scan_fail(p, open, open + 1, "write `(?:` for groups that nobody reads",
                  "there are more than %d groups", FLOW_RE_MAX_GROUPS - 1);
        return n;
    }
    n->group = (int)p->names.n;
    vec_push(p->arena, &p->names, name);
    n->part = ARENA_ARRAY(p->arena, re_node *, 1);
    n->nparts = 1;
    n->part[0] = close_group(p, open, depth);
    return n;
}

/* A `(` at the cursor.  Null: it only set flags. */
static re_node *group(re_scan *p, int depth) {
    size_t open = p->at;
    unsigned saved = p->flags;
    const char *name = NULL;
    scan_next(p);
    if (depth >= RE_MAX_NESTING) {
        scan_fail(p, open, open + 1, "use fewer brackets",
                  "the brackets nest deeper than %d", RE_MAX_NESTING);
        return NULL;
    }
    int plain = !scan_take(p, '?');
    if (!plain && refuse_foreign(p, open)) return NULL;
    int named = !plain && (scan_take_text(p, "P<") || scan_take(p, '<'));
    if (named) name = group_name(p, open);
    re_node *n;
    if (plain || named) {
        n = p->failed ? NULL : capture(p, open, name, depth);
    } else if (scan_take(p, ':')) {
        n = close_group(p, open, depth);
    } else {
        flags(p, open);
        if (p->failed || scan_take(p, ')')) return NULL;
        scan_next(p);
        n = close_group(p, open, depth);
    }
    p->flags = saved;
    return n;
}

/* ---- atoms ------------------------------------------------------------------ */

static re_node *dot(re_scan *p) {
    re_set set = {0};
    set_add(p->arena, &set, 0, p->flags & SCAN_DOT_ALL ? '\n' : '\n' - 1);
    set_add(p->arena, &set, '\n' + 1, RE_MAX_CHAR);
    set_tidy(&set);
    return node_class(p, &set);
}

/* \Q...\E: the text between them, character by character. */
static re_node *quoted(re_scan *p) {
    node_vec parts = {0};
    while (!p->failed && scan_peek(p) >= 0 && !scan_take_text(p, "\\E")) {
        re_node *n = node_char(p, scan_code_point(p));
        vec_push(p->arena, &parts, n);
    }
    return node_of(p, RE_CAT, &parts);
}

static re_node *escape(re_scan *p) {
    int unicode = (p->flags & SCAN_UNICODE) != 0;
    if (scan_take_text(p, "\\A")) return node_look(p, FLOW_RE_LOOK_TEXT_START);
    if (scan_take_text(p, "\\z")) return node_look(p, FLOW_RE_LOOK_TEXT_END);
    if (scan_take_text(p, "\\b"))
        return node_look(p, unicode ? FLOW_RE_LOOK_UNI_WORD : FLOW_RE_LOOK_WORD);
    if (scan_take_text(p, "\\B"))
        return node_look(p, unicode ? FLOW_RE_LOOK_NOT_UNI_WORD : FLOW_RE_LOOK_NOT_WORD);
    if (scan_take_text(p, "\\Q")) return quoted(p);
    re_set set = {0};
    if (scan_class_escape(p, &set)) {
        set_tidy(&set);
        return node_class(p, &set);
    }
    return node_char(p, scan_char_escape(p));
}

static void nothing_to_repeat(re_scan *p) {
    size_t start = p->at;
    int min, max;
    repetition(p, &min, &max);
    if (!p->failed)
        scan_fail(p, start, p->at,
                  arena_printf(p->arena, "write `\\%c` for the character itself",
                               p->text[start]),
                  "nothing stands before `%.*s` that it could repeat",
                  SCAN_TEXT(p, start));
}

/* One atom; null for flags, which are none. */
static re_node *atom(re_scan *p, int depth) {
    int lines = (p->flags & SCAN_LINES) != 0, min, max;
    size_t start = p->at;
    switch (scan_peek(p)) {
    case '(': return group(p, depth);
    case '[': {
        re_set set = {0};
        scan_brackets(p, &set);
        return node_class(p, &set);
    }
    case '.': scan_next(p); return dot(p);
    case '^':
        scan_next(p);
        return node_look(p, lines ? FLOW_RE_LOOK_LINE_START : FLOW_RE_LOOK_TEXT_START);
    case '$':
        scan_next(p);
        return node_look(p, lines ? FLOW_RE_LOOK_LINE_END : FLOW_RE_LOOK_TEXT_END);
    case '\\': return escape(p);
    case '*':
    case '+':
    case '?': nothing_to_repeat(p); return NULL;
    case '{':
        if (!braces(p, &min, &max)) break;
        p->at = start;
        nothing_to_repeat(p);
        return NULL;
    default: break;
    }
    return node_char(p, scan_code_point(p));
}

static re_node *sequence(re_scan *p, int depth) {
    node_vec parts = {0};
    while (!p->failed && scan_peek(p) >= 0 && scan_peek(p) != '|' &&
           scan_peek(p) != ')') {
        size_t start = p->at;
        re_node *n = atom(p, depth);
        /* Flags are nothing that could be repeated: `(?i)*` fails in the next round. */
        if (!n) continue;
        /* \Qab\E+ repeats its last character, as if it were written out. */
        if (n->kind == RE_CAT && p->text[start] == '\\') {
            for (size_t i = 0; i + 1 < n->nparts; i++)
                vec_push(p->arena, &parts, n->part[i]);
            n = n->part[n->nparts - 1];
        }
        n = repeated(p, n);
        vec_push(p->arena, &parts, n);
    }
    return node_of(p, RE_CAT, &parts);
}

static re_node *alternation(re_scan *p, int depth) {
    node_vec parts = {0};
    do {
        re_node *n = sequence(p, depth);
        re_node *last = parts.n ? parts.at[parts.n - 1] : NULL;
        /* a|b is [ab]: one character either way, so order cannot matter. */
        if (last && last->kind == RE_CLASS && n->kind == RE_CLASS) {
            re_node *both = node_new(p, RE_CLASS);
            set_add_set(p->arena, &both->set, &last->set);
            set_add_set(p->arena, &both->set, &n->set);
            set_tidy(&both->set);
            parts.at[parts.n - 1] = both;
        } else {
            vec_push(p->arena, &parts, n);
        }
    } while (!p->failed && scan_take(p, '|'));
    return node_of(p, RE_ALT, &parts);
}

int regex_parse(arena_t *a, const char *text, size_t len, re_tree *out,
                regex_error_t *err) {
    re_scan p = {.arena = a, .text = text, .len = len, .err = err};
    vec_push(a, &p.names, (const char *)NULL);
    out->root = alternation(&p, 0);
    if (!p.failed && p.at < len) {
        flow_assert(text[p.at] == ')');
        scan_fail(&p, p.at, p.at + 1, "write `\\)` for a bracket as text",
                  "a `)` closes nothing");
    }
    out->groups = (int)p.names.n;
    out->names = p.names.at;
    return !p.failed;
}
