#!/bin/sh
# golden.sh - every tests/golden/**/NAME.flow against the files beside it; the extension
# decides the mode:
#   .tok .ast .typed .graph .plan .ll   flowc emit --tokens, --ast, ... (stdout)
#   .explain .fmt                       flowc explain, flowc fmt
#   .err                                flowc check: what it says on stderr, exit code 3
#   .ran                                flowc test: what the tests of the program say
#   .warn                               flowc check: warnings on stderr, exit code 0
#   golden.sh --accept [name...]        rewrites the files that differ
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
flowc=$build/flowc
accept=
[ "${1-}" = --accept ] && { accept=1; shift; }
out=$(mktemp) && trap 'rm -f "$out"' EXIT
passed=0 failed=0

produce() { # produce FILE.flow EXT: writes $out, returns the exit code expected
    case $2 in
    tok) "$flowc" emit --tokens "$1" >"$out" 2>&1 ;;
    ast | typed | graph | plan) "$flowc" emit "--$2" "$1" >"$out" 2>&1 ;;
    explain) "$flowc" explain "$1" >"$out" 2>&1 ;;
    fmt) "$flowc" fmt --stdout "$1" >"$out" 2>&1 ;;
    err) "$flowc" check "$1" >"$out" 2>&1; [ $? = 3 ] ;;
    warn) "$flowc" check "$1" >"$out" 2>&1 ;;
    ran) "$flowc" test "$1" >"$out" 2>&1; [ $? -le 1 ] ;;
    esac
}

for golden in $(find tests/golden -type f \( -name '*.tok' -o -name '*.ast' -o -name '*.typed' \
    -o -name '*.graph' -o -name '*.plan' -o -name '*.explain' -o -name '*.fmt' -o -name '*.err' \
    -o -name '*.warn' -o -name '*.ran' \) | sort); do
    ext=${golden##*.}
    base=${golden%.*}
    dir=$(dirname "$golden")
    name=$(basename "$base")
    [ $# = 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
    # Messages name the file as given: run in its folder, so goldens hold no path.
    if (cd "$dir" && produce "$name.flow" "$ext") && cmp -s "$golden" "$out"; then
        passed=$((passed + 1))
    elif [ -n "$accept" ]; then
        cp "$out" "$golden"
        echo "golden: $golden rewritten"
    else
        echo "golden: $golden differs:"
        diff "$golden" "$out" | head -20
        failed=$((failed + 1))
    fi
done
echo "golden: $passed passed, $failed failed"
[ "$failed" = 0 ]
