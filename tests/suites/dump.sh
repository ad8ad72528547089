#!/bin/sh
# dump.sh - what --checkpoint-dump, --checkpoint-check and `flowc checkpoint` say: the same
# rows of state for runs that have done the same, however often they were killed; a damaged
# file by its name; the compiler what the program says, as far as it can.
suite=dump
. tests/tools/check.sh
export FLOW_TEST_TMPFS=1 FLOW_TEST_CUT=150

awk 'BEGIN { for (i = 0; i < 1500; i++)
    printf "c%d,i%d,%d,%d,%s\n", i % 37, i * 7 % 101, i * 13 % 500, i % 9, i % 3 ? "true" : "false"
}' > orders.csv
awk 'BEGIN { for (i = 0; i < 1500; i++)
    printf "2024-05-01T10:%02d:%02d.%03dZ,u%d,p%d,%d\n", i / 60, i % 60, i * 37 % 1000, i % 11, i % 7, i * 17 % 1000
}' > clicks.csv
awk 'BEGIN { for (i = 0; i < 1500; i++) printf "w%d,%d\n", i * 31 % 97, i % 5 }' > words.csv

# run DIR CRASH ARGUMENT...: killed at the end of the batch, or done.
run() {
    dir=$1 crash=$2
    shift 2
    mkdir -p "$dir" && cp ./*.csv "$dir"
    { (cd "$dir" && FLOW_CRASH=$crash "../$base" --checkpoint ck --checkpoint-every 0s "$@"); } \
        > run.log 2>&1
}

# What a `remember` in the time of the batch notes of that time is another in each run; the
# numbers of rows that wait begin anew with each start, and only their order counts.
rows() {
    "./$base" --checkpoint-dump "$1/ck" | grep -a '^row' | grep -av 'kept/remember' |
        sed 's/Z #[0-9]*  /Z #  /'
}

common() { sed '/^input /d; s/^\(plan .*\) input .*/\1/; s/^\(sink .*\) record .*/\1/'; }

for base in orders clicks words; do
    "$flowc" build -O0 --faults "$root/tests/upgrade/$base.flow" -o "$base" > build.log 2>&1 ||
        { cat build.log; exit 1; }
    run "$base.once" C12_done:6
    run "$base.often" C8:1
    run "$base.often" C3:3 --parallelism 2
    run "$base.often" C7:5
    run "$base.often" C12_done:6 --parallelism 3
    rows "$base.once" > once
    rows "$base.often" > often
    [ -s once ] && pass || miss "$base" "no rows"
    same_file "$base: rows of state" once often
    "./$base" --checkpoint-check "$base.once/ck" > checked
    same "$base: exit code of a check" 0 $?
    has "$base: check" checked '^last     batch 6 is committed, state is saved behind 6$'
    # The compiler prints the same but for rows, and what sources and sinks say in the journal.
    "./$base" --checkpoint-dump "$base.once/ck" | grep -av '^row' > all
    lacks "$base: all is read" all '^plan.* input |^input.*: [0-9]+ bytes$|bytes, crc [0-9a-f]+: '
    common < all > dumped
    "$flowc" checkpoint "$base.once/ck" > told
    same "$base: exit code of flowc checkpoint" 0 $?
    sed -n '/^ident/,$p' told | grep -av '^row' | common > told.dump
    same_file "$base: flowc checkpoint" dumped told.dump
    same "$base: rows that flowc sees" "$(grep -ac . once)" \
        "$(grep -a '^row' told | grep -avc 'kept/remember')"
    for file in "$base".once/ck/state/*; do
        [ -f "$file" ] || continue
        cp "$file" kept
        head -c 100 kept > "$file"
        "./$base" --checkpoint-check "$base.once/ck" > checked
        same "$base: exit code of a check of a cut file" 4 $?
        has "$base: the file's name" checked "^damaged .*$(basename "$file") is damaged"
        cp kept "$file"
        break
    done
    : > "$base.once/ck/IDENT"
    "./$base" --checkpoint-check "$base.once/ck" > checked 2> err
    same "$base: exit code without IDENT" 4 $?
done

# What each source says in a plan, and each sink in a COMMIT.
base=many
mkdir many && cd many && mkdir seen && seq 1 9 > seen/a.txt && seq 5 > one.txt && seq 7 | gzip > two.gz
sed -n '/^type Event/,/^param/{/^param/!p}' "$root/tests/fault/programs/bids.flow" > many.flow
cat >> many.flow <<'FLOW'
set batch = 50ms, unbounded = true
from stdin(format = csv) as { k: string, v: int } |> to file("out.csv", format = csv)
from file("one.txt") |> to file("parts/", format = text)
from file("two.gz") |> aggregate n = count() per line |> to stdout(format = csv, mode = final)
from watch("seen") |> to console(rows = 1)
from generate(fn(i) = { i = i, even = i % 2 == 0 }, rows = 20) |> to file("by/", format = csv, partition = [even])
from nexmark(rows = 30) as event: Event |> to discard()
FLOW
"$flowc" build -O0 many.flow -o many > build.log 2>&1 || { miss many "$(head -5 build.log)"; finish; exit 1; }
(printf 'a,1\nb,2\n'; sleep 1) | ./many --checkpoint ck --until 500ms > shown 2> err
./many --checkpoint-dump ck > all
cd .. && mv many/all all
has "stdin" all '^input .* stdin.*: rows 2 bytes 8, records 0 to 2 of stream 0$'
has "file" all '^input .* file.*: one.txt bytes 0 to 10; then file 1 at byte 0$'
has "packed" all '^input .* file.*: two.gz bytes 0 to 14; then file 1 at byte 0$'
has "watch" all '^input .* watch: a.txt bytes 0 to 18$'
has "generate" all '^input .* generate.*: rows 0 to 20, next 20 of t0 -?[0-9]+ rate 0$'
has "nexmark" all '^input .* nexmark.*: rows 0 to 30, next 30 '
has "one file" all '^sink     to file out.csv#0 rows 2 .* record out.csv behind byte 0: 8 bytes, crc [0-9a-f]+, in the journal$'
has "parts" all '^sink     to file parts/#0 rows 5 .* record parts/: out[0-9]-0000000000-0000.txt of 10 bytes, crc [0-9a-f]+$'
has "partitions" all '^sink     to file by/#0 rows 20 .* record by/: even=false/out.* bytes, crc [0-9a-f]+, even=true/out'
has "console" all '^sink     to console #0 rows 9 .* record [0-9]+ bytes, crc [0-9a-f]+, in the journal$'
has "discard" all '^sink     to discard #0 rows 30 .* record nothing$'
lacks "all is read" all '^plan.* input |^input.*: [0-9]+ bytes$|bytes, crc [0-9a-f]+: '

# Folders that somebody has prepared: refused, at once, by the name of what is wrong.
base=orders
run left C12_done:3
file=$(ls left/ck/state | tail -1)
start_hostile() { # start_hostile COMMAND: in the folder of the checkpoint; then a start
    rm -rf hostile && cp -r left hostile
    (cd hostile/ck && eval "$1") || exit 1
    (cd hostile && timeout 20 "../$base" --checkpoint ck) > run.log 2>&1
}
hostile() { # hostile WHAT COMMAND
    start_hostile "$2"
    same "$1: exit code" 4 $?
    has "$1: what it says" run.log 'orders: error: .*ck|damaged|no file|no folder'
}
# hostile_state WHAT COMMAND: an older state is as good where there is one, which hangs on whether a
# snapshot was merged before the kill.
cp -r left whole && (cd whole && "../$base" --checkpoint ck) > run.log 2>&1 || miss whole "$(cat run.log)"
rm -r whole/ck
hostile_state() {
    start_hostile "$2"
    code=$?
    if [ $code = 0 ]; then
        has "$1: a warning" run.log "warning: .*$file.*: going back to an older state"
        rm -r hostile/ck
        check "$1: the same output" diff -r whole hostile
    else
        same "$1: exit code" 4 $code
        has "$1: what it says" run.log 'orders: error: .*ck|damaged|no file|no folder'
    fi
}
for name in journal IDENT LOCK; do
    hostile "$name is a pipe" "rm $name && mkfifo $name"
    hostile "$name is a folder" "rm $name && mkdir $name"
    hostile "$name is a link" "mv $name x && ln -s x $name"
    hostile "$name may be written by others" "chmod 666 $name"
done
hostile "journal is endless" "truncate -s 100G journal"
hostile "IDENT is endless" "truncate -s 100G IDENT"
hostile "state is a link" "mv state x && ln -s x state"
hostile "state is a file" "rm -r state && : > state"
hostile "state may be written by others" "chmod 777 state"
hostile_state "a state file is a pipe" "rm state/$file && mkfifo state/$file"
hostile_state "a state file is a folder" "rm state/$file && mkdir state/$file"
hostile_state "a state file is a link" "mv state/$file x && ln -s ../x state/$file"
hostile_state "a state file is endless" "truncate -s 100G state/$file"
hostile_state "a state file may be written by others" "chmod 666 state/$file"
hostile "a folder where state files are" "mkdir state/0000000009-0009.delta"
hostile "the folder may be written by others" "chmod 777 ."
finish
