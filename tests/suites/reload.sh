#!/bin/sh
# reload.sh [short|long] - programs whose state is looked at after every batch: what changed
# is what the marks say (FLOW_TEST_STATE), and state that was saved, given back and loaded
# again (FLOW_TEST_RELOAD) gives what undisturbed state gives, byte for byte.  The programs
# are those of tests/run, examples and tests/determinism, the Nexmark queries, and random
# chains of steps over tables and random joins.  Executables with the test build of the
# runtime, in small batches.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
tier=${1-short}
only=$2
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "reload: $*"; }

compile() { # compile NAME FILE
    case $1 in *"$only"*) ;; *) return 1 ;; esac
    "$build/flowc" build --faults -o prog "$2" >log 2>&1 && return 0
    grep -q 'not built yet' log || { bad "$1 does not build"; head -3 log; }
    return 1
}
# The output in all its files; standard output is one of them.
take() { # take DIR
    rm -rf "$1" && mkdir "$1"
    mv out.stdout "$1/"
    for f in out out.* odd.csv bad.json a.csv b.csv; do [ -e "$f" ] && mv "$f" "$1/"; done
}
run() { # run DIR CUT ARGS...: with the variables of the caller
    dir=$1 cut=$2
    shift 2
    rm -rf out
    [ -d keep.out ] && cp -r keep.out out
    FLOW_TEST_CUT=$cut timeout "$limit" ./prog "$@" >out.stdout 2>log <"$input"
    code=$?
    take "$dir"
    [ $code -le 1 ] && ! grep -q 'state test' log && return 0
    cp log said
    return 1
}
say() { { grep 'state test' said || tail -1 said; } | cut -c1-200 | head -3; }
# At every cut: the run that nobody disturbs, then those that are looked at.
all() { # all NAME CUTS ARGS...
    name=$1 cuts=$2
    shift 2
    for cut in $cuts; do
        limit=20
        run want "$cut" --parallelism 1 "$@"
        [ $code = 124 ] && continue # too many batches
        limit=300 # to save and load takes long on an instrumented build
        if FLOW_TEST_STATE=1 run got "$cut" --parallelism 1 "$@"; then ok
        else bad "$name, cut $cut, changes: exit $code: $(say)"; fi
        FLOW_TEST_RELOAD=1 run got "$cut" --parallelism 2 "$@" || {
            bad "$name, cut $cut, loaded: exit $code: $(say)"; continue; }
        if diff -r want got >differ; then ok
        else bad "$name, cut $cut, loaded: other output"; head -6 differ; fi
    done
}

input=/dev/null
cd "$work" || exit 1

# ---- tests/run and examples ----
for dir in "$root"/examples/*/ "$root"/tests/run/*/; do
    dir=${dir%/}
    [ -d "$dir/expect" ] || continue
    case "$(basename "$dir")" in *"$only"*) ;; *) continue ;; esac
    rm -rf "$work/case" && cp -r "$dir" "$work/case" && cd "$work/case" || exit 1
    if [ -f build.sh ]; then
        FLOW_INCLUDE=$root/runtime/include sh build.sh >log 2>&1 || { bad "$dir: build.sh"; continue; }
    fi
    compile "$(basename "$dir")" main.flow || continue
    [ -d out ] && cp -r out keep.out
    input=/dev/null cuts="3 1"
    [ -f stdin ] && input=stdin
    case $dir in */aggregates_estimates) cuts=5000 ;; */stages_in_a_row) cuts=50 ;; esac
    # shellcheck disable=SC2046
    all "$(basename "$dir")" "$cuts" $([ -f args ] && cat args)
done
input=/dev/null
cd "$work" || exit 1

# ---- tests/determinism ----
sh "$root/tests/determinism/inputs.sh" 4000 || exit 1
for file in "$root"/tests/determinism/*.flow; do
    name=$(basename "$file" .flow)
    compile "$name" "$file" && all "$name" "97"
done

# ---- states, rows and keys of more than 255 of something ----
# many N TEXT: so many times, with its number for @.
many() {
    awk -v n="$1" -v text="$2" 'BEGIN { for (i = 1; i <= n; i++) {
        s = text
        gsub(/@/, i, s)
        printf "%s%s", (i > 1 ? ", " : ""), s } }'
}
times='stream input = from file("times.csv", format = csv, time = ms) as { ts: timestamp, k: string, v: int, f: float }
  |> event_time ts delay 30s
'
wide() { # wide NAME STEPS
    printf '%sinput |> %s |> to file("out.json")\n' "$times" "$2" >"$1.flow"
    compile "$1" "$1.flow" && all "$1" 97
}
wide wide_bags "latest per k, v |> aggregate $(many 130 'm@ = min(v * @)'), last = last(k) per up = v > 0 |> changes"
wide wide_keys "distinct per $(many 300 'k@ = v % @'), k |> select k, v, k7"
wide wide_parts "window session 20s |> aggregate $(many 90 's@ = sum(f * float(@))'), n = count() per up = v > 0"
wide wide_fields "remember per k { $(many 260 't@: string = "", l@: [int] = []') } on row { t9 = k; l9 = [v]; emit { k, t9, l9 } }"

# ---- Nexmark ----
cp "$root"/examples/nexmark/*.flow .
for file in q*.flow; do
    name=${file%.flow}
    case $name in q10 | q12 | q13) continue ;; esac # parts of files; the clock of the machine
    compile "$name" "$file" && all "$name" 300 events=4000 tps=100 disorder=150
done

# ---- random chains over tables, random joins ----
gcc -O1 -w -o table_gen "$root/tests/diff/table_gen.c" || exit 1
gcc -O1 -w -o join_gen "$root/tests/diff/join_gen.c" || exit 1
seeds="1 2"
[ "$tier" = long ] && seeds="1 2 3 4 5 6 7 8"
for gen in table join; do
    for seed in $seeds; do
        rm -rf "$work/r" && mkdir -p "$work/r/sql" "$work/r/out" "$work/r/keep.out" && cd "$work/r" || exit 1
        case "random $gen $seed" in *"$only"*) ;; *) continue ;; esac
        "../${gen}_gen" "$seed" 30 . && [ $gen = join ] && cp r.csv t.csv
        compile "random $gen $seed" main.flow && all "random $gen $seed" "7 40"
    done
done

echo "reload: $passed passed, $failed failed"
[ "$failed" = 0 ]
