#!/bin/sh
# random.sh [short|long] - random programs on random rows: -O0 and -O2, one thread and two,
# small blocks and large, each rule off: the same bytes, and no fault inside the compiler.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
flowc=$build/flowc
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
first=1 last=25
[ "${1-short}" = long ] && last=400
last=$((last / ${FLOW_TEST_SHARE:-1}))
gcc -O1 -Wall -I. -o "$work/flow_gen" tests/diff/flow_gen.c || exit 1
cd "$work" || exit 1
passed=0 failed=0 refused=0
./flow_gen rows 1 500 >rows.json

bad() { failed=$((failed + 1)); echo "random: seed $seed: $1"; head -3 err; }
outcome() { # what a run shows, with how it ended
    rm -f bad.json
    timeout 60 ./prog --on_error skip "$@" <rows.json >out 2>err
    echo "exit $?" >>out
    [ ! -f bad.json ] || cat bad.json >>out
    sha256sum <out
}

seed=$first
while [ "$seed" -le "$last" ]; do
    ./flow_gen program "$seed" >p.flow
    "$flowc" build -O0 --no-cache -o prog p.flow >out 2>err
    case $? in
    0)
        want=$(outcome --parallelism 1)
        grep -q '^exit 0' out || bad "the program fails: $(tail -1 out)"
        n=$((seed % 5))
        off=$(echo prune pushdown fold fuse preagg | cut -d' ' -f$((n + 1)))
        "$flowc" build --no-cache -o prog p.flow >out 2>err || bad "-O2 does not build"
        same=1
        [ "$(outcome --parallelism 1)" = "$want" ] || { same=0; bad "-O2 differs"; }
        [ "$(outcome --parallelism 2 --block_size 4KiB)" = "$want" ] ||
            { same=0; bad "two threads and small blocks differ"; }
        "$flowc" build --no-cache -fno-$off -o prog p.flow >out 2>err || bad "-fno-$off does not build"
        [ "$(outcome --parallelism 2)" = "$want" ] || { same=0; bad "-fno-$off differs"; }
        passed=$((passed + same)) ;;
    3) refused=$((refused + 1)) ;;
    *) bad "flowc" ;;
    esac
    seed=$((seed + 1))
done
[ $((refused * 4)) -le $((last - first)) ] || { seed=all; : >err; bad "$refused programs are refused"; }
echo "random: $passed passed, $failed failed"
[ "$failed" = 0 ]
