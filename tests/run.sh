#!/bin/sh
# run.sh - sets up, builds, and runs all tests; the last line is `N passed, N failed`.
#
#   sh tests/run.sh                        the short tier
#   sh tests/run.sh --long                 also what takes longer
#   sh tests/run.sh --sanitize address|undefined|thread
#                                          either tier on an instrumented build
#   sh tests/run.sh --only unit|golden|run|...   one part
#
# Every part is a script that prints lines `<part>: N passed, N failed` at its end;
# they are added up here.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
tier=short
only=
FLOW_BUILD_DIR=$root/build
args=
while [ $# -gt 0 ]; do
    case $1 in
    --long) tier=long ;;
    --only) only=$2; shift ;;
    --sanitize)
        case ${2-} in
        address | undefined)
            args="-DFLOW_SANITIZE=address -DCMAKE_C_COMPILER=clang-19"
            FLOW_BUILD_DIR=$root/build-address ;;
        thread)
            args="-DFLOW_SANITIZE=thread -DCMAKE_C_COMPILER=clang-19"
            FLOW_BUILD_DIR=$root/build-thread ;;
        *) echo "run.sh: --sanitize takes address, undefined or thread" >&2; exit 2 ;;
        esac
        shift ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "run.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
    esac
    shift
done
export FLOW_BUILD_DIR

[ -f "$FLOW_BUILD_DIR/build.ninja" ] && args=
# shellcheck disable=SC2086
sh examples/setup.sh $args || { echo "0 passed, 1 failed"; exit 1; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0
part() { # part NAME COMMAND...: runs it and adds up its closing line
    name=$1
    shift
    [ -z "$only" ] || [ "$only" = "$name" ] || return 0
    "$@" >"$log" 2>&1
    code=$?
    line=$(sed -n 's/^.*: \([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed$/\1 \2/p' "$log" | tail -1)
    p=${line% *} f=${line#* }
    if [ -z "$line" ]; then p=0 f=1; fi
    if [ "$code" != 0 ] && [ "$f" = 0 ]; then f=1; fi
    if [ "$f" != 0 ]; then cat "$log"; fi
    printf '%-24s %6d passed %4d failed\n' "$name" "$p" "$f"
    passed=$((passed + p)) failed=$((failed + f))
}

for side in kernel runtime compiler; do
    part "unit-$side" "$FLOW_BUILD_DIR/tests/unit_$side"
done
part headers sh tests/tools/headers.sh
part layers sh tests/tools/layers.sh
part sizes sh tests/tools/sizes.sh
part golden sh tests/tools/golden.sh
part run sh tests/tools/programs.sh
for script in tests/suites/*.sh; do
    [ -f "$script" ] || continue
    part "$(basename "$script" .sh)" sh "$script" "$tier"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
