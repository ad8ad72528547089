#!/bin/sh
# part.sh NAME COMMAND... - runs one part of the tests, for tests/run.sh: its result is a file
# `passed failed` in $FLOW_TEST_RESULTS; what it said is shown if something failed.
#
# On an instrumented build every report of a sanitizer, in whatever process, is a failure:
# reports go to files, and none may be there at the end of a part.
set -u
name=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log reports=$scratch/reports
mkdir "$reports"
if [ -n "${FLOW_TEST_SANITIZER-}" ]; then
    # Suites expect exit code 1 here and there; a report ends with another.
    to=log_path=$reports/report:exitcode=86
    export ASAN_OPTIONS="$to:${ASAN_OPTIONS-}" UBSAN_OPTIONS="$to:print_stacktrace=1"
    export LSAN_OPTIONS="$to" TSAN_OPTIONS="$to:${TSAN_OPTIONS-}"
fi

began=$(date +%s)
"$@" >"$log" 2>&1
code=$?
line=$(sed -n 's/^\(.*: \)\{0,1\}\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed$/\2 \3/p' "$log" | tail -1)
passed=${line% *} failed=${line#* }
[ -n "$line" ] || passed=0 failed=1
[ "$code" = 0 ] || [ "$failed" != 0 ] || failed=1
{
    # A process that is killed may leave less than a report.
    for report in "$reports"/*; do
        [ -f "$report" ] && grep -q 'ERROR: \|WARNING: \|runtime error: ' "$report" || continue
        failed=$((failed + 1))
        head -60 "$report"
    done
    if [ "$name" = address ] || [ "$name" = thread ]; then sed 's/^/    /' "$log"
    elif [ "$failed" != 0 ]; then cat "$log"; else grep "^$name: .* not .*under" "$log"; fi
    printf '%-24s %6d passed %4d failed %5d s\n' "$name" "$passed" "$failed" \
        $(($(date +%s) - began))
} >"$scratch/said"
cat "$scratch/said" # at once: other parts speak, too
echo "$passed $failed" >"$FLOW_TEST_RESULTS/$name"
