/* ads_bin_plain.c - the advertising benchmark over rows of eight words, as a good programmer
 * writes it in an hour: views of each campaign in windows of ten seconds.
 *
 *   ads_bin_plain EVENTS TABLE [memory]     prints `window start,campaign,count`, in that order
 *
 * No SIMD, no threads. */
#include "ads_bin.h"

static void take_events(const void *p, size_t n) {
    for (const event *e = p, *end = e + n; e < end; e++) take_event(e);
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4 || each_rows(argv[2], sizeof(known), take_table)) return 1;
    if (each_event(argc, argv, take_events)) return 1;
    close_window();
    return fflush(stdout) != 0;
}
