#!/bin/sh
# run.sh [--record] [--against FILE] [task...] - measures Flow side by side with its rivals.
#
# The tasks stand in tasks.sh; without names all of them are run.  Data is made once, in
# tests/bench/data/ (not kept in the repository), and stays in the page cache.  Every rival
# must give the same output before anything is timed.  Figures are medians of interleaved
# runs of whole processes; README.md says how to read them.
#   --record         writes the ratios of this run to tests/bench/results.txt, and drawn, results.svg
#   --against FILE   says which ratios differ from those in FILE by more than noise
#   FLOW_BENCH_RUNS   rounds (default 9)
#   FLOW_BENCH_LINES  lines of the word-count text (default 5184000, about 500 MB)
#   FLOW_BENCH_ROWS   rows of the others (defaults: 4 M events, 50 M rows; of `windows` 16 M, of
#                     `nexmark` 5 M, of `checkpoints` 150 M)
#   FLOW_BENCH_HUGE   1: group by with 10^8 keys, too (7 GB of data, 8 GB of memory)
#   FLOW_BENCH_SECONDS of `latency`, each load (default 15)
#   FLOW_BENCH_DUCKDB no: without DuckDB, which is fetched by npm otherwise
# `recovery` has its own sizes, those that its bars are given for.
set -eu
against='' record=no
while [ $# -gt 0 ]; do
    case $1 in
    --record) record=yes ;;
    --against)
        [ -f "${2-}" ] || { echo "bench: --against needs a file" >&2; exit 2; }
        against=$(realpath "$2")
        shift
        ;;
    -*) echo "bench: no option $1; see the head of $0" >&2; exit 2 ;;
    *) break ;;
    esac
    shift
done
cd "$(dirname "$0")/../.."
root=$(pwd)
bench=$root/tests/bench
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
runs=${FLOW_BENCH_RUNS:-9}
lines=${FLOW_BENCH_LINES:-5184000}
data=$bench/data
figures=$data/figures.txt
mkdir -p "$data"
: >"$figures"
for source in "$bench"/*.c "$bench"/rivals/*.c; do
    gcc -O3 -march=native -o "$data/$(basename "$source" .c)" "$source" -lm
done
cd "$data"

# has FILE COMMAND...: the file, made by the command if it is not there.
has() {
    made=$1
    shift
    [ -f "$made" ] || { "$@" >"$made.new" && mv "$made.new" "$made"; }
}

# program NAME: an executable here of what stands in programs/.
program() { "$build/flowc" build -o "$1" "$bench/programs/$1.flow"; }

# compare TASK "WHAT" ROWS NAME COMMAND...: a table, and its ratios among the figures; ROWS are those of
# the input, or 0 where there are none to count.
compare() {
    task=$1 counted=$3
    echo "$task: $2, $runs rounds:"
    shift 3
    ./compare "$runs" "$task" "$counted" "$figures" "$@"
}

# race TASK "WHAT" ROWS NAME COMMAND...: compared, when all gave the same bytes; those whose name
# ends in `alone` give none.
race() {
    agree "$@"
    compare "$@"
}

agree() {
    shift 3
    want=
    while [ $# -gt 0 ]; do
        case $1 in
        *alone) ;;
        *) same_as "$2" ;;
        esac
        shift 2
    done
}

# same COMMAND...: all give the same bytes.
same() {
    want=
    for command; do same_as "$command"; done
}

same_as() {
    got=$(sh -c "$1" | sha256sum)
    [ -n "$want" ] || want=$got
    [ "$got" = "$want" ] || { echo "bench: different output: $1" >&2; exit 1; }
}

# shellcheck source=tests/bench/tasks.sh
. "$bench/tasks.sh"
# shellcheck disable=SC2086 # one blank between two names
tasks=$(echo $tasks)
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $tasks
for task; do
    case " $tasks " in
    *" $task "*) ;;
    *) echo "bench: no task $task; there are: $tasks" >&2; exit 2 ;;
    esac
done
for task; do "task_$task"; done

awk -F '\t' -f "$bench/summary.awk" figures.txt
{
    echo "# Ratios of speed, by \`sh tests/bench/run.sh --record\`; README.md says how to read them."
    printf 'date\t%s\n' "$(date +%Y-%m-%d)"
    printf 'machine\t%s, %s cores, Linux %s\n' \
        "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" "$(nproc)" "$(uname -r)"
    printf 'size\t%s\n' "${FLOW_BENCH_LINES:-standard} lines, ${FLOW_BENCH_ROWS:-standard} rows"
    cat figures.txt
} >results.txt
[ -z "$against" ] || awk -F '\t' -f "$bench/against.awk" "$against" results.txt
awk -F '\t' -f "$bench/report.awk" results.txt >results.svg
[ "$record" = no ] || cp results.txt results.svg "$bench"
