#!/bin/sh
# goldens.sh - the data sets of tests/bench by their hashes, and what Flow makes of them
# against known results: numbers of the data sets' definitions, and counts by awk.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0
is() { # is WHAT GOT WANTED
    if [ "$2" = "$3" ]; then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "goldens: $1: got '$2', expected '$3'"; fi
}
sum() { sha256sum "$1" | cut -d' ' -f1; }

gcc -O2 -o "$work/gen" tests/bench/gen.c -lm || exit 1
cd "$work" || exit 1
./gen words 100000 5000 >w5000 && ./gen words 20000 1000000 >w1000000
./gen groups 100000 20000 >g20000 && ./gen groups 200000 1000 >g1000
./gen ads 200000 4000 json >ads.json && ./gen ads 200000 4000 csv >ads.csv
is "words, V = 5000" "$(sum w5000)" 4b7667eccd49e93a5aadc7a0039bc511dac9947598d6f7d55f1c46e5bf48263b
is "words, V = 1000000" "$(sum w1000000)" 294c474a8b90d847a1d08fec6812078b6e932171b46c8d0120cc4b4f2b377e2a
is "groups, K = 20000" "$(sum g20000)" 07b1d04a50830102b3d77becb2c5212fa4ad93c1e0bea61ea5a82e19c53c7833
is "groups, K = 1000" "$(sum g1000)" 5d9e5203d3cd1371994515895f3545703afe069f8d12f8ca51762dcec7c0a035
is "ads" "$(sum ads.json)" 700a20ad6232564a4035e6c6a17475695f6a32835331d47d75dc5d8cdc99cbc8

for p in words grep_literal grep_regex groups ads_json ads_csv; do
    "$build/flowc" build -o $p "$root/tests/bench/programs/$p.flow" || failed=$((failed + 1))
done

words() { # words FILE BYTES WORDS DISTINCT TOP_TEN
    ./words input=$1 >out
    is "$1: bytes" "$(wc -c <$1)" "$2"
    is "$1: words" "$(awk -F, '{ n += $2 } END { print n }' out)" "$3"
    is "$1: distinct" "$(wc -l <out)" "$4"
    [ -z "$5" ] ||
        is "$1: top ten" "$(LC_ALL=C sort -t, -k2,2nr out | head -10 | tr ',\n' ' ;')" "$5"
    is "$1: against awk" "$(sum out)" "$(awk '{ for (i = 1; i <= NF; i++) n[$i]++ }
        END { for (w in n) print w "," n[w] }' $1 | LC_ALL=C sort -t, -k1,1 | sha256sum | cut -d' ' -f1)"
}
words w5000 9645487 1297761 4981 "fgtaer 106008;eghqxzna 61271;ieqsegup 43061;xklknacl 33280;wqoej 28149;gszbw 23694;knfnsa 20557;ffwy 18423;jkrt 16437;vxwhjncyc 14093;"
words w1000000 1929655 259777 80166 ""
is "lines with zq, V = 5000" "$(./grep_literal input=w5000)" 14189
is "lines by regex, V = 5000" "$(./grep_regex input=w5000)" 2048
is "lines with zq, V = 1000000" "$(./grep_literal input=w1000000)" 2469
is "lines by regex, V = 1000000" "$(./grep_regex input=w1000000)" 710

groups() { # groups FILE KEYS SUM MAXIMA HASH
    ./groups input=$1 >out
    is "$1: keys, sum, maxima" \
        "$(awk -F, '{ s += $3; m += $4 } END { print NR, s, m }' out)" "$2 $3 $4"
    is "$1: result" "$(sum out)" "$5"
}
groups g20000 19845 49935982 15970174 e9f33c15be9070ddd627f6389f32cac2c11624459d1a19560cefa3fcc977f831
groups g1000 1000 99913989 994455 84367cb9c2c5cc7a95de532fac44d4939f5230ebd4f5c8fdc064ebe7474b107d

views=$(awk -F, '$5 == "view" { n[$3]++ } END { for (a in n) print a "," n[a] }' ads.csv |
    LC_ALL=C sort | sha256sum | cut -d' ' -f1)
./ads_json input=ads.json >out && is "views by ad, JSON" "$(sum out)" "$views"
is "views" "$(awk -F, '{ n += $2 } END { print n }' out)" 66640
./ads_csv input=ads.csv >out && is "views by ad, CSV" "$(sum out)" "$views"

# Windows over rows of words in memory: how many rows the published results have, the sums of those that
# are sums, and all bytes against the same in C.
gcc -O2 -o events "$root/tests/bench/events.c" &&
    gcc -O2 -o windows_plain "$root/tests/bench/rivals/windows_plain.c" -lm || failed=$((failed + 1))
windows() { # windows QUERY SET ROWS RATE RESULTS SUM
    ./events "$2" "$3" "$4" bin >rows.bin
    "$build/flowc" build -o query "$root/tests/bench/programs/$1.flow" && ./query input=rows.bin >out
    is "$1: rows" "$(wc -l <out)" "$5"
    [ -z "$6" ] || is "$1: sum" "$(awk -F, '{ n += $NF } END { printf "%.0f", n }' out)" "$6"
    is "$1: against C" "$(sum out)" "$(./windows_plain "$1" rows.bin 2>log | sha256sum | cut -d' ' -f1)"
}
windows cm1 cluster 50000 500 636 752567640
windows cm2 cluster 50000 500 34127 37061880
windows sg1 grid 50000 400 3724 ""
windows sg2 grid 50000 400 125193 ""
windows lrb1 road 30000 50 7618 ""

# Keys that hardly come again: rows pass the table of their worker by, now and then a run of them
# fills it. Without -fno-fuse against with it, whose rows all enter, and counts and sums by awk.
awk 'BEGIN { for (i = 0; i < 400000; i++) {
    k = i * 7919 % 300007
    printf "%d,%s%d,%d,%.3f\n", k, k % 7 ? "k" : "more than twelve bytes ", k, i * 31 % 1000 - 500, i % 97 / 8
} }' >rare.csv
for key in n name; do
    cat >rare.flow <<FLOW
from file("rare.csv", format = csv) as { n: int, name: string, v: int, f: float }
|> aggregate rows = count(), total = sum(v), least = min(f), most = max(v), mean = avg(f),
             spread = variance(f), any_high = any(v > 480), odd = count() when v % 2 == 1 per $key
|> to stdout(format = csv, mode = final)
FLOW
    "$build/flowc" build -o rare rare.flow && "$build/flowc" build -fno-fuse -o enter rare.flow ||
        failed=$((failed + 1))
    ./enter --parallelism 1 >want
    column=$([ $key = n ] && echo 1 || echo 2)
    is "rare $key: counts and sums" "$(cut -d, -f1-3 want | LC_ALL=C sort | sha256sum)" \
        "$(awk -F, -v c="$column" '{ n[$c]++; s[$c] += $3 }
            END { for (k in n) print k "," n[k] "," s[k] }' rare.csv | LC_ALL=C sort | sha256sum)"
    for threads in 1 2; do
        ./rare --parallelism $threads --memory 160MB --block_size 64KiB >out
        is "rare $key, $threads workers" "$(sum out)" "$(sum want)"
    done
done

echo "goldens: $passed passed, $failed failed"
[ "$failed" = 0 ]
