# nexmark.awk - figures of run.sh beside those that others have published (nexmark_published.txt,
# the first file; both separated by tabs).
/^#/ { next }
NR == FNR { flink[$1] = $2; flink16[$1] = $3; dbsp[$1] = $4; next }
/^nexmark-q/ {
    sub(/^nexmark-/, "", $1)
    rate[$1, $2] = $6
    if (!($1 in seen)) { order[++n] = $1; seen[$1] = 1 }
}
function million(x) { return x + 0 > 0 ? sprintf("%10.2f", x) : "         -" }
END {
    print "millions of events a second and core:"
    print "      Flow, made  Flow, csv  Flink 1.13    Flink      DBSP   (others: their machines)"
    for (i = 1; i <= n; i++) {
        q = order[i]
        print sprintf("%-5s", q) million(rate[q, "Flow, 1 thread, made"]) \
            " " million(rate[q, "Flow, 1 thread, csv"]) "  " million(flink[q] / 1000) \
            million(flink16[q] / 1000) million(dbsp[q] / 1000)
    }
}
