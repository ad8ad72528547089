#!/bin/sh
# profile.sh - `--profile` says where the time of a run goes: its stages, lines of the program
# where they are, functions; and what it says when it cannot.
cd "$(dirname "$0")/../.." || exit 1
suite=profile
. tests/tools/check.sh

program heavy <<'FLOW'
fn burn(x: float): float = exp(0.0 - x) + exp(1.0 - x) + exp(2.0 - x) + exp(3.0 - x) + sqrt(x)

from generate(fn(i) = { i, x = float(i) }, rows = 6_000_000)
|> where i % 2 == 0
|> let y =
     burn(x) + burn(x + 7.0)
|> aggregate n = count(), most = max(y) per key = i % 100
|> to file("out.csv", format = csv, mode = final)
FLOW

run "without" 0 ./heavy
mv out.csv want
for p in 1 2 4; do
    run "$p thread(s)" 0 ./heavy --parallelism $p --profile p.txt
    same_file "$p: the output" want out.csv
    has "$p: the head" p.txt '^heavy: [0-9.]* s of CPU time in [1-9] thread'
    has "$p: the stage that makes rows" p.txt '% *stage 0, reads generate$'
    has "$p: the line that has the work" p.txt '% *heavy.flow:1$'
    has "$p: a function of the program" p.txt '% *flowgen_stage0_range$'
done
first=$(awk '/stage 0/ { getline; print $3 }' p.txt)
# Instrumented code spends its time elsewhere.
[ -n "$sanitizer" ] || check "which comes first ($first)" test "$first" = heavy.flow:1
# Lines within a stage stand two places further in.
check "shares of stages make 100" awk '/^ ? ?[0-9.]+ %/ { sum += $1 } /^functions/ { exit }
    END { exit !(sum > 99 && sum < 101) }' p.txt

run "with a checkpoint" 0 ./heavy --profile=c.txt --checkpoint ck --checkpoint_every 0s --parallelism 2
has "with a checkpoint: lines" c.txt 'heavy.flow:1$'

cp heavy bare && strip bare
run "stripped" 0 ./bare --profile s.txt
has "stripped: what is missing" s.txt 'symbols are stripped'
has "stripped: stages" s.txt 'stage 0, reads generate'
lacks "stripped: no lines" s.txt 'heavy.flow'

run "no such folder" 6 ./heavy --profile no/p.txt
has "no such folder: says so" err 'cannot write no/p.txt'
run "no name" 2 ./heavy --profile
has "no name: says so" err 'needs the name of a file'
run "help" 0 ./heavy --help
has "help: named" out '--profile FILE'
finish
