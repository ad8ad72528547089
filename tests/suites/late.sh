#!/bin/sh
# late.sh [short|long] - rows made late on purpose, against awk, which drops them by the rule: how
# far event time has come when a batch begins decides what is late in it.  Each kind of window,
# `late into`, `lateness`, sessions with it and without, rows in order of time, a join; in batches of several sizes,
# one of them the whole input, at one and two workers.
cd "$(dirname "$0")/../.." || exit 1
suite=late tier=${1-short}
. tests/tools/check.sh

cat >prog.flow <<'FLOW'
stream readings = from file("rows.csv", format = csv, time = s) as { k: string, t: timestamp, v: int }
stream kept = readings |> event_time t delay 10s late into aside
stream timed = readings |> event_time t delay 10s

kept |> to file("kept.csv", format = csv, time = s)
aside |> to file("aside.csv", format = csv, time = s)

timed |> window tumbling 20s late into late_tumbling
|> aggregate n = count(), s = sum(v) per k
|> select k, n, s, window.start |> to file("tumbling.csv", format = csv, time = s)
late_tumbling |> to file("late_tumbling.csv", format = csv, time = s)

timed |> window sliding 30s every 10s late into late_sliding
|> aggregate n = count(), s = sum(v) per k
|> select k, n, s, window.start |> to file("sliding.csv", format = csv, time = s)
late_sliding |> to file("late_sliding.csv", format = csv, time = s)

timed |> window sliding 30s every 10s
|> aggregate m = quantile(float(v), 1.0), s = sum(v) per k
|> select k, m, s, window.start |> to file("windows.csv", format = csv, time = s)

timed |> window cumulate 60s every 20s late into late_cumulate
|> aggregate n = count(), s = sum(v) per k
|> select k, n, s, window.end |> to file("cumulate.csv", format = csv, time = s)
late_cumulate |> to file("late_cumulate.csv", format = csv, time = s)

timed |> window tumbling 20s lateness 15s late into late_revised
|> aggregate n = count(), s = sum(v) per k
|> select k, n, s, window.start |> to file("revised.csv", format = csv, time = s, mode = final)
late_revised |> to file("late_revised.csv", format = csv, time = s)

timed |> window session 6s late into late_sessions
|> aggregate n = count(), s = sum(v) per k
|> select k, n, s, window.start, window.end |> to file("sessions.csv", format = csv, time = s)
late_sessions |> to file("late_sessions.csv", format = csv, time = s)

table visits = timed |> window session 6s early 0s lateness 15s late into late_visits
|> aggregate n = count(), s = sum(v) per k
visits |> select k, n, s, window.start, window.end |> to file("visits.csv", format = csv, time = s, mode = final)
visits |> drop window |> aggregate visits = count(), n = sum(n) per k
|> to file("visitors.csv", format = csv, mode = final)
late_visits |> to file("late_visits.csv", format = csv, time = s)

timed |> remember per k by t { n: int = 0 } on row { n = n + 1 emit { k, t, v, n } }
|> to file("turns.csv", format = csv, time = s)

timed |> join timed as o on k == o.k and v < o.v within 4s
|> select k, v, w = o.v |> to file("pairs.csv", format = csv)
FLOW

# Times go on by half a second a row; one row in five is up to a minute and a half behind.
make_rows() { # make_rows SEED ROWS
    awk -v seed="$1" -v n="$2" 'BEGIN {
        srand(seed)
        for (i = 0; i < n; i++) {
            t = int(i / 2 + rand() * 8)
            if (rand() < 0.2) t -= int(rand() * 90)
            if (t < 0) t = 0
            printf "k%d,%d,%d\n", int(rand() * rand() * 30), t, i
        }
    }' >rows.csv
}

# What awk says, into want/: `w` is the watermark when the row's batch begins.
cat >reference.awk <<'AWK'
function put(name, row) { print row >(dir "/" name ".csv") }
function add(name, key) { n[name, key]++; s[name, key] += v; keys[name] = keys[name] "\n" key }
function windows(name, size, every, t,   i, used) { # all that hold t and are open
    for (i = int(t / every) * every; i > t - size; i -= every)
        if (i + size > w) { add(name, k "," i); used = 1 }
    return used
}
function cumulate(t,   start, end, used) {
    start = int(t / 60) * 60
    for (end = start + 20; end <= start + 60; end += 20)
        if (t < end && end > w) { add("cumulate", k "," end); used = 1 }
    return used
}
# The sessions of key k after a batch: first, last, rows, sum, how many rows of the batch.
function place(k, first, last, rows, sum, text,   i, j) {
    for (i = count[k]; i && at[k, i, "first"] > first; i--)
        for (j = 1; j <= 5; j++) at[k, i + 1, part[j]] = at[k, i, part[j]]
    i++; count[k]++
    at[k, i, "first"] = first; at[k, i, "last"] = last; at[k, i, "rows"] = rows
    at[k, i, "sum"] = sum; at[k, i, "text"] = text
}
function form(k,   i, j, m) { # sessions that touch become one
    m = count[k] ? 1 : 0
    for (i = 2; i <= count[k]; i++) {
        if (at[k, i, "first"] < at[k, m, "last"] + 6) {
            if (at[k, i, "last"] > at[k, m, "last"]) at[k, m, "last"] = at[k, i, "last"]
            at[k, m, "rows"] += at[k, i, "rows"]; at[k, m, "sum"] += at[k, i, "sum"]
            at[k, m, "text"] = at[k, m, "text"] at[k, i, "text"]
        } else {
            m++
            for (j = 1; j <= 5; j++) at[k, m, part[j]] = at[k, i, part[j]]
        }
    }
    count[k] = m
}
function leave(k, mark, late,   i, j, m) { # those that end, with their lateness, by the mark
    for (i = 1; i <= count[k]; i++) {
        if (at[k, i, "last"] + 6 + lateness <= mark) {
            if (late) printf "%s", at[k, i, "text"] >(dir "/late_sessions.csv")
            else put("sessions", k "," at[k, i, "rows"] "," at[k, i, "sum"] "," at[k, i, "first"] \
                     "," at[k, i, "last"] + 6)
        } else {
            m++
            for (j = 1; j <= 5; j++) at[k, m, part[j]] = at[k, i, part[j]]
        }
    }
    count[k] = m + 0
    for (i = 1; i <= count[k]; i++) at[k, i, "text"] = "" # no row of it can be late any more
}
function end_batch(   k) {
    for (k in count) { form(k); leave(k, w, 1) }
    w = most - 10
    for (k in count) leave(k, w, 0)
}
BEGIN { FS = ","; most = -1e9; w = -1e9; split("first last rows sum text", part, " ") }
NR > 1 && (NR - 1) % cut == 0 { end_batch() }
{
    k = $1; t = $2; v = $3
    if (t > most) most = t
    put(t < w ? "aside" : "kept", $0)
    if (t >= w) { print t "," NR "," $0 >(dir "/in_time"); used_rows++ }
    if (!windows("tumbling", 20, 20, t)) put("late_tumbling", $0)
    if (!windows("sliding", 30, 10, t)) put("late_sliding", $0)
    if (!cumulate(t)) put("late_cumulate", $0)
    start = int(t / 20) * 20
    if (start + 20 + 15 > w) add("revised", k "," start)
    else put("late_revised", $0)
    place(k, t, t, 1, v, $0 "\n")
}
END {
    end_batch()
    for (k in count) leave(k, 1e9, 0)
    for (name in keys) {
        m = split(substr(keys[name], 2), list, "\n")
        for (i = 1; i <= m; i++) {
            if (seen[name, list[i]]++) continue
            split(list[i], key, ",")
            put(name, key[1] "," n[name, list[i]] "," s[name, list[i]] "," key[2])
        }
    }
    print NR - used_rows >(dir "/late")
}
AWK
reference() { # reference CUT
    rm -rf want && mkdir want
    for f in aside late_tumbling late_sliding late_cumulate late_revised late_sessions; do
        : >want/$f.csv
    done
    awk -v cut="$1" -v dir=want -f reference.awk rows.csv
    rm -rf more && mkdir more && : >more/late_sessions.csv
    awk -v cut="$1" -v dir=more -v lateness=15 -f reference.awk rows.csv
    mv more/sessions.csv want/visits.csv && mv more/late_sessions.csv want/late_visits.csv
    awk -F, '{ m[$1]++; n[$1] += $2 } END { for (k in m) print k "," m[k] "," n[k] }' \
        want/visits.csv >want/visitors.csv
    # in order of time, of equal times as they came
    sort -t, -k1,1n -k2,2n want/in_time | cut -d, -f3- |
        awk -F, '{ print $0 "," ++n[$1] }' >want/turns.csv
    sort -t, -k3,3 -k1,1n want/in_time | awk -F, '{
        if ($3 != k) { k = $3; m = 0 }
        t[++m] = $1; v[m] = $5
        for (i = m - 1; i && t[i] >= $1 - 4; i--)
            print k "," (v[i] < $5 ? v[i] "," $5 : $5 "," v[i]) }' >want/pairs.csv
    cp want/sliding.csv want/windows.csv
}

compare() { # compare LABEL
    for f in want/*.csv; do
        f=${f#want/}
        LC_ALL=C sort "want/$f" >sorted.want
        # of the other program of overlapping windows only the sums are known
        if [ "$f" = windows.csv ]; then
            cut -d, -f1,3- sorted.want | LC_ALL=C sort >sums.want
            cut -d, -f1,3- "$f" | LC_ALL=C sort >sums.got
            same_file "$1: $f" sums.want sums.got
            continue
        fi
        LC_ALL=C sort "$f" >sorted.got
        same_file "$1: $f" sorted.want sorted.got
    done
    late=$(cat want/late)
    [ "$late" = 0 ] && return
    has "$1: remember counts them" err "remember: $late rows? came too late, and (is|are) not counted"
    has "$1: the join counts them, on both sides" err "join: $((2 * late)) rows came too late"
}

"$flowc" build --faults -o prog prog.flow >log 2>&1 || miss "the program" "$(head -5 log)"
seeds=1 rows=3000 cuts="1000000 400 40"
[ "$tier" = long ] && seeds="1 2 3 4 5" rows=12000 cuts="1000000 2500 400 40 7"
for seed in $seeds; do
    make_rows "$seed" $rows
    for cut in $cuts; do
        reference "$cut"
        [ "$cut" != 40 ] || echo "late: seed $seed, batches of 40 rows: $(cat want/late) of $rows rows" \
            "behind the watermark, $(wc -l <want/late_tumbling.csv) late for their window," \
            "$(wc -l <want/late_sessions.csv) for their session"
        for p in 1 2; do
            run "cut $cut, $p workers" 0 env FLOW_TEST_CUT="$cut" ./prog --parallelism $p
            compare "seed $seed, cut $cut, $p workers"
        done
    done
done
finish
