#!/bin/sh
# joins.sh [short|long] - random joins of streams and tables against SQLite on the same CSV, in one
# batch and cut into many small ones: the same rows, as sets.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
seeds="1 2" count=30
[ "${1-short}" = long ] && seeds="1 2 3 4 5 6 7 8 9 10" && count=60
gcc -O1 -w -o "$work/join_gen" tests/diff/join_gen.c || exit 1
passed=0 failed=0

compare() { # compare SEED LABEL
    q=0
    while [ $q -lt $count ]; do
        [ -f "out/q$q.csv" ] || : >"out/q$q.csv"
        LC_ALL=C sort "out/q$q.csv" >got
        sed 's/,"",/,,/; s/,""$/,/; s/\r$//' "sql/q$q.csv" | LC_ALL=C sort >want
        sed -i 's/,"",/,,/; s/,""$/,/' got
        if cmp -s got want; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "joins: seed $1, query $q ($2) differs:"
            grep -B2 "/q$q.csv" main.flow
            diff want got | head -6
        fi
        q=$((q + 1))
    done
}

for seed in $seeds; do
    dir=$work/$seed
    mkdir -p "$dir/sql" "$dir/out"
    "$work/join_gen" "$seed" $count "$dir"
    cd "$dir" && cp r.csv t.csv || exit 1
    sqlite3 <main.sql && "$build/flowc" build --faults -O0 -o prog main.flow 2>log || {
        grep -v warning log | head; failed=$((failed + 1)); continue; }
    for cut in 0 40 7; do
        rm -rf out && mkdir out
        FLOW_TEST_CUT=$cut ./prog --parallelism $((cut % 3 + 1)) || failed=$((failed + 1))
        compare "$seed" "batches of $cut"
    done
done
echo "joins: $passed passed, $failed failed"
[ "$failed" = 0 ]
