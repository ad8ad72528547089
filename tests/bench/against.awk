# against.awk - two files of run.sh --record, the older one first: which ratios moved by more than
# noise.  A ratio has moved if either median lies outside the quartiles of the other and they
# differ by more than 3 %.
function said(word) { return word in old ? old[word] : "?" }
NF == 2 && NR == FNR { old[$1] = $2 }
NF == 2 && NR != FNR {
    if (said($1) == $2) next
    if ($1 == "size") {
        print "bench: other sizes (" said($1) "; now " $2 "): nothing is compared"
        unlike = 1
        exit
    }
    print "bench: " $1 " was " said($1) ", is " $2
}
NF < 5 { next }
NR == FNR { median[$1, $2] = $3; low[$1, $2] = $4; high[$1, $2] = $5; next }
!(($1, $2) in median) { fresh++; next }
{
    m = median[$1, $2]
    change = 100 * ($3 / m - 1)
    apart = ($3 < low[$1, $2] || $3 > high[$1, $2]) && (m < $4 || m > $5)
    if (!apart || (change < 3 && change > -3)) { same++; next }
    moved++
    printf "moved: %-24s %-20s %8.3f -> %8.3f  %+.0f %%\n", $1, $2, m, $3, change
}
END {
    if (!unlike)
        printf "bench: %d ratios moved, %d as before, %d are new\n", moved, same, fresh
}
