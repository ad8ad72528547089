#!/bin/sh
# fault_points.sh [short|long] - kills at named points of the protocol and of recovery; the long tier also kills what recovers (tests/fault).
sh "$(dirname "$0")/../fault/fault_suite.sh" "${1-short}" points --count 500 --seconds 55 -- --pairs --count 5000
