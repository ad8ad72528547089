# words.awk - word count for mawk; `| sort` gives the order that every rival has.
{
    n = split($0, words, /[^0-9A-Za-z_]+/)
    for (i = 1; i <= n; i++) if (words[i] != "") count[words[i]]++
}
END { for (w in count) print w "," count[w] }
