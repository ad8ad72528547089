# tasks.sh - what run.sh measures: a function task_NAME for each of these.
tasks="words grep ads groups sliding overlap windows nexmark latency batches build memory checkpoints
    recovery"

# One thread and two of a Flow program: `./words --parallelism 1 [PARAMETERS]`.
one() { echo "./$1 --parallelism 1 ${2-}"; }
two() { echo "./$1 --parallelism 2 ${2-}"; }

# The command that is followed by a task of rivals/duckdb.js, or nothing; the reason is said once.
find_duckdb() {
    [ -z "${duckdb+set}" ] || return 0
    duckdb=
    if [ "${FLOW_BENCH_DUCKDB:-yes}" = no ]; then
        echo "bench: without DuckDB, as FLOW_BENCH_DUCKDB says"
    elif ! command -v node >/dev/null; then
        echo "bench: without DuckDB: there is no node"
    elif [ -d duckdb/node_modules ] || timeout 300 npm install --no-audit --no-fund \
        --prefix duckdb @duckdb/node-api@1.5.6-r.1 >duckdb.log 2>&1; then
        duckdb="NODE_PATH=$data/duckdb/node_modules node $bench/rivals/duckdb.js"
    else
        rm -rf duckdb/node_modules
        echo "bench: without DuckDB: npm gives no @duckdb/node-api (see tests/bench/data/duckdb.log)"
    fi
}

# versus TASK "WHAT" ROWS PROGRAM "PARAMETERS" RIVAL "ARGUMENTS" SQL [NAME COMMAND...]:
# Flow on one thread and two against RIVAL_simd, RIVAL_plain and - SQL is a task of duckdb.js and its
# arguments, or empty - DuckDB.
versus() {
    id=$1 what=$2 of=$3 flow_1=$(one "$4" "$5") flow_2=$(two "$4" "$5")
    simd="./$6_simd $7" plain="./$6_plain $7" sql=$8
    program "$4"
    shift 8
    if [ -n "$sql" ]; then
        find_duckdb
        [ -z "$duckdb" ] || set -- "$@" "DuckDB, 1 thread" "$duckdb $sql" \
            "DuckDB, start alone" "$duckdb start"
    fi
    race "$id" "$what" "$of" "SIMD C" "$simd" "plain C" "$plain" "Flow, 1 thread" "$flow_1" \
        "Flow, 2 threads" "$flow_2" "$@"
}

task_words() {
    for vocabulary in 5000 100000 1000000; do
        text=words-$lines-$vocabulary.txt
        has "$text" ./gen words "$lines" "$vocabulary"
        versus "words-$vocabulary" "word count, $(wc -c <"$text") bytes, V = $vocabulary" \
            "$(wc -w <"$text")" words "input=$text" words "$text" "words $text" \
            "mawk | sort" "LC_ALL=C mawk -f $bench/rivals/words.awk $text | LC_ALL=C sort -t, -k1,1" \
            "read() alone" "./read_only $text"
    done
}

# Lines that hold a literal, and that match a regular expression.
task_grep() {
    text=words-$lines-5000.txt
    has "$text" ./gen words "$lines" 5000
    program grep_literal
    program grep_regex
    find_duckdb
    for kind in literal regex; do
        pattern=zq like="line LIKE '%zq%'"
        [ $kind = literal ] || pattern='q[aeiou]+[b-d]' like="regexp_matches(line, '$pattern')"
        set -- "Flow, 1 thread" "$(one grep_$kind "input=$text")" \
            "Flow, 2 threads" "$(two grep_$kind "input=$text")" \
            "grep -c" "LC_ALL=C grep -cE '$pattern' $text" \
            "mawk" "LC_ALL=C mawk '/$pattern/ { n++ } END { print n }' $text" \
            "read() alone" "./read_only $text"
        [ -z "$duckdb" ] || set -- "$@" "DuckDB, 1 thread" "$duckdb grep $text \"$like\""
        race "grep-$kind" "lines with $pattern, $(wc -c <"$text") bytes" "$lines" "$@"
    done
}

task_ads() {
    rows=${FLOW_BENCH_ROWS:-4000000}
    has ads-table.csv ./gen ads-table
    for format in json csv; do
        file=ads-$rows.$format
        has "$file" ./gen ads "$rows" 100000 "$format"
        versus "ads-$format" "advertising, $format, $rows events, $(wc -c <"$file") bytes" "$rows" \
            "ysb_$format" "input=$file ads=ads-table.csv" ads "$format $file ads-table.csv" \
            "ads $format $file ads-table.csv" "read() alone" "./read_only $file"
    done
    file=ads-$rows.bin
    has ads-table.bin ./gen ads-table bin
    has "$file" ./gen ads "$rows" 100000 bin
    versus ads-bin "advertising, rows of 64 bytes, $rows events, $(wc -c <"$file") bytes" "$rows" \
        ysb_bin "input=$file ads=ads-table.bin" ads_bin "$file ads-table.bin" "" \
        "read() alone" "./read_only $file"

    # The same rows, four times as many, in memory before the clock starts.
    rows=$((4 * rows))
    file=ads-$rows.bin
    has "$file" ./gen ads "$rows" 100000 bin
    sed 's/binary) as Event/binary, preload = true) as Event/' "$bench/programs/ysb_bin.flow" \
        >ysb_bin_memory.flow
    "$build/flowc" build -o ysb_bin_memory ysb_bin_memory.flow
    simd="./ads_bin_simd $file ads-table.bin memory" plain="./ads_bin_plain $file ads-table.bin memory"
    flow="ysb_bin_memory" parameters="--log info --memory 8GB input=$file ads=ads-table.bin"
    same "$plain 2>plain.log" "$simd 2>simd.log" "$(one $flow "$parameters") 2>flow.log"
    compare ads-memory "advertising, rows of 64 bytes, $rows events, in memory" "$rows" \
        "SIMD C, in memory" "$simd" "plain C, in memory" "$plain" \
        "Flow, 1 thread, in memory" "$(one $flow "$parameters")" \
        "Flow, 2 threads, in memory" "$(two $flow "$parameters")"
}

# With 10^8 keys rows are ten times as many; plain C and DuckDB have no memory for that.
task_groups() {
    rows=${FLOW_BENCH_ROWS:-50000000}
    for keys in 1000 10000 100000 1000000 10000000; do
        if [ $((2 * keys)) -gt "$rows" ]; then
            echo "groups-$keys: left out, $rows rows are too few"
            continue
        fi
        file=groups-$rows-$keys.csv
        has "$file" ./gen groups "$rows" "$keys"
        versus "groups-$keys" "group by, $rows rows, $keys keys, $(wc -c <"$file") bytes" "$rows" \
            groups "input=$file" groups "$file" "groups $file" "read() alone" "./read_only $file"
    done
    if [ "${FLOW_BENCH_HUGE:-0}" = 1 ]; then
        program groups
        keys=100000000 rows=$((10 * rows))
        file=groups-$rows-$keys.csv
        has "$file" ./gen groups "$rows" "$keys"
        race "groups-$keys" "group by, $rows rows, $keys keys, $(wc -c <"$file") bytes" "$rows" \
            "SIMD C" "./groups_simd $file" "Flow, 1 thread" "$(one groups "input=$file")" \
            "Flow, 2 threads" "$(two groups "input=$file")" "read() alone" "./read_only $file"
    fi
}

task_sliding() {
    rows=${FLOW_BENCH_ROWS:-50000000}
    file=sliding-$rows-1000.csv
    has "$file" ./events sliding "$rows" 50000 1000
    versus sliding "windows of 60 s every second, $rows rows, 1000 keys, $(wc -c <"$file") bytes" \
        "$rows" sliding "input=$file" sliding "$file 1000" "" "read() alone" "./read_only $file"
}

# The same rows in windows that overlap more and more: against those of Flow that do not.
task_overlap() {
    rows=${FLOW_BENCH_ROWS:-50000000}
    for keys in 1 100; do
        file=sliding-$rows-$keys-slow.csv
        has "$file" ./events sliding "$rows" 10000 "$keys"
        set --
        for seconds in 1 10 60 600 3600; do
            sed "s/sliding 60s/sliding ${seconds}s/" "$bench/programs/sliding.flow" \
                >"sliding_$seconds.flow"
            "$build/flowc" build -o "sliding_$seconds" "sliding_$seconds.flow"
            flow=$(one "sliding_$seconds" "input=$file") simd="./sliding_simd $file $keys $seconds"
            same "$simd" "$flow" "$(two "sliding_$seconds" "input=$file")"
            set -- "$@" "Flow, $seconds s" "$flow" "SIMD C, $seconds s" "$simd"
        done
        compare "overlap-$keys" "$rows rows, $keys keys, windows of 1 s to 1 h every second" "$rows" "$@"
    done
}

# The windows that SABER and LightSaber are measured with, over rows in memory.
task_windows() {
    rows=${FLOW_BENCH_ROWS:-16000000}
    for query in "cm1 cluster" "cm2 cluster" "sg1 grid" "sg2 grid" "lrb1 road"; do
        # shellcheck disable=SC2086
        set -- $query
        file=$2-$rows.bin
        has "$file" ./events "$2" "$rows" 50000 bin
        program "$1"
        plain="./windows_plain $1 $file" parameters="--log info --memory 8GB input=$file"
        same "$plain 2>plain.log" "$(one "$1" "$parameters") 2>flow.log" \
            "$(two "$1" "$parameters") 2>flow.log"
        compare "windows-$1" "$(sed -n '1s/^# //p' "$bench/programs/$1.flow") $rows rows of 64 bytes" \
            "$rows" "plain C, in memory" "$plain" \
            "Flow, 1 thread, in memory" "$(one "$1" "$parameters")" \
            "Flow, 2 threads, in memory" "$(two "$1" "$parameters")"
    done
}

# All queries, of events that the runtime makes (which is part of the time) and of a file; q12 is by
# the clock of the machine, q10 writes files.  Then, beside what others have published.  That both
# give the same rows, and which, is tested (tests/suites/nexmark.sh).
task_nexmark() {
    events=${FLOW_BENCH_ROWS:-5000000}
    mkdir -p nexmark && cp "$root"/examples/nexmark/*.flow nexmark
    cp nexmark/nexmark.flow generated.flow
    if ! [ -f "nexmark-$events.csv" ]; then
        printf '%s\n' 'import "nexmark.flow"' \
            "all_events |> to file(\"nexmark-$events.csv\", format = csv, time = ms)" >nexmark/events.flow
        "$build/flowc" build -o nexmark/events nexmark/events.flow
        nexmark/events tps=100000 "events=$events"
    fi
    for q in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do
        cp generated.flow nexmark/nexmark.flow
        "$build/flowc" build -o "nexmark/q$q" "nexmark/q$q.flow"
        sed "/^stream all_events/,/^$/d" generated.flow >nexmark/nexmark.flow
        echo "stream all_events = from file(\"nexmark-$events.csv\", format = csv, time = ms) as event: Event" \
            >>nexmark/nexmark.flow
        "$build/flowc" build -o "nexmark/q${q}_csv" "nexmark/q$q.flow"
        made="tps=100000 events=$events"
        compare "nexmark-q$q" "$(sed -n '1s/^# //p' "nexmark/q$q.flow"), $events events" "$events" \
            "Flow, 1 thread, made" "$(one "nexmark/q$q" "$made")" \
            "Flow, 2 threads, made" "$(two "nexmark/q$q" "$made")" \
            "Flow, 1 thread, csv" "$(one "nexmark/q${q}_csv")" \
            "Flow, 2 threads, csv" "$(two "nexmark/q${q}_csv")"
    done
    awk -F '\t' -f "$bench/nexmark.awk" "$bench/nexmark_published.txt" "$figures"
}

# From socket to socket, one thread: each row at once, and batches of three lengths.
task_latency() {
    program through
    for batch in 0s 1ms 10ms 100ms; do
        for kept in "" checkpoint; do
            rm -rf through.ckpt
            task=latency-$batch${kept:+-$kept}
            echo "$task: rows of 32 bytes, batches of $batch, ${kept:-no checkpoint}:"
            ./latency "${FLOW_BENCH_SECONDS:-15}" "$task" "$figures" ./through --parallelism 1 \
                --batch "$batch" ${kept:+--checkpoint through.ckpt}
        done
    done
}

# costs TASK "WHAT" ROWS PROGRAM "PARAMETERS": alone, and with its state saved now and then.
costs() {
    kept="--checkpoint $4.ckpt --checkpoint-every"
    for threads in 1 2; do
        alone="./$4 --parallelism $threads $5"
        same "$alone" "rm -rf $4.ckpt; $alone $kept 1s"
        compare "$1-$threads" "$2, state saved in tests/bench/data, $threads thread(s)" "$3" \
            "none" "$alone" \
            "every 10 s" "rm -rf $4.ckpt; $alone $kept 10s" \
            "every 1 s" "rm -rf $4.ckpt; $alone $kept 1s"
    done
}

task_checkpoints() {
    text=words-$lines-100000.txt
    has "$text" ./gen words "$lines" 100000
    program words
    costs checkpoints-words "word count" "$(wc -w <"$text")" words "input=$text"
    program groups
    rows=${FLOW_BENCH_ROWS:-150000000}
    for keys in 2500000 10000000; do
        file=groups-$rows-$keys.csv
        has "$file" ./gen groups "$rows" "$keys"
        costs "checkpoints-groups-$keys" "group by, $rows rows, $keys keys" "$rows" groups "input=$file"
    done
    cp "$root/examples/nexmark/nexmark.flow" "$root/examples/nexmark/q5.flow" .
    "$build/flowc" build -o q5 q5.flow
    events=${FLOW_BENCH_ROWS:-100000000}
    costs checkpoints-q5 "Nexmark q5, $events events" "$events" q5 "tps=1000000 events=$events"
    batches=$(($(wc -c <"$text") / 262144))
    small="$(one words "input=$text") --batch-size 256KiB"
    compare commit "word count in $batches batches of 256 KiB, no state saved, 1 thread" 0 \
        "none" "$small" \
        "PLAN and COMMIT" "rm -rf words.ckpt; $small --checkpoint words.ckpt --checkpoint-every 1h"

    # State is saved after each batch, which changes as many keys as it has rows: a key and three words.
    program changed
    kept="--checkpoint changed.ckpt --checkpoint-every 0s"
    # shellcheck disable=SC2016
    written=$(rm -rf changed.ckpt; sh -c "$(one changed "$kept")"'; sed -n "s/^wchar: //p" /proc/$$/io')
    echo "written: 20000000 changes of 32 bytes: $written bytes, snapshots merged beside included," \
        "$((100 * written / 20000000 / 32)) % of what changed"
}

# The sizes of state that the bars are given for; killed as soon as it is saved, or later, so that
# there is input to be replayed.
task_recovery() {
    program kept
    for size in "80000000 2500000 1500ms 100000000 0" "80000000 2500000 1500ms 100000000 1" \
        "200000000 24000000 8s 900000000 0"; do
        # shellcheck disable=SC2086
        set -- $size
        file=groups-$1-$2.csv
        has "$file" ./gen groups "$1" "$2"
        echo "recovery, $2 keys, 2 threads, killed $5 s after its state was saved:"
        ./recovery 5 kept.ckpt "$4" "$5" ./kept --parallelism 2 --batch-size 4MiB --log info \
            --checkpoint kept.ckpt --checkpoint-every "$3" "input=$file"
    done
}


# What batches of a length cost: rows of a pipe, as fast as they come, that are not written.
task_batches() {
    program taken
    rows=${FLOW_BENCH_ROWS:-50000000}
    file=groups-$rows-1000.csv
    has "$file" ./gen groups "$rows" 1000
    for kept in "" "--checkpoint taken.ckpt"; do
        set --
        for batch in 100ms 10ms 1ms 0s; do
            set -- "$@" "batches of $batch" \
                "rm -rf taken.ckpt; cat $file | ./taken --parallelism 1 --batch $batch $kept"
        done
        compare "batches${kept:+-checkpoint}" \
            "a pipe into discard, $rows rows, ${kept:-no checkpoint}" "$rows" "$@"
    done
}

# Phases of the compiler over programs of some length, then what comes of a short one.
task_build() {
    for count in 10 100 1000 10000; do
        awk -v lines=$count -f "$bench/lines.awk" >"lines-$count.flow"
        [ "$count" = 10000 ] && levels="" || levels="-O0 -O2"
        set -- "check" "$build/flowc check lines-$count.flow"
        for level in $levels; do
            set -- "$@" "build $level" "$build/flowc build --no-cache $level -o built lines-$count.flow"
        done
        compare "build-$count" "a program of $count lines" 0 "$@"
        for level in $levels; do
            echo "$count lines, $level, ms:" \
                "$("$build/flowc" build --no-cache "$level" --time -o built "lines-$count.flow" 2>&1 |
                    awk '$2 >= 1 { printf " %s %.0f", $1, $2 }')"
        done
    done
    printf '%s\n' 'from file("one.txt") |> to stdout(format = text)' >one.flow
    echo one >one.txt
    "$build/flowc" build -o one one.flow
    main=$root/examples/word_count/main.flow
    compare build "flowc on word count, and the start of an executable to its end" 0 \
        "build -O2" "$build/flowc build --no-cache -o built $main" \
        "build -O0" "$build/flowc build --no-cache -O0 -o built $main" \
        "check" "$build/flowc check $main" \
        "start, one line" "./one"
    "$build/flowc" build -o built "$main"
    strip -o stripped built
    echo "executable of word count: $(wc -c <built) bytes, stripped $(wc -c <stripped)"
}

# resident FILE: KiB that ./piped has, once it has taken the rows of the file and waits for more.
resident() {
    rm -f pipe && mkfifo pipe
    ./piped --parallelism 1 --batch 10ms <pipe >piped.out &
    pid=$!
    exec 9>pipe
    cat "$1" >&9
    sleep 2 # a second of rest gives back what only work needs
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
    exec 9>&-
    wait $pid
}

# State: count and sum of an int.  What buffers take is there with 1000 keys as well.
task_memory() {
    program piped
    : >empty
    echo "memory: waiting for its first row: $(resident empty) KiB resident"
    base=
    for keys in 1000 100000 300000 1000000 3000000 10000000; do
        rows=$((3 * keys > 3000000 ? 3 * keys : 3000000))
        file=groups-$rows-$keys.csv
        has "$file" ./gen groups "$rows" "$keys"
        had=$(resident "$file") got=$(wc -l <piped.out)
        [ -n "$base" ] || base=$had
        echo "memory: $got keys: $had KiB resident, $((got > 1000 ? (had - base) * 1024 / got : 0)) bytes a key"
    done
}
