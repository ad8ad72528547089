#!/bin/sh
# overload.sh [short|long] - sinks that stand still and sources that bring far more than can be
# done: resident memory stays below `memory` and 64 MiB at every sample, nothing is lost, nothing
# is busy while it waits, and afterwards a stop is quick.
# Short: stalls of 3 s and floods of seconds; long: 30 s and minutes.  The last part has all at
# once and prints what it measured.
cd "$(dirname "$0")/../.." || exit 1
suite=overload tier=${1-short}
. tests/tools/check.sh
peer_tool
stall=3 rows=3000000
[ "$tier" = long ] && stall=30 rows=20000000
limit=64
bound=$((limit * 1000 + 65536)) # kB
[ -z "$sanitizer" ] || {
    rows=400000
    echo "overload: resident memory is not measured under a sanitizer"
}

program pass <<'FLOW'
from stdin() |> to stdout(format = text)
FLOW
program tell <<'FLOW'
param addr: string
from stdin() |> to socket(addr, format = text)
FLOW
program file <<'FLOW'
param input: string
from file(input) |> to stdout(format = text)
FLOW
program slow <<'FLOW'
set batch = 500ms
from stdin() as line: string
|> select n = length(replace(replace(f"{line}{line}{line}", "1", "22"), "3", "444")), line
|> aggregate rows = count(), most = max(n)
|> to stdout(format = csv, mode = final)
FLOW

awk -v n=$rows 'BEGIN { for (i = 0; i < n; i++) printf "%015d\n", i }' >in.txt

ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat" 2>/dev/null || echo 0; }

# Samples resident memory of $1 ten times a second until it ends; leaves the most in `most`.
watch_memory() {
    top=0
    while kb=$(awk '/^VmRSS/ { print $2 }' "/proc/$1/status" 2>/dev/null) && [ -n "$kb" ]; do
        [ "$kb" -gt $top ] && top=$kb
        echo "$top" >most
        sleep 0.1
    done
}

# A reader of the pipe that stands still behind the first row.
read_pipe() {
    sh -c 'dd bs=1 count=16 2>/dev/null; kill -STOP $$; exec cat' <pipe >out.txt &
    reader=$!
    started="$started $reader"
}
stands() { grep -q '^State:.T' /proc/$reader/status; }
stop_reader() {
    started="$started $pid"
    check "the reader stands still" until_true 60 stands
}

# stalled NAME PID READER: READER, which stands still, goes on after a while to the end.
stalled() {
    watch_memory "$2" &
    watcher=$!
    started="$started $watcher"
    sleep 1 # until all queues are full
    [ "$(wc -c <out.txt)" -lt "$(wc -c <in.txt)" ] || miss "$1" "nothing was left to stand still"
    before=$(ticks "$2")
    sleep $stall
    spent=$(($(ticks "$2") - before)) # hundredths of a second
    kill -CONT "$3"
    ended "$1: ends" 0 "$2"
    wait $watcher
    [ $spent -le $((stall * 5)) ] || miss "$1" "$spent ticks of CPU in $stall s of standing still"
    [ -n "$sanitizer" ] || [ "$(cat most)" -le $bound ]
    same "$1: $(cat most) kB of $bound" 0 $?
}

for kind in plain checkpoint; do
    set -- --memory ${limit}MB --batch 100ms --grace 60s
    [ $kind = checkpoint ] && set -- "$@" --checkpoint ck --checkpoint_every 500ms

    # ---- standard input to a pipe whose reader stands still ----
    rm -rf ck pipe out.txt
    mkfifo pipe
    read_pipe
    ./pass "$@" <in.txt >pipe 2>err &
    pid=$!
    stop_reader
    stalled "pipe, $kind" $pid $reader
    wait $reader
    same_file "pipe, $kind: all rows, in order" in.txt out.txt

    # ---- a file ----
    rm -rf ck out.txt
    read_pipe
    ./file "$@" input=in.txt >pipe 2>err &
    pid=$!
    stop_reader
    stalled "file, $kind" $pid $reader
    wait $reader
    same_file "file, $kind: all rows, in order" in.txt out.txt

    # ---- a socket whose peer stands still ----
    rm -rf ck out.txt port
    ./peer receive port out.txt &
    reader=$!
    started="$started $reader"
    until_true 5 test -s port
    kill -STOP $reader # its system still takes the connection
    ./tell "$@" addr=127.0.0.1:"$(cat port)" <in.txt 2>err &
    pid=$!
    started="$started $pid"
    stalled "socket, $kind" $pid $reader
    wait $reader
    same_file "socket, $kind: all rows, in order" in.txt out.txt
done

# ---- a source at many times what can be done -------------------------------------------------
for setting in true false; do
    ./slow --memory ${limit}MB --parallelism 1 --backpressure $setting --log debug <in.txt >out 2>err &
    pid=$!
    started="$started $pid"
    watch_memory $pid
    ended "flood, backpressure $setting" 0 $pid
    same "flood, backpressure $setting: nothing lost" "$rows" "$(cut -d, -f1 out)"
    [ -n "$sanitizer" ] || [ "$(cat most)" -le $bound ]
    same "flood, backpressure $setting: $(cat most) kB of $bound" 0 $?
done

# ---- all at once: 24 times what can be done, and a sink that stands still ---------------------
# Latency is that of rows before it, and again of rows ten seconds after its end.
gcc -O1 -Wall -Wextra -o flood "$root/tests/tools/flood.c" || exit 1
program work <<'FLOW'
set batch = 100ms
param source: string
param target: string
from socket(source)
|> select line, n = sum(map(range(1, 12), fn(i) = length(replace(f"{line}{i}", "a", "bc"))))
|> to socket(target, format = csv)
FLOW
kinds=checkpoint share=2
[ "$tier" = long ] && kinds="plain checkpoint" share=6
part() { sed -n "s/^$1=//p" report; }
for kind in $kinds; do
    set -- --memory ${limit}MB --grace 60s
    [ $kind = checkpoint ] && set -- "$@" --checkpoint ck --checkpoint_every 500ms
    rm -rf ck ports pid.txt report
    start timeout 600 ./flood ports pid.txt report $stall $share
    flooder=$pid
    until_true 5 test -s ports
    read -r from to <ports
    ./work "$@" source=127.0.0.1:"$from" target=127.0.0.1:"$to" 2>err &
    pid=$!
    started="$started $pid"
    echo $pid >pid.txt
    ended "all at once, $kind: both ends" 0 $flooder
    ended "all at once, $kind: ends" 0 $pid
    same "all at once, $kind: nothing lost, nothing doubled, in order" "$(part sent) 0" \
        "$(part back) $(part wrong)"
    echo "overload: $kind: $(part offered) rows/s offered, $(part times) times the $(part sustained)" \
        "sustained; a sink stalled for $stall s; $(part back) rows came back"
    echo "overload: $kind: latency $(part before_ms) ms before (99 %: $(part before_p99_ms) ms)," \
        "$(part after_ms) ms after ($(part after_p99_ms) ms), normal $(part normal_after) s after the stall"
    echo "overload: $kind: at most $(part peak) kB of $bound in $(part looks) looks," \
        "$(part ticks) ticks of CPU in the second half of the stall"
    same "all at once, $kind: 24 times" 24 "$(part times | cut -d. -f1)"
    limit_ms=$(($(part before_ms) * 2 + 500))
    [ "$(part after_rows)" -gt 0 ] && { [ -n "$sanitizer" ] || [ "$(part after_ms)" -le $limit_ms ]; }
    same "all at once, $kind: latency is normal again" 0 $?
    [ -n "$sanitizer" ] || { [ "$(part looks)" -gt $((stall * 5)) ] && [ "$(part peak)" -le $bound ]; }
    same "all at once, $kind: memory" 0 $?
    # In a short stall the batches that were begun are still at work.
    [ "$tier" != long ] || [ "$(part ticks)" -le $((stall * 5 / 2)) ]
    same "all at once, $kind: nothing is busy while it waits" 0 $?
done

# ---- a stop while all is full --------------------------------------------------------------
rm -rf ck out.txt
read_pipe
./pass --memory ${limit}MB --batch 100ms <in.txt >pipe 2>err &
pid=$!
stop_reader
sleep 1
kill -TERM $pid
kill -CONT $reader
ended "a stop after a stall" 0 $pid
wait $reader
head -n "$(wc -l <out.txt)" in.txt >want
same_file "a stop after a stall: a whole beginning" want out.txt
finish
