#!/bin/sh
# run.sh - sets up, builds, and runs all tests; the last line is `N passed, N failed`.
#
#   sh tests/run.sh                        the short tier
#   sh tests/run.sh --long                 also what takes longer, then the short tier again
#                                          on both instrumented builds
#   sh tests/run.sh --sanitize address|undefined|thread
#                                          either tier on an instrumented build
#   sh tests/run.sh --only unit|golden|run|...   one part
#
# Every part is a script that prints lines `<part>: N passed, N failed` at its end; they are
# added up here.  FLOW_TEST_LANES parts run at once (as many as there are cores).
#
# On an instrumented build suites of random cases run one in FLOW_TEST_SHARE of them (4; 1 is
# all), as each costs up to ten times as much.
# Under ThreadSanitizer the parts that only compile are left out, but for the unit tests
# that run what is generated: the compiler has one thread.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
tier=short
only=
FLOW_BUILD_DIR=$root/build
args=
sanitizer=
while [ $# -gt 0 ]; do
    case $1 in
    --long) tier=long ;;
    --only) only=$2; shift ;;
    --sanitize)
        case ${2-} in
        address | undefined)
            args="-DFLOW_SANITIZE=address -DCMAKE_C_COMPILER=clang-19"
            FLOW_BUILD_DIR=$root/build-address sanitizer=address ;;
        thread)
            args="-DFLOW_SANITIZE=thread -DCMAKE_C_COMPILER=clang-19"
            FLOW_BUILD_DIR=$root/build-thread sanitizer=thread ;;
        *) echo "run.sh: --sanitize takes address, undefined or thread" >&2; exit 2 ;;
        esac
        shift ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "run.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
    esac
    shift
done
export FLOW_BUILD_DIR

[ -f "$FLOW_BUILD_DIR/build.ninja" ] && args=
# shellcheck disable=SC2086
sh examples/setup.sh $args || { echo "0 passed, 1 failed"; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export FLOW_TEST_SANITIZER=$sanitizer FLOW_TEST_RESULTS="$scratch/results"
mkdir "$FLOW_TEST_RESULTS"
if [ -n "$sanitizer" ]; then
    : "${FLOW_TEST_SHARE:=4}"
    export FLOW_TEST_SHARE
    echo "sanitizer $sanitizer: one in $FLOW_TEST_SHARE of the random cases"
fi
part() { # part NAME COMMAND...: to be run; failed until its result is there
    [ -z "$only" ] || [ "$only" = "$1" ] || return 0
    case $sanitizer:$1 in
    thread:headers | thread:clang | thread:layers | thread:sizes | thread:calls | thread:golden | \
        thread:forms | thread:fuzz | thread:ir | thread:spec)
        echo "$1: not run under ThreadSanitizer"
        return 0 ;;
    address:fault_seeds | thread:fault_seeds) # strands have stacks of their own
        echo "$1: not run under a sanitizer that follows stacks"
        return 0 ;;
    esac
    echo "0 1" >"$FLOW_TEST_RESULTS/$1"
    echo "$*" >>"$scratch/parts"
}

part unit-kernel "$FLOW_BUILD_DIR/tests/unit_kernel"
part unit-runtime "$FLOW_BUILD_DIR/tests/unit_runtime"
part unit-faults "$FLOW_BUILD_DIR/tests/unit_faults"
generated=
[ "$sanitizer" != thread ] || generated="differential emit_expr kernel_mod"
# shellcheck disable=SC2086
part unit-compiler "$FLOW_BUILD_DIR/tests/unit_compiler" $generated
part headers sh tests/tools/headers.sh
part clang sh tests/tools/clang.sh
part layers sh tests/tools/layers.sh
part sizes sh tests/tools/sizes.sh
part calls sh tests/tools/calls.sh
part golden sh tests/tools/golden.sh
part run sh tests/tools/programs.sh
for script in tests/suites/*.sh; do
    part "$(basename "$script" .sh)" sh "$script" "$tier"
done
[ -f "$scratch/parts" ] || { echo "run.sh: no part $only" >&2; echo "0 passed, 1 failed"; exit 2; }
xargs -P "${FLOW_TEST_LANES:-$(nproc)}" -L 1 sh tests/tools/part.sh <"$scratch/parts"
if [ "$tier" = long ] && [ -z "$sanitizer$only" ]; then
    sh tests/tools/part.sh address sh tests/run.sh --sanitize address
    sh tests/tools/part.sh thread sh tests/run.sh --sanitize thread
fi

cat "$FLOW_TEST_RESULTS"/* | awk '{ p += $1; f += $2 }
    END { printf "%d passed, %d failed\n", p, f; exit f != 0 }'
