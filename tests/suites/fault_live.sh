#!/bin/sh
# fault_live.sh [short|long] - kill -9 while rows come that cannot be read again (tests/fault).
sh "$(dirname "$0")/../fault/fault_suite.sh" "${1-short}" live --count 200 --seconds 40 -- --count 2000
