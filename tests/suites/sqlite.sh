#!/bin/sh
# sqlite.sh [short|long] - random filter, project and group-by pipelines against SQLite on
# the same CSV: the files must be the same bytes.  Many pipelines share one executable.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
seeds="1 2 3" count=$((100 / ${FLOW_TEST_SHARE:-1}))
[ "${1-short}" = long ] && seeds="1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"
gcc -O1 -w -o "$work/sql_gen" tests/diff/sql_gen.c || exit 1
passed=0 failed=0
for seed in $seeds; do
    dir=$work/$seed
    mkdir -p "$dir/sql" "$dir/out"
    "$work/sql_gen" "$seed" $count "$dir"
    (cd "$dir" && sqlite3 <main.sql && "$build/flowc" build -o prog main.flow &&
        ./prog --parallelism $((seed % 3 + 1))) || failed=$((failed + 1))
    q=0
    while [ $q -lt $count ]; do
        [ -f "$dir/out/q$q.csv" ] || : >"$dir/out/q$q.csv"
        if cmp -s "$dir/sql/q$q.csv" "$dir/out/q$q.csv"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "sqlite: seed $seed, query $q differs:"
            grep "/q$q.csv" "$dir/main.flow" "$dir/main.sql"
            diff "$dir/sql/q$q.csv" "$dir/out/q$q.csv" | head -4
        fi
        q=$((q + 1))
    done
done
echo "sqlite: $passed passed, $failed failed"
[ "$failed" = 0 ]
