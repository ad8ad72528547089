#!/bin/sh
# fault_two.sh [short|long] - two programs at one checkpoint, and checkpoints that are not what they were (tests/fault).
sh "$(dirname "$0")/../fault/fault_suite.sh" "${1-short}" two --count 1
