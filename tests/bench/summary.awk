# summary.awk - figures of run.sh to one line a task: Flow on one thread against each rival,
# and two threads against one, as ratios of speed.
function of(rival) { return (rival in ratio) ? sprintf("%10.2f", one / ratio[rival]) : "         -" }
function line() {
    if (!("Flow, 1 thread" in ratio) || !("Flow, 2 threads" in ratio)) return
    if (!lines++) {
        print "Flow, 1 thread, against:         SIMD C   plain C    DuckDB  2 threads against 1"
        print "  (must be at least                0.50      1.00      3.00                1.70)"
    }
    one = ratio["Flow, 1 thread"]
    printf "  %-26s%s%s%s          %10.2f\n", task, of("SIMD C"), of("plain C"),
        of("DuckDB, 1 thread"), ratio["Flow, 2 threads"] / one
}
$1 != task { line(); split("", ratio); task = $1 }
{ sub(/, in memory$/, "", $2); ratio[$2] = $3 }
END { line() }
