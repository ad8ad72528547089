#!/bin/sh
# fault_seeds.sh [short|long] - histories under a scheduler and a clock that a seed decides (tests/fault).
sh "$(dirname "$0")/../fault/fault_suite.sh" "${1-short}" seeds --count 1000 --seconds 30 -- --count 100000
