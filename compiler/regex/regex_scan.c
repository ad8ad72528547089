/* regex_scan.c - the cursor over a regex; escapes and bracketed classes.
 *
 * The dialect is RE2's.  Told apart from Perl's on purpose: `\1` is never an octal number
 * (it would be a back-reference elsewhere; octal numbers begin with `\0`), \s has no \v,
 * and escapes of letters that mean nothing are faults, so that they can come to mean
 * something. */
#include "compiler/regex/regex_scan.h"

#include <stdarg.h>
#include <string.h>

#include "compiler/base/buf.h"
#include "compiler/diag/diag.h"

/* ---- faults ----------------------------------------------------------------- */

/* "at the 21st character of the regex", counting code points up to byte `at`. */
static const char *place(re_scan *p, size_t at) {
    unsigned n = 1;
    for (size_t i = 0; i < at && i < p->len; i++)
        n += ((unsigned char)p->text[i] & 0xC0) != 0x80;
    unsigned tens = n / 10 % 10, ones = n % 10;
    const char *th = tens == 1   ? "th"
                     : ones == 1 ? "st"
                     : ones == 2 ? "nd"
                     : ones == 3 ? "rd"
                                 : "th";
    return arena_printf(p->arena, "at the %u%s character of the regex", n, th);
}

void scan_fail(re_scan *p, size_t start, size_t end, const char *help, const char *reason,
               ...) {
    if (p->failed) return;
    va_list ap;
    va_start(ap, reason);
    p->err->reason = arena_vprintf(p->arena, reason, ap);
    va_end(ap);
    p->err->label = place(p, start);
    p->err->help = help;
    p->err->at = start;
    p->err->end = end;
    p->failed = 1;
}

/* ---- the cursor ------------------------------------------------------------- */

int scan_peek(const re_scan *p) {
    return p->at < p->len ? (unsigned char)p->text[p->at] : -1;
}

int scan_next(re_scan *p) {
    return p->at < p->len ? (unsigned char)p->text[p->at++] : -1;
}

int scan_take(re_scan *p, char c) {
    if (scan_peek(p) != (unsigned char)c) return 0;
    p->at++;
    return 1;
}

int scan_take_text(re_scan *p, const char *s) {
    size_t n = strlen(s);
    if (p->len - p->at < n || memcmp(p->text + p->at, s, n)) return 0;
    p->at += n;
    return 1;
}

static int is_digit(int c) {
    return c >= '0' && c <= '9';
}
static int is_letter(int c) {
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}
int scan_is_word(int c) {
    return is_letter(c) || is_digit(c) || c == '_';
}

uint32_t scan_code_point(re_scan *p) {
    size_t start = p->at;
    uint32_t c = (uint32_t)scan_next(p);
    if (c < 0x80) return c;
    int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    int ok = c >= 0xC0 && c < 0xF8;
    uint32_t v = c & (0x3Fu >> more);
    for (int i = 0; i < more && ok; i++) {
        ok = (scan_peek(p) & 0xC0) == 0x80 && scan_peek(p) >= 0;
        if (ok) v = v << 6 | ((uint32_t)scan_next(p) & 0x3F);
    }
    ok = ok && v >= least[more] && v <= RE_MAX_CHAR && (v < 0xD800 || v > 0xDFFF);
    if (!ok)
        scan_fail(p, start, start + 1, "a character by its number is `\\x{1F600}`",
                  "the regex is not valid UTF-8");
    return ok ? v : 0xFFFD;
}

/* ---- characters ------------------------------------------------------------- */

void scan_add_char(re_scan *p, re_set *set, uint32_t c) {
    re_set one = {0};
    set_add(p->arena, &one, c, c);
    if (p->flags & SCAN_FOLD) {
        /* ASCII by hand: folding goes through 1,400 pairs. */
        if (c >= 0x80) set_fold(p->arena, &one);
        if (c < 0x80 && is_letter((int)c)) set_add(p->arena, &one, c ^ 32, c ^ 32);
        if ((c | 32) == 'k') set_add(p->arena, &one, 0x212A, 0x212A);
        if ((c | 32) == 's') set_add(p->arena, &one, 0x17F, 0x17F);
    }
    set_tidy(&one);
    set_add_set(p->arena, set, &one);
}

static int hex_value(int c) {
    if (is_digit(c)) return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
    return -1;
}

/* \x41 and \x{1F600}, the cursor behind the x. */
static uint32_t hex_escape(re_scan *p, size_t start) {
    uint32_t v = 0;
    int digits = 0, braces = scan_take(p, '{');
    while (hex_value(scan_peek(p)) >= 0 && digits < (braces ? 8 : 2)) {
        v = v << 4 | (uint32_t)hex_value(scan_next(p));
        digits++;
    }
    if (!(braces ? digits && scan_take(p, '}') : digits == 2)) {
        scan_fail(p, start, p->at, "write `\\x41` or `\\x{1F600}`",
                  "`%.*s` is not a character's number", SCAN_TEXT(p, start));
        return 0;
    }
    if (v > RE_MAX_CHAR || (v >= 0xD800 && v <= 0xDFFF)) {
        scan_fail(p, start, p->at, "characters go from 0 to 10FFFF, without D800 to DFFF",
                  "no character has the number `%.*s`", SCAN_TEXT(p, start));
        return 0;
    }
    return v;
}

/* \0, \012, \0101: a zero and up to two more octal digits. */
static uint32_t octal_escape(re_scan *p) {
    uint32_t v = 0;
    for (int i = 0; i < 2 && scan_peek(p) >= '0' && scan_peek(p) <= '7'; i++)
        v = v * 8 + (uint32_t)(scan_next(p) - '0');
    return v;
}

static void bad_escape(re_scan *p, size_t start, int c) {
    if (is_digit(c) || c == 'k' || c == 'g') {
        while (is_digit(scan_peek(p)))
            scan_next(p);
        scan_fail(p, start, p->at, "take the groups and compare them: `groups(s, re)`",
                  "a back-reference `%.*s` is not supported", SCAN_TEXT(p, start));
    } else if (c == 'Z') {
        scan_fail(p, start, p->at, "write `\\n?\\z`, or `\\z` for the very end",
                  "`\\Z` means nothing in a regex");
    } else if (c == 'u') {
        scan_fail(p, start, p->at, "write `\\x{1F600}` for a character by its number",
                  "`\\u` means nothing in a regex");
    } else if (c == 'b' || c == 'B' || c == 'A' || c == 'z') {
        scan_fail(p, start, p->at, "put it outside the `[ ]`",
                  "`%.*s` stands for a place, not for a character", SCAN_TEXT(p, start));
    } else {
        scan_fail(p, start, p->at, "write `\\\\` for a backslash as text",
                  "`%.*s` means nothing in a regex", SCAN_TEXT(p, start));
    }
}

uint32_t scan_char_escape(re_scan *p) {
    size_t start = p->at;
    scan_next(p);
    int c = scan_next(p);
    switch (c) {
    case -1:
        scan_fail(p, start, start + 1, "write `\\\\` for a backslash as text",
                  "a `\\` stands at the end");
        return 0;
    case 'a': return 7;
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '0': return octal_escape(p);
    case 'x': return hex_escape(p, start);
    default: break;
    }
    if (c < 0x80 && !is_letter(c) && !is_digit(c)) return (uint32_t)c;
    if (c >= 0x80) {
        p->at--;
        scan_code_point(p);
    }
    bad_escape(p, start, c);
    return 0;
}

/* ---- classes ---------------------------------------------------------------- */

/* The class behind \d, \s or \w. */
static void perl_class(re_scan *p, re_set *set, int letter) {
    arena_t *a = p->arena;
    int unicode = (p->flags & SCAN_UNICODE) != 0;
    if (letter == 'd') {
        if (unicode) set_add_digit(a, set);
        set_add(a, set, '0', '9');
    } else if (letter == 's') {
        if (unicode) set_add_space(a, set);
        set_add(a, set, '\t', '\n');
        set_add(a, set, '\f', '\r');
        set_add(a, set, ' ', ' ');
    } else {
        if (unicode) set_add_word(a, set);
        set_add(a, set, '0', '9');
        set_add(a, set, 'A', 'Z');
        set_add(a, set, '_', '_');
        set_add(a, set, 'a', 'z');
    }
}

static void add_negated(re_scan *p, re_set *set, re_set *part, int negate) {
    set_tidy(part);
    if (negate) set_negate(p->arena, part);
    set_add_set(p->arena, set, part);
}

static void no_property(re_scan *p, size_t start, const char *name, size_t len) {
    size_t n;
    const char *const *names = set_property_names(&n);
    const char *near = diag_nearest(arena_strndup(p->arena, name, len), names, n);
    scan_fail(
        p, start, p->at,
        near ? arena_printf(p->arena, "did you mean `%s`?", near)
             : "there are categories such as L, Lu, Nd, P and scripts such as Greek, Han",
        "no class of characters is called `%.*s`", (int)len, name);
}

/* \pL \p{Lu} \p{^Lu} \P{Greek}, the cursor at the `p`. */
static void property(re_scan *p, re_set *set, size_t start) {
    re_set part = {0};
    int negate = scan_next(p) == 'P';
    size_t name = p->at, len = 1;
    if (scan_take(p, '{')) {
        negate ^= scan_take(p, '^');
        name = p->at;
        while (scan_is_word(scan_peek(p)))
            scan_next(p);
        len = p->at - name;
        if (!scan_take(p, '}')) {
            scan_fail(p, start, p->at, "write `\\p{Lu}`, `\\p{Greek}`",
                      "`%.*s` is not well formed", SCAN_TEXT(p, start));
            return;
        }
    } else if (is_letter(scan_peek(p))) {
        scan_next(p);
    } else {
        scan_fail(p, start, p->at, "write `\\pL`, `\\p{Lu}`, `\\p{Greek}`",
                  "`%.*s` is not well formed", SCAN_TEXT(p, start));
        return;
    }
    if (!set_add_property(p->arena, &part, p->text + name, len)) {
        no_property(p, start, p->text + name, len);
        return;
    }
    set_tidy(&part);
    if (p->flags & SCAN_FOLD) set_fold(p->arena, &part);
    add_negated(p, set, &part, negate);
}

int scan_class_escape(re_scan *p, re_set *set) {
    if (p->len - p->at < 2) return 0;
    int c = p->text[p->at + 1];
    if (c == 'p' || c == 'P') {
        size_t start = p->at++;
        property(p, set, start);
        return 1;
    }
    if (!strchr("dDsSwW", c) || !c) return 0;
    re_set part = {0};
    p->at += 2;
    perl_class(p, &part, c | 32);
    add_negated(p, set, &part, c < 'a');
    return 1;
}

/* ---- bracketed classes ------------------------------------------------------ */

static const struct {
    const char *name;
    const char *spans; /* pairs: low, high */
} posix[] = {
    {"alnum", "09AZaz"},
    {"alpha", "AZaz"},
    {"ascii", "\x01\x7F"},
    {"blank", "\t\t  "},
    {"cntrl", "\x01\x1F\x7F\x7F"},
    {"digit", "09"},
    {"graph", "!~"},
    {"lower", "az"},
    {"print", " ~"},
    {"punct", "!/:@[`{~"},
    {"space", "\t\r  "},
    {"upper", "AZ"},
    {"word", "09AZ__az"},
    {"xdigit", "09AFaf"},
};
#define POSIX_COUNT (sizeof posix / sizeof *posix)

/* [:alpha:] or [:^alpha:] at the cursor: 1 if it was one. */
static int posix_class(re_scan *p, re_set *set) {
    size_t start = p->at;
    if (!scan_take_text(p, "[:")) return 0;
    int negate = scan_take(p, '^');
    size_t name = p->at;
    while (is_letter(scan_peek(p)))
        scan_next(p);
    size_t len = p->at - name, i = 0;
    if (!scan_take_text(p, ":]")) {
        p->at = start;
        return 0;
    }
    while (i < POSIX_COUNT &&
           !(strlen(posix[i].name) == len && !memcmp(posix[i].name, p->text + name, len)))
        i++;
    if (i == POSIX_COUNT) {
        scan_fail(p, start, p->at,
                  "there are alnum alpha ascii blank cntrl digit graph lower "
                  "print punct space upper word xdigit",
                  "no class is called `%.*s`", SCAN_TEXT(p, start));
        return 1;
    }
    re_set part = {0};
    for (const char *s = posix[i].spans; *s; s += 2)
        set_add(p->arena, &part, (uint32_t)s[0] == 1 ? 0 : (uint32_t)s[0],
                (uint32_t)s[1]);
    /* As \w, these stay within ASCII; (?i) makes letters of upper and lower ones. */
    if (p->flags & SCAN_FOLD && (posix[i].spans[0] | 32) == 'a' && !posix[i].spans[2]) {
        set_add(p->arena, &part, 'A', 'Z');
        set_add(p->arena, &part, 'a', 'z');
    }
    add_negated(p, set, &part, negate);
    return 1;
}

static uint32_t bracket_char(re_scan *p) {
    return scan_peek(p) == '\\' ? scan_char_escape(p) : scan_code_point(p);
}

/* One character, or a range of them. */
static void bracket_range(re_scan *p, re_set *set) {
    size_t start = p->at;
    uint32_t lo = bracket_char(p), hi = lo;
    int range = p->len - p->at >= 2 && p->text[p->at] == '-' && p->text[p->at + 1] != ']';
    if (!p->failed && range) {
        scan_next(p);
        re_set ignored = {0};
        size_t second = p->at;
        if (scan_peek(p) == '\\' && scan_class_escape(p, &ignored)) {
            scan_fail(p, start, p->at, "write `\\-` for a hyphen as text",
                      "a range cannot end in `%.*s`", SCAN_TEXT(p, second));
            return;
        }
        hi = bracket_char(p);
        if (!p->failed && hi < lo)
            scan_fail(p, start, p->at, "write `\\-` for a hyphen as text",
                      "the range `%.*s` is the wrong way round", SCAN_TEXT(p, start));
    }
    if (!p->failed) set_add(p->arena, set, lo, hi);
}

void scan_brackets(re_scan *p, re_set *set) {
    re_set ranges = {0};
    size_t open = p->at;
    scan_next(p);
    int negate = scan_take(p, '^'), first = 1;
    while (!p->failed && (first || scan_peek(p) != ']')) {
        first = 0;
        if (scan_peek(p) < 0) {
            scan_fail(p, open, open + 1, "write `\\[` for a bracket as text",
                      "a `[` is never closed");
            return;
        }
        if (scan_peek(p) == '[' && posix_class(p, set)) continue;
        if (scan_peek(p) == '\\' && scan_class_escape(p, set)) continue;
        bracket_range(p, &ranges);
    }
    scan_next(p);
    /* Ranges are folded together, once; the classes have seen to it themselves. */
    set_tidy(&ranges);
    if (p->flags & SCAN_FOLD) set_fold(p->arena, &ranges);
    set_add_set(p->arena, set, &ranges);
    set_tidy(set);
    if (negate) set_negate(p->arena, set);
}
