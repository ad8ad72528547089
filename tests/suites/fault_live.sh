#!/bin/sh
# fault_live.sh [short|long] - kill -9 and loss of power while rows come that cannot be read
# again (tests/fault).
suite=$(dirname "$0")/../fault/fault_suite.sh
sh "$suite" "${1-short}" live --count 150 --seconds 30 -- --count 2000 >"${TMPDIR:-/tmp}/live.$$"
sh "$suite" "${1-short}" live-power --count 300 --seconds 20 -- --count 5000 >>"${TMPDIR:-/tmp}/live.$$"
cat "${TMPDIR:-/tmp}/live.$$"
awk '/^live.*: [0-9]+ passed, [0-9]+ failed$/ { split($0, f, /[ ,]+/); p += f[2]; q += f[4] }
    END { printf "live: %d passed, %d failed\n", p, q; exit q > 0 }' "${TMPDIR:-/tmp}/live.$$"
code=$?
rm -f "${TMPDIR:-/tmp}/live.$$"
exit $code
