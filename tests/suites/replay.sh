#!/bin/sh
# replay.sh [short|long] - sources after a kill: rows that only the input journal has, files
# that are packed, refreshed, gone or others. Counters in the state say that no row was lost
# behind a commit and none was counted twice.
cd "$(dirname "$0")/../.." || exit 1
suite=replay tier=${1-short}
. tests/tools/check.sh
peer_tool
kills=4
[ "$tier" = long ] && kills=60

nap() { # nap K: between 0.1 and 0.6 s, another each time
    sleep "0.$((1 + ($1 * 7 + 3) % 6))$(($1 % 10))"
}

# Kills what `start_one` starts, again and again, then lets it drain.
again_and_again() { # again_and_again NAME
    i=0
    while [ $i -lt $kills ]; do
        start_one
        nap $i
        kill -9 "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
        i=$((i + 1))
    done
    start_one
    sleep 1
    kill -TERM "$pid"
    ended "$1 drains" 0 "$pid"
}

# Every row carries how many came before it: 1, 2, 3 ... without a gap, and no line twice.
counted() { # counted NAME FILE MOST
    awk -F, '$1 != NR { print "row " NR " is number " $1; exit }
        $2 in seen { print $2 " twice"; exit } { seen[$2] = 1 }' "$2" >counted.log
    same "$1: numbers" "" "$(cat counted.log)"
    n=$(wc -l <"$2")
    [ "$n" -gt $((kills * 20)) ] && [ "$n" -le "$3" ]
    same "$1: $n rows of $3" 0 $?
}

# ---- rows that nobody can give again --------------------------------------------------
for every in 10s 200ms; do
for journal in true false; do
    cat >in.flow <<FLOW
set batch = 50ms
set checkpoint = "ck-in"
set checkpoint_every = $every
set journal = $journal
stream lines = from stdin()
lines |> select one = 1, line |> remember per one { n: int = 0 } on row { n = n + 1 emit { n, line } }
|> to file("in.csv", format = csv)
FLOW
    rm -rf ck-in in.csv pipe
    "$flowc" build in.flow >build.log 2>&1 || { miss build "$(head -5 build.log)"; finish; exit 1; }
    mkfifo pipe
    exec 3<>pipe
    # A line of the whole width is read whole or not at all.
    start awk 'BEGIN { for (i = 0; i < 400000; i++) { printf "%063d\n", i
        if (i % 100 == 99) { fflush(); system("sleep 0.02") } } }' >pipe
    writer=$pid
    # Not by `start`: what runs in the background has no standard input but a given one.
    start_one() { ./in <pipe 2>>in.err & pid=$!; started="$started $pid"; }
    again_and_again "stdin, every $every, journal $journal"
    kill -9 $writer
    exec 3>&-
    counted "stdin, every $every, journal $journal" in.csv 400000
done
done

program hear <<'FLOW'
set batch = 20ms
set checkpoint = "ck-hear"
param addr: string
from listen(addr) |> select one = 1, line |> remember per one { n: int = 0 } on row { n = n + 1 emit { n, line } }
|> to file("hear.csv", format = csv)
FLOW
awk 'BEGIN { for (i = 0; i < 60000; i++) printf "%063d\n", i }' >lines.txt
./peer port >port
start_one() { start ./hear addr=127.0.0.1:"$(cat port)" 2>>hear.err
    start ./peer send "$(cat port)" part.txt -r 4000 2>/dev/null
    sender=$pid; pid=$(echo "$started" | awk '{ print $(NF - 1) }'); part=$((part + 1))
    awk -v k=$part 'NR > k * 3000 && NR <= (k + 1) * 3000' lines.txt >part.txt; }
part=0
head -3000 lines.txt >part.txt
[ $kills -gt 18 ] && kills=18
again_and_again listen
counted listen hear.csv 60000
same "old rows are deleted" 1 "$(($(find ck-hear/input -name '*.rows' 2>/dev/null | wc -l) < 600))"

# ---- packed files -----------------------------------------------------------------------
awk 'BEGIN { for (i = 0; i < 300000; i++) printf "k%d,%d\n", i * 7919 % 1000, i }' >all.csv
rm -f z*.csv*
head -120000 all.csv | sed '1i\k,v' | gzip >z1.csv.gz
sed -n 120001,180000p all.csv | sed '1i\k,v' >z2.csv
tail -120000 all.csv | sed '1i\k,v' | gzip >z3.csv.gz
program packed <<'FLOW'
set batch_size = 20KiB
set checkpoint_every = 100ms
from file("z*.csv*", format = csv, header = true) as { v: int, k: string }
|> remember per k { n: int = 0 } on row { n = n + 1 emit { k, v, n } }
|> to file("packed.csv", format = csv)
FLOW
run "packed, undisturbed" 0 ./packed
mv packed.csv want.csv
i=0
while [ $i -lt $kills ]; do
    start ./packed --checkpoint ck-packed 2>>packed.err
    sleep "0.$((1 + i % 5))"
    kill -9 "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    i=$((i + 1))
done
run "packed, after kills" 0 ./packed --checkpoint ck-packed
same_file "packed files" want.csv packed.csv

# ---- a file that is refreshed -------------------------------------------------------------
program fresh <<'FLOW'
set batch = 50ms
set checkpoint = "ck-fresh"
table users = from file("users.csv", format = csv, header = true, refresh = 1s) as { id: int, name: string }
  |> latest per id
users |> changes |> to file("fresh.csv", format = csv)
FLOW
printf 'id,name\n1,ann\n2,bob\n' >users.csv
rows() { [ "$(cat fresh.csv 2>/dev/null | wc -l)" -ge "$1" ]; }
start ./fresh 2>>fresh.err
until_true 10 rows 2
kill -9 "$pid"; wait "$pid" 2>/dev/null
start ./fresh 2>>fresh.err
sleep 0.3
kill -9 "$pid"; wait "$pid" 2>/dev/null
printf 'id,name\n2,bobby\n3,cy\n' >new && mv new users.csv
start ./fresh 2>>fresh.err
until_true 10 rows 5
kill -TERM "$pid"
ended "refresh drains" 0 "$pid"
same "refreshed rows come once" "Delete,1,ann Insert,1,ann Insert,2,bob Insert,3,cy Update,2,bobby " \
    "$(LC_ALL=C sort fresh.csv | tr '\n' ' ')"

# ---- files that are not what they were ------------------------------------------------------
program plain <<'FLOW'
set batch_size = 1KiB
set checkpoint = "ck"
set checkpoint_every = 0s
param input: string
from file(input) |> select one = 1, line |> remember per one { n: int = 0 } on row { n = n + 1 emit { n, line } }
|> to file("plain.csv", format = csv)
FLOW
awk 'BEGIN { for (i = 0; i < 400000; i++) print "row " i }' >rows.txt
cp rows.txt rows.bak
start ./plain input=rows.txt 2>plain.err
until_true 10 test -s plain.csv
kill -9 "$pid"; wait "$pid" 2>/dev/null
refused() { # refused NAME PATTERN [ARGS]
    run "$1" 4 ./plain "${3-input=rows.txt}"
    has "$1: told" err "$2"
    has "$1: a way out" err "fresh"
}
mv rows.txt away;                refused "gone" 'rows\.txt is gone'
head -c 100 away >rows.txt;      refused "shorter" 'rows\.txt had [0-9]+ bytes when'
sed 's/row/wor/' away >rows.txt; refused "another" 'rows\.txt is not the file'
refused "another name" 'has read .rows\.txt., and now it is .rows\.bak.' input=rows.bak
rm rows.txt
cp rows.bak rows.txt
echo "row more" >>rows.txt
timeout -s TERM 1 ./plain input=rows.txt 2>err
has "a file that grows" err 'has grown since its turn came'
mkfifo pipe2
rm rows.txt
mv pipe2 rows.txt;               refused "a FIFO in its place" 'rows\.txt'
finish
