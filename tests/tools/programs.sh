#!/bin/sh
# programs.sh - builds and runs every tests/run/<case>/ and examples/<case>/ that has
# an expect/ folder, and compares what it gives.
#   main.flow        the program
#   in/              its input; the program runs in a scratch copy of the case
#   build.sh         optional: what it needs beside the program
#   args, stdin      optional: arguments, standard input
#   expect/stdout    exact standard output;  expect/stderr  likewise, if present
#   expect/exit      the exit code (default 0)
#   expect/out/...   files that the program must have written, exactly
# Every case runs at parallelism 1 and 2 and at -O0 and -O2: the bytes must be the same.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
flowc=$build/flowc
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0

run_case() { # run_case DIR LEVEL PARALLELISM
    rm -rf "$work/c" && cp -r "$1" "$work/c" && cd "$work/c" || return 1
    if [ -f build.sh ]; then
        FLOW_INCLUDE=$root/runtime/include sh build.sh >build.log 2>&1 || { cat build.log; return 1; }
    fi
    "$flowc" build "$2" -o prog main.flow >build.log 2>&1 || { cat build.log; return 1; }
    input=/dev/null
    [ -f stdin ] && input=stdin
    # shellcheck disable=SC2046
    timeout 60 ./prog $([ -f args ] && cat args) --parallelism "$3" <"$input" >got.out 2>got.err
    code=$?
    want=0
    [ -f expect/exit ] && want=$(cat expect/exit)
    [ "$code" = "$want" ] || { echo "exit $code, expected $want"; head -5 got.err; return 1; }
    if [ -f expect/stdout ]; then diff expect/stdout got.out | head -10 | grep . && return 1; fi
    if [ -f expect/stderr ]; then diff expect/stderr got.err | head -10 | grep . && return 1; fi
    if [ -d expect/out ]; then diff -r expect/out out | head -10 | grep . && return 1; fi
    return 0
}

for dir in examples/*/ tests/run/*/; do
    dir=${dir%/}
    [ -d "$dir/expect" ] || continue
    [ $# = 0 ] || case " $* " in *" $(basename "$dir") "*) ;; *) continue ;; esac
    for mode in "-O2 1" "-O2 2" "-O0 1"; do
        # shellcheck disable=SC2086
        if (run_case "$root/$dir" $mode) >"$work/log" 2>&1; then
            passed=$((passed + 1))
        else
            echo "run: $dir ($mode) failed:"
            cat "$work/log"
            failed=$((failed + 1))
        fi
    done
done
echo "run: $passed passed, $failed failed"
[ "$failed" = 0 ]
