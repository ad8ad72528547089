#!/bin/sh
# headers.sh - each header compiles alone, so including it first proves nothing hidden.
cd "$(dirname "$0")/../.." || exit 1
build=${FLOW_BUILD_DIR:-build}
passed=0 failed=0
for h in $(find compiler runtime -name '*.h' | sort); do
    if printf '#include "%s"\n' "$h" | clang-19 -std=gnu17 -fsyntax-only -Wall -Wextra \
        -Werror -Wno-unused-function -I. -I"$build/gen" -isystem "$(llvm-config-19 --includedir)" \
        -x c -; then
        passed=$((passed + 1))
    else
        echo "headers: $h does not stand alone"
        failed=$((failed + 1))
    fi
done
echo "headers: $passed passed, $failed failed"
[ "$failed" = 0 ]
