#!/bin/sh
# state.sh [short|long] - remember, sessions and distinct within, over rows that come out of
# order, against the same computed by awk from the sorted rows; and the same bytes whatever
# the cut of batches, the number of workers and the level.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
tier=${1-short}
rows=4000
[ "$tier" = long ] && rows=20000
passed=0 failed=0
cd "$work" || exit 1

# key, time, value: the times within 12 seconds of their order.
make_rows() { # make_rows SEED
    awk -v seed="$1" -v n="$rows" 'BEGIN {
        srand(seed)
        for (i = 0; i < n; i++) {
            t = i + int(rand() * 12)
            printf "%s%d,2026-01-01T%02d:%02d:%02dZ,%d\n", rand() < 0.7 ? "k" : "long key number ",
                int(rand() * rand() * 40), t / 3600 % 24, t / 60 % 60, t % 60, i % 101
        }
    }' >rows.csv
    awk -F, '{ split(substr($2, 12, 8), a, ":")
        printf "%s,%d,%d\n", $1, a[1] * 3600 + a[2] * 60 + a[3], $3 }' rows.csv >plain.csv
    # in order of time, of equal times as they came
    awk -F, '{ print $2 "," NR "," $0 }' plain.csv | sort -t, -k1,1n -k2,2n | cut -d, -f3- >sorted.csv
}
as_seconds() { # times of a result as seconds of the day
    sed 's/2026-01-01T//g' | awk -F, -v OFS=, '{
        for (i = 1; i <= NF; i++) if ($i ~ /^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z$/) {
            split(substr($i, 1, 8), a, ":"); $i = a[1] * 3600 + a[2] * 60 + a[3] }
        print }'
}
check() { # check NAME: out.csv of prog.flow at every cut is the same, and holds the rows of want
    name=$1
    for level in -O2 -O0; do
        "$build/flowc" build --faults $level -o prog prog.flow >log 2>&1 || {
            failed=$((failed + 1)); echo "state: $name does not build"; head -5 log; return; }
        for cut in 1000000 997 50; do
            for p in 1 2; do
                [ $level = -O0 ] && [ "$cut$p" != 9972 ] && continue
                rm -f out.csv
                FLOW_TEST_CUT=$cut ./prog --parallelism $p >log 2>&1
                mv out.csv got
                if [ $level$cut$p = -O210000001 ]; then
                    cp got first
                    as_seconds <first | LC_ALL=C sort >have
                    if cmp -s have want; then passed=$((passed + 1))
                    else failed=$((failed + 1)); echo "state: $name is not what awk says"; diff have want | head -5
                    fi
                elif cmp -s got first; then passed=$((passed + 1))
                else failed=$((failed + 1)); echo "state: $name, $level, cut $cut, $p workers: differs"; diff first got | head -4
                fi
            done
        done
    done
}
source='stream all_rows = from file("rows.csv", format = csv) as { k: string, t: timestamp, v: int }
  |> event_time t delay 12s'

for seed in 1 2; do
    make_rows $seed

    # Rows in order of time with an idle timer and an alarm that is set, moved, stopped, and
    # sets itself again.
    cat >prog.flow <<END
$source
all_rows |> remember per k by t { n: int = 0, sum: int = 0, last: string? , rung: int = 0 }
  on row {
    n = n + 1
    sum = sum + v
    rung = 0
    wake t + seconds_of(v % 7 + 1) when v % 3 == 0
    wake none when v % 5 == 0
    emit { what = "row", k, at = t, n, sum, last = last ?? "-" }
    last = f"value {v} of key {k}"
  }
  on idle 40s { emit { what = "idle", k, at = due, n, sum, last = last ?? "-" } forget when n > 3 }
  on wake {
    rung = rung + 1
    emit { what = "wake", k, at = due, n, sum, last = last ?? "-" }
    wake due + 4s when rung < 3
  }
  |> to file("out.csv", format = csv)
fn seconds_of(n: int): duration = 1s * n
END
    # The end goes first as far as the rows had brought the watermark (mark).
    awk -F, -v mark="$(awk -F, '$2 > m { m = $2 } END { print m - 12 }' plain.csv)" '
    function show(what, k, at) {
        printf "%s,%s,%d,%d,%d,%s\n", what, k, at, n[k], sum[k], k in last ? last[k] : "-" }
    function fire(k, limit, ending,   i, w, at) { # timers of a key before a moment, in order
        for (;;) {
            i = k in idle ? idle[k] : 1e9; w = k in alarm ? alarm[k] : 1e9
            at = i <= w ? i : w
            if (at >= limit || at == 1e9) return
            if (i <= w) {
                delete idle[k]; show("idle", k, at)
                if (n[k] > 3) { n[k] = 0; sum[k] = 0; rung[k] = 0; delete last[k]; delete alarm[k] }
            } else {
                delete alarm[k]; rung[k]++; show("wake", k, at)
                if (rung[k] < 3 && !ending) alarm[k] = at + 4
            }
        }
    }
    { k = $1; t = $2; v = $3
      if (t >= mark && !(k in over)) { fire(k, mark, 0); over[k] = 1 }
      fire(k, t, t >= mark)
      seen[k] = 1
      n[k]++; sum[k] += v; rung[k] = 0
      if (v % 3 == 0) alarm[k] = t + v % 7 + 1
      if (v % 5 == 0) delete alarm[k]
      show("row", k, t)
      last[k] = "value " v " of key " k
      idle[k] = t + 40 }
    END { for (k in seen) { if (!(k in over)) fire(k, mark, 0); fire(k, 1e9, 1) } }' sorted.csv |
        LC_ALL=C sort >want
    check "remember by, seed $seed"

    # Sessions: what merges, what goes by time, and the rows themselves.
    cat >prog.flow <<END
$source
all_rows |> window session 15s
|> aggregate n = count(), sum = sum(v), least = min(v), first = first(v), last = last(v), texts = count_distinct(v) per k
|> select k, n, sum, least, first, last, texts, window.start, window.end
|> to file("out.csv", format = csv)
END
    sort -t, -k1,1 -s sorted.csv | awk -F, '
    function out() { if (n) printf "%s,%d,%d,%d,%d,%d,%d,%d,%d\n", k, n, sum, least, first, l, kinds, start, last + 15 }
    { if ($1 != k || $2 >= last + 15) {
          out(); k = $1; n = sum = kinds = 0; least = first = $3; start = $2; split("", seen) }
      n++; sum += $3; if ($3 < least) least = $3; l = $3; last = $2
      if (!($3 in seen)) { seen[$3] = 1; kinds++ } }
    END { out() }' | LC_ALL=C sort >want
    check "sessions, seed $seed"

    # The same where the watermark runs ahead: shown early, revised by late rows.
    cat >prog.flow <<END
stream all_rows = from file("rows.csv", format = csv) as { k: string, t: timestamp, v: int }
  |> event_time t delay 1s
all_rows |> window session 15s early 0s lateness 12s
|> aggregate n = count(), sum = sum(v), least = min(v), first = first(v), last = last(v), texts = count_distinct(v) per k
|> select k, n, sum, least, first, last, texts, window.start, window.end
|> to file("out.csv", format = csv, mode = final)
END
    check "revised sessions, seed $seed"

    # Long ones, whose rows are put together on the way.
    cat >prog.flow <<END
$source
all_rows |> window session 5m
|> aggregate n = count(), sum = sum(v), least = min(v), mean = avg(float(v)) per first = slice(k, 0, 1)
|> select first, n, sum, least, mean = round(mean, 3), window.start, window.end
|> to file("out.csv", format = csv)
END
    awk -F, -v OFS=, '{ $1 = substr($1, 1, 1); print }' sorted.csv | sort -t, -k1,1 -s | awk -F, '
    function out() { if (n) printf "%s,%d,%d,%d,%.3f,%d,%d\n", k, n, sum, least, sum / n, start, last + 300 }
    { if ($1 != k || $2 >= last + 300) { out(); k = $1; n = sum = 0; least = $3; start = $2 }
      n++; sum += $3; if ($3 < least) least = $3; last = $2 }
    END { out() }' | sed 's/\(\.[0-9]*[1-9]\)0*,/\1,/; s/\.000,/.0,/' | LC_ALL=C sort >want
    check "long sessions, seed $seed"

    cat >prog.flow <<END
$source
all_rows |> window session 15s |> top 2 by v desc as place per k
|> select k, t, v, place, window.start, window.end |> to file("out.csv", format = csv)
END
    # The best two of each session; of equal values the one that came first.
    awk -F, '{ print $0 "," NR }' plain.csv | sort -t, -k1,1 -k2,2n | awk -F, '
        { if ($1 != k || $2 >= last + 15) { id++; start[id] = $2; k = $1 }
          last = $2; end[id] = last + 15; print id "," $0 }
        END { for (i = 1; i <= id; i++) print i "," start[i] "," end[i] >"bounds" }' |
        sort -t, -k1,1n -k4,4nr -k5,5n >ranked
    awk -F, 'FNR == NR { s[$1] = $2; e[$1] = $3; next } ++n[$1] <= 2 {
        printf "%s,%d,%d,%d,%d,%d\n", $2, $3, $4, n[$1], s[$1], e[$1] }' bounds ranked |
        LC_ALL=C sort >want
    check "top of sessions, seed $seed"

    # Distinct within: in order of arrival, against the rows that have passed.
    cat >prog.flow <<END
$source
all_rows |> distinct per k within 25s |> to file("out.csv", format = csv)
END
    awk -F, '{ ok = 1
        for (i = 1; i <= n[$1]; i++) { d = $2 - p[$1, i]; if (d < 0) d = -d; if (d <= 25) ok = 0 }
        if (ok) { p[$1, ++n[$1]] = $2; print } }' plain.csv | LC_ALL=C sort >want
    check "distinct within, seed $seed"
done

echo "state: $passed passed, $failed failed"
[ "$failed" = 0 ]
