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

# What peers got one after the other: no number is left out, however often some come again.
no_gaps() { # no_gaps NAME LAST FILE...
    name=$1 last=$2
    shift 2
    awk -F, 'BEGIN { max = -1 } $1 > max + 1 { print "behind " max " comes " $1; exit }
        $1 > max { max = $1 } END { print max }' "$@" >seen
    same "$name" "$last" "$(cat seen)"
}

# A peer that closes every two seconds and is back at once.
rm -f port got
comes=3
[ "$tier" = long ] && comes=12
start timeout $((comes * 4 + 60)) ./peer receive port got -c $comes -b 260000
receiver=$pid
until_true 5 test -s port
run "a peer that comes and goes" 0 ./beat addr=127.0.0.1:"$(cat port)" --until $((comes * 5 / 2))s
same "its batches are tried again" $((comes - 1)) "$(grep -c 'is tried again (1 of 3)' err)"
ended "its end" 0 $receiver
no_gaps "every number, with a peer that comes and goes" $(($(sort -u got | wc -l) - 1)) got

# A stop that cannot wait for the peer: after `grace` the program is gone, and the next one
# goes on with the batch that was being sent.
program send <<'FLOW'
set batch_size = 64KiB, unbounded = true
param addr: string
param input: string
from file(input, format = csv) as { n: int } |> to socket(addr, format = csv)
FLOW
seq 0 2999999 >rows.txt
rm -rf port got ck
start ./peer receive port got
receiver=$pid
until_true 5 test -s port
kill -STOP $receiver
./send addr=127.0.0.1:"$(cat port)" input=rows.txt --checkpoint ck --grace 1s 2>err &
sender=$!
started="$started $sender"
sleep 2
began=$(date +%s)
kill -TERM $sender
ended "a stop that cannot wait" 143 $sender
check "it waits for \`grace\`" test $(($(date +%s) - began)) -le 10
kill -CONT $receiver
ended "its peer reads the rest" 0 $receiver
check "not all was sent" test "$(wc -l <got)" -lt 3000000
start timeout 60 ./peer receive port got2 # at the same port
receiver=$pid
sleep 0.3
run "the next one" 0 ./send addr=127.0.0.1:"$(cat port)" input=rows.txt --checkpoint ck
ended "its peer" 0 $receiver
[ -z "$(tail -c 1 got)" ] || sed -i '$d' got # a row without its end
no_gaps "nothing is lost by a stop" 2999999 got got2
twice=$(($(wc -l <got) + $(wc -l <got2) - 3000000))
check "a batch is shown twice at most: $twice rows" test $twice -lt 20000

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
