#!/bin/sh
# run.sh [task...] - measures Flow side by side with its rivals; tasks: words ads groups
# sliding build checkpoints recovery.
#
# Data is made once, in tests/bench/data/ (not kept in the repository), and stays in the page
# cache.  Every rival must give the same output before anything is timed.  Figures are
# medians of interleaved runs of whole processes.
#   FLOW_BENCH_RUNS   rounds (default 9)
#   FLOW_BENCH_LINES  lines of the word-count text (default 5184000, about 500 MB)
#   FLOW_BENCH_ROWS   rows of the others (defaults: 4 M events, 50 M rows; of `checkpoints` 150 M)
# `recovery` has its own sizes, those that its bars are given for.
set -eu
cd "$(dirname "$0")/../.."
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
runs=${FLOW_BENCH_RUNS:-9}
lines=${FLOW_BENCH_LINES:-5184000}
data=$root/tests/bench/data
mkdir -p "$data"
cc="gcc -O3 -march=native"
$cc -o "$data/gen" tests/bench/gen.c -lm
$cc -o "$data/compare" tests/bench/compare.c
$cc -o "$data/events" tests/bench/events.c
for rival in words_plain words_simd ads_plain ads_simd ads_bin_plain groups_plain groups_simd \
    sliding_plain sliding_simd read_only; do
    $cc -o "$data/$rival" "tests/bench/rivals/$rival.c"
done
cd "$data"

same() { # same COMMAND...: all give the same bytes
    want=
    for command; do
        got=$(sh -c "$command" | sha256sum)
        [ -n "$want" ] || want=$got
        [ "$got" = "$want" ] || { echo "bench: different output: $command" >&2; exit 1; }
    done
}

words() {
    text=words-$lines.txt
    [ -f "$text" ] || ./gen words "$lines" 100000 >"$text"
    "$build/flowc" build -o words "$root/tests/bench/programs/words.flow"
    awk="LC_ALL=C mawk -f $root/tests/bench/rivals/words.awk $text | LC_ALL=C sort -t, -k1,1"
    same "./words_plain $text" "./words_simd $text" "./words --parallelism 1 input=$text" \
        "./words --parallelism 2 input=$text" "$awk"
    echo "word count, $(wc -c <"$text") bytes, V = 100000, $runs rounds:"
    ./compare "$runs" "plain C" "./words_plain $text" \
        "SIMD C" "./words_simd $text" \
        "Flow, 1 thread" "./words --parallelism 1 input=$text" \
        "Flow, 2 threads" "./words --parallelism 2 input=$text" \
        "read() alone" "./read_only $text"
    echo "against mawk (3 rounds):"
    ./compare 3 "mawk | sort" "$awk" "Flow, 1 thread" "./words --parallelism 1 input=$text"
}

# versus WHAT PROGRAM RIVAL "ARGUMENTS" "PARAMETERS": Flow on one thread and two against
# RIVAL_plain and RIVAL_simd.
versus() {
    what=$1 program=$2 plain="./$3_plain $4" simd="./$3_simd $4"
    one="./$program --parallelism 1 $5" two="./$program --parallelism 2 $5"
    "$build/flowc" build -o "$program" "$root/tests/bench/programs/$program.flow"
    same "$plain" "$simd" "$one" "$two"
    echo "$what, $runs rounds:"
    ./compare "$runs" "plain C" "$plain" "SIMD C" "$simd" "Flow, 1 thread" "$one" \
        "Flow, 2 threads" "$two"
}

ads() {
    rows=${FLOW_BENCH_ROWS:-4000000}
    [ -f ads-table.csv ] || ./gen ads-table >ads-table.csv
    for format in json csv; do
        file=ads-$rows.$format
        [ -f "$file" ] || ./gen ads "$rows" 100000 "$format" >"$file"
        versus "advertising, $format, $rows events, $(wc -c <"$file") bytes" "ysb_$format" \
            ads "$format $file ads-table.csv" "input=$file ads=ads-table.csv"
    done
    ads_bin
}

# The same events as rows of 64 bytes: nothing to parse, so reading is most of the work.
ads_bin() {
    file=ads-$rows.bin
    [ -f ads-table.bin ] || ./gen ads-table bin >ads-table.bin
    [ -f "$file" ] || ./gen ads "$rows" 100000 bin >"$file"
    "$build/flowc" build -o ysb_bin "$root/tests/bench/programs/ysb_bin.flow"
    plain="./ads_bin_plain $file ads-table.bin" given="input=$file ads=ads-table.bin"
    one="./ysb_bin --parallelism 1 $given" two="./ysb_bin --parallelism 2 $given"
    same "$plain" "$one" "$two"
    echo "advertising, bin, $rows events, $(wc -c <"$file") bytes, $runs rounds:"
    ./compare "$runs" "plain C" "$plain" "Flow, 1 thread" "$one" "Flow, 2 threads" "$two" \
        "read() alone" "./read_only $file"
}

groups() {
    rows=${FLOW_BENCH_ROWS:-50000000}
    file=groups-$rows.csv
    [ -f "$file" ] || ./gen groups "$rows" $((rows / 5)) >"$file"
    versus "group by, $rows rows, $((rows / 5)) keys, $(wc -c <"$file") bytes" groups \
        groups "$file" "input=$file"
}

sliding() {
    rows=${FLOW_BENCH_ROWS:-50000000}
    file=sliding-$rows.csv
    [ -f "$file" ] || ./events sliding "$rows" 50000 1000 >"$file"
    versus "windows of 60 s every second, $rows rows, 1000 keys, $(wc -c <"$file") bytes" sliding \
        sliding "$file 1000" "input=$file"
}

# costs WHAT PROGRAM ARGUMENTS...: the program alone, and with its state saved now and then.
costs() {
    what=$1 program=$2
    shift 2
    kept="--checkpoint $program.ckpt --checkpoint-every"
    echo "$what, with a checkpoint in tests/bench/data, $runs rounds:"
    for threads in 1 2; do
        alone="./$program --parallelism $threads $*"
        same "$alone" "rm -rf $program.ckpt; $alone $kept 1s"
        ./compare "$runs" "$threads thread(s), none" "$alone" \
            "state every 10 s" "rm -rf $program.ckpt; $alone $kept 10s" \
            "state every 1 s" "rm -rf $program.ckpt; $alone $kept 1s"
    done
}

checkpoints() {
    text=words-$lines.txt
    [ -f "$text" ] || ./gen words "$lines" 100000 >"$text"
    "$build/flowc" build -o words "$root/tests/bench/programs/words.flow"
    costs "word count" words "input=$text"
    "$build/flowc" build -o groups "$root/tests/bench/programs/groups.flow"
    for keys in 2500000 10000000; do
        rows=${FLOW_BENCH_ROWS:-150000000}
        file=groups-$rows-$keys.csv
        [ -f "$file" ] || ./gen groups "$rows" "$keys" >"$file"
        costs "group by, $rows rows, $keys keys" groups "input=$file"
    done
    cp "$root/examples/nexmark/nexmark.flow" "$root/examples/nexmark/q5.flow" .
    "$build/flowc" build -o q5 q5.flow
    costs "Nexmark q5, 100 M events" q5 tps=1000000 events=100000000
    batches=$(($(wc -c <"$text") / 262144))
    echo "a commit: word count in $batches batches of 256 KiB, no state saved, 1 thread:"
    small="./words --parallelism 1 --batch-size 256KiB input=$text"
    ./compare "$runs" "none" "$small" \
        "PLAN and COMMIT" "rm -rf words.ckpt; $small --checkpoint words.ckpt --checkpoint-every 1h"
}

# The sizes of state that the bars are given for; killed as soon as it is saved.
recovery() {
    $cc -o recovery "$root/tests/bench/recovery.c"
    "$build/flowc" build -o kept "$root/tests/bench/programs/kept.flow"
    for size in "30000000 2500000 2s 100000000" "100000000 24000000 8s 900000000"; do
        # shellcheck disable=SC2086
        set -- $size
        file=groups-$1-$2.csv
        [ -f "$file" ] || ./gen groups "$1" "$2" >"$file"
        echo "recovery, $2 keys, 2 threads:"
        ./recovery 5 kept.ckpt "$4" ./kept --parallelism 2 --batch-size 4MiB --log info \
            --checkpoint kept.ckpt --checkpoint-every "$3" "input=$file"
    done
}

build_times() {
    cat >one.flow <<'FLOW'
from file("one.txt") |> to stdout(format = text)
FLOW
    echo one >one.txt
    "$build/flowc" build -o one one.flow
    program=$root/examples/word_count/main.flow
    echo "flowc on word count, and the start of an executable to its end, 20 rounds:"
    ./compare 20 "build -O2" "$build/flowc build --no-cache -o built $program" \
        "build -O0" "$build/flowc build --no-cache -O0 -o built $program" \
        "check" "$build/flowc check $program" \
        "start, one line" "./one"
    strip -o stripped built
    echo "executable of word count, stripped: $(wc -c <stripped) bytes"
}

[ $# -gt 0 ] || set -- words ads groups sliding build checkpoints recovery
for task; do
    case $task in
    words | ads | groups | sliding | checkpoints | recovery) $task ;;
    build) build_times ;;
    *) echo "bench: no task $task; see the head of $0" >&2; exit 2 ;;
    esac
done
