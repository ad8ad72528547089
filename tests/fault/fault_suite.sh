#!/bin/sh
# fault_suite.sh short|long DRIVER SHORT_ARGS... [-- LONG_ARGS...] - builds the programs of
# tests/fault and runs a driver on them; in the long tier with two seeds side by side. What a
# failing case left is kept, with the executables, and its folder is named.
#
# Work is done in memory where the system has a file system there: what is tested is the
# order of calls, not the disk.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
tier=$1 driver=$2
shift 2
short= long= behind=
for arg in "$@"; do
    if [ "$arg" = -- ]; then behind=1
    elif [ -z "$behind" ]; then short="$short $arg"
    else long="$long $arg"; fi
done
# Mistakes are looked for once: on the usual build.
[ "$driver" != power ] || [ "${FLOW_TEST_SHARE:-1}" = 1 ] || short="$short --plain"
base=${TMPDIR:-/tmp}
[ -w /dev/shm ] && base=/dev/shm
work=$(mktemp -d "$base/flow-$driver.XXXXXX")
sh tests/fault/fault_build.sh "$work" || { rm -rf "$work"; echo "$driver: 0 passed, 1 failed"; exit 1; }
failed=0
if [ "$tier" = long ] && [ -n "$behind" ]; then
    mkdir "$work/a" "$work/b"
    ln -s ../bin "$work/a/bin" && ln -s ../bin "$work/b/bin"
    # shellcheck disable=SC2086
    "$build/tests/faults" "$driver" "$work/a" --seed 1 $long >"$work/a.out" 2>&1 &
    one=$!
    # shellcheck disable=SC2086
    "$build/tests/faults" "$driver" "$work/b" --seed 2 $long >"$work/b.out" 2>&1 || failed=1
    wait $one || failed=1
    cat "$work/a.out" "$work/b.out"
    sed -n "s/^$driver: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p" "$work/a.out" "$work/b.out" |
        awk -v d="$driver" '{ p += $1; f += $2 } END { printf "%s: %d passed, %d failed\n", d, p, f }'
else
    # shellcheck disable=SC2086
    "$build/tests/faults" "$driver" "$work" --seed "${FLOW_TEST_SEED:-1}" $short || failed=1
fi
if [ $failed = 0 ]; then rm -rf "$work"; else echo "$driver: see $work/failed, or a/failed and b/failed there"; fi
exit $failed
