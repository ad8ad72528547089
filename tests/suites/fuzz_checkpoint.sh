#!/bin/sh
# fuzz_checkpoint.sh [short|long] [SECONDS] - libFuzzer over all that is read of a checkpoint
# (tests/fuzz/fuzz_checkpoint.c), with ASan and UBSan: some hundred thousand inputs, or an
# hour by two processes.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
sources="runtime/ckpt/state_file.c runtime/ckpt/state_ops.c runtime/ckpt/state_write.c
    runtime/ckpt/state_merge.c runtime/ckpt/commit.c runtime/ckpt/journal.c runtime/ckpt/ident.c
    $(ls runtime/base/*.c)"
compile() { # compile OUT FLAGS...
    out=$1
    shift
    # shellcheck disable=SC2086
    clang-19 -g -O1 -std=gnu17 -I. -I"$build/gen" "$@" -o "$work/$out" tests/fuzz/fuzz_checkpoint.c \
        $sources -lm -lpthread >"$work/log" 2>&1 || { head -20 "$work/log"; return 1; }
}
if ! compile seeds -DSEEDS -fsanitize=address,undefined ||
    ! compile fuzz -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined; then
    echo "fuzz_checkpoint: 0 passed, 1 failed"
    exit 1
fi
mkdir "$work/corpus"
"$work/seeds" "$work/corpus" || { echo "fuzz_checkpoint: 0 passed, 1 failed"; exit 1; }
cd "$work" || exit 1
runs=$((200000 / ${FLOW_TEST_SHARE:-1}))
if [ "${1-short}" = long ]; then
    limit="-max_total_time=${2-3600} -jobs=2 -workers=2"
else
    limit="-runs=$runs"
fi
# shellcheck disable=SC2086
if ./fuzz $limit -max_len=20000 -rss_limit_mb=1024 -timeout=10 corpus >fuzz.log 2>&1; then
    [ "${1-short}" = long ] && runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' fuzz-*.log |
        awk '{ n += $1 } END { print n + 0 }')
    echo "fuzz_checkpoint: $runs inputs, nothing found"
    echo "fuzz_checkpoint: 1 passed, 0 failed"
else
    tail -40 fuzz.log fuzz-*.log 2>/dev/null
    for file in crash-* leak-* oom-* timeout-*; do
        [ -f "$file" ] && echo "fuzz_checkpoint: $file:" && base64 "$file" | head -20
    done
    echo "fuzz_checkpoint: 0 passed, 1 failed"
    exit 1
fi
