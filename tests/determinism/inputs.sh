#!/bin/sh
# inputs.sh ROWS [WANDER] - what the programs of this folder read, made in the current folder:
# ROWS rows of times.csv, and of the others in proportion.  WANDER: by how many milliseconds
# times are out of order at most (30000, which is what the programs wait).
tests=$(cd "$(dirname "$0")/.." && pwd)
n=$1 wander=${2-30000}
gcc -O2 -o gen "$tests/bench/gen.c" -lm || exit 1
./gen words $((n / 6)) 3000 >words.txt
./gen groups "$n" $((n / 20)) >groups.csv
(./gen ads "$n" 1000 bin && echo cut) >events.bin
awk -v n=$((n / 2)) 'BEGIN { srand(5); for (i = 0; i < n; i++)
    printf "%d,%s%.17ge%d\n", int(rand() * 50), rand() < 0.5 ? "-" : "", 1 + 9 * rand(),
        int(rand() * 601) - 300 }' >floats.csv
awk -v n=$((n / 4)) 'BEGIN { srand(6); print "text,id"; for (i = 0; i < n; i++) {
    printf "\""; m = int(rand() * 5)
    for (k = 0; k < m; k++) printf "%s", rand() < 0.3 ? "a\nb" : rand() < 0.3 ? "\"\"" : "x,y"
    printf "\",%d\n", i } }' >multi.csv
awk -v n=$((n / 3)) 'BEGIN { srand(7); for (i = 0; i < n; i++)
    if (rand() < 0.01) print "broken" i; else printf "%d,%d\n", i % 77, int(rand() * 90) }' >bad.csv
awk -v n=$((n / 3)) 'BEGIN { srand(9); for (i = 0; i < n; i++)
    if (rand() < 0.3) print ""; else if (rand() < 0.2) print "\"q\""; else printf "%d\r\n", i % 500 }' >single.csv
# Times wander, so that blocks and batches cut through windows; none is late.
awk -v n="$n" -v wander="$wander" 'BEGIN { srand(8); for (i = 0; i < n; i++)
    printf "%d,k%d,%d,%.2f\n", i * 20 + int(rand() * wander), int(rand() * 40) ^ 2,
        int(rand() * 1000) - 300, rand() * 100 }' >times.csv
