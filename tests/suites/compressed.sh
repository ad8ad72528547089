#!/bin/sh
# compressed.sh [short|long] - files in gzip and zstd, read and written; the tools gzip and
# zstd are the other side.
cd "$(dirname "$0")/../.." || exit 1
suite=compressed tier=${1-short}
. tests/tools/check.sh

# ---- sources --------------------------------------------------------------------------
program sums <<'FLOW'
param input: string
from file(input, format = csv, header = true) as { n: int, word: string }
|> errors into bad
|> aggregate rows = count(), sum = sum(n), letters = sum(length(word))
|> to stdout(format = csv, mode = final)
bad |> select source, offset, error |> to file("bad.csv", format = csv)
FLOW
rows() { seq "$1" "$2" | awk 'BEGIN { print "n,word" } { print $1 ",w" $1 % 7 }'; }
rows 1 30000 >one.csv
rows 30001 60000 >two.csv
run "plain files" 0 ./sums 'input=*.csv'
cp out want
mkdir in
gzip -c one.csv >in/a.csv.gz
zstd -qc two.csv >in/b.csv.zst
for p in 1 2; do
    for block in 256B 4KiB 1MiB; do
        run "a glob" 0 ./sums 'input=in/*' --parallelism $p --block_size $block
        same_file "gzip and zstd, $p workers, blocks of $block" want out
        run "a glob" 0 ./sums 'input=in/*' --parallelism $p --block_size $block --batch_size 16KiB
        same_file "gzip and zstd, $p workers, small batches, blocks of $block" want out
    done
done
cp two.csv in/b.csv
rm in/b.csv.zst
run "some plain" 0 ./sums 'input=in/*' --batch_size 16KiB --block_size 4KiB
same_file "a plain file between compressed ones" want out

# Members and frames one behind the other; lines across them; ends of all kinds.
program lines <<'FLOW'
param input: string
from file(input) |> to stdout(format = text)
FLOW
printf 'a\nbc' | gzip >m.gz
printf '' | gzip >>m.gz
printf 'd\ne' | gzip >>m.gz
printf '\357\273\277a\nbc' | zstd -qc >m.zst
printf 'd\ne\r' | zstd -qc >>m.zst
printf 'a\nbcd\ne\n' >want
for name in m.gz m.zst; do
    run "members" 0 ./lines input=$name
    same_file "members of $name" want out
done
: >empty.gz
printf '' | gzip >nothing.gz
for name in empty.gz nothing.gz; do
    run "$name" 0 ./lines input=$name
    same "$name" "" "$(cat out)"
done
awk 'BEGIN { for (i = 0; i < 9; i++) { for (k = 0; k < 3000000; k++) printf "x"; print i } }' >wide
gzip -1c wide >wide.gz
run "long lines" 0 ./lines input=wide.gz --block_size 64KiB
same_file "long lines" wide out

program quoted <<'FLOW'
from file("q.csv.gz", format = csv, multiline = true) as { t: string, n: int }
|> to file("q.out", format = csv)
FLOW
awk 'BEGIN { srand(3); for (i = 0; i < 9000; i++)
    printf "\"%s\",%d\n", rand() < 0.4 ? "a\nb,\"\"c" : "x y", i }' | tee q.csv | gzip >q.csv.gz
run "line ends in quotes" 0 ./quoted --block_size 256B --batch_size 2KiB --parallelism 2
sed 's/^"x y"/x y/' q.csv >want
same_file "line ends in quotes" want q.out

printf 'n,word\n1,a\nx,b\n2,c\n' | gzip >err.csv.gz
run "a row that fails" 0 ./sums input=err.csv.gz
same "a row that fails: file and record" "err.csv.gz,1,malformed record: not an int" "$(cat bad.csv)"

# ---- what is damaged ------------------------------------------------------------------
refused() { # refused NAME FILE PATTERN
    run "$1" 6 ./lines input="$2"
    has "$1: the file is named" err "cannot read $2: its compressed data is damaged: $3"
}
seq 1 50000 | gzip >good.gz
seq 1 50000 | zstd -qc >good.zst
for ext in gz zst; do
    head -c 20000 good.$ext >short.$ext
    refused "cut short, $ext" short.$ext "it ends too early"
    (head -c 20000 good.$ext; printf 'XXXX'; tail -c +20005 good.$ext) >bad.$ext
    refused "other bytes, $ext" bad.$ext ""
    echo "plain text" >text.$ext
    refused "no archive, $ext" text.$ext ""
    (cat good.$ext; echo behind) >behind.$ext
    refused "something behind it, $ext" behind.$ext ""
done
run "a file that is not there" 6 ./lines input=none.gz
has "a file that is not there" err 'none\.gz: No such file'

# ---- the option -----------------------------------------------------------------------
program forced <<'FLOW'
from file("good.bin", compress = gzip) |> to file("forced.txt", format = text)
FLOW
cp good.gz good.bin
run "compress = gzip" 0 ./forced
seq 1 50000 >want
same_file "compress = gzip" want forced.txt
program plain <<'FLOW'
from file("text.gz", compress = plain) |> to file("plain.gz", format = text, compress = plain)
FLOW
run "compress = plain" 0 ./plain
same "compress = plain" "plain text" "$(cat plain.gz)"
for how in gzip zstd; do
    program from_stdin <<FLOW
set batch = 100ms
from stdin(compress = $how) |> to stdout(format = text)
FLOW
    file=good.gz
    [ $how = zstd ] && file=good.zst
    run "stdin, $how" 0 ./from_stdin <$file
    same_file "stdin, $how" want out
    (head -c 9000 $file; sleep 0.4; tail -c +9001 $file) | ./from_stdin --memory 32MiB >out 2>err
    same_file "stdin in two parts, $how" want out
    head -c 9000 $file >half
    run "stdin cut short, $how" 6 ./from_stdin <half
    has "stdin cut short, $how" err 'cannot read stdin: .*it ends too early'
done

# ---- sinks ----------------------------------------------------------------------------
rows 1 60000 >all.csv
for ext in gz zst; do
    tool=gzip
    [ $ext = zst ] && tool=zstd
    program write <<FLOW
from file("all.csv", format = csv, header = true) as { n: int, word: string }
|> to file("new/all.csv.$ext", format = csv, header = true)
FLOW
    for p in 1 2; do
        run "one file" 0 ./write --parallelism $p
        $tool -dc <new/all.csv.$ext >got
        same_file "one file, $ext, $p workers" all.csv got
        cp new/all.csv.$ext bytes.$p
    done
    same_file "the same bytes, $ext" bytes.1 bytes.2
    run "batches" 0 ./write --batch_size 16KiB --block_size 4KiB
    $tool -dc <new/all.csv.$ext >got
    same_file "a member for each batch, $ext" all.csv got
    program parts <<FLOW
from file("all.csv", format = csv, header = true) as { n: int, word: string }
|> to file("parts_$ext", format = csv, header = true, partition = [word], compress = $tool)
FLOW
    run "parts" 0 ./parts --batch_size 64KiB --block_size 4KiB
    same "parts have their name, $ext" "" "$(find parts_$ext -type f ! -name "*.csv.$ext")"
    same "folders, $ext" 7 "$(find parts_$ext -type d -name 'word=*' | wc -l | tr -d ' ')"
    find parts_$ext/word=w3 -type f | LC_ALL=C sort | while read -r f; do
        $tool -dc <"$f" | tail -n +2; done >got
    awk -F, '$2 == "w3" { print $1 }' all.csv >want3
    same_file "rows of a folder, $ext" want3 got
    program none <<FLOW
from file("nothing.gz") |> to file("none.txt.$ext", format = text)
FLOW
    run "no rows" 0 ./none
    check "no rows are an archive, $ext" $tool -t none.txt.$ext
    run "read again" 0 ./lines input=new/all.csv.$ext
    same_file "read again, $ext" all.csv out
done

# ---- what is linked -------------------------------------------------------------------
program bare <<'FLOW'
from file("all.csv") |> limit 1 |> to file("bare.txt", format = text)
FLOW
for one in bare sums write; do
    nm "$one" 2>/dev/null | grep -c ' [TtDdRrBb] \(ZSTD_\|inflate\|deflate\|flow_rt_.*pack_\)' >count
    case $one in
    bare) same "a program without compressed files links nothing of them" 0 "$(cat count)" ;;
    *) [ "$(cat count)" -gt 0 ] && pass || miss "$one" "links no library" ;;
    esac
done
if [ -z "$sanitizer" ]; then # which needs the dynamic C library
    "$flowc" build --static -o fixed lines.flow >build.log 2>&1 ||
        { miss "--static" "fails"; cat build.log; }
    run "--static" 0 ./fixed input=m.gz
fi
finish
