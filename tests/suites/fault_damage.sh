#!/bin/sh
# fault_damage.sh [short|long] - checkpoints damaged while the program is down (tests/fault).
sh "$(dirname "$0")/../fault/fault_suite.sh" "${1-short}" damage --count 400 -- --count 75000
