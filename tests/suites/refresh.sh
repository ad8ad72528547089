#!/bin/sh
# refresh.sh - a `file` that is looked at again: what changed, came and went, at any level and
# parallelism; and when such a program ends.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0
is() { if [ "$2" = "$3" ]; then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "refresh: $1: got '$2', expected '$3'"; fi; }

cd "$work" || exit 1
cat >changes.flow <<'END'
table users = from file("users*.csv", format = csv, header = true, refresh = 1s) as { id: int, name: string, v: int }
  |> where id < 100
  |> latest per id by v
users |> changes |> to file("out.csv", format = csv)
END
waits() { # waits LINES: until out.csv has so many, 10 s at most
    n=0
    while [ "$(cat out.csv 2>/dev/null | wc -l)" -lt "$1" ] && [ $n -lt 100 ]; do
        sleep 0.1; n=$((n + 1))
    done
}
for mode in "-O2 1" "-O0 2"; do
    rm -f users*.csv out.csv
    printf 'id,name,v\n1,ann,5\n2,bob,5\n3,cy,5\n100,none,1\n' >users1.csv
    "$build/flowc" build ${mode% *} changes.flow || failed=$((failed + 1))
    ./changes --batch 100ms --parallelism ${mode#* } 2>log &
    pid=$!
    waits 3
    # Another order of columns, a lesser `by`, a key that is gone.
    printf 'name,id,v\nann,1,3\nbobby,2,1\n' >new && mv new users1.csv; waits 6
    printf 'id,name,v\n3,cyril,1\n' >users2.csv; waits 7
    rm users1.csv; waits 9
    printf 'id,name,v\n3,cyril,1\n' >new && mv new users2.csv; sleep 1.5 # the same rows
    rm users2.csv; waits 10
    kill -INT $pid; wait $pid; is "$mode: exit" $? 0
    is "$mode: changes" "$(tr '\n' ' ' <out.csv)" "Insert,1,ann,5 Insert,2,bob,5 Insert,3,cy,5 \
Update,1,ann,3 Update,2,bobby,1 Delete,3,cy,5 Insert,3,cyril,1 Delete,1,ann,3 Delete,2,bobby,1 \
Delete,3,cyril,1 "
done

# Beside a stream that ends it does not keep the program running.
printf 'id,name,v\n1,ann,5\n' >users1.csv
cat >both.flow <<'END'
table users = from file("users1.csv", format = csv, header = true, refresh = 1s) as { id: int, name: string, v: int }
  |> latest per id
users |> to stdout(format = csv, mode = final)
from stdin() |> to stdout(format = text)
END
"$build/flowc" build both.flow && is "it ends" "$(echo x | timeout 20 ./both | sort | tr '\n' ' ')" "1,ann,5 x "
echo "refresh: $passed passed, $failed failed"
[ "$failed" = 0 ]
