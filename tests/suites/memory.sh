#!/bin/sh
# memory.sh [short|long] - big input under a small `memory`: counted by key to the end
# and passed through row by row, from a file and from a pipe.  Resident memory (VmHWM)
# stays below `memory` and 64 MiB, the output is right; more keys than fit stop the
# program with a message that helps.  Short: 200 MB under 64MB; long: 4 GB under 256MB.
# State that held many keys holds little again when few are left; a program that waits for input
# has only its state.
# A sanitizer's own memory is resident too: under one the results alone are looked at.
cd "$(dirname "$0")/../.." || exit 1
suite=memory tier=${1-short}
. tests/tools/check.sh

mb=200 limit=64
[ "$tier" = long ] && mb=4000 limit=256
[ -z "$sanitizer" ] || {
    mb=80 limit=64
    echo "memory: resident memory is not measured under a sanitizer"
}
bound=$((limit * 1000 + 65536)) # kB

program keys <<'FLOW'
param input: string
from file(input, format = csv) as { key: int, name: string, value: int }
|> aggregate n = count(), s = sum(value), longest = max(length(name)) per key
|> to stdout(format = csv, mode = final)
FLOW
program piped <<'FLOW'
from stdin(format = csv) as { key: int, name: string, value: int }
|> aggregate n = count(), s = sum(value), longest = max(length(name)) per key
|> to stdout(format = csv, mode = final)
FLOW
program rows <<'FLOW'
param input: string
from file(input) |> to stdout(format = text)
FLOW
program rows_piped <<'FLOW'
from stdin() |> to stdout(format = text)
FLOW
program wide <<'FLOW'
param input: string
from file(input, format = csv) as { key: int, name: string, value: int }
|> aggregate n = count() per name, value
|> to stdout(format = csv, mode = final)
FLOW

# One piece of text that is repeated: what comes out is known without reading it all.
awk 'BEGIN { srand(9); for (i = 0; i < 200000; i++)
    printf "%d,name of row %d,%d\n", int(rand() * 20000), i, int(rand() * 1000) }' >piece
bytes=$(wc -c <piece)
times=$((mb * 1000000 / bytes + 1))
awk -F, -v t=$times '{ n[$1]++; s[$1] += $3; l = length($2); if (l > m[$1]) m[$1] = l }
    END { for (k in n) printf "%d,%d,%d,%d\n", k, n[k] * t, s[k] * t, m[k] }' piece |
    sort -t, -k1,1n >want
repeat() { k=0; while [ $k -lt $times ]; do cat piece; k=$((k + 1)); done; }
repeat >big
size=$((bytes * times))
# A checksum of the rows: the sum over `cksum` would need all at once, so one stream.
sum=$(cksum <big)

exec 3>&1
# watched NAME CODE COMMAND...: as run, with its standard streams, and its peak memory
watched() {
    watched_name=$1 watched_code=$2
    shift 2
    { "$@" <&4 2>err & } 4<&0 # in the background standard input would be /dev/null
    watched_pid=$!
    started="$started $watched_pid"
    peak=0
    while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$watched_pid/status 2>/dev/null) &&
        [ -n "$now" ]; do
        peak=$now
        sleep 0.05
    done
    wait $watched_pid
    code=$?
    [ $code = "$watched_code" ] && pass || {
        miss "$watched_name" "exit code $code, not $watched_code" >&3; head -3 err >&3; }
    [ -z "$sanitizer" ] || return 0
    [ "$peak" -gt 0 ] && [ "$peak" -le $bound ] && pass ||
        miss "$watched_name" "resident $peak kB, above $bound kB" >&3
    echo "memory: $watched_name: at most $((peak / 1024)) MiB of $((bound / 1024))" >&3
}
for p in 1 2; do
    watched "by key, file, $p workers" 0 ./keys input=big --memory ${limit}MB --parallelism $p >got
    same_file "by key, file, $p workers" want got
done
mkfifo fifo
repeat >fifo &
started="$started $!"
watched "by key, pipe" 0 ./piped --memory ${limit}MB <fifo >got
same_file "by key, pipe" want got
watched "rows, file" 0 ./rows input=big --memory ${limit}MB >got.rows
same "rows, file" "$sum" "$(cksum <got.rows)"
rm got.rows
repeat >fifo &
started="$started $!"
mkfifo sink
(cksum <sink >got.sum) &
summer=$!
watched "rows, pipe to pipe" 0 ./rows_piped --memory ${limit}MB <fifo >sink
wait $summer
same "rows, pipe to pipe" "$sum" "$(cat got.sum)"
# A reader that is slower than we are: the source waits.
repeat >fifo &
feeder=$!
started="$started $feeder"
(sleep 2; head -c 50000000 >/dev/null; sleep 1; cksum >/dev/null) <sink &
summer=$!
watched "rows, a slow reader" 0 ./rows_piped --memory ${limit}MB <fifo >sink
wait $summer

# Without input for a while only what is remembered stays: 20,000 keys.
rest=7000 # kB
{ repeat; echo fed >fed; while [ ! -e rested ]; do sleep 0.05; done; } >fifo &
feeder=$!
./piped --memory ${limit}MB <fifo >got 2>err &
rester=$!
started="$started $feeder $rester"
tries=0
while [ $tries -lt 200 ]; do
    tries=$((tries + 1))
    now=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$rester/status)
    [ ! -e fed ] || [ "$now" -gt $rest ] || break
    sleep 0.05
done
[ -z "$sanitizer" ] || now=0
[ "$now" -le $rest ] && pass || miss "at rest" "resident $now kB, above $rest kB"
echo "memory: at rest: $((now / 1024)) MiB of $((rest / 1024))"
touch rested
wait $rester
same_file "after a rest" want got

# More keys than fit.
awk -v n=$((limit * 40000)) 'BEGIN { for (i = 0; i < n; i++)
    printf "%d,key number %d of the input,%d\n", i, i, i % 1000 }' >many
watched "more keys than fit" 1 ./wide input=many --memory ${limit}MB >got
has "the step is named" err 'wide\.flow:3:[0-9]+.*aggregate'
has "its keys" err '[0-9]+ keys'
has "its bytes" err '[0-9.]+ [kMG]?i?B'
has "ways out" err '(--)?`?memory'
has "ways out: a window" err 'window'
same "no rows of it" 0 "$(wc -c <got | tr -d ' ')"
# Wherever in a table's growth it ends, it ends in order.
for mb in 40 43 46 49 52 55 58 61; do
    run "more keys than $mb MB hold" 1 ./wide input=many --memory ${mb}MB
    has "more keys than $mb MB hold" err 'ways out'
    same "more keys than $mb MB hold: one message" 1 "$(grep -c error: err)"
done
# ---- what state holds comes back when the stream has moved on --------------------------

# back NAME TIMES COMMAND...: what its state held at most is at least TIMES what it holds at
# last, before the input ends.
back() {
    name=$1 times=$2
    shift 2
    env "$@" --log debug 2>&1 >/dev/null </dev/null |
        sed -n 's/.*, \([0-9]*\) kB of state.*/\1/p' | sed '$d' >curve
    echo "memory: state of $name, kB: $(awk -v n="$(wc -l <curve)" \
        'NR % int(n / 20 + 1) == 0 || NR > n - 3' curve | tr '\n' ' ')"
    awk -v t="$times" '$1 > most { most = $1 } { last = $1 }
        END { exit !(most > 500 && last * t < most) }' curve && pass ||
        miss "state of $name comes back" "$(tail -30 curve | tr '\n' ' ')"
}
# few NAME TIMES <PROGRAM: half a minute of 10,000 rows a second with 100,000 keys in the
# stream a, then two minutes of 250 rows with ten.
few() {
    { echo "stream a = from generate(fn(i) = { at = @2024-01-01 +
          (if i < 300000 then 100us * i else 30s + 4ms * (i - 300000)),
        k = if i < 300000 then hash(i) % 100000 else i % 10 }, rows = 330000) |> event_time at delay 5s"
      cat; } >"$1.flow"
    "$build/flowc" build --faults -o "$1" "$1.flow" >log 2>&1 || miss "$1" "$(head -3 log)"
    back "$1" "$2" FLOW_TEST_CUT=5000 "./$1"
}
few remembered 8 <<'FLOW'
a |> remember per k by at { n: int = 0 } on row { n = n + 1 }
     on idle 10s { emit { k, n } forget } |> to discard()
FLOW
few remembered_text 8 <<'FLOW'
a |> let name = f"the key number {k}"
  |> remember per name { last: string = "" } on row { last = f"last seen at {at}" }
     on idle 10s { emit { name, last } forget } |> to discard()
FLOW
few distinct 8 <<'FLOW'
a |> distinct per k within 20s |> to discard()
FLOW
few sessions 8 <<'FLOW'
a |> window session 10s |> aggregate n = count(), last = max(at) per k |> to discard()
FLOW
few sessions_revised 8 <<'FLOW'
a |> window session 10s early 0s lateness 5s |> aggregate n = count(), last = max(at) per k |> to discard()
FLOW
few joined 4 <<'FLOW'
a |> join (a |> let k = k * 3) as b on k == b.k within 100ms |> to discard()
FLOW
few missing 4 <<'FLOW'
a |> left join (a |> let k = k * 3) as b on k == b.k within 100ms |> to discard()
FLOW
few tumbling 8 <<'FLOW'
a |> window tumbling 20s |> aggregate n = count(), last = arg_max(f"at the time {at}", at) per k |> to discard()
FLOW
few sliding 4 <<'FLOW'
a |> window sliding 20s every 5s |> aggregate n = count(), m = max(at) per k |> to discard()
FLOW
few windows_joined 4 <<'FLOW'
a |> window tumbling 5s |> join (a |> window tumbling 5s) as b on k == b.k |> to discard()
FLOW
few closed 8 <<'FLOW'
table t = a |> aggregate n = count(), at = max(at) per k, slot = floor(at, 20s)
t |> close at slot + 20s |> to discard()
FLOW
few closed_join 8 <<'FLOW'
table t = a |> aggregate n = count() per k, slot = floor(at, 20s)
table u = a |> where k % 3 > 0 |> latest per k, slot = floor(at, 20s)
t |> full join u as u on k == u.k and slot == u.slot |> close at (slot ?? u?.slot ?? @2024-01-01) + 20s |> to discard()
FLOW
few closed_top 8 <<'FLOW'
table t = a |> let slot = floor(at, 20s) |> top 3 by at desc with ties per k, slot
t |> close at slot + 20s |> to discard()
FLOW
few best 8 <<'FLOW'
a |> window tumbling 20s |> top 2 by at desc per k |> to discard()
FLOW

# ---- the examples -------------------------------------------------------------------------

# rows FORM BURST REST [FIRST]: 60,000 rows of 30,000 keys in BURST seconds, then 6,000 of ten in
# REST.  In FORM, K is the key, I the number of the row, T its time.
rows() {
    [ -z "${4-}" ] || echo "$4"
    awk -v burst="$2" -v rest="$3" 'BEGIN {
        for (i = 0; i < 66000; i++) {
            t = i < 60000 ? i * burst / 60000 : burst + (i - 60000) * rest / 6000
            s = int(t)
            printf "%d %d 2026-03-01T%02d:%02d:%02d.%03dZ\n", i < 60000 ? i * 7919 % 30000 : i % 10,
                i, s / 3600, s / 60 % 60, s % 60, (t - s) * 1000
        } }' | sed "s#^\([0-9]*\) \([0-9]*\) \(.*\)#$(echo "$1" | sed 's/K/\\1/; s/I/\\2/; s/T/\\3/')#"
}
# example FOLDER PROGRAM: a copy of it, built; its input is made then
example() {
    cd "$work" && rm -rf example && cp -r "$root/examples/$1" example && cd example || exit 1
    rm -rf in/* && mkdir -p in
    "$build/flowc" build -o prog "$2.flow" >log 2>&1 || miss "$1" "$(head -3 log)"
}
example sessions main
rows 'uK,/pI,T' 300 14400 user,url,at >in/clicks.csv
back "examples/sessions" 5 ./prog --batch_size 8KiB
example meters main
rows 'mK,I.5,T' 50 600 meter,watt,at >in/readings.csv
back "examples/meters" 20 ./prog --batch_size 8KiB
example devices main
rows '{"device":"dK","ts":"T"}' 600 18000 >in/beats.json
back "examples/devices" 12 ./prog --batch_size 8KiB
example calls main
rows 'I,+49K,T' 200 3600 >in/calls.csv
rows 'I,ann,T' 200 3600 >in/answers.csv
back "examples/calls" 6 ./prog --batch_size 4KiB
example tutorial unpaid
rows '{"id":"oI","user":"uK","amount":"2.50","at":"T"}' 50 3600 >in/orders.jsonl
rows '{"order":"oI","at":"T"}' 50 3600 >in/payments.jsonl
back "examples/tutorial: unpaid" 7 ./prog --batch_size 4KiB
cd "$work" || exit 1

# ---- a stream that goes on -------------------------------------------------------------------

# level NAME: 2,000,000 events of Nexmark in batches of 20 seconds: behind a quarter of them
# state does not grow any more, but for a tenth.
level() {
    FLOW_TEST_CUT=20000 ./prog events=2_000_000 --log debug 2>&1 >/dev/null |
        sed -n 's/.*, \([0-9]*\) kB of state.*/\1/p' | sed '$d' >curve
    echo "memory: state of $1, kB: $(awk 'NR % 10 == 1' curve | tr '\n' ' ')"
    awk '{ n[NR] = $1 } END {
        for (i = 1; i <= NR; i++) if (i <= NR / 4) { if (n[i] > a) a = n[i] } else if (n[i] > b) b = n[i]
        exit !(NR > 90 && b <= a * 1.1 + 200) }' curve && pass ||
        miss "state of $1 keeps its level" "$(tr '\n' ' ' <curve)"
}
for q in q5 q7 q8 q11; do
    [ "$tier" = long ] || [ $q = q8 ] || [ $q = q11 ] || continue
    cp "$root"/examples/nexmark/nexmark.flow .
    sed 's/to stdout(.*)/to discard()/' "$root/examples/nexmark/$q.flow" >"$q.flow"
    "$build/flowc" build --faults -o prog "$q.flow" >log 2>&1 || miss "$q" "$(head -3 log)"
    level $q
done
few revised 8 <<'FLOW'
a |> window tumbling 20s early 1s lateness 5s |> top 2 by at desc per k |> changes |> to discard()
FLOW
finish
