/* The folder of a checkpoint: IDENT cut and flipped anywhere, what is refused, the lock. */
#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runtime/base/crc32c.h"
#include "runtime/base/log.h"
#include "runtime/ckpt/ident.h"
#include "tests/unit/runtime/fake_program.h"

void suite_ident(void);

static void put(const char *name, const char *bytes, int64_t len) {
    FILE *f = fopen(fake_path(name), "wb");
    CU_ASSERT_FATAL(f != NULL);
    fwrite(bytes, 1, (size_t)len, f);
    fclose(f);
}

static rt_ident make(void) {
    rt_ident a;
    CU_ASSERT_FATAL(rt_ident_new("words", 48, &a) == RT_ok);
    CU_ASSERT_FATAL(rt_ident_write(fake_dir(), &a) == RT_ok);
    return a;
}

static void test_again(void) {
    rt_ident b, a = make();
    bool found;
    CU_ASSERT(rt_ident_read(fake_dir(), &b, &found) == RT_ok && found);
    CU_ASSERT(!memcmp(a.job, b.job, 16) && a.seed == b.seed && b.partitions == 48);
    CU_ASSERT_STRING_EQUAL(b.name, "words");
    rt_ident other;
    CU_ASSERT(rt_ident_new("words", 48, &other) == RT_ok && memcmp(a.job, other.job, 16));
    unlink(fake_path("IDENT"));
    CU_ASSERT(rt_ident_read(fake_dir(), &b, &found) == RT_ok && !found);
    fake_remove_dir();
}

/* No prefix and no flipped bit is taken for an IDENT. */
static void test_damage(void) {
    int64_t len;
    bool found;
    rt_ident b;
    make();
    char *bytes = fake_read(fake_path("IDENT"), &len);
    for (int64_t cut = 0; cut < len; cut++) {
        put("IDENT", bytes, cut);
        CU_ASSERT(rt_ident_read(fake_dir(), &b, &found) == RT_refused);
    }
    for (int64_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        put("IDENT", bytes, len);
        CU_ASSERT(rt_ident_read(fake_dir(), &b, &found) == RT_refused);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    put("IDENT", bytes, len);
    chmod(fake_path("IDENT"), 0622);
    CU_ASSERT(rt_ident_read(fake_dir(), &b, &found) == RT_refused);
    chmod(fake_path("IDENT"), 0600);
    CU_ASSERT(rt_ident_read(fake_dir(), &b, &found) == RT_ok);
    free(bytes);
    fake_remove_dir();
}

/* An IDENT whose checksum fits, whatever it says. */
static void forge(uint32_t version, int64_t name_len, int64_t more) {
    rt_wire w = {0};
    char name[400];
    memset(name, 'n', sizeof name);
    rt_wire_u32(&w, 0x49574c46);
    rt_wire_u32(&w, version);
    rt_wire_raw(&w, name, 16);
    rt_wire_u64(&w, 5);
    rt_wire_i64(&w, 48);
    rt_wire_bytes(&w, name, name_len);
    rt_wire_raw(&w, name, more);
    rt_wire_u32(&w, rt_crc32c(0, w.p, w.n));
    put("IDENT", (const char *)w.p, w.n);
    rt_wire_free(&w);
}

static void test_forged(void) {
    rt_ident b;
    bool found;
    forge(RT_CKPT_VERSION, 255, 0);
    CU_ASSERT(rt_ident_read(fake_dir(), &b, &found) == RT_ok && strlen(b.name) == 255);
    CU_ASSERT(b.partitions == 48 && b.seed == 5);
    forge(RT_CKPT_VERSION, 256, 0);
    CU_ASSERT(rt_ident_read(fake_dir(), &b, &found) == RT_refused);
    forge(RT_CKPT_VERSION, 5, 1);
    CU_ASSERT(rt_ident_read(fake_dir(), &b, &found) == RT_refused);
    forge(RT_CKPT_VERSION + 1, 5, 0);
    CU_ASSERT(rt_ident_read(fake_dir(), &b, &found) == RT_refused);
    fake_remove_dir();
}

/* Files of other users are refused, but to the system's own. */
static void test_owner(void) {
    bool found;
    if (geteuid() != 0) return;
    put("IDENT", "x", 1);
    CU_ASSERT(chmod(fake_dir(), 0755) == 0 && chmod(fake_path("IDENT"), 0644) == 0);
    CU_ASSERT(seteuid(65534) == 0);
    CU_ASSERT(rt_folder_check(fake_dir(), "IDENT", &found) == RT_refused);
    CU_ASSERT(seteuid(0) == 0);
    CU_ASSERT(chown(fake_path("IDENT"), 65534, 65534) == 0);
    CU_ASSERT(rt_folder_check(fake_dir(), "IDENT", &found) == RT_ok && found);
    CU_ASSERT(seteuid(65534) == 0);
    CU_ASSERT(rt_folder_check(fake_dir(), "IDENT", &found) == RT_ok && found);
    CU_ASSERT(seteuid(0) == 0);
    fake_remove_dir();
}

/* What should be a folder and is a file; a folder right below the root. */
static void test_folders(void) {
    int lock;
    bool made, found;
    char dir[512], top[] = "/flow-test-XXXXXX", path[64];
    rt_ident a;
    snprintf(dir, sizeof dir, "%s", fake_path("file"));
    put("file", "x", 1);
    CU_ASSERT(rt_folder_take(dir, &lock, &made) == RT_refused && lock < 0);
    put("state", "x", 1);
    CU_ASSERT(rt_folder_below(fake_dir()) == RT_refused);
    fake_remove_dir();
    if (access("/", W_OK) < 0 || !mkdtemp(top)) return;
    CU_ASSERT(rt_ident_new("top", 1, &a) == RT_ok && rt_ident_write(top, &a) == RT_ok);
    CU_ASSERT(rt_ident_read(top, &a, &found) == RT_ok && found);
    snprintf(path, sizeof path, "%s/IDENT", top);
    CU_ASSERT(unlink(path) == 0 && rmdir(top) == 0);
}

/* A file of the folder is a plain file of ours. */
static void test_files(void) {
    bool found;
    fake_dir();
    CU_ASSERT(rt_folder_check(fake_dir(), "IDENT", &found) == RT_ok && !found);
    put("real", "x", 1);
    CU_ASSERT(symlink("real", fake_path("IDENT")) == 0);
    CU_ASSERT(rt_folder_check(fake_dir(), "IDENT", &found) == RT_refused);
    unlink(fake_path("IDENT"));
    CU_ASSERT(mkfifo(fake_path("IDENT"), 0600) == 0);
    CU_ASSERT(rt_folder_check(fake_dir(), "IDENT", &found) == RT_refused);
    unlink(fake_path("IDENT"));
    CU_ASSERT(mkdir(fake_path("IDENT"), 0700) == 0);
    CU_ASSERT(rt_folder_check(fake_dir(), "IDENT", &found) == RT_refused);
    rmdir(fake_path("IDENT"));
    fake_remove_dir();
}

static void test_begin(void) {
    uint8_t job[16], before[16], a[16], b[16];
    rt_wire w = {0};
    for (int i = 0; i < 16; i++) job[i] = (uint8_t)i, before[i] = (uint8_t)(99 - i);
    rt_begin_write(&w, job, before);
    CU_ASSERT(rt_begin_read(w.p, w.n, a, b) && !memcmp(a, job, 16) && !memcmp(b, before, 16));
    for (int64_t n = 0; n < w.n; n++) CU_ASSERT(!rt_begin_read(w.p, n, a, b));
    w.p[0]++;
    CU_ASSERT(!rt_begin_read(w.p, w.n, a, b));
    rt_wire_free(&w);
}

/* One at a time; the lock of who has gone is free. */
static void test_lock(void) {
    int one, two;
    bool made;
    struct statfs fs;
    char folder[512], text[64] = "";
    fake_dir();
    snprintf(folder, sizeof folder, "%s", fake_path("a"));
    /* In memory nothing survives. */
    if (statfs(fake_dir(), &fs) == 0 && fs.f_type == 0x01021994) {
        CU_ASSERT(rt_folder_take(folder, &one, &made) == RT_refused);
        fake_remove_dir();
        return;
    }
    CU_ASSERT(rt_folder_take(folder, &one, &made) == RT_ok && made);
    CU_ASSERT(rt_folder_take(folder, &two, &made) == RT_locked && !made);
    CU_ASSERT(pread(one, text, sizeof text - 1, 0) > 0 && atol(text) == (long)getpid());
    rt_folder_leave(one);
    CU_ASSERT(rt_folder_take(folder, &one, &made) == RT_ok && !made);
    rt_folder_leave(one);
    chmod(folder, 0777);
    CU_ASSERT(rt_folder_take(folder, &one, &made) == RT_refused);
    chmod(folder, 0700);
    char lock[600];
    snprintf(lock, sizeof lock, "%s/LOCK", folder);
    unlink(lock);
    rmdir(folder);
    fake_remove_dir();
}

void suite_ident(void) {
    CU_pSuite s = CU_add_suite("ident", NULL, NULL);
    CU_add_test(s, "written and read", test_again);
    CU_add_test(s, "cut at every byte, every bit flipped", test_damage);
    CU_add_test(s, "forged", test_forged);
    CU_add_test(s, "files that are none", test_files);
    CU_add_test(s, "files of others", test_owner);
    CU_add_test(s, "folders that are none", test_folders);
    CU_add_test(s, "the head of a journal", test_begin);
    CU_add_test(s, "one process", test_lock);
}
