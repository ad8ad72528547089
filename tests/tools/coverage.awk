# coverage.awk - reads tests/fault/uncovered.txt and a trace of llvm-cov (lcov); says which
# branches were never taken and are not excused.
#
# A line of uncovered.txt: file | function | side | text | reason.  `side` is T or F, the way
# that is not taken, or *; `text` is what the line in the source contains, or *.
FNR == 1 { nth++ }
nth == 1 {
    if ($0 ~ /^#/ || $0 !~ /\|/) next
    n = split($0, f, / *\| */)
    if (n < 5 || f[5] == "") { print "uncovered.txt:" FNR ": no reason"; wrong++; next }
    x_file[++excuses] = f[1]; x_function[excuses] = f[2]; x_side[excuses] = f[3]
    x_text[excuses] = f[4]; x_line[excuses] = FNR
    next
}
/^SF:/ {
    path = substr($0, 4)
    file = path
    sub(root, "", file)
    delete lines
    delete starts
    total = 0
    while ((getline text < path) > 0) lines[++total] = text
    close(path)
    nstarts = all = taken = excused = 0
    next
}
/^FN:/ {
    split(substr($0, 4), f, ",")
    name = f[2]
    sub(/.*:/, "", name)
    starts[f[1]] = name
    next
}
/^BRDA:/ {
    split(substr($0, 6), f, ",")
    side = seen[file, f[1], f[2]]++ % 2 ? "F" : "T"
    all++
    if (f[4] != "-" && f[4] > 0) { taken++; next }
    if (is_excused(f[1] + 0, side)) { excused++; next }
    text = lines[f[1]]
    sub(/^ */, "", text)
    open[++nopen] = sprintf("%s:%d: %s: %s: %s", file, f[1], function_at(f[1] + 0), side, text)
    next
}
/^end_of_record/ {
    if (all) printf "%-32s %5d branches %5d taken %4d excused %4d not\n", file, all, taken, excused,
        all - taken - excused
    sum += all; sum_taken += taken; sum_excused += excused
}
function function_at(line,    l) {
    for (l = line; l > 0; l--) if (l in starts) return starts[l]
    return "?"
}
function is_excused(line, side,    i, name) {
    name = function_at(line)
    for (i = 1; i <= excuses; i++) {
        if (x_file[i] != file || (x_function[i] != "*" && x_function[i] != name)) continue
        if (x_side[i] != "*" && x_side[i] != side) continue
        if (x_text[i] != "*" && !index(lines[line], x_text[i])) continue
        used[i] = 1
        return 1
    }
    return 0
}
END {
    for (i = 1; i <= nopen; i++) print "not taken: " open[i]
    for (i = 1; i <= excuses; i++)
        if (!used[i]) print "uncovered.txt:" x_line[i] ": is taken, or gone"
    printf "coverage: %d branches, %d taken, %d excused, %d not (%.2f %%)\n", sum, sum_taken,
        sum_excused, nopen, sum ? 100 * (sum_taken + sum_excused) / sum : 0
    printf "coverage: %d passed, %d failed\n", sum - nopen, nopen + wrong
    exit nopen + wrong > 0
}
