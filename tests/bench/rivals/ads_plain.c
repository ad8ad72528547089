/* ads_plain.c - the advertising benchmark as a good programmer writes it in an hour.
 *
 *   ads_plain json|csv EVENTS TABLE     prints `window start,campaign,count`, in that order
 *
 * No SIMD, no threads. */
#include "ads.h"

int main(int argc, char **argv) {
    if (argc != 4 || each_line(argv[3], take_ad)) return 1;
    if (each_line(argv[2], strcmp(argv[1], "csv") ? take_json : take_csv)) return 1;
    close_window();
    return fflush(stdout) != 0;
}
