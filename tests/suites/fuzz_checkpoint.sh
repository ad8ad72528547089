#!/bin/sh
# fuzz_checkpoint.sh [short | long [SECONDS [FORM...]]] - libFuzzer over all that is read of a
# checkpoint (tests/fuzz/fuzz_checkpoint.c), with ASan and UBSan: some hundred thousand inputs of
# all forms, or an hour for each form (or for those named), two at a time.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
fuzz=$work/build/tests/fuzz_checkpoint
if ! { cmake -G Ninja -S . -B "$work/build" -DCMAKE_C_COMPILER=clang-19 \
    -DFLOW_SANITIZE="address;undefined" -DFLOW_FUZZ=ON &&
    cmake --build "$work/build" --target fuzz_checkpoint; } >"$work/log" 2>&1; then
    tail -30 "$work/log"
    echo "fuzz_checkpoint: 0 passed, 1 failed"
    exit 1
fi
mkdir "$work/seeds"
FLOW_FUZZ_SEEDS=$work/seeds "$fuzz" || { echo "fuzz_checkpoint: 0 passed, 1 failed"; exit 1; }

# run FORM LIMIT: inputs of the form, or of `all`, in a folder of its own.
cat >"$work/run" <<'RUN'
cd "$(dirname "$0")" && mkdir -p "$1/corpus" || exit 1
case $1 in
all) cp seeds/* all/corpus ;;
*) cp "seeds/$1"-* "$1/corpus" && export FLOW_FUZZ_FORM=$1 ;;
esac
cd "$1" && ../build/tests/fuzz_checkpoint "$2" -max_len=20000 -rss_limit_mb=2048 -timeout=20 \
    -close_fd_mask=3 corpus >log 2>&1 && exit
tail -40 log
for file in crash-* leak-* oom-* timeout-*; do
    [ -f "$file" ] && echo "fuzz_checkpoint, $1: $file:" && base64 "$file" | head -20
done
touch failed
RUN
if [ "${1-short}" = long ]; then
    seconds=${2-3600}
    shift "$(($# < 2 ? $# : 2))"
    forms=${*:-state journal payload rows folder value}
    # shellcheck disable=SC2086
    printf '%s\n' $forms | xargs -P 2 -I{} sh "$work/run" {} "-max_total_time=$seconds"
else
    forms=all
    sh "$work/run" all "-runs=$((150000 / ${FLOW_TEST_SHARE:-1}))"
fi
passed=0 failed=0
for form in $forms; do
    if [ -e "$work/$form/failed" ]; then
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
        sed -n "s/^Done \([0-9]*\) runs in \([0-9]*\) .*/$form: \1 inputs in \2 s, nothing found/p" \
            "$work/$form/log"
    fi
done
echo "fuzz_checkpoint: $passed passed, $failed failed"
[ $failed = 0 ]
