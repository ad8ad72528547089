/* fuzz_parse.c - libFuzzer entry: any text parses to a program or to messages with places.
 *
 *     clang-19 -fsanitize=fuzzer,address,undefined ... tests/fuzz/fuzz_parse.c \
 *         tests/unit/compiler/mutate.c <flowcore>     and run it on tests/golden */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/compiler/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int errors;
    const char *why = parse_holds((const char *)data, size, &errors);
    if (!why) return 0;
    fprintf(stderr, "%s\n", why);
    abort();
}
