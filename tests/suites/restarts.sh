#!/bin/sh
# restarts.sh [short|long] - the programs of tests/determinism and the Nexmark queries with a
# checkpoint, killed at named points (runtime/base/crash.def) one after the other, each start at another parallelism: the
# files are those of a run that nobody disturbed.  State is saved with every batch, now and
# then, or never, so that all is replayed; sizes are small, so that state is merged often.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) && trap 'rm -rf "$work"' EXIT
tier=${1-short}
only=$2
passed=0 failed=0 kills=0
export FLOW_TEST_TMPFS=1 FLOW_TEST_CUT=500 FLOW_TEST_SIZES=500

cd "$work" || exit 1
sh "$root/tests/determinism/inputs.sh" 8000 3000 || exit 1

outputs='out.csv out.json out.bin odd.csv bad.json'
take() { rm -rf "$1" && mkdir "$1" && for f in $outputs; do [ -e $f ] && mv $f "$1/"; done; }

# Points that every history passes, and batches at which it stops.
history() { # history SEED: point:batch ...
    awk -v seed="$1" 'BEGIN { srand(seed); srand(int(rand() * 1e6))
        n = split("C2 C3 C4_half C4 C5 C5_half C6 C6_dirs C7 C8 C11_half C11 C12 C12_done C13 C14", p, " ")
        batch = 0
        for (i = 0; i < 4; i++) { batch += int(rand() * 4); printf "%s:%d ", p[1 + int(rand() * n)], batch } }'
}
check() { # check NAME SEED ARGS...
    name=$1 seed=$2 starts=0
    shift 2
    rm -rf ck && take old
    case $((seed % 3)) in 0) every=0s ;; 1) every=5ms ;; *) every=1h ;; esac
    points=$(history "$seed")
    for point in $points; do
        starts=$((starts + 1))
        FLOW_CRASH=$point timeout 60 ./prog --parallelism $((starts % 3 + 1)) --checkpoint ck \
            --checkpoint_every $every "$@" >log 2>&1
        code=$?
        [ $code = 137 ] && kills=$((kills + 1))
        [ $code = 137 ] || [ $code = 0 ] || { cp log said; break; }
    done
    [ $code = 137 ] || [ $code = 0 ] &&
        timeout 60 ./prog --parallelism 2 --checkpoint ck --checkpoint_every $every "$@" >said 2>&1
    code=$?
    take got
    if [ $code = 0 ] && diff -r want got >differ; then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    echo "restarts: $name, seed $seed, every $every, $points: exit $code: $(tail -1 said | cut -c1-200)"
    head -3 differ
}

seeds=3
[ "$tier" = long ] && seeds=40
number=0
all() { # all NAME FILE ARGS...
    name=$1 file=$2
    shift 2
    case $name in *"$only"*) ;; *) return ;; esac
    "$build/flowc" build --faults -o prog "$file" >log 2>&1 || { grep -q 'not built' log && return
        failed=$((failed + 1)); echo "restarts: $name does not build"; return; }
    take old
    timeout 60 ./prog --parallelism 1 "$@" >log 2>&1 || { failed=$((failed + 1))
        echo "restarts: $name: $(head -1 log)"; return; }
    take want
    ls want | grep -q . || { failed=$((failed + 1)); echo "restarts: $name wrote nothing"; }
    i=0
    while [ $i -lt $seeds ]; do
        check "$name" $((number = number + 1)) "$@"
        i=$((i + 1))
    done
}
for file in "$root"/tests/determinism/*.flow; do all "$(basename "$file" .flow)" "$file"; done
export FLOW_TEST_CUT=300
for file in "$root"/examples/nexmark/*.flow; do
    sed 's/to stdout(/to file("out.csv", /' "$file" >"$(basename "$file")"
done
for file in q*.flow; do
    case $file in q10* | q12* | q13*) continue ;; esac # parts; the clock of the machine
    all "${file%.flow}" "$file" events=4000 tps=100 disorder=150
done
[ $kills -gt $((passed * 3 / 2)) ] || [ "$only" ] || { failed=$((failed + 1)); echo "restarts: only $kills kills"; }
echo "restarts: $passed passed, $failed failed"
[ "$failed" = 0 ]
