#!/bin/sh
# windows.sh [short|long] - windows over data sets whose results are known: words, advertisements,
# and sums of published queries over clusters, smart meters, roads, machines, where windows
# overlap; from slices and without.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
tier=${1-short}
passed=0 failed=0
is() { # is WHAT GOT WANTED
    if [ "$2" = "$3" ]; then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "windows: $1: got '$2', expected '$3'"; fi
}

gcc -O2 -o "$work/events" "$root/tests/bench/events.c" || exit 1
cd "$work" || exit 1
./events sliding 100000 >sliding.csv
is "the rows" "$(sha256sum <sliding.csv | cut -d' ' -f1)" \
    5ec7a7c88111203f945456dcec5617448e623e9aa99fe434389af75f199b438f
./events cluster 50000 >cluster.csv
./events grid 50000 >grid.csv
./events road 30000 >road.csv
./events machine 20000 >machine.csv

# ---- words of the last thirty seconds; advertisements by campaign, every ten ----

gcc -O2 -o gen "$root/tests/bench/gen.c" -lm || exit 1
./gen words 100000 5000 | awk '{ printf "%.0f,%s\n", 1436918400000 + int((NR - 1) / 2), $0 }' >words.csv
./gen ads 200000 4000 json >ads.json
./gen ads-table >ads.csv
./gen ads 200000 4000 bin >events.bin
./gen ads-table bin >ads.bin
cp "$root/tests/bench/programs/ysb_bin.flow" .
cat >words.flow <<'END'
stream counts = from file("words.csv", format = csv, time = ms) as { at: timestamp, line: string }
  |> event_time at delay 0s
  |> each word in split(line, " ")
  |> window sliding 30s every 1s
  |> aggregate n = count() per word
counts |> to file("a.csv", format = csv)
counts |> top 10 by n desc, word |> to file("b.csv", format = csv)
END
cat >ads.flow <<'END'
type Event = { ad_id: string, event_type: string, event_time: timestamp }
table ads = from file("ads.csv", format = csv) as { ad_id: string, campaign: string } |> latest per ad_id
from file("ads.json", format = json, time = ms) as Event
|> event_time event_time delay 0s
|> where event_type == "view"
|> join ads as a on ad_id == a.ad_id
|> window tumbling 10s
|> aggregate n = count() per campaign = a.campaign
|> select start = epoch_millis(window.start), campaign, n
|> to stdout(format = csv)
END
for p in words ads ysb_bin; do "$build/flowc" build -o $p $p.flow || failed=$((failed + 1)); done
awk -F, '!seen[$2]++ { print $2 "," NR }' ads.csv >order.csv
for workers in 1 2; do
    ./words --parallelism $workers
    is "words of 30 seconds" "$(awk -F, '$4 == "2015-07-15T00:00:50Z" { r++; n += $2 } END { print r, n }' \
        a.csv)" "4981 778726"
    is "the most frequent" "$(awk -F, '$4 == "2015-07-15T00:00:50Z" { printf "%s %d ", $1, $2 }' b.csv)" \
        "fgtaer 63711 eghqxzna 36861 ieqsegup 25743 xklknacl 20022 wqoej 16888 gszbw 14308 knfnsa 12320 ffwy 11129 jkrt 9998 vxwhjncyc 8488 "
    is "advertisements" "$(./ads --parallelism $workers |
        awk -F, 'NR == FNR { at[$1] = $2; next } { print $1 "," at[$2] "," $0 }' order.csv - |
        LC_ALL=C sort -t, -k1,1n -k2,2n | cut -d, -f3- | sha256sum | cut -d' ' -f1)" \
        1d00e5918a22a3fb9b40c9b4748334a01ec0729da89bc88e4c9c336fb0ac9911
    # Campaigns by number, and in that order.
    is "advertisements, rows of words" "$(./ysb_bin --parallelism $workers input=events.bin ads=ads.bin |
        awk -F, 'NR == FNR { name[($2 - 1) / 10] = $1; next } { print $1 "," name[$2] "," $3 }' order.csv - |
        sha256sum | cut -d' ' -f1)" 1d00e5918a22a3fb9b40c9b4748334a01ec0729da89bc88e4c9c336fb0ac9911
done

# ---- windows that overlap ----

cat >sliding.flow <<'END'
from file("sliding.csv", format = csv, time = ms) as { at: timestamp, key: int, value: int }
|> event_time at delay 0s
|> window sliding 60s every 1s
|> aggregate sum = sum(value), max = max(value) per key
|> select start = epoch_millis(window.start), key, sum, max
|> to stdout(format = csv)
END
cat >cluster.flow <<'END'
stream events = from file("cluster.csv", format = csv, time = s)
    as { at: timestamp, job: int, category: int, kind: int, cpu: int }
  |> event_time at delay 0s
  |> window sliding 60s every 1s
events |> aggregate s = sum(cpu), n = count() per category |> to file("a.csv", format = csv)
events |> where kind == 3 |> aggregate s = sum(cpu), n = count() per job
|> to file("b.csv", format = csv)
END
cat >grid.flow <<'END'
stream meters = from file("grid.csv", format = csv, time = s)
    as { at: timestamp, house: int, household: int, plug: int, value: int }
  |> event_time at delay 0s
stream plugs = meters
  |> window sliding 128s every 1s
  |> aggregate s = sum(value), n = count() per plug, household, house
stream together = meters
  |> window sliding 128s every 1s
  |> aggregate s = sum(value), n = count()
meters |> window sliding 1h every 1s |> aggregate s = sum(value), n = count()
|> to file("a.csv", format = csv)
plugs |> to file("b.csv", format = csv)
plugs |> join together as a on s * a.n > a.s * n |> aggregate n = count() per house
|> to file("c.csv", format = csv)
END
cat >road.flow <<'END'
stream cars = from file("road.csv", format = csv, time = s)
    as { at: timestamp, vehicle: int, highway: int, direction: int, lane: int, position: int,
         speed: int }
  |> event_time at delay 0s
  |> let segment = position / 5280
stream slow = cars
  |> window sliding 300s every 1s
  |> aggregate s = sum(speed), n = count() per highway, direction, segment
stream seen = cars
  |> window sliding 30s every 1s
  |> aggregate n = count() per vehicle, highway, direction, segment
slow |> to file("a.csv", format = csv)
slow |> where s < 40 * n |> to file("b.csv", format = csv)
seen |> to file("c.csv", format = csv)
seen |> aggregate n = count() per highway, direction, segment |> to file("d.csv", format = csv)
END
cat >machine.flow <<'END'
from file("machine.csv", format = csv, time = s) as { at: timestamp, a: int, b: int, c: int }
|> event_time at delay 0s
|> window sliding 60s every 1s
|> aggregate s = sum(a) + sum(b) + sum(c), n = count()
|> to file("a.csv", format = csv)
END

sums() { # sums FILE COLUMN COLUMN: windows, rows, two sums
    awk -F, -v a="$2" -v b="$3" '{ s += $a; n += $b; if (!seen[$NF]++) w++ }
        END { printf "%d %d %.0f %.0f", w, NR, s, n }' "$1"
}
check() { # check LABEL BUILD-OPTIONS...
    label=$1
    shift
    for p in sliding cluster grid road machine; do
        "$build/flowc" build "$@" -o $p $p.flow || failed=$((failed + 1))
    done
    for workers in 1 2; do
        is "sliding, $label" "$(./sliding --parallelism $workers | LC_ALL=C sort -t, -k1,1n -k2,2n |
            sha256sum | cut -d' ' -f1)" \
            cf1e360101c7ed669d8fb5baf9ee3deb063c71852874c186d4a2c315e70e2110
        ./cluster --parallelism $workers
        is "cpu by category, $label" "$(sums a.csv 2 3)" "159 636 752567640 3000000"
        is "cpu by job, $label" "$(sums b.csv 2 3)" "159 34127 37061880 148980"
        ./grid --parallelism $workers
        is "all meters, $label" "$(sums a.csv 1 2)" "3724 3724 18044415975600 180000000"
        is "plugs, $label" "$(sums b.csv 4 5)" "252 125193 641579234688 6400000"
        is "plugs above all, $label" "$(sums c.csv 2 2)" "252 2520 63955 63955"
        ./road --parallelism $workers
        is "segments, $label" "$(sums a.csv 4 5)" "899 353161 533304300 9000000"
        is "slow segments, $label" "$(sums b.csv 4 5 | cut -d' ' -f2-)" "7618 2837796 76831"
        is "vehicles, $label" "$(sums c.csv 5 5)" "629 900000 900000 900000"
        is "vehicles of segments, $label" "$(sums d.csv 4 4)" "629 240490 900000 900000"
        ./machine --parallelism $workers
        is "machines, $label" "$(sums a.csv 1 2)" "259 259 42710087580 1200000"
    done
}
check "from slices" -O2
[ "$tier" = long ] && check "window by window" -O2 -fno-slices && check "-O0" -O0

echo "windows: $passed passed, $failed failed"
[ "$failed" = 0 ]
