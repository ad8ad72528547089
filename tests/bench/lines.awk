# lines.awk - a program of so many `lines` (awk -v lines=100 -f lines.awk), to measure the compiler by:
# pipelines over the rows of one file, each with expressions, state and a file of its own.
BEGIN {
    print "# " lines " lines: pipelines over the rows of one file."
    print "stream trades = from file(\"trades.csv\", format = csv) as { key: int, value: float, name: string }"
    for (k = 0; 8 * k + 10 <= lines; k++) {
        print "trades"
        print "|> where value > " k ".5 and not starts_with(name, \"no" k "\")"
        print "|> let scaled = value * " k + 1 ".0 + float(key % " k + 3 ")"
        print "|> let label = f\"{upper(name)}-" k "\""
        print "|> where scaled < 1e6 or label == \"ALL\""
        print "|> aggregate n = count(), total = sum(scaled), most = max(value) per key, label"
        print "|> where n > " k
        print "|> to file(\"out/" k ".csv\", format = csv, mode = final)"
    }
}
