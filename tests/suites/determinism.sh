#!/bin/sh
# determinism.sh [short|long] - the programs of tests/determinism: the same bytes at any
# parallelism, block size, level of optimisation and, for tables, batch size and rule.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0

cd "$work" || exit 1
sh "$root/tests/determinism/inputs.sh" 120000 || exit 1

hash() { cat out.csv out.json out.bin odd.csv bad.json 2>/dev/null | sha256sum; }
run() { # run NAME LABEL PROGRAM ARGS...: compares with the program's first run
    name=$1 label=$2 prog=$3
    shift 3
    rm -f out.csv out.json out.bin odd.csv bad.json
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

without() { # without RULE: the program at hand, compiled without it
    "$build/flowc" build "${level:--O2}" "-fno-$1" -o off "$file" 2>log || { cat log; failed=$((failed + 1)); return; }
    run "$name" "${level:--O2}, -fno-$1" off --parallelism 2
}

for file in "$root"/tests/determinism/*.flow; do
    name=$(basename "$file" .flow)
    first=none
    { "$build/flowc" build -O2 -o o2 "$file" && "$build/flowc" build -O0 -o o0 "$file"; } 2>log || {
        cat log; failed=$((failed + 1)); continue; }
    for p in 1 2 4 8; do
        for block in 64KiB 1MiB 8MiB; do
            run "$name" "-O2, $p workers, blocks of $block" o2 --parallelism $p --block_size $block
        done
    done
    run "$name" "-O0, 1 worker" o0 --parallelism 1 --block_size 64KiB
    run "$name" "-O0, 2 workers" o0 --parallelism 2
    run "$name" "5 partitions" o2 --partitions 5 --parallelism 2
    rules=fuse
    grep -q ' join ' "$file" && rules="fuse lookup"
    for rule in $rules; do without "$rule"; done
    level=-O0 without fuse # the inliner hides what an operator must not use of another function
    grep -q 'mode = final\|# any cut' "$file" || continue
    run "$name" "batches of 64KiB" o2 --batch_size 64KiB --block_size 64KiB --parallelism 2
    run "$name" "batches of 64MiB" o2 --batch_size 64MiB --parallelism 2
    for rule in prune pushdown fold preagg slices; do without "$rule"; done
done
echo "determinism: $passed passed, $failed failed"
[ "$failed" = 0 ]
