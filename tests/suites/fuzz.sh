#!/bin/sh
# fuzz.sh [short|long] - mutations of our programs and of generated ones: through the
# compiler in one process, and through the command itself.  Never a crash or a hang, always
# a line and a column.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
count=20000 commands=60
[ "${1-short}" = long ] && count=200000 commands=500
share=${FLOW_TEST_SHARE:-1}
[ $share = 1 ] || count=20000
passed=0 failed=0
gcc -O1 -Wall -I. -o "$work/flow_gen" tests/diff/flow_gen.c || exit 1
i=0
while [ $i -lt 100 ]; do
    i=$((i + 1))
    "$work/flow_gen" program $i >"$work/gen$i.flow" || exit 1
done
programs=$(ls tests/golden/*/*.flow tests/determinism/*.flow tests/run/*/main.flow \
    examples/*/main.flow "$work"/gen*.flow)

# shellcheck disable=SC2086
if timeout 3000 "$build/tests/check_fuzz" $count 1 $programs; then passed=$((passed + count))
else failed=$((failed + 1)); fi

i=0 all=$(echo "$programs" | wc -l)
while [ $i -lt $commands ]; do
    i=$((i + 1)) # in steps, so that few commands see all kinds
    p=$(echo "$programs" | sed -n "$((i * 61 % all + 1))p")
    # Lines from the middle on are doubled, halved or cut.
    awk -v i=$i 'NR % 7 == i % 7 { print substr($0, 1, length($0) / 2) } NR % 5 != i % 5' "$p" \
        >"$work/fuzz.flow"
    (cd "$work" && timeout 20 "$build/flowc" check fuzz.flow >out 2>&1)
    code=$?
    if [ $code = 0 ] || { [ $code = 3 ] && grep -q '^fuzz.flow:[0-9]*:[0-9]*: error: ' "$work/out"; }
    then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "fuzz: exit $code for a mutation of $p"; fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" = 0 ]
