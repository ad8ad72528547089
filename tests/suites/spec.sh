#!/bin/sh
# spec.sh - every block marked `flow` in lang/spec is a program without errors and warnings.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
for file in lang/spec/*.md; do
    rm -f "$dir"/*.flow
    awk -v dir="$dir" '
        /^```flow$/ { out = sprintf("%s/%03d.flow", dir, NR); inside = 1; next }
        /^```/ { inside = 0 }
        inside { print > out }' "$file"
    for program in "$dir"/*.flow; do
        [ -f "$program" ] || continue
        if said=$("$build/flowc" check "$program" 2>&1) && [ -z "$said" ]; then
            passed=$((passed + 1))
        else
            echo "spec: $file, the block at line $(basename "$program" .flow):"
            echo "$said"
            failed=$((failed + 1))
        fi
    done
done
echo "spec: $passed passed, $failed failed"
[ "$failed" = 0 ]
