#!/bin/sh
# unicode.sh - writes compiler/regex/unicode.def from the Unicode Character Database.
#
#   sh compiler/regex/unicode.sh [folder] >compiler/regex/unicode.def
#
# The folder holds UnicodeData.txt, Scripts.txt, CaseFolding.txt and PropList.txt; by
# default that of Debian's package unicode-data.  Run by hand when Unicode grows: builds
# take the file as it stands.
ucd=${1:-/usr/share/unicode}
awk -v ucd="$ucd" '
function hex(s,   n, i) {
    n = 0
    for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1
    return n
}
function flush_line() { if (line != "") print line; line = "" }
function put(s) {
    if (length(line) + length(s) > 92) flush_line()
    line = line s
}
# The categories as runs: where one begins, and which.
function categories(   path, row, f, lo, hi, cat, next_at, last, first_name) {
    path = ucd "/UnicodeData.txt"; next_at = 0; last = ""
    while ((getline row < path) > 0) {
        split(row, f, ";"); lo = hex(f[1]); hi = lo; cat = f[3]
        if (f[2] ~ /, First>$/) { getline row < path; split(row, f, ";"); hi = hex(f[1]) }
        if (lo > next_at && last != "Cn") { put(sprintf("RUN(0x%X,Cn)", next_at)); last = "Cn" }
        if (cat != last) { put(sprintf("RUN(0x%X,%s)", lo, cat)); last = cat }
        next_at = hi + 1
    }
    put(sprintf("RUN(0x%X,Cn)", next_at)); flush_line()
}
# name -> ranges, sorted by code point, adjacent ones joined.
function ranges(path, wanted,   row, f, r, name, n, i, j, tmp) {
    n = 0
    while ((getline row < path) > 0) {
        sub(/#.*/, "", row)
        if (split(row, f, ";") < 2) continue
        gsub(/[ \t]/, "", f[1]); gsub(/[ \t]/, "", f[2])
        if (wanted != "" && f[2] != wanted) continue
        r = index(f[1], "..")
        n++
        lo[n] = hex(r ? substr(f[1], 1, r - 1) : f[1])
        hi[n] = hex(r ? substr(f[1], r + 2) : f[1])
        of[n] = f[2]
    }
    # Insertion sort: the file is nearly sorted by script.
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && lo[j] < lo[j - 1]; j--) {
            tmp = lo[j]; lo[j] = lo[j - 1]; lo[j - 1] = tmp
            tmp = hi[j]; hi[j] = hi[j - 1]; hi[j - 1] = tmp
            tmp = of[j]; of[j] = of[j - 1]; of[j - 1] = tmp
        }
    i = 1
    for (j = 2; j <= n; j++)
        if (of[j] == of[i] && lo[j] == hi[i] + 1) hi[i] = hi[j]
        else { i++; lo[i] = lo[j]; hi[i] = hi[j]; of[i] = of[j] }
    return n ? i : 0
}
function scripts(   n, i, names, name) {
    n = ranges(ucd "/Scripts.txt", "")
    for (i = 1; i <= n; i++) if (!(of[i] in seen)) { seen[of[i]] = 1; count++; order[count] = of[i] }
    print "#ifdef SCRIPT"
    for (i = 1; i <= count; i++) put("SCRIPT(" order[i] ")")
    flush_line()
    print "#endif\n#ifdef SCRIPT_RUN"
    for (i = 1; i <= n; i++) put(sprintf("SCRIPT_RUN(0x%X,0x%X,%s)", lo[i], hi[i], of[i]))
    flush_line()
    print "#endif"
}
function spaces(   n, i) {
    n = ranges(ucd "/PropList.txt", "White_Space")
    for (i = 1; i <= n; i++) put(sprintf("SPACE(0x%X,0x%X)", lo[i], hi[i]))
    flush_line()
}
# Simple case folding as arithmetic rows: low, high, step, difference.
function folds(   path, row, f, n, i, c, d, last, step, diff) {
    path = ucd "/CaseFolding.txt"; n = 0
    while ((getline row < path) > 0) {
        if (row ~ /^#/ || row == "") continue
        split(row, f, /; */)
        if (f[2] != "C" && f[2] != "S") continue
        n++; from[n] = hex(f[1]); by[n] = hex(f[3]) - from[n]
    }
    for (i = 1; i <= n; i = last + 1) {
        last = i; step = i < n ? from[i + 1] - from[i] : 1
        if (step > 2) step = 1
        while (last < n && by[last + 1] == by[i] && from[last + 1] == from[last] + step) last++
        put(sprintf("FOLD(0x%X,0x%X,%d,%d)", from[i], from[last], step, by[i]))
    }
    flush_line()
}
BEGIN {
    getline version < (ucd "/Scripts.txt"); sub(/.*Scripts-/, "", version); sub(/\.txt.*/, "", version)
    print "/* unicode.def - made by compiler/regex/unicode.sh from the Unicode Character Database " version ","
    print " * Copyright (c) 1991-2022 Unicode, Inc., see unicode-license.txt."
    print " *"
    print " * RUN(first, category): from here on, to the next row; SCRIPT(name) and"
    print " * SCRIPT_RUN(low, high, script); SPACE(low, high): White_Space;"
    print " * FOLD(low, high, step, difference): simple case folding. */"
    print "#ifdef RUN"; categories(); print "#endif"
    scripts()
    print "#ifdef SPACE"; spaces(); print "#endif"
    print "#ifdef FOLD"; folds(); print "#endif"
}'
