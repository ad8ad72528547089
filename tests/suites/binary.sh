#!/bin/sh
# binary.sh [short|long] - rows of words, there and back through every source and sink,
# wherever their bytes are cut; what a rest that is no row comes to.
cd "$(dirname "$0")/../.." || exit 1
suite=binary tier=${1-short}
. tests/tools/check.sh
peer_tool
type='type Row = { at: timestamp, took: duration, n: int, x: float, ok: bool }'
length=40

program make <<FLOW
stream made = from generate(fn(i) = { at = @2026-01-02 + 10s * i, took = 7us * i - 1s, n = (i - 10) * 81,
                                      x = float(i) / 8.0 - 100.0, ok = i % 3 == 0 }, rows = 5000)
made |> to file("rows.bin", format = binary)
made |> to file("rows.csv", format = csv)
made |> to file("rows.bin.gz", format = binary)
made |> to file("rows.bin.zst", format = binary)
made |> let part = n % 3 |> to file("parts", format = binary, partition = [part])
FLOW
program show <<FLOW
$type
param input: string
from file(input, format = binary) as Row |> to stdout(format = csv)
FLOW
program pipe <<FLOW
$type
from stdin(format = binary) as Row |> to stdout(format = binary)
FLOW

# ---- there and back -------------------------------------------------------------------
run "rows are made" 0 ./make
same "five words a row" $((5000 * length)) "$(wc -c <rows.bin | tr -d ' ')"
same "the words of a row" "1767312030000000 -999979 -567 -4586661133779206144 1" \
    "$(tail -c +$((3 * length + 1)) rows.bin | head -c $length | od -A n -v -t d8 | tr -s ' \n' ' ' |
        sed 's/^ //;s/ $//')"
same "a float is IEEE 754, little end first" "00 00 00 00 00 d8 58 c0" \
    "$(tail -c +$((5 * length + 25)) rows.bin | head -c 8 | od -A n -t x1 | sed 's/^ //')"
for p in 1 2; do
    for block in 64 1000 1MiB; do
        run "a file" 0 ./show input=rows.bin --parallelism $p --block_size $block
        same_file "a file, $p workers, blocks of $block" rows.csv out
        run "a file" 0 ./show input=rows.bin --parallelism $p --block_size $block --batch_size 4KiB
        same_file "a file in batches, $p workers, blocks of $block" rows.csv out
    done
done
for form in gz zst; do
    run "$form" 0 ./show input=rows.bin.$form --block_size 1000 --batch_size 4KiB
    same_file "a file in $form" rows.csv out
done
run "a pipe" 0 sh -c 'dd if=rows.bin bs=37 2>/dev/null | ./pipe'
same_file "a pipe that gives 37 bytes at a time" rows.bin out
same "parts are named" "bin" "$(find parts -type f | sed 's/.*\.//' | sort -u)"
cat parts/*/*.bin >all
same "parts have the other columns" "$(wc -c <rows.bin)" "$(wc -c <all)"

# ---- a rest that is no row -------------------------------------------------------------
head -c $((10 * length + 13)) rows.bin >cut.bin
head -10 rows.csv >want
gzip -k cut.bin
for file in cut.bin cut.bin.gz; do
    run "a rest" 1 ./show input=$file
    has "a rest in $file" err 'malformed record: the last row is cut short: `[0-9a-f]{16} [0-9a-f]{10}` .*'$file
    run "a rest that is skipped" 0 ./show input=$file --on_error skip
    same_file "a rest of $file that is skipped" want out
done
has "a rest has its place" err '1 row skipped'
run "a rest of a pipe" 1 ./pipe <cut.bin
has "a rest of a pipe" err 'the last row is cut short.*stdin, record 10'
run "a file of less than a row" 1 sh -c 'head -c 39 rows.bin >less.bin && exec ./show input=less.bin'
: >none.bin
run "an empty file" 0 ./show input=none.bin
run "an empty pipe" 0 ./pipe </dev/null

# ---- a limit of rows -------------------------------------------------------------------
run "max_rate" 0 ./show input=cut.bin --on_error skip --max_rate 20
same_file "a limit of rows a second" want out

# ---- a directory that is watched: half a row waits for the rest ---------------------------
program follow <<FLOW
set batch = 50ms
$type
from watch("log", format = binary) as Row |> errors into bad |> to stdout(format = csv)
bad |> select error |> to file("bad.json")
FLOW
mkdir log
head -c $((3 * length + 5)) rows.bin >log/a
start ./follow >got 2>err
follow=$pid
seen() { head -"$1" rows.csv | cmp -s - got; }
check "whole rows of what is there" until_true 10 seen 3
tail -c +$((3 * length + 6)) rows.bin | head -c $((length + 1)) >>log/a
check "the rest of a row" until_true 10 seen 4
head -c $((10 * length - 1)) rows.bin | tail -c +$((4 * length + 7)) >>log/a
check "rows behind it" until_true 10 seen 9
kill -TERM $follow
ended "watch drains" 0 $follow
has "a rest at a drain" bad.json 'the last row is cut short'

# ---- sockets -------------------------------------------------------------------------
program listen <<FLOW
set batch = 50ms
$type
param addr: string
from listen(addr, format = binary) as Row |> errors into bad |> to file("heard.csv", format = csv)
bad |> select offset, error |> to file("odd.csv", format = csv)
FLOW
program tell <<FLOW
$type
param addr: string
from file("rows.bin", format = binary) as Row |> to socket(addr, format = binary)
FLOW
port=$(./peer port)
start ./listen addr=127.0.0.1:"$port" 2>err
heard=$pid
head -c $((200 * length + 3)) rows.bin >some.bin
./peer send "$port" some.bin
head -200 rows.csv >want
heard_all() { cmp -s want heard.csv && [ -s odd.csv ]; }
check "rows of a peer" until_true 10 heard_all
kill -TERM $heard
ended "listen drains" 0 $heard
same "a rest of a peer" "200,malformed record: the last row is cut short" "$(cat odd.csv)"
start ./peer receive told got.bin
receiver=$pid
until_true 5 test -s told
run "rows to a peer" 0 ./tell addr=127.0.0.1:"$(cat told)"
ended "the peer has got all" 0 $receiver
same_file "rows to a peer" rows.bin got.bin

# ---- with a checkpoint: killed between batches of a row, a plain file and a compressed one ---
cat >copy.flow <<FLOW
$type
param input: string
from file(input, format = binary) as Row |> errors into bad |> to file("out.bin", format = binary)
bad |> select offset, raw |> to file("bad.csv", format = csv)
FLOW
check "copy" "$flowc" build --faults -o copy copy.flow
head -c $((10 * length)) rows.bin >want
for file in cut.bin cut.bin.gz; do
    for batch in 3 9; do
        rm -rf ck out.bin bad.csv
        FLOW_TEST_TMPFS=1 FLOW_TEST_CUT=1 FLOW_CRASH=C7:$batch ./copy --checkpoint ck input=$file >out 2>err
        same "$file, killed in batch $batch" 137 $?
        run "$file, going on" 0 env FLOW_TEST_TMPFS=1 ./copy --checkpoint ck input=$file
        same_file "$file, each row once" want out.bin
        case $file in *.gz) place=10 ;; *) place=$((10 * length)) ;; esac
        same "$file, the rest once" $place "$(cut -d, -f1 bad.csv)"
    done
done

# ---- the test build cuts streams, too -------------------------------------------------------
"$flowc" build --faults -o pipe pipe.flow
for cut in 1 7 1000; do
    FLOW_TEST_CUT=$cut ./pipe <rows.bin >out 2>err
    same_file "batches of $cut rows from standard input" rows.bin out
done
finish
