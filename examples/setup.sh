#!/bin/sh
# setup.sh - installs what is missing on Debian 12 and builds Flow into build/.
#
# Sourced or called by quickstart.sh and tests/run.sh; safe to run again: with all
# packages there it only builds.  Arguments go to cmake's configuration.
#   FLOW_BUILD_DIR  the build folder (default: build)
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${FLOW_BUILD_DIR:-$root/build}

packages="gcc libc6-dev cmake ninja-build llvm-19-dev clang-19 lld-19 flex bison
libcunit1-dev pkg-config zlib1g-dev libzstd-dev libclang-rt-19-dev sqlite3 mawk gdb zstd"

missing=
for p in $packages; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $p"
done
if [ -n "$missing" ]; then
    as=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            echo "setup: missing packages:$missing" >&2
            echo "setup: run this as root, or install sudo" >&2
            exit 1
        }
        as=sudo
    fi
    echo "setup: installing$missing" >&2
    $as apt-get update -qq
    $as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends $missing >&2
fi

[ -f "$build/build.ninja" ] && [ $# = 0 ] ||
    cmake -S "$root" -B "$build" -G Ninja "$@" >"${TMPDIR:-/tmp}/flow-cmake.$$" 2>&1 || {
        cat "${TMPDIR:-/tmp}/flow-cmake.$$" >&2
        exit 1
    }
rm -f "${TMPDIR:-/tmp}/flow-cmake.$$"
ninja -C "$build" >&2
