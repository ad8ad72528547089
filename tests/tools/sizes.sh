#!/bin/sh
# sizes.sh - files stay readable in one sitting: at most 600 lines, 100 columns.
# sizes.allow lists exceptions, "path limit reason".
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
for f in $(find compiler runtime lang tests -name '*.[chly]' | sort); do
    limit=$(awk -v f="$f" '$1 == f { print $2 }' tests/tools/sizes.allow)
    lines=$(wc -l <"$f")
    if [ "$lines" -gt "${limit:-600}" ]; then
        echo "sizes: $f has $lines lines (limit ${limit:-600})"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
done
echo "sizes: $passed passed, $failed failed"
[ "$failed" = 0 ]
