/* compare.c - times whole commands side by side, interleaved.
 *
 *   compare RUNS NAME COMMAND [NAME COMMAND ...]
 *
 * Runs every command once to warm up, then RUNS rounds of all of them in turn, so that a
 * change of the machine's load meets all alike.  Prints for each the median, least and
 * greatest wall time, CPU time, peak memory, and the ratio of the first one's median to
 * its own (over 1: it is faster than the first).  Standard output of the commands goes to
 * /dev/null; a command that fails ends the comparison. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 64, RUNS = 100 };

typedef struct {
    const char *name, *command;
    double wall[RUNS], cpu[RUNS];
    long memory; /* KiB, the greatest */
} rival_t;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static void run(rival_t *r, int round) {
    double start = now();
    pid_t pid = fork();
    if (pid < 0) exit(1);
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        if (null < 0 || dup2(null, 1) < 0) _exit(126);
        execl("/bin/sh", "sh", "-c", r->command, (char *)NULL);
        _exit(127);
    }
    int status;
    struct rusage use;
    if (wait4(pid, &status, 0, &use) != pid) exit(1);
    if (status) {
        fprintf(stderr, "compare: %s failed: %s\n", r->name, r->command);
        exit(1);
    }
    if (round < 0) return;
    r->wall[round] = now() - start;
    r->cpu[round] = seconds(use.ru_utime) + seconds(use.ru_stime);
    if (use.ru_maxrss > r->memory) r->memory = use.ru_maxrss;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    static rival_t rivals[MOST];
    int runs = argc > 1 ? atoi(argv[1]) : 0, n = (argc - 2) / 2;
    if (runs < 1 || runs > RUNS || n < 1 || n > MOST || argc % 2) {
        fprintf(stderr, "usage: compare RUNS NAME COMMAND [NAME COMMAND ...]\n");
        return 2;
    }
    for (int i = 0; i < n; i++)
        rivals[i] = (rival_t){.name = argv[2 + 2 * i], .command = argv[3 + 2 * i]};
    for (int round = -1; round < runs; round++)
        for (int i = 0; i < n; i++) run(&rivals[i], round);
    printf("%-28s %9s %9s %9s %9s %9s %8s\n", "", "median s", "least", "greatest", "cpu s", "MiB",
           "ratio");
    double first = 0;
    for (int i = 0; i < n; i++) {
        rival_t *r = &rivals[i];
        qsort(r->wall, (size_t)runs, sizeof *r->wall, by_value);
        qsort(r->cpu, (size_t)runs, sizeof *r->cpu, by_value);
        double median = r->wall[runs / 2];
        if (i == 0) first = median;
        printf("%-28s %9.4f %9.4f %9.4f %9.4f %9.1f %8.2f\n", r->name, median, r->wall[0],
               r->wall[runs - 1], r->cpu[runs / 2], (double)r->memory / 1024, first / median);
    }
    return 0;
}
