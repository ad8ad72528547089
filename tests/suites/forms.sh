#!/bin/sh
# forms.sh - every form of every program can be looked at: all of `flowc emit`, the IR
# passes LLVM's own verifier, debuggers and profilers show lines of the .flow file.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
flowc=$build/flowc
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0
ok() { # ok WHAT CODE
    if [ "$2" = 0 ]; then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "forms: $1"; fi
}

programs="examples/word_count/main.flow $(ls tests/determinism/*.flow tests/bench/programs/*.flow)"
for p in $programs; do
    for form in tokens ast typed graph plan; do
        "$flowc" emit --$form "$p" >"$work/out" 2>&1 && [ -s "$work/out" ]
        ok "emit --$form $p" $?
    done
    "$flowc" explain "$p" >"$work/out" 2>&1 && [ -s "$work/out" ]
    ok "explain $p" $?
    for how in "-O2" "-O0" "-O2 --before-opt"; do
        # shellcheck disable=SC2086
        "$flowc" emit --ir $how "$p" >"$work/out.ll" 2>"$work/err" &&
            opt-19 -passes=verify -disable-output "$work/out.ll"
        ok "emit --ir $how $p" $?
    done
done
for p in tests/run/*/main.flow; do
    for form in typed graph plan; do
        "$flowc" emit --$form "$p" >"$work/out" 2>&1 && [ -s "$work/out" ]
        ok "emit --$form $p" $?
    done
    "$flowc" explain "$p" >"$work/out" 2>&1 && [ -s "$work/out" ]
    ok "explain $p" $?
done
p=examples/word_count/main.flow
"$flowc" emit --asm --stage 0 $p | grep -q flowgen_stage0_block; ok "emit --asm" $?
"$flowc" emit --obj -o "$work/out.o" $p && nm "$work/out.o" | grep -q ' T main'; ok "emit --obj" $?
"$flowc" emit --ir --stage 0 --before-opt $p | grep -q '; 6| |> each word in split'
ok "source lines above the IR" $?
"$flowc" emit --ir --stage 0 --before-opt $p | grep -q '%word'; ok "names from the program" $?

cp $p "$work/main.flow" && cd "$work" || exit 1
for level in -O0 -O2; do
    "$flowc" build $level -o prog main.flow && gdb -q -batch -ex 'break main.flow:8' \
        -ex "run 'input=$root/examples/word_count/in/*.txt' >/dev/null" -ex 'frame' ./prog 2>&1 |
        grep -q 'main.flow:8'
    ok "gdb stops at a line of the program ($level)" $?
    address=$(nm prog | awk '$3 == "flowgen_stage0_block" { print $1 }')
    addr2line -e prog "0x$address" | grep -q 'main.flow:[0-9]'
    ok "addr2line names a line of the program ($level)" $?
done
echo "forms: $passed passed, $failed failed"
[ "$failed" = 0 ]
