#!/bin/sh
# checkpoint.sh [short|long] - a run with a checkpoint and the runs after it: what is said,
# refused and kept.  Kills at named points and at random are in fault_*.sh and restarts.sh;
# here are ends that a user brings about: a signal, another setting, a folder that was
# changed, restored or lost, --fresh.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
tier=${1-short}
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "checkpoint: $*"; }
export FLOW_TEST_TMPFS=1
cd "$work" || exit 1

cat >words.flow <<'END'
# A keyed aggregate that shows at the end, and rows that leave as they come.
param input: string = "in.txt"
set checkpoint = "ck"
stream words = from file(input) |> each word in split(lower(line), /\W+/) |> where word != ""
words |> aggregate rows = count(), longest = max(length(word)) per word
|> to file("out.csv", format = csv, mode = final)
words |> where length(word) == 2 |> select word |> to file("first/", format = csv)
END
cat >more.flow <<'END'
# The same with one more flow, and one step less.
param input: string = "in.txt"
set checkpoint = "ck", name = "words"
stream words = from file(input) |> each word in split(lower(line), /\W+/) |> where word != ""
words |> aggregate rows = count(), longest = max(length(word)) per word
|> to file("out.csv", format = csv, mode = final)
words |> select length = length(word) |> to file("lengths.csv", format = csv)
END
cat >longer.flow <<'END'
# Other rows for the same sink.
param input: string = "in.txt"
set checkpoint = "ck", name = "words"
stream words = from file(input) |> each word in split(lower(line), /\W+/) |> where word != ""
words |> aggregate rows = count(), longest = max(length(word)) per word
|> to file("out.csv", format = csv, mode = final)
words |> where length(word) == 3 |> select word |> to file("first/", format = csv)
END
cat >other.flow <<'END'
# The same step with rows of another meaning.
param input: string = "in.txt"
set checkpoint = "ck", name = "words"
stream words = from file(input) |> each word in split(lower(line), /\W+/) |> where word != ""
words |> aggregate rows = count(), longest = min(word) per word
|> to file("out.csv", format = csv, mode = final)
words |> where length(word) == 2 |> select word |> to file("first/", format = csv)
END
for p in words more longer other; do
    "$build/flowc" build --faults -o $p $p.flow >log 2>&1 || { bad "$p does not build"; head -5 log; }
done
awk 'BEGIN { for (i = 0; i < 1200; i++) { s = ""
    for (k = 0; k < 6; k++) s = s " w" (i * 7 + k * k * 13 + i % 11) % 301; print s } }' >in.txt

clean() { rm -rf ck out.csv first lengths.csv; }
# run CODE TEXT PROGRAM ARGS...: with the variables of the caller
run() {
    want=$1 text=$2 program=$3
    shift 3
    FLOW_TEST_CUT=${cut-40} timeout 20 ./"$program" "$@" >said 2>&1
    code=$?
    if [ $code = "$want" ] && { [ -z "$text" ] || grep -q "$text" said; }; then ok
    else bad "$what: exit $code, not $want, or no \`$text\`: $(head -3 said)"; fi
}
same() { # the output is that of the undisturbed run
    if cmp -s out.csv want.csv && cat first/*.csv | grep -v '^word$' | cmp -s - want.first; then ok
    else bad "$what: other output"; fi
}
killed() { # killed POINT:BATCH ARGS...
    at=$1
    shift
    FLOW_TEST_CUT=${cut-40} FLOW_CRASH=$at timeout 20 ./words "$@" >said 2>&1
    [ $? = 137 ] || bad "$what: $at was not passed: $(head -1 said)"
}

what="an undisturbed run"
clean
run 0 '' words
mv out.csv want.csv
cat first/*.csv | grep -v '^word$' >want.first
[ -s want.csv ] && [ -s want.first ] || bad "$what gives nothing"

what="without a checkpoint"
clean
run 0 '' words --checkpoint ''
cp want.csv x && cmp -s out.csv x && ok || bad "$what: other output"
[ -e ck ] && bad "$what: there is one"

what="the path of the folder"
clean
run 0 '' words --checkpoint ck///
same
clean
run 0 '' words --checkpoint c
[ -s c/journal ] && same
rm -rf c
run 2 'the path is too long' words --checkpoint "$(printf '%02049d' 0)"
run 6 'cannot make the folder' words --checkpoint "$(printf '%02048d' 0)" # the system's limit

what="many batches with few files open"
clean
many=$(ulimit -S -n)
ulimit -S -n 32
cut=10
run 0 '' words --parallelism 1
unset cut
ulimit -S -n "$many"
[ "$(ls first | wc -l)" -gt 50 ] && ok || bad "$what: there are $(ls first | wc -l)"

what="a run that has ended"
clean
run 0 '' words
cp ck/journal j
run 0 'nothing to do' words --log info
run 0 'nothing to do' words --log info
same

what="modes of files"
[ "$(stat -c %a ck ck/state ck/IDENT ck/journal ck/LOCK | tr '\n' ' ')" = "700 700 600 600 600 " ] && ok ||
    bad "$what: $(stat -c %a ck ck/* | tr '\n' ' ')"

# ---- a stop and what follows ------------------------------------------------------------------
for every in 0s 10s; do
    for workers in "1 4" "4 1" "2 2"; do
        what="killed, every $every, workers $workers"
        clean
        killed C8:11 --checkpoint-every $every --parallelism "${workers% *}"
        killed R4_replay:3,C12:17 --checkpoint-every $every --parallelism "${workers#* }" 2>/dev/null ||
            killed C12:17 --checkpoint-every $every
        run 0 '' words --checkpoint-every $every --parallelism "${workers% *}"
        same
    done
done
what="stopped by a number of batches"
clean
for i in 1 2 3 4; do run 0 '' words --until 6 --log info; done
[ -s out.csv ] && bad "$what: a table was shown before the end of input"
run 0 '' words
same
what="a signal"
clean
FLOW_TEST_CUT=1 ./words --checkpoint-every 1s --parallelism 1 >said 2>&1 &
pid=$!
while kill -0 $pid 2>/dev/null && ! ls first 2>/dev/null | grep -q 00003; do sleep 0.01; done
kill -TERM $pid
wait $pid
[ $? = 0 ] && ok || bad "$what: exit code of a drain: $(head -1 said)"
run 0 '' words
same

# ---- what is refused ----------------------------------------------------------------------------
stop_here() { clean; killed C12:9 --checkpoint-every "${1-0s}"; }
what="other partitions"
stop_here
run 4 '64 partitions, which cannot be changed' words --partitions 32
what="another name"
run 4 'is of the program `words`, not of `others`' words --name others
run 0 '' words --partitions 64
same
what="two at once"
stop_here
FLOW_TEST_CUT=1 ./words --checkpoint-every 1s --parallelism 1 >first.said 2>&1 &
holder=$!
while kill -0 $holder 2>/dev/null && [ "$(cut -d' ' -f1 ck/LOCK)" != $holder ]; do sleep 0.01; done
run 7 "in use by process $holder" words
kill -KILL $holder
wait $holder 2>/dev/null
run 0 '' words
same
what="a folder that others may write to"
stop_here
chmod 770 ck
run 4 'may be written by others' words
chmod 700 ck
chmod 666 ck/journal
run 4 'ck/journal may be written by others' words
chmod 600 ck/journal
run 0 '' words
same
for lost in IDENT journal; do
    what="without $lost"
    stop_here
    rm ck/$lost
    run 4 "$lost" words
    run 4 'a folder\|another directory\|parts' words --fresh
    rm -rf first out.csv
    run 0 '' words --fresh
    same
done
what="a journal that is empty"
stop_here
: >ck/journal
run 4 'ck/journal is damaged' words
what="a journal of another folder"
stop_here
mv ck/journal j
clean
killed C12:4
cp j ck/journal
run 4 'belongs to another checkpoint' words
for file in IDENT journal; do
    what="a bit of $file"
    stop_here
    size=$(stat -c %s ck/$file)
    for at in 9 30 $((size / 2)); do
        cp ck/$file kept
        byte=$(od -An -tu1 -j"$at" -N1 ck/$file)
        # shellcheck disable=SC2059
        printf "\\$(printf %o $((byte ^ 16)))" | dd of=ck/$file bs=1 seek="$at" conv=notrunc 2>/dev/null
        run 4 "ck/$file" words
        cp kept ck/$file
    done
    run 0 '' words
    same
done
what="a symbolic link"
stop_here
mv ck/journal j && ln -s ../j ck/journal
run 4 'ck/journal is no file' words

# ---- a state that is damaged ---------------------------------------------------------------------
# In files from the start: small numbers bring about what else takes much state.
export FLOW_TEST_SIZES=4000
for keep in 1 2 3; do
    what="the newest state damaged, $keep kept"
    clean
    killed C12:21 --checkpoint-every 0s --keep-checkpoints $keep
    newest=$(ls ck/state | sort | tail -1)
    printf '\1\2\3\4' | dd of="ck/state/$newest" bs=1 seek=200 conv=notrunc 2>/dev/null
    run 0 'going back to an older state' words --checkpoint-every 0s
    same
done
# So small that no copy of changed rows is made.
for point in C3 C4_half C4 C6 C8 C13 C14; do
    what="state written at once, killed at $point"
    clean
    FLOW_TEST_SIZES=1000000 FLOW_TEST_CUT=40 FLOW_CRASH=$point:13 ./words --checkpoint-every 0s >said 2>&1
    FLOW_TEST_SIZES=1000000 run 0 '' words --checkpoint-every 0s
    same
done
what="all states gone"
clean
killed C12:21 --checkpoint-every 0s
rm -f ck/state/*
run 4 'ck/state/' words
same_parts=$(ls first | wc -l)
[ "$same_parts" -gt 0 ] && ok || bad "$what: something was touched"
unset FLOW_TEST_SIZES

# ---- a folder that was restored ---------------------------------------------------------------------
what="an old copy"
clean
killed C12:5 --checkpoint-every 0s
cp -r ck old
killed C12:9 --checkpoint-every 0s
rm -rf ck && mv old ck
run 4 'ahead of the journal' words
what="the last COMMIT lost"
clean
killed C12:5 --checkpoint-every 0s
before=$(stat -c %s ck/journal)
rm -rf saved && cp -r ck saved
clean
killed C12:5 --checkpoint-every 0s
truncate -s $((before - 30)) ck/journal
run 0 'made again from its plan' words
same

# ---- another program --------------------------------------------------------------------------------
what="one more flow"
clean
run 0 '' words --until 9
run 0 '' more
cmp -s out.csv want.csv && ok || bad "$what: other output"
[ -s lengths.csv ] && ok || bad "$what: nothing of it"
what="rows of another meaning"
clean
run 0 '' words --until 9
run 4 'has changed' other
run 0 '' words
same
what="a sink that is gone, and has not shown what was committed"
clean
killed C8:9
run 4 'no such sink' more
run 0 '' words
same
what="another program after a kill"
clean
killed C12:9
run 4 'replay of batch 0 differs at to file' longer
run 0 '' words
same

# ---- --fresh ------------------------------------------------------------------------------------------
what="--fresh"
clean
killed C12:9
run 4 'parts\|another' words --fresh
rm -rf first
run 0 '' words --fresh
same
run 2 'needs a' words --fresh --checkpoint ''
for point in C0:-1 C1:-1; do
    what="--fresh killed at $point"
    clean
    killed C12:9
    rm -rf first out.csv
    killed $point --fresh
    run 0 '' words --fresh
    same
done
for point in C0:-1#2 C1:-1; do
    what="--fresh killed at $point, gone on with"
    clean
    killed C12:9
    rm -rf first out.csv
    killed $point --fresh
    run 0 '' words
    same
done
: "$tier"

# ---- who reads the output sleeps, and nothing comes in ----

printf '%s\n' 'set batch = 10ms' 'from stdin() |> to stdout(format = text)' >slow.flow
"$build/flowc" build --faults -o slow slow.flow >log 2>&1 || { bad "slow does not build"; head -5 log; }
seq 1 400000 >numbers
for with in "" "--checkpoint ck"; do
    rm -rf ck
    # shellcheck disable=SC2086
    { cat numbers; sleep 1; } | ./slow --parallelism 2 $with 2>said | { sleep 0.5; cat; } >got
    cmp -s numbers got && ok || { bad "a sleeping reader $with: other rows"; head -3 said; }
done

echo "checkpoint: $passed passed, $failed failed"
[ $failed = 0 ]
