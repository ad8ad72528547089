#include "compiler/regex/regex_tdfa.h"
uint32_t write_tdfa(arena_t *a, const re_prog *p, buf_t *out) {
    (void)a;
    (void)p;
    (void)out;
    return 0;
}
