#!/bin/sh
# fault_power.sh [short|long] - images of the disk after a power loss, and mistakes that must be caught by them (tests/fault).
sh "$(dirname "$0")/../fault/fault_suite.sh" "${1-short}" power --count 2000 --seconds 50 -- --count 25000
