#!/bin/sh
# metrics.sh - the setting `metrics`: what it shows fits what the program did, and others
# cannot see it.
cd "$(dirname "$0")/../.." || exit 1
suite=metrics tier=${1-short}
. tests/tools/check.sh
peer_tool

program shown <<'FLOW'
set name = "a <b> & 'c'", batch = 50ms, on_error = skip, unbounded = true
from stdin(format = csv) as { k: string, v: int }
|> aggregate n = count(), s = sum(v) per k
|> to console(rows = 1)
FLOW
get() { # get PATH: the answer in got.txt
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' "$1" >ask.txt
    ./peer ask "$(cat port)" ask.txt >got.txt 2>/dev/null
}
value() { # value NAME: of the last answer
    awk -v name="flow_$1" 'index($0, name " ") == 1 { print $NF }' got.txt
}
mkfifo pipe
exec 3<>pipe
./peer port >port
./shown --metrics ":$(cat port)" --checkpoint ck --checkpoint_every 100ms <pipe >out 2>err &
pid=$!
started="$started $pid"
awk 'BEGIN { for (i = 0; i < 1000; i++) print "k" i % 10 "," i; print "k1,x"; print "k1,y" }' >pipe
all() { get /metrics && [ "$(value 'source_rows_total{source="stdin"}')" = 1002 ]; }
check "all rows are counted" until_true 10 all
sleep 0.3
get /metrics
same "an answer" "HTTP/1.1 200 OK" "$(head -1 got.txt | tr -d '\r')"
same "rows of the sink" 1 "$([ "$(value 'sink_rows_total{sink="to console"}')" -ge 10 ] && echo 1)"
same "keys" 10 "$(value 'state_keys{state="aggregate"}')"
has "row errors by reason" got.txt '^flow_row_errors_total\{step="shown.flow:2:1",reason=".+",fate="dropped"\} 2$'
has "commits" got.txt '^flow_commits_total [1-9]'
has "saved state" got.txt '^flow_saved_state_bytes_total [1-9]'
has "memory" got.txt '^flow_memory_bytes\{what="state"\} [1-9]'
# Each line is a sample or a comment, and nothing stands twice.
sed '1,/^.$/d' got.txt | grep -Ev '^(# (HELP|TYPE) flow_[a-z_]+ .+|flow_[a-z_]+(\{[^}]*\})? [-+0-9.e]+)$' >strange
same "the text form" "" "$(cat strange)"
same "nothing twice" "" "$(sed '1,/^.$/d' got.txt | grep -v '^#' | sed 's/ [^ ]*$//' | sort | uniq -d)"
get /
has "the page" got.txt '<title>a &lt;b&gt; &amp; &#39;c&#39;</title>'
lacks "the page is escaped" got.txt "<b>"
get /etc/passwd
same "no files" "HTTP/1.1 404 Not Found" "$(head -1 got.txt | tr -d '\r')"
lacks "nothing of the request is shown" got.txt passwd
run "the port is taken" 6 ./shown --metrics ":$(cat port)"
same "rows of a sink" "$(value rows_out_total)" "$(value 'sink_rows_total{sink="to console"}')"
kill -TERM $pid
ended "drains" 0 $pid
exec 3>&-

# Event time of two sources: which of them a window waits for.
program waits <<'FLOW'
set batch = 50ms, unbounded = true
stream a = from watch("a", format = csv) as { at: timestamp, v: int }
stream b = from watch("b", format = csv) as { at: timestamp, v: int }
a |> union b |> event_time at delay 10s idle 1h |> window tumbling 1m |> aggregate n = count()
|> to file("waits.csv", format = csv)
a |> where v > 5 |> to discard()
b |> to discard()
FLOW
mkdir a b
./waits --metrics ":$(cat port)" 2>err &
pid=$!
started="$started $pid"
metric() { get /metrics && [ "$(value "$1")" = "$2" ]; }
step=waits.flow:4:17
check "two sources" until_true 10 metric "watermark_waits_for{step=\"$step\",source=\"a\"}" 1
printf '2024-05-01T10:00:30Z,1\n2024-05-01T10:02:05Z,9\n' >a/x
check "one has no rows" until_true 10 metric "clock_seconds{step=\"$step\",source=\"a\"}" 1714557715
same "it is waited for" 1 "$(value "watermark_waits_for{step=\"$step\",source=\"b\"}")"
same "the other is not" 0 "$(value "watermark_waits_for{step=\"$step\",source=\"a\"}")"
lacks "no time has come" got.txt '^flow_watermark_seconds\{'
has "what is due" got.txt '^flow_stage_due_seconds\{stage="[0-9]+",name="aggregate"\} 1714557660$'
echo 2024-05-01T10:01:00Z,1 >b/x
check "the slower one" until_true 10 metric "watermark_seconds{step=\"$step\"}" 1714557650
same "is waited for" 1 "$(value "watermark_waits_for{step=\"$step\",source=\"b\"}")"
has "the stage" got.txt '^flow_stage_watermark_seconds\{stage="[0-9]+",name="aggregate"\} 1714557650$'
same "nothing is shown yet" 0 "$(value 'sink_rows_total{sink="to file"}')"
echo 2024-05-01T10:01:10Z,1 >>b/x
check "a window closes" until_true 10 metric 'sink_rows_total{sink="to file"}' 1
has "the next is due" got.txt '^flow_stage_due_seconds\{stage="[0-9]+",name="aggregate"\} 1714557720$'
same "rows by sink" "1 2" "$(value 'sink_rows_total{sink="to discard"}') $(value 'sink_rows_total{sink="to discard#2"}')"
same "rows of all" 4 "$(value rows_out_total)"
sed '1,/^.$/d' got.txt | grep -Ev '^(# (HELP|TYPE) flow_[a-z_]+ .+|flow_[a-z_]+(\{[^}]*\})? [-+0-9.e]+)$' >strange
same "the text form of event time" "" "$(cat strange)"
same "no sample twice" "" "$(sed '1,/^.$/d' got.txt | grep -v '^#' | sed 's/ [^ ]*$//' | sort | uniq -d)"
kill -TERM $pid
ended "two sources drain" 0 $pid
run "another address" 2 ./shown --metrics 192.0.2.7:9090
has "another address: told" err 'on this machine only'
run "no address" 2 ./shown --metrics nonsense
finish
