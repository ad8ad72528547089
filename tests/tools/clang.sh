#!/bin/sh
# clang.sh - what gcc has built, clang accepts without a warning: the instrumented builds are
# made by it.  The commands are those of the build, asked for their diagnostics only.
cd "$(dirname "$0")/../.." || exit 1
build=${FLOW_BUILD_DIR:-build}
commands=$(sed -n 's/^ *"command": "\(.*\.c\)",$/\1/p' "$build/compile_commands.json" |
    sed 's/\\"/"/g; s/\\\\/\\/g; s/^[^ ]*/clang-19 -fsyntax-only/; s/ -o [^ ]*\.o / /')
said=$(mktemp)
trap 'rm -f "$said"' EXIT
printf '%s\n' "$commands" | tr '\n' '\0' | (cd "$build" && xargs -0 -P 2 -n 1 sh -c) >"$said" 2>&1
all=$(printf '%s\n' "$commands" | grep -c .) failed=$(grep -c ': error: ' "$said")
cat "$said"
echo "clang: $((all - failed)) passed, $failed failed"
[ "$failed" = 0 ] && [ "$all" -gt 100 ]
