#!/bin/sh
# tables.sh [short|long] - random chains of steps over tables against SQLite: the last state
# of each table must be the same bytes, though Flow gets there in many small batches.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
seeds="1 2 3" count=$((40 / ${FLOW_TEST_SHARE:-1}))
[ "${1-short}" = long ] && seeds="1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"
gcc -O1 -w -o "$work/table_gen" tests/diff/table_gen.c || exit 1
passed=0 failed=0
for seed in $seeds; do
    dir=$work/$seed
    mkdir -p "$dir/sql" "$dir/out"
    "$work/table_gen" "$seed" $count "$dir"
    (cd "$dir" && sqlite3 <main.sql && "$build/flowc" build -O$((seed % 2 * 2)) -o prog main.flow &&
        ./prog --parallelism $((seed % 3 + 1))) || failed=$((failed + 1))
    q=0
    while [ $q -lt $count ]; do
        [ -f "$dir/out/q$q.csv" ] || : >"$dir/out/q$q.csv"
        if cmp -s "$dir/sql/q$q.csv" "$dir/out/q$q.csv"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "tables: seed $seed, query $q differs:"
            grep -B 12 "/q$q.csv" "$dir/main.flow" | sed -n '/^input/h; /^input/!H; ${x;p}'
            grep -A 1 "/q$q.csv" "$dir/main.sql"
            diff "$dir/sql/q$q.csv" "$dir/out/q$q.csv" | head -4
        fi
        q=$((q + 1))
    done
done
echo "tables: $passed passed, $failed failed"
[ "$failed" = 0 ]
