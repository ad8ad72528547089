/* interim.c - what other folders are about to bring; each goes when it is there. */
#include "compiler/base/check.h"
#include "compiler/regex/regex.h"

int flow_k_fn_to_json(void);
__attribute__((weak)) int flow_k_fn_to_json(void) { flow_unreachable("to_json"); }
__attribute__((weak)) int regex_compile(arena_t *arena, const char *text, size_t len,
                                        regex_t **out, regex_error_t *err) {
    (void)arena, (void)text, (void)len, (void)err;
    *out = NULL;
    return 1;
}
__attribute__((weak)) const uint8_t *regex_table(regex_t *re, size_t *len) {
    (void)re, (void)len;
    flow_unreachable("regex");
}
__attribute__((weak)) int regex_as_class_run(const regex_t *re, uint8_t table[32]) {
    (void)re, (void)table;
    return 0;
}
__attribute__((weak)) int regex_as_literal(const regex_t *re, const char **text, size_t *len) {
    (void)re, (void)text, (void)len;
    return 0;
}
