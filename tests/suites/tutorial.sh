#!/bin/sh
# tutorial.sh - follows examples/tutorial/README.md literally: the programs it shows are the
# files beside it, and each command prints what the page says.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
cp -r examples "$dir/examples"
mkdir "$dir/blocks" "$dir/commands"
awk -v blocks="$dir/blocks" -v commands="$dir/commands" '
    /^```flow / { out = blocks "/" $2; printf "" > out; next }
    /^```console$/ { console = 1; next }
    /^```/ { close(out); out = ""; console = 0 }
    out != "" { print > out }
    console && /^\$ / { file = sprintf("%s/%03d", commands, NR); sub(/^\$ /, ""); print > file; next }
    console { print > (file ".want") }' examples/tutorial/README.md
passed=0 failed=0
check() { # check WHAT STATUS
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "tutorial: $1"; fi
}
for block in "$dir"/blocks/*; do
    diff "$block" "examples/tutorial/$(basename "$block")"
    check "$(basename "$block") is not what the page shows" $?
done
PATH=$build:$PATH
cd "$dir/examples/tutorial" || exit 1
for command in "$dir"/commands/???; do
    touch "$command.want"
    sh "$command" >"$command.got" 2>&1
    diff "$command.want" "$command.got"
    check "\`$(cat "$command")\` prints something else" $?
done
echo "tutorial: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 10 ]
