#!/bin/sh
# Changed programs: what `flowc check --against` says of each edit of tests/upgrade/edits.txt
# is what its label says, against the old executable; and the same for the program's text.
suite=upgrade
. tests/tools/check.sh

counts() { # kept added dropped refused, of what check printed
    awk '$1 == "kept" { k++ } $1 == "added" { a++ } $1 == "dropped" { d++ } $1 == "refused" { r++ }
         END { print k + 0, a + 0, d + 0, r + 0 }' "$1"
}

for base in orders clicks words; do
    cp "$root/tests/upgrade/$base.flow" . || exit 1
    "$flowc" build -O0 "$base.flow" -o "$base.exe" > build.log 2>&1 || { cat build.log; exit 1; }
done

n=0
while IFS= read -r line; do
    case $line in '#'*|'') continue ;; esac
    n=$((n + 1))
    base=${line%%|*} rest=${line#*|}
    label=${rest%%|*} rest=${rest#*|}
    rest=${rest#*|}
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
done < "$root/tests/upgrade/edits.txt"
[ "$n" -ge 60 ] || miss edits "only $n"

finish
