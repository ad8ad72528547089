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
# Every part is a script that prints lines `<part>: N passed, N failed` at its end;
# they are added up here.
#
# On an instrumented build every report of a sanitizer, in whatever process, is a failure:
# reports go to files, and none may be there at the end of a part.  Suites of random cases
# run one in FLOW_TEST_SHARE of them (4; 1 is all), as each costs up to ten times as much.
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
log=$scratch/log reports=$scratch/reports
mkdir "$reports"
if [ -n "$sanitizer" ]; then
    : "${FLOW_TEST_SHARE:=4}"
    export FLOW_TEST_SHARE
    # Suites expect exit code 1 here and there; a report ends with another.
    to=log_path=$reports/report:exitcode=86
    export ASAN_OPTIONS="$to:${ASAN_OPTIONS-}" UBSAN_OPTIONS="$to:print_stacktrace=1"
    export LSAN_OPTIONS="$to" TSAN_OPTIONS="$to:${TSAN_OPTIONS-}"
    echo "sanitizer $sanitizer: one in $FLOW_TEST_SHARE of the random cases"
fi
passed=0 failed=0
part() { # part NAME COMMAND...: runs it and adds up its closing line
    name=$1
    shift
    [ -z "$only" ] || [ "$only" = "$name" ] || return 0
    case $sanitizer:$name in
    thread:headers | thread:clang | thread:layers | thread:sizes | thread:calls | thread:golden | thread:forms | \
        thread:fuzz | thread:ir | thread:spec)
        echo "$name: not run under ThreadSanitizer"
        return 0 ;;
    address:fault_seeds | thread:fault_seeds) # strands have stacks of their own
        echo "$name: not run under a sanitizer that follows stacks"
        return 0 ;;
    esac
    began=$(date +%s)
    "$@" >"$log" 2>&1
    code=$?
    line=$(sed -n 's/^\(.*: \)\{0,1\}\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed$/\2 \3/p' "$log" | tail -1)
    p=${line% *} f=${line#* }
    if [ -z "$line" ]; then p=0 f=1; fi
    if [ "$code" != 0 ] && [ "$f" = 0 ]; then f=1; fi
    for report in "$reports"/*; do
        [ -f "$report" ] || continue
        f=$((f + 1))
        head -60 "$report"
        rm "$report"
    done
    if [ "$name" = address ] || [ "$name" = thread ]; then sed 's/^/    /' "$log"
    elif [ "$f" != 0 ]; then cat "$log"; else grep "^$name: .* not .*under" "$log"; fi
    printf '%-24s %6d passed %4d failed %5d s\n' "$name" "$p" "$f" $(($(date +%s) - began))
    passed=$((passed + p)) failed=$((failed + f))
}

part unit-kernel "$FLOW_BUILD_DIR/tests/unit_kernel"
part unit-runtime "$FLOW_BUILD_DIR/tests/unit_runtime"
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
    [ -f "$script" ] || continue
    part "$(basename "$script" .sh)" sh "$script" "$tier"
done
if [ "$tier" = long ] && [ -z "$sanitizer" ]; then
    part address sh tests/run.sh --sanitize address
    part thread sh tests/run.sh --sanitize thread
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
