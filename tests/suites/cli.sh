#!/bin/sh
# cli.sh - flowc as people and scripts meet it: exit codes, messages, files, the cache.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
flowc=$build/flowc
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
unset FLOW_HOME FLOW_LINKER NO_COLOR
mkdir "$work/cache"
cd "$work" || exit 1
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "cli: $1"; [ -s out ] && head -5 out; [ -s err ] && head -5 err; }

# expect CODE "what" COMMAND...: runs it with output in out and err
expect() {
    want=$1 what=$2
    shift 2
    "$@" >out 2>err </dev/null
    code=$?
    if [ "$code" = "$want" ]; then ok; else bad "$what: exit $code, expected $want"; fi
}
says() { # says FILE TEXT
    if grep -qF -- "$2" "$1"; then ok; else bad "$1 lacks: $2"; fi
}
same() { # same "what" A B
    if [ "$2" = "$3" ]; then ok; else bad "$1: $2, expected $3"; fi
}

cat >words.flow <<'END'
param least: int = 1
from stdin()
|> each word in split(line, " ")
|> aggregate n = count() per word
|> where n >= least
|> to stdout(mode = final, format = csv)
END
echo 'from stdin() |> where nope == 1 |> print' >wrong.flow
echo 'from stdin() |> to stdout(format = text)' >cat.flow

# ---- help and usage ----
expect 0 "--help" "$flowc" --help
says out "build"
expect 0 "--version" "$flowc" --version
says out "LLVM 19"
for c in build run check emit explain fmt docs help; do
    expect 0 "$c --help" "$flowc" "$c" --help
    says out "usage: flowc $c"
done
expect 2 "no command" "$flowc"
expect 2 "unknown command" "$flowc" biuld x.flow
says err 'did you mean `build`'
expect 2 "unknown option" "$flowc" check --jsn words.flow
says err '`--json`'
expect 2 "unknown rule" "$flowc" build -fno-magic words.flow
says err "prune"
expect 2 "unknown cpu" "$flowc" build --cpu pentium -o w words.flow
says err "x86-64-v3"
expect 0 "docs of a name" "$flowc" docs round
says out "round(x: float, digits: int = 0)"
expect 2 "docs of no name" "$flowc" docs ruond

# ---- check ----
expect 0 "check" "$flowc" check words.flow
same "check is silent" "$(cat out err)" ""
expect 3 "check with an error" "$flowc" check wrong.flow
says err "wrong.flow:1:23: error:"
expect 3 "several files" "$flowc" check words.flow wrong.flow cat.flow
expect 6 "no such file" "$flowc" check nowhere.flow
says err "nowhere.flow"
expect 3 "json" "$flowc" check --json wrong.flow
says err '{"file":"wrong.flow","line":1,"column":23'
expect 0 "times" "$flowc" check --time words.flow
says err "typed"

# ---- emit ----
for form in tokens ast typed graph plan ir asm; do
    expect 0 "emit --$form" "$flowc" emit --$form words.flow
    [ -s out ] && ok || bad "emit --$form prints nothing"
done
expect 0 "emit --ir before passes" "$flowc" emit --ir --before-opt -o words.ll words.flow
says words.ll "; 3| |> each word in split"
if command -v opt-19 >/dev/null; then
    expect 0 "LLVM reads the IR" opt-19 -passes=verify -disable-output words.ll
    "$flowc" emit --ir words.flow >opt.ll 2>err
    expect 0 "LLVM reads the IR after passes" opt-19 -passes=verify -disable-output opt.ll
fi
expect 0 "one stage" "$flowc" emit --ir --stage 1 words.flow
says out "@flowgen_stage1_"
if grep -q "define.*@flowgen_stage0_" out; then bad "stage 0 shown too"; else ok; fi
expect 0 "one stage's assembly" "$flowc" emit --asm --stage 0 words.flow
says out "flowgen_stage0_"
expect 0 "emit --obj" "$flowc" emit --obj -o words.o words.flow
same "an object" "$(head -c 4 words.o | tail -c 3)" "ELF"
expect 0 "explain" "$flowc" explain words.flow
says out "split(line"

# ---- build ----
expect 0 "build" "$flowc" build words.flow
[ -x words ] && ok || bad "no executable beside the program"
printf 'a b a\n' | ./words >out 2>err
same "it runs" "$(cat out)" "a,2
b,1"
printf 'a b a\n' | ./words least=2 >out 2>err
same "parameters" "$(cat out)" "a,2"
expect 0 "build again over its own" "$flowc" build words.flow
echo "notes" >cat
expect 6 "build over something else" "$flowc" build cat.flow
says err "not an executable made by Flow"
same "it is still there" "$(cat cat)" "notes"
expect 6 "-o over something else" "$flowc" build -o cat.flow words.flow
expect 6 "-o is a folder" "$flowc" build -o . words.flow
expect 6 "-o in no folder" "$flowc" build -o no/such/words words.flow
cp words.flow words.txt
expect 2 "no .flow at its end" "$flowc" build words.txt
expect 0 "-o" "$flowc" build -o there words.txt
expect 3 "build with an error" "$flowc" build -o there wrong.flow
printf 'a\n' | ./there >out 2>err
same "the old one stays" "$(cat out)" "a,1"
sanitized=$("$flowc" --version | grep -c sanitizer)
static=--static
[ "$sanitized" = 0 ] || static=-O2
for extra in -O0 $static "--cpu x86-64" "--cpu x86-64-v3" --no-cache -fno-fold; do
    # shellcheck disable=SC2086
    expect 0 "build $extra" "$flowc" build $extra -o variant words.flow
    printf 'x y x\n' | ./variant >out 2>err
    same "build $extra runs" "$(cat out)" "x,2
y,1"
done
for linker in ld.lld-19 cc ld; do
    # a sanitized program is linked by clang 19 alone
    command -v $linker >/dev/null && [ "$sanitized" = 0 ] || continue
    expect 0 "linker $linker" env FLOW_LINKER=$linker "$flowc" build --no-cache -o variant words.flow
    printf 'x\n' | ./variant >out 2>err
    same "linked by $linker" "$(cat out)" "x,1"
done
if [ "$sanitized" = 0 ]; then
    expect 6 "no such linker" env FLOW_LINKER=nolinker "$flowc" build --no-cache -o variant words.flow
    says err "nolinker"
else
    "$flowc" emit --ir words.flow | awk '/^define .*@flowgen_stage0_block/ { f = 1 }
        f && /@__(asan_report_load|tsan_read)/ { n++ } /^}/ { f = 0 } END { exit n < 3 }' &&
        ok || bad "generated code is not instrumented"
fi
expect 6 "no runtime" env FLOW_HOME="$work" "$flowc" build --no-cache -o variant words.flow
says err "FLOW_HOME"
same "nothing left behind" "$(ls | grep -c '\.tmp\|\.[0-9]*\.o$')" 0

# ---- run, and the cache ----
printf 'a b a\n' | "$flowc" run words.flow >out 2>err
same "run" "$(cat out)" "a,2
b,1"
printf 'a b a\n' | "$flowc" run words.flow least=2 >out 2>err
same "run hands arguments over" "$(cat out)" "a,2"
printf 'a b a\n' | "$flowc" run words.flow -- least=2 >out 2>err
same "run hands arguments over after --" "$(cat out)" "a,2"
expect 2 "the program's own usage" "$flowc" run words.flow --no-such-setting
n=$(ls "$XDG_CACHE_HOME/flow" | wc -l)
[ "$n" -gt 0 ] && ok || bad "the cache is empty"
printf 'a\n' | "$flowc" run words.flow >out 2>err
same "a hit adds nothing" "$(ls "$XDG_CACHE_HOME/flow" | wc -l)" "$n"
"$flowc" run --time words.flow </dev/null >out 2>err
if grep -q '^ir' err; then bad "a hit starts LLVM"; else ok; fi
printf 'a\n' | "$flowc" run --no-cache -O0 words.flow >out 2>err
same "run --no-cache" "$(cat out)" "a,1"
same "it stores nothing" "$(ls "$XDG_CACHE_HOME/flow" | wc -l)" "$n"
printf 'a\n' | env XDG_CACHE_HOME=/dev/null/x HOME=/nowhere "$flowc" run words.flow >out 2>err
same "without a place for the cache" "$(cat out)" "a,1"
{ echo "#!$flowc run"; cat words.flow; } >script && chmod +x script
printf 'q q\n' | ./script least=2 >out 2>err
same "a script" "$(cat out)" "q,2"
echo 'param x: int from stdin() |> where length(line) > x |> print' >needs.flow
expect 2 "the program's exit code" "$flowc" run needs.flow
expect 3 "run with an error" "$flowc" run wrong.flow

# ---- fmt ----
cp words.flow f.flow
"$flowc" fmt f.flow && "$flowc" fmt --stdout f.flow >again
same "formatting twice" "$(cat again)" "$(cat f.flow)"
echo 'from stdin()|>print' >g.flow
expect 1 "fmt --check" "$flowc" fmt --check f.flow g.flow
same "names the file" "$(cat out)" "g.flow"
chmod 600 g.flow
expect 0 "fmt in place" "$flowc" fmt g.flow
same "rights stay" "$(stat -c %a g.flow)" 600
expect 0 "fmt --check afterwards" "$flowc" fmt --check g.flow
expect 3 "fmt with an error" "$flowc" fmt cat # holds "notes"
same "the file is untouched" "$(cat cat)" "notes"
echo 'from stdin()|>print' | "$flowc" fmt >out
same "fmt of standard input" "$(cat out)" "from stdin() |> print"

# ---- flowc elsewhere ----
ln -s "$flowc" linked
expect 0 "flowc by a link" ./linked build --no-cache -o variant words.flow
(cd / && "$flowc" build --no-cache -o "$work/variant" "$work/words.flow") >out 2>err && ok || bad "from /"
if cmake --install "$build" --prefix "$work/prefix" >out 2>err; then
    expect 0 "an installed flowc" "$work/prefix/bin/flowc" build --no-cache -o variant words.flow
    mv prefix moved
    expect 0 "a moved flowc" moved/bin/flowc build --no-cache -o variant words.flow
else
    bad "cmake --install"
fi

# ---- colours ----
# Only where there are terminals to be had (a bare root may have none).
if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    TERM=xterm script -qec "$flowc check wrong.flow" /dev/null >out 2>err </dev/null
    if grep -q "$(printf '\033')" out; then ok; else bad "no colour on a terminal"; fi
    NO_COLOR=1 script -qec "$flowc check wrong.flow" /dev/null >out 2>err </dev/null
    if grep -q "$(printf '\033')" out; then bad "colour with NO_COLOR"; else ok; fi
fi
"$flowc" check wrong.flow >out 2>err
if grep -q "$(printf '\033')" err; then bad "colour in a file"; else ok; fi

# ---- lines of the program in debuggers ----
if command -v gdb >/dev/null; then
    "$flowc" build -O0 --no-cache -o debugged words.flow
    printf 'a b\n' >input
    gdb -nx -batch -ex 'break words.flow:3' -ex 'run <input' -ex bt ./debugged >out 2>&1
    says out "words.flow:3"
fi
if command -v addr2line >/dev/null; then
    "$flowc" build --no-cache -o debugged words.flow
    at=$(nm debugged | awk '/flowgen_stage0_block/ { print $1; exit }')
    addr2line -e debugged "0x$at" >out 2>err
    says out "words.flow:2"
fi

echo "cli: $passed passed, $failed failed"
[ "$failed" = 0 ]
