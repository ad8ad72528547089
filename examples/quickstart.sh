#!/bin/sh
# quickstart.sh - from a bare Debian 12 to a running Flow program.
#
# Installs what is missing (as root or with sudo), builds Flow, compiles
# examples/word_count/main.flow to one executable, and runs it on the bundled text.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
sh "$here/setup.sh"
flowc=$root/build/flowc
program=$root/build/word_count

cd "$here/word_count"
"$flowc" build -o "$program" main.flow
echo "The program, $here/word_count/main.flow:"
echo
sed 's/^/    /' main.flow
echo
echo "The ten most frequent words of in/declaration.txt:"
echo
"$program" | sort -t, -k2,2nr -k1,1 | head -10 | sed 's/^/    /'
echo
words=$("$program" | wc -l)
echo "$words different words in all."
echo
echo "The executable:          $program"
echo "All counts:              $program 'input=$here/word_count/in/*.txt'"
echo "On files of your own:    $program 'input=/path/*.txt'"
echo "What it does, in words:  $program --explain"
echo "Its settings:            $program --help"
echo "Its LLVM IR:             $flowc emit --ir $here/word_count/main.flow"
