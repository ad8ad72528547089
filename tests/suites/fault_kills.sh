#!/bin/sh
# fault_kills.sh [short|long] - kill -9 at random times: no row lost, none doubled, in any history of one to eight kills (tests/fault).
sh "$(dirname "$0")/../fault/fault_suite.sh" "${1-short}" kills --count 600 --seconds 50 -- --count 5000
