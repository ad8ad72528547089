#!/bin/sh
# tutorial.sh - follows the pages that are tutorials literally: the programs that a page shows
# are the files beside it, and each command prints what the page says.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
# Not in /tmp, which may be in memory: there no checkpoint is kept.
dir=$(mktemp -d "$build/tutorial.XXXXXX") && trap 'rm -rf "$dir"' EXIT
cp -r examples "$dir/examples"
passed=0 failed=0
check() { # check WHAT STATUS
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "tutorial: $1"; fi
}
PATH=$build:$PATH
for page in tutorial upgrade; do
    rm -rf "$dir/blocks" "$dir/commands"
    mkdir "$dir/blocks" "$dir/commands"
    awk -v blocks="$dir/blocks" -v commands="$dir/commands" '
        /^```flow / { out = blocks "/" $2; printf "" > out; next }
        /^```console$/ { console = 1; next }
        /^```/ { close(out); out = ""; console = 0 }
        out != "" { print > out }
        console && /^\$ / { file = sprintf("%s/%03d", commands, NR); sub(/^\$ /, ""); print > file; next }
        console { print > (file ".want") }' "$root/examples/$page/README.md"
    for block in "$dir"/blocks/*; do
        diff "$block" "$root/examples/$page/$(basename "$block")"
        check "$page: $(basename "$block") is not what the page shows" $?
    done
    cd "$dir/examples/$page" || exit 1
    for command in "$dir"/commands/???; do
        touch "$command.want"
        sh "$command" >"$command.got" 2>&1
        diff "$command.want" "$command.got"
        check "$page: \`$(cat "$command")\` prints something else" $?
    done
done
echo "tutorial: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 20 ]
