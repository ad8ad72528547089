#!/bin/sh
# coverage.sh [--keep] [PART...] - which branches of the code that saves, recovers and publishes
# are taken by the tests that break things; every one that is not must stand in
# tests/fault/uncovered.txt, with its reason.
#
# Builds the archive for tests with counters, in a folder of its own (build-coverage); the
# compiler is that of the usual build.  Counters are in files that are mapped and shared by all
# runs of an executable, so a process that is killed has counted as well.  (Where it is killed
# between two counters, or two count at once, a side whose count is the difference of two may
# look taken: a line of uncovered.txt is then said to be needless, now and then.)  Parts: unit, points,
# calls, damage, two, stops, space, live,
# seeds, suites; all unless named.  `--keep` adds to what the
# run before has counted.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd) || exit 1
cover=${FLOW_COVERAGE_DIR:-$root/build-coverage}
keep=
[ "${1-}" != --keep ] || { keep=1; shift; }
parts=${*:-unit points calls damage two stops space live seeds suites}

files='runtime/ckpt/*.c runtime/exec/checkpoint.c runtime/exec/ckpt_*.c runtime/exec/publish.c
    runtime/io/outbox.c runtime/io/rows_file.c runtime/io/file_parts.c runtime/io/file_single.c
    runtime/io/part_walk.c runtime/io/part_write.c'

[ -f "$cover/build.ninja" ] ||
    cmake -G Ninja -S . -B "$cover" -DCMAKE_C_COMPILER=clang-19 -DFLOW_COVERAGE=ON >/dev/null || exit 1
ninja -C "$cover" flowrt flowrt_faults flowrt_pack unit_runtime unit_faults >"$cover/log" 2>&1 ||
    { tail -30 "$cover/log"; echo "coverage: 0 passed, 1 failed"; exit 1; }

# Executables of `flowc build --faults` get the counters: another archive, another linker.
base=/dev/shm
[ -w $base ] || base=${TMPDIR:-/tmp}
work=$(mktemp -d "$base/flow-coverage.XXXXXX") && trap 'rm -rf "$work"' EXIT
printf '#!/bin/sh\nexec clang-19 -fuse-ld=lld -fprofile-instr-generate "$@"\n' >"$work/count-cc"
chmod +x "$work/count-cc"
export FLOW_HOME="$cover" FLOW_LINKER="$work/count-cc" XDG_CACHE_HOME=/dev/null/x HOME=/nowhere
raw=$cover/raw
[ -n "$keep" ] || rm -rf "$raw"
mkdir -p "$raw"
export LLVM_PROFILE_FILE="$raw/%c%m.profraw"

bad=0
part() { # part NAME COMMAND...: what it says is kept in the folder
    name=$1
    shift
    began=$(date +%s)
    "$@" >"$cover/$name.log" 2>&1 || { bad=$((bad + 1)); tail -5 "$cover/$name.log"; }
    echo "$name: $(($(date +%s) - began)) s, $(tail -1 "$cover/$name.log")"
}
fault() { # fault DRIVER ARGS...
    [ -d "$work/bin" ] || sh tests/fault/fault_build.sh "$work" || exit 1
    driver=$1
    shift
    part "$driver" "$build/tests/faults" "$driver" "$work" "$@"
}
for p in $parts; do
    case $p in
    unit)
        part unit_runtime "$cover/tests/unit_runtime" ckpt_text commit fingerprint ident journal outbox place \
            records rows_file saved state_file state_merge file_sink
        part unit_faults "$cover/tests/unit_faults" ;;
    points) fault points --count 500 --seconds 50 ;;
    calls) fault calls --count 4000 --seconds 300 ;;
    damage) fault damage --count 400; fault forged --count 1500 --seconds 60 ;;
    two) fault two ;;
    seeds) fault seeds --count 2000 --seconds 200 ;;
    stops) fault stops --count 40 --seconds 15 ;;
    space) fault space --count 60 --seconds 30 ;;
    live) fault live --count 60 --seconds 20 ;;
    suites) for suite in checkpoint dump restarts upgrade replay; do part $suite sh tests/suites/$suite.sh short; done ;;
    checkpoint | dump | restarts | upgrade | replay) part "$p" sh tests/suites/"$p".sh short ;;
    *) echo "coverage.sh: there is no part $p" >&2; exit 2 ;;
    esac
done

llvm-profdata-19 merge -sparse "$raw"/*.profraw -o "$cover/all.profdata" || exit 1
objects=
for f in $files; do objects="$objects -object $cover/CMakeFiles/flowrt_faults.dir/$f.o"; done
# shellcheck disable=SC2086
llvm-cov-19 export -format=lcov -instr-profile="$cover/all.profdata" ${objects# -object} >"$cover/lcov" ||
    exit 1
awk -f tests/tools/coverage.awk -v root="$root/" tests/fault/uncovered.txt "$cover/lcov"
code=$?
[ $bad = 0 ] || echo "coverage: $bad parts failed"
[ $code = 0 ] && [ $bad = 0 ]
