/* k_regex_table.h - a compiled regular expression, to the byte.
 *
 * flowc writes it as a constant byte string into the program's object; the kernel's
 * matcher only reads it.  All numbers are little-endian, all places are offsets in bytes
 * from the start of the string (0: the part is missing), so it can stand anywhere at an
 * address that is a multiple of 8.
 *
 *   flow_re         the head
 *   forward         flow_re_dfa: finds where the leftmost-first match ends
 *   fast            the same automaton in a form that runs faster until it first matches
 *   backward        flow_re_dfa: from the end of a match to its start (longest)
 *   tagged          flow_re_tdfa: from start and end to the groups
 *   program         flow_re_nfa: threads; searches where an automaton would be too large,
 *                   and finds groups where `tagged` is missing
 *   literal         value bytes, then mask bytes (see `literal` below)
 *
 * Matching is by bytes of text that is valid UTF-8.  Assertions (^ $ \b \B \A \z) look at
 * the byte before and the byte after a place; a byte, or the edge of the text, is one of
 * four FLOW_RE_SIDE kinds, and an automaton has a start state for each kind of the side
 * that lies behind it.  The side ahead is the next byte itself: that is why a match shows
 * one byte late, in the state after the byte that follows it (or after the class that
 * stands for the edge of the text). */
#ifndef FLOW_KERNEL_K_REGEX_TABLE_H
#define FLOW_KERNEL_K_REGEX_TABLE_H

#include <stdint.h>

#define FLOW_RE_MAGIC 0x31785246u /* "FRx1" */
/* Groups, group 0 included; a slot is one end of a group. */
#define FLOW_RE_MAX_GROUPS 256
/* Instructions of the thread program: their numbers are 16 bits wide, and the lists of a
 * search without captures stand on the stack. */
#define FLOW_RE_MAX_PROGRAM 32768

/* What stands beside a place. */
enum { FLOW_RE_SIDE_EDGE, FLOW_RE_SIDE_LINE, FLOW_RE_SIDE_WORD, FLOW_RE_SIDE_OTHER };

/* How a search runs. */
enum {
    FLOW_RE_LITERAL, /* the regex is one literal: `literal` is the whole of it */
    FLOW_RE_RUN,     /* one class of bytes, repeated by + or not at all: `run` */
    FLOW_RE_DFA,     /* forward, then backward or fixed_len */
    FLOW_RE_NFA,     /* threads */
};

/* flags */
#define FLOW_RE_EMPTY    1  /* can match the empty text */
#define FLOW_RE_ANCHORED 2  /* every match begins at the start of the text */
#define FLOW_RE_PLUS     4  /* FLOW_RE_RUN: repeated */
#define FLOW_RE_UNICODE  8  /* has a Unicode \b or \B: threads only */
#define FLOW_RE_SIDES    16 /* has assertions, so start states depend on the side */

/* fast */
enum { FLOW_RE_PLAIN, FLOW_RE_SHIFT, FLOW_RE_PAIR };

/* Before a search: what every match must hold. */
enum {
    FLOW_RE_PRE_NONE,
    FLOW_RE_PRE_PREFIX, /* each match begins with `literal` */
    FLOW_RE_PRE_FIRST,  /* each match begins with a byte of `run` */
    FLOW_RE_PRE_NEEDS,  /* each match contains `literal` somewhere */
};

/* A class of bytes as at most four tests on vectors: b is in the class if for one i
 * (uint8_t)((b | fold[i]) - low[i]) <= span[i]; `invert` turns the answer round.  Where
 * fewer do, the first is repeated. */
#define FLOW_RE_TESTS 4
typedef struct flow_re_run {
    uint8_t tests; /* 0: there is no such form, use `bits` */
    uint8_t invert;
    uint8_t pad[2];
    uint8_t fold[FLOW_RE_TESTS];
    uint8_t low[FLOW_RE_TESTS];
    uint8_t span[FLOW_RE_TESTS];
    uint8_t bits[32]; /* bit b & 7 of byte b >> 3 */
} flow_re_run;

/* A literal with masks: text matches where (text[i] & mask[i]) == value[i] for all i.
 * The mask is FF, or DF for a letter in either case.  `rare` and `rarer` are the two
 * positions the vectors look for, `rare` < `rarer` unless there is only one byte. */
typedef struct flow_re_literal {
    uint32_t at, len; /* value bytes at `at`, mask bytes at `at + len` */
    uint32_t rare, rarer;
} flow_re_literal;

typedef struct flow_re {
    uint32_t magic;
    uint32_t size; /* bytes of the whole string */
    uint16_t groups;
    uint8_t how;
    uint8_t flags;
    uint8_t pre;
    uint8_t fast_kind;
    uint8_t pad[2];
    int32_t fixed_len; /* bytes of every match, or -1 */
    uint32_t min_len;  /* bytes of the shortest match */
    uint32_t forward, fast, backward, tagged, program;
    flow_re_literal literal;
    flow_re_run run; /* FLOW_RE_RUN and FLOW_RE_PRE_FIRST */
} flow_re;

/* An automaton.  States are multiples of `stride`, which is the number of classes, the
 * one for the edge of the text (the last) included; the table holds states.  They are
 * ordered: plain ones, from `special` on those a search must look at: first those that
 * equal a start state (if the head has PRE_PREFIX or PRE_FIRST), from `match` on those
 * that say "a match ended one byte ago", and last `dead`, which nothing leaves. */
typedef struct flow_re_dfa {
    uint32_t states, stride;
    uint32_t special, match, dead;
    uint32_t start[4]; /* by what stands behind the place */
    uint32_t wide;     /* entries are u32, else u16 */
    uint8_t classes[256];
    /* table: states * stride entries */
} flow_re_dfa;

/* FLOW_RE_SHIFT: at most 10 states.  State number n of `forward` is the shift 6n; the
 * next one is row[byte] >> shift, of which the low 6 bits count.  Matching states lead
 * to themselves, so a look after many bytes is enough. */
typedef struct flow_re_shift {
    uint64_t row[256];
} flow_re_shift;

/* FLOW_RE_PAIR: two bytes a step.  The column of a pair is high[first] + low[second];
 * states are premultiplied by `stride` and numbered as in `forward`, the matching ones
 * lead to themselves.  u16 entries. */
typedef struct flow_re_pair {
    uint32_t stride, pad;
    uint16_t high[256];
    uint16_t low[256];
    /* table */
} flow_re_pair;

/* The tagged automaton: anchored at the start of a match whose end is known.  Entries are
 * u32: the next state (a multiple of `stride`) in the low 20 bits, above it the number of
 * the list of moves between registers to make before the byte is taken; list 0 is empty.
 * A list is a count (u16) and so many pairs of bytes (to, from), made in order; `from` is
 * a register, FLOW_RE_HERE (the place) or FLOW_RE_UNSET.  `finish` says, for each state
 * and each kind of what follows the match, the list whose `to` are slots instead, counted
 * from slot 2; FFFF: no match can end so. */
#define FLOW_RE_HERE      0xFE
#define FLOW_RE_UNSET     0xFF
#define FLOW_RE_REGISTERS 200
#define FLOW_RE_TAG_STATE 0xFFFFF
#define FLOW_RE_TAG_LIST  20 /* shift */
typedef struct flow_re_tdfa {
    uint32_t states, stride;
    uint32_t start[4];
    uint32_t table;  /* offsets from the start of the whole string, as everywhere */
    uint32_t finish; /* u16 [states][4] */
    uint32_t lists;  /* u32 [], the offset of each list */
    uint32_t registers;
    uint8_t classes[256];
} flow_re_tdfa;

/* The thread program.  An instruction is 8 bytes. */
enum {
    FLOW_RE_OP_RANGE,  /* a byte in [lo, hi], then x */
    FLOW_RE_OP_SPARSE, /* y ranges from number x on: the one that holds the byte says
                          where */
    FLOW_RE_OP_SPLIT,  /* x, else y */
    FLOW_RE_OP_LOOK,   /* assertion `lo`, then x */
    FLOW_RE_OP_SLOT,   /* the place into slot y, then x */
    FLOW_RE_OP_MATCH,
    FLOW_RE_OP_FAIL,
};
/* Assertions. */
enum {
    FLOW_RE_LOOK_TEXT_START,
    FLOW_RE_LOOK_TEXT_END,
    FLOW_RE_LOOK_LINE_START,
    FLOW_RE_LOOK_LINE_END,
    FLOW_RE_LOOK_WORD,
    FLOW_RE_LOOK_NOT_WORD,
    FLOW_RE_LOOK_UNI_WORD,
    FLOW_RE_LOOK_NOT_UNI_WORD,
};
typedef struct flow_re_op {
    uint8_t op, lo, hi, pad;
    uint16_t x, y;
} flow_re_op;
typedef struct flow_re_range {
    uint8_t lo, hi;
    uint16_t next;
} flow_re_range;
typedef struct flow_re_nfa {
    uint32_t ops, ranges; /* counts */
    uint32_t start;
    uint32_t words;  /* offset of the code points of Unicode words: u32 pairs low, high */
    uint32_t nwords; /* pairs */
    uint32_t ranges_at; /* offset of the ranges */
    /* ops */
} flow_re_nfa;

#endif
