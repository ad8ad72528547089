#!/bin/sh
# parts.sh [short|long] - a program so large that it is compiled in parts: the same executable on
# one core and on all, and the same rows as from a program that has but one of its pipelines.
cd "$(dirname "$0")/../.." || exit 1
suite=parts
lines=$(pwd)/tests/bench/lines.awk
. tests/tools/check.sh

# large LINES NAME: pipelines that all read a parameter and call a function.
large() {
    awk -v lines="$1" -f "$lines" | sed 's|out/|rows/|; s/^|> where value > \([0-9.]*\)/|> where above(value, \1)/' >"$2.flow"
    printf '%s\n' 'param least: float = 0.0' 'fn above(x: float, y: float) = x > y + least' >>"$2.flow"
}
large 10 small
large 150 large
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "%d,%.3f,no%d\n", i % 97, i * 7919 % 1000 / 10, i % 13 }' >trades.csv

for level in -O0 -O2; do
    "$build/flowc" build --no-cache $level -o small small.flow 2>log || miss "small $level" "$(head -3 log)"
    "$build/flowc" build --no-cache $level -o large large.flow 2>log || miss "large $level" "$(head -3 log)"
    taskset -c "$(taskset -cp $$ | sed 's/.*: \([0-9]*\).*/\1/')" \
        "$build/flowc" build --no-cache $level -o other large.flow 2>log || miss "one core $level" "$(head -3 log)"
    same_file "one core and all, $level" large other
    for least in 0.0 2.5; do
        rm -rf rows one && run "small $level" 0 ./small least=$least
        mv rows one && run "large $level" 0 ./large least=$least
        same_file "the first pipeline, $level, least=$least" one/0.csv rows/0.csv
        check "it has rows" test -s rows/0.csv
        cat rows/*.csv >"all-$level-$least"
    done
done
for least in 0.0 2.5; do same_file "both levels, least=$least" "all--O0-$least" "all--O2-$least"; done
check "a parameter changes them" sh -c '! cmp -s all--O2-0.0 all--O2-2.5'
"$build/flowc" build --no-cache --time -o large large.flow 2>times
check "it was compiled in parts" sh -c '! grep -q optimise times'
finish
