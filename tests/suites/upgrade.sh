#!/bin/sh
# Changed programs.  tests/upgrade/edits.txt has edits of five programs, each labelled by
# hand with what becomes of their states.  What `flowc check --against` says of the old
# executable, and what a start over a checkpoint of the old program does, must both be that.
suite=upgrade
tier=${1:-short}
. tests/tools/check.sh
export FLOW_TEST_TMPFS=1

counts() { # kept added dropped refused, of what check printed
    awk '/ the source of | `event_time` of / && $1 != "refused" { next }
         $1 == "kept" { k++ } $1 == "added" { a++ } $1 == "dropped" { d++ } $1 == "refused" { r++ }
         END { print k + 0, a + 0, d + 0, r + 0 }' "$1"
}

awk 'BEGIN { for (i = 0; i < 1500; i++)
    printf "c%d,i%d,%d,%d,%s\n", i % 37, i * 7 % 101, i * 13 % 500, i % 9, i % 3 ? "true" : "false"
}' > orders.csv
awk 'BEGIN { for (i = 0; i < 1500; i++)
    printf "2024-05-01T10:%02d:%02d.%03dZ,u%d,p%d,%d\n", i / 60, i % 60, i * 37 % 1000, i % 11, i % 7, i * 17 % 1000
}' > clicks.csv
awk 'BEGIN { for (i = 0; i < 1500; i++) printf "w%d,%d\n", i * 31 % 97, i % 5 }' > words.csv
head -5 clicks.csv > other.csv

# What the old program leaves when it is killed behind its fourth batch, with all state saved.
for base in orders clicks words moves crossings; do
    cp "$root/tests/upgrade/$base.flow" . || exit 1
    "$flowc" build -O0 --faults "$base.flow" -o "$base.exe" > build.log 2>&1 ||
        { cat build.log; exit 1; }
    mkdir "left.$base" && cp ./*.csv "left.$base"
    { (cd "left.$base" && FLOW_TEST_CUT=300 FLOW_CRASH=C12_done:3 \
        "../$base.exe" --checkpoint ck --checkpoint-every 0s); } > left.log 2>&1
    mkdir "whole.$base" && cp ./*.csv "whole.$base"
    (cd "whole.$base" && FLOW_TEST_CUT=300 "../$base.exe" --checkpoint ck) || miss "$base" "fails"
    check "$base: left" "./$base.exe" --checkpoint-check "left.$base/ck"
done

# start BASE WANT WHAT: the start of new.flow over the checkpoint of the old program.
start() {
    rm -rf at && cp -r "left.$1" at
    "$flowc" build -O0 --faults new.flow -o new.exe > build.log 2>&1 || { cat build.log; return; }
    (cd at && FLOW_TEST_CUT=300 ../new.exe --name "$1" --checkpoint ck) > start.log 2>&1
    code=$?
    same "$1: $3: exit code of the start" "$2" "$code"
    [ "$code" = "$2" ] || head -5 start.log
    # Where the edit changes nothing, nothing is lost and nothing is done twice.
    case $3 in 'a comment'|'the same window'*|'declarations change'*)
        for file in "whole.$1"/*.csv; do
            same_file "$1: $3: output" "$file" "at/${file##*/}"
        done ;;
    esac
    if [ "$2" = 4 ]; then
        has "$1: $3: what it says" start.log 'refused  '
        has "$1: $3: what it says" start.log 'ways out: .*--fresh'
        # Nothing has been touched: the old program goes on from there.
        check "$1: $3: the checkpoint is whole" ./new.exe --checkpoint-check at/ck
    fi
}

n=0
while IFS= read -r line; do
    case $line in '#'*|'') continue ;; esac
    n=$((n + 1))
    base=${line%%|*} rest=${line#*|}
    label=${rest%%|*} rest=${rest#*|}
    otherwise=${rest%%|*} rest=${rest#*|}
    what=${rest##*|} edit=${rest%|*}
    if [ -f "$edit.flow" ]; then cp "$edit.flow" new.flow
    else sed -E "$edit" "$base.flow" > new.flow; fi
    cmp -s "$base.flow" new.flow && miss "$base: $what" "the edit changes nothing"
    "$flowc" check --against "$base.exe" new.flow > said 2> err
    code=$?
    want=0
    [ "${label##* }" = 0 ] || want=4
    if [ "$(counts said)" = "$label" ] && [ "$code" = "$want" ]; then pass
    else
        miss "$base: $what" "$(counts said), exit $code, not $label"
        cat said err
    fi
    # Every refusal names the step, and what was and what is, or what to do.
    if [ "$want" = 4 ] && ! { grep -q '^    saved\|^    both\|^    program' said &&
                              grep -q 'ways out: .*--fresh' said; }; then
        miss "$base: $what" "the refusal says too little"
        cat said
    fi
    [ -z "$otherwise" ] || { label=$otherwise; want=4; }
    # A fifth of the starts in the short tier: each is a build.
    [ "$tier" = short ] && [ $((n % 5)) != 0 ] && [ -z "$otherwise" ] && continue
    start "$base" "$want" "$what"
done < "$root/tests/upgrade/edits.txt"
[ "$n" -ge 60 ] || miss edits "only $n"

finish
