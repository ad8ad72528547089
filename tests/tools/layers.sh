#!/bin/sh
# layers.sh - checks every #include "folder/file" against layers.rules.
cd "$(dirname "$0")/../.." || exit 1
find compiler runtime lang -name '*.[chly]' -o -name '*.def' | sort | xargs awk '
BEGIN {
    while ((getline line < "tests/tools/layers.rules") > 0) {
        if (line ~ /^#/ || line == "") continue
        from = line; sub(/:.*/, "", from)
        sub(/^[^:]*:/, "", line)
        rule[from] = line
    }
}
function longest(path,   r, best) {
    best = ""
    for (r in rule)
        if ((path == r || index(path, r "/") == 1) && length(r) > length(best)) best = r
    return best
}
/^[ \t]*#[ \t]*include "/ || /^%code.*include "/ {
    inc = $0; sub(/^[^"]*"/, "", inc); sub(/".*/, "", inc)
    if (inc !~ /^(compiler|runtime|lang|tests)\//) next
    checked++
    from = longest(FILENAME)
    ok = from != "" && (inc ~ "^" from "/")
    n = split(rule[from], targets, " ")
    for (i = 1; i <= n; i++) if (inc == targets[i] || index(inc, targets[i] "/") == 1) ok = 1
    if (!ok) { printf "%s:%d: %s may not include %s\n", FILENAME, FNR, from, inc; bad++ }
}
/^[ \t]*#[ \t]*include <llvm-c/ {
    checked++
    if (FILENAME !~ /^compiler\/(emit|link|driver)\//) {
        printf "%s:%d: only emit, link and driver include llvm-c\n", FILENAME, FNR; bad++
    }
}
END { printf "layers: %d passed, %d failed\n", checked - bad, bad; exit bad > 0 }'
