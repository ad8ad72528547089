#!/bin/sh
# fault_space.sh [short|long] - disks that are full (tests/fault).
sh "$(dirname "$0")/../fault/fault_suite.sh" "${1-short}" space --count 100 --seconds 50 -- --count 1008
