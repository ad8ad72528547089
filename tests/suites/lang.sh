#!/bin/sh
# lang.sh - the tests that are written in the language: flowc test on each file of tests/lang,
# and on the examples that have tests.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
passed=0 failed=0
for file in tests/lang/*.flow $(grep -l '^test ' examples/*/*.flow); do
    if "$build/flowc" test "$file" >/tmp/lang.$$ 2>&1; then
        passed=$((passed + $(grep -c '^  ok' /tmp/lang.$$)))
    else
        failed=$((failed + 1))
        cat /tmp/lang.$$
    fi
done
rm -f /tmp/lang.$$
echo "lang: $passed passed, $failed failed"
[ "$failed" = 0 ]
