/* ads_bin_simd.c - the advertising benchmark over rows of eight words as fast as we can make it
 * by hand, on one thread.
 *
 *   ads_bin_simd EVENTS TABLE [memory]     prints `window start,campaign,count`, in that order
 *
 * A row is a line of the cache of which three words are read, so there is nothing for vectors:
 * a gather loads the same lines.  What costs is the branch on the type, which nobody can
 * predict, and that the same count comes again soon.  So rows that are no views are counted
 * where nobody looks, in four arrays in turn, and the time is asked once for a stretch of
 * rows, whose last one has the greatest. */
#include "ads_bin.h"

enum { STRETCH = 64, LANES = 4 };

static int64_t lanes[LANES][CAMPAIGNS + 1];

static void collect(void) {
    for (int l = 0; l < LANES; l++)
        for (int i = 1; i <= CAMPAIGNS; i++) counts[i] += lanes[l][i];
    memset(lanes, 0, sizeof lanes);
}

static inline void count(const event *e, int64_t *to) {
    to[campaign_of(e->ad) & -(e->event_type == VIEW)]++;
}

/* Rows that may begin a window. */
static void take_slowly(const event *e, const event *end) {
    if (e < end && end[-1].at >= window_end) collect();
    for (; e < end; e++) take_event(e);
}

static void take_events(const void *p, size_t n) {
    const event *e = p, *end = e + n;
    for (const event *stop; end - e >= STRETCH; e = stop) {
        stop = e + STRETCH;
        if (stop[-1].at >= window_end) {
            take_slowly(e, stop);
            continue;
        }
        for (; e < stop; e += LANES)
            for (int l = 0; l < LANES; l++) count(e + l, lanes[l]);
    }
    take_slowly(e, end);
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4 || each_rows(argv[2], sizeof(known), take_table)) return 1;
    if (each_event(argc, argv, take_events)) return 1;
    collect();
    close_window();
    return fflush(stdout) != 0;
}
