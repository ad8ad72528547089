/* compare.c - times whole commands side by side, interleaved.
 *
 *   compare RUNS TASK ROWS FIGURES NAME COMMAND [NAME COMMAND ...]
 *
 * Runs every command once to warm up, then RUNS rounds of all of them in turn.  Prints for
 * each the median, least and greatest wall time, CPU time, peak memory, and how many times as
 * fast as the first one it is: the ratio is taken within a round, so that a change of the
 * machine's load meets both sides, and given as median and quartiles of the rounds.  Where ROWS,
 * those of the input, is not 0, the last column is how many millions of them a second of CPU time
 * takes.  Ratios and this rate are appended to the file FIGURES as lines `task name median low high
 * rate`, separated by tabs.  Standard output of the commands goes to /dev/null; a command that fails ends the
 * comparison.
 *
 * A command whose name ends in "in memory" says itself, on standard error, how long it took
 * behind the reading of its input: the last "in <number> s" there is its wall time. */
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
    double wall[RUNS], cpu[RUNS], ratio[RUNS]; /* by round, until they are sorted */
    long memory;                               /* KiB, the greatest */
} rival_t;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int is_inside(const rival_t *r) {
    static const char end[] = "in memory";
    size_t n = strlen(r->name), m = sizeof end - 1;
    return n >= m && !strcmp(r->name + n - m, end);
}

/* What a command says that it took. */
static double said(FILE *err, const rival_t *r) {
    static char text[1 << 16];
    rewind(err);
    size_t n = fread(text, 1, sizeof text - 1, err);
    double took = -1, found;
    text[n] = 0;
    char unit;
    for (const char *p = text; (p = strstr(p, " in ")); p++)
        if (sscanf(p, " in %lf %c", &found, &unit) == 2 && unit == 's') took = found;
    if (took > 0) return took;
    fprintf(stderr, "compare: %s says no time: %s\n", r->name, text);
    exit(1);
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static void run(rival_t *r, int round) {
    double start = now();
    FILE *err = is_inside(r) ? tmpfile() : NULL;
    if (is_inside(r) && !err) exit(1);
    pid_t pid = fork();
    if (pid < 0) exit(1);
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        if (null < 0 || dup2(null, 1) < 0 || (err && dup2(fileno(err), 2) < 0)) _exit(126);
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
    double took = err ? said(err, r) : now() - start;
    if (err) fclose(err);
    if (round < 0) return;
    r->wall[round] = took;
    r->cpu[round] = seconds(use.ru_utime) + seconds(use.ru_stime);
    if (use.ru_maxrss > r->memory) r->memory = use.ru_maxrss;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sort(double *values, int n) { qsort(values, (size_t)n, sizeof *values, by_value); }

static void report(rival_t *r, int runs, const char *task, double rows, FILE *figures) {
    int low = runs / 4, high = runs - 1 - low;
    sort(r->wall, runs), sort(r->cpu, runs), sort(r->ratio, runs);
    /* What is timed inside a process has no CPU time of its own. */
    double rate = rows / 1e6 / (is_inside(r) ? r->wall : r->cpu)[runs / 2];
    printf("%-28s %9.4f %9.4f %9.4f %9.4f %9.1f %8.3f %8.3f %8.3f", r->name, r->wall[runs / 2],
           r->wall[0], r->wall[runs - 1], r->cpu[runs / 2], (double)r->memory / 1024,
           r->ratio[runs / 2], r->ratio[low], r->ratio[high]);
    printf(rows > 0 ? " %8.2f\n" : "\n", rate);
    fprintf(figures, "%s\t%s\t%.4g\t%.4g\t%.4g\t%.4g\n", task, r->name, r->ratio[runs / 2],
            r->ratio[low], r->ratio[high], rate);
}

int main(int argc, char **argv) {
    static rival_t rivals[MOST];
    int runs = argc > 1 ? atoi(argv[1]) : 0, n = (argc - 5) / 2;
    double rows = argc > 3 ? atof(argv[3]) : 0;
    if (runs < 1 || runs > RUNS || n < 1 || n > MOST || argc % 2 == 0) {
        fprintf(stderr, "usage: compare RUNS TASK ROWS FIGURES NAME COMMAND [NAME COMMAND ...]\n");
        return 2;
    }
    for (int i = 0; i < n; i++)
        rivals[i] = (rival_t){.name = argv[5 + 2 * i], .command = argv[6 + 2 * i]};
    for (int round = -1; round < runs; round++)
        for (int i = 0; i < n; i++) {
            run(&rivals[i], round);
            if (round >= 0) rivals[i].ratio[round] = rivals[0].wall[round] / rivals[i].wall[round];
        }
    FILE *figures = fopen(argv[4], "a");
    if (!figures) return 1;
    printf("%-28s %9s %9s %9s %9s %9s %8s %8s %8s%s\n", "", "median s", "least", "greatest", "cpu s",
           "MiB", "ratio", "low", "high", rows > 0 ? " M/cpu s" : "");
    for (int i = 0; i < n; i++) report(&rivals[i], runs, argv[2], rows, figures);
    return fclose(figures) ? 1 : 0;
}
