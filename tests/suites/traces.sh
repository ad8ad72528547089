#!/bin/sh
# traces.sh - `--trace` writes what each batch read and gave, `--replay` does it again: the
# same sums at any parallelism, from files and from clocks, and a difference is told.
cd "$(dirname "$0")/../.." || exit 1
suite=traces
. tests/tools/check.sh

program windows <<'FLOW'
param output: string = "out.csv"
from file("in.csv", format = csv, time = ms) as { at: timestamp, k: string, v: int }
|> event_time at delay 1s
|> window tumbling 1s
|> aggregate rows = count(), total = sum(v) per k
|> select k, rows, total
|> to file(output, format = csv)
FLOW
program ticks <<'FLOW'
set batch = 50ms
from rate(2000) |> window batch |> aggregate n = count() per part = value % 7 |> drop window |> to stdout(format = csv)
FLOW
program parts <<'FLOW'
from file("in.csv", format = csv, time = ms) as { at: timestamp, k: string, v: int }
|> branch even where v % 2 == 0, else odd
even |> to file("by/", partition = [k], format = json)
odd |> to stdout(format = json)
FLOW
program piped <<'FLOW'
from stdin() |> to stdout(format = text)
FLOW
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "%d,k%d,%d\n", 1700000000000 + i * 7, i * i % 11, i % 100 }' >in.csv

run "a trace" 0 ./windows --trace t.txt --batch_size 32KiB
check "a line for each batch" test "$(wc -l <t.txt)" -gt 8
cp out.csv want
for p in 1 2 4; do
    run "replayed by $p" 0 ./windows --replay t.txt --parallelism $p
    has "replayed by $p: what it says" out 'batches: the same output'
done
same_file "replaying writes nothing" want out.csv
run "a trace with a checkpoint" 0 ./windows --trace c.txt --batch_size 32KiB --checkpoint ck output=o.csv \
    --checkpoint_every 0s
run "is replayed without it" 0 ./windows --replay c.txt output=o.csv
same_file "and sums up to the same" want o.csv

run "ticks" 0 ./ticks --trace r.txt --until 600ms
run "ticks again" 0 ./ticks --replay r.txt --parallelism 1
run "parts" 0 ./parts --trace p.txt --batch_size 64KiB
rm -r by
run "parts again" 0 ./parts --replay p.txt
check "no part is written" test ! -e by

# ---- what differs ---------------------------------------------------------------------
sed '5s/\(sinks=[0-9]*:\).\{8\}/\100000bad/' t.txt >bad.txt
run "another sum" 1 ./windows --replay bad.txt
has "another sum: where" err 'batch 3 differs at sink 1'
sed 3d t.txt >gap.txt
run "a batch is missing" 4 ./windows --replay gap.txt
sed 's/partitions=64/partitions=8/' t.txt >other.txt
run "other partitions" 4 ./windows --replay other.txt
run "no trace at all" 4 ./windows --replay in.csv
run "no such file" 6 ./windows --replay gone.txt
run "both at once" 2 ./windows --replay t.txt --trace u.txt
head -c 2500 t.txt >cut.txt
run "a trace that was cut" 0 ./windows --replay cut.txt
echo x >line
run "a pipe is traced" 0 sh -c './piped --trace s.txt <line'
run "a pipe cannot be read again" 4 ./piped --replay s.txt
has "a pipe: why" err 'cannot be read again'
awk '{ print substr($0, 1, length($0) - 1) (NR == 9000 ? "x" : substr($0, length($0))) }' in.csv >changed
mv changed in.csv
run "another input" 1 ./windows --replay t.txt
finish
