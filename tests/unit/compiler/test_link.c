/* test_link.c - what a build may overwrite, where the runtime is found, the cache. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "compiler/link/cache.h"
#include "compiler/link/link.h"
#include "compiler/link/object.h"
#include "compiler/link/spawn.h"

typedef struct place {
    arena_t *arena;
    char folder[64];
} place_t;

static place_t new_place(void) {
    place_t p = {.arena = arena_new("link"), .folder = "/tmp/flow-link-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p.folder));
    return p;
}

static const char *in(place_t *p, const char *name) {
    return arena_printf(p->arena, "%s/%s", p->folder, name);
}

static void put(place_t *p, const char *name, const char *bytes, size_t n) {
    const char *why;
    CU_ASSERT(file_write(p->arena, in(p, name), bytes, n, 0755, &why));
}

static void drop(place_t *p) {
    const char *argv[] = {"/bin/rm", "-rf", p->folder, NULL}, *said;
    CU_ASSERT_EQUAL(spawn_wait(p->arena, argv, &said), 0);
    arena_free(p->arena);
}

static void test_may_write(void) {
    static const char ours[] = "\177ELF....flow\t1\nprogram\tx\n";
    place_t p = new_place();
    const char *why = NULL;
    CU_ASSERT(link_may_write(p.arena, in(&p, "none"), &why));
    put(&p, "empty", "", 0);
    CU_ASSERT(link_may_write(p.arena, in(&p, "empty"), &why));
    put(&p, "ours", ours, sizeof ours);
    CU_ASSERT(link_may_write(p.arena, in(&p, "ours"), &why));
    put(&p, "notes", "dear diary", 10);
    CU_ASSERT_FALSE(link_may_write(p.arena, in(&p, "notes"), &why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "not an executable made by Flow"));
    put(&p, "text", ours + 8, sizeof ours - 8);
    CU_ASSERT_FALSE(link_may_write(p.arena, in(&p, "text"), &why));
    CU_ASSERT_FALSE(link_may_write(p.arena, p.folder, &why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "a folder"));
    CU_ASSERT_FALSE(link_may_write(p.arena, "/dev/null", &why));
    drop(&p);
}

static void test_file_write(void) {
    place_t p = new_place();
    const char *why = NULL;
    put(&p, "x", "first", 5);
    put(&p, "x", "second", 6);
    struct stat st;
    CU_ASSERT(!stat(in(&p, "x"), &st) && st.st_size == 6);
    CU_ASSERT_FALSE(file_write(p.arena, in(&p, "no/such/x"), "x", 1, 0644, &why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "No such file"));
    drop(&p);
}

/* The runtime of another build: both tags are named. */
static void test_abi(void) {
    place_t p = new_place();
    const char *why = NULL;
    static const char archive[] = "!<arch>\n/ ...flow_rt_abi_0123456789abcdef\0flow_rt_main\0";
    CU_ASSERT_EQUAL(mkdir(in(&p, "lib"), 0755), 0);
    CU_ASSERT_EQUAL(mkdir(in(&p, "lib/flow"), 0755), 0);
    put(&p, "lib/flow/libflowrt.a", archive, sizeof archive);
    const char *tag = link_archive_abi(p.arena, in(&p, "lib/flow/libflowrt.a"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(tag);
    CU_ASSERT_STRING_EQUAL(tag, "0123456789abcdef");
    setenv("FLOW_HOME", p.folder, 1);
    const char *runtime = link_find_runtime(p.arena, &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(runtime);
    CU_ASSERT_STRING_EQUAL(runtime, in(&p, "lib/flow"));
    object_t none = {.bytes = ""};
    link_job_t job = {.objects = &none, .nobjects = 1, .output = in(&p, "out"), .abi = "feedbeef00000000"};
    CU_ASSERT_FALSE(link_program(p.arena, &job, &why));
    CU_ASSERT(strstr(why, "0123456789abcdef") && strstr(why, "feedbeef00000000"));
    setenv("FLOW_HOME", in(&p, "nowhere"), 1);
    CU_ASSERT_PTR_NULL(link_find_runtime(p.arena, &why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "nowhere"));
    unsetenv("FLOW_HOME");
    drop(&p);
}

/* A linker that fails leaves nothing behind, and its words are passed on. */
static void test_linker_fails(void) {
    place_t p = new_place();
    const char *why = NULL;
    const char *runtime = link_find_runtime(p.arena, &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(runtime);
    const char *abi =
        link_archive_abi(p.arena, arena_printf(p.arena, "%s/libflowrt.a", runtime));
    object_t rubbish = {.bytes = "rubbish", .size = 7};
    link_job_t job = {.objects = &rubbish, .nobjects = 1, .output = in(&p, "out"), .abi = abi};
    CU_ASSERT_FALSE(link_program(p.arena, &job, &why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "the linker failed"));
    setenv("FLOW_LINKER", "no-such-linker", 1);
    CU_ASSERT_FALSE(link_program(p.arena, &job, &why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "no-such-linker"));
    unsetenv("FLOW_LINKER");
    CU_ASSERT_EQUAL(rmdir(p.folder), 0); /* empty */
    arena_free(p.arena);
}

static void test_spawn(void) {
    arena_t *a = arena_new("spawn");
    const char *said;
    const char *sh = spawn_find(a, "sh");
    CU_ASSERT_PTR_NOT_NULL_FATAL(sh);
    CU_ASSERT_PTR_NULL(spawn_find(a, "no-such-program-here"));
    const char *argv[] = {sh, "-c", "echo oh >&2; exit 3", NULL};
    CU_ASSERT_EQUAL(spawn_wait(a, argv, &said), 3);
    CU_ASSERT_STRING_EQUAL(said, "oh\n");
    const char *dies[] = {sh, "-c", "kill -9 $$", NULL};
    CU_ASSERT_EQUAL(spawn_wait(a, dies, &said), 128 + 9);
    arena_free(a);
}

static const char *digest_of(arena_t *a, const char *x, const char *y) {
    cache_key_t *k = cache_key_new(a);
    cache_key_text(k, x);
    cache_key_text(k, y);
    return cache_key_digest(a, k);
}

static void test_cache(void) {
    place_t p = new_place();
    setenv("XDG_CACHE_HOME", p.folder, 1);
    const char *digest = digest_of(p.arena, "ab", "c");
    CU_ASSERT_EQUAL(strlen(digest), 40);
    CU_ASSERT_STRING_EQUAL(digest, digest_of(p.arena, "ab", "c"));
    CU_ASSERT_STRING_NOT_EQUAL(digest, digest_of(p.arena, "a", "bc"));
    const char *entry = cache_entry(p.arena, digest), *why;
    CU_ASSERT_PTR_NOT_NULL_FATAL(entry);
    CU_ASSERT_FALSE(cache_has(entry));
    CU_ASSERT(file_write(p.arena, entry, "x", 1, 0755, &why));
    CU_ASSERT(cache_has(entry));
    /* Sparse files of 200 MB: the oldest goes, the entry at hand stays. */
    const char *old = arena_printf(p.arena, "%s/flow/old", p.folder);
    CU_ASSERT(file_write(p.arena, old, "x", 1, 0755, &why));
    const char *touch[] = {"/usr/bin/touch", "-d", "2001-01-01", old, NULL};
    CU_ASSERT_EQUAL(truncate(old, 200000000), 0);
    CU_ASSERT_EQUAL(spawn_wait(p.arena, touch, &why), 0);
    CU_ASSERT_EQUAL(truncate(entry, 200000000), 0);
    cache_trim(p.arena, entry);
    CU_ASSERT(access(old, F_OK) && cache_has(entry));
    /* A folder that others may write to is no place for executables. */
    CU_ASSERT_EQUAL(chmod(arena_printf(p.arena, "%s/flow", p.folder), 0777), 0);
    CU_ASSERT_PTR_NULL(cache_entry(p.arena, digest));
    unsetenv("XDG_CACHE_HOME");
    drop(&p);
}

void suite_link(void);
void suite_link(void) {
    CU_pSuite s = CU_add_suite("link", NULL, NULL);
    CU_add_test(s, "may write", test_may_write);
    CU_add_test(s, "file write", test_file_write);
    CU_add_test(s, "abi tag", test_abi);
    CU_add_test(s, "linker fails", test_linker_fails);
    CU_add_test(s, "spawn", test_spawn);
    CU_add_test(s, "cache", test_cache);
}
