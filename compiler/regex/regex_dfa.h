/* regex_dfa.h - automata from the thread program.  Inside compiler/regex only. */
#ifndef FLOW_REGEX_REGEX_DFA_H
#define FLOW_REGEX_REGEX_DFA_H

#include "compiler/regex/regex_prog.h"

/* An automaton of more states is left to the threads. */
#define RE_MAX_DFA 2000
/* So is a table of more bytes: it would fill the cache, and the executable. */
#define RE_MAX_DFA_BYTES (384 << 10)

typedef enum re_direction {
    RE_FORWARD,  /* from anywhere; the match that threads prefer */
    RE_BACKWARD, /* from the end of a match to the left; the longest */
} re_direction;

typedef struct re_dfa {
    uint32_t states, stride; /* columns: classes, then the edge of the text */
    uint32_t *next;          /* [states][stride] */
    uint8_t *match;          /* [states]: a match ended one byte ago */
    uint32_t start[4];       /* by FLOW_RE_SIDE */
    uint32_t dead;
    uint8_t classes[256];
} re_dfa;

/* 1, or 0 where it would be too large or take too long to make. */
int dfa_build(arena_t *a, const re_prog *p, re_direction direction, re_dfa *out);

/* Can every match only begin at the start of the text? */
int prog_is_anchored(arena_t *a, const re_prog *p);

/* Used by the tagged automaton as well. */

/* The kind of a byte (FLOW_RE_SIDE). */
int side_of(uint8_t byte);
/* Does assertion `look` hold between the kinds before and after?  Not the Unicode ones.
 */
int look_holds(int look, int before, int after);
/* Bytes that no instruction tells apart: fills classes[256] and one byte of each class,
 * returns how many there are. */
uint32_t byte_classes(arena_t *a, const re_prog *p, uint8_t classes[256],
                      uint8_t sample[256]);

#endif
