#!/bin/sh
# sockets.sh [short|long] - sources and sinks over TCP, fed by other processes: word
# count a second at a time, peers that come back, two peers at once, drains.
cd "$(dirname "$0")/../.." || exit 1
suite=sockets tier=${1-short}
. tests/tools/check.sh
peer_tool
seconds=4 rate=600
[ "$tier" = long ] && seconds=60

program words <<'FLOW'
set batch = 1s
param addr: string
from socket(addr, reconnect = 200ms)
|> each word in split(line, " ")
|> window batch
|> aggregate count() per word
|> drop window
|> to console(rows = 1_000_000)
FLOW
program lines <<'FLOW'
set batch = 200ms
param addr: string
from socket(addr, reconnect = 100ms) |> errors into bad |> to stdout(format = text)
bad |> select source, offset, error, raw |> to file("bad.json")
FLOW
program hear <<'FLOW'
set batch = 200ms
param addr: string
from listen(addr) |> to stdout(format = text)
FLOW
program tell <<'FLOW'
param addr: string
from file("numbers.txt") |> to socket(addr, format = text)
FLOW

# ---- word count: a block a second, totals equal to the input ---------------------------
awk -v n=$((seconds * rate)) 'BEGIN { srand(3); for (i = 0; i < n; i++)
    print "w" int(rand() * 40), "w" int(rand() * 40), "w" i % 7 }' >words.txt
tr ' ' '\n' <words.txt | sort | uniq -c | awk '{ print $2 "," $1 }' | LC_ALL=C sort >want
start ./peer serve port words.txt -r $rate
until_true 5 test -s port
start ./words addr=127.0.0.1:"$(cat port)" >blocks 2>words.err
words=$pid
total() { sed -n 's/^(\(.*\),\([0-9]*\))$/\1 \2/p' blocks |
    awk '{ n[$1] += $2 } END { for (w in n) print w "," n[w] }' | LC_ALL=C sort; }
complete() { total | cmp -s - want; }
check "all words arrive" until_true $((seconds + 20)) complete
kill -TERM $words
ended "word count drains at SIGTERM" 0 $words
total >got
same_file "word count totals" want got
awk '{ line[NR] = $0 }
    END { bar = "-------------------------------------------"
        for (i = 1; i <= NR; i++) {
            if (line[i] != bar) { print "line " i " is no bar: " line[i]; exit }
            if (line[i + 1] !~ /^Time: [0-9]+ ms$/) { print "no Time: " line[i + 1]; exit }
            if (line[i + 2] != bar) { print "no second bar at " i + 2; exit }
            for (i += 3; line[i] ~ /^\(w[0-9]+,[0-9]+\)$/; i++) ;
            if (line[i] != "") { print "no empty line: " line[i]; exit } } }' blocks >got
: >want.none
same_file "blocks have their form" want.none got
# Every interval while the peer sends, the first and last ones in part.
sed -n 's/^Time: \([0-9]*\)000 ms$/\1/p' blocks >times
awk -v want=$seconds 'NR > 1 && $1 <= last { print "time goes back" }
    { last = $1 } END { if (NR < want || NR > want + 4) print NR " blocks" }' times >got
same_file "a block each second" want.none got
same "every time is a whole second" "$(grep -c '^Time:' blocks)" "$(wc -l <times | tr -d ' ')"
same "nothing on standard error but warnings" 0 "$(grep -vc warning words.err)"

# ---- the peer closes and comes back ---------------------------------------------------
seq 1 900 >numbers.txt
rm -f port
start ./peer serve port numbers.txt -c 3 -r 2000
until_true 5 test -s port
start ./lines addr=127.0.0.1:"$(cat port)" >got 2>lines.err
lines=$pid
check "all lines over three connections" until_true 15 cmp -s numbers.txt got
# The listener is gone now; a new one on the same port is found again.
seq 901 1200 >more.txt
sleep 0.5
start ./peer serve port more.txt
cat numbers.txt more.txt >want
check "a peer that comes back" until_true 10 cmp -s want got
printf 'last without an end' >part.txt
start ./peer serve port part.txt
echo 'last without an end' >>want
check "a last line without an end" until_true 10 cmp -s want got
printf 'whole\nbroken' >part.txt
start ./peer serve port part.txt -x
echo 'whole' >>want
reset_seen() { grep -q '"raw":"YnJva2Vu"' bad.json; } # broken
check "a reset inside a line is a row error" until_true 10 reset_seen
same_file "and nothing of it is a row" want got
kill -TERM $lines
ended "socket drains at SIGTERM" 0 $lines

# ---- a line over max_line -------------------------------------------------------------
program narrow <<'FLOW'
set batch = 200ms
param addr: string
from socket(addr, max_line = 1KiB) |> errors into bad |> to stdout(format = text)
bad |> select error, raw |> to file("narrow.json")
FLOW
awk 'BEGIN { print "a"; for (i = 0; i < 5000; i++) printf "x"; print ""; print "b" }' >wide.txt
rm -f port
start ./peer serve port wide.txt
until_true 5 test -s port
start ./narrow addr=127.0.0.1:"$(cat port)" >got 2>narrow.err
narrow=$pid
printf 'a\nb\n' >want
check "lines around one that is too long" until_true 10 cmp -s want got
kill -INT $narrow
ended "SIGINT drains" 0 $narrow
has "the line that is too long" narrow.json 'longer than `max_line`'

# ---- listen: two peers at once --------------------------------------------------------
port=$(./peer port)
start ./hear addr=127.0.0.1:"$port" >got 2>hear.err
hear=$pid
seq 1 2 2000 >odd.txt
seq 2 2 2000 >even.txt
start ./peer send "$port" odd.txt -r 1500
start ./peer send "$port" even.txt -r 1500
seq 1 2000 >want
heard() { sort -n got | cmp -s - want; }
check "two peers" until_true 20 heard
awk '$1 % 2' got >got.odd
same_file "each peer in its order" odd.txt got.odd
seq 2001 2100 >late.txt
start ./peer send "$port" late.txt
cat late.txt >>want
check "a peer that comes later" until_true 10 heard
kill -TERM $hear
ended "listen drains at SIGTERM" 0 $hear

# ---- sink -----------------------------------------------------------------------------
seq 1 50000 >numbers.txt
rm -f port
start ./peer receive port got
receiver=$pid
until_true 5 test -s port
run "socket sink" 0 ./tell addr=127.0.0.1:"$(cat port)"
ended "receiver" 0 $receiver
same_file "socket sink sends every row" numbers.txt got
program lines_out <<'FLOW'
set batch = 100ms
param addr: string
from stdin() |> to socket(addr, format = text)
FLOW
printf 'a\nb\n' >want
for how in "-u" "-b 2"; do # closes without reading (a reset); in order, having read it
    rm -f port
    # shellcheck disable=SC2086
    start ./peer receive port got -c 2 $how
    receiver=$pid
    until_true 5 test -s port
    (echo a; sleep 1.2; echo b; sleep 0.3) | ./lines_out addr=127.0.0.1:"$(cat port)" \
        --retry_wait 50ms >out 2>err
    ended "a peer that comes back ($how)" 0 $receiver
    same_file "a peer that comes back gets what it had not read ($how)" want got
done
port=$(./peer port)
run "a sink nobody listens for is given up" 5 \
    ./tell addr=127.0.0.1:"$port" --retries 1 --retry_wait 50ms

# ---- ends -----------------------------------------------------------------------------
port=$(./peer port)
run "timeout without any peer" 0 ./hear addr=127.0.0.1:"$port" --timeout 300ms
run "until a duration" 0 ./hear addr=127.0.0.1:"$port" --until 300ms
rm -f port
start ./peer receive port got
until_true 5 test -s port
run "a port in use" 6 ./hear addr=127.0.0.1:"$(cat port)" --until 2s --retries 1
run "an address without a port" 2 ./hear addr=127.0.0.1
finish
