#!/bin/sh
# determinism.sh [short|long] - the programs of tests/determinism: the same bytes at any
# parallelism, block size, level of optimisation and, for tables, batch size and rule.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0

gcc -O2 -o "$work/gen" tests/bench/gen.c -lm || exit 1
cd "$work" || exit 1
./gen words 20000 3000 >words.txt
./gen groups 150000 5000 >groups.csv
awk 'BEGIN { srand(5); for (i = 0; i < 60000; i++)
    printf "%d,%s%.17ge%d\n", int(rand() * 50), rand() < 0.5 ? "-" : "", 1 + 9 * rand(),
        int(rand() * 601) - 300 }' >floats.csv
awk 'BEGIN { srand(6); print "text,id"; for (i = 0; i < 30000; i++) {
    printf "\""; n = int(rand() * 5)
    for (k = 0; k < n; k++) printf "%s", rand() < 0.3 ? "a\nb" : rand() < 0.3 ? "\"\"" : "x,y"
    printf "\",%d\n", i } }' >multi.csv
awk 'BEGIN { srand(7); for (i = 0; i < 40000; i++)
    if (rand() < 0.01) print "broken" i; else printf "%d,%d\n", i % 77, int(rand() * 90) }' >bad.csv
# Times wander, so that blocks and batches cut through windows; none is late.
awk 'BEGIN { srand(8); for (i = 0; i < 120000; i++)
    printf "%d,k%d,%d,%.2f\n", i * 20 + int(rand() * 30000), int(rand() * 40) ^ 2,
        int(rand() * 1000) - 300, rand() * 100 }' >times.csv

hash() { cat out.csv out.json odd.csv bad.json 2>/dev/null | sha256sum; }
run() { # run NAME LABEL PROGRAM ARGS...: compares with the program's first run
    name=$1 label=$2 prog=$3
    shift 3
    rm -f out.csv out.json odd.csv bad.json
    if ! timeout 120 "./$prog" "$@" >log 2>&1; then
        echo "determinism: $name ($label) failed:"; head -3 log
        failed=$((failed + 1))
        return
    fi
    got=$(hash)
    if [ "$first" = none ]; then
        first=$got
        [ -s out.csv ] || [ -s out.json ] || { echo "determinism: $name wrote nothing"; first=empty; }
    fi
    if [ "$got" = "$first" ]; then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "determinism: $name ($label) differs"; fi
}

for file in "$root"/tests/determinism/*.flow; do
    name=$(basename "$file" .flow)
    first=none
    "$build/flowc" build -O2 -o o2 "$file" && "$build/flowc" build -O0 -o o0 "$file" || {
        failed=$((failed + 1)); continue; }
    for p in 1 2 4 8; do
        for block in 64KiB 1MiB 8MiB; do
            run "$name" "-O2, $p workers, blocks of $block" o2 --parallelism $p --block_size $block
        done
    done
    run "$name" "-O0, 1 worker" o0 --parallelism 1 --block_size 64KiB
    run "$name" "-O0, 2 workers" o0 --parallelism 2
    run "$name" "5 partitions" o2 --partitions 5 --parallelism 2
    grep -q 'mode = final\|# any cut' "$file" || continue
    run "$name" "batches of 64KiB" o2 --batch_size 64KiB --block_size 64KiB --parallelism 2
    run "$name" "batches of 64MiB" o2 --batch_size 64MiB --parallelism 2
    for rule in prune pushdown fold fuse preagg slices; do
        "$build/flowc" build -O2 -fno-$rule -o off "$file" || { failed=$((failed + 1)); continue; }
        run "$name" "-fno-$rule" off --parallelism 2
    done
done
echo "determinism: $passed passed, $failed failed"
[ "$failed" = 0 ]
