#!/bin/sh
# mutants.sh [--count N] [--seed S] [--file PART] [--only FILE:N] [--quick] - small mistakes in the
# code that saves, recovers and publishes (mutate.c), one at a time: do the tests notice?
#
# Each mutant is one object in front of the archive for tests: unit tests and the programs of
# tests/fault are linked again and run, quick ones first, until something fails.  Unit tests
# have it with AddressSanitizer: memory that stays is a mistake, too.  One whose object code is
# that of the original is no mistake, one that does not compile is none either, nor what
# tests/fault/equivalent.txt says; they do not count.  Survivors are listed.  Files take turns,
# so that each has its share.
# --quick leaves out what takes long: its survivors are to be tried again with --only.
cd "$(dirname "$0")/../.." || exit 1
root=$(pwd)
build=$(cd "${FLOW_BUILD_DIR:-build}" && pwd) || exit 1
count=100 seed=1 part= only= quick=
while [ $# -gt 0 ]; do
    case $1 in
    --count) count=$2 ;;
    --seed) seed=$2 ;;
    --file) part=$2 ;;
    --only) only=$2 ;;
    --quick) quick=1; shift; continue ;;
    *) echo "mutants.sh: there is no option $1" >&2; exit 2 ;;
    esac
    shift 2
done
base=/dev/shm
[ -w $base ] || base=${TMPDIR:-/tmp}
work=$(mktemp -d "$base/flow-mutants.XXXXXX") && trap 'rm -rf "$work"' EXIT
mkdir -p "$work/objects" "$work/src" "$work/bin"
# Nothing from the cache: it does not know the mutant.
export XDG_CACHE_HOME=/dev/null/x HOME=/nowhere
archive=$build/lib/flow/libflowrt-faults.a
files='runtime/ckpt/*.c runtime/exec/checkpoint.c runtime/exec/ckpt_*.c runtime/exec/publish.c
    runtime/io/outbox.c runtime/io/rows_file.c runtime/io/file_parts.c runtime/io/file_single.c
    runtime/io/part_walk.c runtime/io/part_write.c'

${CC:-cc} -O1 -o "$work/mutate" tests/tools/mutate.c || exit 1

# ---- what is linked again -------------------------------------------------------------------
# Linkers for flowc: one keeps the objects of programs, one puts the mutant in front.
cat >"$work/keep-cc" <<END
#!/bin/sh
for word; do case \$word in *.o) object=\$word ;; esac; done
name=\$(basename "\$object")
cp "\$object" "$work/objects/\${name%.[0-9]*.o}.o"
exec clang-19 -fuse-ld=lld "\$@"
END
cat >"$work/mutant-cc" <<END
#!/bin/sh
case " \$* " in *libflowrt-faults.a*) set -- "$work/mutant.o" "\$@" ;; esac
exec clang-19 -fuse-ld=lld "\$@"
END
chmod +x "$work/keep-cc" "$work/mutant-cc"
FLOW_LINKER="$work/keep-cc" sh tests/fault/fault_build.sh "$work" || exit 1
lib=/usr/lib/x86_64-linux-gnu
packs="$build/lib/flow/libflowrt-pack.a $build/lib/flow/libz.a $build/lib/flow/libzstd.a"
link_programs() {
    for object in "$work"/objects/*.o; do
        name=${object##*/}
        ld.lld-19 -o "$work/bin/${name%.o}" -m elf_x86_64 -pie --gc-sections --eh-frame-hdr \
            --threads=1 -dynamic-linker /lib64/ld-linux-x86-64.so.2 --as-needed \
            $lib/Scrt1.o $lib/crti.o "$object" "$work/mutant.o" "$archive" $packs -L$lib -lm -lc \
            $lib/crtn.o || return 1
    done
}
link_unit() { # link_unit SIDE
    # shellcheck disable=SC2046
    clang-19 -fuse-ld=lld -fsanitize=address -Wl,--gc-sections -o "$work/unit_$1" \
        $(find "$build/tests/CMakeFiles/unit_$1.dir" -name '*.o') "$work/mutant-a.o" "$archive" \
        -lcunit -lm -lpthread
}
compile() { # compile FILE OUT: as the archive for tests is compiled
    ${CC:-cc} -std=gnu17 -O2 -fPIC -ffunction-sections -fdata-sections -fvisibility=hidden \
        -fstack-protector-strong -w -DFLOW_FAULTS -I"$root" -I"$build/gen" -c "$1" -o "$2" 2>/dev/null
}

compile_watched() { # compile_watched FILE OUT: with AddressSanitizer, for unit tests
    clang-19 -std=gnu17 -O1 -fPIC -fsanitize=address -ffunction-sections -fdata-sections \
        -fvisibility=hidden -w -DFLOW_FAULTS -I"$root" -I"$build/gen" -c "$1" -o "$2"
}
# Does equivalent.txt have the change of this line?
is_equivalent() { # is_equivalent FILE LINE CHANGE
    sed -n "$2,$(($2 + 1))p" "$1" | tr -s ' \n' ' ' >"$work/line"
    awk -F' [|] ' -v file="$1" -v change="$3" -v last="$work/line" '
        BEGIN { getline text <last; sub(/ +$/, "", change) }
        { c = $2; sub(/ +$/, "", c) }
        $1 == file && c == change && index(text, $3) { found = 1; exit }
        END { exit !found }' tests/fault/equivalent.txt
}

# ---- tests, quick ones first -----------------------------------------------------------------
notices() { # notices NAME SECONDS COMMAND...: it fails, or takes too long
    by=$1 limit=$2
    shift 2
    timeout -k 1 $((4 * limit)) "$@" </dev/null >"$work/said" 2>&1
    code=$?
    [ $code != 124 ] || by="$by (time)" # on a machine that is busy this says nothing
    [ $code != 0 ]
}
fault() { # fault DRIVER SECONDS ARGS...
    driver=$1 limit=$2
    shift 2
    notices "$driver" "$limit" "$build/tests/faults" "$driver" "$work" --first --seed "$seed" "$@" &&
        ! grep -q "^[a-z-]*: [0-9]* passed, 0 failed" "$work/said"
}
# The unit tests that know the file; the runs of programs see all of it.
calls_of() {
    case $1 in
    */journal.c) echo journal_calls ;;
    */ident.c) echo folder_calls ;;
    */inspect.c) echo inspect_calls ;;
    */state_*.c | */compact.c) echo state_calls ;;
    */rows_file.c) echo rows_calls ;;
    */publish.c) echo publish_calls ;;
    */checkpoint.c | */ckpt_*.c) echo keep_calls recover_odd input_odd load_odd meta_odd ckpt_calls ;;
    runtime/io/*) echo sink_odd sink_again sink_calls ;;
    esac
}
suites_of() {
    case $1 in
    */state_*.c | */compact.c) echo state_file state_merge ;;
    */rows_file.c) echo rows_file ckpt_text ;;
    runtime/io/*) echo outbox commit ckpt_text ;; # file_sink writes to devices: not with a mistake
    runtime/ckpt/* | */ckpt_text.c) basename "$1" .c ;;
    */publish.c) echo coord ;;
    esac
}
is_killed() { # is_killed FILE
    calls=$(calls_of "$1") suites=$(suites_of "$1")
    if [ "$calls" ]; then
        link_unit faults || exit 3
        # shellcheck disable=SC2086
        notices unit_faults 40 "$work/unit_faults" $calls && return
    fi
    if [ "$suites" ]; then
        link_unit runtime || exit 3
        # shellcheck disable=SC2086
        notices unit_runtime 60 "$work/unit_runtime" $suites && return
    fi
    link_programs || exit 3
    fault calls 60 --count 150 --seconds 6 && return
    fault points 60 --only sinks --count 60 --seconds 8 && return
    fault damage 60 --count 60 --seconds 9 && return
    fault forged 60 --count 100 --seconds 9 && return
    [ -z "$quick" ] || return 1
    fault two 60 && return
    fault kills 60 --count 30 --seconds 6 && return
    fault live 60 --count 20 --seconds 8 && return
    fault space 60 --count 10 --seconds 4 && return
    fault power 60 --plain --count 100 --seconds 6 && return
    export FLOW_LINKER="$work/mutant-cc"
    notices checkpoint 120 sh tests/suites/checkpoint.sh short && return
    notices dump 120 sh tests/suites/dump.sh short && return
    case $1 in
    */fingerprint.c | */ckpt_load.c | */ckpt_meta.c | */ckpt_input.c)
        notices upgrade 200 sh tests/suites/upgrade.sh short ;;
    */publish.c | */outbox.c | */rows_file.c) notices sockets 120 sh tests/suites/sockets.sh short ;;
    *) false ;;
    esac
}

# ---- which ---------------------------------------------------------------------------------
for f in $files; do
    case $f in *"$part"*) ;; *) continue ;; esac
    "$work/mutate" list "$f" | sed "s|^|$f	|"
done >"$work/all"
if [ -n "$only" ]; then awk -F'\t' -v o="$only" '$1 ":" $2 == o' "$work/all"
else
    awk -F'\t' -v seed="$seed" 'BEGIN { srand(seed) } { printf "%.9f\t%s\n", rand(), $0 }' "$work/all" |
        sort | cut -f2- | awk -F'\t' '{ print ++turn[$1] "\t" $0 }' | sort -s -n -k1,1 | cut -f2-
fi >"$work/turns"
echo "mutants: $(wc -l <"$work/all") possible, seed $seed"

killed=0 survived=0 same=0 broken=0 excused=0
while IFS='	' read -r file n line kind what; do
    [ $((killed + survived)) -lt "$count" ] || break
    began=$(date +%s)
    mkdir -p "$work/src/$(dirname "$file")"
    src=$work/src/$file
    original=$work/objects.$(echo "$file" | tr / .)
    if [ ! -f "$original" ]; then
        cp "$file" "$src" && compile "$src" "$original" || exit 1
    fi
    "$work/mutate" make "$file" "$n" >"$src" || exit 1
    if is_equivalent "$file" "$line" "$what"; then excused=$((excused + 1)); continue; fi
    if ! compile "$src" "$work/mutant.o"; then broken=$((broken + 1)); continue; fi
    if cmp -s "$work/mutant.o" "$original"; then same=$((same + 1)); continue; fi
    compile_watched "$src" "$work/mutant-a.o" || exit 1
    by=
    (is_killed "$file"; code=$?; echo "$by" >"$work/by"; exit $code)
    case $? in
    0) killed=$((killed + 1)) how="killed by $(cat "$work/by")" ;;
    1) survived=$((survived + 1)) how=SURVIVED ;;
    *) echo "mutants: 0 passed, 1 failed"; exit 1 ;;
    esac
    rm -rf "$work/failed"
    printf '%-24s %3d s  %s:%s %s %s  [%s:%s]\n' "$how" $(($(date +%s) - began)) "$file" "$line" "$kind" \
        "$what" "$file" "$n"
done <"$work/turns"
all=$((killed + survived))
[ $all -gt 0 ] || all=1
echo "mutants: $killed killed, $survived survived ($((100 * killed / all)) %), $same with the same object code, $excused equivalent, $broken do not compile; seed $seed"
echo "mutants: $killed passed, $((100 * killed >= 95 * all ? 0 : survived)) failed"
[ $((100 * killed)) -ge $((95 * all)) ]
