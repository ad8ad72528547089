/* regex_scan.h - the cursor over a regex, its escapes and bracketed classes.  Inside
 * compiler/regex only. */
#ifndef FLOW_REGEX_REGEX_SCAN_H
#define FLOW_REGEX_REGEX_SCAN_H

#include "compiler/base/vec.h"
#include "compiler/regex/regex.h"
#include "compiler/regex/regex_set.h"

enum {
    SCAN_FOLD = 1,    /* (?i) */
    SCAN_LINES = 2,   /* (?m) */
    SCAN_DOT_ALL = 4, /* (?s) */
    SCAN_UNICODE = 8, /* (?u) */
};

typedef struct re_scan {
    arena_t *arena;
    const char *text;
    size_t len, at;
    unsigned flags;
    VEC(const char *) names; /* of the groups so far */
    int failed;
    regex_error_t *err;
} re_scan;

/* Precision and pointer of the text from `start` to the cursor, for "%.*s". */
#define SCAN_TEXT(p, start) (int)((p)->at - (start)), (p)->text + (start)

/* Notes the first fault: bytes [start, end) of the regex, a help line (or null), and the
 * reason. */
void scan_fail(re_scan *p, size_t start, size_t end, const char *help, const char *reason,
               ...) __attribute__((format(printf, 5, 6)));

/* The next byte, -1 at the end. */
int scan_peek(const re_scan *p);
int scan_next(re_scan *p);
int scan_take(re_scan *p, char c);
int scan_take_text(re_scan *p, const char *s);
int scan_is_word(int c);
/* The next code point; bytes that are not UTF-8 are a fault. */
uint32_t scan_code_point(re_scan *p);

/* Adds a character, under (?i) with its other cases. */
void scan_add_char(re_scan *p, re_set *set, uint32_t c);
/* \d \D \s \S \w \W \p{..} \P{..} \pL at the cursor: 1 if it was one. */
int scan_class_escape(re_scan *p, re_set *set);
/* Any other escape: the character it stands for. */
uint32_t scan_char_escape(re_scan *p);
/* A bracketed class at the cursor; the set is tidy. */
void scan_brackets(re_scan *p, re_set *set);

#endif
