#!/bin/sh
# fault_build.sh WORK [NAME...] - builds the programs of tests/fault into WORK/bin, with the
# test archive; each also with standard output in the place of its first sink.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$1
shift
mkdir -p "$work/bin" "$work/src"
[ $# -gt 0 ] || set -- $(sed -n 's/^PROGRAM(\([a-z_]*\),.*/\1/p' tests/fault/fault_programs.def) counted
for name in "$@"; do
    file=tests/fault/programs/$name.flow
    sed 's/to file(output, /to stdout(/; /^param output/d' "$file" >"$work/src/$name.flow"
    "$build/flowc" build --faults -o "$work/bin/$name" "$file" &&
        "$build/flowc" build --faults -o "$work/bin/$name.stdout" "$work/src/$name.flow" ||
        exit 1
    [ "$name" = counted ] || continue
    # The same from sockets.
    for way in socket listen; do
        sed "s/from stdin(/from $way(addr, reconnect = 2ms, /; s/^param output/param addr: string\n&/" \
            "$file" >"$work/src/$name.$way.flow"
        "$build/flowc" build --faults -o "$work/bin/$name.$way" "$work/src/$name.$way.flow" || exit 1
    done
done
