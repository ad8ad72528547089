#!/bin/sh
# fault_calls.sh [short|long] - the k-th call fails, for all k: a documented code, a message, and the next run completes the output (tests/fault).
sh "$(dirname "$0")/../fault/fault_suite.sh" "${1-short}" calls --count 3000 --seconds 45 -- --count 30000
