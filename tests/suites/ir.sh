#!/bin/sh
# ir.sh - what must hold of generated code, whatever LLVM makes of it: lines on every
# instruction, checked arithmetic, no contraction, the vectors of the target, the same
# bytes each time.
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd)
flowc=$build/flowc
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
passed=0 failed=0

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "ir: $1"; }
has() { if grep -q -- "$2" "$1"; then ok; else bad "$1 lacks $2"; fi; }
lacks() { if grep -q -- "$2" "$1"; then bad "$1 has $2"; else ok; fi; }
generated() { # the bodies of generated functions
    awk '/^define .*@flowgen_|^define .*@"?fn\./ { f = 1 } f { print } /^}/ { f = 0 }' "$1"
}

cat >p.flow <<'END'
fn cost(a: int, b: int): int = a * b + a / b
from stdin(format = csv) as { name: string, a: int, b: int, x: float, y: float }
|> where name != "" and b != 0
|> let c = cost(a, b), z = x * y + x
|> where c > 3
|> aggregate n = count(), s = sum(z), most = max(c) per name
|> to stdout(mode = final, format = csv)
END

# ---- before the passes ----
"$flowc" emit --ir --before-opt p.flow >before.ll || bad "emit --ir --before-opt"
generated before.ll >gen.ll
has gen.ll 'smul.with.overflow'
has gen.ll 'sadd.with.overflow'
has gen.ll '%name'
has gen.ll '; 4| |> let c = cost(a, b), z = x \* y + x'
has gen.ll '; 1| fn cost(a: int, b: int): int = a \* b + a / b'
bare=$(awk '/^  [^ ;]/ && !/!dbg/ && !/ alloca / && !/^  +[\]i]/' gen.ll | grep -vc '^    ')
if [ "$bare" = 0 ]; then ok; else bad "$bare instructions without a line"; fi
lacks before.ll 'fmuladd'
lacks before.ll '"target-cpu"="x86-64"'

# ---- after them ----
for cpu in x86-64 x86-64-v3 x86-64-v4; do
    "$flowc" emit --ir --cpu $cpu p.flow >$cpu.ll || bad "emit --ir --cpu $cpu"
    "$flowc" emit --asm --cpu $cpu p.flow >$cpu.s || bad "emit --asm --cpu $cpu"
    lacks $cpu.ll 'fmuladd'
    lacks $cpu.ll 'call .*@flow_k_csv_span_\(more\|take\|number\|text\)'
    has $cpu.ll 'define internal .*@flow_k_csv_span_other(' # for what is not plain; of this target
    lacks $cpu.s 'vfmadd'
done
lacks x86-64.s '%ymm'
has x86-64-v3.s '%ymm'
lacks x86-64-v3.s '%zmm'
has x86-64-v4.s '%zmm'

# ---- rows of words are read where they stand, and only what somebody needs ----
cat >w.flow <<'END'
from file("w.bin", format = binary) as { at: timestamp, unread: int, ad: int, other: bool, x: float }
|> where ad > 3
|> aggregate s = sum(x) per ad
|> to stdout(mode = final, format = csv)
END
"$flowc" emit --ir --stage 0 w.flow | generated - >w.ll || bad "emit --ir of rows of words"
has w.ll '%ad[0-9]* = load i64'
has w.ll '%x[0-9]* = load double'
lacks w.ll '%unread'
lacks w.ll '%other'
lacks w.ll 'flow_k_.*_next'

# ---- a chain of joins is as long as it has joins: what follows one is there once ----
for n in 4 8; do
    { echo 'table t = from generate(fn(i) = { key = i, v = i }, rows = 9) |> latest per key'
      echo 'from generate(fn(i) = { i, f = 0 }, rows = 9)'
      yes '|> left join t as t on i == t.key |> let f = f + (t?.v ?? 0) |> select i, f' | head -$n
      echo '|> to stdout(format = csv)'; } >chain$n.flow
    "$flowc" emit --ir --before-opt chain$n.flow | generated - >chain$n.ll || bad "emit of $n joins"
done
if [ "$(wc -l <chain8.ll)" -lt $((3 * $(wc -l <chain4.ll))) ]; then ok
else bad "$(wc -l <chain8.ll) lines for eight joins, $(wc -l <chain4.ll) for four"; fi

# ---- the same bytes each time ----
for level in -O0 -O2; do
    "$flowc" emit --obj $level -o a.o p.flow
    "$flowc" emit --obj $level -o b.o p.flow
    if cmp -s a.o b.o; then ok; else bad "objects differ at $level"; fi
done

echo "ir: $passed passed, $failed failed"
[ "$failed" = 0 ]
