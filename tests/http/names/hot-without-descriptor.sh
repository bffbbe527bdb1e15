#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file whose bytes are in memory needs no open descriptor: it is served, revalidated, and served as ranges and after its
# metadata has changed, and is never opened again. A file is opened when its bytes must be read from the disk.
. "$(dirname "$0")/../lib.sh"
need_cmd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace cannot trace here"
[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"

# shellcheck disable=SC2046
make_sizes $(seq 4000 4099) 3000000
make_file v.js 20000
make_variants v.js.gz
config 'open_file_cache = 1'
[ -z "$SANITIZED" ] || export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" # leak detection does not work under ptrace
control_clock
PREFIX=(strace -D -f -y -o "$DIR/trace" -e 'trace=open,openat,openat2,dup,io_submit,pread64,preadv,preadv2,read')
start_ranged --workers 1

for size in $(seq 4000 4099) 3000000; do echo "$size.bin 0 $((size - 1))"; done >"$DIR/ranges"
get_ranges "all files are served from the disk" 8
compare_ranges 101
for _ in 1 2; do get /v.js -H 'Accept-Encoding: gzip'; done
is "$(header Content-Encoding)" gzip "a variant is served from the disk"
open_files() { find "/proc/$PID/fd" -lname "$ROOT/*" 2>/dev/null | wc -l; }
one_open() { [ "$(open_files)" -le 1 ]; }
ok "at most one file remains open" await 5 one_open
# Data are read through descriptors without O_PATH. -y shows the path of the directory, so names are relative.
opened() { grep -E 'open(at|at2)?\(' "$DIR/trace" | grep -v 'O_PATH\|O_DIRECTORY\|= -1' | grep -cE '\.bin"|v\.js'; }
before=$(opened)
at_least "$before" 100 "files were opened to be read"
submitted=$(grep -cE 'io_submit\(|pread|O_DIRECT[|,]' "$DIR/trace")

for round in 1 2 3; do
	get_ranges "all files are served from memory, round $round" 8
	compare_ranges 101
	get_range 5-1005 /4050.bin
	cmp_range 4050.bin 5 1005
	head_of /4051.bin
	is "$STATUS" 200 "round $round: HEAD"
	get /4052.bin -H "If-None-Match: $(etag_of "$ROOT/4052.bin")"
	is "$STATUS" 304 "round $round: a condition"
	get /v.js -H 'Accept-Encoding: gzip'
	cmp_whole v.js.gz "round $round: a variant"
	ok "round $round: at most one file is open" await 5 one_open
	advance 2
	[ "$round" != 2 ] || chmod 640 "$ROOT"/40*.bin
done
diag "$(open_files) files are open"
is "$(opened)" "$before" "no file was opened again to be read"
is "$(grep -cE 'io_submit\(|pread|O_DIRECT[|,]' "$DIR/trace")" "$submitted" "nothing was read from the disk"
# An unreadable file is not served, although its bytes are in memory and no descriptor exists.
get /4000.bin
is "$STATUS" 200 "a file in memory is served"
rm "$ROOT/4000.bin"
advance 2
get /4000.bin
is "$STATUS" 404 "a deleted file is not served"

# A file that must be read again is opened.
perl "$LIB/pattern.pl" - new 4001 >"$ROOT/4001.bin"
advance 2
get /4001.bin
is "$STATUS" 200 "a rewritten file is served"
cmp_whole 4001.bin
at_least "$(opened)" $((before + 1)) "a rewritten file was opened"
ok "at most one file is open at the end" await 5 one_open
finish
