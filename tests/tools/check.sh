# check.sh - what the end-to-end suites share: a suite is run from the root of the tree,
# sets `suite` and `tier`, reads this, and closes with `finish`.
#
# The scratch folder is the current one from then on and goes at the end, as do the
# processes that `start` began, by their ids.
set -u
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
flowc=$build/flowc
sanitizer=$("$flowc" --version | sed -n 's/.*, sanitizer \([a-z]*\).*/\1/p')
share=${FLOW_TEST_SHARE:-1} # one in so many of the random cases
work=$(mktemp -d)
started=
passed=0 failed=0
unset FLOW_BATCH FLOW_LOG FLOW_MEMORY

tidy() {
    for one in $started; do kill -9 "$one" 2>/dev/null; done
    cd / && rm -rf "$work"
}
trap tidy EXIT
trap 'exit 130' INT TERM
cd "$work" || exit 1

finish() {
    echo "$suite: $passed passed, $failed failed"
    [ "$failed" = 0 ]
}

pass() { passed=$((passed + 1)); }

miss() { # miss NAME WHAT
    failed=$((failed + 1))
    echo "$suite: $1: $2"
}

check() { # check NAME COMMAND...: the command succeeds
    name=$1
    shift
    if "$@" >check.log 2>&1; then pass; else miss "$name" "fails: $*"; head -10 check.log; fi
}

same() { # same NAME WANT GOT
    if [ "$2" = "$3" ]; then pass; else
        miss "$1" "expected, then got:"
        printf '%s\n' "$2" | head -12 | cut -c1-300
        printf -- '----\n%s\n' "$3" | head -13 | cut -c1-300
    fi
}

same_file() { # same_file NAME WANT_FILE GOT_FILE
    if cmp -s "$2" "$3"; then pass; else
        miss "$1" "$3 differs from $2:"
        diff "$2" "$3" 2>&1 | head -10 | cut -c1-300
    fi
}

has() { # has NAME FILE PATTERN: a line of the file matches (grep -E)
    if grep -Eq -e "$3" "$2"; then pass; else
        miss "$1" "no line of $2 matches $3:"
        head -10 "$2" | cut -c1-300
    fi
}

lacks() { # lacks NAME FILE PATTERN
    if grep -Eq -e "$3" "$2"; then miss "$1" "$2 has a line like $3"; else pass; fi
}

program() { # program NAME: builds ./NAME from standard input; without it there is no going on
    cat >"$1.flow"
    "$flowc" build -o "$1" "$1.flow" >build.log 2>&1 && return 0
    miss "$1" "does not build:"
    head -20 build.log
    finish
    exit 1
}

run() { # run NAME WANTED_CODE COMMAND...: leaves out and err, and checks the exit code
    run_name=$1 want=$2
    shift 2
    timeout 60 "$@" >out 2>err
    code=$?
    if [ "$code" = "$want" ]; then pass; else
        miss "$run_name" "exit code $code, not $want"
        head -3 err
    fi
}

start() { # start COMMAND...: in the background; its id is in $pid; redirect as you like
    "$@" &
    pid=$!
    started="$started $pid"
}

ended() { # ended NAME WANTED_CODE PID: waits for it
    wait "$3"
    code=$?
    if [ "$code" = "$2" ]; then pass; else miss "$1" "exit code $code, not $2"; fi
}

until_true() { # until_true SECONDS COMMAND...: polls ten times a second
    left=$(($1 * 10))
    shift
    while [ $left -gt 0 ]; do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.1
        left=$((left - 1))
    done
    return 1
}

peer_tool() { gcc -O1 -Wall -Wextra -o peer "$root/tests/tools/peer.c" || exit 1; }
