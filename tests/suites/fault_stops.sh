#!/bin/sh
# fault_stops.sh [short|long] - signals at random times (tests/fault).
sh "$(dirname "$0")/../fault/fault_suite.sh" "${1-short}" stops --count 100 --seconds 30 -- --count 500
