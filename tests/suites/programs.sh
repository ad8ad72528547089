#!/bin/sh
# programs.sh [short|long] - random programs against SQLite on the same rows: windows of all
# kinds, aggregates and aggregates of them, distinct, top, sort, limit, each, unions, joins of
# streams, tables and versions, tables put together from their changes, windows that are revised,
# over optional values, ties and floats of full precision.  Many programs share one executable; each
# executable runs on the input as one batch and cut into small ones.  The long form builds each at
# -O0 and at -O2, the short one at one of the two.  See tests/diff/programs/relation.h for how the one becomes the other.
#
# What the two define differently is not generated:
# - sums and means of floats: SQLite adds doubles, Flow's are the exact values rounded once;
#   here SQLite computes with integers of 2^-30 and what it gives is rounded once
# - `==` of optional values is SQL's `is`, but in `on`, where it is `=`: none matches nothing
# - none is last in each order, with `desc` too; an aggregate over no value is none as in SQL,
#   but a sum 0
# - which rows are `first` is Flow's row order; behind joins and unions of two sources, and
#   behind `with ties`, that order depends on the cut, so there rows are compared as sets and
#   nothing that asks for the order follows
# - rows are late only against a watermark, which SQL has not: the disorder is less than the
#   delay, or than the `lateness` of windows that are revised
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
sources=$PWD/tests/diff/programs
count=25 last=4 share=${FLOW_TEST_SHARE:-1}
[ "${1-short}" = long ] && last=44
[ "$share" = 1 ] || last=$(((last + share - 1) / share))
gcc -O1 -w -o "$work/generate" "$sources"/*.c -lm || exit 1
gcc -O1 -w -o "$work/compare" tests/diff/compare.c -lm || exit 1
passed=0 failed=0 programs=0 empty=0

compare() { # compare SEED LABEL: adds up what is the same and shows what is not
    "$work/compare" . $count >differences
    same=$(sed -n 's/^same \([0-9]*\), .*/\1/p' differences)
    passed=$((passed + ${same:-0})) failed=$((failed + count - ${same:-0}))
    [ "$same" = $count ] && return
    echo "programs: seed $1, $2:"
    head -30 differences
    for q in $(sed -n 's/^query \([0-9]*\):.*/\1/p' differences | head -3); do
        sed -n "/^# q$q\$/,/^\$/p" main.flow
    done
}

seed=1
while [ $seed -le $last ]; do
    dir=$work/$seed
    mkdir -p "$dir/sql"
    "$work/generate" $seed $count "$dir" || exit 1
    cd "$dir" || exit 1
    sqlite3 <main.sql || failed=$((failed + 1))
    levels=-O0
    [ $((seed % 2)) = 0 ] && levels=-O2
    [ "${1-short}" = long ] && levels="-O0 -O2"
    for level in $levels; do
        "$build/flowc" build --faults $level -o prog main.flow 2>log || {
            echo "programs: seed $seed is not built:"
            grep -A5 'error' log | head -20
            failed=$((failed + count))
            continue
        }
        for cut in 0 7; do
            rm -rf out
            FLOW_TEST_CUT=$cut ./prog --parallelism $(((seed + cut) % 4 + 1)) 2>log || head -5 log
            compare $seed "$level, batches of $cut"
        done
    done
    programs=$((programs + count))
    empty=$((empty + $(sed -n 's/.*these empty \([0-9]*\),.*/\1/p' differences 2>/dev/null || echo 0)))
    cd "$work" && rm -rf "$dir"
    seed=$((seed + 1))
done
echo "programs: $programs programs, $empty without rows"
echo "programs: $passed passed, $failed failed"
[ "$failed" = 0 ]
