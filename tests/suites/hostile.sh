#!/bin/sh
# hostile.sh [short|long] - input that means harm: lines without end, nesting without
# end, bytes that are no text.  Each is a row error with its bytes and place, in bounded
# memory, and the rows around it are right.  Short: 64 MB lines; long: 1 GB.
cd "$(dirname "$0")/../.." || exit 1
suite=hostile tier=${1-short}
. tests/tools/check.sh

mb=64
[ "$tier" = long ] && mb=1024
cat >big.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* big MB CHARACTER: so many MB of it */
int main(int argc, char **argv) {
    static char block[1000000];
    memset(block, argc > 2 ? argv[2][0] : 'x', sizeof block);
    for (long i = atol(argv[1]); i > 0; i--)
        if (fwrite(block, 1, sizeof block, stdout) != sizeof block) return 1;
    return 0;
}
C
gcc -O1 -o big big.c || exit 1

# Each prints good rows and sets others aside.
program lines <<'FLOW'
param input: string
from file(input) |> errors into bad |> to file("good.txt", format = text)
bad |> to file("bad.json")
FLOW
program lines_piped <<'FLOW'
from stdin() |> errors into bad |> to file("good.txt", format = text)
bad |> to file("bad.json")
FLOW
program lines_replace <<'FLOW'
param input: string
from file(input, utf8 = replace) |> errors into bad |> to file("good.txt", format = text)
bad |> to file("bad.json")
FLOW
program lines_stop <<'FLOW'
param input: string
from file(input) |> to file("good.txt", format = text)
FLOW
program fields <<'FLOW'
param input: string
from file(input, format = csv) as { a: string, b: int } |> errors into bad
|> select n = length(a), b |> to file("good.txt", format = csv)
bad |> to file("bad.json")
FLOW
program values <<'FLOW'
param input: string
from file(input, format = json) as { a: int, s: string = "" } |> errors into bad
|> to file("good.txt", format = csv)
bad |> to file("bad.json")
FLOW

# field NAME: that field of the only row error; raw decoded
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\)\"\{0,1\}[,}].*/\1/p" bad.json; }
raw_size() { field raw | base64 -d | wc -c | tr -d ' '; }
raw_bytes() { field raw | base64 -d | od -An -c | tr -d ' \n'; }
errors() { wc -l <bad.json | tr -d ' '; }

# peak CODE COMMAND...: as run; the greatest resident size in $kb
peak() {
    peak_code=$1
    shift
    { "$@" <&4 >out 2>err & } 4<&0
    peak_pid=$!
    started="$started $peak_pid"
    kb=0
    while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$peak_pid/status 2>/dev/null) &&
        [ -n "$now" ]; do
        kb=$now
        sleep 0.02
    done
    wait $peak_pid
    code=$?
    [ $code = "$peak_code" ] && pass || {
        miss "$*" "exit code $code, not $peak_code"; head -3 err; }
}

# ---- a line without end ---------------------------------------------------------------
bounded=$((64 * 1000 + 65536))
(echo first; ./big $mb x; echo; echo last) >long.txt
printf 'first\nlast\n' >want
judge() { # judge NAME
    same_file "$1: the lines around it" want good.txt
    same "$1: one row error" 1 "$(errors)"
    same "$1: its first 64 KiB" 65536 "$(raw_size)"
    has "$1: the reason" bad.json 'longer than 16 MiB'
    if [ $kb -gt 0 ] && [ $kb -le $bounded ]; then pass; else
        miss "$1: memory" "$kb kB, above $bounded"; fi
}
for p in 1 2; do
    peak 0 ./lines input=long.txt --memory 64MB --parallelism $p
    judge "a long line, file, $p workers"
    same "a long line, file: its place" "long.txt 6" "$(field source) $(field offset)"
done
peak 0 ./lines_piped --memory 64MB <long.txt
judge "a long line, stdin from a file"
mkfifo fifo
(cat long.txt >fifo) &
peak 0 ./lines_piped --memory 64MB <fifo
judge "a long line, pipe"
same "a long line, pipe: its place" "stdin 1" "$(field source) $(field offset)"
peak 1 ./lines_stop input=long.txt --memory 64MB
has "a long line stops" err 'longer than 16 MiB'
same "and the message is short" yes "$([ "$(wc -c <err)" -lt 2000 ] && echo yes)"
(./big $mb x) >long.txt
: >want
peak 0 ./lines input=long.txt --memory 64MB
judge "nothing but a line without end"
peak 0 ./values input=long.txt --memory 64MB
judge "the same as json"
peak 0 ./fields input=long.txt --memory 64MB
judge "the same as csv"
rm long.txt
# Within the limit, also over many blocks.
(./big 15 y; echo; echo z) >long.txt
run "15 MB" 0 ./lines input=long.txt --block_size 64KiB
same "15 MB are a row" "0 15000003" "$(errors) $(wc -c <good.txt | tr -d ' ')"
rm long.txt

# ---- json -----------------------------------------------------------------------------
deep() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "["
    for (i = 0; i < n; i++) printf "]" }'; }
(echo '{"a":1}'; echo "{\"a\":2,\"x\":$(deep 10000)}"; echo '{"a":3}') >deep.json
run "nesting of 10,000" 0 ./values input=deep.json
same "nesting: rows around it" "1 3" "$(cut -d, -f1 good.txt | tr '\n' ' ' | sed 's/ $//')"
same "nesting: the row error" "1 8 20012" "$(errors) $(field offset) $(raw_size)"
(echo "{\"a\":2,\"x\":$(deep 511)}"; echo "{\"a\":4,\"x\":$(deep 512)}") >deep.json
run "nesting of 512 and 513" 0 ./values input=deep.json
same "nesting of 512 is allowed" "2 1" "$(cut -d, -f1 good.txt | tr '\n' ' ' | sed 's/ $//') $(errors)"
(awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "["; print "" }'; echo '{"a":1}') >open.json
run "a million brackets" 0 ./values input=open.json
same "a million brackets" "1 1" "$(cut -d, -f1 good.txt) $(errors)"
(printf '{"a":5,"s":"'; ./big 15 q; printf '"}\n{"a":6}') >text.json
run "a text of 15 MB" 0 ./values input=text.json
same "a text of 15 MB" "0 15000008" "$(errors) $(wc -c <good.txt | tr -d ' ')"
printf '{"a":7,"s":"\\u0000"}\n{"a":8,"s":"x\000y"}\n{"a":9}' >nul.json
run "NUL in json" 0 ./values input=nul.json
same "NUL: escaped is a character, raw is malformed" "7 9 1" \
    "$(tr -d '\000' <good.txt | cut -d, -f1 | tr '\n' ' ')$(errors)"

# ---- bytes that are no text -----------------------------------------------------------
printf 'a\nb\377c\nd\000e\n\300\200\n\355\240\200\n\364\220\200\200\n\360\237\230\200\n\342\202' >bytes.txt
run "bytes, strict" 0 ./lines input=bytes.txt
printf 'a\nd\000e\n\360\237\230\200\n' >want
same_file "bytes, strict: rows" want good.txt
same "bytes, strict: errors" 5 "$(errors)"
field raw | while read -r raw; do echo "$raw" | base64 -d | od -An -tx1; done >got
printf ' 62 ff 63\n c0 80\n ed a0 80\n f4 90 80 80\n e2 82\n' >want
same_file "bytes, strict: exact bytes" want got
same "bytes, strict: offsets" "2 10 13 17 27" "$(field offset | tr '\n' ' ' | sed 's/ $//')"
has "bytes, strict: the reason" bad.json 'invalid UTF-8'
run "bytes, replace" 0 ./lines_replace input=bytes.txt
u=$(printf '\357\277\275')
printf 'a\nb%sc\nd\000e\n%s%s\n%s%s%s\n%s%s%s%s\n\360\237\230\200\n%s\n' \
    "$u" "$u" "$u" "$u" "$u" "$u" "$u" "$u" "$u" "$u" "$u" >want
same_file "bytes, replace: rows" want good.txt
same "bytes, replace: errors" 0 "$(errors)"
head -c 3000000 /dev/urandom >noise
for prog in lines lines_replace fields values; do
    run "noise, $prog" 0 ./$prog input=noise
    for p in 1 2; do
        run "noise, $prog, small blocks, $p workers" 0 ./$prog input=noise --block_size 256 --parallelism $p
        cat good.txt bad.json | sed 's/"at":"[^"]*"//' | cksum >noise.$p
    done
    same_file "noise, $prog: the same at 1 and 2 workers" noise.1 noise.2
done
run "every line of noise is a row or an error" 0 ./lines input=noise
same "every line of noise" "$(tr -dc '\n' <noise | wc -c | awk '{ print $1 + 1 }')" \
    "$(cat good.txt bad.json | wc -l | tr -d ' ')"

# ---- csv ------------------------------------------------------------------------------
(echo "ab,1"; awk 'BEGIN { for (i = 0; i < 1048576; i++) printf "x"; print ",2"
    for (i = 0; i < 1048577; i++) printf "x"; print ",3" }'; echo '"c",4') >field.csv
run "a field of 1 MiB" 0 ./fields input=field.csv
same "a field of 1 MiB is allowed, one over it is not" "2,1 1048576,2 1,4 1" \
    "$(tr '\n' ' ' <good.txt)$(errors)"
same "its first 64 KiB, or all of it" yes "$([ "$(raw_size)" -ge 65536 ] && echo yes)"
(echo 'a,1'; printf '"never closed,2\nb,3\n') >quote.csv
run "a quote that is never closed" 0 ./fields input=quote.csv
same "a quote that is never closed" "1,1 1,3 1" "$(tr '\n' ' ' <good.txt)$(errors)"
program multi <<'FLOW'
from file("quote.csv", format = csv, multiline = true) as { a: string, b: int } |> errors into bad
|> select n = length(a), b |> to file("good.txt", format = csv)
bad |> to file("bad.json")
FLOW
run "a quote that is never closed, multiline" 0 ./multi
same "a quote that is never closed, multiline" "1,1 1" "$(tr '\n' ' ' <good.txt)$(errors)"
(echo 'a,1'; printf '"'; ./big $mb z) >quote.csv
peak 0 ./multi --memory 64MB
same "the same without end" "1,1 1 65536" "$(tr '\n' ' ' <good.txt)$(errors) $(raw_size)"
if [ $kb -le $bounded ]; then pass; else miss "the same without end: memory" "$kb kB"; fi
printf 'a,\033[31m\n' >steer.csv
program steered <<'FLOW'
from file("steer.csv", format = csv) as { a: string, b: int } |> to discard()
FLOW
run "bytes that steer a terminal" 1 ./steered
same "bytes that steer a terminal stay out of messages" 0 "$(tr -dc '\033' <err | wc -c | tr -d ' ')"
printf 'x\000y,1\n' >nul.csv
run "NUL in csv" 0 ./fields input=nul.csv
same "NUL in csv is a character" "3,1 0" "$(tr '\n' ' ' <good.txt)$(errors)"
awk 'BEGIN { for (i = 0; i < 200000; i++) printf ","; print ""; print "a,1" }' >commas.csv
run "200,000 fields" 0 ./fields input=commas.csv
same "200,000 fields" "1,1 1" "$(tr '\n' ' ' <good.txt)$(errors)"
finish
