/* unit_main.c - runs the suites that SUITES_DEF lists and prints one closing line.
 *
 * With arguments, only the named suites run.  The last line, `unit/<side>: N passed,
 * N failed`, is what tests/run.sh adds up. */
#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

#define SUITE(name) void suite_##name(void);
#include SUITES_DEF
#undef SUITE

static int wanted(int argc, char **argv, const char *name) {
    if (argc < 2) return 1;
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], name)) return 1;
    return 0;
}

int main(int argc, char **argv) {
    if (CU_initialize_registry() != CUE_SUCCESS) return 2;
#define SUITE(name)                                                                      \
    if (wanted(argc, argv, #name)) suite_##name();
#include SUITES_DEF
#undef SUITE
    (void)wanted, (void)argc, (void)argv; /* unused while no suite is listed */
    CU_basic_set_mode(CU_BRM_SILENT);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_tests_failed();
    unsigned run = CU_get_number_of_tests_run();
    if (failed) CU_basic_show_failures(CU_get_failure_list());
    printf("\nunit/%s: %u passed, %u failed\n", UNIT_SIDE, run - failed, failed);
    CU_cleanup_registry();
    return failed != 0;
}
