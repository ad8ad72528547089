# report.awk - figures of run.sh as a picture (SVG): how fast each command of a task is, as a share of
# the first of its table.
function esc(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); return s }
function colour(name) {
    if (name ~ /^Flow/) return "#1f6feb"
    if (name ~ /^SIMD C/) return "#57606a"
    if (name ~ /^plain C/) return "#8c959f"
    return "#c9d1d9"
}
NF < 5 || $2 ~ / alone$/ || $1 ~ /^(latency|build)/ { next }
$1 != task { task = $1; y += 30; text = text sprintf("<text x=\"8\" y=\"%d\" font-weight=\"bold\">%s</text>\n", y - 8, esc(task)) }
{
    # What is much faster than the first of its table does not make all others small.
    width = $3 > 2.5 ? 500 : 200 * $3
    text = text sprintf("<text x=\"190\" y=\"%d\" text-anchor=\"end\">%s</text>\n", y + 11, esc($2))
    text = text sprintf("<rect x=\"198\" y=\"%d\" width=\"%.1f\" height=\"13\" fill=\"%s\"/>\n", y, width, colour($2))
    text = text sprintf("<text x=\"%.1f\" y=\"%d\">%.2f%s</text>\n", 204 + width, y + 11, $3,
        $6 > 0 ? sprintf("   (%.3g M rows / CPU s)", $6) : "")
    y += 17
}
END {
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900\" height=\"%d\" font-family=\"sans-serif\" font-size=\"11\">\n", y + 20
    printf "<rect width=\"900\" height=\"%d\" fill=\"white\"/>\n%s</svg>\n", y + 20, text
}
