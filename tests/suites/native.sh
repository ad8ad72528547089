#!/bin/sh
# native.sh - `extern fn`: types both ways, rows that fail, libraries that are not there; and a
# crash in one, which fails one test of `flowc test`.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
passed=0 failed=0
is() { if [ "$2" = "$3" ]; then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "native: $1: got '$2', expected '$3'"; fi; }
has() { if grep -qF -- "$3" "$2"; then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "native: $1: $2 lacks: $3"; head -3 "$2"; fi; }

cd "$work" || exit 1
export TMPDIR=$work
cat >lib.c <<'END'
#include <flow/extern.h>
#include <stdio.h>
#include <stdlib.h>
int32_t whole(flow_text *out, int64_t i, double f, int32_t b, const char *s, int64_t sn,
              const char *y, int64_t yn, int64_t t, int64_t d) {
    static _Thread_local char buffer[200];
    out->data = buffer;
    out->length = snprintf(buffer, sizeof buffer, "%ld %g %d %.*s %.*s %ld %ld", (long)i, f, b,
                           (int)sn, s, (int)yn, y, (long)t, (long)d);
    return FLOW_OK;
}
int32_t later(int64_t *out, int64_t t, int64_t d) { *out = t + d; return FLOW_OK; }
int32_t half(double *out, double x) { *out = x / 2; return FLOW_OK; }
int32_t odd(int32_t *out, int64_t n) { *out = (int32_t)(n & 1) * 256; return FLOW_OK; }
int32_t words(flow_text *out, int64_t n) {
    out->data = n == 1 ? "\xff\xfe" : "ok";
    out->length = n == 2 ? -1 : 2;
    return n == 3;
}
int32_t maybe_text(flow_optional_text *out, const char *s, int64_t n, int32_t known) {
    if (known && n) *out = (flow_optional_text){s, n - 1, 1};
    return FLOW_OK;
}
int32_t maybe_int(flow_optional_int *out, int64_t n, int32_t known) {
    out->value = n + 1;
    out->known = known && n != 2;
    return FLOW_OK;
}
int32_t maybe_bool(flow_optional_bool *out, double x, int32_t known) {
    *out = (flow_optional_bool){x > 1, known};
    return FLOW_OK;
}
int32_t maybe_float(flow_optional_float *out, int32_t b, int32_t known) {
    *out = (flow_optional_float){b ? 0.5 : 2, known};
    return FLOW_OK;
}
int32_t boom(int64_t *out, int64_t n) { if (n == 2) abort(); *out = n; return FLOW_OK; }
END
cc -O2 -Wall -Werror -shared -fPIC -I"$root/runtime/include" -o libnative.so lib.c || exit 1
cat >all.flow <<'END'
extern fn whole(i: int, f: float, b: bool, s: string, y: bytes, t: timestamp, d: duration): bytes from "libnative.so"
extern fn later(t: timestamp, d: duration): timestamp from "libnative.so"
extern fn half(x: float): float from "libnative.so"
extern fn odd(n: int): bool from "libnative.so"
extern fn words(n: int): string from "libnative.so"
from generate(fn(i) = { i }, rows = 5)
|> select i, a = utf8(whole(i, 1.5, i % 2 == 0, "中", bytes("xy"), @1970-01-01, 5s)) ?? "", t = later(@2024-01-01, 2h), h = half(float(i)), o = odd(i), w = upper(words(i))
|> errors into bad
|> to stdout(format = csv)
bad |> select error |> to file("bad.txt", format = text)
END
cat >want <<'END'
0,0 1.5 1 中 xy 0 5000000,2024-01-01T02:00:00Z,0.0,false,OK
4,4 1.5 1 中 xy 0 5000000,2024-01-01T02:00:00Z,2.0,false,OK
END
for level in -O0 -O2; do
    "$build/flowc" build $level all.flow
    ./all >got; is "$level: exit" $? 0
    is "$level: rows" "$(cat got)" "$(cat want)"
    is "$level: errors" "$(tr '\n' ';' <bad.txt)" "invalid UTF-8;a function in C failed;a function in C failed;"
done
cat >maybe.flow <<'END'
extern fn maybe_text(s: string?): string? from "libnative.so"
extern fn maybe_int(n: int?): int? from "libnative.so"
extern fn maybe_bool(x: float?): bool? from "libnative.so"
extern fn maybe_float(b: bool?): float? from "libnative.so"
from file("maybe.csv", format = csv) as { n: int?, s: string?, x: float?, b: bool? }
|> select n = maybe_int(n), s = maybe_text(s), x = maybe_bool(x), b = maybe_float(b)
|> to stdout(format = csv)
END
printf '1,abc,0.5,true\n,,,\n2,"",3,false\n' >maybe.csv
for level in -O0 -O2; do
    "$build/flowc" build $level maybe.flow
    is "$level: optional" "$(./maybe | tr '\n' ' ')" "2,ab,false,0.5 ,,, ,,true,2.0 "
done
./all --explain >explained
has "explain" explained 'calls `half` of libnative.so: code in C'
"$build/flowc" run all.flow >got 2>err; is "run looks beside the text" "$(cat got)" "$(cat want)"
mkdir other && mv all other && other/all >got 2>err; is "no library: exit" $? 2
has "no library" err "there is no library libnative.so beside the program, in $work/other"
echo junk >other/libnative.so; other/all >got 2>err; is "no shared library: exit" $? 2
has "no shared library" err "cannot open $work/other/libnative.so"
cc -shared -o other/libnative.so -x c /dev/null && other/all >got 2>err; is "no function: exit" $? 2
has "no function" err 'has no function `'
"$build/flowc" build --static all.flow >got 2>err; is "static: exit" $? 2
# An instrumented build refuses --static for a reason of its own.
"$build/flowc" --version | grep -q sanitizer || has "static" err "--static cannot open a library at start"
sed "s|libnative.so|$work/libnative.so|" all.flow >other/path.flow
"$build/flowc" build other/path.flow && other/path >got; is "an absolute path" "$(cat got)" "$(cat want)"

cat >crash.flow <<'END'
extern fn boom(n: int): int from "libnative.so"
stream numbers = from stdin(format = csv) as { n: int }
stream result = numbers |> select b = boom(n)
result |> print
test "first" {
  given numbers = [{ n = 1 }]
  expect result = [{ b = 1 }]
}
test "crashes" {
  given numbers = [{ n = 1 }, { n = 2 }]
  expect result = [{ b = 1 }]
}
test "last" {
  given numbers = [{ n = 3 }]
  expect result = [{ b = 3 }]
}
END
"$build/flowc" test crash.flow >got 2>err; is "a crash: exit" $? 1
has "a crash" got "the program crashed: Aborted"
is "fails one test" "$(tail -1 got)" "2 passed, 1 failed"
sed -i '/^test "crashes"/,/^}/d' crash.flow
"$build/flowc" test crash.flow >got 2>err; is "all pass: exit" $? 0
"$build/flowc" test -O2 crash.flow >got 2>err; is "all pass at -O2: exit" $? 0
"$build/flowc" test crash.flow missing.flow >got 2>err; is "a file that is not there: exit" $? 6
echo 'from stdin() |> print' >none.flow
"$build/flowc" test none.flow >got; is "no tests" "$(cat got | tr '\n' ';')" "none.flow;  no tests;"
is "nothing stays behind" "$(find "$work" -maxdepth 1 -name "flow-test-*" | wc -l)" 0
echo "native: $passed passed, $failed failed"
[ "$failed" = 0 ]
