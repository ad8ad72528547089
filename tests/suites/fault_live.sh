#!/bin/sh
# fault_live.sh [short|long] - kill -9 and loss of power while rows come that cannot be read
# again (tests/fault).
suite=$(dirname "$0")/../fault/fault_suite.sh
out=$(mktemp) && trap 'rm -f "$out" "$out.sum"' EXIT
one() { # one DRIVER ARGS...: the last of its sums is that of all
    sh "$suite" "$tier" "$@" >"$out"
    cat "$out"
    grep '^live.* passed, ' "$out" | tail -1 >>"$out.sum"
}
tier=${1-short}
one live --count 150 --seconds 30 -- --count 2000
one live-power --count 300 --seconds 20 -- --count 5000
awk '/^live.*: [0-9]+ passed, [0-9]+ failed$/ { split($0, f, /[ ,]+/); p += f[2]; q += f[4]; n++ }
    END { printf "live: %d passed, %d failed\n", p, q + (n != 2); exit q > 0 || n != 2 }' "$out.sum"
