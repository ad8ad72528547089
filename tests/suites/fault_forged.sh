#!/bin/sh
# fault_forged.sh [short|long] - journals whose checksums fit and whose records do not (tests/fault).
sh "$(dirname "$0")/../fault/fault_suite.sh" "${1-short}" forged --count 500 --seconds 30 -- --count 50000
