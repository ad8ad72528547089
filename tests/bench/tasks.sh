# tasks.sh - what run.sh measures: a function task_NAME for each of these.
tasks="words ads groups sliding overlap latency build checkpoints recovery"

# One thread and two of a Flow program: `./words --parallelism 1 PARAMETERS`.
one() { echo "./$1 --parallelism 1 $2"; }
two() { echo "./$1 --parallelism 2 $2"; }

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

# versus TASK "WHAT" PROGRAM "PARAMETERS" RIVAL "ARGUMENTS" SQL [NAME COMMAND...]:
# Flow on one thread and two against RIVAL_simd, RIVAL_plain and - SQL is a task of duckdb.js and its
# arguments, or empty - DuckDB.
versus() {
    id=$1 what=$2 flow_1=$(one "$3" "$4") flow_2=$(two "$3" "$4")
    simd="./$5_simd $6" plain="./$5_plain $6" sql=$7
    program "$3"
    shift 7
    if [ -n "$sql" ]; then
        find_duckdb
        [ -z "$duckdb" ] || set -- "$@" "DuckDB, 1 thread" "$duckdb $sql" \
            "DuckDB, start alone" "$duckdb start"
    fi
    race "$id" "$what" "SIMD C" "$simd" "plain C" "$plain" "Flow, 1 thread" "$flow_1" \
        "Flow, 2 threads" "$flow_2" "$@"
}

task_words() {
    for vocabulary in 5000 100000 1000000; do
        text=words-$lines-$vocabulary.txt
        has "$text" ./gen words "$lines" "$vocabulary"
        versus "words-$vocabulary" "word count, $(wc -c <"$text") bytes, V = $vocabulary" \
            words "input=$text" words "$text" "words $text" \
            "mawk | sort" "LC_ALL=C mawk -f $bench/rivals/words.awk $text | LC_ALL=C sort -t, -k1,1" \
            "read() alone" "./read_only $text"
    done
}

task_ads() {
    rows=${FLOW_BENCH_ROWS:-4000000}
    has ads-table.csv ./gen ads-table
    for format in json csv; do
        file=ads-$rows.$format
        has "$file" ./gen ads "$rows" 100000 "$format"
        versus "ads-$format" "advertising, $format, $rows events, $(wc -c <"$file") bytes" \
            "ysb_$format" "input=$file ads=ads-table.csv" ads "$format $file ads-table.csv" \
            "ads $format $file ads-table.csv" "read() alone" "./read_only $file"
    done
    file=ads-$rows.bin
    has ads-table.bin ./gen ads-table bin
    has "$file" ./gen ads "$rows" 100000 bin
    versus ads-bin "advertising, rows of 64 bytes, $rows events, $(wc -c <"$file") bytes" \
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
    compare ads-memory "advertising, rows of 64 bytes, $rows events, in memory" \
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
        versus "groups-$keys" "group by, $rows rows, $keys keys, $(wc -c <"$file") bytes" \
            groups "input=$file" groups "$file" "groups $file" "read() alone" "./read_only $file"
    done
    if [ "${FLOW_BENCH_HUGE:-0}" = 1 ]; then
        program groups
        keys=100000000 rows=$((10 * rows))
        file=groups-$rows-$keys.csv
        has "$file" ./gen groups "$rows" "$keys"
        race "groups-$keys" "group by, $rows rows, $keys keys, $(wc -c <"$file") bytes" \
            "SIMD C" "./groups_simd $file" "Flow, 1 thread" "$(one groups "input=$file")" \
            "Flow, 2 threads" "$(two groups "input=$file")" "read() alone" "./read_only $file"
    fi
}

task_sliding() {
    rows=${FLOW_BENCH_ROWS:-50000000}
    file=sliding-$rows-1000.csv
    has "$file" ./events sliding "$rows" 50000 1000
    versus sliding "windows of 60 s every second, $rows rows, 1000 keys, $(wc -c <"$file") bytes" \
        sliding "input=$file" sliding "$file 1000" "" "read() alone" "./read_only $file"
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
        compare "overlap-$keys" "$rows rows, $keys keys, windows of 1 s to 1 h every second" "$@"
    done
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

# costs TASK "WHAT" PROGRAM "PARAMETERS": alone, and with its state saved now and then.
costs() {
    kept="--checkpoint $3.ckpt --checkpoint-every"
    for threads in 1 2; do
        alone="./$3 --parallelism $threads $4"
        same "$alone" "rm -rf $3.ckpt; $alone $kept 1s"
        compare "$1-$threads" "$2, state saved in tests/bench/data, $threads thread(s)" \
            "none" "$alone" \
            "every 10 s" "rm -rf $3.ckpt; $alone $kept 10s" \
            "every 1 s" "rm -rf $3.ckpt; $alone $kept 1s"
    done
}

task_checkpoints() {
    text=words-$lines-100000.txt
    has "$text" ./gen words "$lines" 100000
    program words
    costs checkpoints-words "word count" words "input=$text"
    program groups
    rows=${FLOW_BENCH_ROWS:-150000000}
    for keys in 2500000 10000000; do
        file=groups-$rows-$keys.csv
        has "$file" ./gen groups "$rows" "$keys"
        costs "checkpoints-groups-$keys" "group by, $rows rows, $keys keys" groups "input=$file"
    done
    cp "$root/examples/nexmark/nexmark.flow" "$root/examples/nexmark/q5.flow" .
    "$build/flowc" build -o q5 q5.flow
    events=${FLOW_BENCH_ROWS:-100000000}
    costs checkpoints-q5 "Nexmark q5, $events events" q5 "tps=1000000 events=$events"
    batches=$(($(wc -c <"$text") / 262144))
    small="$(one words "input=$text") --batch-size 256KiB"
    compare commit "word count in $batches batches of 256 KiB, no state saved, 1 thread" \
        "none" "$small" \
        "PLAN and COMMIT" "rm -rf words.ckpt; $small --checkpoint words.ckpt --checkpoint-every 1h"
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

task_build() {
    cat >one.flow <<'FLOW'
from file("one.txt") |> to stdout(format = text)
FLOW
    echo one >one.txt
    "$build/flowc" build -o one one.flow
    main=$root/examples/word_count/main.flow
    compare build "flowc on word count, and the start of an executable to its end" \
        "build -O2" "$build/flowc build --no-cache -o built $main" \
        "build -O0" "$build/flowc build --no-cache -O0 -o built $main" \
        "check" "$build/flowc check $main" \
        "start, one line" "./one"
    strip -o stripped built
    echo "executable of word count, stripped: $(wc -c <stripped) bytes"
}
