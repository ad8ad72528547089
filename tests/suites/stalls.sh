#!/bin/sh
# stalls.sh [short|long] - a peer that does not read for a while, before a source that could
# send far more: memory stays within `memory` and 64 MiB, nothing is lost, and what could not
# be sent is there soon after the peer reads again.  Without a checkpoint and with one, whose
# input journal and outbox then fill.  Short: 3 s; long: 40 s, longer than a peer may leave
# the questions of the kernel unanswered.
cd "$(dirname "$0")/../.." || exit 1
suite=stalls tier=${1-short}
. tests/tools/check.sh
peer_tool
wait=3 lines=4000000
[ "$tier" = long ] && wait=40 lines=16000000
limit=64
bound=$((limit * 1000 + 65536)) # kB

program tell <<'FLOW'
set batch = 100ms
param addr: string
from stdin() |> to socket(addr, format = text)
FLOW
program beat <<'FLOW'
set batch = 100ms
param addr: string
from rate(20000) |> select value |> to socket(addr, format = csv)
FLOW

seq 1 $lines >numbers.txt
# stalled NAME ARGS...: ./tell with a peer that waits; checks all of it
stalled() {
    name=$1
    shift
    rm -f port got
    start timeout $((wait + 120)) ./peer receive port got -w $((wait * 1000))
    receiver=$pid
    until_true 5 test -s port
    ./tell addr=127.0.0.1:"$(cat port)" --memory ${limit}MB "$@" <numbers.txt >out 2>err &
    teller=$!
    started="$started $teller"
    kb=0
    while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$teller/status 2>/dev/null) &&
        [ -n "$now" ]; do
        kb=$now
        sleep 0.1
    done
    ended "$name" 0 $teller
    ended "$name: the peer" 0 $receiver
    same_file "$name: every row, once" numbers.txt got
    [ -n "$sanitizer" ] || check "$name: $kb kB of at most $bound" test $kb -le $bound
}
stalled "a peer that waits"
stalled "a peer that waits, with a checkpoint" --checkpoint ck
check "its outbox is empty" sh -c '! find ck/outbox -name "*.ob" | grep -q .'

# The source is held up, and rows that come later are not late for long.
rm -f port got
start timeout $((wait + 120)) ./peer receive port got -w $((wait * 1000))
receiver=$pid
until_true 5 test -s port
run "a stalled clock" 0 ./beat addr=127.0.0.1:"$(cat port)" --until $((wait + 4))s
ended "its peer" 0 $receiver
seq 0 $(($(wc -l <got) - 1)) >want
same_file "no number is left out" want got
finish
