#!/bin/sh
# settings.sh [short|long] - what every executable does alike: its command line, where
# settings come from, when it stops, what it tells, row errors, modes of sinks.
cd "$(dirname "$0")/../.." || exit 1
suite=settings tier=${1-short}
. tests/tools/check.sh

# ---- --help and the command line ------------------------------------------------------
program app <<'FLOW'
set batch = 250ms
set name = "sums"
set on_error = skip
type Level = LOW | HIGH
param word: string
param times: int = 2 + 1
param share: float = 0.5
param loud: bool = false
param since: timestamp = @2026-01-02T03:04:05Z
param wait: duration = 1500ms
param level: Level = HIGH
param maybe: int? = none
from generate(fn(i) = { i = i }, rows = 2)
|> select i, word, times, share, loud, since, wait, level, maybe
|> to stdout()
FLOW
run "--help" 0 ./app --help
has "--help: a parameter" out '^ +word=<string>$'
has "--help: a default" out '^ +times=<int> .*\(default 3\)'
has "--help: a bool" out '^ +loud=<bool> .*\(default false\)'
has "--help: an enum" out '^ +level=<.*LOW.*HIGH.*> *.*\(default HIGH\)'
has "--help: a duration" out '^ +wait=<duration> .*\(default (1500ms|1\.5s|1s500ms)\)'
has "--help: a setting of the program" out '^ +--batch <duration> .*\(default 250ms\)'
has "--help: a word of the program" out '^ +--on_error stop\|skip .*\(default skip\)'
has "--help: a setting's default" out '^ +--retries <int> .*\(default 3\)'
has "--help: a size" out '^ +--block_size <size> .*\(default 1MiB\)'
lacks "--help: no trailing blanks" out ' $'
same "--help: nothing on standard error" "" "$(cat err)"
run "-h" 0 ./app -h
run "--version" 0 ./app --version
has "--version: source" out '^source [0-9a-f]+'
run "--explain" 0 ./app --explain
has "--explain" out 'generate'

run "defaults" 0 ./app word=a
same "defaults" '{"i":0,"word":"a","times":3,"share":0.5,"loud":false,"since":"2026-01-02T03:04:05Z","wait":"1500ms","level":"HIGH","maybe":null}' "$(head -1 out | sed 's/"1\.5s"/"1500ms"/;s/"1s500ms"/"1500ms"/')"
run "parameters" 0 ./app word='x = y' times=-7 share=1e3 loud=true since=2020-02-29 wait=2h level=LOW maybe=4
same "parameters" '{"i":0,"word":"x = y","times":-7,"share":1000,"loud":true,"since":"2020-02-29T00:00:00Z","wait":"2h","level":"LOW","maybe":4}' "$(head -1 out | sed 's/1000\.0/1000/')"
run "an empty text" 0 ./app word=
has "an empty text" out '"word":""'
bad() { # bad NAME PATTERN ARGS...: exit code 2, one line of error, nothing else
    bad_name=$1 pattern=$2
    shift 2
    run "$bad_name" 2 ./app "$@"
    has "$bad_name: message" err "$pattern"
    same "$bad_name: one message" 1 "$(wc -l <err | tr -d ' ')"
    same "$bad_name: no rows" "" "$(cat out)"
}
bad "a missing parameter" '`?word`? is missing'
bad "an int that is none" 'times.*takes an int.*1\.5' word=a times=1.5
bad "an int too large" 'times.*9223372036854775808' word=a times=9223372036854775808
bad "a bool that is none" 'loud' word=a loud=maybe
bad "a duration without unit" 'wait' word=a wait=15
bad "a variant that is none" 'level.*MIDDLE' word=a level=MIDDLE
bad "a timestamp that is none" 'since' word=a since=yesterday
bad "an unknown parameter" 'time`.*did you mean.*times' word=a time=2
bad "an unknown setting" '--bach.*did you mean.*--batch' word=a --bach 1s
bad "an unknown setting with =" '--bach.*did you mean.*--batch' word=a --bach=1s
bad "a setting nothing is like" '--zzzzzzzz' word=a --zzzzzzzz
bad "a setting without value" '--batch.*needs a value' word=a --batch
bad "a setting of another type" '--batch.*takes a duration.*3' word=a --batch 3
bad "a number out of range" '--parallelism.*0' word=a --parallelism 0
bad "a size below the least" '--memory' word=a --memory 1MB
bad "a word that is none" '--on_error.*stop\|skip.*halt' word=a --on_error halt
bad "a setting that is not built" '--model_dump.*not built' word=a --model_dump x
bad "neither setting nor parameter" 'nonsense' word=a nonsense
bad "until" '--until' word=a --until soon

# ---- command line, environment, program, default --------------------------------------
program origin <<'FLOW'
set on_error = skip
from stdin() |> let n = 1 / length(line) |> to stdout()
FLOW
printf 'a\n\nb\n' >text
run "the program's setting" 0 ./origin <text
FLOW_ON_ERROR=stop run "the environment over the program" 1 env FLOW_ON_ERROR=stop ./origin <text
FLOW_ON_ERROR=stop run "the command line over both" 0 env FLOW_ON_ERROR=stop ./origin --on-error skip <text
run "--name=value" 1 ./origin --on-error=stop <text
run "a wrong environment" 2 env FLOW_ON_ERROR=halt ./origin <text
has "a wrong environment is named" err 'FLOW_ON_ERROR'
run "the default" 0 env FLOW_BATCH= ./origin <text
run "the last of equal ones counts" 0 ./origin --on_error stop --on_error skip <text
program ready <<'FLOW'
param n: int = 3
from generate(fn(i) = { i = i * n }, rows = n) |> to stdout(format = csv)
FLOW
run "a parameter in an option" 0 ./ready n=2
same "a parameter in an option" "0
2" "$(cat out)"
run "0 rows" 0 ./ready n=0
same "0 rows" "" "$(cat out)"

# ---- what is told ---------------------------------------------------------------------
run "silence in a pipe" 0 ./ready
same "silence in a pipe" "" "$(cat err)"
run "--log info" 0 ./ready --log info
has "a summary with rates" err '^ready: info: 1 batch in [0-9.]+ s: read .*/s.*wrote 3 rows'
same "one summary" 1 "$(wc -l <err | tr -d ' ')"
run "--name" 0 ./ready --log info --name other
has "--name" err '^other: info'
run "skipped rows are counted" 0 ./origin <text
has "skipped rows are counted" err 'origin\.flow:2:[0-9]+: let: 1 rows? skipped: division by zero'
same "rows around a skipped one" '{"line":"a","n":1}
{"line":"b","n":1}' "$(cat out)"

# ---- row errors -----------------------------------------------------------------------
run "on_error = stop" 1 ./origin --on-error stop <text
has "stop: place, reason, row, source, offset" err \
    'error: origin\.flow:2:17: let: division by zero: row \{"line":""\} \(stdin, record 1\)'
same "stop: one message" 1 "$(wc -l <err | tr -d ' ')"
program typed <<'FLOW'
stream good = from file("bad.csv", format = csv) as { n: int, name: string } |> errors into bad
good |> to stdout(format = csv)
bad |> select source, offset, step, error, raw |> to file("bad.json")
FLOW
printf '1,a\nx,b\r\n"2,c\n3,"d"e\n\n4,f,g\n5\n99999999999999999999,h\n6,i' >bad.csv
run "malformed rows" 0 ./typed
same "malformed rows: what is good" '1,a
6,i' "$(cat out)"
sed 's/.*"offset":\([0-9]*\),.*"raw":"\(.*\)"}$/\1 \2/' bad.json >got
: >want
for one in '4 x,b' '9 "2,c' '14 3,"d"e' '22 4,f,g' '28 5' '30 99999999999999999999,h'; do
    echo "${one%% *} $(printf '%s' "${one#* }" | base64)" >>want
done
same_file "malformed rows: exact bytes and offsets" want got
same "malformed rows: the source" 6 "$(grep -c '"source":"bad.csv"' bad.json)"
same "malformed rows: the step" 6 "$(grep -c '"step":"typed.flow:1:15"' bad.json)"
run "errors are counted" 0 ./typed --log info
has "errors are counted" err 'typed\.flow:1:15: .*rows? to `errors into`'
program wrong <<'FLOW'
from file("bad.csv", format = csv) as { n: int, name: string } |> to stdout(format = csv)
FLOW
for p in 1 2; do
    run "a malformed row stops, $p workers" 1 ./wrong --parallelism $p --block_size 64
    has "a malformed row: place, bytes, offset" err \
        'wrong\.flow:1:1: .*`x,b`? \(bad\.csv, byte 4\)'
done

# ---- when it ends ---------------------------------------------------------------------
# The rest of the input waits for no interval, whoever gives it.
program few <<'FLOW'
set batch = 1h
from generate(fn(i) = { i = i }, rows = 3) |> to stdout(format = csv)
FLOW
program lines <<'FLOW'
set batch = 1h
from stdin() |> to stdout(format = text)
FLOW
program both <<'FLOW'
set batch = 1h
from stdin() |> to stdout(format = text)
from generate(fn(i) = { i = i }, rows = 3) |> to stdout(format = csv)
FLOW
printf '0\n1\n2\n' >want
run "the rest of generated rows" 0 timeout 60 ./few
same_file "the rest of generated rows, all of them" want out
run "the rest of a pipe" 0 sh -c 'timeout 60 ./lines <want'
same_file "the rest of a pipe, all of it" want out
run "the rest of two sources" 0 sh -c 'timeout 60 ./both <want'
same "the rest of two sources, all of it" 6 "$(wc -l <out)"
program endless <<'FLOW'
set batch = 100ms
from rate(200) |> to stdout(format = csv)
FLOW
run "until batches" 0 ./endless --until 3
run "until a duration" 0 ./endless --until 400ms
run "limit" 2 ./endless --until 0
program first <<'FLOW'
from rate(1000) |> limit 25 |> select value |> to stdout(format = csv)
FLOW
run "limit ends an endless program" 0 ./first --batch 100ms
seq 0 24 >want
same_file "limit: the first rows" want out
run "limit, eager" 0 ./first --batch 0s
same_file "limit, eager: the first rows" want out
start ./endless >got 2>err
sleep 0.5
kill -TERM "$pid"
ended "one SIGTERM drains" 0 "$pid"
awk -F, '{ if ($2 != NR - 1) print "row " NR ": " $0 }' got >wrong.rows
same "what was drained is whole" "" "$(head -3 wrong.rows)"
same "and there is something" yes "$([ "$(wc -l <got)" -gt 20 ] && echo yes)"
start ./endless >got 2>err
sleep 0.3
kill -INT "$pid"
ended "one SIGINT drains" 0 "$pid"
# A drain that cannot end: nobody reads what it writes.
mkfifo pipe.fifo
stuck() { # stuck NAME CODE SIGNAL SIGNAL
    sleep 30 <pipe.fifo &
    reader=$!
    started="$started $reader"
    start ./full >pipe.fifo 2>err
    stuck_pid=$pid
    sleep 0.7
    kill -"$3" $stuck_pid
    sleep 0.3
    kill -0 $stuck_pid 2>/dev/null || miss "$1" "ended at the first signal"
    [ "$4" = none ] || kill -"$4" $stuck_pid
    ended "$1" "$2" $stuck_pid
    kill $reader
    wait $reader 2>/dev/null
}
program full <<'FLOW'
set batch = 100ms
set grace = 700ms
from generate(fn(i) = { i = i }) |> to stdout(format = csv)
FLOW
stuck "a second SIGTERM" 143 TERM TERM
stuck "a second SIGINT" 130 INT INT
stuck "a SIGINT after a SIGTERM" 130 TERM INT
stuck "grace" 143 TERM none

# ---- eager mode, rate, generate -------------------------------------------------------
program eager <<'FLOW'
set batch = 0s
from stdin() |> select line = upper(line) |> to stdout(format = text)
FLOW
mkfifo in.fifo
start sh -c 'exec ./eager <in.fifo >got 2>err'
eager=$pid
exec 9<>in.fifo
echo one >&9
one() { [ "$(cat got)" = ONE ]; }
check "eager: a row at once" until_true 3 one
echo two >&9
two() { [ "$(tail -1 got)" = TWO ]; }
check "eager: the next row" until_true 3 two
exec 9>&-
ended "eager: the end" 0 $eager
program slow <<'FLOW'
from generate(fn(i) = { i = i }, rows = 60, rate = 100) |> to stdout(format = csv)
FLOW
begin=$(date +%s%N)
run "generate with rows and rate" 0 ./slow --batch 100ms
took=$((($(date +%s%N) - begin) / 1000000))
seq 0 59 >want
same_file "generate: all rows" want out
if [ $took -ge 450 ] && [ $took -le 3000 ]; then pass; else
    miss "generate: 60 rows at 100 a second" "$took ms"; fi
program ticks <<'FLOW'
from rate(50) |> limit 30 |> to stdout()
FLOW
run "rate" 0 ./ticks --batch 100ms
awk -F'"' '{ print $4 }' out | sort -c 2>err && pass || miss "rate: times in order" "no"
same "rate: 30 rows" 30 "$(wc -l <out | tr -d ' ')"

# ---- parameters of any type -------------------------------------------------------------
program wide <<'FLOW'
type P = { a: int, b: string?, c: [float] }
type U = A { x: int } | B { s: string }
param blk: size = 64KiB
param xs: [int]
param p: P
param q: P? = none
param u: U = A(x = 3)
param m: map<string, [bool]>? = none
param name: string = join(["n", string(length(xs))], "")
set block_size = blk, batch_size = blk
from generate(fn(i) = { i }, rows = 1)
|> select xs2 = xs, p2 = p, q2 = q, u2 = u, m2 = m, n = name
|> to stdout()
FLOW
run "params as JSON" 0 ./wide 'xs=[1, 2]' 'p={"c":[1,2.5],"a":-1}'
same "params as JSON" '{"xs2":[1,2],"p2":{"a":-1,"b":null,"c":[1.0,2.5]},"q2":null,"u2":{"type":"A","x":3},"m2":null,"n":"n2"}' "$(cat out)"
run "params as JSON" 0 ./wide 'xs=[]' 'p={"a":1,"b":"é","c":[]}' 'q={"a":2,"c":[0]}' \
    'u={"type":"B","s":"y"}' 'm={}' name=z blk=4KiB
same "params as JSON" '{"xs2":[],"p2":{"a":1,"b":"é","c":[]},"q2":{"a":2,"b":null,"c":[0.0]},"u2":{"type":"B","s":"y"},"m2":{},"n":"z"}' "$(cat out)"
run "q=none" 0 ./wide 'xs=[]' 'p={"a":1,"c":[]}' q=none
run "a list that is none" 2 ./wide 'xs=1' 'p={"a":1,"c":[]}'
has "a list that is none" err '`xs` takes \[int\] as JSON, not `1`: not a list'
run "a record without a field" 2 ./wide 'xs=[1]' 'p={"a":1}'
has "a record without a field" err '`p` takes P as JSON, not .*: a field is missing'
run "a list is missing" 2 ./wide 'p={"a":1,"c":[]}'
has "a list is missing" err '`xs` is missing: xs=<\[int\]>'
run "a size that is none" 2 ./wide 'xs=[1]' 'p={"a":1,"c":[]}' blk=big
has "a size that is none" err '`blk` takes a size such as 64MiB, not `big`'
run "a size out of range" 2 ./wide 'xs=[1]' 'p={"a":1,"c":[]}' blk=4
has "a size out of range" err '`set block_size` is `4`, outside 64'
run "text that is no UTF-8" 2 ./wide 'xs=[1]' 'p={"a":1,"c":[]}' "name=$(printf '\377')"
has "text that is no UTF-8" err '`name` takes text in UTF-8'

# ---- modes of a table -----------------------------------------------------------------
printf 'b\na\nb\n' >m1
printf 'c\nb\n' >m2
for mode in update complete final; do
    program show_$mode <<FLOW
set batch = 300ms
from stdin() |> aggregate count() per line |> to console(mode = $mode)
FLOW
    (cat m1; sleep 0.8; cat m2; sleep 0.8) | ./show_$mode 2>err | grep "^(" >got
    case $mode in
    update) want="(a,1) (b,2) (b,3) (c,1)" ;;
    complete) want="(a,1) (b,2) (a,1) (b,3) (c,1)" ;;
    final) want="(a,1) (b,3) (c,1)" ;;
    esac
    same "mode $mode on the console" "$want" "$(tr "\n" " " <got | sed "s/ $//")"
done
# Batches of one line each: what a batch changes is shown, and nothing else.
steps() { # steps NAME WANT LINES PIPELINE: what the console shows, batches set off by |
    program step_table <<FLOW
set unbounded = true, batch_size = 1KiB, block_size = 64B
stream r = from file("steps.csv", format = csv) as { a: int, wide: string }
table t = r |> aggregate n = count() per a
$4
FLOW
    awk -v lines="$3" 'BEGIN { n = split(lines, a, " "); for (i = 1; i <= n; i++) {
        printf "%d,", a[i]; for (k = 0; k < 1021; k++) printf "x"; print "" } }' >steps.csv
    for p in 1 2; do
        run "$1" 0 ./step_table --parallelism $p
        same "$1" "$2" "$(awk '/^Time/ { printf "|" } /^[0-9(]/ { printf "%s ", $0 }' out | sed 's/ $//')"
    done
}
steps "complete: no block where no row changed" "|(1,1) |(1,2) |(2,3) |(1,3) |(1,4)" \
    "1 1 2 2 2 1 1" "t |> top 1 by n desc, a |> to console(mode = complete)"
steps "complete: the rows behind where and select" "|1 |1 2" "1 1 2 2 2 1" \
    "t |> where n > 1 |> select a |> to console(mode = complete)"
steps "complete: rows that went and came back" "|1 |1" "1 1 2 2 1" \
    "t |> top 1 by n desc, a desc |> where a == 1 |> select a |> to console(mode = complete)"
steps "update of top of a table: rows that changed" \
    "|(1,1) |(2,1) |(2,2) (1,1) |(1,2) (2,2)" "1 2 2 3 1" \
    "t |> top 2 by n desc, a |> to console(mode = update)"
steps "update of top: rows that changed" "|3 |1 |2 |5 3 |5" "3 1 2 5 5" \
    "r |> top 2 by a desc |> select a |> to console(mode = update)"
steps "update of top with a key" "|(4,1) |(1,1) |(2,1) (4,2)" "4 1 2 4" \
    "r |> top 2 by a per odd = a % 2 as place |> select a, place |> to console(mode = update)"
steps "complete of a join of tables" "|(1,false) |(1,true) |(1,true) (2,false) |(1,true) (2,true)" \
    "1 1 2 2 2 1" "table l = r |> latest per a
l |> join t as m on a == m.a |> select a, k = m.n > 1 |> to console(mode = complete)"
printf '%0100d\n%080d\n' 1 2 >wide
program cut <<'FLOW'
from stdin() |> to console(truncate = true)
FLOW
run "console: truncate" 0 ./cut <wide
printf '%080d...\n%080d\n' 0 2 >want
grep '^0' out >got
same_file "console: truncate" want got
program last <<'FLOW'
set batch = 100ms
from stdin() |> aggregate count() per line |> to stdout(format = csv, mode = final)
FLOW
(cat m1; sleep 0.3; cat m2) | ./last >got 2>err
same "mode final on stdout" "a,1 b,3 c,1" "$(tr "\n" " " <got | sed "s/ $//")"
program show <<'FLOW'
from stdin() |> let b = if length(line) > 1 then none else 1.5 |> print
FLOW
run "console" 0 ./show <<'TEXT'
a
bb
TEXT
sed 's/^Time: [0-9]* ms$/Time: T ms/' out >got
bar=-------------------------------------------
printf '%s\nTime: T ms\n%s\n(a,1.5)\n(bb,none)\n\n' $bar $bar >want
same_file "console: a block" want got
program show_one <<'FLOW'
from stdin() |> to console(rows = 3)
FLOW
seq 1 4 >four
run "console: rows" 0 ./show_one <four
sed 's/^Time: [0-9]* ms$/Time: T ms/' out >got
printf '%s\nTime: T ms\n%s\n1\n2\n3\n...\n\n' $bar $bar >want
same_file "console: more rows than are shown" want got
run "console: a block only where there are rows" 0 ./show_one </dev/null
same "console: no rows" "" "$(cat out)"
finish
